#include "replay.h"

#include "engine.h"

#include <stdlib.h>
#include <string.h>

#define SLICE_ROWS   500u
#define BOOT_0_MS    1000000u
#define AROUND_MS    600000  /* a run's incident: from so long before its impact */
#define REAL_LATE_MS 3600000 /* a run that begins later was not for that outage */

/* One region of an app that served users, from the first verdict against it until it was up. */
struct outage {
    uint16_t app, region;
    bool over;
    enum evac_verdict worst;
    int64_t impact_ms; /* wall; by the verdict's own data, else when it was seen */
    int64_t seen_ms, ended_ms;
    uint32_t changes; /* of verdict while it lasted */

    /* what today's policy would have done */
    enum evac_decide decide; /* PROPOSE, ACT: that, at would_ms; WAIT: never got so far */
    int64_t would_ms;
    uint16_t target;
    char blocked[480]; /* the gates that were closed at the end, or last before it acted */

    /* what was done */
    uint64_t run;
    int64_t admitted_ms, approved_ms, started_ms, recovered_ms;
    char who[64], approved_by[64], result[40];
};

struct evac_replay {
    struct evac_arena *arena;
    struct evac_replay_request q;
    struct evac_model model; /* with what is asked instead */
    struct evac_engine engine;
    void *apps_memory;
    uint64_t read, all;      /* rows */
    int64_t base_ms, now_ms; /* wall */
    bool done;
    struct evac_err err;
    struct outage *outages;
    size_t outage_count;
    uint32_t dropped; /* beyond the ceiling */
};

/* --- time: boot time is made of wall time, as it is in no row of another controller's life
 * ------------------------------ */

static uint64_t boot_of(const struct evac_replay *p, int64_t wall_ms)
{
    return BOOT_0_MS + (wall_ms > p->base_ms ? (uint64_t)(wall_ms - p->base_ms) : 0);
}

static int64_t wall_of(const struct evac_replay *p, uint64_t boot_ms)
{
    return p->base_ms + (int64_t)(boot_ms - BOOT_0_MS);
}

/* --- outages
 * ---------------------------------------------------------------------------------------------- */

static bool is_trouble(enum evac_verdict v)
{
    return v == EVAC_VERDICT_DOWN || v == EVAC_VERDICT_ISOLATED || v == EVAC_VERDICT_SUSPECT;
}

static struct outage *open_outage(struct evac_replay *p, uint16_t app, uint16_t region)
{
    for (size_t i = p->outage_count; i-- > 0;)
        if (p->outages[i].app == app && p->outages[i].region == region && !p->outages[i].over)
            return &p->outages[i];
    return NULL;
}

static struct outage *begin_outage(struct evac_replay *p, uint16_t app, uint16_t region)
{
    if (p->outage_count == EVAC_REPLAY_OUTAGES_MAX) {
        p->dropped++;
        return NULL;
    }
    struct outage *o = &p->outages[p->outage_count++];
    *o = (struct outage){ .app = app,
                          .region = region,
                          .seen_ms = p->now_ms,
                          .impact_ms = p->now_ms,
                          .decide = EVAC_DECIDE_WAIT };
    return o;
}

/* The verdict's data: {"impact_hi":...}. Older rows have none. */
static void take_impact(struct outage *o, struct evac_str data)
{
    static const char key[] = "\"impact_lo\":";
    for (size_t i = 0; i + sizeof key <= data.n; i++)
        if (memcmp(data.p + i, key, sizeof key - 1) == 0) {
            int64_t ms;
            struct evac_str rest = { data.p + i + sizeof key - 1, data.n - i - sizeof key + 1 };
            size_t n = 0;
            while (n < rest.n && rest.p[n] >= '0' && rest.p[n] <= '9')
                n++;
            if (evac_str_i64((struct evac_str){ rest.p, n }, &ms) && ms > 0 && ms <= o->seen_ms)
                o->impact_ms = ms;
            return;
        }
}

static bool serves(const struct evac_replay *p, uint16_t app, uint16_t region)
{
    return (evac_engine_serving(&p->engine.apps[app]) & (1u << region)) != 0;
}

static bool is_asked_for(const struct evac_replay *p, struct evac_str app)
{
    return p->q.app.n == 0 || evac_str_eq(p->q.app, app);
}

