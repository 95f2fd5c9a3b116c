#include "watch.h"

#include "run.h"

#include <string.h>

bool evac_watch_measures(const struct evac_watch *watch)
{
    return watch->verbs & (1u << EVAC_VERB_MEASURE | 1u << EVAC_VERB_MARK | 1u << EVAC_VERB_SEEK);
}

void evac_watch_clock_went_back(struct evac_watch *watch, int64_t from_ms)
{
    if (from_ms > watch->clock_from_ms)
        watch->clock_from_ms = from_ms;
}

void evac_watch_turn(struct evac_watch *watch)
{
    struct evac_watch fresh = { .verbs = watch->verbs,
                                .lag_ms = -1,
                                .last_mark = watch->last_mark,
                                .clock_from_ms = watch->clock_from_ms,
                                .mark_call = watch->mark_call,
                                .seek_call = watch->seek_call,
                                .measure_call = watch->measure_call,
                                .still_call = watch->still_call };
    *watch = fresh;
}

static bool fact(const struct evac_reply *reply, const char *name, int64_t *ret_value)
{
    for (size_t i = 0; i < reply->fact_count; i++)
        if (strcmp(reply->facts[i].name, name) == 0) {
            *ret_value = reply->facts[i].value;
            return true;
        }
    return false;
}

void evac_watch_marked(struct evac_watch *watch, int64_t marker, const struct evac_reply *reply)
{
    if (reply->outcome != EVAC_OUTCOME_ACCEPTED)
        return;
    watch->acked[watch->acked_at % EVAC_MARKS] = marker;
    watch->acked_at++;
    if (watch->acked_count < EVAC_MARKS)
        watch->acked_count++;
}

void evac_watch_found(struct evac_watch *watch, const struct evac_reply *reply)
{
    int64_t marker;
    if (reply->seen == EVAC_SEEN_SATISFIED && fact(reply, "marker", &marker) &&
        marker > watch->found)
        watch->found = marker;
}

void evac_watch_measured(struct evac_watch *watch, const struct evac_reply *reply, int64_t until_ms)
{
    int64_t lag, as_of;
    if (reply->seen != EVAC_SEEN_SATISFIED || !fact(reply, "lag_ms", &lag) ||
        !fact(reply, "as_of_wall_ms", &as_of) || lag < 0 || as_of < watch->lag_as_of_ms ||
        as_of - lag > until_ms)
        return;
    watch->lag_ms = lag;
    watch->lag_as_of_ms = as_of;
    if (as_of - lag > watch->replicated_until_ms)
        watch->replicated_until_ms = as_of - lag;
}

static int64_t behind(const struct evac_watch *watch, int64_t until_ms, int64_t reference_ms)
{
    if (until_ms == 0 || reference_ms < watch->clock_from_ms)
        return EVAC_LOSS_UNKNOWN;
    return reference_ms > until_ms ? reference_ms - until_ms : 0;
}

int64_t evac_watch_loss_by_lag(const struct evac_watch *watch, int64_t reference_ms)
{
    return behind(watch, watch->replicated_until_ms, reference_ms);
}

/* Replication keeps the order: what was written before the newest marker that arrived, arrived too.
 */
int64_t evac_watch_loss_by_canary(const struct evac_watch *watch, int64_t reference_ms)
{
    return behind(watch, watch->found, reference_ms);
}

int64_t evac_watch_loss(const struct evac_watch *watch, int64_t reference_ms)
{
    int64_t worst = -1;
    if (watch->verbs & (1u << EVAC_VERB_MEASURE))
        worst = evac_watch_loss_by_lag(watch, reference_ms);
    if (watch->verbs & (1u << EVAC_VERB_MARK)) {
        int64_t canary = evac_watch_loss_by_canary(watch, reference_ms);
        /* two measures of one thing: a canary that speaks replaces a metric that is silent */
        if (worst == EVAC_LOSS_UNKNOWN || worst < 0 ||
            (canary != EVAC_LOSS_UNKNOWN && canary > worst))
            worst = canary;
    }
    return worst;
}

void evac_watch_note_lag(struct evac_watch *watch, int64_t wall_ms, int64_t loss_ms)
{
    watch->lags[watch->lag_at++ % EVAC_LAGS] = (struct evac_lag_sample){ wall_ms, loss_ms };
    if (watch->lag_count < EVAC_LAGS)
        watch->lag_count++;
}

const struct evac_lag_sample *evac_watch_lag(const struct evac_watch *watch, uint32_t i)
{
    return &watch->lags[(watch->lag_at - watch->lag_count + i) % EVAC_LAGS];
}

#define LAG_TOLD_EVERY_MS 600000
#define LAG_SAME_MS       500

bool evac_watch_lag_is_news(const struct evac_watch *watch, int64_t wall_ms, int64_t loss_ms)
{
    const struct evac_lag_sample *told = &watch->lag_told;
    int64_t by = loss_ms > told->loss_ms ? loss_ms - told->loss_ms : told->loss_ms - loss_ms;
    if (told->wall_ms == 0 || wall_ms - told->wall_ms >= LAG_TOLD_EVERY_MS ||
        wall_ms < told->wall_ms || (loss_ms < 0) != (told->loss_ms < 0))
        return true;
    return by > LAG_SAME_MS && by > told->loss_ms / 4;
}

#define AGREE_MS 5000

static int64_t apart(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

/* A bound by lag holds what was written since its sample as lost: that much it may say more than
 * the markers do, and they than it, without either lying. */
static bool two_agree(const struct evac_watch *watch, int64_t reference_ms)
{
    int64_t lag = evac_watch_loss_by_lag(watch, reference_ms);
    int64_t canary = evac_watch_loss_by_canary(watch, reference_ms);
    int64_t age = reference_ms > watch->lag_as_of_ms ? reference_ms - watch->lag_as_of_ms : 0;
    return lag != EVAC_LOSS_UNKNOWN && canary != EVAC_LOSS_UNKNOWN &&
           apart(lag, canary) <= AGREE_MS + age;
}

bool evac_watch_agrees(const struct evac_watch *watch, int64_t reference_ms, uint16_t wanted)
{
    bool lag = watch->verbs & (1u << EVAC_VERB_MEASURE);
    bool canary = watch->verbs & (1u << EVAC_VERB_MARK);
    if (!lag && !canary)
        return true;
    if (wanted == 2 || (wanted == 0 && lag && canary))
        return lag && canary && two_agree(watch, reference_ms);
    return evac_watch_loss(watch, reference_ms) != EVAC_LOSS_UNKNOWN;
}

uint32_t evac_watch_lost(const struct evac_watch *watch, int64_t *ret_markers, uint32_t max)
{
    uint32_t lost = 0;
    for (uint32_t i = 0; i < watch->acked_count; i++) {
        int64_t marker = watch->acked[(watch->acked_at - watch->acked_count + i) % EVAC_MARKS];
        if (marker <= watch->found)
            continue;
        if (lost < max)
            ret_markers[lost] = marker;
        lost++;
    }
    return lost;
}
