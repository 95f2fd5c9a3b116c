/* Inside the drivers of Route 53: record sets, what DNS answers, health checks. */
#ifndef EVAC_ROUTE53_H
#define EVAC_ROUTE53_H

#include "aws_pack.h"

#define ROUTE53_NS   "https://route53.amazonaws.com/doc/2013-04-01/"
#define DNS_SETS_MAX 65536u /* bytes of one name's record sets, as XML */

#define DNS_MORE 7u /* with the first, eight answers a look */

/* What an observe has found, and what the name is to answer. A driver's own in c->state. */
struct dns_aim {
    const struct evac_str *targets; /* addresses: any of them will do */
    size_t target_count;
    const struct evac_str *values; /* what the region's records answer */
    size_t value_count;
    bool away;     /* none of them may be answered */
    bool strong;   /* one look is enough */
    unsigned more; /* further answers to ask for: of a shared name, each may be another one */
    struct evac_str snapshot, version;
};

/* --- dns_turn.c: an account's few requests a second ---------------------------------------------
 */

/* Looks that need many requests take turns, over all calls of this controller: four a second, so
 * that most of the ten that Route 53 takes are left for what moves users. What the request points
 * at lives as long as the call. The first one of a call, and a further one. */
enum evac_code dns_send_in_turn(struct aws_call *c, const struct evac_aws_request *request,
                                aws_reply_fn *then, struct evac_err *err);
void dns_next_in_turn(struct aws_call *c, const struct evac_aws_request *request,
                      aws_reply_fn *then);

/* --- record_sets.c: a name's record sets of the resource's type --------------------------------
 */

bool dns_by_health_check(const struct aws_call *c);
/* A failover pair that follows the GO object; its records may be of any type. */
bool dns_is_pair(const struct aws_call *c);
/* The name as Route 53 writes it: lower case, "\052" for "*", with the last dot. */
struct evac_str dns_wire_name(struct aws_call *c, struct evac_str name);
bool dns_same_name(struct evac_str a, struct evac_str b);
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
/* What the region's records of a listing answer: values, and what aliases name. A list of
 * *ret_count. */
const struct evac_str *dns_values(struct aws_call *c, const struct evac_aws_reply *r,
                                  struct evac_str region, size_t *ret_count);
/* The value when these have only one, "" otherwise. */
struct evac_str dns_only_value(struct evac_str sets);
struct evac_str dns_version(struct aws_call *c, struct evac_str sets);
void dns_put_tag(struct evac_buf *xml, const char *name, struct evac_str text);
#define DNS_TOO_LARGE "the name has more record sets than are handled here"

/* --- dns_list.c: listings, shared by calls of one zone -------------------------------------------
 */

/* One of the call's own. */
struct evac_aws_request dns_list_request(struct aws_call *c);
/* The reply holds all of the call's record sets, and was asked for after the call was; it may be
 * another call's too. */
enum evac_code dns_list(struct aws_call *c, aws_reply_fn *then, struct evac_err *err);

/* --- dns_change.c: changes, those of one zone in one batch
 * ----------------------------------------
 */

/* The end of an apply: exactly what was seen is deleted and what is wanted created, both or
 * neither. One batch of a zone at a time. */
void dns_change(struct aws_call *c, struct evac_str seen, struct evac_str wanted);
/* The beginning of one, where what was seen is what the call is based on: Route 53 compares, so
 * nobody needs to look again. *ret_goes false: it is not, and nothing was done. */
enum evac_code dns_change_first(struct aws_call *c, struct evac_str seen, struct evac_str wanted,
                                bool *ret_goes, struct evac_err *err);

/* --- dns_wait.c: until a change has arrived everywhere
 * --------------------------------------------
 */

/* The call's change, and the version of the sets that it made, to be told of later. */
void dns_keep_change(struct aws_call *c, struct evac_str change, struct evac_str made);
/* The end of an observe whose sets are as wanted: waits until the change is everywhere. Without its
 * id, unknown() goes on. */
void dns_wait(struct aws_call *c, aws_then_fn *unknown);
/* Before the list is read: while the change that made this version is on its way (and is asked
 * about when dns_tempo_question() says so) the list can say nothing else that matters, and it takes
 * the account's requests from those who change something. When it has arrived: arrived.
 * *ret_waits false: none is on its way, and nothing was asked. */
