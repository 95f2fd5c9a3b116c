/*
 * The engine: health, decisions, measurement and runs of all apps behind one door. Pure: it reads
 * no clock, opens nothing and allocates nothing; the same events in the same order give the same
 * effects, on a laptop, in the simulator and in a replay of last night's journal.
 */
#ifndef EVAC_ENGINE_H
#define EVAC_ENGINE_H

#include "decision.h"
#include "drill.h"
#include "fleet.h"
#include "old_side.h"
#include "run.h"
#include "self.h"
#include "watch.h"

#define EVAC_RESOURCES_MAX 64u

/* What a person said, or a calendar, and for how long: every such word has an owner, a reason and
 * an end. */
struct evac_word {
    int64_t until_wall_ms; /* 0: nobody said it, or it was taken back */
    char owner[64], reason[160];
};

/* A freeze is said by a person, or it is in the calendar; neither ends the other's. */
#define EVAC_FREEZES(X)                                                                            \
    X(BY_WORD, "word")                                                                             \
    X(BY_CALENDAR, "calendar")
#define X(name, text) EVAC_FREEZE_##name,
enum evac_freeze_source { EVAC_FREEZES(X) EVAC_FREEZE_COUNT };
#undef X

struct evac_engine_app {
    const struct evac_app *app;
    struct evac_decision decision;
    /* in the fleet: where its regions are counted, and as what */
    uint8_t fleet[EVAC_REGIONS_MAX], counted[EVAC_REGIONS_MAX];
    uint16_t tier; /* its own, or of whoever waits for it */
    uint16_t deps[EVAC_FLEET_DEPS_MAX];
    uint8_t dep_count;
    /* of a regional incident */
    uint8_t evacuee;     /* enum evac_evacuee, when it was last looked at */
    uint8_t evac_region; /* in the fleet: what the newest real failover left */
    uint64_t evac_run;
    bool evac_strained; /* it had to wait for capacity, or was refused some */
    uint64_t ordered;   /* regions of the fleet that it was ordered away from by name, a bit each */
    uint32_t expected_ms; /* what a failover of it usually takes; 0 nobody said */
    uint64_t rank_ms;     /* the same, with those that wait for it behind it: the longest way */
    bool no_plan;         /* its failover does not compile */
    uint8_t run_seen;     /* state of its run, when the incident last heard of it */
    uint64_t decide_ms;   /* when to decide again by time alone */
    uint16_t active;      /* region that serves (active-active: that has the writer), index */
    uint32_t out;         /* active-active: regions that users were led away from, a bit each */
    struct evac_run *run; /* the one that changes things; NULL none */
    struct evac_run *rehearsal; /* a rehearsal or an isolated drill; gives way to a real one */
    bool starting;              /* a START is with the shell */
    bool ran;                   /* a run ended */
    bool placed;                /* where it serves is known from a run, or from a person */
    bool acked;
    bool auto_unacked; /* a run that automation began ended, and nobody has acknowledged it */
    struct evac_times auto_starts;
    uint64_t auto_run;                              /* the newest of them */
    struct evac_times flips[EVAC_REGIONS_MAX];      /* verdicts that changed between up and down */
    uint8_t flip_last[EVAC_REGIONS_MAX];            /* 0 neither yet, 1 up, 2 down */
    struct evac_word waivers[EVAC_CONDITION_COUNT]; /* said; those of the file are the app's */
    struct evac_word freezes[EVAC_FREEZE_COUNT];
    int64_t last_end_wall_ms;
    uint64_t last_end_boot_ms;
    enum evac_run_state last_end;
    uint64_t last_run;
    int64_t hold_until_wall_ms; /* 0 not held, INT64_MAX until released */
    char hold_reason[120], hold_owner[64];
    struct evac_readiness readiness[EVAC_REGIONS_MAX];
    uint64_t needs;        /* dependencies, a bit each */
    char needs_words[200]; /* those that fail or may, as last decided about */
    bool needs_doubtful;   /* none of them is known to */
    struct evac_assurance assurance[EVAC_ASSURANCE_COUNT][EVAC_REGIONS_MAX]; /* by target */
    /* A resource's replication out of each region that may serve: of an active-active app all of
     * its regions, of others the active one. See evac_engine_watch_of(). */
    struct evac_watch *watches;
    uint16_t sources;
    struct evac_old_side old_side; /* the region that was left last */

