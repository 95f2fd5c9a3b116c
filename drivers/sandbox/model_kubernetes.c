/*
 * A small Kubernetes API for each of EKS's clusters, at the endpoint that DescribeCluster gives:
 * deployments and their pods, horizontal pod autoscalers, cron jobs. No service of AWS: who asks
 * shows a token (sb_kubernetes_admit()), refusals are Status objects, and reads are of the newest
 * version. A name is "cluster/namespace/name":
 *
 *     make kubernetes R {"kind":"deployment","name":"shop/default/web","spec":{"replicas":1}}
 *     make kubernetes R {"kind":"hpa","name":"shop/default/web","spec":{"minReplicas":1}}
 *     make kubernetes R {"kind":"cronjob","name":"shop/default/nightly"}
 *     make kubernetes R {"kind":"token","name":"a-service-account's"}
 *
 * "missing_image":true in a deployment: its new pods can not start. Autoscalers keep a deployment
 * within their bounds, and nobody gives its pods work.
 */
#include "sandbox_docs.h"
#include "sandbox_rights.h"
#include "sigv4.h"

#include <openssl/evp.h>
#include <string.h>

#define NOTICE_MS   300u    /* the deployment's controller */
#define POD_MS      20000u  /* scheduled, image pulled, ready */
#define GONE_MS     5000u   /* a pod's end */
#define SYNC_MS     15000u  /* the autoscaler looks */
#define STABLE_MS   300000u /* and waits until it lowers */
#define TOKEN_MS    900000  /* from its date: what its URL says does not count */
#define SKEW_MS     300000
#define NAME_LEVELS 3u
#define TOKEN_BYTES 16384u

static void made(struct evac_sandbox *sb, struct sb_doc *doc);

static const struct sb_kind kinds[] = {
    { "deployment",
      "{\"apiVersion\":\"apps/v1\",\"metadata\":{\"resourceVersion\":\"1\",\"generation\":1},"
      "\"spec\":{\"replicas\":1,\"template\":{\"spec\":{\"containers\":[{\"name\":\"app\","
      "\"image\":"
      "\"{account}.dkr.ecr.{region}.amazonaws.com/"
      "app:1\"}]}}},\"status\":{\"observedGeneration\":1}}",
      false, made },
    { "hpa",
      "{\"apiVersion\":\"autoscaling/v2\",\"metadata\":{\"resourceVersion\":\"1\"},\"spec\":"
      "{\"minReplicas\":1,\"maxReplicas\":10},\"status\":{}}",
      false, made },
    { "cronjob",
      "{\"apiVersion\":\"batch/v1\",\"metadata\":{\"resourceVersion\":\"1\",\"generation\":1},"
      "\"spec\":{\"schedule\":\"0 2 * * *\",\"suspend\":false},\"status\":{}}",
      false, made },
    { "token", "{}", false, NULL },
    { 0 },
};

static const struct {
    const char *kind, *word, *list; /* as make, as the API's kind, as its paths say */
} words[] = {
    { "deployment", "Deployment", "deployments" },
    { "hpa", "HorizontalPodAutoscaler", "horizontalpodautoscalers" },
    { "cronjob", "CronJob", "cronjobs" },
};

static const char *list_of(const char *kind)
{
    size_t i = 0;
    while (strcmp(words[i].kind, kind) != 0)
        i++;
    return words[i].list;
}

static const char *word_of(const char *kind)
{
    size_t i = 0;
    while (strcmp(words[i].kind, kind) != 0)
        i++;
    return words[i].word;
}

/* "cluster", "namespace", "name" of a document's. */
static struct evac_str level(const struct sb_doc *d, unsigned which)
{
    struct evac_str rest = evac_str(d->name), part = EVAC_STR_NONE;
    for (unsigned i = 0; i <= which && i < NAME_LEVELS; i++)
        part = evac_str_cut(rest, '/', &rest);
    return part;
}

/* --- time ------------------------------------------------------------------------------------ */

static void count_up(struct sb_doc *d, const char *path)
{
    int64_t number = 0;
    (void)evac_str_i64(sb_doc_text(d, path), &number);
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)number + 1);
    sb_doc_set_text(d, path, evac_str(text));
}

static int64_t replicas(const struct sb_doc *d)
{
    return sb_doc_num(d, "spec.replicas", 0);
}

static void later_num(struct evac_sandbox *sb, struct sb_doc *d, uint64_t ms, const char *path,
                      int64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)number);
    sb_doc_later(sb, d, ms, path, text);
}

