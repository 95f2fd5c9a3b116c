/*
 * Every stage of signing against published vectors, and the verifying side against the same
 * requests. A selection is in tests/wire/sigv4 (its ORIGIN.txt says from where); a folder with all
 * of them is looked for at EVAC_SIGV4_VECTORS, then beside the source.
 */
#include "aws_json.h"
#include "aws_time.h"
#include "sigv4.h"
#include "suite.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define OURS        EVAC_SOURCE_DIR "/tests/wire/sigv4"
#define AKID        "AKIDEXAMPLE"
#define SECRET      "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define MAX_HEADERS 32
#define INSTANT_MS  1440938160000 /* 2015-08-30T12:36:00Z */

struct vector {
    struct evac_sigv4_request request;
    struct evac_http_header headers[MAX_HEADERS];
    struct evac_sigv4_scope scope;
    struct evac_sigv4_identity identity;
};

static struct evac_arena *arena;

static void setup(void)
{
    arena = evac_arena_new();
}

static void teardown(void)
{
    evac_arena_free(arena);
}

static bool read_file(const char *path, struct evac_str *ret)
{
    struct evac_buf buf;
    char chunk[4096];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    evac_buf_init(&buf, 1u << 20);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        evac_buf_put(&buf, chunk, n);
    (void)fclose(f);
    *ret = evac_arena_str(arena, evac_buf_str(&buf));
    evac_buf_done(&buf);
    return true;
}

static struct evac_str file_of(const char *dir, const char *name)
{
    struct evac_str text;
    struct evac_str path = evac_arena_printf(arena, "%s/%s", dir, name);
    ck_assert_msg(read_file(path.p, &text), "%s is missing", path.p);
    return text;
}

static void add_header(struct vector *v, struct evac_str name, struct evac_str value)
{
    ck_assert_uint_lt(v->request.header_count, MAX_HEADERS);
    v->headers[v->request.header_count++] = (struct evac_http_header){ name, value };
}

static void fold_line(struct vector *v, struct evac_str line)
{
    struct evac_http_header *last = &v->headers[v->request.header_count - 1];
    last->value =
        evac_arena_printf(arena, "%.*s\n%.*s", EVAC_STR_ARG(last->value), EVAC_STR_ARG(line));
}

static void read_request(struct evac_str text, struct vector *v)
{
    struct evac_str value, rest, line = evac_str_cut(text, '\n', &text);
    v->request.headers = v->headers;
    v->request.method = evac_str_cut(line, ' ', &rest);
    ck_assert(evac_str_ends(rest, " HTTP/1.1"));
    rest.n -= strlen(" HTTP/1.1");
    v->request.path = evac_str_cut(rest, '?', &v->request.query);
    while (text.n) {
        line = evac_str_cut(text, '\n', &text);
        if (line.n == 0)
            break;
        if (line.p[0] == ' ') {
            fold_line(v, line);
            continue;
        }
        struct evac_str name = evac_str_cut(line, ':', &value);
        add_header(v, name, value);
    }
    v->request.body = text;
}

static void same(const struct evac_buf *found, struct evac_str expected, const char *what,
                 const char *where)
{
    ck_assert_msg(evac_str_eq(evac_buf_str(found), expected), "%s of %s:\n%.*s\nexpected:\n%.*s",
                  what, where, EVAC_STR_ARG(evac_buf_str(found)), EVAC_STR_ARG(expected));
}

struct stages {
    struct evac_buf names, canonical, to_sign, authorization;
    char signature[EVAC_SIGV4_SIGNATURE_BYTES];
};

static void stages_done(struct stages *s)
{
    evac_buf_done(&s->names);
    evac_buf_done(&s->canonical);
    evac_buf_done(&s->to_sign);
    evac_buf_done(&s->authorization);
}

static void run_stages(const struct vector *v, struct evac_str hash, struct stages *s)
{
    char hex[EVAC_SIGV4_HEX_BYTES];
    unsigned char key[32];
    struct evac_err err = { 0 };
    evac_buf_init(&s->names, 4096);
    evac_buf_init(&s->canonical, 1u << 20);
    evac_buf_init(&s->to_sign, 4096);
    evac_buf_init(&s->authorization, 8192);
    evac_sigv4_hash(v->request.body, hex);
    evac_sigv4_signed_names(v->headers, v->request.header_count, &s->names);
    enum evac_code code = evac_sigv4_canonical(&v->request, evac_buf_str(&s->names),
                                               hash.n ? hash : evac_str(hex), &s->canonical, &err);
    ck_assert_msg(code == EVAC_OK, "%s", err.text);
    evac_sigv4_to_sign(&v->scope, evac_buf_str(&s->canonical), &s->to_sign);
    if (v->scope.region_set.n) {
        evac_sigv4a_key(NULL, &v->identity, key);
        evac_sigv4a_signature(key, evac_buf_str(&s->to_sign), s->signature);
    } else {
        evac_sigv4_key(NULL, v->identity.secret, &v->scope, key);
        evac_sigv4_signature(key, evac_buf_str(&s->to_sign), s->signature);
    }
    evac_sigv4_authorization(&v->scope, v->identity.access_key_id, evac_buf_str(&s->names),
                             s->signature, &s->authorization);
}

