/* Recovery: the journal is read twice. First for which runs ended, then row by row into the engine;
 * only runs that have not ended get memory. */
#include "shell_internal.h"

#include <stdlib.h>

struct ends {
    uint64_t *runs;
    size_t count, cap;
};

static bool note_end(void *user, const struct evac_row *row)
{
    struct ends *ends = user;
    if (ends->count == ends->cap) {
        ends->cap = ends->cap ? ends->cap * 2 : 256;
        ends->runs = realloc(ends->runs, ends->cap * sizeof *ends->runs);
        if (!ends->runs)
            abort();
    }
    ends->runs[ends->count++] = row->record.run;
    return true;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

struct replay {
    struct evac_shell *shell;
    struct ends ends;
    enum evac_code code;
    struct evac_err *err;
};

static bool has_ended(const struct replay *replay, uint64_t run)
{
    return replay->ends.count &&
           bsearch(&run, replay->ends.runs, replay->ends.count, sizeof run, by_number) != NULL;
}

static enum evac_code admit_again(struct evac_shell *shell, const struct evac_record *r,
                                  struct evac_err *err)
{
    struct evac_plan *plan;
    enum evac_code code = evac_plan_from_json(r->data, &plan, err);
    if (code) {
        evac_err_prefix(err, "run %llu's plan", (unsigned long long)r->run);
        return code;
    }
    struct shell_run *memory = shell_new_run(shell, plan);
    return evac_engine_replay_admit(&shell->engine, memory->memory, r, err);
}

static enum evac_code see(struct evac_shell *shell, const struct evac_record *r, bool admits,
                          struct evac_err *err)
{
    shell_calendar_see(shell, r);
    shell_requests_see(shell->requests, r);
    shell_notify_see(shell, r);
    if (shell->o.replayed)
        shell->o.replayed(shell->o.user, r);
    enum evac_code code =
        admits ? admit_again(shell, r, err) : evac_engine_replay(&shell->engine, r, err);
    if (code)
        evac_err_prefix(err, "journal row %llu", (unsigned long long)r->seq);
    shell->accepted = shell->durable = r->seq;
    return code;
}

static bool replay_row(void *user, const struct evac_row *row)
{
    struct replay *replay = user;
    const struct evac_record *r = &row->record;
    bool admits = r->kind == EVAC_RECORD_ADMIT && !has_ended(replay, r->run);
    replay->code = see(replay->shell, r, admits, replay->err);
    return replay->code == EVAC_OK;
}

static enum evac_code read_all(struct replay *replay)
{
    struct evac_store *store = replay->shell->o.store;
    const struct evac_store_filter all = { 0 },
                                   ended = { .kinds = EVAC_KIND(TERMINAL), .light = true };
    enum evac_code code = store->vt->read(store, &ended, note_end, &replay->ends, replay->err);
    if (code)
        return code;
    if (replay->ends.count)
        qsort(replay->ends.runs, replay->ends.count, sizeof *replay->ends.runs, by_number);
    code = store->vt->read(store, &all, replay_row, replay, replay->err);
    return code ? code : replay->code;
}

enum evac_code shell_replay(struct evac_shell *shell, struct evac_err *err)
{
    struct replay replay = { .shell = shell, .err = err };
    enum evac_code code = read_all(&replay);
    free(replay.ends.runs);
    return code;
}

enum evac_code shell_resume(struct evac_shell *shell, struct evac_err *err)
{
    struct evac_now now = shell_now(shell);
    shell->follows = false;
    shell_notify_replayed(shell);
    shell_listen(shell, true);
    shell->engine.lead = shell->o.store->vt->lead(shell->o.store, &shell->engine.epoch);
    shell->busy = true;
    evac_engine_resume(&shell->engine, &now, shell->fx);
    enum evac_code code = shell_perform(shell, err);
    shell->busy = false;
    return code ? code : evac_shell_tick(shell, err);
}

/* --- the journal of another controller, while it is written ----------------------------------- */

static void forget_run(struct evac_shell *shell, uint64_t id)
{
    struct evac_run *run = evac_engine_run(&shell->engine, id);
    if (!run)
        return;
    struct shell_run *memory = run->owner;
    evac_engine_replay_end(&shell->engine, run);
    memory->over = memory->ended = true;
    shell_release_run(shell, memory);
}

enum evac_code evac_shell_follow(struct evac_shell *shell, const struct evac_record *row,
                                 struct evac_err *err)
{
    enum evac_code code = see(shell, row, row->kind == EVAC_RECORD_ADMIT, err);
    if (!code && row->kind == EVAC_RECORD_TERMINAL)
        forget_run(shell, row->run);
    return code;
}

enum evac_code evac_shell_lead(struct evac_shell *shell, struct evac_err *err)
{
    shell->engine.followed = true;
    return shell_resume(shell, err);
}

void evac_shell_led(struct evac_shell *shell, bool led)
{
    shell->engine.led = shell->follows && led;
}

bool evac_shell_follows(const struct evac_shell *shell)
{
    return shell->follows;
}
