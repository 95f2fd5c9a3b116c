/* What the daemon's files share: daemon.c lives and dies, daemon_probe.c feeds health,
 * daemon_self.c feels, daemon_look.c looks at standbys now and then. */
#ifndef EVAC_DAEMON_INTERNAL_H
#define EVAC_DAEMON_INTERNAL_H

#include "daemon.h"
#include "group.h"
#include "history.h"
#include "host_dns.h"
#include "host_paced.h"
#include "host_uv.h"
#include "host_wrap.h"
#include "keeper.h"
#include "metrics.h"
#include "probe_past.h"
#include "probes.h"
#include "rounds.h"
#include "supervisor.h"
#include "tracer.h"

/* What may be wrong with this controller at one time, the more urgent first. */
enum daemon_trouble { DAEMON_TROUBLE_JOURNAL, DAEMON_TROUBLE_SHORTAGE, DAEMON_TROUBLES };

enum daemon_shortage { DAEMON_SHORT_NOTHING, DAEMON_SHORT_DISK, DAEMON_SHORT_FILES };

/* What this controller measures of itself. */
struct daemon_self {
    uint64_t turned_ns, idle_ns; /* the loop's last turn; how long it had slept until then */
    uint64_t longest_ms;         /* turn, since it was felt last */
    uint64_t felt_ms, jumped_ms; /* 0 never */
    uint32_t files, files_max;
    uint64_t files_due_ms, ask_due_ms;
    char name[256]; /* that the resolver is asked for, "" none */
    bool asking;
    unsigned silent;               /* questions in a row without an answer */
    enum daemon_shortage shortage; /* said as trouble */
    uint64_t reserve_due_ms;
    enum evac_reach resolver;
};

#define SECOND_MS 1000u /* how often this controller feels */

/* The newest reload, and the newest that succeeded; the first load is one. */
struct daemon_reloads {
    bool ok;
    int64_t good_wall_ms;
    uint64_t refused;
};

/* Metrics on their way to a cloud's own. */
struct daemon_publish {
    bool busy, failing, told_left_out;
    uint64_t due_ms;
    char region[64], refused_by[64]; /* it goes there; the last one did not take it, "" it did */
};

struct evac_daemon {
    uv_loop_t *loop;
    struct evac_daemon_options o;
    char *conf_dir;
    struct evac_model *model;
    struct evac_model *old_model; /* replaced; kept until nothing points at it */
    struct evac_host host;
    struct evac_host_tally *tally; /* counts what drivers call */
    struct evac_pace *pace;        /* how many calls services take; NULL: nobody counts */
    struct evac_host_paced *paced; /* the host that asks no faster; before tally */
    struct evac_host look;         /* without any mutating transport */
    struct evac_store *store;
    struct evac_group *group;    /* what store is; NULL: it commits by itself */
    struct evac_store *replica;  /* of a journal that is shared; else NULL */
    struct daemon_watch *watch;  /* of runs that nobody leads; NULL none */
    struct daemon_share *shared; /* NULL: the journal is this controller's alone */
    struct evac_shell *shell;
    unsigned life;     /* how often what was accepted may have been lost */
    uint64_t wait_seq; /* rows up to this one are on their way, and no shell before; 0 none */
    uint64_t wait_until_ms;
    char dropping[200]; /* the shell goes before the loop sleeps, for this reason; "" it stays */
    bool stopping;
    uv_timer_t end;               /* the last part of a stop, outside of anybody's call */
    struct evac_history *history; /* of the journal that is open */
    struct evac_jobs *jobs;
    struct evac_passes *passes;
    struct evac_challenges *challenges;
    struct evac_probes *probes;
    struct evac_probe_past *probe_past;
    uint64_t asked_ms;     /* the present probes are asked since */
    uint64_t probes_begun; /* a reload begins them anew: an answer for the old ones is nobody's */
    const struct evac_facts *facts; /* for the lint; NULL none */
    struct evac_arena *facts_arena;
    struct evac_lints *lints;  /* of these facts */
    uv_timer_t wake;           /* the engine's next tick */
    uv_timer_t second;         /* looks, anchors, clock, trouble */
    uv_timer_t linger;         /* rows that nothing waits for are written */
    uv_prepare_t before_sleep; /* drivers' answers move the engine's next tick */
    bool timers_open;
    char troubles[DAEMON_TROUBLES][800]; /* each "" or a sentence */
    char trouble[1640];                  /* all of them, for people */
    struct evac_supervisor supervisor;
    uint64_t started_ms, reopen_ms;
    int64_t clock_gap_ms; /* wall minus boot, as last seen */

    struct evac_rounds rounds; /* the standbys that are looked at */

