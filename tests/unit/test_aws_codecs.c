/* What AWS's codecs refuse, each for its reason: instants, files, requests that can not be written,
 * and requests that claim to be signed. */
#include "aws.h"
#include "aws_bearer.h"
#include "aws_classify.h"
#include "aws_ini.h"
#include "aws_time.h"
#include "aws_wire.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static struct evac_arena *arena;
static struct evac_err err;

static void setup(void)
{
    arena = evac_arena_new();
    err = (struct evac_err){ EVAC_OK, "" };
}

static void teardown(void)
{
    evac_arena_free(arena);
}

/* --- instants -----------------------------------------------------------------------------------
 */

#define AT INT64_C(1767323045000) /* 2026-01-02T03:04:05Z, a Friday */

typedef bool read_fn(struct evac_str text, int64_t *ret_ms);

/* clang-format off */
static const struct {
    read_fn *read;
    const char *text;
    int64_t ms; /* -1: it is none */
} instants[] = {
    { evac_aws_time_basic, "20260102T030405Z", AT },
    { evac_aws_time_basic, "19700101T000000Z", 0 },
    { evac_aws_time_basic, "20240229T000000Z", INT64_C(1709164800000) },
    { evac_aws_time_basic, "20000229T000000Z", INT64_C(951782400000) },
    { evac_aws_time_basic, "20230229T000000Z", -1 }, { evac_aws_time_basic, "21000229T000000Z", -1 },
    { evac_aws_time_basic, "20260002T030405Z", -1 }, { evac_aws_time_basic, "20261302T030405Z", -1 },
    { evac_aws_time_basic, "20260100T030405Z", -1 }, { evac_aws_time_basic, "20260132T030405Z", -1 },
    { evac_aws_time_basic, "20260431T030405Z", -1 }, { evac_aws_time_basic, "20260102T240405Z", -1 },
    { evac_aws_time_basic, "20260102T036005Z", -1 }, { evac_aws_time_basic, "20260102T030461Z", -1 },
    { evac_aws_time_basic, "19690102T030405Z", -1 }, { evac_aws_time_basic, "2026010203:0405Z", -1 },
    { evac_aws_time_basic, "20260102T030405", -1 },  { evac_aws_time_basic, "20260102T030405ZZ", -1 },
    { evac_aws_time_basic, "2026x102T030405Z", -1 }, { evac_aws_time_basic, "20260102 030405Z", -1 },
    { evac_aws_time_basic, "", -1 },
    { evac_aws_time_iso, "2026-01-02T03:04:05Z", AT },
    { evac_aws_time_iso, "2026-01-02T03:04:05", AT },
    { evac_aws_time_iso, "2026-01-02T03:04:05.678Z", AT + 678 },
    { evac_aws_time_iso, "2026-01-02T03:04:05.6789999Z", AT + 678 },
    { evac_aws_time_iso, "2026-01-02T03:04:05.Z", AT },
    { evac_aws_time_iso, "2026-01-02T04:04:05+01:00", AT },
    { evac_aws_time_iso, "2026-01-02T04:04:05+0100", AT },
    { evac_aws_time_iso, "2026-01-02T01:34:05-01:30", AT },
    { evac_aws_time_iso, "2026-01-02T03:04:05+24:00", -1 }, { evac_aws_time_iso, "2026-01-02T03:04:05+01:60", -1 },
    { evac_aws_time_iso, "2026-01-02T03:04:05+01", -1 },    { evac_aws_time_iso, "2026-01-02T03:04:05*01:00", -1 },
    { evac_aws_time_iso, "2026-01-02T03:04:05+x1:00", -1 }, { evac_aws_time_iso, "2026-01-02T03:04:05+01:x0", -1 },
    { evac_aws_time_iso, "2026-01-02T03:04:05+01-00", -1 }, { evac_aws_time_iso, "2026-01-02T03:04:05ZZ", -1 },
    { evac_aws_time_iso, "2026-13-02T03:04:05Z", -1 },      { evac_aws_time_iso, "2026-01-02 03:04:05Z", -1 },
    { evac_aws_time_iso, "2026-01-02T03:04", -1 },          { evac_aws_time_iso, "2026-01-0:T03:04:05Z", -1 },
    { evac_aws_time_http, "Fri, 02 Jan 2026 03:04:05 GMT", AT },
    { evac_aws_time_http, "Xyz, 02 Dec 2026 03:04:05 GMT", INT64_C(1796180645000) },
    { evac_aws_time_http, "Fri, 02 Jax 2026 03:04:05 GMT", -1 }, { evac_aws_time_http, "Fri, 02 Jan 2026 03:04:05 UTC", -1 },
    { evac_aws_time_http, "Fri, 2 Jan 2026 03:04:05 GMT", -1 },  { evac_aws_time_http, "Fri, 32 Jan 2026 03:04:05 GMT", -1 },
    { evac_aws_time_http, "Fri, 02 Jan 2026 25:04:05 GMT", -1 }, { evac_aws_time_http, "Fri, x2 Jan 2026 03:04:05 GMT", -1 },
    { evac_aws_time_http, "Friday, 02-Jan-26 03:04:05 GMT", -1 }, { evac_aws_time_http, "", -1 },
};
/* clang-format on */

