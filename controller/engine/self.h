/*
 * Is it us? A controller whose own loop stands still, or that is cut off, sees the whole world
 * down. How ill it is (a score from 0 to 8) and what it reaches decide what its opinion is worth.
 * Pure. RELIABILITY 3.4; the score follows Lifeguard: doubt the local detector first.
 */
#ifndef EVAC_SELF_H
#define EVAC_SELF_H

#include "evac/str.h"
#include "text.h"

/* What a class of anchors says. */
#define EVAC_REACHES(X)                                                                            \
    X(ABSENT, "none") /* there are none: it can not tell */                                        \
    X(OK, "reached")                                                                               \
    X(FAIL, "not reached")
#define EVAC_SELF_WORDS(X)                                                                         \
    X(VOTES, "votes")                                                                              \
    X(PATIENT, "votes with patience") /* ill a little: it waits for longer rows of failures */     \
    X(NO_LEAD, "votes and can not lead")                                                           \
    X(ILL, "abstains: ill")                                                                        \
    X(EGRESS_LOST, "abstains: egress lost")                                                        \
    X(PARTITIONED, "abstains: self-partitioned")
#define X(name, text) EVAC_REACH_##name,
enum evac_reach { EVAC_REACHES(X) EVAC_REACH_COUNT };
#undef X
#define X(name, text) EVAC_SELF_##name,
enum evac_self_word { EVAC_SELF_WORDS(X) EVAC_SELF_WORD_COUNT };
#undef X
const char *evac_reach_name(enum evac_reach reach);
const char *evac_self_word_name(enum evac_self_word word);

struct evac_self_reach {
    enum evac_reach peers;    /* A1: other controllers; ABSENT while there is only one */
    enum evac_reach anchors;  /* A2, A4: `anchors` of evac.cfg */
    enum evac_reach resolver; /* A3: what names are asked of */
};

/* What the daemon measures of itself, once a second. */
struct evac_self_signs {
    uint32_t loop_lag_ms;      /* longest turn of the loop since the last time */
    uint32_t timer_slip_ms;    /* how late the second was */
    uint32_t files, files_max; /* open descriptors, and how many may be; 0 unknown */
    uint32_t queued, probes;   /* probes that wait for their turn, and all of them */
    bool clock_jumped;         /* the wall clock, lately */
};

#define EVAC_SELF_SCORE_MAX     8u
#define EVAC_SELF_PATIENT_FROM  2u /* from this score on */
#define EVAC_SELF_ABSTAINS_FROM 4u
#define EVAC_SELF_CALM_MS       10000u /* without a worse sign the score falls by one */

/* 0 well, 8 as ill as can be. */
unsigned evac_self_score(const struct evac_self_signs *signs);

struct evac_self {
    struct evac_self_signs signs;
    struct evac_self_reach reach;
    unsigned score;         /* rises at once, falls by one each calm time */
    uint64_t since_boot_ms; /* the score is as it is since */
};
void evac_self_feel(struct evac_self *self, const struct evac_self_signs *signs, uint64_t boot_ms);

/* What follows. */
struct evac_self_opinion {
    enum evac_self_word word;
    bool abstains;
    bool may_lead;
    unsigned fall_times; /* so many times as many failures in a row; 1 usual */
};

/* The truth table: every cell of what is reached, under every score. */
struct evac_self_opinion evac_self_judge(const struct evac_self_reach *reach, unsigned score);

/* "loop lag 1.3 s, descriptors 85 of 100"; "" when nothing is wrong. Why it is not reached, too. */
void evac_self_say(const struct evac_self *self, struct evac_text *out);
#endif
