/* What the API answers later, as jobs of the daemon: simulations and replays. */
#include "api_routes.h"

#include "replay.h"
#include "sim.h"

#include <stdio.h>

/* --- simulations
 * ------------------------------------------------------------------------------------------ */

static bool step_sim(void *ctx)
{
    return evac_sim_step(ctx);
}

static void sim_progress(const void *ctx, uint64_t *ret_done, uint64_t *ret_all)
{
    uint32_t done, all;
    evac_sim_progress(ctx, &done, &all);
    *ret_done = done;
    *ret_all = all;
}

static void sim_json(const void *ctx, struct evac_jw *w)
{
    evac_sim_to_json(ctx, w);
}

static void free_sim(void *ctx)
{
    evac_sim_free(ctx);
}

/* The number of what will answer, and where to look for it. */
static void put_job(struct api_call *c, uint64_t number)
{
    struct evac_jw w = api_writer(c);
    evac_jw_open(&w, NULL, '{');
    evac_jw_i64(&w, "job", (int64_t)number);
    evac_jw_close(&w, '}');
    snprintf(c->r->location, sizeof c->r->location, "/v1/jobs/%llu", (unsigned long long)number);
}

void api_tell_job(struct api_call *c, const struct evac_record *request)
{
    put_job(c, (uint64_t)request->number);
}

/* The job's, which frees its ctx; or nobody's, and it is freed here. */
static void begin(struct api_call *c, const struct evac_job *job)
{
    uint64_t number = 0;
    struct evac_err err = { EVAC_OK, "" };
    if (evac_jobs_begin(evac_daemon_jobs(c->daemon), job, &number, &err) == EVAC_OK) {
        put_job(c, number);
        return;
    }
    job->free(job->ctx);
    api_fail(c, &err);
}

static enum evac_code read_faults(const struct api_call *c, struct evac_sim_fault *faults,
                                  size_t *count, struct evac_err *err)
{
    const cJSON *item;
    enum evac_code code = EVAC_OK;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(c->body, "faults"))
    {
        code = code ? code : evac_sim_fault_parse(evac_str(item->valuestring), faults, count, err);
    }
    return code;
}

void api_simulate(struct api_call *c)
{
    struct evac_sim_fault faults[EVAC_SIM_FAULTS_MAX];
    struct evac_sim *sim;
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_model *model = evac_daemon_model(c->daemon);
    uint32_t runs = (uint32_t)api_number(c, "runs");
    struct evac_sim_request q = { .model = model,
                                  .app = evac_model_app(model, c->vars[0]),
                                  .catalog = evac_daemon_catalog(c->daemon),
                                  .facts = evac_daemon_facts(c->daemon),
                                  .history = evac_daemon_history(c->daemon),
                                  .down = api_text(c, "down"),
                                  .to = api_text(c, "to"),
                                  .faults = faults,
                                  .runs = runs ? runs : EVAC_SIM_RUNS_DEFAULT,
                                  .reaction_ms = (uint32_t)api_number(c, "reaction_ms"),
                                  .seed = (uint64_t)api_number(c, "seed"),
                                  .wall_ms = evac_daemon_wall_ms(c->daemon) };
    if (!q.app) {
        api_no_app(c, c->vars[0]);
        return;
    }
    if (read_faults(c, faults, &q.fault_count, &err) || evac_sim_new(&q, &sim, &err)) {
        api_fail(c, &err);
        return;
    }
    const struct evac_job job = { "a simulation", sim,      step_sim, sim_progress,
                                  NULL,           sim_json, free_sim };
    begin(c, &job);
}

/* --- replays
 * ---------------------------------------------------------------------------------------------- */

static bool step_replay(void *ctx)
{
    return evac_replay_step(ctx);
}

static void replay_progress(const void *ctx, uint64_t *ret_done, uint64_t *ret_all)
{
    evac_replay_progress(ctx, ret_done, ret_all);
}

static enum evac_code replay_failed(const void *ctx, struct evac_err *err)
{
    return evac_replay_failed(ctx, err);
}

static void replay_json(const void *ctx, struct evac_jw *w)
{
    evac_replay_to_json(ctx, w);
}

static void free_replay(void *ctx)
{
    evac_replay_free(ctx);
}

void api_replay(struct api_call *c)
{
    struct evac_replay *replay;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_replay_request q = { .model = evac_daemon_model(c->daemon),
                                     .store = evac_daemon_store(c->daemon),
                                     .app = api_text(c, "app"),
                                     .run = (uint64_t)api_number(c, "run"),
                                     .from_ms = api_number(c, "from_ms"),
                                     .to_ms = api_number(c, "to_ms"),
                                     .policy_given = api_has(c, "policy"),
                                     .dwell_given = api_has(c, "dwell_ms"),
                                     .cooldown_given = api_has(c, "cooldown_ms"),
                                     .dwell_ms = (uint32_t)api_number(c, "dwell_ms"),
                                     .cooldown_ms = (uint32_t)api_number(c, "cooldown_ms") };
    (void)evac_policy_parse(api_text(c, "policy"), &q.policy); /* the schema looked at it */
    if (evac_replay_new(&q, &replay, &err)) {
        api_fail(c, &err);
        return;
    }
    const struct evac_job job = { "a replay",    replay,      step_replay, replay_progress,
                                  replay_failed, replay_json, free_replay };
    begin(c, &job);
}

void api_get_job(struct api_call *c)
{
    int64_t id;
    struct evac_jw w = api_writer(c);
    if (!evac_str_i64(c->vars[0], &id) || id <= 0 ||
        !evac_jobs_view(evac_daemon_jobs(c->daemon), (uint64_t)id, &w))
        evac_problemf(c->r, EVAC_PROBLEM_NOT_FOUND,
                      "there is no job '%.*s': the newest %u are kept, until the controller ends",
                      EVAC_STR_ARG(c->vars[0]), EVAC_JOBS_KEPT);
}