static bool can_start(const struct evac_sandbox *sb, const struct sb_doc *d)
{
    return !sb_fault(sb, SB_KUBERNETES, d->region)->capacity_refused &&
           !sb_doc_is(d, "missing_image", "true");
}

/* What the deployment's controller does next about a difference between spec and status. */
static void go_on(struct evac_sandbox *sb, struct sb_doc *d)
{
    int64_t want = replicas(d), ready = sb_doc_num(d, "status.readyReplicas", 0);
    int64_t generation = sb_doc_num(d, "metadata.generation", 1);
    if (sb_doc_num(d, "status.observedGeneration", 0) < generation) {
        later_num(sb, d, NOTICE_MS, "status.observedGeneration", generation);
        later_num(sb, d, NOTICE_MS, "status.replicas", want);
        later_num(sb, d, NOTICE_MS, "status.updatedReplicas", want);
    }
    if (ready == want || (ready < want && !can_start(sb, d)))
        return;
    uint64_t ms = ready < want ? POD_MS : GONE_MS;
    later_num(sb, d, ms, "status.readyReplicas", want);
    later_num(sb, d, ms, "status.availableReplicas", want);
}

/* A status that changed is a new version too. */
static void note_status(struct sb_doc *d)
{
    int64_t sum = sb_doc_num(d, "status.observedGeneration", 0) * 100000 +
                  sb_doc_num(d, "status.readyReplicas", 0);
    if (sum != sb_doc_num(d, "noted", -1))
        count_up(d, "metadata.resourceVersion");
    sb_doc_set_num(d, "noted", (double)sum);
}

static void set_replicas(struct evac_sandbox *sb, struct sb_doc *d, int64_t count)
{
    if (count == replicas(d))
        return;
    sb_doc_set_num(d, "spec.replicas", (double)count);
    sb_doc_set_num(d, "metadata.generation", (double)sb_doc_num(d, "metadata.generation", 1) + 1);
    count_up(d, "metadata.resourceVersion");
    go_on(sb, d);
}

static struct sb_doc *target_of(struct evac_sandbox *sb, const struct sb_doc *hpa)
{
    char name[256];
    struct evac_str cluster = level(hpa, 0), space = level(hpa, 1);
    (void)snprintf(name, sizeof name, "%.*s/%.*s/%.*s", EVAC_STR_ARG(cluster), EVAC_STR_ARG(space),
                   EVAC_STR_ARG(sb_doc_text(hpa, "spec.scaleTargetRef.name")));
    return sb_doc_find(sb, SB_KUBERNETES, hpa->region, "deployment", evac_str(name));
}

/* Nobody gives the pods work here: when it has seen that for some minutes, an autoscaler goes down
 * to its least. Zero replicas switch it off. */
static void autoscale(struct evac_sandbox *sb, struct sb_doc *hpa)
{
    struct sb_doc *d = target_of(sb, hpa);
    int64_t min = sb_doc_num(hpa, "spec.minReplicas", 1);
    int64_t max = sb_doc_num(hpa, "spec.maxReplicas", 1), now = d ? replicas(d) : 0;
    int64_t wanted = now > max ? max : min;
    if (now == 0 || hpa->due_count)
        return;
    bool looked = sb_doc_is(hpa, "looked", "true");
    sb_doc_unset(hpa, "looked");
    sb_doc_set_num(hpa, "status.desiredReplicas", (double)wanted);
    if (wanted != now && looked)
        set_replicas(sb, d, wanted);
    else if (wanted != now)
        sb_doc_later(sb, hpa, now < min || now > max ? SYNC_MS : STABLE_MS, "looked", "true");
}

static void advance(struct evac_sandbox *sb)
{
    for (struct sb_doc *d = sb->docs; d; d = d->next) {
        if (d->id != SB_KUBERNETES || sb->regions[d->region].down)
            continue;
        if (strcmp(d->kind, "hpa") == 0)
            autoscale(sb, d);
        if (strcmp(d->kind, "deployment") != 0)
            continue;
        note_status(d);
        if (d->due_count == 0)
            go_on(sb, d);
    }
}

