#include "fate.h"

#include "format.h"

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t name_of(struct evac_str operation, struct evac_str region)
{
    return mix(evac_str_hash(operation) * 31 + evac_str_hash(region));
}

uint32_t fate_nth(struct fate_counts *counts, struct evac_str operation, struct evac_str region)
{
    uint64_t name = name_of(operation, region);
    unsigned i = 0;
    while (i < counts->count && counts->rows[i].name != name)
        i++;
    if (i == FATE_OPERATIONS_MAX)
        return 0;
    if (i == counts->count)
        counts->rows[counts->count++].name = name;
    return ++counts->rows[i].n;
}

uint64_t fate_draw(uint64_t seed, const struct fate *of, unsigned question, uint64_t n)
{
    uint64_t x = name_of(evac_str(of->operation), evac_str(of->region));
    x = mix(x + seed * 0x9e3779b97f4a7c15u) + of->nth * 0xd1342543de82ef95u + question;
    return n ? mix(x) % n : 0;
}

void fate_choose(struct fate *of, uint64_t seed, const struct world_faults *rates,
                 uint32_t total_ms)
{
    uint64_t die = fate_draw(seed, of, 1, 10000);
    uint32_t late = rates->late_max_ms > total_ms ? rates->late_max_ms - total_ms : 1;
    const unsigned parts[FATE_COUNT] = {
        [FATE_NOT_SENT] = rates->not_sent,
        [FATE_LOST_BEFORE] = rates->lost_before,
        [FATE_LOST_AFTER] = rates->lost_after,
        [FATE_LATE] = rates->late,
        [FATE_SLOW] = rates->slow,
        [FATE_TWICE] = rates->twice,
        [FATE_CUT] = rates->cut,
    };
    of->kind = FATE_PASSES;
    for (unsigned kind = FATE_NOT_SENT; kind < FATE_COUNT; kind++) {
        if (die < parts[kind]) {
            of->kind = (enum fate_kind)kind;
            break;
        }
        die -= parts[kind];
    }
    switch (of->kind) {
    case FATE_LATE:
        of->ms = total_ms + (uint32_t)fate_draw(seed, of, 2, late);
        break;
    case FATE_LOST_BEFORE:
        of->ms = 500 + (uint32_t)fate_draw(seed, of, 2, 3000);
        break;
    case FATE_SLOW:
    case FATE_TWICE:
        of->ms = (uint32_t)fate_draw(seed, of, 2, 5000);
        break;
    case FATE_PASSES:
    case FATE_NOT_SENT:
    case FATE_LOST_AFTER:
    case FATE_CUT:
    case FATE_COUNT:
        of->ms = 0;
        break;
    }
}

/* --- as text --- */

#define X(name, text) text,
static const char *const names[FATE_COUNT] = { FATES(X) };
#undef X

bool fate_read(struct evac_str text, struct fate *ret_fate)
{
    struct evac_str rest = text;
    struct evac_str operation = evac_str_cut(rest, ' ', &rest);
    struct evac_str region = evac_str_cut(rest, ' ', &rest);
    struct evac_str nth_text = evac_str_cut(rest, ' ', &rest);
    struct evac_str kind = evac_str_cut(rest, ' ', &rest);
    int64_t nth, ms = 0;
    unsigned i = 0;
    while (i < FATE_COUNT && !evac_str_is(kind, names[i]))
        i++;
    if (i == FATE_COUNT || !evac_str_i64(nth_text, &nth) || nth < 1 ||
        (rest.n && !evac_str_i64(rest, &ms)) || ms < 0)
        return false;
    ret_fate->nth = (uint32_t)nth;
    ret_fate->kind = (enum fate_kind)i;
    ret_fate->ms = (uint32_t)ms;
    return evac_str_copy(ret_fate->operation, sizeof ret_fate->operation, operation) &&
           evac_str_copy(ret_fate->region, sizeof ret_fate->region,
                         evac_str_is(region, "-") ? EVAC_STR_NONE : region);
}

void fate_write(const struct fate *fate, char *ret_text, size_t bytes)
{
    (void)evac_format(ret_text, bytes, "%s %s %u %s %u", fate->operation,
                      fate->region[0] ? fate->region : "-", (unsigned)fate->nth, names[fate->kind],
                      (unsigned)fate->ms);
}
