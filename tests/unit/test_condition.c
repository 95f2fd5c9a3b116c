/* Composite conditions: every assignment of what four probes may say, against a reference that
 * works with numbers; what a configuration may ask for; what a vantage makes of it; suppression,
 * shared dependencies, grace. */
#include "cond.h"
#include "conf.h"
#include "health.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define EVERY_MS 10000u
#define PROBES   4
#define SAYS     4 /* up, down, unknown, left out */

/* --- an app from text
 * ------------------------------------------------------------------------------------ */

struct loaded {
    struct evac_diag diag;
    struct evac_model *model;
    struct evac_buf told;
    const struct evac_app *app;
};

static const char *load(struct loaded *l, const char *health, const char *probes)
{
    struct evac_buf text;
    struct evac_err err;
    *l = (struct loaded){ .diag = { .arena = evac_arena_new() } };
    evac_buf_init(&l->told, 1u << 20);
    evac_buf_init(&text, 1u << 20);
    evac_buf_putf(
        &text,
        "app = { name = \"shop\"; strategy = \"warm-standby\"; regions = ( \"us-east-1\", "
        "\"us-west-2\" );\n objectives = { rto = 60; rpo = 60; };\n health = { %s };\n"
        " probes = ( %s ); };\n",
        health, probes);
    struct evac_conf_text file = { "test.cfg", evac_buf_str(&text) };
    (void)evac_conf_parse(&file, 1, &l->diag, &l->model, &err);
    evac_diag_print(&l->diag, &l->told);
    evac_buf_done(&text);
    l->app = l->model ? &l->model->apps[0] : NULL;
    return l->told.n ? l->told.p : "";
}

static void unload(struct loaded *l)
{
    evac_model_free(l->model);
    evac_arena_free(l->diag.arena);
    evac_buf_done(&l->told);
}

#define PROBE(name, more) "{ name = \"" name "\"; http = \"http://{region}." name "/\"; " more " }"
#define ABCD                                                                                       \
    PROBE("a", "grace = 0;")                                                                       \
    ", " PROBE("b", "grace = 0;") ", " PROBE("c", "grace = 0;") ", " PROBE("d", "grace = 0;")

/* --- the reference: no is 0, unsure 1/2, yes 1; any is the greatest, all the least, at least k the
 * k-th greatest, not what is left to 1 -----------------------------------------------------------
 */

#define LEFT_OUT (-1.0)

static double reference(const char **at, const double *values);

static double kth_greatest(double *v, size_t n, size_t k)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            if (v[j] > v[i]) {
                double x = v[i];
                v[i] = v[j];
                v[j] = x;
            }
    return v[(k < n ? k : n) - 1];
}

/* "&(ab)" all, "|(ab)" any, "2(abc)" at least two, "!a" not. */
static double reference(const char **at, const double *values)
{
    char op = *(*at)++;
    double children[16];
    size_t n = 0, k;
    if (op >= 'a')
        if (op <= 'd')
            return values[op - 'a'];
    if (op == '!') {
        double x = reference(at, values);
        return x < 0 ? x : 1 - x;
    }
    for ((*at)++; **at != ')';) {
        double x = reference(at, values);
        if (x >= 0)
            children[n++] = x;
    }
    (*at)++;
    k = op == '&' ? n : op == '|' ? 1 : (size_t)(op - '0');
    return n ? kth_greatest(children, n, k) : LEFT_OUT;
}

