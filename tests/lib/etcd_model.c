#include "etcd_model.h"

#include "etcd_json.h"
#include "host_url.h"

#include <cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX     4096u
#define LEASES_MAX   256u
#define NEXT_MAX     16u
#define PATHS_MAX    16u
#define REPLY_MAX    (64u << 20)
#define WALL_MS      1767323045000
#define REFUSED_MS   1u /* a closed port says so at once */
#define TOKEN_FORMAT "token.%u"
#define AT_ONCE_MAX  100000u /* in one millisecond: more never let time pass */

const char *const etcd_model_endpoints[ETCD_ENDPOINTS_MAX] = { "http://127.0.0.1:1",
                                                               "http://127.0.0.1:2",
                                                               "http://127.0.0.1:3" };

struct lease {
    int64_t id;
    uint64_t ttl_ms, ends_ms;
};

/* One HTTP exchange: jobs of the queue hold on to it. */
struct exchange {
    uint64_t id;
    struct client *client;
    unsigned endpoint, jobs;
    bool finished, silent, hollow; /* silent: nobody hears its answer */
    bool vanished;                 /* it never arrives */
    uint64_t sent_ms;
    evac_http_done_fn *done;
    void *user;
    char *request; /* "path\nheaders\nbody" */
    size_t path_n, body_at, request_n;
    enum evac_http_fate fate;
    int status;
    struct evac_buf reply;
    struct {
        bool used;
        enum etcd_fault fault;
        int status;
        const char *body;
    } next;
};

enum job_kind { JOB_TIMER, JOB_ARRIVE, JOB_REPLY, JOB_TIMEOUT };

struct job {
    uint64_t at_ms, serial, id;
    enum job_kind kind;
    struct client *client;
    struct exchange *x;
    evac_timer_fn *fn;
    void *user;
};

struct client {
    struct etcd_model *m;
    unsigned number;
    struct evac_host host;
    int ppm;
    uint64_t paused_until;
    bool cut[ETCD_ENDPOINTS_MAX];
};

struct next {
    char path[48];
    enum etcd_fault fault;
    int status;
    char *body;
};

struct etcd_model {
    uint64_t now_ms, random, serial;
    unsigned at_once; /* things that happened at now_ms */
    struct job *jobs; /* a heap by time, then order */
    size_t job_count, job_cap;
    struct client clients[ETCD_CLIENTS_MAX];
    struct etcd_chances chances;
    bool alone[ETCD_ENDPOINTS_MAX];
    uint64_t lies_until[ETCD_ENDPOINTS_MAX];

    struct etcd_value keys[KEYS_MAX]; /* sorted */
    size_t key_count;
    int64_t revision, compacted, term;
    struct lease leases[LEASES_MAX];
    size_t lease_count;
    int64_t next_lease;
    bool no_space, headless, stalled;
    char user[64], password[64];
    unsigned tokens, tokens_from;

    struct next next[NEXT_MAX];
    size_t next_count;
    struct {
        char path[48];
        size_t count;
    } asked[PATHS_MAX];
    char *newest;
    void (*watch)(void *user, const struct etcd_value *value);
    void *watch_user;
};

static void *must(void *p)
{
    if (!p)
        abort();
    return p;
}

/* --- time --------------------------------------------------------------------------------------
 */

uint64_t etcd_model_random(struct etcd_model *m, uint64_t below)
{
    m->random ^= m->random << 13;
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return below ? (m->random * 0x2545f4914f6cdd1dull >> 16) % below : 0;
}

static bool before(const struct job *a, const struct job *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->serial < b->serial;
}

