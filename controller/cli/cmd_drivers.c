/* evac drivers: what can be done to which resource, and how safely; from the drivers' own tables.
 */
#include "builtin.h"
#include "cli.h"
#include "driver_print.h"

#include <string.h>

static const struct evac_driver *find_driver(const char *name)
{
    return evac_catalog_driver(evac_builtin_catalog(), evac_str(name));
}

static enum evac_exit unknown_driver(const char *found)
{
    const char *names[257] = { NULL };
    size_t n = 0;
    const struct evac_catalog *catalog = evac_builtin_catalog();
    for (size_t p = 0; p < catalog->pack_count; p++)
        for (const struct evac_driver *const *d = catalog->packs[p]->drivers; *d && n < 256; d++)
            names[n++] = (*d)->name;
    const char *near = evac_str_nearest(evac_str(found), names);
    return evac_cli_fail(EVAC_EXIT_USAGE, "there is no driver '%s'%s%s", found,
                         near ? ": did you mean " : "; 'evac drivers' lists them",
                         near ? near : "");
}

/* --- permissions
 * ------------------------------------------------------------------------------------------- */

static enum evac_exit permissions_here(struct evac_cli *cli, struct evac_buf *out)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_model *model = NULL;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_code code = evac_builtin_conf_load(cli->config, &diag, &model, &err);
    const struct evac_app *app = code ? NULL : evac_model_app(model, evac_str(cli->argv[0]));
    if (!code && !app)
        code = evac_fail(&err, EVAC_E_NOTFOUND, "there is no driver and no app '%s'", cli->argv[0]);
    if (!code)
        code = evac_permissions_of_app(model, app, evac_builtin_catalog(), out, &err);
    if (code)
        (void)evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
    evac_model_free(model);
    evac_arena_free(diag.arena);
    return code ? EVAC_EXIT_FAILED : EVAC_EXIT_DONE;
}

static enum evac_exit permissions_there(struct evac_cli *cli, struct evac_buf *out)
{
    char path[1200];
    struct evac_err err = { EVAC_OK, "" };
    if (!evac_cli_app_path(path, sizeof path, cli->argv[0], "permissions"))
        return evac_cli_fail(EVAC_EXIT_USAGE, "the app's name is too long");
    enum evac_exit code = evac_client_raw(cli->client, path, NULL, out, &err);
    return code == EVAC_EXIT_DONE
               ? code
               : evac_cli_fail(code, "'%s' is no driver; asked for an app of that name: %s",
                               cli->argv[0], err.text);
}

static enum evac_exit permissions(struct evac_cli *cli, struct evac_buf *out)
{
    if (cli->argc < 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "drivers --iam: name a driver or an app");
    const struct evac_driver *driver = find_driver(cli->argv[0]);
    if (driver && !cli->config) {
        evac_permissions_of_driver(driver, out);
        return EVAC_EXIT_DONE;
    }
    return cli->config ? permissions_here(cli, out) : permissions_there(cli, out);
}

/* --- tables
 * ------------------------------------------------------------------------------------------------
 */

/* Those that a configuration names stand beside the built-in ones. */
static enum evac_exit load_named(struct evac_cli *cli)
{
    struct evac_model *model = NULL;
    enum evac_exit code = cli->config ? evac_cli_load(cli->config, &model) : EVAC_EXIT_DONE;
    evac_model_free(model);
    return code;
}

static enum evac_exit tables(struct evac_cli *cli, struct evac_buf *out)
{
    enum evac_exit code = load_named(cli);
    if (code != EVAC_EXIT_DONE)
        return code;
    enum evac_drivers_form form = cli->markdown ? EVAC_DRIVERS_MARKDOWN : EVAC_DRIVERS_TEXT;
    const struct evac_driver *driver = cli->argc ? find_driver(cli->argv[0]) : NULL;
    struct evac_jw w = { out, false };
    if (cli->argc && !driver)
        return unknown_driver(cli->argv[0]);
    if (cli->json)
        evac_drivers_to_json(evac_builtin_catalog(), driver, &w);
    else if (driver)
        evac_driver_print(driver, form, out);
    else
        evac_drivers_print(evac_builtin_catalog(), form, out);
    if (cli->json)
        evac_buf_putc(out, '\n');
    return EVAC_EXIT_DONE;
}

enum evac_exit evac_cmd_drivers(struct evac_cli *cli)
{
    struct evac_buf out;
    evac_buf_init(&out, 4u << 20);
    enum evac_exit code = cli->iam ? permissions(cli, &out) : tables(cli, &out);
    if (code == EVAC_EXIT_DONE && out.n)
        fputs(out.p, stdout);
    evac_buf_done(&out);
    return code;
}
