/* evac probe: every probe of an app, asked once, now, from where this command runs. Drivers' looks
 * go through a controller of its own in memory, by a host that refuses whatever would change
 * something. */
#include "builtin.h"
#include "builtin_runbooks.h"
#include "cli.h"
#include "confine.h"
#include "host_uv.h"
#include "host_wrap.h"
#include "jw.h"
#include "probes.h"
#include "shell.h"

#include <stdlib.h>
#include <string.h>

#define CONFIG_DEFAULT "/etc/evac"
#define ROWS_MAX       (EVAC_APP_PROBES_MAX * EVAC_APP_REGIONS_MAX)

struct row {
    struct evac_seen_probe seen;
    char reason[200], served_by[64];
};

struct asking {
    struct evac_cli *cli;
    uv_loop_t loop;
    struct evac_host host, look; /* look: without any mutating transport */
    struct evac_store *store;
    struct evac_shell *shell;
    struct evac_probes *probes;
    const struct evac_model *model;
    uint16_t app;
    struct row rows[ROWS_MAX];
    size_t count;
};

/* --- what comes back ------------------------------------------------------------------------- */

static bool is_of_app(void *user, uint16_t app, const struct evac_probe *probe)
{
    const struct asking *q = user;
    (void)probe;
    return app == q->app;
}

static void on_seen(void *user, const struct evac_seen_probe *seen)
{
    struct asking *q = user;
    struct row *row = &q->rows[q->count];
    if (q->count == ROWS_MAX)
        return;
    q->count++;
    row->seen = *seen;
    (void)evac_str_copy(row->reason, sizeof row->reason, seen->reason);
    (void)evac_str_copy(row->served_by, sizeof row->served_by, seen->served_by);
    if (evac_probes_open(q->probes) == 0)
        uv_stop(&q->loop);
}

struct look {
    struct asking *q;
    const struct evac_probe_look *what;
    uint64_t id;
    uint32_t round;
};

static void on_looked(void *user, const struct evac_reply *reply)
{
    static const enum evac_probes_answer answers[] = {
        [EVAC_LOOKED_GOOD] = EVAC_PROBES_GOOD,
        [EVAC_LOOKED_BAD] = EVAC_PROBES_BAD,
        [EVAC_LOOKED_NOTHING] = EVAC_PROBES_UNKNOWN,
    };
    struct look *look = user;
    char reason[160];
    if (reply && look->q->probes) {
        enum evac_looked found = evac_looked(look->what, reply, reason, sizeof reason);
        evac_probes_answer(look->q->probes, look->id, look->round, answers[found], reason);
    }
    free(look);
}

static const char *on_look(void *user, const struct evac_probes_look *asked)
{
    struct asking *q = user;
    const struct evac_probe *probe = &q->model->apps[asked->app].probes[asked->probe];
    const struct evac_look what = { asked->app, asked->region, &probe->look, probe->reply_ms };
    struct evac_err err;
    struct look *look = malloc(sizeof *look);
    if (!look)
        abort();
    *look = (struct look){ q, &probe->look, asked->id, asked->round };
    enum evac_code code = evac_shell_look(q->shell, &what, on_looked, look, &err);
    if (!code)
        return NULL;
    free(look);
    return evac_look_refused(code);
}

/* --- what is told ---------------------------------------------------------------------------- */

static int in_order(const void *a, const void *b)
{
    const struct evac_seen_probe *x = &((const struct row *)a)->seen,
                                 *y = &((const struct row *)b)->seen;
    return x->probe != y->probe ? (x->probe < y->probe ? -1 : 1)
                                : (x->region > y->region) - (x->region < y->region);
}

static const char *result_of(const struct row *row)
{
    return !row->seen.known ? "unknown" : row->seen.ok ? "good" : "bad";
}

static struct evac_str region_of(const struct asking *q, const struct row *row)
{
    const struct evac_app *app = &q->model->apps[q->app];
    return app->probes[row->seen.probe].regional ? app->regions[row->seen.region] : EVAC_STR("-");
}

static void print_row(const struct asking *q, const struct row *row)
{
    const struct evac_probe *p = &q->model->apps[q->app].probes[row->seen.probe];
    enum evac_style style = !row->seen.known ? EVAC_DIM : row->seen.ok ? EVAC_GOOD : EVAC_BAD;
    char latency[32] = "-", end[40] = "";
    if (row->seen.known)
        (void)snprintf(latency, sizeof latency, "%u ms", row->seen.latency_ms);
    if (row->seen.certificate_until_ms)
        evac_cli_day((double)row->seen.certificate_until_ms, end, sizeof end);
    printf("%-18.*s %-5s %-9s %-15.*s %s%-8s%s %9s%s%s%s%s%s%s\n", EVAC_STR_ARG(p->name),
           evac_probe_kind_name(p->kind), evac_probe_role_name(p->role),
           EVAC_STR_ARG(region_of(q, row)), evac_style(q->cli, style), result_of(row),
           evac_style(q->cli, EVAC_PLAIN), latency,
           row->reason[0] || row->served_by[0] || end[0] ? "  " : "", row->reason,
           row->served_by[0] ? "served by " : "", row->served_by,
           end[0] ? (row->reason[0] || row->served_by[0] ? "; certificate until "
                                                         : "certificate until ")
                  : "",
           end);
}

