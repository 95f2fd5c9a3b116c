/*
 * The sample app: a shop in the first two regions, warm standby, as the demonstration's shop.cfg
 * declares it. It keeps the rules of the GO object (drivers/aws/s3_go/README.md): it writes only
 * while it has lately read, in a copy of another region, that its own region may. Told to be
 * everywhere, it serves in both regions from a global table that each of them writes.
 */
#include "sandbox_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SITES        2u
#define GO_KEY       "go/shop.json"
#define RENEW_MS     5000u
#define RENEW_MAX_MS 600000u
#define DNS_TTL_S    30u
#define WEB_NEEDED   4 /* of six: what the public traffic needs */
#define DOMAIN       "shop.example.com"
#define ZONE_ID      "Z0SHOP"
#define CHECK_ID     "5b0c1d1e-9a52-4c37-8b1f-0e5a7c64d2a9"
#define CHECK_STEM                                                                                 \
    "5b0c1d1e-9a52-4c37-8b1f-0e5a7c64d2b" /* and a digit: where all regions serve                  \
                                           */

/* What a copy of the GO object says. */
struct go {
    bool readable;
    int64_t epoch;
    char writer[32], route[32];
    uint32_t renew_ms;
    bool out[SITES]; /* "traffic": its region is out, where all of them serve */
};

/* A copy, and what was read in it last: its text is read again when it is another one. */
struct copy {
    size_t region;
    char bucket[64], etag[36];
    struct go go;
};

struct site {
    size_t region;
    char name[32], code[16], db[48];
    uint64_t may_write_until_ms, next_read_ms, wrote_until_ms;
    bool writing;
    bool sick; /* it answers with errors there, though everything below it works */
};

struct sb_shop {
    struct site sites[SITES];
    struct copy copies[3]; /* in the sites' regions, and in a third one as the witness */
    size_t copy_count;
    uint32_t renew_ms;
    char table[64]; /* the global table that both regions write, "" one writer at a time */
};

/* "us-east-1" is "use1" */
static void short_code(const char *region, char *ret_code, size_t bytes)
{
    struct evac_str rest = evac_str(region), where;
    struct evac_str land = evac_str_cut(rest, '-', &rest);
    where = evac_str_cut(rest, '-', &rest);
    (void)snprintf(ret_code, bytes, "%.*s%.*s%.*s", EVAC_STR_ARG(land), where.n ? 1 : 0,
                   where.n ? where.p : "", EVAC_STR_ARG(rest));
}

/* --- its beginning --------------------------------------------------------------------------- */

static void make_data(struct evac_sandbox *sb, struct sb_shop *shop)
{
    char bucket[SITES][64];
    struct sb_rds_member members[SITES];
    for (size_t i = 0; i < SITES; i++) {
        members[i] =
            (struct sb_rds_member){ .region = shop->sites[i].name, .cluster = shop->sites[i].db };
        (void)snprintf(bucket[i], sizeof bucket[i], "shop-assets-%s", shop->sites[i].code);
        sb_s3_bucket(sb, shop->sites[i].name, bucket[i], true, false);
    }
    sb_rds_global(sb, "shop-db", "aurora-postgresql", members, SITES);
    sb_s3_replicate(sb, bucket[0], bucket[1], "");
    sb_s3_replicate(sb, bucket[1], bucket[0], "");
}

static void make_compute(struct evac_sandbox *sb, const struct sb_shop *shop)
{
    for (size_t i = 0; i < SITES; i++) {
        sb_ecs_service(sb, shop->sites[i].name, "shop", "web", i ? 1 : 6);
        sb_ecs_service(sb, shop->sites[i].name, "shop", "worker", i ? 1 : 2);
        sb_asg_group(sb, shop->sites[i].name, "shop-batch", 0, 10, i ? 1 : 3);
    }
}