static uint64_t add_job(struct etcd_model *m, struct job job)
{
    if (m->job_count == m->job_cap) {
        m->job_cap = m->job_cap ? 2 * m->job_cap : 64;
        m->jobs = must(realloc(m->jobs, m->job_cap * sizeof *m->jobs));
    }
    job.serial = ++m->serial;
    job.id = job.id ? job.id : job.serial;
    if (job.x)
        job.x->jobs++;
    size_t at = m->job_count++;
    while (at && before(&job, &m->jobs[(at - 1) / 2])) {
        m->jobs[at] = m->jobs[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    m->jobs[at] = job;
    return job.id;
}

static struct job take_job(struct etcd_model *m)
{
    struct job top = m->jobs[0], last = m->jobs[--m->job_count];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < m->job_count) {
        if (child + 1 < m->job_count && before(&m->jobs[child + 1], &m->jobs[child]))
            child++;
        if (!before(&m->jobs[child], &last))
            break;
        m->jobs[at] = m->jobs[child];
        at = child;
    }
    m->jobs[at] = last;
    return top;
}

uint64_t etcd_model_now(const struct etcd_model *m)
{
    return m->now_ms;
}

static uint64_t client_now(void *ctx)
{
    const struct client *c = ctx;
    return (uint64_t)((int64_t)c->m->now_ms + (int64_t)c->m->now_ms * c->ppm / 1000000);
}

/* A delay by the client's clock, in the model's. */
static uint64_t model_delay(const struct client *c, uint64_t ms)
{
    return (ms * 1000000u + (uint64_t)(1000000 + c->ppm) - 1) / (uint64_t)(1000000 + c->ppm);
}

static int64_t client_wall(void *ctx)
{
    return WALL_MS + (int64_t)client_now(ctx);
}

static void client_random(void *ctx, void *p, size_t bytes)
{
    unsigned char *to = p;
    for (size_t i = 0; i < bytes; i++)
        to[i] = (unsigned char)etcd_model_random(((struct client *)ctx)->m, 256);
}

static enum evac_code client_timer(void *ctx, uint64_t delay_ms, evac_timer_fn *fn, void *user,
                                   uint64_t *ret_id, struct evac_err *err)
{
    struct client *c = ctx;
    struct job job = { .kind = JOB_TIMER, .client = c, .fn = fn, .user = user };
    (void)err;
    job.at_ms = c->m->now_ms + model_delay(c, delay_ms);
    uint64_t id = add_job(c->m, job);
    if (ret_id)
        *ret_id = id;
    return EVAC_OK;
}

static void client_timer_stop(void *ctx, uint64_t id)
{
    struct etcd_model *m = ((struct client *)ctx)->m;
    for (size_t i = 0; i < m->job_count; i++)
        if (m->jobs[i].id == id && m->jobs[i].kind == JOB_TIMER)
            m->jobs[i].fn = NULL;
}

/* --- the store ---------------------------------------------------------------------------------
 */

static int compare(struct evac_str a, struct evac_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : a.n < b.n ? -1 : a.n > b.n;
}

/* The first key that is not before this one. */
static size_t find(const struct etcd_model *m, struct evac_str key)
{
    size_t low = 0, high = m->key_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare(m->keys[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct etcd_value *get(struct etcd_model *m, struct evac_str key)
{
    size_t at = find(m, key);
    return at < m->key_count && compare(m->keys[at].key, key) == 0 ? &m->keys[at] : NULL;
}

static struct evac_str copy(struct evac_str text)
{
    char *p = must(malloc(text.n + 1));
    if (text.n)
        memcpy(p, text.p, text.n);
    p[text.n] = '\0';
    return (struct evac_str){ p, text.n };
}

static void free_text(struct evac_str text)
{
    free((void *)(uintptr_t)text.p);
}

static void put(struct etcd_model *m, struct evac_str key, struct evac_str value, int64_t lease,
                int64_t revision)
{
    struct etcd_value *kv = get(m, key);
    if (kv) {
        free_text(kv->value);
    } else {
        size_t at = find(m, key);
        if (m->key_count == KEYS_MAX)
            abort();
        memmove(&m->keys[at + 1], &m->keys[at], (m->key_count++ - at) * sizeof *m->keys);
        kv = &m->keys[at];
        *kv = (struct etcd_value){ .key = copy(key), .create_revision = revision };
    }
    kv->value = copy(value);
    kv->lease = lease;
    kv->mod_revision = revision;
    if (m->watch)
        m->watch(m->watch_user, kv);
}

static void drop_key(struct etcd_model *m, size_t at)
{
    free_text(m->keys[at].key);
    free_text(m->keys[at].value);
    memmove(&m->keys[at], &m->keys[at + 1], (--m->key_count - at) * sizeof *m->keys);
}

static size_t delete_range(struct etcd_model *m, struct evac_str key, struct evac_str end)
{
    size_t at = find(m, key), count = 0;
    while (at < m->key_count &&
           (end.n ? compare(m->keys[at].key, end) < 0 : compare(m->keys[at].key, key) == 0)) {
        drop_key(m, at);
        count++;
    }
    return count;
}

static struct lease *find_lease(struct etcd_model *m, int64_t id)
{
    for (size_t i = 0; i < m->lease_count; i++)
        if (m->leases[i].id == id)
            return &m->leases[i];
    return NULL;
}

/* With all keys that are bound to it, in one revision. */
static void end_lease(struct etcd_model *m, struct lease *lease)
{
    int64_t id = lease->id;
    bool any = false;
    for (size_t i = m->key_count; i-- > 0;)
        if (m->keys[i].lease == id) {
            drop_key(m, i);
            any = true;
        }
    m->revision += any;
    *lease = m->leases[--m->lease_count];
}

static void end_leases(struct etcd_model *m)
{
    for (size_t i = m->headless ? 0 : m->lease_count; i-- > 0;)
        if (m->leases[i].ends_ms <= m->now_ms)
            end_lease(m, &m->leases[i]);
}

/* --- answers -----------------------------------------------------------------------------------
 */

static void put_header(const struct etcd_model *m, const struct exchange *x, struct evac_buf *out)
{
    evac_buf_putf(out,
                  "{\"header\":{\"cluster_id\":\"1484\",\"member_id\":\"%u\",\"revision\":\"%lld\","
                  "\"raft_term\":\"%lld\"}",
                  x->endpoint + 1, (long long)m->revision, (long long)m->term);
}

static void fail(struct exchange *x, int status, int code, const char *text)
{
    x->status = status;
    evac_buf_reset(&x->reply);
    evac_buf_putf(&x->reply, "{\"error\":\"etcdserver: %s\",\"message\":\"etcdserver: %s\"", text,
                  text);
    evac_buf_putf(&x->reply, ",\"code\":%d}", code);
}

static void put_kv(struct evac_buf *out, const struct etcd_value *kv)
{
    evac_buf_puts(out, "{\"key\":\"");
    evac_base64_put(out, kv->key);
    evac_buf_putf(out,
                  "\",\"create_revision\":\"%lld\",\"mod_revision\":\"%lld\",\"version\":\"1\"",
                  (long long)kv->create_revision, (long long)kv->mod_revision);
    if (kv->value.n) {
        evac_buf_puts(out, ",\"value\":\"");
        evac_base64_put(out, kv->value);
        evac_buf_putc(out, '"');
    }
    if (kv->lease)
        evac_buf_putf(out, ",\"lease\":\"%lld\"", (long long)kv->lease);
    evac_buf_putc(out, '}');
}

/* --- transactions ------------------------------------------------------------------------------
 */

static struct evac_str bytes_of(const cJSON *json, const char *name, struct evac_arena *arena)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    struct evac_str bytes = EVAC_STR_NONE;
    if (item && !evac_base64_read(evac_str(cJSON_GetStringValue(item)), arena, &bytes))
        abort(); /* the code under test sends base64 */
    return bytes;
}

static int64_t number_of(const cJSON *json, const char *name)
{
    int64_t value;
    if (!evac_etcd_int(json, name, &value))
        abort();
    return value;
}

static bool holds(struct etcd_model *m, const cJSON *compares, struct evac_arena *arena)
{
    const cJSON *c = NULL;
    cJSON_ArrayForEach(c, compares)
    {
        const struct etcd_value *kv = get(m, bytes_of(c, "key", arena));
        const char *target = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(c, "target"));
        bool by_create = strcmp(target ? target : "", "CREATE") == 0;
        int64_t is = !kv ? 0 : by_create ? kv->create_revision : kv->mod_revision;
        if (is != number_of(c, by_create ? "createRevision" : "modRevision"))
            return false;
    }
    return true;
}

/* Before anything is done: a put under a lease that is gone fails all. */
static bool may_do(struct etcd_model *m, struct exchange *x, const cJSON *operations)
{
    const cJSON *op = NULL;
    cJSON_ArrayForEach(op, operations)
    {
        const cJSON *p = cJSON_GetObjectItemCaseSensitive(op, "requestPut");
        if (p && m->no_space) {
            fail(x, 429, 8, "mvcc: database space exceeded");
            return false;
        }
        if (p && number_of(p, "lease") && !find_lease(m, number_of(p, "lease"))) {
            fail(x, 404, 5, "requested lease not found");
            return false;
        }
    }
    return true;
}

static void do_range(struct etcd_model *m, struct evac_buf *out, const cJSON *q,
                     struct evac_arena *arena)
{
    struct evac_str key = bytes_of(q, "key", arena), end = bytes_of(q, "rangeEnd", arena);
    int64_t limit = number_of(q, "limit"), oldest = number_of(q, "minModRevision"), count = 0;
    bool more = false;
    evac_buf_putf(out, "{\"response_range\":{\"header\":{\"revision\":\"%lld\"}",
                  (long long)m->revision);
    for (size_t i = find(m, key); i < m->key_count; i++) {
        const struct etcd_value *kv = &m->keys[i];
        if (end.n ? compare(kv->key, end) >= 0 : compare(kv->key, key) != 0)
            break;
        if (kv->mod_revision < oldest)
            continue;
        more = limit && count == limit;
        if (more)
            break;
        evac_buf_puts(out, count++ ? "," : ",\"kvs\":[");
        put_kv(out, kv);
    }
    evac_buf_puts(out, count ? "]" : "");
    if (count)
        evac_buf_putf(out, ",\"count\":\"%lld\"", (long long)count);
    evac_buf_puts(out, more ? ",\"more\":true}}" : "}}");
}

static void do_operations(struct etcd_model *m, struct exchange *x, const cJSON *operations,
                          struct evac_buf *out, struct evac_arena *arena)
{
    int64_t revision = m->revision + 1;
    const cJSON *op = NULL, *what;
    (void)x;
    cJSON_ArrayForEach(op, operations)
    {
        evac_buf_puts(out, op == operations->child ? ",\"responses\":[" : ",");
        if ((what = cJSON_GetObjectItemCaseSensitive(op, "requestPut")) != NULL) {
            put(m, bytes_of(what, "key", arena), bytes_of(what, "value", arena),
                number_of(what, "lease"), revision);
            m->revision = revision;
            evac_buf_putf(out, "{\"response_put\":{\"header\":{\"revision\":\"%lld\"}}}",
                          (long long)revision);
        } else if ((what = cJSON_GetObjectItemCaseSensitive(op, "requestDeleteRange")) != NULL) {
            if (delete_range(m, bytes_of(what, "key", arena), bytes_of(what, "rangeEnd", arena)))
                m->revision = revision;
            evac_buf_puts(out, "{\"response_delete_range\":{}}");
        } else {
            do_range(m, out, cJSON_GetObjectItemCaseSensitive(op, "requestRange"), arena);
        }
    }
    evac_buf_puts(out, operations && operations->child ? "]" : "");
}

static void txn(struct etcd_model *m, struct exchange *x, const cJSON *json)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_buf done;
    bool good = holds(m, cJSON_GetObjectItemCaseSensitive(json, "compare"), arena);
    const cJSON *part = cJSON_GetObjectItemCaseSensitive(json, good ? "success" : "failure");
    evac_buf_init(&done, REPLY_MAX);
    if (may_do(m, x, part) && may_do(m, x, cJSON_GetObjectItemCaseSensitive(json, "success"))) {
        do_operations(m, x, part, &done, arena);
        put_header(m, x, &x->reply);
        evac_buf_puts(&x->reply, good ? ",\"succeeded\":true" : "");
        evac_buf_put_str(&x->reply, evac_buf_str(&done));
        evac_buf_putc(&x->reply, '}');
    }
    evac_buf_done(&done);
    evac_arena_free(arena);
}

/* --- leases, auth, upkeep ----------------------------------------------------------------------
 */

static void grant(struct etcd_model *m, struct exchange *x, const cJSON *json)
{
    int64_t ttl_s = number_of(json, "TTL");
    if (m->no_space) {
        fail(x, 429, 8, "mvcc: database space exceeded");
        return;
    }
    if (m->lease_count == LEASES_MAX)
        abort();
    struct lease *lease = &m->leases[m->lease_count++];
    *lease = (struct lease){ .id = 7587899217035811000 + ++m->next_lease,
                             .ttl_ms = (uint64_t)ttl_s * 1000 };
    lease->ends_ms = m->now_ms + lease->ttl_ms;
    put_header(m, x, &x->reply);
    evac_buf_putf(&x->reply, ",\"ID\":\"%lld\",\"TTL\":\"%lld\"}", (long long)lease->id,
                  (long long)ttl_s);
}

static void keepalive(struct etcd_model *m, struct exchange *x, const cJSON *json, bool lies)
{
    int64_t id = number_of(json, "ID");
    struct lease *lease = find_lease(m, id);
    evac_buf_puts(&x->reply, "{\"result\":");
    put_header(m, x, &x->reply);
    evac_buf_putf(&x->reply, ",\"ID\":\"%lld\"", (long long)id);
    if (lies)
        evac_buf_putf(&x->reply, ",\"TTL\":\"%lld\"",
                      (long long)(lease ? lease->ttl_ms / 1000 : 15));
    else if (lease)
        evac_buf_putf(&x->reply, ",\"TTL\":\"%lld\"", (long long)(lease->ttl_ms / 1000));
    if (lease && !lies)
        lease->ends_ms = m->now_ms + lease->ttl_ms;
    evac_buf_puts(&x->reply, "}}\n");
}

static void revoke(struct etcd_model *m, struct exchange *x, const cJSON *json)
{
    struct lease *lease = find_lease(m, number_of(json, "ID"));
    if (!lease) {
        fail(x, 404, 5, "requested lease not found");
        return;
    }
    end_lease(m, lease);
    put_header(m, x, &x->reply);
    evac_buf_putc(&x->reply, '}');
}

static void authenticate(struct etcd_model *m, struct exchange *x, const cJSON *json)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "name"));
    const char *word = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "password"));
    if (!m->user[0]) {
        fail(x, 412, 9, "authentication is not enabled");
    } else if (strcmp(name ? name : "", m->user) || strcmp(word ? word : "", m->password)) {
        fail(x, 400, 3, "authentication failed, invalid user ID or password");
    } else {
        put_header(m, x, &x->reply);
        evac_buf_putf(&x->reply, ",\"token\":\"" TOKEN_FORMAT "\"}", ++m->tokens);
    }
}

