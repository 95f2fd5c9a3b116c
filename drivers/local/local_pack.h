/* Local and generic drivers: HTTP endpoints and programs. */
#ifndef EVAC_LOCAL_PACK_H
#define EVAC_LOCAL_PACK_H

#include "evac/driver.h"

extern const struct evac_pack evac_pack_local;

/* --- for this folder's drivers
 * ------------------------------------------------------------------------- */

extern const struct evac_driver evac_driver_http, evac_driver_exec, evac_driver_canary,
    evac_driver_manual, evac_driver_app, evac_driver_sandbox_fault;

/* The pack's link: its host and the calls that are open. */
struct evac_link {
    const struct evac_host *host;
    struct local_call *calls;
    uint64_t next_id;
    bool exec_allowed;
};

/* One open call. */
struct local_call {
    struct local_call *next;
    struct evac_link *link;
    struct evac_arena *arena;
    uint64_t id, host_id;
    enum evac_verb verb;
    bool cancellable; /* host_id is an HTTP exchange */
    struct evac_args args;
    struct evac_str expect, region, served_by, from, by;
    bool public_look, want_writable;
    struct evac_str name, fault; /* of the sandbox's */
    bool in;                     /* it is to be in */
    evac_done_fn *done;
    void *user;
};

struct local_call *local_begin(struct evac_link *link, const struct evac_call *call,
                               evac_done_fn *done, void *user);
/* Answers and frees. */
void local_answer(struct local_call *call, const struct evac_reply *reply);
/* The call was refused: frees, done never runs. */
void local_drop(struct local_call *call);
void local_cancel(struct evac_link *link, uint64_t id);
/* A program of the resource's: the setting that has its arguments. Its environment has EVAC_APP,
 * _FROM, _TO, _REGION, _MODE, _TOKEN and _MARKER. done gets the call. */
struct local_program {
    const char *setting;
    uint32_t total_ms;
    bool mutates;
    evac_exec_done_fn *done;
};
enum evac_code local_program(struct local_call *call, const struct evac_call *asked,
                             const struct local_program *program, struct evac_err *err);
/* Why it did not end with 0, in words. */
struct evac_str local_program_why(struct local_call *call, const struct evac_exec_reply *reply);
struct evac_str local_last_line(struct evac_str text);
/* A list parameter, JSON text as the plan has it, to texts ending with NULL; NULL when it is no
 * list of texts. */
const char *const *local_list(struct evac_arena *arena, struct evac_str json);
#endif