/* What was signed must be believed, and nothing else: at the wrong time, with another secret or
 * another body. */
static void verifies(const struct evac_sigv4_request *request, const char *where)
{
    struct evac_sigv4_claim claim;
    struct evac_err err = { 0 };
    struct evac_sigv4_request other = *request;
    struct evac_str secret = EVAC_STR(SECRET);
    enum evac_code code = evac_sigv4_claim(request, arena, &claim, &err);
    ck_assert_msg(code == EVAC_OK, "%s: %s", where, err.text);
    ck_assert(evac_str_is(claim.access_key_id, AKID));

    code = evac_sigv4_verify(NULL, request, &claim, secret, claim.wall_ms + 1000, 300000, &err);
    ck_assert_msg(code == EVAC_OK, "%s: %s", where, err.text);
    ck_assert_int_eq(
        evac_sigv4_verify(NULL, request, &claim, EVAC_STR("x"), claim.wall_ms, 300000, NULL),
        EVAC_E_AUTH);
    ck_assert_int_eq(
        evac_sigv4_verify(NULL, request, &claim, secret, claim.wall_ms + 604800001, 300000, NULL),
        EVAC_E_STALE);
    ck_assert_int_eq(
        evac_sigv4_verify(NULL, request, &claim, secret, claim.wall_ms - 300001, 300000, NULL),
        EVAC_E_STALE);
    other.method = EVAC_STR("PATCH");
    ck_assert_int_eq(evac_sigv4_verify(NULL, &other, &claim, secret, claim.wall_ms, 300000, NULL),
                     EVAC_E_AUTH);
}

/* --- awslabs: request.txt and context.json, as header and as query --- */

static void read_context(const char *dir, struct vector *v, struct evac_json **ret_context)
{
    struct evac_err err = { 0 };
    enum evac_code code = evac_json_parse(file_of(dir, "context.json"), ret_context, &err);
    ck_assert_msg(code == EVAC_OK, "%s: %s", dir, err.text);
    const struct evac_json *credentials = evac_json_get(*ret_context, "credentials");
    v->identity.access_key_id = evac_json_str(credentials, "access_key_id");
    v->identity.secret = evac_json_str(credentials, "secret_access_key");
    v->identity.session_token = evac_json_str(credentials, "token");
    if (strstr(dir, "/v4a/"))
        v->scope.region_set = evac_json_str(*ret_context, "region");
    else
        v->scope.region = evac_json_str(*ret_context, "region");
    v->scope.service = evac_json_str(*ret_context, "service");
    v->request.s3_rules = !evac_json_bool(*ret_context, "normalize", true);

    int64_t ms = 0;
    char *timestamp = evac_arena_alloc(arena, EVAC_SIGV4_DATE_BYTES);
    ck_assert(evac_aws_time_iso(evac_json_str(*ret_context, "timestamp"), &ms));
    evac_sigv4_timestamp(ms, timestamp);
    v->scope.timestamp = evac_str(timestamp);
}

static unsigned hex_byte(struct evac_str hex, size_t i)
{
    char pair[3] = { hex.p[2 * i], hex.p[2 * i + 1], '\0' };
    return (unsigned)strtoul(pair, NULL, 16);
}

/* The key that was derived is the published one; a Version 4A signature is another one each time,
 * so the published one must hold under that key, and hold for nothing else. */
static void check_pair(const char *dir, const struct vector *v, struct evac_str to_sign,
                       struct evac_str signature)
{
    static const char *const members[] = { "X", "Y" };
    unsigned char key[32], point[EVAC_SIGV4A_POINT_BYTES];
    struct evac_json *published;
    ck_assert_int_eq(evac_json_parse(file_of(dir, "public-key.json"), &published, NULL), EVAC_OK);
    evac_sigv4a_key(NULL, &v->identity, key);
    evac_sigv4a_public(key, point);
    ck_assert_uint_eq(point[0], 4);
    for (size_t i = 0; i < 64; i++)
        ck_assert_uint_eq(point[1 + i],
                          hex_byte(evac_json_str(published, members[i / 32]), i % 32));
    evac_json_free(published);
    ck_assert_msg(evac_sigv4a_holds(point, to_sign, evac_str_trim(signature)), "%s", dir);
    ck_assert(!evac_sigv4a_holds(point, EVAC_STR("another text"), evac_str_trim(signature)));
    point[40] ^= 1;
    ck_assert(!evac_sigv4a_holds(point, to_sign, evac_str_trim(signature)));
}

