/* Hosts that say no: one for rehearsals, where nothing may change, one for who may change something
 * only for so long, and one for drills that must not touch a region. They stand before another
 * host, which must outlive them. */
#ifndef EVAC_HOST_WRAP_H
#define EVAC_HOST_WRAP_H

#include "evac/host.h"

struct evac_host_guard;

/* Passes everything on. For wrappers: whoever copies it and puts functions of its own into the copy
 * also puts its own ctx there, which must begin with the inner host itself. */
struct evac_host evac_host_passing(const struct evac_host *inner);

/* Refuses (EVAC_E_REFUSED) every HTTP request and program that says it mutates. There is nothing to
 * free. */
struct evac_host evac_host_readonly(const struct evac_host *inner);

/* The same, but only when may(user) says no. The caller fills in inner, may and user, and keeps it
 * as long as the host. */
struct evac_host_while {
    struct evac_host inner; /* first */
    bool (*may)(void *user);
    void *user;
};
struct evac_host evac_host_only_while(struct evac_host_while *guard);

/* Something tried to reach a forbidden region. operation: the request's, "" if it had none. */
typedef void evac_host_tried_fn(void *user, struct evac_str operation, struct evac_str region);

/* Refuses every HTTP request to one of the regions: by the request's region, and, should that be
 * silent or wrong, by a label of the URL's host name. tried may be NULL. */
struct evac_host_guard *evac_host_isolated(const struct evac_host *inner,
                                           const struct evac_str *regions, size_t region_count,
                                           evac_host_tried_fn *tried, void *user);

/* Lent to drivers; valid until the guard is freed. */
const struct evac_host *evac_host_guard_host(const struct evac_host_guard *guard);

/* With no call open. NULL is fine. */
void evac_host_guard_free(struct evac_host_guard *guard);

/* Tells of each HTTP exchange that has an operation how it ended, and leaves it as it is. */
struct evac_host_tally;
typedef void evac_host_told_fn(void *user, struct evac_str operation, struct evac_str region,
                               const struct evac_http_reply *reply);
struct evac_host_tally *evac_host_tallied(const struct evac_host *inner, evac_host_told_fn *told,
                                          void *user);
const struct evac_host *evac_host_tally_host(const struct evac_host_tally *tally);
/* With no exchange open. NULL is fine. */
void evac_host_tally_free(struct evac_host_tally *tally);

#endif
