/* A plan as canonical JSON, and back. What is read was written by us, but a journal may be damaged:
 * everything is checked. */
#include "hash.h"
#include "jw.h"
#include "plan_internal.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT 1

/* --- writing
 * --------------------------------------------------------------------------------------------------------
 */

static void put_indices(struct evac_jw *w, const char *key, const uint16_t *list, uint16_t n)
{
    evac_jw_open(w, key, '[');
    for (uint16_t i = 0; i < n; i++)
        evac_jw_i64(w, NULL, list[i]);
    evac_jw_close(w, ']');
}

static void put_when(struct evac_jw *w, const struct evac_plan_step *s)
{
    evac_jw_open(w, "when", '[');
    for (uint16_t i = 0; i < s->when_count; i++) {
        const struct evac_plan_cond *c = &s->when[i];
        evac_jw_open(w, NULL, '[');
        evac_jw_i64(w, NULL, c->op);
        evac_jw_i64(w, NULL, c->first_child);
        evac_jw_i64(w, NULL, c->child_count);
        evac_jw_i64(w, NULL, c->cmp);
        evac_jw_i64(w, NULL, c->number);
        evac_jw_i64(w, NULL, c->step);
        evac_jw_i64(w, NULL, c->fact);
        evac_jw_str(w, NULL, c->word);
        evac_jw_close(w, ']');
    }
    evac_jw_close(w, ']');
}

static void put_step(struct evac_jw *w, const struct evac_plan_step *s)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "id", s->id);
    evac_jw_str(w, "title", s->title);
    evac_jw_str(w, "type", s->type);
    evac_jw_str(w, "action", s->action);
    evac_jw_str(w, "resource", s->resource);
    evac_jw_str(w, "region", s->region);
    evac_jw_str(w, "target", s->target);
    evac_jw_cstr(w, "phase", evac_phase_name(s->phase));
    evac_jw_cstr(w, "fencing", evac_fencing_name(s->fencing));
    evac_jw_cstr(w, "on_failure", evac_on_failure_name(s->on_failure));
    evac_jw_i64(w, "flags", s->flags);
    evac_jw_i64(w, "deadline_ms", s->deadline_ms);
    evac_jw_i64(w, "usual_ms", s->usual_ms);
    evac_jw_i64(w, "tries", s->tries);
    evac_jw_str(w, "clear", s->clear);
    evac_jw_open(w, "args", '{');
    for (size_t i = 0; i < s->args.count; i++)
        evac_jw_str(w, s->args.items[i].name.p, s->args.items[i].value);
    evac_jw_close(w, '}');
    put_indices(w, "after", s->after, s->after_count);
    put_indices(w, "rivals", s->rivals, s->rival_count);
    put_when(w, s);
    evac_jw_open(w, "facts", '[');
    for (size_t i = 0; i < EVAC_STEP_FACTS; i++)
        evac_jw_str(w, NULL, s->facts[i]);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

