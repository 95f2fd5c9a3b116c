/*
 * AWS Signature Version 4 in separate, pure stages, for both sides of the wire: the client signs
 * with them, the sandbox verifies with them. No clock, no allocation that the caller does not see.
 * Version 4A is the same with a pair of keys instead of a shared one, for endpoints of no one
 * region: a scope with a region set means it, everywhere below.
 *
 * Signing: evac_sigv4_signed_names() -> evac_sigv4_canonical() -> evac_sigv4_to_sign() ->
 * evac_sigv4_signature() -> evac_sigv4_authorization(), or all in one by evac_sigv4_sign().
 * Verifying: evac_sigv4_claim() reads what a request says of itself, evac_sigv4_verify() proves it.
 */
#ifndef EVAC_SIGV4_H
#define EVAC_SIGV4_H

#include "evac/arena.h"
#include "evac/buf.h"
#include "evac/host.h"

#define EVAC_SIGV4_ALGORITHM       "AWS4-HMAC-SHA256"
#define EVAC_SIGV4A_ALGORITHM      "AWS4-ECDSA-P256-SHA256"
#define EVAC_SIGV4_UNSIGNED        "UNSIGNED-PAYLOAD"
#define EVAC_SIGV4_HEX_BYTES       65  /* 32 bytes as lower-case hex and a zero */
#define EVAC_SIGV4_SIGNATURE_BYTES 145 /* of either version: 4A's is up to 72 bytes of DER */
#define EVAC_SIGV4_DATE_BYTES      17  /* "20260102T030405Z" and a zero */
#define EVAC_SIGV4A_POINT_BYTES    65  /* a public key: 4, X, Y */

/* A request as it is on the wire. path and query keep their encoding; host is among the headers. */
struct evac_sigv4_request {
    struct evac_str method;
    struct evac_str path;  /* "/a%20b", "" means "/" */
    struct evac_str query; /* without '?' */
    const struct evac_http_header *headers;
    size_t header_count;
    struct evac_str body;
    bool s3_rules; /* path verbatim; otherwise dots and slashes are normalised, then it is encoded
                      again */
};

/* What binds a signature to a time and a place. */
struct evac_sigv4_scope {
    struct evac_str timestamp;  /* "20260102T030405Z" */
    struct evac_str region;     /* the signing region; not in Version 4A's */
    struct evac_str service;    /* the signing name */
    struct evac_str region_set; /* "" Version 4; else Version 4A: where it holds, such as "*", as
                                   x-amz-region-set says too */
};

/* --- the stages --- */

/* "20260102T030405Z" of an instant. */
void evac_sigv4_timestamp(int64_t wall_ms, char ret_text[EVAC_SIGV4_DATE_BYTES]);

void evac_sigv4_hash(struct evac_str data, char ret_hex[EVAC_SIGV4_HEX_BYTES]);

/* "content-type;host;x-amz-date": every header but those that transport may touch (AWS.md 1.5, 5).
 */
void evac_sigv4_signed_names(const struct evac_http_header *headers, size_t count,
                             struct evac_buf *ret_names);

/* signed_names as above. X-Amz-Signature in the query is left out. Fails when a signed header is
 * not there, or the request has more than 256 query fields or headers. */
enum evac_code evac_sigv4_canonical(const struct evac_sigv4_request *request,
                                    struct evac_str signed_names, struct evac_str payload_hash,
                                    struct evac_buf *ret_text, struct evac_err *err);

void evac_sigv4_to_sign(const struct evac_sigv4_scope *scope, struct evac_str canonical,
                        struct evac_buf *ret_text);

/* Keys derived lately, so that a busy day costs one derivation a region and service; of Version 4A
 * one a secret. Zero it to start; evac_sigv4_cache_done() wipes it. */
#define EVAC_SIGV4_CACHE 64u
struct evac_sigv4_cache {
    struct {
        unsigned char name[32]; /* SHA-256 over the secret and what the key is for */
        unsigned char key[32];
        bool used;
    } rows[EVAC_SIGV4_CACHE];
    size_t next;
};
void evac_sigv4_cache_done(struct evac_sigv4_cache *cache);

/* cache may be NULL. */
void evac_sigv4_key(struct evac_sigv4_cache *cache, struct evac_str secret,
                    const struct evac_sigv4_scope *scope, unsigned char ret_key[32]);
void evac_sigv4_signature(const unsigned char key[32], struct evac_str to_sign,
                          char ret_hex[EVAC_SIGV4_HEX_BYTES]);
