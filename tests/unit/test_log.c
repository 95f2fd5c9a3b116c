/* The log as machines read it, and what never gets into it. */
#include "log.h"
#include "redact.h"
#include "suite.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *text;
static size_t text_n;
static FILE *file;

static void begin(enum evac_log_level level, bool json)
{
    file = open_memstream(&text, &text_n);
    ck_assert_ptr_nonnull(file);
    evac_log_setup(file, level, json);
}

/* What was logged; the caller frees it. */
static char *end(void)
{
    evac_log_setup(stderr, EVAC_LOG_INFO, false);
    fclose(file);
    return text;
}

static cJSON *end_json(void)
{
    char *line = end();
    ck_assert_uint_eq(strcspn(line, "\n") + 1, strlen(line)); /* one line */
    cJSON *json = cJSON_Parse(line);
    ck_assert_msg(json != NULL, "no JSON: %s", line);
    free(line);
    return json;
}

static const char *member(const cJSON *json, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    return cJSON_IsString(item) ? item->valuestring : "(none)";
}

START_TEST(a_line_of_json_has_the_run_and_the_step)
{
    begin(EVAC_LOG_INFO, true);
    evac_log(EVAC_LOG_WARN, "step_moved", "app=%.*s run=%llu step=%s from=%s why=\"%s\"", 4, "shop",
             7ull, "promote", "", "lost a reply");
    cJSON *json = end_json();
    ck_assert_str_eq(member(json, "level"), "warn");
    ck_assert_str_eq(member(json, "event"), "step_moved");
    ck_assert_str_eq(member(json, "app"), "shop");
    ck_assert_str_eq(member(json, "step"), "promote");
    ck_assert_str_eq(member(json, "why"), "lost a reply");
    const cJSON *run = cJSON_GetObjectItemCaseSensitive(json, "run");
    ck_assert(cJSON_IsNumber(run));
    ck_assert_int_eq(run->valueint, 7);
    ck_assert_ptr_null(cJSON_GetObjectItemCaseSensitive(json, "from"));
    ck_assert_uint_eq(strlen(member(json, "ts")), strlen("2026-01-01T00:00:00.000Z"));
    cJSON_Delete(json);
}
END_TEST

START_TEST(a_value_from_outside_makes_no_line_and_no_field_of_its_own)
{
    static const char evil[] = "x\" run=9 level=error\n{\"event\":\"forged\"}\r\n\\";
    begin(EVAC_LOG_INFO, true);
    evac_log(EVAC_LOG_INFO, "notice", "app=%s text=\"%s\"", "a b=c", evil);
    cJSON *json = end_json();
    ck_assert_str_eq(member(json, "app"), "a b=c");
    ck_assert_str_eq(member(json, "text"), evil);
    ck_assert_int_eq(cJSON_GetArraySize(json), 5);
    cJSON_Delete(json);

    begin(EVAC_LOG_INFO, false);
    evac_log(EVAC_LOG_INFO, "notice", "app=%s text=\"%s\"", "a b=c", evil);
    char *line = end();
    ck_assert_uint_eq(strcspn(line, "\n") + 1, strlen(line));
    ck_assert_ptr_nonnull(strstr(line, " notice app=\"a b=c\" text=\"x\\\" run=9"));
    free(line);
}
END_TEST

START_TEST(separators_in_a_value_do_not_move_the_fields)
{
    begin(EVAC_LOG_INFO, true);
    evac_log(EVAC_LOG_INFO, "notice", "app=%s text=\"%s\"", "shop\x1elevel\x1f", "hello");
    cJSON *json = end_json();
    ck_assert_int_eq(cJSON_GetArraySize(json), 4);
    ck_assert_str_eq(member(json, "level"), "info");
    ck_assert_ptr_nonnull(strstr(member(json, "text"), "hello"));
    cJSON_Delete(json);
}
END_TEST

START_TEST(what_is_below_the_level_is_not_written)
{
    begin(evac_log_level_parse(EVAC_STR("warn")), false);
    evac_log(EVAC_LOG_INFO, "notice", "text=%s", "one");
    evac_log(EVAC_LOG_WARN, "alarm", "text=%s", "two");
    char *line = end();
    ck_assert_ptr_null(strstr(line, "one"));
    ck_assert_ptr_nonnull(strstr(line, "alarm text=two"));
    free(line);
}
END_TEST

START_TEST(in_the_journal_a_line_begins_with_its_priority)
{
    char path[] = "/tmp/evac-log-XXXXXX", said[64], line[200] = "";
    int fd = mkstemp(path);
    struct stat st;
    FILE *to = fdopen(fd, "w+");
    ck_assert(to && fstat(fd, &st) == 0);
    snprintf(said, sizeof said, "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", said, 1);
    evac_log_setup(to, EVAC_LOG_INFO, false);
    evac_log(EVAC_LOG_ERROR, "trouble", "text=%s", "x");
    setenv("JOURNAL_STREAM", "1:1", 1);
    evac_log_setup(to, EVAC_LOG_INFO, false);
    evac_log(EVAC_LOG_ERROR, "trouble", "text=%s", "x");
    unsetenv("JOURNAL_STREAM");
    evac_log_setup(stderr, EVAC_LOG_INFO, false);
    rewind(to);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, to));
    ck_assert_int_eq(strncmp(line, "<3>20", 5), 0);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, to));
    ck_assert_int_eq(strncmp(line, "20", 2), 0);
    fclose(to);
    unlink(path);
}
END_TEST

