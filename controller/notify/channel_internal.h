/* What the encoders share. */
#ifndef EVAC_CHANNEL_INTERNAL_H
#define EVAC_CHANNEL_INTERNAL_H

#include "channel.h"
#include "jw.h"

#define CHANNEL_HEADERS_MAX 8u

typedef enum evac_code channel_pack_fn(const struct evac_parcel *parcel, struct evac_arena *arena,
                                       struct evac_packed *ret_packed, struct evac_err *err);
channel_pack_fn channel_pack_webhook, channel_pack_slack, channel_pack_pagerduty,
    channel_pack_opsgenie, channel_pack_teams, channel_pack_mail;

/* A POST of the JSON in body (which is freed) to url. */
void channel_post(struct evac_packed *packed, struct evac_arena *arena, struct evac_str url,
                  struct evac_buf *body);
void channel_header(struct evac_packed *packed, const char *name, struct evac_str value);

/* "2026-11-28T06:48:44.745Z" */
struct evac_str channel_time(struct evac_arena *arena, int64_t wall_ms);
/* At most so many bytes of a C string, whole characters. */
struct evac_str channel_cut(const char *text, size_t bytes);
struct evac_str channel_base64(struct evac_arena *arena, struct evac_str bytes);
/* What the message asks for, as a button says it: "Approve or decline run 7". */
struct evac_str channel_button(struct evac_arena *arena, const struct evac_message *message);
/* The state, for people: "open", "seen", "over", "news". */
const char *channel_state(const struct evac_message *message);
#endif
