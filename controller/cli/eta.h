/* How far a run is, and when it is likely to be over. Pure: from the API's view of a run. */
#ifndef EVAC_ETA_H
#define EVAC_ETA_H

#include <cjson/cJSON.h>
#include <stdbool.h>

struct evac_eta {
    unsigned steps, over; /* that the run has use for; of them done */
    double
        left_ms; /* as each step usually takes; below 0: nobody can tell (it waits for a person) */
    const char
        *decisive; /* the unfinished step that the end waits for next, "" none; points into run */
};

/* The run has no use for it: its condition does not hold. What a person skipped carries a reason.
 */
bool evac_step_is_needless(const cJSON *step);

struct evac_eta evac_eta_of(const cJSON *run);
#endif
