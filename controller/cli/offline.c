#include "offline.h"

#include "progress.h"

#include "builtin.h"
#include "store.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

static enum evac_code open_journal(struct evac_cli *cli, struct evac_offline *o, bool history,
                                   struct evac_err *err)
{
    if (!cli->journal)
        return EVAC_OK;
    struct evac_store_options options = {
        .path = cli->journal, .node = "", .boot_id = "", .read_only = true
    };
    enum evac_code code = evac_store_open_sqlite(&options, &o->store, err);
    if (code)
        return evac_err_prefix(err, "%s", cli->journal), code;
    if (!history)
        return EVAC_OK;
    o->history = evac_history_new();
    return evac_history_read(o->history, o->store, err);
}

enum evac_exit evac_offline_open(struct evac_cli *cli, bool history, struct evac_offline *o)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf text;
    *o = (struct evac_offline){ .diag = { .arena = evac_arena_new() } };
    enum evac_code code = evac_builtin_conf_load(cli->config, &o->diag, &o->model, &err);
    if (!code)
        code = evac_builtin_load_facts(
            cli->facts ? evac_str(cli->facts) : o->model->controller.facts,
            o->model->controller.prices, o->model->controller.limits, &o->diag, &o->facts, &err);
    if (!code)
        code = open_journal(cli, o, history, &err);
    if (!code)
        return EVAC_EXIT_DONE;
    evac_buf_init(&text, 1u << 20);
    evac_diag_print(&o->diag, &text);
    fputs(text.n ? text.p : "", stderr);
    evac_buf_done(&text);
    return evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
}

void evac_offline_close(struct evac_offline *o)
{
    evac_history_free(o->history);
    evac_store_close(o->store);
    evac_model_free(o->model);
    evac_arena_free(o->diag.arena);
}

/* --- jobs
 * ------------------------------------------------------------------------------------------------
 */

#define LOOK_MS 200

static void rest(void)
{
    struct timespec t = { 0, LOOK_MS * 1000000L };
    nanosleep(&t, NULL);
}

static enum evac_exit take_result(const cJSON *job, struct evac_buf *json)
{
    char *text = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(job, "result"));
    evac_buf_puts(json, text ? text : "");
    cJSON_free(text);
    return json->failed ? evac_cli_fail(EVAC_EXIT_FAILED, "the answer is too large")
                        : EVAC_EXIT_DONE;
}

static enum evac_exit follow(struct evac_cli *cli, double number, struct evac_buf *json)
{
    char path[64];
    struct evac_err err = { EVAC_OK, "" };
    snprintf(path, sizeof path, "/v1/jobs/%.0f", number);
    for (;;) {
        cJSON *job = NULL;
        enum evac_exit code = evac_client_json(cli->client, path, NULL, &job, &err);
        if (code != EVAC_EXIT_DONE)
            return evac_cli_fail(code, "%s", err.text);
        const char *state = evac_json_cstr(job, "state");
        bool runs = strcmp(state, "running") == 0;
        evac_cli_progress((uint64_t)evac_json_number(job, "done", 0),
                          runs ? (uint64_t)evac_json_number(job, "of", 1) : 0);
        if (strcmp(state, "done") == 0)
            code = take_result(job, json);
        else if (!runs)
            code = evac_cli_fail(EVAC_EXIT_FAILED, "%s", evac_json_cstr(job, "problem"));
        cJSON_Delete(job);
        if (!runs)
            return code;
        rest();
    }
}

enum evac_exit evac_cli_job(struct evac_cli *cli, const char *path, const char *body,
                            struct evac_buf *json)
{
    cJSON *answer = NULL;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_exit code = evac_client_json(cli->client, path, body, &answer, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    double number = evac_json_number(answer, "job", 0);
    cJSON_Delete(answer);
    return follow(cli, number, json);
}
