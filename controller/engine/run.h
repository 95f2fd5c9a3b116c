/*
 * One run: a plan being executed. Pure. Its durable state is changed in one place only,
 * evac_run_fold(), which applies a journal record: live, right when the record is made, and again
 * in a replay. So a run that was killed anywhere and replayed is the run that it was.
 */
#ifndef EVAC_RUN_H
#define EVAC_RUN_H

#include "effects.h"
#include "run_fsm.h"
#include "run_gates.h"
#include "run_index.h"
#include "step_fsm.h"

#define EVAC_INSTANTS(X)                                                                           \
    X(IMPACT_LO, "impact_lo")                                                                      \
    X(IMPACT_HI, "impact_hi")                                                                      \
    X(DETECTED, "detected")                                                                        \
    X(DECIDED, "decided")                                                                          \
    X(STARTED, "started")                                                                          \
    X(FENCED, "fenced")                                                                            \
    X(DATA_READY, "data_ready")                                                                    \
    X(CAPACITY_READY, "capacity_ready")                                                            \
    X(VERIFIED, "verified")                                                                        \
    X(TRAFFIC_MOVED, "traffic_moved")                                                              \
    X(RECOVERED, "recovered")                                                                      \
    X(ENDED, "ended")
#define X(name, text) EVAC_INSTANT_##name,
enum evac_instant { EVAC_INSTANTS(X) EVAC_INSTANT_COUNT };
#undef X
const char *evac_instant_name(enum evac_instant instant);

/* Time and chance, brought by every event. */
struct evac_now {
    uint64_t boot_ms; /* counts suspend, never goes back: decisions */
    int64_t wall_ms;  /* for people */
    uint64_t random;  /* for jitter; a fresh one with each event */
};

struct evac_step_run {
    /* durable: the fold of the journal */
    enum evac_step_state state;
    uint32_t attempts;     /* intents */
    uint32_t tries_used;   /* attempts that may have had an effect: those count against tries */
    bool open;             /* the newest intent has no outcome yet */
    bool doubt;            /* an attempt came to nothing known: it may still have its effect */
    bool apart;            /* doubt, and later attempts were based on another version */
    bool acked;            /* the last attempt was accepted */
    bool by_person;        /* skipped by a person */
    bool rehearsed_change; /* rehearsal: it would have changed something */
    struct evac_gate_marks gates;
    uint64_t intent_seq;    /* newest intent's row */
    uint64_t snapshot_seq;  /* row with what was there before; 0 none */
    char base[96];          /* version that the newest attempt was based on */
    uint8_t fact_known;     /* bit per plan fact */
    int64_t as_of_wall_ms;  /* of one that waits: everything up to then is in what it takes; 0 not
                               known */
    int64_t as_of_moved_ms; /* fence_moved_ms, when that was said */
    int64_t facts[EVAC_STEP_FACTS];

    /* of this process only */
    uint64_t call; /* open call, 0 none */
    bool call_is_apply;
    uint64_t call_deadline_ms;
    uint64_t wake_ms;       /* next look, end of cooling or quarantine; UINT64_MAX none */
    uint64_t deadline_ms;   /* UINT64_MAX until it begins */
    uint64_t unresolved_ms; /* the latest that the unresolved attempt can have been sent */
    uint64_t satisfied_ms;  /* first of the looks that confirm, 0 none */
    uint64_t acked_ms;
    uint64_t looked_ms; /* the first of the looks in a row at what goes on, 0 none */
    uint32_t backs;     /* in a row: for growing intervals */
    enum evac_seen last_seen;
    bool seen_any;
    bool settle_asked, settle_done;
    bool settle_holds; /* the last look found it so, or on its way */
    int progress;
    uint64_t began_ms;
    char version[96];
    char reason[160]; /* of one that failed, or was held: the journal's, when it said one */
};

/* Who began it, when a person said yes to the evacuation of a region, once for all of its apps. */
#define EVAC_WHO_INCIDENT "incident"

