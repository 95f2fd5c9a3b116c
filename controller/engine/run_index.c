#include "run_index.h"

#include "drill.h"
#include "run.h"

#include <string.h>

/* Where it is, or would be. */
static size_t place(const struct evac_run_index *index, uint64_t id)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (index->ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t evac_run_index_find(const struct evac_run_index *index, uint64_t id)
{
    size_t i = place(index, id);
    return i < index->count && index->ids[i] == id ? i : index->count;
}

/* Where that run is, should a journal that contradicts itself have two of a number. */
static size_t position(const struct evac_run_index *index, const struct evac_run *run)
{
    size_t i = place(index, run->id);
    while (i < index->count && index->ids[i] == run->id && index->at[i] != run)
        i++;
    return i < index->count && index->at[i] == run ? i : index->count;
}

#define MOVE(list, to, from, n) memmove(&(list)[to], &(list)[from], (n) * sizeof(list)[0])

static void move(struct evac_run_index *index, size_t to, size_t from)
{
    size_t n = index->count - from;
    MOVE(index->ids, to, from, n);
    MOVE(index->wakes, to, from, n);
    MOVE(index->seen, to, from, n);
    MOVE(index->marks, to, from, n);
    MOVE(index->at, to, from, n);
}

bool evac_run_index_add(struct evac_run_index *index, struct evac_run *run)
{
    size_t i = place(index, run->id);
    if (index->count == EVAC_RUNS_MAX)
        return false;
    move(index, i + 1, i);
    index->count++;
    index->ids[i] = run->id;
    index->seen[i] = 0;
    index->at[i] = run;
    run->index = index;
    evac_run_index_note(index, run);
    return true;
}

void evac_run_index_remove(struct evac_run_index *index, const struct evac_run *run)
{
    size_t i = position(index, run);
    if (i == index->count)
        return;
    move(index, i, i + 1);
    index->count--;
}

static bool any_is(const struct evac_run *run, enum evac_step_state state)
{
    for (uint16_t i = 0; i < run->plan->step_count; i++)
        if (run->steps[i].state == state)
            return true;
    return false;
}

/* It waits for what others see or measure: a gate, the outage's beginning, its last measurements.
 */
static bool watches(const struct evac_run *run)
{
    const uint32_t recovered = 1u << EVAC_INSTANT_RECOVERED;
    const uint32_t seen = recovered | (1u << EVAC_INSTANT_IMPACT_HI);
    return run->state == EVAC_RUN_PROPOSED || run->state == EVAC_RUN_SETTLING ||
           (run->mode == EVAC_MODE_UNGRACEFUL && !(run->instants & seen)) ||
           ((run->instants & recovered) && !run->loss_noted) || any_is(run, EVAC_STEP_GATED);
}

void evac_run_index_note(struct evac_run_index *index, const struct evac_run *run)
{
    size_t i = position(index, run);
    if (i == index->count)
        return;
    unsigned marks = watches(run) ? EVAC_RUN_WATCHES : 0;
    marks |= any_is(run, EVAC_STEP_INTENDING) ? EVAC_RUN_INTENDS : 0;
    marks |= strcmp(run->who, EVAC_DRILL_WHO) == 0 ? EVAC_RUN_DRILLS : 0;
    index->wakes[i] = run->wake_ms;
    index->marks[i] = (uint8_t)marks;
}
