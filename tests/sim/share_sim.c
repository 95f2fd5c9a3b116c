/*
 * evac-share-sim: three controllers that share a journal on etcd, thousands of times, in virtual
 * time, from seeds. The production share, gateway and codecs against a model of etcd, with what
 * goes wrong between them: answers lost before and after the effect, requests that land half a
 * minute late, links cut, etcd without a leader while one of its members lies about leases, clocks
 * that run at different rates, controllers that stop for a while, die and come back, a full etcd.
 *
 *   evac-share-sim --seeds N [--from S] [--expect-broken]      --seed S --trace
 *
 * Checked after every event: there is one history, and each copy is a beginning of it; no row lands
 * under a lead that was overtaken; what was told durable is there; who may act by its lease is the
 * one who leads. When the faults stop somebody leads in time, and all copies are whole.
 */
#include "etcd_model.h"
#include "row_batch.h"
#include "share.h"
#include "store_memory.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NODES      3u
#define ROWS_MAX   4096u
#define TROUBLE_MS 60000u
#define SECOND     1000u

struct node {
    struct sim *sim;
    unsigned number;
    char name[4];
    struct evac_store *replica;
    struct evac_share *share;
    bool shell;
    uint64_t appended, checked, next_append, drop_at, back_at;
    int64_t epoch;
};

struct sim {
    struct etcd_model *m;
    struct node nodes[NODES];
    uint8_t history[ROWS_MAX][32]; /* by seq - 1 */
    uint64_t rows, changes, leads;
    unsigned slowest; /* lead after the faults, in per cent of what was promised */
    bool trace, faults, full;
    uint64_t mends_at[ETCD_ENDPOINTS_MAX], elects_at, awake_at, robbed_until;
    uint32_t ttl_ms, request_ms, poll_ms, election_ms, takeover_ms;
    unsigned swarm; /* which faults there are at all, a bit each */
    char broken[300];
};

