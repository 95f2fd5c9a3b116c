/* What is worth telling, whom, in which words, and what becomes of it. */
#include "channel.h"
#include "outbox.h"
#include "routing.h"
#include "suite.h"
#include "tell.h"

#include <cjson/cJSON.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#define WALL INT64_C(1795848524745) /* 2026-11-28 06:48:44.745 UTC, a Saturday */

/* --- the letter's table ----------------------------------------------------------------------- */

static uint32_t next_states(uint32_t from)
{
    uint32_t to = 0;
    for (unsigned s = 1; s < EVAC_LETTER_STATE_COUNT; s++)
        for (unsigned e = 0; (from >> s & 1) && e < EVAC_LETTER_EVENT_COUNT; e++)
            to |= 1u << evac_letter_next((enum evac_letter_state)s, (enum evac_letter_event)e);
    return to & ~1u;
}

static uint32_t reach(uint32_t from)
{
    uint32_t before;
    do {
        before = from;
        from |= next_states(from);
    } while (from != before);
    return from;
}

START_TEST(every_letter_ends_and_what_has_ended_stays)
{
    enum evac_letter_state s = (enum evac_letter_state)_i;
    uint32_t over = 0;
    for (unsigned i = 1; i < EVAC_LETTER_STATE_COUNT; i++)
        over |= evac_letter_is_over((enum evac_letter_state)i) ? 1u << i : 0;
    ck_assert(reach(1u << EVAC_LETTER_QUEUED) >> s & 1);
    ck_assert(reach(1u << s) & over);
    if (evac_letter_is_over(s))
        ck_assert_uint_eq(next_states(1u << s), 0);
}
END_TEST

/* Each cell of the table, as a list: what is not here is refused. */
START_TEST(only_an_attempt_sends_and_only_an_attempt_leaves_doubt)
{
    for (unsigned s = 0; s < EVAC_LETTER_STATE_COUNT; s++)
        for (unsigned e = 0; e < EVAC_LETTER_EVENT_COUNT; e++) {
            enum evac_letter_state to =
                evac_letter_next((enum evac_letter_state)s, (enum evac_letter_event)e);
            bool waits =
                s == EVAC_LETTER_QUEUED || s == EVAC_LETTER_WAITING || s == EVAC_LETTER_DOUBTFUL;
            bool tries = s == EVAC_LETTER_TRYING;
            ck_assert_int_eq(to == EVAC_LETTER_TRYING, waits && e == EVAC_LETTER_ON_TRY);
            ck_assert_int_eq(to == EVAC_LETTER_SENT, tries && e == EVAC_LETTER_ON_ACCEPTED);
            ck_assert_int_eq(to == EVAC_LETTER_DOUBTFUL,
                             tries && (e == EVAC_LETTER_ON_UNKNOWN || e == EVAC_LETTER_ON_CRASHED));
            ck_assert_int_eq(to == EVAC_LETTER_WAITING,
                             tries && (e == EVAC_LETTER_ON_REFUSED || e == EVAC_LETTER_ON_NO));
            /* what may have been told is never dropped as if nobody had been */
            if (e == EVAC_LETTER_ON_GATHERED || e == EVAC_LETTER_ON_OVER)
                ck_assert_int_eq(to != EVAC_LETTER_NONE, s == EVAC_LETTER_QUEUED);
        }
}
END_TEST

/* --- routing ---------------------------------------------------------------------------------- */

static struct evac_message message(const char *key, enum evac_notice_state state,
                                   enum evac_urgency severity)
{
    struct evac_message m = { .id = "aaaaaaaaaaaaaaaaaaaaaaaaaa",
                              .state = state,
                              .kind = EVAC_ABOUT_PROPOSAL,
                              .severity = severity,
                              .run = 7,
                              .wall_ms = WALL,
                              .cause = 40 };
    evac_notice_text(m.key, sizeof m.key, "%s", key);
    evac_notice_text(m.title, sizeof m.title, "shop: %s", key);
    evac_notice_text(m.text, sizeof m.text, "a <b> & \"c\" \xc3\xbc");
    evac_notice_text(m.app, sizeof m.app, "shop");
    evac_notice_text(m.link, sizeof m.link, "https://evac.example.com/#/runs/7");
    return m;
}

static const struct evac_channel channels[] = {
    { .name = { "chat", 4 },
      .type = { "slack", 5 },
      .queue_max = 3,
      .give_up_ms = 3600000,
      .backup = { "pager", 5 } },
    { .name = { "pager", 5 }, .type = { "pagerduty", 9 }, .queue_max = 100, .give_up_ms = 3600000 },
};
static const struct evac_notify_conf plain = { .channels = channels,
                                               .channel_count = 2,
                                               .gather_ms = 15000 };

/* Over severity, app, kind, hour: each condition of a route alone, and all of them. */
START_TEST(a_route_is_followed_when_each_of_its_conditions_holds)
{
    static const struct evac_str shop[] = { { "shop", 4 } }, pager[] = { { "pager", 5 } },
                                 kinds[] = { { "proposal", 8 }, { "run", 3 } };
    struct evac_window_text text = { .from = EVAC_STR("2026-11-28"), .to = EVAC_STR("2026-11-28") };
    struct evac_window today;
    ck_assert_int_eq(evac_window_parse(&text, &today, NULL), EVAC_OK);
    for (unsigned bits = 0; bits < 32; bits++) {
        bool severe = bits & 1, same_app = bits & 2, same_kind = bits & 4, in_time = bits & 8,
             excepted = bits & 16;
        struct evac_tell_route route = { .apps = shop,
                                         .app_count = 1,
                                         .kinds = kinds,
                                         .kind_count = 2,
                                         .severity = EVAC_URGENCY_ERROR,
                                         .during = &today,
                                         .during_count = 1,
                                         .except = &today,
                                         .except_count = excepted ? 1 : 0,
                                         .channels = pager,
                                         .channel_count = 1 };
        struct evac_notify_conf conf = plain;
        conf.routes = &route;
        conf.route_count = 1;
        struct evac_message m =
            message("x", EVAC_NOTICE_TRIGGER, severe ? EVAC_URGENCY_ERROR : EVAC_URGENCY_WARNING);
        if (!same_app)
            m.app[0] = 'S';
        m.kind = same_kind ? EVAC_ABOUT_RUN : EVAC_ABOUT_DRILL;
        uint32_t to =
            evac_routing(&conf, &m, &evac_zones_libc, in_time ? WALL : WALL + 2 * 86400000);
        ck_assert_uint_eq(to, severe && same_app && same_kind && in_time && !excepted ? 2 : 0);
        evac_notice_text(m.to, sizeof m.to, "chat");
        ck_assert_uint_eq(evac_routing(&conf, &m, &evac_zones_libc, 0) & 1, 1);
    }
    for (unsigned s = 0; s < EVAC_URGENCY_COUNT; s++) {
        struct evac_message m = message("x", EVAC_NOTICE_TRIGGER, (enum evac_urgency)s);
        ck_assert_uint_eq(evac_routing(&plain, &m, &evac_zones_libc, WALL),
                          s >= EVAC_URGENCY_WARNING ? 3 : 0);
    }
}
END_TEST