struct evac_run {
    struct evac_run *next;        /* the engine's list */
    struct evac_run_index *index; /* ... and index; NULL: in none */
    void *owner;                  /* the shell's: what to free with it */
    const struct evac_plan *plan;

    /* durable */
    uint64_t id;
    enum evac_run_state state;
    enum evac_mode mode;
    bool paused;
    bool pivoted;  /* the point of no return was intended */
    bool strained; /* capacity was refused to it, or throttled */
    bool behind;   /* another run of the app lets go first */
    bool drilled;  /* an isolated drill went through, and is being put back */
    bool back;     /* it ends as rolled back, if all goes well */
    bool stopped;  /* it ends as held */
    bool exceptions;
    bool overridden;
    bool gated;                   /* the journal has said what its start waits for */
    bool asks;                    /* ... and that this is a yes */
    uint32_t veto_ms;             /* ... and that somebody may say no for so long */
    struct evac_gate_marks gates; /* of the start */
    struct evac_yes yeses[EVAC_RUN_YESES_MAX];
    uint16_t yes_count;
    char safe_rules[EVAC_GATE_RULES_MAX][65]; /* safety rules that were overridden */
    uint16_t safe_rule_count;
    bool loss_noted;   /* measured losses are in the journal */
    uint32_t instants; /* bit per evac_instant that is set */
    int64_t instant_wall_ms[EVAC_INSTANT_COUNT];
    int64_t clock_set_ms; /* by how much the wall clock was set since it was admitted */
    int64_t instant_set_ms[EVAC_INSTANT_COUNT]; /* clock_set_ms, when that was noted */
    int64_t fence_moved_ms; /* the most by which the wall clock may have been set since the fence
                               was noted */

    /* of this process only */
    uint64_t entered_ms;  /* the present state */
    uint64_t deadline_ms; /* of the present state */
    uint64_t run_deadline_ms;
    uint64_t wake_ms; /* when it next wants an event by time alone */
    uint64_t began_ms;
    int64_t loss_ms;    /* what an ungraceful data step would lose now; EVAC_LOSS_UNKNOWN */
    uint16_t measuring; /* open measurements that its end waits for */
    bool measured;      /* the last of them was answered, and it has not heard of that */
    struct evac_run_facts facts;
    bool loss_asked;
    bool starving; /* effects were full: wake at once */
    bool replayed; /* it was read from the journal, and is to be taken up (evac_run_resume) */
    bool slow_told;
    uint64_t paused_ms;      /* since when, in this process */
    uint64_t paused_seen_ms; /* until then its steps' deadlines were put off */
    uint64_t paused_told;    /* how often people were told that it is */
    char who[EVAC_WHO_MAX];
    struct evac_step_run *steps; /* plan->step_count of them */
};

/* What the run machine works with while it handles one event. */
struct evac_run_io {
    struct evac_effects *fx;
    const struct evac_now *now;
    uint64_t *next_seq; /* the engine's: the journal's next number */
    uint64_t *next_call;
    uint64_t epoch;
};

/* Bytes that a run of this plan needs; evac_run_init lays it out in zeroed memory of that size. */
size_t evac_run_bytes(const struct evac_plan *plan);
struct evac_run *evac_run_init(void *memory, const struct evac_plan *plan);

/* Apply one record to the durable state. Unknown records are ignored; an impossible one is
 * EVAC_E_CORRUPT. */
enum evac_code evac_run_fold(struct evac_run *run, const struct evac_record *record,
                             struct evac_err *err);

/* Make a record of this run: number it, journal it, fold it. Only run, step, kind and what the
 * caller set in `record` are taken; the rest is filled in. */
void evac_run_record(struct evac_run *run, struct evac_run_io *io, struct evac_record record);

/* It was admitted. asks: it begins only when those whose yes it takes have said it; veto_ms: it
 * begins after so long unless somebody says no, 0 at once. What else its start waits for, the gates
 * tell. */
void evac_run_start(struct evac_run *run, struct evac_run_io *io, bool asks, uint32_t veto_ms);

