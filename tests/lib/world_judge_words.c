/* What people said, and what may begin by it (S8, S11). */
#include "world_internal.h"

#include <string.h>

bool judge_lasts(const struct world *w, const struct until *until, const struct evac_record *r)
{
    return until->wall_ms > r->t_wall_ms && until->world_ms > (int64_t)w->v.now_ms;
}

static size_t region_of(const struct world *w, struct evac_str name)
{
    const struct evac_app *app = &w->model->apps[0];
    size_t r = 0;
    while (r < app->region_count && !evac_str_eq(app->regions[r], name))
        r++;
    return r;
}

/* S11: whoever said yes said it to the mode in which the run begins, and to what was thought of the
 * region then. */
static void check_yeses(struct world *w)
{
    size_t from = region_of(w, evac_str(w->last_from));
    const char *verdict = from < EVAC_REGIONS_MAX ? w->verdicts[from] : "";
    for (unsigned i = 0; i < w->yes_count; i++) {
        struct evac_str mode, seen = evac_str_cut(evac_str(w->yeses[i]), '/', &mode);
        if (!evac_str_is(mode, w->mode))
            broke(w, "S11: it begins %s, and a yes was given for %s", w->mode, w->yeses[i]);
        else if (verdict[0] && strcmp(verdict, "unknown") != 0 && !evac_str_is(seen, "unknown") &&
                 !evac_str_is(seen, verdict))
            broke(w, "S11: it begins while %s is %s, and a yes was given for %s", w->last_from,
                  verdict, w->yeses[i]);
    }
}

/* Who said yes, to what; and what voids it. */
static void note_yes(struct world *w, const struct evac_record *r)
{
    unsigned most = sizeof w->yeses / sizeof w->yeses[0];
    if (r->kind == EVAC_RECORD_APPROVE && r->step == EVAC_NO_STEP && w->yes_count < most)
        (void)evac_str_copy(w->yeses[w->yes_count++], sizeof w->yeses[0], r->event);
    if (r->kind == EVAC_RECORD_GATE_BLOCK && evac_str_is(r->name, "start") &&
        evac_str_is(r->to, "void"))
        w->yes_count = 0;
    if (r->kind == EVAC_RECORD_MODE)
        (void)evac_str_copy(w->mode, sizeof w->mode,
                            evac_str(evac_mode_name((enum evac_mode)r->number)));
}

/* S8: what automation did, somebody has looked at before it does more; and it begins nothing while
 * there is a freeze. A proposal that somebody said yes to is theirs. */
static void check_start(struct world *w, const struct evac_record *r)
{
    w->started = true;
    if (w->o.judged)
        check_yeses(w);
    if (!w->by_policy || w->approved || !w->o.judged)
        return;
    if (w->unready && w->unready[0] && !w->overridden)
        broke(w, "S3: automation moves to %s, %s", w->last_to, w->unready);
    if (w->unacked)
        broke(w, "S8: automation acts again, and nobody looked at what it did");
    if (judge_lasts(w, &w->frozen, r))
        broke(w, "S8: automation acts in a freeze");
}

static struct until until_of(const struct world *w, const struct evac_record *r)
{
    if (r->number == 0 || r->number == INT64_MAX)
        return (struct until){ r->number, r->number };
    return (struct until){ r->number, (int64_t)w->v.now_ms + r->number - r->t_wall_ms };
}

static void move_until(struct until *until, int64_t by_ms)
{
    if (until->wall_ms && until->wall_ms != INT64_MAX)
        until->wall_ms += by_ms;
}

/* What people say about automation, and what it does. */
void judge_words(struct world *w, const struct evac_record *r)
{
    if (r->kind == EVAC_RECORD_HOLD && r->app.n == 0)
        w->stopped = r->number != 0;
    else if (r->kind == EVAC_RECORD_HOLD)
        w->held = until_of(w, r);
    if (r->kind == EVAC_RECORD_FREEZE && evac_str_is(r->name, "word"))
        w->frozen = until_of(w, r);
    if (r->kind == EVAC_RECORD_CLOCK_JUMP) {
        move_until(&w->held, r->number);
        move_until(&w->frozen, r->number);
    }
    if (r->kind == EVAC_RECORD_ACK)
        w->unacked = false;
    if (r->kind == EVAC_RECORD_VERDICT && region_of(w, r->name) < EVAC_REGIONS_MAX)
        (void)evac_str_copy(w->verdicts[region_of(w, r->name)], sizeof w->verdicts[0], r->to);
    if (r->run != w->last_run)
        return;
    note_yes(w, r);
    if (r->kind == EVAC_RECORD_APPROVE && r->step == EVAC_NO_STEP)
        w->approved = true;
    if (r->kind == EVAC_RECORD_INSTANT && evac_str_is(r->name, "started"))
        check_start(w, r);
    if (r->kind == EVAC_RECORD_TERMINAL && w->by_policy && w->started && !w->approved)
        w->unacked = true;
}

/* S11: whoever opens a gate or switches the mode has a name. */
void judge_word(struct world *w, const struct evac_record *r)
{
    if ((r->kind == EVAC_RECORD_OVERRIDE || r->kind == EVAC_RECORD_MODE) && r->who.n == 0)
        broke(w, "S11: %s, and nobody said it", evac_record_kind_name(r->kind));
    if (r->kind == EVAC_RECORD_OVERRIDE)
        w->overridden = true;
}
