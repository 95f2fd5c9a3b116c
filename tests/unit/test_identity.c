/* Tokens and sessions as the journal folds them, who is one with whom, and how much an address may
 * ask. */
#include "passes.h"
#include "people.h"
#include "principal.h"
#include "suite.h"
#include "throttle.h"

#include "evac/buf.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define NOW   INT64_C(1800000000000)
#define LATER (NOW + 60000)

static struct evac_passes *all;
static struct evac_minted minted;
static struct evac_buf data;

static void set_up(void)
{
    all = evac_passes_new();
    evac_buf_init(&data, 65536);
}

static void tear_down(void)
{
    evac_passes_free(all);
    evac_secret_done(&minted.text);
    evac_buf_done(&data);
}

/* --- the journal's rows
 * ----------------------------------------------------------------------- */

static struct evac_record row_of(const struct evac_pass *pass)
{
    bool token = pass->kind == EVAC_PASS_TOKEN;
    evac_buf_reset(&data);
    evac_pass_data(pass, &data);
    return (struct evac_record){ .kind = token ? EVAC_RECORD_TOKEN : EVAC_RECORD_SESSION,
                                 .t_wall_ms = NOW,
                                 .number = pass->ends_ms,
                                 .name = token ? pass->name : pass->id,
                                 .to = token ? EVAC_STR("created") : EVAC_STR("begun"),
                                 .who = EVAC_STR("uid:1000(ann)"),
                                 .data = evac_buf_str(&data) };
}

static struct evac_pass a_token(const char *name)
{
    static const struct evac_str apps[] = { { "shop", 4 } };
    evac_secret_done(&minted.text);
    evac_pass_mint(EVAC_PASS_TOKEN, &minted);
    struct evac_pass pass = { .kind = EVAC_PASS_TOKEN,
                              .id = evac_str(minted.id),
                              .name = evac_str(name),
                              .person = EVAC_STR("uid:1000(ann)"),
                              .scoped = true,
                              .scope = { .roles = EVAC_ROLE_BIT(EVAC_ROLE_OPERATOR),
                                         .granted = EVAC_ROLE_BIT(EVAC_ROLE_OPERATOR),
                                         .apps = apps,
                                         .app_count = 1 },
                              .ends_ms = NOW + 100000 };
    memcpy(pass.digest, minted.digest, sizeof pass.digest);
    return pass;
}

static void add(const struct evac_pass *pass)
{
    const struct evac_record row = row_of(pass);
    evac_passes_row(all, &row);
}

static void revoke_it(const char *id)
{
    char text[64];
    snprintf(text, sizeof text, "{\"id\":\"%s\"}", id);
    const struct evac_record row = { .kind = EVAC_RECORD_TOKEN,
                                     .t_wall_ms = LATER,
                                     .to = EVAC_STR("revoked"),
                                     .who = EVAC_STR("uid:0(root)"),
                                     .data = evac_str(text) };
    evac_passes_row(all, &row);
}

static const struct evac_pass *check(struct evac_str text, int64_t now, bool *ret_guessed)
{
    const char *why;
    return evac_passes_check(all, EVAC_PASS_TOKEN, text, now, &why, ret_guessed);
}

START_TEST(a_token_is_known_by_its_text_and_by_nothing_else)
{
    bool guessed;
    const struct evac_pass pass = a_token("ci");
    add(&pass);
    struct evac_str text = evac_secret_reveal(&minted.text);
    const struct evac_pass *found = check(text, NOW, &guessed);
    ck_assert(found && evac_str_is(found->principal, "token:ci"));
    ck_assert_int_eq(found->used_ms, NOW);
    ck_assert(evac_str_is(found->scope.apps[0], "shop"));
    for (size_t i = 0; i < text.n; i++) {
        char other[128];
        ck_assert(evac_str_copy(other, sizeof other, text));
        other[i] = other[i] == 'x' ? 'y' : 'x';
        ck_assert_msg(!check(evac_str(other), NOW, &guessed) && guessed, "at %zu", i);
    }
    ck_assert(!check((struct evac_str){ text.p, text.n - 1 }, NOW, &guessed) && guessed);
    ck_assert(!check(EVAC_STR_NONE, NOW, &guessed) && guessed);
}
END_TEST

