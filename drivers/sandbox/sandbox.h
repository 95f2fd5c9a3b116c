/*
 * One pure model of AWS: regions, services with their state machines, lag, eventual consistency,
 * throttling, outages. No clock, no sockets, no threads, no randomness of its own: time and a seed
 * come from outside. It has two doors: evac_sandbox_http() in one process (virtual time), and the
 * evac-sandbox program, which listens on loopback and calls the same function. Both speak AWS's own
 * wire protocols with signatures verified, so a driver that works here has serialised, signed and
 * parsed for real.
 */
#ifndef EVAC_SANDBOX_H
#define EVAC_SANDBOX_H

#include "evac/buf.h"
#include "evac/host.h"

struct evac_sandbox;

struct evac_sandbox_options {
    uint64_t seed;
    const char *const *regions; /* ends with NULL */
    double speed;               /* durations are divided by this; 1.0 real, 0 means instant */
    int64_t wall_ms;            /* wall clock at boot time 0 */
    const char *access_key_id, *secret_access_key,
        *session_token;  /* accepted credentials; token may be NULL */
    bool enforce_limits; /* AWS's request rates (drivers/aws/facts/limits.cfg), multiplied by speed,
                            as durations are divided by it; speed 0 as 1 */
    unsigned signatures_each; /* one signature in so many is computed, of the others only the key
                                 and the time are looked at: a simulation's requests come from the
                                 code that signs. 0 as 1: all */
};

struct evac_sandbox *evac_sandbox_new(const struct evac_sandbox_options *options);
void evac_sandbox_free(struct evac_sandbox *sandbox);

/* Let time pass to now_ms (monotonic): state machines move, replication catches up, health checks
 * and the sample app's self-fence run. */
void evac_sandbox_advance(struct evac_sandbox *sandbox, uint64_t now_ms);

/* When something will happen by itself next; UINT64_MAX never. */
uint64_t evac_sandbox_wake_ms(struct evac_sandbox *sandbox);

/* What the door must do with a request. */
enum evac_sandbox_fate {
    EVAC_SANDBOX_REPLY,     /* send status, headers, body after delay_ms */
    EVAC_SANDBOX_REFUSE,    /* region is gone: as if nothing listened (no effect) */
    EVAC_SANDBOX_BLACKHOLE, /* accept and never answer (no effect) */
    EVAC_SANDBOX_LOSE,      /* the effect happened; close without answering */
};

struct evac_sandbox_reply {
    enum evac_sandbox_fate fate;
    uint32_t delay_ms;
    int status;
    struct evac_str content_type;
    const struct evac_http_header *headers; /* valid until the next call into the sandbox */
    size_t header_count;
    struct evac_buf body; /* the caller inits (with a ceiling) and frees */
};

/*
 * One HTTP request, as it came: raw path with its encoding. Dispatch: by Host to the sample app's
 * endpoints; by /_sandbox/ to the control API (no signature); else an AWS call whose service and
 * region come from the credential scope. Effects happen at once, at the sandbox's present time.
 */
void evac_sandbox_http(struct evac_sandbox *sandbox, const struct evac_http_request *request,
                       struct evac_sandbox_reply *reply);

/* One DNS question as wire bytes, one answer as wire bytes (RFC 1035), hosted zones with routing
 * policies and health checks evaluated. tcp lifts the 512-byte limit. False: drop it (malformed
 * beyond answering). */
bool evac_sandbox_dns(struct evac_sandbox *sandbox, const uint8_t *question, size_t question_bytes,
                      bool tcp, struct evac_buf *ret_answer);

/*
 * The control API's verbs, also for tests: "region us-east-1 down", "region us-east-1 up",
 * "service rds us-east-1 down|up|slow 2000|throttled|lost 1|capacity-refused", "lag us-west-2
 * 1500", "app shop write-traffic on" ... (README of drivers/sandbox has them all.) The same text is
 * the body of POST /_sandbox/control.
 */
enum evac_code evac_sandbox_control(struct evac_sandbox *sandbox, struct evac_str command,
                                    struct evac_err *err);

/* The sample app "shop": warm standby over the first two regions, and what it needs. base_port is
 * where the door listens (endpoints' URLs contain it). */
void evac_sandbox_shop(struct evac_sandbox *sandbox, uint16_t base_port);

/* Of the sample app, without the whole truth: how many regions accept its clients' writes now, and
 * the first one's name; to how many regions its users are led, where all of them serve. */
unsigned evac_sandbox_writers(const struct evac_sandbox *sandbox, char *ret_name, size_t bytes);
unsigned evac_sandbox_led_to(const struct evac_sandbox *sandbox);
/* Where its traffic goes, as the newest GO object says; and whether its data in a region take
 * writes. */
void evac_sandbox_route(const struct evac_sandbox *sandbox, char *ret_region, size_t bytes);
bool evac_sandbox_has_data(const struct evac_sandbox *sandbox, const char *region);
/* How many database instances a region has, outside clusters and in them. */
unsigned evac_sandbox_db_instances(const struct evac_sandbox *sandbox, const char *region);

/* Ground truth, as JSON, for invariants and the status page: who is writable, who serves, counts,
 * DNS, the GO objects, and, per mutating operation, how many times it was received and how many had
 * an effect. */
void evac_sandbox_truth(const struct evac_sandbox *sandbox, struct evac_buf *ret_json);
#endif
