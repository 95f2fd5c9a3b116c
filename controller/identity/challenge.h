/*
 * A yes over the phone: whoever stands before the controller reads a short code out, the approver
 * types it, and what is to be done, into a machine that reaches nothing, and reads a short answer
 * back. After RFC 6287 (OCRA: a challenge, and an answer that signs it) and RFC 4226 (a truncated
 * HMAC that people can say); the truncation is RFC 2104's, section 5: the leftmost bits.
 *
 * The code is 25 characters: 100 bits in five groups of four characters and a check character.
 *
 *     run 22 bits | end, in minutes mod 2^13 | nonce 40 | loss, a bucket of 5 | digest of facts 20
 *
 * The facts (app, from, to, mode) are said in words and typed by the approver, so that they know
 * what they say yes to. What only the controller knows (its node, the plan's hash, the place that
 * waits, the workflow, the approver) is committed to by the nonce. The answer is HMAC-SHA256 over
 * the code and the facts, with the approver's key, of which the leftmost 40 bits are said: eight
 * characters and one to check.
 *
 * Characters are Crockford's base 32 (no I, L, O, U; those are read as 1, 1, 0 and an error). The
 * check character is not Crockford's, whose mod 37 needs signs that nobody can say: it is a sum
 * over GF(32), where each place has a weight of its own and each group a constant of its own. It
 * finds every wrong character, every two that changed places, and every two groups that did.
 *
 * 40 bits are enough because nobody can try them elsewhere than at the controller: five wrong
 * answers kill a challenge, and there is one for a run and an approver in ten minutes; it is good
 * once. That is a chance of 5 in 2^40 each ten minutes. The digest of facts is no protection: it
 * tells the approver at once that what they typed is not what the code was made for.
 *
 * What it does not protect from: somebody who has the approver's key file; an approver who types
 * what they are told without asking whether it is so; a voice on the phone that is not whom they
 * believe; a controller that lies; somebody who may type answers in and spoils it. It keeps nothing
 * secret: who listens learns what is to be done, and an answer that is good for this once.
 *
 * Pure, but for evac_approver_key_...: no clock and no randomness. Threads: any.
 */
#ifndef EVAC_CHALLENGE_H
#define EVAC_CHALLENGE_H

#include "evac/err.h"
#include "evac/str.h"

#define EVAC_APPROVER_KEY   32u /* bytes */
#define EVAC_CHALLENGE_SEED 16u
#define EVAC_CHALLENGE_TEXT 30u /* "XXXXX-XXXXX-XXXXX-XXXXX-XXXXX" and a zero */
#define EVAC_RESPONSE_TEXT  12u /* "XXXX-XXXX-X" and a zero */
#define EVAC_CHALLENGE_RUNS (1u << 22)
#define EVAC_CHALLENGE_ID   9u /* and a zero */
#define EVAC_CHALLENGE_MS   (INT64_C(10) * 60 * 1000)
#define EVAC_CHALLENGE_LAPSE_MIN                                                                   \
    ((int64_t)1 << 13) /* an end is told from one so many minutes later by the clock alone */

/* Said in words. */
struct evac_challenge_facts {
    struct evac_str app, from, to, mode;
};

/* Known to the controller alone. */
struct evac_challenge_context {
    struct evac_str node, plan_hash, place, workflow, approver;
};

struct evac_challenge {
    uint32_t run;    /* below EVAC_CHALLENGE_RUNS */
    int64_t end_min; /* minutes since 1970 */
    uint64_t nonce;  /* 40 bits */
    uint8_t loss;    /* evac_loss_bucket() */
    uint32_t facts;  /* 20 bits of a digest */
};

/* --- what of the data would be lost, as it is said: never less than it is
 * --------------------- */

uint8_t evac_loss_bucket(int64_t ms); /* below 0: unknown */
/* "none", "at most 15 s", "more than 7 days", "an unknown amount"; NULL: there is no such bucket.
 */
const char *evac_loss_words(uint8_t bucket);

/* --- the code
 * --------------------------------------------------------------------------------- */

uint64_t evac_challenge_nonce(const uint8_t seed[EVAC_CHALLENGE_SEED],
                              const struct evac_challenge_context *context);
uint32_t evac_challenge_digest(const struct evac_challenge_facts *facts);
/* Eight characters, the nonce's. */
void evac_challenge_id(uint64_t nonce, char ret_id[EVAC_CHALLENGE_ID]);
void evac_challenge_write(const struct evac_challenge *challenge,
                          char ret_text[EVAC_CHALLENGE_TEXT]);
/* Blanks and dashes may stand anywhere, letters may be small. BADARG names the group that was heard
 * or typed wrong. now_ms (wall): of all ends that the code may mean the nearest is taken. */
enum evac_code evac_challenge_read(struct evac_str text, int64_t now_ms,
                                   struct evac_challenge *ret_challenge, struct evac_err *err);
/* "kilo", "seven"; "" for what is no character of a code. */
const char *evac_spoken(char c);

/* --- the answer
 * ------------------------------------------------------------------------------- */

void evac_response_make(const uint8_t key[EVAC_APPROVER_KEY],
                        const struct evac_challenge *challenge,
                        const struct evac_challenge_facts *facts,
                        char ret_text[EVAC_RESPONSE_TEXT]);
/* Is it well typed? BADARG: no; that is not a guess, and costs nobody an attempt. ret_text: as
 * evac_response_make() writes it. */
enum evac_code evac_response_read(struct evac_str text, char ret_text[EVAC_RESPONSE_TEXT],
                                  struct evac_err *err);
/* In a time that does not tell how near it was. */
bool evac_response_is(const char text[EVAC_RESPONSE_TEXT], const char expected[EVAC_RESPONSE_TEXT]);

/* --- the key's file
 * --------------------------------------------------------------------------- */

/* 32 bytes of the kernel's randomness as base 32, in a new file of mode 0600; BUSY when there is a
 * file already. */
enum evac_code evac_approver_key_make(const char *path, struct evac_err *err);
/* REFUSED when its group or others may read it. The caller cleanses key. */
enum evac_code evac_approver_key_read(const char *path, uint8_t ret_key[EVAC_APPROVER_KEY],
                                      struct evac_err *err);
#endif
