/*
 * IAM: may the controller do what the app's plans need? Asked of IAM's own simulator, before the
 * day; IAM's control plane lives in one region (AWS.md 1.2), so this is for readiness, and no
 * recovery may wait for it.
 *
 * What is asked for one resource, in a region, under a condition, is asked so: a policy that names
 * its resources allows nothing for "*". What is refused is asked again for the resources that the
 * configuration names, and one of them is enough.
 */
#include "aws_pick.h"
#include "endpoints.h"

#include <string.h>

#define ASKED_MAX     2048u
#define BATCH_MAX     50u
#define RESOURCES_MAX 32u
#define PARAMS_MAX    (BATCH_MAX + RESOURCES_MAX + 12u)

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "role", EVAC_PARAM_TEXT, 0, NULL, NULL, "the role's or user's ARN, or a role's name; not given: whoever the controller is" },
    { "resources", EVAC_PARAM_LIST, EVAC_PARAM_GROUP, NULL, NULL,
      "ARNs for services whose permissions are not for all resources, as resources = { rds = ( \"arn:aws:rds:{region}:...\" ); }" },
    { "except", EVAC_PARAM_LIST, 0, "[]", NULL, "permissions that are not asked about" },
    { 0 },
};
static const struct evac_param allowed_params[] = {
    { "permissions", EVAC_PARAM_TEXT, 0, "{iam}", NULL, "names with blanks between, or NAME,NAME|REGION|KEY=VALUE|ARN; {iam} is all that the workflow's steps need" },
    { 0 },
};
static const struct evac_op ops[] = {
    { "sts", "GetCallerIdentity", "" /* nobody can be denied it */, EVAC_HOME_STEP, NULL, false, false, "role=" },
    { "iam", "GetRole", "iam:GetRole", EVAC_HOME_FIXED, "us-east-1", true, false },
    { "iam", "SimulatePrincipalPolicy", "iam:SimulatePrincipalPolicy", EVAC_HOME_FIXED, "us-east-1", true, false },
    { 0 },
};
static const struct evac_action actions[] = {
    { "allowed", "IAM's simulator allows the controller every call that the plan needs", 0, EVAC_FENCING_NONE, 3000, 120000, allowed_params, ops },
    { 0 },
};
/* clang-format on */

/* FIRST: for its own resource. NAMED: for those that the configuration names. */
enum answer { ASK_FIRST, ASK_NAMED, ALLOWED, REFUSED };

struct asked {
    struct evac_str name, why;
    struct evac_str resource;  /* "" all of them ("*") */
    struct evac_str condition; /* "key=value", "" none */
    const char *requested_in;  /* the region that a policy's condition would see */
    enum answer answer;
};

struct work {
    struct asked asked[ASKED_MAX];
    size_t count;
    bool too_many;
    struct evac_str principal, marker;
    size_t batch[BATCH_MAX], batch_count; /* what one request asks; a page's continuation too */
    enum answer state;                    /* of all of its batch, before */
};

/* --- what is asked --------------------------------------------------------------------------- */

static struct evac_str service_of(struct evac_str permission)
{
    struct evac_str rest;
    return evac_str_cut(permission, ':', &rest);
}

/* A global service is asked in its own home. */
static const char *requested_in(struct aws_call *c, struct evac_str permission)
{
    const char *name = evac_arena_str(c->arena, service_of(permission)).p;
    const struct evac_aws_service *s = evac_aws_service(name);
    bool global = s && s->global_region && strcmp(evac_aws_partition(c->region), "aws") == 0;
    return global ? s->global_region : evac_arena_str(c->arena, c->region).p;
}