static bool may_ask(struct etcd_model *m, struct exchange *x)
{
    static const char name[] = "Authorization: ";
    const char *at = strstr(x->request, name);
    unsigned token = 0;
    if (!m->user[0])
        return true;
    if (!at || at > x->request + x->body_at) {
        fail(x, 400, 3, "user name is empty");
        return false;
    }
    if (sscanf(at + sizeof name - 1, TOKEN_FORMAT, &token) == 1 && token > m->tokens_from &&
        token <= m->tokens)
        return true;
    fail(x, 401, 16, "invalid auth token");
    return false;
}

static void compact(struct etcd_model *m, struct exchange *x, const cJSON *json)
{
    int64_t revision = number_of(json, "revision");
    if (revision <= m->compacted) {
        fail(x, 400, 11, "mvcc: required revision has been compacted");
        return;
    }
    m->compacted = revision;
    put_header(m, x, &x->reply);
    evac_buf_putc(&x->reply, '}');
}

static void status(struct etcd_model *m, struct exchange *x)
{
    put_header(m, x, &x->reply);
    evac_buf_puts(&x->reply, ",\"version\":\"3.4.23\",\"dbSize\":\"20480\"");
    evac_buf_puts(&x->reply, m->no_space ? ",\"errors\":[\"memberID:1 alarm:NOSPACE \"]}" : "}");
}

