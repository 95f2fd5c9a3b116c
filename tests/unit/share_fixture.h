/* Controllers that share a journal on the model of etcd, each with what it heard. */
#ifndef EVAC_SHARE_FIXTURE_H
#define EVAC_SHARE_FIXTURE_H

#include "etcd_model.h"
#include "evac/arena.h"
#include "share.h"
#include "store_memory.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define TTL_MS     15000u
#define REQUEST_MS 3000u
#define POLL_MS    5000u
#define NODES      3u
#define TXN        "/v3/kv/txn"
#define GRANT      "/v3/lease/grant"
#define KEEPALIVE  "/v3/lease/keepalive"
#define REVOKE     "/v3/lease/revoke"
#define AUTH       "/v3/auth/authenticate"

struct node {
    unsigned number;
    char name[8];
    struct evac_store *replica;
    struct evac_share *share;
    uint64_t appended, durable, came; /* newest seq of each */
    unsigned losses, changes;
    char lost[300], told[64], told_by[64];
    unsigned tellings;
    bool left;
};

static struct etcd_model *m;
static struct node nodes[NODES];
static struct evac_share_options extra; /* what a test asks beyond the usual */

static inline void on_changed(void *user)
{
    ((struct node *)user)->changes++;
}

static inline void on_rows(void *user, const struct evac_record *rows, size_t count)
{
    struct node *n = user;
    ck_assert_uint_gt(count, 0);
    ck_assert_uint_eq(rows[0].seq, n->came + 1);
    n->came = rows[count - 1].seq;
    ck_assert_uint_le(n->came, n->replica->vt->last_seq(n->replica));
}

static inline void on_told(void *user, struct evac_str node, struct evac_str text)
{
    struct node *n = user;
    n->tellings++;
    (void)evac_str_copy(n->told_by, sizeof n->told_by, node);
    (void)evac_str_copy(n->told, sizeof n->told, text);
}

static inline void on_durable(void *user, const struct evac_record *rows, size_t count)
{
    struct node *n = user;
    ck_assert_uint_eq(rows[0].seq, n->durable + 1);
    n->durable = rows[count - 1].seq;
    ck_assert_uint_ge(n->replica->vt->last_seq(n->replica), n->durable);
}

static inline void on_lost(void *user, const char *why)
{
    struct node *n = user;
    n->losses++;
    (void)snprintf(n->lost, sizeof n->lost, "%s", why);
}

static inline void on_left(void *user)
{
    ((struct node *)user)->left = true;
}

static inline struct evac_share_options options_of(struct node *n)
{
    struct evac_share_options o = extra;
    o.host = etcd_model_host(m, n->number);
    o.replica = n->replica;
    o.node = n->name;
    o.boot_id = "boot-1";
    o.address = o.address ? o.address : "https://a.example.com";
    o.cluster = "prod";
    o.endpoints = etcd_model_endpoints;
    o.endpoint_count = o.endpoint_count ? o.endpoint_count : ETCD_ENDPOINTS_MAX;
    o.user = o.user ? o.user : "";
    o.password = o.password ? o.password : "";
    o.ca = o.ca ? o.ca : "";
    o.cert = o.cert ? o.cert : "";
    o.key = o.key ? o.key : "";
    o.ttl_ms = o.ttl_ms ? o.ttl_ms : TTL_MS;
    o.request_ms = REQUEST_MS;
    o.poll_ms = POLL_MS;
    o.user_data = n;
    o.changed = on_changed;
    o.rows = on_rows;
    o.told = on_told;
    return o;
}

static inline void begin(unsigned i)
{
    struct node *n = &nodes[i];
    struct evac_err err = { EVAC_OK, "" };
    struct evac_share_options o = options_of(n);
    ck_assert_msg(evac_share_new(&o, &n->share, &err) == EVAC_OK, "%s", err.text);
}

static inline void setup(void)
{
    m = etcd_model_new(7);
    memset(nodes, 0, sizeof nodes);
    extra = (struct evac_share_options){ .may_lead = true };
    for (unsigned i = 0; i < NODES; i++) {
        nodes[i].number = i;
        (void)snprintf(nodes[i].name, sizeof nodes[i].name, "n%u", i);
        nodes[i].replica = evac_store_new_memory(nodes[i].name, "boot-1");
    }
}

static inline void teardown(void)
{
    for (unsigned i = 0; i < NODES; i++)
        evac_share_free(nodes[i].share);
    etcd_model_free(m);
    for (unsigned i = 0; i < NODES; i++)
        evac_store_close(nodes[i].replica);
}

static inline struct evac_share_view view(unsigned i)
{
    return evac_share_view(nodes[i].share);
}

static inline void run(uint64_t ms)
{
    etcd_model_run(m, ms);
}

static inline void listen_to(unsigned i)
{
    struct evac_store *store = evac_share_store(nodes[i].share);
    struct evac_store_listener listener = { &nodes[i], on_durable, on_lost };
    nodes[i].durable = nodes[i].appended = store->vt->last_seq(store);
    store->vt->listen(store, &listener);
}

/* The lead, with a shell that writes. */
static inline void lead(unsigned i)
{
    if (!nodes[i].share)
        begin(i);
    for (unsigned k = 0; k < 100 && view(i).role != EVAC_SHARE_CAUGHT; k++)
        run(200);
    ck_assert_str_eq(evac_share_role_name(view(i).role), "caught");
    listen_to(i);
    ck_assert_str_eq(evac_share_role_name(view(i).role), "leads");
}

static inline struct evac_record record(uint64_t seq, const char *data)
{
    return (struct evac_record){ .seq = seq,
                                 .kind = EVAC_RECORD_STEP,
                                 .run = 1,
                                 .step = 3,
                                 .t_wall_ms = 1700000000000,
                                 .number = -5,
                                 .app = EVAC_STR("shop"),
                                 .text = EVAC_STR("\xff not text \x01"),
                                 .data = evac_str(data) };
}

static inline enum evac_code try_append(unsigned i, unsigned count, const char *data,
                                        struct evac_err *err)
{
    struct evac_store *store = evac_share_store(nodes[i].share);
    struct evac_record rows[64];
    for (unsigned k = 0; k < count; k++)
        rows[k] = record(nodes[i].appended + 1 + k, data);
    enum evac_code code = store->vt->append(store, rows, count, err);
    if (!code)
        nodes[i].appended += count;
    return code;
}

static inline void append(unsigned i, unsigned count)
{
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(try_append(i, count, "{}", &err) == EVAC_OK, "%s", err.text);
}

static inline uint64_t rows_of(unsigned i)
{
    uint64_t rows = 0;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(evac_store_verify(nodes[i].replica, &rows, &err) == EVAC_OK, "%s", err.text);
    return rows;
}

#endif