static bool is_down(void *ctx, struct evac_str region)
{
    return *(const unsigned *)ctx >> (region.p[0] - 'a') & 1;
}

/* Three regions, each up or down, six attempts. */
START_TEST(what_is_sent_is_sent_from_a_region_that_is_up_and_the_next_attempt_from_another)
{
    static const struct evac_str regions[] = { { "a", 1 }, { "b", 1 }, { "c", 1 } };
    const struct evac_channel c = { .regions = regions, .region_count = 3 };
    for (unsigned down = 0; down < 8; down++) {
        unsigned used = 0, up = ~down & 7u;
        for (uint32_t attempt = 1; attempt <= 6; attempt++) {
            struct evac_str r = evac_channel_region(&c, attempt, is_down, &down);
            ck_assert(up == 0 || !is_down(&down, r));
            used |= 1u << (r.p[0] - 'a');
        }
        ck_assert_uint_eq(used, up ? up : 7);
        ck_assert(up == 0 || evac_channel_region(&c, 1, is_down, &down).p[0] == (up & 1   ? 'a'
                                                                                 : up & 2 ? 'b'
                                                                                          : 'c'));
    }
    ck_assert_uint_eq(evac_channel_region(&channels[0], 1, NULL, NULL).n, 0);
}
END_TEST

/* --- the outbox ------------------------------------------------------------------------------- */

/* A journal and an outbox over it. */
struct desk {
    struct evac_outbox *o;
    struct evac_outbox_rows *rows;
    struct evac_arena *arena;
    struct evac_record journal[256];
    size_t count;
    struct evac_outbox_now now;
    const struct evac_notify_conf *conf;
};

static struct evac_outbox *fresh(const struct desk *d)
{
    struct evac_outbox *o = evac_outbox_new();
    evac_outbox_configure(o, d->conf);
    return o;
}

static struct desk *desk_new(const struct evac_notify_conf *conf)
{
    struct desk *d = calloc(1, sizeof *d);
    d->rows = calloc(1, sizeof *d->rows);
    ck_assert(d->rows);
    d->arena = d->rows->arena = evac_arena_new();
    d->now = (struct evac_outbox_now){ 1000000, WALL, 7 };
    d->conf = conf;
    d->o = fresh(d);
    return d;
}

static void desk_free(struct desk *d)
{
    evac_outbox_free(d->o);
    evac_arena_free(d->arena);
    free(d->rows);
    free(d);
}

/* The rows become durable. */
static size_t commit(struct desk *d)
{
    size_t n = d->rows->count;
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_lt(d->count, 256);
        struct evac_record *r = &d->journal[d->count++];
        *r = d->rows->items[i];
        r->seq = 100 + d->count;
        r->t_wall_ms = d->now.wall_ms;
        evac_outbox_see(d->o, r, &d->now);
    }
    d->rows->count = 0;
    return n;
}

static size_t queue(struct desk *d, const char *key, enum evac_notice_state state,
                    enum evac_urgency severity, uint32_t to)
{
    struct evac_message m = message(key, state, severity);
    evac_outbox_queue(d->o, &m, to, d->rows);
    return commit(d);
}

static size_t try_all(struct desk *d)
{
    evac_outbox_try(d->o, &d->now, d->rows);
    return commit(d);
}

static const struct evac_letter *on_its_way(const struct desk *d, const char *channel)
{
    for (struct evac_letter *l = evac_outbox_letters(d->o); l; l = l->next)
        if (strcmp(l->channel, channel) == 0 && l->state == EVAC_LETTER_TRYING)
            return l;
    return NULL;
}

static void answer(struct desk *d, const char *channel, enum evac_answer_kind kind)
{
    const struct evac_letter *l = on_its_way(d, channel);
    ck_assert_ptr_nonnull(l);
    const struct evac_answer a = { .kind = kind, .text = EVAC_STR("HTTP 200: ok") };
    evac_outbox_answer(d->o, l->id, &a, d->rows);
    commit(d);
}

static void later(struct desk *d, int64_t ms)
{
    d->now.boot_ms += (uint64_t)ms;
    d->now.wall_ms += ms;
}

static bool journalled(const struct desk *d, const char *channel, const char *event, const char *to)
{
    for (size_t i = 0; i < d->count; i++)
        if (evac_str_is(d->journal[i].name, channel) && evac_str_is(d->journal[i].event, event) &&
            evac_str_is(d->journal[i].to, to))
            return true;
    return false;
}

START_TEST(a_matter_is_opened_before_it_is_over_and_the_most_severe_goes_first)
{
    struct desk *d = desk_new(&plain);
    ck_assert_uint_eq(queue(d, "shop/a", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_WARNING, 2), 1);
    ck_assert_uint_eq(queue(d, "shop/b", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_CRITICAL, 2), 1);
    ck_assert_uint_eq(queue(d, "shop/b", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_CRITICAL, 2), 0);
    try_all(d);
    ck_assert_str_eq(on_its_way(d, "pager")->message.key, "shop/b");
    ck_assert_uint_eq(try_all(d), 0); /* one at a time */
    ck_assert_uint_eq(queue(d, "shop/b", EVAC_NOTICE_RESOLVE, EVAC_URGENCY_INFO, 0), 1);
    answer(d, "pager", EVAC_ANSWER_UNKNOWN);
    later(d, 3600000 / 2);
    try_all(d);
    ck_assert_str_eq(on_its_way(d, "pager")->message.key, "shop/b"); /* again, not its end */
    ck_assert_int_eq(on_its_way(d, "pager")->message.state, EVAC_NOTICE_TRIGGER);
    answer(d, "pager", EVAC_ANSWER_TAKEN);
    try_all(d);
    ck_assert_int_eq(on_its_way(d, "pager")->message.state, EVAC_NOTICE_RESOLVE);
    answer(d, "pager", EVAC_ANSWER_TAKEN);
    try_all(d);
    ck_assert_str_eq(on_its_way(d, "pager")->message.key, "shop/a");
    desk_free(d);
}
END_TEST

