/* evacd: the controller daemon. */
#include "daemon.h"
#include "host_env.h"
#include "log.h"
#include "server.h"
#include "version.h"

#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define KEPT_BYTES (2 * 1024 * 1024)

static const char usage[] =
    "evacd: watches applications and moves them out of a failing region\n"
    "\n"
    "  evacd --config DIR     the folder with evac.cfg, apps/ and runbooks/ (default /etc/evac)\n"
    "  evacd --observe-only   probe and show; decide and start nothing\n"
    "  evacd --node NAME      which of the controllers that share these files; with --socket PATH\n"
    "                         and --store FILE in place of what evac.cfg says\n"
    "  evacd --version\n"
    "\n"
    "SIGHUP reloads the configuration; a bad one changes nothing. SIGTERM ends it; a run that goes "
    "on is taken\n"
    "up again at the next start. Talk to it with 'evac'.\n";

struct process {
    uv_loop_t loop;
    uv_signal_t signals[3];
    struct evac_daemon *daemon;
    struct evac_api_server *server;
};

static void end(struct process *p)
{
    for (size_t i = 0; i < sizeof p->signals / sizeof p->signals[0]; i++)
        if (!uv_is_closing((uv_handle_t *)&p->signals[i]))
            uv_close((uv_handle_t *)&p->signals[i], NULL);
    evac_api_server_stop(p->server);
    evac_daemon_stop(p->daemon);
}

static void reload(struct process *p)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf text;
    evac_buf_init(&text, 65536);
    if (evac_daemon_reload(p->daemon, &diag, &err)) {
        evac_diag_print(&diag, &text);
        evac_log(EVAC_LOG_ERROR, "reload_refused", "reason=\"%s\"", err.text);
        fputs(text.n ? text.p : "", stderr);
    } else {
        evac_log(EVAC_LOG_INFO, "reloaded", "config=%s", evac_daemon_model(p->daemon)->hash);
    }
    evac_buf_done(&text);
    evac_arena_free(diag.arena);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct process *p = handle->data;
    if (number == SIGHUP) {
        reload(p);
        evac_api_server_reload(p->server);
        return;
    }
    evac_log(EVAC_LOG_INFO, "stopping", "signal=%d", number);
    end(p);
}

static void listen_to_signals(struct process *p)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        uv_signal_init(&p->loop, &p->signals[i]);
        p->signals[i].data = p;
        uv_signal_start(&p->signals[i], on_signal, numbers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
}

/* Where a run needs memory it had needed it before: what is given back to the system is cleared by
 * it and asked for again, page by page. */
static void keep_memory(void)
{
#if defined(__GLIBC__)
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    mallopt(M_TOP_PAD, KEPT_BYTES / 8);
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
#endif
}

static int run(const struct evac_daemon_options *options)
{
    struct process p;
    struct evac_err err = { EVAC_OK, "" };
    memset(&p, 0, sizeof p);
    uv_loop_init(&p.loop);

    enum evac_code code = evac_daemon_new(&p.loop, options, &p.daemon, &err);
    if (!code)
        code =
            evac_api_server_new(&p.loop, p.daemon, evac_daemon_socket(p.daemon), &p.server, &err);
    if (code) {
        fprintf(stderr, "evacd: %s\n", err.text);
        if (p.daemon)
            evac_daemon_stop(p.daemon);
    } else {
        listen_to_signals(&p);
        evac_log(EVAC_LOG_INFO, "ready", "version=%s socket=%s", EVAC_VERSION,
                 evac_daemon_socket(p.daemon));
        evac_daemon_ready(p.daemon);
    }
    uv_run(&p.loop, UV_RUN_DEFAULT);
    evac_api_server_free(p.server);
    uv_run(&p.loop, UV_RUN_DEFAULT);
    evac_daemon_free(p.daemon);
    uv_loop_close(&p.loop);
    return code ? 1 : 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "observe-only", no_argument, NULL, 'o' },
        { "node", required_argument, NULL, 'n' },   { "socket", required_argument, NULL, 's' },
        { "store", required_argument, NULL, 'j' },  { "version", no_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
    };
    struct evac_daemon_options o = { .conf_dir = "/etc/evac" };
    for (int c; (c = getopt_long(argc, argv, "c:h", options, NULL)) != -1;)
        switch (c) {
        case 'c':
            o.conf_dir = optarg;
            break;
        case 'o':
            o.observe_only = true;
            break;
        case 'n':
            o.oneself.node = optarg;
            break;
        case 's':
            o.oneself.socket = optarg;
            break;
        case 'j':
            o.oneself.store = optarg;
            break;
        case 'v':
            puts("evacd " EVAC_VERSION);
            return 0;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            fputs(usage, stderr);
            return 2;
        }
    struct rlimit no_core = { 0, 0 }; /* a core file would hold credentials */
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_DUMPABLE, 0);
    evac_host_env_seal();
    keep_memory();
    return run(&o);
}
