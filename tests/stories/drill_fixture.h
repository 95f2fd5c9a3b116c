/* A drill's story: the world with one drill in its configuration, until a state or the end. */
#ifndef DRILL_FIXTURE_H
#define DRILL_FIXTURE_H

#include "calendar.h"
#include "story.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define SEC_MS    1000u
#define MINUTE_MS 60000u
#define HOUR_MS   3600000u
#define DAY_MS    86400000u

/* The world begins on 2026-09-21 at 14:13:20 UTC. */
#define DUE_MS (400u * SEC_MS)
#define AT     "cron = \"20 14 21 9 *\"; "

/* Hours and days of virtual time: fewer looks than the demonstration's. */
#define SLOWLY                                                                                     \
    "every = \"500ms\"=>every = \"5s\"\n"                                                          \
    "every = \"1s\"; timeout = \"800ms\"; fall = 3=>every = \"5s\"; timeout = \"3s\"; fall = 2\n"  \
    "canary = \"1s\"; measure = \"1s\"=>canary = \"10s\"; measure = \"10s\"\n"

static struct world *w;

static const char *extra_of(const char *drills)
{
    static char extra[2600];
    snprintf(extra, sizeof extra,
             "rpo = \"30s\"=>rpo = \"5m\"\n" SLOWLY
             "drills = ( { cron = \"0 9 1 1,4,7,10 *\"; timezone = \"Europe/Berlin\"; kind = "
             "\"rehearse\"; } );=>%s",
             drills);
    return extra;
}

static void begin(const char *drills)
{
    struct world_options options = { .seed = 11, .speed = 1, .app_extra = extra_of(drills) };
    w = world_new(&options);
}

static void teardown(void)
{
    world_free(w);
    w = NULL;
}

static const struct evac_drill *drill(void)
{
    return &world_app(w)->drill;
}

static unsigned count(const char *part)
{
    unsigned n = 0;
    for (const char *at = world_trace(w); (at = strstr(at, part)); at++)
        n++;
    return n;
}

/* Until no drill is going on. */
static void run_to_end(uint64_t ms, enum evac_drill_state end)
{
    uint64_t until = world_now(w) + ms;
    while (world_now(w) < until && (!world_shell(w) || drill()->state != EVAC_DRILL_IS_IDLE))
        world_run(w, SEC_MS);
    ck_assert_msg(world_broken(w)[0] == '\0', "%s", world_broken(w));
    ck_assert_msg(drill()->last == end, "%s, not %s\n%s", evac_drill_state_name(drill()->last),
                  evac_drill_state_name(end), story(w));
}

static void run_to_state(uint64_t ms, enum evac_drill_state state)
{
    uint64_t until = world_now(w) + ms;
    while (world_now(w) < until && (!world_shell(w) || drill()->state != state))
        world_run(w, 100);
    ck_assert_msg(world_shell(w) && drill()->state == state, "%s", story(w));
}
#endif
