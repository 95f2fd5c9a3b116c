/*
 * The question whether a region is evacuated: one for all of its apps that may not go by
 * themselves. Whoever is to be told when nobody answers is told in turn; when its time is up it
 * stays open and is told again, or counts as a no. A yes is never taken for granted. What was told
 * is the fold of the INCIDENT rows, so that after a crash nobody is told twice.
 */
#include "engine_internal.h"

/* "120 of 200 apps wait for one yes" */
static void say_waiting(const struct evac_fleet_region *region, struct evac_text *text)
{
    evac_text_u64(text, region->incident.asking);
    evac_text_puts(text, " of ");
    evac_text_u64(text, region->counts[EVAC_FLEET_SERVING]);
    evac_text_puts(text, " apps wait for one yes");
}

static void propose(struct engine_io *io, struct evac_fleet_region *region)
{
    char text[160];
    struct evac_text line;
    evac_text_init(&line, text, sizeof text);
    evac_text_puts(&line, "its evacuation is proposed: ");
    say_waiting(region, &line);
    engine_incident_record(io, region, "proposed", region->incident.state, EVAC_STR_NONE, text, 0);
    region->incident.asked_boot_ms = (int64_t)io->now->boot_ms;
    engine_incident_notice(
        io, region, text, "; 'evac approve --incident REGION' or 'evac decline --incident REGION'");
}

/* --- nobody answers
 * ------------------------------------------------------------------------------------ */

/* "us-east-1: nobody has answered for 5m00s: 120 of 200 apps wait for one yes; " */
static void begin_text(const struct engine_io *io, const struct evac_fleet_region *region,
                       struct evac_text *text)
{
    int64_t waited = (int64_t)io->now->boot_ms - region->incident.asked_boot_ms;
    evac_text_puts(text, region->name);
    evac_text_puts(text, ": nobody has answered for ");
    evac_text_duration(text, waited > 0 ? (uint64_t)waited : 0);
    evac_text_puts(text, ": ");
    say_waiting(region, text);
    evac_text_puts(text, "; ");
}

static void tell(struct engine_io *io, struct evac_str to, struct evac_str text)
{
    evac_effects_add(io->fx, EVAC_FX_NOTICE)->u.notice =
        (struct evac_notice_effect){ .alarm = true, .text = text.p, .to = to };
}

static void escalate(struct engine_io *io, struct evac_fleet_region *region)
{
    struct evac_incident *i = &region->incident;
    const struct evac_escalation *next =
        &io->engine->model->controller.incident_escalate[i->escalated];
    struct evac_text text = evac_effects_text(io->fx, 400);
    begin_text(io, region, &text);
    evac_text_put(&text, next->to);
    evac_text_puts(&text, " is told: 'evac incident ");
    evac_text_puts(&text, region->name);
    evac_text_puts(&text, "'");
    struct evac_str said = evac_effects_text_end(io->fx, &text);
    engine_incident_record(io, region, "escalated", i->state, EVAC_STR_NONE, said.p,
                           i->escalated + 1);
    tell(io, next->to, said);
}

static void expire(struct engine_io *io, struct evac_fleet_region *region)
{
    struct evac_incident *i = &region->incident;
    const struct evac_controller_conf *conf = &io->engine->model->controller;
    bool holds = conf->incident_at_expiry == EVAC_AT_EXPIRY_HOLD;
    int64_t waited = (int64_t)io->now->boot_ms - i->asked_boot_ms;
    int64_t times =
        waited / (int64_t)conf->incident_expiry_ms; /* all that passed while it was down */
    struct evac_text text = evac_effects_text(io->fx, 400);
    begin_text(io, region, &text);
    evac_text_puts(&text, holds ? "the question stays open: 'evac approve --incident "
                                : "its time is up, nothing begins; to begin it all the same: 'evac "
                                  "approve --incident ");
    evac_text_puts(&text, region->name);
    evac_text_puts(&text, "'");
    struct evac_str said = evac_effects_text_end(io->fx, &text);
    if (holds)
        engine_incident_record(io, region, "reminded", i->state, EVAC_STR_NONE, said.p,
                               times < UINT16_MAX ? times : UINT16_MAX);
    else
        engine_incident_record(io, region, "expired", EVAC_INCIDENT_DECLINED, EVAC_STR_NONE, said.p,
                               0);
    tell(io, EVAC_STR_NONE, said);
}

/* --- its times
 * ---------------------------------------------------------------------------------------- */

bool evac_incident_asks(const struct evac_incident *i)
{
    return i->state == EVAC_INCIDENT_OPEN && i->proposed && !i->approved && i->asking > 0;
}

int64_t evac_incident_expiry_ms(const struct evac_engine *engine, const struct evac_incident *i)
{
    return (int64_t)engine->model->controller.incident_expiry_ms * (1 + i->reminded);
}

const struct evac_escalation *evac_incident_next(const struct evac_engine *engine,
                                                 const struct evac_incident *i)
{
    const struct evac_controller_conf *conf = &engine->model->controller;
    return i->escalated < conf->incident_escalate_count ? &conf->incident_escalate[i->escalated]
                                                        : NULL;
}

/* Is it due, so long after it was asked? If not, look again when it is. */
static bool is_due(struct engine_io *io, const struct evac_incident *i, int64_t after_ms)
{
    int64_t at = i->asked_boot_ms + after_ms;
    struct evac_fleet *fleet = &io->engine->fleet;
    if ((int64_t)io->now->boot_ms >= at)
        return true;
    if ((uint64_t)at < fleet->wake_ms)
        fleet->wake_ms = (uint64_t)at;
    return false;
}

void engine_incident_ask(struct engine_io *io, struct evac_fleet_region *region)
{
    struct evac_incident *i = &region->incident;
    const struct evac_escalation *next;
    if (!i->proposed && !i->approved && i->asking)
        propose(io, region);
    while (evac_incident_asks(i) && evac_effects_has_room(io->fx) &&
           (next = evac_incident_next(io->engine, i)) && is_due(io, i, next->after_ms))
        escalate(io, region);
    if (evac_incident_asks(i) && evac_effects_has_room(io->fx) &&
        is_due(io, i, evac_incident_expiry_ms(io->engine, i)))
        expire(io, region);
}

void engine_incidents_resume(struct evac_engine *engine, const struct evac_now *now)
{
    for (size_t r = 0; r < engine->fleet.region_count; r++) {
        struct evac_incident *i = &engine->fleet.regions[r].incident;
        int64_t waited = now->wall_ms - i->asked_wall_ms;
        i->asked_boot_ms = (int64_t)now->boot_ms - (waited > 0 ? waited : 0);
    }
}
