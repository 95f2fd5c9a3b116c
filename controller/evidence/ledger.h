/*
 * The journal's signed checkpoints: rows of kind EVIDENCE, named "checkpoint", that say which
 * Merkle root all rows before them have. A journal that is written anew without the key does not
 * fit them; one that is cut short does not fit a checkpoint that was kept elsewhere.
 */
#ifndef EVAC_LEDGER_H
#define EVAC_LEDGER_H

#include "note.h"
#include "store.h"
#include "tree.h"

struct evac_ledger {
    struct evac_tree tree; /* over the rows read so far */
    uint64_t signed_size;  /* of the newest checkpoint that is known, 0 none */
    bool loaded;
};

/* Read what the journal grew by. The first time it begins where the newest checkpoint of that key
 * stands, if there is one: key may be NULL. */
enum evac_code evac_ledger_read(struct evac_ledger *ledger, struct evac_store *store,
                                const struct evac_key *key, struct evac_err *err);

/* A checkpoint of all rows read so far, as the row to be journalled; texts in arena. */
struct evac_arena;
struct evac_record evac_ledger_row(const struct evac_ledger *ledger, const struct evac_key *key,
                                   const char *origin, struct evac_arena *arena);
/* The same, as a note. */
void evac_ledger_note(const struct evac_ledger *ledger, const struct evac_key *key,
                      const char *origin, struct evac_buf *out);

struct evac_ledger_verdict {
    uint64_t rows;        /* good ones, from the first on */
    uint64_t checkpoints; /* that fit */
    uint64_t unchecked;   /* of those, signed with another key, or with no key given */
    uint64_t last_size;   /* of the newest checkpoint */
    bool outside;         /* the one that was kept elsewhere fits */
};
/* The whole journal: chain, and every checkpoint in it. key NULL: signatures are not checked.
 * outside "": none. CORRUPT says what is wrong, and in which row. */
enum evac_code evac_ledger_verify(struct evac_store *store, const struct evac_key *key,
                                  struct evac_str outside, struct evac_ledger_verdict *ret,
                                  struct evac_err *err);
#endif
