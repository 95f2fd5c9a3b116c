#include "driver_print.h"
#include "permissions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    uint32_t flag;
    const char *word;
} flag_words[] = {
    { EVAC_ACTION_FENCES, "fences" },        { EVAC_ACTION_PROMOTES, "promotes" },
    { EVAC_ACTION_LOSSY, "may lose data" },  { EVAC_ACTION_TRAFFIC, "moves traffic" },
    { EVAC_ACTION_VERIFIES, "verifies" },    { EVAC_ACTION_PUBLIC, "looks as a user" },
    { EVAC_ACTION_WAITS, "planned: waits" }, { EVAC_ACTION_BLIND, "blind" },
};

static const char *undo_of(const struct evac_action *a)
{
    if (!(a->flags & EVAC_ACTION_MUTATES))
        return "";
    return a->flags & EVAC_ACTION_REVERSIBLE ? "yes" : "no";
}

static const char *fencing_of(const struct evac_action *a)
{
    return a->flags & EVAC_ACTION_MUTATES ? evac_fencing_name(a->fencing) : "looks only";
}

static void put_flags(uint32_t flags, struct evac_buf *out)
{
    bool first = true;
    for (size_t i = 0; i < sizeof flag_words / sizeof flag_words[0]; i++)
        if (flags & flag_words[i].flag) {
            evac_buf_putf(out, "%s%s", first ? "" : ", ", flag_words[i].word);
            first = false;
        }
}

static void put_ms(uint32_t ms, struct evac_buf *out)
{
    if (ms < 1000)
        evac_buf_putf(out, "%u ms", (unsigned)ms);
    else if (ms < 120000)
        evac_buf_putf(out, "%u s", (unsigned)(ms / 1000));
    else
        evac_buf_putf(out, "%u min", (unsigned)(ms / 60000));
}

static void put_where(const struct evac_op *op, struct evac_buf *out)
{
    static const char *const words[] = {
        [EVAC_HOME_TO] = "region taking over",  [EVAC_HOME_FROM] = "region left",
        [EVAC_HOME_STEP] = "the step's region", [EVAC_HOME_FIXED] = "",
        [EVAC_HOME_GLOBAL] = "global",          [EVAC_HOME_NONE] = "",
    };
    evac_buf_putf(out, "%s plane, %s", op->control_plane ? "control" : "data",
                  op->home == EVAC_HOME_FIXED ? op->home_region : words[op->home]);
}

/* "control, data": of what changes something; where nothing does, of all. */
static void put_planes(const struct evac_action *a, struct evac_buf *out)
{
    bool control = false, data = false, first = true;
    for (const struct evac_op *op = a->ops; op && op->service; op++) {
        if ((a->flags & EVAC_ACTION_MUTATES) && !op->mutates)
            continue;
        control = control || op->control_plane;
        data = data || !op->control_plane;
    }
    if (control) {
        evac_buf_puts(out, "control");
        first = false;
    }
    for (const struct evac_op *op = a->ops; op && op->service; op++)
        if (op->home == EVAC_HOME_FIXED && op->home_region) {
            evac_buf_putf(out, " (%s)", op->home_region);
            break;
        }
    if (data)
        evac_buf_puts(out, first ? "data" : ", data");
    else if (!control)
        evac_buf_puts(out, "-");
}

/* --- all
 * -------------------------------------------------------------------------------------------------------
 */

static void text_row(const struct evac_driver *d, const struct evac_action *a, struct evac_buf *out)
{
    char name[128];
    struct evac_buf planes;
    evac_buf_init(&planes, 4096);
    put_planes(a, &planes);
    snprintf(name, sizeof name, "%s.%s", d->name, a->name);
    evac_buf_putf(out, "%-24s %-14s %-5s %-20s %s\n", name, fencing_of(a), undo_of(a), planes.p,
                  a->doc ? a->doc : "");
    evac_buf_done(&planes);
}

