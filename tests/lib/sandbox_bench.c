#include "sandbox_bench.h"

#include "builtin.h"
#include "evac/arena.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS      1000000u
#define WALL_MS       1790000000000
#define PORT          8080
#define KEY_ID        "AKIAEVACSANDBOX00001"
#define SECRET        "evacsandboxsecret/evacsandboxsecret0000"
#define WAIT_MS       120000u
#define ADDRESSES_MAX 8u /* of one answer */

/* What falls due: a reply, or a timer. */
struct due {
    struct due *next;
    uint64_t at_ms, id;
    evac_timer_fn *timer;
    evac_http_done_fn *http;
    evac_dns_done_fn *dns;
    void *user;
    struct evac_sandbox_reply reply;
    struct evac_arena *arena;
    struct evac_http_header *headers;
    struct evac_dns_reply answer;
    struct evac_str address[ADDRESSES_MAX];
    char address_text[ADDRESSES_MAX][48];
};

struct bench {
    struct evac_host host;
    struct evac_sandbox *sandbox;
    struct evac_link *link;
    const struct evac_pack *pack;
    struct due *dues;
    uint64_t now_ms, ids, random;
    struct evac_arena *arena;
    struct evac_reply reply;
    bool answered;
    char goal[8192], version[512], token[32];
    int64_t marker, clock_ms;
    unsigned calls;
};

/* --- the host -------------------------------------------------------------------------------- */

static struct due *add(struct bench *b, uint64_t delay_ms, void *user)
{
    struct due *d = calloc(1, sizeof *d), **at = &b->dues;
    if (!d)
        abort();
    d->at_ms = b->now_ms + delay_ms;
    d->id = ++b->ids;
    d->user = user;
    d->arena = evac_arena_new();
    while (*at && (*at)->at_ms <= d->at_ms)
        at = &(*at)->next;
    d->next = *at;
    *at = d;
    return d;
}

static void drop(struct due *d)
{
    evac_buf_done(&d->reply.body);
    evac_arena_free(d->arena);
    free(d);
}

static uint64_t now(void *ctx)
{
    return ((struct bench *)ctx)->now_ms;
}

static int64_t wall(void *ctx)
{
    const struct bench *b = ctx;
    return WALL_MS + (int64_t)(b->now_ms - START_MS) + b->clock_ms;
}

static void chance(void *ctx, void *p, size_t bytes)
{
    unsigned char *out = p;
    struct bench *b = ctx;
    for (size_t i = 0; i < bytes; i++)
        out[i] = (unsigned char)((b->random = b->random * 6364136223846793005u + 1) >> 33);
}

static enum evac_code http(void *ctx, const struct evac_http_request *request,
                           evac_http_done_fn *done, void *user, uint64_t *ret_id,
                           struct evac_err *err)
{
    struct bench *b = ctx;
    struct evac_sandbox_reply reply = { .fate = EVAC_SANDBOX_REPLY };
    (void)err;
    evac_buf_init(&reply.body, 8u << 20);
    evac_sandbox_advance(b->sandbox, b->now_ms);
    struct evac_arena *arena = evac_arena_new();
    struct evac_http_header *sent =
        evac_arena_array(arena, request->header_count + 1, sizeof *sent);
    struct evac_http_request full = *request;
    if (request->header_count)
        memcpy(sent, request->headers, request->header_count * sizeof *sent);
    char host[32];
    (void)snprintf(host, sizeof host, "127.0.0.1:%d", PORT);
    sent[request->header_count] = (struct evac_http_header){ EVAC_STR("Host"), evac_str(host) };
    full.headers = sent;
    full.header_count = request->header_count + 1;
    evac_sandbox_http(b->sandbox, &full, &reply);
    uint64_t delay = reply.fate == EVAC_SANDBOX_REPLY ? reply.delay_ms + 5 : request->total_ms;
    if (reply.fate == EVAC_SANDBOX_REFUSE)
        delay = 5;
    struct due *d = add(b, delay, user);
    d->http = done;
    d->reply = reply;
    d->headers = evac_arena_array(d->arena, reply.header_count + 1, sizeof *d->headers);
    for (size_t i = 0; i < reply.header_count; i++)
        d->headers[i] =
            (struct evac_http_header){ evac_arena_str(d->arena, reply.headers[i].name),
                                       evac_arena_str(d->arena, reply.headers[i].value) };
    *ret_id = d->id;
    evac_arena_free(arena);
    return EVAC_OK;
}

