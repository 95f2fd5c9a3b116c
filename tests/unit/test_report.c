/* Reports from journal rows: numbers never flatter, unknown is never zero, and text is escaped
 * where it is shown. */
#include "report.h"
#include "store_memory.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct evac_store *store;
static uint64_t seq;
static char *plan_json;

#define CLEAR                                                                                      \
    "aws a --run <run> $([ <was.count> = 2 ] && echo --two) && aws b <each.tasks:on> && "          \
    "aws c --of '<each.boxes>' --q \"x && <was.name>\" && aws d <each.pods:state=up> <its.size> "  \
    "&& "                                                                                          \
    "aws e <each.gone> && aws f <each.none>"

/* Two steps and their undo, straight into a plan's text. */
static int64_t clock_set_ms; /* by so much the wall clock was set since the run began */

static void setup(void)
{
    static struct evac_plan_step steps[4];
    static const uint16_t before[] = { 0 }, undo_after[] = { 3 };
    struct evac_plan plan = { .app = EVAC_STR("shop"),
                              .runbook = EVAC_STR("r"),
                              .from = EVAC_STR("us-east-1"),
                              .to = EVAC_STR("us-west-2"),
                              .mode = EVAC_MODE_UNGRACEFUL,
                              .rto_ms = 60000,
                              .rpo_ms = 5000,
                              .steps = steps,
                              .forward_count = 2,
                              .step_count = 4 };
    struct evac_buf json;
    for (int i = 0; i < 4; i++) {
        static const char *const ids[] = { "promote", "look", "undo:promote", "undo:look" };
        steps[i] = (struct evac_plan_step){ .id = evac_str(ids[i]),
                                            .title = EVAC_STR("<b>&\"title\""),
                                            .type = EVAC_STR("db"),
                                            .action = EVAC_STR("x"),
                                            .region = EVAC_STR("us-west-2"),
                                            .target = evac_str(ids[i % 2]),
                                            .phase = i % 2 ? EVAC_PHASE_CONFIRM : EVAC_PHASE_DATA,
                                            .deadline_ms = 1 };
    }
    steps[0].clear = EVAC_STR(CLEAR);
    steps[1].flags = EVAC_STEP_PUBLIC;
    steps[1].after = before, steps[1].after_count = 1;
    steps[2].after = undo_after, steps[2].after_count = 1;
    evac_buf_init(&json, 1u << 20);
    evac_plan_to_json(&plan, &json);
    plan_json = strdup(json.p);
    evac_buf_done(&json);
    store = evac_store_new_memory("n", "b");
    clock_set_ms = 0;
    seq = 0;
}

static void teardown(void)
{
    evac_store_close(store);
    free(plan_json);
}

static void put(struct evac_record r, int64_t wall_ms)
{
    r.seq = ++seq;
    r.run = 1;
    r.t_wall_ms = 1700000000000 + wall_ms + clock_set_ms;
    r.t_boot_ms = (uint64_t)wall_ms + 1;
    ck_assert_int_eq(store->vt->append(store, &r, 1, NULL), EVAC_OK);
}

static void admit(void)
{
    put((struct evac_record){ .kind = EVAC_RECORD_ADMIT,
                              .step = EVAC_NO_STEP,
                              .who = EVAC_STR("policy"),
                              .data = evac_str(plan_json) },
        0);
}

static void instant(const char *name, int64_t wall_ms)
{
    put((struct evac_record){ .kind = EVAC_RECORD_INSTANT,
                              .step = EVAC_NO_STEP,
                              .name = evac_str(name),
                              .number = 1700000000000 + wall_ms + clock_set_ms },
        wall_ms);
}

static void step(uint32_t i, const char *from, const char *to, int64_t wall_ms)
{
    put(
        (struct evac_record){
            .kind = EVAC_RECORD_STEP, .step = i, .from = evac_str(from), .to = evac_str(to) },
        wall_ms);
}

static void loss(const char *name, const char *method, int64_t ms)
{
    put((struct evac_record){ .kind = EVAC_RECORD_LOSS,
                              .step = EVAC_NO_STEP,
                              .name = evac_str(name),
                              .event = evac_str(method),
                              .number = ms,
                              .data = EVAC_STR("{}") },
        40000);
}

static void end(void)
{
    put((struct evac_record){ .kind = EVAC_RECORD_TERMINAL,
                              .step = EVAC_NO_STEP,
                              .to = EVAC_STR("succeeded"),
                              .text = EVAC_STR("<script>") },
        50000);
}

