/* What is asked for under a key: the key and what it did are durable together, or neither is. */
#include "suite.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

static struct evac_asked asked_as(const char *who, const char *key)
{
    return (struct evac_asked){ .key = evac_str(key),
                                .who = evac_str(who),
                                .operation = EVAC_STR("beginRun"),
                                .print = EVAC_STR("all that was asked"),
                                .status = 201 };
}

static const struct evac_record *found(struct world *w, const char *who, const char *key)
{
    return evac_shell_asked(world_shell(w), evac_str(who), evac_str(key));
}

static struct world *calm_world(void)
{
    const struct world_options options = { .seed = 7, .speed = 50 };
    struct world *w = world_new(&options);
    world_run(w, 10000);
    return w;
}

static void revive(struct world *w, uint64_t down_ms)
{
    world_crash(w, down_ms);
    world_run(w, down_ms + 100);
}

static enum evac_code begin_under(struct world *w, const struct evac_asked *asked)
{
    evac_shell_ask(world_shell(w), asked);
    enum evac_code code = world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_GRACEFUL);
    evac_shell_ask(world_shell(w), NULL);
    return code;
}

START_TEST(a_run_is_never_without_the_key_that_it_was_asked_under)
{
    struct world *w = calm_world();
    const struct evac_asked asked = asked_as("ann", "k1");
    ck_assert_int_eq(begin_under(w, &asked), EVAC_OK);
    for (int life = 0; life < 3; life++) {
        const struct evac_record *r = found(w, "ann", "k1");
        ck_assert_ptr_nonnull(r);
        ck_assert_int_eq(r->number, 1);
        ck_assert_int_eq(r->attempt, 201);
        ck_assert(evac_str_is(r->from, "all that was asked"));
        ck_assert(evac_str_is(r->event, "beginRun"));
        ck_assert(evac_str_is(r->app, "shop"));
        ck_assert(r->to.n > 0);
        ck_assert_ptr_null(found(w, "bob", "k1")); /* a key is its principal's own */
        ck_assert_ptr_null(found(w, "ann", "k2"));
        revive(w, 1000);
    }
    world_free(w);
}
END_TEST

START_TEST(what_was_refused_has_no_key)
{
    struct world *w = calm_world();
    const struct evac_asked asked = asked_as("ann", "k1");
    evac_shell_ask(world_shell(w), &asked);
    ck_assert_int_ne(world_say(w, EVAC_CMD_HOLD, NULL, "", 0), EVAC_OK); /* a hold needs a reason */
    ck_assert_ptr_null(found(w, "ann", "k1"));
    ck_assert_int_eq(world_say(w, EVAC_CMD_HOLD, NULL, "a reason", 0), EVAC_OK);
    ck_assert_ptr_nonnull(found(w, "ann", "k1"));
    ck_assert_int_eq(world_say(w, EVAC_CMD_RELEASE, NULL, "", 0), EVAC_OK); /* under no key */
    revive(w, 1000);
    ck_assert_ptr_nonnull(found(w, "ann", "k1"));
    world_free(w);
}
END_TEST

START_TEST(a_day_later_a_key_is_new)
{
    struct world *w = calm_world();
    struct evac_record r = { .who = EVAC_STR("ann"), .name = EVAC_STR("k1") };
    r.t_wall_ms = world_wall(w) - DAY_MS + 1000;
    evac_shell_remember(world_shell(w), &r);
    ck_assert_ptr_nonnull(found(w, "ann", "k1"));
    world_run(w, 1000);
    ck_assert_ptr_null(found(w, "ann", "k1"));
    world_free(w);
}
END_TEST

START_TEST(of_more_keys_than_the_ceiling_the_oldest_go)
{
    char key[32];
    struct world *w = calm_world();
    struct evac_record r = { .kind = EVAC_RECORD_REQUEST, .who = EVAC_STR("ann") };
    for (unsigned i = 0; i <= EVAC_REQUESTS_MAX; i++) {
        snprintf(key, sizeof key, "k%u", i);
        r.name = evac_str(key);
        evac_shell_remember(world_shell(w), &r);
    }
    ck_assert_ptr_null(found(w, "ann", "k0"));
    ck_assert_ptr_nonnull(found(w, "ann", "k1"));
    ck_assert_ptr_nonnull(found(w, "ann", key));
    revive(w, 1000); /* none of them was in the journal */
    ck_assert_ptr_null(found(w, "ann", key));
    world_free(w);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("requests");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_run_is_never_without_the_key_that_it_was_asked_under);
    tcase_add_test(tc, what_was_refused_has_no_key);
    tcase_add_test(tc, a_day_later_a_key_is_new);
    tcase_add_test(tc, of_more_keys_than_the_ceiling_the_oldest_go);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("requests", cases)
