/* What the drivers of RDS instances and of restored clusters share: asking, reading, naming. */
#ifndef EVAC_RDS_LOOK_H
#define EVAC_RDS_LOOK_H

#include "aws_pack.h"

#define DB_TAG_RUN   "evac:run"   /* the run that made or promoted it */
#define DB_TAG_DRILL "evac:drill" /* only on copies that may be deleted again */
#define DB_TAG_AS_OF "evac:as-of" /* wall ms: it has everything up to then */
/* On a snapshot, by whoever takes or copies it: how old its data is, in wall ms. Another name than
 * the one that a restore leaves, which AWS may copy to all later snapshots. */
#define DB_TAG_TAKEN "evac:taken"

/* A request's fields; empty values are left out. */
struct db_fields {
    struct evac_arg items[48];
    size_t count;
};
void db_field(struct db_fields *fields, const char *name, struct evac_str value);
/* "name.member.1" and so on, of a list parameter (a JSON array, or one text). */
void db_field_list(struct aws_call *c, struct db_fields *fields, const char *name,
                   const char *member, struct evac_str list);
void db_field_tag(struct aws_call *c, struct db_fields *fields, const char *key,
                  struct evac_str value);
enum evac_code db_ask_first(struct aws_call *c, const char *operation, struct evac_str region,
                            const struct db_fields *fields, aws_reply_fn *then,
                            struct evac_err *err);
void db_ask(struct aws_call *c, const char *operation, struct evac_str region,
            const struct db_fields *fields, aws_reply_fn *then);
/* A change in the step's region; then is aws_answer_outcome where nothing follows. */
void db_change(struct aws_call *c, const char *operation, const struct db_fields *fields,
               aws_reply_fn *then);

/* The region that the call is about, and the other one of the two. */
struct evac_str db_here(const struct aws_call *c);
struct evac_str db_other(const struct aws_call *c);

/* The value of a tag of an instance, cluster or snapshot; "" none. */
struct evac_str db_tag_of(const struct evac_xml *x, const char *key);
bool db_is_true(const struct evac_xml *x, const char *name);
/* Statuses in which it serves, and those that it does not leave by itself. */
bool db_serves(struct evac_str status);
bool db_is_stuck(struct evac_str status);
/* Texts that live as long as the call. */
struct evac_str db_keep(struct aws_call *c, struct evac_str text);

/* A DB instance as DescribeDBInstances says. */
struct db_view {
    bool found, multi_az, replicating, pending;
    struct evac_str id, status, arn, class, source, run;
};
/* False: it could not be looked at, and the call has been answered. What is not there is a view
 * that is not found. */
bool db_look(struct aws_call *c, const struct evac_aws_reply *r, struct db_view *v);

#endif
