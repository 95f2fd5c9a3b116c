/*
 * ECR: the images that tasks are started from must be in the registry of the region that takes
 * over. Which ones: some tags or digests of a repository, or whatever an ECS service's task
 * definition names there. ECR copies them from region to region by its own rules, and only the
 * region that they were pushed to knows how far it is.
 */
#include "aws_parity.h"

#include <string.h>

#define IMAGES_MAX 64u

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "repository", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "the repository's name" },
    { "tags", EVAC_PARAM_LIST, EVAC_PARAM_REGIONAL, NULL, NULL, "tags of its images; for ready also digests, as \"sha256:...\"" },
    { "cluster", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "or: the images of an ECS service's task definition: its cluster" },
    { "service", EVAC_PARAM_TEXT, EVAC_PARAM_REGIONAL, NULL, NULL, "and the service's name" },
    AWS_PARITY_PARAM,
    { 0 },
};
#define NEEDS(names) { names, EVAC_PARAM_TEXT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" }
static const struct evac_param ready_params[] = { NEEDS("tags|service"), { 0 } };
static const struct evac_param tag_params[] = { NEEDS("repository"), NEEDS("tags"), { 0 } };
#define READ(service, op, home) { service, op, service ":" op, home, NULL, true, false }
static const struct evac_op ready_ops[] = {
    READ("ecr", "DescribeImages", EVAC_HOME_STEP), READ("ecs", "DescribeServices", EVAC_HOME_STEP),
    READ("ecs", "DescribeTaskDefinition", EVAC_HOME_STEP), { 0 },
};
static const struct evac_op replicated_ops[] = { READ("ecr", "DescribeImageReplicationStatus", EVAC_HOME_FROM), { 0 } };
static const struct evac_op parity_ops[] = { AWS_PARITY_OP("ecr", "DescribeImages", "ecr:DescribeImages"), { 0 } };
static const struct evac_action actions[] = {
    { "ready", "the images are in the region's registry", 0, EVAC_FENCING_NONE, 2000, 120000, ready_params, ready_ops },
    AWS_PARITY_ACTION_OF(tag_params, parity_ops),
    { "replicated", "the images have been replicated to the region; asked of the other one, which must be up",
      0, EVAC_FENCING_NONE, 5000, 600000, tag_params, replicated_ops },
    { 0 },
};
static const struct aws_lever replicated = {
    .what = "replication of image", .each = "tags",
    .look = { "ecr", "DescribeImageReplicationStatus", .region = "<other>", .body = "{\"repositoryName\":\"<repository>\",\"imageId\":{\"imageTag\":\"<item>\"}}" },
    .at = "replicationStatuses[region=<region>]/status", .absent = "none: no rule replicates it", .want = "COMPLETE",
    .moving = "IN_PROGRESS", .broken = "FAILED", .status_at = "replicationStatuses[region=<region>]/failureCode",
    .missing_codes = "ImageNotFoundException|RepositoryNotFoundException" };
static const struct aws_compared of_image[] = { { "digest", "imageDetails[]/imageDigest" }, { 0 } };
static const struct aws_parity parity = { .each = "tags", .rows = {
    { "the image", { "ecr", "DescribeImages", .body = "{\"repositoryName\":\"<repository>\",\"imageIds\":[{\"imageTag\":\"<item>\"}]}" },
      .missing_codes = "ImageNotFoundException|RepositoryNotFoundException", .compared = of_image } } };
/* clang-format on */

struct image {
    struct evac_str repository, registry, id; /* registry "": our own; id: a tag or a digest */
};

struct work {
    struct image images[IMAGES_MAX];
    size_t count, at, missing;
    struct evac_str findings;
};

/* --- whether they are there ------------------------------------------------------------------ */

static void ask_next(struct aws_call *c);

