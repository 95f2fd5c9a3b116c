/* What is counted, and read together for Prometheus. */
#include "daemon_internal.h"

#include "version.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define RESULTS_A_SECOND 2u /* apps whose newest reports are read */

/* A service that asks to come back later says so in its own way: its pack knows. */
static bool is_throttle(const struct evac_daemon *daemon, const struct evac_http_reply *reply)
{
    const struct evac_catalog *catalog = evac_daemon_catalog(daemon);
    for (size_t i = 0; i < catalog->pack_count; i++)
        if (catalog->packs[i]->throttles && catalog->packs[i]->throttles(reply))
            return true;
    return reply->status == 429;
}

static enum evac_call_fate fate_of(const struct evac_daemon *daemon,
                                   const struct evac_http_reply *reply)
{
    if (reply->fate == EVAC_HTTP_NOT_SENT)
        return EVAC_CALL_NOT_SENT;
    if (reply->fate == EVAC_HTTP_LOST)
        return EVAC_CALL_LOST;
    if (is_throttle(daemon, reply))
        return EVAC_CALL_THROTTLED;
    return reply->status >= 500   ? EVAC_CALL_BROKEN
           : reply->status >= 400 ? EVAC_CALL_REFUSED
                                  : EVAC_CALL_OK;
}

static void on_exchange(void *user, struct evac_str operation, struct evac_str region,
                        const struct evac_http_reply *reply)
{
    struct evac_daemon *daemon = user;
    enum evac_call_fate fate = fate_of(daemon, reply);
    evac_meters_call(daemon->meters, operation, region, fate);
    if (fate == EVAC_CALL_THROTTLED)
        daemon_pace_refused(daemon, operation, region);
}

static struct evac_tracer_options trace_options(const struct evac_daemon *daemon,
                                                const struct evac_model *model)
{
    const struct evac_controller_conf *conf = &model->controller;
    return (struct evac_tracer_options){ .host = daemon_host(daemon),
                                         .url = conf->traces_url,
                                         .headers_file = conf->traces_headers,
                                         .source = { EVAC_VERSION, conf->node, conf->region } };
}

void daemon_meter_open(struct evac_daemon *daemon)
{
    struct evac_tracer_options traces = trace_options(daemon, daemon->model);
    daemon_confine(daemon);
    daemon->tracer = evac_tracer_new(&traces);
    daemon->meters = evac_meters_new(daemon->model);
    daemon->results = evac_results_new(daemon->model);
    daemon->tally = evac_host_tallied(&daemon->host, on_exchange, daemon);
}

void daemon_meter_reloaded(struct evac_daemon *daemon, const struct evac_model *model)
{
    struct evac_tracer_options traces = trace_options(daemon, model);
    evac_tracer_setup(daemon->tracer, &traces);
    evac_meters_reload(daemon->meters, model);
    evac_results_reload(daemon->results, model);
}

void daemon_meter_second(struct evac_daemon *daemon)
{
    daemon_publish_second(daemon);
    if (daemon->store)
        evac_tracer_tick(daemon->tracer, daemon->store);
    if (daemon->store)
        (void)evac_results_tick(daemon->results, daemon->store, evac_daemon_wall_ms(daemon),
                                RESULTS_A_SECOND);
}

void daemon_meter_close(struct evac_daemon *daemon)
{
    evac_host_tally_free(daemon->tally);
    evac_results_free(daemon->results);
    evac_meters_free(daemon->meters);
}

/* --- read together ---------------------------------------------------------------------------- */

static double cpu_seconds(void)
{
    struct rusage use;
    if (getrusage(RUSAGE_SELF, &use) != 0)
        return 0;
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

/* Pages: the second number of /proc/self/statm (proc(5)). */
static uint64_t resident_bytes(void)
{
    unsigned long long all = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f)
        return 0;
    bool read = fscanf(f, "%llu %llu", &all, &resident) == 2;
    fclose(f);
    return read ? resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static struct evac_metrics_self self_of(const struct evac_daemon *daemon)
{
    uint64_t up_ms = evac_daemon_now_ms(daemon) - daemon->started_ms;
    return (struct evac_metrics_self){
        .version = EVAC_VERSION,
        .node = daemon->model->controller.node,
        .config = evac_str(daemon->model->hash),
        .journal_writable = daemon->shell && !evac_shell_failed(daemon->shell),
        .started_wall_ms = evac_daemon_wall_ms(daemon) - (int64_t)up_ms,
        .reload_ok = daemon->reloads.ok,
        .reload_good_wall_ms = daemon->reloads.good_wall_ms,
        .reloads_refused = daemon->reloads.refused,
        .cpu_seconds = cpu_seconds(),
        .resident_bytes = resident_bytes(),
        .calls_waiting = evac_host_paced_waiting(daemon->paced),
        .calls_waited = evac_host_paced_waited(daemon->paced),
    };
}

struct evac_metrics_source daemon_metrics_source(const struct evac_daemon *daemon)
{
    return (struct evac_metrics_source){
        .model = daemon->model,
        .engine = daemon->shell ? evac_shell_engine(daemon->shell) : NULL,
        .meters = daemon->meters,
        .traces = daemon->model->controller.traces_url.n ? daemon->tracer : NULL,
        .outbox = daemon->shell ? evac_shell_outbox(daemon->shell) : NULL,
        .results = daemon->results,
        .self = self_of(daemon),
        .now = { evac_daemon_now_ms(daemon), evac_daemon_wall_ms(daemon), 0 },
    };
}

void evac_daemon_metrics(struct evac_daemon *daemon, bool open_metrics,
                         const struct evac_metrics_callers *callers, struct evac_buf *out)
{
    struct evac_metrics_source source = daemon_metrics_source(daemon);
    source.callers = callers;
    evac_metrics_write(&source, open_metrics, daemon->model->controller.metrics_series_max, out);
}
