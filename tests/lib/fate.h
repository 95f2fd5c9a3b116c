/*
 * What becomes of a request on its way, in a simulated world. Each is known by what it asks, where,
 * and the how-many-eth of these it is: so a story can say "the third s3:PutObject to us-west-2 is
 * late", and what is drawn for one does not depend on what was drawn for others.
 */
#ifndef EVAC_FATE_H
#define EVAC_FATE_H

#include "evac/str.h"

#define FATES(X)                                                                                   \
    X(PASSES, "passes")                                                                            \
    X(NOT_SENT, "not-sent")       /* the connection could not be opened */                         \
    X(LOST_BEFORE, "lost-before") /* it broke, and nothing arrived */                              \
    X(LOST_AFTER, "lost-after")   /* the effect happened, the answer is lost */                    \
    X(LATE, "late")               /* the client gave up; it lands afterwards: a zombie */          \
    X(SLOW, "slow")               /* it takes so much longer, either way */                        \
    X(TWICE, "twice")             /* something on the way sent it again, so much later */          \
    X(CUT, "cut")                 /* its answer says 200 and ends in the middle */
#define X(name, text) FATE_##name,
enum fate_kind { FATES(X) FATE_COUNT };
#undef X

struct fate {
    char operation[48]; /* "s3:PutObject" */
    char region[20];
    uint32_t nth; /* from 1 */
    enum fate_kind kind;
    uint32_t ms;
};

struct world_faults { /* parts of 10,000 requests */
    unsigned not_sent, lost_before, lost_after, late, slow, twice, cut;
    uint32_t late_max_ms; /* a zombie lands at most so long after it was sent: as its signature
                             lives */
};

/* How often each was asked. */
#define FATE_OPERATIONS_MAX 128u
struct fate_counts {
    struct {
        uint64_t name;
        uint32_t n;
    } rows[FATE_OPERATIONS_MAX];
    unsigned count;
};
/* 1 for the first one; 0 when there are too many kinds to count. */
uint32_t fate_nth(struct fate_counts *counts, struct evac_str operation, struct evac_str region);

/* From 0 to n - 1: of one request, and one of the questions about it; always the same. */
uint64_t fate_draw(uint64_t seed, const struct fate *of, unsigned question, uint64_t n);
/* Fills in kind and ms. total_ms: how long its sender waits. */
void fate_choose(struct fate *of, uint64_t seed, const struct world_faults *rates,
                 uint32_t total_ms);

/* "s3:PutObject us-west-2 3 late 12000"; false: it is none. */
bool fate_read(struct evac_str text, struct fate *ret_fate);
void fate_write(const struct fate *fate, char *ret_text, size_t bytes);
#endif
