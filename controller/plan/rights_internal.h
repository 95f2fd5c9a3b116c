/* Rights while they are gathered: rights.c fills, rights_print.c prints. */
#ifndef EVAC_RIGHTS_INTERNAL_H
#define EVAC_RIGHTS_INTERNAL_H

#include "jw.h"
#include "rights.h"

enum right_kind {
    RIGHT_LOOK,
    RIGHT_MARK, /* changes, all the time: what the loss is measured by */
    RIGHT_CHANGE,
};

struct right {
    struct evac_str action, resource, condition, region; /* region "" of no one region */
    enum right_kind kind;
};

#define RIGHTS_MAX 20000u

/* Each once. */
struct rights {
    struct evac_arena *arena;
    const struct evac_catalog *catalog;
    const struct evac_grants *grants; /* of the first pack that has any; else none's */
    struct evac_str account;
    struct right *list;
    size_t count, cap;
    bool overflow; /* there were more than RIGHTS_MAX */
};

/* None yet. account: "" as the app's own settings say it. */
struct rights rights_of_app(struct evac_arena *arena, const struct evac_catalog *catalog,
                            const struct evac_app *app, struct evac_str account);
/* Is there a pack that narrows rights to resources? */
bool rights_are_narrow(const struct rights *r);

/* Those of one operation with these arguments, called in region. */
void rights_of_op(struct rights *r, const struct evac_driver *driver, const struct evac_op *op,
                  const struct evac_args *args, struct evac_str region, enum right_kind change);
void rights_of_step(struct rights *r, const struct evac_plan_step *step);
/* What measuring, looks at a region that was left, and probes call, in a run or not. */
void rights_of_watching(struct rights *r, const struct evac_app *app);

/* One policy, in as many parts as it needs. */
void rights_put_policy(const struct rights *r, const char *name, enum evac_rights_role role,
                       struct evac_jw *w, size_t *ret_parts);

#endif
