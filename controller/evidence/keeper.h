/*
 * What follows from a run's end, and from the journal's growth: deficiencies that the report finds,
 * and signed checkpoints. Both become rows, handed to whoever owns the journal. A controller that
 * died in between takes it up where it stopped: which runs were judged is in the journal.
 */
#ifndef EVAC_KEEPER_H
#define EVAC_KEEPER_H

#include "key.h"
#include "store.h"

struct evac_keeper;

struct evac_keeper_options {
    struct evac_store *store;   /* borrowed */
    const struct evac_key *key; /* borrowed; NULL: nothing is signed */
    struct evac_str node;       /* the journal's origin is "evac/" and this */
    uint32_t checkpoint_rows;

    void *user;
    /* Journal them, all or none. */
    enum evac_code (*note)(void *user, const struct evac_record *rows, size_t count,
                           struct evac_err *err);
    /* No row is on its way: what is read of the store is all that there is. NULL: always so. Until
     * it is, nothing is judged or signed: a checkpoint stands right behind what it covers. */
    bool (*settled)(void *user);
    /* Whom the app's new deficiencies belong to, "" nobody. */
    struct evac_str (*owner)(void *user, struct evac_str app);
    /* The run was judged: its report says more than before. May be NULL. */
    void (*judged)(void *user, uint64_t run);
};

struct evac_keeper *evac_keeper_new(const struct evac_keeper_options *options);
void evac_keeper_free(struct evac_keeper *keeper); /* NULL is fine */

/* A run ended: look at the next tick. */
void evac_keeper_wake(struct evac_keeper *keeper);

/* Now and then, a second will do: judges what ended, signs when it is due. It stops at the first
 * failure and tries again with the next tick. */
enum evac_code evac_keeper_tick(struct evac_keeper *keeper, struct evac_err *err);

/* Sign now. *ret_size is how many rows it covers; note: the signed text is added, NULL nobody wants
 * it. REFUSED without a key, BUSY while rows are on their way. */
enum evac_code evac_keeper_sign(struct evac_keeper *keeper, uint64_t *ret_size,
                                struct evac_buf *note, struct evac_err *err);

/* "evac/controller" */
void evac_journal_origin(struct evac_str node, char *ret_origin, size_t bytes);
#endif
