/*
 * An identity provider whose word is taken (OpenID Connect): its keys are fetched over the host,
 * kept, fetched again now and then and when a token names one that is not known - not more than
 * once in 30 s, whoever asks. While it can not be reached what was fetched last goes on standing,
 * for a time. One thread, the host's.
 */
#ifndef EVAC_OIDC_H
#define EVAC_OIDC_H

#include "jwt.h"
#include "model.h"

#include "evac/host.h"

struct evac_oidc;

/* host: outlives it. */
struct evac_oidc *evac_oidc_new(const struct evac_host *host);
/* After the host is closed, so that nothing comes any more. NULL is fine. */
void evac_oidc_free(struct evac_oidc *oidc);

/* Now and then, and at once when the configuration may have changed: fetches what is due. conf is
 * borrowed for the call. */
void evac_oidc_tick(struct evac_oidc *oidc, const struct evac_oidc_conf *conf);

enum evac_oidc_answer {
    EVAC_OIDC_GOOD,
    EVAC_OIDC_BAD,
    EVAC_OIDC_EXPIRED,
    EVAC_OIDC_UNSURE, /* there are no keys to tell by */
    EVAC_OIDC_LATER,  /* its keys are being fetched: ask again when evac_oidc_is_busy() is over */
};
enum evac_oidc_answer evac_oidc_check(struct evac_oidc *oidc, const struct evac_oidc_conf *conf,
                                      struct evac_str text, struct evac_arena *arena,
                                      struct evac_jwt_said *ret_said, struct evac_err *err);
bool evac_oidc_is_busy(const struct evac_oidc *oidc);
/* What the last fetch said, "" if it was good, or there was none. */
const char *evac_oidc_trouble(const struct evac_oidc *oidc);
#endif
