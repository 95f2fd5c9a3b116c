#include "api_call.h"

#include "json_text.h"

#include <stdlib.h>
#include <string.h>

#define EXACT 9007199254740992.0 /* 2^53: above it a number of JSON is no longer itself */

/* --- bodies --------------------------------------------------------------------------------------
 */

static const cJSON *field_of(const struct api_call *c, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(c->body, name);
}

struct evac_str api_text(const struct api_call *c, const char *name)
{
    return evac_json_text(c->body, name);
}

bool api_has(const struct api_call *c, const char *name)
{
    return field_of(c, name) != NULL;
}

bool api_true(const struct api_call *c, const char *name)
{
    return cJSON_IsTrue(field_of(c, name));
}

int64_t api_number(const struct api_call *c, const char *name)
{
    const cJSON *item = field_of(c, name);
    bool exact = cJSON_IsNumber(item) && item->valuedouble > -EXACT && item->valuedouble < EXACT;
    return exact ? (int64_t)item->valuedouble : 0;
}

/* --- queries -------------------------------------------------------------------------------------
 */

static struct evac_str decode(struct evac_str value, char *buf, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < value.n && n + 1 < bytes; i++) {
        char hex[3] = { 0 };
        if (value.p[i] == '%' && value.n - i > 2) {
            memcpy(hex, value.p + i + 1, 2);
            buf[n++] = (char)strtoul(hex, NULL, 16);
            i += 2;
        } else {
            buf[n++] = value.p[i] == '+' ? ' ' : value.p[i];
        }
    }
    buf[n] = '\0';
    return (struct evac_str){ buf, n };
}

struct evac_str evac_api_query(struct evac_str query, const char *name, char *buf, size_t bytes)
{
    while (query.n) {
        struct evac_str pair = evac_str_cut(query, '&', &query), value;
        struct evac_str key = evac_str_cut(pair, '=', &value);
        if (evac_str_is(key, name))
            return decode(value, buf, bytes);
    }
    return EVAC_STR_NONE;
}

struct evac_str api_query(const struct api_call *c, const char *name, char *buf, size_t bytes)
{
    return evac_api_query(c->q->query, name, buf, bytes);
}

int64_t api_query_number(const struct api_call *c, const char *name, int64_t fallback)
{
    char buf[32];
    int64_t value;
    return evac_str_i64(api_query(c, name, buf, sizeof buf), &value) ? value : fallback;
}

bool api_query_is(const struct api_call *c, const char *name, const char *value)
{
    char buf[64];
    return evac_str_is(api_query(c, name, buf, sizeof buf), value);
}

/* --- answers -------------------------------------------------------------------------------------
 */

struct evac_jw api_writer(struct api_call *c)
{
    return (struct evac_jw){ &c->r->body, false };
}

void api_fail(struct api_call *c, const struct evac_err *err)
{
    evac_problem_err(c->r, err);
}

static const struct {
    const char *format, *media, *type;
} forms[] = {
    { "json", "application/json", "application/json" },
    { "text", "text/plain", "text/plain; charset=utf-8" },
    { "html", "text/html", "text/html; charset=utf-8" },
};
#define FORMS (sizeof forms / sizeof forms[0])

/* "q=0.8" in thousandths; 1000 when it is not said (RFC 9110, 12.4.2). */
static unsigned weight_of(struct evac_str params)
{
    while (params.n) {
        struct evac_str value, one = evac_str_trim(evac_str_cut(params, ';', &params));
        unsigned weight = 0, unit = 1000;
        if (!evac_str_is(evac_str_cut(one, '=', &value), "q"))
            continue;
        for (size_t i = 0; i < value.n && unit > 0; i++) {
            if (value.p[i] < '0' || value.p[i] > '9')
                continue;
            weight += (unsigned)(value.p[i] - '0') * unit;
            unit /= 10;
        }
        return weight;
    }
    return 1000;
}

/* How much a media type is liked: 0 not at all. */
static unsigned liking(struct evac_str accept, const char *media)
{
    struct evac_str subtype, kind = evac_str_cut(evac_str(media), '/', &subtype);
    unsigned best = accept.n ? 0 : 1000;
    while (accept.n) {
        struct evac_str params, sub, one = evac_str_cut(accept, ',', &accept);
        struct evac_str range = evac_str_trim(evac_str_cut(one, ';', &params));
        struct evac_str type = evac_str_cut(range, '/', &sub);
        bool fits = evac_str_is(range, "*/*") || evac_str_is(range, media) ||
                    (evac_str_eq(type, kind) && evac_str_is(sub, "*"));
        unsigned weight = fits ? weight_of(params) : 0;
        best = weight > best ? weight : best;
    }
    return best;
}

