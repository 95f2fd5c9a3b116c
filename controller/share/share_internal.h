/*
 * What the parts of a share have in common. Each part has a step, which asks what is due on its
 * line of the gateway, and a way to take what was answered; share.c calls the steps after whatever
 * happens, tells the caller what became of it, and sets the one timer.
 */
#ifndef EVAC_SHARE_INTERNAL_H
#define EVAC_SHARE_INTERNAL_H

#include "chain.h"
#include "etcd_json.h"
#include "gateway.h"
#include "row_batch.h"
#include "share.h"

#define SHARE_NEVER     UINT64_MAX
#define SHARE_KEY_BYTES 256u
#define SHARE_ID_BYTES  17u
#define SHARE_NAME_MAX  128u

/* Of several things that are wrong the first counts. */
enum share_trouble {
    TROUBLE_REPLICA, /* it can not be written */
    TROUBLE_STUCK,   /* it does not fit */
    TROUBLE_NAME,    /* somebody else has this controller's name */
    TROUBLE_REFUSED, /* user, password, permissions */
    TROUBLE_SPACE,   /* etcd takes no more */
    TROUBLE_SILENT,  /* etcd does not answer */
    TROUBLE_FULL,    /* etcd will soon take no more */
    TROUBLE_COUNT
};

struct share_lease {
    int64_t id;        /* 0 none */
    uint64_t alive_ms; /* when the newest question left that etcd answered with a living lease */
    uint32_t ttl_ms;
    bool registered; /* this controller's name is bound to it */
    bool let_go;     /* to be revoked: it serves no more */
    uint64_t next_ms;
    char rival[SHARE_ID_BYTES]; /* who has our name */
    uint64_t rival_since_ms;
};

/* Where etcd's journal ends, as last seen. */
struct share_head {
    uint64_t last, first; /* first row that is still there */
    uint8_t hash[32];
    int64_t mod_revision; /* 0: there is no journal */
};

struct share_leader {
    int64_t epoch; /* 0 nobody, or unknown */
    int64_t lease;
    char id[SHARE_ID_BYTES], node[SHARE_NAME_MAX + 1], address[256];
};

/* Rows that travel together. */
struct share_batch {
    struct share_batch *next;
    struct evac_arena *arena;
    struct evac_buf value; /* as they lie in etcd; empty for rows that came from there */
    struct evac_row *rows;
    size_t count, cap;
};

struct share_queue {
    struct share_batch *first, *last;
};

struct share_text {
    struct share_text *next;
    char node[SHARE_NAME_MAX + 1];
    struct evac_buf text;
};

struct share_writer {
    struct share_queue queue; /* accepted; the first may be on its way */
    size_t waiting, bytes;    /* rows in it, and how much that is */
    struct evac_chain chain;  /* after the last of them */
    bool doubt;               /* the first may be in etcd already: read before anything else */
    uint64_t begun_ms;        /* since when the first is tried, 0 not yet */
    uint64_t next_ms;
    bool trims; /* the first takes old rows out with it */
};

struct share_look {
    uint64_t next_ms;
    uint64_t good_ms; /* when the newest that was answered left; 0 never */
    int64_t revision; /* known when it left */
    int64_t limit;    /* values at once */
    int64_t told;     /* texts up to this revision were passed on */
    bool led;         /* asked as a leader */
};

struct share_upkeep {
    uint64_t next_ms;
    int64_t compacted;
    bool forbidden;
};

struct evac_share {
    struct evac_store store; /* first: what a shell works with */
    struct evac_share_options o;
    struct evac_arena *arena; /* the options' copies */
    struct evac_gateway *gateway;
    char id[SHARE_ID_BYTES]; /* this process, drawn at its start */
    char prefix[96];

    enum evac_share_role role;
    int64_t epoch;           /* of this one's lead, 0 none */
    uint64_t confirmed_ms;   /* when the newest question left whose answer showed that lead */
    uint64_t claim_after_ms; /* lets others have it */
    bool awaits_drop;        /* a shell still works with a lead that is lost */
    bool caught_up;

    struct evac_chain replica; /* where it ends */
    struct share_lease lease;
    struct share_head head;
    struct share_leader leader;
    struct share_look look;
    struct share_writer writer;
    struct share_upkeep upkeep;
    int64_t revision; /* the newest that was seen */
    uint64_t heard_ms, round_trip_ms;

    struct evac_buf told; /* what this one tells */
    bool told_dirty;
    uint64_t tell_next_ms;