START_TEST(what_the_journal_has_of_a_token_does_not_open_anything)
{
    bool guessed;
    const struct evac_pass pass = a_token("ci");
    const struct evac_record row = row_of(&pass);
    struct evac_str text = evac_secret_reveal(&minted.text);
    add(&pass);
    ck_assert(!evac_str_has(row.data, text.p + text.n - EVAC_PASS_BITS));
    ck_assert(!check(row.data, NOW, &guessed));
}
END_TEST

START_TEST(an_ended_token_is_no_guess_but_no_use)
{
    bool guessed;
    const struct evac_pass pass = a_token("ci");
    add(&pass);
    struct evac_str text = evac_secret_reveal(&minted.text);
    ck_assert(check(text, pass.ends_ms - 1, &guessed) != NULL);
    ck_assert(!check(text, pass.ends_ms, &guessed) && !guessed);
    revoke_it(minted.id);
    ck_assert(!check(text, NOW, &guessed) && !guessed);
    const struct evac_pass *p = evac_passes_find(all, EVAC_PASS_TOKEN, evac_str(minted.id), LATER);
    ck_assert(evac_str_is(p->ended_by, "uid:0(root)") && p->ended_ms == LATER);
}
END_TEST

START_TEST(a_row_that_is_folded_twice_counts_once)
{
    const struct evac_pass pass = a_token("ci");
    add(&pass);
    add(&pass);
    ck_assert_uint_eq(evac_passes_count(all), 1);
    revoke_it(minted.id);
    add(&pass); /* a replay from the start, after the store was reopened */
    ck_assert_uint_eq(evac_passes_live(all, EVAC_PASS_TOKEN, LATER), 0);
}
END_TEST

START_TEST(a_session_ends_with_the_token_that_opened_it)
{
    struct evac_pass pass = a_token("ci");
    char token_id[EVAC_PASS_ID + 1];
    memcpy(token_id, minted.id, sizeof token_id);
    add(&pass);
    evac_secret_done(&minted.text);
    evac_pass_mint(EVAC_PASS_SESSION, &minted);
    struct evac_pass session = { .kind = EVAC_PASS_SESSION,
                                 .id = evac_str(minted.id),
                                 .principal = EVAC_STR("token:ci"),
                                 .token = evac_str(token_id),
                                 .ends_ms = NOW + 50000 };
    memcpy(session.digest, minted.digest, sizeof session.digest);
    add(&session);
    ck_assert_uint_eq(evac_passes_live(all, EVAC_PASS_SESSION, NOW), 1);
    revoke_it(token_id);
    ck_assert_uint_eq(evac_passes_live(all, EVAC_PASS_SESSION, NOW), 0);
}
END_TEST

START_TEST(no_number_of_tokens_makes_the_list_grow_without_end)
{
    for (int i = 0; i < 6000; i++) {
        char name[32], text[200];
        snprintf(name, sizeof name, "t%d", i);
        snprintf(text, sizeof text,
                 "{\"sha256\":\"%064d\",\"id\":\"id%06d\",\"roles\":[],\"apps\":[]}", i, i);
        const struct evac_record row = { .kind = EVAC_RECORD_TOKEN,
                                         .t_wall_ms = NOW + i * INT64_C(1000),
                                         .number = NOW + i * INT64_C(1000) + 500,
                                         .name = evac_str(name),
                                         .to = EVAC_STR("created"),
                                         .data = evac_str(text) };
        evac_passes_row(all, &row);
    }
    ck_assert_uint_le(evac_passes_count(all), 4096);
    ck_assert(evac_passes_find(all, EVAC_PASS_TOKEN, EVAC_STR("id005999"), NOW));
}
END_TEST

