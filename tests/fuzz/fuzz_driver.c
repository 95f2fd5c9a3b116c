/*
 * Drivers before services that answer strangely. A step of a demonstration's plan is looked at (or
 * applied, or measured) against the sandbox's model; what the model answers is changed on its way
 * back, as the input's edits say. Whatever comes: an answer comes exactly once, in time, and is one
 * that the engine understands.
 */
#include "builtin.h"
#include "builtin_runbooks.h"
#include "demo.h"
#include "sandbox.h"
#include "virtual.h"

#include <cjson/cJSON.h>
#include <string.h>

#define KEY_ID   "AKIAEVACSANDBOX00001"
#define SECRET   "secret"
#define BOOT_MS  1000u /* what the model lives through before the call costs most of it */
#define WALL_MS  INT64_C(1790000000000)
#define LIMIT_MS 30000u
#define PLANS    4u

static const char *const demos[PLANS] = { "contrib/demo/apps/shop",
                                          "contrib/demo/strategies/pilot-light",
                                          "contrib/demo/strategies/backup-restore",
                                          "contrib/demo/strategies/active-active" };
static struct evac_plan *plans[PLANS];
static struct evac_str texts[PLANS], worlds[PLANS];

static void compile(size_t i)
{
    char path[256];
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_model *model = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_conf_text files[16];
    size_t n = 0;
    (void)snprintf(path, sizeof path, "%s.cfg", demos[i]);
    texts[i] = demo_read(path);
    files[n++] = (struct evac_conf_text){ demos[i], texts[i] };
    for (size_t k = 0; k < evac_builtin_runbook_count && n < 16; k++)
        files[n++] = evac_builtin_runbooks[k];
    MUST(evac_conf_parse(files, n, &diag, &model, &err) == EVAC_OK);
    const struct evac_plan_request request = { .model = model,
                                               .app = &model->apps[0],
                                               .catalog = evac_builtin_catalog(),
                                               .workflow = EVAC_WORKFLOW_FAILOVER,
                                               .mode = EVAC_MODE_GRACEFUL,
                                               .from = model->apps[0].regions[0],
                                               .to = model->apps[0].regions[1] };
    MUST(evac_plan_compile(&request, &diag, &plans[i], &err) == EVAC_OK);
    (void)snprintf(path, sizeof path, "%s.world", demos[i]);
    worlds[i] = i ? demo_read(path) : EVAC_STR_NONE;
    evac_model_free(model);
    evac_arena_free(diag.arena);
}

static struct evac_sandbox *make_sandbox(struct evac_str control)
{
    static const char *const regions[] = { "us-east-1", "us-west-2", "eu-west-1", NULL };
    const struct evac_sandbox_options options = { .seed = 1,
                                                  .regions = regions,
                                                  .speed = 10,
                                                  .wall_ms = WALL_MS - BOOT_MS,
                                                  .access_key_id = KEY_ID,
                                                  .secret_access_key = SECRET };
    struct evac_sandbox *sandbox = evac_sandbox_new(&options);
    evac_sandbox_shop(sandbox, 8080);
    while (control.n) {
        struct evac_str line = evac_str_trim(evac_str_cut(control, '\n', &control));
        MUST(line.n == 0 || line.p[0] == '#' ||
             evac_sandbox_control(sandbox, line, NULL) == EVAC_OK);
    }
    return sandbox;
}

/* --- the host ----------------------------------------------------------------------------------
 */

struct bench {
    struct evac_virtual v;
    struct evac_host host;
    struct evac_sandbox *sandbox;
    struct fuzz_input in;
    unsigned open;
    bool answered;
};

struct exchange {
    evac_http_done_fn *http;
    evac_dns_done_fn *dns;
    void *user;
    struct evac_arena *arena;
    struct evac_http_reply reply;
};

static void arrive(void *owner, void *what)
{
    struct bench *b = owner;
    struct exchange *x = what;
    const struct evac_dns_reply nothing = { .error = "nobody answers" };
    b->open--;
    if (x->dns)
        x->dns(x->user, &nothing);
    else
        x->http(x->user, &x->reply);
    evac_arena_free(x->arena);
    free(x);
}

