/*
 * What runs on a Kubernetes cluster: how many pods its deployments have, and whether its cron jobs
 * start. EKS clusters by AWS's own credentials (a token that each request gets anew), others by a
 * token in a file. A patch names the version that was read: the cluster refuses it when somebody
 * else was faster, and when it arrives late.
 */
#include "aws_lever.h"
#include "aws_parity.h"
#include "kube.h"

#include <string.h>

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "cluster", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the EKS cluster's name; of another cluster any name" },
    { "namespace", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, "default", NULL, "where they are" },
    { "deployments", EVAC_PARAM_LIST, EVAC_PARAM_REGIONAL, NULL, NULL, "the deployments' names" },
    { "hpa", EVAC_PARAM_LIST, EVAC_PARAM_REGIONAL, NULL, NULL, "horizontal pod autoscalers of some of them: their lower bound is moved" },
    { "cronjobs", EVAC_PARAM_LIST, EVAC_PARAM_REGIONAL, NULL, NULL, "cron jobs that run in the active region only" },
    { "count", EVAC_PARAM_INT, EVAC_PARAM_GROUP, NULL, NULL, "named sizes of each deployment, as count = { active = 6; standby = 1; }" },
    { "endpoint", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "each cluster's own address, as https://...; without it, EKS is asked" },
    { "ca", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "who vouches for that address: certificateAuthority.data as EKS prints it, or a PEM file's path" },
    { "token_file", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "a file with a bearer token, for a cluster that is not EKS's" },
    AWS_PARITY_PARAM,
    { 0 },
};
#define NEEDS(names) { names, EVAC_PARAM_LIST, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" }
static const struct evac_param scale_params[] = { AWS_SCALE_PARAMS, NEEDS("deployments"), { 0 } };
static const struct evac_param deployment_params[] = { NEEDS("deployments"), { 0 } };
static const struct evac_param cronjob_params[] = { NEEDS("cronjobs"), { 0 } };

#define FIND(home) { "eks", "DescribeCluster", "eks:DescribeCluster", home, NULL, true, false, "endpoint=" }
#define READ(operation, home) { "kubernetes", operation, NULL, home, NULL, false, false }
#define PATCH(operation) { "kubernetes", operation, NULL, EVAC_HOME_STEP, NULL, false, true }
#define LOOK \
    FIND(EVAC_HOME_STEP), READ("ReadDeployment", EVAC_HOME_STEP), READ("ReadHorizontalPodAutoscaler", EVAC_HOME_STEP), \
    READ("ListPods", EVAC_HOME_STEP)
static const struct evac_op ready_ops[] = { LOOK, { 0 } };
static const struct evac_op scale_ops[] = { LOOK, PATCH("PatchHorizontalPodAutoscaler"), PATCH("PatchDeploymentScale"), { 0 } };
static const struct evac_op cronjob_ops[] = { FIND(EVAC_HOME_STEP), READ("ReadCronJob", EVAC_HOME_STEP), PATCH("PatchCronJob"), { 0 } };
static const struct evac_op parity_ops[] = {
    FIND(EVAC_HOME_FROM), FIND(EVAC_HOME_TO), READ("ReadDeployment", EVAC_HOME_FROM), READ("ReadDeployment", EVAC_HOME_TO), { 0 },
};

#define KUBECTL "kubectl --context <cluster> --namespace <namespace> "
#define UNSUSPEND KUBECTL "patch cronjob <each.each> --patch '{\"spec\":{\"suspend\":<its.value>}}'"
static const struct evac_action actions[] = {
    { "ready", "the deployments are there, and as many of their pods as should be run", 0, EVAC_FENCING_VERSION, 500, 120000, deployment_params, ready_ops },
    { "scale", "each deployment has so many ready pods; where the app is taken over, more are left as they are",
      EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_VERSION, 60000, 900000, scale_params, scale_ops,
      KUBECTL "patch hpa <each.hpa> --patch '{\"spec\":{\"minReplicas\":<its.min>,\"maxReplicas\":<its.max>}}' && "
      KUBECTL "scale deployment <each.deployments> --replicas <its>" },
    { "pause", "the cron jobs start nothing; what runs goes on", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 1000, 120000, cronjob_params, cronjob_ops,
      UNSUSPEND },
    { "resume", "the cron jobs start by their schedules", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 1000, 120000, cronjob_params, cronjob_ops,
      UNSUSPEND },
    { "parity", "both regions have the same deployments, or the differences are named; both are asked", 0, EVAC_FENCING_NONE, 2000, 120000, deployment_params, parity_ops },
    { 0 },
};

