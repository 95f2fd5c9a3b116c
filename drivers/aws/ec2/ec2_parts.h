/* What the parts of the EC2 driver share: requests, the instances of an answer, and changes that
 * are sent in several requests. */
#ifndef EVAC_AWS_EC2_PARTS_H
#define EVAC_AWS_EC2_PARTS_H

#include "aws_pack.h"

#define EC2_PARAMS_MAX 72u
#define EC2_BATCH      50u /* instances in one request: one that is refused refuses all */

/* A request being written; in the call's arena. */
struct ec2_ask {
    struct aws_call *c;
    const char *operation;
    bool mutates;
    struct evac_arg params[EC2_PARAMS_MAX];
    size_t count;
};
struct ec2_ask *ec2_ask(struct aws_call *c, const char *operation);
void ec2_put(struct ec2_ask *ask, const char *name, struct evac_str value);
void ec2_puti(struct ec2_ask *ask, const char *name, int64_t value);
/* The next filter. */
void ec2_filter(struct ec2_ask *ask, const char *name, struct evac_str value);
/* A filter by a parameter that says "Key=Value". */
void ec2_filter_tag(struct ec2_ask *ask, struct evac_str tag);
/* Our own things: those with this app's and this fleet's tags. */
void ec2_filter_own(struct ec2_ask *ask);
/* The resource's launch template, as RunInstances names it. */
void ec2_put_template(struct ec2_ask *ask);
/* list: "TagSpecification" */
void ec2_tag_own(struct ec2_ask *ask, const char *list, const char *type);
enum evac_code ec2_send(struct ec2_ask *ask, aws_reply_fn *on_reply, struct evac_err *err);
void ec2_next(struct ec2_ask *ask, aws_reply_fn *on_reply);

/* OBSERVE: false when the reply was no look, and the call is answered. What EC2 does not know
 * blocks. */
bool ec2_look(struct aws_call *c, const struct evac_aws_reply *r);
/* The same for the look of an apply. */
bool ec2_look_first(struct aws_call *c, const struct evac_aws_reply *r);
void ec2_blocked(struct aws_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* APPLY: nothing is left to be done. */
void ec2_accepted(struct aws_call *c);

/* The parameter is there, or a refusal that says what it is needed for. */
enum evac_code ec2_need(const struct aws_call *c, const char *param, const char *what,
                        struct evac_err *err);

/* And the fleet's name, by which what we made is told from all else. */
enum evac_code ec2_need_fleet(const struct aws_call *c, struct evac_err *err);

/* A JSON list of ids as InstanceId.1 and so on. */
enum evac_code ec2_put_ids(struct ec2_ask *ask, struct evac_str list, struct evac_err *err);

/* Code / 16. */
enum ec2_power {
    EC2_PENDING,
    EC2_RUNNING,
    EC2_SHUTTING_DOWN,
    EC2_TERMINATED,
    EC2_STOPPING,
    EC2_STOPPED
};
struct ec2_box {
    struct evac_str id;
    int state;
};
struct ec2_boxes {
    struct ec2_box *items;
    size_t count;
    size_t in[6]; /* how many are in each state */
};
/* The instances of DescribeInstances, in the call's arena. */
struct ec2_boxes ec2_read_boxes(struct aws_call *c, const struct evac_aws_reply *r);
bool ec2_is_gone(const struct ec2_box *box);

/* Some instances to change, then others (next), in batches; where one batch is refused for lack of
 * capacity, one by one. Answers the call. */
struct ec2_change {
    const char *operation; /* "StartInstances" */
    struct evac_str *ids;
    size_t count, at, batch;
    bool force;
    struct ec2_change *next;
};
void ec2_change(struct aws_call *c, struct ec2_change *change);

/* A token that the same decision, made of the same view, gives again: so that a reply that was lost
 * never does it twice, and a view that is behind neither. */
struct evac_str ec2_token(const struct aws_call *c, const char *what, uint64_t view);

/* The newest usable image or snapshot of an answer. */
struct ec2_newest {
    struct evac_str id; /* "" none */
    struct evac_str state;
    int64_t as_of_ms; /* what it holds is as old as this, at least */
    bool making;      /* another is not finished yet */
};
struct ec2_newest ec2_newest_image(struct aws_call *c, const struct evac_aws_reply *r);
struct ec2_newest ec2_newest_snapshot(struct aws_call *c, const struct evac_aws_reply *r);
struct ec2_ask *ec2_ask_image(struct aws_call *c);    /* by the parameter image */
struct ec2_ask *ec2_ask_snapshot(struct aws_call *c); /* by the parameter snapshot */

aws_start_fn ec2_observe_ready, ec2_observe_start, ec2_apply_start, ec2_observe_stop,
    ec2_apply_stop, ec2_observe_launch, ec2_apply_launch, ec2_observe_terminate,
    ec2_apply_terminate, ec2_observe_reserve, ec2_apply_reserve, ec2_observe_restore,
    ec2_apply_restore, ec2_measure;

#endif
