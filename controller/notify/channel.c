#include "channel_internal.h"

#include "civil.h"
#include "host_url.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS      5000u
#define TOTAL_MS        15000u
#define REPLY_BYTES_MAX 65536u
#define SAID_BYTES      140u

/* clang-format off */
static const struct evac_channel_type types[] = {
    { "webhook",   NULL, "the key that signs, as \"whsec_...\" or plain text", false, true, channel_pack_webhook },
    { "slack",     NULL, "the address of an incoming webhook", true, true, channel_pack_slack },
    { "pagerduty", "https://events.pagerduty.com/v2/enqueue", "the integration's routing key", false, false, channel_pack_pagerduty },
    { "opsgenie",  "https://api.opsgenie.com/v2/alerts", "an API integration's key", false, false, channel_pack_opsgenie },
    { "teams",     NULL, "the address of a workflow's webhook", true, true, channel_pack_teams },
    { "mail",      NULL, NULL, false, true, channel_pack_mail },
};
/* clang-format on */
#define TYPE_COUNT (sizeof types / sizeof types[0])

const struct evac_channel_type *evac_channel_type(struct evac_str name)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (evac_str_is(name, types[i].name))
            return &types[i];
    return NULL;
}

void evac_channel_types(struct evac_buf *out)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        evac_buf_putf(out, "%s%s", i ? ", " : "", types[i].name);
}

bool evac_channel_takes_news(struct evac_str type)
{
    const struct evac_channel_type *t = evac_channel_type(type);
    return !t || t->takes_news;
}

/* --- what its type needs ---------------------------------------------------------------------- */

/* Only the place is looked at: evac_url_split() reads http and https. */
static bool split_mail(struct evac_str url, bool *ret_tls, struct evac_url *ret)
{
    struct evac_str rest = url, scheme = evac_str_cut(url, ':', &rest);
    char as_http[300];
    *ret_tls = evac_str_is(scheme, "smtps");
    if ((!*ret_tls && !evac_str_is(scheme, "smtp")) || rest.n + 8 > sizeof as_http)
        return false;
    evac_notice_text(as_http, sizeof as_http, "http:%.*s", EVAC_STR_ARG(rest));
    return evac_url_split(evac_str(as_http), ret, NULL) == EVAC_OK;
}

bool evac_channel_url_is_safe(struct evac_str url)
{
    struct evac_url parts;
    return evac_url_split(url, &parts, NULL) == EVAC_OK && (parts.tls || evac_url_is_local(&parts));
}

static enum evac_code check_mail(const struct evac_channel *c, struct evac_err *err)
{
    struct evac_url parts;
    bool tls;
    if (!split_mail(c->url, &tls, &parts))
        return evac_fail(err, EVAC_E_BADCONF,
                         "url is \"%.*s\"; allowed: smtps://HOST:PORT or smtp://HOST:PORT",
                         EVAC_STR_ARG(c->url));
    if (c->from.n == 0 || c->to_count == 0)
        return evac_fail(err, EVAC_E_BADCONF, "mail needs from and to");
    for (size_t i = 0; i < c->to_count + 1; i++) {
        struct evac_str a = i < c->to_count ? c->to[i] : c->from;
        bool odd = !evac_str_has(a, "@");
        for (size_t k = 0; k < a.n; k++)
            odd |= (unsigned char)a.p[k] <= ' ' || strchr("<>,\"", a.p[k]) != NULL;
        if (odd)
            return evac_fail(err, EVAC_E_BADCONF, "\"%.*s\" is not an address like a@example.com",
                             EVAC_STR_ARG(a));
    }
    if ((c->user.n == 0) != (c->secret.n == 0))
        return evac_fail(err, EVAC_E_BADCONF,
                         "user and secret go together: who logs in, and where "
                         "the password lies");
    return EVAC_OK;
}

enum evac_code evac_channel_check(const struct evac_channel *c, struct evac_err *err)
{
    const struct evac_channel_type *t = evac_channel_type(c->type);
    if (!t)
        return EVAC_OK;
    if (c->with.count || c->region_count)
        return evac_fail(err, EVAC_E_BADCONF, "with and regions are for drivers");
    if (t->secret && c->secret.n == 0)
        return evac_fail(err, EVAC_E_BADCONF, "it needs a secret: where %s lies", t->secret);
    if (strcmp(t->name, "mail") == 0)
        return check_mail(c, err);
    if (t->secret_is_url && c->url.n)
        return evac_fail(err, EVAC_E_BADCONF, "its address is its secret: url is not for it");
    if (!t->secret_is_url && !t->url && c->url.n == 0)
        return evac_fail(err, EVAC_E_BADCONF, "it needs a url");
    if (c->url.n && !evac_channel_url_is_safe(c->url))
        return evac_fail(err, EVAC_E_BADCONF,
                         "url is \"%.*s\"; allowed: https://..., and http://... to this machine",
                         EVAC_STR_ARG(c->url));
    return EVAC_OK;
}

/* --- packing ---------------------------------------------------------------------------------- */

