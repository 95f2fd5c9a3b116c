/* What the files of the run machine share: run.c moves, run_classify.c reads answers, run_gate.c
 * opens and shuts, run_fold.c replays, run_command.c listens to people. */
#ifndef EVAC_RUN_INTERNAL_H
#define EVAC_RUN_INTERNAL_H

#include "run.h"
#include "tri.h"

/* A safety rule that a build can leave out, to prove that the tests miss it. */
#ifdef EVAC_WITHOUT_R1
#define EVAC_RULE_R1 0
#else
#define EVAC_RULE_R1 1
#endif
#ifdef EVAC_WITHOUT_R4
#define EVAC_RULE_R4 0
#else
#define EVAC_RULE_R4 1
#endif
#ifdef EVAC_WITHOUT_R5
#define EVAC_RULE_R5 0
#else
#define EVAC_RULE_R5 1
#endif
#ifdef EVAC_WITHOUT_R6
#define EVAC_RULE_R6 0
#else
#define EVAC_RULE_R6 1
#endif
#ifdef EVAC_WITHOUT_R7
#define EVAC_RULE_R7 0
#else
#define EVAC_RULE_R7 1
#endif
#ifdef EVAC_WITHOUT_R8
#define EVAC_RULE_R8 0
#else
#define EVAC_RULE_R8 1
#endif
#ifdef EVAC_WITHOUT_FENCE
#define EVAC_RULE_FENCE 0
#else
#define EVAC_RULE_FENCE 1
#endif

#define EVAC_CALL_OBSERVE_MS                                                                       \
    25000u /* the driver's own ceilings are shorter: this one is the net                           \
            */
#define EVAC_CALL_APPLY_MS  45000u
#define EVAC_SETTLE_LOOK_MS 30000u /* the last look is given this long */
#define EVAC_NEVER          UINT64_MAX

static inline const struct evac_plan_step *plan_step(const struct evac_run *run, uint16_t i)
{
    return &run->plan->steps[i];
}

/* Move a step; false when the table refuses. Journals the cell that fired. text may be NULL. */
bool run_move_step(struct evac_run *run, struct evac_run_io *io, uint16_t i,
                   enum evac_step_event event, const char *text);
bool run_move(struct evac_run *run, struct evac_run_io *io, enum evac_run_event event,
              const char *text);

/* run_classify.c */
void run_saw(struct evac_run *run, struct evac_run_io *io, uint16_t i,
             const struct evac_reply *reply);
void run_said(struct evac_run *run, struct evac_run_io *io, uint16_t i, enum evac_outcome outcome,
              const struct evac_reply *reply);

/* run_gate.c: tri-state answers */
enum run_tri { RUN_NO = EVAC_TRI_NO, RUN_YES = EVAC_TRI_YES, RUN_NOT_YET = EVAC_TRI_UNSURE };
enum run_tri run_when(const struct evac_run *run, uint16_t i);
enum run_tri run_before_is_over(const struct evac_run *run, uint16_t i);
/* Shut: false, and why (may be NULL) says in words; *ret_number is the value that shuts it. */
/* "it would lose 4.0 s of data; the objective is 1.0 s" */
void run_say_loss(const struct evac_run *run, int64_t loss_ms, const char *what,
                  struct evac_text *why);
/* The step waits behind its gate: a person is told why. */
void run_shut_gate(struct evac_run *run, struct evac_run_io *io, uint16_t i);
/* What that step would lose: of one that waits for the fence, what it says itself. */
int64_t run_step_loss(const struct evac_run *run, uint16_t i);
bool run_gate_open(const struct evac_run *run, uint16_t i, struct evac_text *why,
                   int64_t *ret_number);
/* R7: may this step neither close nor apply? *ret_until_ms is when the quarantine ends. */
bool run_is_barred(const struct evac_run *run, const struct evac_now *now, uint16_t i,
                   uint64_t *ret_until_ms);

/* run_effects: calls and timers */
void run_call(struct evac_run *run, struct evac_run_io *io, uint16_t i, enum evac_verb verb);
void run_poll_later(struct evac_run *run, struct evac_run_io *io, uint16_t i);
void run_cool(struct evac_run *run, struct evac_run_io *io, uint16_t i, uint32_t base_ms,
              uint32_t at_least_ms);
void run_notice(struct evac_run *run, struct evac_run_io *io, bool alarm, const char *text,
                const char *step);
#endif