START_TEST(what_is_over_before_anybody_was_told_is_not_told)
{
    struct desk *d = desk_new(&plain);
    queue(d, "shop/run/7/ask", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_ERROR, 3);
    try_all(d);
    answer(d, "chat", EVAC_ANSWER_TAKEN);
    answer(d, "pager", EVAC_ANSWER_TAKEN);
    queue(d, "shop/run/7/gate/x", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_ERROR, 3);
    /* all that lies below the run, wherever it was told; the gate was not, so it just goes */
    ck_assert_uint_eq(queue(d, "shop/run/7", EVAC_NOTICE_RESOLVE, EVAC_URGENCY_INFO, 0), 4);
    ck_assert(journalled(d, "chat", "over", "dropped"));
    ck_assert(!evac_outbox_is_open_anywhere(d->o, "shop/run/7/gate/x"));
    ck_assert_uint_eq(queue(d, "shop/run/70", EVAC_NOTICE_RESOLVE, EVAC_URGENCY_INFO, 0), 0);
    ck_assert_uint_eq(queue(d, "shop/drill", EVAC_NOTICE_NEWS, EVAC_URGENCY_INFO, 3), 1);
    desk_free(d);
}
END_TEST

START_TEST(of_too_many_the_least_severe_and_oldest_is_dropped_and_a_row_says_so)
{
    struct desk *d = desk_new(&plain);
    queue(d, "1", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_ERROR, 1);
    queue(d, "2", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_WARNING, 1);
    queue(d, "3", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_WARNING, 1);
    ck_assert_uint_eq(queue(d, "4", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_WARNING, 1), 2);
    ck_assert(!evac_outbox_is_open(d->o, EVAC_STR("chat"), "2"));
    ck_assert(evac_outbox_is_open(d->o, EVAC_STR("chat"), "3"));
    ck_assert_uint_eq(queue(d, "5", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_INFO, 1), 1);
    ck_assert(!evac_outbox_is_open(d->o, EVAC_STR("chat"), "5"));
    ck_assert(journalled(d, "chat", "overflow", "dropped"));
    desk_free(d);
}
END_TEST

START_TEST(what_ends_a_matter_is_not_dropped_for_what_opens_one_as_severe)
{
    struct desk *d = desk_new(&plain);
    queue(d, "1", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_WARNING, 1);
    try_all(d);
    answer(d, "chat", EVAC_ANSWER_TAKEN);
    queue(d, "1", EVAC_NOTICE_RESOLVE, EVAC_URGENCY_INFO, 0);
    queue(d, "2", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_WARNING, 1);
    queue(d, "3", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_WARNING, 1);
    queue(d, "4", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_WARNING, 1);
    ck_assert(!evac_outbox_is_open(d->o, EVAC_STR("chat"), "2"));
    try_all(d);
    ck_assert_str_eq(on_its_way(d, "chat")->message.key, "1");
    ck_assert_int_eq(on_its_way(d, "chat")->message.state, EVAC_NOTICE_RESOLVE);
    desk_free(d);
}
END_TEST

START_TEST(a_dead_channel_is_tried_less_and_less_stops_no_other_and_its_backup_is_told)
{
    struct desk *d = desk_new(&plain);
    unsigned attempts = 0;
    queue(d, "shop/a", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_CRITICAL, 1);
    for (int64_t s = 0; s < 1800; s++, later(d, 1000)) {
        uint64_t due = evac_outbox_wake_ms(d->o);
        size_t tried = try_all(d);
        ck_assert_int_eq(due <= d->now.boot_ms, tried > 0);
        d->now.random += 0x9e3779b97f4a7c15u;
        if (on_its_way(d, "chat")) {
            attempts++;
            answer(d, "chat", EVAC_ANSWER_BUSY);
        }
        if (on_its_way(d, "pager"))
            answer(d, "pager", EVAC_ANSWER_TAKEN);
    }
    ck_assert_uint_ge(attempts, 7);
    ck_assert_uint_le(attempts, 11);
    ck_assert(journalled(d, "pager", "accepted", "sent"));
    ck_assert(evac_outbox_is_open(d->o, EVAC_STR("pager"), "shop/a"));
    ck_assert_ptr_nonnull(evac_outbox_fails(d->o, EVAC_STR("chat")));
    ck_assert_ptr_null(evac_outbox_fails(d->o, EVAC_STR("pager")));
    later(d, 3600000);
    evac_outbox_sweep(d->o, &d->now, NULL, NULL, d->rows);
    ck_assert_uint_eq(commit(d), 1);
    ck_assert(journalled(d, "chat", "too-old", "given-up"));
    desk_free(d);
}
END_TEST

START_TEST(what_is_refused_as_it_is_does_not_stand_in_the_way_for_ever)
{
    struct desk *d = desk_new(&plain);
    queue(d, "bad", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_CRITICAL, 2);
    for (int i = 0; i < 5; i++) {
        later(d, 1000000);
        d->now.wall_ms = WALL;
        try_all(d);
        answer(d, "pager", EVAC_ANSWER_NO);
    }
    ck_assert(journalled(d, "pager", "spent", "given-up"));
    ck_assert_ptr_null(evac_outbox_letters(d->o));
    desk_free(d);
}
END_TEST

START_TEST(what_waits_for_a_channel_that_is_gone_is_dropped_and_one_that_came_hears_what_is_new)
{
    static const struct evac_notify_conf one = { .channels = channels + 1, .channel_count = 1 };
    struct desk *d = desk_new(&plain);
    queue(d, "shop/a", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_ERROR, 1);
    evac_outbox_configure(d->o, &one); /* "pager" is the first of it now */
    evac_outbox_sweep(d->o, &d->now, NULL, NULL, d->rows);
    ck_assert_uint_eq(commit(d), 1);
    ck_assert(journalled(d, "chat", "no-channel", "dropped"));
    queue(d, "shop/a", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_ERROR, 1);
    ck_assert_uint_eq(try_all(d), 1);
    ck_assert_ptr_nonnull(on_its_way(d, "pager"));
    desk_free(d);
}
END_TEST

