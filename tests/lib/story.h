/*
 * What stories say of the world (world.h): who writes, where the app is, how the run ended, what
 * its report measured. Each fails the test with the end of the trace.
 */
#ifndef EVAC_STORY_H
#define EVAC_STORY_H

#include "world.h"

/* The end of the trace: Check takes no longer messages. */
const char *story(struct world *w);
/* One region accepts writes, and it is this one. */
void story_expect_writer(struct world *w, const char *region);
void story_expect_active(struct world *w, const char *region);
/* The run ends within half an hour, as this, with no invariant broken. */
void story_expect_end(struct world *w, enum evac_run_state state);
/* Where in the trace; fails when it is not there. */
size_t story_at(struct world *w, const char *part);
/* The last run's report as text; until the next call. */
const char *story_report(struct world *w);
/* The last run's report's JSON has "key":number; -1 for null. */
double story_reported(struct world *w, const char *key);

#endif
