/*
 * One row of the journal, as the engine makes it and the store keeps it. The journal is the truth:
 * a run's state is the fold of its records, and every report is read from them.
 */
#ifndef EVAC_RECORD_H
#define EVAC_RECORD_H

#include "evac/str.h"

/* X(NAME, "name in the journal", what it says). Append only: numbers and names are stored. */
#define EVAC_RECORD_KINDS(X)                                                                       \
    X(ADMIT, "admit", "a run begins; data is its plan")                                            \
    X(RESUME, "resume", "a controller took the run up again after a start or takeover")            \
    X(RUN, "run", "the run moved: from, event, to")                                                \
    X(STEP, "step", "a step moved: from, event, to")                                               \
    X(SNAPSHOT, "snapshot", "what a step found before it changed anything; data is the snapshot")  \
    X(INTENT, "intent",                                                                            \
      "a step is about to apply: attempt; text is the version it is based on; nothing was sent "   \
      "before this")                                                                               \
    X(OUTCOME, "outcome", "what the apply was told: number is an evac_outcome")                    \
    X(OBSERVE, "observe", "what an observation saw, when it is news: number is an evac_seen")      \
    X(FACT, "fact", "a number that an observation found: name is the step, text the fact")         \
    X(GATE_BLOCK, "gate_block",                                                                    \
      "a gate shut before a step or the start: event says which, text why, number how far; to is " \
      "void: the approvals given so far are")                                                      \
    X(GATE_PASS, "gate_pass", "a gate opened; event says which")                                   \
    X(APPROVE, "approve", "a person approved; who")                                                \
    X(DECLINE, "decline", "a person declined; who, text is the reason")                            \
    X(OVERRIDE, "override", "a person overrode a gate; who, text is the reason, number the value") \
    X(COMMAND, "command", "a person asked for something; name is the verb, who, text the reason")  \
    X(MODE, "mode", "the run's mode changed; number is an evac_mode")                              \
    X(INSTANT, "instant", "a measured instant; name says which, number is wall ms")                \
    X(LOSS, "loss",                                                                                \
      "measured data loss of a resource; name, number ms (-1 unknown), data details")              \
    X(SETTLE, "settle", "a step's final look before the run ends; number is an evac_seen")         \
    X(TERMINAL, "terminal", "the run ended; to is its state, text what it left behind")            \
    X(VERDICT, "verdict", "health: a region's verdict changed; name is the region, text reasons")  \
    X(DECISION, "decision", "what the policy decided for an app, and why")                         \
    X(ALARM, "alarm", "a person should look; text says why")                                       \
    X(ACK, "ack", "a person acknowledged the end of a run")                                        \
    X(HOLD, "hold",                                                                                \
      "automation held or released for an app; who, text is the reason, number the wall ms it "    \
      "ends (0: released)")                                                                        \
    X(CLOCK_JUMP, "clock_jump", "wall and boot clock parted; number is by how many ms")            \
    X(CONFIG, "config", "a configuration was loaded; data its hash and counts")                    \
    X(START, "start", "a controller started; data its version, boot id and binary")                \
    X(STOP, "stop", "a controller stopped in an orderly way")                                      \
    X(ASSURANCE, "assurance",                                                                      \
      "what lint or drills say for an app's policy: name says which, number 1 good, text why")     \
    X(WAIVER, "waiver",                                                                            \
      "a condition of the policy is waived for an app: name; who said so, to who owns it, text "   \
      "the reason, number the wall ms it ends (0: taken back)")                                    \
    X(FREEZE, "freeze",                                                                            \
      "a freeze of an app, or of all, begins or ends: name says by word or by calendar, who said " \
      "so, to who owns it, text why, number the wall ms it ends (0: it is over)")                  \
    X(INCIDENT, "incident",                                                                        \
      "a regional incident: name is the region, to its state, data its apps")                      \
    X(DEPENDENCY, "dependency", "a shared dependency's state changed; name, to, text reasons")     \
    X(VANTAGE, "vantage", "a vantage came, went or abstains; name, to")                            \
    X(ESCALATE, "escalate", "nobody answered in time: text says what happens now")                 \
    X(DRILL, "drill",                                                                              \
      "a scheduled drill: name is its kind, to what became of it, text why, data its receipt")     \
    X(FAULT, "fault", "a fault was put in, or taken out, for a game day; name, to")                \
    X(LAG, "lag", "replication lag of a resource, now and then; name, number ms (-1 unknown)")     \
    X(DEFICIENCY, "deficiency",                                                                    \
      "something that a report found wanting: name its id, to open or closed, who owns it, "       \
      "number when it is due, data severity and origin")                                           \
    X(OLD_SIDE, "old_side",                                                                        \
      "the region that was left: name, to quiet, alive or released, text what was seen")           \
    X(EVIDENCE, "evidence", "evidence was exported: name its file, data its digest")               \
    X(TOKEN, "token",                                                                              \
      "an API token: name, to created, revoked or used, who did it, number the wall ms it ends, "  \
      "data its id, digest, scope and owner")                                                      \
    X(SESSION, "session",                                                                          \
      "somebody signed in or out: name the session's id, to begun or ended, who, number the wall " \
      "ms it ends, data its digest and by what")                                                   \
    X(REQUEST, "request",                                                                          \
      "what this batch did was asked for under a key: name the key, who, event the operation, "    \
      "from a hash of all that was asked; attempt, number, to, text, data what was answered")      \
    X(NOTICE, "notice",                                                                            \
      "a message to people: name is the channel, from, event and to the cell that fired, attempt " \
      "which one. Queued: number is the row that it tells of, text its title, data the message; "  \
      "later: number is the row in which it was queued, text what was answered")                   \
    X(ALONE, "alone",                                                                              \
      "a person began a controller of their own, because none answered: who, text is the reason, " \
      "data who was asked and what came back")                                                     \
    X(PLACE, "place",                                                                              \
      "where an app serves, as a person says who looked: from what was believed, to, who, text")   \
    X(MERGE, "merge",                                                                              \
      "rows of another controller's journal begin or end here: see merge.h; to says which, name "  \
      "that controller, number its newest row that is here, data its identity and head hash")      \
    X(CHALLENGE, "challenge",                                                                      \
      "a yes by phone was asked for: name is the approver, who asked, to made (number the wall "   \
      "ms "                                                                                        \
      "it ends, text the code) or wrong (attempt says how often)")                                 \
    X(REFUSAL, "refusal",                                                                          \
      "attempts that were refused: name says why (wrong, forged, blocked, forbidden), from which " \
      "address, who if they are known, event what was asked for, number how many since the row "   \
      "before, text why, data since and until when")

