/* What one copy of the GO object says. */
#ifndef EVAC_FENCE_WORD_H
#define EVAC_FENCE_WORD_H

#include "evac/str.h"

struct evac_fence_word {
    int64_t epoch;
    uint64_t renew_ms;
    char writer[64]; /* "" nobody */
};

/* False for whatever is not a whole GO object of that app ("" any). */
bool evac_fence_word_read(struct evac_str body, struct evac_str app,
                          struct evac_fence_word *ret_word);

#endif
