#include "jail.h"

#include "jail_internal.h"

#include <errno.h>
#include <grp.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAMES_BYTES 16384u
#define NOBODY      "nobody"

/* --- who --- */

static enum evac_code find_user(const char *name, struct evac_jail *jail, struct evac_err *err)
{
    char text[NAMES_BYTES], *end;
    struct passwd entry, *found = NULL;
    unsigned long number = strtoul(name, &end, 10);
    bool numeric = name[0] && !*end && number < UINT32_MAX;
    (void)(numeric ? getpwuid_r((uid_t)number, &entry, text, sizeof text, &found)
                   : getpwnam_r(name, &entry, text, sizeof text, &found));
    if (!found)
        return evac_fail(err, EVAC_E_BADCONF, "there is no user '%s'", name);
    jail->uid = found->pw_uid;
    jail->gid = found->pw_gid;
    return EVAC_OK;
}

static enum evac_code choose_user(const char *name, struct evac_jail *jail, struct evac_err *err)
{
    uid_t own = geteuid();
    jail->uid = own;
    jail->gid = getegid();
    if (!name[0] && own != 0)
        return EVAC_OK;
    enum evac_code code = find_user(name[0] ? name : NOBODY, jail, err);
    if (!code && jail->uid != own && own != 0)
        code = evac_fail(err, EVAC_E_BADCONF,
                         "programs can not run as user '%s': only root can become another", name);
    jail->switches = jail->uid != own;
    return code;
}

/* --- life --- */

static void set_limits(const struct evac_jail_conf *conf, struct evac_jail *jail)
{
    const struct jail_limit limits[JAIL_LIMITS] = {
        { RLIMIT_CPU, conf->cpu_s },
        { RLIMIT_DATA, conf->memory_bytes },
        { RLIMIT_FSIZE, conf->file_bytes },
        { RLIMIT_NOFILE, conf->files },
        { RLIMIT_CORE, 0 },
        { RLIMIT_NPROC, jail->switches ? conf->processes : RLIM_INFINITY },
    };
    memcpy(jail->limits, limits, sizeof limits);
}

enum evac_code evac_jail_new(const struct evac_jail_conf *conf, struct evac_jail **ret_jail,
                             struct evac_err *err)
{
    struct evac_jail *jail = calloc(1, sizeof *jail);
    if (!jail)
        abort();
    jail->paths = -1;
    enum evac_code code = choose_user(conf->user, jail, err);
    if (!code)
        code = jail_make_filter(jail, err);
    if (code) {
        evac_jail_free(jail);
        return code;
    }
    set_limits(conf, jail);
    jail->paths =
        jail->switches ? -1 : jail_hide_paths(conf->hidden); /* else they are not its own */
    *ret_jail = jail;
    return EVAC_OK;
}

void evac_jail_free(struct evac_jail *jail)
{
    if (!jail)
        return;
    if (jail->paths >= 0)
        close(jail->paths);
    free(jail->filter);
    free(jail);
}

void evac_jail_say(const struct evac_jail *jail, char *out, size_t bytes)
{
    (void)snprintf(out, bytes, "user %u%s%s", (unsigned)jail->uid,
                   jail->switches ? "" : " (the controller's own)",
                   jail->paths >= 0 ? ", the controller's files hidden" : "");
}

/* --- in the child: system calls only --- */

static int limit(const struct evac_jail *jail)
{
    for (size_t i = 0; i < JAIL_LIMITS; i++) {
        struct rlimit now;
        rlim_t want = jail->limits[i].most;
        if (getrlimit(jail->limits[i].what, &now) != 0)
            return -1;
        if (now.rlim_max != RLIM_INFINITY && want > now.rlim_max)
            want = now.rlim_max;
        now = (struct rlimit){ want, want };
        if (setrlimit(jail->limits[i].what, &now) != 0)
            return -1;
    }
    return 0;
}

/* The calls themselves: glibc's functions of the name would speak to threads that are not here. */
static int become(const struct evac_jail *jail)
{
    if (!jail->switches)
        return 0;
    if (syscall(SYS_setgroups, 0, NULL) != 0 ||
        syscall(SYS_setresgid, jail->gid, jail->gid, jail->gid) != 0 ||
        syscall(SYS_setresuid, jail->uid, jail->uid, jail->uid) != 0)
        return -1;
    return 0;
}

static int drop(const struct evac_jail *jail)
{
    (void)jail;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int hide(const struct evac_jail *jail)
{
    return jail->paths < 0 ? 0 : (int)syscall(SYS_landlock_restrict_self, jail->paths, 0);
}

static int filter(const struct evac_jail *jail)
{
    const struct sock_fprog program = { jail->filter_n, jail->filter };
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

int evac_jail_enter(const struct evac_jail *jail, const char **ret_what)
{
    static const struct {
        int (*step)(const struct evac_jail *jail);
        const char *what;
    } steps[] = { { limit, "limits" },
                  { become, "another user" },
                  { drop, "no_new_privs" },
                  { hide, "Landlock" },
                  { filter, "seccomp" } };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i].step(jail) != 0) {
            *ret_what = steps[i].what;
            return errno ? errno : EPERM;
        }
    return 0;
}
