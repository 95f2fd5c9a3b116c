/* `evac why`, and what `evac status` shows of the same. */
#ifndef EVAC_WHY_H
#define EVAC_WHY_H

#include "cli.h"

evac_command_fn evac_cmd_why;

/* What this controller's opinion is worth; nothing when all is well, unless always. */
void evac_cli_self(struct evac_cli *cli, const cJSON *self, bool always);
/* A line each. */
void evac_cli_dependencies(struct evac_cli *cli, const cJSON *list);
#endif
