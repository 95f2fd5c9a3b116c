/*
 * Runs a program behind the system call filter that a systemd unit would set (seccomp, after
 * NoNewPrivileges): the names on standard input, a line each, are allowed; the rest is EPERM.
 *
 *   walled PROGRAM [ARGUMENT...] <names
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A name that this architecture does not have is none: systemd passes over it too. */
static int allow(scmp_filter_ctx filter, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);
    return number < 0 ? 0 : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
}

int main(int argc, char **argv)
{
    char name[128];
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (argc < 2 || !filter)
        return 2;
    while (fgets(name, sizeof name, stdin)) {
        name[strcspn(name, "\n")] = '\0';
        if (allow(filter, name) != 0)
            return 2;
    }
    if (seccomp_load(filter) != 0) /* which sets no_new_privs first */
        return 2;
    seccomp_release(filter);
    execv(argv[1], argv + 1);
    perror(argv[1]);
    return 126;
}
