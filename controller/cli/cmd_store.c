/* `evac store copy FROM TO`: a journal moved between a file and etcd, whole, without a controller.
 */
#include "builtin.h"
#include "cli.h"
#include "evac/arena.h"
#include "host_uv.h"
#include "jw.h"
#include "progress.h"
#include "share_copy.h"
#include "store.h"

#include <string.h>
#include <unistd.h>

#define ETCD           "etcd://"
#define CONFIG_DEFAULT "/etc/evac"
#define REQUEST_MS     5000u
#define FILE_MAX       (1u << 20)
#define ENDPOINTS_MAX  9u

struct side {
    const char *text;
    const char *cluster; /* NULL: a file */
    struct evac_store *store;
    bool made; /* there was no such file */
};

struct copying {
    struct evac_cli *cli;
    struct side from, to;
    uv_loop_t loop;
    struct evac_host host;
    struct evac_arena *arena;
    struct evac_model *model; /* of --config, NULL none */
    struct evac_share_copy_options o;
    const char *endpoints[ENDPOINTS_MAX];
    enum evac_code code;
    uint64_t rows, copied;
    struct evac_err err;
};

static enum evac_exit exit_of(enum evac_code code)
{
    return code == EVAC_OK                                    ? EVAC_EXIT_DONE
           : code == EVAC_E_BUSY || code == EVAC_E_EXISTS     ? EVAC_EXIT_REFUSED
           : code == EVAC_E_UNREACHABLE                       ? EVAC_EXIT_UNREACHABLE
           : code == EVAC_E_BADARG || code == EVAC_E_NOTFOUND ? EVAC_EXIT_USAGE
                                                              : EVAC_EXIT_FAILED;
}

/* --- the two sides ------------------------------------------------------------------------------
 */

static struct side side_of(const char *text)
{
    bool etcd = strncmp(text, ETCD, sizeof ETCD - 1) == 0;
    return (struct side){ text, etcd ? text + sizeof ETCD - 1 : NULL, NULL, false };
}

static enum evac_code check_holder(const char *path, struct evac_err *err)
{
    long pid;
    int64_t since_ms;
    char since[32];
    if (!evac_store_sqlite_held(path, &pid, &since_ms))
        return EVAC_OK;
    evac_cli_clock((double)since_ms, since, sizeof since);
    return evac_fail(err, EVAC_E_BUSY,
                     "%s is held by a controller that is alive (process %ld, since %s): end it "
                     "first",
                     path, pid, since);
}

static enum evac_code open_file(struct side *side, bool read_only, struct evac_err *err)
{
    struct evac_store_options o = {
        .path = side->text, .node = "", .boot_id = "", .read_only = read_only
    };
    if (side->cluster)
        return EVAC_OK;
    if (read_only && access(side->text, R_OK) != 0)
        return evac_fail(err, EVAC_E_NOTFOUND, "there is no journal %s that can be read",
                         side->text);
    side->made = !read_only && access(side->text, F_OK) != 0;
    enum evac_code code = check_holder(side->text, err);
    return code ? code : evac_store_open_sqlite(&o, &side->store, err);
}

/* A file that was made for rows that did not come is none that somebody should find. */
static void close_side(struct side *side, bool keep)
{
    static const char *const endings[] = { "", "-wal", "-shm", ".head", ".lock" };
    char path[4096];
    bool empty = side->store && side->store->vt->last_seq(side->store) == 0;
    evac_store_close(side->store);
    for (size_t i = 0; side->made && empty && !keep && i < sizeof endings / sizeof endings[0]; i++)
        if (snprintf(path, sizeof path, "%s%s", side->text, endings[i]) < (int)sizeof path)
            (void)unlink(path);
}

/* --- etcd ---------------------------------------------------------------------------------------
 */

static enum evac_code read_file(struct copying *c, const char *path, const char **ret_text,
                                struct evac_err *err)
{
    struct evac_buf text;
    *ret_text = "";
    if (!path)
        return EVAC_OK;
    evac_buf_init(&text, FILE_MAX);
    enum evac_code code = c->host.read_file(c->host.ctx, path, &text, err);
    if (!code)
        *ret_text = evac_arena_str(c->arena, evac_str_trim(evac_buf_str(&text))).p;
    if (text.p)
        explicit_bzero(text.p, text.n);
    evac_buf_done(&text);
    return code;
}

