#include "play.h"
#include "report.h"
#include "sandbox_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOCKS_MS 50 /* an instant is noted on arrival, not when it happened */

/* What a strategy promises of the region that takes over. */
struct size {
    int web, worker, batch;
};

static const struct strategy {
    const char *app; /* below contrib/demo; "": apps/shop.cfg */
    struct size standby, active;
    bool everywhere; /* all regions serve and write */
    bool restores;   /* its data is made from backups when it is needed */
    bool by_record;  /* names beside the shop's are moved by a change of their records */
} strategies[] = {
    { "", { 1, 1, 1 }, { 6, 2, 3 }, false, false },
    { "../../tests/sim/names.cfg", { 1, 1, 1 }, { 6, 2, 3 }, .by_record = true },
    { "../../tests/sim/ready.cfg", { 1, 1, 1 }, { 6, 2, 3 }, false, false },
    { "strategies/pilot-light.cfg", { 0, 0, 0 }, { 6, 2, 3 }, false, false },
    { "strategies/backup-restore.cfg", { 0, 0, 0 }, { 6, 2, 3 }, false, true },
    { "strategies/active-active.cfg", { 3, 1, 2 }, { 6, 2, 3 }, true, false },
};

static const struct strategy *of(const struct ending *ending)
{
    size_t i = 0;
    while (i + 1 < sizeof strategies / sizeof strategies[0] &&
           strcmp(strategies[i].app, ending->app) != 0)
        i++;
    return &strategies[i];
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
unsigned promise_copies(struct world *w)
{
    return evac_sandbox_db_instances(world_sandbox(w), "us-west-2");
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
    char writer[32], went_there[64];
    unsigned writers = world_writers(w, writer, sizeof writer);
    const char *truth = world_truth(w), *to = world_run_to(w);
    snprintf(went_there, sizeof went_there, "\"go_writer\":\"%s\"", to[0] ? to : "us-west-2");
    if (writers > 1)
        return "S1: two regions accept writes";
    if (moved && strcmp(writer, to) != 0)
        return "S10: succeeded, but the new region does not write";
    if (!moved && strstr(truth, went_there))
        return "S10: nothing was moved, but the GO object names the new region";
    if (!moved && !world_stood(w) && strstr(truth, "\"go_writer\":\"\""))
        return "S7: nothing was moved, but the app is fenced";
    return "";
}

static const char *const names[PROMISED_NAMES] = { "api", "img", "www" };

void promise_emptied(struct ending *s, struct evac_str verb)
{
    char part[40];
    for (size_t i = 0; i < PROMISED_NAMES; i++) {
        (void)snprintf(part, sizeof part, "\"name\":\"%s.", names[i]);
        if (evac_str_has(verb, "no-record") && evac_str_has(verb, part))
            s->emptied[i] = strlen(world_trace(s->w)) + 1;
    }
}

/* Nobody took it away, or a run has looked at it and led it somewhere since. */
static bool is_promised(const struct ending *s, size_t name)
{
    char part[60];
    if (!s->emptied[name])
        return true;
    (void)snprintf(part, sizeof part, "step point-dns:%s verifying -> done", names[name]);
    return strstr(world_trace(s->w) + s->emptied[name] - 1, part) != NULL;
}

/* Of several names in one zone, changed together: each leads where the app is, whatever happened on
 * the way to the batches that they were in. */
static const char *promise_names(const struct ending *s, struct world *w)
{
    const struct evac_engine_app *a = world_app(w);
    char address[64], name[40];
    if (!a)
        return "";
    bool west = evac_str_is(a->app->regions[a->active], "us-west-2");
    for (size_t i = 0; i < PROMISED_NAMES; i++) {
        (void)snprintf(name, sizeof name, "%s.example.com", names[i]);
        if (is_promised(s, i) &&
            (!sb_route53_answer(world_sandbox(w), name, address, sizeof address) ||
             strcmp(address, west ? "192.0.2.2" : "192.0.2.1") != 0))
            return "S10: a name of the zone leads elsewhere than the engine thinks";
    }
    return "";
}

static const char *promise_sizes(const struct ending *s, struct world *w, bool drill)
{
    enum evac_run_state state = world_run_state(w);
    if (strcmp(world_run_to(w), "us-west-2") != 0)
        return ""; /* the way back: the demonstration's sizes are of the way there */
    bool as_before = state == EVAC_RUN_ROLLED_BACK || (drill && state == EVAC_RUN_SUCCEEDED);
    if (world_last_run(w) > 1)
        return ""; /* the first may have been stopped where it stood */
    if (as_before && !sizes_are(w, of(s)->standby))
        return "S10: put back, but the standby is not of its size again";
    if (!as_before && state == EVAC_RUN_SUCCEEDED && !sizes_are(w, of(s)->active))
        return "S10: succeeded, but the new side is not of its size";
    if (of(s)->restores && promise_copies(w) > s->copies + 1)
        return "S10: restored more than once";
    if (as_before && promise_copies(w) != s->copies)
        return "S10: put back, but a copy of the data is left";
    return "";
}

/* What the end of a run promises, the world must show, also after every late request has landed. */
static const char *promise(const struct ending *s, struct world *w, char *text, size_t bytes)
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
        why = of(s)->everywhere
                  ? promise_serving(w, (world_run_goes_back(w) ? !good : good) && !drill)
                  : promise_writer(w, good && !drill);
    if (!why[0])
        why = promise_sizes(s, w, drill);
    if (!why[0] && known && of(s)->by_record)
        why = promise_names(s, w);
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

/* What a run's rows say of the boot clock, which nobody sets. */
struct run_clock {
    double gap_ms;                /* to the wall clock, when it was admitted */
    double recovered_ms;          /* 0: users were not */
    double newest_ms, between_ms; /* of its rows; when nobody wrote any, because the lead changed */
};

static bool take_clock(void *user, const struct evac_row *row)
{
    struct run_clock *c = user;
    const struct evac_record *r = &row->record;
    if (r->kind == EVAC_RECORD_ADMIT)
        c->gap_ms = (double)(r->t_wall_ms - (int64_t)r->t_boot_ms);
    else if (evac_str_is(r->name, "recovered"))
        c->recovered_ms = (double)r->t_boot_ms;
    else if (r->kind == EVAC_RECORD_RESUME && c->recovered_ms == 0)
        c->between_ms += (double)r->t_boot_ms - c->newest_ms;
    c->newest_ms = (double)r->t_boot_ms;
    return true;
}

/* The RTO is measured from before the region died until users were back, whatever is done to the
 * wall clock in between. Two machines whose clocks differ are told apart by nobody: then the time
 * in which neither wrote may be missing. */
static void check_rto(const struct ending *s, struct world *w, const char *report, char *text,
                      size_t bytes)
{
    struct run_clock c = { 0 };
    const struct evac_store_filter filter = { .run = world_last_run(w), .light = true };
    double from = number_after(report, "\"impact_lo\":"), rto = number_after(report, "\"rto_ms\":");
    double died = (double)s->died_ms;
    if (s->died_ms == 0 || from < 0 ||
        world_store(w)->vt->read(world_store(w), &filter, take_clock, &c, NULL))
        return;
    double missing_ms = s->clocks_differ ? c.between_ms : 0;
    if (rto >= 0 && rto + missing_ms + CLOCKS_MS < c.recovered_ms - died)
        snprintf(text, bytes, "S13: users came back after %.0f ms, and the report says %.0f",
                 c.recovered_ms - died, rto);
    else if (from > died + c.gap_ms + CLOCKS_MS)
        snprintf(text, bytes, "S13: the RTO is measured from %.0f ms after the region died",
                 from - died - c.gap_ms);
}

/* A run's report may say more loss than there was, never less; what is planned costs none. */
static void check_rpo(const struct ending *s, struct world *w, const char *report, char *text,
                      size_t bytes)
{
    double lost = number_after(world_truth(w), "\"lost_ms\":");
    double told = number_after(report, "\"rpo_max_ms\":");
    double slow_ms = lost * s->slow_millionths / 1e6;
    if (strstr(report, "\"rpo\":[]") && world_run_state(w) == EVAC_RUN_SUCCEEDED &&
        !world_run_drills(w))
        snprintf(text, bytes, "S13: it has ended, and nobody measured what it cost");
    else if (s->quiet && told < 0 && world_run_state(w) == EVAC_RUN_SUCCEEDED)
        snprintf(text, bytes, "S13: nothing stood in its way, and what it cost was not measured");
    else if (lost < 0)
        text[0] = '\0';
    else if (told >= 0 && told + CLOCKS_MS + s->slack_ms + slow_ms < lost)
        snprintf(text, bytes, "S13: %.0f ms of writes were lost, and the report says %.0f", lost,
                 told);
    else if (s->quiet && told > lost + CLOCKS_MS && !of(s)->restores && went_as_planned(w, report))
        snprintf(text, bytes, "S13: a planned move lost nothing, and the report says %.0f ms",
                 told);
    else if (lost > CLOCKS_MS && went_as_planned(w, report))
        snprintf(text, bytes, "S13: a planned move lost %.0f ms of writes", lost);
}

static const char *check_measures(const struct ending *s, struct world *w, char *text, size_t bytes)
{
    struct evac_report *report;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf json;
    text[0] = '\0';
    if (!world_last_run(w) || evac_report_make(world_store(w), world_last_run(w), &report, &err))
        return text;
    evac_buf_init(&json, 8u << 20);
    evac_report_json(report, &json);
    check_rto(s, w, json.p, text, bytes);
    if (!text[0])
        check_rpo(s, w, json.p, text, bytes);
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
        snprintf(text, bytes, "S15: %.300s", err.text);
    return text;
}

/* S4: more than the objective is lost only when somebody stood for it. The measure is as old as the
 * configuration lets it be. */
#define MEASURE_MS 12000

static const char *check_loss(const struct ending *s, char *text, size_t bytes)
{
    double lost = number_after(world_truth(s->w), "\"lost_ms\":");
    double objective = 30000; /* the demonstration's */
    text[0] = '\0';
    if (lost > objective + MEASURE_MS && !of(s)->restores && !world_overridden(s->w))
        snprintf(text, bytes, "S4: %.0f ms of writes were lost, and nobody stood for it", lost);
    return text;
}

/* L2: a region that is dead is left, when the policy acts and nobody is against it; and what
 * nothing stands in the way of goes well. */
static const char *check_moved(const struct ending *s)
{
    enum evac_run_state state = world_run_state(s->w);
    bool pinned = of(s)->by_record && s->dies; /* records are changed in the region that is dead */
    if (s->quiet && !pinned && world_last_run(s->w) && state != EVAC_RUN_SUCCEEDED &&
        state != EVAC_RUN_EXCEPTIONS)
        return "L2: nothing stood in its way, and it did not go well";
    if (s->dies && !of(s)->everywhere && world_last_run(s->w) == 0)
        return "L2: the region is dead, and nothing was begun";
    return "";
}

/* What people said, and what was found out: all that a controller decides by. */
static void put_words(const struct evac_engine_app *a, struct evac_buf *out)
{
    evac_buf_putf(out, " acked=%d unacked=%d held=%lld by %s", a->acked, a->auto_unacked,
                  (long long)a->hold_until_wall_ms, a->hold_owner);
    for (unsigned i = 0; i < EVAC_FREEZE_COUNT; i++)
        evac_buf_putf(out, " frozen=%lld", (long long)a->freezes[i].until_wall_ms);
    for (unsigned i = 0; i < EVAC_CONDITION_COUNT; i++)
        evac_buf_putf(out, " waived=%lld", (long long)a->waivers[i].until_wall_ms);
    for (size_t r = 0; r < a->app->region_count; r++)
        evac_buf_putf(out, " ready=%d%d by %llu", a->readiness[r].known, a->readiness[r].ready,
                      (unsigned long long)a->readiness[r].run);
}

static void put_controller(struct world *w, struct evac_buf *out)
{
    const struct evac_engine_app *a = world_app(w);
    const struct evac_engine *engine = world_engine(w);
    evac_buf_reset(out);
    evac_buf_putf(out,
                  "%s active=%u serving=%u stopped=%d ran=%d last=%llu %s at %lld drill=%d "
                  "starts=%u,%u newest=%llu",
                  evac_run_state_name(world_run_state(w)), (unsigned)a->active,
                  evac_engine_serving(a), engine->stopped, a->ran, (unsigned long long)a->last_run,
                  evac_run_state_name(a->last_end), (long long)a->last_end_wall_ms,
                  a->last_of_drill, (unsigned)a->auto_starts.count, (unsigned)engine->starts_count,
                  (unsigned long long)a->auto_run);
    put_words(a, out);
}

/* The first word that is another one. */
static void say_difference(struct evac_str is, struct evac_str was, char *text, size_t bytes)
{
    while (is.n && was.n) {
        struct evac_str now = evac_str_cut(is, ' ', &is), then = evac_str_cut(was, ' ', &was);
        if (evac_str_eq(now, then))
            continue;
        snprintf(text, bytes, "S15: read again, the journal says %.*s, not %.*s", EVAC_STR_ARG(now),
                 EVAC_STR_ARG(then));
        return;
    }
}

#define LOOK_S 120u

/* S15: the journal, read again, makes the same controller. */
static const char *check_fold(struct world *w, char *text, size_t bytes)
{
    struct evac_buf was, is;
    text[0] = '\0';
    if (!world_app(w))
        return text;
    evac_buf_init(&was, 4096);
    evac_buf_init(&is, 4096);
    for (unsigned i = 0; i < LOOK_S && world_app(w)->rehearsal; i++)
        world_run(w, 1000); /* a look ends by itself, also when it is read again */
    put_controller(w, &was);
    world_crash(w, 1);
    world_run(w, 50);
    if (world_app(w))
        put_controller(w, &is);
    else
        snprintf(text, bytes, "S15: it does not start from its own journal");
    say_difference(evac_buf_str(&is), evac_buf_str(&was), text, bytes);
    evac_buf_done(&was);
    evac_buf_done(&is);
    return text;
}

void promise_check(const struct ending *s, char *ret_broken, size_t bytes)
{
    char text[400];
    const char *broken = promise(s, s->w, text, sizeof text);
    if (!broken[0])
        broken = check_measures(s, s->w, text, sizeof text);
    if (!broken[0])
        broken = check_loss(s, text, sizeof text);
    if (!broken[0])
        broken = check_moved(s);
    if (!broken[0])
        broken = check_journal(s->w, text, sizeof text);
    if (!broken[0] && world_controllers(s->w) > 1)
        broken = world_differ(s->w, text, sizeof text);
    else if (!broken[0] && s->folds)
        broken = check_fold(s->w, text, sizeof text);
    snprintf(ret_broken, bytes, "%s", broken);
}
