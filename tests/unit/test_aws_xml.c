/* The XML reader: what it gives, and what it refuses. */
#include "aws_xml.h"
#include "aws_xml_plain.h"
#include "evac/buf.h"
#include "suite.h"

#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct evac_arena *arena;

static void setup(void)
{
    arena = evac_arena_new();
}

static void teardown(void)
{
    evac_arena_free(arena);
}

static const struct evac_xml *parse(const char *text)
{
    const struct evac_xml *root = NULL;
    struct evac_err err = { 0 };
    enum evac_code code = evac_xml_parse(evac_str(text), arena, &root, &err);
    ck_assert_msg(code == EVAC_OK, "%s", err.text);
    return root;
}

/* RDS nests lists whose elements have the same name as the outer ones. */
static const char globals[] =
    "<?xml version=\"1.0\"?>\n<r:Resp xmlns:r=\"http://x/\" xmlns=\"http://y/\">"
    "<GlobalClusters>"
    "<GlobalClusterMember><Id>one</Id><GlobalClusterMembers>"
    "<GlobalClusterMember><Arn>a1</Arn></GlobalClusterMember>"
    "<GlobalClusterMember><Arn>a2</Arn></GlobalClusterMember>"
    "</GlobalClusterMembers></GlobalClusterMember>\n"
    "<Other/><GlobalClusterMember z=\"1\"><Id> &lt;two&gt; &#x41;<![CDATA[<&]]></Id>"
    "</GlobalClusterMember></GlobalClusters></r:Resp>";

START_TEST(a_tree_is_walked_step_by_step)
{
    const struct evac_xml *root = parse(globals);
    ck_assert(evac_str_is(root->name, "Resp"));
    const struct evac_xml *list = evac_xml_path(root, "GlobalClusters");
    const struct evac_xml *one = evac_xml_child(list, "GlobalClusterMember");
    ck_assert(evac_str_is(evac_xml_text(one, "Id"), "one"));
    const struct evac_xml *inner = evac_xml_path(one, "GlobalClusterMembers/GlobalClusterMember");
    ck_assert(evac_str_is(evac_xml_text(inner, "Arn"), "a1"));
    inner = evac_xml_again(inner);
    ck_assert(evac_str_is(evac_xml_text(inner, "Arn"), "a2"));
    ck_assert_ptr_null(evac_xml_again(inner));
    const struct evac_xml *two = evac_xml_again(one);
    ck_assert(evac_str_is(evac_xml_text(two, "Id"), " <two> A<&"));
    ck_assert_ptr_null(evac_xml_again(two));
}
END_TEST

START_TEST(what_is_not_there_is_nothing_and_calls_chain)
{
    const struct evac_xml *root = parse("<a><b>x</b></a>");
    ck_assert_ptr_null(evac_xml_path(root, "b/c/d"));
    ck_assert_ptr_null(evac_xml_child(evac_xml_child(NULL, "x"), "y"));
    ck_assert_ptr_null(evac_xml_again(NULL));
    ck_assert_uint_eq(evac_xml_text(root, "b/c").n, 0);
    ck_assert_uint_eq(evac_xml_text(NULL, "b").n, 0);
    ck_assert(evac_str_is(evac_xml_text(root, "b"), "x"));
    ck_assert_ptr_eq(evac_xml_path(root, ""), root);
}
END_TEST

START_TEST(text_around_children_is_kept_in_order)
{
    const struct evac_xml *root = parse("<a>one<b>inner</b>two<c/>three</a>");
    ck_assert(evac_str_is(root->text, "onetwothree"));
    ck_assert(evac_str_is(evac_xml_text(root, "b"), "inner"));
}
END_TEST

