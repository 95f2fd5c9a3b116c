/*
 * Servers of the account's own, such as a cluster's API or a search domain: where each region's is
 * stands in the resource (endpoint, ca: each region's own), or AWS is asked once and the answer
 * remembered.
 */
#ifndef EVAC_AWS_SERVER_H
#define EVAC_AWS_SERVER_H

#include "aws_template.h"

struct aws_server_kind {
    const char *param;  /* the resource's setting that names it: "cluster" */
    struct aws_ask ask; /* for its address; the hole <name> is that name */
    /* The address, and a CA as the setting ca would have it. "" : it has none. */
    void (*read)(const struct evac_aws_reply *r, struct aws_call *c, struct evac_str *ret_endpoint,
                 struct evac_str *ret_ca);
    /* What else there is to know; ca is as it was configured or read. NULL: nothing. */
    enum evac_code (*complete)(struct aws_call *c, struct evac_str region, struct evac_str ca,
                               struct evac_aws_server *server, struct evac_err *err);
};

/* Goes on at then when the call's requests in that region, of services without an endpoint, reach
 * its server. As the first thing of a call, or as what aws_start() starts. */
enum evac_code aws_with_server(struct aws_call *c, const struct aws_server_kind *kind,
                               struct evac_str region, aws_start_fn *then, struct evac_err *err);
/* What was remembered led nowhere: the next call asks AWS anew. */
void aws_forget_server(struct aws_call *c, const struct aws_server_kind *kind,
                       struct evac_str region);

#endif
