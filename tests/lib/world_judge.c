/* What must hold whenever a request leaves, or has had its effect. */
#include "world_internal.h"
#include "world_many.h"

#include "sandbox_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void broke(struct world *w, const char *fmt, ...)
{
    va_list ap;
    if (w->broken[0])
        return;
    int n = snprintf(w->broken, sizeof w->broken,
                     "at %.3f s: ", (double)(w->v.now_ms - BOOT_MS) / 1000);
    va_start(ap, fmt);
    vsnprintf(w->broken + n, sizeof w->broken - (size_t)n, fmt, ap);
    va_end(ap);
    if (w->o.verbose)
        fprintf(stderr, "BROKEN %s\n", w->broken);
}

/* Of a body that is about one of several things of its kind by name, or about some of them: a
 * batch of record changes, a service of a cluster. */
static struct evac_str next_name(struct evac_str *body)
{
    static const struct {
        const char *open;
        char close;
    } marks[] = { { "<Name>", '<' }, { "\"service\":\"", '"' } };
    for (size_t i = 0; i < body->n; i++)
        for (size_t m = 0; m < sizeof marks / sizeof marks[0]; m++) {
            struct evac_str rest = { body->p + i, body->n - i };
            size_t n = strlen(marks[m].open);
            if (!evac_str_starts(rest, marks[m].open))
                continue;
            rest = (struct evac_str){ rest.p + n, rest.n - n };
            return evac_str_cut(rest, marks[m].close, body);
        }
    return EVAC_STR_NONE;
}

static void keep_names(struct seat *s, struct evac_str body)
{
    struct evac_buf names;
    evac_buf_init(&names, sizeof s->lost_names - 1);
    for (struct evac_str name; (name = next_name(&body)).n;)
        evac_buf_putf(&names, "<%.*s>", EVAC_STR_ARG(name));
    bool whole =
        !names.failed && evac_str_copy(s->lost_names, sizeof s->lost_names, evac_buf_str(&names));
    if (!whole)
        s->lost_names[0] = '\0';
    evac_buf_done(&names);
}

void judge_lost(struct seat *s, const struct evac_http_request *request)
{
    (void)evac_str_copy(s->lost_operation, sizeof s->lost_operation, request->operation);
    keep_names(s, request->body);
}

/* A change of other records of the zone repeats nothing. */
static bool is_about_what_was_lost(const struct seat *s, struct evac_str body)
{
    bool about = s->lost_names[0] == '\0';
    char part[300];
    for (struct evac_str name; !about && (name = next_name(&body)).n;) {
        snprintf(part, sizeof part, "<%.*s>", EVAC_STR_ARG(name));
        about = strstr(s->lost_names, part) != NULL;
    }
    return about;
}

/* S2: data is promoted only when nobody writes to the old side any more. */
void judge_promotion(struct world *w, const struct evac_http_request *request)
{
    char first[32];
    if (evac_str_is(request->operation, "rds:FailoverGlobalCluster") &&
        world_writers(w, first, sizeof first) && !evac_str_is(request->region, first))
        broke(w, "S2: %.*s is promoted while %s still writes", EVAC_STR_ARG(request->region),
              first);
}

static bool is_marker(const struct evac_http_request *request)
{
    return (evac_str_is(request->operation, "s3:PutObject") &&
            evac_str_has(request->url, "canary")) ||
           (evac_str_is(request->operation, "dynamodb:PutItem") &&
            evac_str_has(request->body, "evac_marker"));
}

/* A marker, or a message to people: no step of a run. */
static bool is_aside(const struct world *w, const struct evac_http_request *request)
{
    bool tells = evac_str_is(request->operation, "sns:Publish") ||
                 evac_str_is(request->operation, "events:PutEvents");
    return (w->o.notify && tells) || is_marker(request);
}

