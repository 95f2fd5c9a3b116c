/* Test hooks of the memory store. */
#ifndef EVAC_STORE_MEMORY_H
#define EVAC_STORE_MEMORY_H

#include "store.h"

/* The n-th append from now fails with EVAC_E_STORE, and all after it; 0: never. */
void evac_store_memory_fail_after(struct evac_store *store, uint64_t n);

/* The n-th append from now fails so; kept: its rows are durable all the same, as after a sync whose
 * word was lost. It refuses everything then, until it is opened again: then epoch grows. */
void evac_store_memory_fail(struct evac_store *store, uint64_t n, bool kept);
void evac_store_memory_reopen(struct evac_store *store);

/* A copy as it would be after a crash: what was appended is durable. Its lead has the next epoch.
 */
struct evac_store *evac_store_memory_clone(const struct evac_store *store);

/* From now its lead has that epoch: it was another store's until then. */
void evac_store_memory_lead(struct evac_store *store, uint64_t epoch);

/* Change one byte of a stored row's text, for tests of verification; false when there is no such
 * row. */
bool evac_store_memory_damage(struct evac_store *store, uint64_t seq);
#endif