    struct evac_drill drill;
    bool last_of_drill; /* the last run that ended was a drill's own */

    /* what a run that is undone goes back to */
    uint16_t active_before;
    uint32_t out_before;

    /* replay: the run that is being read */
    uint64_t replay_run;
    uint16_t replay_from, replay_to;
    enum evac_workflow replay_workflow;
    bool replay_real;   /* not a rehearsal */
    bool replay_auto;   /* begun by automation, with no person's yes */
    bool replay_drills; /* a drill's own */
    bool replay_started;
    uint64_t replay_look; /* the rehearsal or drill that is being read */
    uint16_t replay_look_to;

    struct evac_health health; /* the last member: see evac_health_used_bytes() */
};

/* The newest automatic starts of all apps: 5 % of the most apps that a configuration can have. */
#define EVAC_PACE_MAX 512u

enum evac_dependency_level {
    EVAC_DEPENDENCY_FINE,
    EVAC_DEPENDENCY_DOUBTFUL, /* failing, not yet for long enough to be down */
    EVAC_DEPENDENCY_DOWN,
};

/* What apps need and none of them has: one incident for all of them. */
struct evac_engine_dependency {
    const struct evac_dependency *conf;
    struct evac_health health; /* of conf->as_app: one probe, its regions */
    bool failing; /* an incident: journalled and told, until it was up for long enough */
    enum evac_dependency_level level; /* as those who need it were last told */
    int64_t since_wall_ms;
    uint64_t up_boot_ms; /* while failing: up since, 0 it is not */
    uint16_t relapses;
};

#define EVAC_VANTAGE_STATES(X)                                                                     \
    X(SILENT, "silent")     /* no lease: not heard yet, or not for too long */                     \
    X(ABSTAINS, "abstains") /* it is cut off, and says so */                                       \
    X(SPEAKS, "speaks")
#define X(name, text) EVAC_VANTAGE_##name,
enum evac_vantage_state { EVAC_VANTAGE_STATES(X) EVAC_VANTAGE_STATE_COUNT };
#undef X
const char *evac_vantage_state_name(enum evac_vantage_state state);

struct evac_vantage {
    enum evac_vantage_state state;
    uint64_t heard_boot_ms; /* 0 never */
};

#define EVAC_TOUCHED_ALL SIZE_MAX

struct evac_engine {
    const struct evac_model *model;
    struct evac_engine_app *apps; /* as the model's */
    size_t app_count;
    uint64_t *app_wakes;  /* when each is next due, boot ms */
    uint16_t *touched;    /* apps of which that may be another one since this event */
    uint8_t *is_touched;  /* the same, an app each */
    uint16_t *app_places; /* apps by their names: a hash table of app_count * 2 + 1 places */
    size_t touched_count; /* EVAC_TOUCHED_ALL: any of them */
    struct evac_engine_dependency *dependencies; /* as the controller's; behind the apps */
    size_t dependency_count;
    struct evac_run *runs;
    size_t run_count;
    uint64_t next_seq, next_run, next_call;
    uint32_t next_drill;
    uint64_t committed; /* newest durable row */
    uint64_t epoch;
    bool lead;
    bool led;      /* while this one follows: somebody holds the lead, and would decide */
    bool followed; /* it followed another controller's journal until it resumed */
    bool stopped;  /* stop-automation */
    char stopped_by[64], stopped_why[120];
    struct evac_vantage vantages[EVAC_VANTAGES_MAX]; /* from 1 on; 0 is this controller */
    struct evac_self self;
    struct evac_self_opinion opinion; /* what follows from self: what its opinion is worth */
    uint16_t starts; /* in a row, each soon after the other, none after an orderly stop */
    int64_t last_start_wall_ms;
    int64_t newest_wall_ms; /* of all rows replayed */
    int64_t last_wall_ms;   /* of the last of them */
    bool gap_known;
    int64_t gap_ms; /* wall minus boot clock, since the last jump that was told */
    struct evac_fleet fleet;
    struct evac_word freezes[EVAC_FREEZE_COUNT]; /* of all apps */
    int64_t starts_at[EVAC_PACE_MAX];            /* automatic starts, boot clock: ring */
    uint16_t starts_next, starts_count;
    bool parked; /* too many crashes: it looks, and does nothing (R14) */
    uint64_t wake_ms;
    struct evac_run_index index; /* of the runs; the last member */
};