static const struct {
    const char *text, *reference;
} conditions[] = {
    { "probe = \"a\";", "a" },
    { "not = { not = \"a\"; };", "!!a" },
    { "any = ( \"a\", \"b\", \"c\", \"d\" );", "|(abcd)" },
    { "all = ( \"a\", \"b\", \"c\", \"d\" );", "&(abcd)" },
    { "at_least = 1; of = ( \"a\", \"b\", \"c\", \"d\" );", "1(abcd)" },
    { "at_least = 2; of = ( \"a\", \"b\", \"c\", \"d\" );", "2(abcd)" },
    { "at_least = 3; of = ( \"a\", \"b\", \"c\", \"d\" );", "3(abcd)" },
    { "at_least = 4; of = ( \"a\", \"b\", \"c\", \"d\" );", "4(abcd)" },
    { "any = ( { probe = \"a\"; }, { at_least = 2; of = ( \"b\", \"c\", \"d\" ); } );",
      "|(a2(bcd))" },
    { "any = ( { probe = \"a\"; }, { at_least = 2; of = ( \"b\", \"c\", \"d\" ); }, { all = ( "
      "\"c\", "
      "\"d\" ); } );",
      "|(a2(bcd)&(cd))" },
    { "all = ( \"a\", { not = \"b\"; } );", "&(a!b)" },
    { "all = ( \"a\", { any = ( \"b\", { not = { all = ( \"c\", \"d\" ); }; } ); } );",
      "&(a|(b!&(cd)))" },
    { "at_least = 2; of = ( \"a\", { all = ( \"b\", \"c\" ); }, { any = ( \"c\", \"d\" ); } );",
      "2(a&(bc)|(cd))" },
    { "probe = \"a\"; any = ( \"b\", \"c\" );", "&(a|(bc))" }, /* several settings: all of them */
    { "probe = \"a\"; at_least = 2; of = ( \"b\", \"c\", \"d\" );", "&(a2(bcd))" },
};
#define CONDITIONS (int)(sizeof conditions / sizeof conditions[0])

struct given {
    enum evac_tri of[PROBES];
};

static enum evac_tri leaf(const void *ctx, size_t probe)
{
    return ((const struct given *)ctx)->of[probe];
}

static struct given assignment(unsigned number, double *ret_values)
{
    static const enum evac_tri tris[SAYS] = { EVAC_TRI_NO, EVAC_TRI_YES, EVAC_TRI_UNSURE,
                                              EVAC_TRI_ABSENT };
    static const double numbers[SAYS] = { 0, 1, 0.5, LEFT_OUT };
    struct given g;
    for (size_t p = 0; p < PROBES; p++, number /= SAYS) {
        g.of[p] = tris[number % SAYS];
        ret_values[p] = numbers[number % SAYS];
    }
    return g;
}

static enum evac_tri tri_of(double value)
{
    return value < 0      ? EVAC_TRI_ABSENT
           : value < 0.25 ? EVAC_TRI_NO
           : value > 0.75 ? EVAC_TRI_YES
                          : EVAC_TRI_UNSURE;
}

START_TEST(a_condition_is_what_the_reference_says_for_every_assignment)
{
    struct loaded l;
    char text[600];
    snprintf(text, sizeof text, "down_when = { %s };", conditions[_i].text);
    const char *told = load(&l, text, ABCD);
    ck_assert_msg(l.app != NULL, "%s", told);
    for (unsigned n = 0; n < SAYS * SAYS * SAYS * SAYS; n++) {
        double values[PROBES];
        struct given g = assignment(n, values);
        const char *at = conditions[_i].reference;
        enum evac_tri want = tri_of(reference(&at, values));
        enum evac_tri got = evac_cond_holds(l.app->down_when, 0, leaf, &g);
        ck_assert_str_eq(at, ""); /* the reference was read to its end */
        ck_assert_msg(got == want, "%s: assignment %u: %d, not %d", conditions[_i].reference, n,
                      got, want);
    }
    unload(&l);
}
END_TEST

/* Learning what was unknown never takes a certain answer back. */
START_TEST(what_is_certain_stays_whatever_the_unknown_turn_out_to_be)
{
    struct loaded l;
    char text[600];
    snprintf(text, sizeof text, "down_when = { %s };", conditions[_i].text);
    (void)load(&l, text, ABCD);
    for (unsigned n = 0; n < SAYS * SAYS * SAYS * SAYS; n++) {
        double values[PROBES];
        struct given g = assignment(n, values);
        enum evac_tri before = evac_cond_holds(l.app->down_when, 0, leaf, &g);
        for (size_t p = 0; p < PROBES; p++) {
            if (g.of[p] != EVAC_TRI_UNSURE || before == EVAC_TRI_UNSURE)
                continue;
            for (enum evac_tri known = EVAC_TRI_NO; known <= EVAC_TRI_YES; known++) {
                struct given h = g;
                h.of[p] = known;
                ck_assert_int_eq(evac_cond_holds(l.app->down_when, 0, leaf, &h), before);
            }
        }
    }
    unload(&l);
}
END_TEST

