/*
 * Idempotency-Key: a change that is asked for again under the same key, by the same principal and
 * with the same words, is answered as it was the first time, and not made again. The key's record
 * is written in the batch of what it did, so that this holds over a crash at any instant. Requests
 * are handled one after the other: one never overlaps its own repetition. What was refused changed
 * nothing, and is judged anew.
 */
#ifndef EVAC_API_REQUEST_H
#define EVAC_API_REQUEST_H

#include "api_call.h"

#define API_KEY_MAX 128u

struct api_request_room {
    char print[65]; /* what call->asked points at */
};

/* Before a change is made: false when it was answered, as it was the first time or because the key
 * is not a good one, or was used for something else. room lives as long as the call. */
bool api_request_begin(struct api_call *call, struct api_request_room *room);
/* After: what begun a job is remembered as long as this process lives. */
void api_request_end(struct api_call *call);

/* Is it known how to answer this route's changes again? Those of all that take a key must be. */
bool api_request_is_told(const struct evac_route *route);

/* For changes that are NOTEs: this is what will be answered. */
void api_request_answers(struct api_call *call, struct evac_str answer);
#endif
