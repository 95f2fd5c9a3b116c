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

static enum evac_code admit_again(struct replay *replay, const struct evac_record *r)
{
    struct evac_plan *plan;
    enum evac_code code = evac_plan_from_json(r->data, &plan, replay->err);
    if (code) {
        evac_err_prefix(replay->err, "run %llu's plan", (unsigned long long)r->run);
        return code;
    }
    struct shell_run *memory = shell_new_run(replay->shell, plan);
    return evac_engine_replay_admit(&replay->shell->engine, memory->memory, r, replay->err);
}

static bool replay_row(void *user, const struct evac_row *row)
{
    struct replay *replay = user;
    const struct evac_record *r = &row->record;
    shell_calendar_see(replay->shell, r);
    shell_requests_see(replay->shell->requests, r);
    shell_notify_see(replay->shell, r);
    if (replay->shell->o.replayed)
        replay->shell->o.replayed(replay->shell->o.user, r);
    if (r->kind == EVAC_RECORD_ADMIT && !has_ended(replay, r->run))
        replay->code = admit_again(replay, r);
    else
        replay->code = evac_engine_replay(&replay->shell->engine, r, replay->err);
    if (replay->code)
        evac_err_prefix(replay->err, "journal row %llu", (unsigned long long)r->seq);
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
    if (code)
        return code;

    struct evac_now now = shell_now(shell);
    shell_notify_replayed(shell);
    shell->engine.lead = shell->o.store->vt->lead(shell->o.store, &shell->engine.epoch);
    shell->busy = true;
    evac_engine_resume(&shell->engine, &now, shell->fx);
    code = shell_perform(shell, err);
    shell->busy = false;
    return code ? code : evac_shell_tick(shell, err);
}
