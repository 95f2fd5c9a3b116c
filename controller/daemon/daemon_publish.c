/* Some of the metrics, sent to a cloud's own now and then: from a region that does not fail. */
#include "daemon_internal.h"

#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is collected for one publication; dies with it. */
struct publication {
    struct evac_arena *arena;
    struct evac_number *numbers;
    size_t count, left_out;
};

static void collect(void *user, const struct evac_metric *metric, const struct evac_metric_at *at,
                    const struct evac_label *labels, size_t label_count, double value)
{
    struct publication *p = user;
    (void)at;
    if (p->count == EVAC_NUMBERS_MAX) {
        p->left_out++;
        return;
    }
    struct evac_arg *args = evac_arena_array(p->arena, label_count + 1, sizeof *args);
    for (size_t i = 0; i < label_count; i++)
        args[i] = (struct evac_arg){ evac_str(labels[i].name),
                                     evac_arena_str(p->arena, labels[i].value) };
    p->numbers[p->count++] = (struct evac_number){ metric->name, args, label_count, value };
}

/* An app that serves there is down there, or a regional incident says so. */
static bool is_failing(const struct evac_engine *engine, struct evac_str region)
{
    for (size_t i = 0; i < engine->fleet.region_count; i++)
        if (evac_str_is(region, engine->fleet.regions[i].name) &&
            evac_incident_is_on(&engine->fleet.regions[i].incident))
            return true;
    for (size_t i = 0; i < engine->app_count; i++) {
        const struct evac_engine_app *a = &engine->apps[i];
        for (size_t r = 0; r < a->app->region_count && r < EVAC_REGIONS_MAX; r++)
            if (evac_str_eq(a->app->regions[r], region) &&
                (a->health.regions[r].verdict == EVAC_VERDICT_DOWN ||
                 a->health.regions[r].verdict == EVAC_VERDICT_ISOLATED))
                return true;
    }
    return false;
}

/* The first that does not fail; the last one that did not take it is passed over, unless there is
 * no other. */
static struct evac_str choose_region(const struct evac_daemon *daemon)
{
    const struct evac_controller_conf *conf = &daemon->model->controller;
    const struct evac_engine *engine = evac_shell_engine(daemon->shell);
    struct evac_str chosen = conf->publish_regions[0];
    for (size_t i = 0; i < conf->publish_region_count; i++) {
        struct evac_str region = conf->publish_regions[i];
        if (is_failing(engine, region))
            continue;
        if (!evac_str_is(region, daemon->publish.refused_by))
            return region;
        chosen = region;
    }
    return chosen;
}

static void on_published(void *user, const struct evac_reply *reply)
{
    struct evac_daemon *daemon = user;
    struct daemon_publish *p = &daemon->publish;
    p->busy = false;
    if (!reply)
        return;
    bool taken = reply->outcome == EVAC_OUTCOME_ACCEPTED;
    if (!taken && !p->failing)
        evac_log(EVAC_LOG_WARN, "metrics_not_published", "region=%s outcome=\"%s\" reason=\"%.*s\"",
                 p->region, evac_outcome_name(reply->outcome), EVAC_STR_ARG(reply->reason));
    else if (taken && p->failing)
        evac_log(EVAC_LOG_INFO, "metrics_published", "region=%s", p->region);
    p->failing = !taken;
    (void)evac_str_copy(p->refused_by, sizeof p->refused_by,
                        taken ? EVAC_STR_NONE : evac_str(p->region));
}

static void publish(struct evac_daemon *daemon)
{
    struct daemon_publish *p = &daemon->publish;
    struct evac_metrics_source source = daemon_metrics_source(daemon);
    struct publication collected = { .arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    collected.numbers =
        evac_arena_array(collected.arena, EVAC_NUMBERS_MAX, sizeof *collected.numbers);
    evac_metrics_publish(&source, collect, &collected);
    (void)evac_str_copy(p->region, sizeof p->region, choose_region(daemon));
    struct evac_publication what = { evac_str(p->region), collected.numbers, collected.count,
                                     evac_daemon_wall_ms(daemon) };
    p->busy = true;
    if (evac_shell_publish(daemon->shell, &what, on_published, daemon, &err)) {
        p->busy = false;
        if (!p->failing)
            evac_log(EVAC_LOG_WARN, "metrics_not_published", "region=%s reason=\"%s\"", p->region,
                     err.text);
        p->failing = true;
    }
    if (collected.left_out && !p->told_left_out)
        evac_log(EVAC_LOG_WARN, "metrics_left_out", "count=%zu reason=\"more than %u\"",
                 collected.left_out, EVAC_NUMBERS_MAX);
    p->told_left_out = collected.left_out > 0;
    evac_arena_free(collected.arena);
}

void daemon_publish_second(struct evac_daemon *daemon)
{
    const struct evac_controller_conf *conf = &daemon->model->controller;
    struct daemon_publish *p = &daemon->publish;
    uint64_t now = evac_daemon_now_ms(daemon);
    bool wanted = conf->publish_every_ms && conf->publish_region_count;
    if (!wanted || !daemon->shell || p->busy || now < p->due_ms)
        return;
    p->due_ms = now + conf->publish_every_ms;
    if (evac_shell_engine(daemon->shell)->lead) /* of several controllers one speaks */
        publish(daemon);
}