static bool does_not(void *ctx, struct evac_str app)
{
    (void)ctx, (void)app;
    return false;
}

START_TEST(what_keeps_automation_from_acting_is_little_to_an_app_that_asks_anyway)
{
    const struct evac_tell_view view = { .acts = does_not };
    const struct evac_record r = { .kind = EVAC_RECORD_ASSURANCE,
                                   .app = EVAC_STR("shop"),
                                   .name = EVAC_STR("drill"),
                                   .event = EVAC_STR("not-good"),
                                   .to = EVAC_STR("us-west-2") };
    struct evac_teller t = { .started = false };
    struct evac_message out[EVAC_TELL_MAX];
    ck_assert_uint_eq(evac_tell(&t, &r, &view, out), 1);
    ck_assert_int_eq(out[0].severity, EVAC_URGENCY_INFO);
    ck_assert_uint_eq(evac_tell(&t, &r, NULL, out), 1);
    ck_assert_int_eq(out[0].severity, EVAC_URGENCY_WARNING);
}
END_TEST

static bool is_incident(void *ctx, struct evac_str region)
{
    (void)ctx;
    return evac_str_is(region, "us-east-1");
}

START_TEST(apps_of_a_regional_incident_are_not_told_one_by_one)
{
    struct desk *d = desk_new(&plain);
    struct evac_message m =
        message("shop/health/us-east-1", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_ERROR);
    m.kind = EVAC_ABOUT_HEALTH;
    evac_notice_text(m.region, sizeof m.region, "us-east-1");
    evac_outbox_queue(d->o, &m, 3, d->rows);
    ck_assert_uint_eq(commit(d), 2);
    ck_assert_uint_eq(try_all(d), 0); /* gathering */
    evac_outbox_sweep(d->o, &d->now, is_incident, NULL, d->rows);
    ck_assert_uint_eq(commit(d), 2);
    ck_assert(journalled(d, "chat", "gathered", "dropped"));
    ck_assert(!evac_outbox_is_open_anywhere(d->o, m.key));
    evac_notice_text(m.region, sizeof m.region, "us-west-2");
    evac_outbox_queue(d->o, &m, 3, d->rows);
    commit(d);
    evac_outbox_sweep(d->o, &d->now, is_incident, NULL, d->rows);
    ck_assert_uint_eq(commit(d), 0);
    later(d, 15000);
    ck_assert_uint_eq(try_all(d), 2);
    desk_free(d);
}
END_TEST

/* --- kill -9 after each row ------------------------------------------------------------------- */

/* The rest of the story from a journal of n rows: all letters are sent in the end. */
static void live_on(struct desk *d, unsigned *ret_attempts, unsigned *ret_warned)
{
    evac_outbox_resume(d->o, d->rows);
    commit(d);
    for (int i = 0; i < 50 && evac_outbox_letters(d->o); i++, later(d, 60000)) {
        try_all(d);
        for (size_t c = 0; c < 2; c++)
            if (on_its_way(d, channels[c].name.p))
                answer(d, channels[c].name.p, EVAC_ANSWER_TAKEN);
    }
    for (size_t i = 0; i < d->count; i++) {
        bool attempt = evac_str_is(d->journal[i].to, "trying");
        *ret_attempts += attempt;
        *ret_warned += attempt && evac_str_has(d->journal[i].text, "may be a repeat");
    }
}

START_TEST(after_a_kill_behind_any_row_none_is_lost_and_a_repeat_is_known_as_one)
{
    struct desk *whole = desk_new(&plain);
    queue(whole, "shop/a", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_ERROR, 3);
    try_all(whole);
    answer(whole, "chat", EVAC_ANSWER_TAKEN);
    answer(whole, "pager", EVAC_ANSWER_BUSY);
    queue(whole, "shop/a", EVAC_NOTICE_RESOLVE, EVAC_URGENCY_INFO, 0);
    later(whole, 60000);
    try_all(whole);
    answer(whole, "pager", EVAC_ANSWER_TAKEN);
    answer(whole, "chat", EVAC_ANSWER_TAKEN);
    try_all(whole);
    answer(whole, "pager", EVAC_ANSWER_TAKEN);
    ck_assert_ptr_null(evac_outbox_letters(whole->o));
    for (size_t n = 2; n <= whole->count; n++) {
        struct desk *d = desk_new(&plain);
        unsigned attempts = 0, warned = 0, queued = 0, sent = 0, open = 0;
        for (size_t i = 0; i < n; i++) {
            d->journal[d->count++] = whole->journal[i];
            evac_outbox_see(d->o, &whole->journal[i], &d->now);
            open += evac_str_is(whole->journal[i].to, "trying");
            open -= evac_str_is(whole->journal[i].from, "trying");
        }
        live_on(d, &attempts, &warned);
        ck_assert_ptr_null(evac_outbox_letters(d->o));
        for (size_t i = 0; i < d->count; i++) {
            queued += evac_str_is(d->journal[i].to, "queued");
            sent += evac_str_is(d->journal[i].to, "sent");
        }
        ck_assert_uint_eq(queued, sent);
        ck_assert_uint_eq(warned, open); /* those that nobody knows the end of, and no other */
        desk_free(d);
    }
    desk_free(whole);
}
END_TEST

/* --- the encoders ----------------------------------------------------------------------------- */

static struct evac_packed pack(const char *type, const char *secret, const struct evac_message *m,
                               struct evac_arena *arena)
{
    static const struct evac_str to[] = { { "a@example.com", 13 }, { "b@example.com", 13 } };
    struct evac_channel c = { .name = EVAC_STR("x"),
                              .type = evac_str(type),
                              .secret = EVAC_STR("/run/x"),
                              .from = EVAC_STR("evac@example.com"),
                              .to = to,
                              .to_count = 2 };
    if (strcmp(type, "webhook") == 0)
        c.url = EVAC_STR("https://hooks.example.com/in");
    if (strcmp(type, "mail") == 0) {
        c.url = EVAC_STR("smtps://mail.example.com:465");
        c.user = EVAC_STR("evac");
    }
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(evac_channel_check(&c, &err) == EVAC_OK, "%s: %s", type, err.text);
    struct evac_channel *kept = evac_arena_alloc(arena, sizeof *kept);
    *kept = c;
    const struct evac_parcel p = { .channel = kept,
                                   .message = m,
                                   .secret = evac_str(secret),
                                   .node = EVAC_STR("ctl"),
                                   .attempt = 2,
                                   .repeat = true,
                                   .wall_ms = WALL + 60000 };
    struct evac_packed packed = { .is_mail = false };
    ck_assert_msg(evac_channel_pack(&p, arena, &packed, &err) == EVAC_OK, "%s: %s", type, err.text);
    return packed;
}