static struct exchange *exchange(struct bench *b, uint64_t delay_ms, void *user)
{
    struct exchange *x = calloc(1, sizeof *x);
    MUST(x);
    x->arena = evac_arena_new();
    x->user = user;
    b->open++;
    evac_virtual_later(&b->v, delay_ms, arrive, x);
    return x;
}

/* Bytes out and bytes in, a word for another, or the end cut off. */
static struct evac_str change(struct bench *b, struct evac_arena *arena, struct evac_str text)
{
    static const char *const words[] = { "",          "0",
                                         "-1",        "null",
                                         "{}",        "[]",
                                         "\"\"",      "true",
                                         "1e309",     "99999999999999999999",
                                         "available", "ACTIVE",
                                         "<a/>",      "]",
                                         "}",         "arn:aws:::::" };
    struct evac_buf out;
    for (unsigned edits = fuzz_byte(&b->in) & 3; edits && b->in.n; edits--) {
        unsigned how = fuzz_byte(&b->in);
        size_t at = text.n ? fuzz_number(&b->in, 65536) % text.n : 0, gone = fuzz_byte(&b->in) & 31;
        struct evac_str put = evac_str(words[how >> 4]);
        if (how & 1) /* whole word */
            while (at > 0 && !strchr("<>\"{}[]:, ", text.p[at - 1]))
                at--;
        if (how & 1)
            for (gone = 0; at + gone < text.n && !strchr("<>\"{}[]:, ", text.p[at + gone]);)
                gone++;
        if (how & 2)
            put = fuzz_line(&b->in, '\n');
        if (how & 4)
            gone = text.n;
        gone = gone < text.n - at ? gone : text.n - at;
        evac_buf_init(&out, 16u << 20);
        evac_buf_put(&out, text.p, at);
        evac_buf_put_str(&out, put);
        evac_buf_put(&out, text.p + at + gone, text.n - at - gone);
        text = evac_arena_str(arena, evac_buf_str(&out));
        evac_buf_done(&out);
    }
    return text;
}

static enum evac_code http(void *ctx, const struct evac_http_request *request,
                           evac_http_done_fn *done, void *user, uint64_t *ret_id,
                           struct evac_err *err)
{
    struct bench *b = ctx;
    struct evac_sandbox_reply reply = { .fate = EVAC_SANDBOX_REPLY };
    struct evac_http_header headers[40];
    struct evac_http_request full = *request;
    (void)err;
    MUST(request->header_count < 39 && b->open < 1000);
    for (size_t i = 0; i < request->header_count; i++)
        headers[i] = request->headers[i];
    headers[full.header_count++] =
        (struct evac_http_header){ EVAC_STR("Host"), EVAC_STR("127.0.0.1:8080") };
    full.headers = headers;
    evac_buf_init(&reply.body, 8u << 20);
    evac_sandbox_advance(b->sandbox, b->v.now_ms);
    evac_sandbox_http(b->sandbox, &full, &reply);
    struct exchange *x = exchange(b, 5 + reply.delay_ms, user);
    unsigned fate = fuzz_byte(&b->in);
    static const int statuses[] = {
        0, 0, 0, 0, 0, 0, 0, 200, 204, 302, 400, 403, 404, 409, 429, 503
    };
    struct evac_http_header *kept =
        evac_arena_array(x->arena, reply.header_count + 1, sizeof *kept);
    for (size_t i = 0; i < reply.header_count; i++)
        kept[i] = (struct evac_http_header){ evac_arena_str(x->arena, reply.headers[i].name),
                                             evac_arena_str(x->arena, reply.headers[i].value) };
    x->http = done;
    x->reply = (struct evac_http_reply){ .fate = EVAC_HTTP_REPLIED,
                                         .status = statuses[fate & 15] ? statuses[fate & 15]
                                                                       : reply.status,
                                         .headers = kept,
                                         .header_count = fate & 16 ? 0 : reply.header_count,
                                         .error = "",
                                         .sent_boot_ms = b->v.now_ms };
    x->reply.body = change(b, x->arena, evac_arena_str(x->arena, evac_buf_str(&reply.body)));
    if (reply.fate != EVAC_SANDBOX_REPLY || fate >= 0xf0)
        x->reply = (struct evac_http_reply){ .fate = fate & 1 ? EVAC_HTTP_LOST : EVAC_HTTP_NOT_SENT,
                                             .error = "by chance" };
    *ret_id = evac_virtual_number(&b->v);
    evac_buf_done(&reply.body);
    return EVAC_OK;
}

