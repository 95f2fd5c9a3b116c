/* What a request asks, whatever protocol it speaks, and an answer's envelope. */
#include "sandbox_internal.h"

#include "format.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PATH_BYTES 512u

/* --- reading --------------------------------------------------------------------------------- */

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static struct evac_str decode(struct evac_arena *arena, struct evac_str s, bool plus)
{
    char *out = evac_arena_alloc(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        if (ch == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0) {
            ch = (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]));
            i += 2;
        } else if (ch == '+' && plus) {
            ch = ' ';
        }
        out[n++] = ch;
    }
    return (struct evac_str){ out, n };
}

static bool is_number(struct evac_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

/* "Filters.Filter.1.Values.Value.1" is the first value of the first filter: the name of a list's
 * members, which differs from service to service, is left out. */
static struct evac_str plain_name(struct evac_arena *arena, struct evac_str name)
{
    char *out = evac_arena_alloc(arena, name.n + 1);
    size_t n = 0, last = 0;
    while (name.n) {
        struct evac_str part = evac_str_cut(name, '.', &name);
        if (is_number(part) && last > 0)
            n = last;
        last = n;
        if (n)
            out[n++] = '.';
        memcpy(out + n, part.p, part.n);
        n += part.n;
        if (is_number(part))
            last = 0;
    }
    return (struct evac_str){ out, n };
}

static size_t count_pairs(struct evac_str text)
{
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '&';
    return n;
}

/* Of the query and of the body, behind each other. */
static void make_room(struct sb_call *c, size_t more)
{
    size_t n = c->param_count + more;
    struct sb_param *params =
        evac_arena_array(c->arena, n < SB_PARAMS_MAX ? n : SB_PARAMS_MAX, sizeof *params);
    if (c->param_count)
        memcpy(params, c->params, c->param_count * sizeof *params);
    c->params = params;
}

static void read_pairs(struct sb_call *c, struct evac_str text, bool form)
{
    if (!text.n)
        return;
    make_room(c, count_pairs(text));
    while (text.n && c->param_count < SB_PARAMS_MAX) {
        struct evac_str value, pair = evac_str_cut(text, '&', &text);
        struct evac_str name = decode(c->arena, evac_str_cut(pair, '=', &value), form);
        if (name.n)
            c->params[c->param_count++] =
                (struct sb_param){ form && c->protocol != EVAC_AWS_EC2 ? plain_name(c->arena, name)
                                                                       : name,
                                   decode(c->arena, value, form) };
    }
}

void sb_read_input(struct sb_call *c)
{
    struct evac_json *json = NULL;
    read_pairs(c, c->query, c->protocol == EVAC_AWS_QUERY || c->protocol == EVAC_AWS_EC2);
    switch (c->protocol) {
    case EVAC_AWS_QUERY:
    case EVAC_AWS_EC2:
        read_pairs(c, c->request->body, true);
        break;
    case EVAC_AWS_JSON_1_0:
    case EVAC_AWS_JSON_1_1:
    case EVAC_AWS_REST_JSON:
        if (c->request->body.n && evac_json_parse(c->request->body, &json, NULL))
            sb_error(c, 400, "SerializationException", "the body is not JSON");
        c->json = json;
        break;
    case EVAC_AWS_REST_XML:
        /* An object's body is anybody's: only the ones with a document are looked into. */
        if (c->request->body.n && c->request->body.p[0] == '<')
            (void)evac_xml_parse(c->request->body, c->arena, &c->xml, NULL);
        break;
    case EVAC_AWS_PROTOCOL_COUNT:
        break;
    }
}

/* --- asking ---------------------------------------------------------------------------------- */

static const cJSON *walk(const struct evac_json *root, struct evac_str path)
{
    const cJSON *at = (const cJSON *)(const void *)root;
    char part[PATH_BYTES];
    while (at && path.n) {
        struct evac_str name = evac_str_cut(path, '.', &path);
        int64_t index;
        if (evac_str_i64(name, &index))
            at = cJSON_IsArray(at) && index > 0 && index < 100000
                     ? cJSON_GetArrayItem(at, (int)index - 1)
                     : NULL;
        else
            at = evac_str_copy(part, sizeof part, name) ? cJSON_GetObjectItemCaseSensitive(at, part)
                                                        : NULL;
    }
    return at;
}

static struct evac_str text_of(const struct sb_call *c, const cJSON *value)
{
    if (cJSON_IsString(value))
        return evac_str(value->valuestring);
    if (cJSON_IsBool(value))
        return cJSON_IsTrue(value) ? EVAC_STR("true") : EVAC_STR("false");
    if (!cJSON_IsNumber(value))
        return EVAC_STR_NONE;
    double number = value->valuedouble;
    if (number >= -9e15 && number <= 9e15 && number == (double)(int64_t)number)
        return evac_arena_printf(c->arena, "%lld", (long long)number);
    return evac_arena_printf(c->arena, "%.17g", number);
}

static const struct sb_param *find(const struct sb_call *c, struct evac_str name)
{
    for (size_t i = 0; i < c->param_count; i++)
        if (evac_str_eq(c->params[i].name, name))
            return &c->params[i];
    return NULL;
}

static bool look(const struct sb_call *c, const char *fmt, va_list ap, struct evac_str *ret_value)
{
    char path[PATH_BYTES];
    int n = evac_vformat(path, sizeof path, fmt, ap);
    *ret_value = EVAC_STR_NONE;
    if (n < 0 || (size_t)n >= sizeof path)
        return false;
    const cJSON *value = c->json ? walk(c->json, evac_str(path)) : NULL;
    if (value) {
        *ret_value = text_of(c, value);
        return !cJSON_IsNull(value);
    }
    const struct sb_param *param = find(c, evac_str(path));
    if (param)
        *ret_value = param->value;
    return param != NULL;
}

struct evac_str sb_in(const struct sb_call *c, const char *fmt, ...)
{
    struct evac_str value;
    va_list ap;
    va_start(ap, fmt);
    (void)look(c, fmt, ap, &value);
    va_end(ap);
    return value;
}

bool sb_has(const struct sb_call *c, const char *fmt, ...)
{
    struct evac_str value;
    char path[PATH_BYTES];
    va_list ap;
    va_start(ap, fmt);
    bool found = look(c, fmt, ap, &value);
    va_end(ap);
    if (found || c->json)
        return found;
    va_start(ap, fmt); /* a group or list of a form is there when anything of it is */
    int n = evac_vformat(path, sizeof path - 1, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof path - 1)
        return false;
    path[n] = '.';
    path[n + 1] = '\0';
    for (size_t i = 0; i < c->param_count; i++)
        if (evac_str_starts(c->params[i].name, path))
            return true;
    return false;
}

int64_t sb_in_i64(const struct sb_call *c, const char *name, int64_t fallback)
{
    int64_t value;
    return evac_str_i64(sb_in(c, "%s", name), &value) ? value : fallback;
}

bool sb_in_bool(const struct sb_call *c, const char *name, bool fallback)
{
    struct evac_str value = sb_in(c, "%s", name);
    return value.n ? evac_str_is(value, "true") || evac_str_is(value, "True") : fallback;
}

struct evac_str sb_request_header(const struct sb_call *c, const char *name)
{
    struct evac_http_reply view = { .headers = c->request->headers,
                                    .header_count = c->request->header_count };
    return evac_http_header(&view, name);
}

/* --- what an operation takes ----------------------------------------------------------------- */

static bool takes(const char *list, struct evac_str name)
{
    struct evac_str rest = evac_str(list);
    while (rest.n) {
        struct evac_str one = evac_str_cut(rest, ' ', &rest);
        if (one.n && one.p[one.n - 1] == '!')
            one.n--;
        if (evac_str_eq(one, name))
            return true;
    }
    return false;
}

static void refuse_member(struct sb_call *c, struct evac_str name, const char *why)
{
    sb_error(c, 400, "ValidationException", "%s: %.*s %s", c->operation->name, EVAC_STR_ARG(name),
             why);
}

static void check_present(struct sb_call *c)
{
    struct evac_str rest = evac_str(c->operation->takes);
    while (rest.n) {
        struct evac_str one = evac_str_cut(rest, ' ', &rest);
        if (one.n == 0 || one.p[one.n - 1] != '!')
            continue;
        one.n--;
        if (!sb_has(c, "%.*s", EVAC_STR_ARG(one)))
            refuse_member(c, one, "is missing");
    }
}

void sb_check_members(struct sb_call *c)
{
    const cJSON *member;
    if (!c->operation->takes)
        return;
    cJSON_ArrayForEach(member, (const cJSON *)(const void *)c->json)
    {
        if (!takes(c->operation->takes, evac_str(member->string)))
            refuse_member(c, evac_str(member->string), "is no member of its input");
    }
    for (size_t i = 0; i < c->param_count; i++) {
        struct evac_str rest, name = evac_str_cut(c->params[i].name, '.', &rest);
        if (!takes(c->operation->takes, name) && !evac_str_is(name, "Action") &&
            !evac_str_is(name, "Version"))
            refuse_member(c, name, "is no member of its input");
    }
    if (!c->failed)
        check_present(c);
}

/* --- answering ------------------------------------------------------------------------------- */

void sb_header(struct sb_call *c, const char *name, struct evac_str value)
{
    if (c->header_count < SB_HEADERS_MAX)
        c->headers[c->header_count++] =
            (struct evac_http_header){ evac_arena_str(c->sb->reply_arena, evac_str(name)),
                                       evac_arena_str(c->sb->reply_arena, value) };
}

void sb_tag(struct evac_buf *xml, const char *name, struct evac_str value)
{
    evac_buf_putc(xml, '<');
    evac_buf_puts(xml, name);
    evac_buf_putc(xml, '>');
    evac_buf_xml(xml, value);
    evac_buf_puts(xml, "</");
    evac_buf_puts(xml, name);
    evac_buf_putc(xml, '>');
}

void sb_tagf(struct evac_buf *xml, const char *name, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = evac_vformat(text, sizeof text, fmt, ap);
    va_end(ap);
    sb_tag(xml, name,
           (struct evac_str){ text, n < 0                     ? 0
                                    : (size_t)n < sizeof text ? (size_t)n
                                                              : sizeof text - 1 });
}

static void ec2_error(struct sb_call *c, const char *code, struct evac_str message)
{
    struct evac_buf *out = &c->out;
    evac_buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>");
    sb_tag(out, "Code", evac_str(code));
    sb_tag(out, "Message", message);
    evac_buf_puts(out, "</Error></Errors>");
    sb_tag(out, "RequestID", evac_str(c->request_id));
    evac_buf_puts(out, "</Response>");
}

static void xml_error(struct sb_call *c, const char *code, struct evac_str message)
{
    struct evac_buf *out = &c->out;
    bool s3 = c->id == SB_S3;
    evac_buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    if (!s3)
        evac_buf_putf(out, "<ErrorResponse%s%s%s>", c->service->xmlns ? " xmlns=\"" : "",
                      c->service->xmlns ? c->service->xmlns : "", c->service->xmlns ? "\"" : "");
    evac_buf_puts(out, "<Error>");
    if (!s3)
        sb_tag(out, "Type", evac_str(c->status >= 500 ? "Receiver" : "Sender"));
    sb_tag(out, "Code", evac_str(code));
    sb_tag(out, "Message", message);
    if (s3 && c->bucket.n)
        sb_tag(out, "BucketName", c->bucket);
    if (s3 && c->key.n)
        sb_tag(out, "Key", c->key);
    if (s3)
        sb_tag(out, "RequestId", evac_str(c->request_id));
    evac_buf_puts(out, "</Error>");
    if (!s3) {
        sb_tag(out, "RequestId", evac_str(c->request_id));
        evac_buf_puts(out, "</ErrorResponse>");
    }
}

static void status_error(struct sb_call *c, const char *code, struct evac_str message)
{
    evac_buf_puts(&c->out, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
                           "\"status\":\"Failure\",\"message\":");
    evac_buf_json(&c->out, message);
    evac_buf_putf(&c->out, ",\"reason\":\"%s\",\"code\":%d}", code, c->status);
}

/* A search domain's own. */
static void domain_error(struct sb_call *c, const char *code, struct evac_str message)
{
    evac_buf_putf(&c->out, "{\"error\":{\"root_cause\":[],\"type\":\"%s\",\"reason\":", code);
    evac_buf_json(&c->out, message);
    evac_buf_putf(&c->out, "},\"status\":%d}", c->status);
}

static void json_error(struct sb_call *c, const char *code, struct evac_str message)
{
    evac_buf_puts(&c->out, "{\"__type\":");
    evac_buf_json(&c->out, evac_str(code));
    evac_buf_puts(&c->out, ",\"message\":");
    evac_buf_json(&c->out, message);
    evac_buf_putc(&c->out, '}');
    if (c->protocol == EVAC_AWS_REST_JSON)
        sb_header(c, "x-amzn-ErrorType", evac_str(code));
    if (sb_request_header(c, "x-amzn-query-mode").n)
        sb_header(
            c, "x-amzn-query-error",
            evac_arena_printf(c->arena, "%s;%s", code, c->status >= 500 ? "Receiver" : "Sender"));
}

void sb_error(struct sb_call *c, int status, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct evac_str message = evac_arena_vprintf(c->arena, fmt, ap);
    va_end(ap);
    if (c->failed)
        return; /* the first reason stands */
    c->failed = c->raw = true;
    c->status = status;
    c->content_type = NULL;
    evac_buf_reset(&c->out);
    bool json = c->protocol == EVAC_AWS_JSON_1_0 || c->protocol == EVAC_AWS_JSON_1_1 ||
                c->protocol == EVAC_AWS_REST_JSON;
    if (c->id == SB_KUBERNETES)
        status_error(c, code, message);
    else if (c->id == SB_OPENSEARCH && evac_str_starts(c->path, SB_OPENSEARCH_PATH))
        domain_error(c, code, message);
    else if (json)
        json_error(c, code, message);
    else if (c->protocol == EVAC_AWS_EC2)
        ec2_error(c, code, message);
    else
        xml_error(c, code, message);
}

static void put_query_answer(struct sb_call *c)
{
    struct evac_buf *body = &c->reply->body;
    const char *op = c->operation->name;
    evac_buf_putf(body, "<%sResponse", op);
    if (c->service->xmlns)
        evac_buf_putf(body, " xmlns=\"%s\"", c->service->xmlns);
    evac_buf_putf(body, "><%sResult>", op);
    evac_buf_put(body, c->out.p, c->out.n);
    evac_buf_putf(body, "</%sResult><ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata>",
                  op, c->request_id);
    evac_buf_putf(body, "</%sResponse>", op);
}

/* No wrapper around the result, and the request's id comes first. */
static void put_ec2_answer(struct sb_call *c)
{
    struct evac_buf *body = &c->reply->body;
    const char *op = c->operation->name;
    evac_buf_putf(body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%sResponse xmlns=\"%s\">", op,
                  c->service->xmlns);
    sb_tag(body, "requestId", evac_str(c->request_id));
    evac_buf_put(body, c->out.p, c->out.n);
    evac_buf_putf(body, "</%sResponse>", op);
}

static const char *content_type(const struct sb_call *c)
{
    static const char *const types[EVAC_AWS_PROTOCOL_COUNT] = {
        [EVAC_AWS_QUERY] = "text/xml",
        [EVAC_AWS_EC2] = "text/xml;charset=UTF-8",
        [EVAC_AWS_REST_XML] = "application/xml",
        [EVAC_AWS_REST_JSON] = "application/json",
        [EVAC_AWS_JSON_1_0] = "application/x-amz-json-1.0",
        [EVAC_AWS_JSON_1_1] = "application/x-amz-json-1.1",
    };
    return c->content_type ? c->content_type : types[c->protocol];
}

void sb_write_answer(struct sb_call *c)
{
    struct evac_sandbox_reply *reply = c->reply;
    if (c->protocol == EVAC_AWS_QUERY && !c->raw)
        put_query_answer(c);
    else if (c->protocol == EVAC_AWS_EC2 && !c->raw)
        put_ec2_answer(c);
    else
        evac_buf_put(&reply->body, c->out.p, c->out.n);
    sb_header(c,
              c->id == SB_S3           ? "x-amz-request-id"
              : c->id == SB_KUBERNETES ? "Audit-Id"
                                       : "x-amzn-RequestId",
              evac_str(c->request_id));
    if (c->id == SB_S3)
        sb_header(c, "x-amz-id-2", evac_str(c->request_id));
    sb_header(c, "Date", sb_http_date(c->arena, sb_wall_ms(c->sb)));
    reply->fate = EVAC_SANDBOX_REPLY;
    reply->status = c->status;
    if (reply->body.n)
        reply->content_type = evac_arena_str(c->sb->reply_arena, evac_str(content_type(c)));
    reply->headers = c->headers;
    reply->header_count = c->header_count;
}
