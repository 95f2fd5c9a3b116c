#include "suite.h"
#include "web.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

static const char *after(const char *text, const char *mark)
{
    const char *at = strstr(text, mark);
    ck_assert_msg(at != NULL, "no %s", mark);
    return at + strlen(mark);
}

/* 'sha256-...' of what stands between the tags of the document that is served. */
static void hash_between(const struct evac_web_asset *page, const char *open, const char *close,
                         char out[80])
{
    unsigned char sum[32];
    char base64[48];
    const char *begin = after(page->bytes, open), *end = strstr(begin, close);
    ck_assert_ptr_nonnull(end);
    ck_assert_int_eq(EVP_Digest(begin, (size_t)(end - begin), sum, NULL, EVP_sha256(), NULL), 1);
    EVP_EncodeBlock((unsigned char *)base64, sum, sizeof sum);
    snprintf(out, 80, "'sha256-%s'", base64);
}

START_TEST(the_page_is_one_document_with_a_tag_and_a_policy)
{
    struct evac_web_asset page, same;
    ck_assert(evac_web_asset(EVAC_STR("/"), &page));
    ck_assert(evac_web_asset(EVAC_STR("/index.html"), &same));
    ck_assert_ptr_eq(page.bytes, same.bytes);
    ck_assert_uint_eq(page.n, strlen(page.bytes));
    ck_assert_str_eq(page.content_type, "text/html; charset=utf-8");
    ck_assert_uint_eq(strlen(page.etag), 66);
    ck_assert_uint_eq(strspn(page.etag + 1, "0123456789abcdef"), 64);
}
END_TEST

START_TEST(the_policy_allows_this_style_and_this_script_and_no_other)
{
    struct evac_web_asset page;
    char hash[80], want[120];
    ck_assert(evac_web_asset(EVAC_STR("/"), &page));
    ck_assert(strncmp(page.csp, "default-src 'none';", 19) == 0);
    hash_between(&page, "<style>", "</style>", hash);
    snprintf(want, sizeof want, "; style-src %s;", hash);
    (void)after(page.csp, want);
    hash_between(&page, "<script type=\"module\">", "</script>", hash);
    snprintf(want, sizeof want, "; script-src %s;", hash);
    (void)after(page.csp, want);
    ck_assert_ptr_null(strstr(page.csp, "unsafe"));
    ck_assert_ptr_null(strstr(page.csp, "http"));
}
END_TEST

START_TEST(the_page_names_no_other_host_and_no_style_of_its_own)
{
    struct evac_web_asset page;
    ck_assert(evac_web_asset(EVAC_STR("/"), &page));
    for (const char *at = page.bytes; (at = strstr(at, "http")); at += 4)
        if (strncmp(at, "http://", 7) == 0 || strncmp(at, "https://", 8) == 0)
            ck_assert_msg(strncmp(at, "http://www.w3.org/2000/svg", 26) == 0, "%.40s", at);
    ck_assert_ptr_null(strstr(page.bytes, " style=\""));
    ck_assert_ptr_null(strstr(page.bytes, "innerHTML"));
    ck_assert_ptr_null(strstr(page.bytes, "eval("));
}
END_TEST

START_TEST(nothing_else_is_there)
{
    struct evac_web_asset page;
    ck_assert(!evac_web_asset(EVAC_STR(""), &page));
    ck_assert(!evac_web_asset(EVAC_STR("/main.js"), &page));
    ck_assert(!evac_web_asset(EVAC_STR("/../etc/passwd"), &page));
    ck_assert(!evac_web_asset(EVAC_STR("//"), &page));
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("web");
    tcase_add_test(tc, the_page_is_one_document_with_a_tag_and_a_policy);
    tcase_add_test(tc, the_policy_allows_this_style_and_this_script_and_no_other);
    tcase_add_test(tc, the_page_names_no_other_host_and_no_style_of_its_own);
    tcase_add_test(tc, nothing_else_is_there);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("web", cases)
