#include "places.h"

#include "key.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY_BYTES 16384u

static enum evac_code too_long(struct evac_err *err)
{
    return evac_fail(err, EVAC_E_TOOBIG, "the path of the state folder is too long");
}

/* The folder and those above it that are missing. */
static enum evac_code make_folder(const char *path, struct evac_err *err)
{
    char part[PATH_MAX];
    struct stat st;
    if (!evac_str_copy(part, sizeof part, evac_str(path)))
        return too_long(err);
    for (char *p = part + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        (void)mkdir(part, 0700);
        *p = '/';
    }
    if (mkdir(part, 0700) != 0 && errno != EEXIST)
        return evac_fail(err, EVAC_E_IO, "%s: %s", path, strerror(errno));
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return evac_fail(err, EVAC_E_IO, "%s is no folder", path);
    return EVAC_OK;
}

/* A socket there is a controller's rights. */
static enum evac_code make_private(const char *path, struct evac_err *err)
{
    struct stat st;
    enum evac_code code = make_folder(path, err);
    if (code)
        return code;
    if (stat(path, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
        return evac_fail(err, EVAC_E_REFUSED,
                         "%s must be yours alone: 'chmod 700 %s', and see who owns it", path, path);
    return EVAC_OK;
}

static enum evac_code default_journal(struct evac_places *places, struct evac_err *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char dir[PATH_MAX];
    int n;
    if (state && state[0] == '/')
        n = snprintf(dir, sizeof dir, "%s/evac", state);
    else if (home && home[0] == '/')
        n = snprintf(dir, sizeof dir, "%s/.local/state/evac", home);
    else
        return evac_fail(err, EVAC_E_BADARG,
                         "neither XDG_STATE_HOME nor HOME says where to keep the journal: name it "
                         "with --journal FILE");
    if (n < 0 || (size_t)n + 32 > sizeof places->journal)
        return too_long(err);
    enum evac_code code = make_private(dir, err);
    snprintf(places->journal, sizeof places->journal, "%.2900s/standalone.db", dir);
    return code;
}

/* The same journal is the same one by whatever path it is named. */
static enum evac_code named_journal(const char *journal, struct evac_places *places,
                                    struct evac_err *err)
{
    char copy[PATH_MAX], whole[PATH_MAX];
    if (!evac_str_copy(copy, sizeof copy, evac_str(journal)))
        return too_long(err);
    char *slash = strrchr(copy, '/');
    const char *name = slash ? slash + 1 : copy, *dir = slash == copy ? "/" : slash ? copy : ".";
    if (slash)
        *slash = '\0';
    if (!realpath(dir, whole))
        return evac_fail(err, EVAC_E_IO, "%s: %s", journal, strerror(errno));
    int n = snprintf(places->journal, sizeof places->journal, "%s/%s", whole, name);
    return n > 0 && (size_t)n < sizeof places->journal ? EVAC_OK : too_long(err);
}

static enum evac_code find_socket(struct evac_places *places, struct evac_err *err)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    uint8_t hash[32];
    char dir[PATH_MAX];
    struct stat st;
    if (runtime && runtime[0] == '/' && stat(runtime, &st) == 0)
        snprintf(dir, sizeof dir, "%s/evac", runtime);
    else
        snprintf(dir, sizeof dir, "%s.d", places->journal);
    enum evac_code code = make_private(dir, err);
    if (code)
        return code;
    evac_sha256(evac_str(places->journal), hash);
    int n = snprintf(places->socket, sizeof places->socket, "%s/%02x%02x%02x%02x.sock", dir,
                     hash[0], hash[1], hash[2], hash[3]);
    if (n < 0 || (size_t)n >= sizeof places->socket)
        return evac_fail(err, EVAC_E_TOOBIG,
                         "the path of the socket in %s is longer than 107 bytes: set "
                         "XDG_RUNTIME_DIR",
                         dir);
    return EVAC_OK;
}

static void find_names(struct evac_places *places)
{
    char text[ENTRY_BYTES], host[65] = "unknown";
    struct passwd entry, *found = NULL;
    unsigned long uid = (unsigned long)geteuid();
    (void)gethostname(host, sizeof host - 1);
    if (getpwuid_r(geteuid(), &entry, text, sizeof text, &found) == 0 && found) {
        snprintf(places->who, sizeof places->who, "uid:%lu(%.100s)", uid, found->pw_name);
        snprintf(places->node, sizeof places->node, "standalone:%.100s@%s", found->pw_name, host);
    } else {
        snprintf(places->who, sizeof places->who, "uid:%lu", uid);
        snprintf(places->node, sizeof places->node, "standalone:%lu@%s", uid, host);
    }
}

enum evac_code evac_places_find(const char *journal, struct evac_places *places,
                                struct evac_err *err)
{
    memset(places, 0, sizeof *places);
    enum evac_code code =
        journal ? named_journal(journal, places, err) : default_journal(places, err);
    if (!code)
        code = find_socket(places, err);
    if (code)
        return code;
    snprintf(places->log, sizeof places->log, "%s.log", places->journal);
    snprintf(places->reports, sizeof places->reports, "%s.reports", places->journal);
    find_names(places);
    return EVAC_OK;
}