static struct evac_report *make(void)
{
    struct evac_report *report = NULL;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(evac_report_make(store, 1, &report, &err) == EVAC_OK, "%s", err.text);
    return report;
}

START_TEST(rto_counts_from_the_last_good_answer)
{
    admit();
    instant("impact_lo", 1000), instant("impact_hi", 3000), instant("started", 9000),
        instant("recovered", 30000);
    end();
    struct evac_report *r = make();
    ck_assert(r->rto_known && !r->planned);
    ck_assert_int_eq(r->rto_ms, 29000);
    ck_assert_int_eq(r->rto_min_ms, 27000);
    evac_report_free(r);
}
END_TEST

START_TEST(a_planned_run_counts_from_its_start)
{
    admit();
    instant("started", 9000), instant("recovered", 30000);
    struct evac_report *r = make();
    ck_assert(r->planned);
    ck_assert_int_eq(r->rto_ms, 21000);
    evac_report_free(r);
}
END_TEST

START_TEST(without_recovery_there_is_no_rto)
{
    admit();
    instant("impact_hi", 3000), instant("started", 9000);
    struct evac_report *r = make();
    struct evac_buf json;
    ck_assert(!r->rto_known);
    evac_buf_init(&json, 1u << 20);
    evac_report_json(r, &json);
    ck_assert(strstr(json.p, "\"rto_ms\":null") != NULL);
    ck_assert(strstr(json.p, "\"rpo_ms\":null") != NULL);
    evac_buf_done(&json);
    evac_report_free(r);
}
END_TEST

START_TEST(rpo_is_the_worst_store_and_unknown_wins)
{
    admit();
    loss("db", "lag", 900), loss("files", "canary", 4000), loss("files", "lag", -1);
    struct evac_report *r = make();
    ck_assert(r->rpo_known); /* files was measured in one of two ways */
    ck_assert_int_eq(r->rpo_ms, 4000);
    evac_report_free(r);
    loss("queue", "lag", -1);
    r = make();
    ck_assert(!r->rpo_known);
    evac_report_free(r);
}
END_TEST

START_TEST(the_critical_path_is_the_one_that_was)
{
    admit();
    step(0, "waiting", "observing", 10000), step(0, "verifying", "done", 25000);
    step(1, "waiting", "observing", 25000), step(1, "verifying", "done", 30000);
    struct evac_report *r = make();
    ck_assert_uint_eq(r->step_count, 2); /* nothing was undone */
    ck_assert(r->steps[0].critical && r->steps[1].critical);
    ck_assert_int_eq(r->steps[0].ended.wall_ms - r->steps[0].began.wall_ms, 15000);
    evac_report_free(r);
}
END_TEST

/* The same run whatever the wall clock does: a machine that was cut off finds its time again. */
START_TEST(a_clock_that_is_set_changes_no_duration)
{
    static const int64_t by_ms[] = { 0, 90000, -90000, 7200000, -7200000 };
    struct evac_buf text;
    evac_buf_init(&text, 1u << 20);
    admit();
    instant("impact_lo", 1000), instant("impact_hi", 3000), instant("started", 9000);
    step(0, "waiting", "observing", 9000);
    clock_set_ms = by_ms[_i];
    step(0, "observing", "done", 24000);
    instant("recovered", 30000);
    end();
    struct evac_report *r = make();
    ck_assert(r->rto_known);
    ck_assert_int_eq(r->rto_ms, 29000);
    ck_assert_int_eq(r->rto_min_ms, 27000);
    ck_assert_int_eq(r->steps[0].ended.wall_ms - r->steps[0].began.wall_ms, 15000);
    ck_assert_int_eq(r->ended_ms - r->began_ms, 50000);
    ck_assert_int_eq(r->clock_set_ms, by_ms[_i]);
    evac_report_text(r, &text);
    ck_assert_int_eq(strstr(text.p, "The wall clock was set") != NULL, by_ms[_i] != 0);
    evac_report_free(r);
    evac_buf_done(&text);
}
END_TEST

/* By hours, in the middle of a step and before the first one began. */
START_TEST(a_clock_that_went_back_breaks_no_report)
{
    static const int64_t back_ms[] = { 1000, 4000, 7200000, INT64_C(1700000000000) };
    struct evac_buf text;
    evac_buf_init(&text, 1u << 20);
    admit();
    instant("started", 1000);
    step(0, "waiting", "observing", 3000);
    step(0, "observing", "done", 3000 - back_ms[_i]);
    step(1, "waiting", "observing", 4000 - back_ms[_i]);
    end();
    struct evac_report *report = make();
    evac_report_text(report, &text);
    ck_assert(!text.failed && strstr(text.p, "promote") && strstr(text.p, "="));
    evac_buf_reset(&text);
    evac_report_html(report, &text);
    ck_assert(!text.failed && strstr(text.p, "</svg>"));
    evac_report_free(report);
    evac_buf_done(&text);
}
END_TEST