START_TEST(rows_that_make_no_sense_are_left_out)
{
    static const char *const texts[] = { "", "[]", "{}", "{\"sha256\":\"ab\",\"id\":\"x\"}",
                                         "{\"sha256\":7,\"id\":\"x\"}" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct evac_record row = { .kind = EVAC_RECORD_TOKEN,
                                         .name = EVAC_STR("x"),
                                         .to = EVAC_STR("created"),
                                         .number = NOW,
                                         .data = evac_str(texts[i]) };
        evac_passes_row(all, &row);
    }
    revoke_it("nobody");
    ck_assert_uint_eq(evac_passes_count(all), 0);
}
END_TEST

/* --- who
 * -------------------------------------------------------------------------------------- */

static const struct {
    const char *a, *b;
    bool one;
} pairs[] = {
    { "uid:1000(ann)", "uid:1000(ann)", true },
    { "uid:1000(ann)", "uid:1000(anna)", true }, /* the name changed */
    { "uid:1000(ann)", "uid:1001(bob)", false },
    { "uid:1000(ann)", "uid:10001(ann)", false },
    { "token:ci by A for uid:1000(ann)", "uid:1000(ann)", true },
    { "token:ci by A for uid:1000(ann)", "token:cd by B for uid:1000(ann)", true },
    { "token:ci by A for uid:1000(ann)", "token:ci by session:C for uid:1000(ann)", true },
    { "token:ci by A for uid:1000(ann)", "token:cd by B for uid:1001(bob)", false },
    { "oidc:ann by jwt:1", "oidc:ann by jwt:2", true },
    { "oidc:ann by jwt:1", "oidc:bob by jwt:2", false },
    { "oidc:ann by jwt:1", "token:x by B for oidc:ann", true },
    { "cert:ann by sha256:1", "oidc:ann by jwt:1", false },   /* nobody says that they are one */
    { "cert:ann by sha256:1", "cert:bob by sha256:1", true }, /* one credential */
    { "policy", "uid:1000(ann)", false },
    { "offline:ann by 1", "uid:1000(ann)", true },
    { "offline:ann by 1", "uid:1001(bob)", false },
    { "offline:ann by 1 for uid:1000", "uid:1000(a)", true },
    /* the configuration's people */
    { "oidc:ann by jwt:1 for person:ann", "uid:1000(ann) for person:ann", true },
    { "oidc:ann by jwt:1 for person:ann", "uid:1001(bob) for person:bob", false },
    { "uid:1000(ann)", "uid:1000(ann) for person:ann", true }, /* before she was named, and after */
    { "token:ci by A for uid:1000(ann)", "uid:1000(ann) for person:ann", true },
    { "offline:ann by 1", "oidc:a@b by jwt:1 for person:ann", true },
    { "offline:ann by 1", "uid:1000(ann) for person:other", true },
    { "offline:ann by 1", "oidc:a@b by jwt:1 for person:bob", false },
};

/* --- people
 * ----------------------------------------------------------------------------------- */

static const struct {
    const char *who, *named;
} as_people[] = {
    { "uid:1000(ann)", "uid:1000(ann) for person:ann" },
    { "uid:1000(bob)", "uid:1000(bob)" }, /* "uid:ann" says who, not which number */
    { "oidc:ann@example.com by jwt:1", "oidc:ann@example.com by jwt:1 for person:ann" },
    { "token:ci by A for uid:1000(ann)", "token:ci by A for person:ann" },
    { "token:ci by A for uid:1001(bob)", "token:ci by A for uid:1001(bob)" },
    { "token:bot by A for uid:1000(ann)", "token:bot by A for person:kim" }, /* its own is nearer */
    { "offline:kim by 7 for uid:1000(ann)", "offline:kim by 7 for person:kim" },
    { "uid:1000(ann) for person:old", "uid:1000(ann) for person:ann" },
    { "policy", "policy" },
};