static struct evac_str header(const struct evac_packed *p, const char *name)
{
    struct evac_http_reply as = { .headers = p->http.headers,
                                  .header_count = p->http.header_count };
    return evac_http_header(&as, name);
}

/* The text at a path of the body, "payload.severity", "blocks.0.type"; "" when there is none. */
static const char *at(cJSON *json, const char *path)
{
    struct evac_str rest = evac_str(path);
    cJSON *item = json;
    while (item && rest.n) {
        char name[64];
        struct evac_str part = evac_str_cut(rest, '.', &rest);
        (void)evac_str_copy(name, sizeof name, part);
        item = cJSON_IsArray(item) ? cJSON_GetArrayItem(item, name[0] - '0')
                                   : cJSON_GetObjectItemCaseSensitive(item, name);
    }
    const char *text = cJSON_GetStringValue(item);
    return text ? text : "";
}

static cJSON *body(const struct evac_packed *p)
{
    cJSON *json = cJSON_ParseWithLength(p->http.body.p, p->http.body.n);
    ck_assert_msg(json != NULL, "no JSON: %.*s", EVAC_STR_ARG(p->http.body));
    ck_assert(evac_str_is(p->http.method, "POST") && p->http.mutates && p->http.total_ms);
    ck_assert(evac_str_is(header(p, "content-type"), "application/json"));
    return json;
}

START_TEST(a_webhook_is_signed_as_the_standard_has_it)
{
    static const char key[] = "0123456789abcdef0123456789abcdef";
    static const char key64[] = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    struct evac_arena *arena = evac_arena_new();
    struct evac_message m = message("shop/run/7/ask", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_CRITICAL);
    struct evac_packed p = pack("webhook", _i ? key64 : key, &m, arena);
    struct evac_str stamp = header(&p, "webhook-timestamp");
    int64_t seconds;
    ck_assert(evac_str_is(header(&p, "webhook-id"), m.id));
    ck_assert(evac_str_i64(stamp, &seconds) && seconds == (WALL + 60000) / 1000);
    ck_assert(evac_str_is(header(&p, "evac-repeat"), "maybe"));
    struct evac_str all = evac_arena_printf(arena, "%s.%.*s.%.*s", m.id, EVAC_STR_ARG(stamp),
                                            EVAC_STR_ARG(p.http.body));
    unsigned char mac[32];
    char expected[64] = "v1,";
    unsigned n;
    HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)all.p, all.n, mac, &n);
    EVP_EncodeBlock((unsigned char *)expected + 3, mac, 32);
    ck_assert(evac_str_is(header(&p, "webhook-signature"), expected));
    cJSON *json = body(&p);
    ck_assert_str_eq(at(json, "type"), "evac.proposal.trigger");
    ck_assert_str_eq(at(json, "timestamp"), "2026-11-28T06:48:44.745Z");
    ck_assert_str_eq(at(json, "data.key"), m.key);
    ck_assert_str_eq(at(json, "data.text"), m.text);
    cJSON_Delete(json);
    evac_arena_free(arena);
}
END_TEST

START_TEST(pagerduty_gets_its_three_actions_by_one_key)
{
    static const char *const actions[] = { "trigger", "acknowledge", "resolve" };
    struct evac_arena *arena = evac_arena_new();
    struct evac_message m =
        message("shop/run/7/ask", (enum evac_notice_state)_i, EVAC_URGENCY_CRITICAL);
    struct evac_packed p = pack("pagerduty", "R0UT1NGKEY", &m, arena);
    cJSON *json = body(&p);
    ck_assert(evac_str_is(p.http.url, "https://events.pagerduty.com/v2/enqueue"));
    ck_assert_str_eq(at(json, "routing_key"), "R0UT1NGKEY");
    ck_assert_str_eq(at(json, "event_action"), actions[_i]);
    ck_assert_str_eq(at(json, "dedup_key"), m.key);
    ck_assert_str_eq(at(json, "payload.summary"), m.title);
    ck_assert_str_eq(at(json, "payload.source"), "shop");
    ck_assert_str_eq(at(json, "payload.severity"), "critical");
    ck_assert_str_eq(at(json, "payload.timestamp"), "2026-11-28T06:48:44.745Z");
    ck_assert_str_eq(at(json, "payload.custom_details.id"), m.id);
    ck_assert_str_eq(at(json, "links.0.href"), m.link);
    ck_assert_str_eq(at(json, "links.0.text"), _i ? "Run 7" : "Approve or decline run 7");
    cJSON_Delete(json);
    evac_arena_free(arena);
}
END_TEST

START_TEST(opsgenie_is_asked_for_an_alert_and_told_of_it_by_its_alias)
{
    static const char *const urls[] = {
        "https://api.opsgenie.com/v2/alerts",
        "https://api.opsgenie.com/v2/alerts/shop%2Frun%2F7%2Fask/acknowledge?identifierType=alias",
        "https://api.opsgenie.com/v2/alerts/shop%2Frun%2F7%2Fask/close?identifierType=alias",
    };
    struct evac_arena *arena = evac_arena_new();
    struct evac_message m =
        message("shop/run/7/ask", (enum evac_notice_state)_i, EVAC_URGENCY_WARNING);
    struct evac_packed p = pack("opsgenie", "k3y", &m, arena);
    cJSON *json = body(&p);
    ck_assert(evac_str_is(p.http.url, urls[_i]));
    ck_assert(evac_str_is(header(&p, "authorization"), "GenieKey k3y"));
    ck_assert_str_eq(at(json, "source"), "ctl");
    ck_assert_str_eq(at(json, "alias"), _i ? "" : m.key);
    ck_assert_str_eq(at(json, "priority"), _i ? "" : "P3");
    ck_assert_str_eq(at(json, _i ? "note" : "message"), m.title);
    cJSON_Delete(json);
    evac_arena_free(arena);
}
END_TEST

