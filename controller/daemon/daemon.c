#include "daemon_internal.h"

#include "builtin.h"
#include "calendar.h"
#include "daemon_share.h"
#include "lints.h"
#include "log.h"
#include "model_check.h"
#include "version.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BALLAST_BYTES (64u << 20)
#define REOPEN_MS     5000u
#define DAMAGED_MS    60000u /* a damaged journal is looked at again: all of it is read */
#define JUMP_MS       2000   /* wall and boot clock parted by more: R13 */

const struct evac_host *daemon_host(const struct evac_daemon *daemon)
{
    return &daemon->host;
}

uint64_t evac_daemon_now_ms(const struct evac_daemon *daemon)
{
    const struct evac_host *host = daemon_host(daemon);
    return host->now_ms(host->ctx);
}

int64_t evac_daemon_wall_ms(const struct evac_daemon *daemon)
{
    const struct evac_host *host = daemon_host(daemon);
    return host->wall_ms(host->ctx);
}

/* --- what the engine's shell calls back
 * ------------------------------------------------------------------- */

static void on_replayed(void *user, const struct evac_record *r)
{
    struct evac_daemon *daemon = user;
    evac_history_row(daemon->history, r);
    evac_passes_row(daemon->passes, r);
    evac_challenges_row(daemon->challenges, r);
    if (r->kind == EVAC_RECORD_TERMINAL)
        evac_tracer_ended(daemon->tracer, r->run, r->t_wall_ms);
}

static void on_row(void *user, const struct evac_record *r)
{
    struct evac_daemon *daemon = user;
    evac_history_row(daemon->history, r);
    evac_results_row(daemon->results, r);
    evac_passes_row(daemon->passes, r);
    evac_challenges_row(daemon->challenges, r);
    if (r->kind == EVAC_RECORD_STEP || r->kind == EVAC_RECORD_RUN ||
        r->kind == EVAC_RECORD_TERMINAL)
        evac_log(EVAC_LOG_INFO, r->kind == EVAC_RECORD_STEP ? "step_moved" : "run_moved",
                 "app=%.*s run=%llu step=%.*s from=%.*s on=%.*s to=%.*s", EVAC_STR_ARG(r->app),
                 (unsigned long long)r->run, EVAC_STR_ARG(r->name), EVAC_STR_ARG(r->from),
                 EVAC_STR_ARG(r->event), EVAC_STR_ARG(r->to));
    else if (r->kind == EVAC_RECORD_VERDICT)
        evac_log(EVAC_LOG_INFO, "verdict", "app=%.*s region=%.*s is=%.*s why=\"%.*s\"",
                 EVAC_STR_ARG(r->app), EVAC_STR_ARG(r->name), EVAC_STR_ARG(r->to),
                 EVAC_STR_ARG(r->text));
    else if (r->kind == EVAC_RECORD_DECISION)
        evac_log(EVAC_LOG_INFO, "decision", "app=%.*s is=%.*s to=%.*s why=\"%.*s\"",
                 EVAC_STR_ARG(r->app), EVAC_STR_ARG(r->to), EVAC_STR_ARG(r->name),
                 EVAC_STR_ARG(r->text));
    if (daemon->listener)
        daemon->listener(daemon->listener_user, r);
}

static void on_notice(void *user, const struct evac_notice_effect *notice)
{
    (void)user;
    evac_log(notice->alarm ? EVAC_LOG_WARN : EVAC_LOG_INFO, notice->alarm ? "alarm" : "notice",
             "app=%.*s run=%llu to=%.*s text=\"%s\"", EVAC_STR_ARG(notice->app),
             (unsigned long long)notice->run, EVAC_STR_ARG(notice->to), notice->text);
}

static void on_ended(void *user, const struct evac_run *run)
{
    struct evac_daemon *daemon = user;
    evac_log(EVAC_LOG_INFO, "run_ended", "app=%.*s run=%llu result=%s",
             EVAC_STR_ARG(run->plan->app), (unsigned long long)run->id,
             evac_run_state_name(run->state));
    evac_meters_run_ended(daemon->meters, run);
    if (!evac_str_is(evac_str(run->who), EVAC_ROUNDS_WHO))
        evac_tracer_ended(daemon->tracer, run->id, evac_daemon_wall_ms(daemon));
    daemon_write_report(daemon, run->id);
    if (daemon->keeper)
        evac_keeper_wake(daemon->keeper);
}

