/* From service, region and bucket to a URL and a signing region (AWS.md 1.3). */
#ifndef EVAC_ENDPOINTS_H
#define EVAC_ENDPOINTS_H

#include "aws.h"
#include "aws_config.h"

struct evac_endpoint {
    struct evac_str origin; /* "https://rds.us-west-2.amazonaws.com", "http://127.0.0.1:5000" */
    struct evac_str host;   /* as signed: lower case, port only if it is not the usual one */
    struct evac_str prefix; /* path before the operation's own: "/bucket", "" none */
    struct evac_str signing_region;
    struct evac_str region_set; /* "" Version 4; "*" Version 4A */
    struct evac_str region; /* where it goes: a pinned service's home, else the region asked for;
                               "" nowhere in particular, for what is signed for any region */
};

/* bucket is "" but for S3, and S3 Control, whose account it is; own is a resource's own endpoint,
 * or "". Texts live in arena. */
struct evac_endpoint_wish {
    const struct evac_aws_service *service;
    struct evac_str region, bucket, own;
    const char *region_set; /* NULL: the service's */
};
enum evac_code evac_endpoint_find(const struct evac_aws_config *config,
                                  const struct evac_endpoint_wish *wish, struct evac_arena *arena,
                                  struct evac_endpoint *ret_endpoint, struct evac_err *err);

/* AWS's own plain endpoint, whatever settings say: for what somebody else will ask there. */
enum evac_code evac_endpoint_own(const struct evac_aws_config *config,
                                 const struct evac_endpoint_wish *wish, struct evac_arena *arena,
                                 struct evac_endpoint *ret_endpoint, struct evac_err *err);
/* A server of the account's own, in region: https, or http on this machine. */
enum evac_code evac_endpoint_server(struct evac_str origin, struct evac_str region,
                                    struct evac_arena *arena, struct evac_endpoint *ret_endpoint,
                                    struct evac_err *err);

/* A region's name as it may stand in a host: a-z, 0-9, '-', at most 40. */
bool evac_endpoint_is_region(struct evac_str region);

/* Host part of "scheme://host[:port]/path"; false when it is not http or https, or names a user. */
struct evac_url {
    struct evac_str scheme, host, port, path; /* host without brackets; port "" if none */
    bool ip;                                  /* host is an address */
};
bool evac_url_read(struct evac_str text, struct evac_url *ret_url);
#endif