/* S2: the names that lead somewhere, a bit each resource that is one. */
unsigned judge_names(const struct world *w, const struct evac_http_request *request)
{
    const struct evac_app *app = &w->model->apps[0];
    unsigned there = 0;
    if (!evac_str_is(request->operation, "route53:ChangeResourceRecordSets"))
        return 0;
    for (unsigned i = 0; i < app->resource_count && i < 32; i++) {
        const struct evac_args *props = &app->resources[i].props;
        if (evac_str_is(app->resources[i].type, "route53") &&
            sb_route53_has(w->sandbox, evac_args_get(props, "zone").p,
                           evac_args_get(props, "name").p))
            there |= 1u << i;
    }
    return there;
}

void judge_names_after(struct world *w, const struct evac_http_request *request, unsigned before)
{
    if (before & ~judge_names(w, request))
        broke(w, "S2: a change leaves a name that led somewhere leading nowhere");
}

/* S7: a run that has ended has nothing on its way any more. */
void judge_late(struct world *w, const struct evac_http_request *request)
{
    bool over = w->shell && w->last_run && w->last_state != EVAC_RUN_NONE &&
                !evac_shell_engine(w->shell)->runs;
    if (over && !is_aside(w, request))
        broke(w, "S7: %.*s lands after the run has ended", EVAC_STR_ARG(request->operation));
}

/* R1: a mutation leaves only when its intent is durable; R5: not twice without a look between. */
void judge_mutation(struct seat *s, const struct evac_http_request *request)
{
    struct world *w = s->w;
    uint64_t durable = w->many ? w->seen_seq : w->store->vt->last_seq(w->store);
    const struct evac_shell *shell = shell_of(s);
    bool intended = false;
    if (!shell)
        return;
    for (const struct evac_run *r = evac_shell_engine(shell)->runs; r; r = r->next)
        for (uint16_t i = 0; i < r->plan->step_count; i++)
            intended = intended || (r->steps[i].state == EVAC_STEP_APPLYING &&
                                    r->steps[i].intent_seq <= durable);
    if (is_marker(request) && evac_shell_engine(shell)->apps[0].run && w->o.judged && !w->many)
        broke(w, "S2: a marker is written while a run goes on");
    if (is_aside(w, request))
        return; /* they are no step of a run */
    if (w->many)
        many_check_mutation(s, request);
    if (w->last_rehearses && w->last_state == EVAC_RUN_NONE)
        broke(w, "S14: a rehearsal sends %.*s", EVAC_STR_ARG(request->operation));
    if (!intended)
        broke(w, "R1: %.*s was sent without a durable intent", EVAC_STR_ARG(request->operation));
    if (s->lost_operation[0] && evac_str_is(request->operation, s->lost_operation) &&
        is_about_what_was_lost(s, request->body))
        broke(w, "R5: %.*s was lost and sent again without a look",
              EVAC_STR_ARG(request->operation));
}

/* S2: traffic goes where the data take writes. */
static void check_route(struct world *w)
{
    char now[sizeof w->route];
    evac_sandbox_route(w->sandbox, now, sizeof now);
    if (strcmp(now, w->route) == 0)
        return;
    if (w->route[0] && !now[0])
        broke(w, "S2: traffic goes nowhere");
    else if (w->route[0] && !evac_sandbox_has_data(w->sandbox, now))
        broke(w, "S2: traffic goes to %s, whose data take no writes", now);
    else if (w->route[0] && w->last_drills && w->last_state == EVAC_RUN_NONE)
        broke(w, "S14: a drill moves traffic to %s", now);
    (void)evac_str_copy(w->route, sizeof w->route, evac_str(now));
}

void judge_effect(struct world *w)
{
    char first[32];
    check_route(w);
    bool everywhere = w->model->apps[0].strategy == EVAC_STRATEGY_ACTIVE_ACTIVE;
    if (!everywhere && world_writers(w, first, sizeof first) > 1)
        broke(w, "S1: two regions accept writes");
    if (everywhere && evac_sandbox_led_to(w->sandbox) == 0)
        broke(w, "S1: users are led nowhere");
    if (everywhere && w->shell && evac_engine_serving(world_app(w)) == 0)
        broke(w, "S1: no region serves");
}
