/*
 * One attempt, sent: reads the channel's secret and certificates, packs, and hands the request to
 * the host. Keeps nothing of the secret but for that attempt.
 */
#ifndef EVAC_POST_H
#define EVAC_POST_H

#include "channel.h"

struct evac_post;

/* answer lives until it returns; the post is gone then. */
typedef void evac_post_done_fn(void *user, const struct evac_answer *answer);

/* Of a type in the table of channel.h; parcel->secret is filled in here. Refuses, with a sentence
 * that holds no secret, or done runs exactly once, later. */
enum evac_code evac_post_send(const struct evac_host *host, const struct evac_parcel *parcel,
                              evac_post_done_fn *done, void *user, struct evac_post **ret_post,
                              struct evac_err *err);
/* Ends it soon; done still runs. */
void evac_post_cancel(struct evac_post *post);
#endif
