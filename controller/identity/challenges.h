/*
 * Challenges that were made, as the fold of the journal's rows, live and at replay: a controller
 * that was killed knows how often somebody guessed, and what was used.
 *
 *   CHALLENGE  run and app; name the approver; who asked; to made: number when it ends, text the
 *              code, data {"seed","loss_ms","step"} (step -1: the start waits); to wrong: a wrong
 *              answer, attempt the how manieth
 *   APPROVE    who "offline:NAME by ID [for PERSON]": its answer was right, and is used up
 *
 * ID is the eight characters of the nonce. There is one for a run and an approver; a new one takes
 * the old one's place, and its wrong answers with it while the old one's time is not over, so that
 * asking again gives no more guesses. One thread.
 */
#ifndef EVAC_CHALLENGES_H
#define EVAC_CHALLENGES_H

#include "challenge.h"
#include "record.h"

#define EVAC_CHALLENGES_MAX     64u /* kept at one time, of all runs and approvers */
#define EVAC_CHALLENGE_ATTEMPTS 5u

struct evac_challenge_kept {
    uint64_t run;
    char approver[65], id[EVAC_CHALLENGE_ID];
    uint32_t step; /* EVAC_NO_STEP: the start */
    struct evac_challenge code;
    uint8_t seed[EVAC_CHALLENGE_SEED];
    int64_t loss_ms; /* as it was said; below 0 unknown */
    int64_t made_ms, ends_ms;
    uint32_t wrong;
    bool used;
};

/* X(STATE): the first that is so. */
#define EVAC_CHALLENGE_STATES(X)                                                                   \
    X(NONE)    /* none was made, or longer ago than is kept */                                     \
    X(USED)    /* it was answered */                                                               \
    X(DEAD)    /* too many wrong answers */                                                        \
    X(EXPIRED) /* its time is over, or the clock stands before it was made */                      \
    X(LIVE)
#define X(name) EVAC_CHALLENGE_##name,
enum evac_challenge_state { EVAC_CHALLENGE_STATES(X) EVAC_CHALLENGE_STATE_COUNT };
#undef X

struct evac_challenges;
struct evac_challenges *evac_challenges_new(void);
void evac_challenges_free(struct evac_challenges *all); /* NULL is fine */

/* A durable row; of any kind, those of others are not looked at. */
void evac_challenges_row(struct evac_challenges *all, const struct evac_record *record);

/* NULL: there is none. Valid until the next row. */
const struct evac_challenge_kept *evac_challenges_find(const struct evac_challenges *all,
                                                       uint64_t run, struct evac_str approver);
enum evac_challenge_state evac_challenge_state(const struct evac_challenge_kept *kept,
                                               int64_t now_ms);
/* Is there room for one more? Those whose time is over make way. */
bool evac_challenges_have_room(const struct evac_challenges *all, int64_t now_ms);

/* What an answer to a challenge in that state is told; the table's cells are all there. counts: a
 * row is to be written that it was wrong. */
struct evac_challenge_word {
    bool accepted, counts;
    const char *words; /* why not */
};
struct evac_challenge_word evac_challenge_word(enum evac_challenge_state state, bool right);
#endif
