/* What evac_jw wrote is read back; what was altered, in whatever way, is not. */
#include "jr.h"
#include "jw.h"
#include "suite.h"

#include <string.h>

struct thing {
    int64_t number;
    bool flag, more;
    struct evac_str text, name, value;
    size_t count;
    int64_t list[4];
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

static void put(const struct thing *t, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_i64(&w, "number", t->number);
    evac_jw_bool(&w, "flag", t->flag);
    if (t->more)
        evac_jw_bool(&w, "more", true);
    evac_jw_str(&w, "text", t->text);
    evac_jw_open(&w, "args", '{');
    evac_jw_str(&w, t->name.p, t->value);
    evac_jw_close(&w, '}');
    evac_jw_open(&w, "list", '[');
    for (size_t i = 0; i < t->count; i++)
        evac_jw_i64(&w, NULL, t->list[i]);
    evac_jw_close(&w, ']');
    evac_jw_close(&w, '}');
}

static const char *take(struct evac_str text, struct thing *t)
{
    struct evac_jr r = { .left = text, .arena = arena };
    evac_jr_open(&r, NULL, '{');
    t->number = evac_jr_i64(&r, "number", INT64_MIN, INT64_MAX);
    t->flag = evac_jr_bool(&r, "flag");
    t->more = evac_jr_has(&r, "more") && evac_jr_bool(&r, "more");
    t->text = evac_jr_str(&r, "text");
    evac_jr_open(&r, "args", '{');
    size_t args = evac_jr_count(&r);
    t->name = evac_jr_name(&r);
    t->value = evac_jr_str(&r, NULL);
    evac_jr_close(&r, '}');
    evac_jr_open(&r, "list", '[');
    size_t most = evac_jr_count(&r);
    for (t->count = 0; t->count < 4 && evac_jr_more(&r); t->count++)
        t->list[t->count] = evac_jr_i64(&r, NULL, -9, 99);
    evac_jr_close(&r, ']');
    evac_jr_close(&r, '}');
    evac_jr_end(&r);
    if (!r.bad)
        ck_assert(args == 1 && most == t->count);
    return r.bad;
}

static const struct thing whole = {
    .number = INT64_MIN,
    .flag = true,
    .more = true,
    .text = { "a \"b\" \\ \b\f\n\r\t \x01\x1f\x7f {[,]} \xc3\xa4\xe2\x82\xac", 29 },
    .name = { "wh\"at", 5 },
    .value = { "x,]}", 4 },
    .count = 3,
    .list = { 0, -9, 99 },
};

static void same(const struct thing *t)
{
    struct thing back = { .number = 0 };
    struct evac_buf out;
    evac_buf_init(&out, 65536);
    put(t, &out);
    const char *bad = take(evac_buf_str(&out), &back);
    ck_assert_msg(!bad, "%s: %s", bad, out.p);
    ck_assert_int_eq(back.number, t->number);
    ck_assert(back.flag == t->flag && back.more == t->more && back.count == t->count);
    ck_assert(evac_str_eq(back.text, t->text) && evac_str_eq(back.name, t->name) &&
              evac_str_eq(back.value, t->value));
    ck_assert_mem_eq(back.list, t->list, t->count * sizeof t->list[0]);
    evac_buf_done(&out);
}

START_TEST(what_was_written_is_read)
{
    struct thing t = whole;
    same(&t);
    t.text = EVAC_STR("\"");
    same(&t);
    t.number = INT64_MAX;
    t.flag = t.more = false;
    t.count = 0;
    t.text = t.value = EVAC_STR_NONE;
    same(&t);
}
END_TEST

START_TEST(a_part_of_it_is_refused)
{
    struct thing t;
    struct evac_buf out;
    evac_buf_init(&out, 65536);
    put(&whole, &out);
    for (size_t n = 0; n < out.n; n++) {
        char *part = memcpy(evac_arena_alloc(arena, n + 1), out.p, n); /* nothing behind it */
        ck_assert_ptr_nonnull(take((struct evac_str){ part, n }, &t));
    }
    evac_buf_putc(&out, ' ');
    ck_assert_ptr_nonnull(take(evac_buf_str(&out), &t));
    evac_buf_done(&out);
}
END_TEST

#define THING(number, text, args, list)                                                            \
    "{\"number\":" number ",\"flag\":true,\"text\":" text ",\"args\":{" args "},\"list\":[" list   \
    "]}"

static const char *const wrong[] = {
    THING("1.5", "\"\"", "\"a\":\"\"", "1"),
    THING("\"1\"", "\"\"", "\"a\":\"\"", "1"),
    THING("9223372036854775808", "\"\"", "\"a\":\"\"", "1"),
    THING("", "\"\"", "\"a\":\"\"", "1"),
    THING("1", "\"\\q\"", "\"a\":\"\"", "1"),
    THING("1", "\"\\u0000\"", "\"a\":\"\"", "1"),
    THING("1", "\"\\u00e4\"", "\"a\":\"\"", "1"),
    THING("1", "\"\\u00\"", "\"a\":\"\"", "1"),
    THING("01", "\"\"", "\"a\":\"\"", "1"), /* JSON, but not as jw writes it */
    THING("-0", "\"\"", "\"a\":\"\"", "1"),
    THING("1", "\"\\u0041\"", "\"a\":\"\"", "1"),
    THING("1", "\"\\u000a\"", "\"a\":\"\"", "1"),
    THING("1", "\"\\u001F\"", "\"a\":\"\"", "1"),
    THING("1", "\"\\/\"", "\"a\":\"\"", "1"),
    THING("1", "\"\x7f\"", "\"a\":\"\"", "1"),
    THING("1", "\"\xff\"", "\"a\":\"\"", "1"),
    THING("1", "\"\n\"", "\"a\":\"\"", "1"),
    THING("1", "null", "\"a\":\"\"", "1"),
    THING("1", "\"\"", "\"a\" :\"\"", "1"),
    THING("1", "\"\"", "\"a\":1", "1"),
    THING("1", "\"\"", "\"a\":\"\"", "100"),
    THING("1", "\"\"", "\"a\":\"\"", "-10"),
    THING("1", "\"\"", "\"a\":\"\"", "1,"),
    THING("1", "\"\"", "\"a\":\"\"", "1,2,3,4,5"),
    "[]",
    "{\"flag\":true,\"number\":1,\"text\":\"\",\"args\":{\"a\":\"\"},\"list\":[]}",
    "{\"number\":1,\"flag\":1,\"text\":\"\",\"args\":{\"a\":\"\"},\"list\":[]}",
};

START_TEST(what_nobody_wrote_is_refused)
{
    struct thing t;
    ck_assert_ptr_null(take(evac_str(THING("1", "\"\"", "\"a\":\"\"", "1")), &t));
    ck_assert_msg(take(evac_str(wrong[_i]), &t) != NULL, "%s", wrong[_i]);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("jr");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, what_was_written_is_read);
    tcase_add_test(tc, a_part_of_it_is_refused);
    tcase_add_loop_test(tc, what_nobody_wrote_is_refused, 0, sizeof wrong / sizeof wrong[0]);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("jr", add_cases)