START_TEST(an_instant_is_read_exactly_or_not_at_all)
{
    int64_t ms = -7;
    bool is_one = instants[_i].read(evac_str(instants[_i].text), &ms);
    ck_assert_msg(is_one == (instants[_i].ms >= 0), "%s", instants[_i].text);
    ck_assert_msg(!is_one || ms == instants[_i].ms, "%s is %lld", instants[_i].text, (long long)ms);
    ck_assert_msg(is_one || ms == -7, "%s was not written", instants[_i].text);
}
END_TEST

START_TEST(a_date_s_fields_have_their_ranges)
{
    const struct evac_aws_date good = { 2026, 1, 2, 3, 4, 5, 0 };
    struct evac_aws_date bad[] = { good, good, good, good };
    int64_t ms;
    bad[0].ms = 1000, bad[1].year = 10000, bad[2].month = 13, bad[3].day = 0;
    ck_assert(evac_aws_date_ms(&good, &ms) && ms == AT);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert(!evac_aws_date_ms(&bad[i], &ms));
    for (int64_t day = -800000; day < 800000; day += 9973) { /* before 1970 as well */
        struct evac_aws_date date = evac_aws_date_of(day * 86400000 + 5);
        ck_assert(date.month >= 1 && date.month <= 12 && date.day >= 1 && date.day <= 31);
        ck_assert(date.year < 1970 || (evac_aws_date_ms(&date, &ms) && ms == day * 86400000 + 5));
    }
    ck_assert_int_eq(evac_aws_date_of(-1).year, 1969);
    ck_assert_uint_eq(evac_aws_date_of(-1).ms, 999);
}
END_TEST

/* --- files --------------------------------------------------------------------------------------
 */

static const struct {
    const char *text, *says; /* says NULL: it is good */
} files[] = {
    { "[default]\na = b # c\n; d\n#e\n\n[profile  'x  y'] ; z\nk=v#w\n", NULL },
    { "[default]\ns3 =\n  style = path\n\tother=1\nregion = x\n  y\n", NULL },
    { "[default\n", "no ']'" },
    { "a = b\n", "before the first" },
    { "[a]\nb\n", "neither" },
    { "[a]\n= c\n", "no key before" },
    { "  a = b\n", "before the first" },
    { "[a]\ns3 =\n  style\n", "a nested setting is" },
};

START_TEST(a_file_of_settings_is_read_or_its_line_is_named)
{
    const struct evac_ini *ini = NULL;
    enum evac_code code = evac_ini_parse(evac_str(files[_i].text), "f", arena, &ini, &err);
    ck_assert_int_eq(code, files[_i].says ? EVAC_E_PARSE : EVAC_OK);
    ck_assert_msg(!files[_i].says ||
                      (strstr(err.text, files[_i].says) && strstr(err.text, "f, line")),
                  "%s", err.text);
}
END_TEST

START_TEST(what_files_are_not_for_is_refused)
{
    const struct evac_ini *ini = NULL;
    struct evac_buf text;
    ck_assert_int_eq(evac_ini_parse((struct evac_str){ "[a]\0", 4 }, "f", arena, &ini, &err),
                     EVAC_E_PARSE);
    ck_assert(strstr(err.text, "zero byte"));
    evac_buf_init(&text, 4u << 20);
    evac_buf_puts(&text, "[a]\n");
    for (int i = 0; i < 10001; i++)
        evac_buf_puts(&text, "k=v\n");
    ck_assert_int_eq(evac_ini_parse(evac_buf_str(&text), "f", arena, &ini, &err), EVAC_E_TOOBIG);
    ck_assert(strstr(err.text, "10000 settings"));
    while (text.n <= 1u << 20)
        evac_buf_puts(&text, "# as long as this\n");
    ck_assert_int_eq(evac_ini_parse(evac_buf_str(&text), "f", arena, &ini, &err), EVAC_E_TOOBIG);
    ck_assert(strstr(err.text, "larger than"));
    evac_buf_done(&text);
    ck_assert(!evac_ini_has(NULL, EVAC_STR("a")) && evac_ini_get(NULL, EVAC_STR("a"), "k").n == 0);
}
END_TEST

