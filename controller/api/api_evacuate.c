/* A region is evacuated by a person's word; and what that would take. */
#include "api_routes.h"
#include "foresee.h"

/* --- what is wished
 * -------------------------------------------------------------------------------- */

/* The schema has looked at all of it; texts point into the body. */
static struct evac_order_wish read_wish(const struct api_call *c, struct evac_arena *arena)
{
    const cJSON *item, *tiers = cJSON_GetObjectItemCaseSensitive(c->body, "tiers"),
                       *apps = cJSON_GetObjectItemCaseSensitive(c->body, "apps");
    struct evac_order_wish wish = { .mode = EVAC_ORDER_AS_FOUND };
    struct evac_str *names =
        evac_arena_array(arena, (size_t)cJSON_GetArraySize(apps) + 1, sizeof *names);
    cJSON_ArrayForEach(item, tiers) wish.tiers =
        (uint8_t)(wish.tiers | (1u << (item->valueint & 7)));
    cJSON_ArrayForEach(item, apps) names[wish.app_count++] = evac_str(item->valuestring);
    for (unsigned m = 0; m < EVAC_ORDER_MODE_COUNT; m++)
        if (evac_str_is(api_text(c, "mode"), evac_order_mode_name((enum evac_order_mode)m)))
            wish.mode = (uint8_t)m;
    wish.apps = names;
    return wish;
}

static enum evac_code foresee(struct api_call *c, const struct evac_order_wish *wish,
                              struct evac_arena *arena, struct evac_foreseen *ret_foreseen,
                              struct evac_err *err)
{
    const struct evac_foresee_input in = {
        .shell = evac_daemon_shell(c->daemon),
        .model = evac_daemon_model(c->daemon),
        .catalog = evac_daemon_catalog(c->daemon),
        .facts = evac_daemon_facts(c->daemon),
        .pace = evac_daemon_pace(c->daemon),
        .history = evac_daemon_history(c->daemon),
        .region = api_text(c, "region"),
        .wish = *wish,
        .now = api_now(c),
    };
    return evac_foresee(&in, arena, ret_foreseen, err);
}

/* --- asked, and done
 * ------------------------------------------------------------------------------- */

void api_plan_evacuation(struct api_call *c)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_order_wish wish = read_wish(c, arena);
    struct evac_foreseen foreseen;
    struct evac_err err = { EVAC_OK, "" };
    if (foresee(c, &wish, arena, &foreseen, &err)) {
        api_fail(c, &err);
    } else {
        struct evac_jw w = api_writer(c);
        evac_jw_open(&w, NULL, '{');
        evac_foreseen_to_json(&foreseen, api_engine(c), &w);
        evac_jw_close(&w, '}');
    }
    evac_arena_free(arena);
}

void api_evacuate(struct api_call *c)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_order_wish wish = read_wish(c, arena);
    struct evac_foreseen foreseen;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    enum evac_code code = foresee(c, &wish, arena, &foreseen, &err);
    if (!code) {
        evac_foresee_tell(&foreseen, evac_daemon_shell(c->daemon));
        wish.bound_ms = (int64_t)foreseen.bound_ms;
        wish.estimate_ms = (int64_t)foreseen.estimate_ms;
        event.u.command = (struct evac_command){ .verb = EVAC_CMD_EVACUATE,
                                                 .incident = api_text(c, "region"),
                                                 .reason = api_text(c, "reason"),
                                                 .who = c->q->caller.who,
                                                 .caller = &c->q->caller,
                                                 .order = &wish };
        code = evac_shell_event(evac_daemon_shell(c->daemon), &event, &err);
    }
    if (code)
        api_fail(c, &err);
    else
        api_put_answer(c, evac_str(err.text));
    evac_arena_free(arena);
}
