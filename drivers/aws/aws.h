/*
 * The AWS protocol client that every AWS driver and the sandbox stand on: one operation described
 * as data, sent, classified. Holds no retry policy: it re-signs once on clock skew and once on a
 * refusal that names the right S3 region, nothing else; the engine retries.
 */
#ifndef EVAC_AWS_H
#define EVAC_AWS_H

#include "aws_json.h"
#include "aws_xml.h"
#include "evac/driver.h"
#include "evac/secret.h"

struct evac_aws; /* the client: credentials, endpoints, skew; one a daemon */

/* settings (all optional): profile, region, access_key_id, secret_access_key, session_token,
 * role_arn, external_id, role_session_name, duration_seconds, endpoint_url, endpoint_url.<service>,
 * use_fips, use_dualstack, sts_region, and the apps' roles (aws_roles.h). Whatever is not set there
 * comes from AWS's own environment variables and files (AWS.md 1.3, 1.8), read through the host.
 * TLS is the host's: its AWS_CA_BUNDLE. Fails on settings that can not work; credentials are looked
 * for at the first send.
 */
enum evac_code evac_aws_open(const struct evac_host *host, const struct evac_args *settings,
                             struct evac_aws **ret_aws, struct evac_err *err);
void evac_aws_close(struct evac_aws *aws);
/* Keeps ready what calls for an app in a region will be signed with, so that none waits for STS on
 * a bad day. */
void evac_aws_prepare(struct evac_aws *aws, struct evac_str app, struct evac_str region);
/* Under which role calls for that app in that region are signed, as a text: calls of which it is
 * the same have the same rights, and one request may serve several of them. "" the controller
 * itself. */
struct evac_str evac_aws_signer(const struct evac_aws *aws, struct evac_str app,
                                struct evac_str region, struct evac_arena *arena);
const struct evac_host *evac_aws_host(const struct evac_aws *aws);

#define EVAC_AWS_PROTOCOLS(X)                                                                      \
    X(QUERY, "query")                                                                              \
    X(EC2, "ec2")                                                                                  \
    X(REST_XML, "rest-xml")                                                                        \
    X(REST_JSON, "rest-json")                                                                      \
    X(JSON_1_0, "json 1.0")                                                                        \
    X(JSON_1_1, "json 1.1")
#define X(name, text) EVAC_AWS_##name,
enum evac_aws_protocol { EVAC_AWS_PROTOCOLS(X) EVAC_AWS_PROTOCOL_COUNT };
#undef X

/* A service's facts, one row of a table (aws_services.c). */
struct evac_aws_service {
    const char *name;         /* "rds": what evac_op.service says */
    const char *id;           /* botocore serviceId "RDS": for AWS_ENDPOINT_URL_<SERVICE> */
    const char *endpoint;     /* host prefix: "rds"; NULL: each request names its server */
    const char *signing_name; /* "rds" */
    enum evac_aws_protocol protocol;
    const char *api_version;   /* "2014-10-31" */
    const char *target_prefix; /* "AmazonEC2ContainerServiceV20141113" or NULL */
    const char *global_region; /* signing region of a pinned service in partition aws, or NULL if
                                  regional */
    bool s3_rules;             /* S3's path, hash and addressing rules */
    bool query_compatible;     /* JSON with the codes of an older query API, on request */
    const char *region_set;    /* NULL: Version 4 in one region; "*": Version 4A, of no region */
};
const struct evac_aws_service *evac_aws_service(const char *name);

/* A server of the account's own, beside AWS's endpoints: a search domain, a cluster's API. */
struct evac_aws_server {
    struct evac_str origin; /* "https://host[:port][/prefix]"; http only on this machine */
    struct evac_str ca;     /* certificates in PEM that vouch for it, "" those of the host */
    /* How it is told who asks. Both empty: by a signature, as AWS is. */
    struct evac_str cluster;    /* by EKS's token for the cluster of that name (aws_bearer.h) */
    struct evac_str token_file; /* by the token that this file holds */
};

/*
 * One request. For query and ec2: params are "Name=value" pairs (encoded here), Action and Version
 * are added. For json: body is the JSON text. For rest-xml and rest-json: method, path (already
 * percent-encoded, without the query), query pairs and body.
 */
struct evac_aws_request {
    const char *service;      /* a name of the table */
    const char *operation;    /* "FailoverGlobalCluster" */
    struct evac_str region;   /* where; ignored for pinned services */
    const char *region_set;   /* "*": signed for all regions; NULL: as the service's row says */
    struct evac_str endpoint; /* "https://host/v1": a resource's own, which goes before the
                                 service's. Someone's endpoint_url goes before both: region then
                                 tells what is meant. "" none */
    bool mutates;
    const char *method;            /* rest only; default POST */
    struct evac_str bucket;        /* S3: the bucket, for its addressing; S3 Control: the account */
    struct evac_str path;          /* rest: "/2013-04-01/hostedzone/Z1/rrset/"; S3: "/key" or "/" */
    const struct evac_arg *params; /* query/ec2: form fields; rest: query string pairs */
    size_t param_count;
    const struct evac_http_header *headers; /* more, unsigned or signed as their names require */
    size_t header_count;
    struct evac_str body;
    const char *content_type; /* rest; NULL: the protocol's own */
    bool checksum;            /* add x-amz-checksum-crc32 or Content-MD5: the model demands one */
    bool anonymous;           /* do not sign (web identity) */
    const struct evac_aws_server *server; /* of a service without an endpoint, and only there.
                                             Unlike endpoint, no endpoint_url goes before it */
    uint32_t total_ms;                    /* 0: 10 s for a read, 20 s for a mutation */
    struct evac_str app, run; /* for whom: signed under the app's role, if it has one (aws_roles.h);
                                 "" the controller itself */
};

/* What it came to. The first five as an apply's outcome; a read's DONE is ACCEPTED too. */
struct evac_aws_reply {
    enum evac_outcome outcome; /* ACCEPTED: 2xx, parsed. REJECTED: a definite refusal. and so on */
    int status;                /* 0 when there was no reply */
    struct evac_str code;      /* "InvalidGlobalClusterStateFault", "" none */
    struct evac_str message;   /* the service's words, or the transport's */
    struct evac_str request_id;
    uint32_t retry_after_ms;
    const struct evac_xml *xml;   /* root element, of a 2xx or error body in XML; NULL otherwise */
    const struct evac_json *json; /* root value of a JSON body; NULL otherwise */
    const struct evac_http_reply *http; /* raw headers and body; NULL when there was no reply */
};

typedef void evac_aws_done_fn(void *user, const struct evac_aws_reply *reply);

/* Same promise as everywhere: refuses, or calls done exactly once, later. Request is copied. */
enum evac_code evac_aws_send(struct evac_aws *aws, const struct evac_aws_request *request,
                             evac_aws_done_fn *done, void *user, uint64_t *ret_id,
                             struct evac_err *err);
void evac_aws_cancel(struct evac_aws *aws, uint64_t id);

/* The partition of a region ("aws", "aws-cn", ...); for ARNs. Never NULL: unknown regions are
 * "aws". */
const char *evac_aws_partition(struct evac_str region);
/* region part of an ARN, "" if it is none. */
struct evac_str evac_aws_arn_region(struct evac_str arn);
/* The same of its account. */
struct evac_str evac_aws_arn_account(struct evac_str arn);
#endif
