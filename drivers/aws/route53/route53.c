/*
 * Route 53 record sets. Two ways to move all traffic: by health check (a failover pair whose
 * primary follows the GO object; nothing is called, DNS is only watched: this works with us-east-1
 * dead) and by record (a change of the set through Route 53's control plane in us-east-1, as
 * compare-and-set). A region's share is route53_share.c's.
 */
#include "route53.h"

#include <string.h>

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "zone", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the hosted zone's id" },
    { "name", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED, NULL, NULL, "the record's name" },
    { "switch", EVAC_PARAM_CHOICE, 0, "record", "health-check|record",
      "what moves the traffic: a health check that follows the GO object, or a changed record" },
    { "target", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, "", NULL,
      "what the record answers for a region; without it, the address of {region}.<name>" },
    { "alias", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, "", NULL,
      "the same as an alias record: the DNS name of a load balancer, distribution and so on" },
    { "alias_zone", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, "", NULL, "the hosted zone's id of that name" },
    { "alias_health", EVAC_PARAM_BOOL, 0, "true", NULL, "an alias is as healthy as what it names" },
    { "record_type", EVAC_PARAM_CHOICE, 0, "A", "A|AAAA|CNAME", "the record's type" },
    { "ttl", EVAC_PARAM_INT, 0, "60", NULL, "seconds, for switch = \"record\"" },
    { "ttl_max", EVAC_PARAM_INT, 0, "60", NULL, "a longer TTL is not ready: it delays every client by so much" },
    { "resolver", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, "", NULL,
      "\"address:port\" to ask for the name; without it, the controller's own resolver" },
    { "withdraw", EVAC_PARAM_CHOICE, 0, NULL, "weight|check|go-object",
      "all regions serve: how one is taken out and in again" },
    { "weights", EVAC_PARAM_INT, EVAC_PARAM_GROUP, NULL, NULL, "each region's share, 1 to 255, for withdraw = \"weight\"" },
    { "inverted", EVAC_PARAM_BOOL, 0, "false", NULL,
      "the records' health checks are inverted when nothing is forced, for withdraw = \"check\"" },
    { "record", EVAC_PARAM_TEXT, EVAC_PARAM_GROUP, NULL, NULL,
      "the SetIdentifier of each region's records, several with '|' between; without it, the region's name" },
    { 0 },
};

/* Where a health check moves the traffic, point only asks DNS. */
#define CALL(operation, mutates, when) { "route53", operation, "route53:" operation, EVAC_HOME_FIXED, "us-east-1", true, mutates, when }
#define BY_RECORD "switch=record"
#define BY_WEIGHT "withdraw=weight"
#define BY_CHECK  "withdraw=check"
static const struct evac_op look_ops[] = {
    CALL("ListResourceRecordSets", false, NULL),
    CALL("GetHostedZone", false, NULL),
    CALL("GetDNSSEC", false, NULL),
    CALL("GetHealthCheck", false, NULL),
    CALL("GetHealthCheckStatus", false, NULL),
    { 0 },
};
static const struct evac_op point_ops[] = {
    CALL("ListResourceRecordSets", false, BY_RECORD),
    CALL("GetChange", false, BY_RECORD),
    CALL("ChangeResourceRecordSets", true, BY_RECORD),
    { 0 },
};
static const struct evac_op still_ops[] = {
    CALL("ListResourceRecordSets", false, BY_RECORD),
    CALL("GetChange", false, BY_RECORD),
    { 0 },
};
static const struct evac_op share_ops[] = {
    CALL("ListResourceRecordSets", false, BY_WEIGHT),
    CALL("GetChange", false, BY_WEIGHT),
    CALL("ChangeResourceRecordSets", true, BY_WEIGHT),
    CALL("ListResourceRecordSets", false, BY_CHECK),
    CALL("GetHealthCheck", false, BY_CHECK),
    CALL("GetHealthCheckStatus", false, BY_CHECK),
    CALL("UpdateHealthCheck", true, BY_CHECK),
    { 0 },
};