/* Failpoint for the crash tests: EVAC_FAIL=row:N dies, as by kill -9, when row N is durable and
 * nothing that follows from it was done; each event's rows are then a commit of their own.
 * EVAC_FAIL=group:N dies after the commit that row N is in, as it would be without a failpoint. */
static void on_committed(void *user, uint64_t seq)
{
    struct evac_daemon *daemon = user;
    evac_meters_commit(daemon->meters, (double)(uv_hrtime() - daemon->commit_ns) / 1e9);
    if (daemon->kill_at && seq >= daemon->kill_at)
        kill(getpid(), SIGKILL);
}

static void on_committing(void *user)
{
    struct evac_daemon *daemon = user;
    daemon->commit_ns = uv_hrtime();
}

static void read_failpoint(struct evac_daemon *daemon)
{
    const char *fail = getenv("EVAC_FAIL");
    int64_t row;
    struct evac_str rest, kind = evac_str_cut(evac_str(fail ? fail : ""), ':', &rest);
    daemon->kill_group = evac_str_is(kind, "group");
    if ((daemon->kill_group || evac_str_is(kind, "row")) && evac_str_i64(rest, &row) && row > 0)
        daemon->kill_at = (uint64_t)row;
}

/* --- the loop
 * ------------------------------------------------------------------------------------------------
 */

static void join_troubles(struct evac_daemon *daemon)
{
    size_t n = 0;
    daemon->trouble[0] = '\0';
    for (size_t i = 0; i < DAEMON_TROUBLES; i++)
        if (daemon->troubles[i][0])
            n += (size_t)snprintf(daemon->trouble + n, sizeof daemon->trouble - n, "%s%s",
                                  n ? "; and: " : "", daemon->troubles[i]);
}

void daemon_set_trouble(struct evac_daemon *daemon, enum daemon_trouble which, const char *text)
{
    static const char *const keys[] = {
        [DAEMON_TROUBLE_JOURNAL] = "trouble", [DAEMON_TROUBLE_SHORTAGE] = "shortage"
    };
    if (strcmp(daemon->troubles[which], text) == 0)
        return;
    (void)evac_str_copy(daemon->troubles[which], sizeof daemon->troubles[which], evac_str(text));
    join_troubles(daemon);
    daemon_cry(daemon, keys[which], text);
    if (text[0])
        evac_log(EVAC_LOG_ERROR, "trouble", "text=\"%s\"", text);
    else
        evac_log(EVAC_LOG_INFO, "trouble_over", "node=%.*s",
                 EVAC_STR_ARG(daemon->model->controller.node));
}

static void close_store(struct evac_daemon *daemon)
{
    if (daemon->shared)
        daemon_share_close(daemon);
    else
        evac_store_close(daemon->store);
    evac_store_close(daemon->replica);
    daemon->store = daemon->replica = NULL;
    daemon->group = NULL;
}

static void free_shell(struct evac_daemon *daemon, const char *why)
{
    evac_jobs_cancel(daemon->jobs, why);
    daemon_watch_stop(daemon);
    evac_shell_free(daemon->shell);
    daemon->shell = NULL;
    daemon_close_evidence(daemon);
    daemon->life++;
    daemon->wait_seq = 0;
}

static void lose_store(struct evac_daemon *daemon, const char *why)
{
    daemon_set_trouble(daemon, DAEMON_TROUBLE_JOURNAL, why);
    free_shell(daemon, why);
    close_store(daemon);
    daemon->reopen_ms = evac_daemon_now_ms(daemon) + REOPEN_MS;
}

void daemon_drop_shell(struct evac_daemon *daemon, const char *why)
{
    if (!daemon->dropping[0])
        (void)evac_str_copy(daemon->dropping, sizeof daemon->dropping, evac_str(why));
}

