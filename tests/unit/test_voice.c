/* What controllers tell each other, and how old it can be. */
#include "suite.h"
#include "voice.h"

#include <string.h>

#define TEXTS EVAC_VOICE_TEXTS

static struct evac_probe probes[] = {
    { .name = { "web", 3 }, .role = EVAC_PROBE_EDGE, .kind = EVAC_PROBE_KIND_HTTP },
    { .name = { "all", 3 }, .role = EVAC_PROBE_ENDPOINT, .kind = EVAC_PROBE_KIND_HTTP },
    { .name = { "lag", 3 }, .role = EVAC_PROBE_EDGE, .kind = EVAC_PROBE_KIND_LOOK },
};
static struct evac_app app = { .name = { "shop", 4 }, .probes = probes, .probe_count = 3 };
static const struct evac_model model = { .apps = &app, .app_count = 1, .hash = "abc" };

/* Two controllers, and the text of each that lies in etcd. */
static struct evac_voice a, b;
static struct evac_arena *arena;
static unsigned char drawn;

static void draw(void *ctx, void *p, size_t bytes)
{
    (void)ctx;
    memset(p, ++drawn, bytes);
}

static const struct evac_host host = { .random = draw };

static void begin(void)
{
    arena = evac_arena_new();
    evac_voice_init(&a, &host);
    evac_voice_init(&b, &host);
}

static void end(void)
{
    evac_voice_done(&a);
    evac_voice_done(&b);
    evac_arena_free(arena);
}

static struct evac_batch says(struct evac_voice *v, uint64_t now_ms, const struct evac_batch *read)
{
    struct evac_voice_state state = { .now_ms = now_ms, .asking_ms = 5 };
    struct evac_batch got = { .seq = 0 };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf text;
    if (read)
        state.heard[state.heard_count++] = (struct evac_batch_heard){ read->lease, read->seq };
    evac_buf_init(&text, EVAC_BATCH_BYTES_MAX);
    evac_voice_say(v, &model, &state, &text);
    ck_assert_msg(evac_batch_from_json(evac_buf_str(&text), arena, &got, &err) == EVAC_OK, "%s",
                  err.text);
    evac_buf_done(&text);
    return got;
}

static void sees(struct evac_voice *v, uint16_t probe, uint64_t sent_ms)
{
    const struct evac_sighting one = { .probe = probe, .ok = true, .sent_boot_ms = sent_ms };
    evac_voice_see(v, &model, &one);
}

/* The other's clock is another: only what was read of this one tells anything. */
START_TEST(a_text_is_as_old_as_what_its_writer_had_read)
{
    begin();
    struct evac_batch first = says(&a, 1000, NULL);
    struct evac_batch back = says(&b, 777777, NULL);
    ck_assert_uint_eq(evac_voice_after_ms(&a, &back), 0);
    (void)says(&a, 2000, NULL);
    back = says(&b, 777999, &first); /* it lay there while a said another */
    ck_assert_uint_eq(evac_voice_after_ms(&a, &back), 1000);
    struct evac_batch newest = says(&a, 3000, NULL);
    back = says(&b, 778999, &newest);
    ck_assert_uint_eq(evac_voice_after_ms(&a, &back), 3000);
    end();
}
END_TEST

START_TEST(what_was_read_of_another_life_or_too_long_ago_shows_nothing)
{
    begin();
    struct evac_batch first = says(&a, 1000, NULL);
    for (unsigned i = 1; i < TEXTS; i++)
        (void)says(&a, 1000 + i, NULL);
    struct evac_batch back = says(&b, 5, &first);
    ck_assert_uint_eq(evac_voice_after_ms(&a, &back), 1000);
    (void)says(&a, 5000, NULL);
    ck_assert_uint_eq(evac_voice_after_ms(&a, &back), 0);
    struct evac_batch newest = says(&a, 6000, NULL);
    evac_voice_done(&a);
    evac_voice_init(&a, &host); /* it began anew */
    back = says(&b, 6, &newest);
    ck_assert_uint_eq(evac_voice_after_ms(&a, &back), 0);
    back.heard[0].lease = evac_str(a.lease);
    ck_assert_uint_eq(evac_voice_after_ms(&a, &back), 0); /* it has said none of that number yet */
    back.heard[0].seq = 0;
    ck_assert_uint_eq(evac_voice_after_ms(&a, &back), 0);
    end();
}
END_TEST

START_TEST(the_last_seconds_are_told_again_and_what_the_leader_judges_alone_is_not)
{
    begin();
    sees(&a, 0, 1000);
    sees(&a, 1, 1000);
    sees(&a, 2, 1000);
    struct evac_batch one = says(&a, 2000, NULL);
    ck_assert_uint_eq(one.count, 1);
    ck_assert_uint_eq(one.results[0].asked_ago_ms, 1000);
    ck_assert_uint_eq(one.asking_ms, 5);
    sees(&a, 0, 8000);
    struct evac_batch two = says(&a, 11000, NULL);
    ck_assert_uint_eq(two.count, 2);
    ck_assert_uint_eq(two.first, one.first);
    struct evac_batch three = says(&a, 11001, NULL); /* ten seconds and one */
    ck_assert_uint_eq(three.count, 1);
    ck_assert_uint_eq(three.first, one.first + 1);
    evac_voice_forget(&a);
    ck_assert_uint_eq(says(&a, 11002, NULL).count, 0);
    end();
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("voice");
    tcase_add_test(tc, a_text_is_as_old_as_what_its_writer_had_read);
    tcase_add_test(tc, what_was_read_of_another_life_or_too_long_ago_shows_nothing);
    tcase_add_test(tc, the_last_seconds_are_told_again_and_what_the_leader_judges_alone_is_not);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("voice", cases)
