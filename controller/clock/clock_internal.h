/* What the clock's files share: clock.c reads, clock_words.c says, clock_json.c shows. */
#ifndef EVAC_CLOCK_INTERNAL_H
#define EVAC_CLOCK_INTERNAL_H

#include "clock.h"

void clock_policy(struct evac_clock *clock);
void clock_advise(struct evac_clock *clock);
#endif