/* Outside of whatever called: nobody is left who would come back into what is gone. */
static void drop_now(struct evac_daemon *daemon)
{
    evac_log(EVAC_LOG_WARN, "shell_dropped", "reason=\"%s\"", daemon->dropping);
    if (daemon->shared) {
        free_shell(daemon, daemon->dropping);
        daemon_share_drop(daemon);
        daemon->reopen_ms = evac_daemon_now_ms(daemon);
    } else {
        lose_store(daemon, daemon->dropping);
    }
    daemon->dropping[0] = '\0';
}

void daemon_event(struct evac_daemon *daemon, struct evac_event *event)
{
    struct evac_err err = { EVAC_OK, "" };
    if (!daemon->shell)
        return;
    (void)evac_shell_event(daemon->shell, event, &err);
    daemon_rearm(daemon);
}

/* Not armed again here, but before the loop sleeps: a timer that is due at once, set by itself, is
 * all that the loop would ever do (libuv runs timers until none is due), and what could end that, a
 * commit or a request, would wait for ever. */
static void on_wake(uv_timer_t *timer)
{
    struct evac_daemon *daemon = timer->data;
    if (daemon->shell) /* not an event: the shell has duties of its own by time */
        (void)evac_shell_tick(daemon->shell, NULL);
}

void daemon_rearm(struct evac_daemon *daemon)
{
    if (!daemon->shell || !daemon->timers_open)
        return;
    uint64_t now = evac_daemon_now_ms(daemon), at = evac_shell_wake_ms(daemon->shell);
    uint64_t wait = at > now ? at - now : 0;
    uv_timer_start(&daemon->wake, on_wake, wait > 3600000 ? 3600000 : wait, 0);
}

/* Drivers' answers reach the engine without passing through here: the wake-up is set anew each time
 * before the loop sleeps. */
static void on_before_sleep(uv_prepare_t *prepare)
{
    struct evac_daemon *daemon = prepare->data;
    if (daemon->dropping[0])
        drop_now(daemon);
    daemon_commit_turn(daemon);
    daemon_self_turn(daemon);
    daemon_rearm(daemon);
}

static enum evac_code open_store(struct evac_daemon *daemon, struct evac_err *err)
{
    char path[4096], node[128];
    (void)evac_str_copy(path, sizeof path, daemon->model->controller.store);
    (void)evac_str_copy(node, sizeof node, daemon->model->controller.node);
    struct evac_store_options options = {
        .path = path, .node = node, .boot_id = daemon->boot_id, .ballast_bytes = BALLAST_BYTES
    };
    bool shared = daemon->model->controller.shared.cluster.n > 0;
    struct evac_store *store = NULL;
    enum evac_code code = evac_store_open_sqlite(&options, &store, err);
    if (code)
        return evac_err_prefix(err, "journal"), code;
    if (!shared) {
        daemon->store = daemon_group(daemon, store);
        return EVAC_OK;
    }
    daemon->replica = store;
    return daemon_share_open(daemon, err);
}

void daemon_shell_leads(struct evac_daemon *daemon)
{
    if (evac_shell_engine(daemon->shell)->parked)
        daemon_cry(
            daemon, "parked",
            "it crashed five times in a short while, so it only looks: nothing is decided or "
            "begun. Stop and start it in an orderly way to go on");
    daemon->config_noted = false;
}

static enum evac_code open_shell(struct evac_daemon *daemon, struct evac_err *err)
{
    struct evac_shell_options options = {
        .host = evac_host_paced_host(daemon->paced),
        .paced = daemon->paced,
        .look_host = &daemon->look,
        .catalog = evac_builtin_catalog(),
        .facts = daemon->facts,
        .lints = daemon->lints,
        .store = daemon->store,
        .follows = daemon_share_follows(daemon),
        .user = daemon,
        .replayed = on_replayed,
        .row = on_row,
        .notice = on_notice,
        .ended = on_ended,
        .committing = on_committing,
        .committed = on_committed,
    };
    evac_history_free(daemon->history);
    daemon->history = evac_history_new();
    enum evac_code code = evac_shell_new(&options, daemon->model, &daemon->shell, err);
    if (!code)
        daemon_open_evidence(daemon);
    if (code || options.follows)
        return code;
    daemon_shell_leads(daemon);
    if (!daemon->o.observe_only)
        return EVAC_OK;
    struct evac_event event = { .kind = EVAC_EVENT_LEAD }; /* without the lead nothing is begun */
    return evac_shell_event(daemon->shell, &event, err);
}

