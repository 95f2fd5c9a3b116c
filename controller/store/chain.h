/* The hash chain, shared by all stores. */
#ifndef EVAC_CHAIN_H
#define EVAC_CHAIN_H

#include "store.h"

/* row->hash from everything else in it. */
void evac_chain_hash(const struct evac_row *row, uint8_t ret_hash[32]);

/* Does this row follow that state of the chain? On success the state moves on. EVAC_E_CORRUPT says
 * what is wrong. */
struct evac_chain {
    uint64_t last_seq;
    uint8_t last_hash[32];
};
enum evac_code evac_chain_check(struct evac_chain *chain, const struct evac_row *row,
                                struct evac_err *err);

/* An evac_row_fn: *user, a struct evac_chain, becomes the state behind that row. */
bool evac_chain_take(void *user, const struct evac_row *row);
#endif
