/*
 * A memory store whose rows become durable some time after they were accepted, as one's on a
 * network: each batch takes `way_ms` of the host's time, one after the other.
 */
#ifndef EVAC_SLOW_STORE_H
#define EVAC_SLOW_STORE_H

#include "evac/host.h"
#include "store.h"

/* inner becomes its own; host outlives it. */
struct evac_store *slow_store_new(struct evac_store *inner, const struct evac_host *host,
                                  uint64_t way_ms);

/* The writer died: of the batches on their way the first `land` become durable all the same, the
 * others never do, and nobody is told. */
void slow_store_crash(struct evac_store *store, size_t land);

/* Batches on their way. */
size_t slow_store_waiting(const struct evac_store *store);

/* The next batch that would become durable does not: the listener hears that it is lost. */
void slow_store_lose(struct evac_store *store);
#endif
