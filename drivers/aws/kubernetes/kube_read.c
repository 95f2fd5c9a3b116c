/* What a cluster says about a resource's deployments and autoscalers. Reads come from its store's
 * quorum: what is read is the newest. */
#include "kube.h"

#define PODS_LIMIT "50"

/* --- asking ---------------------------------------------------------------------------------- */

static struct evac_aws_request request(struct aws_call *c, const struct aws_ask *ask,
                                       struct evac_str region, struct evac_str item)
{
    struct aws_hole holes[] = {
        { "item", item }, { "namespace", evac_args_regional(&c->args, "namespace", region) }
    };
    struct evac_aws_request r = aws_ask(c, ask, false, holes, 2);
    r.region = region;
    return r;
}

void kube_patch(struct aws_call *c, const char *operation, const char *path, const char *body,
                struct evac_str item, const struct aws_hole *holes, size_t hole_count,
                aws_reply_fn *on_reply)
{
    struct aws_ask ask = { "kubernetes", operation,
                           "PATCH",      path,
                           .body = body, .content_type = "application/merge-patch+json" };
    struct aws_hole *all = evac_arena_array(c->arena, hole_count + 1, sizeof *all);
    all[0] = (struct aws_hole){ "item", item };
    for (size_t i = 0; i < hole_count; i++)
        all[i + 1] = holes[i];
    struct evac_aws_request r = aws_ask(c, &ask, true, all, hole_count + 1);
    aws_next(c, &r, on_reply);
}

enum evac_code kube_names(struct aws_call *c, struct evac_str region, struct kube_view *view,
                          struct evac_err *err)
{
    struct evac_str names[KUBE_MAX] = { { 0 } }, hpas[KUBE_MAX] = { { 0 } };
    view->region = region;
    enum evac_code code = aws_list(c, evac_args_regional(&c->args, "deployments", region), names,
                                   KUBE_MAX, &view->count, err);
    if (!code)
        code = aws_list(c, evac_args_regional(&c->args, "hpa", region), hpas, KUBE_MAX,
                        &view->hpa_count, err);
    if (code)
        return code;
    for (size_t i = 0; i < view->count; i++)
        view->deployments[i].name = names[i];
    for (size_t i = 0; i < view->hpa_count; i++)
        view->hpas[i].name = hpas[i];
    if (view->count == 0)
        return evac_fail(err, EVAC_E_BADARG, "deployments is empty for %.*s", EVAC_STR_ARG(region));
    return EVAC_OK;
}

/* --- reading --------------------------------------------------------------------------------- */

static struct evac_str keep(struct aws_call *c, const struct evac_json *object, const char *key)
{
    return evac_arena_str(c->arena, evac_json_str(object, key));
}

static void read_hpa(struct aws_call *c, struct kube_hpa *h, const struct evac_json *json)
{
    const struct evac_json *spec = evac_json_get(json, "spec");
    const struct evac_json *target = evac_json_get(spec, "scaleTargetRef");
    h->version = keep(c, evac_json_get(json, "metadata"), "resourceVersion");
    h->min = evac_json_i64(spec, "minReplicas", 1);
    h->max = evac_json_i64(spec, "maxReplicas", 1);
    if (evac_str_is(evac_json_str(target, "kind"), "Deployment"))
        h->target = keep(c, target, "name");
}

static struct evac_str join(struct aws_call *c, struct evac_str list, const char *comma,
                            struct evac_str name, struct evac_str value)
{
    return aws_printf(c, "%.*s%s%.*s=%.*s", EVAC_STR_ARG(list), list.n ? comma : "",
                      EVAC_STR_ARG(name), EVAC_STR_ARG(value));
}

static struct evac_str images_of(struct aws_call *c, const struct evac_json *spec)
{
    const struct evac_json *pod = evac_json_get(evac_json_get(spec, "template"), "spec");
    struct evac_str images = EVAC_STR_NONE;
    for (const struct evac_json *e = evac_json_first(evac_json_get(pod, "containers")); e;
         e = evac_json_next(e))
        images = join(c, images, " ", evac_json_str(e, "name"), evac_json_str(e, "image"));
    return images;
}

