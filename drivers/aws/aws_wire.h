/* One operation as bytes: URL, headers, body, signature. Pure: time, chance and keys come in. */
#ifndef EVAC_AWS_WIRE_H
#define EVAC_AWS_WIRE_H

#include "endpoints.h"
#include "sigv4.h"

struct evac_aws_wire {
    const struct evac_aws_service *service;
    const struct evac_endpoint *endpoint;
    const struct evac_aws_request *request;
    const struct evac_sigv4_identity *identity; /* NULL: not signed */
    struct evac_str bearer;                     /* a token in place of the signature, "" none */
    struct evac_sigv4_cache *cache;             /* may be NULL */
    int64_t wall_ms;                            /* with the host's skew already in it */
    const char *invocation_id;                  /* the same for every attempt */
    unsigned attempt;                           /* from 1 */
};

#define EVAC_AWS_CONNECT_MS      3100u
#define EVAC_AWS_READ_MS         10000u
#define EVAC_AWS_MUTATION_MS     20000u
#define EVAC_AWS_MAX_REPLY_BYTES (4u << 20)
#define EVAC_AWS_MAX_BODY_BYTES  (4u << 20)

/* All texts live in arena. Host is signed but not among the headers: the transport writes it from
 * the URL, whose host is spelled as it was signed. */
enum evac_code evac_aws_wire_build(const struct evac_aws_wire *wire, struct evac_arena *arena,
                                   struct evac_http_request *ret_http, struct evac_err *err);

/* CRC-32 (ISO 3309), base64 of its four bytes, as x-amz-checksum-crc32 has it. */
void evac_aws_crc32(struct evac_str data, char ret_base64[9]);
#endif