static const struct evac_str anns[] = { { "uid:ann", 7 }, { "oidc:ann@example.com", 20 } };
static const struct evac_str kims[] = { { "token:bot", 9 }, { "offline:kim", 11 } };
static const struct evac_person_conf persons[] = {
    { .name = { "ann", 3 }, .principals = anns, .principal_count = 2 },
    { .name = { "kim", 3 }, .principals = kims, .principal_count = 2 },
};
static const struct evac_controller_conf peopled = { .people = persons, .person_count = 2 };

START_TEST(whoever_the_configuration_knows_under_several_names_is_one_person)
{
    char who[EVAC_WHO_MAX];
    ck_assert(evac_people_name(&peopled, evac_str(as_people[_i].who), who));
    ck_assert_str_eq(who, as_people[_i].named);
}
END_TEST

START_TEST(a_word_that_its_person_makes_too_long_is_nobody_s)
{
    char who[EVAC_WHO_MAX], longest[EVAC_WHO_MAX + 1];
    memset(longest, 'x', EVAC_WHO_MAX);
    memcpy(longest, "uid:1000(ann) by ", 17);
    longest[EVAC_WHO_MAX] = '\0';
    ck_assert(!evac_people_name(&peopled, evac_str(longest), who));
    longest[EVAC_WHO_MAX - 16] = '\0'; /* " for person:ann" has 15 */
    ck_assert(evac_people_name(&peopled, evac_str(longest), who));
    longest[EVAC_WHO_MAX - 16] = 'x';
    longest[EVAC_WHO_MAX - 15] = '\0';
    ck_assert(!evac_people_name(&peopled, evac_str(longest), who));
}
END_TEST

START_TEST(two_words_of_one_person_or_by_one_credential_are_one)
{
    struct evac_str a = evac_str(pairs[_i].a), b = evac_str(pairs[_i].b);
    ck_assert_int_eq(evac_who_is_one(a, b), pairs[_i].one);
    ck_assert_int_eq(evac_who_is_one(b, a), pairs[_i].one);
}
END_TEST

START_TEST(what_others_call_somebody_can_not_forge_a_word_of_the_journal)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_str p;
    static const char zero[] = "ann\0@evil";
    char longer[200];
    ck_assert(evac_principal_make(arena, "oidc:", EVAC_STR("x for uid:0(root)"), &p));
    ck_assert(evac_str_is(p, "oidc:x%20for%20uid:0(root)"));
    ck_assert(evac_str_is(evac_who_parts(p).principal, p.p) && !evac_who_parts(p).person.n);
    ck_assert(evac_principal_make(arena, "cert:", (struct evac_str){ zero, 9 }, &p));
    ck_assert(evac_str_is(p, "cert:ann%00@evil"));
    ck_assert(evac_principal_make(arena, "cert:", EVAC_STR("a%00\n\xc3\xa9"), &p));
    ck_assert(evac_str_is(p, "cert:a%2500%0A%C3%A9"));
    memset(longer, 'a', sizeof longer);
    ck_assert(!evac_principal_make(arena, "oidc:", (struct evac_str){ longer, 150 }, &p));
    ck_assert(!evac_principal_make(arena, "oidc:", EVAC_STR_NONE, &p));
    evac_arena_free(arena);
}
END_TEST

/* --- scopes
 * ----------------------------------------------------------------------------------- */

#define V EVAC_ROLE_BIT(EVAC_ROLE_VIEWER)
#define O EVAC_ROLE_BIT(EVAC_ROLE_OPERATOR)
#define P EVAC_ROLE_BIT(EVAC_ROLE_APPROVER)
#define A EVAC_ROLE_BIT(EVAC_ROLE_ADMIN)

static const struct {
    uint32_t roles, granted;
    const char *of; /* the scope's app, NULL all */
    const char *app;
    uint32_t holds;
} scopes[] = {
    { O, O, NULL, "shop", O | V },
    { O, O, NULL, "", O | V },
    { O, O, "shop", "shop", O | V },
    { O, O, "shop", "pay", 0 },
    { O, O, "shop", "", 0 }, /* what is about no app is about all of them */
    { O | P, O, NULL, "shop", O | V },
    { O | P, P, NULL, "shop", O | P | V }, /* operators are named: token:ci is one of them */
    { A, 0, NULL, "shop", 0 },             /* admins are named, and it is none of them */
    { V, V, "shop", "shop", V },
};