/* Only what a list of labels can say. */
static struct evac_str selector_of(struct aws_call *c, const struct evac_json *spec)
{
    const struct evac_json *selector = evac_json_get(spec, "selector");
    struct evac_str text = EVAC_STR_NONE;
    if (evac_json_count(evac_json_get(selector, "matchExpressions")))
        return text;
    for (const struct evac_json *e = evac_json_first(evac_json_get(selector, "matchLabels")); e;
         e = evac_json_next(e))
        text = join(c, text, ",", evac_json_key(e), evac_json_text(e));
    return text;
}

static struct evac_str why(struct aws_call *c, const struct evac_json *condition)
{
    struct evac_str reason = evac_json_str(condition, "reason");
    struct evac_str message = evac_json_str(condition, "message");
    return aws_printf(c, "%.*s%s%.*s", EVAC_STR_ARG(reason), message.n ? ": " : "",
                      EVAC_STR_ARG(message));
}

static void read_conditions(struct aws_call *c, struct kube_deployment *d,
                            const struct evac_json *status)
{
    for (const struct evac_json *e = evac_json_first(evac_json_get(status, "conditions")); e;
         e = evac_json_next(e)) {
        struct evac_str type = evac_json_str(e, "type");
        bool yes = evac_str_is(evac_json_str(e, "status"), "True");
        bool failing = evac_str_is(type, "ReplicaFailure") && yes;
        bool stuck = evac_str_is(type, "Progressing") &&
                     evac_str_is(evac_json_str(e, "reason"), "ProgressDeadlineExceeded");
        if (failing || (stuck && d->trouble.n == 0))
            d->trouble = why(c, e);
        d->stuck |= stuck;
    }
}

static void read_deployment(struct aws_call *c, struct kube_deployment *d,
                            const struct evac_json *json)
{
    const struct evac_json *metadata = evac_json_get(json, "metadata");
    const struct evac_json *spec = evac_json_get(json, "spec");
    const struct evac_json *status = evac_json_get(json, "status");
    d->found = true;
    d->version = keep(c, metadata, "resourceVersion");
    d->generation = evac_json_i64(metadata, "generation", 0);
    d->replicas = evac_json_i64(spec, "replicas", 1);
    d->observed = evac_json_i64(status, "observedGeneration", 0);
    d->total = evac_json_i64(status, "replicas", 0);
    d->updated = evac_json_i64(status, "updatedReplicas", 0);
    d->ready = evac_json_i64(status, "readyReplicas", 0);
    d->available = evac_json_i64(status, "availableReplicas", 0);
    d->images = images_of(c, spec);
    d->selector = selector_of(c, spec);
    read_conditions(c, d, status);
}

/* Who scales whom: an autoscaler of something else is a mistake in the configuration. */
static void match(struct aws_call *c, struct kube_view *view)
{
    for (size_t h = 0; h < view->hpa_count; h++) {
        bool matched = false;
        for (size_t i = 0; i < view->count; i++) {
            bool ours = evac_str_eq(view->hpas[h].target, view->deployments[i].name);
            if (ours)
                view->deployments[i].hpa = &view->hpas[h];
            matched |= ours;
        }
        if (!matched)
            view->missing = aws_printf(c, "deployment among ours that autoscaler %.*s scales",
                                       EVAC_STR_ARG(view->hpas[h].name));
    }
}

static bool next_request(struct aws_call *c, struct kube_view *view, struct evac_aws_request *ret);

static void on_object(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct kube_view *view = c->helper;
    bool is_hpa = view->at < view->hpa_count;
    size_t i = is_hpa ? view->at : view->at - view->hpa_count;
    struct evac_str name = is_hpa ? view->hpas[i].name : view->deployments[i].name;
    struct evac_aws_request next;
    if (r->outcome == EVAC_OUTCOME_NOT_SENT)
        kube_forget_server(c, view->region);
    if (r->outcome == EVAC_OUTCOME_REJECTED && r->status == 404) {
        view->missing =
            aws_printf(c, "%s %.*s", is_hpa ? "autoscaler" : "deployment", EVAC_STR_ARG(name));
        view->then(c);
        return;
    }
    if (!aws_looked(c, r))
        return;
    if (is_hpa)
        read_hpa(c, &view->hpas[i], r->json);
    else
        read_deployment(c, &view->deployments[i], r->json);
    view->at++;
    if (next_request(c, view, &next)) {
        aws_next(c, &next, on_object);
        return;
    }
    match(c, view);
    view->then(c);
}

