/* A yes by phone: what is misheard is found, what is signed is all of it, and nobody guesses often.
 */
#include "challenge.h"
#include "challenges.h"
#include "roles.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW INT64_C(1800000000000)
#define END (NOW + EVAC_CHALLENGE_MS)

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const uint8_t key[EVAC_APPROVER_KEY] = { 1, 2, 3, 200 },
                     other_key[EVAC_APPROVER_KEY] = { 1 };

static const struct evac_challenge challenge = {
    .run = 7, .end_min = END / 60000, .nonce = UINT64_C(0x9A3C51E07F), .loss = 6, .facts = 0x5A5A5
};

static struct evac_challenge_facts facts(void)
{
    return (struct evac_challenge_facts){ EVAC_STR("shop"), EVAC_STR("us-east-1"),
                                          EVAC_STR("us-west-2"), EVAC_STR("ungraceful") };
}

static bool is_same(const struct evac_challenge *a, const struct evac_challenge *b)
{
    return a->run == b->run && a->end_min == b->end_min && a->nonce == b->nonce &&
           a->loss == b->loss && a->facts == b->facts;
}

static bool reads(const char *text)
{
    struct evac_challenge c;
    struct evac_err err = { EVAC_OK, "" };
    return evac_challenge_read(evac_str(text), NOW, &c, &err) == EVAC_OK;
}

/* --- the code
 * --------------------------------------------------------------------------------- */

START_TEST(a_code_is_read_as_it_was_written_however_it_is_typed)
{
    char text[EVAC_CHALLENGE_TEXT], loose[80] = "";
    struct evac_challenge c;
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_challenge most = { .run = EVAC_CHALLENGE_RUNS - 1,
                                         .end_min = END / 60000,
                                         .nonce = (UINT64_C(1) << 40) - 1,
                                         .loss = 31,
                                         .facts = (1u << 20) - 1 };
    evac_challenge_write(&challenge, text);
    ck_assert_uint_eq(strlen(text), EVAC_CHALLENGE_TEXT - 1);
    for (size_t i = 0; text[i]; i++) {
        char one = text[i] == '0' ? 'o' : text[i] == '1' ? 'l' : text[i];
        snprintf(loose + strlen(loose), 3, "%c ", one >= 'A' && one <= 'Z' ? one + 'a' - 'A' : one);
    }
    ck_assert_int_eq(evac_challenge_read(evac_str(loose), NOW, &c, &err), EVAC_OK);
    ck_assert(is_same(&c, &challenge));
    evac_challenge_write(&most, text);
    ck_assert_int_eq(evac_challenge_read(evac_str(text), NOW, &c, &err), EVAC_OK);
    ck_assert(is_same(&c, &most));
    ck_assert(!reads("") && !reads("K3F9Q") && !reads("U3F9Q-K3F9Q-K3F9Q-K3F9Q-K3F9Q"));
}
END_TEST

START_TEST(every_wrong_character_is_found)
{
    char text[EVAC_CHALLENGE_TEXT];
    evac_challenge_write(&challenge, text);
    for (size_t i = 0; text[i]; i++) {
        char right = text[i];
        for (size_t k = 0; right != '-' && alphabet[k]; k++) {
            text[i] = alphabet[k];
            ck_assert_msg(reads(text) == (alphabet[k] == right), "%s", text);
        }
        text[i] = right;
    }
}
END_TEST

START_TEST(two_that_changed_places_are_found_in_each_group_and_groups_too)
{
    char text[EVAC_CHALLENGE_TEXT], swapped[EVAC_CHALLENGE_TEXT];
    evac_challenge_write(&challenge, text);
    for (size_t g = 0; g < 30; g += 6)
        for (size_t i = g; i < g + 5; i++)
            for (size_t k = i + 1; k < g + 5; k++) {
                memcpy(swapped, text, sizeof text);
                swapped[i] = text[k];
                swapped[k] = text[i];
                ck_assert_msg(reads(swapped) == (text[i] == text[k]), "%s", swapped);
            }
    for (size_t a = 0; a < 30; a += 6)
        for (size_t b = a + 6; b < 30; b += 6) {
            memcpy(swapped, text, sizeof text);
            memcpy(swapped + a, text + b, 5);
            memcpy(swapped + b, text + a, 5);
            ck_assert_msg(!reads(swapped), "%s", swapped);
        }
}
END_TEST

