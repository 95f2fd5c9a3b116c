#include "lints.h"

#include <stdlib.h>
#include <string.h>

struct evac_lints {
    struct {
        struct evac_lint_key key;
        struct evac_lint_said said;
    } rows[EVAC_LINTS_MAX];
    unsigned count, next;
};

struct evac_lints *evac_lints_new(void)
{
    struct evac_lints *lints = calloc(1, sizeof *lints);
    if (!lints)
        abort();
    return lints;
}

void evac_lints_free(struct evac_lints *lints)
{
    free(lints);
}

void evac_lints_forget(struct evac_lints *lints)
{
    if (lints)
        lints->count = lints->next = 0;
}

static bool same(const struct evac_lint_key *a, const struct evac_lint_key *b)
{
    return a->app == b->app && a->from == b->from && a->to == b->to && a->serving == b->serving &&
           a->day == b->day && strcmp(a->model, b->model) == 0;
}

const struct evac_lint_said *evac_lints_find(const struct evac_lints *lints,
                                             const struct evac_lint_key *key)
{
    for (unsigned i = 0; lints && i < lints->count; i++)
        if (same(&lints->rows[i].key, key))
            return &lints->rows[i].said;
    return NULL;
}

void evac_lints_keep(struct evac_lints *lints, const struct evac_lint_key *key,
                     const struct evac_lint_said *said)
{
    if (!lints)
        return;
    lints->rows[lints->next].key = *key;
    lints->rows[lints->next].said = *said;
    lints->next = (lints->next + 1) % EVAC_LINTS_MAX;
    lints->count += lints->count < EVAC_LINTS_MAX;
}