static enum evac_code open_journal(struct evac_daemon *daemon, struct evac_err *err)
{
    enum evac_code code = daemon->store ? EVAC_OK : open_store(daemon, err);
    return code ? code : open_shell(daemon, err);
}

/* A disk that is full or bad, a journal that is damaged: who watches must be there to say so, and
 * go on when it is mended. Another controller's lock, a newer schema, a folder that is not there:
 * those are for whoever starts it. */
static bool stays_up_without(enum evac_code code)
{
    return code == EVAC_E_STORE || code == EVAC_E_CORRUPT;
}

static void be_without_journal(struct evac_daemon *daemon, enum evac_code code, const char *why)
{
    char text[800];
    snprintf(text, sizeof text,
             code == EVAC_E_CORRUPT
                 ? "%s. The journal %.*s is damaged: nothing is decided or begun until that is "
                   "mended. 'evac journal verify --journal FILE' shows where, the handbook (\"The "
                   "journal is damaged\") what to do"
                 : "%s",
             why, EVAC_STR_ARG(daemon->model->controller.store));
    lose_store(daemon, text);
    if (code == EVAC_E_CORRUPT)
        daemon->reopen_ms = evac_daemon_now_ms(daemon) + DAMAGED_MS;
}

static void reopen(struct evac_daemon *daemon)
{
    struct evac_err err = { EVAC_OK, "" };
    enum evac_code code = open_journal(daemon, &err);
    if (code) {
        be_without_journal(daemon, code, err.text);
        return;
    }
    daemon_set_trouble(daemon, DAEMON_TROUBLE_JOURNAL, "");
    daemon->abstains = false;
    daemon_rearm(daemon);
}

/* Rows that were written apart are durable, and can be replayed; or the lead is given up. */
static bool may_open(struct evac_daemon *daemon)
{
    uint64_t now = evac_daemon_now_ms(daemon);
    if (daemon->wait_seq == 0)
        return now >= daemon->reopen_ms;
    if (daemon->store && daemon->store->vt->last_seq(daemon->store) >= daemon->wait_seq) {
        daemon->wait_seq = 0;
        return true;
    }
    if (now < daemon->wait_until_ms)
        return false;
    daemon_drop_shell(daemon, "rows that were to be added became durable nowhere");
    return false;
}

/* An orderly end is among the rows: it was no crash. */
static enum evac_code append_and_stop(struct evac_daemon *daemon, const struct evac_record *rows,
                                      size_t count, struct evac_err *err)
{
    const struct evac_record stop = { .seq = rows[count - 1].seq + 1,
                                      .kind = EVAC_RECORD_STOP,
                                      .step = EVAC_NO_STEP,
                                      .epoch = rows[count - 1].epoch,
                                      .t_boot_ms = evac_daemon_now_ms(daemon),
                                      .t_wall_ms = evac_daemon_wall_ms(daemon) };
    enum evac_code code = daemon->store->vt->append(daemon->store, rows, count, err);
    return code ? code : daemon->store->vt->append(daemon->store, &stop, 1, err);
}

enum evac_code daemon_append_apart(struct evac_daemon *daemon, const struct evac_record *rows,
                                   size_t count, struct evac_err *err)
{
    evac_jobs_cancel(daemon->jobs, "another journal is merged into this one");
    evac_daemon_commit(daemon);
    evac_shell_free(daemon->shell);
    daemon->shell = NULL;
    daemon_close_evidence(daemon);
    enum evac_code code = append_and_stop(daemon, rows, count, err);
    if (!code && daemon->group)
        code = evac_group_commit(daemon->group, err);
    if (!code && daemon->shared) {
        daemon->wait_seq = rows[count - 1].seq + 1;
        daemon->wait_until_ms = evac_daemon_now_ms(daemon) + REOPEN_MS;
        return EVAC_OK;
    }
    if (!code)
        code = open_shell(daemon, err);
    if (code)
        lose_store(daemon, err->text); /* it is opened anew in a while */
    daemon_rearm(daemon);
    return code;
}