/* Does this gate stand before the place (a step, or EVAC_NO_STEP: the start), what does it say, and
 * does that shut it: an override may open it. ret_word may be NULL. For views and the machine. */
bool evac_run_gate_stands(const struct evac_run *run, uint32_t step, enum evac_run_gate gate);
bool evac_run_gate_shut(const struct evac_run *run, const struct evac_now *now, uint32_t step,
                        enum evac_run_gate gate, struct evac_gate_word *ret_word);

/* Approvals at a place: how many it takes, how many there are. */
uint16_t evac_run_yeses_needed(const struct evac_run *run);
uint16_t evac_run_yeses(const struct evac_run *run, uint32_t step);
/* Where a yes is waited for: EVAC_NO_STEP the start, or a step (name "": the only one); false:
 * nowhere. */
bool evac_run_asks(const struct evac_run *run, struct evac_str name, uint32_t *ret_step);
/* Would that yes count there? why says why not; FORBIDDEN: it is not for them to say. */
struct evac_text;
struct evac_command;
enum evac_code evac_run_yes_refused(const struct evac_run *run, uint32_t step,
                                    const struct evac_command *cmd, struct evac_text *why);
/* Would a yes that was given when so much would have been lost be void now? */
bool evac_run_loss_outgrew(const struct evac_run *run, int64_t loss_ms);

/* Fold is done: take the run up again (R5). */
void evac_run_resume(struct evac_run *run, struct evac_run_io *io);

void evac_run_tick(struct evac_run *run, struct evac_run_io *io);
void evac_run_committed(struct evac_run *run, struct evac_run_io *io, uint64_t seq);
/* Answers to a CALL effect, by its number; one that is no longer waited for is dropped. */
void evac_run_reply(struct evac_run *run, struct evac_run_io *io, uint16_t step, uint64_t call,
                    const struct evac_reply *reply);

#define EVAC_COMMANDS(X)                                                                           \
    X(APPROVE, "approve", "say yes to a proposal, or to a step that waits for one")                \
    X(DECLINE, "decline", "say no: the run unwinds")                                               \
    X(PAUSE, "pause", "start nothing new; what is in flight is seen through")                      \
    X(RESUME, "resume", "go on")                                                                   \
    X(RETRY, "retry", "try a failed step again")                                                   \
    X(SKIP, "skip", "go on without a step; needs a reason")                                        \
    X(CANCEL, "cancel", "undo what was done; refused from the point of no return on")              \
    X(ROLLBACK, "rollback", "the same as cancel")                                                  \
    X(STOP, "stop", "leave everything where it stands and end the run as held")                    \
    X(MODE, "mode", "switch between graceful and ungraceful; value is the mode")                   \
    X(OVERRIDE, "override",                                                                        \
      "open a gate that is shut; needs a reason; of rpo, value is the loss that is accepted, ms")  \
    X(ACK, "ack", "the last run of an app was seen: automation may act again")                     \
    X(HOLD, "hold",                                                                                \
      "no automation for an app; needs a reason; value is ms from now, 0 until released")          \
    X(RELEASE, "release", "end a hold")                                                            \
    X(RECONCILE, "reconcile",                                                                      \
      "the data of the region that was left are reconciled, or given up: it is watched no more; "  \
      "needs a reason")                                                                            \
    X(STOP_AUTOMATION, "stop-automation", "no automatic run of any app")                           \
    X(ALLOW_AUTOMATION, "allow-automation", "end stop-automation")                                 \
    X(WAIVE, "waive",                                                                              \
      "stand for a condition of automatic action (lint, readiness, drill) that does not hold; "    \
      "needs an owner and a reason; value is ms from now")                                         \
    X(UNWAIVE, "unwaive", "take a waiver back")                                                    \
    X(FREEZE, "freeze",                                                                            \
      "no automatic run of an app, or of all; needs a reason; value is ms from now")               \
    X(UNFREEZE, "unfreeze", "end a freeze")                                                        \
    X(CALL_OFF, "call-off", "end an app's drill: what it changed is put back")                     \
    X(PLACE, "place",                                                                              \
      "the app serves from that region: somebody looked, and the journal does not know it; needs " \
      "a reason")                                                                                  \
    X(EVACUATE, "evacuate",                                                                        \
      "begin the evacuation of a region, or say anew which of its apps go; needs a reason")
