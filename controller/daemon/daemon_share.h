/* A journal that several controllers share: daemon.c's store and shell follow who leads. */
#ifndef EVAC_DAEMON_SHARE_H
#define EVAC_DAEMON_SHARE_H

#include "batch.h"
#include "evac/err.h"

struct evac_daemon;
struct evac_seen_probe;

/* The replica becomes daemon->replica, and what the shell works with daemon->store. */
enum evac_code daemon_share_open(struct evac_daemon *daemon, struct evac_err *err);
/* The replica is the caller's to close. */
void daemon_share_close(struct evac_daemon *daemon);
/* Is it this controller's to lead, or to follow, from now on? */
bool daemon_share_follows(const struct evac_daemon *daemon);
/* The shell that led is gone. */
void daemon_share_drop(struct evac_daemon *daemon);
/* About once a second: roles, and what this one saw as a vantage. */
void daemon_share_second(struct evac_daemon *daemon);
/* What a follower's probe saw is the leader's to judge. */
void daemon_share_seen(struct evac_daemon *daemon, const struct evac_seen_probe *seen);
/* daemon_watch.c: alone, nobody is known to lead. stop: before the shell goes. */
void daemon_watch_second(struct evac_daemon *daemon, bool alone);
void daemon_watch_stop(struct evac_daemon *daemon);
/* The lead is given back; done runs once, at the latest after a few seconds. */
void daemon_share_leave(struct evac_daemon *daemon, void (*done)(void *user), void *user);
#endif
