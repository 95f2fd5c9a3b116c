/* The drivers that are open: one link a pack, on one host. */
#ifndef EVAC_BOOK_H
#define EVAC_BOOK_H

#include "plan.h"

struct evac_book;

/* settings: the controller's "<pack>.<name>" values. */
enum evac_code evac_book_open(const struct evac_catalog *catalog, const struct evac_host *host,
                              const struct evac_args *settings, struct evac_book **ret_book,
                              struct evac_err *err);
void evac_book_close(struct evac_book *book);

/* Each pack makes ready what calls for that app will need, wherever it may be. See evac/driver.h.
 */
void evac_book_prepare(const struct evac_book *book, const struct evac_app *app);

/* The driver of a resource type and its link; NULL when there is none. */
const struct evac_driver *evac_book_driver(const struct evac_book *book, struct evac_str type,
                                           struct evac_link **ret_link);

/* The first pack that can publish, and its link; NULL when there is none. */
const struct evac_pack *evac_book_publisher(const struct evac_book *book,
                                            struct evac_link **ret_link);

/* Asks the first pack that can look for what an app owns. See evac/driver.h. */
enum evac_code evac_book_discover(const struct evac_book *book, const struct evac_query *query,
                                  evac_said_fn *said, evac_findings_fn *done, void *user,
                                  struct evac_err *err);
#endif