static void apply(struct etcd_model *m, struct exchange *x)
{
    struct evac_str path = { x->request, x->path_n };
    const char *body = x->request + x->body_at;
    cJSON *json = cJSON_ParseWithLength(body, x->request_n - x->body_at);
    if (!json)
        abort(); /* the code under test sends JSON */
    end_leases(m);
    x->status = 200;
    if (evac_str_is(path, "/v3/auth/authenticate"))
        authenticate(m, x, json);
    else if (!may_ask(m, x))
        ;
    else if (evac_str_is(path, "/v3/kv/txn"))
        txn(m, x, json);
    else if (evac_str_is(path, "/v3/lease/grant"))
        grant(m, x, json);
    else if (evac_str_is(path, "/v3/lease/keepalive"))
        keepalive(m, x, json, false);
    else if (evac_str_is(path, "/v3/lease/revoke"))
        revoke(m, x, json);
    else if (evac_str_is(path, "/v3/kv/compaction"))
        compact(m, x, json);
    else if (evac_str_is(path, "/v3/maintenance/status"))
        status(m, x);
    else
        fail(x, 404, 5, "no such path");
    cJSON_Delete(json);
}

/* --- exchanges ---------------------------------------------------------------------------------
 */

static void let_go(struct exchange *x)
{
    if (--x->jobs)
        return;
    free(x->request);
    evac_buf_done(&x->reply);
    free(x);
}

