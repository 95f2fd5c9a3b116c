/*
 * evac-dst: the whole product, thousands of failovers, in virtual time, from seeds.
 *
 * --seeds N [--from S]         seeds S, S+1, ...; stops at the first that breaks; a summary as JSON
 * --seed S --trace             one seed, with its story
 * --expect-broken --seeds N    for a build with a safety rule left out: some seed must break
 * --app strategies/X.cfg       another app than the warm standby, from contrib/demo
 *
 * A seed draws a story (what fails, when, what people do), which kinds of faults there are at all
 * (swarm testing: about half are left out), and every fault. Two phases: faults for some minutes,
 * then they stop, and the run must end.
 */
#include "report.h"
#include "world.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MINUTE_MS    60000u
#define CALM_MINUTES 120
#define STALE_MAX_MS 950 /* engine.confirm must be longer than reads are stale: 1 s in the demo */
#define LATE_MS      31000u /* by then every request that could still land has landed */
#define CLOCKS_MS    50     /* an instant is noted on arrival, not when it happened */

/* What a strategy promises of the region that takes over. */
struct size {
    int web, worker, batch;
};

static const struct strategy {
    const char *app; /* below contrib/demo; NULL: apps/shop.cfg */
    struct size standby, active;
    bool everywhere; /* all regions serve and write */
    bool dormant;    /* no probe sees the standby: it is looked at, or a person decides */
    bool restores;   /* its data is made from backups when it is needed */
} strategies[] = {
    { NULL, { 1, 1, 1 }, { 6, 2, 3 }, false, false, false },
    { "strategies/pilot-light.cfg", { 0, 0, 0 }, { 6, 2, 3 }, false, true, false },
    { "strategies/backup-restore.cfg", { 0, 0, 0 }, { 6, 2, 3 }, false, true, true },
    { "strategies/active-active.cfg", { 3, 1, 2 }, { 6, 2, 3 }, true, false, false },
};
static const struct strategy *strategy = &strategies[0];

/* What a seed decides. */
struct story {
    struct world_options world;
    uint64_t random;
    enum { FAILS, ISOLATED, PLANNED, BLIP, FLAPS, DRILL, STORIES } kind;
    bool region_returns, crashes, meddles, stale, capacity, looked_at, by_hand;
    unsigned copies;     /* instances in the standby, before anything happened */
    double died_wall_ms; /* when the region did, of FAILS */
};

