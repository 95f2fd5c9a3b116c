/*
 * Source servers of Elastic Disaster Recovery, the jobs that launched them, and what they launched.
 * No request has a client token: a job is a run's by its tags, and is looked for before another is
 * begun.
 */
#ifndef EVAC_DRS_PARTS_H
#define EVAC_DRS_PARTS_H

#include "aws_template.h"

#define DRS_SERVERS_MAX 200u /* of one job */
#define DRS_TAG_RUN     "evac:run"
#define DRS_TAG_ACTION  "evac:action" /* "recover", "rehearse" */
#define DRS_TAG_OF      "evac:of"     /* which resource of the app */

struct drs_server {
    struct evac_str id, arn, state, last_launch, instance, reversed; /* reversed: ARN, "" none */
    int64_t lag_ms;                                                  /* -1 not known */
    int64_t seen_ms; /* wall, when the service heard of it last; -1 not known */
    /* of the jobs that count: */
    bool launched, failed;
    struct evac_str launched_as; /* recovery instance */
};

struct drs_work {
    struct drs_server *servers;
    size_t count, wanted; /* wanted: of a list of ids, how many; 0 by tag: all that are there */
    struct evac_str of;   /* what DRS_TAG_OF says */
    struct evac_str job, jobs; /* job: one that runs, "" none; jobs: all that count, "|a|b|" */
    int64_t point_ms;          /* wall: the oldest data among what was launched; -1 not known */
    int64_t now_ms;            /* by the service's clock */
    size_t lacking, leaving;   /* recovery instances that are not there, that are going */
    size_t starting;           /* that do not run yet */
    size_t reversed;           /* by this attempt */
    struct evac_str copies;    /* a drill's recovery instances, as a JSON list's inside */
    void (*each)(struct aws_call *c, const struct evac_json *item);
    aws_then_fn *then;
    const struct aws_ask *page;
};
struct drs_work *drs_work(struct aws_call *c);

enum evac_code drs_begin(struct aws_call *c, struct evac_err *err);

/* All items of a list, page by page, those that the hole <filters> lets through; then goes on. */
void drs_list(struct aws_call *c, const struct aws_ask *ask, struct evac_str filters,
              void (*each)(struct aws_call *c, const struct evac_json *item), aws_then_fn *then);
/* The resource's source servers of the call's region, as the first thing of a call. */
enum evac_code drs_servers_first(struct aws_call *c, aws_then_fn *then, struct evac_err *err);
/* A JSON object of one list of the servers' texts, those that pick() names. */
struct evac_str drs_filter(struct aws_call *c, const char *member,
                           struct evac_str (*pick)(const struct drs_server *s));
extern const struct aws_ask drs_describe_servers, drs_describe_jobs, drs_describe_instances;
/* It has the resource's tag; always, when the servers are named by their ids. */
bool drs_is_tagged(struct aws_call *c, const struct evac_json *item);
bool drs_read_server(struct aws_call *c, const struct evac_json *item,
                     struct drs_server *ret_server);

/* Why the servers can not be worked with; "" they can. */
const char *drs_missing(struct aws_call *c);
/* The farthest behind of all. False: it is not known of one of them. */
bool drs_lag(const struct drs_work *w, int64_t *ret_lag_ms, int64_t *ret_as_of_ms);
void drs_seen(struct aws_call *c, enum evac_seen seen, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

aws_start_fn drs_ready, drs_observe, drs_launch, drs_observe_discard, drs_discard,
    drs_observe_protect, drs_protect, drs_measure;

#endif
