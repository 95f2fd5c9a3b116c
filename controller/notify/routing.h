/* Who is told: a message, the configured routes and the hour give channels. Pure but for zones. */
#ifndef EVAC_ROUTING_H
#define EVAC_ROUTING_H

#include "notice.h"

/* A bit each, by index in conf->channels. The routes that fit a message are followed; without any
 * configured route all channels get what is a warning or worse. message->to is told in any case,
 * when it is a channel. */
uint32_t evac_routing(const struct evac_notify_conf *conf, const struct evac_message *message,
                      const struct evac_zones *zones, int64_t wall_ms);

/* Index, or channel_count. */
size_t evac_channel_index(const struct evac_notify_conf *conf, struct evac_str name);

/* Where a channel that is served from several regions is sent from: attempt 1 from the first that
 * is not down, the next attempt from the next of those, and so on round; from one that is down only
 * when all are. "" when it has none. down: may be NULL. */
struct evac_str evac_channel_region(const struct evac_channel *channel, uint32_t attempt,
                                    bool (*down)(void *ctx, struct evac_str region), void *ctx);
#endif