static void put_criteria(struct evac_jw *w, const struct evac_plan *plan)
{
    evac_jw_open(w, "criteria", '[');
    for (uint16_t i = 0; i < plan->criterion_count; i++) {
        const struct evac_plan_criterion *c = &plan->criteria[i];
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "name", c->name);
        evac_jw_cstr(w, "measure", evac_measure_name(c->measure));
        evac_jw_str(w, "of", c->of);
        evac_jw_i64(w, "at_most", c->at_most);
        evac_jw_cstr(w, "severity", evac_grade_name(c->severity));
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

/* The numbers, in order: one table serves writing and reading. */
#define NUMBERS(X)                                                                                 \
    X(rto_ms, int64_t, INT64_MAX)                                                                  \
    X(rpo_ms, int64_t, INT64_MAX)                                                                  \
    X(run_deadline_ms, uint32_t, UINT32_MAX)                                                       \
    X(approval_ms, uint32_t, UINT32_MAX)                                                           \
    X(quarantine_ms, uint32_t, UINT32_MAX)                                                         \
    X(confirm_ms, uint32_t, UINT32_MAX)                                                            \
    X(poll_ms, uint32_t, UINT32_MAX)                                                               \
    X(poll_max_ms, uint32_t, UINT32_MAX)                                                           \
    X(forward_count, uint16_t, EVAC_PLAN_STEPS_MAX)
#define TEXTS(X) X(app) X(runbook) X(from) X(to) X(witness)

void evac_plan_to_json(const struct evac_plan *plan, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_i64(&w, "format", FORMAT);
#define X(name) evac_jw_str(&w, #name, plan->name);
    TEXTS(X)
#undef X
    evac_jw_cstr(&w, "workflow", evac_workflow_name(plan->workflow));
    evac_jw_cstr(&w, "drill", evac_drill_kind_name(plan->drill));
    evac_jw_cstr(&w, "mode", evac_mode_name(plan->mode));
    evac_jw_bool(&w, "rehearse", plan->rehearse);
    if (plan->must_hold)
        evac_jw_bool(&w, "must_hold", true);
    if (plan->isolate.n)
        evac_jw_str(&w, "isolate", plan->isolate);
    if (plan->stand_in.n)
        evac_jw_str(&w, "stand_in", plan->stand_in);
    if (plan->criterion_count)
        put_criteria(&w, plan);
#define X(name, type, max) evac_jw_i64(&w, #name, (int64_t)plan->name);
    NUMBERS(X)
#undef X
    evac_jw_open(&w, "steps", '[');
    for (uint16_t i = 0; i < plan->step_count; i++)
        put_step(&w, &plan->steps[i]);
    evac_jw_close(&w, ']');
    evac_jw_close(&w, '}');
}

/* --- reading
 * ----------------------------------------------------------------------------------------------------------
 */

struct reader {
    struct evac_arena *arena;
    struct evac_err *err;
    bool failed;
};

static void corrupt(struct reader *r, const char *what)
{
    if (!r->failed)
        (void)evac_fail(r->err, EVAC_E_CORRUPT, "the plan's text is damaged: %s", what);
    r->failed = true;
}

static struct evac_str text(struct reader *r, const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (cJSON_IsString(item))
        return evac_arena_str(r->arena, evac_str(item->valuestring));
    corrupt(r, key);
    return EVAC_STR_NONE;
}

static int64_t number_of(struct reader *r, const cJSON *item, int64_t max, const char *what)
{
    if (cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= (double)max &&
        item->valuedouble <= 9007199254740991.0)
        return (int64_t)item->valuedouble;
    corrupt(r, what);
    return 0;
}

static int64_t number(struct reader *r, const cJSON *object, const char *key, int64_t max)
{
    return number_of(r, cJSON_GetObjectItemCaseSensitive(object, key), max, key);
}

static const uint16_t *indices(struct reader *r, const cJSON *object, const char *key,
                               uint16_t steps, uint16_t *ret_count)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, key), *item;
    int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
    uint16_t *out, at = 0;
    if (n < 0 || n > steps) {
        corrupt(r, key);
        return NULL;
    }
    out = evac_arena_array(r->arena, (size_t)n + 1, sizeof *out);
    cJSON_ArrayForEach(item, list)
    {
        out[at++] = (uint16_t)number_of(r, item, steps - 1, key);
    }
    *ret_count = at;
    return out;
}

static void read_args(struct reader *r, const cJSON *object, struct evac_args *ret)
{
    const cJSON *group = cJSON_GetObjectItemCaseSensitive(object, "args"), *item;
    int n = cJSON_IsObject(group) ? cJSON_GetArraySize(group) : 0;
    struct evac_arg *args = evac_arena_array(r->arena, (size_t)n + 1, sizeof *args);
    size_t at = 0;
    if (!cJSON_IsObject(group))
        corrupt(r, "args");
    cJSON_ArrayForEach(item, group)
    {
        if (!cJSON_IsString(item))
            corrupt(r, "args");
        args[at].name = evac_arena_str(r->arena, evac_str(item->string));
        args[at++].value =
            evac_arena_str(r->arena, evac_str(cJSON_IsString(item) ? item->valuestring : ""));
    }
    *ret = (struct evac_args){ args, at };
}

