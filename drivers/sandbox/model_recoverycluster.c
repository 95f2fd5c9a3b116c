/*
 * The five regional endpoints of an ARC cluster: routing controls' states and the safety rules that
 * guard them (AWS.md 2.2). Each endpoint has a copy of its own and answers reads from it. A change
 * is taken when a majority of the cluster's regions can be reached from where it was asked for: the
 * nearest of them have it at once, the others after their lag, those that are cut off when they are
 * back. So a read at one endpoint may be old, and three that agree can not be.
 *
 * Routing itself (health checks of type RECOVERY_CONTROL) follows the newest state, whatever is
 * down.
 */
#include "recovery_internal.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 10u /* of one request */
#define CATCH_UP_MS 500u

/* --- copies ---------------------------------------------------------------------------------- */

static cJSON *copy_at(const struct sb_doc *control, const char *region)
{
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItem(control->json, "copies"), region);
}

static void set_num(cJSON *copy, const char *name, double number)
{
    cJSON_DeleteItemFromObjectCaseSensitive(copy, name);
    cJSON_AddNumberToObject(copy, name, number);
}

static double num(const cJSON *copy, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(copy, name);
    return cJSON_IsNumber(value) ? value->valuedouble : 0;
}

static void catch_up(const struct sb_doc *control, cJSON *copy)
{
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "state");
    cJSON_AddStringToObject(copy, "state", sb_doc_text(control, "state").p);
    set_num(copy, "version", (double)sb_doc_num(control, "version", 0));
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "due");
}

static bool is_old(const struct sb_doc *control, const cJSON *copy)
{
    return num(copy, "version") < (double)sb_doc_num(control, "version", 0);
}

/* It hears of news when it can be reached from anywhere that has them. */
static bool hears(const struct evac_sandbox *sb, const struct sb_doc *control, size_t region)
{
    const cJSON *copy;
    cJSON_ArrayForEach(copy, cJSON_GetObjectItem(control->json, "copies"))
    {
        size_t from = sb_region_find(sb, evac_str(copy->string));
        if (!is_old(control, copy) && from < SB_REGIONS_MAX && sb_reaches(sb, from, region))
            return true;
    }
    return false;
}

static void advance_control(struct evac_sandbox *sb, const struct sb_doc *control)
{
    cJSON *copy;
    cJSON_ArrayForEach(copy, cJSON_GetObjectItem(control->json, "copies"))
    {
        size_t region = sb_region_find(sb, evac_str(copy->string));
        if (!is_old(control, copy) || region >= SB_REGIONS_MAX)
            continue;
        if (!hears(sb, control, region))
            cJSON_DeleteItemFromObjectCaseSensitive(copy, "due");
        else if (num(copy, "due") == 0)
            set_num(copy, "due",
                    (double)(sb->now_ms + sb_lag_ms(sb, region, sb_scaled(sb, CATCH_UP_MS)) + 1));
        else if (num(copy, "due") <= (double)sb->now_ms)
            catch_up(control, copy);
    }
}

static void advance(struct evac_sandbox *sb)
{
    const struct sb_doc *control = NULL;
    while ((control = arc_next(sb, "control", control)))
        advance_control(sb, control);
}

static uint64_t wake(const struct evac_sandbox *sb)
{
    const struct sb_doc *control = NULL;
    const cJSON *copy;
    uint64_t next = SB_NEVER;
    while ((control = arc_next(sb, "control", control)))
        cJSON_ArrayForEach(copy, cJSON_GetObjectItem(control->json, "copies"))
        {
            uint64_t due = (uint64_t)num(copy, "due");
            if (due && due < next)
                next = due;
        }
    return next;
}

bool sb_routing_control_on(const struct evac_sandbox *sb, struct evac_str arn)
{
    const struct sb_doc *control = arc_find(sb, "control", arn);
    return control && sb_doc_is(control, "state", "On");
}

/* --- looking --------------------------------------------------------------------------------- */

static struct sb_doc *cluster_of(const struct evac_sandbox *sb, const struct sb_doc *control)
{
    const struct sb_doc *panel = arc_above(sb, control);
    return panel ? arc_above(sb, panel) : NULL;
}