static void print_json(const struct asking *q)
{
    struct evac_buf out;
    struct evac_jw w = { &out, false };
    evac_buf_init(&out, 1u << 20);
    evac_jw_open(&w, NULL, '{');
    evac_jw_str(&w, "app", q->model->apps[q->app].name);
    evac_jw_open(&w, "probes", '[');
    for (size_t i = 0; i < q->count; i++) {
        const struct row *row = &q->rows[i];
        const struct evac_probe *p = &q->model->apps[q->app].probes[row->seen.probe];
        evac_jw_open(&w, NULL, '{');
        evac_jw_str(&w, "name", p->name);
        evac_jw_cstr(&w, "kind", evac_probe_kind_name(p->kind));
        evac_jw_cstr(&w, "role", evac_probe_role_name(p->role));
        evac_jw_str(&w, "region", p->regional ? region_of(q, row) : EVAC_STR(""));
        evac_jw_cstr(&w, "result", result_of(row));
        evac_jw_known(&w, "latency_ms", row->seen.known, row->seen.latency_ms);
        evac_jw_known(&w, "certificate_until_ms", row->seen.certificate_until_ms != 0,
                      row->seen.certificate_until_ms);
        evac_jw_cstr(&w, "served_by", row->served_by);
        evac_jw_cstr(&w, "reason", row->reason);
        evac_jw_close(&w, '}');
    }
    evac_jw_close(&w, ']');
    evac_jw_close(&w, '}');
    puts(out.p);
    evac_buf_done(&out);
}

static enum evac_exit tell(struct asking *q)
{
    size_t good = 0;
    qsort(q->rows, q->count, sizeof q->rows[0], in_order);
    for (size_t i = 0; i < q->count; i++)
        good += q->rows[i].seen.known && q->rows[i].seen.ok;
    if (q->cli->json) {
        print_json(q);
    } else {
        printf("%s%-18s %-5s %-9s %-15s %-8s %9s%s\n", evac_style(q->cli, EVAC_DIM), "PROBE",
               "KIND", "ROLE", "REGION", "RESULT", "TOOK", evac_style(q->cli, EVAC_PLAIN));
        for (size_t i = 0; i < q->count; i++)
            print_row(q, &q->rows[i]);
    }
    return good == q->count ? EVAC_EXIT_DONE : EVAC_EXIT_FAILED;
}

/* --- the way there --------------------------------------------------------------------------- */

static enum evac_code open_shell(struct asking *q, struct evac_err *err)
{
    q->store = evac_store_new_memory("probe", "none");
    const struct evac_shell_options options = { .host = &q->look,
                                                .look_host = &q->look,
                                                .catalog = evac_builtin_catalog(),
                                                .store = q->store };
    return evac_shell_new(&options, q->model, &q->shell, err);
}

static enum evac_code begin(struct asking *q, struct evac_err *err)
{
    char resolver[128];
    (void)evac_str_copy(resolver, sizeof resolver, q->model->controller.resolver);
    const struct evac_host_uv_options host = { .resolver = resolver };
    const struct evac_probes_options options = { .host = &q->host,
                                                 .once = true,
                                                 .user = q,
                                                 .wanted = is_of_app,
                                                 .seen = on_seen,
                                                 .look = on_look };
    enum evac_code code = evac_host_uv_new(&q->loop, &host, &q->host, err);
    if (code)
        return code;
    evac_confine(&q->host, q->model);
    q->look = evac_host_readonly(&q->host);
    code = open_shell(q, err);
    return code ? code : evac_probes_new(&q->loop, q->model, &options, &q->probes, err);
}

static enum evac_exit ask(struct asking *q)
{
    struct evac_err err = { EVAC_OK, "" };
    enum evac_exit code;
    if (uv_loop_init(&q->loop))
        return evac_cli_fail(EVAC_EXIT_FAILED, "no event loop");
    if (begin(q, &err)) {
        code = evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
    } else {
        if (evac_probes_open(q->probes) > 0)
            (void)uv_run(&q->loop, UV_RUN_DEFAULT);
        code = tell(q);
    }
    evac_probes_free(q->probes);
    q->probes = NULL;
    evac_shell_free(q->shell);
    evac_host_uv_close(&q->host);
    evac_store_close(q->store);
    (void)uv_run(&q->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&q->loop);
    return code;
}

static enum evac_exit ask_app(struct evac_cli *cli, const struct evac_model *model)
{
    const struct evac_app *app = evac_model_app(model, evac_str(cli->argv[0]));
    if (!app)
        return evac_cli_fail(EVAC_EXIT_REFUSED, "there is no app '%s' in that configuration",
                             cli->argv[0]);
    struct asking *q = calloc(1, sizeof *q);
    if (!q)
        abort();
    q->cli = cli;
    q->model = model;
    q->app = (uint16_t)(app - model->apps);
    enum evac_exit code = ask(q);
    free(q);
    return code;
}

enum evac_exit evac_cmd_probe(struct evac_cli *cli)
{
    const char *dir = cli->config ? cli->config : CONFIG_DEFAULT;
    struct evac_model *model = NULL;
    if (cli->argc != 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "probe: name the app");
    enum evac_exit code = evac_cli_load(dir, &model);
    if (!code)
        code = ask_app(cli, model);
    evac_model_free(model);
    return code;
}
