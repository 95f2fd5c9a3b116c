/*
 * A journal moved between a store and etcd, whole, while no controller leads there: the first start
 * of controllers that share one, the way back, and the repair of a copy that does not fit.
 *
 * Nothing is ever overwritten: the other side must be empty, or a beginning of this one. To etcd
 * each transaction holds only while nobody leads and the journal ends where it was seen to end.
 */
#ifndef EVAC_SHARE_COPY_H
#define EVAC_SHARE_COPY_H

#include "evac/host.h"
#include "store.h"

struct evac_share_copy;

struct evac_share_copy_options {
    const struct evac_host *host;
    struct evac_store *store; /* the one side; etcd is the other */
    bool to_etcd;
    const char *cluster;
    const char *const *endpoints;
    size_t endpoint_count;
    const char *user, *password, *ca, *cert, *key; /* as evac_share_options has them */
    uint32_t request_ms;

    void *user_data;
    void (*progress)(void *user_data, uint64_t rows, uint64_t all);
    /* The end. rows: where both are level now. EVAC_E_BUSY: a controller leads; EVAC_E_EXISTS: the
     * other side has something else; EVAC_E_UNREACHABLE. Never from inside a call. */
    void (*done)(void *user_data, enum evac_code code, uint64_t rows, uint64_t copied,
                 const char *words);
};

enum evac_code evac_share_copy_new(const struct evac_share_copy_options *options,
                                   struct evac_share_copy **ret_copy, struct evac_err *err);
void evac_share_copy_free(struct evac_share_copy *copy);

/* From a store to a store, at once. *ret_copied: how many rows. EVAC_E_EXISTS as above. */
enum evac_code evac_store_copy(struct evac_store *from, struct evac_store *to, uint64_t *ret_copied,
                               struct evac_err *err);
#endif
