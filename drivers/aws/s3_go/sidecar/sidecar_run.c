#include "sidecar_internal.h"

#include "log.h"

#include <stdio.h>

#define RUN_MS     60000u
#define OUTPUT_MAX 4096u

static void on_ran(void *user, const struct evac_exec_reply *reply)
{
    struct sidecar *s = user;
    bool good = reply->started && !reply->timed_out && reply->exit_status == 0;
    s->running = false;
    evac_log(good ? EVAC_LOG_INFO : EVAC_LOG_ERROR, "ran", "app=%s for=%s exit=%d text=\"%s\"",
             s->o->app, s->ran_may ? "go" : "stop", reply->exit_status, reply->error);
    if (!s->closed)
        sidecar_publish(s); /* it may have changed meanwhile */
}

static void begin(struct sidecar *s, const struct fence_command *command, bool may_write)
{
    char app[160], region[96], path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";
    const char *env[] = { app, region, may_write ? "EVAC_FENCE=go" : "EVAC_FENCE=stop", path,
                          NULL };
    struct evac_err err = { EVAC_OK, "" };
    (void)snprintf(app, sizeof app, "EVAC_FENCE_APP=%s", s->o->app);
    (void)snprintf(region, sizeof region, "EVAC_FENCE_REGION=%s", s->o->region);
    const struct evac_exec_request request = { .argv = command->words,
                                               .env = env,
                                               .total_ms = RUN_MS,
                                               .max_output_bytes = OUTPUT_MAX,
                                               .mutates = true };
    if (s->host.exec(s->host.ctx, &request, on_ran, s, &err))
        evac_log(EVAC_LOG_ERROR, "ran", "app=%s for=%s text=\"%s\"", s->o->app,
                 may_write ? "go" : "stop", err.text);
    else
        s->running = true;
}

void sidecar_run(struct sidecar *s, bool may_write)
{
    const struct fence_command *command = may_write ? &s->o->on_go : &s->o->on_stop;
    bool changed = s->ran_any ? s->ran_may != may_write : may_write;
    if (s->running || !changed)
        return;
    s->ran_any = true;
    s->ran_may = may_write;
    if (command->words[0])
        begin(s, command, may_write);
}
