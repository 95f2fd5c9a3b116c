/* The shared journal of a configuration, opened: by the daemon, and by whoever must know who leads.
 */
#ifndef EVAC_SHARE_OPEN_H
#define EVAC_SHARE_OPEN_H

#include "model.h"
#include "share.h"

/* base says who asks and what for; endpoints, times, names and files are the configuration's. */
enum evac_code evac_share_open(const struct evac_share_options *base,
                               const struct evac_controller_conf *conf,
                               struct evac_share **ret_share, struct evac_err *err);
#endif
