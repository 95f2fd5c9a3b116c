/*
 * The types of channels: a table, a line each, of what it takes to send there. An encoder turns a
 * message into the service's own words; it does no I/O. Types that a driver brings are not
 * in the table: whoever sends asks the driver.
 */
#ifndef EVAC_CHANNEL_H
#define EVAC_CHANNEL_H

#include "evac/arena.h"
#include "evac/driver.h"
#include "evac/host.h"
#include "outbox.h"

/* One attempt, as an encoder gets it. */
struct evac_parcel {
    const struct evac_channel *channel;
    const struct evac_message *message;
    struct evac_str secret; /* revealed; the encoder's request may hold it, nothing else */
    struct evac_str node;   /* of the controller */
    uint32_t attempt;
    bool repeat; /* an earlier attempt may have arrived */
    int64_t wall_ms;
};

/* What is sent: one of the two. Everything in arena. */
struct evac_packed {
    bool is_mail;
    struct evac_http_request http;
    struct evac_mail_request mail;
};

struct evac_channel_type {
    const char *name;
    const char *url;    /* the service's own, NULL: the configuration has it */
    const char *secret; /* what the secret is, for messages; NULL: none is needed */
    bool secret_is_url, takes_news;
    enum evac_code (*pack)(const struct evac_parcel *parcel, struct evac_arena *arena,
                           struct evac_packed *ret_packed, struct evac_err *err);
};

/* NULL: it is none of these, perhaps a driver's. */
const struct evac_channel_type *evac_channel_type(struct evac_str name);
/* "webhook, slack, ..." */
void evac_channel_types(struct evac_buf *out);
/* News open nothing: what wakes people does not get them. */
bool evac_channel_takes_news(struct evac_str type);

/* Is all there that its type needs? The sentence in err says what is not. */
enum evac_code evac_channel_check(const struct evac_channel *channel, struct evac_err *err);

/* An address that a secret may go to: https, or this machine. */
bool evac_channel_url_is_safe(struct evac_str url);

/* The request of an attempt, with the limits of time and size that all have. */
enum evac_code evac_channel_pack(const struct evac_parcel *parcel, struct evac_arena *arena,
                                 struct evac_packed *ret_packed, struct evac_err *err);

/* What the reply means; the sentence in arena, without the secret. */
struct evac_answer evac_channel_judge(const struct evac_http_reply *reply, bool is_mail,
                                      struct evac_str secret, struct evac_arena *arena);

/* The same secrets rule for any text that is kept: each occurrence becomes "***". */
struct evac_str evac_channel_redact(struct evac_arena *arena, struct evac_str text,
                                    struct evac_str secret);

/* Settings for a driver's `tell`: sorted "want.*" and what a resource of its type gets. */
struct evac_args evac_channel_args(const struct evac_parcel *parcel, struct evac_str region,
                                   struct evac_arena *arena);
#endif