static void watch_clock(struct evac_daemon *daemon)
{
    int64_t gap = evac_daemon_wall_ms(daemon) - (int64_t)evac_daemon_now_ms(daemon);
    int64_t by = gap - daemon->clock_gap_ms;
    if (by < JUMP_MS && by > -JUMP_MS)
        return; /* small steps add up until they are told */
    daemon->clock_gap_ms = gap;
    daemon_self_jumped(daemon);
    evac_log(EVAC_LOG_WARN, "clock_jump", "by_ms=%lld", (long long)by);
    struct evac_event event = { .kind = EVAC_EVENT_CLOCK_JUMP, .u.number = by };
    daemon_event(daemon, &event);
    if (daemon->shell)
        evac_shell_rouse(daemon->shell);
}

static void on_second(uv_timer_t *timer)
{
    struct evac_daemon *daemon = timer->data;
    if (daemon->shell && !daemon->shared && evac_shell_failed(daemon->shell))
        lose_store(daemon,
                   "the journal can not be written: nothing is decided or started until it can");
    if (!daemon->shell && may_open(daemon))
        reopen(daemon);
    daemon_share_second(daemon);
    watch_clock(daemon);
    daemon_cry_again(daemon);
    daemon_self_feel(daemon);
    daemon_begin_looks(daemon);
    daemon_keep_evidence(daemon);
    daemon_meter_second(daemon);
    daemon_tell(daemon);
    daemon_rearm(daemon);
}

/* --- configuration
 * -------------------------------------------------------------------------------------------- */

static enum evac_code load(const struct evac_daemon *daemon, struct evac_diag *diag,
                           struct evac_model **ret_model, struct evac_err *err)
{
    struct evac_model *model = NULL;
    enum evac_code code = evac_builtin_conf_load(daemon->conf_dir, diag, &model, err);
    if (!code)
        code = evac_model_check(model, evac_builtin_catalog(), diag, err);
    if (code) {
        evac_model_free(model);
        return code;
    }
    if (daemon->o.alone)
        evac_model_alone(model, daemon->o.alone);
    code = evac_model_oneself(model, &daemon->o.oneself, err);
    if (code)
        evac_model_free(model);
    else
        *ret_model = model;
    return code;
}

/* The lint's facts; without them it still sees what the drivers' own tables say. */
static const struct evac_facts *read_facts(const struct evac_model *model,
                                           struct evac_arena **ret_arena)
{
    const struct evac_facts *facts = NULL;
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    *ret_arena = diag.arena;
    if (evac_builtin_load_facts(model->controller.facts, model->controller.prices,
                                model->controller.limits, &diag, &facts, &err))
        evac_log(EVAC_LOG_WARN, "facts_not_read", "reason=\"%s\"", err.text);
    return facts;
}

static enum evac_code first_load(struct evac_daemon *daemon, struct evac_err *err)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_buf text;
    evac_buf_init(&text, 1u << 20);
    enum evac_code code = load(daemon, &diag, &daemon->model, err);
    evac_diag_print(&diag, &text);
    fputs(text.n ? text.p : "", stderr);
    evac_buf_done(&text);
    evac_arena_free(diag.arena);
    evac_builtin_seal();
    return code;
}

static bool same_addresses(const struct evac_controller_conf *a,
                           const struct evac_controller_conf *b)
{
    for (size_t i = 0; i < a->listen_count && i < b->listen_count; i++)
        if (!evac_str_eq(a->listen[i].address, b->listen[i].address) ||
            (a->listen[i].certificate.n == 0) != (b->listen[i].certificate.n == 0))
            return false;
    return a->listen_count == b->listen_count;
}

