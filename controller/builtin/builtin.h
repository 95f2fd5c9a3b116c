/* The driver packs that there are: those that are built in, those that a configuration names, and
 * what the built-in ones know of the services behind them. */
#ifndef EVAC_BUILTIN_H
#define EVAC_BUILTIN_H

#include "conf.h"
#include "facts.h"
#include "plan.h"

#define EVAC_PACKS_LOADED_MAX 16u

/* Grows when packs are loaded; what it holds stays. */
const struct evac_catalog *evac_builtin_catalog(void);

/* evac_conf_load() with the built-in runbooks, and the driver files that evac.cfg names
 * (`drivers`): each is loaded once in a process, whatever the configuration. A file that is refused
 * is an error of the configuration (see pack_file.h), as is a driver or pack whose name is taken.
 */
enum evac_code evac_builtin_conf_load(const char *dir, struct evac_diag *diag,
                                      struct evac_model **ret_model, struct evac_err *err);

/* No more files are loaded from now on: links are open to what there is. A configuration that names
 * another one is refused. */
void evac_builtin_seal(void);

/* The built-in facts, or the file at `facts` in their place; behind them what the files at `prices`
 * and `limits` say otherwise. "" none. They live in diag's arena. */
enum evac_code evac_builtin_load_facts(struct evac_str facts, struct evac_str prices,
                                       struct evac_str limits, struct evac_diag *diag,
                                       const struct evac_facts **ret_facts, struct evac_err *err);
#endif
