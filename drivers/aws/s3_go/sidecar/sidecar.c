#include "sidecar_internal.h"

#include "jail.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TICK_MS     500u   /* at the latest: the watchdog waits */
#define LAST_RUN_MS 10000u /* for --on-stop at the end */

uint64_t sidecar_now(const struct sidecar *sidecar)
{
    return sidecar->host.now_ms(sidecar->host.ctx);
}

/* --- what follows from it -------------------------------------------------------------------- */

static void tell_change(struct sidecar *s, const struct evac_fence_state *state)
{
    const char *word = evac_fence_reason_word(state->reason);
    char status[160];
    if (s->said_any && s->said_may == state->may_write && s->said_reason == state->reason)
        return;
    s->changes += s->said_any && s->said_may != state->may_write;
    s->said_any = true;
    s->said_may = state->may_write;
    s->said_reason = state->reason;
    if (state->may_write)
        evac_log(EVAC_LOG_INFO, "may_write", "app=%s region=%s epoch=%lld left_ms=%llu", s->o->app,
                 s->o->region, (long long)state->epoch, (unsigned long long)state->left_ms);
    else
        evac_log(EVAC_LOG_WARN, "may_not_write",
                 "app=%s region=%s epoch=%lld reason=%s text=\"%s\"", s->o->app, s->o->region,
                 (long long)state->epoch, word, evac_fence_reason_text(state->reason));
    (void)snprintf(status, sizeof status, "%s: %s",
                   state->may_write ? "may write" : "may not write",
                   evac_fence_reason_text(state->reason));
    evac_supervisor_status(&s->supervisor, status);
}

static void on_tick(uv_timer_t *timer);

static void arm(struct sidecar *s, const struct evac_fence_state *state, uint64_t now)
{
    uint64_t at = now + TICK_MS, next = evac_fence_next_ms(s->fence);
    if (next < at)
        at = next;
    if (state->may_write && state->until_ms < at)
        at = state->until_ms;
    uv_update_time(s->loop);
    uv_timer_start(&s->timer, on_tick, at > now ? at - now : 1, 0);
}

void sidecar_publish(struct sidecar *s)
{
    struct evac_fence_state state;
    uint64_t now = sidecar_now(s);
    evac_fence_may_write(s->fence, now, &state);
    sidecar_file_follow(s, &state); /* first: it must be gone in time */
    tell_change(s, &state);
    sidecar_run(s, state.may_write);
    if (!s->stopping)
        arm(s, &state, now);
}

static void on_tick(uv_timer_t *timer)
{
    struct sidecar *s = timer->data;
    uint64_t now = sidecar_now(s);
    evac_supervisor_feed(&s->supervisor, now);
    sidecar_publish(s);
    if (now < evac_fence_next_ms(s->fence))
        return;
    sidecar_read_all(s);
    sidecar_publish(s);
}

/* --- life ------------------------------------------------------------------------------------ */

static enum evac_code open_fence(struct sidecar *s, struct evac_err *err)
{
    const struct evac_fence_options options = { .app = evac_str(s->o->app),
                                                .region = evac_str(s->o->region),
                                                .copies = s->o->copy_count,
                                                .lease_ms = (uint64_t)s->o->lease_ms };
    return evac_fence_new(&options, &s->fence, err);
}

/* --on-go and --on-stop are this user's own: they stop and begin its app. */
static void let_commands_run(struct sidecar *s)
{
    char user[16];
    (void)snprintf(user, sizeof user, "%u", (unsigned)geteuid());
    const struct evac_jail_conf walls = { .user = user,
                                          .cpu_s = 60,
                                          .memory_bytes = 1u << 30,
                                          .file_bytes = 1u << 30,
                                          .files = 256,
                                          .processes = 256 };
    evac_host_uv_jail(&s->host, &walls);
}

static enum evac_code open_all(struct sidecar *s, struct evac_err *err)
{
    const struct evac_host_uv_options host = { .resolver = NULL };
    const struct evac_args none = { .count = 0 };
    enum evac_code code = open_fence(s, err);
    if (!code)
        code = sidecar_file_begin(s, err);
    if (!code)
        code = evac_host_uv_new(s->loop, &host, &s->host, err);
    if (!code)
        let_commands_run(s);
    if (!code)
        code = evac_aws_open(&s->host, &none, &s->aws, err);
    if (!code && s->o->listen)
        code = door_open(s, &s->door, err);
    return code;
}

static void warn_of_few_copies(const struct sidecar *s)
{
    if (s->o->copy_count == 1)
        evac_log(EVAC_LOG_WARN, "one_copy",
                 "app=%s region=%s text=\"one lost link stops the app: "
                 "give it a copy in a witness region too\"",
                 s->o->app, s->o->copies[0].region);
}

enum evac_code sidecar_new(uv_loop_t *loop, const struct fence_options *options,
                           struct sidecar **ret_sidecar, struct evac_err *err)
{
    struct sidecar *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    *ret_sidecar = s;
    s->o = options;
    s->loop = loop;
    evac_supervisor_init(&s->supervisor);
    uv_timer_init(loop, &s->timer);
    s->timer.data = s;
    enum evac_code code = open_all(s, err);
    if (code)
        return code;
    evac_log(EVAC_LOG_INFO, "ready", "app=%s region=%s copies=%zu lease_ms=%lld", options->app,
             options->region, options->copy_count, (long long)options->lease_ms);
    warn_of_few_copies(s);
    evac_supervisor_say(&s->supervisor, "READY=1");
    uv_timer_start(&s->timer, on_tick, 0, 0);
    return EVAC_OK;
}

static void close_all(struct sidecar *s)
{
    if (s->closed)
        return;
    s->closed = true;
    door_close(s->door);
    s->door = NULL;
    evac_aws_close(s->aws);
    s->aws = NULL;
    evac_host_uv_close(&s->host);
    uv_close((uv_handle_t *)&s->timer, NULL);
}

/* The last command has ended, or had its time. */
static void on_last_look(uv_timer_t *timer)
{
    struct sidecar *s = timer->data;
    if (!s->running || sidecar_now(s) >= s->leave_ms)
        close_all(s);
}

void sidecar_stop(struct sidecar *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    evac_supervisor_say(&s->supervisor, "STOPPING=1");
    if (!s->fence || !s->host.now_ms) { /* it never began */
        close_all(s);
        return;
    }
    s->leave_ms = sidecar_now(s) + LAST_RUN_MS;
    evac_fence_end(s->fence, sidecar_now(s));
    sidecar_publish(s);
    uv_timer_start(&s->timer, on_last_look, s->running ? TICK_MS / 10 : 0, TICK_MS / 10);
}

void sidecar_free(struct sidecar *s)
{
    if (!s)
        return;
    evac_fence_free(s->fence);
    free(s);
}
