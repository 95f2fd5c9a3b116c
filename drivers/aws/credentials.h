/*
 * AWS credentials: found where AWS's tools find them, fetched through the host, renewed before they
 * expire. One refresher at a time; while it runs, calls go on with the keys there are. A failed
 * renewal keeps the old keys, even expired ones: a sick region often still takes them (static
 * stability).
 */
#ifndef EVAC_CREDENTIALS_H
#define EVAC_CREDENTIALS_H

#include "aws_config.h"
#include "aws_io.h"
#include "aws_skew.h"
#include "evac/secret.h"
#include "sigv4.h"

#define EVAC_CREDENTIALS_ADVISORY_MS  900000 /* renew so long before the expiry */
#define EVAC_CREDENTIALS_MANDATORY_MS 600000 /* from here on try more often */
#define EVAC_CREDENTIALS_MAX_WAITERS  1000u

/* An immutable snapshot; lives until the loop's next turn. */
struct evac_aws_keys {
    char access_key_id[132];
    struct evac_secret secret, token;
    bool expires;
    int64_t expires_ms; /* wall clock */
};
struct evac_sigv4_identity evac_aws_keys_identity(const struct evac_aws_keys *keys);
void evac_aws_keys_done(struct evac_aws_keys *keys);

struct evac_credentials;

/* settings: as of evac_aws_open(). Reads nothing yet. skew and cache are shared with the client. */
struct evac_credentials *evac_credentials_new(const struct evac_host *host, struct evac_aws_io *io,
                                              const struct evac_args *settings,
                                              struct evac_aws_skew *skew,
                                              struct evac_sigv4_cache *cache);
/* Of a role that is assumed with base's keys, which must outlive it; the role's texts are copied.
 */
struct evac_aws_role {
    struct evac_str app; /* whose it is: for errors */
    struct evac_str arn, external_id;
};
struct evac_credentials *
evac_credentials_of_role(const struct evac_host *host, struct evac_aws_io *io,
                         const struct evac_args *settings, struct evac_aws_skew *skew,
                         struct evac_sigv4_cache *cache, struct evac_credentials *base,
                         const struct evac_aws_role *role);
void evac_credentials_free(struct evac_credentials *credentials);
/* What the role's next session is called. urgent: when the one that is held is called otherwise, it
 * is asked for now, at most once a minute; until it is there, and if it never comes, the held one
 * goes on. */
void evac_credentials_session(struct evac_credentials *credentials, const char *name, bool urgent);
/* Fetches ahead, soon and until there are some, for calls to that region that may come: a
 * controller with a thousand apps asks for all of them within seconds, not at once. */
void evac_credentials_keep(struct evac_credentials *credentials, struct evac_str region);
/* That region's STS will do, when those of the calls' own do not. */
void evac_credentials_also(struct evac_credentials *credentials, struct evac_str region);
bool evac_credentials_in_session_name(char c);

/* keys, or NULL and why not. */
typedef void evac_credentials_fn(void *user, const struct evac_aws_keys *keys,
                                 const struct evac_err *err);

/*
 * EVAC_OK and *ret_keys: use them now. EVAC_OK and NULL: ready runs later, exactly once. Otherwise
 * there are none, ready never runs, and err says where was looked (EVAC_E_BUSY: too many wait
 * already). region: where the call goes that needs them; roles are assumed at that region's STS,
 * unless sts_region is set.
 */
enum evac_code evac_credentials_get(struct evac_credentials *credentials, struct evac_str region,
                                    evac_credentials_fn *ready, void *user,
                                    const struct evac_aws_keys **ret_keys, struct evac_err *err);
/* This user does not wait any more; true when it did. */
bool evac_credentials_forget(struct evac_credentials *credentials, void *user);

/* AWS no longer takes these keys: look again, at most twice a minute. */
void evac_credentials_rejected(struct evac_credentials *credentials);
#endif
