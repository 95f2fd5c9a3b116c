/*
 * ECR: repositories and the images in them, a region each.
 *
 *     make ecr us-west-2
 * {"kind":"repository","name":"web","images":[{"tag":"41","digest":"sha256:..."}],
 *       "replication":[{"region":"us-west-2","status":"COMPLETE"}]}
 *
 * "replication": what this region says of its images' copies.
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>
#include <string.h>

static const struct sb_kind kinds[] = {
    { "repository",
      "{\"is\":{\"repositoryName\":\"{name}\",\"registryId\":\"{account}\","
      "\"repositoryArn\":\"arn:aws:ecr:{region}:{account}:repository/{name}\","
      "\"repositoryUri\":\"{account}.dkr.ecr.{region}.amazonaws.com/{name}\","
      "\"imageTagMutability\":\"IMMUTABLE\"},\"images\":[],\"replication\":[]}",
      false, NULL },
    { 0 },
};

static struct sb_doc *repository(struct sb_call *c, struct evac_str name)
{
    struct evac_str registry = sb_in(c, "registryId");
    if (registry.n && !evac_str_is(registry, SB_ACCOUNT)) {
        sb_error(c, 400, "RepositoryNotFoundException", "There is no such registry.");
        return NULL;
    }
    return sb_doc_named(c, c->region, "repository", name, 400, "RepositoryNotFoundException");
}

static struct evac_str text_of(const cJSON *image, const char *member)
{
    return evac_str(cJSON_GetStringValue(cJSON_GetObjectItem(image, member)));
}

static const cJSON *find_image(struct sb_call *c, const struct sb_doc *r, struct evac_str tag,
                               struct evac_str digest)
{
    const cJSON *e;
    cJSON_ArrayForEach(e, cJSON_GetObjectItem(r->json, "images"))
    {
        if ((tag.n && evac_str_eq(text_of(e, "tag"), tag)) ||
            (digest.n && evac_str_eq(text_of(e, "digest"), digest)))
            return e;
    }
    sb_error(c, 400, "ImageNotFoundException",
             "The image with imageId {imageDigest:'%.*s', imageTag:'%.*s'} does not exist within "
             "the repository with name '%s'",
             EVAC_STR_ARG(digest), EVAC_STR_ARG(tag), r->name);
    return NULL;
}

static void put_image(struct sb_call *c, const struct sb_doc *r, const cJSON *image, bool first)
{
    evac_buf_putf(&c->out, "%s{\"registryId\":\"" SB_ACCOUNT "\",\"repositoryName\":\"%s\"",
                  first ? "" : ",", r->name);
    evac_buf_puts(&c->out, ",\"imageDigest\":");
    evac_buf_json(&c->out, text_of(image, "digest"));
    evac_buf_puts(&c->out, ",\"imageTags\":[");
    evac_buf_json(&c->out, text_of(image, "tag"));
    evac_buf_puts(&c->out, "],\"imageSizeInBytes\":50000000,\"imagePushedAt\":1767225600}");
}

static void describe_images(struct sb_call *c)
{
    const struct sb_doc *r = repository(c, sb_in(c, "repositoryName"));
    const cJSON *e;
    bool first = true;
    if (!r)
        return;
    evac_buf_puts(&c->out, "{\"imageDetails\":[");
    for (int i = 1; !c->failed && sb_has(c, "imageIds.%d", i); i++) {
        e = find_image(c, r, sb_in(c, "imageIds.%d.imageTag", i),
                       sb_in(c, "imageIds.%d.imageDigest", i));
        if (!e)
            return;
        put_image(c, r, e, first);
        first = false;
    }
    if (!sb_has(c, "imageIds.1"))
        cJSON_ArrayForEach(e, cJSON_GetObjectItem(r->json, "images"))
        {
            put_image(c, r, e, first);
            first = false;
        }
    evac_buf_puts(&c->out, "]}");
}

static void describe_repositories(struct sb_call *c)
{
    struct sb_doc *d = NULL;
    bool first = true;
    for (int i = 1; sb_has(c, "repositoryNames.%d", i); i++)
        if (!repository(c, sb_in(c, "repositoryNames.%d", i)))
            return;
    evac_buf_puts(&c->out, "{\"repositories\":[");
    while ((d = sb_doc_next(c->sb, c->id, c->region, "repository", d))) {
        bool asked = !sb_has(c, "repositoryNames.1");
        for (int i = 1; sb_has(c, "repositoryNames.%d", i); i++)
            asked |= evac_str_is(sb_in(c, "repositoryNames.%d", i), d->name);
        if (!asked)
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        sb_doc_put(&c->out, d, "is");
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

static void replication_status(struct sb_call *c)
{
    const struct sb_doc *r = repository(c, sb_in(c, "repositoryName"));
    const cJSON *image =
        r ? find_image(c, r, sb_in(c, "imageId.imageTag"), sb_in(c, "imageId.imageDigest")) : NULL;
    if (!image)
        return;
    evac_buf_puts(&c->out, "{\"repositoryName\":");
    evac_buf_json(&c->out, evac_str(r->name));
    evac_buf_puts(&c->out, ",\"imageId\":{\"imageDigest\":");
    evac_buf_json(&c->out, text_of(image, "digest"));
    evac_buf_puts(&c->out, "},\"replicationStatuses\":");
    sb_doc_put(&c->out, r, "replication");
    evac_buf_putc(&c->out, '}');
}

static const struct sb_operation operations[] = {
    { "DescribeImages", describe_images,
      .takes = "registryId repositoryName! imageIds nextToken maxResults filter" },
    { "DescribeRepositories", describe_repositories,
      .takes = "registryId repositoryNames nextToken maxResults" },
    { "DescribeImageReplicationStatus", replication_status,
      .takes = "repositoryName! imageId! registryId" },
    { 0 },
};

SB_DOCS(ECR, kinds)

const struct sb_service sb_service_ecr = {
    .signing_name = "ecr", .row = "ecr", .operations = operations, .make = make, .truth = truth
};
