#include "bundle_rows.h"

#include <string.h>

/* Subtrees of a stretch of rows that are not shown, the widest that fit, from left to right. */
struct stretch {
    struct {
        uint64_t from;
        unsigned level;
        uint8_t root[32];
    } nodes[2 * EVAC_TREE_LEVELS];
    size_t count;
};

struct scan {
    evac_bundle_need_fn *needed;
    void *user;
    struct evac_tree *tree;
    struct evac_buf *out;
    struct stretch stretch;
    uint64_t held; /* the newest row that is not shown, 0 none: the next one may need its hash */
    uint8_t held_hash[32];
    uint64_t rows;
};

static void add_node(struct stretch *s, uint64_t from, const uint8_t hash[32])
{
    s->nodes[s->count].from = from;
    s->nodes[s->count].level = 0;
    memcpy(s->nodes[s->count++].root, hash, 32);
    while (s->count > 1) {
        size_t right = s->count - 1, left = right - 1;
        unsigned level = s->nodes[left].level;
        bool whole = level == s->nodes[right].level &&
                     ((s->nodes[left].from - 1) & ((UINT64_C(2) << level) - 1)) == 0;
        if (!whole)
            return;
        evac_tree_join(s->nodes[left].root, s->nodes[right].root, s->nodes[left].root);
        s->nodes[left].level++;
        s->count--;
    }
}

static void put_stretch(struct scan *s)
{
    for (size_t i = 0; i < s->stretch.count; i++)
        evac_rows_put_tree(s->stretch.nodes[i].from, s->stretch.nodes[i].level,
                           s->stretch.nodes[i].root, s->out);
    s->stretch.count = 0;
}

static void hide(struct scan *s, const struct evac_row *row)
{
    if (s->held)
        add_node(&s->stretch, s->held, s->held_hash);
    s->held = row->record.seq;
    memcpy(s->held_hash, row->hash, 32);
}

/* The row just before one that is shown is there by its hash, so that the link can be followed. */
static void show(struct scan *s, const struct evac_row *row)
{
    put_stretch(s);
    if (s->held)
        evac_rows_put_leaf(s->held, s->held_hash, s->out);
    s->held = 0;
    s->rows++;
    evac_rows_put(row, s->out);
}

static bool scan_row(void *user, const struct evac_row *row)
{
    struct scan *s = user;
    if (row->record.seq != s->tree->size + 1 || !evac_tree_push(s->tree, 0, row->hash))
        return false;
    if (s->needed(s->user, &row->record))
        show(s, row);
    else
        hide(s, row);
    return !s->out->failed;
}

enum evac_code evac_bundle_rows(struct evac_store *store, evac_bundle_need_fn *needed, void *user,
                                struct evac_tree *tree, struct evac_buf *out, uint64_t *ret_rows,
                                struct evac_err *err)
{
    struct scan s = { .needed = needed, .user = user, .tree = tree, .out = out };
    struct evac_store_filter all = { 0 };
    enum evac_code code = store->vt->read(store, &all, scan_row, &s, err);
    if (s.held)
        add_node(&s.stretch, s.held, s.held_hash);
    put_stretch(&s);
    *ret_rows = s.rows;
    if (!code && !out->failed && tree->size != store->vt->last_seq(store))
        code = evac_fail(err, EVAC_E_CORRUPT, "row %llu of the journal is missing",
                         (unsigned long long)tree->size + 1);
    return code;
}
