#include "peer.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUPS_MAX  64u /* of a peer; further ones do not count */
#define ENTRY_BYTES 16384u

static struct evac_str user_text(struct evac_arena *arena, uid_t uid)
{
    char text[ENTRY_BYTES];
    struct passwd entry, *found = NULL;
    if (getpwuid_r(uid, &entry, text, sizeof text, &found) != 0 || !found)
        return evac_arena_printf(arena, "uid:%lu", (unsigned long)uid);
    return evac_arena_printf(arena, "uid:%lu(%s)", (unsigned long)uid, found->pw_name);
}

static struct evac_str group_text(struct evac_arena *arena, gid_t gid)
{
    char text[ENTRY_BYTES];
    struct group entry, *found = NULL;
    if (getgrgid_r(gid, &entry, text, sizeof text, &found) != 0 || !found)
        return evac_arena_printf(arena, "gid:%lu", (unsigned long)gid);
    return evac_arena_printf(arena, "gid:%lu(%s)", (unsigned long)gid, found->gr_name);
}

/* Its own group first, then the others, each once. */
static size_t groups_of(int fd, gid_t own, gid_t gids[GROUPS_MAX])
{
    gid_t more[GROUPS_MAX];
    socklen_t bytes = sizeof more;
    size_t n = 0;
    gids[n++] = own;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, more, &bytes) != 0)
        return n;
    for (size_t i = 0; i < bytes / sizeof more[0] && n < GROUPS_MAX; i++)
        if (more[i] != own)
            gids[n++] = more[i];
    return n;
}

static bool lets_in(const char *socket, const gid_t *gids, size_t count)
{
    struct stat st;
    if (stat(socket, &st) != 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (gids[i] == st.st_gid)
            return true;
    return false;
}

void evac_peer_of(int fd, const char *socket, struct evac_peer *ret)
{
    struct ucred cred;
    socklen_t bytes = sizeof cred;
    gid_t gids[GROUPS_MAX];
    *ret =
        (struct evac_peer){ .arena = evac_arena_new(), .caller = { .who = EVAC_STR("unknown") } };
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &bytes) != 0)
        return;
    size_t count = groups_of(fd, cred.gid, gids);
    struct evac_str *groups = evac_arena_array(ret->arena, count, sizeof *groups);
    for (size_t i = 0; i < count; i++)
        groups[i] = group_text(ret->arena, gids[i]);
    ret->caller = (struct evac_caller){
        .who = user_text(ret->arena, cred.uid),
        .groups = groups,
        .group_count = count,
        .owner = cred.uid == 0 || cred.uid == geteuid(),
        .member = lets_in(socket, gids, count),
    };
}

void evac_peer_done(struct evac_peer *peer)
{
    evac_arena_free(peer->arena);
    peer->arena = NULL;
}
