/* The store that a shell works with: it writes to etcd, and reads from the replica. */
#include "share_internal.h"

static struct evac_share *of(struct evac_store *store)
{
    return (struct evac_share *)(void *)store;
}

static enum evac_code append(struct evac_store *store, const struct evac_record *rows, size_t count,
                             struct evac_err *err)
{
    struct evac_share *s = of(store);
    if (!share_leads(s))
        return evac_fail(err, EVAC_E_STORE, "this controller does not lead: the journal is %s's",
                         s->leader.epoch ? s->leader.node : "nobody");
    share_set_role(s, EVAC_SHARE_LEADS);
    return share_write_accept(s, rows, count, err);
}

static enum evac_code read_rows(struct evac_store *store, const struct evac_store_filter *filter,
                                evac_row_fn *fn, void *user, struct evac_err *err)
{
    struct evac_store *replica = of(store)->o.replica;
    return replica->vt->read(replica, filter, fn, user, err);
}

static uint64_t last_seq(struct evac_store *store)
{
    struct evac_store *replica = of(store)->o.replica;
    return replica->vt->last_seq(replica);
}

static bool lead(struct evac_store *store, uint64_t *ret_epoch)
{
    struct evac_share *s = of(store);
    *ret_epoch = (uint64_t)s->epoch;
    return share_leads(s) && share_now(s) < share_lead_until(s);
}

static void close_share(struct evac_store *store)
{
    (void)store;
}

static void listen_to(struct evac_store *store, const struct evac_store_listener *listener)
{
    struct evac_share *s = of(store);
    s->has_listener = listener != NULL;
    s->listener = listener ? *listener : (struct evac_store_listener){ .user = NULL };
    if (listener && s->role == EVAC_SHARE_CAUGHT) {
        share_set_role(s, EVAC_SHARE_LEADS);
        share_kick(s);
    }
}

const struct evac_store_vtable share_store_vtable = { append,      read_rows, last_seq, lead,
                                                      close_share, NULL,      listen_to };

struct evac_store *evac_share_store(struct evac_share *share)
{
    return &share->store;
}
