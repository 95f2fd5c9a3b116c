#include "api_jobs.h"

#include "replay.h"
#include "sim.h"

#define RUNS_MAX 10000u /* beside everything else that the controller does */

static struct evac_str text_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsString(item) ? evac_str(item->valuestring) : EVAC_STR_NONE;
}

static bool is_given(const cJSON *json, const char *key)
{
    return cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(json, key));
}

static int64_t number_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return is_given(json, key) ? (int64_t)item->valuedouble : 0;
}

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

static enum evac_code read_faults(const cJSON *json, struct evac_sim_fault *faults, size_t *count,
                                  struct evac_err *err)
{
    const cJSON *item;
    enum evac_code code = EVAC_OK;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(json, "faults"))
    {
        if (!cJSON_IsString(item))
            return evac_fail(err, EVAC_E_BADARG, "faults: a list of texts");
        code = evac_sim_fault_parse(evac_str(item->valuestring), faults, count, err);
        if (code)
            return code;
    }
    return code;
}

const char *const api_simulation_fields[] = { "down",   "to",          "runs", "seed",
                                              "faults", "reaction_ms", NULL };

enum evac_code api_begin_simulation(struct evac_daemon *daemon, struct evac_str app,
                                    const cJSON *json, uint64_t *ret_number, struct evac_err *err)
{
    struct evac_sim_fault faults[EVAC_SIM_FAULTS_MAX];
    struct evac_sim *sim;
    const struct evac_model *model = evac_daemon_model(daemon);
    int64_t runs = number_of(json, "runs"), reaction = number_of(json, "reaction_ms");
    struct evac_sim_request q = { .model = model,
                                  .app = evac_model_app(model, app),
                                  .catalog = evac_daemon_catalog(daemon),
                                  .facts = evac_daemon_facts(daemon),
                                  .history = evac_daemon_history(daemon),
                                  .down = text_of(json, "down"),
                                  .to = text_of(json, "to"),
                                  .faults = faults,
                                  .runs = EVAC_SIM_RUNS_DEFAULT,
                                  .seed = (uint64_t)number_of(json, "seed"),
                                  .wall_ms = evac_daemon_wall_ms(daemon) };
    if (runs < 0 || runs > RUNS_MAX || reaction < 0 || reaction > 604800000)
        return evac_fail(err, EVAC_E_BADARG, "runs: 1 to %u; reaction_ms: up to a week", RUNS_MAX);
    q.runs = runs ? (uint32_t)runs : q.runs;
    q.reaction_ms = (uint32_t)reaction;
    enum evac_code code = read_faults(json, faults, &q.fault_count, err);
    if (!code)
        code = evac_sim_new(&q, &sim, err);
    if (code)
        return code;
    const struct evac_job job = { "a simulation", sim,      step_sim, sim_progress,
                                  NULL,           sim_json, free_sim };
    code = evac_jobs_begin(evac_daemon_jobs(daemon), &job, ret_number, err);
    if (code)
        evac_sim_free(sim);
    return code;
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

const char *const api_replay_fields[] = { "app",    "run",      "from_ms",     "to_ms",
                                          "policy", "dwell_ms", "cooldown_ms", NULL };

enum evac_code api_begin_replay(struct evac_daemon *daemon, struct evac_str app, const cJSON *json,
                                uint64_t *ret_number, struct evac_err *err)
{
    struct evac_replay *replay;
    struct evac_str policy = text_of(json, "policy");
    int64_t dwell = number_of(json, "dwell_ms"), cooldown = number_of(json, "cooldown_ms");
    struct evac_replay_request q = { .model = evac_daemon_model(daemon),
                                     .store = evac_daemon_store(daemon),
                                     .app = app.n ? app : text_of(json, "app"),
                                     .run = (uint64_t)number_of(json, "run"),
                                     .from_ms = number_of(json, "from_ms"),
                                     .to_ms = number_of(json, "to_ms"),
                                     .policy_given = policy.n > 0,
                                     .dwell_given = is_given(json, "dwell_ms"),
                                     .cooldown_given = is_given(json, "cooldown_ms"),
                                     .dwell_ms = (uint32_t)dwell,
                                     .cooldown_ms = (uint32_t)cooldown };
    if (policy.n && !evac_policy_parse(policy, &q.policy))
        return evac_fail(err, EVAC_E_BADARG, "policy: never, propose or act");
    if (dwell < 0 || dwell > UINT32_MAX || cooldown < 0 || cooldown > UINT32_MAX)
        return evac_fail(err, EVAC_E_BADARG, "dwell_ms, cooldown_ms: 0 to %u", UINT32_MAX);
    enum evac_code code = evac_replay_new(&q, &replay, err);
    if (code)
        return code;
    const struct evac_job job = { "a replay",    replay,      step_replay, replay_progress,
                                  replay_failed, replay_json, free_replay };
    code = evac_jobs_begin(evac_daemon_jobs(daemon), &job, ret_number, err);
    if (code)
        evac_replay_free(replay);
    return code;
}
