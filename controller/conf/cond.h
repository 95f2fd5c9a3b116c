/* What a condition's nodes come to. Pure. */
#ifndef EVAC_COND_H
#define EVAC_COND_H

#include "model.h"
#include "tri.h"

/* Of a probe, by its index in the app's: is it down? ABSENT: it has no say here. */
typedef enum evac_tri evac_cond_leaf_fn(const void *ctx, size_t probe);

/* Of nodes[at], whose leaves are probes. What is absent is left out: `all` means all that are left,
 * at_least k no more than there are; a group without anything left is absent itself. A condition of
 * a step is NO. */
enum evac_tri evac_cond_holds(const struct evac_cond *nodes, size_t at, evac_cond_leaf_fn *leaf,
                              const void *ctx);

/* How the children of a group (ALL, ANY, AT_LEAST) stand. */
struct evac_cond_tally {
    unsigned yes, unsure, present, need;
};
struct evac_cond_tally evac_cond_tally(const struct evac_cond *nodes, size_t at,
                                       evac_cond_leaf_fn *leaf, const void *ctx);
#endif