static uint64_t draw(struct story *s)
{
    uint64_t x = s->random += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t below(struct story *s, uint64_t n)
{
    return n ? draw(s) % n : 0;
}

static unsigned maybe(struct story *s, unsigned at_most)
{
    return below(s, 2) ? (unsigned)below(s, at_most + 1) : 0;
}

static struct story tell(uint64_t seed)
{
    struct story s = { .random = seed * 0xd1342543de82ef95u + 7 };
    s.world.seed = seed;
    s.world.speed = 10;
    s.world.app_file = strategy->app;
    s.world.app_extra = "canary = \"1s\"; measure = \"1s\"=>canary = \"2s\"; measure = \"5s\"";
    s.world.faults = (struct world_faults){
        .not_sent = maybe(&s, 300),
        .lost_before = maybe(&s, 300),
        .lost_after = maybe(&s, 800),
        .late = maybe(&s, 800),
        .slow = maybe(&s, 1000),
        .late_max_ms = 30000,
    };
    s.kind = below(&s, STORIES);
    s.region_returns = below(&s, 2);
    s.crashes = below(&s, 2);
    s.meddles = below(&s, 2);
    s.stale = below(&s, 3) == 0;
    s.capacity = below(&s, 4) == 0;
    s.looked_at = strategy->dormant && below(&s, 2);
    s.by_hand = strategy->dormant && (!s.looked_at || below(&s, 2));
    return s;
}

/* --- what people do
 * --------------------------------------------------------------------------------------------- */

static void meddle(struct story *s, struct world *w)
{
    static const enum evac_command_verb words[] = {
        EVAC_CMD_PAUSE, EVAC_CMD_RESUME, EVAC_CMD_CANCEL, EVAC_CMD_RETRY,
        EVAC_CMD_MODE,  EVAC_CMD_RESUME, EVAC_CMD_CANCEL, EVAC_CMD_OVERRIDE,
    };
    enum evac_command_verb verb = words[below(s, sizeof words / sizeof words[0])];
    (void)world_say(w, verb, "", "the simulator", (int64_t)below(s, 2));
}

/* Whoever is on call answers what a run asks, sooner or later, so that runs end for a reason. */
static void answer(struct story *s, struct world *w)
{
    enum evac_run_state state = world_run_state(w);
    if (state == EVAC_RUN_PROPOSED)
        (void)world_say(w, below(s, 3) ? EVAC_CMD_APPROVE : EVAC_CMD_DECLINE, "", "", 0);
    if (state == EVAC_RUN_ASKING && below(s, 3) == 0) /* what was planned can not be any more */
        (void)world_say(w, EVAC_CMD_MODE, "", "it is gone", EVAC_MODE_UNGRACEFUL);
    if (state == EVAC_RUN_ASKING)
        (void)world_say(w, below(s, 2) ? EVAC_CMD_RETRY : EVAC_CMD_CANCEL, "", "", 0);
    (void)world_say(w, EVAC_CMD_OVERRIDE, "", "the simulator accepts the unknown loss", 0);
    (void)world_say(w, EVAC_CMD_RESUME, "", "", 0);
}

/* --- one seed
 * -----------------------------------------------------------------------------------------------------
 */

/* A standby where nothing runs is a target of the policy's when it was found ready. */
static void look_first(struct story *s, struct world *w)
{
    if (s->looked_at && !world_rehearse(w))
        (void)world_run_to_end(w, 10 * MINUTE_MS);
}

static void begin(struct story *s, struct world *w)
{
    look_first(s, w);
    switch (s->kind) {
    case FAILS:
        world_control(w, "region us-east-1 down");
        s->died_wall_ms = (double)world_wall(w);
        break;
    case ISOLATED:
        world_control(w, "region us-east-1 isolated");
        break;
    case PLANNED:
        (void)world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL);
        break;
    case BLIP:
        world_control(w, "region us-east-1 down");
        world_run(w, 500 + below(s, 2500));
        world_control(w, "region us-east-1 up");
        break;
    case FLAPS:
        for (int i = 0; i < 3; i++) {
            world_control(w, "region us-east-1 down");
            world_run(w, 1000 + below(s, 6000));
            world_control(w, "region us-east-1 up");
            world_run(w, 1000 + below(s, 6000));
        }
        break;
    case DRILL:
        (void)world_begin(w, EVAC_WORKFLOW_DRILL, EVAC_MODE_GRACEFUL);
        break;
    case STORIES:
        break;
    }
    world_run(w, 100);
    if (s->by_hand && (s->kind == FAILS || s->kind == ISOLATED))
        (void)world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL);
}

static void trouble(struct story *s, struct world *w)
{
    uint64_t turns = 4 + below(s, 12);
    unsigned crashes =
        s->crashes ? 3 : 0; /* a fifth in a row parks the controller: that is another test */
    if (s->stale)
        world_control(w, "stale %u", (unsigned)(100 + below(s, STALE_MAX_MS - 100)));
    if (s->capacity)
        world_control(w, "service ecs us-west-2 throttled");
    for (uint64_t i = 0; i < turns && !world_broken(w)[0]; i++) {
        world_run(w, 200 + below(s, 6000));
        if (crashes && below(s, 3) == 0) {
            world_crash(w, 100 + below(s, 8000));
            crashes--;
        }
        if (s->meddles && below(s, 2) == 0)
            meddle(s, w);
        if (s->region_returns && below(s, 6) == 0)
            world_control(w, "region us-east-1 up");
    }
}

