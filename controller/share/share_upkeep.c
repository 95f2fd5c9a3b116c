/*
 * What is done for etcd's disk: each controller looks at how full it is, and the leader lets old
 * revisions of the journal's end go (compaction). etcd keeps every revision of every key until it
 * is told not to, and once its quota is used up it takes no writes at all
 * (https://etcd.io/docs/v3.5/op-guide/maintenance/).
 */
#include "share_internal.h"

#include <string.h>

#define UPKEEP_MS        60000u
#define REVISIONS_KEPT   100
#define REVISIONS_OLD    1000 /* so many, and the old ones go */
#define FULL_PER_CENT    70
#define STATUS_MAX_BYTES 512u

static void ask(struct evac_share *s, const char *path, const char *name, int64_t number,
                evac_gateway_fn *fn)
{
    struct evac_buf body;
    evac_buf_init(&body, STATUS_MAX_BYTES);
    if (name)
        evac_buf_putf(&body, "{\"%s\":\"%lld\"}", name, (long long)number);
    else
        evac_buf_puts(&body, "{}");
    evac_gateway_ask(s->gateway, EVAC_GATEWAY_UPKEEP, path, evac_buf_str(&body), fn, s);
    evac_buf_done(&body);
}

static void on_compacted(void *user, const struct evac_gateway_answer *answer)
{
    struct evac_share *s = user;
    if (answer->fate == EVAC_GATEWAY_REFUSED && answer->code == EVAC_GATEWAY_FORBIDDEN)
        s->upkeep.forbidden = true;
    share_step(s);
}

static bool has_alarm(const cJSON *status, const char *alarm)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(status, "errors"))
    {
        if (cJSON_IsString(item) && strstr(item->valuestring, alarm))
            return true;
    }
    return false;
}

/* dbSizeQuota is told since etcd 3.6. */
static void look_at_size(struct evac_share *s, const cJSON *status)
{
    int64_t size, quota;
    if (has_alarm(status, "NOSPACE"))
        share_say_full(s);
    else
        share_unsay(s, TROUBLE_SPACE);
    if (has_alarm(status, "CORRUPT"))
        share_say(s, TROUBLE_FULL,
                  "etcd raised its alarm CORRUPT: one of its members is not like "
                  "the others");
    else if (evac_etcd_int(status, "dbSize", &size) &&
             evac_etcd_int(status, "dbSizeQuota", &quota) && quota > 0 &&
             size / FULL_PER_CENT >= quota / 100)
        share_say(s, TROUBLE_FULL,
                  "etcd has used %lld of %lld bytes: defragment it, or raise its quota",
                  (long long)size, (long long)quota);
    else
        share_unsay(s, TROUBLE_FULL);
}

static void on_status(void *user, const struct evac_gateway_answer *answer)
{
    struct evac_share *s = user;
    if (share_heard(s, answer))
        look_at_size(s, answer->json);
    else
        s->upkeep.next_ms = share_now(s) + s->o.poll_ms;
    if (share_leads(s) && !s->upkeep.forbidden &&
        s->revision > s->upkeep.compacted + REVISIONS_OLD) {
        s->upkeep.compacted = s->revision - REVISIONS_KEPT;
        ask(s, "/v3/kv/compaction", "revision", s->upkeep.compacted, on_compacted);
    }
    share_step(s);
}

void share_upkeep_step(struct evac_share *s)
{
    uint64_t now = share_now(s);
    if (now < s->upkeep.next_ms || evac_gateway_is_busy(s->gateway, EVAC_GATEWAY_UPKEEP))
        return;
    s->upkeep.next_ms = now + UPKEEP_MS;
    ask(s, "/v3/maintenance/status", NULL, 0, on_status);
}

uint64_t share_upkeep_due(const struct evac_share *s)
{
    return evac_gateway_is_busy(s->gateway, EVAC_GATEWAY_UPKEEP) ? SHARE_NEVER : s->upkeep.next_ms;
}
