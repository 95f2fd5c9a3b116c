/*
 * Rows to the store. Of some stores they are durable when append returns, of others later: what the
 * shell itself knows by them it knows at once, for the rows come in order or not at all; what
 * others are told, and what is done for them outside, waits until they are durable. An intent is
 * one of those: the engine makes no call that changes anything before COMMITTED (R1).
 */
#include "shell_internal.h"

#include <stdlib.h>

/* --- runs that are over ----------------------------------------------------------------------- */

static void end_durable_runs(struct evac_shell *shell)
{
    for (struct shell_run *run = shell->runs, *next; run; run = next) {
        next = run->next;
        if (!run->over || run->ended || run->last_seq > shell->durable)
            continue;
        if (shell->o.ended)
            shell->o.ended(shell->o.user, run->memory);
        run->ended = true;
        shell_release_run(shell, run);
    }
}

void shell_end_run(struct evac_shell *shell, const struct evac_run *run)
{
    struct shell_run *memory = run->owner;
    shell_assure_soon(shell, run->plan->app); /* the next move is another one */
    memory->over = true;
    memory->last_seq = shell->accepted;
    end_durable_runs(shell);
}

/* --- rows ------------------------------------------------------------------------------------- */

static void hear_durable(struct evac_shell *shell, const struct evac_record *rows, size_t count)
{
    bool intent = false;
    shell->durable = rows[count - 1].seq;
    if (shell->o.committed)
        shell->o.committed(shell->o.user, shell->durable);
    for (size_t i = 0; i < count; i++) {
        intent = intent || rows[i].kind == EVAC_RECORD_INTENT;
        if (shell->o.row)
            shell->o.row(shell->o.user, &rows[i]);
    }
    if (intent)
        shell->commit_to_tell = shell->durable;
}

static void on_durable(void *user, const struct evac_record *rows, size_t count)
{
    struct evac_shell *shell = user;
    struct evac_err err = { EVAC_OK, "" };
    if (shell->failed || shell->dying)
        return;
    shell->busy = true;
    hear_durable(shell, rows, count);
    end_durable_runs(shell);
    enum evac_code code = shell_settle_debts(shell, &err);
    code = code ? code : shell_notify_durable(shell, &err);
    shell->busy = false;
    shell->failed = shell->failed || code;
}

static void on_lost(void *user, const char *why)
{
    struct evac_shell *shell = user;
    (void)why; /* the store's owner knows */
    shell->failed = true;
}

void shell_listen(struct evac_shell *shell, bool listens)
{
    const struct evac_store_listener listener = { shell, on_durable, on_lost };
    struct evac_store *store = shell->o.store;
    if (store->vt->listen)
        store->vt->listen(store, listens ? &listener : NULL);
}

static size_t count_rows(const struct evac_effects *fx)
{
    size_t count = 0;
    for (size_t i = 0; i < fx->count; i++)
        count += fx->items[i].kind == EVAC_FX_JOURNAL;
    return count;
}

/* NULL: there are none, as of most steps. */
static struct evac_record *rows_of(const struct evac_effects *fx, size_t *ret_count)
{
    size_t count = count_rows(fx), n = 0;
    struct evac_record *rows = count ? malloc(count * sizeof *rows) : NULL;
    *ret_count = count;
    if (count && !rows)
        abort();
    for (size_t i = 0; n < count; i++)
        if (fx->items[i].kind == EVAC_FX_JOURNAL)
            rows[n++] = fx->items[i].u.record;
    return rows;
}

static void see(struct evac_shell *shell, const struct evac_record *rows, size_t count)
{
    shell->accepted = rows[count - 1].seq;
    for (size_t i = 0; i < count; i++) {
        shell_calendar_see(shell, &rows[i]);
        shell_requests_see(shell->requests, &rows[i]);
        shell_notify_see(shell, &rows[i]);
    }
}

/* The whole batch's rows in one write, before anything else of it is done. */
enum evac_code shell_commit(struct evac_shell *shell, struct evac_err *err)
{
    size_t count;
    struct evac_record *rows = rows_of(shell->fx, &count);
    enum evac_code code = EVAC_OK;
    if (count && shell->o.committing)
        shell->o.committing(shell->o.user);
    if (count)
        code = shell->o.store->vt->append(shell->o.store, rows, count, err);
    if (code)
        shell->failed = true;
    else if (count)
        see(shell, rows, count);
    if (!code && count && !shell->o.store->vt->listen)
        hear_durable(shell, rows, count);
    free(rows);
    return code;
}

/* --- what callers may ask --------------------------------------------------------------------- */

uint64_t evac_shell_accepted(const struct evac_shell *shell)
{
    return shell->accepted;
}

uint64_t evac_shell_durable(const struct evac_shell *shell)
{
    return shell->durable;
}
