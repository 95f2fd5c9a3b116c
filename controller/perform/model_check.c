#include "model_check.h"

#include "zone.h"

static void check_drills(const struct evac_app *app, struct evac_diag *diag)
{
    for (size_t i = 0; i < app->drill_count; i++) {
        const struct evac_drill_conf *drill = &app->drills[i];
        struct evac_cron cron;
        struct evac_civil next, now = { 2026, 1, 1, 0, 0 };
        struct evac_err err = { EVAC_OK, "" };
        if (evac_cron_parse(drill->cron, &cron, &err))
            evac_diag_add(diag, EVAC_DIAG_ERROR, drill->place, "%s", err.text);
        else if (!evac_cron_next(&cron, now, &next))
            evac_diag_add(diag, EVAC_DIAG_ERROR, drill->place, "cron: '%.*s' never comes",
                          EVAC_STR_ARG(drill->cron));
    }
}

enum evac_code evac_model_check(const struct evac_model *model, const struct evac_catalog *catalog,
                                struct evac_diag *diag, struct evac_err *err)
{
    size_t before = diag->errors;
    for (size_t i = 0; i < model->app_count; i++)
        check_drills(&model->apps[i], diag);
    size_t calendar = diag->errors - before;
    enum evac_code code = evac_plan_check_model(model, catalog, diag, err);
    if (!code && calendar)
        code = evac_fail(err, EVAC_E_BADCONF, "%zu error%s in drills' calendars", calendar,
                         calendar == 1 ? "" : "s");
    return code;
}