START_TEST(an_unknown_run_is_said)
{
    struct evac_report *r;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_int_eq(evac_report_make(store, 7, &r, &err), EVAC_E_NOTFOUND);
}
END_TEST

/* Once for each that was so; what the snapshot does not have stays a hole, an empty list nothing.
 */
START_TEST(what_is_left_has_a_command_for_each_thing)
{
    static const char was[] =
        "{\"count\":2,\"name\":\"n "
        "1\",\"tasks\":{\"t1\":\"on\",\"t2\":\"off\",\"t3\":\"on\"},\"boxes\":"
        "[\"i-1\",\"i-2\"],\"pods\":{\"p\":{\"state\":\"up\",\"size\":3},\"q\":{\"state\":\"down\"}"
        "},\"none\":{}}";
    admit();
    put((struct evac_record){ .kind = EVAC_RECORD_SNAPSHOT, .step = 0, .data = evac_str(was) }, 1);
    put((struct evac_record){ .kind = EVAC_RECORD_INTENT, .step = 0, .attempt = 1 }, 2);
    put((struct evac_record){ .kind = EVAC_RECORD_TERMINAL,
                              .step = EVAC_NO_STEP,
                              .to = EVAC_STR("cancelled") },
        3);
    struct evac_report *r = make();
    ck_assert_uint_eq(r->residue_count, 1);
    ck_assert_str_eq(
        r->residue[0].command.p,
        "aws a --run 1 $([ 2 = 2 ] && echo --two) && aws b t1 && aws b t3 && "
        "aws c --of 'i-1' --q \"x && 'n 1'\" && aws c --of 'i-2' --q \"x && 'n 1'\" && "
        "aws d p 3 && aws e <each.gone>");
    evac_report_free(r);
}
END_TEST

START_TEST(what_people_wrote_is_escaped)
{
    struct evac_buf html;
    admit();
    step(0, "waiting", "observing", 10000);
    end();
    struct evac_report *r = make();
    evac_buf_init(&html, 1u << 20);
    evac_report_html(r, &html);
    ck_assert(strstr(html.p, "<script>") == NULL);
    ck_assert(strstr(html.p, "&lt;script&gt;") != NULL);
    ck_assert(strstr(html.p, "<b>&") == NULL);
    ck_assert(strstr(html.p, "http://") == NULL &&
              strstr(html.p, "https://") == NULL); /* no request */
    evac_buf_done(&html);
    evac_report_free(r);
}
END_TEST

START_TEST(the_three_files_are_written_whole)
{
    static const char *const names[] = { "report.txt", "report.json", "report.html" };
    char dir[] = "/tmp/evac-report-XXXXXX", deep[64], path[128];
    struct stat st;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(deep, sizeof deep, "%s/a/b", dir);
    admit();
    end();
    struct evac_report *r = make();
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(!evac_report_write_dir(r, deep, &err), "%s", err.text);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", deep, names[i]);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert_int_gt(st.st_size, 100);
        unlink(path);
    }
    ck_assert_int_ne(evac_report_write_dir(r, "/proc/nowhere", &err), EVAC_OK);
    rmdir(deep);
    snprintf(deep, sizeof deep, "%s/a", dir);
    rmdir(deep);
    rmdir(dir);
    evac_report_free(r);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("report");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, rto_counts_from_the_last_good_answer);
    tcase_add_test(tc, a_planned_run_counts_from_its_start);
    tcase_add_test(tc, without_recovery_there_is_no_rto);
    tcase_add_test(tc, rpo_is_the_worst_store_and_unknown_wins);
    tcase_add_test(tc, the_critical_path_is_the_one_that_was);
    tcase_add_loop_test(tc, a_clock_that_is_set_changes_no_duration, 0, 5);
    tcase_add_loop_test(tc, a_clock_that_went_back_breaks_no_report, 0, 4);
    tcase_add_test(tc, an_unknown_run_is_said);
    tcase_add_test(tc, what_is_left_has_a_command_for_each_thing);
    tcase_add_test(tc, what_people_wrote_is_escaped);
    tcase_add_test(tc, the_three_files_are_written_whole);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("report", cases)
