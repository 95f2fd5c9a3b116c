/* Beside the journal's file: the lock that keeps a second controller out, and the ballast that a
 * full disk is given. */
#ifndef EVAC_SQLITE_LOCK_H
#define EVAC_SQLITE_LOCK_H

#include "evac/err.h"

#include <stdbool.h>
#include <stdint.h>

struct evac_sqlite_lock;

/* flock on path.lock, with our process id in it. EVAC_E_BUSY names the holder. The lock ends with
 * the process, however it ends. */
enum evac_code evac_sqlite_lock(const char *path, struct evac_sqlite_lock **ret_lock,
                                struct evac_err *err);
void evac_sqlite_unlock(struct evac_sqlite_lock *lock); /* NULL is fine */

/* Makes the file, if there is none, for its owner's eyes only; what SQLite puts beside it gets the
 * same mode. */
enum evac_code evac_sqlite_make_file(const char *path, struct evac_err *err);

/* path.ballast, really allocated, where it leaves as much again: it is there to be of use, not to
 * fill the disk. False when there is none now. */
bool evac_sqlite_ballast_make(const char *path, uint64_t bytes);
/* True when there was one and it is gone now. */
bool evac_sqlite_ballast_drop(const char *path);
#endif
