/*
 * The faults of a game day: which are in, since when, until when, and whether they are out again.
 * Read from the journal: the drill's own rows name the runs that put them in and took them out, and
 * those runs' rows say what became of each. So it is the same while it goes on and a year later.
 */
#include "evac/args.h"
#include "report.h"
#include "view.h"

/* One game day, as its rows tell it, the newest first. */
struct game_day {
    uint64_t wanted; /* of which this run was a part; 0 the newest */
    uint32_t number; /* 0 none was found */
    bool found;
    char name[65], from[65], to[65];
    enum evac_drill_state state; /* as it is, or as it ended */
    int64_t began_ms, ended_ms, watched_until_ms;
    uint64_t breaks, policy, mends; /* runs, 0 none */
};

/* What becomes of a fault. */
#define FATES(X)                                                                                   \
    X(WAITING, "waiting")   /* to be put in */                                                     \
    X(ENTERING, "entering") /* it is being put in: it may have an effect already */                \
    X(ABSENT, "absent")     /* it was never in */                                                  \
    X(IN, "in")                                                                                    \
    X(LEAVING, "leaving") /* it is being taken out */                                              \
    X(OUT, "out")                                                                                  \
    X(LEFT_IN, "left-in") /* nobody saw it go, and the drill is over: a person must look */

#define X(name, text) FATE_##name,
enum fate { FATES(X) FATE_COUNT };
#undef X
#define X(name, text) text,
static const char *const fate_names[] = { FATES(X) };
#undef X

static void note_run(struct game_day *g, enum evac_drill_state state, uint64_t run)
{
    uint64_t *place = state == EVAC_DRILL_IS_BREAKING   ? &g->breaks
                      : state == EVAC_DRILL_IS_WATCHING ? &g->policy
                      : state == EVAC_DRILL_IS_MENDING || state == EVAC_DRILL_IS_SALVAGING
                          ? &g->mends
                          : NULL;
    if (place && run && !*place)
        *place = run;
}

static bool has_run(const struct game_day *g, uint64_t run)
{
    return run == g->breaks || run == g->policy || run == g->mends;
}

/* Where it began: then all of it was seen. False: it is the one that was asked for. */
static bool is_another(struct game_day *g, const struct evac_record *r)
{
    g->began_ms = r->t_wall_ms;
    g->found = g->wanted == 0 || has_run(g, g->wanted);
    return !g->found;
}

static bool see(void *user, const struct evac_row *row)
{
    struct game_day *g = user;
    const struct evac_record *r = &row->record;
    enum evac_drill_state from, to;
    if (!evac_str_is(r->name, evac_drill_kind_name(EVAC_DRILL_GAME_DAY)) ||
        !evac_drill_state_parse(r->from, &from) || !evac_drill_state_parse(r->to, &to))
        return true; /* another kind; or it was planned, skipped or missed */
    if (r->attempt != g->number)
        *g = (struct game_day){ .wanted = g->wanted, .number = r->attempt, .state = to };
    if (evac_drill_is_over(to))
        g->ended_ms = r->t_wall_ms;
    if (to == EVAC_DRILL_IS_WATCHING)
        g->watched_until_ms = r->number;
    note_run(g, from, r->run);
    return from != EVAC_DRILL_IS_IDLE || is_another(g, r);
}

/* What only the engine knows: the run of the state that it is in; while it watches, the policy's.
 */
static void see_going(struct game_day *g, const struct evac_engine_app *a)
{
    const struct evac_drill *d = &a->drill;
    if (d->state == EVAC_DRILL_IS_IDLE || d->kind != EVAC_DRILL_GAME_DAY)
        return;
    g->number = d->number;
    g->state = d->state;
    note_run(g, d->state, d->state == EVAC_DRILL_IS_WATCHING && a->run ? a->run->id : d->run);
}

/* --- each fault ------------------------------------------------------------------------------ */

static const struct evac_report_step *step_for(const struct evac_report *report,
                                               struct evac_str resource)
{
    for (size_t i = 0; report && i < report->step_count; i++)
        if (evac_str_eq(report->steps[i].plan->resource, resource))
            return &report->steps[i];
    return NULL;
}

static bool is_done(const struct evac_report_step *step)
{
    return step && evac_str_is(step->state, "done");
}

static enum fate fate_of(const struct game_day *g, const struct evac_report_step *in,
                         const struct evac_report_step *out)
{
    if (is_done(out))
        return FATE_OUT;
    if (!in->began.known) /* nothing was sent */
        return g->ended_ms || g->mends ? FATE_ABSENT : FATE_WAITING;
    if (g->ended_ms)
        return FATE_LEFT_IN;
    if (out && out->began.known)
        return FATE_LEAVING;
    return is_done(in) ? FATE_IN : FATE_ENTERING;
}