static void read_word(struct aws_call *c, struct work *w, struct evac_str word)
{
    struct evac_str rest, names = evac_str_cut(word, '|', &rest);
    struct evac_str region = evac_str_cut(rest, '|', &rest);
    struct asked like = { .condition = evac_str_cut(rest, '|', &rest) };
    like.resource = evac_str_is(rest, "*") ? EVAC_STR_NONE : rest;
    while (names.n) {
        struct asked one = like;
        one.name = evac_str_cut(names, ',', &names);
        one.requested_in =
            region.n ? evac_arena_str(c->arena, region).p : requested_in(c, one.name);
        if (!one.name.n || aws_lists(c, "except", one.name))
            continue;
        if (w->count < ASKED_MAX)
            w->asked[w->count++] = one;
        else
            w->too_many = true;
    }
}

static void read_permissions(struct aws_call *c, struct work *w)
{
    struct evac_str rest = evac_args_get(&c->args, "want.permissions");
    while (rest.n)
        read_word(c, w, evac_str_cut(rest, ' ', &rest));
}

/* --- answering ------------------------------------------------------------------------------- */

static void blocked(struct aws_call *c, struct evac_str snapshot, const struct evac_fact *facts,
                    const char *why)
{
    struct aws_sight sight = { .seen = EVAC_SEEN_BLOCKED,
                               .progress = -1,
                               .snapshot = snapshot,
                               .facts = facts,
                               .fact_count = facts ? 2 : 0 };
    aws_answer_seen(c, &sight, "%s", why);
}

/* " on cluster:shop in us-west-2": a reason has no room for whole ARNs. */
static void put_resource(struct evac_buf *words, struct evac_str arn)
{
    struct evac_str region = EVAC_STR_NONE, rest = arn;
    for (unsigned i = 0; i < 5; i++) {
        struct evac_str field = evac_str_cut(rest, ':', &rest);
        region = i == 3 ? field : region;
    }
    if (!arn.n)
        return;
    evac_buf_putf(words, " on %.*s", EVAC_STR_ARG(rest));
    if (region.n && !evac_str_is(region, "*"))
        evac_buf_putf(words, " in %.*s", EVAC_STR_ARG(region));
}

static size_t put_refused(const struct work *w, struct evac_buf *words, struct evac_buf *json)
{
    size_t n = 0;
    evac_buf_puts(json, "{\"refused\":[");
    for (size_t i = 0; i < w->count; i++) {
        const struct asked *a = &w->asked[i];
        if (a->answer != REFUSED)
            continue;
        evac_buf_putf(words, "%s%.*s", n ? ", " : "", EVAC_STR_ARG(a->name));
        put_resource(words, a->resource);
        evac_buf_putf(words, " (%.*s)", EVAC_STR_ARG(a->why));
        evac_buf_puts(json, n++ ? "," : "");
        evac_buf_json(json, a->name);
    }
    evac_buf_puts(json, "]}");
    return n;
}

static void answer(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_buf words, json;
    evac_buf_init(&words, 65536);
    evac_buf_init(&json, 65536);
    size_t refused = put_refused(w, &words, &json);
    struct evac_str said = evac_arena_str(c->arena, evac_buf_str(&words));
    struct evac_str snapshot = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&words);
    evac_buf_done(&json);
    struct evac_fact facts[] = { { "asked", (int64_t)w->count }, { "refused", (int64_t)refused } };
    struct aws_sight sight = { .seen = EVAC_SEEN_SATISFIED,
                               .progress = -1,
                               .snapshot = snapshot,
                               .facts = facts,
                               .fact_count = 2 };
    if (refused)
        blocked(
            c, snapshot, facts,
            aws_printf(c, "%.*s may not: %.*s", EVAC_STR_ARG(w->principal), EVAC_STR_ARG(said)).p);
    else
        aws_answer_seen(c, &sight, "%.*s may do all of it: %zu permissions",
                        EVAC_STR_ARG(w->principal), w->count);
}

/* --- the simulator --------------------------------------------------------------------------- */

static void simulate(struct aws_call *c);

