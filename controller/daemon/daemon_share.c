/*
 * One of several controllers: its store is shared (share.h). While another one leads, the shell
 * follows row by row; what is seen from here is told to all others, whether this one leads or not,
 * so that each has the same view of health; when the lead comes here the same shell takes the runs
 * up. Without etcd nothing is decided or begun; what was going on is
 * shown as it was last known.
 */
#include "daemon_share.h"

#include "daemon_internal.h"
#include "log.h"
#include "share.h"
#include "share_open.h"
#include "voice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAVE_MS 3000u

_Static_assert(EVAC_BATCH_BYTES_MAX <= EVAC_SHARE_TEXT_MAX, "what is told fits into one text");

struct daemon_share {
    struct evac_share *share;
    enum evac_share_role role; /* as it was logged last */
    char leader[65];
    struct evac_voice voice;
    uint64_t timer; /* until it speaks; 0 never */
};

static bool is_held(enum evac_share_role role)
{
    return role == EVAC_SHARE_CAUGHT || role == EVAC_SHARE_LEADS;
}

bool daemon_share_follows(const struct evac_daemon *daemon)
{
    return daemon->shared != NULL && !is_held(evac_share_view(daemon->shared->share).role);
}

/* --- rows of another's ------------------------------------------------------------------------ */

static void on_rows(void *user, const struct evac_record *rows, size_t count)
{
    struct evac_daemon *daemon = user;
    struct evac_err err = { EVAC_OK, "" };
    for (size_t i = 0; i < count && daemon->shell && evac_shell_follows(daemon->shell); i++) {
        if (evac_shell_follow(daemon->shell, &rows[i], &err)) {
            evac_log(EVAC_LOG_ERROR, "not_followed", "row=%llu reason=\"%s\"",
                     (unsigned long long)rows[i].seq, err.text);
            daemon_drop_shell(daemon,
                              err.text); /* made anew from the replica, which has them all */
            return;
        }
        if (daemon->listener)
            daemon->listener(daemon->listener_user, &rows[i]);
    }
}

static void on_told(void *user, struct evac_str node, struct evac_str text)
{
    struct evac_daemon *daemon = user;
    struct evac_err err = { EVAC_OK, "" };
    if (!daemon->shell)
        return;
    if (evac_shell_vantage(daemon->shell, node, text, &daemon->shared->voice, &err))
        evac_log(EVAC_LOG_DEBUG, "vantage_refused", "vantage=%.*s reason=\"%s\"",
                 EVAC_STR_ARG(node), err.text);
    daemon_rearm(daemon);
}

/* --- roles ------------------------------------------------------------------------------------ */

static void log_role(struct daemon_share *s, const struct evac_share_view *view)
{
    if (view->role == s->role && strcmp(view->leader, s->leader) == 0)
        return;
    s->role = view->role;
    (void)evac_str_copy(s->leader, sizeof s->leader, evac_str(view->leader));
    evac_log(EVAC_LOG_INFO, "role", "role=%s leader=%s epoch=%llu",
             evac_share_role_name(view->role), view->leader[0] ? view->leader : "-",
             (unsigned long long)view->epoch);
}

/* The lead is here, and every row is in the replica: the follower has seen them all. */
static void take_lead(struct evac_daemon *daemon)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_event anchors = { .kind = EVAC_EVENT_ANCHORS, .u.abstains = daemon->abstains };
    daemon_event(daemon, &anchors); /* before anything is decided: its shell may be a new one */
    if (evac_shell_lead(daemon->shell, &err)) {
        daemon_drop_shell(daemon, err.text);
        return;
    }
    daemon_shell_leads(daemon);
}

/* The member of etcd that was asked last stands in it: people are told once, not of each in turn.
 */
static bool is_same_trouble(const char *was, const char *is)
{
    size_t n = strcspn(is, ":");
    return is[0] && strncmp(was, is, n) == 0;
}

static void act_on(struct evac_daemon *daemon, const struct evac_share_view *view)
{
    bool leads = daemon->shell && !evac_shell_follows(daemon->shell);
    log_role(daemon->shared, view);
    if (!is_same_trouble(daemon->troubles[DAEMON_TROUBLE_JOURNAL], view->trouble))
        daemon_set_trouble(daemon, DAEMON_TROUBLE_JOURNAL, view->trouble);
    if (leads && (!is_held(view->role) || evac_shell_failed(daemon->shell)))
        daemon_drop_shell(daemon, "the lead is another controller's");
    else if (!leads && daemon->shell && view->role == EVAC_SHARE_CAUGHT)
        take_lead(daemon);
}

static void on_changed(void *user)
{
    struct evac_daemon *daemon = user;
    if (!daemon->shared || daemon->stopping)
        return;
    const struct evac_share_view view = evac_share_view(daemon->shared->share);
    act_on(daemon, &view);
}

void daemon_share_drop(struct evac_daemon *daemon)
{
    evac_share_drop(daemon->shared->share);
}

struct evac_daemon_leader evac_daemon_leader(const struct evac_daemon *daemon)
{
    struct evac_daemon_leader leader = { .node = "", .address = "" };
    if (!daemon->shared)
        return leader;
    const struct evac_share_view view = evac_share_view(daemon->shared->share);
    return (struct evac_daemon_leader){ true,         evac_share_role_name(view.role),
                                        view.leader,  view.leader_address,
                                        view.epoch,   view.round_trip_ms,
                                        view.heard_ms };
}

/* --- what is seen from here ------------------------------------------------------------------- */

