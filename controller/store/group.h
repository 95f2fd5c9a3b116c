/*
 * Group commit: a store over another. An append is accepted at once and becomes durable with
 * evac_group_commit(), in one durable write with all others that were accepted since the last; the
 * listener hears of it from there (store.h). So a turn of the loop in which a thousand runs moved
 * costs one sync, and rows that nothing waits for ride with those that something does. Whoever
 * makes one commits before the loop sleeps; until then a crash loses what was accepted, as if it
 * had come a moment earlier: nothing outside was changed on the strength of it.
 */
#ifndef EVAC_GROUP_H
#define EVAC_GROUP_H

#include "store.h"

struct evac_group;

/* inner becomes its own, and commits what it is given before it returns. */
struct evac_group *evac_group_new(struct evac_store *inner);
/* Closing it closes inner; what was not committed is gone. */
struct evac_store *evac_group_store(struct evac_group *group);
/* For what only that kind of store can be asked. NULL is fine. */
struct evac_store *evac_group_inner(const struct evac_group *group);

/* Rows that were accepted and are not durable yet. */
size_t evac_group_waiting(const struct evac_group *group);
/* Something waits for one of them: a call, a person, a letter. */
bool evac_group_is_awaited(const struct evac_group *group);

/* Nothing waits: nothing is done. Not from inside the listener. After an error the store refuses
 * everything, and the listener has heard that the rows are lost. */
enum evac_code evac_group_commit(struct evac_group *group, struct evac_err *err);
#endif