static void note_verdict(struct evac_replay *p, uint16_t app, uint16_t region,
                         enum evac_verdict verdict, const struct evac_record *r)
{
    struct outage *o = open_outage(p, app, region);
    if (o) {
        o->changes++;
        if (verdict == EVAC_VERDICT_UP) {
            o->over = true;
            o->ended_ms = p->now_ms;
        }
        if (o->over && o->ended_ms < p->q.from_ms) { /* before what is asked about */
            *o = p->outages[--p->outage_count];
            return;
        }
    } else if (is_trouble(verdict) && serves(p, app, region)) {
        o = begin_outage(p, app, region);
        if (o)
            take_impact(o, r->data);
    }
    if (o && is_trouble(verdict) && o->worst != EVAC_VERDICT_DOWN)
        o->worst = verdict;
}

/* --- today's decision
 * ------------------------------------------------------------------------------------- */

/* The engine's own view, of a controller that leads and in which no run goes on: what was really
 * run is told beside it. */
static void decide(struct evac_replay *p, struct outage *o, uint64_t *wake_ms)
{
    struct evac_engine_app *a = &p->engine.apps[o->app];
    struct evac_now now = { boot_of(p, p->now_ms), p->now_ms, 0 };
    struct evac_decision d;
    struct evac_decision_input in = evac_engine_view(&p->engine, a, o->region, &now);
    in.lead = true;
    in.run_active = in.run_proposed = false;
    evac_decide(&in, &d);
    if (d.wake_boot_ms < *wake_ms)
        *wake_ms = d.wake_boot_ms;
    if (d.alone == EVAC_DECIDE_WAIT)
        (void)evac_str_copy(o->blocked, sizeof o->blocked, evac_str(d.reasons));
    if (d.alone != EVAC_DECIDE_PROPOSE && d.alone != EVAC_DECIDE_ACT)
        return;
    o->decide = d.alone; /* the incident of that day took it along by that day's policy */
    o->would_ms = p->now_ms;
    o->target = d.target;
}

/* Every outage that is not decided yet; when time alone may decide it. */
static uint64_t decide_all(struct evac_replay *p)
{
    uint64_t wake = UINT64_MAX;
    for (size_t i = 0; i < p->outage_count; i++) {
        struct outage *o = &p->outages[i];
        if (!o->over && o->decide == EVAC_DECIDE_WAIT && serves(p, o->app, o->region))
            decide(p, o, &wake);
    }
    return wake;
}

static bool is_after_end(const struct evac_replay *p, int64_t wall_ms)
{
    return p->q.to_ms && wall_ms > p->q.to_ms;
}

/* Time goes on to that instant, with the decisions that it brings by itself. */
static void pass(struct evac_replay *p, int64_t until_ms)
{
    for (unsigned guard = 0; guard < 1000; guard++) {
        uint64_t wake = decide_all(p);
        if (wake == UINT64_MAX || wake <= boot_of(p, p->now_ms) || wall_of(p, wake) >= until_ms ||
            is_after_end(p, wall_of(p, wake)))
            break;
        p->now_ms = wall_of(p, wake);
    }
    if (until_ms > p->now_ms)
        p->now_ms = until_ms;
}

/* --- rows
 * ------------------------------------------------------------------------------------------------
 */

static size_t region_of(const struct evac_app *app, struct evac_str name)
{
    for (size_t i = 0; i < app->region_count && i < EVAC_REGIONS_MAX; i++)
        if (evac_str_eq(app->regions[i], name))
            return i;
    return EVAC_REGIONS_MAX;
}

static bool parse_verdict(struct evac_str name, enum evac_verdict *ret)
{
    for (unsigned v = 0; v < EVAC_VERDICT_COUNT; v++)
        if (evac_str_is(name, evac_verdict_name((enum evac_verdict)v))) {
            *ret = (enum evac_verdict)v;
            return true;
        }
    return false;
}