static void http_cancel(void *ctx, uint64_t id)
{
    (void)ctx;
    (void)id;
}

static enum evac_code timer(void *ctx, uint64_t delay_ms, evac_timer_fn *fn, void *user,
                            uint64_t *ret_id, struct evac_err *err)
{
    struct due *d = add(ctx, delay_ms, user);
    (void)err;
    d->timer = fn;
    *ret_id = d->id;
    return EVAC_OK;
}

static void timer_stop(void *ctx, uint64_t id)
{
    struct bench *b = ctx;
    for (struct due **at = &b->dues; *at; at = &(*at)->next)
        if ((*at)->id == id) {
            struct due *d = *at;
            *at = d->next;
            drop(d);
            return;
        }
}

static size_t question(struct evac_str name, uint8_t type, uint8_t *q, size_t bytes)
{
    static const uint8_t head[12] = { 0x12, 0x34, 1, 0, 0, 1 };
    size_t n = sizeof head;
    memcpy(q, head, sizeof head);
    while (name.n && n + name.n + 8 < bytes) {
        struct evac_str label = evac_str_cut(name, '.', &name);
        q[n++] = (uint8_t)label.n;
        memcpy(q + n, label.p, label.n);
        n += label.n;
    }
    const uint8_t tail[5] = { 0, 0, type, 0, 1 };
    memcpy(q + n, tail, sizeof tail);
    return n + sizeof tail;
}

/* The addresses that stand right behind the question, their owner compressed: 2 + 2 + 2 + 4 + 2. */
static void read_addresses(struct due *d, const uint8_t *p, size_t n, size_t at, uint8_t type)
{
    size_t bytes = type == 1 ? 4 : 16;
    for (unsigned i = 0; i < p[7] && i < ADDRESSES_MAX && at + 12 + bytes <= n; i++) {
        if (p[at] != 0xc0 || p[at + 3] != type)
            return;
        (void)inet_ntop(type == 1 ? AF_INET : AF_INET6, p + at + 12, d->address_text[i],
                        sizeof d->address_text[i]);
        d->address[i] = evac_str(d->address_text[i]);
        d->answer.value_count = i + 1;
        d->answer.rcode = 0;
        at += 12 + bytes;
    }
}

static enum evac_code dns(void *ctx, struct evac_str name, const char *type, struct evac_str server,
                          uint32_t total_ms, evac_dns_done_fn *done, void *user,
                          struct evac_err *err)
{
    struct bench *b = ctx;
    struct evac_buf reply;
    uint8_t q[300], number = strcmp(type, "AAAA") == 0 ? 28 : 1;
    size_t n = question(name, number, q, sizeof q);
    struct due *d = add(b, 3, user);
    (void)server;
    (void)total_ms;
    (void)err;
    d->dns = done;
    d->answer = (struct evac_dns_reply){ .answered = true, .rcode = 3, .error = "" };
    d->answer.values = d->address;
    evac_buf_init(&reply, 65536);
    evac_sandbox_advance(b->sandbox, b->now_ms);
    if (evac_sandbox_dns(b->sandbox, q, n, true, &reply) && reply.n >= n)
        read_addresses(d, (const uint8_t *)reply.p, reply.n, n, number);
    evac_buf_done(&reply);
    return EVAC_OK;
}

static enum evac_code exec(void *ctx, const struct evac_exec_request *request,
                           evac_exec_done_fn *done, void *user, struct evac_err *err)
{
    (void)ctx;
    (void)request;
    (void)done;
    (void)user;
    return evac_fail(err, EVAC_E_UNSUPPORTED, "no processes here");
}

static enum evac_code read_file(void *ctx, const char *path, struct evac_buf *buf,
                                struct evac_err *err)
{
    (void)ctx;
    (void)buf;
    return evac_fail(err, EVAC_E_NOTFOUND, "%s: no files here", path);
}

static const char *env(void *ctx, const char *name)
{
    static const char *const vars[][2] = {
        { "AWS_ACCESS_KEY_ID", KEY_ID },
        { "AWS_SECRET_ACCESS_KEY", SECRET },
        { "AWS_ENDPOINT_URL", "http://127.0.0.1:8080" },
        { "AWS_EC2_METADATA_DISABLED", "true" },
    };
    (void)ctx;
    for (size_t i = 0; i < sizeof vars / sizeof vars[0]; i++)
        if (strcmp(vars[i][0], name) == 0)
            return vars[i][1];
    return NULL;
}