static enum evac_code read_endpoints(struct copying *c, struct evac_err *err)
{
    struct evac_str rest = evac_str(c->cli->endpoints);
    while (rest.n && c->o.endpoint_count < ENDPOINTS_MAX)
        c->endpoints[c->o.endpoint_count++] =
            evac_arena_str(c->arena, evac_str_trim(evac_str_cut(rest, ',', &rest))).p;
    if (!c->o.endpoint_count || rest.n)
        return evac_fail(err, EVAC_E_BADARG,
                         "--endpoints names etcd's members, 1 to %u, with commas between: "
                         "https://etcd-a.example.com:2379",
                         ENDPOINTS_MAX);
    return EVAC_OK;
}

/* How to reach etcd: files, NULL none. */
struct way {
    const char *user, *password, *ca, *cert, *key;
};

static const char *or_none(struct evac_str text)
{
    return text.n ? text.p : NULL;
}

/* As the controllers of --config do; the model lives as long as the copying. */
static enum evac_code read_configuration(struct copying *c, struct way *way, struct evac_err *err)
{
    const char *dir = c->cli->config ? c->cli->config : CONFIG_DEFAULT;
    struct evac_diag diag = { .arena = c->arena };
    if (evac_builtin_conf_load(dir, &diag, &c->model, err))
        return evac_err_prefix(err, "%s ('evac validate %s' shows what is wrong)", dir, dir);
    const struct evac_shared_conf *shared = &c->model->controller.shared;
    if (!evac_str_is(shared->cluster, c->o.cluster))
        return evac_fail(err, EVAC_E_BADARG,
                         "%s has no shared journal of the cluster '%s': --config names another "
                         "configuration, --endpoints etcd's members",
                         dir, c->o.cluster);
    for (size_t i = 0; i < shared->endpoint_count && i < ENDPOINTS_MAX; i++)
        c->endpoints[c->o.endpoint_count++] = shared->endpoints[i].p;
    *way = (struct way){ or_none(shared->user), or_none(shared->password), or_none(shared->ca),
                         or_none(shared->cert), or_none(shared->key) };
    return EVAC_OK;
}

static enum evac_code read_way(struct copying *c, struct evac_err *err)
{
    const struct evac_cli *cli = c->cli;
    struct way way = { cli->user, cli->password_file, cli->ca, cli->cert,
                       cli->cert_key ? cli->cert_key : cli->cert };
    enum evac_code code =
        cli->endpoints ? read_endpoints(c, err) : read_configuration(c, &way, err);
    c->o.endpoints = c->endpoints;
    c->o.user = way.user ? way.user : "";
    if (!code)
        code = read_file(c, way.password, &c->o.password, err);
    if (!code)
        code = read_file(c, way.ca, &c->o.ca, err);
    if (!code)
        code = read_file(c, way.cert, &c->o.cert, err);
    if (!code)
        code = read_file(c, way.key, &c->o.key, err);
    return code;
}

static void on_progress(void *user, uint64_t rows, uint64_t all)
{
    (void)user;
    evac_cli_progress(rows, all);
}

static void on_done(void *user, enum evac_code code, uint64_t rows, uint64_t copied,
                    const char *words)
{
    struct copying *c = user;
    c->rows = rows;
    c->copied = copied;
    c->code = code ? evac_fail(&c->err, code, "%s", words) : EVAC_OK;
    uv_stop(&c->loop);
}

static enum evac_code copy_by_etcd(struct copying *c, struct evac_err *err)
{
    struct evac_share_copy *copy = NULL;
    c->o.host = &c->host;
    c->o.to_etcd = c->to.cluster != NULL;
    c->o.store = c->o.to_etcd ? c->from.store : c->to.store;
    c->o.cluster = c->o.to_etcd ? c->to.cluster : c->from.cluster;
    c->o.request_ms = REQUEST_MS;
    c->o.user_data = c;
    c->o.progress = on_progress;
    c->o.done = on_done;
    enum evac_code code = read_way(c, err);
    if (!code)
        code = evac_share_copy_new(&c->o, &copy, err);
    if (!code) {
        (void)uv_run(&c->loop, UV_RUN_DEFAULT);
        code = c->code;
    }
    evac_share_copy_free(copy);
    evac_cli_progress(0, 0);
    return code;
}

