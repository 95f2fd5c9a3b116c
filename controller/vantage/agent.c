#include "agent.h"

#include "batch.h"
#include "log.h"
#include "probes.h"
#include "sightings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS  100u  /* how often it is looked whether something is to be told */
#define HEART_MS 5000u /* at the latest; a sixth of a lease if that is sooner */

struct evac_agent {
    struct evac_agent_options o;
    uv_loop_t *loop;
    const struct evac_model *model;
    struct evac_probes *probes;
    char name[65], path[200], lease[EVAC_LEASE_BYTES];
    struct evac_sightings seen; /* and not told yet */
    uint64_t seq, dropped, told_boot_ms;
    uint64_t asked_boot_ms; /* by this configuration since */
    uint64_t way_ms;        /* there and back, as it was last time */
    bool cut_off, changed, leaving, left;
    enum evac_post last; /* to log changes only */
    uv_timer_t timer;

    uv_work_t work; /* one post at a time */
    bool posting, leaves_now;
    size_t posting_count;
    struct evac_buf body;
    enum evac_post outcome;
    char why[300];
    uint64_t posted_boot_ms;
    void (*stopped)(void *user);
};

static uint64_t now_ms(const struct evac_agent *agent)
{
    return agent->o.host->now_ms(agent->o.host->ctx);
}

/* --- what is seen ------------------------------------------------------------------------------
 */

/* What speaks about one region or another place; the public endpoint and the control planes are the
 * controller's own to look at. */
static bool is_wanted(void *user, uint16_t app, const struct evac_probe *probe)
{
    (void)user;
    (void)app;
    return probe->role != EVAC_PROBE_ENDPOINT && probe->kind != EVAC_PROBE_KIND_LOOK;
}

static void on_seen(void *user, const struct evac_seen_probe *seen)
{
    struct evac_agent *agent = user;
    if (!seen->known)
        return;
    struct evac_sighting one = { .app = seen->app,
                                 .probe = seen->probe,
                                 .region = seen->region,
                                 .ok = seen->ok,
                                 .latency_ms = seen->latency_ms,
                                 .sent_boot_ms = seen->sent_boot_ms,
                                 .certificate_until_ms = seen->certificate_until_ms };
    (void)evac_str_copy(one.reason, sizeof one.reason, seen->reason);
    evac_sightings_add(&agent->seen, &one);
}

static void on_cut_off(void *user, bool cut_off)
{
    struct evac_agent *agent = user;
    agent->cut_off = cut_off;
    agent->changed = true;
    evac_log(cut_off ? EVAC_LOG_WARN : EVAC_LOG_INFO, "anchors", "vantage=%s reached=%s",
             agent->name, cut_off ? "none" : "again");
}

/* --- what is told ------------------------------------------------------------------------------
 */

static void write_batch(struct evac_agent *agent)
{
    struct evac_batch_result results[EVAC_BATCH_RESULTS_MAX];
    size_t waiting = agent->seen.count;
    size_t n = waiting < EVAC_BATCH_RESULTS_MAX ? waiting : EVAC_BATCH_RESULTS_MAX;
    evac_sightings_fill(&agent->seen, agent->model, now_ms(agent), agent->way_ms, 0, results, n);
    const struct evac_batch batch = { .lease = evac_str(agent->lease),
                                      .seq = ++agent->seq,
                                      .config = evac_str(agent->model->hash),
                                      .abstains = agent->cut_off,
                                      .leaves = agent->leaving,
                                      .dropped = agent->dropped + agent->seen.dropped,
                                      .asking_ms = now_ms(agent) - agent->asked_boot_ms,
                                      .results = results,
                                      .count = n };
    evac_buf_reset(&agent->body);
    evac_batch_to_json(&batch, &agent->body);
    evac_sightings_pop(&agent->seen, n);
    agent->posting_count = n;
}

static void log_outcome(struct evac_agent *agent)
{
    if (agent->outcome == agent->last && agent->seq > 1)
        return;
    agent->last = agent->outcome;
    if (agent->outcome == EVAC_POST_TAKEN)
        evac_log(EVAC_LOG_INFO, "vantage_heard", "vantage=%s lease=%s", agent->name, agent->lease);
    else
        evac_log(EVAC_LOG_WARN, "vantage_not_heard", "vantage=%s reason=\"%s\"", agent->name,
                 agent->why);
}

static void on_posted(uv_work_t *work, int status)
{
    struct evac_agent *agent = work->data;
    uint64_t now = now_ms(agent);
    (void)status;
    agent->posting = false;
    log_outcome(agent);
    if (agent->outcome == EVAC_POST_TAKEN)
        agent->way_ms = now - agent->posted_boot_ms;
    else
        agent->dropped += agent->posting_count;
    if (agent->leaves_now)
        agent->left = true;
    else if (agent->outcome == EVAC_POST_REFUSED)
        agent->o.other_configuration(agent->o.user);
}

