/* The journal as a bundle carries it: what is needed in full, the rest as hashes. */
#ifndef EVAC_BUNDLE_ROWS_H
#define EVAC_BUNDLE_ROWS_H

#include "rows.h"

typedef bool evac_bundle_need_fn(void *user, const struct evac_record *record);

/* Lines for the whole journal are appended to out; *tree grows over it; *ret_rows is how many are
 * there in full. */
enum evac_code evac_bundle_rows(struct evac_store *store, evac_bundle_need_fn *needed, void *user,
                                struct evac_tree *tree, struct evac_buf *out, uint64_t *ret_rows,
                                struct evac_err *err);
#endif