static void check_awslabs_header(const char *dir, struct vector v, const struct evac_json *context)
{
    struct stages s;
    char *hash = evac_arena_alloc(arena, EVAC_SIGV4_HEX_BYTES);
    add_header(&v, EVAC_STR("X-Amz-Date"), v.scope.timestamp);
    v.request.headers = v.headers;
    if (v.identity.session_token.n && !evac_json_bool(context, "omit_session_token", false))
        add_header(&v, EVAC_STR("X-Amz-Security-Token"), v.identity.session_token);
    if (v.scope.region_set.n)
        add_header(&v, EVAC_STR("X-Amz-Region-Set"), v.scope.region_set);
    if (evac_json_bool(context, "sign_body", false)) {
        evac_sigv4_hash(v.request.body, hash);
        add_header(&v, EVAC_STR("x-amz-content-sha256"), evac_str(hash));
    }
    run_stages(&v, EVAC_STR_NONE, &s);
    same(&s.canonical, file_of(dir, "header-canonical-request.txt"), "canonical request", dir);
    same(&s.to_sign, file_of(dir, "header-string-to-sign.txt"), "string to sign", dir);
    if (v.scope.region_set.n) {
        check_pair(dir, &v, evac_buf_str(&s.to_sign), file_of(dir, "header-signature.txt"));
    } else {
        ck_assert(evac_str_is(file_of(dir, "header-signature.txt"), s.signature));
        ck_assert_msg(strstr(file_of(dir, "header-signed-request.txt").p, s.authorization.p),
                      "%s: %s", dir, s.authorization.p);
    }

    add_header(&v, EVAC_STR("Authorization"), evac_buf_str(&s.authorization));
    verifies(&v.request, dir);
    stages_done(&s);
}

static void check_awslabs_query(const char *dir, struct vector v, const struct evac_json *context)
{
    struct evac_buf query, canonical, to_sign;
    struct evac_err err = { 0 };
    struct evac_sigv4_presign options = {
        .expires_s = (uint32_t)evac_json_i64(context, "expiration_in_seconds", 0),
        .token_after = evac_json_bool(context, "omit_session_token", false),
    };
    char hash[EVAC_SIGV4_HEX_BYTES];
    v.request.headers = v.headers;
    evac_buf_init(&query, 1u << 16);
    evac_buf_init(&canonical, 1u << 16);
    evac_buf_init(&to_sign, 1u << 16);
    enum evac_code code =
        evac_sigv4_presign(NULL, &v.request, &v.scope, &v.identity, &options, &query, &err);
    ck_assert_msg(code == EVAC_OK, "%s: %s", dir, err.text);
    struct evac_str signature = file_of(dir, "query-signature.txt");
    ck_assert_msg(v.scope.region_set.n || evac_str_ends(evac_buf_str(&query), signature.p),
                  "%s: %s", dir, query.p);

    struct evac_sigv4_request signed_request = v.request;
    struct evac_sigv4_claim claim;
    signed_request.query = evac_buf_str(&query);
    ck_assert_int_eq(evac_sigv4_claim(&signed_request, arena, &claim, &err), EVAC_OK);
    ck_assert(claim.presigned);
    if (!options.token_after) { /* a verifier can not know that the token came afterwards */
        evac_sigv4_hash(v.request.body, hash);
        code = evac_sigv4_canonical(&signed_request, claim.signed_names, evac_str(hash), &canonical,
                                    &err);
        ck_assert_int_eq(code, EVAC_OK);
        same(&canonical, file_of(dir, "query-canonical-request.txt"), "canonical query", dir);
        evac_sigv4_to_sign(&claim.scope, evac_buf_str(&canonical), &to_sign);
        same(&to_sign, file_of(dir, "query-string-to-sign.txt"), "query's string to sign", dir);
        if (v.scope.region_set.n)
            check_pair(dir, &v, evac_buf_str(&to_sign), signature);
        if (!signed_request.s3_rules)
            verifies(&signed_request, dir);
    }
    evac_buf_done(&to_sign);
    evac_buf_done(&canonical);
    evac_buf_done(&query);
}

