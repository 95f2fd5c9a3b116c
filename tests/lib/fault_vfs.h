/*
 * A disk for SQLite, in memory, that fails as told. It keeps what was written apart from what was
 * synced: a sync that fails drops what it was to write, and calls it clean, as Linux does; at a
 * power cut each 512-byte sector is as it was, or as any write since the last sync left it. One
 * thread, one journal at a time. fault_vfs_install() makes it SQLite's default.
 */
#ifndef EVAC_FAULT_VFS_H
#define EVAC_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
#define FAULT_CALLS(X) X(OPEN) X(READ) X(WRITE) X(SYNC) X(TRUNCATE) X(LOCK) X(DELETE) X(SIZE)
#define FAULT_KINDS(X) X(IOERR) X(FULL) X(SHORT) X(SLOW)
#define X(name) FAULT_##name,
enum fault_call { FAULT_CALLS(X) FAULT_CALL_COUNT };
enum fault_kind { FAULT_KINDS(X) FAULT_KIND_COUNT };
#undef X
/* clang-format on */

struct fault {
    enum fault_call call;
    enum fault_kind kind;
    unsigned at; /* the n-th call of that class from now, from 1; 0: none */
    bool forever;
    const char
        *relieved_by; /* it holds as long as this file of the real disk exists; NULL: always */
};

void fault_vfs_install(void);
void fault_vfs_remove(void);
void fault_vfs_format(void);                   /* an empty disk without faults */
void fault_vfs_arm(const struct fault *fault); /* NULL: no more faults; counts begin anew */
bool fault_vfs_hit(void);                      /* the fault happened */
unsigned fault_vfs_calls(enum fault_call call);
/* How often a file was synced by a handle after a sync by a handle of the same opening had failed.
 */
unsigned fault_vfs_resynced(void);
unsigned fault_vfs_open_files(void);

/* The power goes at the n-th sync from now, before it did anything; every call fails from then on.
 * 0: not. */
void fault_vfs_cut_power_at(unsigned sync);
bool fault_vfs_is_dark(void);
enum fault_cut { FAULT_CUT_LOSES_ALL, FAULT_CUT_KEEPS_ALL, FAULT_CUT_TEARS };
void fault_vfs_power_on(enum fault_cut cut, uint64_t seed);
#endif