#define CRONJOB(value) { \
    .what = "cron job", .each = "cronjobs", .strong = true, .look = { "kubernetes", "ReadCronJob", "GET", KUBE_CRONJOB }, \
    .at = "spec/suspend", .absent = "false", .want = value, .missing_codes = "NotFound", \
    .act = { "kubernetes", "PatchCronJob", "PATCH", KUBE_CRONJOB, .body = "{\"spec\":{\"suspend\":<=value>}}", \
             .content_type = "application/merge-patch+json" } }
#define POD "spec/template/spec/"
static const struct aws_compared of_deployment[] = {
    { "container", POD "containers[*]/name" },
    { "image", POD "containers[*]/image" },
    { "environment", POD "containers[*]/env[*]/name" },
    { "service account", POD "serviceAccountName" },
    { "config map", POD "volumes[*]/configMap/name" },
    { "secret", POD "volumes[*]/secret/secretName" },
    { 0 },
};
static const struct aws_parity parity = { .each = "deployments", .rows = {
    { "the deployment", { "kubernetes", "ReadDeployment", "GET", KUBE_DEPLOYMENT }, .missing_codes = "NotFound", .compared = of_deployment },
} };
static const struct aws_lever pause_lever = CRONJOB("true"), resume_lever = CRONJOB("false");
/* clang-format on */

/* --- what is wanted -------------------------------------------------------------------------- */

struct work {
    struct kube_view view; /* of the call's region */
    struct aws_wanted wanted;
    const struct evac_json *was, *was_hpa; /* of the goal, NULL none */
    size_t at;                             /* apply: which deployment is moved */
    bool scaling;                          /* something is wanted; else what is there is right */
    bool changed;                          /* apply: part of it is done */
};

static int64_t count_for(const struct work *w, const struct kube_deployment *d)
{
    if (!w->scaling)
        return d->replicas;
    return w->was ? evac_json_i64(w->was, d->name.p, d->replicas) : w->wanted.count;
}

static int64_t enough_for(const struct work *w, const struct kube_deployment *d)
{
    return w->was ? count_for(w, d) : w->wanted.enough;
}

/* An autoscaler never goes to zero, and zero pods switch it off: then its bounds stay as they are.
 */
static void bounds_for(const struct work *w, const struct kube_deployment *d, int64_t *ret_min,
                       int64_t *ret_max)
{
    const struct kube_hpa *h = d->hpa;
    const struct evac_json *was = w->was_hpa ? evac_json_get(w->was_hpa, h->name.p) : NULL;
    int64_t count = count_for(w, d);
    int64_t min = count == 0 || (!w->wanted.exact && h->min >= count) ? h->min : count;
    *ret_min = was ? evac_json_i64(was, "min", h->min) : min;
    *ret_max = was ? evac_json_i64(was, "max", h->max) : h->max < min ? min : h->max;
}

static bool is_bounded(const struct work *w, const struct kube_deployment *d)
{
    int64_t min, max;
    if (!d->hpa)
        return true;
    bounds_for(w, d, &min, &max);
    return d->hpa->min == min && d->hpa->max == max;
}

/* With an autoscaler, more is its own affair; but it must be on, or off. */
static bool is_sized(const struct work *w, const struct kube_deployment *d)
{
    int64_t count = count_for(w, d);
    bool exact = w->wanted.exact && (!d->hpa || count == 0);
    return exact ? d->replicas == count : d->replicas >= count;
}

static bool is_present(const struct work *w, const struct kube_deployment *d)
{
    bool exact = w->wanted.exact && (!d->hpa || count_for(w, d) == 0);
    return d->observed >= d->generation && d->ready >= enough_for(w, d) &&
           (!exact || d->total <= count_for(w, d));
}

/* --- what is seen ---------------------------------------------------------------------------- */

