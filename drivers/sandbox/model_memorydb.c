/*
 * MemoryDB multi-Region clusters: every region writes; nothing is failed over (AWS.md 2.7).
 *
 *     make memorydb us-east-1 {"kind":"multi-region","name":"virxk-shop","Clusters":[
 *       {"ClusterName":"shop-use1","Region":"us-east-1","Status":"available","ARN":"..."},...]}
 */
#include "sandbox_docs.h"

static const struct sb_kind kinds[] = {
    { "multi-region",
      "{\"MultiRegionClusterName\":\"{name}\",\"Status\":\"available\",\"NodeType\":\"db.r7g."
      "xlarge\","
      "\"Engine\":\"valkey\",\"EngineVersion\":\"7.3\",\"NumberOfShards\":1,\"TLSEnabled\":true,"
      "\"Clusters\":[],"
      "\"ARN\":\"arn:aws:memorydb::{account}:multiregioncluster/{name}\"}",
      true, NULL },
    { 0 },
};

static void describe(struct sb_call *c)
{
    struct evac_str name = sb_in(c, "MultiRegionClusterName");
    struct sb_doc *d = NULL;
    bool first = true;
    if (name.n &&
        !sb_doc_named(c, SB_ANYWHERE, "multi-region", name, 400, "MultiRegionClusterNotFoundFault"))
        return;
    evac_buf_puts(&c->out, "{\"MultiRegionClusters\":[");
    while ((d = sb_doc_next(c->sb, c->id, SB_ANYWHERE, "multi-region", d))) {
        if (name.n && !evac_str_is(name, d->name))
            continue;
        evac_buf_puts(&c->out, first ? "" : ",");
        sb_doc_put(&c->out, d, "");
        first = false;
    }
    evac_buf_puts(&c->out, "]}");
}

static const struct sb_operation operations[] = {
    { "DescribeMultiRegionClusters", describe,
      .takes = "MultiRegionClusterName MaxResults NextToken ShowClusterDetails" },
    { 0 },
};

SB_DOCS(MEMORYDB, kinds)

const struct sb_service sb_service_memorydb = { .signing_name = "memorydb",
                                                .row = "memorydb",
                                                .operations = operations,
                                                .make = make,
                                                .truth = truth };