static void put_go(struct evac_sandbox *sb, const struct sb_shop *shop)
{
    struct evac_buf body;
    evac_buf_init(&body, 1024);
    evac_buf_putf(&body,
                  "{\"app\":\"shop\",\"epoch\":1,\"writer\":\"%s\",\"route\":\"%s\","
                  "\"renew_ms\":%u,\"run\":\"\"}",
                  shop->sites[0].name, shop->sites[0].name, shop->renew_ms);
    for (size_t i = 0; i < shop->copy_count; i++)
        sb_s3_put(sb, shop->copies[i].bucket, GO_KEY, evac_buf_str(&body));
    evac_buf_done(&body);
}

static void make_go(struct evac_sandbox *sb, const struct sb_shop *shop)
{
    for (size_t i = 0; i < shop->copy_count; i++)
        sb_s3_bucket(sb, sb_region_name(sb, shop->copies[i].region), shop->copies[i].bucket, true,
                     true);
    put_go(sb, shop);
}

/* A check that fails while a region's copy of the GO object has that text. */
static void check_go(struct evac_sandbox *sb, const char *id, const struct copy *copy,
                     const char *search)
{
    char host[160];
    (void)snprintf(host, sizeof host, "%s.s3.%s.amazonaws.com", copy->bucket,
                   sb_region_name(sb, copy->region));
    const struct sb_health_check check = { .id = id,
                                           .type = "HTTP_STR_MATCH",
                                           .host = host,
                                           .path = "/" GO_KEY,
                                           .search = search,
                                           .port = 80,
                                           .inverted = true,
                                           .interval_s = 10,
                                           .threshold = 1 };
    sb_route53_health_check(sb, &check);
}

/* A failover pair: the first region, unless the other's GO object says that traffic goes there. */
static void make_dns(struct evac_sandbox *sb, const struct sb_shop *shop)
{
    char search[64], address[32], name[96];
    (void)snprintf(search, sizeof search, "\"route\":\"%s\"", shop->sites[1].name);
    sb_route53_zone(sb, ZONE_ID, "example.com");
    check_go(sb, CHECK_ID, &shop->copies[1], search); /* in the second site's region */
    for (size_t i = 0; i < SITES; i++) {
        struct sb_record record = { .name = DOMAIN,
                                    .type = "A",
                                    .set_identifier = shop->sites[i].name,
                                    .failover = i ? "SECONDARY" : "PRIMARY",
                                    .weight = -1,
                                    .ttl_s = DNS_TTL_S,
                                    .value = address,
                                    .health_check = i ? NULL : CHECK_ID };
        sb_region_address(shop->sites[i].region, address, sizeof address);
        sb_route53_record(sb, ZONE_ID, &record);
        (void)snprintf(name, sizeof name, "%s." DOMAIN, shop->sites[i].name);
        record = (struct sb_record){
            .name = name, .type = "A", .weight = -1, .ttl_s = DNS_TTL_S, .value = address
        };
        sb_route53_record(sb, ZONE_ID, &record);
    }
}

/* Everything of it carries app=shop, where its services list it. */
static void tag(struct evac_sandbox *sb, size_t region, const char *service, const char *what,
                const char *name)
{
    char arn[240];
    (void)snprintf(arn, sizeof arn, "arn:aws:%s:%s:" SB_ACCOUNT ":%s%s", service,
                   sb_region_name(sb, region), what, name);
    (void)sb_tag_resource(sb, region, arn, "app", "shop");
}

/* What has neither a region nor an account in its name. */
static void tag_bare(struct evac_sandbox *sb, size_t region, const char *what, const char *name)
{
    char arn[240];
    (void)snprintf(arn, sizeof arn, "arn:aws:%s%s", what, name);
    (void)sb_tag_resource(sb, region, arn, "app", "shop");
}