#define X(name, text, doc) EVAC_RECORD_##name,
enum evac_record_kind { EVAC_RECORD_KINDS(X) EVAC_RECORD_KIND_COUNT };
#undef X

#define EVAC_NO_STEP UINT32_MAX

/* Text fields are borrowed; the store copies them, a reader's stay valid until its next row. */
struct evac_record {
    uint64_t seq; /* 1.. without gaps; the engine numbers, the store checks */
    enum evac_record_kind kind;
    uint64_t run;     /* 0: not about a run */
    uint32_t step;    /* index in the run's plan; EVAC_NO_STEP: about the run */
    uint32_t attempt; /* 1.. for intents and outcomes */
    uint64_t epoch;   /* of the lead under which it was written */
    uint64_t t_boot_ms;
    int64_t t_wall_ms;
    int64_t number;
    struct evac_str app;             /* "" when about the controller */
    struct evac_str name;            /* step id, instant, gate, region: see the kind */
    struct evac_str from, event, to; /* the table cell that fired, as names; "" if none */
    struct evac_str who;  /* principal: "uid:0(root)", "policy", "schedule", "" the engine itself */
    struct evac_str text; /* for people */
    struct evac_str request_id;
    struct evac_str data; /* JSON, "" if none */
};

const char *evac_record_kind_name(enum evac_record_kind kind);
bool evac_record_kind_parse(struct evac_str name, enum evac_record_kind *ret_kind);

/* Canonical bytes of every field above, length-prefixed, for the hash chain; appended to *out.
 * Layout: version byte 1; seq, kind (u16), run, step (u32), attempt (u32), epoch, t_boot_ms,
 * t_wall_ms, number as little-endian u64 unless said; then each text field in order of declaration
 * as u32 length and bytes. */
struct evac_buf;
void evac_record_canonical(const struct evac_record *record, struct evac_buf *out);

/* Back from those bytes, all of them; the texts are borrowed from them. False: they are not what
 * evac_record_canonical writes. */
bool evac_record_from_canonical(struct evac_str bytes, struct evac_record *ret_record);
#endif
