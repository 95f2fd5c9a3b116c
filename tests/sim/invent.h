/* A seed made into a script: a story (who dies, who moves what), and faults of some classes; each
 * seed leaves about half of the classes out, because what all of them together hide, some do not
 * (Groce et al., Swarm Testing, 2012). */
#ifndef INVENT_H
#define INVENT_H

#include "script.h"

/* app: below contrib/demo, "" the warm standby. */
void invent(uint64_t seed, const char *app, unsigned controllers, struct script *ret_script);
#endif