static void tag_all(struct evac_sandbox *sb, const struct sb_shop *shop)
{
    char name[96];
    size_t home = sb_region_find(sb, EVAC_STR("us-east-1")); /* of Route 53's API */
    for (size_t i = 0; i < SITES; i++) {
        const struct site *site = &shop->sites[i];
        tag(sb, site->region, "rds", "cluster:", site->db);
        (void)snprintf(name, sizeof name, "%s-1", site->db);
        tag(sb, site->region, "rds", "db:", name);
        tag(sb, site->region, "ecs", "cluster/", "shop");
        tag(sb, site->region, "ecs", "service/", "shop/web");
        tag(sb, site->region, "ecs", "service/", "shop/worker");
        tag(sb, site->region, "autoscaling", SB_ASG_ARN, "shop-batch");
        (void)snprintf(name, sizeof name, "shop-assets-%s", site->code);
        tag_bare(sb, site->region, "s3:::", name);
    }
    for (size_t i = 0; i < shop->copy_count; i++)
        tag_bare(sb, shop->copies[i].region, "s3:::", shop->copies[i].bucket);
    if (home == SB_REGIONS_MAX)
        return;
    tag_bare(sb, home, "route53:::hostedzone/", ZONE_ID);
    tag_bare(sb, home, "route53:::healthcheck/", CHECK_ID);
}

static void make_copy(const struct evac_sandbox *sb, struct copy *copy, size_t region)
{
    char code[16];
    copy->region = region;
    short_code(sb_region_name(sb, region), code, sizeof code);
    (void)snprintf(copy->bucket, sizeof copy->bucket, "shop-go-%s", code);
}

struct sb_shop *sb_shop_new(struct evac_sandbox *sb, uint16_t port)
{
    struct sb_shop *shop = calloc(1, sizeof *shop);
    (void)port;
    if (!shop)
        abort();
    shop->renew_ms = RENEW_MS;
    shop->copy_count = sb->region_count < 3 ? sb->region_count : 3;
    for (size_t i = 0; i < shop->copy_count; i++)
        make_copy(sb, &shop->copies[i], i);
    for (size_t i = 0; i < SITES; i++) {
        struct site *site = &shop->sites[i];
        site->region = i;
        (void)evac_str_copy(site->name, sizeof site->name, evac_str(sb_region_name(sb, i)));
        char code[sizeof site->code];
        short_code(site->name, code, sizeof code);
        (void)evac_str_copy(site->code, sizeof site->code, evac_str(code));
        (void)snprintf(site->db, sizeof site->db, "shop-db-%s", code);
        site->next_read_ms = sb->now_ms;
    }
    make_data(sb, shop);
    make_compute(sb, shop);
    make_go(sb, shop);
    make_dns(sb, shop);
    tag_all(sb, shop);
    return shop;
}

void sb_shop_free(struct sb_shop *shop)
{
    free(shop);
}

/* --- permission to write --------------------------------------------------------------------- */

static struct go parse_go(const struct sb_shop *shop, struct evac_str body)
{
    struct go go = { .readable = false };
    struct evac_json *json = NULL;
    if (evac_json_parse(body, &json, NULL))
        return go;
    const struct evac_json *traffic = evac_json_get(json, "traffic");
    int64_t renew = evac_json_i64(json, "renew_ms", RENEW_MS);
    go.readable = true;
    go.epoch = evac_json_i64(json, "epoch", 0);
    go.renew_ms = renew > 0 && renew <= RENEW_MAX_MS ? (uint32_t)renew : RENEW_MS;
    (void)evac_str_copy(go.writer, sizeof go.writer, evac_json_str(json, "writer"));
    (void)evac_str_copy(go.route, sizeof go.route, evac_json_str(json, "route"));
    for (size_t i = 0; i < SITES; i++)
        go.out[i] = evac_str_is(evac_json_str(traffic, shop->sites[i].name), "out");
    evac_json_free(json);
    return go;
}