const char *api_format(struct api_call *c)
{
    char buf[16];
    struct evac_str wanted = api_query(c, "format", buf, sizeof buf);
    unsigned best = 0;
    size_t chosen = FORMS;
    for (size_t i = 0; i < FORMS; i++) {
        unsigned liked = wanted.n ? (evac_str_is(wanted, forms[i].format) ? 1000 : 0)
                                  : liking(c->q->accept, forms[i].media);
        if (liked > best && evac_words_have(c->route->media, evac_str(forms[i].media))) {
            best = liked;
            chosen = i;
        }
    }
    if (chosen < FORMS)
        c->r->content_type = forms[chosen].type;
    else if (wanted.n)
        evac_problemf(c->r, EVAC_PROBLEM_BAD_REQUEST, "format=%.*s: there is none of that here",
                      EVAC_STR_ARG(wanted));
    else
        evac_problemf(c->r, EVAC_PROBLEM_NOT_ACCEPTABLE, "it can be had as %s", c->route->media);
    return chosen < FORMS ? forms[chosen].format : NULL;
}

/* --- pages ---------------------------------------------------------------------------------------
 */

struct api_page api_page_of(const struct api_call *c, uint64_t fallback, uint64_t most)
{
    int64_t limit = api_query_number(c, "limit", (int64_t)fallback);
    struct api_page page = { .limit = (uint64_t)limit,
                             .after = (uint64_t)api_query_number(c, "after", 0) };
    if (page.limit == 0 || page.limit > most)
        page.limit = most;
    return page;
}

/* As it was asked, encoded anew: nothing of it ends the header, or begins another. */
static void put_pair(struct evac_str pair, struct evac_buf *out)
{
    char text[512];
    struct evac_str value, name = evac_str_cut(pair, '=', &value);
    evac_buf_put_str(out, name); /* one of evac_api_params */
    evac_buf_putc(out, '=');
    evac_buf_uri(out, decode(value, text, sizeof text), false);
    evac_buf_putc(out, '&');
}

/* The header is small: a query that does not fit is the caller's to write again. */
void api_more(struct api_call *c, uint64_t after)
{
    struct evac_buf link;
    struct evac_str query = c->q->query;
    evac_buf_init(&link, sizeof c->r->link);
    evac_buf_putc(&link, '<');
    evac_buf_uri(&link, c->q->path, true);
    evac_buf_putc(&link, '?');
    while (query.n) {
        struct evac_str value, pair = evac_str_cut(query, '&', &query);
        if (pair.n && !evac_str_is(evac_str_cut(pair, '=', &value), "after"))
            put_pair(pair, &link);
    }
    evac_buf_putf(&link, "after=%llu>; rel=\"next\"", (unsigned long long)after);
    if (!link.failed)
        (void)evac_str_copy(c->r->link, sizeof c->r->link, evac_buf_str(&link));
    evac_buf_done(&link);
}

struct api_pager api_pager_of(const struct api_call *c, uint64_t fallback, uint64_t most)
{
    return (struct api_pager){ .page = api_page_of(c, fallback, most) };
}

bool api_pager_takes(struct api_pager *p)
{
    bool behind = p->seen++ >= p->page.after;
    bool takes = behind && p->shown < p->page.limit;
    p->more = p->more || (behind && !takes);
    p->shown += takes;
    return takes;
}

void api_pager_end(struct api_call *c, const struct api_pager *p)
{
    if (p->more)
        api_more(c, p->page.after + p->shown);
}

/* --- what paths name -----------------------------------------------------------------------------
 */

const struct evac_engine *api_engine(const struct api_call *c)
{
    struct evac_shell *shell = evac_daemon_shell(c->daemon);
    return shell ? evac_shell_engine(shell) : NULL;
}

struct evac_now api_now(const struct api_call *c)
{
    return (struct evac_now){ evac_daemon_now_ms(c->daemon), evac_daemon_wall_ms(c->daemon), 0 };
}

void api_no_app(struct api_call *c, struct evac_str name)
{
    evac_problemf(c->r, EVAC_PROBLEM_NOT_FOUND, "there is no app '%.*s': GET /v1/apps lists them",
                  EVAC_STR_ARG(name));
}

bool api_app(struct api_call *c, size_t *ret_app)
{
    const struct evac_engine *engine = api_engine(c);
    *ret_app = engine ? evac_engine_app(engine, c->vars[0]) : 0;
    if (engine && *ret_app < engine->app_count)
        return true;
    api_no_app(c, c->vars[0]);
    return false;
}

bool api_run(struct api_call *c, uint64_t *ret_run)
{
    int64_t id;
    if (evac_str_i64(c->vars[0], &id) && id > 0) {
        *ret_run = (uint64_t)id;
        return true;
    }
    evac_problemf(c->r, EVAC_PROBLEM_NOT_FOUND,
                  "there is no run '%.*s': a run is named by its number", EVAC_STR_ARG(c->vars[0]));
    return false;
}
