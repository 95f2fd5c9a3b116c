/* evac sidecar: how evac-fence is started beside an app, from the app's own file. What it prints is
 * the file that the systemd unit reads. Needs no controller. */
#include "builtin.h"
#include "cli.h"
#include "evac/arena.h"
#include "fence_line.h"

#define CONFIG "/etc/evac"

static enum evac_code put_region(const struct evac_cli *cli, const struct evac_app *app,
                                 struct evac_str region, struct evac_jw *w, struct evac_err *err)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_fence_line line;
    enum evac_code code = evac_fence_line(app, region, evac_str(cli->resource ? cli->resource : ""),
                                          arena, &line, err);
    if (!code && cli->json)
        evac_fence_line_json(&line, w);
    else if (!code) {
        evac_buf_puts(w->out, w->out->n ? "\n" : "");
        evac_fence_line_text(&line, w->out);
    }
    evac_arena_free(arena);
    return code;
}

static enum evac_code put_all(const struct evac_cli *cli, const struct evac_model *model,
                              struct evac_buf *out, struct evac_err *err)
{
    const struct evac_app *app = evac_model_app(model, evac_str(cli->argv[0]));
    struct evac_jw w = { out, false };
    enum evac_code code = EVAC_OK;
    if (!app)
        return evac_fail(err, EVAC_E_NOTFOUND, "there is no app '%s'", cli->argv[0]);
    if (cli->json)
        evac_jw_open(&w, NULL, '[');
    if (cli->region)
        code = put_region(cli, app, evac_str(cli->region), &w, err);
    for (size_t i = 0; !cli->region && !code && i < app->region_count; i++)
        code = put_region(cli, app, app->regions[i], &w, err);
    if (cli->json)
        evac_jw_close(&w, ']');
    return code;
}

enum evac_exit evac_cmd_sidecar(struct evac_cli *cli)
{
    struct evac_model *model = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf out;
    if (cli->argc != 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "sidecar: name the app, and with --region where");
    enum evac_exit done = evac_cli_load(cli->config ? cli->config : CONFIG, &model);
    if (done != EVAC_EXIT_DONE)
        return done;
    evac_buf_init(&out, 1u << 20);
    enum evac_code code = put_all(cli, model, &out, &err);
    if (code)
        done = evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
    else
        printf("%s%s", out.p, cli->json ? "\n" : "");
    evac_buf_done(&out);
    evac_model_free(model);
    return done;
}
