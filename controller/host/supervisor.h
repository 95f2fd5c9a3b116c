/*
 * What the service manager is told: sd_notify(3)'s protocol, which is a datagram of lines to a unix
 * socket. Spoken here rather than by libsystemd: it is stable by promise and thirty lines long, and
 * the library would bring decompressors and a second crypto library into a process that holds
 * credentials. Without NOTIFY_SOCKET nothing is said, and nothing is wrong.
 */
#ifndef EVAC_SUPERVISOR_H
#define EVAC_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

struct evac_supervisor {
    char socket[108]; /* "" nobody listens; '@' first: an abstract name */
    uint64_t feed_ms; /* WATCHDOG_USEC, halved; 0: no watchdog waits for this process */
    uint64_t fed_boot_ms;
    char status[200]; /* as last told */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and takes them out of the environment, so
 * that no program that is run speaks for this one. */
void evac_supervisor_init(struct evac_supervisor *supervisor);

/* lines: "READY=1\nSTATUS=...". False: nobody listens, or it could not be sent; never waits. */
bool evac_supervisor_say(const struct evac_supervisor *supervisor, const char *lines);

/* Tells a status that is news. */
void evac_supervisor_status(struct evac_supervisor *supervisor, const char *status);
/* The loop turns. Called at least every second; says so as often as the watchdog wants. */
void evac_supervisor_feed(struct evac_supervisor *supervisor, uint64_t boot_ms);
#endif
