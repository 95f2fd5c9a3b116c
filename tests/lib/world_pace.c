/* A controller's process asks services no faster than they take it, by the hosts that evacd puts
 * before its own (daemon_pace.c). */
#include "world_internal.h"

#include "aws_classify.h"
#include "host_paced.h"
#include "host_wrap.h"

#include <stdlib.h>

struct pacing {
    struct evac_host inner; /* first: what passes the gate goes by it */
    struct evac_host gate, look;
    struct evac_host_tally *tally;
    struct evac_pace *pace;
    struct evac_host_paced *paced;
    struct pacing *older;
    struct seat *seat;
    bool over; /* its process has died */
};

/* Whatever waited was cancelled with its shell, so nothing of a dead process comes here. */
static enum evac_code send(void *ctx, const struct evac_http_request *request,
                           evac_http_done_fn *done, void *user, uint64_t *ret_id,
                           struct evac_err *err)
{
    struct pacing *p = ctx;
    if (p->over) {
        broke(p->seat->w, "S9: %.*s waited for its turn, and leaves after its process has died",
              EVAC_STR_ARG(request->operation));
        return evac_fail(err, EVAC_E_IO, "the process that wanted it has died");
    }
    return p->inner.http(p->inner.ctx, request, done, user, ret_id, err);
}

static void told(void *user, struct evac_str operation, struct evac_str region,
                 const struct evac_http_reply *reply)
{
    struct pacing *p = user;
    if (!p->pace || reply->fate != EVAC_HTTP_REPLIED || !evac_aws_is_throttle(reply))
        return;
    uint64_t now_ms = world_own_ms(p->seat, p->seat->w->v.now_ms);
    struct evac_pace_key key = evac_pace_find(p->pace, operation, region, now_ms);
    evac_pace_refused(p->pace, &key, now_ms);
}

static struct evac_pace *make(const struct world *w)
{
    return w->o.limits_share ? evac_pace_new(world_facts(), w->o.limits_share) : NULL;
}

void pace_begin(struct seat *s)
{
    struct pacing *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    judge_rates_begin(s);
    p->seat = s;
    s->life++;
    p->older = s->pacing;
    p->inner = s->host;
    p->gate = evac_host_passing(&p->inner);
    p->gate.ctx = p;
    p->gate.http = send;
    p->tally = evac_host_tallied(&p->gate, told, p);
    p->pace = make(s->w);
    p->paced = evac_host_paced_new(evac_host_tally_host(p->tally), p->pace);
    p->look = evac_host_readonly(evac_host_paced_host(p->paced));
    s->pacing = p;
}

void pace_lend(const struct seat *s, struct evac_shell_options *options)
{
    const struct pacing *p = s->pacing;
    options->host = evac_host_paced_host(p->paced);
    options->look_host = &p->look;
    options->paced = p->pace ? p->paced : NULL; /* where all pass nobody has a turn */
}

void pace_end(struct seat *s)
{
    s->pacing->over = true;
}

void pace_reloaded(struct seat *s)
{
    struct pacing *p = s->pacing;
    struct evac_pace *old = p->pace;
    judge_rates_begin(s);
    p->pace = make(s->w);
    evac_host_paced_set(p->paced, p->pace);
    evac_pace_free(old);
}

void pace_free(struct seat *s)
{
    for (struct pacing *p = s->pacing, *older; p; p = older) {
        older = p->older;
        evac_host_paced_free(p->paced);
        evac_host_tally_free(p->tally);
        evac_pace_free(p->pace);
        free(p);
    }
    s->pacing = NULL;
}
