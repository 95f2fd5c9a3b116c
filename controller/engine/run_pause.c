/* A pause: nothing new begins, and the time of what waits stands still. */
#include "run_internal.h"

#define TELL_MS (15u * 60 * 1000) /* a pause that goes on is told so often */

/* While it unwinds or stops nothing waits for a word any more. */
bool run_stands_still(const struct evac_run *run)
{
    return run->paused && (run->state == EVAC_RUN_RUNNING || run->state == EVAC_RUN_ASKING);
}

void run_pause_begin(struct evac_run *run, const struct evac_now *now)
{
    run->paused_ms = run->paused_seen_ms = now->boot_ms;
    run->paused_told = 0;
}

/* A gate's is people's own time, and what a pause is for. */
static void put_off(struct evac_run *run, uint64_t by_ms)
{
    for (uint16_t i = 0; i < run->plan->step_count; i++) {
        struct evac_step_run *s = &run->steps[i];
        if (s->deadline_ms != EVAC_NEVER && s->state != EVAC_STEP_GATED)
            s->deadline_ms += by_ms;
    }
}

static void tell(struct evac_run *run, struct evac_run_io *io)
{
    struct evac_text text = evac_effects_text(io->fx, 160);
    evac_text_puts(&text, "it is paused for ");
    evac_text_duration(&text, io->now->boot_ms - run->paused_ms);
    evac_text_puts(&text, ": 'evac resume ");
    evac_text_u64(&text, run->id);
    evac_text_puts(&text, "' goes on, 'evac cancel' undoes");
    run->paused_told++;
    run_notice(run, io, true, evac_effects_text_end(io->fx, &text).p, NULL);
}

void run_pause_tick(struct evac_run *run, struct evac_run_io *io)
{
    if (!run_stands_still(run))
        return;
    put_off(run, io->now->boot_ms - run->paused_seen_ms);
    run->paused_seen_ms = io->now->boot_ms;
    if (io->now->boot_ms >= run_pause_wake_ms(run) && evac_effects_has_room(io->fx))
        tell(run, io);
}

uint64_t run_pause_wake_ms(const struct evac_run *run)
{
    return run_stands_still(run) ? run->paused_ms + (run->paused_told + 1) * TELL_MS : EVAC_NEVER;
}