static const struct go *read_go(const struct evac_sandbox *sb, struct copy *copy)
{
    static const struct go unreadable;
    struct evac_str body;
    const char *etag = sb_s3_etag(sb, copy->bucket, GO_KEY);
    if (!etag || !sb_s3_peek(sb, copy->bucket, GO_KEY, &body))
        return &unreadable;
    if (strcmp(etag, copy->etag) != 0) {
        (void)evac_str_copy(copy->etag, sizeof copy->etag, evac_str(etag));
        copy->go = parse_go(sb->shop, body);
    }
    return &copy->go;
}

/* The newest of the copies that `from` can read; never its own region's. SB_REGIONS_MAX: anyone. */
static struct go newest(const struct evac_sandbox *sb, size_t from)
{
    struct go best = { .readable = false };
    for (size_t i = 0; i < sb->shop->copy_count; i++) {
        size_t region = sb->shop->copies[i].region;
        bool anyone = from == SB_REGIONS_MAX;
        if (!anyone &&
            (region == from || !sb_reaches(sb, from, region) || sb_fault(sb, SB_S3, region)->down))
            continue;
        const struct go *go = read_go(sb, &sb->shop->copies[i]);
        if (go->readable && (!best.readable || go->epoch > best.epoch))
            best = *go;
    }
    return best;
}

/* Fails closed: a copy that says another region ends it at once, silence when it has run out. */
static void renew(struct evac_sandbox *sb, struct site *site)
{
    struct go go = newest(sb, site->region);
    uint32_t every = (go.readable ? go.renew_ms : sb->shop->renew_ms) / 3;
    site->next_read_ms = sb->now_ms + (every ? every : 1);
    if (sb->regions[site->region].down)
        site->may_write_until_ms = 0; /* a restart begins without permission */
    else if (go.readable)
        site->may_write_until_ms =
            strcmp(go.writer, site->name) == 0 ? sb->now_ms + go.renew_ms : 0;
}

static bool writes(const struct evac_sandbox *sb, const struct site *site)
{
    if (sb->shop->table[0])
        return !sb->regions[site->region].down &&
               sb_dynamodb_accepts_writes(sb, site->region, sb->shop->table);
    return !sb->regions[site->region].down && sb->now_ms < site->may_write_until_ms &&
           sb_rds_accepts_writes(sb, site->region, site->db);
}

/* It has orders to write all the time: while it can, it does. */
static void note_writing(const struct evac_sandbox *sb, struct site *site)
{
    uint64_t until = sb->now_ms < site->may_write_until_ms ? sb->now_ms : site->may_write_until_ms;
    if (site->writing && until > site->wrote_until_ms)
        site->wrote_until_ms = until;
    site->writing = writes(sb, site);
}

void sb_shop_advance(struct evac_sandbox *sb)
{
    for (size_t i = 0; i < SITES; i++) {
        struct site *site = &sb->shop->sites[i];
        note_writing(sb, site); /* up to now, by the permission that it had */
        if (site->next_read_ms <= sb->now_ms || sb->regions[site->region].down)
            renew(sb, site);
        note_writing(sb, site);
    }
}

uint64_t sb_shop_wake(const struct evac_sandbox *sb)
{
    uint64_t next = SB_NEVER;
    for (size_t i = 0; i < SITES; i++) {
        const struct site *site = &sb->shop->sites[i];
        if (site->next_read_ms < next)
            next = site->next_read_ms;
        if (site->writing && site->may_write_until_ms > sb->now_ms &&
            site->may_write_until_ms < next)
            next = site->may_write_until_ms;
    }
    return next;
}

/* "app shop database orders": it uses orders-use1 and orders-usw2 now. */
static void use_database(struct evac_sandbox *sb, struct evac_str name)
{
    for (size_t i = 0; i < SITES; i++) {
        struct site *site = &sb->shop->sites[i];
        char code[sizeof site->code];
        (void)evac_str_copy(code, sizeof code, evac_str(site->code));
        (void)snprintf(site->db, sizeof site->db, "%.*s-%s", EVAC_STR_ARG(name), code);
    }
}

