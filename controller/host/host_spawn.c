#include "host_spawn.h"

#include "jail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_FREE 3

/* What a child that could not begin tells: a number, and words that both of us have in memory. */
struct failure {
    int error;
    const char *what;
};

/* --- in the child: system calls only --- */

static void usual_signals(void)
{
    sigset_t none;
    struct sigaction usual = { .sa_handler = SIG_DFL };
    for (int i = 1; i < NSIG; i++)
        (void)sigaction(i, &usual, NULL); /* those of KILL, STOP and libc's own are refused */
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Above the three first, so that none overwrites another. */
static int set_stdio(const int from[3])
{
    int high[3];
    for (int i = 0; i < 3; i++)
        if ((high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FIRST_FREE)) < 0)
            return -1;
    for (int i = 0; i < 3; i++)
        if (dup2(high[i], i) < 0)
            return -1;
    return (int)syscall(SYS_close_range, FIRST_FREE, ~0u, 1u << 2); /* CLOSE_RANGE_CLOEXEC */
}

/* After the jail: a change of user takes it away. */
static int die_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return -1;
    if (getppid() != parent) {
        errno = ESRCH;
        return -1;
    }
    return 0;
}

static void become(const struct host_spawn *spawn, pid_t parent, struct failure *f)
{
    usual_signals();
    f->what = "its session";
    if (setsid() < 0)
        return;
    f->what = "its descriptors";
    if (set_stdio(spawn->stdio) != 0)
        return;
    f->what = "its folder";
    if (chdir("/") != 0)
        return;
    if (spawn->jail && evac_jail_enter(spawn->jail, &f->what) != 0)
        return;
    f->what = "its end with ours";
    if (die_with(parent) != 0)
        return;
    f->what = "";
    (void)execve(spawn->argv[0], spawn->argv, spawn->env);
}

static void run_child(const struct host_spawn *spawn, pid_t parent, int tell)
{
    struct failure f;
    memset(&f, 0, sizeof f); /* the bytes between its members go through the pipe, too */
    f.what = "";
    errno = 0;
    become(spawn, parent, &f);
    f.error = errno ? errno : EIO;
    ssize_t told = write(tell, &f, sizeof f);
    _exit(told == (ssize_t)sizeof f ? 127 : 126);
}

/* --- in the parent --- */

/* Until it runs something else, or could not. */
static int hear(int fd, const char **ret_what)
{
    struct failure f = { 0, "" };
    ssize_t n;
    while ((n = read(fd, &f, sizeof f)) < 0 && errno == EINTR)
        ;
    if (n == 0)
        return 0;
    *ret_what = n == (ssize_t)sizeof f ? f.what : "it said nothing";
    return n == (ssize_t)sizeof f ? f.error : EIO;
}

static void bury(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* No signal may come between fork and exec: a handler of ours would run in the child. */
static pid_t fork_quietly(const struct host_spawn *spawn, int tell)
{
    sigset_t all, before;
    pid_t parent = getpid();
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        run_child(spawn, parent, tell);
    int error = errno;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

int host_spawn(const struct host_spawn *spawn, pid_t *ret_pid, int *ret_pidfd,
               const char **ret_what)
{
    int ends[2], error;
    *ret_what = "fork";
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    pid_t pid = fork_quietly(spawn, ends[1]);
    error = errno;
    close(ends[1]);
    if (pid >= 0)
        error = hear(ends[0], ret_what);
    close(ends[0]);
    if (pid >= 0 && error == 0) {
        *ret_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        *ret_what = "pidfd_open";
        error = *ret_pidfd < 0 ? errno : 0;
    }
    if (pid >= 0 && error != 0)
        bury(pid);
    *ret_pid = pid;
    return error;
}