static bool check_awslabs(const char *dir)
{
    struct vector v = { 0 };
    struct evac_json *context;
    struct evac_str text, expected;
    if (!read_file(evac_arena_printf(arena, "%s/request.txt", dir).p, &text) ||
        !read_file(evac_arena_printf(arena, "%s/header-signature.txt", dir).p, &expected))
        return false; /* two of Version 4A's were published without what to expect */
    read_context(dir, &v, &context);
    read_request(text, &v);
    check_awslabs_header(dir, v, context);
    check_awslabs_query(dir, v, context);
    evac_json_free(context);
    return true;
}

/* --- botocore: name.req, .creq, .sts, .authz --- */

/* Of one case the token is only in the signed request. */
static void add_token(const char *dir, const char *name, struct vector *v)
{
    struct vector done = { 0 };
    if (strcmp(name, "get-vanilla-with-session-token") != 0)
        return;
    read_request(file_of(dir, evac_arena_printf(arena, "%s.sreq", name).p), &done);
    for (size_t i = 0; i < done.request.header_count; i++)
        if (evac_str_is(done.headers[i].name, "X-Amz-Security-Token"))
            add_header(v, done.headers[i].name, done.headers[i].value);
}

static bool check_botocore(const char *dir)
{
    struct stages s;
    struct evac_str text;
    struct vector v = {
        .scope = { EVAC_STR("20150830T123600Z"), EVAC_STR("us-east-1"), EVAC_STR("service") },
        .identity = { EVAC_STR(AKID), EVAC_STR(SECRET), EVAC_STR_NONE },
    };
    const char *name = strrchr(dir, '/') + 1;
    if (!read_file(evac_arena_printf(arena, "%s/%s.req", dir, name).p, &text))
        return false;
    read_request(text, &v);
    add_token(dir, name, &v);
    v.request.headers = v.headers;
    run_stages(&v, EVAC_STR_NONE, &s);
    same(&s.canonical, file_of(dir, evac_arena_printf(arena, "%s.creq", name).p), "creq", dir);
    same(&s.to_sign, file_of(dir, evac_arena_printf(arena, "%s.sts", name).p), "sts", dir);
    same(&s.authorization, file_of(dir, evac_arena_printf(arena, "%s.authz", name).p), "authz",
         dir);
    stages_done(&s);
    return true;
}

/* Every folder below root that holds a case. */
static size_t each_case(const char *root, bool (*check)(const char *dir))
{
    size_t count = 0;
    DIR *dir = opendir(root);
    struct dirent *entry;
    if (!dir)
        return 0;
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.' || entry->d_type != DT_DIR)
            continue;
        struct evac_str path = evac_arena_printf(arena, "%s/%s", root, entry->d_name);
        count += check(path.p) ? 1 : each_case(path.p, check);
    }
    (void)closedir(dir);
    return count;
}

/* --- extra: what the suites leave out --- */

static void split_url(struct evac_str url, struct vector *v)
{
    struct evac_str rest;
    (void)evac_str_cut(url, ':', &rest);
    rest = (struct evac_str){ rest.p + 2, rest.n - 2 };
    size_t host = (size_t)((const char *)memchr(rest.p, '/', rest.n) - rest.p);
    add_header(v, EVAC_STR("host"), (struct evac_str){ rest.p, host });
    rest = (struct evac_str){ rest.p + host, rest.n - host };
    v->request.path = evac_str_cut(rest, '?', &v->request.query);
}

static void check_derived(const struct evac_json *c)
{
    struct stages s;
    struct vector v = {
        .request = { .method = evac_json_str(c, "method"),
                     .body = evac_json_str(c, "body"),
                     .s3_rules = evac_json_bool(c, "s3_style", false) },
        .scope = { evac_json_str(c, "timestamp"), evac_json_str(c, "region"),
                   evac_json_str(c, "service") },
        .identity = { EVAC_STR(AKID), EVAC_STR(SECRET), evac_json_str(c, "session_token") },
    };
    const char *name = evac_json_str(c, "name").p;
    bool bare = evac_json_bool(c, "unsigned_payload", false);
    v.request.headers = v.headers;
    split_url(evac_json_str(c, "url"), &v);
    const struct evac_json *h = evac_json_first(evac_json_get(c, "signed_request_headers"));
    for (; h; h = evac_json_next(h))
        if (!evac_str_is(evac_json_key(h), "Authorization"))
            add_header(&v, evac_json_key(h), evac_json_text(h));

    run_stages(&v, bare ? EVAC_STR(EVAC_SIGV4_UNSIGNED) : EVAC_STR_NONE, &s);
    same(&s.canonical, evac_json_str(c, "canonical_request"), "canonical request", name);
    same(&s.to_sign, evac_json_str(c, "string_to_sign"), "string to sign", name);
    same(&s.authorization, evac_json_str(c, "authorization"), "authorization", name);

    add_header(&v, EVAC_STR("Authorization"), evac_buf_str(&s.authorization));
    if (!bare || v.request.s3_rules)
        verifies(&v.request, name);
    stages_done(&s);
}

