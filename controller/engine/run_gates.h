/*
 * The gates of a run: what stops it, where, and who may open it all the same. One table. A gate
 * that does not stop a run costs it no time: each is a look at what is known already.
 */
#ifndef EVAC_RUN_GATES_H
#define EVAC_RUN_GATES_H

#include "decision.h"
#include "roles.h"

/* Who begins the legs of a drill that was planned: its calendar has looked at freezes, and what it
 * has left it must be free to come home to. */
#define EVAC_DRILL_WHO "drill"

/* Where a gate stands. */
#define EVAC_BEFORE_START    1u  /* of the run */
#define EVAC_BEFORE_LOSS     2u  /* of the step that may lose data */
#define EVAC_BEFORE_PIVOT    4u  /* of the step that is the point of no return */
#define EVAC_BEFORE_TRAFFIC  8u  /* of each step that leads users elsewhere */
#define EVAC_BEFORE_APPROVED 16u /* of each step that wants an approval */

/* Whose runs. What the policy begins by itself has passed the decision's own gates this very
 * moment: readiness and freezes, with their waivers, are among those; so is what a planned drill
 * begins. */
#define EVAC_OF_PERSONS 1u
#define EVAC_OF_POLICY  2u
#define EVAC_OF_ALL     3u

/*
 * X(NAME, name, where, whose, unknown, who may override, phrase, doc)
 * unknown: what "nobody can tell" means, PASS or BLOCK. phrase: what the reason of an override must
 * say when that is so, "" nothing.
 */
#define EVAC_RUN_GATES(X)                                                                          \
    X(APPROVAL, "approval", EVAC_BEFORE_START | EVAC_BEFORE_APPROVED, EVAC_OF_ALL, BLOCK,          \
      EVAC_ROLE_BIT(EVAC_ROLE_ADMIN), "break glass", "those whose yes it takes have said it")      \
    X(VETO, "veto", EVAC_BEFORE_START, EVAC_OF_POLICY, BLOCK, EVAC_ROLE_BIT(EVAC_ROLE_OPERATOR),   \
      "", "somebody had the time to say no")                                                       \
    X(FREEZE, "freeze", EVAC_BEFORE_START, EVAC_OF_PERSONS, BLOCK,                                 \
      EVAC_ROLE_BIT(EVAC_ROLE_OPERATOR), "", "the app is not frozen")                              \
    X(READINESS, "readiness", EVAC_BEFORE_START, EVAC_OF_PERSONS, PASS,                            \
      EVAC_ROLE_BIT(EVAC_ROLE_APPROVER), "",                                                       \
      "the last look at the target did not find it unready; no fresh look says nothing")           \
    X(CAPACITY, "capacity", EVAC_BEFORE_START | EVAC_BEFORE_TRAFFIC, EVAC_OF_ALL, BLOCK,           \
      EVAC_ROLE_BIT(EVAC_ROLE_APPROVER), "",                                                       \
      "the last look found no quota too small; before users: every capacity step is done")         \
    X(RPO, "rpo", EVAC_BEFORE_LOSS, EVAC_OF_ALL, BLOCK, EVAC_ROLE_BIT(EVAC_ROLE_APPROVER),         \
      "unknown loss", "the data loss is known, and within the objective")                          \
    X(SAFETY, "safety", EVAC_BEFORE_START | EVAC_BEFORE_PIVOT | EVAC_BEFORE_TRAFFIC, EVAC_OF_ALL,  \
      BLOCK, EVAC_ROLE_BIT(EVAC_ROLE_ADMIN), "unknown state", "the safety rules hold")

#define X(name, text, where, whose, unknown, roles, phrase, doc) EVAC_RUN_GATE_##name,
enum evac_run_gate { EVAC_RUN_GATES(X) EVAC_RUN_GATE_COUNT };
#undef X

struct evac_run_gate_row {
    const char *name;
    uint8_t where, whose;
    enum evac_gate_answer unknown;
    uint32_t roles;
    const char *phrase, *doc;
};

const struct evac_run_gate_row *evac_run_gate_row(enum evac_run_gate gate);
bool evac_run_gate_parse(struct evac_str name, enum evac_run_gate *ret_gate);

/* What a gate says about a place: the run's start, or a step. */
struct evac_gate_word {
    enum evac_gate_answer answer; /* as it is; the table says what UNKNOWN leads to */
    bool never;                   /* no override opens it */
    bool noted;                   /* it passes, and why must be kept */
    int64_t number;               /* how far it is from passing; INT64_MAX: nobody can tell */
    char rule[65];                /* SAFETY: which */
    char why[200];
};

#define EVAC_LOSS_UNKNOWN   INT64_MAX
#define EVAC_GATE_RULES_MAX 4u /* safety rules that one run may override */
#define EVAC_RUN_YESES_MAX  32u

/* What the journal says of the gates at one place; the fold of its rows. */
struct evac_gate_marks {
    uint16_t shut;       /* bit per gate: journalled as shut, and not as open again */
    uint16_t overridden; /* bit per gate */
    int64_t shown[EVAC_RUN_GATE_COUNT]; /* the number that an override was given for */
    int64_t asked_wall_ms;              /* since when somebody is waited for; 0 nobody is */
    uint8_t escalated;                  /* how many were told */
    uint8_t reminded;                   /* how often its time was up, and it went on waiting */
    bool went_on;                       /* nobody answered, and it goes on without */

    int64_t since_boot_ms; /* asked, on this process's clock: may lie before it */
};

/* One person's yes, and what it was given for. */
struct evac_yes {
    uint32_t step; /* EVAC_NO_STEP: to the run */
    enum evac_verdict verdict;
    enum evac_mode mode;
    int64_t loss_ms; /* INT64_MAX: nobody could tell */
    char who[EVAC_WHO_MAX];
};

/* What the gates look at beside the run itself. The engine fills it in before each event; all
 * zero: nothing is in the way, nothing more is known. Texts and approvals are the engine's. */
struct evac_run_facts {
    const struct evac_approvals *approvals; /* NULL: one approver */
    enum evac_verdict verdict;              /* of the region left */
    enum evac_gate_answer readiness;
    int64_t readiness_age_ms;
    uint64_t readiness_run;
    struct evac_str short_of; /* what the last look found to be too small, "" nothing */
    bool frozen;
    struct evac_str freeze_why;
    int64_t freeze_left_ms;
    bool loss_agreed;
    char apart[240]; /* the target's data may have gone their own way: why; "" no */
    struct evac_gate_word safety;
};
#endif
