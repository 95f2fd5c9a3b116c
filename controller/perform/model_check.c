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

static void check_names(const struct evac_model *model, const struct evac_safety_rule *rule,
                        const struct evac_str *names, size_t count, struct evac_diag *diag)
{
    for (size_t i = 0; i < count; i++)
        if (!evac_model_app(model, names[i]))
            evac_diag_add(diag, EVAC_DIAG_ERROR, rule->place,
                          "safety rule '%.*s' names the app '%.*s', which there is not",
                          EVAC_STR_ARG(rule->name), EVAC_STR_ARG(names[i]));
}

static void check_safety(const struct evac_model *model, const struct evac_safety_rule *rules,
                         size_t count, struct evac_diag *diag)
{
    for (size_t i = 0; i < count; i++) {
        check_names(model, &rules[i], rules[i].apps, rules[i].app_count, diag);
        check_names(model, &rules[i], rules[i].not_while, rules[i].not_while_count, diag);
    }
}

static void check_rules(const struct evac_model *model, struct evac_diag *diag)
{
    check_safety(model, model->controller.safety, model->controller.safety_count, diag);
    for (size_t i = 0; i < model->app_count; i++)
        check_safety(model, model->apps[i].safety, model->apps[i].safety_count, diag);
}

static void check_programs(const struct evac_model *model, const struct evac_app *app,
                           struct evac_diag *diag)
{
    for (size_t i = 0; i < app->probe_count && !model->controller.exec_allowed; i++)
        if (app->probes[i].kind == EVAC_PROBE_KIND_EXEC)
            evac_diag_add(diag, EVAC_DIAG_ERROR, app->probes[i].place,
                          "probe '%.*s' runs a program, which evac.cfg does not allow; allowed "
                          "with exec = { allowed = true; };",
                          EVAC_STR_ARG(app->probes[i].name));
}

static void check_probes(const struct evac_model *model, const struct evac_catalog *catalog,
                         struct evac_diag *diag)
{
    for (size_t i = 0; i < evac_model_probed_count(model); i++)
        check_programs(model, evac_model_probed(model, i), diag);
    for (size_t i = 0; i < model->app_count; i++)
        evac_plan_check_looks(&model->apps[i], catalog, diag);
}

enum evac_code evac_model_check(const struct evac_model *model, const struct evac_catalog *catalog,
                                struct evac_diag *diag, struct evac_err *err)
{
    size_t before = diag->errors;
    for (size_t i = 0; i < model->app_count; i++)
        check_drills(&model->apps[i], diag);
    size_t calendar = diag->errors - before;
    check_rules(model, diag);
    size_t rules = diag->errors - before - calendar;
    check_probes(model, catalog, diag);
    size_t probes = diag->errors - before - calendar - rules;
    enum evac_code code = evac_plan_check_model(model, catalog, diag, err);
    if (!code && calendar)
        code = evac_fail(err, EVAC_E_BADCONF, "%zu error%s in drills' calendars", calendar,
                         calendar == 1 ? "" : "s");
    if (!code && rules)
        code = evac_fail(err, EVAC_E_BADCONF, "%zu error%s in safety rules", rules,
                         rules == 1 ? "" : "s");
    if (!code && probes)
        code =
            evac_fail(err, EVAC_E_BADCONF, "%zu error%s in probes", probes, probes == 1 ? "" : "s");
    return code;
}