static size_t check_extra(const char *root)
{
    struct evac_json *cases;
    size_t count = 0;
    struct evac_err err = { 0 };
    enum evac_code code =
        evac_json_parse(file_of(root, "extra/derived-vectors.json"), &cases, &err);
    ck_assert_msg(code == EVAC_OK, "%s", err.text);
    const struct evac_json *c = evac_json_first(evac_json_get(cases, "cases"));
    for (; c; c = evac_json_next(c), count++)
        check_derived(c);
    evac_json_free(cases);
    return count;
}

/* --- tests --- */

START_TEST(the_selected_vectors_of_every_suite_come_out_byte_for_byte)
{
    ck_assert_uint_eq(each_case(OURS "/awslabs-aws-c-auth/v4", check_awslabs), 12);
    ck_assert_uint_eq(each_case(OURS "/awslabs-aws-c-auth/v4a", check_awslabs), 5);
    ck_assert_uint_eq(each_case(OURS "/botocore", check_botocore), 4);
    ck_assert_uint_eq(check_extra(OURS), 17);
}
END_TEST

START_TEST(all_published_vectors_come_out_byte_for_byte)
{
    const char *root = getenv("EVAC_SIGV4_VECTORS");
    struct evac_str text;
    if (!root)
        root = EVAC_SOURCE_DIR "/../shared/sigv4";
    if (!read_file(evac_arena_printf(arena, "%s/ORIGIN.txt", root).p, &text)) {
        (void)printf("skipped: no vectors at %s\n", root);
        return;
    }
    ck_assert_uint_eq(
        each_case(evac_arena_printf(arena, "%s/awslabs-aws-c-auth/v4", root).p, check_awslabs), 38);
    ck_assert_uint_eq(
        each_case(evac_arena_printf(arena, "%s/awslabs-aws-c-auth/v4a", root).p, check_awslabs),
        38);
    ck_assert_uint_eq(each_case(evac_arena_printf(arena, "%s/botocore", root).p, check_botocore),
                      34);
    ck_assert_uint_eq(check_extra(root), 17);
}
END_TEST

START_TEST(the_cache_gives_the_key_that_a_derivation_gives)
{
    static struct evac_sigv4_cache cache;
    unsigned char cached[32], fresh[32];
    for (unsigned i = 0; i < 3 * EVAC_SIGV4_CACHE; i++) {
        struct evac_str region = evac_arena_printf(arena, "region-%u", i % (EVAC_SIGV4_CACHE + 7));
        struct evac_str secret = evac_arena_printf(arena, "secret-%u", i % 3);
        struct evac_sigv4_scope scope = { EVAC_STR("20260102T030405Z"), region, EVAC_STR("rds") };
        evac_sigv4_key(&cache, secret, &scope, cached);
        evac_sigv4_key(&cache, secret, &scope, cached);
        evac_sigv4_key(NULL, secret, &scope, fresh);
        ck_assert_int_eq(memcmp(cached, fresh, 32), 0);
    }
    ck_assert_uint_le(cache.next, 3 * EVAC_SIGV4_CACHE); /* the second of each pair was a hit */
    evac_sigv4_cache_done(&cache);
    ck_assert(!cache.rows[0].used);
}
END_TEST

START_TEST(the_cache_keeps_a_version_4a_key_apart_from_all_others_and_forgets_it)
{
    static struct evac_sigv4_cache cache;
    unsigned char first[32], again[32], other[32];
    struct evac_sigv4_identity identity = { EVAC_STR(AKID), EVAC_STR(SECRET), EVAC_STR_NONE };
    evac_sigv4a_key(&cache, &identity, first);
    evac_sigv4a_key(&cache, &identity, again);
    ck_assert_int_eq(memcmp(first, again, 32), 0);
    ck_assert_uint_eq(cache.next, 1);
    identity.access_key_id = EVAC_STR("AKIDOTHER");
    evac_sigv4a_key(&cache, &identity, other);
    ck_assert_int_ne(memcmp(first, other, 32), 0);
    identity.secret = EVAC_STR("another");
    evac_sigv4a_key(&cache, &identity, again);
    ck_assert_int_ne(memcmp(other, again, 32), 0);
    ck_assert_uint_eq(cache.next, 3);
    evac_sigv4_cache_done(&cache);
    ck_assert(!cache.rows[0].used && cache.rows[0].key[0] == 0);
}
END_TEST