#define EVAC_EVENT_KINDS(X)                                                                        \
    X(TICK)         /* time passed */                                                              \
    X(PROBE)        /* a probe's result */                                                         \
    X(ANCHORS)      /* this controller's own connectivity changed */                               \
    X(VANTAGE)      /* another place that looks has spoken */                                      \
    X(SELF)         /* how this controller feels, once a second */                                 \
    X(REPLY)        /* a CALL effect's answer */                                                   \
    X(COMMITTED)    /* every journal row up to `seq` is durable */                                 \
    X(ADMIT)        /* a compiled plan: START's answer, or a person's wish */                      \
    X(NOT_ADMITTED) /* a START could not be compiled */                                            \
    X(COMMAND)      /* a person's word */                                                          \
    X(LEAD)         /* this controller gained or lost the lead */                                  \
    X(ASSURE)       /* what the lint, or the drills, say of an app */                              \
    X(FREEZE)       /* the calendar freezes an app, or all, or lets go */                          \
    X(DRILL)        /* what the calendar says of a drill: see drill.h */                           \
    X(CLOCK_JUMP)   /* wall and boot clock parted by `number` ms */                                \
    X(STOP)         /* an orderly end: not a crash (R14) */                                        \
    X(NOTE)         /* rows that the engine only keeps: configurations, deficiencies, notices */
#define X(name) EVAC_EVENT_##name,
enum evac_event_kind { EVAC_EVENT_KINDS(X) EVAC_EVENT_KIND_COUNT };
#undef X

struct evac_reply_event {
    uint64_t run;  /* 0: a measurement */
    uint16_t app;  /* measurement: index in the model's apps at the time of the call */
    uint16_t step; /* or resource */
    uint64_t call;
    int64_t marker;
    const struct evac_reply *reply;
};

struct evac_admit_event {
    uint16_t app;
    struct evac_run *run; /* fresh from evac_run_init; the engine's until ENDED */
    struct evac_str plan_json;
    struct evac_str who, why;
    bool proposed;
    bool decided; /* it follows from a decision about this app: nothing is begun if that has changed
                   */
    /* Gates that whoever begins it overrides at once, a bit each, and as whom; see evac_command. */
    uint16_t overrides;
    const struct evac_caller *caller;
};

/* A START effect that could not be followed, with what it said. */
struct evac_not_admitted_event {
    uint16_t app;
    bool proposed, decided;
    struct evac_str why;
};

/* Journalled, and decided about, when it is news; kept through a crash. */
struct evac_assure_event {
    uint16_t app;
    uint16_t region; /* that the app would be moved to, index in the app's */
    enum evac_assurance_kind kind;
    bool known, ok;
    int64_t number;       /* LINT: errors; DRILL: debt */
    struct evac_str text; /* why it is not ok, in words */
};

/* Its lease begins anew. leaves: it gives the lease back. */
struct evac_vantage_event {
    uint16_t vantage; /* 1.. */
    bool abstains, leaves;
};

struct evac_self_event {
    struct evac_self_signs signs;
    enum evac_reach peers, resolver; /* anchors come with ANCHORS */
};

/* A calendar's freeze that holds now; until 0: none does. News when it differs from the last. */
#define EVAC_ALL_APPS UINT16_MAX
struct evac_freeze_event {
    uint16_t app; /* EVAC_ALL_APPS */
    int64_t until_wall_ms;
    struct evac_str owner, reason;
};

/* Something was asked under a key, so that asking again gives the same answer and does nothing
 * twice: journalled in the batch of what it did, unless that was refused. */
struct evac_asked {
    struct evac_str key, who, operation;
    struct evac_str print;  /* a hash of all that was asked */
    uint32_t status;        /* of the answer, if all goes well */
    struct evac_str answer; /* NOTE: all of it, as far as whoever asks knows it before */
};

