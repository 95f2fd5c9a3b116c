/* What an app says of its health, checked as a whole. */
#ifndef EVAC_CONF_HEALTH_H
#define EVAC_CONF_HEALTH_H

#include "conf_read.h"

/* probes are the app's own, not yet const: names become indices. down_when_line is for messages. */
void conf_finish_health(struct conf_reader *r, struct evac_app *app, struct evac_probe *probes,
                        int down_when_line);
#endif
