/* Who holds which role, and which question takes which: over every cell. */
#include "access.h"
#include "run.h"
#include "suite.h"

#include <string.h>

#define LIST(...)                                                                                  \
    {                                                                                              \
        (const struct evac_str[]){ __VA_ARGS__ },                                                  \
            sizeof((struct evac_str[]){ __VA_ARGS__ }) / sizeof(struct evac_str)                   \
    }

static const struct evac_holders nobody_named[EVAC_ROLE_COUNT] = { { NULL, 0 } };
static const struct evac_str oncall[] = { { "gid:2000(oncall)", 16 } };
static const struct evac_caller ann = { .who = { "uid:1000(ann)", 13 },
                                        .groups = oncall,
                                        .group_count = 1 };

/* --- principals
 * -------------------------------------------------------------------------------- */

static const struct {
    const char *written;
    bool is_ann;
} principals[] = {
    { "*", true },
    { "uid:1000", true },
    { "uid:ann", true },
    { "uid:1000(ann)", true },
    { "gid:2000", true },
    { "gid:oncall", true },
    { "gid:2000(oncall)", true },
    { "uid:100", false },
    { "uid:an", false },
    { "uid:", false },
    { "uid:1000(bob)", false },
    { "uid:1001(ann)", false },
    { "gid:1000", false },
    { "gid:ann", false },
    { "gid:", false },
    { "token:ann", false },
    { "oidc:uid:1000(ann)", false },
    { "ann", false },
};

START_TEST(a_principal_means_the_caller_by_number_by_name_or_by_group)
{
    ck_assert_msg(evac_principal_is(evac_str(principals[_i].written), &ann) ==
                      principals[_i].is_ann,
                  "%s", principals[_i].written);
}
END_TEST

START_TEST(a_principal_of_another_kind_must_be_the_whole_text)
{
    const struct evac_caller token = { .who = EVAC_STR("token:ci(1000)") };
    ck_assert(evac_principal_is(EVAC_STR("token:ci(1000)"), &token));
    ck_assert(!evac_principal_is(EVAC_STR("token:ci"), &token));
    ck_assert(!evac_principal_is(EVAC_STR("uid:1000"), &token));
}
END_TEST

/* --- holders
 * ----------------------------------------------------------------------------------- */

static const struct {
    bool owner, member;
    uint32_t roles;
} defaults[] = {
    { false, false, 1u << EVAC_ROLE_VIEWER },
    { false, true, 1u << EVAC_ROLE_VIEWER | 1u << EVAC_ROLE_OPERATOR | 1u << EVAC_ROLE_APPROVER },
    { true, false, EVAC_ROLES_ALL },
    { true, true, EVAC_ROLES_ALL },
};

START_TEST(nobody_named_lets_one_person_on_a_laptop_do_everything_and_a_stranger_look)
{
    struct evac_caller caller = ann;
    caller.owner = defaults[_i].owner;
    caller.member = defaults[_i].member;
    ck_assert_uint_eq(evac_roles_of(nobody_named, NULL, EVAC_STR_NONE, &caller),
                      defaults[_i].roles);
}
END_TEST

/* Named holders are all there are of that role: the owner is none of them, the others keep theirs.
 */
START_TEST(a_role_that_is_named_is_held_by_those_alone)
{
    struct evac_holders named[EVAC_ROLE_COUNT] = { { NULL, 0 } };
    struct evac_caller root = { .who = EVAC_STR("uid:0(root)"), .owner = true };
    enum evac_role role = (enum evac_role)_i;
    uint32_t bit = EVAC_ROLE_BIT(role), look = EVAC_ROLE_BIT(EVAC_ROLE_VIEWER);
    named[role] = (struct evac_holders)LIST(EVAC_STR("gid:oncall"), EVAC_STR("uid:7"));
    ck_assert_uint_eq(evac_roles_of(named, NULL, EVAC_STR_NONE, &ann), bit | look);
    ck_assert_uint_eq(evac_roles_of(named, NULL, EVAC_STR_NONE, &root),
                      (EVAC_ROLES_ALL & ~bit) | look);
}
END_TEST

START_TEST(whoever_holds_no_role_at_all_may_not_even_look)
{
    struct evac_holders named[EVAC_ROLE_COUNT] = { { NULL, 0 } };
    named[EVAC_ROLE_VIEWER] = (struct evac_holders)LIST(EVAC_STR("uid:7"));
    ck_assert_uint_eq(evac_roles_of(named, NULL, EVAC_STR_NONE, &ann), 0);
}
END_TEST

START_TEST(an_app_s_own_holders_stand_instead_of_the_controller_s)
{
    struct evac_holders named[EVAC_ROLE_COUNT] = { { NULL, 0 } },
                        own[EVAC_ROLE_COUNT] = { { NULL, 0 } };
    named[EVAC_ROLE_APPROVER] = (struct evac_holders)LIST(EVAC_STR("uid:ann"));
    own[EVAC_ROLE_APPROVER] = (struct evac_holders)LIST(EVAC_STR("uid:bob"));
    ck_assert(evac_roles_of(named, NULL, EVAC_STR_NONE, &ann) & EVAC_ROLE_BIT(EVAC_ROLE_APPROVER));
    ck_assert(
        !(evac_roles_of(named, own, EVAC_STR_NONE, &ann) & EVAC_ROLE_BIT(EVAC_ROLE_APPROVER)));
    own[EVAC_ROLE_APPROVER].count = 0;
    ck_assert(evac_roles_of(named, own, EVAC_STR_NONE, &ann) & EVAC_ROLE_BIT(EVAC_ROLE_APPROVER));
}
END_TEST

