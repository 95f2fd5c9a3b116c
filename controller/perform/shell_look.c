/* A driver's look at a resource outside of any run, for probes: through the drivers that can change
 * nothing. */
#include "shell_internal.h"

#include <stdio.h>
#include <string.h>

/* Where the app's data would come from: its active region, or another one than that looked at. */
static struct evac_str other_region(const struct evac_shell *shell, const struct evac_look *look)
{
    const struct evac_engine_app *a = &shell->engine.apps[look->app];
    if (a->active != look->region)
        return a->app->regions[a->active];
    return a->app->regions[look->region == 0 ? 1 : 0];
}

/* As a step's arguments would be: the resource's settings, what is wanted, and the standard ones.
 */
static const struct evac_args *look_args(const struct evac_shell *shell, struct evac_arena *arena,
                                         const struct evac_look *look,
                                         const struct evac_driver *driver,
                                         const struct evac_action *action)
{
    const struct evac_app *app = &shell->model->apps[look->app];
    const struct evac_resource *resource = evac_app_resource(app, look->what->resource);
    struct evac_str region = app->regions[look->region], other = other_region(shell, look);
    const struct evac_plan_place place = {
        .app = app->name, .region = region, .from = other, .to = region
    };
    struct evac_args props = evac_plan_whole_props(arena, &resource->props, driver->params, &place);
    struct evac_args want =
        evac_plan_whole_props(arena, &look->what->want, action ? action->params : NULL, &place);
    const struct evac_arg standard[] = {
        { EVAC_STR("app"), app->name },
        { EVAC_STR("from"), other },
        { EVAC_STR("to"), region },
        { EVAC_STR("region"), region },
        { EVAC_STR("mode"), evac_str(evac_mode_name(EVAC_MODE_GRACEFUL)) },
        { EVAC_STR("witness"), app->witness },
    };
    size_t n = sizeof standard / sizeof standard[0];
    struct evac_arg *more = evac_arena_array(arena, want.count + n, sizeof *more);
    memcpy(more, standard, sizeof standard);
    for (size_t i = 0; i < want.count; i++)
        more[n + i] = (struct evac_arg){ evac_arena_printf(arena, "want.%.*s",
                                                           EVAC_STR_ARG(want.items[i].name)),
                                         want.items[i].value };
    return shell_with_more(arena, &props, more, want.count + n);
}

const char *evac_look_refused(enum evac_code code)
{
    return code == EVAC_E_REFUSED ? "users are led here: nothing is behind itself"
                                  : "the driver can not look";
}

enum evac_code evac_shell_look(struct evac_shell *shell, const struct evac_look *look,
                               evac_look_fn *done, void *user, struct evac_err *err)
{
    const struct evac_app *app = &shell->model->apps[look->app];
    const struct evac_resource *resource = evac_app_resource(app, look->what->resource);
    struct evac_link *link = NULL;
    const struct evac_driver *driver =
        resource ? evac_book_driver(shell->look, resource->type, &link) : NULL;
    const struct evac_action *action =
        driver ? evac_driver_action(driver, look->what->action) : NULL;
    bool lag = look->what->lag_ms > 0;
    if (lag && look->region == shell->engine.apps[look->app].active)
        return evac_fail(err, EVAC_E_REFUSED, "%s", evac_look_refused(EVAC_E_REFUSED));
    bool can = lag ? driver && (driver->verbs & (1u << EVAC_VERB_MEASURE))
                   : action && !(action->flags & EVAC_ACTION_BLIND);
    if (shell->dying || !can)
        return evac_fail(err, EVAC_E_NOTFOUND, "nothing can look at %.*s of %.*s by %.*s",
                         EVAC_STR_ARG(look->what->resource), EVAC_STR_ARG(app->name),
                         EVAC_STR_ARG(lag ? EVAC_STR("lag") : look->what->action));
    struct shell_call *call = shell_new_look(shell, done, user);
    char *token = evac_arena_alloc(call->arena, 26);
    evac_attempt_token(0, app->name, look->region, shell->look_count++, token);
    const struct evac_call ask = { .verb = lag ? EVAC_VERB_MEASURE : EVAC_VERB_OBSERVE,
                                   .action = lag ? "" : action->name,
                                   .args = look_args(shell, call->arena, look, driver, action),
                                   .token = token,
                                   .deadline_ms = shell_now(shell).boot_ms + look->within_ms };
    return shell_send_look(call, driver, link, &ask, err);
}

/* "how far it is behind": lag_ms of a MEASURE. */
static enum evac_looked judge_lag(const struct evac_probe_look *what,
                                  const struct evac_reply *reply, char *reason, size_t bytes)
{
    size_t i = 0;
    while (i < reply->fact_count && strcmp(reply->facts[i].name, "lag_ms") != 0)
        i++;
    if (i == reply->fact_count) {
        (void)evac_str_copy(reason, bytes, EVAC_STR("its driver could not tell the lag"));
        return EVAC_LOOKED_NOTHING;
    }
    bool good = reply->facts[i].value <= (int64_t)what->lag_ms;
    snprintf(reason, bytes, "%lld ms behind, and %u ms are allowed",
             (long long)reply->facts[i].value, what->lag_ms);
    return good ? EVAC_LOOKED_GOOD : EVAC_LOOKED_BAD;
}

enum evac_looked evac_looked(const struct evac_probe_look *what, const struct evac_reply *reply,
                             char *reason, size_t reason_bytes)
{
    static const enum evac_looked answers[EVAC_SEEN_COUNT] = {
        [EVAC_SEEN_SATISFIED] = EVAC_LOOKED_GOOD, [EVAC_SEEN_UNSATISFIED] = EVAC_LOOKED_BAD,
        [EVAC_SEEN_BLOCKED] = EVAC_LOOKED_BAD,    [EVAC_SEEN_MOVING] = EVAC_LOOKED_NOTHING,
        [EVAC_SEEN_UNSEEN] = EVAC_LOOKED_NOTHING,
    };
    if (what->lag_ms && reply->seen == EVAC_SEEN_SATISFIED)
        return judge_lag(what, reply, reason, reason_bytes);
    (void)evac_str_copy(reason, reason_bytes, reply->reason);
    if (reason[0] == '\0')
        (void)evac_str_copy(reason, reason_bytes, evac_str(evac_seen_name(reply->seen)));
    return answers[reply->seen];
}
