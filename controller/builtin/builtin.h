/* The driver packs that are built in, and what they know of the services behind them. */
#ifndef EVAC_BUILTIN_H
#define EVAC_BUILTIN_H

#include "facts.h"
#include "plan.h"

const struct evac_catalog *evac_builtin_catalog(void);

/* From the file at path, or the built-in ones when path is "". They live in diag's arena. */
enum evac_code evac_builtin_load_facts(struct evac_str facts, struct evac_str prices,
                                       struct evac_diag *diag, const struct evac_facts **ret_facts,
                                       struct evac_err *err);
#endif
