#include "aws_template.h"

#include <string.h>

#define TEXT_MAX   262144u
#define PARAMS_MAX 32u

/* 32 hexadecimal digits of a token, spread over them by FNV-1a: the same token, the same digits. */
static struct evac_str uuid_of(struct aws_call *c, struct evac_str token)
{
    uint64_t a = 0xcbf29ce484222325u, b = 0x84222325cbf29ce4u;
    for (size_t i = 0; i < token.n; i++) {
        a = (a ^ (unsigned char)token.p[i]) * 0x100000001b3u;
        b = (b ^ a) * 0x100000001b3u;
    }
    return aws_printf(c, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(a >> 32),
                      (unsigned)(a >> 16) & 0xffffu, (unsigned)a & 0xfffu,
                      (unsigned)(b >> 48) & 0xfffu, (unsigned long long)(b & 0xffffffffffffu));
}

static struct evac_str value_of(struct aws_call *c, struct evac_str name,
                                const struct aws_hole *holes, size_t hole_count)
{
    for (size_t i = 0; i < hole_count; i++)
        if (evac_str_is(name, holes[i].name))
            return holes[i].value;
    if (evac_str_is(name, "token"))
        return evac_str(c->token);
    if (evac_str_is(name, "uuid"))
        return uuid_of(c, evac_str(c->token));
    if (evac_str_is(name, "now"))
        return aws_printf(c, "%lld",
                          (long long)(c->link->host->wall_ms(c->link->host->ctx) / 1000));
    return aws_regional(c, evac_arena_str(c->arena, name).p);
}

static void put(struct evac_buf *out, struct evac_str value, enum aws_escape escape)
{
    switch (escape) {
    case AWS_PLAIN:
        evac_buf_put(out, value.p, value.n);
        break;
    case AWS_PATH:
        evac_buf_uri(out, value, false);
        break;
    case AWS_JSON:
        evac_buf_json(out, value); /* with its quotes, which the text around already has */
        break;
    case AWS_XML:
        evac_buf_xml(out, value);
        break;
    }
}

static void put_json_inside(struct evac_buf *out, struct evac_str value)
{
    struct evac_buf quoted;
    evac_buf_init(&quoted, TEXT_MAX);
    put(&quoted, value, AWS_JSON);
    if (quoted.n >= 2)
        evac_buf_put(out, quoted.p + 1, quoted.n - 2);
    evac_buf_done(&quoted);
}

/* A hole begins with '<' and a letter, so that XML's own closing tags stay; an XML template writes
 * its holes as "<!name>". */
static bool hole_at(struct evac_str text, bool xml, struct evac_str *ret_name,
                    struct evac_str *ret_rest)
{
    size_t begin = xml ? 2 : 1;
    if (text.n <= begin || text.p[0] != '<' || (xml && text.p[1] != '!'))
        return false;
    struct evac_str inside = { text.p + begin, text.n - begin };
    *ret_name = evac_str_cut(inside, '>', ret_rest);
    return ret_name->n > 0 && ret_name->n < inside.n;
}

struct evac_str aws_fill(struct aws_call *c, const char *template, enum aws_escape escape,
                         const struct aws_hole *holes, size_t hole_count)
{
    struct evac_buf out;
    struct evac_str text = evac_str(template ? template : ""), name, rest;
    evac_buf_init(&out, TEXT_MAX);
    while (text.n) {
        if (hole_at(text, escape == AWS_XML, &name, &rest)) {
            char kind = name.p[0];
            bool whole = escape == AWS_JSON && (kind == '=' || kind == '"');
            if (whole)
                name = (struct evac_str){ name.p + 1, name.n - 1 };
            struct evac_str value = value_of(c, name, holes, hole_count);
            if (whole && !value.n)
                evac_buf_puts(&out, "null");
            else if (whole)
                put(&out, value, kind == '=' ? AWS_PLAIN : AWS_JSON);
            else if (escape == AWS_JSON)
                put_json_inside(&out, value);
            else
                put(&out, value, escape);
            text = rest;
        } else { /* up to what may be the next one */
            const char *next = text.n > 1 ? memchr(text.p + 1, '<', text.n - 1) : NULL;
            size_t plain = next ? (size_t)(next - text.p) : text.n;
            evac_buf_put(&out, text.p, plain);
            text = (struct evac_str){ text.p + plain, text.n - plain };
        }
    }
    struct evac_str filled = evac_arena_str(c->arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return filled;
}

static size_t fill_params(struct aws_call *c, const char *template, struct evac_arg *params,
                          const struct aws_hole *holes, size_t hole_count)
{
    struct evac_str rest = evac_str(template ? template : "");
    size_t n = 0;
    while (rest.n && n < PARAMS_MAX) {
        struct evac_str value, pair = evac_str_cut(rest, '&', &rest);
        struct evac_str name = evac_str_cut(pair, '=', &value);
        const char *name_text = evac_arena_str(c->arena, name).p;
        const char *value_text = evac_arena_str(c->arena, value).p;
        struct evac_str filled = aws_fill(c, value_text, AWS_PLAIN, holes, hole_count);
        if (filled.n)
            params[n++] =
                (struct evac_arg){ aws_fill(c, name_text, AWS_PLAIN, holes, hole_count), filled };
    }
    return n;
}

struct evac_aws_request aws_ask(struct aws_call *c, const struct aws_ask *ask, bool mutates,
                                const struct aws_hole *holes, size_t hole_count)
{
    struct evac_arg *params = evac_arena_array(c->arena, PARAMS_MAX, sizeof *params);
    struct evac_http_header *header = evac_arena_alloc(c->arena, sizeof *header);
    struct evac_aws_request r = { .service = ask->service,
                                  .operation = ask->operation,
                                  .region = c->region,
                                  .mutates = mutates,
                                  .method = ask->method,
                                  .params = params,
                                  .region_set = ask->region_set,
                                  .content_type = ask->content_type };
    if (ask->region)
        r.region = aws_fill(c, ask->region, AWS_PLAIN, holes, hole_count);
    if (ask->endpoint)
        r.endpoint = aws_fill(c, ask->endpoint, AWS_PLAIN, holes, hole_count);
    if (ask->path)
        r.path = aws_fill(c, ask->path, AWS_PATH, holes, hole_count);
    if (ask->body)
        r.body =
            aws_fill(c, ask->body, ask->body[0] == '<' ? AWS_XML : AWS_JSON, holes, hole_count);
    if (ask->header) {
        struct evac_str value,
            name =
                evac_str_cut(aws_fill(c, ask->header, AWS_PLAIN, holes, hole_count), ':', &value);
        *header = (struct evac_http_header){ name, evac_str_trim(value) };
        r.headers = header;
        r.header_count = 1;
    }
    r.param_count = fill_params(c, ask->params, params, holes, hole_count);
    return r;
}

enum evac_code aws_ask_first(struct aws_call *c, const struct aws_ask *ask, bool mutates,
                             aws_reply_fn *then, struct evac_err *err)
{
    struct evac_aws_request r = aws_ask(c, ask, mutates, NULL, 0);
    return aws_send(c, &r, then, err);
}

void aws_ask_next(struct aws_call *c, const struct aws_ask *ask, bool mutates, aws_reply_fn *then)
{
    struct evac_aws_request r = aws_ask(c, ask, mutates, NULL, 0);
    aws_next(c, &r, then);
}
