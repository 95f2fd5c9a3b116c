#include "aws_gather.h"

#include "aws_allow.h"

#include <stdlib.h>
#include <string.h>

/* --- which --------------------------------------------------------------------------------------
 */

static struct aws_gathering *find(struct evac_link *link, const struct aws_gather *how,
                                  struct evac_str key)
{
    struct aws_gathering *g = link->gatherings;
    while (g && !(g->how == how && evac_str_is(key, g->key)))
        g = g->next;
    return g;
}

static struct aws_gathering *make(struct evac_link *link, const struct aws_gather *how,
                                  struct evac_str key)
{
    struct aws_gathering *g = calloc(1, sizeof *g);
    if (!g)
        abort();
    g->how = how;
    g->link = link;
    g->key = calloc(1, key.n + 1);
    if (!g->key)
        abort();
    memcpy(g->key, key.p, key.n);
    g->next = link->gatherings;
    link->gatherings = g;
    return g;
}

static void gathering_free(struct aws_gathering *g)
{
    free(g->key);
    free(g);
}

static void leave_link(struct aws_gathering *g)
{
    struct aws_gathering **at = &g->link->gatherings;
    while (*at != g)
        at = &(*at)->next;
    *at = g->next;
}

/* --- members ------------------------------------------------------------------------------------
 */

static void enter(struct aws_gathering *g, struct aws_member *m)
{
    m->of = g;
    m->number = ++g->joined;
    m->flight = NULL;
    m->next = NULL;
    m->before = g->last;
    *(g->last ? &g->last->next : &g->first) = m;
    g->last = m;
    g->count++;
}

static void leave(struct aws_member *m)
{
    struct aws_gathering *g = m->of;
    *(m->before ? &m->before->next : &g->first) = m->next;
    *(m->next ? &m->next->before : &g->last) = m->before;
    g->count--;
}

void aws_board(struct aws_flight *f, struct aws_member *m)
{
    m->flight = f;
    f->count++;
}

void aws_wait_again(struct aws_member *m)
{
    m->flight = NULL;
}

void aws_tell(struct aws_member *m, const struct evac_aws_reply *reply)
{
    struct aws_call *c = m->c;
    leave(m);
    c->member = NULL;
    aws_replied(c, reply);
}

/* --- exchanges ----------------------------------------------------------------------------------
 */

static void depart(struct aws_gathering *g);

static void on_due(void *user)
{
    struct aws_gathering *g = user;
    g->timing = false;
    depart(g);
}

/* What happens at this instant belongs together, so it is looked at when the instant is over. */
static void depart_soon(struct aws_gathering *g)
{
    const struct evac_host *host = g->link->host;
    uint64_t now = host->now_ms(host->ctx);
    uint64_t ms = g->held_until_ms > now ? g->held_until_ms - now : 0;
    struct evac_err err = { EVAC_OK, "" };
    if (g->timing)
        host->timer_stop(host->ctx, g->timer_id);
    g->timing = true;
    if (host->timer(host->ctx, ms, on_due, g, &g->timer_id, &err))
        abort(); /* a host without timers can do nothing at all */
}

void aws_hold(struct aws_gathering *g, uint64_t ms)
{
    const struct evac_host *host = g->link->host;
    g->held_until_ms = host->now_ms(host->ctx) + ms;
}

/* A call that is told may close the link, when it was the last one. */
static void end_answering(struct aws_gathering *g)
{
    g->answering = false;
    if (!g->link) {
        gathering_free(g);
    } else if (g->count) {
        depart_soon(g);
    } else if (g->flights == 0) {
        if (g->timing)
            g->link->host->timer_stop(g->link->host->ctx, g->timer_id);
        leave_link(g);
        gathering_free(g);
    }
}

static void tell_unsent(struct aws_member *m, const char *why)
{
    const struct evac_aws_reply unsent = { .outcome = EVAC_OUTCOME_NOT_SENT,
                                           .message = evac_str(why) };
    aws_tell(m, &unsent);
}

static void flight_free(struct aws_flight *f)
{
    evac_arena_free(f->arena);
    free(f);
}

