/* A configuration for the commands that need no controller. */
#include "builtin.h"
#include "cli.h"
#include "model_check.h"

enum evac_exit evac_cli_load(const char *dir, struct evac_model **ret_model)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf text;
    enum evac_code code = evac_builtin_conf_load(dir, &diag, ret_model, &err);
    if (!code && (code = evac_model_check(*ret_model, evac_builtin_catalog(), &diag, &err))) {
        evac_model_free(*ret_model);
        *ret_model = NULL;
    }
    evac_buf_init(&text, 1u << 20);
    evac_diag_print(&diag, &text);
    if (code && text.n)
        fputs(text.p, stderr);
    evac_buf_done(&text);
    evac_arena_free(diag.arena);
    return code ? evac_cli_fail(EVAC_EXIT_FAILED, "%s: %s", dir, err.text) : EVAC_EXIT_DONE;
}
