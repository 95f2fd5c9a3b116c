/* The daemon's part in readiness, and what is so of the standby while it looks (S3). */
#include "world_internal.h"

#include "sandbox_internal.h"

#include <string.h>

#define ROUNDS_MS  1000u
#define CLOCKS_PCT 3u /* that a controller's clock may be off */

/* What the new side could not do without: services whose calls are refused, a quota that is too
 * small for its tasks. */
static bool stands_ready(struct world *w, const char *region)
{
    static const enum sb_service_id needed[] = { SB_RDS, SB_ECS, SB_AUTOSCALING };
    size_t r = sb_region_find(w->sandbox, evac_str(region));
    bool ready = sb_reachable(w->sandbox, r) &&
                 sb_quota(w->sandbox, r, "fargate", "L-3032A538") >= WORLD_VCPUS_NEEDED;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        const struct sb_fault *f = sb_fault(w->sandbox, needed[i], r);
        ready = ready && !f->down && !f->denied && !f->throttled;
    }
    return ready;
}

static void rounds_due(void *owner, void *what)
{
    struct world *w = owner;
    struct seat *s = world_front(w);
    struct evac_rounds_trouble trouble;
    (void)what;
    later(w, ROUNDS_MS, rounds_due, NULL);
    if (w->shell && !s->dead && w->v.now_ms >= s->paused_until_ms)
        (void)evac_rounds_go(&w->rounds, w->shell, world_own_ms(s, w->v.now_ms), world_wall_ms(s),
                             &trouble, NULL);
}

void rounds_begin(struct world *w)
{
    if (w->o.rounds)
        later(w, ROUNDS_MS, rounds_due, NULL);
}

/* A look sees what is so between its begin and its end: that is noted at both, and where control
 * changes something in between. */
void rounds_note_truth(struct world *w)
{
    if (w->look.run && !w->look.ready)
        w->look.ready = stands_ready(w, w->look.to);
}

static void look_begins(struct world *w, const struct evac_record *r)
{
    w->look = (struct look){ .run = r->run, .ready = w->catches_up };
    (void)evac_str_copy(w->look.to, sizeof w->look.to, r->to);
    rounds_note_truth(w);
}

/* What was held did not say: a real run took its place. */
static void look_ends(struct world *w, const struct evac_record *r)
{
    rounds_note_truth(w);
    w->look.ended_ms = w->v.now_ms;
    if (!evac_str_is(r->to, evac_run_state_name(EVAC_RUN_HELD))) {
        w->look_before = w->last_look;
        w->last_look = w->look;
    }
    w->look.run = 0;
}

bool rounds_see_row(struct world *w, const struct evac_record *r)
{
    bool begins = r->kind == EVAC_RECORD_ADMIT && evac_str_is(r->who, EVAC_ROUNDS_WHO);
    if (begins)
        look_begins(w, r);
    else if (r->kind == EVAC_RECORD_TERMINAL && w->look.run && r->run == w->look.run)
        look_ends(w, r);
    return begins;
}

/* S3, when it is admitted: what begins by itself goes where somebody lately looked, while it was
 * ready. */
const char *rounds_why_not(const struct world *w, const struct evac_record *admitted)
{
    const struct look *l = &w->last_look;
    if (l->ended_ms == w->v.now_ms && !l->ready)
        l = &w->look_before; /* one that ends with it was ended by it */
    uint64_t age_ms = w->v.now_ms - l->ended_ms;
    uint64_t counts_ms = w->model->apps[0].readiness_age_ms;
    if (!w->o.rounds)
        return "";
    if (!l->run || !evac_str_is(admitted->to, l->to))
        return "which nobody looked at";
    if (age_ms > counts_ms + counts_ms * CLOCKS_PCT / 100)
        return "which was looked at too long ago";
    return l->ready ? "" : "which was not ready when it was looked at";
}