void evac_sigv4_authorization(const struct evac_sigv4_scope *scope, struct evac_str access_key_id,
                              struct evac_str signed_names, const char *signature,
                              struct evac_buf *ret_text);

/* --- Version 4A's own --- */

struct evac_sigv4_identity {
    struct evac_str access_key_id;
    struct evac_str secret;        /* revealed: for the length of a call */
    struct evac_str session_token; /* "" none */
};

/* The private key of whoever has that secret; cache may be NULL. */
void evac_sigv4a_key(struct evac_sigv4_cache *cache, const struct evac_sigv4_identity *identity,
                     unsigned char ret_key[32]);
void evac_sigv4a_public(const unsigned char key[32],
                        unsigned char ret_point[EVAC_SIGV4A_POINT_BYTES]);
/* Hexadecimal DER, another one each time. */
void evac_sigv4a_signature(const unsigned char key[32], struct evac_str to_sign,
                           char ret_hex[EVAC_SIGV4_SIGNATURE_BYTES]);
bool evac_sigv4a_holds(const unsigned char point[EVAC_SIGV4A_POINT_BYTES], struct evac_str to_sign,
                       struct evac_str signature);

/* --- signing --- */

/*
 * The value of the Authorization header. The caller has put host, x-amz-date and, when there is a
 * session token, x-amz-security-token among the headers already; for Version 4A x-amz-region-set
 * too. payload_hash "" means: hash the body.
 */
enum evac_code evac_sigv4_sign(struct evac_sigv4_cache *cache,
                               const struct evac_sigv4_request *request,
                               const struct evac_sigv4_scope *scope,
                               const struct evac_sigv4_identity *identity,
                               struct evac_str payload_hash, struct evac_buf *ret_authorization,
                               struct evac_err *err);

/*
 * Presigning: the request's query followed by X-Amz-Algorithm ... X-Amz-Signature. The headers hold
 * host and whatever else the one who uses the URL will have to send.
 */
struct evac_sigv4_presign {
    uint32_t expires_s;
    struct evac_str payload_hash; /* "": hash of the body. S3 wants EVAC_SIGV4_UNSIGNED */
    bool token_after;             /* add the session token after signing (a few consumers) */
};
enum evac_code evac_sigv4_presign(struct evac_sigv4_cache *cache,
                                  const struct evac_sigv4_request *request,
                                  const struct evac_sigv4_scope *scope,
                                  const struct evac_sigv4_identity *identity,
                                  const struct evac_sigv4_presign *options,
                                  struct evac_buf *ret_query, struct evac_err *err);

/* --- verifying --- */

/* What a request says of itself: nothing here is proven yet. */
struct evac_sigv4_claim {
    struct evac_str access_key_id;
    struct evac_sigv4_scope scope;
    struct evac_str signed_names; /* "host;x-amz-date" */
    struct evac_str signature;
    struct evac_str session_token; /* "" none */
    bool presigned;
    int64_t wall_ms;    /* of the scope's timestamp */
    uint32_t expires_s; /* presigned only */
};

/*
 * From the Authorization header, else from the query. Texts live in arena. EVAC_E_NOTFOUND: not
 * signed at all (an anonymous request); EVAC_E_PARSE: signed, but not well formed.
 */
enum evac_code evac_sigv4_claim(const struct evac_sigv4_request *request, struct evac_arena *arena,
                                struct evac_sigv4_claim *ret_claim, struct evac_err *err);

/* EVAC_OK: it was signed within tolerance_ms of wall_ms, or the presigned URL has not expired.
 * EVAC_E_STALE: at the wrong time. */
enum evac_code evac_sigv4_in_time(const struct evac_sigv4_claim *claim, int64_t wall_ms,
                                  int64_t tolerance_ms, struct evac_err *err);

/*
 * EVAC_OK: whoever knows secret signed exactly this request, at a time within tolerance_ms of
 * wall_ms (or the presigned URL has not expired). EVAC_E_STALE: signed at the wrong time.
 * EVAC_E_AUTH: the signature does not match, or x-amz-content-sha256 is not the body's.
 * EVAC_E_PARSE: a signed
 * header is missing, or host or an x-amz-* header is not signed. Signatures are compared in
 * constant time. request->s3_rules is the caller's to set: claim.scope.service is "s3". cache may
 * be NULL.
 */
enum evac_code evac_sigv4_verify(struct evac_sigv4_cache *cache,
                                 const struct evac_sigv4_request *request,
                                 const struct evac_sigv4_claim *claim, struct evac_str secret,
                                 int64_t wall_ms, int64_t tolerance_ms, struct evac_err *err);
#endif
