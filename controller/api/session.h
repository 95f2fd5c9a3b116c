/*
 * A browser's session: POST /v1/session, with a bearer token or a client's certificate, gives a
 * cookie that scripts can not read and other sites can not use; DELETE ends it; GET tells who one
 * is. Begun and ended it is in the journal, so that it outlives the controller's process.
 */
#ifndef EVAC_SESSION_H
#define EVAC_SESSION_H

#include "server_internal.h"

/* False: it is not about sessions, and nothing was answered. */
bool session_answer(struct exchange *x, struct evac_api_response *response);
/* The cookie is of no use any more: the browser drops it. */
void session_forget(struct exchange *x);
#endif