    char trouble[TROUBLE_COUNT][400];

    /* What the caller is to be told, from the timer. */
    struct evac_store_listener listener;
    bool has_listener;
    struct share_queue durable, came;
    struct share_text *texts;
    char lost[300];
    bool changed;

    void (*left)(void *user);
    void *left_user;
    uint64_t leave_by_ms; /* 0: it does not leave */
    bool leave_over;

    uint64_t timer_id;
    bool telling, freed;
};

/* --- share.c -----------------------------------------------------------------------------------
 */

uint64_t share_now(const struct evac_share *s);
bool share_leads(const struct evac_share *s);
/* After whatever happened: asks what is due, and sets the timer. */
void share_step(struct evac_share *s);
/* From a call of the caller's: all that follows happens by the loop. */
void share_kick(struct evac_share *s);
void share_say(struct evac_share *s, enum share_trouble which, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void share_say_full(struct evac_share *s);
void share_unsay(struct evac_share *s, enum share_trouble which);
void share_set_role(struct evac_share *s, enum evac_share_role role);
/* What it is when it does not lead. */
void share_settle(struct evac_share *s);
void share_take_lead(struct evac_share *s, int64_t epoch, uint64_t sent_ms);
/* It leads no more. The lease is given back, and with it the lead. */
void share_lose_lead(struct evac_share *s, const char *why);
/* Counts and says what an answer says of etcd. True: it was ANSWERED. */
bool share_heard(struct evac_share *s, const struct evac_gateway_answer *answer);
/* When to ask again after an answer that was none: at once while there are other endpoints. */
uint64_t share_retry_ms(struct evac_share *s);
/* Before this etcd may not have let anybody else in; 0 there is no lease, or no lead. */
uint64_t share_lead_until(const struct evac_share *s);

/* For the caller: what that controller tells; the newest counts. */
void share_text_add(struct evac_share *s, struct evac_str node, struct evac_str text);

void share_batch_free(struct share_batch *batch);
struct share_batch *share_batch_new(void);
void share_batch_keep(struct share_batch *batch, const struct evac_row *row); /* with its texts */
void share_queue_add(struct share_queue *queue, struct share_batch *batch);
struct share_batch *share_queue_take(struct share_queue *queue);
void share_queue_clear(struct share_queue *queue);

/* "/evac/CLUSTER/what", in *to. */
struct evac_str share_key(const struct evac_share *s, char to[SHARE_KEY_BYTES], const char *what);
struct evac_str share_row_key(const struct evac_share *s, char to[SHARE_KEY_BYTES], uint64_t seq);

/* --- share_lease.c -----------------------------------------------------------------------------
 */

void share_lease_step(struct evac_share *s);
uint64_t share_lease_due(const struct evac_share *s);
bool share_lease_holds(const struct evac_share *s); /* and the name is bound to it */
void share_lease_let_go(struct evac_share *s);
void share_lease_gone(struct evac_share *s); /* etcd says so */

/* --- share_look.c ------------------------------------------------------------------------------
 */

void share_look_step(struct evac_share *s);
uint64_t share_look_due(const struct evac_share *s);
bool share_look_is_old(const struct evac_share *s); /* too old to know of a leader */
/* Of a leader's key and a head's: false: not understood. */
bool share_read_leader(const struct evac_etcd_range *range, struct share_leader *leader);
void share_put_head(struct evac_buf *out, uint64_t last, uint64_t first, const uint8_t hash[32]);
bool share_read_head(const struct evac_etcd_range *range, struct share_head *head);

/* --- share_write.c -----------------------------------------------------------------------------
 */

void share_write_step(struct evac_share *s);
uint64_t share_write_due(const struct evac_share *s);
void share_write_forget(
    struct evac_share *s); /* what was accepted and is not known to be durable */
enum evac_code share_write_accept(struct evac_share *s, const struct evac_record *rows,
                                  size_t count, struct evac_err *err);
/* The replica gets them; false, and the trouble is said, if it can not. */
bool share_replica_take(struct evac_share *s, const struct evac_row *rows, size_t count);

/* --- share_tell.c, share_upkeep.c, share_store.c ------------------------------------------------
 */

void share_tell_step(struct evac_share *s);
uint64_t share_tell_due(const struct evac_share *s);
void share_upkeep_step(struct evac_share *s);
uint64_t share_upkeep_due(const struct evac_share *s);
extern const struct evac_store_vtable share_store_vtable;
#endif