static void note(const struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(const struct sim *s, const char *fmt, ...)
{
    va_list ap;
    if (!s->trace)
        return;
    printf("%9.3f ", (double)etcd_model_now(s->m) / 1000);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

static void broken(struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void broken(struct sim *s, const char *fmt, ...)
{
    va_list ap;
    if (s->broken[0])
        return;
    va_start(ap, fmt);
    (void)vsnprintf(s->broken, sizeof s->broken, fmt, ap);
    va_end(ap);
    note(s, "BROKEN: %s", s->broken);
}

static uint64_t below(struct sim *s, uint64_t n)
{
    return etcd_model_random(s->m, n);
}

/* --- what must hold ----------------------------------------------------------------------------
 */

static void row_landed(struct sim *s, const struct evac_row *row, int64_t leader)
{
    uint64_t seq = row->record.seq;
    if (seq != s->rows + 1 || seq > ROWS_MAX)
        broken(s, "row %llu was written after row %llu", (unsigned long long)seq,
               (unsigned long long)s->rows);
    else if ((int64_t)row->record.epoch != leader)
        broken(s, "row %llu landed under the lead %llu, which %lld had overtaken",
               (unsigned long long)seq, (unsigned long long)row->record.epoch, (long long)leader);
    else
        memcpy(s->history[s->rows++], row->hash, 32);
}

static void on_put(void *user, const struct etcd_value *value)
{
    struct sim *s = user;
    struct evac_row *rows;
    size_t count;
    struct evac_arena *arena;
    struct evac_err err;
    if (!evac_str_starts(value->key, "/evac/c/journal/") || s->broken[0])
        return;
    arena = evac_arena_new();
    const struct etcd_value *leader = etcd_model_get(s->m, "/evac/c/leader");
    int64_t epoch = leader ? leader->create_revision : 0;
    if (evac_row_batch_read(value->value, arena, &rows, &count, &err))
        broken(s, "etcd got rows that nobody can read: %s", err.text);
    else
        for (size_t i = 0; i < count; i++)
            row_landed(s, &rows[i], epoch);
    evac_arena_free(arena);
}

static bool check_row(void *user, const struct evac_row *row)
{
    struct node *n = user;
    struct sim *s = n->sim;
    uint64_t seq = row->record.seq;
    if (seq > s->rows || memcmp(s->history[seq - 1], row->hash, 32) != 0)
        broken(s, "%s has another row %llu than etcd", n->name, (unsigned long long)seq);
    n->checked = seq;
    return !s->broken[0];
}

static void check_node(struct sim *s, struct node *n)
{
    struct evac_store_filter news = { .after_seq = n->checked };
    if (n->replica->vt->last_seq(n->replica) > n->checked)
        (void)n->replica->vt->read(n->replica, &news, check_row, n, NULL);
    if (!n->share)
        return;
    struct evac_share_view view = evac_share_view(n->share);
    const struct evac_host *host = etcd_model_host(s->m, n->number);
    const struct etcd_value *leader = etcd_model_get(s->m, "/evac/c/leader");
    if (view.lead_until_ms > host->now_ms(host->ctx) && etcd_model_now(s->m) > s->robbed_until &&
        (!leader || leader->create_revision != (int64_t)view.epoch))
        broken(s, "%s may act by the lead %llu, and etcd's is %lld", n->name,
               (unsigned long long)view.epoch, leader ? (long long)leader->create_revision : 0);
    /* elections may keep a dead controller's lease alive for long: then its name seems taken */
    if (view.role == EVAC_SHARE_STUCK && !strstr(view.trouble, "name"))
        broken(s, "%s is stuck: %s", n->name, view.trouble);
}

static void on_durable(void *user, const struct evac_record *rows, size_t count)
{
    struct node *n = user;
    if (rows[count - 1].seq > n->sim->rows)
        broken(n->sim, "%s was told that row %llu is durable, and etcd has it not", n->name,
               (unsigned long long)rows[count - 1].seq);
}

/* Who leads decides by its copy: what an earlier leader wrote is in it. Rows of a later one, while
 * this one's answer was on its way, are not its own to have. */
static void check_caught_up(const struct node *n)
{
    const struct etcd_value *leader = etcd_model_get(n->sim->m, "/evac/c/leader");
    if (leader && leader->create_revision == n->epoch && n->appended != n->sim->rows)
        broken(n->sim, "%s leads with %llu rows of %llu", n->name, (unsigned long long)n->appended,
               (unsigned long long)n->sim->rows);
}

/* --- a controller ------------------------------------------------------------------------------
 */

static void on_lost(void *user, const char *why)
{
    struct node *n = user;
    note(n->sim, "%s lost the lead: %s", n->name, why);
    n->shell = false;
    n->drop_at = etcd_model_now(n->sim->m) + below(n->sim, 2 * SECOND);
}

static void on_changed(void *user)
{
    struct node *n = user;
    struct evac_share_view view = evac_share_view(n->share);
    struct evac_store *store = evac_share_store(n->share);
    struct evac_store_listener listener = { n, on_durable, on_lost };
    n->sim->changes++;
    note(n->sim, "%s %s, lead %llu (%s) %s", n->name, evac_share_role_name(view.role),
         (unsigned long long)view.epoch, view.leader, view.trouble);
    if (view.role != EVAC_SHARE_CAUGHT)
        return;
    store->vt->listen(store, &listener);
    n->sim->leads++;
    n->shell = true;
    n->epoch = (int64_t)view.epoch;
    n->appended = store->vt->last_seq(store);
    check_caught_up(n);
    n->next_append = etcd_model_now(n->sim->m) + below(n->sim, SECOND);
}

static void on_rows(void *user, const struct evac_record *rows, size_t count)
{
    (void)user, (void)rows, (void)count; /* the replica itself is looked at */
}

static void begin(struct node *n)
{
    struct evac_share_options o = {
        .host = etcd_model_host(n->sim->m, n->number),
        .replica = n->replica,
        .node = n->name,
        .boot_id = "boot",
        .address = "",
        .cluster = "c",
        .endpoints = etcd_model_endpoints,
        .endpoint_count = ETCD_ENDPOINTS_MAX,
        .user = "",
        .password = "",
        .ca = "",
        .cert = "",
        .key = "",
        .may_lead = true,
        .ttl_ms = n->sim->ttl_ms,
        .request_ms = n->sim->request_ms,
        .poll_ms = n->sim->poll_ms,
        .keep_rows = 200,
        .user_data = n,
        .changed = on_changed,
        .rows = on_rows,
    };
    struct evac_err err;
    if (evac_share_new(&o, &n->share, &err))
        broken(n->sim, "%s does not begin: %s", n->name, err.text);
    note(n->sim, "%s begins", n->name);
}

static void crash(struct node *n, uint64_t ms)
{
    note(n->sim, "%s dies", n->name);
    evac_share_free(n->share);
    n->share = NULL;
    n->shell = false;
    n->drop_at = 0;
    n->back_at = etcd_model_now(n->sim->m) + ms;
}

static void append(struct node *n)
{
    struct evac_store *store = evac_share_store(n->share);
    struct evac_record rows[3];
    struct evac_err err;
    size_t count = 1 + below(n->sim, 3);
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct evac_record){ .seq = n->appended + 1 + i,
                                        .kind = EVAC_RECORD_STEP,
                                        .epoch = (uint64_t)n->epoch,
                                        .t_boot_ms = etcd_model_now(n->sim->m),
                                        .app = EVAC_STR("shop") };
    if (store->vt->append(store, rows, count, &err) == EVAC_OK)
        n->appended += count;
    n->next_append = etcd_model_now(n->sim->m) + below(n->sim, 3 * SECOND);
}

static void work(struct node *n)
{
    uint64_t now = etcd_model_now(n->sim->m);
    if (!n->share && n->back_at <= now)
        begin(n);
    if (n->share && n->drop_at && n->drop_at <= now) {
        n->drop_at = 0;
        evac_share_drop(n->share);
    }
    if (n->shell && n->next_append <= now && n->appended + 8 < ROWS_MAX)
        append(n);
}

/* --- trouble -----------------------------------------------------------------------------------
 */

static void stand_beside(struct sim *s, unsigned node, unsigned endpoint)
{
    note(s, "n%u is beside it", node);
    etcd_model_cut_all(s->m, node, true);
    etcd_model_cut(s->m, node, endpoint, false);
}

/* An etcd member alone on its side says for up to two elections that leases live; meanwhile the
 * others have no leader, so none ends. */
static void behead(struct sim *s)
{
    unsigned endpoint = (unsigned)below(s, ETCD_ENDPOINTS_MAX);
    uint64_t now = etcd_model_now(s->m);
    if (s->elects_at)
        return;
    etcd_model_headless(s->m);
    etcd_model_isolate(s->m, endpoint, true, below(s, 2 * s->election_ms));
    s->elects_at = now + s->election_ms + below(s, s->election_ms);
    s->mends_at[endpoint] = now + below(s, 30 * SECOND);
    note(s, "etcd %u is alone", endpoint);
    for (unsigned i = 0, side = (unsigned)below(s, 8); i < NODES; i++)
        if (side >> i & 1) /* they are on its side of the cut */
            stand_beside(s, i, endpoint);
}

static void stop_a_while(struct sim *s, unsigned node)
{
    uint64_t ms = below(s, 30 * SECOND), until = etcd_model_now(s->m) + ms;
    etcd_model_pause(s->m, node, ms);
    s->awake_at = until > s->awake_at ? until : s->awake_at;
    note(s, "n%u stops for %llu ms", node, (unsigned long long)ms);
}

/* Etcd's own mistake: a lease is no word to act by until it would have run out by its owner's
 * clock. What is written goes by the leader's key, and stays safe. */
static void wake_old_leader(struct sim *s)
{
    note(s, "etcd's old leader wakes, and ends every lease");
    etcd_model_old_leader_wakes(s->m);
    s->robbed_until = etcd_model_now(s->m) + s->ttl_ms;
}

static void one_fault(struct sim *s)
{
    struct node *n = &s->nodes[below(s, NODES)];
    unsigned which = (unsigned)below(s, 9);
    if (!(s->swarm >> which & 1))
        return;
    if (which == 0 && n->share)
        crash(n, below(s, 20 * SECOND));
    else if (which == 1)
        etcd_model_cut(s->m, n->number, (unsigned)below(s, ETCD_ENDPOINTS_MAX), below(s, 2));
    else if (which == 2)
        etcd_model_cut_all(s->m, n->number, below(s, 2));
    else if (which == 3)
        stop_a_while(s, n->number);
    else if (which == 4)
        behead(s);
    else if (which == 5 && n->shell) {
        n->shell = false;
        evac_share_drop(n->share);
    } else if (which == 6) {
        etcd_model_no_space(s->m, below(s, 2));
    } else if (which == 7) {
        note(s, "etcd elects");
        etcd_model_elect(s->m);
    } else if (which == 8) {
        wake_old_leader(s);
    }
}

static void mend_endpoints(struct sim *s, bool all)
{
    uint64_t now = etcd_model_now(s->m);
    if (s->elects_at && (all || s->elects_at <= now)) {
        etcd_model_elect(s->m);
        s->elects_at = 0;
    }
    for (unsigned i = 0; i < ETCD_ENDPOINTS_MAX; i++)
        if (s->mends_at[i] && (all || s->mends_at[i] <= now)) {
            etcd_model_isolate(s->m, i, false, 0);
            s->mends_at[i] = 0;
        }
}

static void advance(struct sim *s, uint64_t until)
{
    bool more = true;
    while (more && !s->broken[0]) {
        uint64_t next = etcd_model_now(s->m) + 250;
        more = etcd_model_step(s->m, next < until ? next : until);
        if (!more && next < until)
            more = true;
        mend_endpoints(s, false);
        for (unsigned i = 0; i < NODES; i++)
            work(&s->nodes[i]);
        for (unsigned i = 0; i < NODES && !s->broken[0]; i++)
            check_node(s, &s->nodes[i]);
    }
}

static bool somebody_leads(const struct sim *s)
{
    for (unsigned i = 0; i < NODES; i++)
        if (s->nodes[i].shell)
            return true;
    return false;
}

static void peace(struct sim *s)
{
    note(s, "the faults stop");
    etcd_model_chances(s->m, (struct etcd_chances){ .trip_ms = 200 });
    etcd_model_no_space(s->m, false);
    etcd_model_settle(s->m); /* a late keepalive of a dead leader would be one more fault */
    mend_endpoints(s, true);
    for (unsigned i = 0; i < NODES; i++) {
        etcd_model_cut_all(s->m, i, false);
        if (!s->nodes[i].share)
            begin(&s->nodes[i]);
    }
}

/* Two elections, the lease, a second; to notice it a poll and a question; two seconds until a
 * shell of this simulation is dropped, and the name's second. */
static void check_liveness(struct sim *s)
{
    uint64_t begun = etcd_model_now(s->m);
    uint64_t bound = s->takeover_ms + 3 * SECOND;
    while (!somebody_leads(s) && etcd_model_now(s->m) < begun + bound && !s->broken[0])
        advance(s, etcd_model_now(s->m) + 100);
    uint64_t took = etcd_model_now(s->m) - begun;
    unsigned share = (unsigned)(100 * took / s->takeover_ms);
    s->slowest = share > s->slowest ? share : s->slowest;
    if (!somebody_leads(s))
        broken(s, "nobody leads %llu ms after the faults stopped", (unsigned long long)took);
    advance(s, etcd_model_now(s->m) + s->ttl_ms + s->request_ms + 2 * s->poll_ms);
    for (unsigned i = 0; i < NODES; i++)
        s->nodes[i].shell = false; /* no more rows */
    advance(s, etcd_model_now(s->m) + 2 * s->poll_ms + s->request_ms);
    for (unsigned i = 0; i < NODES; i++) {
        struct node *n = &s->nodes[i];
        struct evac_share_view view = evac_share_view(n->share);
        if (view.trouble[0] || view.role == EVAC_SHARE_STUCK)
            broken(s, "%s is %s in peace: %s", n->name, evac_share_role_name(view.role),
                   view.trouble);
        if (n->checked != s->rows)
            broken(s, "%s has %llu rows of %llu in the end", n->name,
                   (unsigned long long)n->checked, (unsigned long long)s->rows);
    }
}

/* --- a seed ------------------------------------------------------------------------------------
 */

/* Times that may stand in a configuration, the shortest leases that go with slow elections too. */
static void draw_times(struct sim *s)
{
    struct evac_err err;
    do {
        s->request_ms = 500 * (1 + (uint32_t)below(s, 6));
        s->poll_ms = 500 * (1 + (uint32_t)below(s, 10));
        s->election_ms = 500 * (1 + (uint32_t)below(s, 10));
        s->ttl_ms = SECOND * (2 + (uint32_t)below(s, 19));
    } while (evac_share_times(s->ttl_ms, s->request_ms, s->poll_ms, s->election_ms, 60 * SECOND,
                              &s->takeover_ms, &err));
}

static void set_up(struct sim *s, uint64_t seed, bool trace)
{
    memset(s->nodes, 0, sizeof s->nodes);
    s->rows = 0;
    s->broken[0] = '\0';
    s->trace = trace;
    s->elects_at = s->awake_at = s->robbed_until = 0;
    memset(s->mends_at, 0, sizeof s->mends_at);
    s->m = etcd_model_new(seed);
    s->swarm = (unsigned)below(s, 512);
    draw_times(s);
    etcd_model_watch(s->m, on_put, s);
    for (unsigned i = 0; i < NODES; i++) {
        struct node *n = &s->nodes[i];
        n->sim = s;
        n->number = i;
        (void)snprintf(n->name, sizeof n->name, "n%u", i);
        n->replica = evac_store_new_memory(n->name, "boot");
        etcd_model_clock_rate(s->m, i, (int)below(s, 20001) - 10000);
        begin(n);
    }
    etcd_model_chances(s->m, (struct etcd_chances){
                                 .trip_ms = 1 + (uint32_t)below(s, 600),
                                 .lost_before = below(s, 2) ? (unsigned)below(s, 60) : 0,
                                 .lost_after = below(s, 2) ? (unsigned)below(s, 60) : 0,
                                 .delayed = below(s, 2) ? (unsigned)below(s, 60) : 0,
                                 .refused_connection = below(s, 3) ? 0 : (unsigned)below(s, 60),
                                 .hollow = below(s, 3) ? 0 : (unsigned)below(s, 60),
                                 .late_ms = 40 * SECOND,
                             });
}

static void tear_down(struct sim *s)
{
    for (unsigned i = 0; i < NODES; i++)
        evac_share_free(s->nodes[i].share);
    etcd_model_free(s->m);
    for (unsigned i = 0; i < NODES; i++)
        evac_store_close(s->nodes[i].replica);
}

static bool one_seed(struct sim *s, uint64_t seed, bool trace)
{
    set_up(s, seed, trace);
    while (etcd_model_now(s->m) < TROUBLE_MS && !s->broken[0]) {
        advance(s, etcd_model_now(s->m) + below(s, 6 * SECOND));
        one_fault(s);
    }
    if (s->awake_at > etcd_model_now(s->m))
        advance(s, s->awake_at);
    if (!s->broken[0]) {
        peace(s);
        check_liveness(s);
    }
    tear_down(s);
    if (s->broken[0])
        fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, s->broken);
    return s->broken[0] == '\0';
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "seeds", required_argument, NULL, 'n' },   { "from", required_argument, NULL, 'f' },
        { "seed", required_argument, NULL, 's' },    { "trace", no_argument, NULL, 't' },
        { "expect-broken", no_argument, NULL, 'x' }, { NULL, 0, NULL, 0 }
    };
    uint64_t from = 1, count = 1000, done = 0, rows = 0;
    bool trace = false, expect = false, good = true;
    struct timespec begun, end;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'n') {
            count = strtoull(optarg, NULL, 10);
        } else if (c == 'f' || c == 's') {
            from = strtoull(optarg, NULL, 10);
            count = c == 's' ? 1 : count;
        } else if (c == 't') {
            trace = true;
        } else if (c == 'x') {
            expect = true;
        } else {
            fputs("evac-share-sim [--seeds N] [--from S] [--seed S] [--trace] [--expect-broken]\n",
                  stderr);
            return 2;
        }
    }
    struct sim *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    clock_gettime(CLOCK_MONOTONIC, &begun);
    for (; good && done < count; done++) {
        good = one_seed(s, from + done, trace);
        rows += s->rows;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds =
        (double)(end.tv_sec - begun.tv_sec) + (double)(end.tv_nsec - begun.tv_nsec) / 1e9;
    printf("{\"share_seeds\":%llu,\"good\":%s,\"seeds_per_s\":%.0f,\"rows\":%llu,\"leads\":%llu,"
           "\"slowest_lead_per_cent\":%u}\n",
           (unsigned long long)done, good ? "true" : "false",
           seconds > 0 ? (double)done / seconds : 0, (unsigned long long)rows,
           (unsigned long long)s->leads, s->slowest);
    free(s);
    return good == !expect ? 0 : 1;
}
