/*
 * What can be read of a damaged journal, and where the damage is. It reads the files beside
 * SQLite's back: each leaf page of the table by itself, so that a page that is gone costs its own
 * rows alone. Nothing is changed; no controller may hold the journal meanwhile.
 */
#ifndef EVAC_SQLITE_SALVAGE_H
#define EVAC_SQLITE_SALVAGE_H

#include "store.h"

struct evac_salvage {
    uint64_t rows;         /* read */
    uint64_t damaged;      /* of them: content and hash part, or the link to the row before */
    uint64_t gone;         /* numbers between the first and the last that have no row */
    uint64_t last;         /* the highest number known of */
    struct evac_buf notes; /* what else is wrong, a line each */
};

/* In order of their numbers. problem: "" for a good row, else in words; a row that is gone comes as
 * NULL with the first and last number of the gap. */
struct evac_salvaged {
    const struct evac_row *row;
    uint64_t from, to;
    const char *problem;
};
typedef void evac_salvage_fn(void *user, const struct evac_salvaged *what);

/* EVAC_OK however damaged it is, as long as the file can be read at all. */
enum evac_code evac_store_salvage(const char *path, evac_salvage_fn *fn, void *user,
                                  struct evac_salvage *ret, struct evac_err *err);
bool evac_salvage_is_whole(const struct evac_salvage *salvage);
void evac_salvage_done(struct evac_salvage *salvage);
#endif
