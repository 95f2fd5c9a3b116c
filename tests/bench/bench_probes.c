/*
 * How many probes a second of processor time pays for, in how much memory, and how long answers
 * take. Who answers is another process, so that only the prober is measured.
 *
 *   bench_probes [SECONDS [https]]
 *       a JSON line for each number of targets, fresh and kept connections
 *   bench_probes run WHAT TARGETS EVERY_MS fresh|keep CA_FILE COUNT [EXPECT]
 *       goes on until COUNT results are there, or until SIGTERM, and says what it saw. WHAT: a URL,
 *       "tcp HOST:PORT", "tls HOST:PORT" or "dns NAME RESOLVER"; {a} in it is one of the
 *       responder's addresses, {t} the target's number
 */
#include "host_dns.h"
#include "host_names.h"
#include "prober.h"
#include "responder.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define WARM_MS     500
#define LATENCY_MAX 100000u /* in steps of 10 us: a second, and all beyond */

/* What is asked of each target. */
struct ask {
    const char *what; /* a template */
    uint32_t targets, every_ms, patience_ms;
    bool keep;
    const char *ca_file, *expect;
};

struct bench {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t term;
    struct evac_dns *dns;
    struct evac_prober *prober;
    uint64_t good, bad, untold, stop_after; /* 0: a timer or a signal stops it */
    char reason[128];
    uint64_t good_before, wall_before_us;
    double cpu_before_s;
    uint64_t measure_ms;
    uint32_t latencies[LATENCY_MAX + 1];
    uint64_t latency_us;
};

/* --- what comes back ------------------------------------------------------------------------- */

static void on_result(void *user, void *target, const struct evac_prober_result *result)
{
    struct bench *b = user;
    (void)target;
    if (result->ok) {
        uint32_t step = result->latency_us / 10;
        b->good++;
        b->latency_us += result->latency_us;
        b->latencies[step < LATENCY_MAX ? step : LATENCY_MAX]++;
    } else {
        b->bad++;
        (void)evac_str_copy(b->reason, sizeof b->reason, evac_str(result->reason));
    }
    if (b->stop_after && b->good + b->bad >= b->stop_after)
        uv_stop(&b->loop);
}

static void on_untold(void *user, void *target, const char *why)
{
    struct bench *b = user;
    (void)target;
    b->untold++;
    (void)evac_str_copy(b->reason, sizeof b->reason, evac_str(why));
}