static void finish(struct exchange *x, enum evac_http_fate fate)
{
    struct evac_http_reply reply = { .fate = fate, .error = "", .sent_boot_ms = x->sent_ms };
    if (x->finished)
        return;
    x->finished = true;
    if (fate == EVAC_HTTP_REPLIED) {
        reply.status = x->status;
        reply.body = evac_buf_str(&x->reply);
    } else {
        reply.error = fate == EVAC_HTTP_LOST ? "no answer in time" : "no connection";
    }
    x->done(x->user, &reply);
}

static void reply_in(struct etcd_model *m, struct exchange *x, enum job_kind kind, uint64_t ms)
{
    add_job(m, (struct job){ .at_ms = m->now_ms + ms, .kind = kind, .client = x->client, .x = x });
}

static uint64_t half_trip(struct etcd_model *m)
{
    return etcd_model_random(m, m->chances.trip_ms / 2 + 1);
}

/* What goes through etcd's log, and so to its disks; a kept lease does not. */
static bool writes(const struct exchange *x)
{
    struct evac_str path = { x->request, x->path_n };
    return evac_str_is(path, "/v3/lease/grant") || evac_str_is(path, "/v3/lease/revoke") ||
           evac_str_is(path, "/v3/kv/compaction") ||
           strstr(x->request + x->body_at, "requestPut") != NULL;
}