/* clang-format off */
static const struct {
    const char *in, *out;
} secrets[] = {
    { "key AKIAIOSFODNN7EXAMPLE is not valid", "key AKIA[redacted] is not valid" },
    { "ASIAIOSFODNN7EXAMPLE", "ASIA[redacted]" },
    { "Authorization: AWS4-HMAC-SHA256 Credential=x, Signature=abc\nHost: a", "Authorization: [redacted]\nHost: a" },
    { "{\"authorization\": \"Basic dXNlcjpwYXNz\", \"a\":1}", "{\"authorization\": \"[redacted]\", \"a\":1}" },
    { "sent with Bearer abcdef.ghijkl", "sent with Bearer [redacted]" },
    { "X-Amz-Security-Token=FwoGZXIvY%2F&X-Amz-Signature=0a1b&b=2", "X-Amz-Security-Token=[redacted]&X-Amz-Signature=[redacted]&b=2" },
    { "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key = [redacted]" },
    { "password='two words' user=ann", "password='[redacted]' user=ann" },
    { "postgres://ann:pa55@db.example.com/x", "postgres://ann:[redacted]@db.example.com/x" },
    { "was eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIx.c2ln", "was [redacted]" },
    { "a -----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY----- b", "a [redacted] b" },
    { "-----BEGIN EC PRIVATE KEY-----\nMC4C", "[redacted]" },
    { "Set-Cookie: id=1; Path=/", "Set-Cookie: [redacted]" },
    { "{\"SessionToken\":\"abc\"}", "{\"SessionToken\":\"[redacted]\"}" },
    /* and these are none */
    { "the token was refused: expired", "the token was refused: expired" },
    { "AKIA and ASIA are prefixes", "AKIA and ASIA are prefixes" },
    { "http://db.example.com:5432/x@y", "http://db.example.com:5432/x@y" },
    { "MAKIAIOSFODNN7EXAMPLE", "MAKIAIOSFODNN7EXAMPLE" },
    { "", "" },
};
/* clang-format on */

START_TEST(what_looks_like_a_secret_is_not_written)
{
    struct evac_buf out;
    evac_buf_init(&out, 4096);
    evac_redact(evac_str(secrets[_i].in), &out);
    ck_assert_str_eq(evac_buf_str(&out).p, secrets[_i].out);
    evac_buf_done(&out);
}
END_TEST

/* Nothing but the first letters is looked at before a name is: each must be among them. */
START_TEST(each_name_of_a_secret_is_found)
{
    for (size_t i = 0; evac_redact_name(i); i++) {
        char line[64], wanted[64];
        struct evac_buf out;
        evac_buf_init(&out, 4096);
        snprintf(line, sizeof line, "%s=plain-words", evac_redact_name(i));
        snprintf(wanted, sizeof wanted, "%s=" EVAC_REDACTED, evac_redact_name(i));
        evac_redact(evac_str(line), &out);
        ck_assert(evac_str_is(evac_buf_str(&out), wanted));
        evac_buf_done(&out);
    }
}
END_TEST

START_TEST(a_field_that_is_called_a_secret_has_no_value)
{
    begin(EVAC_LOG_INFO, true);
    evac_log(EVAC_LOG_INFO, "made", "bearer_token=%s token_id=%s text=\"%s\"", "x", "t7",
             "AKIAIOSFODNN7EXAMPLE");
    cJSON *json = end_json();
    ck_assert_str_eq(member(json, "bearer_token"), EVAC_REDACTED);
    ck_assert_str_eq(member(json, "token_id"), "t7");
    ck_assert_str_eq(member(json, "text"), "AKIA" EVAC_REDACTED);
    cJSON_Delete(json);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("log");
    tcase_add_test(tc, a_line_of_json_has_the_run_and_the_step);
    tcase_add_test(tc, a_value_from_outside_makes_no_line_and_no_field_of_its_own);
    tcase_add_test(tc, separators_in_a_value_do_not_move_the_fields);
    tcase_add_test(tc, what_is_below_the_level_is_not_written);
    tcase_add_test(tc, in_the_journal_a_line_begins_with_its_priority);
    tcase_add_loop_test(tc, what_looks_like_a_secret_is_not_written, 0,
                        (int)(sizeof secrets / sizeof secrets[0]));
    tcase_add_test(tc, each_name_of_a_secret_is_found);
    tcase_add_test(tc, a_field_that_is_called_a_secret_has_no_value);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("log", cases)