static enum evac_code dns(void *ctx, struct evac_str name, const char *type, struct evac_str server,
                          uint32_t total_ms, evac_dns_done_fn *done, void *user,
                          struct evac_err *err)
{
    (void)name, (void)type, (void)server, (void)total_ms, (void)err;
    exchange(ctx, 5, user)->dns = done;
    return EVAC_OK;
}

/* --- one call ----------------------------------------------------------------------------------
 */

static void answered(void *user, const struct evac_reply *reply)
{
    struct bench *b = user;
    MUST(!b->answered);
    b->answered = true;
    MUST((unsigned)reply->seen < EVAC_SEEN_COUNT && (unsigned)reply->outcome < EVAC_OUTCOME_COUNT);
    MUST(reply->progress >= -1 && reply->progress <= 100);
    for (size_t i = 0; i < reply->fact_count; i++)
        MUST(reply->facts[i].name && reply->facts[i].name[0]);
    if (reply->snapshot.n) { /* it goes into the journal, and back to the driver */
        cJSON *json = cJSON_ParseWithLength(reply->snapshot.p, reply->snapshot.n);
        MUST(cJSON_IsObject(json));
        cJSON_Delete(json);
    }
}

static void ask(struct bench *b, const struct evac_plan *plan)
{
    const struct evac_plan_step *step = &plan->steps[fuzz_number(&b->in, plan->forward_count)];
    const struct evac_catalog *catalog = evac_builtin_catalog();
    const struct evac_driver *driver = evac_catalog_driver(catalog, step->type);
    const struct evac_arg settings[] = {
        { EVAC_STR("access_key_id"), EVAC_STR(KEY_ID) },
        { EVAC_STR("endpoint_url"), EVAC_STR("http://127.0.0.1:8080") },
        { EVAC_STR("secret_access_key"), EVAC_STR(SECRET) },
    };
    const struct evac_args given = { settings, 3 };
    struct evac_call call = { .verb = (enum evac_verb)(fuzz_byte(&b->in) % EVAC_VERB_COUNT),
                              .action = step->action.p,
                              .args = &step->args,
                              .token = "abcdefghijklmnopqrstuvwxy",
                              .deadline_ms = b->v.now_ms + LIMIT_MS,
                              .marker = WALL_MS };
    struct evac_link *link = NULL;
    struct evac_err err = { EVAC_OK, "" };
    uint64_t id = 0;
    MUST(driver);
    if (call.verb != EVAC_VERB_OBSERVE && call.verb != EVAC_VERB_APPLY) {
        call.action = "";
        if (!(driver->verbs & 1u << call.verb))
            return;
    }
    for (size_t i = 0; !link && i < catalog->pack_count; i++)
        for (size_t k = 0; catalog->packs[i]->drivers[k]; k++)
            if (catalog->packs[i]->drivers[k] == driver) {
                MUST(catalog->packs[i]->open(&b->host, &given, &link, &err) == EVAC_OK);
                enum evac_code code = driver->call(link, &call, answered, b, &id, &err);
                MUST(!b->answered && (code == EVAC_OK || err.text[0]));
                if (code == EVAC_OK) {
                    uint64_t until_ms = b->v.now_ms + 10 * LIMIT_MS;
                    while (!b->answered && evac_virtual_next_ms(&b->v) <= until_ms)
                        evac_virtual_run_next(&b->v);
                    MUST(b->answered);
                }
                for (unsigned n = 0; b->open && n < 10000; n++)
                    evac_virtual_run_next(&b->v);
                catalog->packs[i]->close(link);
                return;
            }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bench b = { .in = { data, size } };
    unsigned which = fuzz_byte(&b.in) % PLANS;
    if (!plans[which])
        compile(which);
    evac_virtual_init(&b.v, &b, BOOT_MS, WALL_MS, 1);
    b.host = evac_virtual_host(&b.v);
    b.host.ctx = &b;
    b.host.http = http;
    b.host.dns = dns;
    b.sandbox = make_sandbox(worlds[which]);
    ask(&b, plans[which]);
    evac_virtual_done(&b.v);
    evac_sandbox_free(b.sandbox);
    return 0;
}