static bool same_drivers(const struct evac_controller_conf *a, const struct evac_controller_conf *b)
{
    bool same = a->driver_count == b->driver_count;
    for (size_t i = 0; same && i < a->driver_count; i++)
        same = evac_str_eq(a->drivers[i], b->drivers[i]);
    return same;
}

static bool same_place(const struct evac_model *a, const struct evac_model *b, struct evac_err *err)
{
    if (evac_str_eq(a->controller.store, b->controller.store) &&
        evac_str_eq(a->controller.shared.cluster, b->controller.shared.cluster) &&
        evac_str_eq(a->controller.socket, b->controller.socket) &&
        evac_str_eq(a->controller.resolver, b->controller.resolver) &&
        same_addresses(&a->controller, &b->controller) &&
        same_drivers(&a->controller, &b->controller))
        return true;
    (void)evac_fail(
        err, EVAC_E_REFUSED,
        "store, shared, socket, resolver, drivers and the addresses of listen change only "
        "with a restart");
    return false;
}

/* The shell works with the new model and the new facts, or with the old ones. */
static enum evac_code replace_model(struct evac_daemon *daemon, const struct evac_model *model,
                                    struct evac_err *err)
{
    struct evac_arena *arena;
    const struct evac_facts *facts = read_facts(model, &arena);
    enum evac_code code = EVAC_OK;
    evac_lints_forget(daemon->lints);
    if (daemon->shell) {
        evac_shell_set_facts(daemon->shell, facts);
        code = evac_shell_reload(daemon->shell, model, err);
    }
    if (code) {
        evac_shell_set_facts(daemon->shell, daemon->facts);
        evac_arena_free(arena);
        return code;
    }
    evac_jobs_cancel(daemon->jobs, "the configuration was loaded anew");
    daemon_meter_reloaded(daemon, model);
    daemon_pace_reloaded(daemon, model, facts);
    evac_arena_free(daemon->facts_arena);
    daemon->facts_arena = arena;
    daemon->facts = facts;
    return EVAC_OK;
}

static void setup_log(const struct evac_controller_conf *conf)
{
    evac_log_setup(stderr, evac_log_level_parse(conf->log_level),
                   evac_str_is(conf->log_format, "json"));
}

static void note_reload(struct evac_daemon *daemon, enum evac_code code)
{
    daemon->reloads.ok = code == EVAC_OK;
    if (code)
        daemon->reloads.refused++;
    else
        daemon->reloads.good_wall_ms = evac_daemon_wall_ms(daemon);
}

static enum evac_code reload_all(struct evac_daemon *daemon, struct evac_diag *diag,
                                 struct evac_err *err)
{
    struct evac_model *model = NULL;
    enum evac_code code = load(daemon, diag, &model, err);
    if (code)
        return code;
    if (!same_place(daemon->model, model, err)) {
        evac_model_free(model);
        return EVAC_E_REFUSED;
    }
    code = replace_model(daemon, model, err);
    if (code) {
        evac_model_free(model);
        return code;
    }
    /* open calls may still point into the model that is replaced now: it dies with the next reload
     */
    evac_model_free(daemon->old_model);
    daemon->old_model = daemon->model;
    daemon->model = model;
    if (daemon->shell)
        daemon_open_evidence(daemon);
    code = daemon_probe_all(daemon, err);
    daemon_rearm(daemon);
    return code;
}

enum evac_code evac_daemon_reload(struct evac_daemon *daemon, struct evac_diag *diag,
                                  struct evac_err *err)
{
    daemon_tell_reloading(daemon);
    enum evac_code code = reload_all(daemon, diag, err);
    setup_log(&daemon->model->controller);
    note_reload(daemon, code);
    (void)evac_supervisor_say(&daemon->supervisor, "READY=1");
    return code;
}

/* --- life
 * ------------------------------------------------------------------------------------------------------
 */