static void debug(void *ctx, const char *fmt, ...)
{
    (void)ctx;
    (void)fmt;
}

static void fire(struct due *d)
{
    if (d->timer) {
        d->timer(d->user);
    } else if (d->dns) {
        d->dns(d->user, &d->answer);
    } else {
        bool replied = d->reply.fate == EVAC_SANDBOX_REPLY;
        struct evac_http_reply reply = {
            .fate = replied                                ? EVAC_HTTP_REPLIED
                    : d->reply.fate == EVAC_SANDBOX_REFUSE ? EVAC_HTTP_NOT_SENT
                                                           : EVAC_HTTP_LOST,
            .status = d->reply.status,
            .headers = d->headers,
            .header_count = d->reply.header_count,
            .body = evac_buf_str(&d->reply.body),
            .error = replied ? "" : "no answer",
        };
        d->http(d->user, &reply);
    }
    drop(d);
}

/* --- the bench ------------------------------------------------------------------------------- */

struct bench *bench_new(double speed)
{
    return bench_new_seeded(speed, 1);
}

struct bench *bench_new_seeded(double speed, uint64_t seed)
{
    static const char *const regions[] = { "us-east-1", "us-west-2",      "eu-west-1",
                                           "us-east-2", "ap-northeast-1", NULL };
    struct bench *b = calloc(1, sizeof *b);
    if (!b)
        abort();
    b->now_ms = START_MS;
    b->arena = evac_arena_new();
    b->host = (struct evac_host){ .abi = EVAC_HOST_ABI,
                                  .ctx = b,
                                  .now_ms = now,
                                  .wall_ms = wall,
                                  .random = chance,
                                  .http = http,
                                  .http_cancel = http_cancel,
                                  .timer = timer,
                                  .timer_stop = timer_stop,
                                  .dns = dns,
                                  .exec = exec,
                                  .read_file = read_file,
                                  .getenv = env,
                                  .debug = debug };
    struct evac_sandbox_options options = { .seed = seed,
                                            .regions = regions,
                                            .speed = speed,
                                            .wall_ms = WALL_MS - (int64_t)START_MS,
                                            .access_key_id = KEY_ID,
                                            .secret_access_key = SECRET };
    b->sandbox = evac_sandbox_new(&options);
    evac_sandbox_advance(b->sandbox, b->now_ms);
    evac_sandbox_shop(b->sandbox, PORT);
    evac_sandbox_advance(b->sandbox, b->now_ms);
    return b;
}

void bench_free(struct bench *b)
{
    bench_run(b, WAIT_MS); /* whoever is open gets an answer */
    if (b->link)
        b->pack->close(b->link);
    while (b->dues) {
        struct due *d = b->dues;
        b->dues = d->next;
        drop(d);
    }
    evac_sandbox_free(b->sandbox);
    evac_arena_free(b->arena);
    free(b);
}

struct evac_sandbox *bench_sandbox(struct bench *b)
{
    return b->sandbox;
}

const struct evac_host *bench_host(struct bench *b)
{
    return &b->host;
}

struct evac_link *bench_link(struct bench *b)
{
    static const struct evac_args none;
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_catalog *catalog = evac_builtin_catalog();
    for (size_t i = 0; !b->link && i < catalog->pack_count; i++)
        if (strcmp(catalog->packs[i]->name, "aws") == 0) {
            b->pack = catalog->packs[i];
            if (evac_pack_check(b->pack, &err) || b->pack->open(&b->host, &none, &b->link, &err)) {
                fprintf(stderr, "%s\n", err.text);
                abort();
            }
        }
    return b->link;
}

static void run_until(struct bench *b, uint64_t until_ms, const bool *enough)
{
    while (!(enough && *enough) && b->dues && b->dues->at_ms <= until_ms) {
        struct due *d = b->dues;
        b->dues = d->next;
        b->now_ms = d->at_ms > b->now_ms ? d->at_ms : b->now_ms;
        evac_sandbox_advance(b->sandbox, b->now_ms);
        fire(d);
    }
    if (!enough && b->now_ms < until_ms)
        b->now_ms = until_ms;
    evac_sandbox_advance(b->sandbox, b->now_ms);
}