/* --- what a configuration may ask for
 * -------------------------------------------------------------------- */

static const struct {
    const char *health, *probes, *says;
} refused[] = {
    { "down_when = { probe = \"x\"; };", ABCD, "there is no probe \"x\"" },
    { "down_when = { probe = \"aa\"; };", ABCD, "there is no probe \"aa\"" },
    { "down_when = { at_least = 2; };", ABCD, "of is missing" },
    { "down_when = { of = ( \"a\" ); };", ABCD, "at_least is missing" },
    { "down_when = { at_least = 3; of = ( \"a\", \"b\" ); };", ABCD,
      "found 3; allowed: at most 2, as many as stand in of" },
    { "down_when = { at_least = 0; of = ( \"a\", \"b\" ); };", ABCD, "found 0" },
    { "down_when = { any = ( ); };", ABCD, "found an empty list" },
    { "down_when = { any = \"a\"; };", ABCD, "allowed: a list of probes' names" },
    { "down_when = { any = ( 7 ); };", ABCD, "allowed: a probe's name, or a condition" },
    { "down_when = { };", ABCD,
      "empty condition; allowed: probe, at_least with of, not, all, any" },
    { "down_when = { step = \"a\"; is = \"done\"; };", ABCD, "unknown setting \"step\"" },
    { "down_when = { not = \"a\"; };", ABCD, "it holds although every probe is up" },
    { "down_when = { probe = \"k\"; };", ABCD ", " PROBE("k", "role = \"control\";"),
      "it can hold by control probes alone" },
    { "down_when = { any = ( \"a\", { all = ( \"k\", \"m\" ); } ); };",
      ABCD ", " PROBE("k", "role = \"control\";") ", " PROBE("m", "role = \"control\";"),
      "it can hold by control probes alone" },
    { "down_when = { all = ( \"k\", { not = \"a\"; } ); };",
      ABCD ", " PROBE("k", "role = \"control\";"), "it can hold by control probes alone" },
    { "", PROBE("a", "depends_on = ( \"a\" );"), "\"a\" depends on itself, by way of \"a\"" },
    { "",
      PROBE("a", "depends_on = ( \"b\" );") ", " PROBE("b", "depends_on = ( \"c\" );") ", " PROBE(
          "c", "depends_on = ( \"a\" );"),
      "\"a\" depends on itself, by way of \"b\"" },
    { "", PROBE("a", "depends_on = ( \"z\" );"), "probe.depends_on: there is no probe \"z\"" },
    { "", PROBE("a", "shared = true; where = \"serving\";"), "is not asked in every region" },
};

START_TEST(what_can_not_be_meant_is_refused)
{
    struct loaded l;
    const char *told = load(&l, refused[_i].health, refused[_i].probes);
    ck_assert_msg(!l.app, "%s was taken", refused[_i].health);
    ck_assert_msg(strstr(told, refused[_i].says) != NULL, "'%s' does not say '%s'", told,
                  refused[_i].says);
    ck_assert_msg(strncmp(told, "test.cfg:", 9) == 0, "%s", told);
    unload(&l);
}
END_TEST

START_TEST(a_control_probe_may_take_part)
{
    struct loaded l;
    const char *told = load(&l, "down_when = { all = ( \"k\", \"a\" ); };",
                            ABCD ", " PROBE("k", "role = \"control\";"));
    ck_assert_msg(l.app != NULL, "%s", told);
    ck_assert_str_eq(told, "");
    unload(&l);
}
END_TEST

START_TEST(a_condition_that_total_failure_does_not_meet_is_warned_of)
{
    struct loaded l;
    const char *told = load(&l, "down_when = { all = ( \"a\", { not = \"b\"; } ); };", ABCD);
    ck_assert_ptr_nonnull(l.app);
    ck_assert_ptr_nonnull(strstr(told, "does not hold when all of its probes are down"));
    unload(&l);
}
END_TEST

