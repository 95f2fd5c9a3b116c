/* The table: a row a metric, what matters most first (see metrics.h), and the functions that read
 * their values. */
#include "metrics.h"

#include "outbox.h"
#include "tracer.h"

#define GIVE(expression)                                                                           \
    do {                                                                                           \
        *ret = (double)(expression);                                                               \
        return true;                                                                               \
    } while (0)
#define KNOWN(known, expression)                                                                   \
    do {                                                                                           \
        *ret = (known) ? (double)(expression) : 0;                                                 \
        return (known);                                                                            \
    } while (0)

static double seconds(int64_t ms)
{
    return (double)ms / 1000.0;
}

/* --- the controller --------------------------------------------------------------------------- */

static const struct evac_engine *engine_of(const struct evac_metric_at *at)
{
    return at->source->engine;
}

static bool one(const struct evac_metric_at *at, double *ret)
{
    (void)at;
    GIVE(1);
}

static bool lead(const struct evac_metric_at *at, double *ret)
{
    GIVE(engine_of(at) && engine_of(at)->lead);
}

static bool journal_writable(const struct evac_metric_at *at, double *ret)
{
    GIVE(at->source->self.journal_writable);
}

static bool journal_rows(const struct evac_metric_at *at, double *ret)
{
    KNOWN(engine_of(at) != NULL, engine_of(at)->committed);
}

static bool automation_stopped(const struct evac_metric_at *at, double *ret)
{
    KNOWN(engine_of(at) != NULL, engine_of(at)->stopped || engine_of(at)->parked);
}

static bool cut_off(const struct evac_metric_at *at, double *ret)
{
    KNOWN(engine_of(at) != NULL, engine_of(at)->opinion.abstains);
}

static bool self_score(const struct evac_metric_at *at, double *ret)
{
    KNOWN(engine_of(at) != NULL, engine_of(at)->self.score);
}

static bool loop_lag(const struct evac_metric_at *at, double *ret)
{
    KNOWN(engine_of(at) != NULL, seconds(engine_of(at)->self.signs.loop_lag_ms));
}

static bool probes_configured(const struct evac_metric_at *at, double *ret)
{
    KNOWN(engine_of(at) != NULL, engine_of(at)->self.signs.probes);
}

static bool probes_queued(const struct evac_metric_at *at, double *ret)
{
    KNOWN(engine_of(at) != NULL, engine_of(at)->self.signs.queued);
}

static bool apps(const struct evac_metric_at *at, double *ret)
{
    GIVE(at->source->model->app_count);
}

static bool reload_ok(const struct evac_metric_at *at, double *ret)
{
    GIVE(at->source->self.reload_ok);
}

static bool reload_time(const struct evac_metric_at *at, double *ret)
{
    KNOWN(at->source->self.reload_good_wall_ms != 0, seconds(at->source->self.reload_good_wall_ms));
}

static bool reloads_refused(const struct evac_metric_at *at, double *ret)
{
    GIVE(at->source->self.reloads_refused);
}

static bool runs_in_state(const struct evac_metric_at *at, double *ret)
{
    size_t n = 0;
    for (const struct evac_run *r = engine_of(at) ? engine_of(at)->runs : NULL; r; r = r->next)
        n += (size_t)r->state == at->choice;
    KNOWN(engine_of(at) != NULL, n);
}

static bool runs_ended(const struct evac_metric_at *at, double *ret)
{
    GIVE(evac_meters_ended(at->source->meters, at->choice)->count);
}

static bool dependency_failing(const struct evac_metric_at *at, double *ret)
{
    GIVE(engine_of(at)->dependencies[at->choice].failing);
}

static bool incident(const struct evac_metric_at *at, double *ret)
{
    GIVE(evac_incident_is_on(&engine_of(at)->fleet.regions[at->choice].incident));
}

static bool vantage_speaks(const struct evac_metric_at *at, double *ret)
{
    GIVE(engine_of(at)->vantages[at->choice].state == EVAC_VANTAGE_SPEAKS);
}