void bench_run(struct bench *b, uint64_t ms)
{
    run_until(b, b->now_ms + ms, NULL);
}

uint64_t bench_now(const struct bench *b)
{
    return b->now_ms;
}

int64_t bench_wall(struct bench *b)
{
    return wall(b);
}

const char *bench_fenced(struct bench *b, const char *args, char *ret_text, size_t bytes)
{
    (void)snprintf(ret_text, bytes, "%sfenced=%lld\n", args, (long long)wall(b));
    return ret_text;
}

void bench_control(struct bench *b, const char *fmt, ...)
{
    char text[4096];
    struct evac_err err = { EVAC_OK, "" };
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    evac_sandbox_advance(b->sandbox, b->now_ms);
    if (evac_sandbox_control(b->sandbox, evac_str(text), &err)) {
        fprintf(stderr, "%s: %s\n", text, err.text);
        abort();
    }
}

void bench_clock(struct bench *b, int64_t ms)
{
    b->clock_ms = ms;
}

bool bench_true(struct bench *b, const char *part)
{
    struct evac_buf truth;
    evac_buf_init(&truth, 8u << 20);
    evac_sandbox_advance(b->sandbox, b->now_ms);
    evac_sandbox_truth(b->sandbox, &truth);
    bool found = strstr(truth.p, part) != NULL;
    if (!found && getenv("EVAC_VERBOSE"))
        fprintf(stderr, "%s is not in %s\n", part, truth.p);
    evac_buf_done(&truth);
    return found;
}

bool bench_counted(struct bench *b, const char *operation, const char *region, int received,
                   int effects)
{
    char part[200];
    (void)snprintf(part, sizeof part,
                   "\"operation\":\"%s\",\"region\":\"%s\",\"received\":%d,\"effects\":%d,"
                   "\"repeated_without_observe\":0",
                   operation, region, received, effects);
    return bench_true(b, part);
}

bool bench_effects(struct bench *b, const char *operation, const char *region, int effects)
{
    for (int received = effects; received < effects + 6; received++) {
        char part[200];
        (void)snprintf(part, sizeof part,
                       "\"operation\":\"%s\",\"region\":\"%s\",\"received\":%d,\"effects\":%d,",
                       operation, region, received, effects);
        if (bench_true(b, part))
            return true;
    }
    return false;
}

static const struct evac_driver *find_driver(struct bench *b, const char *name)
{
    (void)bench_link(b);
    for (const struct evac_driver *const *d = b->pack->drivers; *d; d++)
        if (strcmp((*d)->name, name) == 0)
            return *d;
    abort();
}

static void keep(void *user, const struct evac_reply *reply)
{
    struct bench *b = user;
    struct evac_fact *facts = evac_arena_array(b->arena, reply->fact_count + 1, sizeof *facts);
    if (reply->fact_count)
        memcpy(facts, reply->facts, reply->fact_count * sizeof *facts);
    b->reply = *reply;
    b->reply.reason = evac_arena_str(b->arena, reply->reason);
    b->reply.code = evac_arena_str(b->arena, reply->code);
    b->reply.snapshot = evac_arena_str(b->arena, reply->snapshot);
    b->reply.version = evac_arena_str(b->arena, reply->version);
    b->reply.request_id = evac_arena_str(b->arena, reply->request_id);
    b->reply.facts = facts;
    b->answered = true;
}

