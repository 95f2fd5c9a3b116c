/* Runs, one by one and as lists, and the journal. */
#include "api_routes.h"
#include "report.h"
#include "view.h"

/* --- lists ---------------------------------------------------------------------------------------
 */

struct listing {
    struct evac_jw w;
    struct evac_store *store;
    uint64_t wanted, shown, last;
    bool more;
};

/* Room for one more? If not, there is a next page. */
static bool has_room(struct listing *l)
{
    l->more = l->more || l->shown == l->wanted;
    return !l->more && !l->w.out->failed;
}

/* What its first row says of it. */
static bool put_admission(void *user, const struct evac_row *row)
{
    struct listing *l = user;
    evac_jw_str(&l->w, "workflow", row->record.name);
    evac_jw_str(&l->w, "from", row->record.from);
    evac_jw_str(&l->w, "to", row->record.to);
    evac_jw_str(&l->w, "who", row->record.who);
    evac_jw_i64(&l->w, "began_ms", row->record.t_wall_ms);
    return false;
}

static bool put_old_run(void *user, const struct evac_row *row)
{
    struct listing *l = user;
    const struct evac_record *r = &row->record;
    const struct evac_store_filter admission = {
        .run = r->run, .kinds = EVAC_KIND(ADMIT), .limit = 1, .light = true
    };
    if (!has_room(l))
        return false;
    evac_jw_open(&l->w, NULL, '{');
    evac_jw_i64(&l->w, "run", (int64_t)r->run);
    evac_jw_str(&l->w, "app", r->app);
    evac_jw_str(&l->w, "state", r->to);
    evac_jw_bool(&l->w, "over", true);
    evac_jw_i64(&l->w, "ended_ms", r->t_wall_ms);
    evac_jw_str(&l->w, "left", r->text);
    (void)l->store->vt->read(l->store, &admission, put_admission, l, NULL); /* else without it */
    evac_jw_close(&l->w, '}');
    l->shown++;
    l->last = r->seq;
    return true;
}

/* Where a page goes on: behind a run that is going on, or behind the last row of one that ended. */
#define GOING_ON (UINT64_C(1) << 52)

static void put_going_on(struct api_call *c, struct listing *l, struct evac_str app, uint64_t after)
{
    for (const struct evac_run *run = api_engine(c)->runs; run; run = run->next) {
        bool asked = (app.n == 0 || evac_str_eq(app, run->plan->app)) &&
                     (after == 0 || run->id < after - GOING_ON);
        if (!asked)
            continue;
        if (!has_room(l))
            return;
        evac_view_run(c->daemon, run, false, &l->w);
        l->shown++;
        l->last = GOING_ON + run->id;
    }
}

void api_list_runs(struct api_call *c)
{
    char name[128];
    struct evac_err err = { EVAC_OK, "" };
    struct api_page page = api_page_of(c, 50, 1000);
    struct evac_store *store = evac_daemon_store(c->daemon);
    struct listing l = { .w = api_writer(c), .store = store, .wanted = page.limit };
    bool live = page.after == 0 || page.after > GOING_ON;
    struct evac_store_filter ended = { .app = api_query(c, "app", name, sizeof name),
                                       .kinds = EVAC_KIND(TERMINAL),
                                       .before_seq = live ? 0 : page.after,
                                       .newest_first = true,
                                       .light = true };
    evac_jw_open(&l.w, NULL, '[');
    if (live)
        put_going_on(c, &l, ended.app, page.after);
    enum evac_code code = l.more ? EVAC_OK : store->vt->read(store, &ended, put_old_run, &l, &err);
    evac_jw_close(&l.w, ']');
    if (code)
        api_fail(c, &err);
    else if (l.more)
        api_more(c, l.last);
}

static bool put_row(void *user, const struct evac_row *row)
{
    struct listing *l = user;
    struct evac_buf line;
    if (!has_room(l))
        return false;
    evac_buf_init(&line, 8u << 20);
    evac_row_json(row, &line);
    evac_jw_raw(&l->w, NULL, evac_buf_str(&line));
    evac_buf_done(&line);
    l->shown++;
    l->last = row->record.seq;
    return true;
}

/* False: there is no such kind, and that is answered. */
static bool read_kinds(struct api_call *c, uint64_t *ret_kinds)
{
    char name[64];
    enum evac_record_kind kind;
    struct evac_str text = api_query(c, "kind", name, sizeof name);
    bool known = evac_record_kind_parse(text, &kind);
    *ret_kinds = known ? UINT64_C(1) << kind : 0;
    if (text.n && !known)
        evac_problemf(
            c->r, EVAC_PROBLEM_BAD_REQUEST,
            "kind: the journal has no rows of the kind '%.*s'; such as run, step, approve, "
            "command, token, session, refusal",
            EVAC_STR_ARG(text));
    return known || text.n == 0;
}