/* A setting that tells no account means the principal's: "arn:aws:iam::123456789012:role/evac". */
static struct evac_str in_account(struct aws_call *c, struct evac_str resource)
{
    const struct work *w = c->state;
    struct evac_str rest = resource, own = w->principal, account = EVAC_STR_NONE;
    for (unsigned i = 0; i < 4; i++) {
        (void)evac_str_cut(rest, ':', &rest);
        (void)evac_str_cut(own, ':', &own);
    }
    size_t before = resource.n - rest.n;
    struct evac_str field = evac_str_cut(rest, ':', &rest);
    account = evac_str_cut(own, ':', &own);
    if (!evac_str_is(field, "*") || !account.n)
        return resource;
    return aws_printf(c, "%.*s%.*s:%.*s", (int)before, resource.p, EVAC_STR_ARG(account),
                      EVAC_STR_ARG(rest));
}

static size_t put_resources(struct aws_call *c, struct evac_arg *params)
{
    const struct work *w = c->state;
    const struct asked *first = &w->asked[w->batch[0]];
    struct evac_str service = service_of(first->name);
    if (w->state == ASK_FIRST && first->resource.n) {
        params[0] =
            (struct evac_arg)AWS_PARAM("ResourceArns.member.1", in_account(c, first->resource));
        return 1;
    }
    struct evac_str arns =
        evac_args_get(&c->args, aws_printf(c, "resources.%.*s", EVAC_STR_ARG(service)).p);
    struct evac_json *list = NULL;
    size_t n = 0;
    if (w->state != ASK_NAMED || evac_json_parse(arns, &list, NULL))
        return 0;
    for (const struct evac_json *e = evac_json_first(list); e && n < RESOURCES_MAX;
         e = evac_json_next(e), n++)
        params[n] = (struct evac_arg){ aws_printf(c, "ResourceArns.member.%zu", n + 1),
                                       evac_arena_str(c->arena, evac_json_text(e)) };
    evac_json_free(list);
    return n;
}

static bool goes_with(const struct asked *a, const struct asked *like)
{
    return a->answer == like->answer && strcmp(a->requested_in, like->requested_in) == 0 &&
           evac_str_eq(a->condition, like->condition) &&
           (a->answer == ASK_FIRST ? evac_str_eq(a->resource, like->resource)
                                   : evac_str_eq(service_of(a->name), service_of(like->name)));
}

/* False: everything is answered. */
static bool next_batch(struct work *w)
{
    size_t first = 0;
    while (first < w->count && w->asked[first].answer >= ALLOWED)
        first++;
    w->batch_count = 0;
    for (size_t i = first; i < w->count && w->batch_count < BATCH_MAX; i++)
        if (goes_with(&w->asked[i], &w->asked[first]))
            w->batch[w->batch_count++] = i;
    if (first < w->count)
        w->state = w->asked[first].answer;
    return first < w->count;
}

static struct evac_aws_request simulation(struct aws_call *c)
{
    const struct work *w = c->state;
    const struct asked *first = &w->asked[w->batch[0]];
    struct evac_arg *params = evac_arena_array(c->arena, PARAMS_MAX, sizeof *params);
    size_t n = 0;
#define PUT(name, value) params[n++] = (struct evac_arg)AWS_PARAM(name, value)
    PUT("PolicySourceArn", w->principal);
    PUT("ContextEntries.member.1.ContextKeyName", EVAC_STR("aws:RequestedRegion"));
    PUT("ContextEntries.member.1.ContextKeyType", EVAC_STR("string"));
    PUT("ContextEntries.member.1.ContextKeyValues.member.1", evac_str(first->requested_in));
    if (first->condition.n) {
        struct evac_str value, key = evac_str_cut(first->condition, '=', &value);
        bool truth = evac_str_is(value, "true");
        PUT("ContextEntries.member.2.ContextKeyName", key);
        PUT("ContextEntries.member.2.ContextKeyType",
            truth ? EVAC_STR("boolean") : EVAC_STR("string"));
        PUT("ContextEntries.member.2.ContextKeyValues.member.1", value);
    }
    if (w->marker.n)
        PUT("Marker", w->marker);
#undef PUT
    for (size_t i = 0; i < w->batch_count; i++)
        params[n++] = (struct evac_arg){ aws_printf(c, "ActionNames.member.%zu", i + 1),
                                         w->asked[w->batch[i]].name };
    n += put_resources(c, params + n);
    return (struct evac_aws_request){ .service = "iam",
                                      .operation = "SimulatePrincipalPolicy",
                                      .region = c->region,
                                      .params = params,
                                      .param_count = n };
}