    struct evac_key *key; /* signs evidence; NULL none */
    struct evac_keeper *keeper;
    struct evac_meters *meters;
    struct evac_results *results;
    struct evac_tracer *tracer;
    struct daemon_publish publish;
    uint64_t commit_ns; /* rows have been on their way since */
    struct daemon_reloads reloads;
    bool config_noted; /* the configuration in force is in the journal */

    bool abstains;
    struct daemon_self self;

    evac_daemon_row_fn *listener;
    void *listener_user;
    struct daemon_cry *cries; /* what the journal can not keep; NULL nothing yet */
    char boot_id[40];
    uint64_t kill_at; /* failpoint: die when this row is durable; 0 never */
    bool kill_group;  /* ... with all that is committed with it */
};

const struct evac_host *daemon_host(const struct evac_daemon *daemon);
/* Hand an event to the engine and set the next wake-up. */
void daemon_event(struct evac_daemon *daemon, struct evac_event *event);
void daemon_rearm(struct evac_daemon *daemon);
/* "": it is over. What is new is told to people (daemon_cry). */
void daemon_set_trouble(struct evac_daemon *daemon, enum daemon_trouble which, const char *text);

/* daemon_commit.c: the store that the shell works with, over the one that was opened. */
struct evac_store *daemon_group(struct evac_daemon *daemon, struct evac_store *store);
/* The one that was opened, for what only its kind can be asked. */
struct evac_store *daemon_disk(const struct evac_daemon *daemon);
void daemon_commit_turn(struct evac_daemon *daemon); /* the loop is about to sleep */
void daemon_commit_open(struct evac_daemon *daemon); /* its timer */
void daemon_commit_close(struct evac_daemon *daemon);

void daemon_confine(struct evac_daemon *daemon); /* the host is open, or a model is loaded */
enum evac_code daemon_probe_all(struct evac_daemon *daemon, struct evac_err *err);
void daemon_probe_stop(struct evac_daemon *daemon);

void daemon_self_turn(struct evac_daemon *daemon);       /* the loop is about to sleep */
void daemon_self_feel(struct evac_daemon *daemon);       /* once a second */
void daemon_feel_shortage(struct evac_daemon *daemon);   /* once a second */
void daemon_self_jumped(struct evac_daemon *daemon);     /* the clock did */
void daemon_self_configured(struct evac_daemon *daemon); /* a model is loaded */
/* daemon_evidence.c: with the shell; a second or so apart; before the store is closed. */
void daemon_open_evidence(struct evac_daemon *daemon);
void daemon_keep_evidence(struct evac_daemon *daemon);
void daemon_close_evidence(struct evac_daemon *daemon);
void daemon_write_report(struct evac_daemon *daemon, uint64_t run);

/* The shell is made anew, at once or when the store can be opened again. */
void daemon_drop_shell(struct evac_daemon *daemon, const char *why);
/* It leads from now on: with the store's lead, or because another controller's came here. */
void daemon_shell_leads(struct evac_daemon *daemon);

/* Rows that no event of the engine's made: written while no shell works, then all is replayed. */
enum evac_code daemon_append_apart(struct evac_daemon *daemon, const struct evac_record *rows,
                                   size_t count, struct evac_err *err);

/* daemon_pace.c */
void daemon_pace_open(struct evac_daemon *daemon); /* the meter is open */
/* A model and facts that come into force; before the old ones are freed. */
void daemon_pace_reloaded(struct evac_daemon *daemon, const struct evac_model *model,
                          const struct evac_facts *facts);
/* A service said of a call that it was one too many. */
void daemon_pace_refused(struct evac_daemon *daemon, struct evac_str operation,
                         struct evac_str region);
void daemon_pace_close(struct evac_daemon *daemon); /* the host is closed */

/* daemon_meter.c */
void daemon_meter_open(struct evac_daemon *daemon); /* the host is open */
void daemon_meter_reloaded(struct evac_daemon *daemon, const struct evac_model *model);
void daemon_meter_second(struct evac_daemon *daemon);
struct evac_metrics_source daemon_metrics_source(const struct evac_daemon *daemon);
void daemon_publish_second(struct evac_daemon *daemon); /* daemon_publish.c */
void daemon_meter_close(struct evac_daemon *daemon);    /* the host is closed */

void daemon_tell(struct evac_daemon *daemon); /* about every second */
void daemon_tell_reloading(struct evac_daemon *daemon);

void daemon_begin_looks(struct evac_daemon *daemon);

/* daemon_cry.c: told without the journal; text "": what was told is over. Now and then, again. */
void daemon_cry(struct evac_daemon *daemon, const char *what, const char *text);
void daemon_cry_again(struct evac_daemon *daemon);
#endif