static void markdown_row(const struct evac_driver *d, struct evac_buf *out)
{
    evac_buf_putf(out, "| `%s` | %s | ", d->name, d->doc ? d->doc : "");
    for (const struct evac_action *a = d->actions; a->name; a++)
        evac_buf_putf(out, "%s`%s`", a == d->actions ? "" : ", ", a->name);
    evac_buf_puts(out, " | ");
    bool first = true;
    for (const struct evac_action *a = d->actions; a->name; a++)
        if (a->flags & EVAC_ACTION_MUTATES) {
            evac_buf_putf(out, "%s`%s`: %s, ", first ? "" : "; ", a->name,
                          a->fencing == EVAC_FENCING_NONE ? "not fenced" : fencing_of(a));
            put_planes(a, out);
            evac_buf_puts(out, a->flags & EVAC_ACTION_REVERSIBLE ? "" : ", no undo");
            first = false;
        }
    evac_buf_puts(out, " |\n");
}

void evac_drivers_print(const struct evac_catalog *catalog, enum evac_drivers_form form,
                        struct evac_buf *out)
{
    if (form == EVAC_DRIVERS_MARKDOWN)
        evac_buf_puts(out, "| type | what it is | actions | what changes something |\n"
                           "|---|---|---|---|\n");
    else
        evac_buf_putf(out, "%-24s %-14s %-5s %-20s %s\n", "action", "fencing", "undo", "planes",
                      "what it makes true");
    for (size_t p = 0; p < catalog->pack_count; p++)
        for (const struct evac_driver *const *d = catalog->packs[p]->drivers; *d; d++) {
            if (form == EVAC_DRIVERS_MARKDOWN)
                markdown_row(*d, out);
            for (const struct evac_action *a = (*d)->actions; form == EVAC_DRIVERS_TEXT && a->name;
                 a++)
                text_row(*d, a, out);
        }
}

/* --- one
 * -------------------------------------------------------------------------------------------------------
 */

static const char *const type_words[] = {
    [EVAC_PARAM_TEXT] = "text",          [EVAC_PARAM_INT] = "number",
    [EVAC_PARAM_BOOL] = "true or false", [EVAC_PARAM_DURATION] = "duration",
    [EVAC_PARAM_LIST] = "list",          [EVAC_PARAM_CHOICE] = "choice",
};

static void put_allowed(const struct evac_param *p, struct evac_buf *out)
{
    struct evac_str rest = evac_str(p->choices);
    evac_buf_puts(out, type_words[p->type]);
    for (bool first = true; rest.n; first = false) {
        struct evac_str one = evac_str_cut(rest, '|', &rest);
        evac_buf_putf(out, "%s%.*s", first ? ": " : ", ", EVAC_STR_ARG(one));
    }
    if (p->flags & EVAC_PARAM_REGIONAL)
        evac_buf_puts(out, "; or one a region");
    if (p->flags & EVAC_PARAM_GROUP)
        evac_buf_puts(out, "; a group of them");
}

static void put_default(const struct evac_param *p, bool code, struct evac_buf *out)
{
    const char *quote = code && p->fallback && p->fallback[0] ? "`" : "";
    if (p->flags & EVAC_PARAM_REQUIRED)
        evac_buf_puts(out, "required");
    else
        evac_buf_putf(out, "%s%s%s", quote, p->fallback && p->fallback[0] ? p->fallback : "none",
                      quote);
}

static void put_params(const struct evac_param *params, const char *prefix,
                       enum evac_drivers_form form, struct evac_buf *out)
{
    for (const struct evac_param *p = params; p && p->name; p++) {
        bool page = form == EVAC_DRIVERS_MARKDOWN;
        if (p->flags & EVAC_PARAM_OF_RESOURCE)
            continue; /* it is among the settings */
        evac_buf_putf(out, page ? "| `%s%s` | " : "  %s%s (", prefix, p->name);
        put_allowed(p, out);
        evac_buf_puts(out, page ? " | " : "; ");
        put_default(p, page, out);
        evac_buf_putf(out, page ? " | %s |\n" : "): %s\n", p->doc ? p->doc : "");
    }
}

/* "tags|service": one of them is enough. */
static void put_needed(const struct evac_param *params, struct evac_buf *out)
{
    for (const struct evac_param *p = params; p && p->name; p++) {
        if (!(p->flags & EVAC_PARAM_OF_RESOURCE))
            continue;
        struct evac_str rest, name = evac_str_cut(evac_str(p->name), '|', &rest);
        evac_buf_putf(out, "      only for what has %.*s", EVAC_STR_ARG(name));
        while (rest.n) {
            name = evac_str_cut(rest, '|', &rest);
            evac_buf_putf(out, " or %.*s", EVAC_STR_ARG(name));
        }
        evac_buf_putc(out, '\n');
    }
}

