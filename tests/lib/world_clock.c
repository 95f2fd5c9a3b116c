/* The clocks of each controller's machine, against the world's; and processes that stand still. */
#include "world_internal.h"
#include "world_many.h"

uint64_t world_own_ms(const struct seat *s, uint64_t world_ms)
{
    if (s->millionths == 1000000)
        return s->own_0_ms + (world_ms - s->world_0_ms);
    return s->own_0_ms + (world_ms - s->world_0_ms) * s->millionths / 1000000;
}

uint64_t world_stretched_ms(const struct seat *s, uint64_t own_delay_ms)
{
    if (s->millionths == 1000000)
        return own_delay_ms;
    return (own_delay_ms * 1000000 + s->millionths - 1) / s->millionths;
}

uint64_t world_ms_of(const struct seat *s, uint64_t own)
{
    if (own == UINT64_MAX || own <= s->own_0_ms)
        return own == UINT64_MAX ? own : s->world_0_ms;
    return s->world_0_ms + world_stretched_ms(s, own - s->own_0_ms);
}

int64_t world_wall_ms(const struct seat *s)
{
    return s->wall_0_ms + (int64_t)(world_own_ms(s, s->w->v.now_ms) - s->w->v.boot_0_ms);
}

static void set_rate(struct seat *s, uint32_t millionths)
{
    s->own_0_ms = world_own_ms(s, s->w->v.now_ms);
    s->world_0_ms = s->w->v.now_ms;
    s->millionths = millionths;
}

struct seat *world_front(struct world *w)
{
    struct seat *leader = w->many ? many_leader(w->many) : NULL;
    return leader ? leader : &w->seats[0];
}

void world_clock_rate(struct world *w, uint32_t millionths)
{
    set_rate(world_front(w), millionths);
}

static uint64_t pause_left_ms(struct world *w)
{
    uint64_t until = world_front(w)->paused_until_ms;
    return until > w->v.now_ms ? until - w->v.now_ms : 0;
}

/* Seen when it looks next: it may have been stopped again meanwhile. */
static void jump_seen(void *owner, void *what)
{
    struct world *w = owner;
    uint64_t left_ms = pause_left_ms(w);
    if (left_ms) {
        later(w, left_ms, jump_seen, what);
        return;
    }
    struct evac_event event = { .kind = EVAC_EVENT_CLOCK_JUMP,
                                .u.number = (int64_t)(intptr_t)what };
    if (w->shell)
        (void)evac_shell_event(w->shell, &event, NULL);
}

void world_clock_jump(struct world *w, int64_t ms)
{
    world_front(w)->wall_0_ms += ms;
    later(w, pause_left_ms(w), jump_seen, (void *)(intptr_t)ms);
}

void world_pause(struct world *w, uint64_t ms)
{
    uint64_t until = w->v.now_ms + ms;
    if (w->many)
        world_node_pause(w, world_front(w)->number, ms);
    else if (until > w->seats[0].paused_until_ms) /* one that began before is not shorter for it */
        w->seats[0].paused_until_ms = until;
}

int64_t world_wall(struct world *w)
{
    return world_wall_ms(&w->seats[0]);
}

uint64_t world_boot(struct world *w)
{
    return world_own_ms(&w->seats[0], w->v.now_ms);
}
