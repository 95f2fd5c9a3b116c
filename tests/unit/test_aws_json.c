/* The JSON view: what it gives, and what it refuses. */
#include "aws_json.h"
#include "evac/buf.h"
#include "suite.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char sample[] =
    " {\"name\":\"web\",\"n\":-3,\"f\":1.5,\"t\":true,\"u\":false,\"z\":null,"
    "\"big\":1e300,\"esc\":\"a\\\"b\\\\\\u00e9\\n\",\"list\":[1,\"two\",{\"x\":{}},[]],\"Name\":"
    "\"other\"} \n";

static struct evac_json *parse(const char *text)
{
    struct evac_json *root = NULL;
    struct evac_err err = { 0 };
    enum evac_code code = evac_json_parse(evac_str(text), &root, &err);
    ck_assert_msg(code == EVAC_OK, "%s", err.text);
    return root;
}

START_TEST(values_are_read_by_name_and_type)
{
    struct evac_json *root = parse(sample);
    ck_assert(evac_str_is(evac_json_str(root, "name"), "web"));
    ck_assert(evac_str_is(evac_json_str(root, "Name"), "other"));
    ck_assert(evac_str_is(evac_json_str(root, "esc"), "a\"b\\\xc3\xa9\n"));
    ck_assert_int_eq(evac_json_i64(root, "n", 7), -3);
    ck_assert_int_eq(evac_json_i64(root, "f", 7), 1);
    ck_assert(evac_json_num(root, "f", 7) == 1.5);
    ck_assert(evac_json_bool(root, "t", false));
    ck_assert(!evac_json_bool(root, "u", true));
    evac_json_free(root);
}
END_TEST

START_TEST(another_type_or_nothing_gives_the_fallback)
{
    struct evac_json *root = parse(sample);
    ck_assert_uint_eq(evac_json_str(root, "n").n, 0);
    ck_assert_int_eq(evac_json_i64(root, "name", 7), 7);
    ck_assert_int_eq(evac_json_i64(root, "big", 7), 7);
    ck_assert_int_eq(evac_json_i64(root, "z", 7), 7);
    ck_assert(evac_json_num(root, "t", 7) == 7);
    ck_assert(evac_json_bool(root, "n", true));
    ck_assert(evac_json_bool(root, "missing", true));
    evac_json_free(root);
}
END_TEST

START_TEST(calls_chain_through_what_is_not_there)
{
    struct evac_json *root = parse(sample);
    const struct evac_json *list = evac_json_get(root, "list");
    ck_assert_uint_eq(evac_json_count(list), 4);
    const struct evac_json *v = evac_json_first(list);
    ck_assert_uint_eq(evac_json_text(v).n, 0);
    v = evac_json_next(v);
    ck_assert(evac_str_is(evac_json_text(v), "two"));
    v = evac_json_next(v);
    ck_assert_ptr_nonnull(evac_json_get(v, "x"));
    ck_assert(evac_str_is(evac_json_key(evac_json_first(v)), "x"));
    ck_assert_ptr_null(evac_json_get(evac_json_get(evac_json_get(v, "x"), "y"), "z"));
    ck_assert_ptr_null(evac_json_get(list, "x"));
    ck_assert_ptr_null(evac_json_next(NULL));
    ck_assert_ptr_null(evac_json_first(NULL));
    ck_assert_uint_eq(evac_json_count(NULL), 0);
    ck_assert_uint_eq(evac_json_text(NULL).n, 0);
    ck_assert_uint_eq(evac_json_key(NULL).n, 0);
    ck_assert_uint_eq(evac_json_key(root).n, 0);
    evac_json_free(root);
    evac_json_free(NULL);
}
END_TEST

/* clang-format off */
static const struct {
    const char *text, *says;
} bad[] = {
    { "", "not a JSON value" },
    { "   ", "not a JSON value" },
    { "nul", "not a JSON value" },
    { "<a/>", "not a JSON value" },
    { "{", "not a JSON value" },
    { "{\"a\":1,}", "not a JSON value" },
    { "{a:1}", "not a JSON value" },
    { "[1 2]", "not a JSON value" },
    { "{\"a\":1} x", "text after" },
    { "{}{}", "text after" },
    { "\"open", "does not end" },
    { "{\"a\":\"b\\\"}", "does not end" },
    { "{\"a\":1,\"b\":2,\"a\":3}", "'a' is there twice" },
    { "[{\"x\":{\"k\":1,\"k\":1}}]", "'k' is there twice" },
    { "{\"a\":\"x\\u0000y\"}", "\\u0000" },
    { "{\"a\":\"line\nbreak\"}", "control character" },
    { "{\"a\":\"\\ud800\"}", "not a JSON value" },
};
/* clang-format on */

