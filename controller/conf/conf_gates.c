/* What the settings of a run's gates mean together: approvals and safety rules. */
#include "conf_read.h"

/* --- approvals
 * -------------------------------------------------------------------------------- */

bool conf_is_one_person(struct evac_str of)
{
    enum evac_role role;
    return !evac_role_parse(of, &role) && !evac_principal_is_many(of);
}

static void check_need(struct conf_reader *r, const struct evac_approvals *a)
{
    size_t persons = 0;
    for (size_t i = 0; i < a->of_count; i++)
        persons += conf_is_one_person(a->of[i]);
    if (persons == a->of_count && persons < a->need)
        CONF_ERROR(r, a->place.line,
                   "approvals: need is %u, but of names only %zu; allowed: no more "
                   "than can answer",
                   (unsigned)a->need, persons);
}

void conf_check_escalations(struct conf_reader *r, const char *name,
                            const struct evac_escalation *items, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (items[i].after_ms <= items[i - 1].after_ms)
            CONF_ERROR(r, items[i].place.line,
                       "%s: %u s comes after %u s; allowed: later and later", name,
                       items[i].after_ms / 1000, items[i - 1].after_ms / 1000);
}

void conf_finish_approvals(struct conf_reader *r, const config_setting_t *group, void *at,
                           const struct conf_given *given)
{
    static const struct evac_str approvers[] = { { "approver", 8 } };
    struct evac_approvals *a = at;
    (void)group;
    if (!conf_is_given(given, "of")) {
        a->of = approvers;
        a->of_count = 1;
    }
    check_need(r, a);
    conf_check_escalations(r, "approvals.escalate", a->escalate, a->escalate_count);
}

/* --- safety rules
 * ------------------------------------------------------------------------------ */

static const struct {
    const char *setting;
    enum evac_safety_kind kind;
} assertions[] = {
    { "at_least_in_service", EVAC_SAFETY_IN_SERVICE },
    { "at_most_moving", EVAC_SAFETY_MOVING },
    { "not_while", EVAC_SAFETY_NOT_WHILE },
    { "never_to", EVAC_SAFETY_NEVER_TO },
};

void conf_finish_safety(struct conf_reader *r, const config_setting_t *group, void *at,
                        const struct conf_given *given)
{
    struct evac_safety_rule *rule = at;
    unsigned found = 0;
    (void)group;
    for (size_t i = 0; i < sizeof assertions / sizeof assertions[0]; i++)
        if (conf_is_given(given, assertions[i].setting)) {
            rule->kind = assertions[i].kind;
            found++;
        }
    if (found != 1)
        CONF_ERROR(r, rule->place.line,
                   "safety rule: found %u assertions; allowed: one of at_least_in_service, "
                   "at_most_moving, not_while, never_to",
                   found);
}