/* --- health with it
 * -------------------------------------------------------------------------------------- */

static struct evac_health h;
static struct evac_health_news news;
static uint64_t now;

static void begin(const struct evac_app *app)
{
    now = 1000000;
    evac_health_init(&h, app, EVAC_STR_NONE);
}

static void answer(size_t probe, size_t region, bool ok)
{
    struct evac_probe_result r = { .probe = (uint16_t)probe,
                                   .region = (uint16_t)region,
                                   .ok = ok,
                                   .sent_boot_ms = now - 5,
                                   .boot_ms = now,
                                   .wall_ms = (int64_t)now,
                                   .reason = ok ? EVAC_STR_NONE : EVAC_STR("refused") };
    evac_health_probe(&h, &r, &news);
}

/* n rounds, one interval apart; a word a region, a letter a probe: '+' good, '-' bad, ' ' silent.
 */
static void rounds(unsigned n, const char *east, const char *west)
{
    const char *words[] = { east, west };
    for (unsigned i = 0; i < n; i++) {
        now += EVERY_MS;
        for (size_t r = 0; r < 2; r++)
            for (size_t p = 0; words[r][p]; p++)
                if (words[r][p] != ' ')
                    answer(p, r, words[r][p] == '+');
    }
}

static const char *condition(size_t region)
{
    static char text[400];
    struct evac_text out;
    evac_text_init(&out, text, sizeof text);
    evac_health_say_condition(&h, region, 0, &out);
    return text;
}

static void expect(size_t region, enum evac_verdict verdict)
{
    ck_assert_msg(h.regions[region].verdict == verdict, "%s, not %s: %s",
                  evac_verdict_name(h.regions[region].verdict), evac_verdict_name(verdict),
                  h.regions[region].reasons);
}

START_TEST(a_region_is_down_when_its_condition_holds)
{
    struct loaded l;
    (void)load(&l,
               "down_when = { any = ( \"a\", { at_least = 2; of = ( \"b\", \"c\", \"d\" ); } ); };",
               ABCD);
    begin(l.app);
    rounds(3, "++++", "++++");
    expect(0, EVAC_VERDICT_UP);
    rounds(3, "+-++", "++++");
    expect(0, EVAC_VERDICT_UP);
    ck_assert_str_eq(condition(0),
                     "0 of 2 (needs any): a up, (1 of 3 (needs 2): b down, c up, d up)");
    rounds(3, "+--+", "++++");
    expect(0, EVAC_VERDICT_DOWN);
    ck_assert_str_eq(condition(0),
                     "1 of 2 (needs any): a up, (2 of 3 (needs 2): b down, c down, d up)");
    ck_assert_ptr_nonnull(strstr(h.regions[0].reasons, "2 of 3 (needs 2): b down, c down, d up"));
    expect(1, EVAC_VERDICT_UP);
    unload(&l);
}
END_TEST

/* The second of two that are needed began the outage, not the first one, which failed for an hour.
 */
START_TEST(an_outage_begins_when_its_condition_can_hold)
{
    struct loaded l;
    (void)load(&l, "down_when = { at_least = 2; of = ( \"a\", \"b\", \"c\" ); };", ABCD);
    begin(l.app);
    rounds(3, "+++", "+++");
    rounds(360, "-++", "+++");
    uint64_t good = now; /* the last good answer of b */
    rounds(3, "--+", "+++");
    expect(0, EVAC_VERDICT_DOWN);
    ck_assert_uint_eq(h.regions[0].impact_lo_boot_ms, good - 5);
    ck_assert_uint_eq(h.regions[0].impact_hi_boot_ms, good + EVERY_MS);
    unload(&l);
}
END_TEST

START_TEST(unknown_is_never_down)
{
    struct loaded l;
    (void)load(&l, "down_when = { at_least = 2; of = ( \"a\", \"b\", \"c\" ); };", ABCD);
    begin(l.app);
    rounds(3, "-  ", "+++");
    expect(0, EVAC_VERDICT_UNKNOWN);
    ck_assert_str_eq(condition(0), "1 of 3 (needs 2): a down, b unknown, c unknown");
    rounds(3, "-++", "+++");
    expect(0, EVAC_VERDICT_UP);
    unload(&l);
}
END_TEST

