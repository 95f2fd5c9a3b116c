/* Who is told: the channels, and a message to try them. */
#include "api_routes.h"

void api_list_channels(struct api_call *c)
{
    struct evac_jw w = api_writer(c);
    evac_shell_notify_to_json(evac_daemon_shell(c->daemon), &w);
}

static void put_after(struct api_call *c, uint64_t after)
{
    struct evac_jw w = api_writer(c);
    evac_jw_open(&w, NULL, '{');
    evac_jw_i64(&w, "after", (int64_t)after);
    evac_jw_close(&w, '}');
}

/* The number of the first row that was written. */
void api_tell_test(struct api_call *c, const struct evac_record *request)
{
    put_after(c, (uint64_t)request->number - 1);
}

void api_test_channels(struct api_call *c)
{
    uint64_t after = 0;
    struct evac_err err = { EVAC_OK, "" };
    if (evac_shell_notify_test(evac_daemon_shell(c->daemon), api_text(c, "channel"),
                               c->q->caller.who, &after, &err))
        api_fail(c, &err);
    else
        put_after(c, after);
}
