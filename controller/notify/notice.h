/*
 * A message to people and to the systems that wake them: what it is about, how much it matters, and
 * whether it opens a matter, takes it up or ends it. Messages about one matter have one key.
 */
#ifndef EVAC_NOTICE_H
#define EVAC_NOTICE_H

#include "model.h"

#define EVAC_NOTICE_STATES(X)                                                                      \
    X(TRIGGER, "trigger")         /* somebody should look */                                       \
    X(ACKNOWLEDGE, "acknowledge") /* somebody does */                                              \
    X(RESOLVE, "resolve")         /* it is over; with all matters whose keys lie below this one */ \
    X(NEWS, "news")               /* nobody has to do anything: it opens nothing */

#define X(name, text) EVAC_NOTICE_##name,
enum evac_notice_state { EVAC_NOTICE_STATES(X) EVAC_NOTICE_STATE_COUNT };
#undef X
const char *evac_notice_state_name(enum evac_notice_state state);

/* Of an id: 128 random bits in base32 (RFC 4648, lower case), and its end. */
#define EVAC_NOTICE_ID_BYTES 27u

struct evac_message {
    char id[EVAC_NOTICE_ID_BYTES]; /* the same at each attempt, on every channel */
    char key[208];                 /* "shop/run/7/ask": below "shop/run/7" */
    enum evac_notice_state state;
    enum evac_notice_kind kind;
    enum evac_urgency severity;
    uint64_t run; /* 0 none */
    char app[65], region[48];
    char to[65]; /* a channel that is told whatever the routes say, "" none */
    char title[160], text[800];
    char link[320]; /* a page of the dashboard, "" none */
    int64_t wall_ms;
    uint64_t cause; /* the journal's row, 0: it was noticed between rows */
};

/* Is the matter `key`, or one below it? */
bool evac_notice_covers(const char *key, const char *below);

/* Texts are cut to whole UTF-8 characters; control characters become spaces. */
void evac_notice_text(char *to, size_t bytes, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void evac_message_to_json(const struct evac_message *message, struct evac_buf *out);
enum evac_code evac_message_from_json(struct evac_str json, struct evac_message *ret_message,
                                      struct evac_err *err);
#endif
