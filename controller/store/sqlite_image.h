/*
 * A journal's file and its log, put together in memory without SQLite's help and without a change
 * to either: what a damaged one is read from. Of the log each frame counts by itself, not only
 * those before the first damaged one.
 */
#ifndef EVAC_SQLITE_IMAGE_H
#define EVAC_SQLITE_IMAGE_H

#include "evac/buf.h"
#include "evac/err.h"

#include <stddef.h>
#include <stdint.h>

#define EVAC_IMAGE_MAX (UINT64_C(2) << 30) /* bytes of a journal that is read so */

struct evac_sqlite_image {
    unsigned char *bytes; /* sqlite3_malloc64 */
    size_t size;
    uint32_t page_bytes, pages;
};

/* One line for each damage found so far goes to notes. EVAC_E_NOTFOUND: there is no such file. */
enum evac_code evac_sqlite_image_read(const char *path, struct evac_sqlite_image *ret,
                                      struct evac_buf *notes, struct evac_err *err);
void evac_sqlite_image_done(struct evac_sqlite_image *image);
#endif
