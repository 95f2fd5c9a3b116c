#include "aws_pack.h"

#include "aws_classify.h"
#include "aws_gather.h"
#include "aws_rights.h"

#include <stdlib.h>
#include <string.h>

static enum evac_code open_pack(const struct evac_host *host, const struct evac_args *settings,
                                struct evac_link **ret_link, struct evac_err *err)
{
    struct evac_link *link = calloc(1, sizeof *link);
    if (!link)
        abort();
    link->host = host;
    enum evac_code code = evac_aws_open(host, settings, &link->aws, err);
    if (code) {
        free(link);
        return code;
    }
    *ret_link = link;
    return EVAC_OK;
}

static void close_pack(struct evac_link *link)
{
    aws_gatherings_done(link);
    evac_aws_close(link->aws);
    aws_notes_done(link);
    free(link);
}

static void prepare(struct evac_link *link, struct evac_str app, struct evac_str region)
{
    evac_aws_prepare(link->aws, app, region);
}

#define X(name) &evac_driver_##name,
static const struct evac_driver *const drivers[] = { AWS_DRIVERS(X) NULL };
#undef X

const struct evac_pack evac_pack_aws = {
    .abi = EVAC_DRIVER_ABI,
    .name = "aws",
    .drivers = drivers,
    .open = open_pack,
    .close = close_pack,
    .discover = aws_discover,
    .throttles = evac_aws_is_throttle,
    .publish = aws_publish,
    .grants = &aws_grants,
    .prepare = prepare,
};