#define X(name, text, doc) EVAC_CMD_##name,
enum evac_command_verb { EVAC_COMMANDS(X) EVAC_CMD_COUNT };
#undef X
const char *evac_command_name(enum evac_command_verb verb);
bool evac_command_parse(struct evac_str name, enum evac_command_verb *ret_verb);

/* EVACUATE: which apps of the region go, and how (fleet.h). Borrowed. */
struct evac_order_wish {
    uint8_t tiers; /* a bit each, as EVAC_ORDER_TIERS; 0 all */
    uint8_t mode;  /* enum evac_order_mode */
    const struct evac_str *apps;
    size_t app_count;              /* 0: all of those tiers */
    int64_t bound_ms, estimate_ms; /* what was foreseen of it; 0 nothing */
};

struct evac_command {
    enum evac_command_verb verb;
    uint64_t run; /* 0: about an app, or everything */
    struct evac_str app;
    struct evac_str step; /* step's id, "" where it does not matter */
    struct evac_str gate; /* OVERRIDE: its name, "" the only one that is shut */
    struct evac_str who, reason;
    const struct evac_caller
        *caller;              /* NULL: the controller itself, or a test: it may everything */
    uint32_t roles;           /* the caller's, for this app; the engine fills it in */
    struct evac_str incident; /* APPROVE, DECLINE, PAUSE, RESUME, STOP: the region of one; EVACUATE:
                                 the region; "" none */
    const struct evac_order_wish *order; /* EVACUATE */
    struct evac_str owner, condition;    /* WAIVE, FREEZE: who stands for it; what */
    struct evac_str region;              /* PLACE */
    int64_t value;
};

/* Sets io->fx->answer and its text. */
void evac_run_command(struct evac_run *run, struct evac_run_io *io, const struct evac_command *cmd);

/* Does what the plan's state allows next; every function above ends with it. */
void evac_run_advance(struct evac_run *run, struct evac_run_io *io);

/* An instant: set once, journalled. boot_ms and wall_ms are of the event that set it. */
void evac_run_instant(struct evac_run *run, struct evac_run_io *io, enum evac_instant instant,
                      uint64_t boot_ms, int64_t wall_ms);
/* When that was, as the wall clock that goes now would have shown it; 0 it is not set. */
int64_t evac_run_instant_now_ms(const struct evac_run *run, enum evac_instant instant);
/* From one to another, whatever was done to the wall clock; -1 when one of them is not set. */
int64_t evac_run_between_ms(const struct evac_run *run, enum evac_instant from,
                            enum evac_instant to);

/* From when on nothing writes on the side that is left, as a planned move that is no drill may rely
 * on: wall ms; 0 when that is not known, or does not matter. */
int64_t evac_run_fenced_ms(const struct evac_run *run);
/* The same as the clock that goes now may have shown it: it is not earlier than that. */
int64_t evac_run_fenced_now_ms(const struct evac_run *run);
/* The wall clock was set, forward or, below 0, back. What of it is not known counts as forward: the
 * fence is then later than it was, and nothing that was written before it is taken for saved. */
void evac_run_clock_moved(struct evac_run *run, int64_t by_ms);

/* The fact by which a step that waits for the fence (EVAC_STEP_WAITS) says what it takes over. */
#define EVAC_FACT_AS_OF "as_of_wall_ms"

/* The steps of the leg that is now executed: [0, forward_count) or [forward_count, step_count). */
static inline bool evac_step_is_unresolved(const struct evac_step_run *step)
{
    return step->open || step->doubt;
}

static inline bool evac_step_is_undo(const struct evac_run *run, uint16_t step)
{
    return step >= run->plan->forward_count;
}
#endif
