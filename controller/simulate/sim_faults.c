/* Faults, as people write them. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *doc, *value;
} table[EVAC_SIM_FAULT_COUNT] = {
#define X(name, text, doc, value) { text, doc, value },
    EVAC_SIM_FAULTS(X)
#undef X
};

const char *evac_sim_fault_doc(enum evac_sim_fault_kind kind)
{
    return kind < EVAC_SIM_FAULT_COUNT ? table[kind].doc : "nothing goes wrong but the region";
}

static bool takes_step(enum evac_sim_fault_kind kind)
{
    return kind == EVAC_SIM_LOST_REPLY || kind == EVAC_SIM_THROTTLED || kind == EVAC_SIM_REFUSED ||
           kind == EVAC_SIM_SLOW || kind == EVAC_SIM_STUCK;
}

static enum evac_code unknown(struct evac_str name, struct evac_err *err)
{
    const char *names[EVAC_SIM_FAULT_COUNT + 2] = { "all" };
    char list[240] = "all";
    for (size_t i = 0; i < EVAC_SIM_FAULT_COUNT; i++) {
        size_t n = strlen(list);
        names[i + 1] = table[i].name;
        snprintf(list + n, sizeof list - n, ", %s", table[i].name);
    }
    const char *near = evac_str_nearest(name, names);
    return evac_fail(err, EVAC_E_BADARG, "there is no fault '%.*s'%s%s%s; there are: %s",
                     (int)(name.n < 40 ? name.n : 40), name.p ? name.p : "",
                     near ? " (did you mean " : "", near ? near : "", near ? "?)" : "", list);
}

static enum evac_code bad_value(enum evac_sim_fault_kind kind, struct evac_err *err)
{
    return evac_fail(err, EVAC_E_BADARG, "%s needs a value, as in '%s:%s'", table[kind].name,
                     table[kind].name, table[kind].value);
}

static bool parse_factor(struct evac_str text, double *ret)
{
    char buf[24], *end;
    if (!evac_str_copy(buf, sizeof buf, text))
        return false;
    *ret = strtod(buf, &end);
    return end != buf && (strcmp(end, "x") == 0 || *end == '\0') && *ret > 0 && *ret <= 1000;
}

static bool set_value(struct evac_sim_fault *f, struct evac_str value)
{
    int64_t ms;
    switch (f->kind) {
    case EVAC_SIM_SLOW:
        return parse_factor(value, &f->factor);
    case EVAC_SIM_CONTROL_PLANE:
        return value.n > 0 && evac_str_copy(f->region, sizeof f->region, value);
    case EVAC_SIM_APPROVER_ASLEEP:
        if (!evac_duration_ms(value, &ms) || ms <= 0 || ms > 86400000)
            return false;
        f->ms = (uint32_t)ms;
        return true;
    case EVAC_SIM_LOST_REPLY:
    case EVAC_SIM_THROTTLED:
    case EVAC_SIM_REFUSED:
    case EVAC_SIM_STUCK:
    case EVAC_SIM_LAGGING:
    case EVAC_SIM_LOST_MIDWAY:
    case EVAC_SIM_CAPACITY_SHORT:
    case EVAC_SIM_FAULT_COUNT:
    case EVAC_SIM_NO_FAULT:
        break;
    }
    return false;
}

static enum evac_code parse_one(struct evac_str text, struct evac_sim_fault *f,
                                struct evac_err *err)
{
    struct evac_str rest, name = evac_str_cut(text, ':', &rest), value = EVAC_STR_NONE;
    unsigned kind = 0;
    while (kind < EVAC_SIM_FAULT_COUNT && !evac_str_is(name, table[kind].name))
        kind++;
    if (kind == EVAC_SIM_FAULT_COUNT)
        return unknown(name, err);
    *f = (struct evac_sim_fault){ .kind = (enum evac_sim_fault_kind)kind };
    (void)evac_str_copy(f->text, sizeof f->text, text);
    if (table[kind].value[0]) {
        value = evac_str_cut(rest, ':', &rest);
        if (!set_value(f, value))
            return bad_value(f->kind, err);
    }
    if (rest.n && (!takes_step(f->kind) || !evac_str_copy(f->step, sizeof f->step, rest)))
        return evac_fail(err, EVAC_E_BADARG, "'%.*s': there is nothing to name after %s",
                         (int)(text.n < 60 ? text.n : 60), text.p, table[kind].name);
    return EVAC_OK;
}

static enum evac_code add(struct evac_str text, struct evac_sim_fault *faults, size_t *count,
                          struct evac_err *err)
{
    if (*count == EVAC_SIM_FAULTS_MAX)
        return evac_fail(err, EVAC_E_TOOBIG, "at most %u faults at a time", EVAC_SIM_FAULTS_MAX);
    enum evac_code code = parse_one(text, &faults[*count], err);
    *count += code == EVAC_OK;
    return code;
}

enum evac_code evac_sim_fault_parse(struct evac_str text, struct evac_sim_fault *faults,
                                    size_t *count, struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    char one[64];
    if (!evac_str_is(text, "all"))
        return add(text, faults, count, err);
    for (size_t i = 0; !code && i < EVAC_SIM_FAULT_COUNT; i++) {
        snprintf(one, sizeof one, "%s%s%s", table[i].name, table[i].value[0] ? ":" : "",
                 table[i].value);
        code = add(evac_str(one), faults, count, err);
    }
    return code;
}