/* What the endpoint of the call's region has of it; NULL: its cluster has none there. */
static cJSON *copy_here(const struct sb_call *c, const struct sb_doc *control)
{
    return copy_at(control, sb_region_name(c->sb, c->region));
}

static struct sb_doc *control_named(struct sb_call *c, struct evac_str arn)
{
    struct sb_doc *control = arc_find(c->sb, "control", arn);
    if (control && copy_here(c, control))
        return control;
    sb_error(c, 400, "ResourceNotFoundException", "There is no routing control %.*s.",
             EVAC_STR_ARG(arn));
    return NULL;
}

static void put_state(struct sb_call *c, const struct sb_doc *control)
{
    const cJSON *state = cJSON_GetObjectItem(copy_here(c, control), "state");
    evac_buf_puts(&c->out, "\"RoutingControlArn\":");
    evac_buf_json(&c->out, arc_arn(c->arena, control));
    evac_buf_puts(&c->out, ",\"RoutingControlName\":");
    evac_buf_json(&c->out, sb_short_name(evac_str(control->name)));
    evac_buf_putf(&c->out, ",\"RoutingControlState\":\"%s\"", state->valuestring);
}

static void get_state(struct sb_call *c)
{
    const struct sb_doc *control = control_named(c, sb_in(c, "RoutingControlArn"));
    if (!control)
        return;
    evac_buf_putc(&c->out, '{');
    put_state(c, control);
    evac_buf_putc(&c->out, '}');
}