static const struct evac_action actions[] = {
    { "ready", "the record set can be switched: its TTLs, zone and health checks are in order", 0,
      EVAC_FENCING_VERSION, 2000, 300000, NULL, look_ops },
    { "point", "the name answers with the region",
      EVAC_ACTION_MUTATES | EVAC_ACTION_UNBILLED | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC, EVAC_FENCING_VERSION, 60000,
      900000, NULL, point_ops },
    { "withdraw", "the name does not answer with the region",
      EVAC_ACTION_MUTATES | EVAC_ACTION_UNBILLED | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC, EVAC_FENCING_VERSION, 60000,
      900000, dns_share_params, share_ops },
    { "join", "the name answers with the region too: it has its share",
      EVAC_ACTION_MUTATES | EVAC_ACTION_UNBILLED | EVAC_ACTION_REVERSIBLE | EVAC_ACTION_TRAFFIC, EVAC_FENCING_VERSION, 60000,
      900000, dns_share_params, share_ops },
    AWS_STILL_ACTION("the name does not answer with the region, but with the one that took over", NULL, still_ops),
    { 0 },
};
/* clang-format on */

/* --- by health check ------------------------------------------------------------------------- */

/* Nobody applies anything here: the GO object's `route` did, and this waits until the world is told
 * so. So it is never unsatisfied, only moving. */
static enum evac_code observe_answer(struct aws_call *c, struct evac_err *err)
{
    struct dns_aim *aim = evac_arena_alloc(c->arena, sizeof *aim);
    /* strong: the answer itself, uncached as far as we asked */
    *aim = (struct dns_aim){ .snapshot = EVAC_STR("{}"), .strong = true };
    c->state = aim;
    return dns_ask_first(c, dns_target(c), err);
}

/* --- by record ------------------------------------------------------------------------------- */

static struct evac_str snapshot_of(struct aws_call *c, struct evac_str sets)
{
    struct evac_buf json;
    evac_buf_init(&json, 6 * DNS_SETS_MAX + 32); /* a character is six at most */
    evac_buf_puts(&json, "{\"sets\":");
    evac_buf_json(&json, sets);
    evac_buf_putc(&json, '}');
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return kept;
}

static void put_alias(struct aws_call *c, struct evac_buf *xml, struct evac_str region)
{
    evac_buf_puts(xml, "<AliasTarget>");
    dns_put_tag(xml, "HostedZoneId", evac_args_regional(&c->args, "alias_zone", region));
    dns_put_tag(xml, "DNSName", dns_wire_name(c, evac_args_regional(&c->args, "alias", region)));
    dns_put_tag(xml, "EvaluateTargetHealth", evac_args_get(&c->args, "alias_health"));
    evac_buf_puts(xml, "</AliasTarget>");
}

static void put_value(struct aws_call *c, struct evac_buf *xml, struct evac_str target)
{
    dns_put_tag(xml, "TTL", evac_args_get(&c->args, "ttl"));
    evac_buf_puts(xml, "<ResourceRecords><ResourceRecord>");
    dns_put_tag(xml, "Value", target);
    evac_buf_puts(xml, "</ResourceRecord></ResourceRecords>");
}

/* The one simple set that answers with the region's target; "" it has none. */
static struct evac_str set_of(struct aws_call *c, struct evac_str region)
{
    struct evac_str target = evac_args_regional(&c->args, "target", region);
    struct evac_buf xml;
    if (!target.n && !evac_args_regional(&c->args, "alias", region).n)
        return EVAC_STR_NONE;
    evac_buf_init(&xml, DNS_SETS_MAX);
    evac_buf_puts(&xml, "<ResourceRecordSet>");
    dns_put_tag(&xml, "Name", dns_wire_name(c, evac_args_get(&c->args, "name")));
    dns_put_tag(&xml, "Type", evac_args_get(&c->args, "record_type"));
    if (target.n)
        put_value(c, &xml, target);
    else
        put_alias(c, &xml, region);
    evac_buf_puts(&xml, "</ResourceRecordSet>");
    struct evac_str kept = evac_arena_str(c->arena, evac_buf_str(&xml));
    evac_buf_done(&xml);
    return kept;
}

/* A goal's sets are as they were. Where somebody had taken the record away before that, it is put
 * back to where the app was: what users need is never deleted. */
static struct evac_str wanted_sets(struct aws_call *c)
{
    struct evac_json *goal = aws_goal(c);
    if (!goal)
        return set_of(c, c->region);
    struct evac_str kept = evac_arena_str(c->arena, evac_json_str(goal, "sets"));
    evac_json_free(goal);
    return kept.n ? kept : set_of(c, c->from);
}

/* Whether users are told can be asked of DNS, when it is plain what they should be told. Of groups
 * it is not: then Route 53's word that the set is so has to do. */
static void without_id(struct aws_call *c)
{
    struct evac_str value = dns_only_value(wanted_sets(c));
    if (value.n == 0)
        dns_seen(c, EVAC_SEEN_SATISFIED, "");
    else
        dns_ask(c, &value, 1);
}