/* It reached the endpoint. */
static void arrive(struct etcd_model *m, struct exchange *x)
{
    struct evac_str path = { x->request, x->path_n };
    bool keeps = evac_str_is(path, "/v3/lease/keepalive");
    bool late = x->next.used && x->next.fault == ETCD_DOES_LATE;
    if (x->vanished || (m->headless && !m->alone[x->endpoint]) || (m->stalled && writes(x)))
        return;
    if (m->alone[x->endpoint]) {
        if (!keeps || m->now_ms >= m->lies_until[x->endpoint])
            return; /* it hangs */
        cJSON *json = cJSON_ParseWithLength(x->request + x->body_at, x->request_n - x->body_at);
        x->status = 200;
        keepalive(m, x, json, true);
        cJSON_Delete(json);
    } else if (x->next.used && x->next.fault == ETCD_SAYS) {
        x->status = x->next.status;
        evac_buf_puts(&x->reply, x->next.body);
    } else {
        apply(m, x);
        if (x->next.used && x->next.fault == ETCD_DOES_SAYS) {
            x->status = x->next.status;
            evac_buf_reset(&x->reply);
            evac_buf_puts(&x->reply, x->next.body);
        }
    }
    if (!x->silent)
        reply_in(m, x, JOB_REPLY, late ? (uint64_t)x->next.status : half_trip(m));
}

/* A 200 that says nothing. */
static void hollow_out(struct exchange *x)
{
    evac_buf_reset(&x->reply);
    evac_buf_puts(&x->reply, x->id % 2 ? "{}" : "");
}

static void decide(struct etcd_model *m, struct exchange *x)
{
    const struct etcd_chances *c = &m->chances;
    unsigned draw = (unsigned)etcd_model_random(m, 1000);
    bool cut = x->client->cut[x->endpoint];
    if (x->next.used && x->next.fault == ETCD_UNREACHABLE) {
        x->fate = EVAC_HTTP_NOT_SENT;
        reply_in(m, x, JOB_REPLY, REFUSED_MS);
    } else if (cut || (x->next.used && x->next.fault == ETCD_LOSES)) {
        x->fate = cut && etcd_model_random(m, 2) ? EVAC_HTTP_NOT_SENT : EVAC_HTTP_LOST;
    } else if (x->next.used) {
        x->silent = x->next.fault == ETCD_DOES_LOSES;
        reply_in(m, x, JOB_ARRIVE, half_trip(m));
    } else if (draw < c->refused_connection) {
        x->fate = EVAC_HTTP_NOT_SENT;
        reply_in(m, x, JOB_REPLY, REFUSED_MS);
    } else if ((draw -= c->refused_connection) >= c->lost_before) {
        draw -= c->lost_before;
        x->silent = draw < c->lost_after + c->delayed;
        bool late = draw < c->delayed;
        reply_in(m, x, JOB_ARRIVE, late ? etcd_model_random(m, c->late_ms) : half_trip(m));
        x->hollow = !x->silent && draw < c->lost_after + c->delayed + c->hollow;
    }
}

static void take_next(struct etcd_model *m, struct exchange *x)
{
    struct evac_str path = { x->request, x->path_n };
    for (size_t i = 0; i < m->next_count; i++) {
        struct next *n = &m->next[i];
        if (!n->path[0] || !evac_str_is(path, n->path))
            continue;
        x->next.used = true;
        x->next.fault = n->fault;
        x->next.status = n->status;
        x->next.body = n->body;
        n->path[0] = '\0';
        return;
    }
}

static void note(struct etcd_model *m, const struct exchange *x)
{
    struct evac_str path = { x->request, x->path_n };
    size_t i = 0;
    while (i < PATHS_MAX - 1 && m->asked[i].path[0] && !evac_str_is(path, m->asked[i].path))
        i++;
    (void)evac_str_copy(m->asked[i].path, sizeof m->asked[i].path, path);
    m->asked[i].count++;
    free(m->newest);
    m->newest = must(strdup(x->request));
}

static void write_request(struct exchange *x, const struct evac_http_request *r,
                          const struct evac_url *url)
{
    struct evac_buf text;
    evac_buf_init(&text, REPLY_MAX);
    evac_buf_put_str(&text, url->target);
    evac_buf_putc(&text, '\n');
    for (size_t i = 0; i < r->header_count; i++)
        evac_buf_putf(&text, "%.*s: %.*s\n", EVAC_STR_ARG(r->headers[i].name),
                      EVAC_STR_ARG(r->headers[i].value));
    evac_buf_putc(&text, '\n');
    x->path_n = url->target.n;
    x->body_at = text.n;
    evac_buf_put_str(&text, r->body);
    x->request = text.p;
    x->request_n = text.n;
}

static enum evac_code client_http(void *ctx, const struct evac_http_request *r,
                                  evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                  struct evac_err *err)
{
    struct client *c = ctx;
    struct evac_url url;
    enum evac_code code = evac_url_split(r->url, &url, err);
    if (code || url.port < 1 || url.port > ETCD_ENDPOINTS_MAX)
        return code ? code : evac_fail(err, EVAC_E_BADARG, "no such endpoint");
    struct exchange *x = must(calloc(1, sizeof *x));
    x->id = ++c->m->serial;
    x->client = c;
    x->endpoint = url.port - 1u;
    x->done = done;
    x->user = user;
    x->sent_ms = client_now(c);
    x->fate = EVAC_HTTP_LOST;
    evac_buf_init(&x->reply, REPLY_MAX);
    write_request(x, r, &url);
    note(c->m, x);
    take_next(c->m, x);
    reply_in(c->m, x, JOB_TIMEOUT, model_delay(c, r->total_ms));
    decide(c->m, x);
    *ret_id = x->id;
    return EVAC_OK;
}

