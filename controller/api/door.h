/* The API's door: every request passes here, once, before anything is done about it. */
#ifndef EVAC_DOOR_H
#define EVAC_DOOR_H

#include "api.h"

/* EVAC_E_REFUSED: the caller holds no role that may; err says which it takes and who holds it. */
enum evac_code evac_door(struct evac_daemon *daemon, const struct evac_api_request *request,
                         struct evac_err *err);
#endif