static void take_verdict(struct evac_replay *p, uint16_t app, const struct evac_record *r)
{
    struct evac_engine_app *a = &p->engine.apps[app];
    size_t region = region_of(a->app, r->name);
    enum evac_verdict verdict;
    if (region == EVAC_REGIONS_MAX || !parse_verdict(r->to, &verdict))
        return;
    struct evac_region_health *h = &a->health.regions[region];
    h->verdict = verdict;
    h->since_boot_ms = boot_of(p, p->now_ms);
    (void)evac_str_copy(h->reasons, sizeof h->reasons, r->text);
    note_verdict(p, app, (uint16_t)region, verdict, r);
}

static struct outage *outage_of_run(struct evac_replay *p, uint64_t run)
{
    for (size_t i = p->outage_count; run && i-- > 0;)
        if (p->outages[i].run == run)
            return &p->outages[i];
    return NULL;
}

/* A real run out of a region that is, or lately was, in trouble. */
static void take_admission(struct evac_replay *p, uint16_t app, const struct evac_record *r)
{
    size_t region = region_of(p->engine.apps[app].app, r->from);
    for (size_t i = p->outage_count; r->number == 0 && i-- > 0;) {
        struct outage *o = &p->outages[i];
        if (o->app != app || o->region != region || o->run || p->now_ms - o->seen_ms > REAL_LATE_MS)
            continue;
        o->run = r->run;
        o->admitted_ms = p->now_ms;
        (void)evac_str_copy(o->who, sizeof o->who, r->who);
        return;
    }
}

static void take_of_run(struct evac_replay *p, const struct evac_record *r)
{
    struct outage *o = outage_of_run(p, r->run);
    if (!o)
        return;
    if (r->kind == EVAC_RECORD_APPROVE && r->step == EVAC_NO_STEP) {
        o->approved_ms = p->now_ms;
        (void)evac_str_copy(o->approved_by, sizeof o->approved_by, r->who);
    } else if (r->kind == EVAC_RECORD_INSTANT &&
               evac_str_is(r->name, evac_instant_name(EVAC_INSTANT_STARTED))) {
        o->started_ms = r->number;
    } else if (r->kind == EVAC_RECORD_INSTANT &&
               evac_str_is(r->name, evac_instant_name(EVAC_INSTANT_RECOVERED))) {
        o->recovered_ms = r->number;
    } else if (r->kind == EVAC_RECORD_TERMINAL) {
        (void)evac_str_copy(o->result, sizeof o->result, r->to);
    }
}

/* Cooldowns are counted in boot time. */
static void note_end(struct evac_replay *p, uint16_t app)
{
    struct evac_engine_app *a = &p->engine.apps[app];
    if (a->ran)
        a->last_end_boot_ms = boot_of(p, a->last_end_wall_ms);
}

static void take_row(struct evac_replay *p, const struct evac_record *r)
{
    if (p->base_ms == 0)
        p->base_ms = p->now_ms = r->t_wall_ms;
    pass(p, r->t_wall_ms);
    (void)evac_engine_replay(&p->engine, r, &p->err);
    size_t app = evac_engine_app(&p->engine, r->app);
    if (app == p->engine.app_count)
        return;
    note_end(p, (uint16_t)app);
    if (!is_asked_for(p, r->app))
        return;
    if (r->kind == EVAC_RECORD_VERDICT)
        take_verdict(p, (uint16_t)app, r);
    else if (r->kind == EVAC_RECORD_ADMIT)
        take_admission(p, (uint16_t)app, r);
    else
        take_of_run(p, r);
}

static bool read_row(void *user, const struct evac_row *row)
{
    struct evac_replay *p = user;
    p->read = row->record.seq;
    if (is_after_end(p, row->record.t_wall_ms)) {
        p->done = true;
        return false;
    }
    take_row(p, &row->record);
    return p->err.code == EVAC_OK;
}

bool evac_replay_step(struct evac_replay *p)
{
    struct evac_store_filter filter = { .after_seq = p->read, .limit = SLICE_ROWS };
    if (p->done)
        return false;
    enum evac_code code = p->q.store->vt->read(p->q.store, &filter, read_row, p, &p->err);
    p->done = p->done || code || p->err.code || p->read >= p->all;
    if (p->done && p->err.code == EVAC_OK)
        pass(p, p->q.to_ms ? p->q.to_ms : p->now_ms);
    return !p->done;
}

enum evac_code evac_replay_failed(const struct evac_replay *p, struct evac_err *err)
{
    return p->err.code ? evac_fail(err, p->err.code, "%s", p->err.text) : EVAC_OK;
}