/* What the newest look saw that was not as wanted: the change that follows is based on it. */
static struct evac_str seen_key(struct aws_call *c)
{
    return aws_printf(c, "route53 seen %.*s %.*s %.*s",
                      EVAC_STR_ARG(evac_args_get(&c->args, "zone")),
                      EVAC_STR_ARG(evac_args_get(&c->args, "name")),
                      EVAC_STR_ARG(evac_args_get(&c->args, "record_type")));
}

static void on_list(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct dns_aim *aim = evac_arena_alloc(c->arena, sizeof *aim);
    struct evac_str sets;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    if (!dns_sets(c, r, &sets)) {
        dns_seen(c, EVAC_SEEN_BLOCKED, DNS_TOO_LARGE);
        return;
    }
    *aim = (struct dns_aim){ .strong = true,
                             .snapshot = snapshot_of(c, sets),
                             .version = dns_version(c, sets) };
    c->state = aim;
    if (evac_str_eq(sets, wanted_sets(c))) {
        dns_wait(c, without_id);
        return;
    }
    aws_note_set(c->link, seen_key(c), sets);
    dns_seen(c, EVAC_SEEN_UNSATISFIED,
             sets.n ? "the record is another one"
                    : "there is no such record: the name leads nowhere");
}

static void change(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct evac_str sets;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED)
        aws_answer_not_sent(c, r);
    else if (!dns_sets(c, r, &sets))
        aws_answer_rejected(c, "", DNS_TOO_LARGE);
    else
        dns_change(c, sets, wanted_sets(c));
}

static enum evac_code check_target(struct aws_call *c, struct evac_err *err)
{
    bool target = aws_regional(c, "target").n > 0;
    bool alias = aws_regional(c, "alias").n && aws_regional(c, "alias_zone").n;
    if (!target && !alias)
        return evac_fail(
            err, EVAC_E_BADARG,
            "switch = \"record\" needs a 'target', or 'alias' and 'alias_zone', for %.*s",
            EVAC_STR_ARG(c->region));
    return EVAC_OK;
}

static void list_now(struct aws_call *c)
{
    struct evac_err err = { EVAC_OK, "" };
    if (dns_list(c, on_list, &err))
        aws_start_failed(c, &err);
}

static enum evac_code observe_record(struct aws_call *c, struct evac_err *err)
{
    bool waits = false;
    enum evac_code code = check_target(c, err);
    if (!code)
        code = dns_wait_first(c, dns_version(c, wanted_sets(c)), list_now, &waits, err);
    return code || waits ? code : dns_list(c, on_list, err);
}

static enum evac_code apply_record(struct aws_call *c, struct evac_err *err)
{
    bool goes = false;
    enum evac_code code = check_target(c, err);
    if (!code)
        code = dns_change_first(c, evac_arena_str(c->arena, aws_note_get(c->link, seen_key(c))),
                                wanted_sets(c), &goes, err);
    return code || goes ? code : dns_list(c, change, err);
}

static enum evac_code observe_point(struct aws_call *c, struct evac_err *err)
{
    if (dns_by_health_check(c))
        return observe_answer(c, err);
    return dns_share_by(c, "weight") ? dns_observe_share(c, err) : observe_record(c, err);
}

static enum evac_code apply_point(struct aws_call *c, struct evac_err *err)
{
    if (dns_by_health_check(c))
        return evac_fail(err, EVAC_E_UNSUPPORTED,
                         "switched by health check: the GO object's route moves it");
    return dns_share_by(c, "weight") ? dns_apply_share(c, err) : apply_record(c, err);
}

/* Whoever was left answers nobody when the one that took over does. */
static enum evac_code observe_still(struct aws_call *c, struct evac_err *err)
{
    c->region = c->to;
    return observe_point(c, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = dns_observe_ready },
    { .action = "point", .observe = observe_point, .apply = apply_point },
    { .action = "withdraw", .observe = dns_observe_share, .apply = dns_apply_share },
    { .action = "join", .observe = dns_observe_share, .apply = dns_apply_share },
    { .action = EVAC_ACTION_STILL, .observe = observe_still },
    { 0 },
};

AWS_CALL(call_route53, handlers)

const struct evac_driver evac_driver_route53 = {
    "route53", "a Route 53 record set", resource_params, actions, 0, NULL, call_route53, aws_cancel
};
