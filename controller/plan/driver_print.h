/* The drivers' own tables, printed: for people, for a page, for programs, and as the permissions
 * that they need. */
#ifndef EVAC_DRIVER_PRINT_H
#define EVAC_DRIVER_PRINT_H

#include "evac/buf.h"
#include "jw.h"
#include "plan.h"

enum evac_drivers_form { EVAC_DRIVERS_TEXT, EVAC_DRIVERS_MARKDOWN };

/* All drivers: a line an action, or a row a driver. */
void evac_drivers_print(const struct evac_catalog *catalog, enum evac_drivers_form form,
                        struct evac_buf *out);
/* One driver with all that its tables hold. */
void evac_driver_print(const struct evac_driver *driver, enum evac_drivers_form form,
                       struct evac_buf *out);
/* An array with an object an action; driver NULL: of all drivers. */
void evac_drivers_to_json(const struct evac_catalog *catalog, const struct evac_driver *driver,
                          struct evac_jw *w);

/* A policy with what a driver may call, of all resources: what an app needs is narrower (rights.h).
 */
void evac_permissions_of_driver(const struct evac_driver *driver, struct evac_buf *out);
#endif