/* Faults stop; what is broken for good stays broken. Everything must end. */
static void calm(struct story *s, struct world *w)
{
    struct world_faults none = { 0 };
    world_set_faults(w, &none);
    world_control(w, "stale 0");
    world_control(w, "service ecs us-west-2 up");
    for (int i = 0; i < CALM_MINUTES * 6 && !world_broken(w)[0]; i++) {
        world_run(w, MINUTE_MS / 6);
        if (world_last_run(w) ? evac_run_is_over(world_run_state(w)) : i >= 9)
            return;
        answer(s, w);
    }
}

/* Capacity is last-writer-wins: a request that lands late must not have the last word. */
static bool sizes_are(struct world *w, struct size size)
{
    char part[160];
    const char *truth = world_truth(w);
    const struct {
        const char *service;
        int size;
    } services[] = { { "web", size.web }, { "worker", size.worker } };
    for (size_t i = 0; i < 2; i++) {
        snprintf(part, sizeof part,
                 "\"region\":\"us-west-2\",\"cluster\":\"shop\",\"service\":\"%s\",\"desired\":%d,",
                 services[i].service, services[i].size);
        if (!strstr(truth, part))
            return false;
    }
    snprintf(
        part, sizeof part,
        "\"region\":\"us-west-2\",\"group\":\"shop-batch\",\"min\":0,\"max\":10,\"desired\":%d,",
        size.batch);
    return strstr(truth, part) != NULL;
}

/* DB instances in the standby: what was restored there, and what a drill made. */
static unsigned copies(struct world *w)
{
    const char *at = strstr(world_truth(w), "\"db_instances\":[");
    const char *end = at ? strchr(at, ']') : NULL;
    unsigned n = 0;
    while (at && (at = strstr(at, "\"region\":\"us-west-2\"")) != NULL && at < end) {
        at++;
        n++;
    }
    return n;
}

/* Of an app that all regions serve: to whom users are led is what the engine thinks, and a region
 * that was left is left. */
static const char *promise_serving(struct world *w, bool moved)
{
    const char *truth = world_truth(w);
    uint32_t serving = world_app(w) ? evac_engine_serving(world_app(w)) : 0;
    static const char *const led_to[] = { "\"led_to\":[]", "\"led_to\":[\"us-east-1\"]",
                                          "\"led_to\":[\"us-west-2\"]",
                                          "\"led_to\":[\"us-east-1\",\"us-west-2\"]" };
    if (!serving)
        return "S1: no region serves";
    if (!strstr(truth, led_to[serving & 3]))
        return "S10: users are led elsewhere than the engine thinks";
    if (moved != (serving == 2))
        return moved ? "S10: the region was left, but serves"
                     : "S7: nothing was left, but one is out";
    return "";
}

/* One region writes: the one that the run's end says. */
static const char *promise_writer(struct world *w, bool moved)
{
    char writer[32];
    unsigned writers = world_writers(w, writer, sizeof writer);
    const char *truth = world_truth(w);
    if (writers > 1)
        return "S1: two regions accept writes";
    if (moved && strcmp(writer, "us-west-2") != 0)
        return "S10: succeeded, but the new region does not write";
    if (!moved && strstr(truth, "\"go_writer\":\"us-west-2\""))
        return "S10: nothing was moved, but the GO object names us-west-2";
    if (!moved && strstr(truth, "\"go_writer\":\"\""))
        return "S7: nothing was moved, but the app is fenced";
    return "";
}