static void read_boot_id(struct evac_daemon *daemon)
{
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (f) {
        if (!fgets(daemon->boot_id, sizeof daemon->boot_id, f))
            daemon->boot_id[0] = '\0';
        daemon->boot_id[strcspn(daemon->boot_id, "\n")] = '\0';
        fclose(f);
    }
    if (daemon->boot_id[0] == '\0')
        snprintf(daemon->boot_id, sizeof daemon->boot_id, "unknown");
}

static enum evac_code open_host(struct evac_daemon *daemon, struct evac_err *err)
{
    char resolver[128];
    (void)evac_str_copy(resolver, sizeof resolver, daemon->model->controller.resolver);
    struct evac_host_uv_options options = { .resolver = resolver };
    enum evac_code code = evac_host_uv_new(daemon->loop, &options, &daemon->host, err);
    if (code)
        return code;
    daemon_meter_open(daemon);
    daemon_pace_open(daemon);
    daemon->look = evac_host_readonly(evac_host_paced_host(daemon->paced));
    return code;
}

static void open_timers(struct evac_daemon *daemon)
{
    uv_timer_init(daemon->loop, &daemon->wake);
    uv_timer_init(daemon->loop, &daemon->second);
    daemon_commit_open(daemon);
    uv_prepare_init(daemon->loop, &daemon->before_sleep);
    daemon->wake.data = daemon->second.data = daemon->before_sleep.data = daemon;
    uv_prepare_start(&daemon->before_sleep, on_before_sleep);
    daemon->timers_open = true;
    uv_timer_start(&daemon->second, on_second, 1000, 1000);
}

enum evac_code evac_daemon_new(uv_loop_t *loop, const struct evac_daemon_options *options,
                               struct evac_daemon **ret_daemon, struct evac_err *err)
{
    struct evac_daemon *daemon = calloc(1, sizeof *daemon);
    if (!daemon || !(daemon->conf_dir = strdup(options->conf_dir)))
        abort();
    daemon->loop = loop;
    daemon->passes = evac_passes_new();
    daemon->challenges = evac_challenges_new();
    uv_loop_configure(loop,
                      UV_METRICS_IDLE_TIME); /* for what is left of a turn without its sleep */
    daemon->o = *options;
    *ret_daemon = daemon;
    evac_supervisor_init(&daemon->supervisor);
    read_boot_id(daemon);
    read_failpoint(daemon);

    enum evac_code code = first_load(daemon, err);
    if (code)
        return code;
    setup_log(&daemon->model->controller);
    daemon->facts = read_facts(daemon->model, &daemon->facts_arena);
    daemon->lints = evac_lints_new();
    code = open_host(daemon, err);
    if (!code) {
        daemon->started_ms = evac_daemon_now_ms(daemon);
        daemon->clock_gap_ms = evac_daemon_wall_ms(daemon) - (int64_t)daemon->started_ms;
        daemon->jobs = evac_jobs_new(daemon->loop);
        code = open_journal(daemon, err);
        if (stays_up_without(code)) {
            be_without_journal(daemon, code, err->text);
            code = EVAC_OK;
        }
    }
    if (code)
        return code;
    open_timers(daemon);
    code = daemon_probe_all(daemon, err);
    note_reload(daemon, code);
    daemon_rearm(daemon);
    return code;
}

static void finish_stop(struct evac_daemon *daemon)
{
    daemon_watch_stop(daemon);
    evac_shell_free(daemon->shell);
    daemon->shell = NULL;
    evac_tracer_close(daemon->tracer);
    evac_host_uv_close(&daemon->host);
    daemon_close_evidence(daemon);
    close_store(daemon);
}

static void on_end(uv_timer_t *timer)
{
    struct evac_daemon *daemon = timer->data;
    uv_close((uv_handle_t *)timer, NULL);
    finish_stop(daemon);
}

static void on_left(void *user)
{
    struct evac_daemon *daemon = user;
    uv_timer_start(&daemon->end, on_end, 0, 0);
}