START_TEST(a_token_holds_its_scope_on_its_apps_and_what_its_maker_or_the_configuration_gives)
{
    static const struct evac_str ci = { "token:ci", 8 }, ann = { "uid:ann", 7 };
    const struct evac_holders named[EVAC_ROLE_COUNT] = {
        [EVAC_ROLE_OPERATOR] = { &ci, 1 }, [EVAC_ROLE_ADMIN] = { &ann, 1 }
    };
    const struct evac_str of = evac_str(scopes[_i].of);
    const struct evac_scope scope = { scopes[_i].roles, scopes[_i].granted, &of, of.n != 0 };
    const struct evac_caller caller = { .who = EVAC_STR("token:ci by A for uid:1000(ann)"),
                                        .remote = true,
                                        .scope = &scope };
    ck_assert_uint_eq(evac_roles_of(named, NULL, evac_str(scopes[_i].app), &caller),
                      scopes[_i].holds);
}
END_TEST

START_TEST(over_the_network_nobody_holds_a_role_by_default)
{
    const struct evac_holders nobody[EVAC_ROLE_COUNT] = { { NULL, 0 } };
    static const struct evac_str groups[] = { { "oidc-group:oncall", 17 } };
    static const struct evac_str oncall = { "oidc-group:oncall", 17 };
    const struct evac_holders named[EVAC_ROLE_COUNT] = { [EVAC_ROLE_OPERATOR] = { &oncall, 1 } };
    struct evac_caller caller = { .who = EVAC_STR("oidc:ann by jwt:1"), .remote = true };
    ck_assert_uint_eq(evac_roles_of(nobody, NULL, EVAC_STR("shop"), &caller), 0);
    caller.groups = groups;
    caller.group_count = 1;
    ck_assert_uint_eq(evac_roles_of(named, NULL, EVAC_STR("shop"), &caller), O | V);
}
END_TEST

/* --- addresses
 * -------------------------------------------------------------------------------- */

static struct evac_address address(const char *text)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct evac_address a;
    if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
        ck_assert(evac_address_of((const struct sockaddr *)&six, &a));
    else if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        ck_assert(evac_address_of((const struct sockaddr *)&four, &a));
    return a;
}

static bool same(const char *x, const char *y)
{
    struct evac_address a = address(x), b = address(y);
    return memcmp(&a, &b, sizeof a) == 0;
}

START_TEST(of_ipv6_a_network_is_one_address)
{
    ck_assert(same("2001:db8::1", "2001:db8::ffff:1"));
    ck_assert(!same("2001:db8::1", "2001:db8:0:1::1"));
    ck_assert(same("::ffff:192.0.2.7", "192.0.2.7"));
    ck_assert(!same("192.0.2.7", "192.0.2.8"));
    const struct sockaddr unix_socket = { .sa_family = AF_UNIX };
    struct evac_address a;
    ck_assert(!evac_address_of(&unix_socket, &a));
}
END_TEST

START_TEST(ten_wrong_credentials_in_a_minute_block_for_a_minute)
{
    struct evac_throttle *t = evac_throttle_new(8);
    struct evac_address a = address("192.0.2.7"), b = address("192.0.2.8");
    for (uint64_t i = 1; i < EVAC_FAILURES_MAX; i++)
        ck_assert(!evac_throttle_fail(t, &a, 1000 + i));
    ck_assert_uint_eq(evac_throttle_blocked(t, &a, 2000), 0);
    ck_assert(evac_throttle_fail(t, &a, 2000));
    ck_assert_uint_eq(evac_throttle_blocked(t, &a, 2000), 60);
    ck_assert_uint_eq(evac_throttle_blocked(t, &a, 61999), 1);
    ck_assert_uint_eq(evac_throttle_blocked(t, &a, 62000), 0);
    ck_assert_uint_eq(evac_throttle_blocked(t, &b, 2000), 0);
    evac_throttle_free(t);
}
END_TEST

