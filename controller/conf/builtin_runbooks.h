/* The runbooks of runbooks/, as text in the binary (made at build by contrib/cmake/embed.cmake). */
#ifndef EVAC_BUILTIN_RUNBOOKS_H
#define EVAC_BUILTIN_RUNBOOKS_H

#include "conf.h"

extern const struct evac_conf_text evac_builtin_runbooks[];
extern const size_t evac_builtin_runbook_count;
#endif