static bool calls(const struct evac_metric_at *at, double *ret)
{
    GIVE(evac_meters_service(at->source->meters, at->resource)->fates[at->choice]);
}

static bool callers(const struct evac_metric_at *at, double *ret)
{
    GIVE(at->source->callers->counts[at->choice]);
}

static bool throttles(const struct evac_metric_at *at, double *ret)
{
    GIVE(evac_meters_service(at->source->meters, at->resource)->fates[EVAC_CALL_THROTTLED]);
}

static const struct evac_histogram *commits(const struct evac_metric_at *at)
{
    return evac_meters_commits(at->source->meters);
}

static const struct evac_histogram *turns(const struct evac_metric_at *at)
{
    return evac_meters_turns(at->source->meters);
}

static bool cpu_seconds(const struct evac_metric_at *at, double *ret)
{
    GIVE(at->source->self.cpu_seconds);
}

static bool resident_bytes(const struct evac_metric_at *at, double *ret)
{
    KNOWN(at->source->self.resident_bytes != 0, at->source->self.resident_bytes);
}

static bool calls_waiting(const struct evac_metric_at *at, double *ret)
{
    GIVE((double)at->source->self.calls_waiting);
}

static bool calls_waited(const struct evac_metric_at *at, double *ret)
{
    GIVE((double)at->source->self.calls_waited);
}

static bool files(const struct evac_metric_at *at, double *ret)
{
    KNOWN(engine_of(at) && engine_of(at)->self.signs.files, engine_of(at)->self.signs.files);
}

static bool files_max(const struct evac_metric_at *at, double *ret)
{
    KNOWN(engine_of(at) && engine_of(at)->self.signs.files_max,
          engine_of(at)->self.signs.files_max);
}

static bool start_time(const struct evac_metric_at *at, double *ret)
{
    GIVE(seconds(at->source->self.started_wall_ms));
}

/* --- people told ------------------------------------------------------------------------------ */

static struct evac_str channel_of(const struct evac_metric_at *at)
{
    return at->source->model->controller.notify.channels[at->choice].name;
}

static bool letters_waiting(const struct evac_metric_at *at, double *ret)
{
    size_t n = 0;
    for (const struct evac_letter *l = evac_outbox_letters(at->source->outbox); l; l = l->next)
        n += evac_str_is(channel_of(at), l->channel);
    GIVE(n);
}

/* They stand in the order in which they were queued. */
static bool letters_oldest(const struct evac_metric_at *at, double *ret)
{
    const struct evac_letter *l = evac_outbox_letters(at->source->outbox);
    while (l && !evac_str_is(channel_of(at), l->channel))
        l = l->next;
    GIVE(l ? seconds(at->source->now.wall_ms - l->queued_wall_ms) : 0);
}

static bool channel_fails(const struct evac_metric_at *at, double *ret)
{
    GIVE(evac_outbox_fails(at->source->outbox, channel_of(at)) != NULL);
}

/* --- traces ----------------------------------------------------------------------------------- */

static bool traces_waiting(const struct evac_metric_at *at, double *ret)
{
    GIVE(evac_tracer_counts(at->source->traces).waiting);
}

static bool traces_sent(const struct evac_metric_at *at, double *ret)
{
    GIVE(evac_tracer_counts(at->source->traces).sent);
}

static bool traces_lost(const struct evac_metric_at *at, double *ret)
{
    GIVE(evac_tracer_counts(at->source->traces).lost);
}

/* --- an app ----------------------------------------------------------------------------------- */

static const struct evac_result *result_of(const struct evac_metric_at *at)
{
    return evac_results_of(at->source->results, at->app, (enum evac_result_kind)at->choice);
}

static bool rto_objective(const struct evac_metric_at *at, double *ret)
{
    GIVE(seconds(at->a->app->rto_ms));
}

static bool rpo_objective(const struct evac_metric_at *at, double *ret)
{
    GIVE(seconds(at->a->app->rpo_ms));
}

