/*
 * The shell around the engine: it commits the journal, calls drivers, and feeds what comes back to
 * the engine. The same code runs in evacd (real host, SQLite) and in virtual time (simulated host,
 * memory store). It has no loop and no clock of its own.
 */
#ifndef EVAC_SHELL_H
#define EVAC_SHELL_H

#include "engine.h"
#include "facts.h"
#include "store.h"

struct evac_lints;
struct evac_shell;
struct evac_voice;
struct evac_batch_heard;
struct evac_host_paced;

struct evac_shell_options {
    const struct evac_host *host; /* for drivers of real runs, and for time and randomness */
    const struct evac_host
        *look_host;                /* for rehearsals: the same, without any mutating transport */
    struct evac_host_paced *paced; /* is told whose calls go first; NULL: nobody is */
    const struct evac_catalog *catalog;
    const struct evac_facts *facts; /* for the lint of armed plans; NULL: none */
    struct evac_lints *lints; /* what it said before (lints.h); NULL: nothing is remembered. Its
                                 owner lets it forget when facts or catalog change */
    const struct evac_zones *zones; /* for the calendar of drills; NULL: the machine's */
    struct evac_store
        *store;   /* open, with the lead unless it follows; closed by the caller after the shell is
                     freed. Appends may take time (store.h): then what a question's answer says is
                     done when evac_shell_durable() has reached evac_shell_accepted() */
    bool follows; /* another controller writes that journal: until evac_shell_lead nothing is
                     decided, begun or written here, and every question is refused */

    /* Called back, all optional. */
    void *user;
    /* Answers calls instead of the drivers, whose call is then never made and whose links may be
     * NULL: for simulations in which services are models. effect says whose step or resource it is;
     * otherwise the contract is evac_driver.call's, but for cancelling, which it does not have. */
    enum evac_code (*answer)(void *user, const struct evac_call_effect *effect,
                             const struct evac_driver *driver, const struct evac_call *call,
                             evac_done_fn *done, void *done_user, struct evac_err *err);
    void (*replayed)(void *user, const struct evac_record *record); /* each row, at the start */
    void (*row)(void *user, const struct evac_record *record);      /* after it is durable */
    void (*notice)(void *user, const struct evac_notice_effect *notice);
    void (*ended)(void *user, const struct evac_run *run); /* its last row is durable */
    void (*committing)(void *user); /* rows are about to be made durable; committed ends it */
    void (*committed)(void *user, uint64_t seq); /* before any effect: failpoints */
};

/* Opens the driver packs with the model's settings, replays the journal and takes its runs up
 * again. The model is borrowed until evac_shell_free or a reload that replaces it. */
enum evac_code evac_shell_new(const struct evac_shell_options *options,
                              const struct evac_model *model, struct evac_shell **ret_shell,
                              struct evac_err *err);

/* Open driver calls are cancelled; their answers, should they still come, are dropped. */
void evac_shell_free(struct evac_shell *shell);

/* Of a shell that follows: a row that the other controller added, the next of the journal, is in
 * the store. After an error the shell must be made anew. */
enum evac_code evac_shell_follow(struct evac_shell *shell, const struct evac_record *row,
                                 struct evac_err *err);
/* The lead is this controller's now, and all rows are replayed: runs are taken up by looking, as
 * after a crash. */
enum evac_code evac_shell_lead(struct evac_shell *shell, struct evac_err *err);
bool evac_shell_follows(const struct evac_shell *shell);
/* Of a shell that follows: whether anybody leads. Then its decisions, which are only shown, are
 * what the leader decides by the same health; else all of them wait for a lead. */
void evac_shell_led(struct evac_shell *shell, bool led);

/* Row numbers: the newest that the store accepted, and the newest that is durable. */
uint64_t evac_shell_accepted(const struct evac_shell *shell);
uint64_t evac_shell_durable(const struct evac_shell *shell);

/* An orderly end is in the journal, so that it does not count as a crash. Before evac_shell_free.
 */
void evac_shell_stop(struct evac_shell *shell);