struct evac_str channel_time(struct evac_arena *arena, int64_t wall_ms)
{
    struct evac_civil c = evac_civil_from_minutes(wall_ms / 60000);
    return evac_arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month, c.day,
                             c.hour, c.minute, (int)(wall_ms / 1000 % 60), (int)(wall_ms % 1000));
}

struct evac_str channel_cut(const char *text, size_t bytes)
{
    struct evac_str s = evac_str(text);
    if (s.n <= bytes)
        return s;
    s.n = bytes;
    while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
        s.n--;
    return s;
}

struct evac_str channel_base64(struct evac_arena *arena, struct evac_str bytes)
{
    char *out = evac_arena_alloc(arena, 4 * (bytes.n / 3 + 1) + 1);
    int n = EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)bytes.p, (int)bytes.n);
    return (struct evac_str){ out, (size_t)n };
}

struct evac_str channel_button(struct evac_arena *arena, const struct evac_message *m)
{
    bool asks = m->state == EVAC_NOTICE_TRIGGER &&
                (m->kind == EVAC_ABOUT_PROPOSAL || m->kind == EVAC_ABOUT_ESCALATION);
    if (asks && m->run)
        return evac_arena_printf(arena, "Approve or decline run %llu", (unsigned long long)m->run);
    if (m->run)
        return evac_arena_printf(arena, "Run %llu", (unsigned long long)m->run);
    return asks ? EVAC_STR("Approve or decline") : EVAC_STR("Dashboard");
}

const char *channel_state(const struct evac_message *m)
{
    static const char *const words[EVAC_NOTICE_STATE_COUNT] = { "open", "seen to", "over", "news" };
    return words[m->state];
}

void channel_header(struct evac_packed *packed, const char *name, struct evac_str value)
{
    struct evac_http_header *at =
        (struct evac_http_header *)(uintptr_t)packed->http.headers + packed->http.header_count;
    if (packed->http.header_count < CHANNEL_HEADERS_MAX) {
        *at = (struct evac_http_header){ evac_str(name), value };
        packed->http.header_count++;
    }
}

void channel_post(struct evac_packed *packed, struct evac_arena *arena, struct evac_str url,
                  struct evac_buf *body)
{
    packed->http = (struct evac_http_request){
        .method = EVAC_STR("POST"),
        .url = url,
        .headers = evac_arena_array(arena, CHANNEL_HEADERS_MAX, sizeof(struct evac_http_header)),
        .body = evac_arena_str(arena, evac_buf_str(body)),
    };
    evac_buf_done(body);
    channel_header(packed, "Content-Type", EVAC_STR("application/json"));
    channel_header(packed, "User-Agent", EVAC_STR("evac"));
}

enum evac_code evac_channel_pack(const struct evac_parcel *parcel, struct evac_arena *arena,
                                 struct evac_packed *ret_packed, struct evac_err *err)
{
    const struct evac_channel_type *t = evac_channel_type(parcel->channel->type);
    struct evac_packed packed = { .is_mail = false };
    if (!t)
        return evac_fail(err, EVAC_E_UNSUPPORTED, "nothing is sent by %.*s",
                         EVAC_STR_ARG(parcel->channel->type));
    if (t->secret_is_url && !evac_channel_url_is_safe(parcel->secret))
        return evac_fail(err, EVAC_E_BADCONF,
                         "its secret is no address; allowed: https://..., and http://... to this "
                         "machine");
    enum evac_code code = t->pack(parcel, arena, &packed, err);
    if (code)
        return code;
    packed.http.connect_ms = packed.mail.connect_ms = CONNECT_MS;
    packed.http.total_ms = packed.mail.total_ms = TOTAL_MS;
    packed.http.max_reply_bytes = REPLY_BYTES_MAX;
    packed.http.mutates = true; /* no silent repeats below us */
    packed.http.operation = evac_arena_printf(arena, "notify:%s", t->name);
    *ret_packed = packed;
    return EVAC_OK;
}

/* --- what the reply means --------------------------------------------------------------------- */

struct evac_str evac_channel_redact(struct evac_arena *arena, struct evac_str text,
                                    struct evac_str secret)
{
    struct evac_buf out;
    if (secret.n < 4)
        return text;
    evac_buf_init(&out, 4 * text.n + 16);
    for (size_t i = 0; i < text.n;) {
        if (text.n - i >= secret.n && memcmp(text.p + i, secret.p, secret.n) == 0) {
            evac_buf_puts(&out, "***");
            i += secret.n;
        } else {
            evac_buf_putc(&out, text.p[i++]);
        }
    }
    struct evac_str kept = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return kept;
}

/* One line of what was said, short enough for a row. */
static struct evac_str excerpt(struct evac_arena *arena, struct evac_str body)
{
    char *text = evac_arena_alloc(arena, SAID_BYTES + 1);
    size_t n = 0;
    for (size_t i = 0; i < body.n && n < SAID_BYTES; i++) {
        unsigned char c = (unsigned char)body.p[i];
        bool blank = c <= ' ';
        if (blank && (n == 0 || text[n - 1] == ' '))
            continue;
        text[n++] = blank ? ' ' : c < 0x7f ? (char)c : '?';
    }
    return (struct evac_str){ text, n };
}

