/* What the kubernetes driver's files share: how a cluster is reached, and what is read there. */
#ifndef EVAC_KUBE_H
#define EVAC_KUBE_H

#include "aws_server.h"

/* Goes on at then when the call's requests in that region reach its cluster: as it is configured,
 * as it was remembered, or after asking EKS in that region. */
enum evac_code kube_with_server(struct aws_call *c, struct evac_str region, aws_start_fn *then,
                                struct evac_err *err);
/* What was remembered led nowhere: the next call asks EKS anew. */
void kube_forget_server(struct aws_call *c, struct evac_str region);

#define KUBE_MAX 32u /* deployments of one resource, and autoscalers */

struct kube_hpa {
    struct evac_str name, target, version; /* version: resourceVersion */
    int64_t min, max;
};

struct kube_deployment {
    struct evac_str name, version, images, selector;
    struct evac_str trouble; /* why it does not get on, "" nothing known */
    bool found, stuck;       /* stuck: the cluster itself gave up on its rollout */
    int64_t replicas, generation, observed, total, updated, ready, available;
    const struct kube_hpa *hpa; /* NULL: nobody scales it but us */
};

/* Everything of a resource in one region, read in one go. */
struct kube_view {
    struct evac_str region;
    struct kube_deployment deployments[KUBE_MAX];
    struct kube_hpa hpas[KUBE_MAX];
    size_t count, hpa_count, at;
    struct evac_str missing; /* "deployment web": something that is not there, "" none */
    aws_then_fn *then;
};

/* The names of the resource; then all that they name, from a cluster that is reached, and goes on
 * at then. What can not be read answers the call. */
enum evac_code kube_names(struct aws_call *c, struct evac_str region, struct kube_view *view,
                          struct evac_err *err);
enum evac_code kube_read(struct aws_call *c, struct kube_view *view, aws_then_fn *then,
                         struct evac_err *err);
/* Why the first deployment that lacks pods lacks them, asked of its pods; then goes on at then. Who
 * may not list pods does without. */
void kube_find_trouble(struct aws_call *c, struct kube_view *view, aws_then_fn *then);

/* A merge patch of one object; item is its name, in path as <item>, body's holes are item and
 * holes. */
void kube_patch(struct aws_call *c, const char *operation, const char *path, const char *body,
                struct evac_str item, const struct aws_hole *holes, size_t hole_count,
                aws_reply_fn *on_reply);

#define KUBE_DEPLOYMENT "/apis/apps/v1/namespaces/<namespace>/deployments/<item>"
#define KUBE_HPA        "/apis/autoscaling/v2/namespaces/<namespace>/horizontalpodautoscalers/<item>"
#define KUBE_CRONJOB    "/apis/batch/v1/namespaces/<namespace>/cronjobs/<item>"
#define KUBE_PODS       "/api/v1/namespaces/<namespace>/pods"

#endif
