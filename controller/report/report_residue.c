/*
 * What a run that did not go through left behind: every step that was applied and not put back,
 * what was there before it, and the command that clears it where its driver knows one.
 */
#include "report_parts.h"

#include <cjson/cJSON.h>
#include <string.h>

#define COMMAND_MAX 4000u

struct filling {
    const struct evac_report *report;
    const cJSON *was;
    struct evac_str each; /* the name of its, where a command stands for several */
    const cJSON *its;
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

static bool put_value(const cJSON *value, struct evac_buf *out)
{
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

static bool fill_known(const void *ctx, struct evac_str name, struct evac_buf *out)
{
    const struct filling *f = ctx;
    struct evac_str path, root = evac_str_cut(name, '.', &path);
    if (evac_str_is(root, "was"))
        return put_value(member(f->was, path), out);
    if (evac_str_is(root, "its"))
        return put_value(member(f->its, path), out);
    if (evac_str_is(root, "each") && f->its)
        evac_plan_put_word(out, f->each);
    else if (evac_str_is(root, "run"))
        evac_buf_putf(out, "%llu", (unsigned long long)f->report->run);
    else
        return false;
    return true;
}

/* --- several --------------------------------------------------------------------------------- */

/* The next of the commands that " && " joins; not what stands in quotes or parentheses. */
static struct evac_str next_command(struct evac_str *rest)
{
    struct evac_str text = *rest;
    char quote = '\0';
    int depth = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '\\' && quote != '\'')
            i++;
        else if (quote)
            quote = c == quote ? '\0' : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == '(' || c == ')')
            depth += c == '(' ? 1 : -1;
        else if (depth == 0 &&
                 evac_str_starts((struct evac_str){ text.p + i, text.n - i }, " && ")) {
            *rest = (struct evac_str){ text.p + i + 4, text.n - i - 4 };
            return (struct evac_str){ text.p, i };
        }
    }
    *rest = EVAC_STR_NONE;
    return text;
}

/* The first <each.NAME> of a command: "NAME", "NAME:filter"; "" when it has none. */
static struct evac_str each_of(struct evac_str command)
{
    static const char open[] = "<each.";
    while (command.n && !evac_str_starts(command, open))
        command = (struct evac_str){ command.p + 1, command.n - 1 };
    if (command.n == 0)
        return command;
    struct evac_str rest, head = evac_str_cut(command, '>', &rest);
    return (struct evac_str){ head.p + sizeof open - 1, head.n - (sizeof open - 1) };
}

/* filter is "running" or "state=running"; "" lets everything through. */
static bool passes(const cJSON *its, struct evac_str filter)
{
    struct evac_str value, path = evac_str_cut(filter, '=', &value);
    struct evac_buf text;
    if (value.n == 0) {
        value = filter;
        path = EVAC_STR_NONE;
    }
    evac_buf_init(&text, COMMAND_MAX);
    bool same = filter.n == 0 ||
                (put_value(member(its, path), &text) && evac_str_eq(evac_buf_str(&text), value));
    evac_buf_done(&text);
    return same;
}

static void put_command(struct evac_str command, const struct filling *f, struct evac_buf *out)
{
    evac_buf_puts(out, out->n ? " && " : "");
    evac_plan_fill(command, fill_known, f, out);
}

static void put_for_each(struct evac_str command, struct filling *f, struct evac_buf *out)
{
    struct evac_str filter, path = evac_str_cut(each_of(command), ':', &filter);
    const cJSON *all = path.n ? member(f->was, path) : NULL;
    if (!cJSON_IsArray(all) && !cJSON_IsObject(all)) {
        put_command(command, f, out);
        return;
    }
    cJSON_ArrayForEach(f->its, all)
    {
        if (!passes(f->its, filter))
            continue;
        f->each = evac_str(f->its->string ? f->its->string : f->its->valuestring);
        put_command(command, f, out);
    }
    f->its = NULL;
}

static struct evac_str command(const struct evac_report *r, const struct evac_report_step *s)
{
    struct evac_buf out;
    struct evac_str rest = s->plan->clear;
    if (rest.n == 0)
        return EVAC_STR_NONE;
    cJSON *was = s->before.n ? cJSON_ParseWithLength(s->before.p, s->before.n) : NULL;
    struct filling f = { .report = r, .was = was };
    evac_buf_init(&out, COMMAND_MAX);
    const struct evac_plan_place place = { .run = evac_arena_printf(r->arena, "%llu",
                                                                    (unsigned long long)r->run) };
    while (rest.n)
        put_for_each(next_command(&rest), &f, &out);
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
