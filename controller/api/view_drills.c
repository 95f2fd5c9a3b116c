/* Drills for people: what is to come, what goes on, what was, what is owed. */
#include "calendar.h"
#include "view.h"

#include <stdlib.h>

#define COMING_MAX 400u
#define OF_ONE_MAX 60u

static void view_debt(const struct evac_shell *shell, size_t app, struct evac_jw *w)
{
    const struct evac_engine_app *a = &evac_shell_engine(shell)->apps[app];
    evac_jw_open(w, "debt", '[');
    for (uint16_t r = 0; r < a->app->region_count; r++) {
        if (evac_engine_serving(a) & (1u << r))
            continue;
        struct evac_debt debt = evac_shell_debt(shell, app, r);
        const struct evac_proof *proof = evac_shell_proof(shell, app, r);
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "to", a->app->regions[r]);
        evac_jw_i64(w, "points", debt.points);
        evac_jw_i64(w, "max", a->app->drill_debt_max);
        evac_jw_cstr(w, "words", debt.words);
        evac_jw_known(w, "proven_ms", proof != NULL, proof ? proof->at_wall_ms : 0);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void view_going(const struct evac_engine_app *a, struct evac_jw *w)
{
    const struct evac_drill *d = &a->drill;
    if (d->state == EVAC_DRILL_IS_IDLE) {
        evac_jw_null(w, "going_on");
        return;
    }
    evac_jw_open(w, "going_on", '{');
    evac_jw_i64(w, "drill", d->number);
    evac_jw_cstr(w, "name", d->name);
    evac_jw_cstr(w, "kind", evac_drill_kind_name(d->kind));
    evac_jw_cstr(w, "state", evac_drill_state_name(d->state));
    evac_jw_str(w, "from", a->app->regions[d->from]);
    evac_jw_str(w, "to", a->app->regions[d->to]);
    evac_jw_known(w, "run", d->run != 0, (int64_t)d->run);
    evac_jw_i64(w, "began_ms", d->began_wall_ms);
    bool waits = d->state == EVAC_DRILL_IS_SOAKING || d->state == EVAC_DRILL_IS_WATCHING;
    evac_jw_known(w, "until_ms", waits, d->until_wall_ms);
    evac_jw_close(w, '}');
}

/* What is to come, of all drills, the nearest first. */
struct coming {
    struct evac_due due;
    int64_t at_ms;
    bool next;
};

static int by_time(const void *a, const void *b)
{
    const struct coming *x = a, *y = b;
    return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

static void view_one_coming(const struct evac_shell *shell, const struct coming *c,
                            struct evac_jw *w)
{
    char why[240] = "";
    const struct evac_drill_conf *drill = c->due.drill;
    (void)evac_drill_barred(shell, c->due.app, c->at_ms, drill->duration_ms, why, sizeof why);
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", c->due.app->name);
    evac_jw_str(w, "name", drill->name);
    evac_jw_cstr(w, "kind", evac_drill_kind_name(drill->kind));
    evac_jw_i64(w, "at_ms", c->at_ms);
    evac_jw_cstr(w, "barred", why[0] ? why : NULL);
    evac_jw_cstr(w, "waits", c->next && c->due.waits[0] ? c->due.waits : NULL);
    evac_jw_bool(w, "approval", drill->approval);
    evac_jw_close(w, '}');
}

static void view_coming(const struct evac_shell *shell, struct evac_str app, int64_t until_ms,
                        struct evac_jw *w)
{
    struct coming *all = calloc(COMING_MAX, sizeof *all);
    size_t count = 0;
    if (!all)
        abort();
    for (size_t i = 0; i < evac_shell_drill_count(shell); i++) {
        struct evac_due due = evac_shell_drill(shell, i);
        int64_t at = app.n == 0 || evac_str_eq(due.app->name, app) ? due.due_wall_ms : 0;
        for (size_t k = 0; at && at <= until_ms && count < COMING_MAX && k < OF_ONE_MAX; k++) {
            all[count++] = (struct coming){ due, at, k == 0 };
            at = evac_drill_after(shell, due.app, due.drill, at);
        }
    }
    qsort(all, count, sizeof *all, by_time);
    evac_jw_open(w, "coming", '[');
    for (size_t i = 0; i < count; i++)
        view_one_coming(shell, &all[i], w);
    evac_jw_close(w, ']');
    free(all);
}

struct past {
    struct evac_jw *w;
    uint64_t wanted, shown, last;
    bool more;
};

/* Where a drill, or a word about one, ended; the newest first. */
static bool view_past(void *user, const struct evac_row *row)
{
    struct past *p = user;
    const struct evac_record *r = &row->record;
    enum evac_drill_state state;
    if (!evac_drill_state_parse(r->to, &state) || !evac_drill_is_over(state))
        return true;
    p->more = p->shown == p->wanted;
    if (p->more)
        return false;
    p->shown++;
    p->last = r->seq;
    evac_jw_open(p->w, NULL, '{');
    evac_jw_str(p->w, "app", r->app);
    evac_jw_i64(p->w, "drill", r->attempt);
    evac_jw_str(p->w, "kind", r->name);
    evac_jw_str(p->w, "result", r->to);
    evac_jw_i64(p->w, "at_ms", r->t_wall_ms);
    evac_jw_known(p->w, "run", r->run != 0, (int64_t)r->run);
    evac_jw_str(p->w, "who", r->who);
    evac_jw_str(p->w, "why", r->text);
    evac_jw_raw(p->w, "details", r->data);
    evac_jw_close(p->w, '}');
    return !p->w->out->failed;
}

static void view_apps(struct evac_daemon *daemon, struct evac_str only, bool shown,
                      struct evac_jw *w)
{
    const struct evac_shell *shell = evac_daemon_shell(daemon);
    const struct evac_engine *engine = evac_shell_engine(shell);
    evac_jw_open(w, "apps", '[');
    for (size_t i = 0; shown && i < engine->app_count; i++) {
        if (only.n && !evac_str_eq(engine->apps[i].app->name, only))
            continue;
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "app", engine->apps[i].app->name);
        view_going(&engine->apps[i], w);
        view_debt(shell, i, w);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

enum evac_code evac_view_drills(struct evac_daemon *daemon, const struct evac_drills_asked *asked,
                                struct evac_jw *w, uint64_t *ret_next, struct evac_err *err)
{
    const struct evac_shell *shell = evac_daemon_shell(daemon);
    struct evac_store *store = evac_daemon_store(daemon);
    struct past p = { .w = w, .wanted = asked->limit };
    const struct evac_store_filter filter = { .app = asked->app,
                                              .kinds = EVAC_KIND(DRILL),
                                              .before_seq = asked->before_seq,
                                              .newest_first = true };
    bool first = asked->before_seq == 0;
    evac_jw_open(w, NULL, '{');
    evac_jw_i64(w, "now_ms", evac_daemon_wall_ms(daemon));
    evac_jw_i64(w, "until_ms", asked->until_ms);
    view_apps(daemon, asked->app, first, w);
    view_coming(shell, asked->app, first ? asked->until_ms : 0, w);
    evac_jw_open(w, "past", '[');
    enum evac_code code = store->vt->read(store, &filter, view_past, &p, err);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
    *ret_next = p.more ? p.last : 0;
    return code;
}

void evac_view_debt(struct evac_daemon *daemon, size_t app, struct evac_jw *w)
{
    const struct evac_shell *shell = evac_daemon_shell(daemon);
    view_going(&evac_shell_engine(shell)->apps[app], w);
    view_debt(shell, app, w);
}
