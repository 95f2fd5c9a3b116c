/* Services are asked no faster than they take it, whoever of this process asks. */
#include "daemon_internal.h"

#include "host_paced.h"

static struct evac_pace *make(const struct evac_model *model, const struct evac_facts *facts)
{
    uint32_t share = model->controller.limits_share;
    return share ? evac_pace_new(facts, share) : NULL;
}

const struct evac_pace *evac_daemon_pace(const struct evac_daemon *daemon)
{
    return daemon->pace;
}

void daemon_pace_open(struct evac_daemon *daemon)
{
    daemon->pace = make(daemon->model, daemon->facts);
    daemon->paced = evac_host_paced_new(evac_host_tally_host(daemon->tally), daemon->pace);
}

/* What was learned of refusals is learned anew. */
void daemon_pace_reloaded(struct evac_daemon *daemon, const struct evac_model *model,
                          const struct evac_facts *facts)
{
    struct evac_pace *old = daemon->pace;
    daemon->pace = make(model, facts);
    evac_host_paced_set(daemon->paced, daemon->pace);
    evac_pace_free(old);
}

void daemon_pace_refused(struct evac_daemon *daemon, struct evac_str operation,
                         struct evac_str region)
{
    uint64_t now = evac_daemon_now_ms(daemon);
    if (!daemon->pace)
        return;
    struct evac_pace_key key = evac_pace_find(daemon->pace, operation, region, now);
    evac_pace_refused(daemon->pace, &key, now);
}

void daemon_pace_close(struct evac_daemon *daemon)
{
    evac_host_paced_free(daemon->paced);
    evac_pace_free(daemon->pace);
}
