/* The walls around programs that a configuration names: its limits, and what they are not to see.
 */
#ifndef EVAC_CONFINE_H
#define EVAC_CONFINE_H

#include "evac/host.h"
#include "model.h"

/*
 * Programs of steps and probes run so from now on (jail.h). Hidden from them, where they run as the
 * controller's own user: the journal, the files of secrets that the configuration names,
 * credentials that the service was given (CREDENTIALS_DIRECTORY), and what lies in folders of $HOME
 * whose names begin with a dot. Where programs are not allowed none is run. host: of host_uv.
 */
void evac_confine(struct evac_host *host, const struct evac_model *model);
#endif