/* One event through the engine, and all that follows from it. now is filled in by the shell.
 * EVAC_E_STORE: the journal could not be written; the shell does nothing any more and must be freed
 * and made anew from the store. For a COMMAND the engine's answer is returned, with its sentence in
 * err. */
enum evac_code evac_shell_event(struct evac_shell *shell, struct evac_event *event,
                                struct evac_err *err);

/* When evac_shell_tick is next due, on the host's boot clock. One that follows is never due by
 * itself: who shows it ticks it, a second or so apart, so that what it shows grows old. */
uint64_t evac_shell_wake_ms(const struct evac_shell *shell);
enum evac_code evac_shell_tick(struct evac_shell *shell, struct evac_err *err);

/* What a person asks to be run. */
struct evac_wish {
    struct evac_str app;
    enum evac_workflow workflow;
    enum evac_drill_kind drill;
    enum evac_mode mode;
    struct evac_str
        from; /* "": the active region; of an active-active app one that is down, if any */
    struct evac_str to; /* "": the first standby; for a failback the preferred region, or the one
                           that is out */
    bool rehearse;
    struct evac_str isolate;  /* drills and rehearsals: a region that no call may touch, "" none */
    bool proposed;            /* wait for a person's yes */
    bool decided;             /* see evac_start_effect */
    enum evac_plan_part part; /* of a drill; its things, borrowed */
    const struct evac_str *things;
    size_t thing_count;
    bool unnamed; /* the plan is only looked at: it needs no hash */
    struct evac_str who, why;
    uint16_t
        overrides; /* gates of the start that whoever asks overrides, a bit each; why says why */
    const struct evac_caller *caller; /* NULL: the controller itself */
};

/* Compile a plan as it would run now; *ret_plan is the caller's. diag gets every error. */
enum evac_code evac_shell_plan(const struct evac_shell *shell, const struct evac_wish *wish,
                               struct evac_diag *diag, struct evac_plan **ret_plan,
                               struct evac_err *err);
/* Compile and begin. */
enum evac_code evac_shell_begin(struct evac_shell *shell, const struct evac_wish *wish,
                                uint64_t *ret_run, struct evac_err *err);

/* What a failover of an app (its index) takes by this account's history; else it is what is usual.
 */
void evac_shell_expect(struct evac_shell *shell, size_t app, uint64_t ms);

/* Facts for the next lints, NULL none; the old ones are the caller's again. Before a reload. */
void evac_shell_set_facts(struct evac_shell *shell, const struct evac_facts *facts);

/* A new model for the next decisions and plans; runs go on with their own plans. The old one is the
 * caller's again. EVAC_E_BUSY, and nothing changes, when it lacks something that a drill which goes
 * on will still need: its app, its regions, itself, its faults as they were put in. */
enum evac_code evac_shell_reload(struct evac_shell *shell, const struct evac_model *model,
                                 struct evac_err *err);

/* What a vantage's agent reports, or another controller (batch.h). voice: this controller's own,
 * which tells how old a controller's text is; NULL for an agent's, which is handed over when it is
 * written. NOTFOUND there is no such vantage; PARSE, BADARG,
 * TOOBIG it is no batch; STALE it is a copy, was overtaken, or looks by another configuration; BUSY
 * another agent has the lease. The sentence is in err, and in the view until one is taken. */
enum evac_code evac_shell_vantage(struct evac_shell *shell, struct evac_str name,
                                  struct evac_str batch, const struct evac_voice *voice,
                                  struct evac_err *err);
/* The newest text of each other controller that was read: at most EVAC_BATCH_HEARD_MAX, and how
 * many. Leases are the shell's, until the next is read. */
size_t evac_shell_heard(const struct evac_shell *shell, struct evac_batch_heard *ret);
struct evac_vantage_view {
    uint64_t dropped;    /* results that the agent could not deliver */
    uint64_t stale;      /* results that came too late, or belong nowhere */
    const char *refusal; /* why its newest batch was refused, "" it was taken */
};
struct evac_vantage_view evac_shell_vantage_view(const struct evac_shell *shell, size_t vantage);

/* --- what was asked under a key ----------------------------------------------------------------
 */

