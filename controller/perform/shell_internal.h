/* What the shell's files share: shell.c runs the loop of events and effects, shell_call.c calls
 * drivers, shell_plan.c compiles and admits, shell_replay.c recovers. */
#ifndef EVAC_SHELL_INTERNAL_H
#define EVAC_SHELL_INTERNAL_H

#include "book.h"
#include "host_wrap.h"
#include "shell.h"

/* A run's memory: its plan, itself, and how many driver calls still point into it. */
struct shell_run {
    struct shell_run *next;
    struct evac_plan *plan;
    void *memory;
    size_t open_calls;
    bool over; /* for the engine; ended when that is durable */
    bool ended;
    uint64_t last_seq;    /* of the batch that it was over with */
    uint32_t *to_come_ms; /* a forward step each: the longest way from its beginning to the end */
};

/* One open driver call. */
struct shell_call {
    struct shell_call *next, *previous;
    struct evac_shell *shell;
    struct shell_run *run; /* NULL: a measurement */
    const struct evac_driver *driver;
    struct evac_link *link;
    uint64_t id; /* the driver's */
    bool accepted;
    struct evac_reply_event event;
    evac_look_fn *look; /* not NULL: a look, nothing that the engine knows of */
    void *look_user;
    struct evac_arena *arena; /* what the call points at */
};

/* Events that the shell makes for itself wait here, so that the engine is never entered twice. */
#define SHELL_QUEUE_MAX 8192u
struct shell_refusal {
    struct evac_reply_event event;
    char why[200];
    bool apply;
};

/* Where a vantage's agent sits: its lease and what was taken of it. */
struct shell_seat {
    char lease[40]; /* "" nobody's */
    uint64_t seq;   /* newest batch that was taken */
    uint64_t taken; /* newest result of it, where they are numbered */
    uint64_t dropped, stale;
    char refusal[240]; /* the newest batch was refused, "" it was not */
};

struct evac_shell {
    struct evac_shell_options o;
    const struct evac_model *model;
    struct evac_engine engine;
    void *apps_memory;
    struct evac_effects *fx;
    struct evac_book *act, *look;
    struct evac_apps apps;                /* what drivers see of this shell's apps */
    struct evac_host act_host, look_host; /* the options' hosts, with apps */
    struct evac_host_while leading;       /* what stands before the first, of a shared journal */
    struct shell_apart *apart;            /* for runs that must not touch a region; NULL none yet */
    struct shell_run *runs;
    struct shell_call *calls;
    size_t open_calls;
    uint32_t look_count;
    struct shell_seat seats[EVAC_VANTAGES_MAX];
    bool busy, failed, dying;
    bool follows;               /* another controller writes: nothing is decided or begun here */
    uint64_t accepted, durable; /* newest row that the store took, and that it keeps for sure */

    struct shell_refusal *refusals; /* ring */
    size_t refusal_at, refusal_count;
    struct evac_start_effect *starts;
    struct evac_str *start_whys;
    size_t start_count;
    uint64_t *lint_due_ms; /* an app each; 0: at once */
    struct shell_linted {
        int64_t day; /* since 1970; 0 not yet */
        uint32_t serving;
    } * linted;         /* an app each: as it was linted last */
    uint64_t lint_ms;   /* when the next of them is due */
    uint64_t freeze_ms; /* when the calendar of freezes is looked at again */
    struct shell_calendar *calendar;
    struct shell_requests *requests;
    const struct evac_asked *asked; /* of the next question; NULL: no key */
    struct shell_notify *notify;
    uint64_t commit_to_tell; /* newest durable row, if an intent waits for the word; 0 none */
};

struct evac_now shell_now(const struct evac_shell *shell);

/* One engine step and its effects. */
enum evac_code shell_step(struct evac_shell *shell, const struct evac_event *event,
                          struct evac_err *err);
enum evac_code shell_perform(struct evac_shell *shell, struct evac_err *err);

void shell_make_call(struct evac_shell *shell, const struct evac_call_effect *effect);
/* For looks: a call that is the engine's business in nothing. send refuses or done will run; the
 * call is freed in either case. */
struct shell_call *shell_new_look(struct evac_shell *shell, evac_look_fn *done, void *user);
enum evac_code shell_send_look(struct shell_call *call, const struct evac_driver *driver,
                               struct evac_link *link, const struct evac_call *ask,
                               struct evac_err *err);
/* args and a few more, sorted. */
struct evac_args *shell_with_more(struct evac_arena *arena, const struct evac_args *args,
                                  const struct evac_arg *more, size_t more_count);
