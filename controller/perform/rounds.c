#include "rounds.h"

#define FIRST_LOOK_MS 60000
#define NEXT_LOOK_MS  1000

/* The standby whose last look is the oldest, when that is old enough; the region count otherwise.
 * One that is from the future was dated by a clock that was set back since: nobody knows how old
 * it is. */
static size_t due_standby(const struct evac_engine_app *a, int64_t now_wall_ms)
{
    int64_t oldest = now_wall_ms - (int64_t)a->app->readiness_ms;
    size_t due = a->app->region_count;
    for (size_t r = 0; r < a->app->region_count && r < EVAC_REGIONS_MAX; r++) {
        const struct evac_readiness *look = &a->readiness[r];
        int64_t at = look->known && look->at_wall_ms <= now_wall_ms ? look->at_wall_ms : 0;
        if (r != a->active && at <= oldest) {
            oldest = at;
            due = r;
        }
    }
    return due;
}

static bool is_free(const struct evac_engine_app *a)
{
    return a->app->readiness_ms && !a->run && !a->rehearsal && a->drill.state == EVAC_DRILL_IS_IDLE;
}

static enum evac_code look_at(struct evac_shell *shell, const struct evac_engine_app *a,
                              size_t region, struct evac_err *err)
{
    uint64_t run = 0;
    const struct evac_wish wish = { .app = a->app->name,
                                    .workflow = EVAC_WORKFLOW_DRILL,
                                    .drill = EVAC_DRILL_REHEARSE,
                                    .mode = EVAC_MODE_GRACEFUL,
                                    .to = a->app->regions[region],
                                    .rehearse = true,
                                    .who = EVAC_STR(EVAC_ROUNDS_WHO),
                                    .why = EVAC_STR("the standby is looked at now and then") };
    return evac_shell_begin(shell, &wish, &run, err);
}

/* The next app in turn with a standby that is due; false: there is none. */
static bool find_due(struct evac_rounds *rounds, const struct evac_engine *engine, int64_t wall_ms,
                     size_t *ret_region)
{
    for (size_t k = 0; k < engine->app_count; k++) {
        size_t i = (rounds->last + 1 + k) % engine->app_count;
        const struct evac_engine_app *a = &engine->apps[i];
        *ret_region = is_free(a) ? due_standby(a, wall_ms) : a->app->region_count;
        if (*ret_region == a->app->region_count)
            continue;
        rounds->last = i;
        return true;
    }
    return false;
}

enum evac_code evac_rounds_go(struct evac_rounds *rounds, struct evac_shell *shell,
                              uint64_t now_boot_ms, int64_t now_wall_ms,
                              struct evac_rounds_trouble *ret_trouble, struct evac_err *err)
{
    const struct evac_engine *engine = evac_shell_engine(shell);
    size_t region;
    if (now_boot_ms < rounds->next_ms)
        return EVAC_OK;
    if (rounds->next_ms == 0) {
        rounds->next_ms = now_boot_ms + FIRST_LOOK_MS;
        return EVAC_OK;
    }
    if (!engine->lead || !find_due(rounds, engine, now_wall_ms, &region))
        return EVAC_OK;
    const struct evac_engine_app *a = &engine->apps[rounds->last];
    *ret_trouble = (struct evac_rounds_trouble){ a->app->name, a->app->regions[region] };
    enum evac_code code = look_at(shell, a, region, err);
    /* what can not begin is not tried every second */
    rounds->next_ms =
        now_boot_ms + (engine->apps[rounds->last].rehearsal ? NEXT_LOOK_MS : FIRST_LOOK_MS);
    return code;
}