static bool is_no(const struct evac_xml *result, const char *path)
{
    return evac_str_is(evac_xml_text(result, path), "false");
}

/* What must change for it to be allowed: the nearest thing that says no. */
static struct evac_str why_not(struct aws_call *c, const struct evac_xml *result)
{
    struct evac_str missing = evac_xml_text(result, "MissingContextValues/member");
    if (evac_str_is(evac_xml_text(result, "EvalDecision"), "explicitDeny"))
        return EVAC_STR("a policy denies it");
    if (is_no(result, "OrganizationsDecisionDetail/AllowedByOrganizations"))
        return EVAC_STR("the organization does not allow it");
    if (is_no(result, "PermissionsBoundaryDecisionDetail/AllowedByPermissionsBoundary"))
        return EVAC_STR("the permissions boundary does not allow it");
    if (missing.n)
        return aws_printf(c, "no policy allows it without %.*s", EVAC_STR_ARG(missing));
    return EVAC_STR("no policy allows it");
}

static bool allowed_for_one(const struct evac_xml *result)
{
    const struct evac_xml *one = evac_xml_path(result, "ResourceSpecificResults/member");
    bool allowed = evac_str_is(evac_xml_text(result, "EvalDecision"), "allowed");
    for (; one && !allowed; one = evac_xml_again(one))
        allowed = evac_str_is(evac_xml_text(one, "EvalResourceDecision"), "allowed");
    return allowed;
}

static void take_result(struct aws_call *c, struct work *w, const struct evac_xml *result)
{
    struct evac_str name = evac_xml_text(result, "EvalActionName");
    for (size_t i = 0; i < w->batch_count; i++) {
        struct asked *a = &w->asked[w->batch[i]];
        if (!evac_str_eq(a->name, name) || a->answer == ALLOWED)
            continue;
        const char *named = aws_printf(c, "resources.%.*s", EVAC_STR_ARG(service_of(a->name))).p;
        bool again = a->answer == ASK_FIRST && evac_args_has(&c->args, named) &&
                     evac_str_is(evac_xml_text(result, "EvalDecision"), "implicitDeny");
        a->answer = allowed_for_one(result) ? ALLOWED : again ? ASK_NAMED : REFUSED;
        a->why = evac_arena_str(c->arena, why_not(c, result));
    }
}

static void read_page(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    const struct evac_xml *result = evac_xml_child(r->xml, "SimulatePrincipalPolicyResult");
    const struct evac_xml *e = evac_xml_path(result, "EvaluationResults/member");
    w->marker = EVAC_STR_NONE;
    if (evac_str_is(evac_xml_text(result, "IsTruncated"), "true"))
        w->marker = evac_arena_str(c->arena, evac_xml_text(result, "Marker"));
    for (; e; e = evac_xml_again(e))
        take_result(c, w, e);
}

static void on_simulated(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    const struct asked *first = &w->asked[w->batch[0]];
    struct aws_sight unseen = { .seen = EVAC_SEEN_UNSEEN, .progress = -1 };
    if (evac_str_is(r->code, "NoSuchEntity")) {
        blocked(c, EVAC_STR_NONE, NULL,
                aws_printf(c, "there is no such role or user: %.*s", EVAC_STR_ARG(w->principal)).p);
        return;
    }
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    read_page(c, r);
    if (!w->marker.n && first->answer == w->state)
        aws_answer_seen(c, &unseen, "the simulator did not answer for %.*s",
                        EVAC_STR_ARG(first->name));
    else
        simulate(c);
}

