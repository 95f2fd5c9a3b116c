/*
 * The whole product in one process and in virtual time: the real configuration, plan compiler,
 * engine, shell, drivers, AWS client and sandbox model, over a memory store. Only the loop, the
 * sockets and the clock are this file's. Everything follows from one seed.
 *
 * A world of faults is drawn per request: refused, lost before the effect, lost after it, late (the
 * client gave up, and then it lands: a zombie). Controllers crash between any two events; what they
 * had sent lands all the same.
 */
#ifndef EVAC_WORLD_H
#define EVAC_WORLD_H

#include "conf.h"
#include "fate.h"
#include "sandbox.h"
#include "shell.h"

struct world;
struct world_share;

#define WORLD_VCPUS_NEEDED 64 /* by the app of options.rounds, where it moves to */

#define WORLD_MORE_MAX 25u /* files of a letter each */

struct world_options {
    uint64_t seed;
    double speed;          /* of the sandbox's services; 1 is real */
    const char *app_file;  /* below contrib/demo; NULL: apps/shop.cfg. What control makes for it
                              stands  beside it, as .world */
    const char *app_extra; /* replaces in the demo's shop.cfg: "old=>new\n..." ; NULL none */
    const char *more[WORLD_MORE_MAX]; /* further configuration files' texts: an app, a runbook; the
                                         first NULL ends them */
    const char *vantages; /* of evac.cfg, "{ name = \"eu\"; }, ..."; NULL: the controller looks
                             alone. Their agents are part of the world: each asks as it sees the
                             sandbox, and reports once a second, in batches */
    const char *notify; /* of evac.cfg, what stands in notify = { }; NULL: nobody is told. What goes
                           to https://pager.example.com/ arrives at world_letters() */
    struct world_faults faults;
    uint32_t commit_ms; /* until rows are durable, as with a journal on a network; 0 what
                           EVAC_COMMIT_MS of the environment says, or at once */
    unsigned
        controllers; /* 2 or 3 share a journal on etcd (world_many.h); otherwise there is one */
    const struct world_share *share; /* of that journal; NULL: see there */
    bool followed; /* a second controller follows the journal: world_take_over() */
    /* What becomes of a request follows from the seed, what it asks and how many of these there
     * were, not from what was drawn before: taking a fault away leaves the others as they are. */
    bool apart;
    const struct fate *fates; /* of certain requests, whatever the rates say; apart */
    size_t fate_count;
    void (*fated)(void *user, const struct fate *fate); /* told of each that does not just pass */
    void *user;
    unsigned limits_share; /* hundredths of what services take that a controller asks, as
                              limits.share says; 0: all pass */
    bool judged;           /* what is begun by itself is held against what is so (S5, S8) */
    bool rounds;           /* standbys are looked at now and then, as the daemon does it (S3) */
    bool disk_fails;       /* a journal that fails is no defect: it is opened anew after a crash */
    const struct evac_zones *zones; /* of the calendar; NULL: the machine's */
    bool verbose;                   /* print the trace as it grows */
};

struct world *world_new(const struct world_options *options);
void world_free(struct world *w);

/* Let virtual time pass. world_until: to an instant, counted from the beginning. */
void world_run(struct world *w, uint64_t ms);
void world_until(struct world *w, uint64_t at_ms);
/* Until the app's run ends, or ms passed: true when it ended. */
bool world_run_to_end(struct world *w, uint64_t ms);
uint64_t world_now(const struct world *w);
/* What the clocks of the (first) controller's machine show, ms. */
int64_t world_wall(struct world *w);
uint64_t world_boot(struct world *w);