static enum evac_code with_host(struct copying *c, struct evac_err *err)
{
    const struct evac_host_uv_options options = { .resolver = "" };
    if (uv_loop_init(&c->loop))
        return evac_fail(err, EVAC_E_IO, "no event loop");
    enum evac_code code = evac_host_uv_new(&c->loop, &options, &c->host, err);
    if (!code)
        code = copy_by_etcd(c, err);
    evac_host_uv_close(&c->host);
    (void)uv_run(&c->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&c->loop);
    return code;
}

/* --- the command --------------------------------------------------------------------------------
 */

static enum evac_code copy_files(struct copying *c, struct evac_err *err)
{
    enum evac_code code = evac_store_copy(c->from.store, c->to.store, &c->copied, err);
    c->rows = c->to.store->vt->last_seq(c->to.store);
    return code;
}

static enum evac_code copy(struct copying *c, struct evac_err *err)
{
    uint64_t good = 0;
    enum evac_code code = open_file(&c->from, true, err);
    if (!code && c->from.store) /* nothing that is broken is spread */
        code = evac_store_verify(c->from.store, &good, err);
    if (code)
        return code == EVAC_E_CORRUPT ? evac_err_prefix(err, "%s", c->from.text) : code;
    code = open_file(&c->to, false, err);
    if (code)
        return code;
    return c->from.cluster || c->to.cluster ? with_host(c, err) : copy_files(c, err);
}

static void tell(const struct copying *c)
{
    struct evac_buf out;
    evac_buf_init(&out, 65536);
    struct evac_jw w = { &out, false };
    if (c->cli->json) {
        evac_jw_open(&w, NULL, '{');
        evac_jw_cstr(&w, "from", c->from.text);
        evac_jw_cstr(&w, "to", c->to.text);
        evac_jw_i64(&w, "copied", (int64_t)c->copied);
        evac_jw_i64(&w, "rows", (int64_t)c->rows);
        evac_jw_close(&w, '}');
        puts(out.p);
    } else if (c->copied) {
        printf("%llu rows copied, the chain verified: %s has %llu now, as %s has\n",
               (unsigned long long)c->copied, c->to.text, (unsigned long long)c->rows,
               c->from.text);
    } else {
        printf("nothing to copy: %s has all %llu rows of %s\n", c->to.text,
               (unsigned long long)c->rows, c->from.text);
    }
    evac_buf_done(&out);
}

static enum evac_exit check_usage(const struct evac_cli *cli, const struct copying *c)
{
    if (cli->argc != 3 || strcmp(cli->argv[0], "copy") != 0)
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "store: copy FROM TO, each a journal's file or " ETCD "CLUSTER");
    if (c->from.cluster && c->to.cluster)
        return evac_cli_fail(EVAC_EXIT_USAGE, "from etcd to etcd: by way of a file");
    if (!(c->from.cluster || c->to.cluster) && cli->endpoints)
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "--endpoints is etcd's, and neither side is " ETCD "CLUSTER");
    if (!c->from.cluster && !c->to.cluster && strcmp(c->from.text, c->to.text) == 0)
        return evac_cli_fail(EVAC_EXIT_USAGE, "both sides are %s", c->from.text);
    return EVAC_EXIT_DONE;
}

enum evac_exit evac_cmd_store(struct evac_cli *cli)
{
    struct copying c = { .cli = cli };
    struct evac_err err = { EVAC_OK, "" };
    if (cli->argc == 3) {
        c.from = side_of(cli->argv[1]);
        c.to = side_of(cli->argv[2]);
    }
    enum evac_exit exit_code = check_usage(cli, &c);
    if (exit_code)
        return exit_code;
    c.arena = evac_arena_new();
    enum evac_code code = copy(&c, &err);
    if (code)
        exit_code = evac_cli_fail(exit_of(code), "%s", err.text[0] ? err.text : c.err.text);
    else
        tell(&c);
    close_side(&c.from, true);
    close_side(&c.to, code == EVAC_OK);
    evac_model_free(c.model);
    evac_arena_free(c.arena);
    return exit_code;
}
