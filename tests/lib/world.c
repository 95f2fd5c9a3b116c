/* Time passes: whose turn it is, and what there is to see. */
#include "world_internal.h"
#include "world_many.h"

#include <string.h>

/* In whose process it happens, or to whom alone; NULL: in the world. Timers of several controllers
 * know themselves. */
static struct seat *whose(struct world *w, const struct evac_due *due)
{
    struct seat *s = net_whose(w, due);
    s = s ? s : names_whose(due);
    s = s ? s : probes_whose(w, due);
    return s || w->many || !evac_virtual_is_timer(due) ? s : &w->seats[0];
}

static bool somebody_stands_still(const struct world *w)
{
    for (unsigned i = 0; i < w->seat_count; i++)
        if (w->v.now_ms < w->seats[i].paused_until_ms && shell_of(&w->seats[i]))
            return true;
    return false;
}

static void run_next(struct world *w)
{
    struct evac_due due = { 0 };
    if (!somebody_stands_still(w)) {
        evac_virtual_run_next(&w->v);
        return;
    }
    bool any = evac_virtual_take(&w->v, &due);
    const struct seat *s = any ? whose(w, &due) : NULL;
    uint64_t waits = s && w->v.now_ms < s->paused_until_ms ? s->paused_until_ms - w->v.now_ms : 0;
    if (probes_is_look(&due) && waits > 1000)
        waits = 1000; /* it may be killed, and start anew, before it goes on */
    if (waits)
        later(w, waits, due.fn, due.what);
    else
        due.fn(w, due.what);
}

static uint64_t shell_wake_ms(const struct world *w, struct evac_shell **ret_shell)
{
    uint64_t first = UINT64_MAX;
    *ret_shell = NULL;
    for (unsigned i = 0; i < w->seat_count; i++) {
        const struct seat *s = &w->seats[i];
        struct evac_shell *shell = shell_of(s);
        uint64_t wake = shell ? world_ms_of(s, evac_shell_wake_ms(shell)) : UINT64_MAX;
        wake = wake > s->paused_until_ms ? wake : s->paused_until_ms;
        if (shell && wake < first) {
            first = wake;
            *ret_shell = shell;
        }
    }
    return first;
}

/* A process that is gone, or that must not go on. */
static void see_death(struct world *w)
{
    if (w->many) {
        many_see(w->many);
        return;
    }
    bool failed = w->shell && evac_shell_failed(w->shell);
    const struct seat *s = &w->seats[0];
    if (failed && !w->o.disk_fails && !s->down_ms)
        broke(w, "the journal failed");
    else if (w->shell && (failed || s->dead))
        world_crash(w, s->down_ms ? s->down_ms : RESTART_MS);
}

bool world_step(struct world *w, uint64_t until_ms)
{
    struct evac_shell *shell;
    uint64_t wake = shell_wake_ms(w, &shell);
    uint64_t due = evac_virtual_next_ms(&w->v);
    uint64_t sandbox = evac_sandbox_wake_ms(w->sandbox);
    uint64_t next = wake < due ? wake : due;
    uint64_t shared = w->many ? many_due_ms(w->many) : UINT64_MAX;
    if (sandbox < next)
        next = sandbox;
    if (shared < next)
        next = shared;
    if (next > until_ms)
        return false;
    if (next > w->v.now_ms)
        w->v.now_ms = next;
    w->events++;
    if (w->many)
        many_step(w->many);
    if (shared <= w->v.now_ms) {
        /* that was it */
    } else if (due <= w->v.now_ms && due <= wake) {
        run_next(w);
    } else if (wake <= w->v.now_ms) {
        (void)evac_shell_tick(shell, NULL);
    } else {
        evac_sandbox_advance(w->sandbox, w->v.now_ms);
    }
    see_death(w);
    if (w->v.now_ms >= w->blocks.next_ms)
        judge_blocks(w);
    return true;
}

void world_until(struct world *w, uint64_t at_ms)
{
    at_ms += BOOT_MS;
    while (world_step(w, at_ms))
        ;
    if (w->v.now_ms < at_ms)
        w->v.now_ms = at_ms;
    if (w->many)
        many_step(w->many); /* its clock */
}

void world_run(struct world *w, uint64_t ms)
{
    world_until(w, w->v.now_ms - BOOT_MS + ms);
}

bool world_run_to_end(struct world *w, uint64_t ms)
{
    uint64_t until = w->v.now_ms + ms;
    while (w->last_state == EVAC_RUN_NONE && world_step(w, until))
        ;
    return w->last_state != EVAC_RUN_NONE;
}

uint64_t world_now(const struct world *w)
{
    return w->v.now_ms - BOOT_MS;
}

const char *world_truth(struct world *w)
{
    evac_buf_reset(&w->truth);
    evac_sandbox_advance(w->sandbox, w->v.now_ms);
    evac_sandbox_truth(w->sandbox, &w->truth);
    return w->truth.p ? w->truth.p : "";
}

unsigned world_writers(struct world *w, char *ret_name, size_t bytes)
{
    evac_sandbox_advance(w->sandbox, w->v.now_ms);
    return evac_sandbox_writers(w->sandbox, ret_name, bytes);
}

struct evac_shell *world_shell(struct world *w)
{
    return w->shell;
}

struct evac_store *world_store(struct world *w)
{
    return w->store;
}

struct evac_sandbox *world_sandbox(struct world *w)
{
    return w->sandbox;
}

const struct evac_engine_app *world_app(struct world *w)
{
    return w->shell ? &evac_shell_engine(w->shell)->apps[0] : NULL;
}

uint64_t world_last_run(struct world *w)
{
    return w->last_run;
}

enum evac_run_state world_run_state(struct world *w)
{
    const struct evac_run *run =
        w->shell ? evac_engine_run(evac_shell_engine(w->shell), w->last_run) : NULL;
    return run ? run->state : w->last_state;
}

const char *world_trace(const struct world *w)
{
    return w->trace ? w->trace : "";
}

bool world_run_drills(const struct world *w)
{
    return w->last_drills;
}

bool world_traced(const struct world *w, const char *part)
{
    return strstr(world_trace(w), part) != NULL;
}

const char *world_run_from(const struct world *w)
{
    return w->last_from;
}

bool world_run_goes_back(const struct world *w)
{
    return w->last_back;
}

const char *world_run_to(const struct world *w)
{
    return w->last_to;
}

bool world_hindered(const struct world *w)
{
    for (unsigned i = 0; i < w->seat_count; i++)
        if (w->v.now_ms < w->seats[i].paused_until_ms)
            return true;
    return w->v.now_ms < w->full_until_ms;
}

uint64_t world_started_ms(const struct world *w)
{
    return w->started_ms;
}

bool world_overridden(const struct world *w)
{
    return w->overridden;
}

const char *world_broken(const struct world *w)
{
    return w->broken;
}

bool world_stood(const struct world *w)
{
    return w->stood;
}

const struct evac_engine *world_engine(const struct world *w)
{
    return w->shell ? evac_shell_engine(w->shell) : NULL;
}

uint64_t world_events(const struct world *w)
{
    return w->events;
}

uint64_t world_requests(const struct world *w)
{
    return w->requests;
}
