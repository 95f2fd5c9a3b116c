/* The API's door: every request passes here, once, before anything is done about it. */
#ifndef EVAC_DOOR_H
#define EVAC_DOOR_H

#include "route.h"

/* The call's route, variables and body are known. EVAC_E_REFUSED: the caller holds no role that
 * may; err says which it takes and who holds it. */
enum evac_code evac_door(const struct api_call *call, struct evac_err *err);
#endif