static void read_cond(struct reader *r, const cJSON *list, uint16_t nodes, uint16_t at,
                      uint16_t steps, struct evac_plan_cond *c)
{
    const cJSON *word = cJSON_GetArrayItem(list, 7), *value = cJSON_GetArrayItem(list, 4);
    int64_t n[7] = { 0 };
    static const int64_t max[7] = { EVAC_COND_FACT,     UINT16_MAX, UINT16_MAX, EVAC_CMP_IS, 0, 0,
                                    EVAC_STEP_FACTS - 1 };
    if (cJSON_GetArraySize(list) != 8 || !cJSON_IsString(word) || !cJSON_IsNumber(value) ||
        !(value->valuedouble >= -9e18 && value->valuedouble <= 9e18)) {
        corrupt(r, "when");
        return;
    }
    for (int i = 0; i < 7; i++)
        if (i != 4)
            n[i] = number_of(r, cJSON_GetArrayItem(list, i), i == 5 ? steps - 1 : max[i], "when");
    /* children come after their parent, or a damaged text could make us run in circles */
    if (n[2] > 0 && (n[1] <= at || n[1] + n[2] > nodes))
        corrupt(r, "when");
    *c = (struct evac_plan_cond){ .op = (enum evac_cond_op)n[0],
                                  .first_child = (uint16_t)n[1],
                                  .child_count = (uint16_t)n[2],
                                  .cmp = (enum evac_cmp)n[3],
                                  .number = (int64_t)value->valuedouble,
                                  .step = (uint16_t)n[5],
                                  .fact = (uint16_t)n[6],
                                  .word = evac_arena_str(r->arena, evac_str(word->valuestring)) };
}

static void read_when(struct reader *r, const cJSON *object, uint16_t steps,
                      struct evac_plan_step *s)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "when"), *item;
    int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
    if (n < 0 || n > 1000) {
        corrupt(r, "when");
        return;
    }
    struct evac_plan_cond *conds = evac_arena_array(r->arena, (size_t)n + 1, sizeof *conds);
    uint16_t at = 0;
    cJSON_ArrayForEach(item, list)
    {
        read_cond(r, item, (uint16_t)n, at, steps, &conds[at]);
        at++;
    }
    s->when = n ? conds : NULL;
    s->when_count = (uint16_t)n;
}

static bool parse_fencing(struct evac_str name, enum evac_fencing *ret)
{
    for (unsigned i = 0; i < EVAC_FENCING_COUNT; i++)
        if (evac_str_is(name, evac_fencing_name((enum evac_fencing)i))) {
            *ret = (enum evac_fencing)i;
            return true;
        }
    return false;
}

static void read_step(struct reader *r, const cJSON *o, uint16_t steps, struct evac_plan_step *s)
{
    const cJSON *facts = cJSON_GetObjectItemCaseSensitive(o, "facts");
    s->id = text(r, o, "id");
    s->title = text(r, o, "title");
    s->type = text(r, o, "type");
    s->action = text(r, o, "action");
    s->resource = text(r, o, "resource");
    s->region = text(r, o, "region");
    s->target = text(r, o, "target");
    if (!evac_phase_parse(text(r, o, "phase"), &s->phase) ||
        !parse_fencing(text(r, o, "fencing"), &s->fencing) ||
        !evac_on_failure_parse(text(r, o, "on_failure"), &s->on_failure))
        corrupt(r, "a step's phase, fencing or on_failure");
    s->flags = (uint32_t)number(r, o, "flags", UINT32_MAX);
    s->deadline_ms = (uint32_t)number(r, o, "deadline_ms", UINT32_MAX);
    s->usual_ms = (uint32_t)number(r, o, "usual_ms", UINT32_MAX);
    s->tries = (uint16_t)number(r, o, "tries", UINT16_MAX);
    s->clear = text(r, o, "clear");
    read_args(r, o, &s->args);
    s->after = indices(r, o, "after", steps, &s->after_count);
    s->rivals = indices(r, o, "rivals", steps, &s->rival_count);
    read_when(r, o, steps, s);
    for (int i = 0; i < EVAC_STEP_FACTS; i++) {
        const cJSON *fact = cJSON_GetArrayItem(facts, i);
        if (cJSON_IsString(fact))
            s->facts[i] = evac_arena_str(r->arena, evac_str(fact->valuestring));
        else
            corrupt(r, "facts");
    }
}

