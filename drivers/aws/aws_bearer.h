/* The tokens by which a cluster's API knows who asks. Text comes in an arena: a token is a secret
 * for as long as it is good, and goes nowhere but into its request's header. */
#ifndef EVAC_AWS_BEARER_H
#define EVAC_AWS_BEARER_H

#include "endpoints.h"
#include "sigv4.h"

/*
 * EKS's: "k8s-aws-v1." and, in base64url, a presigned question to STS who we are, with the
 * cluster's name among the signed headers (AWS.md 2.6). The cluster asks that question, so sts must
 * be AWS's own endpoint in the cluster's region. EKS takes it for a quarter of an hour after
 * wall_ms.
 */
enum evac_code evac_aws_cluster_token(const struct evac_endpoint *sts, struct evac_str cluster,
                                      const struct evac_sigv4_identity *identity,
                                      struct evac_sigv4_cache *cache, int64_t wall_ms,
                                      struct evac_arena *arena, struct evac_str *ret_token,
                                      struct evac_err *err);

/* What a file holds, without the white space around it. It is read each time, since others renew
 * it. */
enum evac_code evac_aws_file_token(const struct evac_host *host, struct evac_str path,
                                   struct evac_arena *arena, struct evac_str *ret_token,
                                   struct evac_err *err);
#endif
