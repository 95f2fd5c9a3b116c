/* What the driver packs know of planes and dependencies, as text in the binary (made at build from
 * their facts folders by contrib/cmake/embed.cmake). */
#ifndef EVAC_BUILTIN_FACTS_H
#define EVAC_BUILTIN_FACTS_H

#include "conf.h"

extern const struct evac_conf_text evac_builtin_facts[];
extern const size_t evac_builtin_fact_count;
#endif
