/* What AWS answers: XML, JSON and headers into a verdict. The first byte chooses service and
 * status. */
#include "aws_classify.h"
#include "fuzz.h"

#include <string.h>

static void walk(const struct evac_xml *xml, unsigned depth)
{
    MUST(depth <= 64);
    for (; xml; xml = xml->next)
        walk(xml->first, depth + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const services[] = { "rds",        "s3",  "ecs",    "route53",
                                            "cloudwatch", "ec2", "lambda", "sts" };
    static const int statuses[] = { 200, 400, 403, 404, 412, 429, 500, 503 };
    if (size < 1)
        return 0;
    const struct evac_aws_service *service = evac_aws_service(services[data[0] & 7]);
    struct evac_aws_request request = { .service = services[data[0] & 7],
                                        .operation =
                                            data[0] & 64 ? "GetObject" : "DescribeGlobalClusters",
                                        .mutates = data[0] & 128 };
    const struct evac_http_header headers[] = {
        { EVAC_STR("Date"), { (const char *)data, size < 40 ? size : 40 } },
        { EVAC_STR("x-amz-bucket-region"), { (const char *)data + 1, size > 20 ? 20 : size - 1 } },
        { EVAC_STR("x-amzn-errortype"), { (const char *)data + 1, size > 30 ? 30 : size - 1 } },
    };
    struct evac_http_reply http = { .fate = EVAC_HTTP_REPLIED,
                                    .status = statuses[data[0] >> 3 & 7],
                                    .headers = headers,
                                    .header_count = data[0] & 32 ? 3 : 0,
                                    .body = { (const char *)data + 1, size - 1 },
                                    .error = "" };
    struct evac_arena *arena = evac_arena_new();
    struct evac_aws_verdict verdict;
    evac_aws_classify(service, &request, &http, arena, &verdict);
    walk(verdict.reply.xml, 0);
    /* a refusal is never taken for a success, nor for nothing sent */
    MUST(http.status < 300 || verdict.reply.outcome != EVAC_OUTCOME_ACCEPTED);
    MUST(verdict.reply.outcome != EVAC_OUTCOME_NOT_SENT);
    /* a broken service may have done it all the same, but for codes that are known to say no */
    MUST(http.status < 500 || verdict.reply.outcome == EVAC_OUTCOME_UNKNOWN ||
         verdict.reply.outcome == EVAC_OUTCOME_THROTTLED ||
         evac_aws_outcome(http.status, verdict.reply.code) == EVAC_OUTCOME_REJECTED);
    evac_aws_verdict_done(&verdict);
    evac_arena_free(arena);
    return 0;
}