START_TEST(slack_gets_blocks_without_markup_of_others_and_a_link_to_approve)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_message m = message("shop/run/7/ask", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_CRITICAL);
    memset(m.title, 'x', sizeof m.title - 1);
    struct evac_packed p = pack("slack", "https://hooks.example.com/services/T/B/x", &m, arena);
    cJSON *json = body(&p);
    ck_assert(evac_str_is(p.http.url, "https://hooks.example.com/services/T/B/x"));
    ck_assert_str_eq(at(json, "blocks.0.type"), "header");
    ck_assert_str_eq(at(json, "blocks.0.text.type"), "plain_text");
    ck_assert_uint_le(strlen(at(json, "blocks.0.text.text")), 150);
    ck_assert_str_eq(at(json, "blocks.1.text.text"), "a &lt;b&gt; &amp; \"c\" \xc3\xbc");
    ck_assert_str_eq(at(json, "blocks.2.elements.0.url"), m.link);
    ck_assert_str_eq(at(json, "blocks.2.elements.0.text.text"), "Approve or decline run 7");
    ck_assert_str_eq(at(json, "blocks.3.type"), "context");
    cJSON_Delete(json);
    evac_arena_free(arena);
}
END_TEST

START_TEST(teams_gets_an_adaptive_card)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_message m = message("shop/run/7/ask", EVAC_NOTICE_RESOLVE, EVAC_URGENCY_CRITICAL);
    struct evac_packed p = pack("teams", "https://x.logic.azure.com/workflows/1?sig=s", &m, arena);
    cJSON *json = body(&p);
    ck_assert_str_eq(at(json, "type"), "message");
    ck_assert_str_eq(at(json, "attachments.0.contentType"),
                     "application/vnd.microsoft.card.adaptive");
    ck_assert_str_eq(at(json, "attachments.0.content.type"), "AdaptiveCard");
    ck_assert_str_eq(at(json, "attachments.0.content.body.0.text"), m.title);
    ck_assert_str_eq(at(json, "attachments.0.content.body.0.color"), "good");
    ck_assert_str_eq(at(json, "attachments.0.content.actions.0.url"), m.link);
    cJSON_Delete(json);
    evac_arena_free(arena);
}
END_TEST

START_TEST(a_letter_is_one_of_its_matters_thread_and_holds_nothing_of_others_in_its_head)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_message m = message("shop/run/7/ask", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_CRITICAL);
    evac_notice_text(m.title, sizeof m.title, "a\r\nBcc: c@example.com %0120d", 7);
    struct evac_packed p = pack("mail", "p4ssw0rd", &m, arena);
    ck_assert(p.is_mail && evac_str_is(p.mail.user, "evac"));
    ck_assert(evac_str_is(p.mail.password, "p4ssw0rd") && p.mail.to_count == 2);
    ck_assert(evac_str_starts(p.mail.message, "Date: Sat, 28 Nov 2026 06:49:44 +0000\r\n"));
    ck_assert(evac_str_has(p.mail.message, "To: a@example.com,\r\n b@example.com\r\n"));
    ck_assert(evac_str_has(p.mail.message, "Message-ID: <aaaaaaaaaaaaaaaaaaaaaaaaaa@evac"));
    ck_assert(!evac_str_has(p.mail.message, "Bcc"));
    struct evac_str rest = p.mail.message;
    while (rest.n) {
        struct evac_str line = evac_str_cut(rest, '\n', &rest);
        ck_assert_uint_le(line.n, 77);
        ck_assert(line.n && line.p[line.n - 1] == '\r');
    }
    evac_arena_free(arena);
}
END_TEST

