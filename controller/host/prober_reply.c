#include "json_meets.h"
#include "prober_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool looks_into_body(const struct prober_target *t)
{
    return t->expect_body.n > 0 || (t->wants_served_by && t->served_by.n == 0) || t->more;
}

/* JSON must be whole; what lies beyond its ceiling by one byte is seen, and makes it too long. */
size_t prober_body_bytes(const struct prober_target *t)
{
    return t->more ? EVAC_PROBER_JSON_BYTES + 1 : EVAC_PROBER_BODY_BYTES;
}

/* --- the parser's calls: text comes in pieces ------------------------------------------------ */

static int on_field(http_parser *parser, const char *p, size_t n)
{
    struct prober_target *t = parser->data;
    struct prober_conn *c = t->conn;
    if (c->in_served_by) { /* the wanted header's value is over */
        c->in_served_by = false;
        c->field_matched = 0;
    }
    if (c->field_matched == UINT8_MAX || t->served_by.n == 0)
        return 0;
    if (c->field_matched + n <= t->served_by.n &&
        strncasecmp(t->served_by.p + c->field_matched, p, n) == 0)
        c->field_matched = (uint8_t)(c->field_matched + n);
    else
        c->field_matched = UINT8_MAX;
    return 0;
}

static int on_value(http_parser *parser, const char *p, size_t n)
{
    struct prober_target *t = parser->data;
    struct prober_conn *c = t->conn;
    if (t->served_by.n == 0)
        return 0;
    if (c->field_matched == t->served_by.n)
        c->in_served_by = true;
    else if (!c->in_served_by)
        c->field_matched = 0; /* the next field begins */
    if (!c->in_served_by)
        return 0;
    size_t room = sizeof c->served_by - c->served_by_n;
    size_t kept = n < room ? n : room;
    memcpy(c->served_by + c->served_by_n, p, kept);
    c->served_by_n += kept;
    return 0;
}

static int on_body(http_parser *parser, const char *p, size_t n)
{
    struct prober_target *t = parser->data;
    struct prober_conn *c = t->conn;
    size_t most = prober_body_bytes(t), room = most - c->body.n;
    if (looks_into_body(t))
        evac_buf_put(&c->body, p, n < room ? n : room);
    c->body_bytes += (uint32_t)n;
    if (c->body_bytes < most)
        return 0;
    c->complete = true; /* enough for a verdict; the rest is not ours to wait for */
    c->keepable = false;
    http_parser_pause(parser, 1);
    return 0;
}

static int on_complete(http_parser *parser)
{
    struct prober_target *t = parser->data;
    struct prober_conn *c = t->conn;
    if (parser->status_code / 100 == 1) /* 100 Continue and friends announce a reply */
        return 0;
    c->complete = true;
    c->keepable = http_should_keep_alive(parser) != 0;
    http_parser_pause(parser, 1);
    return 0;
}

static int on_headers(http_parser *parser)
{
    struct prober_target *t = parser->data;
    t->conn->status = (int)parser->status_code;
    t->conn->field_matched = 0;
    t->conn->in_served_by = false;
    return 0;
}

static const http_parser_settings settings = {
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_headers,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

void prober_reply_begin(struct prober_target *t)
{
    struct prober_conn *c = t->conn;
    http_parser_init(&c->parser, HTTP_RESPONSE);
    c->parser.data = t;
    c->sent = c->body_bytes = 0;
    c->complete = c->keepable = c->in_served_by = c->got_bytes = false;
    c->field_matched = 0;
    c->status = 0;
    c->served_by_n = 0;
    evac_buf_reset(&c->body);
}

bool prober_reply_feed(struct prober_target *t, const char *p, size_t n)
{
    struct prober_conn *c = t->conn;
    size_t used = http_parser_execute(&c->parser, &settings, p, n);
    if (c->complete) {
        c->keepable &= n > 0 && used + 1 >= n; /* more than one reply: do not trust it again */
        return true;
    }
    return HTTP_PARSER_ERRNO(&c->parser) == HPE_OK && used == n;
}

/* --- the verdict ----------------------------------------------------------------------------- */

static struct evac_str skip_spaces(struct evac_str s)
{
    while (s.n && strchr(" \t\r\n", s.p[0]))
        s.p++, s.n--;
    return s;
}

/* "region" : "us-east-1" anywhere in the text: no JSON reader, since the text may be cut. */
static struct evac_str region_in(struct evac_str body)
{
    static const char key[] = "\"region\"";
    const size_t n = sizeof key - 1;
    for (size_t i = 0; i + n < body.n; i++) {
        if (memcmp(body.p + i, key, n) != 0)
            continue;
        struct evac_str rest = skip_spaces((struct evac_str){ body.p + i + n, body.n - i - n });
        if (rest.n == 0 || rest.p[0] != ':')
            continue;
        rest = skip_spaces((struct evac_str){ rest.p + 1, rest.n - 1 });
        if (rest.n == 0 || rest.p[0] != '"')
            continue;
        return evac_str_cut((struct evac_str){ rest.p + 1, rest.n - 1 }, '"', &rest);
    }
    return EVAC_STR_NONE;
}

static void find_served_by(struct prober_target *t)
{
    struct prober_conn *c = t->conn;
    if (!t->wants_served_by || t->served_by.n > 0)
        return;
    struct evac_str region = region_in(evac_buf_str(&c->body));
    c->served_by_n = region.n < sizeof c->served_by ? region.n : sizeof c->served_by;
    if (c->served_by_n)
        memcpy(c->served_by, region.p, c->served_by_n);
}

static const char *judge_json(struct prober_target *t)
{
    char *reason = t->prober->reason;
    size_t room = sizeof t->prober->reason;
    struct evac_str body = evac_buf_str(&t->conn->body);
    if (body.n <= EVAC_PROBER_JSON_BYTES)
        return evac_json_meets(body, &t->more->json, reason, room) ? NULL : reason;
    (void)snprintf(reason, room, "the answer has more than %u bytes: no JSON is looked for in it",
                   EVAC_PROBER_JSON_BYTES);
    return reason;
}

const char *prober_reply_judge(struct prober_target *t)
{
    struct prober_conn *c = t->conn;
    char *reason = t->prober->reason;
    size_t room = sizeof t->prober->reason;
    find_served_by(t);
    if (t->expect_status ? c->status != t->expect_status
                         : c->status / 100 != 2 && c->status / 100 != 3) {
        (void)snprintf(reason, room, "status %d", c->status);
        return reason;
    }
    char needle[128];
    (void)evac_str_copy(needle, sizeof needle, t->expect_body);
    struct evac_str body = evac_buf_str(&c->body);
    if (body.n > EVAC_PROBER_BODY_BYTES)
        body.n = EVAC_PROBER_BODY_BYTES;
    if (t->expect_body.n && !evac_str_has(body, t->expect_body.p)) {
        (void)snprintf(reason, room, "'%s' is not in the first %u bytes of the body", needle,
                       EVAC_PROBER_BODY_BYTES);
        return reason;
    }
    return t->more ? judge_json(t) : NULL;
}
