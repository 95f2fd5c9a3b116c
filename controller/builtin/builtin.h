/* The driver packs that are built in. */
#ifndef EVAC_BUILTIN_H
#define EVAC_BUILTIN_H

#include "plan.h"

const struct evac_catalog *evac_builtin_catalog(void);
#endif
