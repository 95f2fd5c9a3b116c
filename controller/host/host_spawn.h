/* A process is begun: fork, what must be done in between, exec. */
#ifndef EVAC_HOST_SPAWN_H
#define EVAC_HOST_SPAWN_H

#include <sys/types.h>

struct evac_jail;

struct host_spawn {
    char **argv, **env;
    const struct evac_jail *jail; /* NULL none */
    int stdio[3];                 /* the child's ends; the caller's to close */
};

/*
 * 0, the child's number and a descriptor that becomes readable when it has ended (pidfd_open(2));
 * or an errno, and *ret_what says what failed (a literal, "" the program itself): then nothing
 * runs.
 *
 * The child has a session and a group of its own, no descriptor but its three, no handler and no
 * ignored signal, stands in "/", and is killed when this thread ends.
 */
int host_spawn(const struct host_spawn *spawn, pid_t *ret_pid, int *ret_pidfd,
               const char **ret_what);
#endif
