/* What the probes saw, given to the engine; the looks that they need, given to the drivers. */
#include "daemon_internal.h"
#include "daemon_share.h"

#include "log.h"

#include <stdlib.h>

static void on_seen(void *user, const struct evac_seen_probe *seen)
{
    struct evac_daemon *daemon = user;
    struct evac_event event = { .kind = EVAC_EVENT_PROBE };
    evac_meters_probe(daemon->meters, seen->app, seen->probe, seen->region,
                      !seen->known ? EVAC_PROBE_ANSWER_UNTOLD
                      : seen->ok   ? EVAC_PROBE_ANSWER_GOOD
                                   : EVAC_PROBE_ANSWER_BAD,
                      seen->latency_ms);
    if (!seen->known)
        return; /* silence makes it unknown in time */
    event.u.probe.app = seen->app;
    event.u.probe.result = (struct evac_probe_result){
        .probe = seen->probe,
        .region = seen->region,
        .ok = seen->ok,
        .latency_ms = seen->latency_ms,
        .sent_boot_ms = seen->sent_boot_ms,
        .boot_ms = seen->boot_ms,
        .wall_ms = evac_daemon_wall_ms(daemon),
        .certificate_until_ms = seen->certificate_until_ms,
        .served_by = seen->served_by,
        .reason = seen->reason,
        .asking_ms = evac_daemon_now_ms(daemon) - daemon->asked_ms,
    };
    const struct evac_probe_sample sample = { event.u.probe.result.wall_ms, seen->latency_ms,
                                              seen->ok };
    evac_probe_past_add(daemon->probe_past, seen->app, seen->probe, seen->region, &sample);
    daemon_event(daemon, &event);
    daemon_share_seen(daemon, seen);
}

static void on_cut_off(void *user, bool cut_off)
{
    struct evac_daemon *daemon = user;
    struct evac_event event = { .kind = EVAC_EVENT_ANCHORS, .u.abstains = cut_off };
    daemon->abstains = cut_off;
    daemon_event(daemon, &event);
}

/* --- looks: a driver answers ------------------------------------------------------------------ */

/* Which round of which probes a driver's answer is for. */
struct look {
    struct evac_daemon *daemon;
    const struct evac_probe_look *what; /* the model's, which is the same while begun is */
    uint64_t begun, id;
    uint32_t round;
};

static void on_looked(void *user, const struct evac_reply *reply)
{
    struct look *look = user;
    struct evac_daemon *daemon = look->daemon;
    static const enum evac_probes_answer answers[] = {
        [EVAC_LOOKED_GOOD] = EVAC_PROBES_GOOD,
        [EVAC_LOOKED_BAD] = EVAC_PROBES_BAD,
        [EVAC_LOOKED_NOTHING] = EVAC_PROBES_UNKNOWN,
    };
    char reason[120] = "";
    if (reply && daemon->probes && daemon->probes_begun == look->begun) {
        enum evac_looked found = evac_looked(look->what, reply, reason, sizeof reason);
        evac_probes_answer(daemon->probes, look->id, look->round, answers[found], reason);
    }
    free(look);
}

static const char *on_look(void *user, const struct evac_probes_look *asked)
{
    struct evac_daemon *daemon = user;
    const struct evac_app *app = evac_model_probed(daemon->model, asked->app);
    const struct evac_probe *probe = &app->probes[asked->probe];
    const struct evac_look what = { asked->app, asked->region, &probe->look, probe->reply_ms };
    struct evac_err err = { EVAC_OK, "" };
    if (!daemon->shell)
        return "the journal can not be written, and no driver is open";
    struct look *look = malloc(sizeof *look);
    if (!look)
        abort();
    *look = (struct look){ daemon, &probe->look, daemon->probes_begun, asked->id, asked->round };
    enum evac_code code = evac_shell_look(daemon->shell, &what, on_looked, look, &err);
    if (!code)
        return NULL;
    free(look);
    return evac_look_refused(code);
}

/* Anew from the model: a reload's probes begin afresh, health keeps what it knew. */
enum evac_code daemon_probe_all(struct evac_daemon *daemon, struct evac_err *err)
{
    const struct evac_probes_options options = { .host = &daemon->host,
                                                 .user = daemon,
                                                 .seen = on_seen,
                                                 .cut_off = on_cut_off,
                                                 .look = on_look };
    daemon_probe_stop(daemon);
    daemon_self_configured(daemon);
    daemon_confine(daemon);
    daemon->probes_begun++;
    daemon->asked_ms = evac_daemon_now_ms(daemon);
    daemon->probe_past = evac_probe_past_new(daemon->model);
    enum evac_code code =
        evac_probes_new(daemon->loop, daemon->model, &options, &daemon->probes, err);
    if (code)
        evac_log(EVAC_LOG_ERROR, "probes_not_started", "reason=\"%s\"", err ? err->text : "");
    return code;
}

const struct evac_probe_past *evac_daemon_probe_past(const struct evac_daemon *daemon)
{
    return daemon->probe_past;
}

void daemon_probe_stop(struct evac_daemon *daemon)
{
    evac_probes_free(daemon->probes);
    daemon->probes = NULL;
    evac_probe_past_free(daemon->probe_past);
    daemon->probe_past = NULL;
}
