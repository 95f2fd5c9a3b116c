/* The Merkle tree over the journal's rows (RFC 6962, 2.1): a row's hash is a leaf's. Only the roots
 * of its whole subtrees are kept, one a bit of its size; that is enough to grow it and to know its
 * root. */
#ifndef EVAC_TREE_H
#define EVAC_TREE_H

#include "evac/str.h"

#define EVAC_TREE_LEVELS 48u

struct evac_tree {
    uint64_t size;                       /* rows */
    uint8_t peaks[EVAC_TREE_LEVELS][32]; /* of level k when bit k of size is set */
};

/* The next 2^level rows, by the root of the subtree that they are. False: that many do not begin
 * here. Level 0 is a row's hash. */
bool evac_tree_push(struct evac_tree *tree, unsigned level, const uint8_t hash[32]);
void evac_tree_root(const struct evac_tree *tree, uint8_t ret_root[32]);
void evac_tree_join(const uint8_t left[32], const uint8_t right[32], uint8_t ret[32]);
#endif