void daemon_share_seen(struct evac_daemon *daemon, const struct evac_seen_probe *seen)
{
    if (!daemon->shared || !seen->known)
        return;
    struct evac_sighting one = { .app = seen->app,
                                 .probe = seen->probe,
                                 .region = seen->region,
                                 .ok = seen->ok,
                                 .latency_ms = seen->latency_ms,
                                 .sent_boot_ms = seen->sent_boot_ms,
                                 .certificate_until_ms = seen->certificate_until_ms };
    (void)evac_str_copy(one.reason, sizeof one.reason, seen->reason);
    evac_voice_see(&daemon->shared->voice, daemon->model, &one);
}

static void tell_later(struct evac_daemon *daemon);

static void tell(struct evac_daemon *daemon)
{
    struct daemon_share *s = daemon->shared;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf text;
    uint64_t now = evac_daemon_now_ms(daemon);
    struct evac_voice_state state = { .now_ms = now,
                                      .asking_ms = now - daemon->asked_ms,
                                      .abstains = daemon->abstains };
    state.heard_count = evac_shell_heard(daemon->shell, state.heard);
    evac_buf_init(&text, EVAC_BATCH_BYTES_MAX);
    evac_voice_say(&s->voice, daemon->model, &state, &text);
    if (text.failed || evac_share_tell(s->share, evac_buf_str(&text), &err))
        evac_log(EVAC_LOG_WARN, "vantage_not_told", "reason=\"%s\"",
                 text.failed ? "the batch is too large" : err.text);
    evac_buf_done(&text);
}

static void on_tell(void *user)
{
    struct evac_daemon *daemon = user;
    daemon->shared->timer = 0;
    if (daemon->shell && !daemon->o.observe_only)
        tell(daemon);
    else
        evac_voice_forget(&daemon->shared->voice);
    tell_later(daemon);
}

/* As often as the others ask for it. */
static void tell_later(struct evac_daemon *daemon)
{
    const struct evac_host *host = &daemon->host;
    if (daemon->stopping || host->timer(host->ctx, daemon->model->controller.shared.poll_ms,
                                        on_tell, daemon, &daemon->shared->timer, NULL))
        daemon->shared->timer = 0;
}

/* Of a follower: what it shows grows old, and is what the leader decides by, if there is one. */
static void show(struct evac_daemon *daemon)
{
    if (!daemon->shell || !evac_shell_follows(daemon->shell))
        return;
    evac_shell_led(daemon->shell, daemon->shared->role == EVAC_SHARE_FOLLOWS &&
                                      evac_share_view(daemon->shared->share).leader[0]);
    (void)evac_shell_tick(daemon->shell, NULL);
}

void daemon_share_second(struct evac_daemon *daemon)
{
    if (!daemon->shared)
        return;
    on_changed(daemon);
    show(daemon);
    daemon_watch_second(daemon, !evac_share_view(daemon->shared->share).leader[0] ||
                                    daemon->shared->role == EVAC_SHARE_APART);
    if (!daemon->shared->timer)
        tell_later(daemon);
}

/* --- life ------------------------------------------------------------------------------------- */

enum evac_code daemon_share_open(struct evac_daemon *daemon, struct evac_err *err)
{
    const struct evac_share_options base = { .host = &daemon->host,
                                             .replica = daemon->replica,
                                             .boot_id = daemon->boot_id,
                                             .may_lead = !daemon->o.observe_only,
                                             .user_data = daemon,
                                             .changed = on_changed,
                                             .rows = on_rows,
                                             .told = on_told };
    daemon->shared = calloc(1, sizeof *daemon->shared);
    if (!daemon->shared)
        abort();
    daemon->shared->role = EVAC_SHARE_ROLE_COUNT;
    evac_voice_init(&daemon->shared->voice, &daemon->host);
    enum evac_code code =
        evac_share_open(&base, &daemon->model->controller, &daemon->shared->share, err);
    if (code)
        daemon_share_close(daemon);
    else
        daemon->store = evac_share_store(daemon->shared->share);
    return code;
}

void daemon_share_close(struct evac_daemon *daemon)
{
    if (!daemon->shared)
        return;
    if (daemon->shared->timer)
        daemon->host.timer_stop(daemon->host.ctx, daemon->shared->timer);
    evac_share_free(daemon->shared->share);
    evac_voice_done(&daemon->shared->voice);
    free(daemon->shared);
    daemon->shared = NULL;
    daemon->store = NULL;
}

/* --- an orderly end: the stop's row is durable, then the lease is given back -------------------
 */

struct leaving {
    struct evac_daemon *daemon;
    void (*done)(void *user);
    void *user;
    uint64_t until_ms;
};

static void on_left(void *user)
{
    struct leaving *l = user;
    l->done(l->user);
    free(l);
}

static void wait_for_rows(void *user)
{
    struct leaving *l = user;
    struct evac_daemon *daemon = l->daemon;
    const struct evac_shell *shell = daemon->shell;
    bool waits = shell && !evac_shell_failed(shell) &&
                 evac_shell_durable(shell) < evac_shell_accepted(shell);
    uint64_t id;
    if (waits && evac_daemon_now_ms(daemon) < l->until_ms &&
        daemon->host.timer(daemon->host.ctx, 20, wait_for_rows, l, &id, NULL) == EVAC_OK)
        return;
    evac_share_leave(daemon->shared->share, on_left, l);
}

void daemon_share_leave(struct evac_daemon *daemon, void (*done)(void *user), void *user)
{
    struct leaving *l = malloc(sizeof *l);
    if (!l)
        abort();
    *l = (struct leaving){ daemon, done, user, evac_daemon_now_ms(daemon) + LEAVE_MS };
    wait_for_rows(l);
}