static const char *promise_sizes(const struct story *s, struct world *w, bool drill)
{
    enum evac_run_state state = world_run_state(w);
    bool as_before = state == EVAC_RUN_ROLLED_BACK || (drill && state == EVAC_RUN_SUCCEEDED);
    if (as_before && !sizes_are(w, strategy->standby))
        return "S10: put back, but the standby is not of its size again";
    if (!as_before && state == EVAC_RUN_SUCCEEDED && !sizes_are(w, strategy->active))
        return "S10: succeeded, but the new side is not of its size";
    if (strategy->restores && copies(w) > s->copies + 1)
        return "S10: restored more than once";
    if (as_before && copies(w) != s->copies)
        return "S10: put back, but a copy of the data is left";
    return "";
}

/* What the end of a run promises, the world must show, also after every late request has landed. */
static const char *promise(const struct story *s, struct world *w, char *text, size_t bytes)
{
    enum evac_run_state state = world_run_state(w);
    bool drill = world_run_drills(w);
    bool good = state == EVAC_RUN_SUCCEEDED || state == EVAC_RUN_EXCEPTIONS;
    bool known = good || state == EVAC_RUN_ROLLED_BACK || !world_last_run(w);
    const char *why = "";
    text[0] = '\0';
    if (world_last_run(w) && !evac_run_is_over(state)) {
        snprintf(text, bytes, "L1: the run does not end: %s", evac_run_state_name(state));
        return text;
    }
    if (known)
        why = strategy->everywhere ? promise_serving(w, good && !drill)
                                   : promise_writer(w, good && !drill);
    if (!why[0])
        why = promise_sizes(s, w, drill);
    if (why[0])
        snprintf(text, bytes, "%s (%s%s)", why, drill ? "drill " : "", evac_run_state_name(state));
    return text;
}

static double number_after(const char *json, const char *key)
{
    const char *at = strstr(json, key);
    return at && strncmp(at + strlen(key), "null", 4) != 0 ? strtod(at + strlen(key), NULL) : -1;
}

/* It went as it was planned, from its begin to its end. */
static bool went_as_planned(struct world *w, const char *report)
{
    enum evac_run_state state = world_run_state(w);
    return (state == EVAC_RUN_SUCCEEDED || state == EVAC_RUN_EXCEPTIONS) && !world_run_drills(w) &&
           strstr(report, "\"planned\":true") && strstr(report, "\"mode\":\"graceful\"");
}

/* A run's report may say more loss than there was, never less (S13); what is planned costs none.
 * The same of its RTO: it is measured from before the region died. */
static const char *check_measures(const struct story *s, struct world *w, char *text, size_t bytes)
{
    struct evac_report *report;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf json;
    double lost = number_after(world_truth(w), "\"lost_ms\":");
    text[0] = '\0';
    if (!world_last_run(w) || evac_report_make(world_store(w), world_last_run(w), &report, &err))
        return text;
    evac_buf_init(&json, 8u << 20);
    evac_report_json(report, &json);
    double told = number_after(json.p, "\"rpo_max_ms\":");
    double from = number_after(json.p, "\"impact_lo\":");
    if (s->kind == FAILS && from > s->died_wall_ms + CLOCKS_MS)
        snprintf(text, bytes, "S13: the RTO is measured from %.0f ms after the region died",
                 from - s->died_wall_ms);
    else if (lost < 0)
        text[0] = '\0';
    else if (told >= 0 && told + CLOCKS_MS < lost)
        snprintf(text, bytes, "S13: %.0f ms of writes were lost, and the report says %.0f", lost,
                 told);
    else if (lost > CLOCKS_MS && went_as_planned(w, json.p))
        snprintf(text, bytes, "S13: a planned move lost %.0f ms of writes", lost);
    evac_buf_done(&json);
    evac_report_free(report);
    return text;
}

static const char *check_journal(struct world *w, char *text, size_t bytes)
{
    uint64_t rows;
    struct evac_err err = { EVAC_OK, "" };
    text[0] = '\0';
    if (evac_store_verify(world_store(w), &rows, &err))
        snprintf(text, bytes, "S15: %s", err.text);
    return text;
}

struct sum {
    uint64_t seeds, broken, events, requests, runs, ended[EVAC_RUN_STATE_COUNT];
    double virtual_s;
};

