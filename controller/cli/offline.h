/* A configuration, and perhaps a journal, read from files by the command itself: no controller. */
#ifndef EVAC_OFFLINE_H
#define EVAC_OFFLINE_H

#include "cli.h"
#include "conf.h"
#include "facts.h"
#include "history.h"

struct evac_offline {
    struct evac_diag diag;
    struct evac_model *model;
    const struct evac_facts *facts;
    struct evac_store *store;     /* --journal, read only; NULL: none was given */
    struct evac_history *history; /* of it, when it was asked for */
};

/* Reads --config (and --facts, --journal); what is wrong goes to standard error. evac_offline_close
 * always. */
enum evac_exit evac_offline_open(struct evac_cli *cli, bool history, struct evac_offline *ret);
void evac_offline_close(struct evac_offline *offline);

/* --- what takes a while, done by the controller: posts, follows with progress on standard error,
 * and puts the result's JSON into *json. */
enum evac_exit evac_cli_job(struct evac_cli *cli, const char *path, const char *body,
                            struct evac_buf *json);
#endif