static int by_name(const void *a, const void *b)
{
    const struct evac_arg *x = a, *y = b;
    size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int order = memcmp(x->name.p, y->name.p, n);
    return order ? order : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

static struct evac_args parse(struct bench *b, const char *text)
{
    struct evac_arg *items = evac_arena_array(b->arena, 64, sizeof *items);
    struct evac_str rest = evac_arena_str(b->arena, evac_str(text));
    size_t n = 0;
    while (rest.n && n < 64) {
        struct evac_str value, line = evac_str_cut(rest, '\n', &rest);
        struct evac_str name = evac_str_cut(line, '=', &value);
        if (name.n)
            items[n++] = (struct evac_arg){ name, evac_arena_str(b->arena, value) };
    }
    qsort(items, n, sizeof *items, by_name);
    return (struct evac_args){ items, n };
}

/* Calls a driver; whether it takes the call. */
static enum evac_code call_driver(struct bench *b, const char *driver, enum evac_verb verb,
                                  const char *action, const char *args, struct evac_err *err)
{
    char token[26] = "abcdefghijklmnopqrstuvwxy"; /* each call is an attempt of its own */
    b->calls++;
    for (unsigned i = 0, n = b->calls; n; i++, n /= 26)
        token[i] = (char)('a' + n % 26);
    uint64_t id;
    evac_arena_free(b->arena);
    b->arena = evac_arena_new();
    struct evac_args parsed = parse(b, args);
    struct evac_call call = { .verb = verb,
                              .action = action,
                              .args = &parsed,
                              .goal = evac_str(b->goal),
                              .version = evac_str(b->version),
                              .token = b->token[0] ? b->token : token,
                              .deadline_ms = b->now_ms + WAIT_MS,
                              .marker = b->marker };
    b->answered = false;
    return find_driver(b, driver)->call(bench_link(b), &call, keep, b, &id, err);
}

const struct evac_reply *bench_call(struct bench *b, const char *driver, enum evac_verb verb,
                                    const char *action, const char *args)
{
    struct evac_err err = { EVAC_OK, "" };
    if (call_driver(b, driver, verb, action, args, &err)) {
        fprintf(stderr, "%s.%s refuses: %s\n", driver, action, err.text);
        abort();
    }
    run_until(b, b->now_ms + WAIT_MS, &b->answered);
    if (!b->answered) {
        fprintf(stderr, "%s.%s does not answer\n", driver, action);
        abort();
    }
    return &b->reply;
}

const char *bench_refusal(struct bench *b, const char *driver, enum evac_verb verb,
                          const char *action, const char *args)
{
    struct evac_err err = { EVAC_OK, "" };
    if (call_driver(b, driver, verb, action, args, &err) != EVAC_E_BADARG) {
        fprintf(stderr, "%s.%s does not refuse its arguments\n", driver, action);
        abort();
    }
    return evac_arena_dup(b->arena, err.text);
}

void bench_goal(struct bench *b, const char *goal)
{
    (void)evac_str_copy(b->goal, sizeof b->goal, evac_str(goal));
}

void bench_version(struct bench *b, struct evac_str version)
{
    (void)evac_str_copy(b->version, sizeof b->version, version);
}

void bench_token(struct bench *b, const char *token)
{
    (void)evac_str_copy(b->token, sizeof b->token, evac_str(token));
}

void bench_marker(struct bench *b, int64_t marker)
{
    b->marker = marker;
}

const struct evac_reply *bench_settle(struct bench *b, const char *driver, const char *action,
                                      const char *args, uint64_t ms)
{
    uint64_t until = b->now_ms + ms;
    const struct evac_reply *r = bench_call(b, driver, EVAC_VERB_OBSERVE, action, args);
    while (r->seen == EVAC_SEEN_MOVING && b->now_ms < until) {
        bench_run(b, 500);
        r = bench_call(b, driver, EVAC_VERB_OBSERVE, action, args);
    }
    return r;
}

int64_t bench_fact(const struct evac_reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->fact_count; i++)
        if (strcmp(reply->facts[i].name, name) == 0)
            return reply->facts[i].value;
    return -2;
}

/* --- what a test expects --------------------------------------------------------------------- */

void expect(const struct evac_reply *r, enum evac_seen seen)
{
    ck_assert_msg(r->seen == seen, "%s: %.*s", evac_seen_name(r->seen), EVAC_STR_ARG(r->reason));
}

void expect_outcome(const struct evac_reply *r, enum evac_outcome outcome)
{
    ck_assert_msg(r->outcome == outcome, "%s: %.*s", evac_outcome_name(r->outcome),
                  EVAC_STR_ARG(r->reason));
}

void expect_reason(const struct evac_reply *r, const char *words)
{
    ck_assert_msg(evac_str_has(r->reason, words), "'%.*s' has no '%s'", EVAC_STR_ARG(r->reason),
                  words);
}

void expect_words(const struct evac_reply *r, enum evac_seen seen, const char *words)
{
    expect(r, seen);
    expect_reason(r, words);
}

void expect_refused(struct bench *b, const char *driver, enum evac_verb verb, const char *action,
                    const char *args, const char *words)
{
    const char *text = bench_refusal(b, driver, verb, action, args);
    ck_assert_msg(strstr(text, words), "%s", text);
}