void evac_daemon_stop(struct evac_daemon *daemon)
{
    daemon->stopping = true;
    (void)evac_supervisor_say(&daemon->supervisor, "STOPPING=1");
    daemon_probe_stop(daemon);
    evac_jobs_close(daemon->jobs);
    daemon->jobs = NULL;
    if (daemon->timers_open) {
        uv_close((uv_handle_t *)&daemon->wake, NULL);
        uv_close((uv_handle_t *)&daemon->second, NULL);
        daemon_commit_close(daemon);
        uv_close((uv_handle_t *)&daemon->before_sleep, NULL);
        daemon->timers_open = false;
    }
    evac_shell_stop(daemon->shell);
    evac_daemon_commit(daemon);
    if (!daemon->shared) {
        finish_stop(daemon);
        return;
    }
    uv_timer_init(daemon->loop, &daemon->end);
    daemon->end.data = daemon;
    daemon_share_leave(daemon, on_left, daemon);
}

void evac_daemon_free(struct evac_daemon *daemon)
{
    if (!daemon)
        return;
    evac_model_free(daemon->model);
    evac_model_free(daemon->old_model);
    daemon_pace_close(daemon);
    evac_arena_free(daemon->facts_arena);
    evac_lints_free(daemon->lints);
    evac_history_free(daemon->history);
    daemon_meter_close(daemon);
    evac_passes_free(daemon->passes);
    evac_challenges_free(daemon->challenges);
    free(daemon->cries);
    free(daemon->conf_dir);
    free(daemon);
}

/* --- views
 * --------------------------------------------------------------------------------------------------------
 */

struct evac_shell *evac_daemon_shell(struct evac_daemon *daemon)
{
    return daemon->shell && !evac_shell_failed(daemon->shell) ? daemon->shell : NULL;
}

const struct evac_model *evac_daemon_model(const struct evac_daemon *daemon)
{
    return daemon->model;
}

const struct evac_catalog *evac_daemon_catalog(const struct evac_daemon *daemon)
{
    (void)daemon;
    return evac_builtin_catalog();
}

struct evac_jobs *evac_daemon_jobs(struct evac_daemon *daemon)
{
    return daemon->jobs;
}

const struct evac_facts *evac_daemon_facts(const struct evac_daemon *daemon)
{
    return daemon->facts;
}

const struct evac_history *evac_daemon_history(const struct evac_daemon *daemon)
{
    return daemon->history;
}

struct evac_passes *evac_daemon_passes(struct evac_daemon *daemon)
{
    return daemon->passes;
}

const struct evac_challenges *evac_daemon_challenges(const struct evac_daemon *daemon)
{
    return daemon->challenges;
}

const struct evac_host *evac_daemon_host(const struct evac_daemon *daemon)
{
    return &daemon->look;
}

struct evac_store *evac_daemon_store(struct evac_daemon *daemon)
{
    return daemon->store;
}

struct evac_ticket evac_daemon_ticket(const struct evac_daemon *daemon)
{
    const struct evac_shell *shell = daemon->shell;
    uint64_t seq = daemon->wait_seq;
    if (shell && evac_shell_accepted(shell) > evac_shell_durable(shell))
        seq = evac_shell_accepted(shell);
    return (struct evac_ticket){ seq, daemon->life };
}

enum evac_settled evac_daemon_settled(const struct evac_daemon *daemon,
                                      const struct evac_ticket *ticket)
{
    if (ticket->seq == 0)
        return EVAC_SETTLED_DURABLE;
    if (ticket->life != daemon->life || !daemon->store)
        return EVAC_SETTLED_LOST;
    return daemon->store->vt->last_seq(daemon->store) >= ticket->seq ? EVAC_SETTLED_DURABLE
                                                                     : EVAC_SETTLED_NOT_YET;
}

const char *evac_daemon_socket(const struct evac_daemon *daemon)
{
    return daemon->model->controller.socket.p;
}

const char *evac_daemon_trouble(const struct evac_daemon *daemon)
{
    return daemon->trouble;
}

uint64_t evac_daemon_started_ms(const struct evac_daemon *daemon)
{
    return daemon->started_ms;
}

void evac_daemon_listen(struct evac_daemon *daemon, evac_daemon_row_fn *fn, void *user)
{
    daemon->listener = fn;
    daemon->listener_user = user;
}
