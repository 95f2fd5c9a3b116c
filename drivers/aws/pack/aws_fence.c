#include "aws_fence.h"

#include "aws_time.h"

#include <string.h>

/* The clocks are compared by the Date of AWS's answers, which is cut to seconds: when it is ahead
 * of ours, AWS is, by up to a second more. Behind it may be the request's own time: not counted. */
static int64_t ahead_ms(const struct aws_call *c)
{
    return c->ahead_ms > 0 ? c->ahead_ms + 999 : 0;
}

int64_t aws_fenced_ms(const struct aws_call *c, struct evac_str source)
{
    int64_t fenced;
    struct evac_str now = evac_args_get(&c->args, "fenced_now");
    if (!evac_str_is(c->mode, "graceful") || !evac_str_eq(source, c->from) ||
        !evac_str_i64(now.n ? now : evac_args_get(&c->args, "fenced"), &fenced))
        return 0;
    return fenced + ahead_ms(c);
}

int64_t aws_point_ms(const struct aws_call *c, int64_t aws_ms)
{
    return aws_ms > 0 ? aws_ms - ahead_ms(c) : aws_ms;
}

int64_t aws_now_ms(const struct aws_call *c)
{
    return c->link->host->wall_ms(c->link->host->ctx) + c->ahead_ms;
}

/* A second for the Dates, which are cut: the next look must not find it before the fence. */
bool aws_is_after_fence(const struct aws_call *c, struct evac_str source, int64_t spare_ms)
{
    return aws_now_ms(c) >= aws_fenced_ms(c, source) + 1000 + spare_ms;
}

const char *aws_iso(struct aws_call *c, int64_t wall_ms)
{
    struct evac_aws_date d = evac_aws_date_of(wall_ms);
    return aws_printf(c, "%04lld-%02u-%02uT%02u:%02u:%02uZ", (long long)d.year, d.month, d.day,
                      d.hour, d.minute, d.second)
        .p;
}

struct aws_wait aws_wait_for_point(struct aws_call *c, int64_t fenced_ms, int64_t newest_ms,
                                   enum aws_newer newer)
{
    static const char *const outlook[] = {
        [AWS_NEWER_NONE] = "; no newer one is on its way",
        [AWS_NEWER_SOON] = "",
        [AWS_NEWER_BEGUN] = "; a newer one is being made",
    };
    return (struct aws_wait){
        .seen = newer == AWS_NEWER_NONE ? EVAC_SEEN_BLOCKED : EVAC_SEEN_MOVING,
        .why = aws_printf(c, "waits for a recovery point at or after the fence (%s); %s%s%s",
                          aws_iso(c, fenced_ms),
                          newest_ms < 0 ? "nothing tells how old the newest is"
                                        : "the newest is from ",
                          newest_ms < 0 ? "" : aws_iso(c, newest_ms), outlook[newer])
                   .p,
    };
}