/* So many of a thousand were faster. */
static uint32_t quantile_us(const struct bench *b, uint64_t thousandths)
{
    uint64_t below = 0, wanted = b->good * thousandths / 1000;
    uint32_t step = 0;
    for (; step < LATENCY_MAX && below + b->latencies[step] <= wanted; step++)
        below += b->latencies[step];
    return step * 10;
}

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static long rss_kb(void)
{
    long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%ld %ld", &total, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void report(const struct bench *b, const struct ask *ask)
{
    double cpu = cpu_s() - b->cpu_before_s;
    double wall = (double)(evac_boot_us() - b->wall_before_us) / 1e6;
    double probes = (double)(b->good - b->good_before);
    printf("{\"bench\":\"probes\",\"scheme\":\"%.*s\",\"targets\":%u,\"keep_alive\":%s,\"probes\":%"
           ".0f,"
           "\"bad\":%llu,\"untold\":%llu,\"seconds\":%.2f,\"probes_per_s\":%.0f,"
           "\"cpu_percent\":%.1f,\"probes_per_cpu_s\":%.0f,\"mean_latency_us\":%.0f,"
           "\"p50_latency_us\":%u,\"p99_latency_us\":%u,\"rss_kb\":%ld,\"reason\":\"%s\"}\n",
           (int)strcspn(ask->what, ": "), ask->what, ask->targets, ask->keep ? "true" : "false",
           probes, (unsigned long long)b->bad, (unsigned long long)b->untold, wall, probes / wall,
           100 * cpu / wall, cpu > 0 ? probes / cpu : 0,
           b->good ? (double)b->latency_us / (double)b->good : 0, quantile_us(b, 500),
           quantile_us(b, 990), rss_kb(), b->reason);
    fflush(stdout);
}

/* --- who is asked ---------------------------------------------------------------------------- */

static void put_number(struct evac_buf *out, const char **at, const char *sign, uint32_t number)
{
    evac_buf_putf(out, "%u", number);
    *at += strlen(sign);
}

static void fill_in(const char *template, uint32_t i, struct evac_buf *out)
{
    evac_buf_init(out, 512);
    for (const char *at = template; *at;) {
        if (evac_str_starts(evac_str(at), "{a}"))
            put_number(out, &at, "{a}", i % RESPONDER_ADDRESSES + 1);
        else if (evac_str_starts(evac_str(at), "{t}"))
            put_number(out, &at, "{t}", i);
        else
            evac_buf_putc(out, *at++);
    }
}

static struct evac_prober_target describe(const struct ask *ask, struct evac_str what)
{
    struct evac_str first, rest;
    struct evac_prober_target t = { .url = what,
                                    .every_ms = ask->every_ms,
                                    .connect_ms = ask->patience_ms,
                                    .reply_ms = ask->patience_ms,
                                    .keep_alive = ask->keep };
    first = evac_str_cut(what, ' ', &rest);
    if (evac_str_is(first, "tcp") || evac_str_is(first, "tls") || evac_str_is(first, "dns")) {
        t.kind = evac_str_is(first, "tcp")   ? EVAC_PROBER_TCP
                 : evac_str_is(first, "tls") ? EVAC_PROBER_TLS
                                             : EVAC_PROBER_DNS;
        t.url = evac_str_cut(rest, ' ', &t.resolver);
        return t;
    }
    t.expect_body = evac_str(ask->expect);
    t.wants_served_by = true;
    t.served_by = EVAC_STR("x-region");
    return t;
}

static int add_targets(struct bench *b, const struct ask *ask)
{
    for (uint32_t i = 0; i < ask->targets; i++) {
        struct evac_buf what;
        struct evac_err err;
        fill_in(ask->what, i, &what);
        struct evac_prober_target t = describe(ask, evac_buf_str(&what));
        enum evac_code code = evac_prober_add(b->prober, &t, NULL, &err);
        evac_buf_done(&what);
        if (code) {
            fprintf(stderr, "bench_probes: %s\n", err.text);
            return 1;
        }
    }
    return 0;
}

/* --- one measurement ------------------------------------------------------------------------- */

static void on_end(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void begin_measuring(struct bench *b)
{
    b->good_before = b->good;
    b->cpu_before_s = cpu_s();
    b->wall_before_us = evac_boot_us();
}

static void on_warm(uv_timer_t *timer)
{
    struct bench *b = timer->data;
    memset(b->latencies, 0, sizeof b->latencies);
    begin_measuring(b);
    uv_timer_start(timer, on_end, b->measure_ms, 0);
}

static void on_term(uv_signal_t *handle, int number)
{
    (void)number;
    uv_stop(handle->loop);
}

static int open_bench(struct bench *b, const struct ask *ask)
{
    uv_loop_init(&b->loop);
    uv_timer_init(&b->loop, &b->timer);
    uv_signal_init(&b->loop, &b->term);
    b->timer.data = b;
    struct evac_prober_options options = {
        .fn = on_result, .untold = on_untold, .user = b, .seed = 1, .ca_file = ask->ca_file
    };
    if (evac_dns_new(&b->loop, "", &b->dns, NULL) ||
        evac_prober_new(&b->loop, b->dns, &options, &b->prober, NULL))
        return 1;
    return add_targets(b, ask);
}

static void close_bench(struct bench *b)
{
    evac_prober_free(b->prober);
    evac_dns_close(b->dns);
    uv_close((uv_handle_t *)&b->timer, NULL);
    uv_close((uv_handle_t *)&b->term, NULL);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    uv_loop_close(&b->loop);
}

static int measure(const struct ask *ask, uint64_t measure_ms)
{
    static struct bench b;
    b.measure_ms = measure_ms;
    if (open_bench(&b, ask))
        return 1;
    uv_timer_start(&b.timer, on_warm, WARM_MS + ask->every_ms, 0);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    report(&b, ask);
    close_bench(&b);
    return b.good == 0;
}

static int run(const struct ask *ask, uint64_t stop_after)
{
    static struct bench b;
    b.stop_after = stop_after;
    if (open_bench(&b, ask))
        return 1;
    uv_signal_start(&b.term, on_term, SIGTERM);
    begin_measuring(&b);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    report(&b, ask);
    close_bench(&b);
    return b.good == 0;
}

/* Each measurement in a process of its own: memory and processor time start at nothing. */
static int measure_apart(const struct ask *ask, uint64_t measure_ms)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0)
        _exit(measure(ask, measure_ms));
    if (child > 0)
        waitpid(child, &status, 0);
    return status != 0;
}

