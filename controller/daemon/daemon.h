/*
 * evacd's shell: one libuv loop that turns the world into events and effects into calls. It owns
 * the model, the store, the host, the engine's shell and the probers, and lends read views to the
 * API.
 */
#ifndef EVAC_DAEMON_H
#define EVAC_DAEMON_H

#include "challenges.h"
#include "conf.h"
#include "history.h"
#include "jobs.h"
#include "passes.h"
#include "shell.h"

#include <uv.h>

/* Descriptors that no client gets: for calls, probes and files; and, of those before them, some
 * that only clients of the unix socket get. */
#define EVAC_FILES_KEPT        16u
#define EVAC_FILES_KEPT_SOCKET 8u

struct evac_daemon;

struct evac_daemon_options {
    const char *conf_dir;
    struct evac_oneself oneself; /* which controller this one is, instead of what evac.cfg says */
    bool observe_only;           /* probes and views, nothing is decided or started (R14) */
    const struct evac_alone *alone; /* a person's own, for a while (borrowed); NULL: the service */
};

/* Loads the configuration, opens the store, replays, begins to probe. Every problem of the
 * configuration goes to standard error. */
enum evac_code evac_daemon_new(uv_loop_t *loop, const struct evac_daemon_options *options,
                               struct evac_daemon **ret_daemon, struct evac_err *err);

/* Stops probing, drops open calls, closes the store, after a lead was given back. The loop must run
 * until nothing is left. */
void evac_daemon_stop(struct evac_daemon *daemon);
void evac_daemon_free(struct evac_daemon *daemon);

/* A bad configuration changes nothing; diag says all that is wrong with it. */
enum evac_code evac_daemon_reload(struct evac_daemon *daemon, struct evac_diag *diag,
                                  struct evac_err *err);

/* The API listens: the service manager is told. */
void evac_daemon_ready(struct evac_daemon *daemon);

/* --- for the API
 * ------------------------------------------------------------------------------------- */

/* NULL while the journal can not be written (see evac_daemon_trouble). */
struct evac_shell *evac_daemon_shell(struct evac_daemon *daemon);
const struct evac_model *evac_daemon_model(const struct evac_daemon *daemon);
const struct evac_catalog *evac_daemon_catalog(const struct evac_daemon *daemon);
struct evac_store *evac_daemon_store(struct evac_daemon *daemon);
/* What takes longer: ended when what it works on, configuration or journal, is replaced. */
struct evac_jobs *evac_daemon_jobs(struct evac_daemon *daemon);
/* For the lint and for simulations; NULL none. */
const struct evac_facts *evac_daemon_facts(const struct evac_daemon *daemon);
/* How long things took, kept up with the journal. */
/* What it has learned of the services' limits; NULL: they are not heeded. */
struct evac_pace;
const struct evac_pace *evac_daemon_pace(const struct evac_daemon *daemon);
const struct evac_history *evac_daemon_history(const struct evac_daemon *daemon);
/* The newest answers of each probe since the configuration was loaded; NULL while nothing probes.
 */
struct evac_probe_past;
const struct evac_probe_past *evac_daemon_probe_past(const struct evac_daemon *daemon);
const char *evac_daemon_socket(const struct evac_daemon *daemon);
/* What is wrong with the controller itself, "" if nothing. */
const char *evac_daemon_trouble(const struct evac_daemon *daemon);
struct evac_daemon_state {
    bool alive;      /* the loop turns: its second was not long ago */
    bool journal;    /* it can be written */
    bool configured; /* a configuration is loaded */
    bool probing;
    bool lead;     /* this controller decides and begins */
    bool observes; /* it was told to observe only */
};
struct evac_daemon_state evac_daemon_state(const struct evac_daemon *daemon);
/* May it be relied on? A follower may: it takes over. */
bool evac_daemon_is_ready(const struct evac_daemon_state *state);
const char *evac_daemon_role(const struct evac_daemon_state *state); /* "lead", "follower", ... */
uint64_t evac_daemon_now_ms(const struct evac_daemon *daemon);
int64_t evac_daemon_wall_ms(const struct evac_daemon *daemon);
uint64_t evac_daemon_started_ms(const struct evac_daemon *daemon);
/* Next time a drill of the app begins, wall ms; 0 never. */
int64_t evac_daemon_next_drill(const struct evac_daemon *daemon, size_t app,
                               enum evac_drill_kind *ret_kind);

/* Of controllers that share a journal: who leads, as this one knows. Texts live until the loop
 * turns. */
struct evac_daemon_leader {
    bool shared; /* false: this controller has its journal for itself, and the rest is nothing */
    const char *role;
    const char *node, *address; /* "" unknown */
    uint64_t epoch;
    uint64_t round_trip_ms;
    uint64_t heard_ms; /* of etcd, boot clock; 0 never */
};
struct evac_daemon_leader evac_daemon_leader(const struct evac_daemon *daemon);
/* "watched": [...]: while nobody leads, what runs were at, as it is seen now. */
struct evac_jw;
void evac_daemon_watched(const struct evac_daemon *daemon, struct evac_jw *w);

/* What was asked until now, for who must know whether it is durable. */
struct evac_ticket {
    uint64_t seq; /* 0: there is nothing to wait for */
    unsigned life;
};
enum evac_settled {
    EVAC_SETTLED_NOT_YET,
    EVAC_SETTLED_DURABLE,
    EVAC_SETTLED_LOST, /* it may be kept, or not */
};
struct evac_ticket evac_daemon_ticket(const struct evac_daemon *daemon);
enum evac_settled evac_daemon_settled(const struct evac_daemon *daemon,
                                      const struct evac_ticket *ticket);

/* All metrics as text (metrics.h). callers: NULL not known. */
struct evac_metrics_callers;
void evac_daemon_metrics(struct evac_daemon *daemon, bool open_metrics,
                         const struct evac_metrics_callers *callers, struct evac_buf *out);

/* Rows that were accepted are durable when it returns, where that takes no other machine. */
void evac_daemon_commit(struct evac_daemon *daemon);
/* Rows that the engine only keeps: deficiencies, evidence. All or none. */
enum evac_code evac_daemon_note(struct evac_daemon *daemon, const struct evac_record *rows,
                                size_t count, struct evac_err *err);
/* The journal in that file, which nobody holds, is merged into this one (merge.h), and all is
 * replayed from it. words: what was done. An error that says EVAC_E_REFUSED has changed nothing. */
enum evac_code evac_daemon_merge(struct evac_daemon *daemon, const char *path, struct evac_str who,
                                 struct evac_buf *words, struct evac_err *err);
/* What signs evidence, NULL nothing; and what keeps it, NULL while the journal can not be written.
 */
struct evac_key;
struct evac_keeper;
const struct evac_key *evac_daemon_key(const struct evac_daemon *daemon);
struct evac_keeper *evac_daemon_keeper(struct evac_daemon *daemon);

/* Tokens and sessions, as the journal has them; in memory while it can not be written. */
struct evac_passes *evac_daemon_passes(struct evac_daemon *daemon);
/* Those of a yes by phone. */
const struct evac_challenges *evac_daemon_challenges(const struct evac_daemon *daemon);
/* The world, for what is neither a driver's nor a probe's: it may change nothing. */
const struct evac_host *evac_daemon_host(const struct evac_daemon *daemon);

/* Each durable row, as it is written. One listener: the API's event stream. */
typedef void evac_daemon_row_fn(void *user, const struct evac_record *record);
void evac_daemon_listen(struct evac_daemon *daemon, evac_daemon_row_fn *fn, void *user);
#endif
