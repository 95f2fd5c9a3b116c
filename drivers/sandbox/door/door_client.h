/* Talking to a running sandbox from the command line: one request, then an exit code. */
#ifndef EVAC_DOOR_CLIENT_H
#define EVAC_DOOR_CLIENT_H

#include "evac/buf.h"

/* command NULL: ask for the truth. Otherwise one line of the control language. ret_text is the
 * reply's body, of a refusal too (EVAC_E_REFUSED). */
enum evac_code evac_door_client(uint16_t http_port, const char *command, struct evac_buf *ret_text,
                                struct evac_err *err);

#endif
