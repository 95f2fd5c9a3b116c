/*
 * The AWS drivers before the sandbox's model, one call at a time, in virtual time: for tests of a
 * driver that need neither engine nor plan. Every request is signed, sent, verified and parsed.
 *
 *     struct bench *b = bench_new(10);
 *     const struct evac_reply *r = bench_call(b, "aurora", EVAC_VERB_OBSERVE, "ready", args);
 *     bench_control(b, "region us-east-1 down");
 */
#ifndef EVAC_SANDBOX_BENCH_H
#define EVAC_SANDBOX_BENCH_H

#include "evac/driver.h"
#include "sandbox.h"

struct bench;

/* A sandbox with the shop, in us-east-1, us-west-2 and eu-west-1. */
struct bench *bench_new(double speed);
/* The same with other durations drawn; bench_new()'s seed is 1. */
struct bench *bench_new_seeded(double speed, uint64_t seed);
void bench_free(struct bench *b);
struct evac_sandbox *bench_sandbox(struct bench *b);
const struct evac_host *bench_host(struct bench *b);
/* The pack's link; opened at the first use. */
struct evac_link *bench_link(struct bench *b);

void bench_run(struct bench *b, uint64_t ms);
uint64_t bench_now(const struct bench *b);
int64_t bench_wall(struct bench *b); /* as the controller's clock has it */
/* Aborts on a command that the sandbox refuses. */
void bench_control(struct bench *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Whether the truth's JSON has that text. */
bool bench_true(struct bench *b, const char *part);
/* Whether the operation was asked of the region so often, had so many effects, and was never
 * repeated without a look. */
bool bench_counted(struct bench *b, const char *operation, const char *region, int received,
                   int effects);
/* Whether it was asked for and had so many effects, and at most five requests had none. */
bool bench_effects(struct bench *b, const char *operation, const char *region, int effects);

/*
 * Calls a driver and waits for its answer; aborts when it refuses. args: "name=value" lines, such
 * as "region=us-west-2\nfrom=us-east-1\nto=us-west-2\nmode=graceful\n" and the resource's own. The
 * reply lives until the next call.
 */
const struct evac_reply *bench_call(struct bench *b, const char *driver, enum evac_verb verb,
                                    const char *action, const char *args);
/* The sentence with which a driver refuses a call for its arguments; aborts when it does not. Until
 * the next call. */
const char *bench_refusal(struct bench *b, const char *driver, enum evac_verb verb,
                          const char *action, const char *args);
/* What the next calls carry: "" none. */
void bench_goal(struct bench *b, const char *goal);
void bench_version(struct bench *b, struct evac_str version);
void bench_token(struct bench *b, const char *token); /* until then each call has one of its own */
void bench_marker(struct bench *b, int64_t marker);
/* The call's arguments, and that the fence fell just now. */
const char *bench_fenced(struct bench *b, const char *args, char *ret_text, size_t bytes);
/* How far the controller's clock is off from now on. */
void bench_clock(struct bench *b, int64_t ms);
/* Observes until it is not MOVING any more, at most ms: the last reply. */
const struct evac_reply *bench_settle(struct bench *b, const char *driver, const char *action,
                                      const char *args, uint64_t ms);
/* The fact of that name of the last reply; -2 when it has none. */
int64_t bench_fact(const struct evac_reply *reply, const char *name);

/* look() and act(), for the test of one driver: what it sees, and what it does. */
#define BENCH_DRIVER(driver)                                                                       \
    static const struct evac_reply *look(struct bench *b, const char *action, const char *args)    \
    {                                                                                              \
        return bench_call(b, driver, EVAC_VERB_OBSERVE, action, args);                             \
    }                                                                                              \
    static const struct evac_reply *act(struct bench *b, const char *action, const char *args)     \
    {                                                                                              \
        return bench_call(b, driver, EVAC_VERB_APPLY, action, args);                               \
    }

/* A test fails at once where these do not hold, and prints what the driver said instead. */
void expect(const struct evac_reply *reply, enum evac_seen seen);
void expect_outcome(const struct evac_reply *reply, enum evac_outcome outcome);
/* The reason has that text. */
void expect_reason(const struct evac_reply *reply, const char *words);
/* expect() and expect_reason(). */
void expect_words(const struct evac_reply *reply, enum evac_seen seen, const char *words);
/* The driver refuses the call itself, for its arguments, and says so. */
void expect_refused(struct bench *b, const char *driver, enum evac_verb verb, const char *action,
                    const char *args, const char *words);

#endif
