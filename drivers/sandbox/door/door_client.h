/* Talking to a running sandbox from the command line: one request, then an exit code. */
#ifndef EVAC_DOOR_CLIENT_H
#define EVAC_DOOR_CLIENT_H

#include "evac/buf.h"

/* A page of the sandbox itself: "truth", "operations". ret_text is the reply's body, of a refusal
 * too (EVAC_E_REFUSED). */
enum evac_code evac_door_page(uint16_t http_port, const char *page, struct evac_buf *ret_text,
                              struct evac_err *err);

/* One line of the control language. */
enum evac_code evac_door_command(uint16_t http_port, const char *command, struct evac_buf *ret_text,
                                 struct evac_err *err);

/* The name's first A record, asked over UDP as a resolver would. */
enum evac_code evac_door_resolve(uint16_t dns_port, const char *name, char ret_address[16],
                                 struct evac_err *err);

/* http://HOST:PORT/PATH, connected to address: as a user who resolved the name. */
enum evac_code evac_door_get(uint16_t http_port, const char *address, const char *host,
                             const char *path, struct evac_buf *ret_text, struct evac_err *err);

#endif