void evac_replay_progress(const struct evac_replay *p, uint64_t *ret_rows, uint64_t *ret_all)
{
    *ret_rows = p->read;
    *ret_all = p->all;
}

/* --- life
 * ------------------------------------------------------------------------------------------------
 */

struct span {
    uint64_t run;
    bool found, over;
    int64_t from_ms, to_ms;
    char app[128];
};

static bool span_row(void *user, const struct evac_row *row)
{
    struct span *s = user;
    const struct evac_record *r = &row->record;
    if (!s->found) {
        s->found = true;
        s->from_ms = r->t_wall_ms;
        (void)evac_str_copy(s->app, sizeof s->app, r->app);
    }
    if (r->kind == EVAC_RECORD_INSTANT && r->number < s->from_ms && r->number > 0)
        s->from_ms = r->number;
    s->to_ms = r->t_wall_ms;
    return true;
}

/* The incident that a run was for: from a while before its impact until it was over. */
static enum evac_code find_span(struct evac_replay *p, struct evac_err *err)
{
    struct span s = { .run = p->q.run };
    struct evac_store_filter filter = { .run = p->q.run };
    enum evac_code code = p->q.store->vt->read(p->q.store, &filter, span_row, &s, err);
    if (code)
        return code;
    if (!s.found)
        return evac_fail(err, EVAC_E_NOTFOUND, "the journal has no run %llu",
                         (unsigned long long)p->q.run);
    p->q.from_ms = s.from_ms - AROUND_MS;
    p->q.to_ms = s.to_ms;
    if (p->q.app.n == 0)
        p->q.app = evac_arena_str(p->arena, evac_str(s.app));
    return EVAC_OK;
}

static void change_apps(struct evac_replay *p)
{
    const struct evac_replay_request *q = &p->q;
    struct evac_app *apps = evac_arena_array(p->arena, q->model->app_count + 1, sizeof *apps);
    p->model = *q->model;
    for (size_t i = 0; i < p->model.app_count; i++) {
        apps[i] = q->model->apps[i];
        apps[i].automatic = q->policy_given ? q->policy : apps[i].automatic;
        apps[i].dwell_ms = q->dwell_given ? q->dwell_ms : apps[i].dwell_ms;
        apps[i].cooldown_ms = q->cooldown_given ? q->cooldown_ms : apps[i].cooldown_ms;
    }
    p->model.apps = apps;
}

static enum evac_code prepare(struct evac_replay *p, struct evac_err *err)
{
    if (p->q.run && find_span(p, err))
        return err ? err->code : EVAC_E_NOTFOUND;
    if (p->q.app.n && !evac_model_app(p->q.model, p->q.app))
        return evac_fail(err, EVAC_E_NOTFOUND, "there is no app '%.*s'", EVAC_STR_ARG(p->q.app));
    if (p->q.to_ms && p->q.to_ms <= p->q.from_ms)
        return evac_fail(err, EVAC_E_BADARG, "the end lies before the beginning");
    change_apps(p);
    p->apps_memory = calloc(1, evac_engine_apps_bytes(&p->model) + 1);
    p->outages = calloc(EVAC_REPLAY_OUTAGES_MAX, sizeof *p->outages);
    if (!p->apps_memory || !p->outages)
        abort();
    evac_engine_init(&p->engine, &p->model, p->apps_memory);
    p->all = p->q.store->vt->last_seq(p->q.store);
    p->done = p->all == 0;
    return EVAC_OK;
}

enum evac_code evac_replay_new(const struct evac_replay_request *q, struct evac_replay **ret_replay,
                               struct evac_err *err)
{
    struct evac_replay *p = calloc(1, sizeof *p);
    struct evac_err local = { EVAC_OK, "" };
    if (!p)
        abort();
    p->arena = evac_arena_new();
    p->q = *q;
    p->q.app = evac_arena_str(p->arena, q->app);
    enum evac_code code = prepare(p, err ? err : &local);
    if (code) {
        evac_replay_free(p);
        return code;
    }
    *ret_replay = p;
    return EVAC_OK;
}

void evac_replay_free(struct evac_replay *p)
{
    if (!p)
        return;
    free(p->apps_memory);
    free(p->outages);
    evac_arena_free(p->arena);
    free(p);
}

