#include "host_internal.h"

#include <stdlib.h>

#define FIRST_SLOTS 16u

static bool grow(struct evac_ids *ids)
{
    size_t count = ids->count ? ids->count * 2 : FIRST_SLOTS;
    if (count > ids->max)
        count = ids->max;
    if (count == ids->count)
        return false;
    void *slots = realloc(ids->slots, count * sizeof ids->slots[0]);
    if (!slots)
        abort();
    ids->slots = slots;
    for (size_t i = ids->count; i < count; i++) {
        ids->slots[i].thing = NULL;
        ids->slots[i].generation = 0;
    }
    ids->free_hint = (uint32_t)ids->count;
    ids->count = count;
    return true;
}

uint64_t evac_ids_add(struct evac_ids *ids, void *thing)
{
    if (ids->used == ids->count && !grow(ids))
        return 0;
    uint32_t i = ids->free_hint;
    while (ids->slots[i].thing)
        i = (uint32_t)((i + 1) % ids->count);
    ids->slots[i].thing = thing;
    ids->slots[i].generation++;
    ids->used++;
    ids->free_hint = (uint32_t)((i + 1) % ids->count);
    return (uint64_t)ids->slots[i].generation << 32 | i;
}

void *evac_ids_find(const struct evac_ids *ids, uint64_t id)
{
    size_t i = id & UINT32_MAX;
    if (i >= ids->count || ids->slots[i].generation != (uint32_t)(id >> 32))
        return NULL;
    return ids->slots[i].thing;
}

void evac_ids_remove(struct evac_ids *ids, uint64_t id)
{
    if (!evac_ids_find(ids, id))
        return;
    ids->slots[id & UINT32_MAX].thing = NULL;
    ids->used--;
}
