/*
 * Beside the journal's file: the number and the hash of the row that was acknowledged last. SQLite
 * drops the end of its log from the first damaged byte on without a word, and a chain that was cut
 * is still a chain: this is what says that rows are gone. It is written after the row is durable,
 * without a sync of its own, so it never runs ahead; after a power cut it may be some rows behind.
 * It guards against damage, not against people: those are what signed checkpoints are for.
 */
#ifndef EVAC_SQLITE_HEAD_H
#define EVAC_SQLITE_HEAD_H

#include "chain.h"

#include <stdbool.h>

struct evac_sqlite_head;

/* NULL where it can not be had: the journal works without. */
struct evac_sqlite_head *evac_sqlite_head_open(const char *path);
void evac_sqlite_head_set(struct evac_sqlite_head *head, const struct evac_chain *chain);
void evac_sqlite_head_close(struct evac_sqlite_head *head); /* NULL is fine */

/* False when there is none, or nothing that can be read. */
bool evac_sqlite_head_read(const char *path, struct evac_chain *ret_chain);
#endif
