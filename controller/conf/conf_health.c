/* What an app says of its health, once all its probes are known: its condition, who depends on
 * whom, grace. */
#include "conf_health.h"
#include "cond.h"

/* --- the condition -------------------------------------------------------------------------------
 */

static size_t find_probe(const struct evac_app *app, struct evac_str name)
{
    size_t p = 0;
    while (p < app->probe_count && !evac_str_eq(app->probes[p].name, name))
        p++;
    return p;
}

/* Index of a probe that is asked of each region; the count, and the error told, when there is none.
 */
static size_t regional_probe(struct conf_reader *r, const struct evac_app *app, const char *what,
                             struct evac_str name, int line)
{
    size_t p = find_probe(app, name);
    if (p == app->probe_count) {
        struct evac_str hint = conf_hint(
            r, name, conf_names(r, &app->probes[0].name, sizeof app->probes[0], app->probe_count));
        CONF_ERROR(r, line, "%s: there is no probe \"%.*s\"%.*s", what, EVAC_STR_ARG(name),
                   EVAC_STR_ARG(hint));
    } else if (!app->probes[p].regional) {
        CONF_ERROR(
            r, line,
            "%s: found \"%.*s\"; allowed: a probe with {region} in its address, as only such "
            "one says anything about a region",
            what, EVAC_STR_ARG(name));
        return app->probe_count;
    }
    return p;
}

/* Does the condition hold with every probe UP but these? */
struct supposed {
    uint32_t down;
};

static enum evac_tri suppose(const void *ctx, size_t probe)
{
    const struct supposed *s = ctx;
    return s->down & (1u << probe) ? EVAC_TRI_YES : EVAC_TRI_NO;
}

static bool holds_with(const struct evac_app *app, uint32_t down)
{
    struct supposed s = { down };
    return evac_cond_holds(app->down_when, 0, suppose, &s) == EVAC_TRI_YES;
}

static uint32_t mentioned(const struct evac_app *app, bool control_only)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < app->down_when_count; i++) {
        const struct evac_cond *c = &app->down_when[i];
        if (c->op == EVAC_COND_PROBE &&
            (!control_only || app->probes[c->number].role == EVAC_PROBE_CONTROL))
            bits |= 1u << c->number;
    }
    return bits;
}

/* A control plane's word is about that plane, not about the app: whatever those probes say, a
 * region in which every other one is up is not down. */
static void check_satisfied(struct conf_reader *r, const struct evac_app *app, int line)
{
    uint32_t control = mentioned(app, true);
    if (holds_with(app, 0)) {
        CONF_ERROR(r, line, "down_when: it holds although every probe is up");
        return;
    }
    /* each subset; where it is unknown of some, it holds only when it does whatever they are */
    for (uint32_t down = control; down; down = (down - 1) & control)
        if (holds_with(app, down)) {
            CONF_ERROR(r, line,
                       "down_when: it can hold by control probes alone, with every other one up; "
                       "allowed: only together with another probe that is down");
            return;
        }
    if (!holds_with(app, mentioned(app, false)))
        CONF_SAY(r, EVAC_DIAG_WARNING, line,
                 "down_when: it does not hold when all of its probes are down");
}

static void resolve_condition(struct conf_reader *r, struct evac_app *app, int line)
{
    size_t n = app->down_when_count, errors = r->diag->errors;
    struct evac_cond *nodes = evac_arena_array(r->arena, n, sizeof *nodes);
    for (size_t i = 0; i < n; i++) {
        nodes[i] = app->down_when[i];
        if (nodes[i].op == EVAC_COND_PROBE)
            nodes[i].number = (int64_t)regional_probe(r, app, "down_when", nodes[i].name, line);
    }
    app->down_when = nodes;
    if (r->diag->errors == errors)
        check_satisfied(r, app, line);
    else
        app->down_when = NULL;
}

/* --- who depends on whom
 * --------------------------------------------------------------------------
 */

static void resolve_parents(struct conf_reader *r, const struct evac_app *app,
                            struct evac_probe *probe)
{
    for (size_t i = 0; i < probe->depends_count; i++) {
        size_t p =
            regional_probe(r, app, "probe.depends_on", probe->depends_on[i], probe->place.line);
        if (p < app->probe_count)
            probe->parents |= 1u << p;
    }
}

/* All that a probe stands on, however far down. */
static uint32_t ancestors(const struct evac_probe *probes, size_t count, size_t of)
{
    uint32_t all = probes[of].parents;
    for (size_t round = 0; round < count; round++)
        for (size_t p = 0; p < count; p++)
            if (all & (1u << p))
                all |= probes[p].parents;
    return all;
}

/* The first of a circle names it; the others would only repeat it. */
static void check_cycles(struct conf_reader *r, const struct evac_probe *probes, size_t count)
{
    for (size_t p = 0; p < count; p++) {
        if (!(ancestors(probes, count, p) & (1u << p)))
            continue;
        size_t via = 0;
        while (!(probes[p].parents & (1u << via)) ||
               (via != p && !(ancestors(probes, count, via) & (1u << p))))
            via++;
        CONF_ERROR(r, probes[p].place.line,
                   "probe.depends_on: \"%.*s\" depends on itself, by way of \"%.*s\"",
                   EVAC_STR_ARG(probes[p].name), EVAC_STR_ARG(probes[via].name));
        return;
    }
}

static void check_shared(struct conf_reader *r, const struct evac_probe *probe)
{
    if (probe->shared && !(probe->regional && probe->everywhere))
        CONF_ERROR(r, probe->place.line,
                   "probe.shared: \"%.*s\" is not asked in every region, so nobody could tell that "
                   "it fails in each; allowed: with {region} in its address and where = "
                   "\"everywhere\"",
                   EVAC_STR_ARG(probe->name));
}

/* --- all of it
 * ------------------------------------------------------------------------------------
 */

void conf_finish_health(struct conf_reader *r, struct evac_app *app, struct evac_probe *probes,
                        int down_when_line)
{
    for (size_t p = 0; p < app->probe_count && p < EVAC_APP_PROBES_MAX; p++) {
        resolve_parents(r, app, &probes[p]);
        check_shared(r, &probes[p]);
    }
    if (app->probe_count <= EVAC_APP_PROBES_MAX)
        check_cycles(r, probes, app->probe_count);
    if (app->down_when_count && app->probe_count <= EVAC_APP_PROBES_MAX)
        resolve_condition(r, app, down_when_line);
}
