/* Commands that need no controller: validate, fsm. */
#include "builtin.h"
#include "cli.h"
#include "fsm_print.h"
#include "jw.h"
#include "model_check.h"

#include <string.h>

static void print_diag(struct evac_cli *cli, const struct evac_diag *diag, bool good)
{
    struct evac_buf out;
    evac_buf_init(&out, 4u << 20);
    if (!cli->json) {
        evac_diag_print(diag, &out);
        fputs(out.n ? out.p : "", stderr);
    } else {
        struct evac_jw w = { &out, false };
        evac_jw_open(&w, NULL, '{');
        evac_jw_bool(&w, "good", good);
        evac_jw_open(&w, "findings", '[');
        for (const struct evac_diag_item *i = diag->first; i; i = i->next) {
            evac_jw_open(&w, NULL, '{');
            evac_jw_cstr(&w, "severity", i->severity == EVAC_DIAG_ERROR ? "error" : "warning");
            evac_jw_cstr(&w, "file", i->place.file);
            evac_jw_i64(&w, "line", i->place.line);
            evac_jw_str(&w, "text", i->text);
            evac_jw_close(&w, '}');
        }
        evac_jw_close(&w, ']');
        evac_jw_close(&w, '}');
        puts(out.p);
    }
    evac_buf_done(&out);
}

enum evac_exit evac_cmd_validate(struct evac_cli *cli)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_model *model = NULL;
    const struct evac_facts *facts;
    struct evac_err err = { EVAC_OK, "" };
    if (cli->argc != 1) {
        evac_arena_free(diag.arena);
        return evac_cli_fail(EVAC_EXIT_USAGE, "validate: name the configuration's folder");
    }
    enum evac_code code = evac_builtin_conf_load(cli->argv[0], &diag, &model, &err);
    if (!code)
        code = evac_model_check(model, evac_builtin_catalog(), &diag, &err);
    if (!code)
        code = evac_builtin_load_facts(model->controller.facts, model->controller.prices,
                                       model->controller.limits, &diag, &facts, &err);
    print_diag(cli, &diag, code == EVAC_OK);
    if (code && diag.errors == 0)
        (void)evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
    if (!code && !cli->json)
        printf("%s is good: %zu app%s, %zu runbook%s\n", cli->argv[0], model->app_count,
               model->app_count == 1 ? "" : "s", model->runbook_count,
               model->runbook_count == 1 ? "" : "s");
    evac_model_free(model);
    evac_arena_free(diag.arena);
    return code ? EVAC_EXIT_FAILED : EVAC_EXIT_DONE;
}

enum evac_exit evac_cmd_fsm(struct evac_cli *cli)
{
    struct evac_buf out;
    enum evac_fsm_form form = cli->json ? EVAC_FSM_JSON
                              : cli->format && strcmp(cli->format, "mermaid") == 0
                                  ? EVAC_FSM_MERMAID
                                  : EVAC_FSM_TEXT;
    evac_buf_init(&out, 1u << 20);
    evac_fsm_print(form, &out);
    fputs(out.p, stdout);
    evac_buf_done(&out);
    return EVAC_EXIT_DONE;
}
