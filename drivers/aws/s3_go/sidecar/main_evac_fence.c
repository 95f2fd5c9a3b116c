/* evac-fence: may this side of an app write? */
#include "log.h"
#include "sidecar.h"
#include "version.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { EXIT_ENDED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct process {
    uv_loop_t loop;
    uv_signal_t signals[2];
    struct sidecar *sidecar;
};

static void end(struct process *p)
{
    for (size_t i = 0; i < 2; i++)
        if (!uv_is_closing((uv_handle_t *)&p->signals[i]))
            uv_close((uv_handle_t *)&p->signals[i], NULL);
    sidecar_stop(p->sidecar);
}

static void on_signal(uv_signal_t *handle, int number)
{
    evac_log(EVAC_LOG_INFO, "stopping", "signal=%d", number);
    end(handle->data);
}

static void listen_to_signals(struct process *p)
{
    static const int numbers[] = { SIGTERM, SIGINT };
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(&p->loop, &p->signals[i]);
        p->signals[i].data = p;
        uv_signal_start(&p->signals[i], on_signal, numbers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
}

static int run(const struct fence_options *options)
{
    struct process p;
    struct evac_err err = { EVAC_OK, "" };
    memset(&p, 0, sizeof p);
    uv_loop_init(&p.loop);
    listen_to_signals(&p);
    enum evac_code code = sidecar_new(&p.loop, options, &p.sidecar, &err);
    if (code) {
        fprintf(stderr, "evac-fence: %s\n", err.text);
        end(&p);
    }
    uv_run(&p.loop, UV_RUN_DEFAULT);
    sidecar_free(p.sidecar);
    uv_loop_close(&p.loop);
    return code == EVAC_E_BADARG ? EXIT_USAGE : code ? EXIT_FAILED : EXIT_ENDED;
}

int main(int argc, char **argv)
{
    static struct fence_options options;
    struct evac_err err = { EVAC_OK, "" };
    if (fence_options_read(argc, argv, &options, &err)) {
        fprintf(stderr, "evac-fence: %s\nevac-fence --help shows what there is\n", err.text);
        return EXIT_USAGE;
    }
    if (options.help || options.version) {
        fputs(options.help ? fence_usage : "evac-fence " EVAC_VERSION "\n", stdout);
        return EXIT_ENDED;
    }
    struct rlimit no_core = { 0, 0 }; /* a core file would hold credentials */
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_DUMPABLE, 0);
    evac_log_setup(stderr, EVAC_LOG_INFO, true);
    return run(&options);
}
