/* What the journal proves: which configuration was in force, what runs left to be mended, and
 * signed checkpoints. */
#include "daemon_internal.h"

#include "evac/arena.h"
#include "jw.h"
#include "log.h"
#include "report.h"

#include <stdio.h>

enum evac_code evac_daemon_note(struct evac_daemon *daemon, const struct evac_record *rows,
                                size_t count, struct evac_err *err)
{
    struct evac_event event = { .kind = EVAC_EVENT_NOTE };
    if (!daemon->shell)
        return evac_fail(err, EVAC_E_STORE, "%s", daemon->trouble);
    event.u.note.rows = rows;
    event.u.note.count = count;
    evac_daemon_commit(daemon);
    enum evac_code code = evac_shell_event(daemon->shell, &event, err);
    evac_daemon_commit(daemon); /* whoever notes something looks it up at once */
    return code;
}

/* --- reports ---------------------------------------------------------------------------------- */

void daemon_write_report(struct evac_daemon *daemon, uint64_t run)
{
    struct evac_report *report = NULL;
    struct evac_err err = { EVAC_OK, "" };
    char dir[4096], base[3800];
    struct evac_str reports = daemon->model->controller.reports;
    if (reports.n == 0)
        return;
    (void)evac_str_copy(base, sizeof base, reports);
    snprintf(dir, sizeof dir, "%s/run-%llu", base, (unsigned long long)run);
    enum evac_code code = evac_report_make(daemon->store, run, &report, &err);
    if (!code)
        code = evac_report_write_dir(report, dir, &err);
    if (code)
        evac_log(EVAC_LOG_ERROR, "report_not_written", "run=%llu reason=\"%s\"",
                 (unsigned long long)run, err.text);
    evac_report_free(report);
}

/* --- the keeper ------------------------------------------------------------------------------- */

static enum evac_code note(void *user, const struct evac_record *rows, size_t count,
                           struct evac_err *err)
{
    return evac_daemon_note(user, rows, count, err);
}

static bool settled(void *user)
{
    return evac_daemon_ticket(user).seq == 0;
}

static struct evac_str owner(void *user, struct evac_str app)
{
    struct evac_daemon *daemon = user;
    const struct evac_app *a = evac_model_app(daemon->model, app);
    return a ? a->owner : EVAC_STR_NONE;
}

static void judged(void *user, uint64_t run)
{
    daemon_write_report(user, run); /* once more: with what it found wanting */
}

/* A controller that can not sign moves apps all the same. */
static void read_key(struct evac_daemon *daemon)
{
    char path[1024];
    struct evac_err err = { EVAC_OK, "" };
    evac_key_free(daemon->key);
    daemon->key = NULL;
    if (daemon->model->controller.evidence_key.n == 0)
        return;
    (void)evac_str_copy(path, sizeof path, daemon->model->controller.evidence_key);
    if (evac_key_read(path, &daemon->key, &err))
        evac_log(EVAC_LOG_WARN, "evidence_unsigned", "reason=\"%s\"", err.text);
}

void daemon_open_evidence(struct evac_daemon *daemon)
{
    const struct evac_controller_conf *conf = &daemon->model->controller;
    daemon_close_evidence(daemon);
    read_key(daemon);
    daemon->keeper = evac_keeper_new(&(struct evac_keeper_options){
        .store = daemon->store,
        .key = daemon->key,
        .node = conf->node,
        .checkpoint_rows = conf->checkpoint_rows,
        .user = daemon,
        .note = note,
        .settled = settled,
        .owner = owner,
        .judged = judged,
    });
    daemon->config_noted = false;
}

void daemon_close_evidence(struct evac_daemon *daemon)
{
    evac_keeper_free(daemon->keeper);
    evac_key_free(daemon->key);
    daemon->keeper = NULL;
    daemon->key = NULL;
}

/* --- the configuration in force --------------------------------------------------------------- */

struct last_config {
    const char *hash;
    bool same;
};

static bool compare_config(void *user, const struct evac_row *row)
{
    struct last_config *last = user;
    last->same = evac_str_is(row->record.name, last->hash);
    return false;
}

/* A row when it is another one than the journal's last. */
static enum evac_code note_config(struct evac_daemon *daemon, struct evac_err *err)
{
    const struct evac_model *model = daemon->model;
    struct last_config last = { model->hash, false };
    struct evac_store_filter filter = { .kinds = EVAC_KIND(CONFIG),
                                        .newest_first = true,
                                        .limit = 1 };
    char data[160];
    enum evac_code code =
        daemon->store->vt->read(daemon->store, &filter, compare_config, &last, err);
    if (code || last.same)
        return code;
    snprintf(data, sizeof data, "{\"sha256\":\"%s\",\"apps\":%zu,\"runbooks\":%zu}", model->hash,
             model->app_count, model->runbook_count);
    struct evac_record row = { .kind = EVAC_RECORD_CONFIG,
                               .step = EVAC_NO_STEP,
                               .name = evac_str(model->hash),
                               .data = evac_str(data) };
    return evac_daemon_note(daemon, &row, 1, err);
}

void daemon_keep_evidence(struct evac_daemon *daemon)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_shell *shell = evac_daemon_shell(daemon);
    if (!shell || !daemon->keeper || !evac_shell_engine(shell)->lead)
        return;
    enum evac_code code = daemon->config_noted ? EVAC_OK : note_config(daemon, &err);
    daemon->config_noted = daemon->config_noted || !code;
    if (!code)
        code = evac_keeper_tick(daemon->keeper, &err);
    if (code)
        evac_log(EVAC_LOG_WARN, "evidence_waits", "reason=\"%s\"", err.text);
}

const struct evac_key *evac_daemon_key(const struct evac_daemon *daemon)
{
    return daemon->key;
}

struct evac_keeper *evac_daemon_keeper(struct evac_daemon *daemon)
{
    return daemon->keeper;
}