static void made(struct evac_sandbox *sb, struct sb_doc *d)
{
    static const char *const counts[] = { "status.replicas", "status.updatedReplicas",
                                          "status.readyReplicas", "status.availableReplicas" };
    (void)sb;
    sb_doc_set_text(d, "kind", evac_str(word_of(d->kind)));
    sb_doc_set_text(d, "metadata.namespace", level(d, 1));
    sb_doc_set_text(d, "metadata.name", level(d, 2));
    if (strcmp(d->kind, "hpa") == 0 && !sb_doc_has(d, "spec.scaleTargetRef")) {
        sb_doc_set(d, "spec.scaleTargetRef",
                   "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\"}");
        sb_doc_set_text(d, "spec.scaleTargetRef.name", level(d, 2));
    }
    if (strcmp(d->kind, "deployment") != 0)
        return;
    sb_doc_set_text(d, "spec.selector.matchLabels.app", level(d, 2));
    bool runs = !sb_doc_is(d, "missing_image", "true");
    for (size_t i = 0; i < 4; i++)
        if (!sb_doc_has(d, counts[i]) && (i < 2 || runs))
            sb_doc_set_num(d, counts[i], (double)replicas(d));
}

/* --- who asks -------------------------------------------------------------------------------- */

static struct evac_str from_base64url(struct sb_call *c, struct evac_str text)
{
    char *plain = evac_arena_alloc(c->arena, text.n + 5);
    size_t n = 0;
    for (; n < text.n; n++)
        plain[n] = text.p[n] == '-' ? '+' : text.p[n] == '_' ? '/' : text.p[n];
    size_t padding = (4 - n % 4) % 4;
    memset(plain + n, '=', padding);
    unsigned char *out = evac_arena_alloc(c->arena, n + 5);
    int bytes = EVP_DecodeBlock(out, (const unsigned char *)plain, (int)(n + padding));
    return bytes < (int)padding ? EVAC_STR_NONE
                                : (struct evac_str){ (const char *)out, (size_t)bytes - padding };
}

static bool signs_cluster(struct evac_str names)
{
    while (names.n)
        if (evac_str_is(evac_str_cut(names, ';', &names), "x-k8s-aws-id"))
            return true;
    return false;
}

/* AWS's STS of the cluster's region: no one else's word counts. */
static bool is_sts(const struct sb_call *c, struct evac_str host)
{
    return evac_str_eq(host, evac_arena_printf(c->arena, "sts.%s.amazonaws.com",
                                               sb_region_name(c->sb, c->region)));
}

/* The token's URL, asked as the cluster would ask it: EVAC_OK when STS would say who it was. */
static bool proves(struct sb_call *c, struct evac_str url, struct evac_str cluster)
{
    struct evac_str rest, query, host = EVAC_STR_NONE;
    struct evac_sigv4_claim claim;
    const struct evac_sandbox *sb = c->sb;
    if (!evac_str_starts(url, "https://"))
        return false;
    rest = (struct evac_str){ url.p + 8, url.n - 8 };
    host = evac_str_cut(rest, '/', &rest);
    struct evac_str path = evac_str_cut(rest, '?', &query);
    const struct evac_http_header headers[] = { { EVAC_STR("host"), host },
                                                { EVAC_STR("x-k8s-aws-id"), cluster } };
    struct evac_sigv4_request asked = { .method = EVAC_STR("GET"),
                                        .path = EVAC_STR("/"),
                                        .query = query,
                                        .headers = headers,
                                        .header_count = 2 };
    if (path.n || !is_sts(c, host) || !evac_str_has(query, "Action=GetCallerIdentity") ||
        evac_sigv4_claim(&asked, c->arena, &claim, NULL))
        return false;
    int64_t age_ms = sb_wall_ms(sb) - claim.wall_ms;
    return claim.presigned && signs_cluster(claim.signed_names) &&
           evac_str_is(claim.scope.service, "sts") &&
           evac_str_is(claim.scope.region, sb_region_name(sb, c->region)) && age_ms < TOKEN_MS &&
           age_ms > -SKEW_MS &&
           (evac_str_is(claim.access_key_id, sb->access_key_id) ||
            sb_principal_of_key(sb, claim.access_key_id)) &&
           (!sb->session_token[0] || evac_str_is(claim.session_token, sb->session_token)) &&
           evac_sigv4_verify(NULL, &asked, &claim, evac_str(sb->secret_access_key), claim.wall_ms,
                             SKEW_MS, NULL) == EVAC_OK;
}

