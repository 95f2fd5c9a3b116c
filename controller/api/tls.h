/* TLS of one listener: 1.2 with forward secrecy and authenticated ciphers, or 1.3. Certificates are
 * read again when their files changed; what can not be used leaves the old ones in place. */
#ifndef EVAC_TLS_H
#define EVAC_TLS_H

#include "model.h"

#include "evac/err.h"

struct evac_tls;
struct ssl_ctx_st;

/* Reads the files, so that what is wrong with them is known before anything listens. conf lives as
 * long as the result. */
enum evac_code evac_tls_new(const struct evac_listen_conf *conf, struct evac_tls **ret_tls,
                            struct evac_err *err);
void evac_tls_free(struct evac_tls *tls); /* NULL is fine */

/* Sets up a context that a server made; it is kept up to date from now on. */
enum evac_code evac_tls_dress(struct evac_tls *tls, struct ssl_ctx_st *context,
                              struct evac_err *err);

/* The files again, if they changed: EVAC_OK and *ret_changed, or why they can not be used (said
 * once: not again until they change). */
enum evac_code evac_tls_refresh(struct evac_tls *tls, bool *ret_changed, struct evac_err *err);
#endif
