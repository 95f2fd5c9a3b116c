/*
 * What was going on when nobody could be asked any more how it goes: while a follower knows of no
 * leader, it looks itself at what the steps of such runs would look at, and shows it. It changes
 * nothing.
 */
#include "daemon_share.h"

#include "daemon_internal.h"
#include "jw.h"

#include <stdlib.h>

#define WATCHED_MAX 64u
#define AGAIN_MS    5000u
#define WITHIN_MS   10000u

struct watched {
    uint64_t run;
    uint16_t step;
    bool asking;
    uint64_t asked_ms;
    int64_t at_wall_ms; /* of what was seen; 0 nothing yet */
    enum evac_seen seen;
    char reason[160];
};

struct daemon_watch {
    struct watched items[WATCHED_MAX];
    size_t count;
    size_t asking;
    bool dead; /* its daemon let it go; the last answer frees it */
};

struct asked {
    struct evac_daemon *daemon;
    struct daemon_watch *watch;
    struct watched *item;
};

static bool is_open(enum evac_step_state state)
{
    return state >= EVAC_STEP_OBSERVING && state <= EVAC_STEP_COOLING;
}

static struct watched *item_of(struct daemon_watch *w, uint64_t run, uint16_t step)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->items[i].run == run && w->items[i].step == step)
            return &w->items[i];
    if (w->count == WATCHED_MAX)
        return NULL;
    w->items[w->count] = (struct watched){ .run = run, .step = step };
    return &w->items[w->count++];
}

static void on_seen(void *user, const struct evac_reply *reply)
{
    struct asked *a = user;
    struct daemon_watch *w = a->watch;
    w->asking--;
    a->item->asking = false;
    if (reply && !w->dead) {
        a->item->seen = reply->seen;
        a->item->at_wall_ms = evac_daemon_wall_ms(a->daemon);
        (void)evac_str_copy(a->item->reason, sizeof a->item->reason, reply->reason);
    }
    if (w->dead && w->asking == 0)
        free(w);
    free(a);
}

static void ask(struct evac_daemon *daemon, struct evac_run *run, uint16_t step, uint64_t now)
{
    struct daemon_watch *w = daemon->watch;
    struct watched *item = item_of(w, run->id, step);
    if (!item || item->asking || (item->asked_ms && now - item->asked_ms < AGAIN_MS))
        return;
    struct asked *a = malloc(sizeof *a);
    if (!a)
        abort();
    *a = (struct asked){ daemon, w, item };
    item->asked_ms = now;
    if (evac_shell_observe(daemon->shell, run, step, WITHIN_MS, on_seen, a, NULL)) {
        free(a);
        return;
    }
    item->asking = true;
    w->asking++;
}

void daemon_watch_stop(struct evac_daemon *daemon)
{
    struct daemon_watch *w = daemon->watch;
    daemon->watch = NULL;
    if (w && w->asking)
        w->dead = true;
    else
        free(w);
}

void daemon_watch_second(struct evac_daemon *daemon, bool alone)
{
    uint64_t now = evac_daemon_now_ms(daemon);
    if (!alone || !daemon->shell || !evac_shell_follows(daemon->shell)) {
        daemon_watch_stop(daemon);
        return;
    }
    if (!daemon->watch && !(daemon->watch = calloc(1, sizeof *daemon->watch)))
        abort();
    for (struct evac_run *r = evac_shell_engine(daemon->shell)->runs; r; r = r->next)
        for (uint16_t i = 0; i < r->plan->step_count; i++)
            if (is_open(r->steps[i].state))
                ask(daemon, r, i, now);
}

static const struct evac_plan_step *step_of(const struct evac_daemon *daemon,
                                            const struct watched *item)
{
    const struct evac_run *run =
        daemon->shell ? evac_engine_run(evac_shell_engine(daemon->shell), item->run) : NULL;
    return run ? &run->plan->steps[item->step] : NULL;
}

void evac_daemon_watched(const struct evac_daemon *daemon, struct evac_jw *w)
{
    const struct daemon_watch *watch = daemon->watch;
    evac_jw_open(w, "watched", '[');
    for (size_t i = 0; watch && i < watch->count; i++) {
        const struct watched *item = &watch->items[i];
        const struct evac_plan_step *step = step_of(daemon, item);
        if (!step || item->at_wall_ms == 0)
            continue;
        evac_jw_open(w, NULL, '{');
        evac_jw_i64(w, "run", (int64_t)item->run);
        evac_jw_str(w, "step", step->id);
        evac_jw_cstr(w, "seen", evac_seen_name(item->seen));
        evac_jw_cstr(w, "reason", item->reason);
        evac_jw_i64(w, "at_ms", item->at_wall_ms);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}
