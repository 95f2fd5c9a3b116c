#include "share.h"

#include <stdbool.h>

#define SECOND_MS    1000u
#define ELECTIONS    2ull /* until etcd has a leader again */
#define LEASE_MIN_MS 2000u

static bool outlives(uint64_t ttl_ms, uint64_t request_ms, uint64_t election_ms)
{
    return ttl_ms > ELECTIONS * election_ms + request_ms;
}

enum evac_code evac_share_times(uint32_t ttl_ms, uint32_t request_ms, uint32_t poll_ms,
                                uint32_t election_ms, uint32_t within_ms, uint32_t *ret_takeover_ms,
                                struct evac_err *err)
{
    uint64_t sum = ELECTIONS * election_ms + ttl_ms + SECOND_MS + poll_ms + request_ms;
    if (!request_ms || !poll_ms || !election_ms)
        return evac_fail(err, EVAC_E_BADARG,
                         "request (%u ms), poll (%u ms) and election (%u ms) must be above 0",
                         request_ms, poll_ms, election_ms);
    if (ttl_ms < LEASE_MIN_MS || ttl_ms % SECOND_MS)
        return evac_fail(err, EVAC_E_BADARG,
                         "a lease of %u ms: etcd counts whole seconds, at least %u", ttl_ms,
                         LEASE_MIN_MS / SECOND_MS);
    if (!outlives(ttl_ms, request_ms, election_ms))
        return evac_fail(err, EVAC_E_BADARG,
                         "a lease of %u ms does not outlive two elections of etcd and a lost "
                         "question (2 x %u + %u = %llu ms): an election would take the lead from a "
                         "leader that is well",
                         ttl_ms, election_ms, request_ms,
                         (unsigned long long)(ELECTIONS * election_ms + request_ms));
    if (sum > within_ms)
        return evac_fail(err, EVAC_E_BADARG,
                         "another controller would lead after up to %llu ms (2 x election %u + "
                         "lease %u + 1000 + poll %u + request %u), and %u ms are allowed",
                         (unsigned long long)sum, election_ms, ttl_ms, poll_ms, request_ms,
                         within_ms);
    *ret_takeover_ms = (uint32_t)sum;
    return EVAC_OK;
}
