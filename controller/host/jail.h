/*
 * What a program that a step or a probe names may do to this machine: nothing that it does not
 * need. It runs as another user where the controller may become one, with limits on time, memory,
 * files and processes; it gains no privileges by what it executes, can not leave its process group,
 * sees no other process, no kernel interface but that of ordinary programs (seccomp), and not the
 * folders where the controller keeps its journal and its secrets (Landlock).
 *
 * Everything is made ready while nothing hurries: evac_jail_enter() runs between fork and exec,
 * where only system calls are safe.
 */
#ifndef EVAC_JAIL_H
#define EVAC_JAIL_H

#include "evac/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evac_jail_conf {
    const char *user; /* name or number; "": "nobody" where the controller is root, else its own */
    uint32_t cpu_s;
    uint64_t memory_bytes;     /* private and writable, of each process */
    uint64_t file_bytes;       /* largest file that it writes */
    uint32_t files;            /* open at once, of each process */
    uint32_t processes;        /* of its user; not set where it is the controller's own */
    const char *const *hidden; /* absolute paths; ends with NULL; NULL none */
};

struct evac_jail;

/* EVAC_E_BADCONF: there is no such user, or the controller may not become it. Reads the user
 * database and folders: not for a moment that matters. */
enum evac_code evac_jail_new(const struct evac_jail_conf *conf, struct evac_jail **ret_jail,
                             struct evac_err *err);
void evac_jail_free(struct evac_jail *jail); /* NULL is fine */

/* "as user nobody (65534), paths hidden" */
void evac_jail_say(const struct evac_jail *jail, char *out, size_t bytes);

/* In the child. 0; or an errno, and *ret_what says what failed (a literal): then it must end. */
int evac_jail_enter(const struct evac_jail *jail, const char **ret_what);

/* May the file be run? Absolute; no component of its path, and of what links in it lead to, can be
 * changed by anybody but root and the controller's own user. EVAC_E_REFUSED says which can. What is
 * not there is left to whoever tries to run it. */
enum evac_code evac_program_check(const char *path, struct evac_err *err);
#endif