static void do_post(uv_work_t *work)
{
    struct evac_agent *agent = work->data;
    agent->outcome = agent->o.post(agent->o.user, agent->path, evac_buf_str(&agent->body),
                                   agent->why, sizeof agent->why);
}

static uint64_t heart_ms(const struct evac_agent *agent)
{
    uint64_t sixth = agent->model->controller.vantage_lease_ms / 6;
    return sixth < HEART_MS ? sixth : HEART_MS;
}

static void end(struct evac_agent *agent)
{
    uv_timer_stop(&agent->timer);
    uv_close((uv_handle_t *)&agent->timer, NULL);
    agent->stopped(agent->o.user);
}

/* A controller that does not answer, or refuses, is asked at the heart's pace, not at every look.
 */
static bool is_due(const struct evac_agent *agent, uint64_t now)
{
    bool well = agent->outcome == EVAC_POST_TAKEN;
    if (agent->leaving || now - agent->told_boot_ms >= heart_ms(agent))
        return true;
    return well && (agent->seen.count > 0 || agent->changed);
}

static void on_look(uv_timer_t *timer)
{
    struct evac_agent *agent = timer->data;
    uint64_t now = now_ms(agent);
    if (agent->posting)
        return;
    if (agent->left) {
        end(agent);
        return;
    }
    if (!is_due(agent, now))
        return;
    agent->told_boot_ms = agent->posted_boot_ms = now;
    agent->changed = false;
    agent->leaves_now = agent->leaving;
    write_batch(agent);
    agent->posting = true;
    agent->work.data = agent;
    uv_queue_work(agent->loop, &agent->work, do_post, on_posted);
}

/* --- life --------------------------------------------------------------------------------------
 */

static void draw_lease(struct evac_agent *agent)
{
    unsigned char bytes[(EVAC_LEASE_BYTES - 1) / 2];
    agent->o.host->random(agent->o.host->ctx, bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(agent->lease + 2 * i, 3, "%02x", bytes[i]);
}

static enum evac_code begin_probes(struct evac_agent *agent, struct evac_err *err)
{
    const struct evac_probes_options options = { .host = agent->o.host,
                                                 .user = agent,
                                                 .wanted = is_wanted,
                                                 .seen = on_seen,
                                                 .cut_off = on_cut_off };
    agent->asked_boot_ms = now_ms(agent);
    return evac_probes_new(agent->loop, agent->model, &options, &agent->probes, err);
}

enum evac_code evac_agent_new(uv_loop_t *loop, const struct evac_model *model,
                              const struct evac_agent_options *options,
                              struct evac_agent **ret_agent, struct evac_err *err)
{
    struct evac_agent *agent = calloc(1, sizeof *agent);
    if (!agent)
        abort();
    evac_sightings_init(&agent->seen);
    *ret_agent = agent;
    agent->o = *options;
    agent->loop = loop;
    agent->model = model;
    (void)evac_str_copy(agent->name, sizeof agent->name, options->name);
    (void)snprintf(agent->path, sizeof agent->path, "/v1/vantages/%s/results", agent->name);
    evac_buf_init(&agent->body, EVAC_BATCH_BYTES_MAX);
    draw_lease(agent);
    enum evac_code code = begin_probes(agent, err);
    if (code)
        return code;
    uv_timer_init(loop, &agent->timer);
    agent->timer.data = agent;
    uv_timer_start(&agent->timer, on_look, LOOK_MS, LOOK_MS);
    return EVAC_OK;
}

/* What waits was seen by the old model, and is no longer worth a word. */
enum evac_code evac_agent_reload(struct evac_agent *agent, const struct evac_model *model,
                                 struct evac_err *err)
{
    evac_probes_free(agent->probes);
    agent->probes = NULL;
    agent->model = model;
    agent->dropped += agent->seen.count;
    evac_sightings_pop(&agent->seen, agent->seen.count);
    agent->changed = true;
    agent->cut_off = false;
    return begin_probes(agent, err);
}

void evac_agent_stop(struct evac_agent *agent, void (*done)(void *user))
{
    evac_probes_free(agent->probes);
    agent->probes = NULL;
    agent->stopped = done;
    agent->leaving = true;
}

void evac_agent_free(struct evac_agent *agent)
{
    if (!agent)
        return;
    evac_probes_free(agent->probes);
    evac_buf_done(&agent->body);
    evac_sightings_done(&agent->seen);
    free(agent);
}
