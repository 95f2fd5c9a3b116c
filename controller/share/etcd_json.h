/*
 * etcd's JSON: what a transaction is written as, and what its answers say. Keys and values go as
 * base64, 64-bit numbers as text, and what is 0, false or empty is left out
 * (https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/). Reading is strict: what is not of the
 * shape that etcd's protocol gives it is not understood.
 */
#ifndef EVAC_ETCD_JSON_H
#define EVAC_ETCD_JSON_H

#include "evac/arena.h"
#include "evac/buf.h"

#include <cJSON.h>

void evac_base64_put(struct evac_buf *out, struct evac_str bytes);
/* With padding, nothing before, between or behind. The bytes live in *arena. */
bool evac_base64_read(struct evac_str text, struct evac_arena *arena, struct evac_str *ret_bytes);

/* --- a transaction: conditions, what happens then, what happens else ---------------------------
 */

struct evac_etcd_txn {
    struct evac_buf text;
    unsigned part; /* 0 compare, 1 success, 2 failure */
    bool comma;
};

/* Begins with the conditions. */
void evac_etcd_txn_begin(struct evac_etcd_txn *txn, size_t max_bytes);
void evac_etcd_txn_done(struct evac_etcd_txn *txn);
void evac_etcd_if_created(struct evac_etcd_txn *txn, struct evac_str key, int64_t revision);
void evac_etcd_if_modified(struct evac_etcd_txn *txn, struct evac_str key, int64_t revision);
void evac_etcd_then(struct evac_etcd_txn *txn);
void evac_etcd_else(struct evac_etcd_txn *txn);
void evac_etcd_put(struct evac_etcd_txn *txn, struct evac_str key, struct evac_str value,
                   int64_t lease);

struct evac_etcd_question {
    struct evac_str key, end; /* end "": this key alone; otherwise key <= k < end */
    int64_t limit;            /* 0 none */
    int64_t min_modified;     /* 0 any */
    bool newest_first;        /* by key, the last ones first */
};
void evac_etcd_get(struct evac_etcd_txn *txn, const struct evac_etcd_question *question);
void evac_etcd_delete(struct evac_etcd_txn *txn, struct evac_str key, struct evac_str end);

/* The whole text; valid until _done. */
struct evac_str evac_etcd_txn_text(struct evac_etcd_txn *txn);

/* --- answers ---------------------------------------------------------------------------------- */

/* False: it is there, but is no such number, or false where true or nothing must be. */
bool evac_etcd_int(const cJSON *object, const char *name, int64_t *ret_value);
bool evac_etcd_bool(const cJSON *object, const char *name, bool *ret_value);

struct evac_etcd_kv {
    struct evac_str key, value;
    int64_t create_revision, mod_revision, lease;
};

struct evac_etcd_range {
    struct evac_etcd_kv *kvs; /* in *arena */
    size_t count;
    bool more; /* there are keys beyond the limit */
};

struct evac_etcd_result {
    bool succeeded;       /* the conditions held */
    const cJSON *answers; /* one for each operation of that part */
    size_t count;
};

bool evac_etcd_read_txn(const cJSON *json, struct evac_etcd_result *ret_result);
/* The nth operation's answer, which must be a range's. */
bool evac_etcd_read_range(const struct evac_etcd_result *result, size_t nth,
                          struct evac_arena *arena, struct evac_etcd_range *ret_range);

#endif