static const char *const malformed[] = {
    "AWS4-HMAC-SHA256",
    "AWS4-HMAC-SHA256 Credential=",
    "Basic dXNlcjpwYXNz",
    "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host",
    "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host, Signature=12",
    "AWS4-HMAC-SHA256 Credential=A/20150831/r/s/aws4_request, SignedHeaders=host, Signature="
    "0123456789012345678901234567890123456789012345678901234567890123",
    "AWS4-HMAC-SHA256 Credential=A/20150830/r/aws4_request, SignedHeaders=host, Signature="
    "0123456789012345678901234567890123456789012345678901234567890123",
    "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=, Signature="
    "0123456789012345678901234567890123456789012345678901234567890123",
    "AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, Magic=1, Signature="
    "0123456789012345678901234567890123456789012345678901234567890123",
    /* Version 4A: no region set, a region in the scope, a signature of half bytes */
    "AWS4-ECDSA-P256-SHA256 Credential=A/20150830/s/aws4_request, SignedHeaders=host, "
    "Signature=3000",
    "*AWS4-ECDSA-P256-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host, "
    "Signature=3000",
    "*AWS4-ECDSA-P256-SHA256 Credential=A/20150830/s/aws4_request, SignedHeaders=host, "
    "Signature=300",
};

START_TEST(a_malformed_authorization_is_refused_with_a_sentence)
{
    bool any_region = malformed[_i][0] == '*';
    struct evac_http_header headers[] = {
        { EVAC_STR("Host"), EVAC_STR("h") },
        { EVAC_STR("X-Amz-Date"), EVAC_STR("20150830T123600Z") },
        { EVAC_STR("Authorization"), evac_str(malformed[_i] + any_region) },
        { EVAC_STR("X-Amz-Region-Set"), EVAC_STR("*") },
    };
    struct evac_sigv4_request request = { .method = EVAC_STR("GET"),
                                          .path = EVAC_STR("/"),
                                          .headers = headers,
                                          .header_count = any_region ? 4 : 3 };
    struct evac_sigv4_claim claim;
    struct evac_err err = { 0 };
    ck_assert_int_eq(evac_sigv4_claim(&request, arena, &claim, &err), EVAC_E_PARSE);
    ck_assert_uint_gt(strlen(err.text), 0);
}
END_TEST

/* Signs a fixed request; headers has room for more. */
static size_t sign_fixed(struct evac_http_header headers[8], struct evac_buf *authorization)
{
    struct evac_sigv4_request request = {
        .method = EVAC_STR("GET"), .path = EVAC_STR("/"), .headers = headers, .header_count = 2
    };
    struct evac_sigv4_scope scope = { EVAC_STR("20150830T123600Z"), EVAC_STR("r"), EVAC_STR("s") };
    struct evac_sigv4_identity identity = { EVAC_STR("A"), EVAC_STR("secret"), EVAC_STR_NONE };
    headers[0] = (struct evac_http_header){ EVAC_STR("Host"), EVAC_STR("h") };
    headers[1] = (struct evac_http_header){ EVAC_STR("X-Amz-Date"), EVAC_STR("20150830T123600Z") };
    ck_assert_int_eq(
        evac_sigv4_sign(NULL, &request, &scope, &identity, EVAC_STR_NONE, authorization, NULL),
        EVAC_OK);
    headers[2] =
        (struct evac_http_header){ EVAC_STR("Authorization"), evac_buf_str(authorization) };
    return 3;
}

START_TEST(a_header_that_aws_acts_on_can_not_be_slipped_in)
{
    struct evac_http_header headers[8];
    struct evac_buf authorization;
    struct evac_sigv4_claim claim;
    evac_buf_init(&authorization, 4096);
    size_t count = sign_fixed(headers, &authorization);
    struct evac_sigv4_request request = {
        .method = EVAC_STR("GET"), .path = EVAC_STR("/"), .headers = headers, .header_count = count
    };
    struct evac_str secret = EVAC_STR("secret");
    ck_assert_int_eq(evac_sigv4_claim(&request, arena, &claim, NULL), EVAC_OK);
    ck_assert_int_eq(evac_sigv4_verify(NULL, &request, &claim, secret, INSTANT_MS, 1000, NULL),
                     EVAC_OK);

    headers[3] = (struct evac_http_header){ EVAC_STR("X-Amz-Target"), EVAC_STR("Delete") };
    request.header_count = 4;
    ck_assert_int_eq(evac_sigv4_verify(NULL, &request, &claim, secret, INSTANT_MS, 1000, NULL),
                     EVAC_E_PARSE);
    headers[3] = (struct evac_http_header){ EVAC_STR("Host"), EVAC_STR("other") };
    ck_assert_int_eq(evac_sigv4_verify(NULL, &request, &claim, secret, INSTANT_MS, 1000, NULL),
                     EVAC_E_AUTH);
    request.header_count = 1;
    ck_assert_int_eq(evac_sigv4_verify(NULL, &request, &claim, secret, INSTANT_MS, 1000, NULL),
                     EVAC_E_PARSE);
    evac_buf_done(&authorization);
}
END_TEST