static struct evac_str snapshot(struct aws_call *c, const struct kube_view *v)
{
    struct evac_buf json;
    evac_buf_init(&json, 65536);
    evac_buf_puts(&json, "{\"deployments\":{");
    for (size_t i = 0; i < v->count; i++) {
        evac_buf_puts(&json, i ? "," : "");
        evac_buf_json(&json, v->deployments[i].name);
        evac_buf_putf(&json, ":%lld", (long long)v->deployments[i].replicas);
    }
    evac_buf_puts(&json, "},\"hpa\":{");
    for (size_t i = 0; i < v->hpa_count; i++) {
        evac_buf_puts(&json, i ? "," : "");
        evac_buf_json(&json, v->hpas[i].name);
        evac_buf_putf(&json, ":{\"min\":%lld,\"max\":%lld}", (long long)v->hpas[i].min,
                      (long long)v->hpas[i].max);
    }
    evac_buf_puts(&json, "}}");
    struct evac_str text = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return text;
}

/* What we decide on: the specs, and not the pods that come and go. "7.12 2-10" */
static struct evac_str version(struct aws_call *c, const struct kube_view *v)
{
    struct evac_str text = EVAC_STR_NONE;
    for (size_t i = 0; i < v->count; i++)
        text = aws_printf(c, "%.*s%s%lld", EVAC_STR_ARG(text), i ? "." : "",
                          (long long)v->deployments[i].generation);
    for (size_t i = 0; i < v->hpa_count; i++)
        text = aws_printf(c, "%.*s %lld-%lld", EVAC_STR_ARG(text), (long long)v->hpas[i].min,
                          (long long)v->hpas[i].max);
    return text;
}

static void answer(struct aws_call *c, enum evac_seen seen, const char *words)
{
    const struct work *w = c->state;
    const struct kube_view *v = &w->view;
    int64_t desired = 0, ready = 0, useful = 0, wanted = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct kube_deployment *d = &v->deployments[i];
        int64_t count = count_for(w, d);
        desired += d->replicas;
        ready += d->ready;
        wanted += count;
        useful += d->ready < count ? d->ready : count;
    }
    struct evac_fact facts[] = { { "desired", desired }, { "ready", ready } };
    struct aws_sight sight = { .seen = seen,
                               .strong = true,
                               .progress = wanted > 0 ? (int)(useful * 100 / wanted) : 100,
                               .snapshot = snapshot(c, v),
                               .version = version(c, v),
                               .facts = facts,
                               .fact_count = 2 };
    aws_answer_seen(c, &sight, "%s", words);
}

static bool answer_missing(struct aws_call *c, const struct kube_view *v)
{
    struct aws_sight sight = { .seen = EVAC_SEEN_BLOCKED, .strong = true, .progress = -1 };
    if (v->missing.n == 0)
        return false;
    aws_answer_seen(c, &sight, "there is no %.*s", EVAC_STR_ARG(v->missing));
    return true;
}

static const char *how_many(struct aws_call *c, const struct kube_deployment *d, int64_t wanted)
{
    return aws_printf(c, "%.*s: %lld of %lld pods are ready%s%.*s", EVAC_STR_ARG(d->name),
                      (long long)d->ready, (long long)wanted, d->trouble.n ? ": " : "",
                      EVAC_STR_ARG(d->trouble))
        .p;
}

static struct kube_view *begin(struct aws_call *c)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    c->state = w;
    return &w->view;
}

/* --- ready ----------------------------------------------------------------------------------- */

static enum evac_seen readiness(const struct kube_deployment *d)
{
    bool whole =
        d->observed >= d->generation && d->updated >= d->replicas && d->available >= d->replicas;
    return d->stuck ? EVAC_SEEN_BLOCKED : whole ? EVAC_SEEN_SATISFIED : EVAC_SEEN_MOVING;
}

static void ready_with_trouble(struct aws_call *c)
{
    const struct work *w = c->state;
    const struct kube_deployment *worst = &w->view.deployments[0];
    for (size_t i = 0; i < w->view.count; i++) {
        const struct kube_deployment *d = &w->view.deployments[i];
        if (readiness(worst) != EVAC_SEEN_BLOCKED && readiness(d) != EVAC_SEEN_SATISFIED)
            worst = d;
    }
    answer(c, readiness(worst), how_many(c, worst, worst->replicas));
}