struct evac_event {
    enum evac_event_kind kind;
    struct evac_now now;
    const struct evac_asked *asked; /* COMMAND, ADMIT, NOTE, DRILL; NULL: under no key */
    union {
        struct {
            uint16_t app; /* index as evac_model_probed() has them: apps, then dependencies */
            struct evac_probe_result result;
        } probe;
        bool abstains; /* ANCHORS: none is reached */
        struct evac_vantage_event vantage;
        struct evac_self_event self;
        struct evac_reply_event reply;
        uint64_t seq;
        struct evac_admit_event admit;
        struct evac_not_admitted_event not_admitted;
        struct evac_command command;
        struct evac_assure_event assure;
        struct evac_freeze_event freeze;
        struct evac_drill_event drill;
        struct {
            bool lead;
            uint64_t epoch;
        } lead;
        int64_t number;
        struct {
            const struct evac_record *rows; /* all or none */
            size_t count;
        } note;
    } u;
};

#define EVAC_NOTES_MAX 128u /* rows of one NOTE */

/* Bytes for the apps of a model and what they watch; zeroed memory of that size goes to init or
 * reconfigure. */
size_t evac_engine_apps_bytes(const struct evac_model *model);

/* model outlives the engine's use of it. inside_region: where this controller stands, "" unknown.
 */
void evac_engine_init(struct evac_engine *engine, const struct evac_model *model,
                      void *apps_memory);

/* What a resource's driver can measure: verbs of struct evac_driver, and OBSERVE when the resource
 * can tell whether a region that was left is still. After init and reconfigure. */
void evac_engine_watch(struct evac_engine *engine, uint16_t app, uint16_t resource, uint32_t verbs);

/* How long a failover of it usually takes: among apps of a tier whoever has the longest way goes
 * first. Until somebody says otherwise; not journalled. */
void evac_engine_expect(struct evac_engine *engine, uint16_t app, uint32_t ms);

/* A reload: keep what still fits, by name; runs go on with their own plans. The old apps memory is
 * the caller's again. */
void evac_engine_reconfigure(struct evac_engine *engine, const struct evac_model *model,
                             void *apps_memory);

/* Recovery: every journal row in order. Of runs that have not ended, the shell gives the ADMIT
 * row's run with replay_admit; everything else goes through replay. Then resume, once, when the
 * lead is held. */
enum evac_code evac_engine_replay_admit(struct evac_engine *engine, struct evac_run *run,
                                        const struct evac_record *record, struct evac_err *err);
enum evac_code evac_engine_replay(struct evac_engine *engine, const struct evac_record *record,
                                  struct evac_err *err);
/* That run's TERMINAL row was replayed, and it had memory: the engine knows it no more. For who
 * follows a journal that another controller goes on writing. */
void evac_engine_replay_end(struct evac_engine *engine, struct evac_run *run);
void evac_engine_resume(struct evac_engine *engine, const struct evac_now *now,
                        struct evac_effects *fx);

/* While another controller leads: what is seen from here (PROBE, ANCHORS, SELF), what the others
 * tell (VANTAGE, PROBE) and that time passes (TICK, a second or so apart) is known, other events
 * are not, and nothing follows from it. scratch: whatever it holds is lost. */
void evac_engine_hear(struct evac_engine *engine, const struct evac_event *event,
                      struct evac_effects *scratch);

/* The door. fx is reset first. */
void evac_engine_step(struct evac_engine *engine, const struct evac_event *event,
                      struct evac_effects *fx);

/* When a TICK is next due, boot ms. */
uint64_t evac_engine_wake_ms(const struct evac_engine *engine);

struct evac_run *evac_engine_run(const struct evac_engine *engine, uint64_t id);
/* index, or app_count */
size_t evac_engine_app(const struct evac_engine *engine, struct evac_str name);

/* Places that look: 0 is this controller, the others stand as in evac.cfg. */
size_t evac_engine_vantage_count(const struct evac_engine *engine);
struct evac_str evac_engine_vantage_name(const struct evac_engine *engine, size_t vantage);
/* index from 1 on, or the count */
size_t evac_engine_vantage(const struct evac_engine *engine, struct evac_str name);

/* The regions that users are led to, a bit each: the active one; of an active-active app all but
 * those that are out. */
uint32_t evac_engine_serving(const struct evac_engine_app *app);