static void find(struct aws_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void find(struct aws_call *c, const char *fmt, ...)
{
    struct work *w = c->state;
    va_list ap;
    va_start(ap, fmt);
    struct evac_str words = evac_arena_vprintf(c->arena, fmt, ap);
    va_end(ap);
    w->findings = aws_printf(c, "%.*s%s%.*s", EVAC_STR_ARG(w->findings), w->missing++ ? "; " : "",
                             EVAC_STR_ARG(words));
}

static char joint(struct evac_str id)
{
    return evac_str_starts(id, "sha256:") ? '@' : ':';
}

static void answer(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_fact facts[] = { { "images", (int64_t)w->count },
                                 { "missing", (int64_t)w->missing } };
    struct aws_sight sight = { .seen = w->missing ? EVAC_SEEN_BLOCKED : EVAC_SEEN_SATISFIED,
                               .progress = -1,
                               .facts = facts,
                               .fact_count = 2,
                               .snapshot = EVAC_STR("{}") };
    if (w->missing)
        aws_answer_seen(c, &sight, "%.*s", EVAC_STR_ARG(w->findings));
    else
        aws_answer_seen(c, &sight, "%zu of %zu images are in %.*s", w->count, w->count,
                        EVAC_STR_ARG(c->region));
}

static void on_image(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    const struct image *i = &w->images[w->at];
    if (evac_str_is(r->code, "RepositoryNotFoundException")) {
        find(c, "repository %.*s is not in %.*s", EVAC_STR_ARG(i->repository),
             EVAC_STR_ARG(c->region));
    } else if (evac_str_is(r->code, "ImageNotFoundException")) {
        find(c, "image %.*s%c%.*s is not in %.*s", EVAC_STR_ARG(i->repository), joint(i->id),
             EVAC_STR_ARG(i->id), EVAC_STR_ARG(c->region));
    } else if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    w->at++;
    ask_next(c);
}

static struct evac_aws_request describe(struct aws_call *c)
{
    static const struct aws_ask ask = {
        "ecr", "DescribeImages",
        .body = "{\"repositoryName\":\"<repository>\",\"registryId\":<\"registry>,\"imageIds\":[{"
                "\"imageTag\":<\"image_tag>,\"imageDigest\":<\"image_digest>}]}"
    };
    const struct work *w = c->state;
    const struct image *i = &w->images[w->at];
    bool digest = joint(i->id) == '@';
    struct aws_hole holes[] = { { "repository", i->repository },
                                { "registry", i->registry },
                                { "image_tag", digest ? EVAC_STR_NONE : i->id },
                                { "image_digest", digest ? i->id : EVAC_STR_NONE } };
    return aws_ask(c, &ask, false, holes, sizeof holes / sizeof holes[0]);
}

static void ask_next(struct aws_call *c)
{
    const struct work *w = c->state;
    if (w->at == w->count) {
        answer(c);
        return;
    }
    struct evac_aws_request request = describe(c);
    aws_next(c, &request, on_image);
}

/* --- those of an ECS service ----------------------------------------------------------------- */

/* "123456789012.dkr.ecr.us-west-2.amazonaws.com/team/web:41", or "...@sha256:..". Of no registry of
 * ours: passed over. */
static void take_image(struct aws_call *c, struct evac_str name)
{
    struct work *w = c->state;
    struct evac_str path, id, rest, host = evac_str_cut(name, '/', &path);
    struct evac_str account = evac_str_cut(host, '.', &rest);
    if (!evac_str_has(host, ".dkr.ecr") || w->count == IMAGES_MAX)
        return;
    struct evac_str repository = evac_str_cut(path, evac_str_has(path, "@") ? '@' : ':', &id);
    repository = evac_str_cut(repository, ':', &rest); /* a tag before the digest */
    if (!evac_str_has(host, aws_printf(c, ".%.*s.", EVAC_STR_ARG(c->region)).p)) {
        find(c, "image %.*s is pulled from another region: %.*s", EVAC_STR_ARG(path),
             EVAC_STR_ARG(host));
        return;
    }
    w->images[w->count++] =
        (struct image){ .repository = evac_arena_str(c->arena, repository),
                        .registry = evac_arena_str(c->arena, account),
                        .id = id.n ? evac_arena_str(c->arena, id) : EVAC_STR("latest") };
}

static void on_definition(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct evac_json *e;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
        return;
    }
    e = evac_json_first(
        evac_json_get(evac_json_get(r->json, "taskDefinition"), "containerDefinitions"));
    for (; e; e = evac_json_next(e))
        take_image(c, evac_json_str(e, "image"));
    ask_next(c);
}

static void on_service(struct aws_call *c, const struct evac_aws_reply *r)
{
    static const struct aws_ask ask = { "ecs", "DescribeTaskDefinition",
                                        .body = "{\"taskDefinition\":\"<definition>\"}" };
    const struct evac_json *service = evac_json_first(evac_json_get(r->json, "services"));
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        aws_answer_unseen(c, r);
    } else if (!service) {
        find(c, "there is no such service");
        answer(c);
    } else {
        struct aws_hole hole = { "definition", evac_json_str(service, "taskDefinition") };
        struct evac_aws_request request = aws_ask(c, &ask, false, &hole, 1);
        aws_next(c, &request, on_definition);
    }
}

/* --- those that are named -------------------------------------------------------------------- */

static enum evac_code read_tags(struct aws_call *c, struct evac_err *err)
{
    struct work *w = c->state;
    struct evac_str repository = aws_regional(c, "repository");
    struct evac_json *list = NULL;
    enum evac_code code = evac_json_parse(aws_regional(c, "tags"), &list, err);
    size_t given = evac_json_count(list);
    for (const struct evac_json *e = evac_json_first(list); e && w->count < IMAGES_MAX;
         e = evac_json_next(e))
        w->images[w->count++] = (struct image){ .repository = repository,
                                                .id = evac_arena_str(c->arena, evac_json_text(e)) };
    evac_json_free(list);
    if (!code && (given == 0 || given > IMAGES_MAX || !repository.n))
        code = evac_fail(err, EVAC_E_BADARG, "a repository is needed, and from 1 to %u tags",
                         IMAGES_MAX);
    return code;
}

static enum evac_code observe_ready(struct aws_call *c, struct evac_err *err)
{
    static const struct aws_ask ask = {
        "ecs", "DescribeServices",
        .body = "{\"cluster\":\"<cluster>\",\"services\":[\"<service>\"]}"
    };
    struct evac_aws_request request;
    enum evac_code code = EVAC_OK;
    bool of_service = aws_regional(c, "service").n > 0;
    c->state = evac_arena_alloc(c->arena, sizeof(struct work));
    if (!of_service)
        code = read_tags(c, err);
    if (code)
        return code;
    request = of_service ? aws_ask(c, &ask, false, NULL, 0) : describe(c);
    return aws_send(c, &request, of_service ? on_service : on_image, err);
}

static const struct aws_handlers handlers[] = {
    { .action = "ready", .observe = observe_ready },
    { .action = "parity", .parity = &parity },
    { .action = "replicated", .lever = &replicated },
    { 0 },
};

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_ecr = {
    "ecr", "container images in ECR", resource_params, actions, 0, NULL, call, aws_cancel
};