static int measure_all(uint64_t seconds, bool https)
{
    static const struct {
        uint32_t targets, every_ms, every_tls_ms; /* a responder's handshakes are dear */
    } cases[] = { { 100, 100, 500 }, { 1000, 200, 2000 }, { 10000, 1000, 15000 } };
    struct responder responder;
    char what[96];
    int failed = responder_start(&responder);
    (void)snprintf(what, sizeof what, "%s://127.0.0.{a}:%u/health?target={t}",
                   https ? "https" : "http", https ? responder.https : responder.http);
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0] && !failed; i++) {
        const struct ask ask = {
            .what = what,
            .targets = cases[i / 2].targets,
            .every_ms = https ? cases[i / 2].every_tls_ms : cases[i / 2].every_ms,
            .patience_ms = 2000,
            .keep = i % 2,
            .ca_file = responder.ca,
            .expect = "ok",
        };
        failed |= measure_apart(&ask, seconds * 1000);
    }
    responder_stop(&responder);
    return failed;
}

/* --- the command ----------------------------------------------------------------------------- */

static int refuse(const char *what, const char *allowed, const char *found)
{
    fprintf(stderr, "bench_probes: %s must be %s, not '%s'\n", what, allowed, found);
    return 2;
}

static bool number(const char *text, int64_t from, int64_t to, int64_t *ret)
{
    return evac_str_i64(evac_str(text), ret) && *ret >= from && *ret <= to;
}

static int run_command(int argc, char **argv)
{
    int64_t targets, every_ms, count;
    if (argc < 8)
        return refuse("run's arguments", "WHAT TARGETS EVERY_MS fresh|keep CA_FILE COUNT [EXPECT]",
                      "fewer");
    if (!number(argv[3], 1, 65536, &targets))
        return refuse("TARGETS", "1 to 65536", argv[3]);
    if (!number(argv[4], 100, 600000, &every_ms))
        return refuse("EVERY_MS", "100 to 600000", argv[4]);
    if (!number(argv[7], 0, INT32_MAX, &count))
        return refuse("COUNT", "a number", argv[7]);
    const struct ask ask = {
        .what = argv[2],
        .targets = (uint32_t)targets,
        .every_ms = (uint32_t)every_ms,
        .patience_ms = count ? 60000 : 2000, /* what is counted may be slow, under valgrind */
        .keep = strcmp(argv[5], "keep") == 0,
        .ca_file = argv[6],
        .expect = argc > 8 ? argv[8] : "ok",
    };
    return run(&ask, (uint64_t)count);
}

int main(int argc, char **argv)
{
    int64_t seconds = 3;
    signal(SIGPIPE, SIG_IGN);
    bench_raise_files();
    if (argc > 1 && strcmp(argv[1], "run") == 0)
        return run_command(argc, argv);
    if (argc > 1 && !number(argv[1], 1, 600, &seconds))
        return refuse("SECONDS", "1 to 600", argv[1]);
    if (argc > 2 && strcmp(argv[2], "https") != 0)
        return refuse("the scheme", "https or nothing", argv[2]);
    return measure_all((uint64_t)seconds, argc > 2);
}
