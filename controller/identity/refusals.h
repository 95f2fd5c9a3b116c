/*
 * Attempts that were refused, on their way into the journal: credentials that are none, requests
 * that another site's page made, addresses that are not heard, people who may not. Everybody can
 * make as many as they like, so they are kept together: an address, a person and a kind are one
 * entry, whose first attempt is a row at once, and those that follow one row a minute, with their
 * number. Beyond EVAC_REFUSALS_KEPT entries the rest are "others", by kind. And no more than
 * EVAC_REFUSALS_BURST rows at once and one a minute are written, whatever is tried: what waits goes
 * on counting. So a day of attack costs some 1,800 rows, and no attempt is uncounted; a controller
 * that is killed loses the numbers of the last minute.
 *
 * Pure: time arrives with the question, rows leave by evac_refusals_due(). One thread.
 */
#ifndef EVAC_REFUSALS_H
#define EVAC_REFUSALS_H

#include "record.h"

#define EVAC_REFUSALS_KEPT  32u
#define EVAC_REFUSALS_BURST 360u
#define EVAC_REFUSALS_MS    60000u

/* X(NAME, "name in the journal", what it is) */
#define EVAC_REFUSAL_KINDS(X)                                                                      \
    X(WRONG, "wrong", "a credential that is none, or none any more")                               \
    X(FORGED, "forged", "a request that another site's page made")                                 \
    X(BLOCKED, "blocked", "from an address that is not heard after too many wrong credentials")    \
    X(FORBIDDEN, "forbidden", "by somebody who is known, and may not")

#define X(name, text, doc) EVAC_REFUSAL_##name,
enum evac_refusal_kind { EVAC_REFUSAL_KINDS(X) EVAC_REFUSAL_KIND_COUNT };
#undef X

/* One attempt. Borrowed; each text is cut where it is too long. */
struct evac_refusal {
    enum evac_refusal_kind kind;
    struct evac_str from; /* "192.0.2.7", "socket" */
    struct evac_str who;  /* "" when nobody knows */
    struct evac_str what; /* "POST /v1/commands" */
    struct evac_str why;
};

struct evac_refusals;
struct evac_refusals *evac_refusals_new(void);
void evac_refusals_free(struct evac_refusals *refusals); /* NULL is fine */

void evac_refusals_add(struct evac_refusals *refusals, const struct evac_refusal *refusal,
                       int64_t wall_ms);

/*
 * The rows that are due, at most max: name says the kind, from whence, who, event what was asked
 * for, text why, number how many since the row before, data since and until when. They point into
 * refusals until it is asked for anything else. When they are in the journal, say so: otherwise
 * they are due again.
 */
size_t evac_refusals_due(struct evac_refusals *refusals, uint64_t now_ms,
                         struct evac_record *ret_rows, size_t max);
void evac_refusals_written(struct evac_refusals *refusals, uint64_t now_ms);
#endif