void sb_kubernetes_admit(struct sb_call *c, struct evac_str cluster)
{
    struct evac_str token,
        scheme = evac_str_cut(sb_request_header(c, "authorization"), ' ', &token);
    bool good = evac_str_is(scheme, "Bearer") && token.n < TOKEN_BYTES;
    if (good && evac_str_starts(token, "k8s-aws-v1."))
        good =
            proves(c, from_base64url(c, (struct evac_str){ token.p + 11, token.n - 11 }), cluster);
    else
        good = good && sb_doc_find(c->sb, SB_KUBERNETES, c->region, "token", token);
    if (!good)
        sb_error(c, 401, "Unauthorized", "Unauthorized");
}

bool sb_kubernetes_has(const struct evac_sandbox *sb, size_t region, struct evac_str cluster)
{
    return sb_doc_find(sb, SB_EKS, region, "cluster", cluster) != NULL;
}

/* --- operations ------------------------------------------------------------------------------ */

/* Paths are "/_kubernetes/{region}/{cluster}/.../{namespace}/.../{name}". */
static struct sb_doc *find(struct sb_call *c, const char *kind)
{
    struct evac_str name = evac_arena_printf(c->arena, "%.*s/%.*s/%.*s", EVAC_STR_ARG(c->label[1]),
                                             EVAC_STR_ARG(c->label[2]), EVAC_STR_ARG(c->label[3]));
    struct sb_doc *d = sb_doc_find(c->sb, c->id, c->region, kind, name);
    if (!d)
        sb_error(c, 404, "NotFound", "%s \"%.*s\" not found", list_of(kind),
                 EVAC_STR_ARG(c->label[3]));
    return d;
}

static void read(struct sb_call *c, const char *kind)
{
    const struct sb_doc *d = find(c, kind);
    if (d)
        sb_doc_put(&c->out, d, "");
}

static void read_deployment(struct sb_call *c)
{
    read(c, "deployment");
}

static void read_hpa(struct sb_call *c)
{
    read(c, "hpa");
}

static void read_cronjob(struct sb_call *c)
{
    read(c, "cronjob");
}

/* A patch of a kind that the API knows, of the version that it names. */
static struct sb_doc *find_to_patch(struct sb_call *c, const char *kind)
{
    struct sb_doc *d = find(c, kind);
    struct evac_str version = sb_in(c, "metadata.resourceVersion");
    if (d && !evac_str_is(sb_request_header(c, "content-type"), "application/merge-patch+json"))
        sb_error(c, 415, "UnsupportedMediaType",
                 "the body of the request was in an unknown format");
    else if (d && version.n && !evac_str_eq(version, sb_doc_text(d, "metadata.resourceVersion")))
        sb_error(c, 409, "Conflict",
                 "Operation cannot be fulfilled on %s \"%.*s\": the object has been modified; "
                 "please apply your changes to the latest version and try again",
                 list_of(kind), EVAC_STR_ARG(c->label[3]));
    return c->failed ? NULL : d;
}

static void put_scale(struct sb_call *c, const struct sb_doc *d)
{
    evac_buf_puts(&c->out, "{\"kind\":\"Scale\",\"apiVersion\":\"autoscaling/v1\",\"metadata\":");
    sb_doc_put(&c->out, d, "metadata");
    evac_buf_putf(&c->out, ",\"spec\":{\"replicas\":%lld},\"status\":{\"replicas\":%lld}}",
                  (long long)replicas(d), (long long)sb_doc_num(d, "status.replicas", 0));
}

static void patch_scale(struct sb_call *c)
{
    struct sb_doc *d = find_to_patch(c, "deployment");
    int64_t count = d ? sb_in_i64(c, "spec.replicas", replicas(d)) : 0;
    if (!d)
        return;
    if (count < 0) {
        sb_error(c, 422, "Invalid",
                 "spec.replicas: Invalid value: %lld: must be greater than or equal to 0",
                 (long long)count);
        return;
    }
    if (count != replicas(d))
        sb_effect(c);
    set_replicas(c->sb, d, count);
    put_scale(c, d);
}

static void patch_hpa(struct sb_call *c)
{
    struct sb_doc *d = find_to_patch(c, "hpa");
    if (!d)
        return;
    int64_t min = sb_in_i64(c, "spec.minReplicas", sb_doc_num(d, "spec.minReplicas", 1));
    int64_t max = sb_in_i64(c, "spec.maxReplicas", sb_doc_num(d, "spec.maxReplicas", 1));
    if (min < 1 || max < min) {
        sb_error(c, 422, "Invalid",
                 "spec: minReplicas must be at least 1, maxReplicas at least minReplicas");
        return;
    }
    sb_doc_set_num(d, "spec.minReplicas", (double)min);
    sb_doc_set_num(d, "spec.maxReplicas", (double)max);
    count_up(d, "metadata.resourceVersion");
    sb_effect(c);
    autoscale(c->sb, d);
    sb_doc_put(&c->out, d, "");
}

