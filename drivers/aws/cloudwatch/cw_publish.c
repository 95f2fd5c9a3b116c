/*
 * evac's own numbers as CloudWatch metrics (namespace "evac"), for whoever has their alarms there:
 * one PutMetricData in the region that the controller chose, which is not the one that is failing.
 * A metric of a region that is gone is gone when it matters.
 */
#include "aws_pack.h"

#include <stdlib.h>

#define NUMBERS_MAX 1000u /* of one request, and its body's size (PutMetricData's own limits) */
#define BODY_MAX    (1000u * 1000u)

struct publication {
    evac_done_fn *done;
    void *user;
};

static void put_member(struct evac_buf *json, const char *name, struct evac_str value)
{
    evac_buf_putf(json, "\"%s\":", name);
    evac_buf_json(json, value);
}

static void put_number(struct evac_buf *json, const struct evac_number *n, int64_t wall_ms)
{
    bool seconds = evac_str_ends(evac_str(n->name), "_seconds");
    evac_buf_putc(json, '{');
    put_member(json, "MetricName", evac_str(n->name));
    evac_buf_puts(json, ",\"Dimensions\":[");
    for (size_t i = 0; i < n->label_count; i++) {
        evac_buf_puts(json, i ? ",{" : "{");
        put_member(json, "Name", n->labels[i].name);
        evac_buf_putc(json, ',');
        put_member(json, "Value", n->labels[i].value);
        evac_buf_putc(json, '}');
    }
    evac_buf_putf(json, "],\"Value\":%.15g,\"Unit\":\"%s\",\"Timestamp\":%lld}", n->value,
                  seconds ? "Seconds" : "None", (long long)(wall_ms / 1000));
}

static void on_reply(void *user, const struct evac_aws_reply *r)
{
    struct publication *p = user;
    struct evac_reply reply = { .verb = EVAC_VERB_APPLY,
                                .outcome = r->outcome,
                                .reason = r->message,
                                .code = r->code,
                                .request_id = r->request_id,
                                .progress = -1 };
    p->done(p->user, &reply);
    free(p);
}

enum evac_code aws_publish(struct evac_link *link, const struct evac_publication *what,
                           evac_done_fn *done, void *user, struct evac_err *err)
{
    struct evac_buf body;
    uint64_t id;
    if (what->count == 0 || what->count > NUMBERS_MAX)
        return evac_fail(err, EVAC_E_BADARG, "from 1 to %u numbers fit into one request, not %zu",
                         NUMBERS_MAX, what->count);
    evac_buf_init(&body, BODY_MAX);
    evac_buf_puts(&body, "{\"Namespace\":\"evac\",\"MetricData\":[");
    for (size_t i = 0; i < what->count; i++) {
        if (i)
            evac_buf_putc(&body, ',');
        put_number(&body, &what->numbers[i], what->wall_ms);
    }
    evac_buf_puts(&body, "]}");
    struct publication *p = malloc(sizeof *p);
    if (!p)
        abort();
    *p = (struct publication){ done, user };
    const struct evac_aws_request request = { .service = "cloudwatch",
                                              .operation = "PutMetricData",
                                              .region = what->region,
                                              .mutates = true,
                                              .body = evac_buf_str(&body) };
    enum evac_code code = evac_buf_check(&body, "a publication of metrics", err);
    if (!code)
        code = evac_aws_send(link->aws, &request, on_reply, p, &id, err);
    if (code)
        free(p);
    evac_buf_done(&body);
    return code;
}
