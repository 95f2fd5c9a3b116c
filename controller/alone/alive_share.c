#include "alive_share.h"

#include "host_uv.h"
#include "share_open.h"
#include "store.h"

#include <stdio.h>
#include <uv.h>

struct look {
    uv_loop_t loop;
    uv_timer_t limit;
    struct evac_host host;
    struct evac_store *copy; /* of rows, which nobody reads */
    struct evac_share *share;
    struct evac_lead_seen *seen;
    bool over;
};

static void end(struct look *l)
{
    if (l->over)
        return;
    l->over = true;
    uv_stop(&l->loop);
}

static void on_limit(uv_timer_t *timer)
{
    end(timer->data);
}

static void on_changed(void *user)
{
    struct look *l = user;
    if (evac_share_view(l->share).looked_ms)
        end(l);
}

static void keep(struct look *l)
{
    const struct evac_share_view view = evac_share_view(l->share);
    l->seen->known = view.looked_ms != 0;
    (void)evac_str_copy(l->seen->node, sizeof l->seen->node, evac_str(view.leader));
    (void)evac_str_copy(l->seen->address, sizeof l->seen->address, evac_str(view.leader_address));
    (void)evac_str_copy(l->seen->why, sizeof l->seen->why,
                        evac_str(view.trouble[0] ? view.trouble : "nothing came in time"));
}

static void ask(struct look *l, const struct evac_controller_conf *conf, unsigned within_ms)
{
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_share_options base = { .host = &l->host,
                                             .replica = l->copy,
                                             .node = "standalone",
                                             .boot_id = "",
                                             .may_lead = false,
                                             .user_data = l,
                                             .changed = on_changed };
    if (evac_share_open(&base, conf, &l->share, &err)) {
        (void)evac_str_copy(l->seen->why, sizeof l->seen->why, evac_str(err.text));
        return;
    }
    uv_timer_start(&l->limit, on_limit, within_ms, 0);
    uv_run(&l->loop, UV_RUN_DEFAULT);
    keep(l);
    evac_share_free(l->share);
}

void evac_lead_look(const struct evac_controller_conf *conf, unsigned within_ms,
                    struct evac_lead_seen *ret)
{
    struct look l = { .seen = ret };
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_host_uv_options options = { .resolver = "" };
    *ret = (struct evac_lead_seen){ .known = false };
    uv_loop_init(&l.loop);
    uv_timer_init(&l.loop, &l.limit);
    l.limit.data = &l;
    if (evac_host_uv_new(&l.loop, &options, &l.host, &err)) {
        (void)evac_str_copy(ret->why, sizeof ret->why, evac_str(err.text));
    } else {
        l.copy = evac_store_new_memory("standalone", "");
        ask(&l, conf, within_ms);
        evac_host_uv_close(&l.host);
    }
    uv_close((uv_handle_t *)&l.limit, NULL);
    uv_run(&l.loop, UV_RUN_DEFAULT);
    evac_store_close(l.copy);
    uv_loop_close(&l.loop);
}