static void land(struct aws_flight *f, const struct evac_aws_reply *reply)
{
    struct aws_gathering *g = f->of;
    struct aws_flight **at = &g->flying;
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    g->flights--;
    g->how->landed(f, reply);
    flight_free(f);
}

static void on_reply(void *user, const struct evac_aws_reply *reply)
{
    struct aws_flight *f = user;
    struct aws_gathering *g = f->of;
    g->answering = true;
    land(f, reply);
    end_answering(g);
}

static void weed(struct aws_gathering *g)
{
    for (struct aws_member *m = g->first, *next; m; m = next) {
        next = m->next;
        if (!m->flight && m->c->cancelled)
            tell_unsent(m, "cancelled before it was sent");
    }
}

static struct aws_call *someone_of(const struct aws_flight *f)
{
    const struct aws_member *m = f->of->first;
    while (m && m->flight != f)
        m = m->next;
    return m ? m->c : NULL;
}

/* False: nothing more is sent at this instant. */
static bool send_one(struct aws_gathering *g)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_aws_request request;
    struct aws_flight *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    *f = (struct aws_flight){ .of = g, .arena = evac_arena_new(), .number = g->joined };
    if (!g->how->load(f, &request)) {
        flight_free(f);
        return false;
    }
    f->next = g->flying;
    g->flying = f;
    g->flights++;
    if (aws_send_as(someone_of(f), &request, on_reply, f, &f->id, &err) == EVAC_OK)
        return true;
    const struct evac_aws_reply unsent = { .outcome = EVAC_OUTCOME_NOT_SENT,
                                           .message = evac_str(err.text) };
    land(f, &unsent);
    return false;
}

static bool is_held(const struct aws_gathering *g)
{
    const struct evac_host *host = g->link->host;
    return g->held_until_ms > host->now_ms(host->ctx);
}

static void depart(struct aws_gathering *g)
{
    bool more = true;
    g->answering = true;
    weed(g);
    while (more && g->link && g->count && g->flights < g->how->flights_max && !is_held(g))
        more = send_one(g);
    if (g->link && g->flights)
        g->answering = false; /* who waits leaves when one of those has landed */
    else
        end_answering(g);
}

/* --- from outside -------------------------------------------------------------------------------
 */

enum evac_code aws_gather(struct aws_call *c, const struct aws_gather *how, struct evac_str what,
                          const struct evac_aws_request *request, struct aws_member *member,
                          aws_reply_fn *then, struct evac_err *err)
{
    struct evac_str key =
        aws_printf(c, "%.*s %.*s",
                   EVAC_STR_ARG(evac_aws_signer(c->link->aws, c->app, request->region, c->arena)),
                   EVAC_STR_ARG(what));
    enum evac_code code = aws_allow(c, request, err);
    struct aws_gathering *g = find(c->link, how, key);
    if (code)
        return code;
    if (g && g->count >= AWS_MEMBERS_MAX)
        return evac_fail(err, EVAC_E_BUSY, "%u calls wait for %s of %.*s already", AWS_MEMBERS_MAX,
                         how->name, EVAC_STR_ARG(what));
    g = g ? g : make(c->link, how, key);
    member->c = c;
    c->member = member;
    c->on_reply = then;
    enter(g, member);
    if (!g->answering && g->flights < how->flights_max)
        depart_soon(g);
    return EVAC_OK;
}

void aws_member_cancelled(struct aws_member *member)
{
    struct aws_gathering *g = member->of;
    const struct aws_flight *f = member->flight;
    bool wanted = false;
    for (const struct aws_member *m = f ? g->first : NULL; m; m = m->next)
        wanted |= m->flight == f && !m->c->cancelled;
    if (f && !wanted)
        evac_aws_cancel(g->link->aws, f->id);
    else if (!f && !g->answering)
        depart_soon(g);
}

void aws_gatherings_done(struct evac_link *link)
{
    while (link->gatherings) {
        struct aws_gathering *g = link->gatherings;
        link->gatherings = g->next;
        if (g->timing)
            link->host->timer_stop(link->host->ctx, g->timer_id);
        g->link = NULL;
        while (g->flying) {
            struct aws_flight *f = g->flying;
            g->flying = f->next;
            flight_free(f);
        }
        if (!g->answering)
            gathering_free(g);
    }
}
