/* Drills: what is to come and was, what one would touch, and beginning one. */
#include "api_routes.h"
#include "calendar.h"
#include "view.h"

#define YEAR_MS INT64_C(31622400000)

void api_list_drills(struct api_call *c)
{
    char app[128];
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = api_writer(c);
    int64_t until = api_query_number(c, "until", 0), now = evac_daemon_wall_ms(c->daemon);
    struct evac_str name = api_query(c, "app", app, sizeof app);
    struct api_page page = api_page_of(c, 2000, 2000);
    const struct evac_drills_asked asked = { name, until > 0 ? until : now + YEAR_MS, page.limit,
                                             page.after };
    uint64_t next = 0;
    if (name.n && !evac_model_app(evac_daemon_model(c->daemon), name))
        api_no_app(c, name);
    else if (evac_view_drills(c->daemon, &asked, &w, &next, &err))
        api_fail(c, &err);
    else if (next)
        api_more(c, next);
}

void api_receipt(struct api_call *c)
{
    size_t app;
    char kind[32], name[128], to[64];
    struct evac_err err = { EVAC_OK, "" };
    struct evac_drill_wish wish = { .app = c->vars[0] };
    wish.name = api_query(c, "name", name, sizeof name);
    wish.to = api_query(c, "to", to, sizeof to);
    wish.soak_ms = api_query_number(c, "soak_ms", 0);
    if (!api_app(c, &app))
        return;
    if (!evac_drill_kind_parse(api_query(c, "kind", kind, sizeof kind), &wish.kind))
        evac_problem(c->r, EVAC_PROBLEM_BAD_REQUEST,
                     "kind: one of rehearse, isolated, live, game-day");
    else if (evac_shell_receipt(evac_daemon_shell(c->daemon), &wish, &c->r->body, &err))
        api_fail(c, &err);
}

void api_faults(struct api_call *c)
{
    size_t app;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = api_writer(c);
    if (api_app(c, &app) &&
        evac_view_faults(c->daemon, app, (uint64_t)api_query_number(c, "run", 0), &w, &err))
        api_fail(c, &err);
}

static void put_begun(struct api_call *c, int64_t number)
{
    struct evac_jw w = api_writer(c);
    evac_jw_open(&w, NULL, '{');
    evac_jw_i64(&w, "drill", number);
    evac_jw_close(&w, '}');
}

void api_tell_drill(struct api_call *c, const struct evac_record *request)
{
    put_begun(c, request->number);
}

void api_begin_drill(struct api_call *c)
{
    size_t app;
    uint32_t number = 0;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_drill_wish wish = { .app = c->vars[0],
                                    .name = api_text(c, "name"),
                                    .to = api_text(c, "to"),
                                    .soak_ms = api_number(c, "soak_ms"),
                                    .who = c->q->caller.who,
                                    .why = api_text(c, "reason") };
    (void)evac_drill_kind_parse(api_text(c, "kind"), &wish.kind); /* the schema looked at it */
    if (!api_app(c, &app))
        return;
    if (evac_shell_drill_now(evac_daemon_shell(c->daemon), &wish, &number, &err))
        api_fail(c, &err);
    else
        put_begun(c, number);
}
