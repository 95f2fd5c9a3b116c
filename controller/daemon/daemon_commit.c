/*
 * When the journal is written. What one turn of the loop brings is made durable before the loop
 * sleeps, in one write: an answer, an intent or a letter that waits for its row waits no longer
 * than the turn, however many wait with it. Rows that nothing waits for go with the next that
 * something does, and after LINGER_MS at the latest.
 */
#include "daemon_internal.h"

#include "log.h"

#define LINGER_MS   5u
#define LINGER_ROWS 1024u
/* A commit lets calls begin, whose refusals are rows again: so often in one turn, then others have
 * theirs. */
#define ROUNDS 8u

struct evac_store *daemon_group(struct evac_daemon *daemon, struct evac_store *store)
{
    if (daemon->kill_at && !daemon->kill_group) /* each event's rows are to be a commit */
        return store;
    daemon->group = evac_group_new(store);
    return evac_group_store(daemon->group);
}

struct evac_store *daemon_disk(const struct evac_daemon *daemon)
{
    if (daemon->replica)
        return daemon->replica;
    return daemon->group ? evac_group_inner(daemon->group) : daemon->store;
}

static void commit(struct evac_daemon *daemon)
{
    struct evac_err err = { EVAC_OK, "" };
    evac_log_together(true); /* a line a row */
    if (evac_group_commit(daemon->group, &err))
        evac_log(EVAC_LOG_ERROR, "journal_failed", "reason=\"%s\"", err.text);
    evac_log_together(false);
}

void evac_daemon_commit(struct evac_daemon *daemon)
{
    for (unsigned i = 0; daemon->group && evac_group_waiting(daemon->group) && i < ROUNDS; i++)
        commit(daemon);
}

static void on_linger(uv_timer_t *timer)
{
    struct evac_daemon *daemon = timer->data;
    if (daemon->group)
        commit(daemon);
}

void daemon_commit_turn(struct evac_daemon *daemon)
{
    size_t waiting = daemon->group ? evac_group_waiting(daemon->group) : 0;
    for (unsigned i = 0; waiting && i < ROUNDS; i++) {
        if (!evac_group_is_awaited(daemon->group) && waiting < LINGER_ROWS)
            break;
        commit(daemon);
        waiting = evac_group_waiting(daemon->group);
    }
    bool again = waiting && evac_group_is_awaited(daemon->group);
    if (!waiting) /* what it was set for is written: later rows have their own time */
        uv_timer_stop(&daemon->linger);
    else if (again || !uv_is_active((uv_handle_t *)&daemon->linger))
        uv_timer_start(&daemon->linger, on_linger, again ? 0 : LINGER_MS, 0);
}

void daemon_commit_open(struct evac_daemon *daemon)
{
    uv_timer_init(daemon->loop, &daemon->linger);
    daemon->linger.data = daemon;
}

void daemon_commit_close(struct evac_daemon *daemon)
{
    uv_close((uv_handle_t *)&daemon->linger, NULL);
}