/* Each line of a value makes a new copy of it: there are so many, and no more. */
START_TEST(a_value_over_very_many_lines_is_refused)
{
    const struct evac_ini *ini = NULL;
    struct evac_buf text;
    for (int lines = 63; lines <= 65; lines++) {
        evac_buf_init(&text, 1u << 20);
        evac_buf_puts(&text, "[a]\nk = v\n");
        for (int i = 0; i < lines; i++)
            evac_buf_puts(&text, "  w\n");
        ck_assert_int_eq(evac_ini_parse(evac_buf_str(&text), "f", arena, &ini, &err),
                         lines <= 64 ? EVAC_OK : EVAC_E_TOOBIG);
        evac_buf_done(&text);
    }
    ck_assert_msg(strstr(err.text, "line 67: a value of more than 64 lines"), "%s", err.text);
}
END_TEST

/* --- requests that can not be written -----------------------------------------------------------
 */

static enum evac_code build(const struct evac_aws_request *request)
{
    static const struct evac_endpoint endpoint = { .origin = { "https://x.example.com", 21 },
                                                   .host = { "x.example.com", 13 } };
    const struct evac_aws_wire wire = { .service = evac_aws_service(request->service),
                                        .endpoint = &endpoint,
                                        .request = request,
                                        .wall_ms = AT,
                                        .invocation_id = "i",
                                        .attempt = 1 };
    struct evac_http_request http;
    return evac_aws_wire_build(&wire, arena, &http, &err);
}

START_TEST(a_request_that_would_be_another_one_on_the_wire_is_not_made)
{
    static const char *const paths[] = {
        "no-slash", "/a b", "/a?b", "/a#b", "/\x7f", "/\n", "/\xc3"
    };
    static struct evac_http_header many[65];
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const struct evac_aws_request r = {
            .service = "s3", .operation = "GetObject", .method = "GET", .path = evac_str(paths[i])
        };
        ck_assert_int_eq(build(&r), EVAC_E_BADARG);
        ck_assert_msg(strstr(err.text, "is not percent-encoded"), "%s", err.text);
    }
    const struct evac_http_header breaks[][1] = { { { EVAC_STR("a\nb"), EVAC_STR("c") } },
                                                  { { EVAC_STR("a"), EVAC_STR("b\nc") } },
                                                  { { EVAC_STR("a"), EVAC_STR("b\rc") } } };
    for (size_t i = 0; i < 3; i++) {
        const struct evac_aws_request r = {
            .service = "rds", .operation = "Describe", .headers = breaks[i], .header_count = 1
        };
        ck_assert_int_eq(build(&r), EVAC_E_BADARG);
        ck_assert_msg(strstr(err.text, "line break"), "%s", err.text);
    }
    for (size_t i = 0; i < 65; i++)
        many[i] = (struct evac_http_header){ EVAC_STR("a"), EVAC_STR("b") };
    const struct evac_aws_request r = {
        .service = "rds", .operation = "Describe", .headers = many, .header_count = 65
    };
    ck_assert_int_eq(build(&r), EVAC_E_TOOBIG);
    const struct evac_http_header none[] = { { EVAC_STR_NONE, EVAC_STR_NONE } };
    const struct evac_aws_request empty = {
        .service = "rds", .operation = "Describe", .headers = none, .header_count = 1
    };
    ck_assert_int_eq(build(&empty), EVAC_OK);
}
END_TEST

/* --- claims -------------------------------------------------------------------------------------
 */

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define V4   "AWS4-HMAC-SHA256 "
#define V4A  "AWS4-ECDSA-P256-SHA256 "
#define CRED "Credential=AK/20260102/us-east-1/rds/aws4_request, "
#define REST "SignedHeaders=host;x-amz-date, Signature=" HASH