static bool next_request(struct aws_call *c, struct kube_view *view, struct evac_aws_request *ret)
{
    static const struct aws_ask hpa = { "kubernetes", "ReadHorizontalPodAutoscaler", "GET",
                                        KUBE_HPA };
    static const struct aws_ask deployment = { "kubernetes", "ReadDeployment", "GET",
                                               KUBE_DEPLOYMENT };
    size_t i = view->at;
    if (i < view->hpa_count)
        *ret = request(c, &hpa, view->region, view->hpas[i].name);
    else if (i - view->hpa_count < view->count)
        *ret = request(c, &deployment, view->region, view->deployments[i - view->hpa_count].name);
    else
        return false;
    return true;
}

enum evac_code kube_read(struct aws_call *c, struct kube_view *view, aws_then_fn *then,
                         struct evac_err *err)
{
    struct evac_aws_request first;
    c->helper = view;
    view->then = then;
    view->at = 0;
    (void)next_request(c, view, &first); /* there is one deployment at least */
    return aws_send(c, &first, on_object, err);
}

/* --- pods ------------------------------------------------------------------------------------ */

/* What a container waits for when that is not just its turn. */
static const struct evac_json *waiting(const struct evac_json *pod, const char *list)
{
    const struct evac_json *status = evac_json_get(pod, "status");
    for (const struct evac_json *e = evac_json_first(evac_json_get(status, list)); e;
         e = evac_json_next(e)) {
        const struct evac_json *state = evac_json_get(evac_json_get(e, "state"), "waiting");
        struct evac_str reason = evac_json_str(state, "reason");
        if (reason.n && !evac_str_is(reason, "ContainerCreating") &&
            !evac_str_is(reason, "PodInitializing"))
            return state;
    }
    return NULL;
}

static const struct evac_json *unscheduled(const struct evac_json *pod)
{
    const struct evac_json *conditions = evac_json_get(evac_json_get(pod, "status"), "conditions");
    for (const struct evac_json *e = evac_json_first(conditions); e; e = evac_json_next(e))
        if (evac_str_is(evac_json_str(e, "type"), "PodScheduled") &&
            evac_str_is(evac_json_str(e, "status"), "False"))
            return e;
    return NULL;
}

/* An image that is not there does not come by waiting. */
static bool is_image(struct evac_str reason)
{
    return evac_str_is(reason, "ImagePullBackOff") || evac_str_is(reason, "ErrImagePull") ||
           evac_str_is(reason, "InvalidImageName");
}

static struct kube_deployment *lacking(struct kube_view *view)
{
    for (size_t i = 0; i < view->count; i++) {
        struct kube_deployment *d = &view->deployments[i];
        if (d->found && d->ready < d->replicas && d->selector.n)
            return d;
    }
    return NULL;
}

static void on_pods(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct kube_view *view = c->helper;
    struct kube_deployment *d = lacking(view);
    const struct evac_json *items = evac_json_get(r->json, "items"), *found = NULL;
    for (const struct evac_json *e = evac_json_first(items); e && !found; e = evac_json_next(e)) {
        found = waiting(e, "initContainerStatuses");
        found = found ? found : waiting(e, "containerStatuses");
        found = found ? found : unscheduled(e);
    }
    if (found && r->outcome == EVAC_OUTCOME_ACCEPTED) {
        d->trouble = why(c, found);
        d->stuck |= is_image(evac_json_str(found, "reason"));
    }
    view->then(c);
}

void kube_find_trouble(struct aws_call *c, struct kube_view *view, aws_then_fn *then)
{
    static const struct aws_ask pods = { "kubernetes", "ListPods", "GET", KUBE_PODS,
                                         .params = "labelSelector=<item>&limit=" PODS_LIMIT };
    const struct kube_deployment *d = lacking(view);
    view->then = then;
    if (!d) {
        then(c);
        return;
    }
    struct evac_aws_request r = request(c, &pods, view->region, d->selector);
    aws_next(c, &r, on_pods);
}