/* Where the GO object is read that leads users to the site or not: in a third region, or, of two,
 * in the other one. */
static struct copy *leads_to(struct sb_shop *shop, size_t site)
{
    return &shop->copies[shop->copy_count > SITES ? SITES : 1 - site];
}

/* Each region's record has its own check, on that copy, which says who is out. */
static void serve_everywhere(struct evac_sandbox *sb, struct sb_shop *shop)
{
    for (size_t i = 0; i < SITES; i++) {
        const struct site *site = &shop->sites[i];
        const struct copy *copy = leads_to(shop, i);
        char search[64], address[32], id[sizeof CHECK_STEM + 1];
        (void)snprintf(search, sizeof search, "\"%s\":\"out\"", site->name);
        (void)snprintf(id, sizeof id, CHECK_STEM "%zu", i);
        sb_region_address(site->region, address, sizeof address);
        const struct sb_record record = { .name = DOMAIN,
                                          .type = "A",
                                          .set_identifier = site->name,
                                          .weight = 50,
                                          .ttl_s = DNS_TTL_S,
                                          .value = address,
                                          .health_check = id };
        check_go(sb, id, copy, search);
        sb_route53_record(sb, ZONE_ID, &record);
    }
}

/* How many regions the users are led to, as the copies of the GO object have it. */
static int led_to(const struct evac_sandbox *sb)
{
    int count = 0;
    for (size_t i = 0; i < SITES; i++) {
        bool out = false;
        for (size_t k = 0; k < sb->shop->copy_count; k++)
            out |= read_go(sb, &sb->shop->copies[k])->out[i];
        count += !out;
    }
    return count ? count : 1;
}

static enum evac_code set_sick(struct evac_sandbox *sb, struct evac_str region, bool sick,
                               struct evac_err *err)
{
    for (size_t i = 0; i < SITES; i++)
        if (evac_str_is(region, sb->shop->sites[i].name)) {
            sb->shop->sites[i].sick = sick;
            return EVAC_OK;
        }
    return evac_fail(err, EVAC_E_BADARG, "the shop is not in '%.*s'", EVAC_STR_ARG(region));
}

enum evac_code sb_shop_control(struct evac_sandbox *sb, struct evac_str command,
                               struct evac_err *err)
{
    struct evac_str rest, name = evac_str_cut(evac_str_trim(command), ' ', &rest);
    struct evac_str verb = evac_str_cut(evac_str_trim(rest), ' ', &rest);
    int64_t ms;
    rest = evac_str_trim(rest);
    if (evac_str_is(name, "shop") && evac_str_is(verb, "database") && rest.n && rest.n < 24) {
        use_database(sb, rest);
        return EVAC_OK;
    }
    if (evac_str_is(name, "shop") && evac_str_is(verb, "everywhere") && rest.n &&
        evac_str_copy(sb->shop->table, sizeof sb->shop->table, rest)) {
        serve_everywhere(sb, sb->shop);
        return EVAC_OK;
    }
    if (evac_str_is(name, "shop") && (evac_str_is(verb, "sick") || evac_str_is(verb, "well")))
        return set_sick(sb, rest, evac_str_is(verb, "sick"), err);
    if (!evac_str_is(name, "shop") || !evac_str_is(verb, "renew") || !evac_str_i64(rest, &ms) ||
        ms < 100 || ms > RENEW_MAX_MS)
        return evac_fail(
            err, EVAC_E_BADARG,
            "app shop renew MS, from 100 to %u; app shop database NAME; app shop everywhere TABLE; "
            "app shop sick|well REGION",
            RENEW_MAX_MS);
    sb->shop->renew_ms = (uint32_t)ms;
    put_go(sb, sb->shop);
    for (size_t i = 0; i < SITES; i++)
        sb->shop->sites[i].next_read_ms = sb->now_ms;
    return EVAC_OK;
}

