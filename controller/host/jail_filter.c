/*
 * The system calls that a step's program does not get. A list of what is refused and not of what is
 * allowed: a program may be anything from a shell to a Go binary, and one that fails in a disaster
 * for a call that nobody thought of is a loss of its own. What is refused has no use in such a
 * program, or is what escapes are made of.
 */
#include "jail_internal.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRAM_BYTES_MAX (BPF_MAXINSNS * sizeof(struct sock_filter))

/* EPERM. */
static const char *const refused[] = {
    /* leaving the process group: at its deadline all of it is killed */
    "setsid",
    "setpgid",
    /* other processes */
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "pidfd_getfd",
    "kcmp",
    /* namespaces and mounts */
    "unshare",
    "setns",
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "chroot",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    /* the kernel's larger and younger parts */
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "keyctl",
    "add_key",
    "request_key",
    "vmsplice",
    "name_to_handle_at",
    "open_by_handle_at",
    "fanotify_init",
    "lookup_dcookie",
    "mbind",
    "move_pages",
    "migrate_pages",
    "set_mempolicy",
    "remap_file_pages",
    "modify_ldt",
    "uselib",
    "vhangup",
    "nfsservctl",
    "personality",
    "quotactl",
    "quotactl_fd",
    /* the machine */
    "reboot",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "create_module",
    "swapon",
    "swapoff",
    "acct",
    "iopl",
    "ioperm",
    "syslog",
    "_sysctl",
    "settimeofday",
    "clock_settime",
    "clock_settime64",
    "clock_adjtime",
    "adjtimex",
    "stime",
    "sethostname",
    "setdomainname",
    /* whose file it is, and priorities */
    "ioprio_set",
    "sched_setscheduler",
    "sched_setattr",
    "sched_setparam",
};

/* ENOSYS: programs then do without. */
static const char *const missing[] = {
    "io_uring_setup", "io_uring_enter", "io_uring_register", "clone3"
}; /* its flags are in memory: clone's can be seen */

#define NAMESPACES                                                                                 \
    (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |     \
     CLONE_NEWCGROUP)

static int refuse_names(scmp_filter_ctx ctx, const char *const *names, size_t count, int error)
{
    for (size_t i = 0; i < count; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);
        if (number == __NR_SCMP_ERROR || number < 0) /* not of this architecture */
            continue;
        int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO((unsigned)error), number, 0);
        if (rc)
            return rc;
    }
    return 0;
}

static int refuse_namespaces(scmp_filter_ctx ctx)
{
    int rc = 0;
    for (unsigned bit = 0; !rc && bit < 32; bit++)
        if (NAMESPACES & (1u << bit))
            rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, 1u << bit, 1u << bit));
    return rc;
}

/* What is neither of this machine nor of the internet: packets of one's own, the hypervisor,
 * drivers that nobody loads but by asking for their sockets. */
static bool is_ordinary(int family)
{
    return family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK;
}

static int refuse_sockets(scmp_filter_ctx ctx)
{
    int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                              SCMP_A0(SCMP_CMP_GT, AF_NETLINK)); /* the last that is ordinary */
    for (int family = 0; !rc && family < AF_NETLINK; family++)
        if (!is_ordinary(family))
            rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                                  SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family));
    return rc;
}

/* Typing into a terminal that somebody else reads. */
static int refuse_typing(scmp_filter_ctx ctx)
{
    int rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                              SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, TIOCSTI));
    return rc ? rc
              : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                                 SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, TIOCLINUX));
}

static int add_rules(scmp_filter_ctx ctx)
{
    int rc = refuse_names(ctx, refused, sizeof refused / sizeof refused[0], EPERM);
    if (!rc)
        rc = refuse_names(ctx, missing, sizeof missing / sizeof missing[0], ENOSYS);
    if (!rc)
        rc = refuse_namespaces(ctx);
    if (!rc)
        rc = refuse_sockets(ctx);
    return rc ? rc : refuse_typing(ctx);
}

/* libseccomp writes its program to a file only. */
static int take_program(scmp_filter_ctx ctx, struct evac_jail *jail)
{
    int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = seccomp_export_bpf(ctx, fd);
    off_t bytes = rc ? 0 : lseek(fd, 0, SEEK_END);
    if (!rc && (bytes <= 0 || (size_t)bytes > PROGRAM_BYTES_MAX))
        rc = -E2BIG;
    if (!rc) {
        jail->filter = malloc((size_t)bytes);
        if (!jail->filter)
            abort();
        jail->filter_n = (unsigned short)((size_t)bytes / sizeof(struct sock_filter));
        rc = pread(fd, jail->filter, (size_t)bytes, 0) == bytes ? 0 : -EIO;
    }
    close(fd);
    return rc;
}

enum evac_code jail_make_filter(struct evac_jail *jail, struct evac_err *err)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    if (!ctx)
        abort();
    int rc = add_rules(ctx);
    if (!rc)
        rc = take_program(ctx, jail);
    seccomp_release(ctx);
    return rc ? evac_fail(err, EVAC_E_IO, "the filter of system calls can not be made: %s",
                          strerror(-rc))
              : EVAC_OK;
}