static void on_ready(struct aws_call *c)
{
    struct work *w = c->state;
    if (!answer_missing(c, &w->view))
        kube_find_trouble(c, &w->view, ready_with_trouble);
}

static enum evac_code read_ready(struct aws_call *c, struct evac_err *err)
{
    struct work *w = c->state;
    return kube_read(c, &w->view, on_ready, err);
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = kube_names(c, c->region, begin(c), err);
    return code ? code : kube_with_server(c, c->region, read_ready, err);
}

/* --- scale: looking -------------------------------------------------------------------------- */

static void scale_with_trouble(struct aws_call *c)
{
    const struct work *w = c->state;
    const struct kube_deployment *waits = NULL;
    for (size_t i = 0; i < w->view.count; i++) {
        const struct kube_deployment *d = &w->view.deployments[i];
        if (!waits && !is_present(w, d))
            waits = d;
    }
    const struct kube_deployment *d = waits ? waits : &w->view.deployments[0];
    answer(c, waits ? EVAC_SEEN_MOVING : EVAC_SEEN_SATISFIED, how_many(c, d, count_for(w, d)));
}

static void on_scale(struct aws_call *c)
{
    struct work *w = c->state;
    if (answer_missing(c, &w->view))
        return;
    for (size_t i = 0; i < w->view.count; i++) {
        const struct kube_deployment *d = &w->view.deployments[i];
        if (!is_bounded(w, d) || !is_sized(w, d)) {
            answer(c, EVAC_SEEN_UNSATISFIED,
                   aws_printf(c, "%.*s has %lld pods%s, %lld are wanted", EVAC_STR_ARG(d->name),
                              (long long)d->replicas, d->hpa ? " and an autoscaler" : "",
                              (long long)count_for(w, d))
                       .p);
            return;
        }
    }
    kube_find_trouble(c, &w->view, scale_with_trouble);
}

static enum evac_code prepare_scale(struct aws_call *c, struct evac_err *err)
{
    struct kube_view *view = begin(c);
    struct work *w = c->state;
    enum evac_code code = kube_names(c, c->region, view, err);
    if (!code)
        code = aws_wanted(c, &w->wanted, err);
    w->scaling = true;
    c->goal_root = aws_goal(c);
    w->was = evac_json_get(c->goal_root, "deployments");
    w->was_hpa = evac_json_get(c->goal_root, "hpa");
    return code;
}

static enum evac_code read_scale(struct aws_call *c, struct evac_err *err)
{
    struct work *w = c->state;
    return kube_read(c, &w->view, on_scale, err);
}

static enum evac_code observe_scale(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = prepare_scale(c, err);
    return code ? code : kube_with_server(c, c->region, read_scale, err);
}

/* --- scale: moving --------------------------------------------------------------------------- */

static void move_on(struct aws_call *c);

/* All is done, or part of it: what became of the rest will be seen. */
static void answer_done(struct aws_call *c, struct evac_str why)
{
    struct evac_reply part = { .outcome = EVAC_OUTCOME_ACCEPTED, .progress = -1, .reason = why };
    aws_answer(c, &part);
}

static void on_sized(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    w->changed |= r->outcome == EVAC_OUTCOME_ACCEPTED;
    if (r->outcome == EVAC_OUTCOME_ACCEPTED && w->at + 1 < w->view.count) {
        w->at++;
        move_on(c);
    } else if (w->changed && r->outcome != EVAC_OUTCOME_UNKNOWN) {
        answer_done(c, r->message);
    } else {
        aws_answer_outcome(c, r);
    }
}

static struct aws_hole number(struct aws_call *c, const char *name, int64_t value)
{
    return (struct aws_hole){ name, aws_printf(c, "%lld", (long long)value) };
}

