/*
 * An app's own role: what is called for an app is called under the role that its configuration
 * names, so that no app's mistake reaches what is another's. Settings of the pack:
 *
 *     app_role_arn = "arn:aws:iam::123456789012:role/evac-act-{app}";   of every app
 *     app_external_id = "...";
 *     apps = { shop = { role_arn = "arn:..."; external_id = "..."; }; };   of that one
 *
 * Each may be a group by region. {app} and {region} stand for themselves.
 */
#ifndef EVAC_AWS_ROLES_H
#define EVAC_AWS_ROLES_H

#include "credentials.h"

/* False: it has none there, and is called for as the controller itself. */
bool evac_aws_role_of(const struct evac_args *settings, struct evac_str app, struct evac_str region,
                      struct evac_arena *arena, struct evac_aws_role *ret_role);
/* A wrong role is better told at the start. */
enum evac_code evac_aws_roles_check(const struct evac_args *settings, struct evac_err *err);

/* The roles that are held, each with credentials of its own, which stand on those of base. */
struct evac_aws_roles;
/* All that is given must outlive it. */
struct evac_aws_roles *evac_aws_roles_new(const struct evac_host *host, struct evac_aws_io *io,
                                          const struct evac_args *settings,
                                          struct evac_aws_skew *skew,
                                          struct evac_sigv4_cache *cache,
                                          struct evac_credentials *base);
/* Before base's. */
void evac_aws_roles_free(struct evac_aws_roles *roles);

/*
 * With what a call for an app in a region is signed: base for "" and for an app without a role. A
 * run, "" none, is named in the session's name from its first call on, as soon as STS gives that
 * session.
 */
struct evac_credentials *evac_aws_roles_find(struct evac_aws_roles *roles, struct evac_str app,
                                             struct evac_str run, struct evac_str region);
/* Fetches, and from then on always holds, what calls for that app in that region will need. */
void evac_aws_roles_prepare(struct evac_aws_roles *roles, struct evac_str app,
                            struct evac_str region);
#endif