static void put_ops(const struct evac_op *ops, struct evac_buf *out)
{
    for (const struct evac_op *op = ops; op && op->service; op++) {
        evac_buf_putf(out, "      %s %s%s: ", op->service, op->operation,
                      op->mutates ? " (changes)" : "");
        put_where(op, out);
        if (op->iam)
            evac_buf_putf(out, "; needs %s", op->iam);
        if (op->when)
            evac_buf_putf(out, "; only with %s", op->when);
        evac_buf_putc(out, '\n');
    }
}

static void text_action(const struct evac_action *a, struct evac_buf *out)
{
    evac_buf_putf(out, "\n  %s: %s\n      %s", a->name, a->doc ? a->doc : "", fencing_of(a));
    if (undo_of(a)[0])
        evac_buf_putf(out, "; undo: %s", undo_of(a));
    evac_buf_puts(out, "; usually ");
    put_ms(a->usual_ms, out);
    evac_buf_puts(out, ", deadline ");
    put_ms(a->deadline_ms, out);
    if (a->flags & ~(uint32_t)(EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE)) {
        evac_buf_puts(out, "; ");
        put_flags(a->flags, out);
    }
    evac_buf_putc(out, '\n');
    put_needed(a->params, out);
    put_params(a->params, "    want.", EVAC_DRIVERS_TEXT, out);
    put_ops(a->ops, out);
    if (a->clear)
        evac_buf_putf(out, "      if it is left behind: %s\n", a->clear);
}

static void markdown_action(const struct evac_action *a, struct evac_buf *out)
{
    evac_buf_putf(out, "| `%s` | %s | %s | %s | ", a->name, a->doc ? a->doc : "", fencing_of(a),
                  undo_of(a));
    put_flags(a->flags, out);
    evac_buf_puts(out, " | ");
    put_planes(a, out);
    evac_buf_puts(out, " | ");
    put_ms(a->usual_ms, out);
    evac_buf_puts(out, " | ");
    put_ms(a->deadline_ms, out);
    evac_buf_puts(out, " |\n");
}

static void print_text(const struct evac_driver *d, struct evac_buf *out)
{
    evac_buf_putf(out, "%s: %s\n", d->name, d->doc ? d->doc : "");
    if (d->params && d->params->name)
        evac_buf_puts(out, "\nsettings\n");
    put_params(d->params, "", EVAC_DRIVERS_TEXT, out);
    evac_buf_puts(out, "\nactions\n");
    for (const struct evac_action *a = d->actions; a->name; a++)
        text_action(a, out);
    if (d->measure_ops) {
        evac_buf_puts(out, "\nmeasuring\n");
        put_ops(d->measure_ops, out);
    }
}

static void print_markdown(const struct evac_driver *d, struct evac_buf *out)
{
    evac_buf_puts(out, "| setting | allowed | default | what it is |\n|---|---|---|---|\n");
    put_params(d->params, "", EVAC_DRIVERS_MARKDOWN, out);
    for (const struct evac_action *a = d->actions; a->name; a++)
        if (a->params) {
            struct evac_buf prefix;
            evac_buf_init(&prefix, 256);
            evac_buf_putf(&prefix, "%s: want.", a->name);
            put_params(a->params, prefix.p, EVAC_DRIVERS_MARKDOWN, out);
            evac_buf_done(&prefix);
        }
    evac_buf_puts(out, "\n| action | what it makes true | fencing | undo | is | planes | usually | "
                       "deadline |\n|---|---|---|---|---|---|---|---|\n");
    for (const struct evac_action *a = d->actions; a->name; a++)
        markdown_action(a, out);
}

void evac_driver_print(const struct evac_driver *driver, enum evac_drivers_form form,
                       struct evac_buf *out)
{
    if (form == EVAC_DRIVERS_MARKDOWN)
        print_markdown(driver, out);
    else
        print_text(driver, out);
}

/* --- JSON
 * ------------------------------------------------------------------------------------------------------
 */