START_TEST(what_is_not_asked_in_a_region_is_left_out_there)
{
    struct loaded l;
    (void)load(
        &l, "down_when = { any = ( \"a\", { all = ( \"b\", \"c\" ); } ); };",
        PROBE("a", "grace = 0;") ", " PROBE("b", "where = \"serving\"; grace = 0;") ", " PROBE(
            "c", "where = \"serving\"; grace = 0;"));
    begin(l.app);
    evac_health_serve(&h, 1u << 0);
    rounds(3, "+++", "+  ");
    expect(1, EVAC_VERDICT_UP); /* or the standby could never be moved to */
    ck_assert_str_eq(condition(1), "0 of 1 (needs any): a up, (0 of 0 (needs all): b not asked "
                                   "here, c not asked here)");
    ck_assert(!evac_health_is_dormant(&h, 1));
    unload(&l);
    (void)load(&l, "down_when = { any = ( \"b\", \"c\" ); };",
               PROBE("a", "") ", " PROBE("b", "where = \"serving\";") ", " PROBE(
                   "c", "where = \"serving\";"));
    begin(l.app);
    evac_health_serve(&h, 1u << 0);
    ck_assert(evac_health_is_dormant(&h, 1)); /* nothing that counts is asked there */
    unload(&l);
}
END_TEST

/* --- suppression
 * ---------------------------------------------------------------------------------------- */

/* db, web on it, api on web; cache alone. */
#define CHAIN                                                                                      \
    PROBE("db", "grace = 0;")                                                                      \
    ", " PROBE("web", "grace = 0; depends_on = ( \"db\" );") ", " PROBE(                           \
        "api", "grace = 0; depends_on = ( \"web\" );") ", " PROBE("cache", "grace = 0;")

START_TEST(a_child_of_what_fails_is_suppressed_and_its_parent_votes)
{
    struct loaded l;
    (void)load(&l, "", CHAIN);
    begin(l.app);
    rounds(3, "++++", "++++");
    ck_assert_uint_eq(evac_health_suppressor(&h, 1, 0, 0), 4);
    rounds(3, "---+", "++++");
    expect(0, EVAC_VERDICT_DOWN);
    ck_assert_uint_eq(evac_health_suppressor(&h, 0, 0, 0), 4);
    ck_assert_uint_eq(evac_health_suppressor(&h, 1, 0, 0), 0);
    ck_assert_uint_eq(evac_health_suppressor(&h, 2, 0, 0), 1);
    ck_assert_str_eq(condition(0),
                     "1 of 2 (needs any): db down, web suppressed by db, api suppressed by web, "
                     "cache up");
    ck_assert_ptr_nonnull(strstr(h.regions[0].reasons, "web suppressed by db"));
    ck_assert_ptr_null(strstr(h.regions[0].reasons, "web: "));
    rounds(3, "+--+", "++++"); /* the parent is back, the child is not: now it speaks for itself */
    expect(0, EVAC_VERDICT_DOWN);
    ck_assert_uint_eq(evac_health_suppressor(&h, 1, 0, 0), 4);
    unload(&l);
}
END_TEST

START_TEST(two_children_of_one_failure_are_not_two_failures)
{
    struct loaded l;
    (void)load(&l, "down_when = { at_least = 2; of = ( \"db\", \"web\", \"cache\" ); };", CHAIN);
    begin(l.app);
    rounds(3, "++++", "++++");
    rounds(3, "--++", "++++");
    expect(0, EVAC_VERDICT_UP);
    ck_assert_str_eq(condition(0), "1 of 2 (needs 2): db down, web suppressed by db, cache up");
    rounds(3, "--+-", "++++");
    expect(0, EVAC_VERDICT_DOWN);
    unload(&l);
}
END_TEST

START_TEST(what_only_echoes_others_has_no_opinion)
{
    struct loaded l;
    (void)load(&l, "down_when = { probe = \"web\"; };", CHAIN);
    begin(l.app);
    rounds(3, "++++", "++++");
    rounds(3, "---+", "++++");
    expect(0, EVAC_VERDICT_UNKNOWN);
    unload(&l);
}
END_TEST

