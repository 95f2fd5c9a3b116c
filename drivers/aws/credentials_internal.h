/* Providers: what each is made of, how they are found, how each fetches. */
#ifndef EVAC_CREDENTIALS_INTERNAL_H
#define EVAC_CREDENTIALS_INTERNAL_H

#include "credentials.h"

#define EVAC_PROVIDER_MAX 6u /* a root and at most five roles, each assumed from the one before */

#define EVAC_PROVIDERS(X)                                                                          \
    X(KEYS, "keys")                                                                                \
    X(ROLE, "assumed role")                                                                        \
    X(WEB, "web identity")                                                                         \
    X(PROCESS, "credential_process")                                                               \
    X(CONTAINER, "container")                                                                      \
    X(IMDS, "instance metadata")
#define X(name, text) EVAC_PROVIDER_##name,
enum evac_provider_kind { EVAC_PROVIDERS(X) EVAC_PROVIDER_COUNT };
#undef X

struct evac_provider {
    enum evac_provider_kind kind;
    struct evac_str label;        /* for errors: "profile 'ops' in /home/x/.aws/config" */
    struct evac_str role_arn;     /* ROLE, WEB */
    struct evac_str external_id;  /* ROLE */
    struct evac_str session_name; /* ROLE, WEB; "" : one is made */
    struct evac_str token_file;   /* WEB, CONTAINER */
    struct evac_str command;      /* PROCESS */
    struct evac_str url;          /* CONTAINER, IMDS: base */
    uint32_t duration_s;          /* ROLE; 0: AWS's hour */
    struct evac_aws_keys keys;    /* KEYS; others once fetched */
    bool has_keys;
};

/* Root first. */
struct evac_provider_chain {
    struct evac_provider items[EVAC_PROVIDER_MAX];
    size_t count;
};
void evac_provider_chain_done(struct evac_provider_chain *chain);

/* What the controller's settings hold and no file does. */
struct evac_explicit_keys {
    struct evac_str access_key_id, secret, token;
};

/* Labels and the rest live in config's arena. */
enum evac_code evac_providers_find(const struct evac_aws_config *config,
                                   const struct evac_explicit_keys *explicit_keys,
                                   struct evac_provider_chain *ret_chain, struct evac_err *err);

/* A role that is assumed with keys there are. */
enum evac_code evac_providers_of_role(const struct evac_aws_config *config,
                                      const struct evac_aws_keys *keys,
                                      const struct evac_aws_role *role, struct evac_str session,
                                      struct evac_provider_chain *ret_chain, struct evac_err *err);

/* As a shell would for plain words: blanks separate, quotes and backslashes bind. NULL-ended. */
enum evac_code evac_split_command(struct evac_str command, struct evac_arena *arena,
                                  const char ***ret_argv, struct evac_err *err);

/* May a container's credentials be asked there (AWS.md 1.8)? */
bool evac_container_url_allowed(struct evac_str url);

/* --- one fetch --- */

struct evac_fetch;
/* keys are the receiver's now; or NULL and err. */
typedef void evac_fetched_fn(void *user, struct evac_aws_keys *keys, const struct evac_err *err);

struct evac_fetch {
    const struct evac_host *host;
    struct evac_aws_io *io;
    const struct evac_aws_config *config;
    struct evac_sigv4_cache *cache;
    struct evac_aws_skew *skew;
    const struct evac_provider *provider;
    const struct evac_aws_keys *source; /* ROLE */
    struct evac_str region;             /* ROLE, WEB: of STS */
    struct evac_arena *arena;
    evac_fetched_fn *done;
    void *user;

    bool elsewhere; /* result: another region's STS may well do */
    bool rejected;  /* result: AWS no longer takes the source's keys */
    uint64_t http_id;
    bool resigned;
    struct evac_str imds_token, host_name;
};

/* As everywhere: refuses, or done runs exactly once, later. */
enum evac_code evac_fetch_start(struct evac_fetch *fetch, struct evac_err *err);

/* The shared end: fields by AWS's names. token_name differs by provider. */
enum evac_code evac_keys_from_json(struct evac_str text, const char *token_name,
                                   struct evac_aws_keys *ret_keys, struct evac_err *err);
enum evac_code evac_keys_make(struct evac_str id, struct evac_str secret, struct evac_str token,
                              struct evac_str expiration, struct evac_aws_keys *ret_keys,
                              struct evac_err *err);
enum evac_code evac_fetch_role(struct evac_fetch *fetch, struct evac_err *err);
enum evac_code evac_fetch_imds(struct evac_fetch *fetch, struct evac_err *err);
void evac_fetch_end(struct evac_fetch *fetch, enum evac_code code, struct evac_aws_keys *keys,
                    const struct evac_err *err);
#endif