START_TEST(of_all_ends_that_a_code_may_mean_the_nearest_is_taken)
{
    char text[EVAC_CHALLENGE_TEXT];
    struct evac_challenge c;
    struct evac_err err = { EVAC_OK, "" };
    for (int64_t min = END / 60000; min < END / 60000 + 2 * EVAC_CHALLENGE_LAPSE_MIN; min += 97) {
        struct evac_challenge one = challenge;
        one.end_min = min;
        evac_challenge_write(&one, text);
        for (int64_t off = -3000; off <= 3000; off += 1500) {
            ck_assert_int_eq(evac_challenge_read(evac_str(text), (min + off) * 60000, &c, &err), 0);
            ck_assert_int_eq(c.end_min, min);
        }
    }
}
END_TEST

START_TEST(a_loss_is_never_said_to_be_less_than_it_is)
{
    static const struct {
        int64_t ms;
        const char *words;
    } cases[] = { { 0, "none" },
                  { 1, "at most 1 s" },
                  { 1000, "at most 1 s" },
                  { 1001, "at most 2 s" },
                  { 604800000, "at most 7 days" },
                  { 604800001, "more than 7 days" },
                  { -1, "an unknown amount" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(evac_loss_words(evac_loss_bucket(cases[i].ms)), cases[i].words);
    ck_assert_ptr_null(evac_loss_words(29));
}
END_TEST

/* --- the answer
 * ------------------------------------------------------------------------------- */

START_TEST(an_answer_is_of_the_key_and_the_code_and_every_fact)
{
    char right[EVAC_RESPONSE_TEXT], other[EVAC_RESPONSE_TEXT];
    const struct evac_challenge_facts f = facts();
    evac_response_make(key, &challenge, &f, right);
    ck_assert_uint_eq(strlen(right), EVAC_RESPONSE_TEXT - 1);
    evac_response_make(key, &challenge, &f, other);
    ck_assert(evac_response_is(right, other));
    evac_response_make(other_key, &challenge, &f, other);
    ck_assert(!evac_response_is(right, other));
    struct evac_challenge codes[] = { challenge, challenge, challenge, challenge, challenge };
    codes[0].run++;
    codes[1].end_min++;
    codes[2].nonce ^= 1;
    codes[3].loss++;
    codes[4].facts ^= 1;
    for (size_t i = 0; i < 5; i++) {
        evac_response_make(key, &codes[i], &f, other);
        ck_assert_msg(!evac_response_is(right, other), "code %zu", i);
    }
    struct evac_challenge_facts changed[] = { f, f, f, f, f };
    changed[0].app = EVAC_STR("shoq");
    changed[1].from = EVAC_STR("us-west-2");
    changed[2].to = EVAC_STR("us-east-1");
    changed[3].mode = EVAC_STR("graceful");
    changed[4].app = EVAC_STR("shopus"); /* as one text it would be the same */
    changed[4].from = EVAC_STR("-east-1");
    for (size_t i = 0; i < 5; i++) {
        evac_response_make(key, &challenge, &changed[i], other);
        ck_assert_msg(!evac_response_is(right, other), "fact %zu", i);
        ck_assert_uint_ne(evac_challenge_digest(&f), evac_challenge_digest(&changed[i]));
    }
}
END_TEST

START_TEST(the_nonce_is_of_all_that_only_the_controller_knows)
{
    const uint8_t seed[EVAC_CHALLENGE_SEED] = { 9 }, other_seed[EVAC_CHALLENGE_SEED] = { 8 };
    const struct evac_challenge_context c = { EVAC_STR("a"), EVAC_STR("b"), EVAC_STR("c"),
                                              EVAC_STR("d"), EVAC_STR("e") };
    uint64_t nonce = evac_challenge_nonce(seed, &c);
    ck_assert(nonce < UINT64_C(1) << 40 && nonce == evac_challenge_nonce(seed, &c));
    ck_assert(nonce != evac_challenge_nonce(other_seed, &c));
    struct evac_challenge_context changed[] = { c, c, c, c, c };
    changed[0].node = changed[1].plan_hash = changed[2].place = changed[3].workflow =
        changed[4].approver = EVAC_STR("x");
    for (size_t i = 0; i < 5; i++)
        ck_assert_msg(nonce != evac_challenge_nonce(seed, &changed[i]), "%zu", i);
}
END_TEST

START_TEST(what_is_misheard_of_an_answer_is_no_guess)
{
    char right[EVAC_RESPONSE_TEXT], text[EVAC_RESPONSE_TEXT], read[EVAC_RESPONSE_TEXT];
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_challenge_facts f = facts();
    evac_response_make(key, &challenge, &f, right);
    for (size_t i = 0; right[i]; i++)
        for (size_t k = 0; right[i] != '-' && alphabet[k]; k++) {
            memcpy(text, right, sizeof text);
            text[i] = alphabet[k];
            bool same = alphabet[k] == right[i];
            ck_assert((evac_response_read(evac_str(text), read, &err) == EVAC_OK) == same);
            ck_assert(!same || evac_response_is(read, right));
        }
    for (size_t i = 0; i + 1 < sizeof right - 1; i++) {
        memcpy(text, right, sizeof text);
        text[i] = right[i + 1];
        text[i + 1] = right[i];
        bool same = right[i] == right[i + 1] || right[i] == '-' || right[i + 1] == '-';
        ck_assert_msg((evac_response_read(evac_str(text), read, &err) == EVAC_OK) == same, "%s",
                      text);
    }
}
END_TEST

/* --- the journal's rows
 * ----------------------------------------------------------------------- */

static struct evac_challenges *all;

static void set_up(void)
{
    all = evac_challenges_new();
}

static void tear_down(void)
{
    evac_challenges_free(all);
}

static void make_at(uint64_t run, int64_t at)
{
    char text[EVAC_CHALLENGE_TEXT];
    struct evac_challenge c = challenge;
    c.run = (uint32_t)run;
    c.end_min = (at + EVAC_CHALLENGE_MS) / 60000;
    evac_challenge_write(&c, text);
    const struct evac_record row = {
        .kind = EVAC_RECORD_CHALLENGE,
        .run = run,
        .step = EVAC_NO_STEP,
        .t_wall_ms = at,
        .number = c.end_min * 60000,
        .name = EVAC_STR("ann"),
        .to = EVAC_STR("made"),
        .text = evac_str(text),
        .data =
            EVAC_STR("{\"seed\":\"000102030405060708090a0b0c0d0e0f\",\"loss_ms\":-1,\"step\":4}")
    };
    evac_challenges_row(all, &row);
}

static void guess(uint32_t attempt)
{
    const struct evac_record row = { .kind = EVAC_RECORD_CHALLENGE,
                                     .run = 7,
                                     .attempt = attempt,
                                     .name = EVAC_STR("ann"),
                                     .to = EVAC_STR("wrong") };
    evac_challenges_row(all, &row);
}

static void approve(const char *who)
{
    const struct evac_record row = { .kind = EVAC_RECORD_APPROVE, .run = 7, .who = evac_str(who) };
    evac_challenges_row(all, &row);
}

static enum evac_challenge_state state_at(int64_t now)
{
    return evac_challenge_state(evac_challenges_find(all, 7, EVAC_STR("ann")), now);
}

START_TEST(a_challenge_is_good_once_for_ten_minutes_and_five_attempts)
{
    char id[EVAC_CHALLENGE_ID], who[80];
    evac_challenge_id(challenge.nonce, id);
    ck_assert_int_eq(state_at(NOW), EVAC_CHALLENGE_NONE);
    make_at(7, NOW);
    ck_assert_int_eq(state_at(NOW), EVAC_CHALLENGE_LIVE);
    ck_assert_uint_eq(evac_challenges_find(all, 7, EVAC_STR("ann"))->step, 4);
    ck_assert_int_eq(state_at(END - 1), EVAC_CHALLENGE_LIVE);
    ck_assert_int_eq(state_at(END), EVAC_CHALLENGE_EXPIRED);
    ck_assert_int_eq(state_at(NOW - 60001), EVAC_CHALLENGE_EXPIRED); /* the clock was set back */
    for (uint32_t i = 1; i < EVAC_CHALLENGE_ATTEMPTS; i++) {
        guess(i);
        ck_assert_int_eq(state_at(NOW), EVAC_CHALLENGE_LIVE);
    }
    guess(EVAC_CHALLENGE_ATTEMPTS);
    ck_assert_int_eq(state_at(NOW), EVAC_CHALLENGE_DEAD);
    make_at(7, NOW + 1000); /* another gives no more guesses ... */
    ck_assert_int_eq(state_at(NOW + 1000), EVAC_CHALLENGE_DEAD);
    make_at(7, END + 2000); /* ... before the first one's time is over */
    ck_assert_int_eq(state_at(END + 2000), EVAC_CHALLENGE_LIVE);
    snprintf(who, sizeof who, "uid:1000(ann) by %s", id);
    approve(who);
    approve("offline:ann by 00000000");
    approve("offline:ann");
    snprintf(who, sizeof who, "offline:bob by %s", id);
    approve(who);
    ck_assert_int_eq(state_at(END + 2000), EVAC_CHALLENGE_LIVE);
    snprintf(who, sizeof who, "offline:ann by %s for uid:1000", id);
    approve(who);
    ck_assert_int_eq(state_at(END + 2000), EVAC_CHALLENGE_USED);
}
END_TEST

START_TEST(only_the_right_answer_to_a_live_one_counts_and_only_a_wrong_one_to_it_is_counted)
{
    for (int s = 0; s < EVAC_CHALLENGE_STATE_COUNT; s++)
        for (int right = 0; right < 2; right++) {
            struct evac_challenge_word word =
                evac_challenge_word((enum evac_challenge_state)s, right);
            bool live = s == EVAC_CHALLENGE_LIVE;
            ck_assert_int_eq(word.accepted, live && right);
            ck_assert_int_eq(word.counts, live && !right);
            ck_assert_int_eq(word.words[0] == '\0', live && right);
            for (int t = 0; t < s; t++)
                ck_assert_str_ne(word.words,
                                 evac_challenge_word((enum evac_challenge_state)t, false).words);
        }
}
END_TEST

START_TEST(so_many_are_kept_and_those_that_are_over_make_way)
{
    for (uint64_t run = 1; run <= EVAC_CHALLENGES_MAX; run++) {
        ck_assert(evac_challenges_have_room(all, NOW));
        make_at(run, NOW);
    }
    ck_assert(!evac_challenges_have_room(all, NOW));
    make_at(1000, NOW);
    ck_assert_ptr_null(evac_challenges_find(all, 1000, EVAC_STR("ann")));
    ck_assert(evac_challenges_have_room(all, END));
    make_at(1000, END);
    ck_assert_ptr_nonnull(evac_challenges_find(all, 1000, EVAC_STR("ann")));
}
END_TEST

START_TEST(a_row_that_makes_no_sense_makes_no_challenge)
{
    struct evac_record row = { .kind = EVAC_RECORD_CHALLENGE,
                               .run = 7,
                               .name = EVAC_STR("ann"),
                               .to = EVAC_STR("made"),
                               .text = EVAC_STR("nonsense"),
                               .data = EVAC_STR("{}") };
    evac_challenges_row(all, &row);
    row.data = EVAC_STR("{\"seed\":\"000102030405060708090a0b0c0d0e0f\"}");
    evac_challenges_row(all, &row);
    guess(1);
    ck_assert_int_eq(state_at(NOW), EVAC_CHALLENGE_NONE);
}
END_TEST

/* --- who, and the key's file
 * ------------------------------------------------------------------ */

START_TEST(an_approver_by_phone_is_the_user_of_that_name_or_whom_the_configuration_says)
{
    static const struct {
        const char *a, *b;
        bool one;
    } cases[] = {
        { "offline:ann by 00000000", "uid:1000(ann)", true },
        { "offline:ann by 00000000", "token:ci by 7GkQ2aXw for uid:1000(ann)", true },
        { "offline:ann by 00000000", "offline:ann by 11111111", true },
        { "offline:ann by 00000000 for uid:0", "uid:0(root)", true },
        { "offline:ann by 00000000 for oidc:a@b", "oidc:a@b by jwt:1", true },
        { "offline:ann by 00000000", "uid:0(root)", false },
        { "offline:ann by 00000000", "uid:1001(anna)", false },
        { "offline:ann by 00000000", "oidc:ann by jwt:1", false },
        { "offline:ann by 00000000", "policy", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct evac_str a = evac_str(cases[i].a), b = evac_str(cases[i].b);
        ck_assert_msg(evac_who_is_one(a, b) == cases[i].one, "%s", cases[i].b);
        ck_assert_msg(evac_who_is_one(b, a) == cases[i].one, "%s", cases[i].b);
    }
}
END_TEST

START_TEST(a_key_is_made_once_and_read_by_its_owner_alone)
{
    char dir[] = "/tmp/evac-challenge-XXXXXX", path[64];
    uint8_t one[EVAC_APPROVER_KEY], two[EVAC_APPROVER_KEY] = { 0 };
    struct evac_err err = { EVAC_OK, "" };
    struct stat st;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/ann.key", dir);
    ck_assert_int_eq(evac_approver_key_read(path, one, &err), EVAC_E_NOTFOUND);
    ck_assert_int_eq(evac_approver_key_make(path, &err), EVAC_OK);
    ck_assert_int_eq(evac_approver_key_make(path, &err), EVAC_E_BUSY);
    ck_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_size == 53);
    ck_assert_int_eq(evac_approver_key_read(path, one, &err), EVAC_OK);
    ck_assert_mem_ne(one, two, sizeof one);
    for (mode_t bit = 1; bit <= 040; bit <<= 1) {
        ck_assert_int_eq(chmod(path, 0600 | bit), 0);
        ck_assert_int_eq(evac_approver_key_read(path, two, &err), EVAC_E_REFUSED);
    }
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(truncate(path, 51), 0);
    ck_assert_int_eq(evac_approver_key_read(path, two, &err), EVAC_E_BADARG);
    ck_assert_int_eq(evac_approver_key_read(dir, two, &err), EVAC_E_BADARG);
    unlink(path);
    rmdir(dir);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("challenge");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_code_is_read_as_it_was_written_however_it_is_typed);
    tcase_add_test(tc, every_wrong_character_is_found);
    tcase_add_test(tc, two_that_changed_places_are_found_in_each_group_and_groups_too);
    tcase_add_test(tc, of_all_ends_that_a_code_may_mean_the_nearest_is_taken);
    tcase_add_test(tc, a_loss_is_never_said_to_be_less_than_it_is);
    tcase_add_test(tc, an_answer_is_of_the_key_and_the_code_and_every_fact);
    tcase_add_test(tc, the_nonce_is_of_all_that_only_the_controller_knows);
    tcase_add_test(tc, what_is_misheard_of_an_answer_is_no_guess);
    tcase_add_test(tc, a_challenge_is_good_once_for_ten_minutes_and_five_attempts);
    tcase_add_test(
        tc, only_the_right_answer_to_a_live_one_counts_and_only_a_wrong_one_to_it_is_counted);
    tcase_add_test(tc, so_many_are_kept_and_those_that_are_over_make_way);
    tcase_add_test(tc, a_row_that_makes_no_sense_makes_no_challenge);
    tcase_add_test(tc,
                   an_approver_by_phone_is_the_user_of_that_name_or_whom_the_configuration_says);
    tcase_add_test(tc, a_key_is_made_once_and_read_by_its_owner_alone);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("challenge", cases)