enum evac_code dns_wait_first(struct aws_call *c, struct evac_str made, aws_then_fn *arrived,
                              bool *ret_waits, struct evac_err *err);

/* --- dns_tempo.c: how closely changes and questions about them follow each other
 * ---------------------------------
 */

/* The clock that it counts by. */
uint64_t dns_now_ms(const struct aws_call *c);
/* A batch was accepted: this change of the call's zone is on its way. */
void dns_tempo_note(struct aws_call *c, struct evac_str change);
/* What Route 53 said of how far it is. */
void dns_tempo_answer(struct aws_call *c, struct evac_str change, bool arrived);
/* Until the next batch of the call's zone may go: 0 to 10,000. */
uint64_t dns_tempo_wait_ms(struct aws_call *c);
/* Is it time to ask how far a change is, that was asked about before at asked_ms (0 never)?
 * Otherwise in so long (at most 10,000) it is worth another thought. */
bool dns_tempo_question(struct aws_call *c, struct evac_str change, uint64_t asked_ms,
                        uint64_t *ret_wait_ms);

/* --- dns_answer.c: what the name answers --------------------------------------------------------
 */

bool dns_is_address(struct evac_str text);
/* The end of an observe: asks DNS whether the name answers (with away: does not answer) with any of
 * these; values are addresses, or names of which the first is followed to its addresses. */
void dns_ask(struct aws_call *c, const struct evac_str *values, size_t count);
enum evac_code dns_ask_first(struct aws_call *c, struct evac_str value, struct evac_err *err);
/* What the resource says that a region answers: its target, its alias, or {region}.<name>. */
struct evac_str dns_target(struct aws_call *c);
/* Answers by what c->state holds. */
void dns_seen(struct aws_call *c, enum evac_seen seen, const char *why);
/* Blocked, or rejected: as the call is an observe or an apply. */
void dns_refuse(struct aws_call *c, const char *code, const char *why);

/* --- health_checks.c: checks, and how one is forced ----------------------------------------------
 */

struct dns_check {
    struct evac_str id, version, type, search;
    bool inverted, disabled;
};
/* Of a reply's HealthCheck. */
struct dns_check dns_check_of(struct aws_call *c, const struct evac_xml *check);
/* Disabled and inverted: unhealthy, whatever is seen. */
bool dns_is_forced(const struct dns_check *check);
/* It has checkers; what is calculated, or follows an alarm or a routing control, has none. */
bool dns_has_endpoint(const struct dns_check *check);
struct evac_aws_request dns_check_request(struct aws_call *c, struct evac_str id, bool status);
/* What most checkers say, after inversion; a new check has nothing to tell yet. */
enum dns_health { DNS_UNTOLD, DNS_HEALTHY, DNS_UNHEALTHY };
enum dns_health dns_health_of(const struct evac_aws_reply *status, const struct dns_check *check);

/* withdraw and join by a check, observed or applied: the whole rest of the call. Lives with it. */
struct dns_forcing {
    struct evac_str id;
    const struct evac_str *others; /* of the other regions; one of them must not be forced */
    size_t other_count, next;
    bool left;               /* somebody is left whom no check puts out */
    aws_then_fn *reached;    /* goes on with an observe when the check is as wanted */
    struct dns_check check;  /* as it is */
    bool inverted, disabled; /* as wanted */
};
void dns_force(struct aws_call *c, struct dns_forcing *f);
enum evac_code dns_force_first(struct aws_call *c, struct dns_forcing *f, struct evac_err *err);
/* reached(): until the checkers find it healthy. */
void dns_await_health(struct aws_call *c);

/* --- route53_share.c: a region's share ----------------------------------------------------------
 */

extern const struct evac_param dns_share_params[];
enum evac_code dns_observe_share(struct aws_call *c, struct evac_err *err);
enum evac_code dns_apply_share(struct aws_call *c, struct evac_err *err);
/* A way of the setting withdraw. */
bool dns_share_by(const struct aws_call *c, const char *way);

/* --- route53_ready.c ----------------------------------------------------------------------------
 */

enum evac_code dns_observe_ready(struct aws_call *c, struct evac_err *err);

#endif
