/* The walls around programs of steps and probes: before any is run, and anew with each
 * configuration. */
#include "daemon_internal.h"

#include "confine.h"
#include "log.h"

void daemon_confine(struct evac_daemon *daemon)
{
    char how[256];
    evac_confine(&daemon->host, daemon->model);
    if (daemon->model->controller.exec_allowed)
        evac_log(EVAC_LOG_INFO, "programs_allowed", "how=\"%s\"",
                 evac_host_uv_jailed(&daemon->host, how, sizeof how));
}