/* The sandbox's control verbs; aborts on one that it refuses. */
void world_control(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void world_set_faults(struct world *w, const struct world_faults *faults);

/* What a place sees and says: 0 is the controller, the others stand as in options.vantages. blind:
 * probes of that region fail from there, "" of every region, NULL it sees again. */
void world_blind(struct world *w, size_t vantage, const char *region);
void world_silence(struct world *w, size_t vantage, bool silent); /* 1..: its agent is gone */
void world_abstain(struct world *w, size_t vantage,
                   bool cut_off); /* it reaches no anchor, and says so */

/* Stand in for people. */
enum evac_code world_begin(struct world *w, enum evac_workflow workflow, enum evac_mode mode);
enum evac_code world_begin_app(struct world *w, const char *app, enum evac_workflow workflow,
                               enum evac_mode mode);
enum evac_code world_rehearse(struct world *w);
/* What the next runs must not touch, "" nothing. */
void world_isolate(struct world *w, const char *region);
enum evac_code world_say(struct world *w, enum evac_command_verb verb, const char *step,
                         const char *reason, int64_t value);

/* The same of somebody whom the roles of the configuration know; about the newest run unless the
 * word says otherwise. The answer's sentence is in world_said(). */
enum evac_code world_hear(struct world *w, const struct evac_command *word);
enum evac_code world_begin_as(struct world *w, const struct evac_caller *caller,
                              enum evac_mode mode, const char *reason, uint16_t overrides);
const char *world_said(const struct world *w);

/* What people were told, in the order in which it arrived. */
struct world_letter {
    char id[32], key[208], state[16]; /* of the message */
    bool maybe;                       /* it says that it may be a repeat */
};
size_t world_letters(const struct world *w, const struct world_letter **ret_letters);

/* As kill -9, and a start some time later. */
void world_crash(struct world *w, uint64_t down_ms);
/* The same at an effect's edge: the n-th commit of the journal from now fails, or its rows are
 * durable and nothing of what follows from them happens; or right after the n-th request from now
 * was sent. */
void world_crash_at_commit(struct world *w, uint32_t n, bool kept, uint64_t down_ms);
void world_crash_at_request(struct world *w, uint32_t n, uint64_t down_ms);
/* The journal takes nothing for so long; the controller is started over and over. */
void world_disk_full(struct world *w, uint64_t ms);

/* As SIGSTOP and, later, SIGCONT: replies, timers and looks wait, the world goes on. */
void world_pause(struct world *w, uint64_t ms);
/* The controller's wall clock jumps; its boot clock goes so many millionths as fast as the
 * world's. */
void world_clock_jump(struct world *w, int64_t ms);
void world_clock_rate(struct world *w, uint32_t millionths);

/* Requests that were sent before an instant, and could still land. */
bool world_has_zombies(const struct world *w, uint64_t before_ms);

/* The controller dies, and after a while the one that followed leads; another one follows it. Only
 * where it is followed, and rows are durable at once. */
void world_take_over(struct world *w, uint64_t after_ms);
/* The one that follows; NULL nobody does. */
struct evac_shell *world_follower(struct world *w);

/* Another configuration: loaded anew, or, while it is down, what it will start with. Its probes
 * must be the same ones. The answer's sentence is in world_said(). */
enum evac_code world_reload(struct world *w, const char *app_extra);

struct evac_shell *world_shell(struct world *w); /* NULL while it is down */
struct evac_store *world_store(struct world *w);
struct evac_sandbox *world_sandbox(struct world *w);
const struct evac_engine_app *world_app(struct world *w);
/* State of the newest run: its own if it goes on, else as the journal says. */
enum evac_run_state world_run_state(struct world *w);
uint64_t world_last_run(struct world *w);
/* The newest run is a rehearsal or a drill: it is not to move anything for good. */
bool world_run_drills(const struct world *w);
const char *world_run_from(const struct world *w); /* the newest run's regions, "" none */
bool world_run_goes_back(const struct world *w);
const char *world_run_to(const struct world *w);
bool world_hindered(const struct world *w);       /* it is stopped, or its disk is full */
uint64_t world_started_ms(const struct world *w); /* its last start */
bool world_overridden(const struct world *w);     /* somebody opened a gate of the newest run */

/* One text of everything journalled, a line a row: "  12.340 step fence observing -> intending on
 * saw-unsatisfied". */
const char *world_trace(const struct world *w);
bool world_traced(const struct world *w, const char *part);

/* The sandbox's truth at this instant, a C string that lives until the next call. */
const char *world_truth(struct world *w);
/* "writers" of the truth: how many regions accept writes now; the first one's name. */
unsigned world_writers(struct world *w, char *ret_name, size_t bytes);

/* The first invariant that broke, "" if none. Checked after every effect. */
const char *world_broken(const struct world *w);
/* Before the newest run another one was stopped where it stood. */
bool world_stood(const struct world *w);
const struct evac_engine *world_engine(const struct world *w); /* NULL: it is dead */
uint64_t world_events(const struct world *w);
uint64_t world_requests(const struct world *w);
#endif
