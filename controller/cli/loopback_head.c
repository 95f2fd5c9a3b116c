#include "loopback_head.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What the door looks at. */
struct seen {
    struct evac_str method, target;
    bool host, cookie, csrf, foreign, chunked;
    int64_t length;
};

static bool same_name(struct evac_str a, const char *name)
{
    return a.n == strlen(name) && strncasecmp(a.p, name, a.n) == 0;
}

/* In a time that does not tell how much of it was right. */
static bool same_secret(struct evac_str given, const char *secret)
{
    unsigned char differs = 0;
    if (!secret[0] || given.n != strlen(secret))
        return false;
    for (size_t i = 0; i < given.n; i++)
        differs |= (unsigned char)((unsigned char)given.p[i] ^ (unsigned char)secret[i]);
    return differs == 0;
}

/* The names that a browser may use for this door. */
static bool is_here(const struct evac_loopback_door *door, struct evac_str host)
{
    static const char *const names[] = { "127.0.0.1", "localhost" };
    char here[32];
    for (size_t i = 0; i < 2; i++) {
        snprintf(here, sizeof here, "%s:%u", names[i], door->port);
        if (same_name(host, here))
            return true;
    }
    return false;
}

static bool is_our_origin(const struct evac_loopback_door *door, struct evac_str origin)
{
    static const char scheme[] = "http://";
    struct evac_str host = { origin.p + sizeof scheme - 1, origin.n - (sizeof scheme - 1) };
    return evac_str_starts(origin, scheme) && is_here(door, host);
}

static bool has_cookie(const struct evac_loopback_door *door, struct evac_str cookies)
{
    char name[40];
    snprintf(name, sizeof name, "evac_dashboard_%u", door->port);
    while (cookies.n) {
        struct evac_str value, pair = evac_str_trim(evac_str_cut(cookies, ';', &cookies));
        struct evac_str key = evac_str_cut(pair, '=', &value);
        if (evac_str_is(key, name) && same_secret(value, door->cookie))
            return true;
    }
    return false;
}

/* Hop by hop, or the door's own: not passed on. */
static bool stays_here(struct evac_str name)
{
    static const char *const names[] = { "cookie",           "connection", "keep-alive",
                                         "upgrade",          "te",         "trailer",
                                         "proxy-connection", "expect",     "authorization" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (same_name(name, names[i]))
            return true;
    return false;
}

static void look(const struct evac_loopback_door *door, struct evac_str name, struct evac_str value,
                 struct seen *s)
{
    if (same_name(name, "host"))
        s->host = is_here(door, value);
    else if (same_name(name, "cookie"))
        s->cookie = has_cookie(door, value);
    else if (same_name(name, "x-evac-csrf"))
        s->csrf = value.n > 0;
    else if (same_name(name, "origin"))
        s->foreign |= !is_our_origin(door, value);
    else if (same_name(name, "sec-fetch-site"))
        s->foreign |= !evac_str_is(value, "same-origin") && !evac_str_is(value, "none");
    else if (same_name(name, "transfer-encoding"))
        s->chunked = true;
    else if (same_name(name, "content-length") && !evac_str_i64(value, &s->length))
        s->length = -1;
}

static size_t end_of_head(struct evac_str text)
{
    for (size_t i = 0; i + 4 <= text.n; i++)
        if (memcmp(text.p + i, "\r\n\r\n", 4) == 0)
            return i + 4;
    return 0;
}

static struct evac_str next_line(struct evac_str *rest)
{
    struct evac_str line = evac_str_cut(*rest, '\n', rest);
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

/* False: it is no request that a browser makes. */
static bool read_head(const struct evac_loopback_door *door, struct evac_str head, struct seen *s,
                      struct evac_buf *out)
{
    struct evac_str line = next_line(&head), rest;
    s->method = evac_str_cut(line, ' ', &rest);
    s->target = evac_str_cut(rest, ' ', &rest);
    if (!evac_str_is(rest, "HTTP/1.1") || !evac_str_starts(s->target, "/"))
        return false;
    evac_buf_put_str(out, line);
    evac_buf_puts(out, "\r\n");
    while ((line = next_line(&head)).n) {
        struct evac_str value, name = evac_str_cut(line, ':', &value);
        if (!name.n || name.n == line.n || name.p[0] == ' ' || name.p[0] == '\t')
            return false;
        look(door, name, evac_str_trim(value), s);
        if (stays_here(name))
            continue;
        evac_buf_put_str(out, line);
        evac_buf_puts(out, "\r\n");
    }
    evac_buf_puts(out, "Connection: close\r\n\r\n");
    return !out->failed;
}

static enum evac_loopback_verdict refuse(struct evac_loopback_head *head, int status,
                                         const char *why)
{
    head->status = status;
    head->why = why;
    return EVAC_LOOPBACK_REFUSE;
}

static enum evac_loopback_verdict enter(const struct evac_loopback_door *door, const struct seen *s,
                                        struct evac_loopback_head *head)
{
    static const char path[] = "/enter/";
    struct evac_str given = { s->target.p + sizeof path - 1, s->target.n - (sizeof path - 1) };
    if (evac_str_is(s->method, "GET") && same_secret(given, door->secret))
        return EVAC_LOOPBACK_ENTER;
    return refuse(head, 403,
                  "This link works once, and was used, or is another's.\n"
                  "'evac dashboard' makes a new one.\n");
}

enum evac_loopback_verdict evac_loopback_judge(const struct evac_loopback_door *door,
                                               struct evac_str text, struct evac_buf *out,
                                               struct evac_loopback_head *ret_head)
{
    struct seen s = { .length = 0 };
    *ret_head = (struct evac_loopback_head){ .bytes = end_of_head(text) };
    if (!ret_head->bytes)
        return text.n < EVAC_LOOPBACK_HEAD_MAX ? EVAC_LOOPBACK_MORE
                                               : refuse(ret_head, 431, "The head is too long.\n");
    struct evac_str head = { text.p, ret_head->bytes - 2 };
    if (ret_head->bytes > EVAC_LOOPBACK_HEAD_MAX || !read_head(door, head, &s, out))
        return refuse(ret_head, 400, "That is no request that is understood here.\n");
    if (!s.host)
        return refuse(ret_head, 421,
                      "This door has another name: see what 'evac dashboard' printed.\n");
    if (s.chunked || s.length < 0 || s.length > (int64_t)EVAC_LOOPBACK_BODY_MAX)
        return refuse(ret_head, 413, "The body has no length, or is too long.\n");
    if (evac_str_starts(s.target, "/enter/"))
        return enter(door, &s, ret_head);
    if (!s.cookie)
        return refuse(ret_head, 403,
                      "This door is for the one who opened it.\n"
                      "'evac dashboard' prints a link that lets you in.\n");
    bool looks = evac_str_is(s.method, "GET") || evac_str_is(s.method, "HEAD");
    if (!looks && (!s.csrf || s.foreign))
        return refuse(ret_head, 403, "Only the dashboard's own page may change something.\n");
    ret_head->body_bytes = (size_t)s.length;
    return EVAC_LOOPBACK_PASS;
}
