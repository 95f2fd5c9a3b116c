/*
 * Who may ask what: one table, printed by `evac roles` and enforced in one place, at the API's
 * door. Pure.
 */
#ifndef EVAC_ACCESS_H
#define EVAC_ACCESS_H

#include "jw.h"
#include "model.h"

/* One thing that can be asked, and the roles of which any one is enough. */
struct evac_access_row {
    const char *what;
    uint32_t roles; /* EVAC_ROLE_BIT() each */
    const char *doc;
};

/* Ends with a row without a name. */
extern const struct evac_access_row evac_access_rows[];

/* What is not in the table is for admins: a new question is closed until somebody thought of it. */
const struct evac_access_row *evac_access_row(struct evac_str what);

struct evac_access {
    const struct evac_model *model;
    const struct evac_app *app; /* NULL: it is about no app, or about one that is not configured */
    const struct evac_caller *caller;
    struct evac_str what;
};

/* May the caller? If not (EVAC_E_REFUSED), err says which role it takes, who holds it, and what the
 * caller holds. */
enum evac_code evac_access_check(const struct evac_access *access, struct evac_err *err);

/* The same for roles that the question itself did not tell: a gate's, for instance. */
enum evac_code evac_access_need(const struct evac_access *access, uint32_t roles,
                                struct evac_err *err);

/* The caller's standing for an app (NULL: where none has holders of its own), the holders and the
 * table: {"app","who","groups","roles","apps","holders","commands"}; apps: those with others. */
void evac_access_to_json(const struct evac_model *model, const struct evac_app *app,
                         const struct evac_caller *caller, struct evac_jw *w);
#endif