void api_list_journal(struct api_call *c)
{
    char name[128];
    uint64_t kinds;
    bool newest = api_query_number(c, "newest", 0) == 1;
    struct evac_err err = { EVAC_OK, "" };
    struct api_page page = api_page_of(c, 200, 10000);
    if (!read_kinds(c, &kinds))
        return;
    struct evac_store *store = evac_daemon_store(c->daemon);
    struct listing l = { .w = api_writer(c), .wanted = page.limit };
    const struct evac_store_filter filter = { .after_seq = newest ? 0 : page.after,
                                              .before_seq = newest ? page.after : 0,
                                              .newest_first = newest,
                                              .kinds = kinds,
                                              .run = (uint64_t)api_query_number(c, "run", 0),
                                              .app = api_query(c, "app", name, sizeof name),
                                              .limit = page.limit + 1 };
    evac_jw_open(&l.w, NULL, '[');
    enum evac_code code = store->vt->read(store, &filter, put_row, &l, &err);
    evac_jw_close(&l.w, ']');
    if (code)
        api_fail(c, &err);
    else if (l.more)
        api_more(c, l.last);
}

/* --- one run -------------------------------------------------------------------------------------
 */

void api_report(struct api_call *c)
{
    uint64_t run;
    struct evac_report *report = NULL;
    struct evac_err err = { EVAC_OK, "" };
    const char *format = api_run(c, &run) ? api_format(c) : NULL;
    if (!format)
        return;
    if (evac_report_make_at(evac_daemon_store(c->daemon), run, evac_daemon_wall_ms(c->daemon),
                            &report, &err))
        api_fail(c, &err);
    else if (format[0] == 't')
        evac_report_text(report, &c->r->body);
    else if (format[0] == 'h')
        evac_report_html(report, &c->r->body);
    else
        evac_report_json(report, &c->r->body);
    evac_report_free(report);
}

/* Live while it goes on, from the journal afterwards. */
void api_get_run(struct api_call *c)
{
    uint64_t id;
    struct evac_jw w = api_writer(c);
    if (!api_run(c, &id))
        return;
    const struct evac_run *run = evac_engine_run(api_engine(c), id);
    if (run)
        evac_view_run(c->daemon, run, true, &w);
    else
        api_report(c);
}

static bool put_plan(void *user, const struct evac_row *row)
{
    struct api_call *c = user;
    evac_buf_put_str(&c->r->body, row->record.data);
    return false;
}

void api_get_plan(struct api_call *c)
{
    uint64_t run;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_store *store = evac_daemon_store(c->daemon);
    if (!api_run(c, &run))
        return;
    const struct evac_store_filter filter = { .run = run, .kinds = EVAC_KIND(ADMIT), .limit = 1 };
    if (store->vt->read(store, &filter, put_plan, c, &err))
        api_fail(c, &err);
    else if (c->r->body.n == 0)
        evac_problemf(c->r, EVAC_PROBLEM_NOT_FOUND, "there is no run %llu: GET /v1/runs lists them",
                      (unsigned long long)run);
}

/* --- steps ---------------------------------------------------------------------------------------
 */

/* From the run's own rows, over or not. NULL: answered. */
static struct evac_report *report_of(struct api_call *c)
{
    uint64_t run;
    struct evac_report *report = NULL;
    struct evac_err err = { EVAC_OK, "" };
    if (api_run(c, &run) &&
        evac_report_make_alone(evac_daemon_store(c->daemon), run, &report, &err))
        api_fail(c, &err);
    return report;
}

void api_list_steps(struct api_call *c)
{
    struct evac_report *report = report_of(c);
    struct api_pager pager = api_pager_of(c, 1000, 1000);
    struct evac_jw w = api_writer(c);
    if (!report)
        return;
    evac_jw_open(&w, NULL, '[');
    for (size_t i = 0; i < report->step_count; i++) {
        if (!api_pager_takes(&pager))
            continue;
        evac_jw_open(&w, NULL, '{');
        evac_report_step_json(&report->steps[i], &w);
        evac_jw_close(&w, '}');
    }
    evac_jw_close(&w, ']');
    api_pager_end(c, &pager);
    evac_report_free(report);
}

struct step_rows {
    struct listing list;
    uint32_t step;
};

static bool put_step_row(void *user, const struct evac_row *row)
{
    struct step_rows *rows = user;
    return row->record.step == rows->step ? put_row(&rows->list, row) : true;
}

#define STEP_ROWS_MAX 1000u

static void put_step(struct api_call *c, const struct evac_report *report,
                     const struct evac_report_step *step)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_store *store = evac_daemon_store(c->daemon);
    struct step_rows rows = { { .w = api_writer(c), .wanted = STEP_ROWS_MAX },
                              (uint32_t)(step->plan - report->plan->steps) };
    const struct evac_store_filter filter = { .run = report->run };
    evac_jw_open(&rows.list.w, NULL, '{');
    evac_report_step_json(step, &rows.list.w);
    evac_jw_open(&rows.list.w, "rows", '[');
    enum evac_code code = store->vt->read(store, &filter, put_step_row, &rows, &err);
    evac_jw_close(&rows.list.w, ']');
    evac_jw_close(&rows.list.w, '}');
    if (code)
        api_fail(c, &err);
}

void api_get_step(struct api_call *c)
{
    struct evac_report *report = report_of(c);
    size_t i = 0;
    if (!report)
        return;
    while (i < report->step_count && !evac_str_eq(report->steps[i].plan->id, c->vars[1]))
        i++;
    if (i < report->step_count)
        put_step(c, report, &report->steps[i]);
    else
        evac_problemf(c->r, EVAC_PROBLEM_NOT_FOUND,
                      "there is no step '%.*s' in run %llu: GET /v1/runs/%llu/steps lists them",
                      EVAC_STR_ARG(c->vars[1]), (unsigned long long)report->run,
                      (unsigned long long)report->run);
    evac_report_free(report);
}
