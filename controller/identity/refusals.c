#include "refusals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHERS EVAC_REFUSALS_KEPT /* where those of each kind are */
#define ALL    (EVAC_REFUSALS_KEPT + EVAC_REFUSAL_KIND_COUNT)

struct entry {
    bool used, told, taken; /* told: a row of it is written; taken: its row is on its way */
    enum evac_refusal_kind kind;
    char from[64], who[192], what[96], why[200], data[96];
    uint64_t count; /* since the row before */
    uint64_t row_ms;
    int64_t first_wall_ms, last_wall_ms;
};

struct evac_refusals {
    struct entry entries[ALL];
    size_t next;      /* whose turn it is: each gets one when rows are short */
    uint64_t rows;    /* that may be written now */
    uint64_t grew_ms; /* when that was last looked at */
    bool begun;
};

#define X(name, text, doc) text,
static const char *const kind_names[] = { EVAC_REFUSAL_KINDS(X) };
#undef X

struct evac_refusals *evac_refusals_new(void)
{
    struct evac_refusals *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->rows = EVAC_REFUSALS_BURST;
    return r;
}

void evac_refusals_free(struct evac_refusals *r)
{
    free(r);
}

/* --- attempts
 * --------------------------------------------------------------------------------- */

/* As much of it as there is room for, and nothing that a terminal would obey. */
static void copy(char *to, size_t bytes, struct evac_str from)
{
    size_t n = from.n < bytes - 1 ? from.n : bytes - 1;
    for (size_t i = 0; i < n; i++)
        to[i] = from.p[i] >= ' ' && from.p[i] <= '~' ? from.p[i] : '?';
    to[n] = '\0';
}

static bool is_of(const struct entry *e, const struct entry *wanted)
{
    return e->used && e->kind == wanted->kind && strcmp(e->from, wanted->from) == 0 &&
           strcmp(e->who, wanted->who) == 0;
}

static struct entry *entry_of(struct evac_refusals *r, const struct entry *wanted)
{
    struct entry *unused = NULL;
    for (size_t i = 0; i < EVAC_REFUSALS_KEPT; i++) {
        if (is_of(&r->entries[i], wanted))
            return &r->entries[i];
        if (!r->entries[i].used && !unused)
            unused = &r->entries[i];
    }
    if (unused) {
        *unused = *wanted;
        return unused;
    }
    struct entry *others = &r->entries[OTHERS + wanted->kind];
    if (!others->used)
        *others = (struct entry){ .used = true, .kind = wanted->kind, .from = "others" };
    return others;
}

void evac_refusals_add(struct evac_refusals *r, const struct evac_refusal *refusal, int64_t wall_ms)
{
    struct entry wanted = { .used = true, .kind = refusal->kind };
    copy(wanted.from, sizeof wanted.from, refusal->from);
    copy(wanted.who, sizeof wanted.who, refusal->who);
    struct entry *e = entry_of(r, &wanted);
    if (e->count++ == 0)
        e->first_wall_ms = wall_ms;
    e->last_wall_ms = wall_ms;
    copy(e->what, sizeof e->what, refusal->what);
    copy(e->why, sizeof e->why, refusal->why);
}

/* --- rows
 * ------------------------------------------------------------------------------------- */

/* One a minute, up to the burst. */
static void grow(struct evac_refusals *r, uint64_t now_ms)
{
    if (!r->begun) {
        r->begun = true;
        r->grew_ms = now_ms;
    }
    uint64_t more = (now_ms - r->grew_ms) / EVAC_REFUSALS_MS;
    r->grew_ms += more * EVAC_REFUSALS_MS;
    r->rows = r->rows + more < EVAC_REFUSALS_BURST ? r->rows + more : EVAC_REFUSALS_BURST;
}

static bool is_over(const struct entry *e, uint64_t now_ms)
{
    return e->told && now_ms - e->row_ms >= EVAC_REFUSALS_MS;
}

static struct evac_record row_of(struct entry *e)
{
    snprintf(e->data, sizeof e->data, "{\"since_ms\":%" PRId64 ",\"until_ms\":%" PRId64 "}",
             e->first_wall_ms, e->last_wall_ms);
    return (struct evac_record){ .kind = EVAC_RECORD_REFUSAL,
                                 .step = EVAC_NO_STEP,
                                 .name = evac_str(kind_names[e->kind]),
                                 .from = evac_str(e->from),
                                 .event = evac_str(e->what),
                                 .who = evac_str(e->who),
                                 .text = evac_str(e->why),
                                 .number = (int64_t)e->count,
                                 .data = evac_str(e->data) };
}

size_t evac_refusals_due(struct evac_refusals *r, uint64_t now_ms, struct evac_record *rows,
                         size_t max)
{
    size_t n = 0;
    grow(r, now_ms);
    for (size_t k = 0; k < ALL; k++) {
        struct entry *e = &r->entries[(r->next + k) % ALL];
        e->taken = false;
        if (e->used && e->count == 0 && is_over(e, now_ms))
            *e = (struct entry){ .used = false }; /* it is quiet again */
        if (!e->used || e->count == 0 || (e->told && !is_over(e, now_ms)) || n == max ||
            n == r->rows)
            continue;
        e->taken = true;
        rows[n++] = row_of(e);
    }
    return n;
}

void evac_refusals_written(struct evac_refusals *r, uint64_t now_ms)
{
    size_t from = r->next;
    for (size_t k = 0; k < ALL; k++) {
        size_t at = (from + k) % ALL;
        struct entry *e = &r->entries[at];
        if (!e->taken)
            continue;
        e->taken = false;
        e->told = true;
        e->row_ms = now_ms;
        e->count = 0;
        r->rows--;
        r->next = (at + 1) % ALL;
    }
}