/* asked is the key of the next question that is not refused (COMMAND, ADMIT, NOTE, DRILL): both are
 * durable, or neither. Borrowed until then, or until NULL takes it back. */
void evac_shell_ask(struct evac_shell *shell, const struct evac_asked *asked);
/* What was asked under that key within a day, and what it came to: a record of kind REQUEST, the
 * shell's until its next event. NULL: nothing. Of older ones than the newest
 * EVAC_REQUESTS_MAX nothing is known. */
#define EVAC_REQUESTS_MAX 4096u
const struct evac_record *evac_shell_asked(const struct evac_shell *shell, struct evac_str who,
                                           struct evac_str key);
/* One that is known to this process only: what it did ends with it. t_wall_ms 0: now. */
void evac_shell_remember(struct evac_shell *shell, const struct evac_record *request);

/* A look at a resource in one region, outside of any run, through drivers that can change nothing:
 * an OBSERVE, or a MEASURE of how far it is behind the region that users are led to (which is
 * EVAC_E_REFUSED for that region itself). It either refuses, or done runs exactly once, later;
 * reply NULL: the shell is going, nothing was learned. what lives as long as the model. */
struct evac_look {
    uint16_t app, region; /* indices in the model */
    const struct evac_probe_look *what;
    uint32_t within_ms;
};
typedef void evac_look_fn(void *user, const struct evac_reply *reply);
enum evac_code evac_shell_look(struct evac_shell *shell, const struct evac_look *look,
                               evac_look_fn *done, void *user, struct evac_err *err);

/* The same for what a step of a run that goes on would look at, as it is now: for who follows, and
 * can ask nobody how the run goes. NOTFOUND: there is no such step, or its driver can not look. */
enum evac_code evac_shell_observe(struct evac_shell *shell, struct evac_run *run, uint16_t step,
                                  uint32_t within_ms, evac_look_fn *done, void *user,
                                  struct evac_err *err);

/* Why nothing was asked, in words that live as long as the program. */
const char *evac_look_refused(enum evac_code code);

/* Sends numbers to a cloud's own metrics, through the first pack that can. As evac_shell_look();
 * the reply is an APPLY's. */
enum evac_code evac_shell_publish(struct evac_shell *shell,
                                  const struct evac_publication *publication, evac_look_fn *done,
                                  void *user, struct evac_err *err);

/* A look's reply as a probe's result. What is moving is neither good nor bad, as what was not seen.
 */
enum evac_looked { EVAC_LOOKED_GOOD, EVAC_LOOKED_BAD, EVAC_LOOKED_NOTHING };
enum evac_looked evac_looked(const struct evac_probe_look *what, const struct evac_reply *reply,
                             char *reason, size_t reason_bytes);

/* A marked message to a channel, "" to all. *ret_after: the letters' rows follow this one.
 * NOTFOUND: there is no such channel. */
enum evac_code evac_shell_notify_test(struct evac_shell *shell, struct evac_str channel,
                                      struct evac_str who, uint64_t *ret_after,
                                      struct evac_err *err);
/* {"channels":[...],"letters":[...]} */
struct evac_jw;
void evac_shell_notify_to_json(const struct evac_shell *shell, struct evac_jw *w);
/* What it said last while a channel fails; NULL: it does not. */
const char *evac_shell_channel_fails(const struct evac_shell *shell, struct evac_str channel);

const struct evac_engine *evac_shell_engine(const struct evac_shell *shell);
/* What is on its way to people; NULL nothing can be. */
struct evac_outbox;
struct evac_outbox *evac_shell_outbox(const struct evac_shell *shell);
bool evac_shell_failed(const struct evac_shell *shell);

/* Open driver calls, for status and for tests that wait until all is quiet. */
size_t evac_shell_open_calls(const struct evac_shell *shell);

/* The attempt's token: base32 (RFC 4648, lower case) of SHA-256 over run, step, attempt and epoch,
 * 25 characters. For a token-class step attempt and epoch are left out: same step, same token, same
 * effect. */
void evac_attempt_token(uint64_t run, struct evac_str step, uint32_t attempt, uint64_t epoch,
                        char ret_token[26]);
#endif
