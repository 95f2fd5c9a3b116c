/*
 * What a run that did not go through left behind: every step that was applied and not put back,
 * what was there before it, and the command that clears it where its driver knows one.
 */
#include "report_residue.h"

#include <cjson/cJSON.h>
#include <string.h>

#define COMMAND_MAX 4000u

struct filling {
    const struct evac_report *report;
    const cJSON *was;
};

/* "desired", or "items.0.value": a member of an object, an element of a list. */
static const cJSON *member(const cJSON *json, struct evac_str path)
{
    char name[64];
    while (json && path.n) {
        struct evac_str head = evac_str_cut(path, '.', &path);
        int64_t index;
        if (cJSON_IsArray(json))
            json = evac_str_i64(head, &index) && index >= 0 && index < 10000
                       ? cJSON_GetArrayItem(json, (int)index)
                       : NULL;
        else
            json = evac_str_copy(name, sizeof name, head)
                       ? cJSON_GetObjectItemCaseSensitive(json, name)
                       : NULL;
    }
    return json;
}

static bool fill_known(const void *ctx, struct evac_str name, struct evac_buf *out)
{
    const struct filling *f = ctx;
    if (evac_str_is(name, "run")) {
        evac_buf_putf(out, "%llu", (unsigned long long)f->report->run);
        return true;
    }
    if (!evac_str_starts(name, "was."))
        return false;
    const cJSON *value = member(f->was, (struct evac_str){ name.p + 4, name.n - 4 });
    if (cJSON_IsString(value))
        evac_plan_put_word(out, evac_str(value->valuestring));
    else if (cJSON_IsNumber(value))
        evac_buf_putf(out, "%.0f", value->valuedouble);
    else if (cJSON_IsBool(value))
        evac_buf_puts(out, cJSON_IsTrue(value) ? "true" : "false");
    else
        return false; /* the hole stays: a person sees that something is to be filled in */
    return true;
}

static struct evac_str command(const struct evac_report *r, const struct evac_report_step *s)
{
    struct evac_buf out;
    if (s->plan->clear.n == 0)
        return EVAC_STR_NONE;
    cJSON *was = s->before.n ? cJSON_ParseWithLength(s->before.p, s->before.n) : NULL;
    struct filling f = { r, was };
    evac_buf_init(&out, COMMAND_MAX);
    evac_plan_fill(s->plan->clear, fill_known, &f, &out);
    const struct evac_plan_place place = { .run = evac_arena_printf(r->arena, "%llu",
                                                                    (unsigned long long)r->run) };
    struct evac_str text =
        out.failed ? EVAC_STR_NONE : evac_plan_substitute(r->arena, &place, evac_buf_str(&out));
    evac_buf_done(&out);
    cJSON_Delete(was);
    return text;
}

/* What a move changed is what it was for, unless the run was given up, or a step was. */
static bool is_left(const struct evac_report *r, const struct evac_report_step *s)
{
    bool moved = evac_str_starts(r->result, "succeeded") && !evac_plan_is_isolated_drill(r->plan);
    if (!r->over || s->attempts == 0 || evac_str_is(s->state, "undone"))
        return false;
    return !moved || (!evac_str_is(s->state, "done") && !evac_str_is(s->state, "skipped"));
}

void report_residue(struct evac_report *r)
{
    uint16_t n = r->plan->forward_count;
    r->residue = evac_arena_array(r->arena, n + 1u, sizeof *r->residue);
    for (uint16_t i = 0; i < n; i++)
        if (is_left(r, &r->steps[i]))
            r->residue[r->residue_count++] =
                (struct evac_report_residue){ .step = &r->steps[i],
                                              .command = command(r, &r->steps[i]) };
}