/* --- the table: roles x questions
 * ---------------------------------------------------------------- */

#define V 1
#define O 2
#define P 4
#define A 8
static const struct {
    const char *what;
    uint32_t roles;
} table[] = {
    { "look", V },
    { "plan", V },
    { "lint", V },
    { "rehearse", O | P | A },
    { "isolated", O },
    { "live", O },
    { "game-day", O },
    { "failover", O },
    { "failback", O },
    { "approve", P },
    { "decline", O | P | A },
    { "pause", O | P | A },
    { "resume", O },
    { "retry", O },
    { "skip", O },
    { "cancel", O | P | A },
    { "rollback", O | P | A },
    { "stop", O | P | A },
    { "mode", O },
    { "override", O | P | A },
    { "ack", O | P | A },
    { "hold", O | P | A },
    { "release", O },
    { "fence", O },
    { "reconcile", P },
    { "freeze", O | P | A },
    { "unfreeze", A },
    { "waive", A },
    { "unwaive", A },
    { "call-off", O | P | A },
    { "place", O },
    { "merge", A },
    { "simulate", V },
    { "stop-automation", O | P | A },
    { "allow-automation", A },
    { "reload", A },
    { "whatever-comes", A },
};

static enum evac_code ask(const char *what, uint32_t held, struct evac_err *err)
{
    static struct evac_model model;
    struct evac_caller caller = { .who = EVAC_STR("uid:1000(ann)") };
    model.controller = (struct evac_controller_conf){ .node = EVAC_STR("") };
    static const struct evac_str is_ann[] = { { "uid:ann", 7 } }, is_bob[] = { { "uid:bob", 7 } };
    for (unsigned i = 0; i < EVAC_ROLE_COUNT; i++)
        model.controller.roles[i] = (struct evac_holders){ held & (1u << i) ? is_ann : is_bob, 1 };
    const struct evac_access access = { &model, NULL, &caller, evac_str(what) };
    return evac_access_check(&access, err);
}

START_TEST(each_question_takes_one_of_its_roles_and_no_other_set_will_do)
{
    for (uint32_t held = 0; held <= EVAC_ROLES_ALL; held++) {
        struct evac_err err = { EVAC_OK, "" };
        uint32_t counts = held ? held | V : 0;
        bool may = (counts & table[_i].roles) != 0;
        ck_assert_msg((ask(table[_i].what, held, &err) == EVAC_OK) == may, "%s with %u: %s",
                      table[_i].what, held, err.text);
    }
}
END_TEST

START_TEST(every_word_that_can_be_said_has_a_row)
{
    const char *name = evac_command_name((enum evac_command_verb)_i);
    ck_assert_msg(evac_access_row(evac_str(name))->what != NULL, "%s is in no row", name);
}
END_TEST

START_TEST(no_question_has_two_rows)
{
    for (const struct evac_access_row *row = evac_access_rows; row->what; row++)
        ck_assert_msg(evac_access_row(evac_str(row->what)) == row, "%s is there twice", row->what);
}
END_TEST

START_TEST(a_refusal_says_which_role_and_who_has_it)
{
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_int_eq(ask("reload", O, &err), EVAC_E_REFUSED);
    ck_assert_str_eq(err.text, "reload is for admin (uid:bob); you are uid:1000(ann): viewer, "
                               "operator");
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("roles");
    tcase_add_loop_test(tc, a_principal_means_the_caller_by_number_by_name_or_by_group, 0,
                        sizeof principals / sizeof principals[0]);
    tcase_add_test(tc, a_principal_of_another_kind_must_be_the_whole_text);
    tcase_add_loop_test(tc,
                        nobody_named_lets_one_person_on_a_laptop_do_everything_and_a_stranger_look,
                        0, sizeof defaults / sizeof defaults[0]);
    tcase_add_loop_test(tc, a_role_that_is_named_is_held_by_those_alone, 1, EVAC_ROLE_COUNT);
    tcase_add_test(tc, whoever_holds_no_role_at_all_may_not_even_look);
    tcase_add_test(tc, an_app_s_own_holders_stand_instead_of_the_controller_s);
    tcase_add_loop_test(tc, each_question_takes_one_of_its_roles_and_no_other_set_will_do, 0,
                        sizeof table / sizeof table[0]);
    tcase_add_loop_test(tc, every_word_that_can_be_said_has_a_row, 0, EVAC_CMD_COUNT);
    tcase_add_test(tc, no_question_has_two_rows);
    tcase_add_test(tc, a_refusal_says_which_role_and_who_has_it);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("roles", cases)
