#include "tree.h"

#include "key.h"

#include <string.h>

void evac_tree_join(const uint8_t left[32], const uint8_t right[32], uint8_t ret[32])
{
    char both[65];
    both[0] = 1; /* a node's prefix */
    memcpy(both + 1, left, 32);
    memcpy(both + 33, right, 32);
    evac_sha256((struct evac_str){ both, sizeof both }, ret);
}

bool evac_tree_push(struct evac_tree *tree, unsigned level, const uint8_t hash[32])
{
    uint8_t up[32];
    if (level >= EVAC_TREE_LEVELS - 1 || tree->size & ((UINT64_C(1) << level) - 1))
        return false;
    memcpy(up, hash, 32);
    unsigned k = level;
    for (; tree->size >> k & 1; k++)
        evac_tree_join(tree->peaks[k], up, up);
    if (k >= EVAC_TREE_LEVELS)
        return false;
    memcpy(tree->peaks[k], up, 32);
    tree->size += UINT64_C(1) << level;
    return true;
}

void evac_tree_root(const struct evac_tree *tree, uint8_t ret_root[32])
{
    bool any = false;
    evac_sha256(EVAC_STR_NONE, ret_root);
    for (unsigned k = 0; k < EVAC_TREE_LEVELS; k++) {
        if (!(tree->size >> k & 1))
            continue;
        if (any)
            evac_tree_join(tree->peaks[k], ret_root, ret_root);
        else
            memcpy(ret_root, tree->peaks[k], 32);
        any = true;
    }
}
