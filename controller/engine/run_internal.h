/* What the files of the run machine share: run.c moves, run_classify.c reads answers, run_gate.c
 * opens and shuts, run_fold.c replays, run_command.c listens to people. */
#ifndef EVAC_RUN_INTERNAL_H
#define EVAC_RUN_INTERNAL_H

#include "rule.h"
#include "run.h"
#include "tri.h"

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

/* "id state: reason; ...": what a run leaves behind that is not as it should be. */
void run_list_left(const struct evac_run *run, struct evac_text *left);

/* run_gates.c: the gates that are shut before the step, or the start, a bit each. */
uint16_t run_gates_shut(const struct evac_run *run, const struct evac_now *now, uint32_t step);
/* Journal what changed: gates that shut and opened. */
void run_note_gates(struct evac_run *run, struct evac_run_io *io, uint32_t step, uint16_t shut);
/* The same when all are open, for what passes but must be remembered. */
void run_note_passes(struct evac_run *run, struct evac_run_io *io, uint32_t step);
/* All that is shut, in words. */
void run_say_shut(const struct evac_run *run, const struct evac_now *now, uint32_t step,
                  struct evac_text *why);
/* "it would lose 4.0 s of data; the objective is 1.0 s" */
void run_say_loss(const struct evac_run *run, int64_t loss_ms, const char *what,
                  struct evac_text *why);
/* What that step would lose: of one that waits for the fence, what it says itself. */
int64_t run_step_loss(const struct evac_run *run, uint16_t i);
/* The step stops before its gates: that is journalled, and told. */
void run_shut_gate(struct evac_run *run, struct evac_run_io *io, uint16_t i);
void run_override(struct evac_run *run, struct evac_run_io *io, const struct evac_command *cmd);
struct evac_gate_marks *run_marks(struct evac_run *run, uint32_t step);

/* run_approve.c: people's yes, and what happens when nobody answers */
void run_approve(struct evac_run *run, struct evac_run_io *io, const struct evac_command *cmd);
/* Yeses that were given for something else than what is now: void, and said so. */
void run_void_yeses(struct evac_run *run, struct evac_run_io *io, uint32_t step);
/* Whoever is to be told by now. */
void run_escalate(struct evac_run *run, struct evac_run_io *io, uint32_t step);
/* When the next is to be told, or a shut gate is to be looked at again. */
uint64_t run_wait_wake_ms(const struct evac_run *run, const struct evac_now *now, uint32_t step);
/* When its time is up. */
uint64_t run_wait_deadline_ms(const struct evac_run *run, uint32_t step);
/* Its time is up: true when it goes on waiting, or goes on. */
bool run_wait_expired(struct evac_run *run, struct evac_run_io *io, uint32_t step);
/* After a start: how long it had waited before this process. */
void run_wait_resume(struct evac_run *run, const struct evac_now *now, uint32_t step);
/* "needs 1 more (approver), but not ann or bob" */
void run_say_needed(const struct evac_run *run, uint32_t step, struct evac_text *why);

/* run_command.c */
void run_answer(struct evac_run_io *io, enum evac_code code, const char *text);
void run_refuse(struct evac_run_io *io, const char *why);
/* Somebody with other roles may: EVAC_E_FORBIDDEN. */
void run_forbid(struct evac_run_io *io, const char *why);
/* The named step; without a name the only one in that state. step_count when there is none. */
uint16_t run_find_step(const struct evac_run *run, struct evac_str name,
                       enum evac_step_state state);

/* R7: may this step neither close nor apply? *ret_until_ms is when the quarantine ends. */
bool run_is_barred(const struct evac_run *run, const struct evac_now *now, uint16_t i,
                   uint64_t *ret_until_ms);

/* run_effects: calls and timers */
void run_call(struct evac_run *run, struct evac_run_io *io, uint16_t i, enum evac_verb verb);
/* over_in_ms: what moves is not over sooner; 0 not known. */
void run_poll_later(struct evac_run *run, struct evac_run_io *io, uint16_t i, uint32_t over_in_ms);
/* How long a step stands back, ms: around base, doubled each time in a row; not less than at least
 * (what the service said); what it has waited for its turn already counts. */
struct run_cooling {
    uint32_t base_ms, at_least_ms;
    uint64_t waited_ms;
};
void run_cool(struct evac_run *run, struct evac_run_io *io, uint16_t i, struct run_cooling how);
/* --- run_pause.c: what counts for a step's deadline is time that was not paused. The run's own
 * goes on, so that a pause that nobody ends does. */
bool run_stands_still(const struct evac_run *run);
void run_pause_begin(struct evac_run *run, const struct evac_now *now);
/* With each event, before any deadline is looked at: puts them off, and tells people now and then.
 */
void run_pause_tick(struct evac_run *run, struct evac_run_io *io);
/* When people are told next; EVAC_NEVER. */
uint64_t run_pause_wake_ms(const struct evac_run *run);

void run_notice(struct evac_run *run, struct evac_run_io *io, bool alarm, const char *text,
                const char *step);
#endif