START_TEST(wrong_credentials_now_and_then_do_not_block)
{
    struct evac_throttle *t = evac_throttle_new(8);
    struct evac_address a = address("192.0.2.7");
    for (uint64_t i = 0; i < 100; i++)
        ck_assert(!evac_throttle_fail(t, &a, 1000 + i * 7000));
    evac_throttle_free(t);
}
END_TEST

START_TEST(a_burst_is_let_through_and_then_the_rate)
{
    struct evac_throttle *t = evac_throttle_new(8);
    struct evac_address a = address("192.0.2.7");
    uint32_t passed = 0;
    for (int i = 0; i < 1000; i++)
        passed += evac_throttle_ask(t, &a, 10, 5000) == 0;
    ck_assert_uint_eq(passed, 10 * EVAC_BURST);
    for (int i = 0; i < 1000; i++)
        passed += evac_throttle_ask(t, &a, 10, 5000 + 100 * (uint64_t)i / 1) == 0;
    ck_assert_uint_eq(passed, 10 * EVAC_BURST + 999);
    evac_throttle_free(t);
}
END_TEST

/* An attacker with many addresses can not make a blocked one be forgotten. */
START_TEST(whoever_is_blocked_makes_way_last)
{
    struct evac_throttle *t = evac_throttle_new(4);
    struct evac_address bad = address("192.0.2.7");
    for (uint64_t i = 0; i < EVAC_FAILURES_MAX; i++)
        (void)evac_throttle_fail(t, &bad, 1000);
    for (int i = 0; i < 250; i++) {
        char text[32];
        snprintf(text, sizeof text, "198.51.100.%d", i);
        struct evac_address other = address(text);
        (void)evac_throttle_ask(t, &other, 10, 2000 + (uint64_t)i);
    }
    ck_assert_uint_gt(evac_throttle_blocked(t, &bad, 3000), 0);
    evac_throttle_free(t);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("identity");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_token_is_known_by_its_text_and_by_nothing_else);
    tcase_add_test(tc, what_the_journal_has_of_a_token_does_not_open_anything);
    tcase_add_test(tc, an_ended_token_is_no_guess_but_no_use);
    tcase_add_test(tc, a_row_that_is_folded_twice_counts_once);
    tcase_add_test(tc, a_session_ends_with_the_token_that_opened_it);
    tcase_add_test(tc, no_number_of_tokens_makes_the_list_grow_without_end);
    tcase_add_test(tc, rows_that_make_no_sense_are_left_out);
    tcase_add_loop_test(tc, two_words_of_one_person_or_by_one_credential_are_one, 0,
                        sizeof pairs / sizeof pairs[0]);
    tcase_add_test(tc, what_others_call_somebody_can_not_forge_a_word_of_the_journal);
    tcase_add_loop_test(
        tc, a_token_holds_its_scope_on_its_apps_and_what_its_maker_or_the_configuration_gives, 0,
        sizeof scopes / sizeof scopes[0]);
    tcase_add_loop_test(tc, whoever_the_configuration_knows_under_several_names_is_one_person, 0,
                        sizeof as_people / sizeof as_people[0]);
    tcase_add_test(tc, a_word_that_its_person_makes_too_long_is_nobody_s);
    tcase_add_test(tc, over_the_network_nobody_holds_a_role_by_default);
    tcase_add_test(tc, of_ipv6_a_network_is_one_address);
    tcase_add_test(tc, ten_wrong_credentials_in_a_minute_block_for_a_minute);
    tcase_add_test(tc, wrong_credentials_now_and_then_do_not_block);
    tcase_add_test(tc, a_burst_is_let_through_and_then_the_rate);
    tcase_add_test(tc, whoever_is_blocked_makes_way_last);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("identity", cases)
