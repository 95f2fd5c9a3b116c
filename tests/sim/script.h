/*
 * What happens in one simulated world, as text: who dies when, what becomes of which request, what
 * people do. A seed is made into a script and the script is played; so what broke can be cut down,
 * kept as a file, and played again without the seed that it came from.
 *
 *     # S7: s3:PutObject lands after the run has ended
 *     app strategies/pilot-light.cfg
 *     seed 578
 *     settings 1
 *     limits 10
 *     request s3:PutObject us-west-2 3 late 12000
 *     4.500 control region us-east-1 down
 *     21.100 say ann cancel
 *     30.000 calm
 *     expect S7
 *
 * Several controllers, which share a journal:
 *
 *     controllers 3
 *     share ttl 6000 request 1000 poll 1000 election 1000 trip 20 lost-after 30 late-max 20000
 *     9.000 node leader pause 20000
 *     9.500 etcd headless
 *
 * share: times of the lease, of questions to etcd, and of these in a thousand which are
 * lost-before, lost-after, delayed, refused or hollow; what is not said is as world_many.h has it.
 * `node N` (0, 1, 2, or leader, follower: who that is at that moment) does what one process and
 * machine can do: play.c has the verbs.
 *
 * Lines with a time are done at it (play.c has the verbs); `calm` ends the faults, and is the last.
 * `expect` says what it breaks, or `good`.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "evac/buf.h"
#include "fate.h"
#include "world_many.h"

#define SCRIPT_LINES_MAX    256u
#define SCRIPT_REQUESTS_MAX 512u
#define SCRIPT_TEXT         100u

struct script_line {
    uint64_t at_ms;
    char text[SCRIPT_TEXT];
};

struct script {
    char app[64];  /* below contrib/demo; "" apps/shop.cfg */
    uint64_t seed; /* of what is neither said nor a fault: how long a request travels, when a probe
                      looks */
    unsigned settings;         /* of the configuration: play.c has them */
    struct world_faults rates; /* of requests that are not named */
    unsigned limits;           /* hundredths of services' rates that are asked; 0: as evacd's own */
    unsigned controllers;      /* 0, 1: one, whose journal is its own */
    struct world_share share;  /* of several */
    struct fate requests[SCRIPT_REQUESTS_MAX];
    size_t request_count;
    struct script_line lines[SCRIPT_LINES_MAX];
    size_t line_count;
    uint64_t calm_ms;
    char expect[8]; /* "S7"; "good" */
};

/* In their order, by time. False when there is no room. */
bool script_add(struct script *script, uint64_t at_ms, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
bool script_add_request(struct script *script, const struct fate *fate);

/* False: *ret_line is the first line that is none. */
bool script_read(struct evac_str text, struct script *ret_script, size_t *ret_line);
void script_write(const struct script *script, const char *title, struct evac_buf *out);
/* How many lines of text that would be. */
size_t script_length(const struct script *script);
#endif