static bool last_rto(const struct evac_metric_at *at, double *ret)
{
    KNOWN(result_of(at)->run && result_of(at)->rto_known, seconds(result_of(at)->rto_ms));
}

static bool last_rpo(const struct evac_metric_at *at, double *ret)
{
    KNOWN(result_of(at)->run && result_of(at)->rpo_known, seconds(result_of(at)->rpo_ms));
}

static bool last_good(const struct evac_metric_at *at, double *ret)
{
    KNOWN(result_of(at)->run != 0, result_of(at)->good);
}

static bool last_ended(const struct evac_metric_at *at, double *ret)
{
    KNOWN(result_of(at)->run != 0, seconds(result_of(at)->ended_ms));
}

static bool loss_known(const struct evac_metric_at *at, double *ret)
{
    int64_t loss = evac_engine_loss(at->a, &at->source->now);
    KNOWN(loss >= 0, loss != EVAC_LOSS_UNKNOWN);
}

static bool loss_now(const struct evac_metric_at *at, double *ret)
{
    int64_t loss = evac_engine_loss(at->a, &at->source->now);
    KNOWN(loss >= 0 && loss != EVAC_LOSS_UNKNOWN, seconds(loss));
}

static bool verdict(const struct evac_metric_at *at, double *ret)
{
    GIVE((size_t)at->a->health.regions[at->region].verdict == at->choice);
}

static bool region_active(const struct evac_metric_at *at, double *ret)
{
    GIVE((evac_engine_serving(at->a) >> at->region) & 1u);
}

static bool region_ready(const struct evac_metric_at *at, double *ret)
{
    KNOWN(at->a->readiness[at->region].known, at->a->readiness[at->region].ready);
}

static bool decision(const struct evac_metric_at *at, double *ret)
{
    GIVE((size_t)at->a->decision.decide == at->choice);
}

static bool run_going(const struct evac_metric_at *at, double *ret)
{
    GIVE(at->a->run && at->a->run->state != EVAC_RUN_PROPOSED);
}

/* For a start, or before a step: both wait for people. */
static bool waits_for_people(const struct evac_metric_at *at, double *ret)
{
    const struct evac_run *run = at->a->run;
    size_t n = run && (run->state == EVAC_RUN_PROPOSED || run->state == EVAC_RUN_ASKING);
    for (uint16_t i = 0; run && i < run->plan->forward_count; i++)
        n += run->steps[i].state == EVAC_STEP_GATED;
    GIVE(n);
}

static bool debt(const struct evac_metric_at *at, double *ret)
{
    const struct evac_assurance *a = &at->a->assurance[EVAC_ASSURANCE_DRILL][at->region];
    bool serves = (evac_engine_serving(at->a) >> at->region) & 1u;
    KNOWN(a->known && !serves, a->number);
}

static bool debt_max(const struct evac_metric_at *at, double *ret)
{
    GIVE(at->a->app->drill_debt_max);
}

static bool held(const struct evac_metric_at *at, double *ret)
{
    GIVE(at->a->hold_until_wall_ms > at->source->now.wall_ms);
}

static bool frozen(const struct evac_metric_at *at, double *ret)
{
    GIVE(evac_engine_frozen(engine_of(at), at->a, at->source->now.wall_ms).until_wall_ms != 0);
}

static bool old_side_alive(const struct evac_metric_at *at, double *ret)
{
    const struct evac_old_side *side = &at->a->old_side;
    KNOWN(side->watched && side->region == at->region && side->state != EVAC_OLD_SIDE_UNSEEN,
          side->state == EVAC_OLD_SIDE_ALIVE);
}

static bool deficiencies(const struct evac_metric_at *at, double *ret)
{
    GIVE(evac_results_wanting(at->source->results, at->app)->open[at->choice]);
}

static bool overdue(const struct evac_metric_at *at, double *ret)
{
    GIVE(evac_results_wanting(at->source->results, at->app)->overdue);
}