/* clang-format off */
static const struct {
    const char *authorization, *query, *region_set;
    enum evac_code code;
    const char *says;
} claims[] = {
    { V4 CRED REST, "", NULL, EVAC_OK, "" },
    { NULL, "", NULL, EVAC_E_NOTFOUND, "" },
    { "Basic abc", "", NULL, EVAC_E_PARSE, "signed neither by" },
    { V4A "Credential=AK/20260102/rds/aws4_request, " REST, "", NULL, EVAC_E_PARSE, "Region-Set is missing" },
    { V4A "Credential=AK/20260102/rds/aws4_request, " REST, "", "*", EVAC_OK, "" },
    { V4A "Credential=AK/20260102/us-east-1/rds/aws4_request, " REST, "", "*", EVAC_E_PARSE, "Credential is not" },
    { V4A "Credential=AK/20260102/rds/aws4_request, SignedHeaders=host, Signature=abc", "", "*", EVAC_E_PARSE, "not as long" },
    { V4A "Credential=AK/20260102/rds/aws4_request, SignedHeaders=host, Signature=", "", "*", EVAC_E_PARSE, "not as long" },
    { V4A "Credential=AK/20260102/rds/aws4_request, SignedHeaders=host, Signature=" HASH HASH HASH, "", "*", EVAC_E_PARSE, "not as long" },
    { V4 "Credential=/20260102/us-east-1/rds/aws4_request, " REST, "", NULL, EVAC_E_PARSE, "Credential is not" },
    { V4 "Credential=AK/2026010/us-east-1/rds/aws4_request, " REST, "", NULL, EVAC_E_PARSE, "Credential is not" },
    { V4 "Credential=AK/20260102//rds/aws4_request, " REST, "", NULL, EVAC_E_PARSE, "Credential is not" },
    { V4 "Credential=AK/20260102/us-east-1//aws4_request, " REST, "", NULL, EVAC_E_PARSE, "Credential is not" },
    { V4 "Credential=AK/20260102/us-east-1/rds/aws3_request, " REST, "", NULL, EVAC_E_PARSE, "Credential is not" },
    { V4 "Credential=AK/20260103/us-east-1/rds/aws4_request, " REST, "", NULL, EVAC_E_PARSE, "does not match" },
    { V4 CRED "SignedHeaders=, Signature=" HASH, "", NULL, EVAC_E_PARSE, "SignedHeaders is empty" },
    { V4 CRED "SignedHeaders=host, Signature=abcd", "", NULL, EVAC_E_PARSE, "not as long" },
    { V4 CRED REST ", Salt=1", "", NULL, EVAC_E_PARSE, "unknown part 'Salt'" },
    { V4 CRED REST ", =", "", NULL, EVAC_E_PARSE, "unknown part ''" },
    { NULL, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2f20260102%2Fus-east-1%2Frds%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=" HASH, NULL, EVAC_OK, "" },
    { NULL, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=0&X-Amz-Signature=x", NULL, EVAC_E_PARSE, "X-Amz-Expires is not" },
    { NULL, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=99999999&X-Amz-Signature=x", NULL, EVAC_E_PARSE, "X-Amz-Expires is not" },
    { NULL, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=soon&X-Amz-Signature=x", NULL, EVAC_E_PARSE, "X-Amz-Expires is not" },
    { NULL, "X-Amz-Algorithm=AWS5&X-Amz-Signature=x", NULL, EVAC_E_PARSE, "signed neither by" },
    { NULL, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=60&X-Amz-Date=yesterday&X-Amz-Credential=AK/20260102/r/s/aws4_request&X-Amz-Signature=x", NULL, EVAC_E_PARSE, "X-Amz-Date is not" },
};
/* clang-format on */

START_TEST(what_a_request_says_of_itself_is_read_strictly)
{
    struct evac_http_header headers[4] = { { EVAC_STR("Host"), EVAC_STR("x") },
                                           { EVAC_STR("X-Amz-Date"),
                                             EVAC_STR("20260102T030405Z") } };
    struct evac_sigv4_request request = { .method = EVAC_STR("POST"),
                                          .query = evac_str(claims[_i].query),
                                          .headers = headers,
                                          .header_count = 2 };
    struct evac_sigv4_claim claim;
    if (claims[_i].authorization)
        headers[request.header_count++] =
            (struct evac_http_header){ EVAC_STR("Authorization"),
                                       evac_str(claims[_i].authorization) };
    if (claims[_i].region_set)
        headers[request.header_count++] =
            (struct evac_http_header){ EVAC_STR("x-amz-region-set"),
                                       evac_str(claims[_i].region_set) };
    ck_assert_msg(evac_sigv4_claim(&request, arena, &claim, &err) == claims[_i].code, "%s",
                  err.text);
    ck_assert_msg(claims[_i].code == EVAC_OK || strstr(err.text, claims[_i].says), "%s", err.text);
    if (claims[_i].code == EVAC_OK) /* nobody who does not know the secret gets in */
        ck_assert_int_ne(evac_sigv4_verify(NULL, &request, &claim, EVAC_STR("s"), AT, 1000, &err),
                         EVAC_OK);
}
END_TEST

/* What AWS acts on must be covered by the signature. */
static const struct {
    const char *signed_names, *name, *value;
    bool s3;
    enum evac_code code;
    const char *says;
} covered[] = {
    { "host;x-amz-date", "x-plain", "1", false, EVAC_OK, "" },
    { "x-amz-date", "x-plain", "1", false, EVAC_E_PARSE, "'host' must be" },
    { "host;x-amz-date", "X-Amz-Target", "T", false, EVAC_E_PARSE, "not signed: x-amz-target" },
    { "host;x-amz-date", "X-Amz-Security-Token", "T", false, EVAC_OK, "" },
    { "host;x-amz-date;x-none", "x-plain", "1", false, EVAC_E_PARSE, "x-none" },
    { "host;x-amz-content-sha256;x-amz-date", "x-amz-content-sha256", HASH, false, EVAC_E_AUTH,
      "SHA-256" },
    { "host;x-amz-content-sha256;x-amz-date", "x-amz-content-sha256", "UNSIGNED-PAYLOAD", false,
      EVAC_E_AUTH, "SHA-256" },
    { "host;x-amz-content-sha256;x-amz-date", "x-amz-content-sha256", "UNSIGNED-PAYLOAD", true,
      EVAC_OK, "" },
    { "host;x-amz-content-sha256;x-amz-date", "x-amz-content-sha256",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false, EVAC_OK, "" },
};

START_TEST(what_was_added_on_the_way_is_refused)
{
    const struct evac_http_header headers[] = {
        { EVAC_STR("Host"), EVAC_STR("x") },
        { EVAC_STR("X-Amz-Date"), EVAC_STR("20260102T030405Z") },
        { evac_str(covered[_i].name), evac_str(covered[_i].value) }
    };
    const struct evac_sigv4_request request = { .method = EVAC_STR("POST"),
                                                .headers = headers,
                                                .header_count = 3,
                                                .s3_rules = covered[_i].s3 };
    struct evac_sigv4_claim claim = { .access_key_id = EVAC_STR("AK"),
                                      .scope = { EVAC_STR("20260102T030405Z"),
                                                 EVAC_STR("us-east-1"), EVAC_STR("s3"),
                                                 EVAC_STR_NONE },
                                      .signed_names = evac_str(covered[_i].signed_names),
                                      .signature = EVAC_STR(HASH),
                                      .wall_ms = AT };
    /* the right signature is made by whoever knows the secret, over the same names */
    struct evac_buf canonical, to_sign;
    char hash[EVAC_SIGV4_HEX_BYTES], signature[EVAC_SIGV4_HEX_BYTES];
    unsigned char key[32];
    evac_buf_init(&canonical, 65536);
    evac_buf_init(&to_sign, 65536);
    evac_sigv4_hash(EVAC_STR_NONE, hash);
    struct evac_str payload = strcmp(covered[_i].name, "x-amz-content-sha256") == 0
                                  ? evac_str(covered[_i].value)
                                  : evac_str(hash);
    if (evac_sigv4_canonical(&request, claim.signed_names, payload, &canonical, NULL) == EVAC_OK) {
        evac_sigv4_to_sign(&claim.scope, evac_buf_str(&canonical), &to_sign);
        evac_sigv4_key(NULL, EVAC_STR("s"), &claim.scope, key);
        evac_sigv4_signature(key, evac_buf_str(&to_sign), signature);
        claim.signature = evac_str(signature);
    }
    ck_assert_msg(evac_sigv4_verify(NULL, &request, &claim, EVAC_STR("s"), AT, 1000, &err) ==
                      covered[_i].code,
                  "%s", err.text);
    ck_assert_msg(covered[_i].code == EVAC_OK || strstr(err.text, covered[_i].says), "%s",
                  err.text);
    if (covered[_i].code == EVAC_OK)
        ck_assert_int_eq(
            evac_sigv4_verify(NULL, &request, &claim, EVAC_STR("s"), AT + 5000, 1000, &err),
            EVAC_E_STALE);
    evac_buf_done(&canonical);
    evac_buf_done(&to_sign);
}
END_TEST

START_TEST(a_header_longer_than_any_that_is_known_is_nobody_s)
{
    char name[100];
    memset(name, 'x', sizeof name);
    const struct evac_http_header headers[] = { { EVAC_STR("Host"), EVAC_STR("x") },
                                                { { name, sizeof name }, EVAC_STR("1") } };
    const struct evac_sigv4_request request = { .headers = headers, .header_count = 2 };
    const struct evac_sigv4_claim claim = { .signed_names = EVAC_STR("host"),
                                            .scope = { EVAC_STR("20260102T030405Z") },
                                            .signature = EVAC_STR(HASH) };
    ck_assert_int_eq(evac_sigv4_verify(NULL, &request, &claim, EVAC_STR("s"), AT, 1000, &err),
                     EVAC_E_AUTH);
}
END_TEST

/* --- what a refusal alone says -------------------------------------------------------------------
 */

static const struct {
    int status;
    const char *code;
    enum evac_outcome outcome;
} outcomes[] = {
    { 429, "", EVAC_OUTCOME_THROTTLED },
    { 400, "Throttling", EVAC_OUTCOME_THROTTLED },
    { 503, "SlowDown", EVAC_OUTCOME_THROTTLED },
    { 500, "InsufficientInstanceCapacity", EVAC_OUTCOME_REJECTED },
    { 500, "InternalFailure", EVAC_OUTCOME_UNKNOWN },
    { 408, "", EVAC_OUTCOME_UNKNOWN },
    { 400, "ValidationError", EVAC_OUTCOME_REJECTED },
    { 301, "", EVAC_OUTCOME_REJECTED },
    { 200, "", EVAC_OUTCOME_UNKNOWN },
    { 100, "", EVAC_OUTCOME_UNKNOWN },
};

START_TEST(what_is_not_known_to_have_failed_may_have_happened)
{
    ck_assert_int_eq(evac_aws_outcome(outcomes[_i].status, evac_str(outcomes[_i].code)),
                     outcomes[_i].outcome);
}
END_TEST

START_TEST(a_service_that_asks_to_come_back_later_is_heard_in_header_or_body)
{
    const struct evac_http_header typed[] = { { EVAC_STR("x-amzn-ErrorType"),
                                                EVAC_STR("ThrottlingException:http://x") } };
    struct evac_http_reply http = { .fate = EVAC_HTTP_REPLIED, .status = 400, .error = "" };
    ck_assert(!evac_aws_is_throttle(&http));
    http.headers = typed, http.header_count = 1;
    ck_assert(evac_aws_is_throttle(&http));
    http.header_count = 0, http.body = EVAC_STR("<Code>Throttling</Code>");
    ck_assert(evac_aws_is_throttle(&http));
    http.body = EVAC_STR("<Code>NotThrottlingAtAll</Code>");
    ck_assert(!evac_aws_is_throttle(&http));
    http.body = EVAC_STR("Throttling0");
    ck_assert(!evac_aws_is_throttle(&http));
    http.body = EVAC_STR("Throttling");
    ck_assert(evac_aws_is_throttle(&http));
    http.status = 200;
    ck_assert(!evac_aws_is_throttle(&http));
    http.status = 429, http.body = EVAC_STR_NONE;
    ck_assert(evac_aws_is_throttle(&http));
    http.fate = EVAC_HTTP_LOST;
    ck_assert(!evac_aws_is_throttle(&http));
}
END_TEST

#define LOOP(test, table) tcase_add_loop_test(tc, test, 0, sizeof table / sizeof table[0])

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("aws codecs");
    tcase_add_checked_fixture(tc, setup, teardown);
    LOOP(an_instant_is_read_exactly_or_not_at_all, instants);
    tcase_add_test(tc, a_date_s_fields_have_their_ranges);
    LOOP(a_file_of_settings_is_read_or_its_line_is_named, files);
    tcase_add_test(tc, what_files_are_not_for_is_refused);
    tcase_add_test(tc, a_value_over_very_many_lines_is_refused);
    tcase_add_test(tc, a_request_that_would_be_another_one_on_the_wire_is_not_made);
    LOOP(what_a_request_says_of_itself_is_read_strictly, claims);
    LOOP(what_was_added_on_the_way_is_refused, covered);
    tcase_add_test(tc, a_header_longer_than_any_that_is_known_is_nobody_s);
    LOOP(what_is_not_known_to_have_failed_may_have_happened, outcomes);
    tcase_add_test(tc, a_service_that_asks_to_come_back_later_is_heard_in_header_or_body);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("aws codecs", add_cases)