START_TEST(a_body_that_was_changed_on_the_way_is_refused)
{
    struct evac_http_header headers[8];
    struct evac_buf authorization;
    struct evac_sigv4_claim claim;
    evac_buf_init(&authorization, 4096);
    struct evac_sigv4_request request = { .method = EVAC_STR("GET"),
                                          .path = EVAC_STR("/"),
                                          .headers = headers,
                                          .header_count = sign_fixed(headers, &authorization),
                                          .body = EVAC_STR("other") };
    ck_assert_int_eq(evac_sigv4_claim(&request, arena, &claim, NULL), EVAC_OK);
    ck_assert_int_eq(
        evac_sigv4_verify(NULL, &request, &claim, EVAC_STR("secret"), INSTANT_MS, 1000, NULL),
        EVAC_E_AUTH);
    evac_buf_done(&authorization);
}
END_TEST

START_TEST(a_region_set_that_was_changed_on_the_way_is_refused)
{
    struct evac_http_header headers[] = {
        { EVAC_STR("Host"), EVAC_STR("h") },
        { EVAC_STR("X-Amz-Date"), EVAC_STR("20150830T123600Z") },
        { EVAC_STR("X-Amz-Region-Set"), EVAC_STR("us-east-1") },
        { EVAC_STR("Authorization"), EVAC_STR_NONE },
    };
    struct evac_sigv4_request request = {
        .method = EVAC_STR("GET"), .path = EVAC_STR("/"), .headers = headers, .header_count = 3
    };
    const struct evac_sigv4_scope scope = { .timestamp = headers[1].value,
                                            .service = EVAC_STR("s"),
                                            .region_set = headers[2].value };
    const struct evac_sigv4_identity identity = { EVAC_STR("A"), EVAC_STR("secret"),
                                                  EVAC_STR_NONE };
    struct evac_sigv4_claim claim;
    struct evac_buf authorization;
    evac_buf_init(&authorization, 4096);
    ck_assert_int_eq(
        evac_sigv4_sign(NULL, &request, &scope, &identity, EVAC_STR_NONE, &authorization, NULL),
        EVAC_OK);
    headers[3].value = evac_buf_str(&authorization);
    request.header_count = 4;
    ck_assert_int_eq(evac_sigv4_claim(&request, arena, &claim, NULL), EVAC_OK);
    ck_assert_int_eq(
        evac_sigv4_verify(NULL, &request, &claim, identity.secret, INSTANT_MS, 1000, NULL),
        EVAC_OK);
    headers[2].value = EVAC_STR("*");
    ck_assert_int_eq(evac_sigv4_claim(&request, arena, &claim, NULL), EVAC_OK);
    ck_assert_int_eq(
        evac_sigv4_verify(NULL, &request, &claim, identity.secret, INSTANT_MS, 1000, NULL),
        EVAC_E_AUTH);
    evac_buf_done(&authorization);
}
END_TEST

START_TEST(what_is_no_signature_holds_for_nothing)
{
    static const char *const texts[] = { "", "30", "3g", "3", "3000", "DEADBEEF", "00000000" };
    const struct evac_sigv4_identity identity = { EVAC_STR("A"), EVAC_STR("secret"),
                                                  EVAC_STR_NONE };
    unsigned char key[32], point[EVAC_SIGV4A_POINT_BYTES];
    char signature[EVAC_SIGV4_SIGNATURE_BYTES];
    evac_sigv4a_key(NULL, &identity, key);
    evac_sigv4a_public(key, point);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert(!evac_sigv4a_holds(point, EVAC_STR("text"), evac_str(texts[i])));
    for (int i = 0; i < 300; i++) { /* of every length that DER gives it */
        evac_sigv4a_signature(key, EVAC_STR("text"), signature);
        ck_assert(evac_sigv4a_holds(point, EVAC_STR("text"), evac_str(signature)));
    }
    point[64] ^= 1; /* no point of the curve */
    ck_assert(!evac_sigv4a_holds(point, EVAC_STR("text"), evac_str(signature)));
}
END_TEST

