#include "sigv4_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Transport may add or change these on the way (AWS.md 1.5, 5). */
static const char *const never_signed[] = {
    "authorization",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
    NULL,
};

struct field {
    struct evac_str name, value;
};

static int compare_bytes(struct evac_str a, struct evac_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int by_field(const void *a, const void *b)
{
    const struct field *x = a, *y = b;
    int order = compare_bytes(x->name, y->name);
    return order ? order : compare_bytes(x->value, y->value);
}

bool evac_sigv4_same_name(struct evac_str a, struct evac_str b)
{
    return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

const struct evac_http_header *evac_sigv4_header(const struct evac_sigv4_request *request,
                                                 const char *name)
{
    const struct evac_str wanted = evac_str(name);
    for (size_t i = 0; i < request->header_count; i++)
        if (evac_sigv4_same_name(request->headers[i].name, wanted))
            return &request->headers[i];
    return NULL;
}

/* --- path --- */

/* S3: as it stands; only what can not stand in a request line at all is encoded. */
static void put_path_verbatim(struct evac_buf *out, struct evac_str path)
{
    size_t from = 0;
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.p[i];
        if (c > ' ' && c < 0x7f)
            continue;
        evac_buf_put(out, path.p + from, i - from);
        evac_buf_putf(out, "%%%02X", c);
        from = i + 1;
    }
    if (path.n > from)
        evac_buf_put(out, path.p + from, path.n - from);
}

/* RFC 3986 5.2.4 and empty segments dropped; a slash at the end stays. */
static size_t normal_segments(struct evac_str path, struct evac_str *ret_segments,
                              bool *ret_slash_at_end)
{
    size_t count = 0;
    struct evac_str segment = EVAC_STR_NONE, rest = path;
    *ret_slash_at_end = evac_str_ends(path, "/");
    while (rest.n) {
        segment = evac_str_cut(rest, '/', &rest);
        if (evac_str_is(segment, "..")) {
            count -= count > 0;
        } else if (segment.n && !evac_str_is(segment, ".")) {
            if (count == SIGV4_MAX_FIELDS)
                return SIZE_MAX;
            ret_segments[count++] = segment;
        }
    }
    if (evac_str_is(segment, ".") || evac_str_is(segment, ".."))
        *ret_slash_at_end = true;
    return count;
}

static enum evac_code put_path(const struct evac_sigv4_request *request, struct evac_buf *out,
                               struct evac_err *err)
{
    struct evac_str segments[SIGV4_MAX_FIELDS];
    bool slash_at_end;
    if (request->s3_rules && request->path.n) {
        put_path_verbatim(out, request->path);
        return EVAC_OK;
    }
    size_t count = normal_segments(request->path, segments, &slash_at_end);
    if (count == SIZE_MAX)
        return evac_fail(err, EVAC_E_TOOBIG, "the path has more than the %u segments allowed",
                         SIGV4_MAX_FIELDS);
    for (size_t i = 0; i < count; i++) {
        evac_buf_putc(out, '/');
        evac_buf_uri(out, segments[i], false);
    }
    if (count == 0 || slash_at_end)
        evac_buf_putc(out, '/');
    return EVAC_OK;
}

/* --- query --- */

bool evac_sigv4_next_field(struct evac_str *query, struct evac_str *ret_name,
                           struct evac_str *ret_value)
{
    while (query->n) {
        struct evac_str field = evac_str_cut(*query, '&', query);
        if (field.n == 0)
            continue;
        *ret_name = evac_str_cut(field, '=', ret_value);
        return true;
    }
    return false;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct evac_str evac_sigv4_decode(struct evac_arena *arena, struct evac_str s)
{
    char *to = evac_arena_alloc(arena, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int high = i + 2 < s.n && s.p[i] == '%' ? hex_digit(s.p[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(s.p[i + 2]) : -1;
        if (low >= 0) {
            to[n++] = (char)(high * 16 + low);
            i += 2;
        } else {
            to[n++] = s.p[i];
        }
    }
    return (struct evac_str){ to, n };
}

/* Decoded and encoded again: so lower-case triples and raw bytes come out in the one canonical way.
 */
static struct evac_str encode_again(struct evac_arena *arena, struct evac_str s)
{
    struct evac_buf buf;
    evac_buf_init(&buf, SIGV4_MAX_CANONICAL * 3);
    evac_buf_uri(&buf, evac_sigv4_decode(arena, s), false);
    struct evac_str encoded = evac_arena_str(arena, evac_buf_str(&buf));
    evac_buf_done(&buf);
    return encoded;
}

static enum evac_code put_fields(struct evac_str query, struct evac_arena *arena,
                                 struct evac_buf *out, struct evac_err *err)
{
    struct evac_str name, value;
    size_t count = 0;
    struct field *fields = evac_arena_array(arena, SIGV4_MAX_FIELDS, sizeof *fields);
    while (evac_sigv4_next_field(&query, &name, &value)) {
        if (evac_str_is(name, "X-Amz-Signature"))
            continue;
        if (count == SIGV4_MAX_FIELDS)
            return evac_fail(err, EVAC_E_TOOBIG, "the query has more than the %u fields allowed",
                             SIGV4_MAX_FIELDS);
        fields[count].name = encode_again(arena, name);
        fields[count++].value = encode_again(arena, value);
    }
    qsort(fields, count, sizeof *fields, by_field);
    for (size_t i = 0; i < count; i++)
        evac_buf_putf(out, "%s%.*s=%.*s", i ? "&" : "", EVAC_STR_ARG(fields[i].name),
                      EVAC_STR_ARG(fields[i].value));
    return EVAC_OK;
}

/* Most requests have none. */
static enum evac_code put_query(struct evac_str query, struct evac_buf *out, struct evac_err *err)
{
    if (query.n == 0)
        return EVAC_OK;
    struct evac_arena *arena = evac_arena_new();
    enum evac_code code = put_fields(query, arena, out, err);
    evac_arena_free(arena);
    return code;
}

/* --- headers --- */

static bool is_signed(struct evac_str name)
{
    char first = name.n ? (char)(name.p[0] | 0x20) : '\0'; /* in lower case, if it is a letter */
    for (const char *const *never = never_signed; *never; never++)
        if (**never == first && evac_sigv4_same_name(name, evac_str(*never)))
            return false;
    return true;
}

static void put_lower(struct evac_buf *out, struct evac_str s)
{
    size_t from = out->n;
    evac_buf_put_str(out, s);
    for (size_t i = from; i < out->n; i++)
        if (out->p[i] >= 'A' && out->p[i] <= 'Z')
            out->p[i] = (char)(out->p[i] + 32);
}

static bool is_blank(char c)
{
    return (unsigned char)c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

static int compare_names(struct evac_str a, struct evac_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? strncasecmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* In its place: they are few, and nearly in order when they come. */
static void insert_name(struct evac_str *names, size_t used, struct evac_str name)
{
    for (; used > 0 && compare_names(names[used - 1], name) > 0; used--)
        names[used] = names[used - 1];
    names[used] = name;
}

void evac_sigv4_signed_names(const struct evac_http_header *headers, size_t count,
                             struct evac_buf *ret_names)
{
    struct evac_str names[SIGV4_MAX_FIELDS];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_signed(headers[i].name))
            continue;
        if (used == SIGV4_MAX_FIELDS) {
            ret_names->failed = true;
            return;
        }
        insert_name(names, used++, headers[i].name);
    }
    for (size_t i = 0; i < used; i++) {
        if (i > 0 && evac_sigv4_same_name(names[i - 1], names[i]))
            continue;
        if (i > 0)
            evac_buf_putc(ret_names, ';');
        put_lower(ret_names, names[i]);
    }
}

static struct evac_str skip(struct evac_str s, size_t n)
{
    return (struct evac_str){ s.p + n, s.n - n };
}

/* How many bytes at its begin are blanks, or are none. */
static size_t run_of(struct evac_str s, bool blanks)
{
    size_t n = 0;
    while (n < s.n && is_blank(s.p[n]) == blanks)
        n++;
    return n;
}

/* Trimmed, and every run of blanks and line folds is one space, also inside quotes. */
static void put_folded(struct evac_buf *out, struct evac_str value)
{
    value = evac_str_trim(value);
    while (value.n) {
        size_t word = run_of(value, false);
        size_t next = word + run_of(skip(value, word), true);
        evac_buf_put(out, value.p, word);
        if (next > word)
            evac_buf_putc(out, ' ');
        value = skip(value, next);
    }
}

static enum evac_code put_header(const struct evac_sigv4_request *request, struct evac_str name,
                                 struct evac_buf *out, struct evac_err *err)
{
    size_t found = 0;
    put_lower(out, name);
    for (size_t i = 0; i < request->header_count; i++) {
        if (!evac_sigv4_same_name(request->headers[i].name, name))
            continue;
        evac_buf_putc(out, found++ ? ',' : ':');
        put_folded(out, request->headers[i].value);
    }
    evac_buf_putc(out, '\n');
    if (found == 0)
        return evac_fail(err, EVAC_E_PARSE, "the signed header '%.*s' is not in the request",
                         (int)(name.n < 80 ? name.n : 80), name.n ? name.p : "");
    return EVAC_OK;
}

enum evac_code evac_sigv4_canonical(const struct evac_sigv4_request *request,
                                    struct evac_str signed_names, struct evac_str payload_hash,
                                    struct evac_buf *ret_text, struct evac_err *err)
{
    struct evac_str rest = signed_names;
    size_t count = 0;

    evac_buf_put_str(ret_text, request->method);
    evac_buf_putc(ret_text, '\n');
    enum evac_code code = put_path(request, ret_text, err);
    evac_buf_putc(ret_text, '\n');
    if (code == EVAC_OK)
        code = put_query(request->query, ret_text, err);
    evac_buf_putc(ret_text, '\n');
    while (code == EVAC_OK && rest.n) {
        struct evac_str name = evac_str_cut(rest, ';', &rest);
        code = ++count > SIGV4_MAX_FIELDS
                   ? evac_fail(err, EVAC_E_TOOBIG, "more than the %u signed headers allowed",
                               SIGV4_MAX_FIELDS)
                   : put_header(request, name, ret_text, err);
    }
    evac_buf_putc(ret_text, '\n');
    evac_buf_put_str(ret_text, signed_names);
    evac_buf_putc(ret_text, '\n');
    evac_buf_put_str(ret_text, payload_hash);
    return code == EVAC_OK ? evac_buf_check(ret_text, "the canonical request", err) : code;
}
