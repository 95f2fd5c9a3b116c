/*
 * Rows as they lie in etcd: several in one value, whole, each with node, boot id and hash.
 *
 * Layout, numbers little-endian: "evacrow1"; the hash before the first row (32 bytes); how many
 * (u32); then for each row its length and canonical record (record.h), node and boot id the same
 * way (u32 and bytes), and its hash (32 bytes).
 */
#ifndef EVAC_ROW_BATCH_H
#define EVAC_ROW_BATCH_H

#include "evac/arena.h"
#include "store.h"

#define EVAC_ROW_BATCH_BYTES_MAX                                                                   \
    (1u << 20) /* etcd refuses requests above 1.5 MiB, as it is delivered                          \
                */
#define EVAC_ROW_BATCH_ROWS_MAX 4096u

/* *out is begun by the first row. False: it does not fit, and *out is as it was. */
bool evac_row_batch_put(struct evac_buf *out, const struct evac_row *row);
uint32_t evac_row_batch_count(const struct evac_buf *out);

/* The rows' array lives in *arena, their texts in value. EVAC_E_CORRUPT says what is wrong: not
 * such a value, bytes too few or too many, numbers with a gap. Hashes are not looked at. */
enum evac_code evac_row_batch_read(struct evac_str value, struct evac_arena *arena,
                                   struct evac_row **ret_rows, size_t *ret_count,
                                   struct evac_err *err);

#endif