/* clang-format off */
static const struct {
    const char *text, *says;
} bad[] = {
    { "", "no element" },
    { "   ", "no element" },
    { "plain words", "line 1" },
    { "{\"json\":1}", "line 1" },
    { "<a>", "no element" },
    { "<a></b>", "mismatched" },
    { "<a/><b/>", "junk" },
    { "<a b=1/>", "not well-formed" },
    { "<a b=\"1\" b=\"2\"/>", "duplicate" },
    { "<x:/>", "a prefix and no name" },
    { "<a>&undefined;</a>", "undefined entity" },
    { "<a>\x01</a>", "not well-formed" },
    { "<a>\xff\xfe</a>", "not well-formed" },
    { "<!DOCTYPE a><a/>", "document type" },
    { "<!DOCTYPE a SYSTEM \"http://x/\"><a/>", "document type" },
    { "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "document type" },
    { "<!DOCTYPE a [<!ENTITY % b SYSTEM \"file:///etc/passwd\">%b;]><a/>", "document type" },
    { "<?xml version=\"1.0\" encoding=\"klingon\"?><a/>", "encoding" },
};
/* clang-format on */

START_TEST(what_is_no_plain_xml_is_refused_with_a_place)
{
    const struct evac_xml *root = NULL;
    struct evac_err err = { 0 };
    ck_assert_int_eq(evac_xml_parse(evac_str(bad[_i].text), arena, &root, &err), EVAC_E_PARSE);
    ck_assert_msg(strstr(err.text, bad[_i].says) && strstr(err.text, "line"), "%s", err.text);
    ck_assert_ptr_null(root);
}
END_TEST

START_TEST(a_document_cut_anywhere_is_refused)
{
    for (size_t n = 0; n < sizeof globals - 1; n++) {
        const struct evac_xml *root = NULL;
        struct evac_str cut = { globals, n };
        ck_assert_msg(evac_xml_parse(cut, arena, &root, NULL) != EVAC_OK, "%.*s", (int)n, globals);
        ck_assert_ptr_null(root);
    }
}
END_TEST

/* Every byte of a good document replaced by every other: no crash, and a tree only if it is one. */
START_TEST(a_damaged_document_is_read_or_refused_never_worse)
{
    char text[sizeof globals];
    for (size_t i = 0; i < sizeof globals - 1; i += 3) {
        const struct evac_xml *root = NULL;
        struct evac_arena *own = evac_arena_new();
        memcpy(text, globals, sizeof globals);
        text[i] = (char)(text[i] ^ (char)(_i + 1));
        if (evac_xml_parse((struct evac_str){ text, sizeof globals - 1 }, own, &root, NULL) ==
            EVAC_OK)
            ck_assert_ptr_nonnull(root);
        evac_arena_free(own);
    }
}
END_TEST

static bool same(const struct evac_xml *a, const struct evac_xml *b)
{
    for (; a && b; a = a->next, b = b->next)
        if (!evac_str_eq(a->name, b->name) || !evac_str_eq(a->text, b->text) ||
            !same(a->first, b->first))
            return false;
    return !a && !b;
}

/* What the plain reader takes, expat takes as the same tree: with a comment behind it, it is
 * expat's. */
static const char answer[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Resp xmlns=\"https://x/2014-10-31/\"><Result>\n"
    "  <A>one&amp;two &lt;&gt;&quot;&apos;&#39;&#34;</A> <B/><c_1.d-e x=\"1\"/> > <A></A>\n"
    "</Result><Id>x</Id></Resp>\n";

START_TEST(what_is_plain_is_read_as_expat_reads_it)
{
    char text[sizeof answer + sizeof "<!---->"];
    const size_t n = sizeof answer - 1;
    ck_assert_ptr_nonnull(evac_xml_plain(evac_str(answer), arena));
    for (size_t i = 0; i < n; i++) {
        const struct evac_xml *other = NULL;
        struct evac_arena *own = evac_arena_new();
        memcpy(text, answer, sizeof answer);
        text[i] = (char)(text[i] ^ (char)_i);
        const struct evac_xml *plain = evac_xml_plain((struct evac_str){ text, n }, own);
        memcpy(text + n, "<!---->", sizeof "<!---->");
        if (plain)
            ck_assert_int_eq(evac_xml_parse(evac_str(text), own, &other, NULL), EVAC_OK);
        ck_assert_msg(!plain || same(plain, other), "%s", text);
        evac_arena_free(own);
    }
}
END_TEST

static enum evac_code parse_buf(struct evac_buf *buf, struct evac_err *err)
{
    const struct evac_xml *root = NULL;
    ck_assert(!buf->failed);
    enum evac_code code = evac_xml_parse(evac_buf_str(buf), arena, &root, err);
    evac_buf_done(buf);
    return code;
}

static enum evac_code nested(unsigned depth)
{
    struct evac_buf buf;
    evac_buf_init(&buf, 16u << 20);
    for (unsigned i = 0; i < depth; i++)
        evac_buf_puts(&buf, "<a>");
    for (unsigned i = 0; i < depth; i++)
        evac_buf_puts(&buf, "</a>");
    return parse_buf(&buf, NULL);
}

static enum evac_code siblings(unsigned count)
{
    struct evac_buf buf;
    evac_buf_init(&buf, 16u << 20);
    evac_buf_puts(&buf, "<r>");
    for (unsigned i = 0; i < count; i++)
        evac_buf_puts(&buf, "<a/>");
    evac_buf_puts(&buf, "</r>");
    return parse_buf(&buf, NULL);
}

START_TEST(every_limit_holds_exactly)
{
    ck_assert_int_eq(nested(64), EVAC_OK);
    ck_assert_int_eq(nested(65), EVAC_E_TOOBIG);
    ck_assert_int_eq(nested(100000), EVAC_E_TOOBIG);
    ck_assert_int_eq(siblings(199999), EVAC_OK);
    ck_assert_int_eq(siblings(200000), EVAC_E_TOOBIG);
}
END_TEST

START_TEST(a_document_of_more_than_four_megabytes_is_refused_unread)
{
    struct evac_buf buf;
    struct evac_err err = { 0 };
    evac_buf_init(&buf, 16u << 20);
    evac_buf_puts(&buf, "<a>");
    while (buf.n < (4u << 20))
        evac_buf_puts(&buf, "0123456789abcdef0123456789abcdef");
    evac_buf_puts(&buf, "</a>");
    ck_assert_int_eq(parse_buf(&buf, &err), EVAC_E_TOOBIG);
    ck_assert(strstr(err.text, "4194304"));
}
END_TEST

START_TEST(one_text_of_megabytes_arrives_whole)
{
    struct evac_buf buf;
    const struct evac_xml *root = NULL;
    evac_buf_init(&buf, 16u << 20);
    evac_buf_puts(&buf, "<a>");
    while (buf.n < (4u << 20) - 64)
        evac_buf_puts(&buf, "0123456789abcdef");
    size_t n = buf.n - 3;
    evac_buf_puts(&buf, "</a>");
    ck_assert_int_eq(evac_xml_parse(evac_buf_str(&buf), arena, &root, NULL), EVAC_OK);
    ck_assert_uint_eq(root->text.n, n);
    evac_buf_done(&buf);
}
END_TEST

static void make_cases(Suite *suite)
{
    TCase *tc = tcase_create("aws_xml");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_tree_is_walked_step_by_step);
    tcase_add_test(tc, what_is_not_there_is_nothing_and_calls_chain);
    tcase_add_test(tc, text_around_children_is_kept_in_order);
    tcase_add_loop_test(tc, what_is_no_plain_xml_is_refused_with_a_place, 0, COUNT(bad));
    tcase_add_test(tc, a_document_cut_anywhere_is_refused);
    tcase_add_loop_test(tc, a_damaged_document_is_read_or_refused_never_worse, 0, 64);
    tcase_add_loop_test(tc, what_is_plain_is_read_as_expat_reads_it, 0, 256);
    tcase_add_test(tc, every_limit_holds_exactly);
    tcase_add_test(tc, a_document_of_more_than_four_megabytes_is_refused_unread);
    tcase_add_test(tc, one_text_of_megabytes_arrives_whole);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("aws_xml", make_cases)
