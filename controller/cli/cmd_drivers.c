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

static enum evac_exit permissions(struct evac_cli *cli, struct evac_buf *out)
{
    const struct evac_driver *driver = cli->argc ? find_driver(cli->argv[0]) : NULL;
    if (!cli->argc)
        return evac_cli_fail(EVAC_EXIT_USAGE, "drivers --iam: name a driver");
    if (!driver)
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "there is no driver '%s'; what an app needs: evac iam %s",
                             cli->argv[0], cli->argv[0]);
    evac_permissions_of_driver(driver, out);
    return EVAC_EXIT_DONE;
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
