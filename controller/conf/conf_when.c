/* Conditions: groups of settings to nodes in one array, children side by side. A step's `when` and
 * an app's `health.down_when` are two sections with the same group operators and other leaves. */
#include "conf_read.h"

#define NODES_MAX 1000u

struct when {
    struct conf_reader *r;
    const struct conf_section *section;
    struct evac_cond *nodes;
    size_t count, max;
};

static const char *const endings[] = { "done", "skipped", "failed", NULL };

/* Every setting, list entry and group below makes at most two nodes. */
static size_t nodes_at_most(const config_setting_t *s)
{
    size_t n = 2;
    for (int i = 0; config_setting_is_aggregate(s) && i < config_setting_length(s); i++)
        n += nodes_at_most(config_setting_get_elem(s, (unsigned)i));
    return n;
}

static size_t take(struct when *w, size_t count)
{
    size_t first = w->count;
    w->count += count;
    return first;
}

static void compile_group(struct when *w, const config_setting_t *group, size_t at);

/* --- what one group says ------------------------------------------------------------------------
 */

#define TERMS_MAX 8
struct terms {
    struct evac_cond leaf[TERMS_MAX];            /* what a term is, children not yet made */
    const config_setting_t *children[TERMS_MAX]; /* NOT: a group; ALL, ANY: a list of groups */
    size_t count;
};

static void add(struct terms *t, struct evac_cond leaf, const config_setting_t *children)
{
    t->leaf[t->count] = leaf;
    t->children[t->count++] = children;
}

static void add_fact(struct terms *t, const struct conf_when *g, enum evac_cmp cmp, int64_t number)
{
    add(t,
        (struct evac_cond){
            .op = EVAC_COND_FACT, .cmp = cmp, .number = number, .name = g->step, .word = g->fact },
        NULL);
}

static void add_ending(struct when *w, struct terms *t, const struct conf_when *g)
{
    struct conf_value is = conf_value(g->is);
    for (size_t i = 0; endings[i]; i++)
        if (is.kind == CONF_IS_TEXT && evac_str_is(is.text, endings[i])) {
            add(t,
                (struct evac_cond){
                    .op = EVAC_COND_STEP, .name = g->step, .word = evac_str(endings[i]) },
                NULL);
            return;
        }
    CONF_ERROR(w->r, conf_line(g->is),
               "when.is: found %.*s; allowed: \"done\", \"skipped\" or \"failed\"; with fact, a "
               "whole number",
               EVAC_STR_ARG(conf_found(w->r, g->is)));
}

static void add_facts(struct when *w, struct terms *t, const struct conf_when *g,
                      const struct conf_given *given)
{
    size_t before = t->count;
    if (conf_is_given(given, "above"))
        add_fact(t, g, EVAC_CMP_ABOVE, g->above);
    if (conf_is_given(given, "below"))
        add_fact(t, g, EVAC_CMP_BELOW, g->below);
    if (g->is && conf_value(g->is).kind == CONF_IS_NUMBER)
        add_fact(t, g, EVAC_CMP_IS, conf_value(g->is).number);
    else if (g->is)
        CONF_ERROR(w->r, conf_line(g->is), "when.is: found %.*s; with fact allowed: a whole number",
                   EVAC_STR_ARG(conf_found(w->r, g->is)));
    else if (t->count == before)
        CONF_ERROR(w->r, g->place.line,
                   "when: fact \"%.*s\" is compared with nothing; allowed: above, below or is",
                   EVAC_STR_ARG(g->fact));
}

static void add_step(struct when *w, struct terms *t, const struct conf_when *g,
                     const struct conf_given *given)
{
    bool step = conf_is_given(given, "step"), fact = conf_is_given(given, "fact");
    bool compared = conf_is_given(given, "above") || conf_is_given(given, "below");
    if (!step && (fact || compared || g->is))
        CONF_ERROR(w->r, g->place.line,
                   "when: step is missing; it says whose fact or end is meant");
    else if (step && fact)
        add_facts(w, t, g, given);
    else if (step && compared)
        CONF_ERROR(w->r, g->place.line, "when: fact is missing; it says what is compared");
    else if (step && g->is)
        add_ending(w, t, g);
    else if (step)
        CONF_ERROR(w->r, g->place.line,
                   "when: step \"%.*s\" stands alone; allowed: with is, or with fact",
                   EVAC_STR_ARG(g->step));
}

static bool is_list(const config_setting_t *s)
{
    return config_setting_type(s) == CONFIG_TYPE_LIST ||
           config_setting_type(s) == CONFIG_TYPE_ARRAY;
}

static bool knows_probes(const struct when *w)
{
    return conf_row(w->section, EVAC_STR("probe")) != NULL;
}

/* A probe's bare name stands for { probe = "..."; }. */
static bool is_leaf(const struct when *w, const config_setting_t *s)
{
    return knows_probes(w) && config_setting_type(s) == CONFIG_TYPE_STRING;
}

/* Is it a condition, or a list with at least one? */
static bool is_type(struct when *w, const config_setting_t *s, bool list)
{
    bool empty = is_list(s) && config_setting_length(s) == 0;
    if (list ? is_list(s) && !empty : config_setting_type(s) == CONFIG_TYPE_GROUP || is_leaf(w, s))
        return true;
    const char *name = config_setting_name(s) ? config_setting_name(s)
                                              : config_setting_name(config_setting_parent(s));
    struct evac_str found = list && empty ? EVAC_STR("an empty list") : conf_found(w->r, s);
    CONF_ERROR(w->r, conf_line(s), "%s.%s: found %.*s; allowed: %s", w->section->what, name,
               EVAC_STR_ARG(found),
               !knows_probes(w)
                   ? list ? "a list of conditions ( { ... }, { ... } )" : "a condition { ... }"
               : list ? "a list of probes' names and conditions ( \"x\", { ... } )"
                      : "a probe's name, or a condition { ... }");
    return false;
}