/* --- its answers ----------------------------------------------------------------------------- */

static void answer(struct evac_sandbox_reply *reply, int status, const char *state,
                   const struct site *site, bool writable, int tasks)
{
    evac_buf_puts(&reply->body, "{\"status\":\"");
    evac_buf_puts(&reply->body, state);
    evac_buf_puts(&reply->body, "\",\"region\":\"");
    evac_buf_puts(&reply->body, site->name);
    evac_buf_puts(&reply->body, writable ? "\",\"writable\":true" : "\",\"writable\":false");
    evac_buf_putf(&reply->body, ",\"tasks\":%d}\n", tasks);
    reply->fate = EVAC_SANDBOX_REPLY;
    reply->status = status;
    reply->content_type = EVAC_STR("application/json");
}

static void put_region_header(struct evac_sandbox *sb, struct evac_sandbox_reply *reply,
                              const struct site *site)
{
    evac_arena_free(sb->reply_arena);
    sb->reply_arena = evac_arena_new();
    struct evac_http_header *h = evac_arena_array(sb->reply_arena, 1, sizeof *h);
    h[0] = (struct evac_http_header){ EVAC_STR("X-Region"),
                                      evac_arena_str(sb->reply_arena, evac_str(site->name)) };
    reply->headers = h;
    reply->header_count = 1;
}

static bool has_data(const struct evac_sandbox *sb, const struct site *site)
{
    return sb->shop->table[0] ? sb_dynamodb_accepts_writes(sb, site->region, sb->shop->table)
                              : sb_rds_answers(sb, site->region, site->db);
}

static void serve(struct evac_sandbox *sb, const struct site *site, bool public_name,
                  struct evac_sandbox_reply *reply)
{
    int tasks = sb_ecs_running(sb, site->region, "shop", "web");
    int needed = sb->shop->table[0] ? WEB_NEEDED / led_to(sb) : WEB_NEEDED;
    bool writable = writes(sb, site);
    put_region_header(sb, reply, site);
    if (site->sick)
        answer(reply, 503, "a release that does not work", site, writable, tasks);
    else if (tasks < 1)
        answer(reply, 503, "no capacity", site, writable, tasks);
    else if (!has_data(sb, site))
        answer(reply, 503, "no database", site, writable, tasks);
    else if (public_name && !writable)
        answer(reply, 503, "read only", site, writable, tasks);
    else if (public_name && tasks < needed)
        answer(reply, 503, "overloaded", site, writable, tasks);
    else
        answer(reply, 200, "ok", site, writable, tasks);
}

bool sb_shop_http(struct evac_sandbox *sb, struct evac_str host, size_t local, struct evac_str path,
                  struct evac_sandbox_reply *reply)
{
    bool public_name = evac_str_is(host, DOMAIN);
    if (!public_name && !evac_str_ends(host, "." DOMAIN))
        return false;
    for (size_t i = 0; i < SITES; i++) {
        const struct site *site = &sb->shop->sites[i];
        if (site->region != local)
            continue;
        if (!sb_reachable(sb, local))
            reply->fate = EVAC_SANDBOX_REFUSE;
        else if (!evac_str_is(path, "/health") && !evac_str_is(path, "/"))
            answer(reply, 404, "not found", site, false, 0);
        else
            serve(sb, site, public_name, reply);
        return true;
    }
    reply->fate = EVAC_SANDBOX_REFUSE; /* nothing of the shop listens there */
    return true;
}

/* --- truth ----------------------------------------------------------------------------------- */

/* What lives now was promoted, or restored, without all that the old region wrote. */
static bool is_lossy(const struct evac_sandbox *sb, size_t *ret_old, uint64_t *ret_cut_ms)
{
    const struct site *sites = sb->shop->sites;
    int64_t newest_ms = -1, made_ms;
    uint64_t cut_ms;
    if (sb_rds_lossy(sb, ret_old, ret_cut_ms))
        return true;
    for (size_t i = 0; i < SITES; i++)
        if (sb_rds_restored(sb, sites[i].region, sites[i].db, &made_ms, &cut_ms) &&
            made_ms > newest_ms) {
            newest_ms = made_ms;
            *ret_old = sites[1 - i].region;
            *ret_cut_ms = cut_ms;
        }
    return newest_ms >= 0;
}

