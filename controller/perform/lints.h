/*
 * What lints said, remembered beyond the shell that asked. A lint follows from the configuration,
 * the facts, the day and who serves; a controller whose shell is made anew (it lost the lead, its
 * journal was closed and opened again) need not compile every plan again to hear the same.
 */
#ifndef EVAC_LINTS_H
#define EVAC_LINTS_H

#include <stdbool.h>
#include <stdint.h>

#define EVAC_LINTS_MAX 64u /* the newest are kept */

struct evac_lints;

/* What a lint is of. */
struct evac_lint_key {
    char model[65]; /* evac_model.hash */
    uint16_t app, from, to;
    uint32_t serving; /* a bit a region */
    int64_t day;      /* since 1970: facts grow old */
};

struct evac_lint_said {
    bool known;        /* the plan is a way that would be gone */
    int64_t errors;    /* 0: well */
    char text[160];    /* the first of them */
    uint64_t usual_ms; /* how long its plan takes, by what its steps usually take; 0 not known */
};

struct evac_lints *evac_lints_new(void);
void evac_lints_free(struct evac_lints *lints);
/* The facts, or what plans are compiled with, are other ones. */
void evac_lints_forget(struct evac_lints *lints);
/* NULL: not known; so is everything where lints is NULL. Valid until the next keep. */
const struct evac_lint_said *evac_lints_find(const struct evac_lints *lints,
                                             const struct evac_lint_key *key);
void evac_lints_keep(struct evac_lints *lints, const struct evac_lint_key *key,
                     const struct evac_lint_said *said);
#endif
