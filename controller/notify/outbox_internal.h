/* What the outbox's files share: outbox.c folds, outbox_rows.c makes rows, outbox_view.c shows. */
#ifndef EVAC_OUTBOX_INTERNAL_H
#define EVAC_OUTBOX_INTERNAL_H

#include "channel.h"
#include "outbox.h"
#include "routing.h"

#define OUTBOX_PLACES_MAX  64u   /* channels that the journal knows, by name */
#define OUTBOX_MATTERS_MAX 4096u /* open ones; of more the oldest is forgotten */
#define OUTBOX_FAILS_FROM  2u    /* failures in a row, and a channel fails */

/* A channel, as the journal has it: it outlives its configuration. */
struct outbox_place {
    char name[65];
    uint32_t failures; /* in a row */
    uint64_t sent, given_up, dropped;
    int64_t sent_wall_ms, answered_wall_ms, failing_since_wall_ms; /* 0 never */
    char answer[240];
    uint64_t retry_boot_ms; /* of this process: not before */
};

struct outbox_matter {
    uint16_t place;
    enum evac_urgency severity;
    int64_t wall_ms;
    uint64_t letter; /* that opened it */
    char key[sizeof((struct evac_message *)0)->key];
    char title[sizeof((struct evac_message *)0)->title];
};

struct evac_outbox {
    const struct evac_notify_conf *conf;
    struct evac_letter *letters, *last;
    struct outbox_place places[OUTBOX_PLACES_MAX];
    size_t place_count;
    struct outbox_matter *matters;
    size_t matter_count, matter_cap;
    uint64_t told;
    uint32_t hint_ms; /* what the answer that is folded next said of a retry; 0 nothing */
};

/* NULL when there is none. */
const struct evac_channel *outbox_channel(const struct evac_outbox *o, const char *name);
struct outbox_place *outbox_place(const struct evac_outbox *o, struct evac_str name);
const struct outbox_matter *outbox_matter(const struct evac_outbox *o,
                                          const struct outbox_place *place, const char *key);
size_t outbox_waiting(const struct evac_outbox *o, const char *channel);
#endif
