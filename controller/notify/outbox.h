/*
 * Letters on their way: the queue of each channel, what each channel was told and is still open
 * there, and how it answers. Its state is the fold of the journal's NOTICE rows, live and at
 * replay, so that after kill -9 none is lost, and none is sent twice unknowingly: the row of an
 * attempt is durable before the attempt, and an attempt that may be a repeat says so.
 *
 * Whoever owns it asks for rows (queue, sweep, try, answer), makes them durable, and gives each
 * back to evac_outbox_see(): nothing changes before that. No clock and no I/O of its own.
 */
#ifndef EVAC_OUTBOX_H
#define EVAC_OUTBOX_H

#include "evac/arena.h"
#include "jw.h"
#include "letter_fsm.h"
#include "notice.h"
#include "record.h"

struct evac_outbox;

#define EVAC_OUTBOX_ROWS_MAX 128u /* as the engine takes them at one time */

/* Rows in the making; their texts live in arena. */
struct evac_outbox_rows {
    struct evac_arena *arena;
    struct evac_record items[EVAC_OUTBOX_ROWS_MAX];
    size_t count;
};

struct evac_outbox_now {
    uint64_t boot_ms;
    int64_t wall_ms;
    uint64_t random;
};

struct evac_outbox *evac_outbox_new(void);
void evac_outbox_free(struct evac_outbox *outbox);

/* The configuration in force: borrowed until the next call. */
void evac_outbox_configure(struct evac_outbox *outbox, const struct evac_notify_conf *conf);

/* A NOTICE row, durable: at replay in order, and each new one. */
void evac_outbox_see(struct evac_outbox *outbox, const struct evac_record *row,
                     const struct evac_outbox_now *now);

/* The newest row of the journal that anybody was told of. */
uint64_t evac_outbox_told(const struct evac_outbox *outbox);

/* --- rows ------------------------------------------------------------------------------------ */

/* The message to those channels (a bit each); what ends or takes up a matter goes to the channels
 * where it is open, whatever `to` says. A matter that a channel was told of in the same words is
 * not told again. message->id is set. */
void evac_outbox_queue(struct evac_outbox *outbox, const struct evac_message *message, uint32_t to,
                       struct evac_outbox_rows *rows);

/* What left the queue unsent: too old, of a channel that there is not, gathered. gathers: may be
 * NULL. Call again while rows come. */
void evac_outbox_sweep(struct evac_outbox *outbox, const struct evac_outbox_now *now,
                       bool (*gathers)(void *ctx, struct evac_str region), void *ctx,
                       struct evac_outbox_rows *rows);

/* One attempt for each channel that has a letter due and none on its way. */
void evac_outbox_try(struct evac_outbox *outbox, const struct evac_outbox_now *now,
                     struct evac_outbox_rows *rows);

/* How an attempt went. */
enum evac_answer_kind {
    EVAC_ANSWER_TAKEN,
    EVAC_ANSWER_BUSY, /* not taken, for sure: later; retry_after_ms if it said when */
    EVAC_ANSWER_NO,   /* not taken, for sure, and it will not be as it is */
    EVAC_ANSWER_UNKNOWN,
};
struct evac_answer {
    enum evac_answer_kind kind;
    uint32_t retry_after_ms;
    struct evac_str text;       /* a sentence: what it said; no secret */
    struct evac_str request_id; /* of the service, "" none */
};
/* letter: by number; it is in TRYING. */
void evac_outbox_answer(struct evac_outbox *outbox, uint64_t letter,
                        const struct evac_answer *answer, struct evac_outbox_rows *rows);

/* After a replay: attempts that nobody knows the end of. */
void evac_outbox_resume(struct evac_outbox *outbox, struct evac_outbox_rows *rows);

/* When evac_outbox_try has something to do next, boot ms; UINT64_MAX never. */
uint64_t evac_outbox_wake_ms(const struct evac_outbox *outbox);

/* --- views ----------------------------------------------------------------------------------- */

struct evac_letter {
    struct evac_letter *next; /* in order of number */
    uint64_t id;              /* of the row in which it was queued */
    char channel[65];
    uint64_t channel_hash; /* of its name: queues are long */
    enum evac_letter_state state;
    uint32_t attempt, noes;
    bool doubted;    /* one of its attempts may have arrived */
    bool on_its_way; /* of this process: somebody is sending it */
    int64_t queued_wall_ms;
    uint64_t due_boot_ms; /* not before */
    struct evac_message message;
};
struct evac_letter *evac_outbox_letters(struct evac_outbox *outbox);
struct evac_letter *evac_outbox_letter(struct evac_outbox *outbox, uint64_t id);

/* A channel fails: the last attempts did not succeed. Its sentence, NULL: it does not. */
const char *evac_outbox_fails(const struct evac_outbox *outbox, struct evac_str channel);
/* Is the matter told to that channel and not over? */
bool evac_outbox_is_open(const struct evac_outbox *outbox, struct evac_str channel,
                         const char *key);
bool evac_outbox_is_open_anywhere(const struct evac_outbox *outbox, const char *key);

/* {"channels":[...]}: each with its type, state, queue and last answers. */
void evac_outbox_to_json(const struct evac_outbox *outbox, const struct evac_outbox_now *now,
                         struct evac_jw *w);
#endif