/* --- showing
 * ---------------------------------------------------------------------------------------------- */

static void put_would(struct evac_jw *w, const struct evac_replay *p, const struct outage *o)
{
    const struct evac_app *app = p->engine.apps[o->app].app;
    bool would = o->decide != EVAC_DECIDE_WAIT;
    evac_jw_open(w, "would_have", '{');
    evac_jw_cstr(w, "done", would ? evac_decide_name(o->decide) : "nothing");
    evac_jw_known(w, "at_ms", would, o->would_ms);
    evac_jw_known(w, "after_impact_ms", would, o->would_ms - o->impact_ms);
    evac_jw_str(w, "to",
                would && o->target < app->region_count ? app->regions[o->target] : EVAC_STR_NONE);
    evac_jw_cstr(w, "blocked_by", o->blocked);
    evac_jw_close(w, '}');
}

static void put_really(struct evac_jw *w, const struct outage *o)
{
    if (!o->run) {
        evac_jw_null(w, "really");
        return;
    }
    evac_jw_open(w, "really", '{');
    evac_jw_i64(w, "run", (int64_t)o->run);
    evac_jw_cstr(w, "who", o->who);
    evac_jw_i64(w, "admitted_ms", o->admitted_ms);
    evac_jw_known(w, "approved_ms", o->approved_ms != 0, o->approved_ms);
    evac_jw_cstr(w, "approved_by", o->approved_ms ? o->approved_by : NULL);
    evac_jw_known(w, "started_ms", o->started_ms != 0, o->started_ms);
    evac_jw_known(w, "recovered_ms", o->recovered_ms != 0, o->recovered_ms);
    evac_jw_cstr(w, "result", o->result[0] ? o->result : NULL);
    evac_jw_known(w, "rto_ms", o->recovered_ms != 0, o->recovered_ms - o->impact_ms);
    /* how much sooner it would have begun; negative: later */
    evac_jw_known(w, "sooner_ms", o->started_ms && o->decide == EVAC_DECIDE_ACT,
                  o->started_ms - o->would_ms);
    evac_jw_close(w, '}');
}

static void put_outage(struct evac_jw *w, const struct evac_replay *p, const struct outage *o)
{
    const struct evac_app *app = p->engine.apps[o->app].app;
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", app->name);
    evac_jw_str(w, "region", app->regions[o->region]);
    evac_jw_cstr(w, "verdict", evac_verdict_name(o->worst));
    evac_jw_i64(w, "impact_ms", o->impact_ms);
    evac_jw_i64(w, "seen_ms", o->seen_ms);
    evac_jw_known(w, "ended_ms", o->ended_ms != 0, o->ended_ms);
    evac_jw_i64(w, "lasted_ms", (o->ended_ms ? o->ended_ms : p->now_ms) - o->seen_ms);
    evac_jw_i64(w, "verdict_changes", o->changes);
    evac_jw_cstr(w, "policy", evac_policy_name(app->automatic));
    evac_jw_i64(w, "dwell_ms", app->dwell_ms);
    put_would(w, p, o);
    put_really(w, o);
    evac_jw_close(w, '}');
}

void evac_replay_to_json(const struct evac_replay *p, struct evac_jw *w)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_i64(w, "rows", (int64_t)p->read);
    evac_jw_i64(w, "from_ms", p->q.from_ms > p->base_ms ? p->q.from_ms : p->base_ms);
    evac_jw_i64(w, "to_ms", p->q.to_ms ? p->q.to_ms : p->now_ms);
    evac_jw_cstr(w, "policy", p->q.policy_given ? evac_policy_name(p->q.policy) : NULL);
    evac_jw_known(w, "dwell_ms", p->q.dwell_given, p->q.dwell_ms);
    evac_jw_known(w, "cooldown_ms", p->q.cooldown_given, p->q.cooldown_ms);
    evac_jw_i64(w, "left_out", p->dropped);
    evac_jw_cstr(w, "limits", EVAC_REPLAY_LIMITS);
    evac_jw_open(w, "outages", '[');
    for (size_t i = 0; i < p->outage_count; i++)
        put_outage(w, p, &p->outages[i]);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}