static void client_http_cancel(void *ctx, uint64_t id)
{
    struct etcd_model *m = ((struct client *)ctx)->m;
    for (size_t i = 0; i < m->job_count; i++) {
        struct exchange *x = m->jobs[i].x;
        if (x && x->id == id && !x->finished) {
            x->silent = true; /* what is on its way to etcd arrives all the same */
            x->fate = EVAC_HTTP_LOST;
            reply_in(m, x, JOB_TIMEOUT, 0);
            return;
        }
    }
}

/* --- running -----------------------------------------------------------------------------------
 */

static void on_reply(struct etcd_model *m, struct exchange *x)
{
    bool replied = x->reply.n > 0;
    (void)m;
    if (x->client->cut[x->endpoint] || x->silent)
        return; /* the answer does not come through: the timeout tells */
    if (x->hollow)
        hollow_out(x);
    finish(x, replied || x->status ? EVAC_HTTP_REPLIED : x->fate);
}

static void run_job(struct etcd_model *m, struct job *job)
{
    if (job->kind == JOB_TIMER) {
        if (job->fn)
            job->fn(job->user);
    } else if (job->kind == JOB_ARRIVE) {
        arrive(m, job->x);
    } else if (job->kind == JOB_REPLY) {
        on_reply(m, job->x);
    } else {
        finish(job->x, job->x->fate);
    }
    if (job->x)
        let_go(job->x);
}

bool etcd_model_step(struct etcd_model *m, uint64_t until_ms)
{
    for (;;) {
        if (!m->job_count || m->jobs[0].at_ms > until_ms) {
            if (m->now_ms < until_ms)
                m->now_ms = until_ms;
            end_leases(m);
            return false;
        }
        struct job job = take_job(m);
        m->at_once = job.at_ms > m->now_ms ? 0 : m->at_once + 1;
        m->now_ms = job.at_ms > m->now_ms ? job.at_ms : m->now_ms;
        if (m->at_once > AT_ONCE_MAX) {
            (void)fprintf(stderr, "etcd_model: time stands still at %llu\n",
                          (unsigned long long)m->now_ms);
            abort();
        }
        if (job.kind != JOB_ARRIVE && m->now_ms < job.client->paused_until) {
            /* what lay in the socket may be seen before or after a timer that is overdue */
            job.at_ms =
                job.client->paused_until + (job.kind == JOB_REPLY ? 1 : etcd_model_random(m, 3));
            if (job.x)
                job.x->jobs--; /* add_job counts it again */
            add_job(m, job);
            continue;
        }
        run_job(m, &job);
        return true;
    }
}

uint64_t etcd_model_due(const struct etcd_model *m)
{
    return m->job_count ? m->jobs[0].at_ms : UINT64_MAX;
}

void etcd_model_run(struct etcd_model *m, uint64_t ms)
{
    uint64_t until = m->now_ms + ms;
    while (etcd_model_step(m, until))
        ;
}

/* --- what a test does --------------------------------------------------------------------------
 */

struct etcd_model *etcd_model_new(uint64_t seed)
{
    struct etcd_model *m = must(calloc(1, sizeof *m));
    m->random = seed * 0x9e3779b97f4a7c15ull + 0x1234567;
    m->random = m->random ? m->random : 1;
    m->now_ms = 1000;
    m->revision = 1;
    m->term = 2;
    m->chances.trip_ms = 20;
    for (unsigned i = 0; i < ETCD_CLIENTS_MAX; i++) {
        struct client *c = &m->clients[i];
        *c = (struct client){ .m = m, .number = i };
        c->host = (struct evac_host){
            .abi = EVAC_HOST_ABI,
            .ctx = c,
            .now_ms = client_now,
            .wall_ms = client_wall,
            .random = client_random,
            .http = client_http,
            .http_cancel = client_http_cancel,
            .timer = client_timer,
            .timer_stop = client_timer_stop,
        };
    }
    return m;
}

void etcd_model_free(struct etcd_model *m)
{
    while (m->job_count) {
        struct job job = take_job(m);
        if (job.x && !job.x->finished)
            finish(job.x, EVAC_HTTP_LOST);
        if (job.x)
            let_go(job.x);
    }
    etcd_model_wipe(m);
    for (size_t i = 0; i < m->next_count; i++)
        free(m->next[i].body);
    free(m->jobs);
    free(m->newest);
    free(m);
}

