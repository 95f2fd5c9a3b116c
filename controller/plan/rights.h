/*
 * The rights that an app's plans need of the cloud, as narrow as it can grant them: which
 * operation, of which resource, in which regions, under which conditions. From the plans of every
 * workflow, mode and direction, what drills look at and break, what is measured, looked at and
 * probed between runs; the drivers' tables say what is called, their pack what it can be narrowed
 * to. Pure.
 */
#ifndef EVAC_RIGHTS_H
#define EVAC_RIGHTS_H

#include "evac/buf.h"
#include "plan.h"

#define EVAC_RIGHTS_ROLES(X)                                                                       \
    X(OBSERVE,                                                                                     \
      "observe")  /* what it needs all the time: looks, and the markers that it measures by        \
                   */                                                                              \
    X(ACT, "act") /* what its runs need: looks and changes */
#define X(name, text) EVAC_RIGHTS_##name,
enum evac_rights_role { EVAC_RIGHTS_ROLES(X) EVAC_RIGHTS_ROLE_COUNT };
#undef X
const char *evac_rights_role_name(enum evac_rights_role role);

struct evac_rights_request {
    const struct evac_model *model;
    const struct evac_app *app;
    const struct evac_catalog *catalog;
    struct evac_str workflow; /* of acting, that one alone: "failover"; "" all */
    struct evac_str account;  /* "" as the app's own settings say it; else of any ("*") */
};

/*
 * {"app":..., "account":... or null, "terraform":"...",
 * "policies":[{"name":"evac-act-shop","role":"act","part":1,
 * "parts":1,"characters":2210,"document":{...}}], "notes":["..."]}. A policy that is longer than
 * one may be is in several parts. BADARG: no such workflow, an account that is none.
 */
enum evac_code evac_rights_of_app(const struct evac_rights_request *request, struct evac_buf *out,
                                  struct evac_err *err);

/* The account that the app's own settings name; "*" when they name none, or several. */
struct evac_str evac_rights_account(const struct evac_catalog *catalog, const struct evac_app *app);

#endif