static void size(struct aws_call *c, const struct kube_deployment *d)
{
    const struct work *w = c->state;
    struct aws_hole holes[] = { { "version", d->version }, number(c, "count", count_for(w, d)) };
    kube_patch(c, "PatchDeploymentScale", KUBE_DEPLOYMENT "/scale",
               "{\"metadata\":{\"resourceVersion\":\"<version>\"},"
               "\"spec\":{\"replicas\":<=count>}}",
               d->name, holes, 2, on_sized);
}

/* The pods after the bounds, so that the autoscaler does not take them away again; and not by the
 * autoscaler alone, which takes its time and sleeps at zero. What it makes of them afterwards is
 * its own affair. */
static void on_bounded(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    const struct kube_deployment *d = &w->view.deployments[w->at];
    bool other = w->wanted.exact ? d->replicas != count_for(w, d) : !is_sized(w, d);
    w->changed |= r->outcome == EVAC_OUTCOME_ACCEPTED;
    if (r->outcome == EVAC_OUTCOME_ACCEPTED && other && !c->cancelled)
        size(c, d);
    else
        on_sized(c, r);
}

static void bound(struct aws_call *c, const struct kube_deployment *d)
{
    const struct work *w = c->state;
    int64_t min, max;
    bounds_for(w, d, &min, &max);
    struct aws_hole holes[] = { { "version", d->hpa->version },
                                number(c, "min", min),
                                number(c, "max", max) };
    kube_patch(c, "PatchHorizontalPodAutoscaler", KUBE_HPA,
               "{\"metadata\":{\"resourceVersion\":\"<version>\"},"
               "\"spec\":{\"minReplicas\":<=min>,\"maxReplicas\":<=max>}}",
               d->hpa->name, holes, 3, on_bounded);
}

static void move_on(struct aws_call *c)
{
    struct work *w = c->state;
    while (w->at < w->view.count && !(w->changed && c->cancelled)) {
        const struct kube_deployment *d = &w->view.deployments[w->at];
        if (!is_bounded(w, d)) {
            bound(c, d);
            return;
        }
        if (!is_sized(w, d)) {
            size(c, d);
            return;
        }
        w->at++;
    }
    answer_done(c, EVAC_STR_NONE);
}

static void on_read_to_move(struct aws_call *c)
{
    const struct work *w = c->state;
    if (w->view.missing.n)
        aws_answer_rejected(c, "NotFound", "there is no %.*s", EVAC_STR_ARG(w->view.missing));
    else if (c->version.n && !evac_str_eq(c->version, version(c, &w->view)))
        aws_answer_rejected(c, "Conflict", "it was changed since it was looked at");
    else
        move_on(c);
}

static enum evac_code read_to_move(struct aws_call *c, struct evac_err *err)
{
    struct work *w = c->state;
    return kube_read(c, &w->view, on_read_to_move, err);
}

static enum evac_code apply_scale(struct aws_call *c, struct evac_err *err)
{
    enum evac_code code = prepare_scale(c, err);
    return code ? code : kube_with_server(c, c->region, read_to_move, err);
}

/* --- cron jobs ------------------------------------------------------------------------------- */

static enum evac_code observe_cronjobs(struct aws_call *c, struct evac_err *err)
{
    return kube_with_server(c, c->region, aws_lever_observe, err);
}

static enum evac_code apply_cronjobs(struct aws_call *c, struct evac_err *err)
{
    return kube_with_server(c, c->region, aws_lever_apply, err);
}

/* --- parity ---------------------------------------------------------------------------------- */

static enum evac_code with_to(struct aws_call *c, struct evac_err *err)
{
    return kube_with_server(c, c->to, aws_parity_observe, err);
}

static enum evac_code observe_parity(struct aws_call *c, struct evac_err *err)
{
    return kube_with_server(c, c->from, with_to, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "scale", .observe = observe_scale, .apply = apply_scale },
    { .action = "pause",
      .observe = observe_cronjobs,
      .apply = apply_cronjobs,
      .lever = &pause_lever },
    { .action = "resume",
      .observe = observe_cronjobs,
      .apply = apply_cronjobs,
      .lever = &resume_lever },
    { .action = "parity", .observe = observe_parity, .parity = &parity },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_kubernetes = {
    "kubernetes",
    "deployments and cron jobs of a Kubernetes cluster",
    resource_params,
    actions,
    0,
    NULL,
    call,
    aws_cancel
};