START_TEST(a_request_without_a_signature_is_called_anonymous)
{
    struct evac_sigv4_request request = { .method = EVAC_STR("GET"),
                                          .query = EVAC_STR("Action=X&&a") };
    struct evac_sigv4_claim claim;
    ck_assert_int_eq(evac_sigv4_claim(&request, arena, &claim, NULL), EVAC_E_NOTFOUND);
}
END_TEST

START_TEST(what_is_too_long_is_refused_not_cut)
{
    struct evac_buf path, text;
    struct evac_sigv4_request request = { .method = EVAC_STR("GET") };
    evac_buf_init(&path, 1u << 20);
    evac_buf_init(&text, 1u << 20);
    for (int i = 0; i < 400; i++)
        evac_buf_puts(&path, "/a");
    request.path = evac_buf_str(&path);
    ck_assert_int_eq(evac_sigv4_canonical(&request, EVAC_STR_NONE, EVAC_STR_NONE, &text, NULL),
                     EVAC_E_TOOBIG);
    evac_buf_reset(&path);
    evac_buf_reset(&text);
    for (int i = 0; i < 400; i++)
        evac_buf_puts(&path, "a=b&");
    request.path = EVAC_STR("/");
    request.query = evac_buf_str(&path);
    ck_assert_int_eq(evac_sigv4_canonical(&request, EVAC_STR_NONE, EVAC_STR_NONE, &text, NULL),
                     EVAC_E_TOOBIG);
    evac_buf_done(&path);
    evac_buf_done(&text);
}
END_TEST

/* A day from each month over four centuries. */
START_TEST(an_instant_and_its_timestamp_are_each_others_inverse)
{
    char text[EVAC_SIGV4_DATE_BYTES];
    for (int64_t ms = 0; ms < 400LL * 366 * 86400000; ms += 29LL * 86400000 + 3723000) {
        int64_t back = -1;
        evac_sigv4_timestamp(ms, text);
        ck_assert_msg(evac_aws_time_basic(evac_str(text), &back) && back == ms, "%s", text);
    }
}
END_TEST

START_TEST(every_way_of_writing_an_instant_is_read)
{
    int64_t ms = 0;
    ck_assert(evac_aws_time_iso(EVAC_STR("2026-01-02T03:04:05Z"), &ms));
    ck_assert_int_eq(ms, 1767323045000);
    ck_assert(evac_aws_time_iso(EVAC_STR("2026-01-02T03:04:05.678Z"), &ms));
    ck_assert_int_eq(ms, 1767323045678);
    ck_assert(evac_aws_time_iso(EVAC_STR("2026-01-02T05:34:05+02:30"), &ms));
    ck_assert_int_eq(ms, 1767323045000);
    ck_assert(evac_aws_time_http(EVAC_STR("Fri, 02 Jan 2026 03:04:05 GMT"), &ms));
    ck_assert_int_eq(ms, 1767323045000);
    ck_assert(!evac_aws_time_iso(EVAC_STR("2026-02-30T03:04:05Z"), &ms));
    ck_assert(!evac_aws_time_iso(EVAC_STR("2026-01-02"), &ms));
    ck_assert(!evac_aws_time_iso(EVAC_STR("2026-01-02T03:04:05 or so"), &ms));
    ck_assert(!evac_aws_time_http(EVAC_STR("Fri, 02 Foo 2026 03:04:05 GMT"), &ms));
    ck_assert(!evac_aws_time_basic(EVAC_STR("20260102T030465Z"), &ms));
}
END_TEST

static void make_cases(Suite *suite)
{
    TCase *tc = tcase_create("sigv4");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, the_selected_vectors_of_every_suite_come_out_byte_for_byte);
    tcase_add_test(tc, all_published_vectors_come_out_byte_for_byte);
    tcase_add_test(tc, the_cache_gives_the_key_that_a_derivation_gives);
    tcase_add_test(tc, the_cache_keeps_a_version_4a_key_apart_from_all_others_and_forgets_it);
    tcase_add_loop_test(tc, a_malformed_authorization_is_refused_with_a_sentence, 0,
                        sizeof malformed / sizeof malformed[0]);
    tcase_add_test(tc, a_header_that_aws_acts_on_can_not_be_slipped_in);
    tcase_add_test(tc, a_body_that_was_changed_on_the_way_is_refused);
    tcase_add_test(tc, a_region_set_that_was_changed_on_the_way_is_refused);
    tcase_add_test(tc, what_is_no_signature_holds_for_nothing);
    tcase_add_test(tc, a_request_without_a_signature_is_called_anonymous);
    tcase_add_test(tc, what_is_too_long_is_refused_not_cut);
    tcase_add_test(tc, an_instant_and_its_timestamp_are_each_others_inverse);
    tcase_add_test(tc, every_way_of_writing_an_instant_is_read);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("sigv4", make_cases)