/* --- shared dependencies
 * ------------------------------------------------------------------------------- */

#define SHARED PROBE("db", "grace = 0; shared = true;") ", " PROBE("web", "grace = 0;")

START_TEST(what_is_shared_and_fails_everywhere_is_a_dependency)
{
    struct loaded l;
    (void)load(&l, "", SHARED);
    begin(l.app);
    evac_health_serve(&h, 1u << 0);
    rounds(3, "++", "++");
    ck_assert_int_eq(evac_health_situation(&h), EVAC_SITUATION_FINE);
    rounds(3, "-+", "++"); /* in one region only: that region's */
    ck_assert_int_eq(evac_health_situation(&h), EVAC_SITUATION_OUTAGE);
    ck_assert(evac_health_blames(&h, 0));
    rounds(3, "-+", "-+");
    ck_assert_int_eq(evac_health_situation(&h), EVAC_SITUATION_DEPENDENCY);
    expect(0, EVAC_VERDICT_DOWN); /* not this side that is suspected: web still answers */
    ck_assert(!evac_health_blames(&h, 0));
    ck_assert_ptr_nonnull(strstr(h.regions[0].reasons, "db: shared, and fails in every region"));
    rounds(3, "-+", "++");
    ck_assert_int_eq(evac_health_situation(&h), EVAC_SITUATION_OUTAGE);
    unload(&l);
}
END_TEST

START_TEST(when_all_is_dark_what_is_shared_does_not_explain_it)
{
    struct loaded l;
    (void)load(&l, "", SHARED);
    begin(l.app);
    rounds(3, "++", "++");
    rounds(3, "--", "--");
    expect(0, EVAC_VERDICT_SUSPECT);
    unload(&l);
    (void)load(&l, "",
               PROBE("db", "grace = 0; shared = true;") ", " PROBE(
                   "web", "grace = 0; depends_on = ( \"db\" );"));
    begin(l.app);
    rounds(3, "++", "++");
    rounds(3, "--", "--"); /* web stands on db: that explains it */
    expect(0, EVAC_VERDICT_DOWN);
    ck_assert_int_eq(evac_health_situation(&h), EVAC_SITUATION_DEPENDENCY);
    unload(&l);
}
END_TEST

/* --- grace
 * --------------------------------------------------------------------------------------------- */

#define GRACED PROBE("web", "grace = \"60s\"; fall = 3; rise = 2;")

START_TEST(a_new_probe_may_turn_up_and_not_down_while_its_grace_lasts)
{
    struct loaded l;
    (void)load(&l, "", GRACED);
    begin(l.app);
    rounds(6, "-", "+"); /* 0 s to 50 s after the first */
    ck_assert_int_eq(h.tracks[0][0][0].state, EVAC_PROBE_UNKNOWN);
    ck_assert(evac_health_is_excused(&h.tracks[0][0][0]));
    ck_assert_int_eq(h.tracks[0][1][0].state, EVAC_PROBE_UP);
    rounds(2, "-", "+");
    ck_assert_int_eq(h.tracks[0][0][0].state, EVAC_PROBE_UNKNOWN);
    rounds(1, "-", "+"); /* the third after it is over */
    expect(0, EVAC_VERDICT_DOWN);
    /* what failed from the beginning fails from the beginning */
    ck_assert_uint_eq(h.regions[0].impact_hi_boot_ms, 1000000 + EVERY_MS);
    unload(&l);
}
END_TEST

/* Whoever leads from now on, or is back, finds others who have looked all the time. */
START_TEST(what_was_asked_for_all_the_time_is_not_new)
{
    struct loaded l;
    (void)load(&l, "", GRACED);
    begin(l.app);
    for (uint64_t i = 0; i < 3; i++) {
        struct evac_probe_result r = { .ok = false,
                                       .sent_boot_ms = 1000000 + i * EVERY_MS,
                                       .boot_ms = 1000005 + i * EVERY_MS,
                                       .asking_ms = 60000 + i * EVERY_MS };
        evac_health_probe(&h, &r, &news);
    }
    ck_assert_int_eq(h.tracks[0][0][0].state, EVAC_PROBE_DOWN);
    unload(&l);
}
END_TEST

