/* Inside the drivers of Route 53: record sets, what DNS answers, health checks. */
#ifndef EVAC_ROUTE53_H
#define EVAC_ROUTE53_H

#include "aws_pack.h"

#define ROUTE53_NS   "https://route53.amazonaws.com/doc/2013-04-01/"
#define DNS_SETS_MAX 65536u /* bytes of one name's record sets, as XML */

/* What an observe has found, and what the name is to answer. A driver's own in c->state. */
struct dns_aim {
    const struct evac_str *targets; /* addresses: any of them will do */
    size_t target_count;
    bool away;   /* none of them may be answered */
    bool strong; /* one look is enough */
    struct evac_str snapshot, version;
};

/* --- record_sets.c: a name's record sets of the resource's type --------------------------------
 */

bool dns_by_health_check(const struct aws_call *c);
/* The name as Route 53 writes it: lower case, "\052" for "*", with the last dot. */
struct evac_str dns_wire_name(struct aws_call *c, struct evac_str name);
enum evac_code dns_list(struct aws_call *c, aws_reply_fn *then, struct evac_err *err);
/* The next of ours in a listing; after NULL the first. */
const struct evac_xml *dns_set(struct aws_call *c, const struct evac_aws_reply *r,
                               const struct evac_xml *after);
/* A region's: by the SetIdentifiers that `record` names for it; else by the region's name. */
bool dns_is_of(struct aws_call *c, const struct evac_xml *set, struct evac_str region);
/* All of ours element by element, as a DELETE must repeat them. False when they are more than can
 * be handled: half of them would be worse than none. */
bool dns_sets(struct aws_call *c, const struct evac_aws_reply *r, struct evac_str *ret_sets);
/* The same with other weights. weight_of gives -1 to leave one as it is. */
typedef int64_t dns_weight_fn(struct aws_call *c, const struct evac_xml *set);
struct evac_str dns_reweighed(struct aws_call *c, const struct evac_aws_reply *r,
                              dns_weight_fn *weight_of);
/* The value when these have only one, "" otherwise. */
struct evac_str dns_only_value(struct evac_str sets);
struct evac_str dns_version(struct aws_call *c, struct evac_str sets);
void dns_put_tag(struct evac_buf *xml, const char *name, struct evac_str text);
/* The end of an apply: one batch deletes exactly what was seen and creates what is wanted. One
 * change of a zone at a time. */
void dns_change(struct aws_call *c, struct evac_str seen, struct evac_str wanted);
/* The end of an observe whose sets are as wanted: waits until the change is everywhere. Without its
 * id, unknown() goes on. */
void dns_wait(struct aws_call *c, aws_then_fn *unknown);
#define DNS_TOO_LARGE "the name has more record sets than are handled here"

/* --- dns_answer.c: what the name answers --------------------------------------------------------
 */

bool dns_is_address(struct evac_str text);
/* The end of an observe: asks DNS whether the name answers (with away: does not answer) with the
 * value's addresses; value is an address or a name. */
void dns_ask(struct aws_call *c, struct evac_str value);
enum evac_code dns_ask_first(struct aws_call *c, struct evac_str value, struct evac_err *err);
/* What the resource says that a region answers: its target, its alias, or {region}.<name>. */
struct evac_str dns_target(struct aws_call *c);
/* Answers by what c->state holds. */
void dns_seen(struct aws_call *c, enum evac_seen seen, const char *why);

/* --- route53_share.c: a region's share ----------------------------------------------------------
 */

extern const struct evac_param dns_share_params[];
enum evac_code dns_observe_share(struct aws_call *c, struct evac_err *err);
enum evac_code dns_apply_share(struct aws_call *c, struct evac_err *err);
/* The whole of it is one region's: point, for a set of weights. */
bool dns_by_weight(const struct aws_call *c);

#endif