START_TEST(what_is_no_plain_json_is_refused)
{
    struct evac_json *root = NULL;
    struct evac_err err = { 0 };
    ck_assert_int_eq(evac_json_parse(evac_str(bad[_i].text), &root, &err), EVAC_E_PARSE);
    ck_assert_msg(strstr(err.text, bad[_i].says), "%s", err.text);
    ck_assert_ptr_null(root);
}
END_TEST

START_TEST(a_zero_byte_is_refused)
{
    struct evac_json *root = NULL;
    struct evac_str text = EVAC_STR("{\"a\":1}\0{\"b\":2}");
    ck_assert_int_eq(evac_json_parse(text, &root, NULL), EVAC_E_PARSE);
    ck_assert_ptr_null(root);
}
END_TEST

START_TEST(a_value_cut_anywhere_is_refused)
{
    for (size_t n = 0; n < sizeof sample - 3; n++) {
        struct evac_json *root = NULL;
        struct evac_str cut = { sample, n };
        ck_assert_msg(evac_json_parse(cut, &root, NULL) != EVAC_OK, "%.*s", (int)n, sample);
        ck_assert_ptr_null(root);
    }
}
END_TEST

/* Runs once for each bit pattern: a good text, damaged at each byte in turn. */
START_TEST(a_damaged_value_is_read_or_refused_never_worse)
{
    char text[sizeof sample];
    for (size_t i = 0; i < sizeof sample - 1; i++) {
        struct evac_json *root = NULL;
        memcpy(text, sample, sizeof sample);
        text[i] = (char)(text[i] ^ (char)(_i + 1));
        if (evac_json_parse((struct evac_str){ text, sizeof sample - 1 }, &root, NULL) == EVAC_OK)
            evac_json_free(root);
    }
}
END_TEST

static enum evac_code repeated(const char *open, const char *part, const char *close,
                               unsigned count, const char *end)
{
    struct evac_buf buf;
    struct evac_json *root = NULL;
    evac_buf_init(&buf, 16u << 20);
    evac_buf_puts(&buf, open);
    for (unsigned i = 0; i < count; i++)
        evac_buf_puts(&buf, part);
    for (unsigned i = 0; i < count; i++)
        evac_buf_puts(&buf, close);
    evac_buf_puts(&buf, end);
    ck_assert(!buf.failed);
    enum evac_code code = evac_json_parse(evac_buf_str(&buf), &root, NULL);
    evac_buf_done(&buf);
    evac_json_free(root);
    return code;
}

START_TEST(every_limit_holds)
{
    ck_assert_int_eq(repeated("", "[", "]", 64, ""), EVAC_OK);
    ck_assert_int_eq(repeated("", "[", "]", 65, ""), EVAC_E_TOOBIG);
    ck_assert_int_eq(repeated("", "{\"a\":", "}", 64, ""), EVAC_E_PARSE);
    ck_assert_int_eq(repeated("", "[", "", 100000, ""), EVAC_E_TOOBIG);
    ck_assert_int_eq(repeated("[0", ",0", "", 499000, "]"), EVAC_OK);
    ck_assert_int_eq(repeated("[0", ",0", "", 500001, "]"), EVAC_E_TOOBIG);
    ck_assert_int_eq(repeated("\"", "0123456789", "", 420000, "\""), EVAC_E_TOOBIG);
}
END_TEST

START_TEST(an_object_of_very_many_keys_is_checked_in_time)
{
    struct evac_buf buf;
    struct evac_json *root = NULL;
    evac_buf_init(&buf, 4u << 20);
    for (unsigned i = 0; i < 200000; i++)
        evac_buf_putf(&buf, "%c\"k%u\":1", i ? ',' : '{', i);
    evac_buf_puts(&buf, "}");
    ck_assert_int_eq(evac_json_parse(evac_buf_str(&buf), &root, NULL), EVAC_OK);
    evac_json_free(root);
    evac_buf_done(&buf);
}
END_TEST

static void make_cases(Suite *suite)
{
    TCase *tc = tcase_create("aws_json");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, values_are_read_by_name_and_type);
    tcase_add_test(tc, another_type_or_nothing_gives_the_fallback);
    tcase_add_test(tc, calls_chain_through_what_is_not_there);
    tcase_add_loop_test(tc, what_is_no_plain_json_is_refused, 0, COUNT(bad));
    tcase_add_test(tc, a_zero_byte_is_refused);
    tcase_add_test(tc, a_value_cut_anywhere_is_refused);
    tcase_add_loop_test(tc, a_damaged_value_is_read_or_refused_never_worse, 0, 127);
    tcase_add_test(tc, every_limit_holds);
    tcase_add_test(tc, an_object_of_very_many_keys_is_checked_in_time);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("aws_json", make_cases)
