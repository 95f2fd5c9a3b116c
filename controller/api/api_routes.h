/* The handlers that the table of routes names, by the file that has them. */
#ifndef EVAC_API_ROUTES_H
#define EVAC_API_ROUTES_H

#include "api_call.h"
#include "api_request.h"

/* Answers as a change was answered before: request is its record. */
typedef void api_retell_fn(struct api_call *call, const struct evac_record *request);
api_retell_fn api_tell_run, api_tell_drill, api_tell_word, api_tell_job, api_tell_data,
    api_tell_note, api_tell_bundle, api_tell_token, api_tell_test;

/* api_about.c */
api_handler_fn api_version, api_openapi, api_status, api_list_apps, api_get_app, api_readiness,
    api_why, api_decide, api_probes, api_incidents, api_drivers, api_roles, api_gates, api_reload,
    api_vantage, api_list_problems, api_get_problem;
/* api_observe.c */
api_handler_fn api_healthz, api_readyz, api_metrics;
/* api_plan.c */
api_handler_fn api_plan_app, api_lint_app, api_permissions, api_begin_run;
/* api_runs.c */
api_handler_fn api_list_runs, api_get_run, api_get_plan, api_report, api_list_steps, api_get_step,
    api_list_journal;
/* api_drills.c */
api_handler_fn api_list_drills, api_receipt, api_faults, api_begin_drill;
/* api_words.c */
api_handler_fn api_say, api_say_to_run;
/* {"answer":"..."}; "": done. */
void api_put_answer(struct api_call *call, struct evac_str answer);
/* api_evacuate.c */
api_handler_fn api_plan_evacuation, api_evacuate;
/* api_challenge.c */
api_handler_fn api_make_challenge;
/* Whose yes a word to a run is, when it is an answer that was heard by phone. */
struct api_phone {
    char who[EVAC_WHO_MAX], reason[1400];
    struct evac_caller caller;
};
/* The body has a response: if it is right, cmd becomes the approver's (room outlives it); false:
 * answered, and a wrong one is counted. */
bool api_by_phone(struct api_call *call, struct evac_command *cmd, struct api_phone *room);
/* api_asked.c */
api_handler_fn api_list_approvals, api_list_holds;
/* api_jobs.c */
api_handler_fn api_simulate, api_replay, api_get_job;
/* api_tokens.c */
api_handler_fn api_list_tokens, api_make_token, api_end_token;
/* api_notify.c */
api_handler_fn api_list_channels, api_test_channels;
/* api_evidence.c */
api_handler_fn api_verify, api_checkpoint, api_merge, api_list_deficiencies, api_say_deficiency,
    api_trend, api_make_evidence, api_evidence_key;
#endif
