/* What this controller tells all others: a key that ends with its lease. */
#include "share_internal.h"

#include <string.h>

static void on_told(void *user, const struct evac_gateway_answer *answer)
{
    struct evac_share *s = user;
    struct evac_etcd_result result;
    bool good =
        share_heard(s, answer) && evac_etcd_read_txn(answer->json, &result) && result.succeeded;
    if (answer->fate == EVAC_GATEWAY_REFUSED && answer->code == EVAC_GATEWAY_NOT_FOUND)
        share_lease_gone(s);
    if (good)
        s->tell_next_ms = share_now(s);
    else
        s->tell_next_ms =
            answer->fate == EVAC_GATEWAY_REFUSED ? share_now(s) + s->o.poll_ms : share_retry_ms(s);
    s->told_dirty |= !good;
    share_step(s);
}

static bool has_news(const struct evac_share *s)
{
    return s->told_dirty && share_lease_holds(s) && !s->leave_by_ms &&
           !evac_gateway_is_busy(s->gateway, EVAC_GATEWAY_TELL);
}

void share_tell_step(struct evac_share *s)
{
    char what[SHARE_NAME_MAX + 8], key[SHARE_KEY_BYTES];
    struct evac_etcd_txn txn;
    if (!has_news(s) || share_now(s) < s->tell_next_ms)
        return;
    (void)evac_str_copy(what, sizeof what, EVAC_STR("told/"));
    (void)evac_str_copy(what + 5, sizeof what - 5, evac_str(s->o.node));
    evac_etcd_txn_begin(&txn, 2 * EVAC_SHARE_TEXT_MAX);
    evac_etcd_then(&txn);
    evac_etcd_put(&txn, share_key(s, key, what), evac_buf_str(&s->told), s->lease.id);
    s->told_dirty = false;
    evac_gateway_ask(s->gateway, EVAC_GATEWAY_TELL, "/v3/kv/txn", evac_etcd_txn_text(&txn), on_told,
                     s);
    evac_etcd_txn_done(&txn);
}

uint64_t share_tell_due(const struct evac_share *s)
{
    return has_news(s) ? s->tell_next_ms : SHARE_NEVER;
}

enum evac_code evac_share_tell(struct evac_share *s, struct evac_str text, struct evac_err *err)
{
    if (text.n > EVAC_SHARE_TEXT_MAX)
        return evac_fail(err, EVAC_E_TOOBIG, "a text of %zu bytes for the others: at most %u",
                         text.n, EVAC_SHARE_TEXT_MAX);
    evac_buf_reset(&s->told);
    evac_buf_put_str(&s->told, text);
    s->told_dirty = text.n > 0;
    share_kick(s);
    return EVAC_OK;
}
