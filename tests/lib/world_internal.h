/* What the world's files have in common: its struct, its controllers, and who may say that
 * something broke. */
#ifndef EVAC_WORLD_INTERNAL_H
#define EVAC_WORLD_INTERNAL_H

#include "batch.h"
#include "rounds.h"
#include "tell.h"
#include "virtual.h"
#include "voice.h"
#include "world.h"

#define BOOT_MS    1000000u
#define WALL_MS    1790000000000 /* 2026-09-21 */
#define PORT       "8080"
#define KEY_ID     "AKIAEVACSANDBOX00001"
#define SECRET     "evacsandboxsecret/evacsandboxsecret0000"
#define PAGER      "https://pager.example.com/"
#define RESTART_MS 2000u /* as a supervisor starts what does not stay up */

/* A place that looks, and what its agent has not told yet. */
#define SEEN_MAX 64u
struct place {
    const char *blind; /* a region, "" all, NULL it sees */
    bool silent, abstains;
    uint64_t seq;
    struct evac_batch_result seen[SEEN_MAX];
    uint64_t asked_ms[SEEN_MAX];
    size_t count;
};

struct evac_share;
struct pacing;
struct many;
struct seat_timer;

/* Of a limit in a region: calls that may still leave. */
#define TOKENS_MAX 64u
struct tokens {
    unsigned row;
    char region[20]; /* "" everywhere */
    double holds;
    uint64_t at_ms;
};

#define SEATS_MAX     3u
#define SERVICE_BYTES 24u

/* A controller's process and machine: its clock shows own_0_ms when the world's shows world_0_ms.
 */
struct seat {
    struct world *w;
    unsigned number;
    struct evac_host host; /* its ctx is the seat; a process asks by its pacing */
    struct pacing *pacing; /* of its present process; those before stand behind it */
    uint64_t life;         /* so many processes were begun */
    struct tokens tokens[TOKENS_MAX];
    unsigned tokens_count;
    uint64_t own_0_ms, world_0_ms;
    uint32_t millionths;
    int64_t wall_0_ms;
    uint64_t paused_until_ms, down_ms;
    uint32_t requests_to_live; /* 0: nobody counts */
    bool dead;                 /* killed in the middle: nothing that it still does is done */
    /* R5: a mutation of a service was lost, and nothing was read since */
    char lost_operation[64];
    char lost_names[512]; /* what it was about, where its body names several things; "" all */
    /* what is so in each region when it looks, whether it can see it or not */
    struct health {
        unsigned good, bad;    /* answers in a row; bad ones since it was last well */
        unsigned row, longest; /* bad ones in a row, and the most of them since then */
        uint64_t bad_since_ms, last_bad_ms;
        unsigned was_longest;
        uint64_t was_bad_since_ms, mended_ms; /* the time before, 0 never */
    } truly[EVAC_REGIONS_MAX];

    char name[4];
    struct evac_model *model;

    /* Of one among several, which share a journal (world_many.c). */
    struct evac_voice voice;    /* of its present life */
    uint64_t begun_ms;          /* when it began, on its own clock */
    struct evac_store *replica; /* lives through its crashes */
    struct evac_share *share;   /* NULL: the process is not there */
    struct evac_shell *shell;   /* NULL: to be made anew */
    uint64_t shells;            /* so many were made */
    uint64_t epoch;             /* of the lead under which its shell writes, 0 it follows */
    uint64_t newest_epoch;      /* of its newest lead, also when it is over */
    bool drops;                 /* its shell is to go */
    bool gone;                  /* for good */
    uint32_t commits_to_stop;   /* 0: nobody counts */
    uint64_t stop_ms;           /* then it stands still for so long; 0: it dies, for down_ms */
    bool alone;                 /* nothing reaches it, and it reaches nothing */
    uint64_t back_at_ms, shell_at_ms;
    struct seat_timer *timers;
    char looked[16][SERVICE_BYTES]; /* which services it read from since it leads */
    unsigned looked_count;
};

/* A change that was asked for, and under which lead: who comes next looks before it does it too. */
#define SENT_MAX 64u
struct sent {
    char operation[64], region[20];
    uint64_t run, epoch;
};

/* At a standby's readiness. */
struct look {
    uint64_t run, ended_ms; /* run: 0 none */
    char to[32];
    bool ready; /* it really was, at some time while it was looked at */
};

/* What stands still, for how long; and what people were told that is not over (L4). */
#define BLOCKS_MAX 32u
#define TOLD_MAX   32u
struct blocks {
    uint64_t next_ms;       /* when it is looked at next */
    uint64_t life, life_ms; /* of whoever leads; since when, 0 nobody does */
    struct block {
        uint64_t what, since_ms;
        uint64_t row; /* the newest when it was seen first */
        bool still;
    } blocks[BLOCKS_MAX];
    unsigned count;
    struct evac_teller teller;
    char told[TOLD_MAX][208]; /* keys */
    unsigned told_count;
};

