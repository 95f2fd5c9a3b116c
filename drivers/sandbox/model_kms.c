/*
 * KMS: multi-Region keys and which of them is the primary (AWS.md 2.12). Each region's key is a
 * document; they share the key id.
 *
 *     make kms us-east-1
 * {"kind":"key","name":"mrk-1","primary":"us-east-1","regions":["us-east-1","us-west-2"]} make kms
 * us-west-2 {"kind":"key","name":"mrk-1","primary":"us-east-1","regions":["us-east-1","us-west-2"]}
 */
#include "sandbox_docs.h"

#include <cjson/cJSON.h>

#define UPDATING_MS 5000u

static const struct sb_kind kinds[] = {
    { "key", "{\"state\":\"Enabled\",\"primary\":\"{region}\",\"regions\":[\"{region}\"]}", false,
      NULL },
    { 0 },
};

static struct sb_doc *key(struct sb_call *c)
{
    return sb_doc_named(c, c->region, "key", sb_short_name(sb_in(c, "KeyId")), 400,
                        "NotFoundException");
}

static void put_side(struct evac_buf *out, const char *id, const char *region)
{
    evac_buf_putf(out, "{\"Arn\":\"arn:aws:kms:%s:" SB_ACCOUNT ":key/%s\",\"Region\":\"%s\"}",
                  region, id, region);
}

static void describe_key(struct sb_call *c)
{
    const struct sb_doc *k = key(c);
    const cJSON *e;
    struct evac_buf *out = &c->out;
    if (!k)
        return;
    const char *primary = sb_doc_text(k, "primary").p;
    const char *here = sb_region_name(c->sb, c->region);
    bool many = cJSON_GetArraySize(cJSON_GetObjectItem(k->json, "regions")) > 1;
    evac_buf_putf(out,
                  "{\"KeyMetadata\":{\"AWSAccountId\":\"" SB_ACCOUNT "\",\"KeyId\":\"%s\","
                  "\"Arn\":\"arn:aws:kms:%s:" SB_ACCOUNT ":key/%s\",\"Enabled\":%s,"
                  "\"KeyUsage\":\"ENCRYPT_DECRYPT\",\"KeySpec\":\"SYMMETRIC_DEFAULT\","
                  "\"Origin\":\"AWS_KMS\",\"KeyManager\":\"CUSTOMER\",\"KeyState\":\"%s\","
                  "\"MultiRegion\":%s",
                  k->name, here, k->name, sb_doc_is(k, "state", "Disabled") ? "false" : "true",
                  sb_doc_text(k, "state").p, many ? "true" : "false");
    if (many) {
        evac_buf_putf(
            out, ",\"MultiRegionConfiguration\":{\"MultiRegionKeyType\":\"%s\",\"PrimaryKey\":",
            evac_str_is(evac_str(primary), here) ? "PRIMARY" : "REPLICA");
        put_side(out, k->name, primary);
        evac_buf_puts(out, ",\"ReplicaKeys\":[");
        bool first = true;
        cJSON_ArrayForEach(e, cJSON_GetObjectItem(k->json, "regions"))
        {
            if (evac_str_is(evac_str(primary), e->valuestring))
                continue;
            evac_buf_puts(out, first ? "" : ",");
            put_side(out, k->name, e->valuestring);
            first = false;
        }
        evac_buf_puts(out, "]}");
    }
    evac_buf_puts(out, "}}");
}

static void move(struct sb_call *c, struct sb_doc *k, const char *to)
{
    const char *json = evac_arena_printf(c->arena, "\"%s\"", to).p;
    sb_doc_set(k, "state", "\"Updating\"");
    sb_doc_later(c->sb, k, UPDATING_MS, "primary", json);
    sb_doc_later(c->sb, k, UPDATING_MS, "state", "\"Enabled\"");
}

/* Only the primary's region can give it away, and both must be reachable for each other. */
static void update_primary(struct sb_call *c)
{
    struct sb_doc *k = key(c);
    struct evac_str to = evac_arena_str(c->arena, sb_in(c, "PrimaryRegion"));
    size_t there = sb_region_find(c->sb, to);
    if (!k)
        return;
    struct sb_doc *other =
        there < SB_REGIONS_MAX ? sb_doc_find(c->sb, c->id, there, "key", evac_str(k->name)) : NULL;
    if (!sb_doc_is(k, "primary", sb_region_name(c->sb, c->region)))
        sb_error(c, 400, "UnsupportedOperationException",
                 "The key is not a multi-Region primary key.");
    else if (!other)
        sb_error(c, 400, "NotFoundException", "There is no replica key in %.*s.", EVAC_STR_ARG(to));
    else if (!sb_reaches(c->sb, c->region, there))
        sb_error(c, 500, "DependencyTimeoutException", "The replica's region does not answer.");
    else if (!sb_doc_is(k, "state", "Enabled"))
        sb_error(c, 400, "KMSInvalidStateException", "The key is %.*s.",
                 EVAC_STR_ARG(sb_doc_text(k, "state")));
    if (c->failed)
        return;
    sb_effect(c);
    move(c, k, to.p);
    move(c, other, to.p);
}

static const struct sb_operation operations[] = {
    { "DescribeKey", describe_key, .takes = "KeyId! GrantTokens" },
    { "UpdatePrimaryRegion", update_primary, SB_MUTATES, .takes = "KeyId! PrimaryRegion!" },
    { 0 },
};

SB_DOCS(KMS, kinds)

const struct sb_service sb_service_kms = {
    .signing_name = "kms", .row = "kms", .operations = operations, .make = make, .truth = truth
};
