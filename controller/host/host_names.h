/*
 * Names to addresses for as long as DNS says, asked once however many wait. A bounded cache over
 * host_dns. Both the host's HTTP and the probers stand on it, so that they see the configured
 * resolver.
 */
#ifndef EVAC_HOST_NAMES_H
#define EVAC_HOST_NAMES_H

#include "host_dns.h"

struct evac_names;
struct evac_name;

/* Embedded in who waits; must not move while it waits. */
struct evac_names_waiter {
    struct evac_names_waiter *next, **at; /* at is NULL while it does not wait */
    struct evac_name *name;
    evac_dns_addresses_fn *fn; /* addresses: valid until fn returns */
    void *user;
};

/* stale_ms: for so long after its time an answer may stand in for a DNS that does not answer (RFC
 * 8767); 0 for whoever must see DNS as it is. A server that says that there is no such name has
 * answered. */
struct evac_names *evac_names_new(struct evac_dns *dns, size_t max_names, uint32_t stale_ms);

/* Waiters are dropped: fn does not run. Before evac_dns_close(). */
void evac_names_free(struct evac_names *names);

/* NULL when it must be asked for. Valid until the next call. An address as text is its own answer.
 * An old answer (its stale_ms says by how much) only while DNS is known to be silent or to fail; it
 * is then asked again by and by. */
const struct evac_addresses *evac_names_find(struct evac_names *names, struct evac_str name,
                                             struct evac_str server, uint64_t boot_ms);

/* Also an old answer while DNS may yet answer: for who has waited long enough. */
const struct evac_addresses *evac_names_last(struct evac_names *names, struct evac_str name,
                                             struct evac_str server, uint64_t boot_ms);

/* fn runs once, later, unless the waiter is dropped first. The deadline is the waiter's own affair.
 */
enum evac_code evac_names_ask(struct evac_names *names, struct evac_str name,
                              struct evac_str server, struct evac_names_waiter *waiter,
                              struct evac_err *err);
void evac_names_drop(struct evac_names_waiter *waiter);
size_t evac_names_count(const struct evac_names *names);

/* CLOCK_BOOTTIME. */
uint64_t evac_boot_ms(void);
uint64_t evac_boot_us(void);

#endif