START_TEST(a_channel_that_would_show_a_secret_or_lacks_something_is_refused)
{
    static const struct {
        const char *type, *url, *secret, *part;
    } bad[] = {
        { "webhook", "", "/k", "needs a url" },
        { "webhook", "http://hooks.example.com/", "/k", "https://" },
        { "webhook", "https://hooks.example.com/", "", "needs a secret" },
        { "slack", "https://hooks.example.com/", "/k", "its address is its secret" },
        { "pagerduty", "", "", "routing key" },
        { "mail", "https://mail.example.com/", "", "smtps://" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const struct evac_channel c = { .type = evac_str(bad[i].type),
                                        .url = evac_str(bad[i].url),
                                        .secret = evac_str(bad[i].secret) };
        struct evac_err err = { EVAC_OK, "" };
        ck_assert_int_eq(evac_channel_check(&c, &err), EVAC_E_BADCONF);
        ck_assert_msg(strstr(err.text, bad[i].part) != NULL, "%zu: %s", i, err.text);
    }
    ck_assert(evac_channel_url_is_safe(EVAC_STR("http://127.0.0.1:80/x")));
    ck_assert(evac_channel_url_is_safe(EVAC_STR("http://[::1]:80/x")));
    ck_assert(!evac_channel_url_is_safe(EVAC_STR("http://127.example.com/")));
    ck_assert(!evac_channel_url_is_safe(EVAC_STR("http://localhost.example.com/")));
}
END_TEST

/* --- what is worth telling -------------------------------------------------------------------- */

static size_t tell(struct evac_teller *t, enum evac_record_kind kind, const char *name,
                   const char *from, const char *event, const char *to, struct evac_message *out)
{
    const struct evac_record r = { .seq = 40,
                                   .kind = kind,
                                   .run = 7,
                                   .step = EVAC_NO_STEP,
                                   .t_wall_ms = WALL,
                                   .app = EVAC_STR("shop"),
                                   .name = evac_str(name),
                                   .from = evac_str(from),
                                   .event = evac_str(event),
                                   .to = evac_str(to),
                                   .who = EVAC_STR("uid:ann"),
                                   .text = EVAC_STR("because") };
    return evac_tell(t, &r, NULL, out);
}

/* Pairs of rows: the second ends, or takes up, what the first opened. */
START_TEST(what_a_row_opens_another_ends)
{
    static const struct {
        enum evac_record_kind kind;
        const char *name, *from, *event, *to;
        const char *key; /* that it opens */
        enum evac_record_kind end;
        const char *end_name, *end_from, *end_event, *end_to;
        enum evac_notice_state state;
    } pairs[] = {
        /* clang-format off */
        { EVAC_RECORD_VERDICT, "us-east-1", "", "", "down", "shop/health/us-east-1",
          EVAC_RECORD_VERDICT, "us-east-1", "", "", "up", EVAC_NOTICE_RESOLVE },
        { EVAC_RECORD_GATE_BLOCK, "start", "", "approval", "", "shop/run/7/ask",
          EVAC_RECORD_APPROVE, "", "", "down/ungraceful", "", EVAC_NOTICE_ACKNOWLEDGE },
        { EVAC_RECORD_GATE_BLOCK, "start", "", "approval", "", "shop/run/7/ask",
          EVAC_RECORD_GATE_PASS, "start", "", "approval", "", EVAC_NOTICE_RESOLVE },
        { EVAC_RECORD_GATE_BLOCK, "start", "", "veto", "", "shop/run/7/ask/veto",
          EVAC_RECORD_TERMINAL, "", "proposed", "cancel", "rolled_back", EVAC_NOTICE_RESOLVE },
        { EVAC_RECORD_GATE_BLOCK, "promote", "", "rpo", "", "shop/run/7/gate/start-promote/rpo",
          EVAC_RECORD_GATE_PASS, "promote", "", "rpo", "", EVAC_NOTICE_RESOLVE },
        { EVAC_RECORD_ESCALATE, "pager", "", "", "told", "shop/run/7/ask/told-0-told",
          EVAC_RECORD_RUN, "", "proposed", "approved", "running", EVAC_NOTICE_RESOLVE },
        { EVAC_RECORD_INSTANT, "started", "", "", "", "shop/run/7",
          EVAC_RECORD_TERMINAL, "", "settling", "settled-clean", "succeeded", EVAC_NOTICE_RESOLVE },
        { EVAC_RECORD_RUN, "", "running", "step-asks", "asking", "shop/run/7/step",
          EVAC_RECORD_RUN, "", "asking", "answered", "running", EVAC_NOTICE_RESOLVE },
        { EVAC_RECORD_INCIDENT, "us-east-1", "none", "declared", "open", "incident/us-east-1",
          EVAC_RECORD_INCIDENT, "us-east-1", "open", "closed", "closed", EVAC_NOTICE_RESOLVE },
        { EVAC_RECORD_DEPENDENCY, "idp", "", "", "down", "dependency/idp",
          EVAC_RECORD_DEPENDENCY, "idp", "", "", "up", EVAC_NOTICE_RESOLVE },
        { EVAC_RECORD_OLD_SIDE, "us-east-1", "", "writes", "alive", "shop/old-side",
          EVAC_RECORD_OLD_SIDE, "us-east-1", "", "", "still", EVAC_NOTICE_RESOLVE },
        { EVAC_RECORD_DRILL, "isolated", "running", "run-back", "failed", "shop/drill",
          EVAC_RECORD_ACK, "", "", "", "", EVAC_NOTICE_RESOLVE },
        { EVAC_RECORD_ASSURANCE, "drill", "", "not-good", "us-west-2", "shop/assurance/drill/us-west-2",
          EVAC_RECORD_ASSURANCE, "drill", "", "good", "us-west-2", EVAC_NOTICE_RESOLVE },
        { EVAC_RECORD_VANTAGE, "eu", "speaks", "", "silent", "controller/vantage/eu",
          EVAC_RECORD_VANTAGE, "eu", "silent", "", "speaks", EVAC_NOTICE_RESOLVE },
        { EVAC_RECORD_ALARM, "", "", "", "", "shop/no-plan",
          EVAC_RECORD_ADMIT, "failover", "us-east-1", "ungraceful", "us-west-2", EVAC_NOTICE_RESOLVE },
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct evac_teller t = { .started = false };
        struct evac_message a[EVAC_TELL_MAX], b[EVAC_TELL_MAX];
        bool ends = false;
        ck_assert_uint_eq(
            tell(&t, pairs[i].kind, pairs[i].name, pairs[i].from, pairs[i].event, pairs[i].to, a),
            1);
        ck_assert_int_eq(a[0].state, EVAC_NOTICE_TRIGGER);
        ck_assert_str_eq(a[0].key, pairs[i].key);
        ck_assert(a[0].title[0] && a[0].cause == 40 && a[0].wall_ms == WALL);
        size_t n = tell(&t, pairs[i].end, pairs[i].end_name, pairs[i].end_from, pairs[i].end_event,
                        pairs[i].end_to, b);
        for (size_t k = 0; k < n; k++)
            ends = ends || (b[k].state == pairs[i].state && evac_notice_covers(b[k].key, a[0].key));
        ck_assert_msg(ends, "%zu: %s is not ended", i, pairs[i].key);
    }
}
END_TEST

START_TEST(a_run_that_ends_badly_stays_open_until_somebody_has_seen_to_it)
{
    struct evac_teller t = { .started = false };
    struct evac_message out[EVAC_TELL_MAX];
    size_t n = tell(&t, EVAC_RECORD_TERMINAL, "", "settling", "settled-held", "held", out);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(out[0].key, "shop/run/7");
    ck_assert_int_eq(out[0].state, EVAC_NOTICE_RESOLVE);
    ck_assert_str_eq(out[1].key, "shop/over");
    ck_assert_int_eq(out[1].state, EVAC_NOTICE_TRIGGER);
    ck_assert_int_eq(out[1].severity, EVAC_URGENCY_CRITICAL);
}
END_TEST

START_TEST(one_regional_incident_stands_for_its_apps_and_a_crash_is_told_from_a_stop)
{
    struct evac_teller t = { .started = false };
    struct evac_message out[EVAC_TELL_MAX];
    ck_assert_uint_eq(tell(&t, EVAC_RECORD_INCIDENT, "us-east-1", "", "declared", "open", out), 1);
    ck_assert_uint_eq(tell(&t, EVAC_RECORD_VERDICT, "us-east-1", "", "", "down", out), 0);
    ck_assert_uint_eq(tell(&t, EVAC_RECORD_VERDICT, "us-west-2", "", "", "down", out), 1);
    ck_assert_uint_eq(tell(&t, EVAC_RECORD_INCIDENT, "us-east-1", "", "closed", "closed", out), 1);
    ck_assert_uint_eq(tell(&t, EVAC_RECORD_VERDICT, "us-east-1", "", "", "down", out), 1);
    ck_assert_uint_eq(tell(&t, EVAC_RECORD_START, "", "", "", "", out), 0);
    ck_assert_uint_eq(tell(&t, EVAC_RECORD_STOP, "", "", "", "", out), 0);
    ck_assert_uint_eq(tell(&t, EVAC_RECORD_START, "", "", "", "", out), 0);
    ck_assert_uint_eq(tell(&t, EVAC_RECORD_START, "", "", "", "", out), 1);
}
END_TEST

/* --- small things ----------------------------------------------------------------------------- */

START_TEST(a_message_survives_the_journal_and_a_cut_text_ends_with_a_whole_character)
{
    struct evac_message m = message("shop/run/7/ask", EVAC_NOTICE_TRIGGER, EVAC_URGENCY_ERROR), b;
    struct evac_buf json;
    char cut[6];
    evac_buf_init(&json, 8192);
    evac_message_to_json(&m, &json);
    ck_assert_int_eq(evac_message_from_json(evac_buf_str(&json), &b, NULL), EVAC_OK);
    ck_assert_str_eq(b.text, m.text);
    ck_assert_str_eq(b.key, m.key);
    ck_assert(b.severity == m.severity && b.run == 7 && b.cause == 40 && b.wall_ms == WALL);
    ck_assert_int_eq(evac_message_from_json(EVAC_STR("{\"id\":1}"), &b, NULL), EVAC_E_PARSE);
    evac_buf_done(&json);
    evac_notice_text(cut, sizeof cut, "abcd\xc3\xbc");
    ck_assert_str_eq(cut, "abcd");
    evac_notice_text(cut, sizeof cut, "abc\xc3\xbc");
    ck_assert_str_eq(cut, "abc\xc3\xbc");
}
END_TEST

START_TEST(what_a_service_answers_is_kept_without_the_secret)
{
    struct evac_arena *arena = evac_arena_new();
    static const struct {
        int status;
        enum evac_answer_kind kind;
    } rows[] = { { 200, EVAC_ANSWER_TAKEN },  { 202, EVAC_ANSWER_TAKEN },
                 { 301, EVAC_ANSWER_NO },     { 400, EVAC_ANSWER_NO },
                 { 429, EVAC_ANSWER_BUSY },   { 500, EVAC_ANSWER_UNKNOWN },
                 { 503, EVAC_ANSWER_UNKNOWN } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct evac_http_header wait = { EVAC_STR("retry-after"), EVAC_STR("7") };
        struct evac_http_reply r = { .fate = EVAC_HTTP_REPLIED,
                                     .status = rows[i].status,
                                     .headers = &wait,
                                     .header_count = 1,
                                     .body = EVAC_STR("bad key\n R0UT1NGKEY!"),
                                     .error = "" };
        struct evac_answer a = evac_channel_judge(&r, false, EVAC_STR("R0UT1NGKEY"), arena);
        ck_assert_int_eq(a.kind, rows[i].kind);
        ck_assert_uint_eq(a.retry_after_ms, 7000);
        ck_assert(evac_str_has(a.text, "bad key ***!"));
    }
    struct evac_http_reply lost = { .fate = EVAC_HTTP_LOST, .error = "no answer" };
    ck_assert_int_eq(evac_channel_judge(&lost, false, EVAC_STR_NONE, arena).kind,
                     EVAC_ANSWER_UNKNOWN);
    lost.fate = EVAC_HTTP_NOT_SENT;
    ck_assert_int_eq(evac_channel_judge(&lost, false, EVAC_STR_NONE, arena).kind, EVAC_ANSWER_BUSY);
    evac_arena_free(arena);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("notify");
    tcase_add_loop_test(tc, every_letter_ends_and_what_has_ended_stays, 1, EVAC_LETTER_STATE_COUNT);
    tcase_add_test(tc, only_an_attempt_sends_and_only_an_attempt_leaves_doubt);
    tcase_add_test(tc, a_route_is_followed_when_each_of_its_conditions_holds);
    tcase_add_test(tc,
                   what_is_sent_is_sent_from_a_region_that_is_up_and_the_next_attempt_from_another);
    tcase_add_test(tc, a_matter_is_opened_before_it_is_over_and_the_most_severe_goes_first);
    tcase_add_test(tc, what_is_over_before_anybody_was_told_is_not_told);
    tcase_add_test(tc, of_too_many_the_least_severe_and_oldest_is_dropped_and_a_row_says_so);
    tcase_add_test(tc, what_ends_a_matter_is_not_dropped_for_what_opens_one_as_severe);
    tcase_add_test(tc, a_dead_channel_is_tried_less_and_less_stops_no_other_and_its_backup_is_told);
    tcase_add_test(tc, what_is_refused_as_it_is_does_not_stand_in_the_way_for_ever);
    tcase_add_test(
        tc, what_waits_for_a_channel_that_is_gone_is_dropped_and_one_that_came_hears_what_is_new);
    tcase_add_test(tc, what_keeps_automation_from_acting_is_little_to_an_app_that_asks_anyway);
    tcase_add_test(tc, apps_of_a_regional_incident_are_not_told_one_by_one);
    tcase_add_test(tc, after_a_kill_behind_any_row_none_is_lost_and_a_repeat_is_known_as_one);
    tcase_add_loop_test(tc, a_webhook_is_signed_as_the_standard_has_it, 0, 2);
    tcase_add_loop_test(tc, pagerduty_gets_its_three_actions_by_one_key, 0, 3);
    tcase_add_loop_test(tc, opsgenie_is_asked_for_an_alert_and_told_of_it_by_its_alias, 0, 3);
    tcase_add_test(tc, slack_gets_blocks_without_markup_of_others_and_a_link_to_approve);
    tcase_add_test(tc, teams_gets_an_adaptive_card);
    tcase_add_test(tc,
                   a_letter_is_one_of_its_matters_thread_and_holds_nothing_of_others_in_its_head);
    tcase_add_test(tc, a_channel_that_would_show_a_secret_or_lacks_something_is_refused);
    tcase_add_test(tc, what_a_row_opens_another_ends);
    tcase_add_test(tc, a_run_that_ends_badly_stays_open_until_somebody_has_seen_to_it);
    tcase_add_test(tc, one_regional_incident_stands_for_its_apps_and_a_crash_is_told_from_a_stop);
    tcase_add_test(tc, a_message_survives_the_journal_and_a_cut_text_ends_with_a_whole_character);
    tcase_add_test(tc, what_a_service_answers_is_kept_without_the_secret);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("notify", add_cases)
