#include "meters.h"

#include <stdlib.h>
#include <string.h>

static const double latency_bounds[] = { 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 };
static const double commit_bounds[] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5 };
static const double turn_bounds[] = { 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5 };
#define OF(bounds)                                                                                 \
    {                                                                                              \
        bounds, sizeof bounds / sizeof bounds[0], { 0 }, 0                                         \
    }

struct evac_meters {
    const struct evac_model *model;
    struct evac_app_meter *apps; /* as the model's */
    struct evac_service_meter services[EVAC_SERVICES_MAX + 1];
    size_t service_count;
    struct evac_histogram commits, turns;
    struct evac_ended_meter ended[EVAC_ENDED_MAX];
    size_t ended_count;
};

const char *evac_call_fate_name(enum evac_call_fate fate)
{
#define X(name, text) text,
    static const char *const names[] = { EVAC_CALL_FATES(X) };
#undef X
    return names[fate];
}

const char *evac_probe_answer_name(enum evac_probe_answer answer)
{
#define X(name, text) text,
    static const char *const names[] = { EVAC_PROBE_ANSWERS(X) };
#undef X
    return names[answer];
}

/* --- life ------------------------------------------------------------------------------------- */

static struct evac_app_meter *new_apps(const struct evac_model *model)
{
    struct evac_app_meter *apps = calloc(model->app_count + 1, sizeof *apps);
    static const struct evac_histogram fresh = OF(latency_bounds);
    if (!apps)
        abort();
    for (size_t i = 0; i < model->app_count; i++)
        for (size_t r = 0; r < EVAC_REGIONS_MAX; r++)
            apps[i].latency[r] = fresh;
    return apps;
}

struct evac_meters *evac_meters_new(const struct evac_model *model)
{
    struct evac_meters *m = calloc(1, sizeof *m);
    static const struct evac_histogram commits = OF(commit_bounds), turns = OF(turn_bounds);
    if (!m)
        abort();
    m->model = model;
    m->apps = new_apps(model);
    m->commits = commits;
    m->turns = turns;
    return m;
}

void evac_meters_free(struct evac_meters *meters)
{
    if (!meters)
        return;
    free(meters->apps);
    free(meters);
}

static size_t region_of(const struct evac_app *app, struct evac_str name)
{
    size_t r = 0;
    while (r < app->region_count && !evac_str_eq(app->regions[r], name))
        r++;
    return r;
}

static size_t probe_of(const struct evac_app *app, struct evac_str name)
{
    size_t p = 0;
    while (p < app->probe_count && !evac_str_eq(app->probes[p].name, name))
        p++;
    return p;
}

static void keep(struct evac_app_meter *to, const struct evac_app *now,
                 const struct evac_app_meter *from, const struct evac_app *before)
{
    for (size_t r = 0; r < now->region_count && r < EVAC_REGIONS_MAX; r++) {
        size_t old = region_of(before, now->regions[r]);
        if (old >= before->region_count || old >= EVAC_REGIONS_MAX)
            continue;
        to->latency[r] = from->latency[old];
        for (size_t p = 0; p < now->probe_count && p < EVAC_PROBES_MAX; p++) {
            size_t was = probe_of(before, now->probes[p].name);
            if (was < before->probe_count && was < EVAC_PROBES_MAX)
                memcpy(to->answers[p][r], from->answers[was][old], sizeof to->answers[p][r]);
        }
    }
}

void evac_meters_reload(struct evac_meters *m, const struct evac_model *model)
{
    struct evac_app_meter *apps = new_apps(model);
    for (size_t i = 0; i < model->app_count; i++) {
        const struct evac_app *before = evac_model_app(m->model, model->apps[i].name);
        if (before)
            keep(&apps[i], &model->apps[i], &m->apps[before - m->model->apps], before);
    }
    free(m->apps);
    m->apps = apps;
    m->model = model;
}

/* --- what happens ----------------------------------------------------------------------------- */

void evac_meters_probe(struct evac_meters *m, size_t app, size_t probe, size_t region,
                       enum evac_probe_answer answer, uint32_t latency_ms)
{
    if (app >= m->model->app_count || probe >= EVAC_PROBES_MAX || region >= EVAC_REGIONS_MAX)
        return;
    m->apps[app].answers[probe][region][answer]++;
    if (answer == EVAC_PROBE_ANSWER_GOOD)
        evac_histogram_add(&m->apps[app].latency[region], latency_ms / 1000.0);
}

static struct evac_service_meter *service(struct evac_meters *m, struct evac_str name,
                                          struct evac_str region)
{
    for (size_t i = 0; i < m->service_count; i++)
        if (evac_str_is(name, m->services[i].service) && evac_str_is(region, m->services[i].region))
            return &m->services[i];
    struct evac_service_meter *s = &m->services[m->service_count];
    if (m->service_count == EVAC_SERVICES_MAX ||
        !evac_str_copy(s->service, sizeof s->service, name) ||
        !evac_str_copy(s->region, sizeof s->region, region)) {
        s = &m->services[EVAC_SERVICES_MAX];
        (void)evac_str_copy(s->service, sizeof s->service, EVAC_STR("other"));
        return s;
    }
    m->service_count++;
    return s;
}

void evac_meters_call(struct evac_meters *m, struct evac_str operation, struct evac_str region,
                      enum evac_call_fate fate)
{
    struct evac_str rest, name = evac_str_cut(operation, ':', &rest);
    if (rest.n)
        service(m, name, region)->fates[fate]++;
}

void evac_meters_commit(struct evac_meters *m, double seconds)
{
    evac_histogram_add(&m->commits, seconds);
}

void evac_meters_turn(struct evac_meters *m, double seconds)
{
    evac_histogram_add(&m->turns, seconds);
}

void evac_meters_run_ended(struct evac_meters *m, const struct evac_run *run)
{
    const char *kind = evac_plan_kind_name(run->plan), *result = evac_run_state_name(run->state);
    for (size_t i = 0; i < m->ended_count; i++)
        if (strcmp(m->ended[i].kind, kind) == 0 && strcmp(m->ended[i].result, result) == 0) {
            m->ended[i].count++;
            return;
        }
    if (m->ended_count < EVAC_ENDED_MAX)
        m->ended[m->ended_count++] = (struct evac_ended_meter){ kind, result, 1 };
}

/* --- views ------------------------------------------------------------------------------------ */

const struct evac_app_meter *evac_meters_app(const struct evac_meters *m, size_t app)
{
    return &m->apps[app];
}

size_t evac_meters_services(const struct evac_meters *m)
{
    return m->service_count + (m->services[EVAC_SERVICES_MAX].service[0] ? 1 : 0);
}

const struct evac_service_meter *evac_meters_service(const struct evac_meters *m, size_t i)
{
    return i < m->service_count ? &m->services[i] : &m->services[EVAC_SERVICES_MAX];
}

const struct evac_histogram *evac_meters_commits(const struct evac_meters *m)
{
    return &m->commits;
}

const struct evac_histogram *evac_meters_turns(const struct evac_meters *m)
{
    return &m->turns;
}

const struct evac_ended_meter *evac_meters_ended(const struct evac_meters *m, size_t i)
{
    return i < m->ended_count ? &m->ended[i] : NULL;
}
