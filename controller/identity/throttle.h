/*
 * How much one address may ask, and how often it may be wrong. An IPv4 address is one; of IPv6 the
 * first 64 bits are, since whoever has one has them all. Pure: time arrives with the question. The
 * table has a fixed size, so that many addresses cost no more memory than few: the one that asked
 * longest ago makes way, those that are blocked last.
 */
#ifndef EVAC_THROTTLE_H
#define EVAC_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVAC_FAILURES_MAX 10u    /* wrong credentials within ... */
#define EVAC_FAILURES_MS  60000u /* ... this ... */
#define EVAC_BLOCK_MS     60000u /* ... and nothing is heard for this */
#define EVAC_BURST        4u     /* seconds' worth of requests at once */

struct sockaddr;

struct evac_address {
    uint8_t bytes[16]; /* as IPv6, with what does not tell two apart set to zero */
};
/* False: of another family, such as a unix socket's peer. */
bool evac_address_of(const struct sockaddr *from, struct evac_address *ret_address);
/* "192.0.2.7", "2001:db8::/64" */
void evac_address_text(const struct evac_address *address, char *out, size_t bytes);

struct evac_throttle;
struct evac_throttle *evac_throttle_new(size_t addresses);
void evac_throttle_free(struct evac_throttle *throttle); /* NULL is fine */

/* One request more. 0: go on; otherwise in how many seconds another may be tried. */
uint32_t evac_throttle_ask(struct evac_throttle *throttle, const struct evac_address *address,
                           uint32_t per_second, uint64_t now_ms);
/* A wrong credential. True: with it the address is blocked. */
bool evac_throttle_fail(struct evac_throttle *throttle, const struct evac_address *address,
                        uint64_t now_ms);
/* 0: not blocked; otherwise for how many seconds more. */
uint32_t evac_throttle_blocked(const struct evac_throttle *throttle,
                               const struct evac_address *address, uint64_t now_ms);
#endif