/* When what people said ends, by the clock of whoever wrote it down and by the world's own. A clock
 * that was set while nobody looked is known to the second alone: it is over when either says so. */
struct until {
    int64_t wall_ms, world_ms;
};

struct world {
    struct evac_virtual v; /* first */
    struct evac_err said;  /* the last answer to a person */
    struct world_options o;
    struct evac_sandbox *sandbox;
    struct evac_arena *arena;
    struct evac_model *model, *old_models[8]; /* old: calls and probes may point into them */
    size_t old_count;
    struct evac_store *store;
    struct evac_shell *shell;
    struct evac_store *copy;     /* what the follower has */
    struct evac_shell *follower; /* NULL nobody follows */
    struct seat seats[SEATS_MAX];
    unsigned seat_count;
    struct many *many;          /* NULL: one controller, whose journal is its own */
    struct exchange *exchanges; /* not yet answered */
    struct world_letter *letters;
    size_t letter_count, letter_cap;
    bool *probe_alive;
    struct place places[EVAC_VANTAGES_MAX];
    char *trace;
    size_t trace_n, trace_cap;
    struct evac_buf truth;
    char broken[400];
    uint64_t events, requests, last_run;
    const char *isolate;
    bool last_drills; /* a rehearsal or a drill: it moves nothing */
    enum evac_run_state last_state;
    struct fate_counts asked;
    uint64_t full_until_ms;
    /* of virtual time */
    enum evac_code (*timer)(void *ctx, uint64_t delay_ms, evac_timer_fn *fn, void *user,
                            uint64_t *ret_id, struct evac_err *err);
    void (*timer_stop)(void *ctx, uint64_t id);
    void (*random)(void *ctx, void *p, size_t bytes);
    char route[32];
    char last_from[32], last_to[32];
    bool last_back;
    bool last_rehearses, acked;
    uint64_t ended_ms; /* the last run, 0 none */
    uint64_t seen_seq; /* the last row that the world has seen */
    uint64_t started_ms;
    bool catches_up;
    bool overridden; /* somebody opened a gate of the newest run */
    /* what binds automation, by the controller's wall clock; and of the newest run by itself */
    bool stopped, unacked, approved, by_policy, started;
    /* what each yes to the start of the newest run was given for ("down/ungraceful"), and what is
     * so */
    char yeses[8][40], mode[16], verdicts[EVAC_REGIONS_MAX][20];
    unsigned yes_count;
    struct until held, frozen;
    struct evac_rounds rounds; /* of the present process */
    struct look look, last_look, look_before;
    const char *unready; /* S3: what is wrong with where the newest run goes; "" nothing */
    struct blocks blocks;
    bool stood; /* an earlier run was stopped where it stood, and none was finished since */
};

static inline uint64_t below(struct world *w, uint64_t n)
{
    return evac_virtual_below(&w->v, n);
}

static inline void later(struct world *w, uint64_t delay_ms, evac_due_fn *fn, void *what)
{
    evac_virtual_later(&w->v, delay_ms, fn, what);
}

static inline struct evac_shell *shell_of(const struct seat *s)
{
    return s->w->many ? s->shell : s->w->shell;
}

/* --- world.c ---------------------------------------------------------------------------------- */

/* The next that happens, unless it is later than that: false. */
bool world_step(struct world *w, uint64_t until_ms);

/* --- world_clock.c ---------------------------------------------------------------------------- */

/* Its deadline by the world's clock, of an instant on its own. */
uint64_t world_ms_of(const struct seat *s, uint64_t own_ms);
/* How long the world waits until so much has passed for the controller. */
uint64_t world_stretched_ms(const struct seat *s, uint64_t own_delay_ms);
uint64_t world_own_ms(const struct seat *s, uint64_t world_ms);
int64_t world_wall_ms(const struct seat *s);
/* "The controller": of several the one that leads. */
struct seat *world_front(struct world *w);

/* --- world_host.c, world_names.c, world_net.c, world_letters.c
 * ------------------------------------
 */

void host_sit(struct world *w, struct seat *s);
struct evac_str names_host_of(struct evac_str url);
bool names_is_one(struct evac_str host);
/* One A record, asked of the sandbox as a resolver would; 0.0.0.0 becomes "". */
bool names_resolve(struct world *w, struct evac_str name, char *ret_address, size_t bytes);
enum evac_code names_ask(void *ctx, struct evac_str name, const char *type, struct evac_str server,
                         uint32_t total_ms, evac_dns_done_fn *done, void *user,
                         struct evac_err *err);
enum evac_code net_http(void *ctx, const struct evac_http_request *request, evac_http_done_fn *done,
                        void *user, uint64_t *ret_id, struct evac_err *err);
