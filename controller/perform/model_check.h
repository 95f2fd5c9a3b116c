/* Everything that can be checked of a model without running it: plans and calendars. Used by every
 * load and by `evac validate`. */
#ifndef EVAC_MODEL_CHECK_H
#define EVAC_MODEL_CHECK_H

#include "plan.h"

/* EVAC_OK when diag got no error. */
enum evac_code evac_model_check(const struct evac_model *model, const struct evac_catalog *catalog,
                                struct evac_diag *diag, struct evac_err *err);
#endif
