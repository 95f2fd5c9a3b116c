/* The last runs of the same kind: what a run's numbers are worth is seen beside theirs. */
#include "report_parts.h"

#include "evac/arena.h"

#define PAST_MAX   6u
#define LOOKED_MAX 200u /* runs of the app before it that are looked at, at most */

struct candidates {
    const struct evac_report *report;
    struct evac_str name;
    int64_t aside;
    uint64_t runs[LOOKED_MAX];
    size_t count;
};

/* Looks at readiness, many a day, are not what a drill compares itself with. */
static bool take_candidate(void *user, const struct evac_row *row)
{
    struct candidates *c = user;
    const struct evac_record *r = &row->record;
    if (r->seq < c->report->first_seq && evac_str_eq(r->name, c->name) && r->number == c->aside &&
        !evac_str_is(r->who, "readiness"))
        c->runs[c->count++] = r->run;
    return c->count < LOOKED_MAX;
}

static struct evac_report_past past_of(struct evac_arena *arena, const struct evac_report *r)
{
    return (struct evac_report_past){
        .run = r->run,
        .began_ms = r->began_ms,
        .result = evac_arena_str(arena, r->result),
        .rto_known = r->rto_known,
        .rto_ms = r->rto_ms,
        .rpo_known = r->rpo_known,
        .rpo_ms = r->rpo_ms,
    };
}

static enum evac_code take_past(struct evac_store *store, struct evac_report *report, uint64_t run,
                                struct evac_err *err)
{
    struct evac_report *past = NULL;
    enum evac_code code = evac_report_make_alone(store, run, &past, err);
    if (code)
        return code;
    if (past->over && evac_str_eq(evac_str(evac_plan_kind_name(past->plan)),
                                  evac_str(evac_plan_kind_name(report->plan))))
        report->past[report->past_count++] = past_of(report->arena, past);
    evac_report_free(past);
    return EVAC_OK;
}

enum evac_code report_past(struct evac_store *store, struct evac_report *report,
                           struct evac_err *err)
{
    struct candidates c = { .report = report,
                            .name = evac_str(evac_workflow_name(report->plan->workflow)),
                            .aside = evac_plan_is_aside(report->plan) };
    struct evac_store_filter filter = {
        .app = report->plan->app, .kinds = EVAC_KIND(ADMIT), .newest_first = true, .light = true
    };
    enum evac_code code = store->vt->read(store, &filter, take_candidate, &c, err);
    report->past = evac_arena_array(report->arena, PAST_MAX, sizeof *report->past);
    for (size_t i = 0; !code && i < c.count && report->past_count < PAST_MAX; i++)
        code = take_past(store, report, c.runs[i], err);
    return code;
}
