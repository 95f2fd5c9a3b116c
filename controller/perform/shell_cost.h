/*
 * What a drill would add to the bill, about: for each step that wants more of something, so many
 * more as the last look at it found missing, times what one of them is billed by an hour (the look
 * says that, see EVAC_HOURLY in evac/driver.h), times the price of that unit (facts.h), for as long
 * as the drill takes. What has no price, or was never looked at, is named; nothing is taken for
 * zero.
 */
#ifndef EVAC_SHELL_COST_H
#define EVAC_SHELL_COST_H

#include "calendar_internal.h"
#include "jw.h"

#define COST_LINES_MAX 60u
#define COST_GAPS_MAX  60u

struct cost_line {
    char step[80], region[64], unit[80];
    double an_hour;   /* units */
    int64_t price;    /* of one, an hour, in millionths */
    int64_t estimate; /* for all the time, in millionths */
};

struct cost {
    int64_t takes_ms;
    const struct evac_facts *of; /* the prices; NULL: none was used */
    int64_t estimate;            /* millionths of the currency */
    struct cost_line lines[COST_LINES_MAX];
    size_t line_count;
    char gaps[COST_GAPS_MAX][200];
    size_t gap_count, gaps_more;
};

/* One step of a plan that would be carried out, and changes something. */
void cost_add(const struct evac_shell *shell, const struct evac_plan *plan,
              const struct evac_plan_step *step, struct cost *cost);
void cost_to_json(const struct cost *cost, struct evac_jw *w);
#endif