static void list_controls(struct sb_call *c)
{
    struct evac_str arn = sb_in(c, "ControlPanelArn");
    const struct sb_doc *only = arn.n ? arc_find(c->sb, "panel", arn) : NULL, *control = NULL;
    bool first = true;
    if (arn.n && !only) {
        sb_error(c, 400, "ResourceNotFoundException", "There is no such control panel.");
        return;
    }
    evac_buf_puts(&c->out, "{\"RoutingControls\":[");
    while ((control = arc_next(c->sb, "control", control))) {
        const struct sb_doc *panel = arc_above(c->sb, control);
        if ((only && panel != only) || !panel || !copy_here(c, control))
            continue;
        evac_buf_puts(&c->out, first ? "{" : ",{");
        evac_buf_puts(&c->out, "\"ControlPanelArn\":");
        evac_buf_json(&c->out, arc_arn(c->arena, panel));
        evac_buf_putf(&c->out, ",\"ControlPanelName\":\"%s\",\"Owner\":\"" SB_ACCOUNT "\",",
                      panel->name);
        put_state(c, control);
        evac_buf_putc(&c->out, '}');
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

/* --- safety rules ---------------------------------------------------------------------------- */

struct change {
    struct {
        struct sb_doc *control;
        bool on;
    } entries[ENTRIES_MAX];
    size_t count;
};

static bool touches(const struct change *change, const cJSON *names)
{
    const cJSON *e;
    cJSON_ArrayForEach(e, names)
    {
        for (size_t i = 0; i < change->count; i++)
            if (evac_str_is(evac_str(e->valuestring), change->entries[i].control->name))
                return true;
    }
    return false;
}

static bool is_on(const struct evac_sandbox *sb, struct evac_str name, const struct change *after)
{
    for (size_t i = 0; after && i < after->count; i++)
        if (evac_str_is(name, after->entries[i].control->name))
            return after->entries[i].on;
    const struct sb_doc *control =
        sb_doc_find(sb, SB_RECOVERYCONTROL, SB_ANYWHERE, "control", name);
    return control && sb_doc_is(control, "state", "On");
}

/* after: as it would be then; NULL as it is. */
static bool holds(const struct evac_sandbox *sb, const struct sb_doc *rule, const char *member,
                  const struct change *after)
{
    const cJSON *e, *names = cJSON_GetObjectItem(rule->json, member);
    int64_t on = 0, all = cJSON_GetArraySize(names);
    cJSON_ArrayForEach(e, names) on += is_on(sb, evac_str(e->valuestring), after);
    int64_t least = sb_doc_is(rule, "Type", "AND")  ? all
                    : sb_doc_is(rule, "Type", "OR") ? 1
                                                    : sb_doc_num(rule, "Threshold", 1);
    return (on >= least) != sb_doc_is(rule, "Inverted", "true");
}

static bool is_overridden(const struct sb_call *c, struct evac_str arn)
{
    for (size_t i = 1; sb_has(c, "SafetyRulesToOverride.%zu", i); i++)
        if (evac_str_eq(sb_in(c, "SafetyRulesToOverride.%zu", i), arn))
            return true;
    return false;
}

static void refuse(struct sb_call *c, const struct sb_doc *rule, const char *why)
{
    sb_error(c, 400, "ConflictException", "The safety rule %.*s (%.*s) %s.",
             EVAC_STR_ARG(arc_arn(c->arena, rule)),
             EVAC_STR_ARG(sb_short_name(evac_str(rule->name))), why);
}

static void check_rule(struct sb_call *c, const struct sb_doc *rule, const struct change *change)
{
    bool gate = sb_doc_has(rule, "gates");
    int64_t wait = (int64_t)sb_scaled(c->sb, (uint64_t)sb_doc_num(rule, "WaitPeriodMs", 0));
    int64_t last = sb_doc_num(rule, "moved_ms", -1);
    if (!touches(change, cJSON_GetObjectItem(rule->json, "controls")) ||
        is_overridden(c, arc_arn(c->arena, rule)))
        return;
    if (last >= 0 && (int64_t)c->sb->now_ms < last + wait)
        refuse(c, rule, "has its controls wait, since they were changed a moment ago");
    else if (gate ? !holds(c->sb, rule, "gates", NULL) : !holds(c->sb, rule, "controls", change))
        refuse(c, rule, gate ? "keeps its gate shut" : "would not hold any more");
}

static void check_rules(struct sb_call *c, const struct change *change)
{
    const struct sb_doc *rule = NULL;
    for (size_t i = 1; sb_has(c, "SafetyRulesToOverride.%zu", i); i++)
        if (!arc_find(c->sb, "rule", sb_in(c, "SafetyRulesToOverride.%zu", i)))
            sb_error(c, 400, "ValidationException", "There is no safety rule %.*s to override.",
                     EVAC_STR_ARG(sb_in(c, "SafetyRulesToOverride.%zu", i)));
    while (!c->failed && (rule = arc_next(c->sb, "rule", rule)))
        check_rule(c, rule, change);
}

/* --- changing -------------------------------------------------------------------------------- */

struct near {
    size_t region;
    uint64_t lag_ms;
};

static int by_lag(const void *a, const void *b)
{
    const struct near *x = a, *y = b;
    return x->lag_ms != y->lag_ms   ? (x->lag_ms > y->lag_ms ? 1 : -1)
           : x->region != y->region ? (x->region > y->region ? 1 : -1)
                                    : 0;
}

/* The regions that have it at once: a majority of the cluster's, this one among them. 0: so many
 * can not be reached from here. */
static size_t find_quorum(struct sb_call *c, const struct sb_doc *control, size_t *ret_regions)
{
    const struct sb_doc *cluster = cluster_of(c->sb, control);
    size_t all[SB_REGIONS_MAX], n = cluster ? arc_regions(c->sb, cluster, all) : 0, found = 0;
    struct near near[SB_REGIONS_MAX];
    for (size_t i = 0; i < n; i++)
        if (sb_reaches(c->sb, c->region, all[i]))
            near[found++] =
                (struct near){ all[i],
                               all[i] == c->region
                                   ? 0
                                   : 1 + sb_lag_ms(c->sb, all[i], sb_scaled(c->sb, CATCH_UP_MS)) };
    if (found < n / 2 + 1)
        return 0;
    qsort(near, found, sizeof *near, by_lag);
    for (size_t i = 0; i < n / 2 + 1; i++)
        ret_regions[i] = near[i].region;
    return n / 2 + 1;
}

static void set_state(struct sb_call *c, struct sb_doc *control, bool on, const size_t *quorum,
                      size_t n)
{
    sb_doc_set(control, "state", on ? "\"On\"" : "\"Off\"");
    sb_doc_set_num(control, "version", (double)(sb_doc_num(control, "version", 0) + 1));
    for (size_t i = 0; i < n; i++)
        catch_up(control, copy_at(control, sb_region_name(c->sb, quorum[i])));
    advance_control(c->sb, control);
}

/* Rules with a wait count from here. */
static void note_moved(struct sb_call *c, const struct change *change)
{
    struct sb_doc *rule = NULL;
    while ((rule = arc_next(c->sb, "rule", rule)))
        if (touches(change, cJSON_GetObjectItem(rule->json, "controls")))
            sb_doc_set_num(rule, "moved_ms", (double)c->sb->now_ms);
}

static void move(struct sb_call *c, const struct change *change)
{
    size_t quorum[SB_REGIONS_MAX];
    size_t n = find_quorum(c, change->entries[0].control, quorum);
    if (n == 0)
        sb_error(c, 503, "EndpointTemporarilyUnavailableException",
                 "The cluster endpoint isn't available. Try another one.");
    else
        check_rules(c, change);
    if (c->failed)
        return;
    for (size_t i = 0; i < change->count; i++)
        set_state(c, change->entries[i].control, change->entries[i].on, quorum, n);
    note_moved(c, change);
    sb_effect(c);
    evac_buf_puts(&c->out, "{}");
}

static void add_entry(struct sb_call *c, struct change *change, struct evac_str arn,
                      struct evac_str state)
{
    struct sb_doc *control = control_named(c, arn);
    bool on = evac_str_is(state, "On");
    if (!on && !evac_str_is(state, "Off"))
        sb_error(c, 400, "ValidationException", "RoutingControlState must be On or Off.");
    for (size_t i = 0; i < change->count; i++)
        if (change->entries[i].control == control)
            sb_error(c, 400, "ValidationException", "A routing control is named twice.");
    if (c->failed)
        return;
    if (change->count &&
        cluster_of(c->sb, control) != cluster_of(c->sb, change->entries[0].control))
        sb_error(c, 400, "ValidationException", "The routing controls are of several clusters.");
    change->entries[change->count].control = control;
    change->entries[change->count++].on = on;
}

static void update_state(struct sb_call *c)
{
    struct change change = { .count = 0 };
    add_entry(c, &change, sb_in(c, "RoutingControlArn"), sb_in(c, "RoutingControlState"));
    if (!c->failed)
        move(c, &change);
}

/* All of them or none. */
static void update_states(struct sb_call *c)
{
#define ENTRY "UpdateRoutingControlStateEntries.%zu"
    struct change change = { .count = 0 };
    if (sb_has(c, ENTRY, (size_t)ENTRIES_MAX + 1))
        sb_error(c, 400, "ServiceLimitExceededException", "At most %u entries are taken.",
                 ENTRIES_MAX);
    for (size_t i = 1; !c->failed && sb_has(c, ENTRY, i); i++)
        add_entry(c, &change, sb_in(c, ENTRY ".RoutingControlArn", i),
                  sb_in(c, ENTRY ".RoutingControlState", i));
    if (!c->failed && change.count == 0)
        sb_error(c, 400, "ValidationException", "There is no entry.");
    if (!c->failed)
        move(c, &change);
#undef ENTRY
}

/* clang-format off */
static const struct sb_operation operations[] = {
    { "GetRoutingControlState", get_state, SB_STRONG, .takes = "RoutingControlArn!" },
    { "ListRoutingControls", list_controls, SB_STRONG, .takes = "ControlPanelArn MaxResults NextToken" },
    { "UpdateRoutingControlState", update_state, SB_MUTATES, .takes = "RoutingControlArn! RoutingControlState! SafetyRulesToOverride" },
    { "UpdateRoutingControlStates", update_states, SB_MUTATES, .takes = "UpdateRoutingControlStateEntries! SafetyRulesToOverride" },
    { 0 },
};
/* clang-format on */

const struct sb_service sb_service_recoverycluster = { .signing_name = "route53-recovery-cluster",
                                                       .row = "route53-recovery-cluster",
                                                       .operations = operations,
                                                       .advance = advance,
                                                       .wake = wake };