/* When it ends by itself, if its driver has such a thing; 0 not known. */
static int64_t own_end(const struct evac_report_step *in)
{
    int64_t after;
    struct evac_str text = evac_args_get(&in->plan->args, "ends_after");
    return in->ended.known && evac_duration_ms(text, &after) ? in->ended.wall_ms + after : 0;
}

/* A run's instants go by one clock, rows by the wall clock as it is: what follows is not told as
 * having been before. */
static void is_over_behind(struct game_day *g, int64_t out_ms)
{
    if (g->ended_ms && g->ended_ms < out_ms)
        g->ended_ms = out_ms;
}

static void put_fault(struct evac_jw *w, const struct game_day *g,
                      const struct evac_report_step *in, const struct evac_report_step *out)
{
    const struct evac_report_step *last = out && out->began.known ? out : in;
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "fault", in->plan->resource);
    evac_jw_str(w, "type", in->plan->type);
    evac_jw_str(w, "region", in->plan->region);
    evac_jw_cstr(w, "state", fate_names[fate_of(g, in, out)]);
    evac_jw_str(w, "reason", last->reason);
    evac_jw_known(w, "in_ms", is_done(in), in->ended.wall_ms);
    evac_jw_known(w, "out_ms", is_done(out), is_done(out) ? out->ended.wall_ms : 0);
    evac_jw_known(w, "ends_ms", own_end(in) != 0, own_end(in));
    evac_jw_str(w, "clear", in->plan->clear);
    evac_jw_close(w, '}');
}

/* *ret_report NULL: there is no such run, or it has no row yet. */
static enum evac_code report_of(struct evac_store *store, uint64_t run,
                                struct evac_report **ret_report, struct evac_err *err)
{
    *ret_report = NULL;
    enum evac_code code = run ? evac_report_make_alone(store, run, ret_report, err) : EVAC_OK;
    return code == EVAC_E_NOTFOUND ? EVAC_OK : code;
}

static enum evac_code put_faults(struct evac_store *store, struct game_day *g, struct evac_jw *w,
                                 struct evac_err *err)
{
    struct evac_report *breaks = NULL, *mends = NULL;
    enum evac_code code = report_of(store, g->breaks, &breaks, err);
    code = code ? code : report_of(store, g->mends, &mends, err);
    evac_jw_open(w, "faults", '[');
    for (size_t i = 0; !code && breaks && i < breaks->step_count; i++) {
        const struct evac_report_step *in = &breaks->steps[i];
        const struct evac_report_step *out = step_for(mends, in->plan->resource);
        if (!evac_str_is(in->plan->action, "break"))
            continue;
        put_fault(w, g, in, out);
        if (is_done(out))
            is_over_behind(g, out->ended.wall_ms);
    }
    evac_jw_close(w, ']');
    evac_report_free(breaks);
    evac_report_free(mends);
    return code;
}

enum evac_code evac_view_faults(struct evac_daemon *daemon, size_t app, uint64_t run,
                                struct evac_jw *w, struct evac_err *err)
{
    const struct evac_engine_app *a = &evac_shell_engine(evac_daemon_shell(daemon))->apps[app];
    struct evac_store *store = evac_daemon_store(daemon);
    struct game_day g = { .wanted = run };
    const struct evac_store_filter filter = {
        .app = a->app->name, .kinds = EVAC_KIND(DRILL), .newest_first = true, .light = true
    };
    see_going(&g, a);
    enum evac_code code = store->vt->read(store, &filter, see, &g, err);
    if (code)
        return code;
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", a->app->name);
    evac_jw_i64(w, "now_ms", evac_daemon_wall_ms(daemon));
    evac_jw_known(w, "drill", g.found, g.number);
    evac_jw_cstr(w, "state", g.found ? evac_drill_state_name(g.state) : NULL);
    evac_jw_known(w, "began_ms", g.found, g.began_ms);
    evac_jw_known(w, "until_ms", g.found && g.watched_until_ms != 0, g.watched_until_ms);
    evac_jw_known(w, "break_run", g.found && g.breaks != 0, (int64_t)g.breaks);
    evac_jw_known(w, "policy_run", g.found && g.policy != 0, (int64_t)g.policy);
    evac_jw_known(w, "mend_run", g.found && g.mends != 0, (int64_t)g.mends);
    if (!g.found)
        g.breaks = g.mends = 0;
    code = put_faults(store, &g, w, err);
    evac_jw_known(w, "ended_ms", g.found && g.ended_ms != 0, g.ended_ms);
    evac_jw_close(w, '}');
    return code;
}