static void put_loss(const struct evac_sandbox *sb, struct evac_buf *json)
{
    size_t old;
    uint64_t cut, wrote = 0;
    if (!is_lossy(sb, &old, &cut)) {
        evac_buf_puts(json, ",\"lost_ms\":null");
        return;
    }
    for (size_t i = 0; i < SITES; i++)
        if (sb->shop->sites[i].region == old)
            wrote = sb->shop->sites[i].wrote_until_ms;
    evac_buf_putf(json, ",\"lost_ms\":%llu", (unsigned long long)(wrote > cut ? wrote - cut : 0));
}

/* Where all regions serve: those that users are led to, by the copies that are read for it. */
static void put_led_to(const struct evac_sandbox *sb, struct evac_buf *json)
{
    bool first = true;
    if (!sb->shop->table[0])
        return;
    evac_buf_puts(json, ",\"led_to\":[");
    for (size_t i = 0; i < SITES; i++)
        if (!read_go(sb, leads_to(sb->shop, i))->out[i]) {
            evac_buf_putf(json, "%s\"%s\"", first ? "" : ",", sb->shop->sites[i].name);
            first = false;
        }
    evac_buf_putc(json, ']');
}

unsigned evac_sandbox_writers(const struct evac_sandbox *sb, char *ret_name, size_t bytes)
{
    unsigned count = 0;
    if (bytes)
        ret_name[0] = '\0';
    for (size_t i = 0; sb->shop && i < SITES; i++)
        if (writes(sb, &sb->shop->sites[i]) && count++ == 0)
            (void)evac_str_copy(ret_name, bytes, evac_str(sb->shop->sites[i].name));
    return count;
}

unsigned evac_sandbox_led_to(const struct evac_sandbox *sb)
{
    unsigned count = 0;
    for (size_t i = 0; sb->shop && i < SITES; i++)
        count += !read_go(sb, leads_to(sb->shop, i))->out[i];
    return count;
}

void evac_sandbox_route(const struct evac_sandbox *sb, char *ret_region, size_t bytes)
{
    const struct go go = sb->shop ? newest(sb, SB_REGIONS_MAX) : (struct go){ .epoch = 0 };
    (void)evac_str_copy(ret_region, bytes, evac_str(go.route));
}

bool evac_sandbox_has_data(const struct evac_sandbox *sb, const char *region)
{
    for (size_t i = 0; sb->shop && i < SITES; i++)
        if (strcmp(sb->shop->sites[i].name, region) == 0)
            return sb->shop->table[0] ? sb_dynamodb_accepts_writes(sb, i, sb->shop->table)
                                      : sb_rds_accepts_writes(sb, sb->shop->sites[i].region,
                                                              sb->shop->sites[i].db);
    return false;
}

void sb_shop_truth(const struct evac_sandbox *sb, struct evac_buf *json)
{
    bool first = true;
    if (!sb->shop)
        return;
    evac_buf_puts(json, ",\"writers\":[");
    for (size_t i = 0; i < SITES; i++)
        if (writes(sb, &sb->shop->sites[i])) {
            evac_buf_putf(json, "%s\"%s\"", first ? "" : ",", sb->shop->sites[i].name);
            first = false;
        }
    struct go go = newest(sb, SB_REGIONS_MAX);
    evac_buf_putf(json, "],\"go_writer\":\"%s\",\"go_route\":\"%s\",\"go_epoch\":%lld", go.writer,
                  go.route, (long long)go.epoch);
    put_led_to(sb, json);
    put_loss(sb, json);
}