void net_http_cancel(void *ctx, uint64_t id);
void net_end_first(struct world *w); /* whoever still waits for it hears so */
void letters_take(struct world *w, const struct evac_http_request *request);
/* In whose process it happens, or to whom alone; NULL: not of theirs. */
struct seat *names_whose(const struct evac_due *due);
struct seat *net_whose(struct world *w, const struct evac_due *due);

/* --- world_pace.c ----------------------------------------------------------------------------- */

void pace_begin(struct seat *s); /* a process */
void pace_lend(const struct seat *s, struct evac_shell_options *options);
void pace_reloaded(struct seat *s);
void pace_end(struct seat *s);  /* once its shell is freed: nothing of it leaves any more */
void pace_free(struct seat *s); /* all of them, when nothing comes any more */

/* --- world_probes.c --------------------------------------------------------------------------- */

void probes_begin(struct world *w);
bool probes_ask(struct world *w, const char *url, struct evac_sandbox_reply *reply);
void probes_substitute(struct evac_str text, struct evac_str region, char *out, size_t bytes);
bool probes_is_look(const struct evac_due *due);
struct seat *probes_whose(struct world *w, const struct evac_due *due);

/* --- world_judge.c, world_judge_policy.c, world_judge_rates.c, world_judge_words.c,
 * world_judge_blocks.c, world_rows.c -------------------------------------------------------------
 */

/* The first counts. */
void broke(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void judge_mutation(struct seat *s, const struct evac_http_request *request); /* it leaves */
/* Nobody knows what became of it. */
void judge_lost(struct seat *s, const struct evac_http_request *request);
void judge_promotion(struct world *w, const struct evac_http_request *request); /* it lands */
unsigned judge_names(const struct world *w, const struct evac_http_request *request);
void judge_names_after(struct world *w, const struct evac_http_request *request, unsigned before);
void judge_late(struct world *w, const struct evac_http_request *request);
void judge_effect(struct world *w); /* it has landed */
void judge_automatic(struct world *w, const struct evac_record *admitted);
void judge_rates_begin(struct seat *s);                                   /* with full buckets */
void judge_rate(struct seat *s, const struct evac_http_request *request); /* it leaves */
void judge_rate_told(struct seat *s, const struct evac_http_request *request,
                     const struct evac_http_reply *reply);
void judge_word(struct world *w, const struct evac_record *r);
void judge_words(struct world *w, const struct evac_record *r);
/* Somebody's word as an event: about the shop and its last run where it does not say. */
struct evac_event people_word(struct world *w, const struct evac_command *word);
/* Does what was said until then last, when that row is written? */
bool judge_lasts(const struct world *w, const struct until *until, const struct evac_record *r);
void judge_blocks(struct world *w);
void judge_blocks_row(struct world *w, const struct evac_record *r);
void world_see_row(struct world *w, const struct evac_record *r);

/* --- world_rounds.c --------------------------------------------------------------------------- */

void rounds_begin(struct world *w);
void rounds_note_truth(struct world *w); /* before and after control changes something */
/* True: the row begins a look, and is no other run's. */
bool rounds_see_row(struct world *w, const struct evac_record *r);
/* Why it should not begin by itself, "" it may. */
const char *rounds_why_not(const struct world *w, const struct evac_record *admitted);

/* --- world_conf.c, world_life.c --------------------------------------------------------------- */

/* Controllers that share a journal have the same files, and each its place in them. */
void conf_load(struct world *w);
void conf_let_go(struct evac_model *model);
/* "x.cfg" has its resources in "x.world": control's commands, a line each. */
void conf_make_resources(struct world *w);
const struct evac_facts *world_facts(void);
struct evac_shell_options world_shell_options(struct seat *seat);

/* --- world_many.c ----------------------------------------------------------------------------- */

struct many *many_new(struct world *w);
void many_free(struct many *many); /* shells are gone by then */
void many_leave(struct many *many);
/* The controller's configuration, with the others in it: each looks at the apps for all of them. */
struct evac_str many_controllers(struct world *w, struct evac_str conf);
/* What its own probe saw. */
void many_saw(struct seat *s, const struct evac_probe_result *r);
/* When etcd, or the way to it, has something to do, on the world's clock. */
uint64_t many_due_ms(const struct many *many);
/* What it has to do is done, or its clock just follows the world's. */
void many_step(struct many *many);
/* After whatever happened: processes that died, shells that must go or be made, who leads. */
void many_see(struct many *many);
void many_check_mutation(struct seat *s, const struct evac_http_request *request);
void many_saw_reply(struct seat *s, const struct evac_http_request *request);
enum evac_code many_timer(struct seat *s, uint64_t delay_ms, evac_timer_fn *fn, void *user,
                          uint64_t *ret_id, struct evac_err *err);
void many_timer_stop(struct seat *s, uint64_t id);
/* A person waits until what was answered is durable, or has waited long enough. */
enum evac_code many_settled(struct many *many, struct seat *s, enum evac_code code);
struct seat *many_leader(struct many *many); /* as etcd knows it; NULL nobody */

#endif