static void json_ops(const struct evac_op *ops, struct evac_jw *w)
{
    evac_jw_open(w, "operations", '[');
    for (; ops && ops->service; ops++) {
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "service", ops->service);
        evac_jw_cstr(w, "operation", ops->operation);
        evac_jw_cstr(w, "iam", ops->iam);
        evac_jw_cstr(w, "plane", ops->control_plane ? "control" : "data");
        evac_jw_cstr(w, "home", ops->home_region);
        evac_jw_bool(w, "mutates", ops->mutates);
        evac_jw_cstr(w, "when", ops->when);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void json_action(const struct evac_driver *driver, const struct evac_action *action,
                        struct evac_jw *w)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "type", driver->name);
    evac_jw_cstr(w, "action", action->name);
    evac_jw_cstr(w, "doc", action->doc);
    evac_jw_cstr(w, "fencing", evac_fencing_name(action->fencing));
    evac_jw_bool(w, "mutates", (action->flags & EVAC_ACTION_MUTATES) != 0);
    evac_jw_bool(w, "reversible", (action->flags & EVAC_ACTION_REVERSIBLE) != 0);
    evac_jw_i64(w, "usual_ms", action->usual_ms);
    evac_jw_i64(w, "deadline_ms", action->deadline_ms);
    evac_jw_cstr(w, "clear", action->clear);
    json_ops(action->ops, w);
    evac_jw_close(w, '}');
}

void evac_drivers_to_json(const struct evac_catalog *catalog, const struct evac_driver *driver,
                          struct evac_jw *w)
{
    evac_jw_open(w, NULL, '[');
    for (size_t p = 0; p < catalog->pack_count; p++)
        for (const struct evac_driver *const *d = catalog->packs[p]->drivers; *d; d++)
            for (const struct evac_action *a = (*d)->actions; (!driver || driver == *d) && a->name;
                 a++)
                json_action(*d, a, w);
    evac_jw_close(w, ']');
}

/* --- permissions
 * -----------------------------------------------------------------------------------------------
 */

static struct evac_str service_of(const struct plan_permission *p)
{
    struct evac_str rest;
    return evac_str_cut(p->name, ':', &rest);
}

/* "AutoscalingChange": letters and digits only. */
static void put_sid(struct evac_str service, bool changes, struct evac_buf *out)
{
    evac_buf_puts(out, "      \"Sid\": \"");
    for (size_t i = 0; i < service.n; i++) {
        char c = service.p[i];
        if (c == '-')
            continue;
        bool head = i == 0 || service.p[i - 1] == '-';
        evac_buf_putc(out, head && c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
    evac_buf_putf(out, "%s\",\n", changes ? "Change" : "Look");
}

static void put_statement(const struct plan_permissions *p, size_t first, bool separate,
                          struct evac_buf *out)
{
    const struct plan_permission *like = &p->list[first];
    const char *comma = "";
    evac_buf_puts(out, separate ? ",\n    {\n" : "\n    {\n");
    put_sid(service_of(like), like->changes, out);
    evac_buf_puts(out, "      \"Effect\": \"Allow\",\n      \"Action\": [");
    for (size_t i = first; i < p->count; i++) {
        if (p->list[i].changes != like->changes ||
            !evac_str_eq(service_of(&p->list[i]), service_of(like)))
            continue;
        evac_buf_putf(out, "%s\n        ", comma);
        evac_buf_json(out, p->list[i].name);
        comma = ",";
    }
    evac_buf_puts(out, "\n      ],\n      \"Resource\": \"*\"\n    }");
}

static bool is_first(const struct plan_permissions *p, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (p->list[k].changes == p->list[i].changes &&
            evac_str_eq(service_of(&p->list[k]), service_of(&p->list[i])))
            return false;
    return true;
}

static void put_policy(struct plan_permissions *p, struct evac_buf *out)
{
    bool separate = false;
    plan_permissions_sort(p);
    evac_buf_puts(out, "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [");
    for (size_t i = 0; i < p->count; i++)
        if (is_first(p, i)) {
            put_statement(p, i, separate, out);
            separate = true;
        }
    evac_buf_puts(out, "\n  ]\n}\n");
}

void evac_permissions_of_driver(const struct evac_driver *driver, struct evac_buf *out)
{
    struct plan_permissions p = { .count = 0 };
    for (const struct evac_action *a = driver->actions; a->name; a++)
        plan_permissions_take(&p, a->ops, NULL);
    plan_permissions_take(&p, driver->measure_ops, NULL);
    put_policy(&p, out);
}