/* DOWN: everywhere it is asked. */
enum evac_probe_state evac_engine_dependency_state(const struct evac_engine_dependency *dependency);
/* What of all that the app needs fails, or may (doubtful: none is known to), in words. */
void evac_engine_say_needs(const struct evac_engine *engine, const struct evac_engine_app *app,
                           const struct evac_now *now, struct evac_text *out, bool *ret_doubtful);
/* Dependencies with an incident, a bit each. */
uint64_t evac_engine_failing(const struct evac_engine *engine);
/* As evac_health_situation() and evac_health_blames(), with what the app needs: a region is blamed
 * only when neither a shared dependency nor doubt of the observer explains its verdict. */
enum evac_situation evac_engine_situation(const struct evac_engine *engine,
                                          const struct evac_engine_app *app);
bool evac_engine_blames(const struct evac_engine *engine, const struct evac_engine_app *app,
                        uint16_t region);

/* How a resource's data gets out of a region. */
struct evac_watch *evac_engine_watch_of(const struct evac_engine_app *app, size_t resource,
                                        uint16_t source);

/* The wall clock by which words of people hold: one that has jumped, and was not told of yet, says
 * nothing about when they end. */
int64_t evac_engine_wall_ms(const struct evac_engine *engine, const struct evac_now *now);

/* What a decision to leave that region is made from. */
struct evac_decision_input evac_engine_view(const struct evac_engine *engine,
                                            const struct evac_engine_app *app, uint16_t looked_at,
                                            const struct evac_now *now);

/* Whether a regional incident goes on in that region of the app's. */
bool evac_engine_is_hit(const struct evac_engine *engine, const struct evac_engine_app *app,
                        uint16_t region);

/* The waiver of a condition that holds now, said or from the file; the freeze that does. until 0:
 * none. */
struct evac_waived evac_engine_waived(const struct evac_engine_app *app,
                                      enum evac_condition condition, int64_t now_wall_ms);
struct evac_frozen evac_engine_frozen(const struct evac_engine *engine,
                                      const struct evac_engine_app *app, int64_t now_wall_ms);

/* Before anybody begins it: what would the gates of a run say to a person? run: laid out by
 * evac_run_init(), in nobody's list. Ask evac_run_gate_shut() then, of its start and its steps. */
void evac_engine_foresee(const struct evac_engine *engine, const struct evac_engine_app *app,
                         const struct evac_now *now, struct evac_run *run);

/* It is going on, paused or not. */
bool evac_incident_is_on(const struct evac_incident *incident);
/* Is the app one of those that a person ordered away from that region of the fleet? The order
 * stands, or is the one that is looked at before it is given. */
bool evac_order_takes(const struct evac_order *order, const struct evac_engine_app *app,
                      size_t region);
/* What keeps an app from leaving a region of its own (its index) by order, as things are: in words,
 * "" nothing. The mode that it would go in, and where to (the region count: nowhere). Of a run that
 * goes on out of there: what that waits for. */
struct evac_evacuee_view {
    enum evac_mode mode;
    uint16_t to;
    char why[240];
};
void evac_engine_evacuee(const struct evac_engine_app *app, uint16_t region,
                         enum evac_order_mode mode, const struct evac_now *now,
                         struct evac_evacuee_view *ret_view);
/* Its proposal waits for somebody's yes. So long after it was asked its time is up (again); whoever
 * is told next when nobody answers, NULL nobody. */
bool evac_incident_asks(const struct evac_incident *incident);
int64_t evac_incident_expiry_ms(const struct evac_engine *engine,
                                const struct evac_incident *incident);
const struct evac_escalation *evac_incident_next(const struct evac_engine *engine,
                                                 const struct evac_incident *incident);

/* Automation began it, and no person said yes. */
bool evac_run_is_automatic(const struct evac_run *run);

/* What an ungraceful move of the app would lose now, in ms, over all its resources;
 * EVAC_LOSS_UNKNOWN when one of them can not tell; -1 when it has no data that is measured. */
int64_t evac_engine_loss(const struct evac_engine_app *app, const struct evac_now *now);
/* Do as many measures of each resource as wanted say so, and agree? */
bool evac_engine_loss_agreed(const struct evac_engine_app *app, const struct evac_now *now);
/* The same of one resource, out of one region (see evac_engine_watch_of). */
int64_t evac_engine_loss_of(const struct evac_engine_app *app, size_t resource, uint16_t source,
                            const struct evac_now *now);
#endif
