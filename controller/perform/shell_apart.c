/*
 * Runs that must not touch a region: drivers with a host that refuses every request to it. What a
 * step of such a run can not do, it could not do on the day that the region is gone.
 */
#include "host_wrap.h"
#include "shell_internal.h"

#include <stdlib.h>

struct shell_apart {
    char region[64];
    struct evac_host_guard *act_guard, *look_guard;
    struct evac_book *act, *look;
};

void shell_apart_free(struct shell_apart *apart)
{
    if (!apart)
        return;
    evac_book_close(apart->act);
    evac_book_close(apart->look);
    evac_host_guard_free(apart->act_guard);
    evac_host_guard_free(apart->look_guard);
    free(apart);
}

static bool is_used(const struct evac_shell *shell)
{
    for (const struct shell_run *r = shell->runs; r; r = r->next)
        if (r->plan->isolate.n && (!r->ended || r->open_calls) && r->memory)
            for (const struct evac_run *run = shell->engine.runs; run; run = run->next)
                if (run->plan == r->plan)
                    return true;
    return false;
}

static enum evac_code open_apart(struct evac_shell *shell, struct shell_apart *apart,
                                 struct evac_err *err)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_args settings = shell_pack_settings(arena, &shell->model->controller);
    struct evac_str region = evac_str(apart->region);
    apart->act_guard = evac_host_isolated(&shell->act_host, &region, 1, NULL, NULL);
    apart->look_guard = evac_host_isolated(&shell->look_host, &region, 1, NULL, NULL);
    enum evac_code code = evac_book_open(shell->o.catalog, evac_host_guard_host(apart->act_guard),
                                         &settings, &apart->act, err);
    if (!code)
        code = evac_book_open(shell->o.catalog, evac_host_guard_host(apart->look_guard), &settings,
                              &apart->look, err);
    evac_arena_free(arena);
    return code;
}

enum evac_code shell_isolate(struct evac_shell *shell, struct evac_str region, struct evac_err *err)
{
    if (shell->apart && evac_str_is(region, shell->apart->region))
        return EVAC_OK;
    if (shell->apart && is_used(shell))
        return evac_fail(err, EVAC_E_BUSY, "a run that is cut off from %s goes on",
                         shell->apart->region);
    shell_apart_free(shell->apart);
    shell->apart = calloc(1, sizeof *shell->apart);
    if (!shell->apart)
        abort();
    (void)evac_str_copy(shell->apart->region, sizeof shell->apart->region, region);
    enum evac_code code = open_apart(shell, shell->apart, err);
    if (code) {
        shell_apart_free(shell->apart);
        shell->apart = NULL;
    }
    return code;
}

const struct evac_book *shell_book(struct evac_shell *shell, const struct evac_plan *plan)
{
    bool rehearse = plan && plan->rehearse;
    struct evac_err err = { EVAC_OK, "" };
    if (plan && plan->isolate.n) {
        /* a run that was taken over from the journal brings its own cut */
        if (!shell->apart && shell_isolate(shell, plan->isolate, &err))
            return shell->look; /* fails closed: nothing can be changed */
        return rehearse ? shell->apart->look : shell->apart->act;
    }
    return rehearse ? shell->look : shell->act;
}
