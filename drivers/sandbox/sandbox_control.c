/* Outages on demand: what people and tests tell the model to go through. */
#include "sandbox_internal.h"
#include "sandbox_rights.h"

#include <stdlib.h>
#include <string.h>

#define MS_MAX    3600000
#define COUNT_MAX 1000000

struct words {
    struct evac_sandbox *sb;
    struct evac_str rest;
};

static struct evac_str word(struct words *w)
{
    w->rest = evac_str_trim(w->rest);
    struct evac_str first = evac_str_cut(w->rest, ' ', &w->rest);
    return first;
}

static enum evac_code number(struct words *w, int64_t max, int64_t *ret_value, struct evac_err *err)
{
    struct evac_str text = word(w);
    if (evac_str_i64(text, ret_value) && *ret_value >= 0 && *ret_value <= max)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADARG, "'%.*s' must be a whole number from 0 to %lld",
                     EVAC_STR_ARG(text), (long long)max);
}

static enum evac_code region(struct words *w, struct sb_region **ret_region, struct evac_err *err)
{
    struct evac_str name = word(w);
    size_t i = sb_region_find(w->sb, name);
    if (i < SB_REGIONS_MAX) {
        *ret_region = &w->sb->regions[i];
        return EVAC_OK;
    }
    struct evac_buf known;
    evac_buf_init(&known, 1024);
    for (i = 0; i < w->sb->region_count; i++)
        evac_buf_putf(&known, "%s%s", i ? ", " : "", w->sb->regions[i].name);
    (void)evac_fail(err, EVAC_E_BADARG, "there is no region '%.*s'; there are %s",
                    EVAC_STR_ARG(name), known.p);
    evac_buf_done(&known);
    return EVAC_E_BADARG;
}

static enum evac_code on_region(struct words *w, struct evac_err *err)
{
    struct sb_region *r;
    enum evac_code code = region(w, &r, err);
    struct evac_str state = word(w);
    bool down = evac_str_is(state, "down"), isolated = evac_str_is(state, "isolated");
    if (code)
        return code;
    if (!down && !isolated && !evac_str_is(state, "up"))
        return evac_fail(err, EVAC_E_BADARG, "a region can be down, isolated or up, not '%.*s'",
                         EVAC_STR_ARG(state));
    r->down = down;
    r->isolated = isolated;
    return EVAC_OK;
}

/* What a service of a region can go through; a value is how long or how often. */
static const struct {
    const char *name;
    int64_t max; /* 0: takes no value */
    size_t offset;
} faults[] = {
    { "down", 0, offsetof(struct sb_fault, down) },
    { "throttled", 0, offsetof(struct sb_fault, throttled) },
    { "capacity-refused", 0, offsetof(struct sb_fault, capacity_refused) },
    { "denied", 0, offsetof(struct sb_fault, denied) },
    { "slow", MS_MAX, offsetof(struct sb_fault, slow_ms) },
    { "lost", COUNT_MAX, offsetof(struct sb_fault, lost) },
    { "lost-mutation", COUNT_MAX, offsetof(struct sb_fault, lost_mutations) },
};

static enum evac_code set_fault(struct words *w, struct sb_fault *fault, struct evac_err *err)
{
    struct evac_str name = word(w);
    int64_t value = 1;
    if (evac_str_is(name, "up")) {
        *fault = (struct sb_fault){ 0 };
        return EVAC_OK;
    }
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (!evac_str_is(name, faults[i].name))
            continue;
        if (faults[i].max == 0) {
            *(bool *)((char *)fault + faults[i].offset) = true;
            return EVAC_OK;
        }
        enum evac_code code = number(w, faults[i].max, &value, err);
        if (!code)
            *(uint32_t *)(void *)((char *)fault + faults[i].offset) = (uint32_t)value;
        return code;
    }
    return evac_fail(err, EVAC_E_BADARG,
                     "a service can be up, down, throttled, denied, capacity-refused, slow MS, "
                     "lost N or lost-mutation N, not '%.*s'",
                     EVAC_STR_ARG(name));
}

static enum evac_code service(struct words *w, enum sb_service_id *ret_id, struct evac_err *err)
{
    struct evac_str name = word(w);
    struct evac_buf known;
    evac_buf_init(&known, 4096);
    for (size_t i = 0; i < SB_SERVICE_COUNT; i++) {
        const struct sb_service *s = sb_service((enum sb_service_id)i);
        evac_buf_putf(&known, "%s%s", i ? ", " : "", s->row);
        if (!evac_str_is(name, s->row) && !evac_str_is(name, s->signing_name))
            continue;
        *ret_id = (enum sb_service_id)i;
        evac_buf_done(&known);
        return EVAC_OK;
    }
    (void)evac_fail(err, EVAC_E_BADARG, "there is no service '%.*s'; there are %s",
                    EVAC_STR_ARG(name), known.p);
    evac_buf_done(&known);
    return EVAC_E_BADARG;
}