START_TEST(who_was_up_once_has_begun)
{
    struct loaded l;
    (void)load(&l, "", GRACED);
    begin(l.app);
    rounds(2, "+", "+");
    rounds(3, "-", "+");
    expect(0, EVAC_VERDICT_DOWN);
    unload(&l);
}
END_TEST

START_TEST(a_cold_start_after_a_move_is_no_outage)
{
    struct loaded l;
    (void)load(&l, "", GRACED);
    begin(l.app);
    evac_health_serve(&h, 1u << 0);
    rounds(3, "+", "+");
    evac_health_serve(&h, 1u << 1);
    rounds(6, "+", "-");
    expect(1, EVAC_VERDICT_UP);
    rounds(3, "+", "+");
    expect(1, EVAC_VERDICT_UP);
    rounds(3, "+", "-"); /* the grace is long over */
    expect(1, EVAC_VERDICT_DOWN);
    unload(&l);
}
END_TEST

START_TEST(a_region_that_does_not_recover_from_a_cold_start_is_down)
{
    struct loaded l;
    (void)load(&l, "", GRACED);
    begin(l.app);
    evac_health_serve(&h, 1u << 0);
    rounds(3, "+", "+");
    evac_health_serve(&h, 1u << 1);
    rounds(8, "+", "-");
    expect(1, EVAC_VERDICT_UP);
    rounds(1, "+", "-");
    expect(1, EVAC_VERDICT_DOWN);
    unload(&l);
}
END_TEST

START_TEST(a_probe_has_the_apps_grace_or_its_own)
{
    struct loaded l;
    (void)load(&l, "grace = \"45s\";", PROBE("a", "") ", " PROBE("b", "grace = \"5s\";"));
    ck_assert_uint_eq(l.app->probes[0].grace_ms, 45000);
    ck_assert_uint_eq(l.app->probes[1].grace_ms, 5000);
    unload(&l);
    (void)load(&l, "", PROBE("a", ""));
    ck_assert_uint_eq(l.app->probes[0].grace_ms, 30000);
    unload(&l);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("condition");
    tcase_add_loop_test(tc, a_condition_is_what_the_reference_says_for_every_assignment, 0,
                        CONDITIONS);
    tcase_add_loop_test(tc, what_is_certain_stays_whatever_the_unknown_turn_out_to_be, 0,
                        CONDITIONS);
    tcase_add_loop_test(tc, what_can_not_be_meant_is_refused, 0,
                        (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(tc, a_control_probe_may_take_part);
    tcase_add_test(tc, a_condition_that_total_failure_does_not_meet_is_warned_of);
    tcase_add_test(tc, a_region_is_down_when_its_condition_holds);
    tcase_add_test(tc, an_outage_begins_when_its_condition_can_hold);
    tcase_add_test(tc, unknown_is_never_down);
    tcase_add_test(tc, what_is_not_asked_in_a_region_is_left_out_there);
    tcase_add_test(tc, a_child_of_what_fails_is_suppressed_and_its_parent_votes);
    tcase_add_test(tc, two_children_of_one_failure_are_not_two_failures);
    tcase_add_test(tc, what_only_echoes_others_has_no_opinion);
    tcase_add_test(tc, what_is_shared_and_fails_everywhere_is_a_dependency);
    tcase_add_test(tc, when_all_is_dark_what_is_shared_does_not_explain_it);
    tcase_add_test(tc, a_new_probe_may_turn_up_and_not_down_while_its_grace_lasts);
    tcase_add_test(tc, what_was_asked_for_all_the_time_is_not_new);
    tcase_add_test(tc, who_was_up_once_has_begun);
    tcase_add_test(tc, a_cold_start_after_a_move_is_no_outage);
    tcase_add_test(tc, a_region_that_does_not_recover_from_a_cold_start_is_down);
    tcase_add_test(tc, a_probe_has_the_apps_grace_or_its_own);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("condition", cases)
