/* evac vantage: looks at a controller's apps from another place, and tells it what it sees, until
 * it is ended. */
#include "agent.h"
#include "cli.h"
#include "conf.h"
#include "confine.h"
#include "host_uv.h"
#include "log.h"

#include <signal.h>
#include <string.h>

#define CONFIG_DEFAULT "/etc/evac"
#define POST_MS        5000u /* longer, and what is told is no news */
#define REPLY_MAX      65536u

struct place {
    struct evac_cli *cli;
    const char *dir;
    uv_loop_t loop;
    uv_signal_t signals[3];
    struct evac_host host;
    struct evac_model *model, *old; /* old: replaced; results may still be named by it */
    struct evac_agent *agent;
    bool stopping;
};

static enum evac_post post(void *user, const char *path, struct evac_str body, char *why,
                           size_t why_bytes)
{
    struct place *place = user;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf raw;
    evac_buf_init(&raw, REPLY_MAX);
    enum evac_exit code = evac_client_raw(place->cli->client, path, body.p, &raw, &err);
    evac_buf_done(&raw);
    (void)evac_str_copy(why, why_bytes, evac_str(err.text));
    return code == EVAC_EXIT_DONE      ? EVAC_POST_TAKEN
           : code == EVAC_EXIT_REFUSED ? EVAC_POST_REFUSED
                                       : EVAC_POST_LOST;
}

/* A bad configuration changes nothing; one that is the same neither. */
static void reload(void *user)
{
    struct place *place = user;
    struct evac_model *model = NULL;
    struct evac_err err = { EVAC_OK, "" };
    if (evac_cli_load(place->dir, &model))
        return;
    if (strcmp(model->hash, place->model->hash) == 0) {
        evac_model_free(model);
        return;
    }
    evac_model_free(place->old);
    place->old = place->model;
    place->model = model;
    evac_confine(&place->host, model);
    if (evac_agent_reload(place->agent, model, &err))
        evac_log(EVAC_LOG_ERROR, "probes_not_started", "reason=\"%s\"", err.text);
    else
        evac_log(EVAC_LOG_INFO, "reloaded", "config=%s", model->hash);
}

static void on_stopped(void *user)
{
    struct place *place = user;
    for (size_t i = 0; i < 3; i++)
        uv_close((uv_handle_t *)&place->signals[i], NULL);
    evac_host_uv_close(&place->host);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct place *place = handle->data;
    if (number == SIGHUP) {
        reload(place);
    } else if (!place->stopping) {
        place->stopping = true;
        evac_agent_stop(place->agent, on_stopped);
    }
}

static void listen_to_signals(struct place *place)
{
    static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
    for (size_t i = 0; i < 3; i++) {
        uv_signal_init(&place->loop, &place->signals[i]);
        place->signals[i].data = place;
        uv_signal_start(&place->signals[i], on_signal, numbers[i]);
    }
}

static enum evac_code begin(struct place *place, struct evac_err *err)
{
    char resolver[128];
    (void)evac_str_copy(resolver, sizeof resolver, place->model->controller.resolver);
    const struct evac_host_uv_options host = { .resolver = resolver };
    const struct evac_agent_options options = { .host = &place->host,
                                                .name = evac_str(place->cli->name),
                                                .user = place,
                                                .post = post,
                                                .other_configuration = reload };
    enum evac_code code = evac_host_uv_new(&place->loop, &host, &place->host, err);
    if (!code)
        evac_confine(&place->host, place->model);
    return code ? code : evac_agent_new(&place->loop, place->model, &options, &place->agent, err);
}

static bool is_known(const struct place *place)
{
    const struct evac_controller_conf *conf = &place->model->controller;
    for (size_t i = 0; i < conf->vantage_count; i++)
        if (evac_str_is(conf->vantages[i].name, place->cli->name))
            return true;
    return false;
}

static enum evac_exit look(struct place *place)
{
    struct evac_err err = { EVAC_OK, "" };
    enum evac_exit code = EVAC_EXIT_DONE;
    if (!is_known(place))
        return evac_cli_fail(EVAC_EXIT_REFUSED,
                             "there is no vantage '%s' in %s/evac.cfg: vantages = ( { name = "
                             "\"%s\"; } );",
                             place->cli->name, place->dir, place->cli->name);
    if (uv_loop_init(&place->loop))
        return evac_cli_fail(EVAC_EXIT_FAILED, "no event loop");
    const struct evac_controller_conf *conf = &place->model->controller;
    evac_log_setup(stderr, evac_log_level_parse(conf->log_level),
                   evac_str_is(conf->log_format, "json"));
    evac_client_limit(place->cli->client, POST_MS);
    if (begin(place, &err)) {
        code = evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
        evac_host_uv_close(&place->host);
    } else {
        listen_to_signals(place);
        evac_log(EVAC_LOG_INFO, "looking", "vantage=%s config=%s", place->cli->name,
                 place->model->hash);
    }
    (void)uv_run(&place->loop, UV_RUN_DEFAULT);
    evac_agent_free(place->agent);
    (void)uv_run(&place->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&place->loop);
    return code;
}

enum evac_exit evac_cmd_vantage(struct evac_cli *cli)
{
    struct place place = { .cli = cli, .dir = cli->config ? cli->config : CONFIG_DEFAULT };
    if (!cli->name || cli->argc)
        return evac_cli_fail(EVAC_EXIT_USAGE, "vantage: say which: --name NAME");
    enum evac_exit code = evac_cli_load(place.dir, &place.model);
    if (!code)
        code = look(&place);
    evac_model_free(place.model);
    evac_model_free(place.old);
    return code;
}