void shell_cancel_call(struct evac_shell *shell, uint64_t call);
void shell_drop_calls(struct evac_shell *shell);
void shell_release_run(struct evac_shell *shell, struct shell_run *run);
void shell_destroy(struct evac_shell *shell);

/* Memory for a run of this plan; takes the plan. */
struct shell_run *shell_new_run(struct evac_shell *shell, struct evac_plan *plan);
enum evac_code shell_admit(struct evac_shell *shell, const struct evac_wish *wish, uint16_t app,
                           struct evac_plan *plan, struct evac_err *err);
enum evac_code shell_start(struct evac_shell *shell, const struct evac_start_effect *start,
                           struct evac_str why, struct evac_err *err);
enum evac_code shell_replay(struct evac_shell *shell, struct evac_err *err);
enum evac_code shell_resume(struct evac_shell *shell, struct evac_err *err);
/* shell_commit.c: the rows of one step to the store, and what waits until they are durable. */
enum evac_code shell_commit(struct evac_shell *shell, struct evac_err *err);
void shell_end_run(struct evac_shell *shell, const struct evac_run *run);
void shell_listen(struct evac_shell *shell, bool listens);
/* What the shell owes the engine; a step may leave more of it. */
enum evac_code shell_settle_debts(struct evac_shell *shell, struct evac_err *err);
void shell_tell_verbs(struct evac_shell *shell);
/* shell_apart.c: drivers that are cut off from one region, so that a run shows what leans on it.
 * One region at a time: refused (BUSY) while a run has another one cut off. */
enum evac_code shell_isolate(struct evac_shell *shell, struct evac_str region,
                             struct evac_err *err);
/* The book of a run. */
const struct evac_book *shell_book(struct evac_shell *shell, const struct evac_plan *plan);
void shell_apart_free(struct shell_apart *apart);
/* Of the settings, what packs are opened with; in arena. */
struct evac_args shell_pack_settings(struct evac_arena *arena,
                                     const struct evac_controller_conf *conf);
/* shell_assure.c: the lint of what automation would do, told to the engine. */
void shell_assure_all(struct evac_shell *shell); /* anew, for each app of the model */
void shell_assure_soon(struct evac_shell *shell, struct evac_str app);
enum evac_code shell_assure(struct evac_shell *shell, struct evac_err *err);
/* shell_freeze.c: the calendar's freezes, told to the engine as they begin and end. */
enum evac_code shell_freeze(struct evac_shell *shell, struct evac_err *err);
/* shell_keep.c: EVAC_E_BUSY when a drill that goes on needs what the model lacks. */
enum evac_code shell_drills_keep(const struct evac_shell *shell, const struct evac_model *model,
                                 struct evac_err *err);
/* shell_requests.c: what was asked under which key. */
struct shell_requests *shell_requests_new(void);
void shell_requests_free(struct shell_requests *requests);
void shell_requests_see(struct shell_requests *requests, const struct evac_record *record);
/* shell_calendar.c: drills, when they are due. */
struct shell_calendar *shell_calendar_new(const struct evac_zones *zones);
void shell_calendar_free(struct shell_calendar *calendar);
void shell_calendar_load(struct evac_shell *shell); /* anew, from the model */
enum evac_code shell_calendar_tick(struct evac_shell *shell, struct evac_err *err);
uint64_t shell_calendar_wake_ms(const struct evac_shell *shell);
/* shell_past.c: each row, as it is read at the start or has become durable. */
void shell_calendar_see(struct evac_shell *shell, const struct evac_record *record);
void shell_clear_seats(struct evac_shell *shell); /* shell_vantage.c: of those that are silent */
/* shell_notify.c: people told. see: each row, as the calendar's. */
struct shell_notify *shell_notify_new(void);
void shell_notify_free(struct shell_notify *notify);
void shell_notify_load(struct evac_shell *shell); /* anew, from the model */
void shell_notify_see(struct evac_shell *shell, const struct evac_record *record);
void shell_notify_replayed(struct evac_shell *shell);
enum evac_code shell_notify_tick(struct evac_shell *shell, struct evac_err *err);
/* All that was accepted is durable: letters may leave. */
enum evac_code shell_notify_durable(struct evac_shell *shell, struct evac_err *err);
uint64_t shell_notify_wake_ms(const struct evac_shell *shell);
void shell_notify_ground(struct evac_shell *shell); /* what is on its way is cancelled */
/* shell_apps.c */
struct evac_apps shell_apps(struct evac_shell *shell);
#endif
