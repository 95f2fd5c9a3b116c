#include "cond.h"

static unsigned need_of(const struct evac_cond *c, unsigned present)
{
    if (c->op == EVAC_COND_ANY)
        return 1;
    if (c->op == EVAC_COND_AT_LEAST && c->number < (int64_t)present)
        return (unsigned)c->number;
    return present;
}

struct evac_cond_tally evac_cond_tally(const struct evac_cond *nodes, size_t at,
                                       evac_cond_leaf_fn *leaf, const void *ctx)
{
    struct evac_cond_tally t = { 0 };
    for (size_t k = 0; k < nodes[at].child_count; k++) {
        enum evac_tri one = evac_cond_holds(nodes, nodes[at].first_child + k, leaf, ctx);
        t.yes += one == EVAC_TRI_YES;
        t.unsure += one == EVAC_TRI_UNSURE;
        t.present += one != EVAC_TRI_ABSENT;
    }
    t.need = need_of(&nodes[at], t.present);
    return t;
}

/* Conditions nest at most as deep as a configuration does; children come after their parent. */
enum evac_tri evac_cond_holds(const struct evac_cond *nodes, size_t at, evac_cond_leaf_fn *leaf,
                              const void *ctx)
{
    const struct evac_cond *c = &nodes[at];
    struct evac_cond_tally t;
    switch (c->op) {
    case EVAC_COND_PROBE:
        return leaf(ctx, (size_t)c->number);
    case EVAC_COND_NOT:
        return evac_tri_not(evac_cond_holds(nodes, c->first_child, leaf, ctx));
    case EVAC_COND_ALL:
    case EVAC_COND_ANY:
    case EVAC_COND_AT_LEAST:
        t = evac_cond_tally(nodes, at, leaf, ctx);
        return t.present ? evac_tri_at_least(t.need, t.yes, t.unsure) : EVAC_TRI_ABSENT;
    case EVAC_COND_MODE:
    case EVAC_COND_STEP:
    case EVAC_COND_FACT:
        break;
    }
    return EVAC_TRI_NO;
}