/* k of n: both are needed, and k must be reachable. */
static void add_at_least(struct when *w, struct terms *t, const struct conf_when *g,
                         const struct conf_given *given)
{
    bool count = conf_is_given(given, "at_least");
    if (!count && !g->of)
        return;
    if (!count || !g->of)
        CONF_ERROR(w->r, g->place.line, "%s: %s is missing; allowed: at_least and of, together",
                   w->section->what, count ? "of" : "at_least");
    else if (!is_type(w, g->of, true))
        return;
    else if (g->at_least > config_setting_length(g->of))
        CONF_ERROR(w->r, conf_line(g->of),
                   "%s.at_least: found %lld; allowed: at most %d, as many as stand in of",
                   w->section->what, (long long)g->at_least, config_setting_length(g->of));
    else
        add(t, (struct evac_cond){ .op = EVAC_COND_AT_LEAST, .number = g->at_least }, g->of);
}

static void read_terms(struct when *w, const config_setting_t *group, struct terms *t)
{
    struct conf_when g = { .is = NULL };
    struct conf_given given;
    conf_read_given(w->r, w->section, group, &g, &given);
    if (conf_is_given(&given, "mode"))
        add(t, (struct evac_cond){ .op = EVAC_COND_MODE, .number = (int64_t)g.mode }, NULL);
    add_step(w, t, &g, &given);
    if (conf_is_given(&given, "probe"))
        add(t, (struct evac_cond){ .op = EVAC_COND_PROBE, .name = g.probe }, NULL);
    add_at_least(w, t, &g, &given);
    if (g.not &&is_type(w, g.not, false))
        add(t, (struct evac_cond){ .op = EVAC_COND_NOT }, g.not );
    if (g.all && is_type(w, g.all, true))
        add(t, (struct evac_cond){ .op = EVAC_COND_ALL }, g.all);
    if (g.any && is_type(w, g.any, true))
        add(t, (struct evac_cond){ .op = EVAC_COND_ANY }, g.any);
    if (config_setting_length(group) == 0)
        CONF_ERROR(w->r, g.place.line, "%s: found an empty condition; allowed: %s, not, all, any",
                   w->section->what,
                   knows_probes(w) ? "probe, at_least with of" : "mode, step with is or fact");
}

/* --- to nodes ------------------------------------------------------------------------------------
 */

static void compile_one(struct when *w, const config_setting_t *s, size_t at)
{
    static const struct conf_row name_row = { "probe", CONF_NAME, .doc = "A probe" };
    struct conf_value value = conf_value(s);
    if (!is_leaf(w, s)) {
        compile_group(w, s, at);
        return;
    }
    w->nodes[at] = (struct evac_cond){ .op = EVAC_COND_PROBE, .name = EVAC_STR("") };
    if (!conf_put(w->r, &name_row, &value, &w->nodes[at].name))
        CONF_ERROR(w->r, conf_line(config_setting_parent(s)),
                   "%s: found %.*s; allowed: a probe's name", w->section->what,
                   EVAC_STR_ARG(conf_found(w->r, s)));
}

static void compile_list(struct when *w, const config_setting_t *list, size_t at)
{
    size_t n = (size_t)config_setting_length(list);
    size_t first = take(w, n);
    w->nodes[at].first_child = (uint16_t)first;
    w->nodes[at].child_count = (uint16_t)n;
    for (size_t i = 0; i < n; i++) {
        const config_setting_t *entry = config_setting_get_elem(list, (unsigned)i);
        if (is_type(w, entry, false))
            compile_one(w, entry, first + i);
    }
}

static void compile_term(struct when *w, const struct terms *t, size_t i, size_t at)
{
    w->nodes[at] = t->leaf[i];
    if (t->leaf[i].op == EVAC_COND_NOT) {
        size_t child = take(w, 1);
        w->nodes[at].first_child = (uint16_t)child;
        w->nodes[at].child_count = 1;
        compile_one(w, t->children[i], child);
    } else if (t->children[i]) {
        compile_list(w, t->children[i], at);
    }
}

static void compile_group(struct when *w, const config_setting_t *group, size_t at)
{
    struct terms t = { .count = 0 };
    read_terms(w, group, &t);
    if (t.count == 1) {
        compile_term(w, &t, 0, at);
        return;
    }
    size_t first = take(w, t.count);
    w->nodes[at] = (struct evac_cond){ .op = EVAC_COND_ALL,
                                       .first_child = (uint16_t)first,
                                       .child_count = (uint16_t)t.count };
    for (size_t i = 0; i < t.count; i++)
        compile_term(w, &t, i, first + i);
}

void conf_compile_when(struct conf_reader *r, const struct conf_section *section,
                       const config_setting_t *group, const struct evac_cond **ret_nodes,
                       size_t *ret_count)
{
    struct when w = { .r = r, .section = section, .max = nodes_at_most(group) };
    size_t errors = r->diag->errors;
    if (w.max > NODES_MAX) {
        CONF_ERROR(r, conf_line(group), "%s: this condition is too large; allowed: about %u terms",
                   section->what, NODES_MAX / 2);
        return;
    }
    w.nodes = evac_arena_array(r->arena, w.max, sizeof *w.nodes);
    compile_group(&w, group, take(&w, 1));
    if (r->diag->errors != errors)
        return;
    *ret_nodes = w.nodes;
    *ret_count = w.count;
}