/* --- data ------------------------------------------------------------------------------------- */

static const struct evac_watch *watch_of(const struct evac_metric_at *at)
{
    return evac_engine_watch_of(at->a, at->resource, at->a->active);
}

static bool store_lag(const struct evac_metric_at *at, double *ret)
{
    KNOWN(watch_of(at)->lag_ms >= 0, seconds(watch_of(at)->lag_ms));
}

static bool store_lag_time(const struct evac_metric_at *at, double *ret)
{
    KNOWN(watch_of(at)->lag_as_of_ms != 0, seconds(watch_of(at)->lag_as_of_ms));
}

static bool store_loss(const struct evac_metric_at *at, double *ret)
{
    int64_t loss = evac_engine_loss_of(at->a, at->resource, at->a->active, &at->source->now);
    KNOWN(loss >= 0 && loss != EVAC_LOSS_UNKNOWN, seconds(loss));
}

static bool markers_missing(const struct evac_metric_at *at, double *ret)
{
    int64_t none[1];
    KNOWN(watch_of(at)->verbs & (1u << EVAC_VERB_SEEK), evac_watch_lost(watch_of(at), none, 1));
}

/* --- probes ----------------------------------------------------------------------------------- */

/* As this controller sees it. */
static const struct evac_probe_track *track_of(const struct evac_metric_at *at)
{
    bool endpoint = at->a->app->probes[at->probe].role == EVAC_PROBE_ENDPOINT;
    return endpoint ? &at->a->health.endpoint : &at->a->health.tracks[at->probe][at->region][0];
}

static bool endpoint_up(const struct evac_metric_at *at, double *ret)
{
    const struct evac_probe_track *t = &at->a->health.endpoint;
    KNOWN(t->state != EVAC_PROBE_UNKNOWN, t->state == EVAC_PROBE_UP);
}

static bool probe_up(const struct evac_metric_at *at, double *ret)
{
    KNOWN(track_of(at)->state != EVAC_PROBE_UNKNOWN, track_of(at)->state == EVAC_PROBE_UP);
}

static bool certificate(const struct evac_metric_at *at, double *ret)
{
    KNOWN(track_of(at)->certificate_until_ms != 0, seconds(track_of(at)->certificate_until_ms));
}

static bool answers(const struct evac_metric_at *at, double *ret)
{
    GIVE(evac_meters_app(at->source->meters, at->app)->answers[at->probe][at->region][at->choice]);
}

static const struct evac_histogram *latency(const struct evac_metric_at *at)
{
    const struct evac_histogram *h =
        &evac_meters_app(at->source->meters, at->app)->latency[at->region];
    return evac_histogram_count(h) ? h : NULL;
}

#define GAUGE     EVAC_METRIC_GAUGE
#define COUNTER   EVAC_METRIC_COUNTER
#define HISTOGRAM EVAC_METRIC_HISTOGRAM
#define PUBLISHED .published = true

