/* What a reply means: outcome, code, words. And what the client may do about a refusal by itself.
 */
#ifndef EVAC_AWS_CLASSIFY_H
#define EVAC_AWS_CLASSIFY_H

#include "aws.h"

/* Refusals that another signature may cure. All are certain to have had no effect. */
enum evac_aws_cure {
    EVAC_AWS_CURE_NONE,
    EVAC_AWS_CURE_CLOCK,  /* signed at the wrong time: date_ms says which was right */
    EVAC_AWS_CURE_REGION, /* the bucket is in another region */
    EVAC_AWS_CURE_KEYS,   /* the keys are expired or no longer known */
};

struct evac_aws_verdict {
    struct evac_aws_reply reply;
    enum evac_aws_cure cure;
    bool dated; /* the reply has a Date header */
    int64_t date_ms;
    struct evac_str region; /* CURE_REGION */
    struct evac_json *json; /* owned: reply.json points at it */
};

/* Texts live in arena or in http. ret_verdict must be given to evac_aws_verdict_done(). */
void evac_aws_classify(const struct evac_aws_service *service,
                       const struct evac_aws_request *request, const struct evac_http_reply *http,
                       struct evac_arena *arena, struct evac_aws_verdict *ret_verdict);
void evac_aws_verdict_done(struct evac_aws_verdict *verdict);

/* Did the service ask to come back later? By the reply alone, whatever was asked: for counting. */
bool evac_aws_is_throttle(const struct evac_http_reply *http);

/* The outcome of an error reply alone: a pure table, for the tests. */
enum evac_outcome evac_aws_outcome(int status, struct evac_str code);
#endif
