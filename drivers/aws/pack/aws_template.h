/*
 * Requests as text with holes, so that a driver's request is a row of a table:
 *
 *     { "lambda", "PutFunctionConcurrency", .method = "PUT",
 *       .path = "/2017-10-31/functions/<function>/concurrency",
 *       .body = "{\"ReservedConcurrentExecutions\":<value>}" }
 *
 * A hole names an argument of the call ("function": the region's own when it has one; "want.x"), or
 * one of the words below. What is filled in is escaped for where it stands: percent-encoded in a
 * path, as the inside of a string in JSON, as it is in a parameter. In JSON, <"name> is a whole
 * string and <=name> a whole value; either is null when it is empty, which AWS takes as not sent.
 * XML writes its holes as <!name>.
 *
 *   <region> <from> <to> <app> <run> <mode>   the call's
 *   <token>                                   the attempt's id
 *   <uuid>                                    the same as 8-4-4-4-12 hexadecimal digits
 *   <now>                                     wall time in whole seconds
 */
#ifndef EVAC_AWS_TEMPLATE_H
#define EVAC_AWS_TEMPLATE_H

#include "aws_pack.h"

struct aws_ask {
    const char *service, *operation;
    const char *method;   /* REST */
    const char *path;     /* REST */
    const char *params;   /* "A=<a>&B=x": form fields, or a query string; an empty value leaves its
                             pair out */
    const char *body;     /* JSON, XML */
    const char *header;   /* one more header: "name: value" */
    const char *region;   /* NULL: the call's */
    const char *endpoint; /* a resource's own, with holes */
    const char *region_set; /* as in evac_aws_request */
    const char *content_type;
};

/* More holes, looked at first. */
struct aws_hole {
    const char *name;
    struct evac_str value;
};

enum aws_escape { AWS_PLAIN, AWS_PATH, AWS_JSON, AWS_XML };

/* Lives as long as the call. An argument that is not there is empty. */
struct evac_str aws_fill(struct aws_call *c, const char *text, enum aws_escape escape,
                         const struct aws_hole *holes, size_t hole_count);

/* The request that a row stands for. Lives as long as the call. */
struct evac_aws_request aws_ask(struct aws_call *c, const struct aws_ask *ask, bool mutates,
                                const struct aws_hole *holes, size_t hole_count);

/* Sends a row that needs no more holes: as a call's first exchange, or from inside a reply. */
enum evac_code aws_ask_first(struct aws_call *c, const struct aws_ask *ask, bool mutates,
                             aws_reply_fn *then, struct evac_err *err);
void aws_ask_next(struct aws_call *c, const struct aws_ask *ask, bool mutates, aws_reply_fn *then);

#endif