static void simulate(struct aws_call *c)
{
    struct work *w = c->state;
    if (!w->marker.n && !next_batch(w)) {
        answer(c);
        return;
    }
    struct evac_aws_request request = simulation(c);
    aws_next(c, &request, on_simulated);
}

/* --- who ------------------------------------------------------------------------------------- */

static void on_role(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    struct evac_str arn;
    if (evac_str_is(r->code, "NoSuchEntity")) {
        blocked(c, EVAC_STR_NONE, NULL,
                aws_printf(c, "there is no such role: %.*s", EVAC_STR_ARG(w->principal)).p);
    } else if (r->outcome != EVAC_OUTCOME_ACCEPTED ||
               !aws_pick(c, r, EVAC_STR("GetRoleResult/Role/Arn"), &arn)) {
        aws_answer_unseen(c, r);
    } else {
        w->principal = evac_arena_str(c->arena, arn);
        simulate(c);
    }
}

static struct evac_aws_request get_role(struct aws_call *c, struct evac_str name)
{
    struct work *w = c->state;
    struct evac_arg *params = evac_arena_array(c->arena, 1, sizeof *params);
    w->principal = evac_arena_str(c->arena, name);
    params[0] = (struct evac_arg)AWS_PARAM("RoleName", w->principal);
    return (struct evac_aws_request){ .service = "iam",
                                      .operation = "GetRole",
                                      .region = c->region,
                                      .params = params,
                                      .param_count = 1 };
}

/* "arn:aws:sts::123456789012:assumed-role/NAME/session" has lost the role's path. */
static void on_identity(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    struct aws_sight unseen = { .seen = EVAC_SEEN_UNSEEN, .progress = -1 };
    struct evac_str arn, name, rest;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED ||
        !aws_pick(c, r, EVAC_STR("GetCallerIdentityResult/Arn"), &arn)) {
        aws_answer_unseen(c, r);
        return;
    }
    (void)evac_str_cut(arn, '/', &name);
    name = evac_str_cut(name, '/', &rest);
    if (evac_str_has(arn, ":assumed-role/")) {
        struct evac_aws_request request = get_role(c, name);
        aws_next(c, &request, on_role);
    } else if (evac_str_has(arn, ":user/")) {
        w->principal = evac_arena_str(c->arena, arn);
        simulate(c);
    } else {
        aws_answer_seen(c, &unseen, "%.*s is no role and no user: nobody can say what it may",
                        EVAC_STR_ARG(arn));
    }
}

static enum evac_code observe_allowed(struct aws_call *c, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    struct evac_str role = evac_args_get(&c->args, "role");
    *w = (struct work){ .principal = role };
    c->state = w;
    read_permissions(c, w);
    if (w->count == 0)
        return evac_fail(err, EVAC_E_BADARG, "permissions is empty: there is nothing to ask");
    if (w->too_many)
        return evac_fail(err, EVAC_E_TOOBIG,
                         "there are more than %u permissions to ask about: except takes some out",
                         ASKED_MAX);
    if (evac_str_starts(role, "arn:")) {
        (void)next_batch(w);
        struct evac_aws_request request = simulation(c);
        return aws_send(c, &request, on_simulated, err);
    }
    struct evac_aws_request request = { .service = "sts",
                                        .operation = "GetCallerIdentity",
                                        .region = c->region };
    if (role.n)
        request = get_role(c, role);
    return aws_send(c, &request, role.n ? on_role : on_identity, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "allowed", .observe = observe_allowed },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_iam = {
    "iam", "the controller's own permissions", resource_params, actions, 0, NULL, call, aws_cancel
};
