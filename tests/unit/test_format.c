#include "format.h"
#include "hash.h"
#include "suite.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static void both(char *ours, int *ret_ours, char *theirs, int *ret_theirs, size_t room,
                 const char *fmt, ...) __attribute__((format(printf, 6, 7)));
static void both(char *ours, int *ret_ours, char *theirs, int *ret_theirs, size_t room,
                 const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    *ret_ours = evac_vformat(ours, room, fmt, ap);
    va_end(ap);
    va_start(ap, fmt);
    *ret_theirs = vsnprintf(theirs, room, fmt, ap);
    va_end(ap);
}

#define SAME(...)                                                                                  \
    do {                                                                                           \
        char a[128], b[128];                                                                       \
        int n, m;                                                                                  \
        for (size_t room = 1; room < sizeof a; room += 9) {                                        \
            both(a, &n, b, &m, room, __VA_ARGS__);                                                 \
            ck_assert_int_eq(n, m);                                                                \
            ck_assert_str_eq(a, b);                                                                \
        }                                                                                          \
    } while (0)

START_TEST(a_text_is_what_the_library_would_have_written)
{
    SAME("plain");
    SAME("%s and %s%%", "one", "");
    SAME("%.*s|%.*s|", 3, "cut short", 20, "not cut");
    SAME("%d %i %u %c", -7, INT_MIN, 4000000000u, 'x');
    SAME("%ld %lu %lld %llu %zu %zd", LONG_MIN, ULONG_MAX, LLONG_MIN, ULLONG_MAX, SIZE_MAX,
         (ssize_t)-5);
    SAME("%02x%02X %04u %03d %08llx", 5u, 0xabu, 7u, -2, 0xdeadull);
    SAME("%06d %x", 0, 0u);
}
END_TEST

START_TEST(what_it_does_not_know_the_library_writes)
{
    SAME("%5d|%-8s|%.3f|%+d", 3, "left", 2.5, 4);
    SAME("%s then %10.4g and %s", "before", 1234.5678, "after");
    SAME("%.3s|%hhd|%jd", "precision", (signed char)3, (intmax_t)9);
    SAME("%#x %p", 255u, (void *)0);
}
END_TEST

/* RFC 4231, test cases 1 and 2; FIPS 180-4's example. */
START_TEST(hashes_are_the_published_ones_however_often_they_are_asked_for)
{
    static const unsigned char key[20] = { 11, 11, 11, 11, 11, 11, 11, 11, 11, 11,
                                           11, 11, 11, 11, 11, 11, 11, 11, 11, 11 };
    static const unsigned char hi[4] = { 0xb0, 0x34, 0x4c, 0x61 },
                               jefe[4] = { 0x5b, 0xdc, 0xc1, 0x46 };
    const struct evac_str parts[] = { EVAC_STR("a"), EVAC_STR_NONE, EVAC_STR("bc") };
    unsigned char mac[32], hash[32], whole[32];
    char hex[EVAC_SHA256_HEX_BYTES];
    for (int i = 0; i < 3; i++) {
        evac_hmac_sha256(key, sizeof key, EVAC_STR("Hi There"), mac);
        ck_assert_mem_eq(mac, hi, sizeof hi);
        evac_hmac_sha256("Jefe", 4, EVAC_STR("what do ya want for nothing?"), mac);
        ck_assert_mem_eq(mac, jefe, sizeof jefe);
        evac_sha256_hex(EVAC_STR("abc"), hex);
        ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        evac_sha256_parts(parts, 3, hash);
        evac_sha256(EVAC_STR("abc"), whole);
        ck_assert_mem_eq(hash, whole, sizeof hash);
    }
    evac_sha256_hex(EVAC_STR_NONE, hex);
    ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    evac_hmac_sha256("", 0, EVAC_STR_NONE, mac);
    ck_assert_uint_eq(mac[0], 0xb6);
}
END_TEST

/* RFC 4231, test case 6: a key longer than a block. */
START_TEST(a_long_key_is_hashed_first_and_a_mac_may_take_its_place)
{
    static const unsigned char is[4] = { 0x60, 0xe4, 0x31, 0x59 };
    unsigned char key[131];
    memset(key, 0xaa, sizeof key);
    evac_hmac_sha256(key, sizeof key,
                     EVAC_STR("Test Using Larger Than Block-Size Key - Hash Key First"), key);
    ck_assert_mem_eq(key, is, sizeof is);
}
END_TEST

START_TEST(a_text_that_comes_again_has_the_same_hash_and_its_neighbour_another)
{
    char text[12], hex[EVAC_SHA256_HEX_BYTES], again[EVAC_SHA256_HEX_BYTES];
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 20; i++) {
            struct evac_str s = { text, (size_t)snprintf(text, sizeof text, "text %d", i) };
            evac_sha256_hex(s, hex);
            evac_sha256_hex_again(s, again);
            ck_assert_str_eq(again, hex);
            evac_sha256_hex_again(s, again);
            ck_assert_str_eq(again, hex);
        }
    evac_sha256_hex_again(EVAC_STR_NONE, again);
    ck_assert_str_eq(again, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("format");
    tcase_add_test(tc, a_text_is_what_the_library_would_have_written);
    tcase_add_test(tc, what_it_does_not_know_the_library_writes);
    tcase_add_test(tc, hashes_are_the_published_ones_however_often_they_are_asked_for);
    tcase_add_test(tc, a_long_key_is_hashed_first_and_a_mac_may_take_its_place);
    tcase_add_test(tc, a_text_that_comes_again_has_the_same_hash_and_its_neighbour_another);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("format", add_cases)
