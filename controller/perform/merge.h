/*
 * A journal that another controller wrote for a while, merged back: its rows about apps and runs
 * under new numbers, between MERGE rows that say where they come from. Nothing is written here: the
 * rows are made, or it is refused and said why.
 *
 * Where the other one began as a copy of this one, the rows that both have are found by their
 * hashes, and only what came after them is taken. What was taken before is not taken again; of one
 * that has grown the rest is.
 *
 *   MERGE to begin    name the origin's node, text in words, number its last row that is merged,
 *                     data {"identity","node","from_seq","to_seq","head","checkpoint"}
 *         to run      of each run, under its new number: number is the old one
 *         to review   of each app that it moved: nothing automatic until somebody acknowledges it
 *         to end      as begin
 */
#ifndef EVAC_MERGE_H
#define EVAC_MERGE_H

#include "engine.h"
#include "store.h"

#define EVAC_MERGE_ROWS_MAX 200000u /* of one merge */

struct evac_merge {
    struct evac_arena *arena;
    struct evac_record *rows; /* in order, numbered from the next of `into` on */
    size_t count;             /* 0: there is nothing new */
    size_t runs;
    uint64_t from_seq, to_seq; /* of the origin */
};

/* from: opened to read; its chain is verified. engine: of the live journal `into`, whose last row
 * is durable. CORRUPT: `from` does not add up. REFUSED: a run goes on here or there; or both have
 * moved an app since they parted. who, wall_ms, boot_ms: of the rows that are added. */
struct evac_merge_wish {
    struct evac_store *from, *into;
    const struct evac_engine *engine;
    struct evac_str who;
    uint64_t boot_ms;
    int64_t wall_ms;
};
enum evac_code evac_merge_make(const struct evac_merge_wish *wish, struct evac_merge *ret_merge,
                               struct evac_err *err);
void evac_merge_done(struct evac_merge *merge);
#endif
