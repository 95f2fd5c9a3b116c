/*
 * Where the controller is, and by what this command says who asks: the unix socket, or an address
 * of its listen with a token or a client's certificate. What was typed comes first, then the
 * environment (EVAC_SERVER, EVAC_TOKEN, EVAC_TOKEN_FILE, EVAC_CA, EVAC_CERT, EVAC_CERT_KEY), then
 * $XDG_CONFIG_HOME/evac/cli.cfg (~/.config/evac/cli.cfg): server, token_file, ca, cert, cert_key.
 */
#ifndef EVAC_REMOTE_H
#define EVAC_REMOTE_H

#include "evac/err.h"
#include "evac/secret.h"

/* "" or NULL: not that. */
struct evac_remote {
    char server[512]; /* "https://evac.example.com:8443", without a slash at its end; "" the socket
                       */
    char ca[1024], cert[1024], cert_key[1024];
    struct evac_secret token;
};

struct evac_remote_given {
    const char *server, *token_file, *ca, *cert, *cert_key; /* NULL: not typed */
    bool socket; /* --socket was typed: nothing else counts */
};

/* EVAC_E_BADCONF: err says what is wrong, and where. ret_remote: evac_remote_done() in any case. */
enum evac_code evac_remote_find(const struct evac_remote_given *given,
                                struct evac_remote *ret_remote, struct evac_err *err);
void evac_remote_done(struct evac_remote *remote);
#endif