const struct evac_host *etcd_model_host(struct etcd_model *m, unsigned client)
{
    return &m->clients[client].host;
}

void etcd_model_chances(struct etcd_model *m, struct etcd_chances chances)
{
    m->chances = chances;
}

void etcd_model_settle(struct etcd_model *m)
{
    for (size_t i = 0; i < m->job_count; i++)
        if (m->jobs[i].kind == JOB_ARRIVE && m->jobs[i].x->silent)
            m->jobs[i].x->vanished = true;
}

void etcd_model_cut(struct etcd_model *m, unsigned client, unsigned endpoint, bool cut)
{
    m->clients[client].cut[endpoint] = cut;
}

void etcd_model_cut_all(struct etcd_model *m, unsigned client, bool cut)
{
    for (unsigned i = 0; i < ETCD_ENDPOINTS_MAX; i++)
        m->clients[client].cut[i] = cut;
}

void etcd_model_isolate(struct etcd_model *m, unsigned endpoint, bool alone, uint64_t lies_ms)
{
    m->alone[endpoint] = alone;
    m->lies_until[endpoint] = m->now_ms + lies_ms;
}

void etcd_model_headless(struct etcd_model *m)
{
    end_leases(m);
    m->headless = true;
}

void etcd_model_elect(struct etcd_model *m)
{
    m->term++;
    end_leases(m);
    m->headless = false;
    for (size_t i = 0; i < m->lease_count; i++)
        m->leases[i].ends_ms = m->now_ms + m->leases[i].ttl_ms;
}

void etcd_model_old_leader_wakes(struct etcd_model *m)
{
    while (!m->headless && m->lease_count)
        end_lease(m, &m->leases[m->lease_count - 1]);
}

void etcd_model_stall(struct etcd_model *m, bool stalled)
{
    m->stalled = stalled;
}

void etcd_model_no_space(struct etcd_model *m, bool full)
{
    m->no_space = full;
}

void etcd_model_pause(struct etcd_model *m, unsigned client, uint64_t ms)
{
    m->clients[client].paused_until = m->now_ms + ms;
}

void etcd_model_clock_rate(struct etcd_model *m, unsigned client, int ppm)
{
    m->clients[client].ppm = ppm;
}

void etcd_model_auth(struct etcd_model *m, const char *user, const char *password)
{
    (void)snprintf(m->user, sizeof m->user, "%s", user);
    (void)snprintf(m->password, sizeof m->password, "%s", password);
}

void etcd_model_forget_tokens(struct etcd_model *m)
{
    m->tokens_from = m->tokens;
}

void etcd_model_next(struct etcd_model *m, const char *path, enum etcd_fault fault, int status_code,
                     const char *body)
{
    if (m->next_count == NEXT_MAX)
        abort();
    struct next *n = &m->next[m->next_count++];
    (void)snprintf(n->path, sizeof n->path, "%s", path);
    n->fault = fault;
    n->status = status_code;
    n->body = must(strdup(body ? body : ""));
}

const struct etcd_value *etcd_model_get(struct etcd_model *m, const char *key)
{
    end_leases(m);
    return get(m, evac_str(key));
}

size_t etcd_model_count(struct etcd_model *m, const char *prefix)
{
    size_t count = 0;
    end_leases(m);
    for (size_t i = 0; i < m->key_count; i++)
        count += evac_str_starts(m->keys[i].key, prefix);
    return count;
}

void etcd_model_put(struct etcd_model *m, const char *key, struct evac_str value)
{
    m->revision++;
    put(m, evac_str(key), value, 0, m->revision);
}

void etcd_model_delete(struct etcd_model *m, const char *key)
{
    if (delete_range(m, evac_str(key), EVAC_STR_NONE))
        m->revision++;
}

int64_t etcd_model_revision(const struct etcd_model *m)
{
    return m->revision;
}

void etcd_model_wipe(struct etcd_model *m)
{
    while (m->key_count)
        drop_key(m, m->key_count - 1);
    m->lease_count = 0;
    m->revision = 1;
    m->compacted = 0;
}

size_t etcd_model_asked(const struct etcd_model *m, const char *path)
{
    for (size_t i = 0; i < PATHS_MAX; i++)
        if (strcmp(m->asked[i].path, path) == 0)
            return m->asked[i].count;
    return 0;
}

const char *etcd_model_newest_request(const struct etcd_model *m)
{
    return m->newest ? m->newest : "";
}

void etcd_model_watch(struct etcd_model *m, void (*fn)(void *user, const struct etcd_value *value),
                      void *user)
{
    m->watch = fn;
    m->watch_user = user;
}