static bool one(uint64_t seed, bool trace, struct sum *sum)
{
    struct story s = tell(seed);
    char why[500], measures[500], journal[500];
    s.world.verbose = trace;
    struct world *w = world_new(&s.world);
    world_run(w, 15000);
    s.copies = copies(w);
    begin(&s, w);
    trouble(&s, w);
    calm(&s, w);
    world_run(w, LATE_MS);
    const char *broken = world_broken(w);
    if (!broken[0])
        broken = promise(&s, w, why, sizeof why);
    if (!broken[0])
        broken = check_measures(&s, w, measures, sizeof measures);
    if (!broken[0])
        broken = check_journal(w, journal, sizeof journal);
    sum->seeds++;
    sum->events += world_events(w);
    sum->requests += world_requests(w);
    sum->virtual_s += (double)world_now(w) / 1000;
    sum->runs += world_last_run(w);
    sum->ended[world_run_state(w)]++;
    bool good = broken[0] == '\0';
    if (!good) {
        sum->broken++;
        fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, broken);
        if (trace)
            fputs(world_truth(w), stderr);
    }
    world_free(w);
    return good;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print_sum(const struct sum *sum, double seconds)
{
    printf("{\"seeds\":%llu,\"broken\":%llu,\"runs\":%llu,\"events\":%llu,\"requests\":%llu,"
           "\"virtual_s\":%.0f,"
           "\"seconds\":%.2f,\"seeds_per_s\":%.1f,\"ended\":{",
           (unsigned long long)sum->seeds, (unsigned long long)sum->broken,
           (unsigned long long)sum->runs, (unsigned long long)sum->events,
           (unsigned long long)sum->requests, sum->virtual_s, seconds,
           seconds > 0 ? (double)sum->seeds / seconds : 0);
    for (unsigned i = 0; i < EVAC_RUN_STATE_COUNT; i++)
        printf("%s\"%s\":%llu", i ? "," : "", evac_run_state_name((enum evac_run_state)i),
               (unsigned long long)sum->ended[i]);
    printf("}}\n");
}

static bool choose(const char *app)
{
    for (size_t i = 1; i < sizeof strategies / sizeof strategies[0]; i++)
        if (strcmp(app, strategies[i].app) == 0)
            strategy = &strategies[i];
    return strategy->app && strcmp(app, strategy->app) == 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "seeds", required_argument, NULL, 'n' },   { "from", required_argument, NULL, 'f' },
        { "seed", required_argument, NULL, 's' },    { "trace", no_argument, NULL, 't' },
        { "expect-broken", no_argument, NULL, 'x' }, { "keep-going", no_argument, NULL, 'k' },
        { "app", required_argument, NULL, 'a' },     { NULL, 0, NULL, 0 },
    };
    uint64_t from = 1, count = 100;
    bool trace = false, expect = false, keep = false;
    struct sum sum = { 0 };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;)
        switch (c) {
        case 'n':
            count = strtoull(optarg, NULL, 10);
            break;
        case 'f':
            from = strtoull(optarg, NULL, 10);
            break;
        case 's':
            from = strtoull(optarg, NULL, 10);
            count = 1;
            break;
        case 't':
            trace = true;
            break;
        case 'x':
            expect = true;
            break;
        case 'k':
            keep = true;
            break;
        case 'a':
            if (choose(optarg))
                break;
            __attribute__((fallthrough));
        default:
            fputs("evac-dst [--app strategies/X.cfg] [--seeds N] [--from S] [--seed S] [--trace] "
                  "[--expect-broken] [--keep-going]\n",
                  stderr);
            return 2;
        }
    double start = now_s();
    for (uint64_t i = 0; i < count; i++)
        if (!one(from + i, trace, &sum) && !keep)
            break;
    print_sum(&sum, now_s() - start);
    return (sum.broken > 0) == expect ? 0 : 1;
}