static void read_criteria(struct reader *r, const cJSON *list, struct evac_plan *plan)
{
    int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
    const cJSON *item;
    if (n > 1000) {
        corrupt(r, "criteria");
        return;
    }
    struct evac_plan_criterion *all = evac_arena_array(r->arena, (size_t)n + 1, sizeof *all);
    cJSON_ArrayForEach(item, list)
    {
        struct evac_plan_criterion *c = &all[plan->criterion_count++];
        c->name = text(r, item, "name");
        c->of = text(r, item, "of");
        c->at_most = number(r, item, "at_most", INT64_MAX);
        if (!evac_measure_parse(text(r, item, "measure"), &c->measure) ||
            !evac_grade_parse(text(r, item, "severity"), &c->severity))
            corrupt(r, "a criterion's measure or severity");
    }
    plan->criteria = all;
}

static void read_plan(struct reader *r, const cJSON *o, struct evac_plan *plan)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(o, "steps"), *item;
    if (number(r, o, "format", FORMAT) != FORMAT)
        corrupt(r, "format");
#define X(name) plan->name = text(r, o, #name);
    TEXTS(X)
#undef X
    if (!evac_workflow_parse(text(r, o, "workflow"), &plan->workflow) ||
        !evac_drill_kind_parse(text(r, o, "drill"), &plan->drill) ||
        !evac_mode_parse(text(r, o, "mode"), &plan->mode))
        corrupt(r, "workflow, drill or mode");
    plan->rehearse = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "rehearse"));
    plan->must_hold = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "must_hold"));
    if (cJSON_HasObjectItem(o, "isolate"))
        plan->isolate = text(r, o, "isolate");
    if (cJSON_HasObjectItem(o, "stand_in"))
        plan->stand_in = text(r, o, "stand_in");
    read_criteria(r, cJSON_GetObjectItemCaseSensitive(o, "criteria"), plan);
#define X(name, type, max) plan->name = (type)number(r, o, #name, max);
    NUMBERS(X)
#undef X
    plan->step_count = (uint16_t)(2 * plan->forward_count);
    if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) != plan->step_count ||
        plan->step_count == 0) {
        corrupt(r, "steps");
        return;
    }
    struct evac_plan_step *steps = evac_arena_array(r->arena, plan->step_count, sizeof *steps);
    uint16_t at = 0;
    cJSON_ArrayForEach(item, list)
    {
        read_step(r, item, plan->step_count, &steps[at++]);
    }
    plan->steps = steps;
}

/* Only what to_json made is taken: written again it must be the same bytes. */
static void check_same(struct reader *r, struct evac_plan *plan, struct evac_str json)
{
    struct evac_buf again;
    evac_buf_init(&again, 8u << 20);
    evac_plan_to_json(plan, &again);
    if (!evac_str_eq(evac_buf_str(&again), json))
        corrupt(r, "it is not in canonical form");
    else
        evac_sha256_hex(json, plan->hash);
    evac_buf_done(&again);
}

enum evac_code evac_plan_from_json(struct evac_str json, struct evac_plan **ret_plan,
                                   struct evac_err *err)
{
    struct reader r = { .arena = evac_arena_new(), .err = err };
    struct evac_plan *plan = evac_arena_alloc(r.arena, sizeof *plan);
    cJSON *root = json.n ? cJSON_ParseWithLength(json.p, json.n) : NULL;
    plan->arena = r.arena;
    if (cJSON_IsObject(root))
        read_plan(&r, root, plan);
    else
        corrupt(&r, "it is no JSON object");
    if (!r.failed)
        check_same(&r, plan, json);
    cJSON_Delete(root);
    if (r.failed) {
        evac_arena_free(r.arena);
        return EVAC_E_CORRUPT;
    }
    *ret_plan = plan;
    return EVAC_OK;
}