static void patch_cronjob(struct sb_call *c)
{
    struct sb_doc *d = find_to_patch(c, "cronjob");
    if (!d)
        return;
    sb_doc_set(d, "spec.suspend", sb_in_bool(c, "spec.suspend", false) ? "true" : "false");
    count_up(d, "metadata.resourceVersion");
    sb_effect(c);
    sb_doc_put(&c->out, d, "");
}

/* --- pods ------------------------------------------------------------------------------------ */

static void put_pod(struct sb_call *c, const struct sb_doc *d, int64_t number, bool ready)
{
    bool image = sb_doc_is(d, "missing_image", "true");
    evac_buf_putf(&c->out,
                  "%s{\"metadata\":{\"name\":\"%.*s-%lld\"},\"status\":{\"phase\":\"%s\","
                  "\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"%s\"",
                  c->out.p[c->out.n - 1] == '[' ? "" : ",", EVAC_STR_ARG(level(d, 2)),
                  (long long)number, ready ? "Running" : "Pending",
                  ready || image ? "True" : "False");
    if (!ready && !image)
        evac_buf_puts(&c->out, ",\"reason\":\"Unschedulable\",\"message\":\"0/3 nodes are "
                               "available: 3 Insufficient cpu.\"");
    evac_buf_putf(&c->out, "},{\"type\":\"Ready\",\"status\":\"%s\"}],\"containerStatuses\":[",
                  ready ? "True" : "False");
    if (!ready && image)
        evac_buf_puts(&c->out, "{\"name\":\"app\",\"state\":{\"waiting\":{\"reason\":"
                               "\"ImagePullBackOff\",\"message\":\"Back-off pulling image\"}}}");
    evac_buf_puts(&c->out, "]}}");
}

static void list_pods(struct sb_call *c)
{
    struct evac_str app, key = evac_str_cut(sb_in(c, "labelSelector"), '=', &app);
    evac_buf_puts(&c->out, "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"items\":[");
    for (struct sb_doc *d = NULL; (d = sb_doc_next(c->sb, c->id, c->region, "deployment", d));) {
        int64_t ready = sb_doc_num(d, "status.readyReplicas", 0);
        bool ours = evac_str_eq(level(d, 0), c->label[1]) && evac_str_eq(level(d, 1), c->label[2]);
        if (!ours || (key.n && !evac_str_eq(level(d, 2), app)))
            continue;
        for (int64_t i = 0; i < sb_doc_num(d, "status.replicas", 0); i++)
            put_pod(c, d, i, i < ready);
    }
    evac_buf_puts(&c->out, "]}");
}

/* clang-format off */
#define CLUSTER    SB_KUBERNETES_PATH "{region}/{cluster}"
#define DEPLOYMENT CLUSTER "/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
#define HPA        CLUSTER "/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/{name}"
#define CRONJOB    CLUSTER "/apis/batch/v1/namespaces/{namespace}/cronjobs/{name}"
static const struct sb_operation operations[] = {
    { "ReadDeployment", read_deployment, SB_STRONG, "GET", DEPLOYMENT, .takes = "" },
    { "PatchDeploymentScale", patch_scale, SB_MUTATES, "PATCH", DEPLOYMENT "/scale", .takes = "metadata spec!" },
    { "ReadHorizontalPodAutoscaler", read_hpa, SB_STRONG, "GET", HPA, .takes = "" },
    { "PatchHorizontalPodAutoscaler", patch_hpa, SB_MUTATES, "PATCH", HPA, .takes = "metadata spec!" },
    { "ReadCronJob", read_cronjob, SB_STRONG, "GET", CRONJOB, .takes = "" },
    { "PatchCronJob", patch_cronjob, SB_MUTATES, "PATCH", CRONJOB, .takes = "metadata spec!" },
    { "ListPods", list_pods, SB_STRONG, "GET", CLUSTER "/api/v1/namespaces/{namespace}/pods", .takes = "labelSelector limit" },
    { 0 },
};
/* clang-format on */

SB_DOCS(KUBERNETES, kinds)

const struct sb_service sb_service_kubernetes = { .signing_name = "", /* nobody signs for it */
                                                  .row = "kubernetes",
                                                  .operations = operations,
                                                  .advance = advance,
                                                  .make = make,
                                                  .truth = truth };