static enum evac_code on_service(struct words *w, struct evac_err *err)
{
    enum sb_service_id id;
    struct sb_region *r;
    enum evac_code code = service(w, &id, err);
    if (!code)
        code = region(w, &r, err);
    return code ? code : set_fault(w, &r->faults[id], err);
}

static enum evac_code on_make(struct words *w, struct evac_err *err)
{
    enum sb_service_id id;
    struct sb_region *r;
    struct evac_json *json = NULL;
    enum evac_code code = service(w, &id, err);
    if (!code)
        code = region(w, &r, err);
    if (code)
        return code;
    struct evac_str rest = w->rest;
    w->rest = EVAC_STR_NONE;
    if (!sb_service(id)->make)
        return evac_fail(err, EVAC_E_BADARG, "%s has nothing that could be made by control",
                         sb_service(id)->row);
    code = evac_json_parse(rest, &json, err);
    if (!code)
        code = sb_service(id)->make(w->sb, (size_t)(r - w->sb->regions), json, err);
    evac_json_free(json);
    return code;
}

static enum evac_code on_lag(struct words *w, struct evac_err *err)
{
    struct sb_region *r;
    int64_t ms = SB_DEFAULT_LAG;
    enum evac_code code = region(w, &r, err);
    if (!code && !evac_str_is(evac_str_trim(w->rest), "normal"))
        code = number(w, MS_MAX, &ms, err);
    else
        (void)word(w);
    if (!code)
        r->lag_ms = ms;
    return code;
}

static enum evac_code on_stale(struct words *w, struct evac_err *err)
{
    int64_t ms;
    enum evac_code code = number(w, MS_MAX, &ms, err);
    if (code)
        return code;
    w->sb->stale_ms = (uint32_t)ms;
    if (ms == 0)
        sb_stale_forget(w->sb);
    return EVAC_OK;
}

static enum evac_code on_limits(struct words *w, struct evac_err *err)
{
    struct evac_str state = word(w);
    bool on = evac_str_is(state, "on");
    if (!on && !evac_str_is(state, "off"))
        return evac_fail(err, EVAC_E_BADARG, "limits can be on or off, not '%.*s'",
                         EVAC_STR_ARG(state));
    w->sb->options.enforce_limits = on;
    return EVAC_OK;
}

static enum evac_code on_app(struct words *w, struct evac_err *err)
{
    struct evac_str rest = w->rest;
    w->rest = EVAC_STR_NONE;
    if (!w->sb->shop)
        return evac_fail(err, EVAC_E_BADARG, "there is no app here (--shop)");
    return sb_shop_control(w->sb, rest, err);
}

enum evac_code sb_control_check(struct evac_sandbox *sb, struct evac_str text, struct evac_str what,
                                struct evac_err *err)
{
    struct words w = { sb, text };
    struct sb_region *r;
    enum sb_service_id id;
    int64_t ms;
    if (evac_str_is(what, "REGION"))
        return region(&w, &r, err);
    if (evac_str_is(what, "SERVICE"))
        return service(&w, &id, err);
    return number(&w, MS_MAX, &ms, err);
}

static enum evac_code on_fault(struct words *w, struct evac_err *err)
{
    struct evac_str rest = w->rest;
    w->rest = EVAC_STR_NONE;
    return sb_faults_control(w->sb, rest, err);
}

static enum evac_code on_iam(struct words *w, struct evac_err *err)
{
    struct evac_str rest = w->rest;
    w->rest = EVAC_STR_NONE;
    return sb_iam_control(w->sb, rest, err);
}

enum evac_code evac_sandbox_control(struct evac_sandbox *sb, struct evac_str command,
                                    struct evac_err *err)
{
    static const struct {
        const char *name;
        enum evac_code (*run)(struct words *w, struct evac_err *err);
    } verbs[] = {
        { "region", on_region }, { "service", on_service }, { "lag", on_lag },
        { "stale", on_stale },   { "limits", on_limits },   { "app", on_app },
        { "make", on_make },     { "fault", on_fault },     { "iam", on_iam },
    };
    struct words w = { sb, command };
    struct evac_str verb = word(&w);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (!evac_str_is(verb, verbs[i].name))
            continue;
        enum evac_code code = verbs[i].run(&w, err);
        if (!code && evac_str_trim(w.rest).n)
            code = evac_fail(err, EVAC_E_BADARG, "'%.*s' is too much here", EVAC_STR_ARG(w.rest));
        sb_move(sb);
        return code;
    }
    return evac_fail(err, EVAC_E_BADARG,
                     "'%.*s' is not a command; region, service, fault, make, lag, stale, limits, "
                     "iam and app are",
                     EVAC_STR_ARG(verb));
}