/* clang-format off */
const struct evac_metric evac_metrics[] = {
    { "evac_build_info", GAUGE, "Version, this controller's name, the configuration's hash", metrics_info, one },
    { "evac_lead", GAUGE, "1: this controller decides and begins; 0: it follows", metrics_once, lead, PUBLISHED },
    { "evac_journal_writable", GAUGE, "1: the journal can be written; 0: nothing is decided or begun", metrics_once, journal_writable, PUBLISHED },
    { "evac_cut_off", GAUGE, "1: this controller doubts itself and abstains from every verdict", metrics_once, cut_off, PUBLISHED },
    { "evac_automation_stopped", GAUGE, "1: nothing is begun automatically, for any app", metrics_once, automation_stopped, PUBLISHED },
    { "evac_self_score", GAUGE, "How ill this controller is: 0 well, 8 as ill as can be", metrics_once, self_score },
    { "evac_calls_waiting", GAUGE, "Drivers' calls that wait for their turn, since a service takes only so many", metrics_once, calls_waiting },
    { "evac_calls_waited_total", COUNTER, "Drivers' calls that had to wait for their turn", metrics_once, calls_waited },
    { "evac_loop_lag_seconds", GAUGE, "Longest turn of the loop in the last second", metrics_once, loop_lag },
    { "evac_config_last_reload_successful", GAUGE, "1: the newest load of the configuration succeeded", metrics_once, reload_ok },
    { "evac_config_last_reload_success_timestamp_seconds", GAUGE, "When the configuration was loaded last", metrics_once, reload_time },
    { "evac_config_reloads_refused_total", COUNTER, "Reloads that were refused: the configuration before them stays", metrics_once, reloads_refused },
    { "evac_apps", GAUGE, "Apps that are configured", metrics_once, apps },
    { "evac_incident_active", GAUGE, "1: the region is one incident of many apps", metrics_incident, incident, PUBLISHED },
    { "evac_dependency_failing", GAUGE, "1: something that apps need and none of them has is an incident", metrics_dependency, dependency_failing },
    { "evac_vantage_speaks", GAUGE, "1: this other place reports and does not abstain", metrics_vantage, vantage_speaks },
    { "evac_notifications_waiting", GAUGE, "Messages to people that a channel has not taken yet", metrics_channel, letters_waiting, PUBLISHED },
    { "evac_notifications_oldest_seconds", GAUGE, "Age of the oldest of them; 0: none waits", metrics_channel, letters_oldest },
    { "evac_notifications_channel_failing", GAUGE, "1: the channel's last attempts did not succeed", metrics_channel, channel_fails, PUBLISHED },
    { "evac_runs", GAUGE, "Runs that go on, by state", metrics_run_state, runs_in_state },
    { "evac_runs_ended_total", COUNTER, "Runs that ended since this process began, by kind and result", metrics_ended, runs_ended },
    { "evac_app_verdict", GAUGE, "1: this is the verdict about the region", metrics_verdict, verdict },
    { "evac_app_region_active", GAUGE, "1: users are led to the region", metrics_region, region_active, PUBLISHED },
    { "evac_app_endpoint_up", GAUGE, "1: the public endpoint answers as it should", metrics_app, endpoint_up, PUBLISHED },
    { "evac_app_decision", GAUGE, "1: this is what the policy decides", metrics_decision, decision },
    { "evac_app_run_active", GAUGE, "1: a run that changes the app goes on", metrics_app, run_going, PUBLISHED },
    { "evac_app_approvals_waiting", GAUGE, "Starts and steps of the app's run that wait for people", metrics_app, waits_for_people, PUBLISHED },
    { "evac_app_old_side_alive", GAUGE, "1: the region that was left takes writes, leads users or runs capacity again", metrics_region, old_side_alive, PUBLISHED },
    { "evac_app_loss_known", GAUGE, "1: what a move would lose now is known; 0: it is not; no sample: no data is measured", metrics_app, loss_known },
    { "evac_app_loss_seconds", GAUGE, "What an ungraceful move would lose now, at most", metrics_app, loss_now, PUBLISHED },
    { "evac_app_rto_objective_seconds", GAUGE, "Objective of the recovery time", metrics_app, rto_objective },
    { "evac_app_rpo_objective_seconds", GAUGE, "Objective of the loss of data", metrics_app, rpo_objective },
    { "evac_app_last_rto_seconds", GAUGE, "Recovery time of the newest run or drill, if it was measured", metrics_app_kind, last_rto, PUBLISHED },
    { "evac_app_last_rpo_seconds", GAUGE, "Loss of data of the newest run or drill, if it was measured", metrics_app_kind, last_rpo, PUBLISHED },
    { "evac_app_last_good", GAUGE, "1: the newest run or drill succeeded", metrics_app_kind, last_good },
    { "evac_app_last_end_timestamp_seconds", GAUGE, "When the newest run or drill ended", metrics_app_kind, last_ended },
    { "evac_app_region_ready", GAUGE, "1: the newest look found the region ready to take over", metrics_region, region_ready },
    { "evac_app_drill_debt_points", GAUGE, "How little is known of the way to the region; 100 is a quarter without a drill, 1000 none ever", metrics_region, debt, PUBLISHED },
    { "evac_app_drill_debt_max_points", GAUGE, "Beyond this debt the policy only proposes", metrics_app, debt_max },
    { "evac_app_deficiencies_open", GAUGE, "Deficiencies that are open, by severity", metrics_severity, deficiencies },
    { "evac_app_deficiencies_overdue", GAUGE, "Open deficiencies past their date", metrics_app, overdue },
    { "evac_app_held", GAUGE, "1: a person holds the app: nothing automatic", metrics_app, held },
    { "evac_app_frozen", GAUGE, "1: a freeze holds for the app", metrics_app, frozen },
    { "evac_app_info", GAUGE, "Strategy and policy", metrics_app_info, one },
    { "evac_store_loss_seconds", GAUGE, "What a move would lose of this store now, at most", metrics_store, store_loss, PUBLISHED },
    { "evac_store_lag_seconds", GAUGE, "Replication lag as the service gave it last", metrics_store, store_lag },
    { "evac_store_lag_timestamp_seconds", GAUGE, "When the service knew that lag", metrics_store, store_lag_time },
    { "evac_store_markers_missing", GAUGE, "Canary markers that were written and are not on the other side", metrics_store, markers_missing },
    { "evac_journal_rows", GAUGE, "Rows of the journal", metrics_once, journal_rows },
    { "evac_journal_commit_duration_seconds", HISTOGRAM, "Time to make a batch of rows durable", metrics_once, .histogram = commits },
    { "evac_loop_turn_duration_seconds", HISTOGRAM, "Turns of the loop, without its sleep", metrics_once, .histogram = turns },
    { "evac_service_throttled_total", COUNTER, "Calls to a service in a region that were asked to come back later", metrics_service, throttles },
    { "evac_service_requests_total", COUNTER, "Calls to a service in a region, by what became of them", metrics_call, calls },
    { "evac_api_callers_total", COUNTER, "Requests to this controller's API, by what became of whoever sent them", metrics_caller, callers },
    { "evac_traces_waiting", GAUGE, "Runs that ended and are not yet with the collector of traces", metrics_traces, traces_waiting },
    { "evac_traces_sent_total", COUNTER, "Runs that the collector took", metrics_traces, traces_sent },
    { "evac_traces_lost_total", COUNTER, "Runs that it did not take: refused, or not within ten minutes, or too many at once", metrics_traces, traces_lost },
    { "evac_probe_targets", GAUGE, "Probes, one a region", metrics_once, probes_configured },
    { "evac_probe_targets_queued", GAUGE, "Probes that are due and wait for room", metrics_once, probes_queued },
    { "process_cpu_seconds_total", COUNTER, "User and system CPU time", metrics_once, cpu_seconds },
    { "process_resident_memory_bytes", GAUGE, "Resident memory", metrics_once, resident_bytes },
    { "process_open_fds", GAUGE, "Open descriptors", metrics_once, files },
    { "process_max_fds", GAUGE, "Descriptors that may be open", metrics_once, files_max },
    { "process_start_time_seconds", GAUGE, "When the process began", metrics_once, start_time },
    { "evac_probe_certificate_expiry_timestamp_seconds", GAUGE, "Until when the certificate that was seen is valid", metrics_probe, certificate },
    { "evac_probe_up", GAUGE, "1: up, 0: down, as this controller sees it; no sample: not known", metrics_probe, probe_up },
    { "evac_probe_latency_seconds", HISTOGRAM, "Time that good answers took, all probes of the app in the region", metrics_region, .histogram = latency },
    { "evac_probe_results_total", COUNTER, "Answers to probes: good, bad, or nothing was learned", metrics_answer, answers },
    { .name = NULL },
};
/* clang-format on */