static uint32_t retry_after_ms(const struct evac_http_reply *reply)
{
    int64_t seconds;
    if (!evac_str_i64(evac_http_header(reply, "Retry-After"), &seconds) || seconds < 0)
        return 0;
    return seconds > 3600 ? 3600000u : (uint32_t)seconds * 1000u;
}

static enum evac_answer_kind kind_of(int status, bool is_mail)
{
    if (status >= 200 && status < 300)
        return EVAC_ANSWER_TAKEN;
    if (is_mail)
        return status >= 500 ? EVAC_ANSWER_NO : EVAC_ANSWER_BUSY; /* RFC 5321 4.2.1 */
    if (status == 429)
        return EVAC_ANSWER_BUSY;
    return status >= 500 || status == 408 ? EVAC_ANSWER_UNKNOWN : EVAC_ANSWER_NO;
}

struct evac_answer evac_channel_judge(const struct evac_http_reply *reply, bool is_mail,
                                      struct evac_str secret, struct evac_arena *arena)
{
    struct evac_answer a = { .kind = EVAC_ANSWER_UNKNOWN };
    if (reply->fate != EVAC_HTTP_REPLIED) {
        a.kind = reply->fate == EVAC_HTTP_NOT_SENT ? EVAC_ANSWER_BUSY : EVAC_ANSWER_UNKNOWN;
        a.text = evac_channel_redact(arena, evac_str(reply->error), secret);
        return a;
    }
    struct evac_str said = excerpt(arena, evac_channel_redact(arena, reply->body, secret));
    a.kind = kind_of(reply->status, is_mail);
    a.retry_after_ms = retry_after_ms(reply);
    a.text = evac_arena_printf(arena, "%s %d%s%.*s", is_mail ? "SMTP" : "HTTP", reply->status,
                               said.n ? ": " : "", EVAC_STR_ARG(said));
    return a;
}

/* --- for drivers ------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    const struct evac_arg *x = a, *y = b;
    size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int c = n ? memcmp(x->name.p, y->name.p, n) : 0;
    return c ? c : x->name.n < y->name.n ? -1 : x->name.n > y->name.n;
}

static struct evac_str with_region(struct evac_arena *arena, struct evac_str text,
                                   struct evac_str region)
{
    struct evac_buf out;
    evac_buf_init(&out, 65536);
    for (size_t i = 0; i < text.n;) {
        struct evac_str rest = { text.p + i, text.n - i };
        bool hole = evac_str_starts(rest, "{region}");
        evac_buf_put_str(&out, hole ? region : (struct evac_str){ rest.p, 1 });
        i += hole ? 8 : 1;
    }
    struct evac_str kept = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return kept;
}

static struct evac_str in_ascii(struct evac_arena *arena, const char *text)
{
    struct evac_str kept = evac_arena_str(arena, channel_cut(text, 99));
    for (size_t i = 0; i < kept.n; i++)
        if (kept.p[i] < ' ' || kept.p[i] > '~')
            ((char *)(uintptr_t)kept.p)[i] = '?';
    return kept;
}

struct evac_args evac_channel_args(const struct evac_parcel *p, struct evac_str region,
                                   struct evac_arena *arena)
{
    const struct evac_message *m = p->message;
    struct evac_buf json;
    evac_buf_init(&json, 8192);
    evac_message_to_json(m, &json);
    const struct evac_arg own[] = {
        { EVAC_STR("app"), evac_str(m->app) },
        { EVAC_STR("region"), region },
        { EVAC_STR("want.about"), m->app[0] ? evac_str(m->app) : EVAC_STR("fleet") },
        { EVAC_STR("want.id"), evac_str(m->id) },
        { EVAC_STR("want.json"), evac_arena_str(arena, evac_buf_str(&json)) },
        { EVAC_STR("want.key"), evac_str(m->key) },
        { EVAC_STR("want.kind"), evac_str(evac_notice_kind_name(m->kind)) },
        { EVAC_STR("want.severity"), evac_str(evac_urgency_name(m->severity)) },
        { EVAC_STR("want.state"), evac_str(evac_notice_state_name(m->state)) },
        { EVAC_STR("want.text"), evac_arena_printf(arena, "%s\n%s%s%s\n", m->title, m->text,
                                                   m->link[0] ? "\n" : "", m->link) },
        { EVAC_STR("want.subject"), in_ascii(arena, m->title) },
    };
    size_t n = sizeof own / sizeof own[0], with = p->channel->with.count;
    struct evac_arg *items = evac_arena_array(arena, n + with, sizeof *items);
    for (size_t i = 0; i < with; i++)
        items[i] = (struct evac_arg){ p->channel->with.items[i].name,
                                      with_region(arena, p->channel->with.items[i].value, region) };
    for (size_t i = 0; i < n; i++)
        items[with + i] = (struct evac_arg){ own[i].name, evac_arena_str(arena, own[i].value) };
    evac_buf_done(&json);
    qsort(items, n + with, sizeof *items, by_name);
    return (struct evac_args){ items, n + with };
}
