/*
 * AWS Fault Injection Service: an experiment of a template is a fault that is in for as long as it
 * runs. For game days: `break` starts one, `mend` stops what runs of the template, whoever started
 * it. The template's own stop conditions stand above both.
 */
#include "aws_lever.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "template", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "the experiment template's id, \"EXT...\"" },
    { "at", EVAC_PARAM_TEXT, 0, "{region}", NULL, "the region of the template; it must be reachable while the fault is in" },
    { 0 },
};
#define LIST_OP { "fis", "ListExperiments", "fis:ListExperiments", EVAC_HOME_STEP, NULL, true, false }
static const struct evac_op ready_ops[] = {
    { "fis", "GetExperimentTemplate", "fis:GetExperimentTemplate", EVAC_HOME_STEP, NULL, true, false }, { 0 },
};
static const struct evac_op break_ops[] = {
    LIST_OP, { "fis", "StartExperiment", "fis:StartExperiment", EVAC_HOME_STEP, NULL, true, true }, { 0 },
};
static const struct evac_op mend_ops[] = {
    LIST_OP, { "fis", "StopExperiment", "fis:StopExperiment", EVAC_HOME_STEP, NULL, true, true }, { 0 },
};
static const struct evac_action actions[] = {
    { "ready", "the experiment's template is there", 0, EVAC_FENCING_NONE, 500, 60000, NULL, ready_ops },
    { "break", "an experiment of the template runs", EVAC_ACTION_MUTATES, EVAC_FENCING_TOKEN, 10000, 300000, NULL, break_ops,
      "aws fis list-experiments --region <at> --experiment-template-id <template>" },
    { "mend", "no experiment of the template runs", EVAC_ACTION_MUTATES, EVAC_FENCING_STATE, 10000, 600000, NULL, mend_ops,
      "aws fis list-experiments --region <at> --experiment-template-id <template>" },
    { 0 },
};

#define RUNNING "experiments[state/status=running]"
#define LOOK { "fis", "ListExperiments", "GET", "/experiments", .params = "experimentTemplateId=<template>&maxResults=100", .region = "<at>" }
static const struct aws_kept kept[] = { { "id", RUNNING "/id" }, { 0 } };

static const struct aws_lever ready = {
    .what = "the experiment's template",
    .look = { "fis", "GetExperimentTemplate", "GET", "/experimentTemplates/<template>", .region = "<at>" },
    .at = "experimentTemplate/id", .want = "<template>", .missing_codes = "ResourceNotFoundException" };
/* pending and initiating are on the way to running, or to failed */
static const struct aws_lever to_break = {
    .what = "how many experiments run", .look = LOOK, .at = "experiments[#state/status=running]", .want = "1", .compare = AWS_AT_LEAST,
    .status_at = "experiments[state/status=initiating]/state/status", .busy = "initiating",
    .act = { "fis", "StartExperiment", "POST", "/experiments", .region = "<at>",
             .body = "{\"clientToken\":\"<token>\",\"experimentTemplateId\":\"<template>\"}" } };
static const struct aws_lever to_mend = {
    .what = "how many experiments run", .look = LOOK, .at = "experiments[#state/status=running]", .want = "0", .compare = AWS_AT_MOST,
    .status_at = "experiments[state/status=initiating]/state/status", .busy = "initiating", .kept = kept,
    .act = { "fis", "StopExperiment", "DELETE", "/experiments/<id>", .region = "<at>" } };
static const struct aws_handlers handlers[] = {
    { .action = "ready", .lever = &ready }, { .action = "break", .lever = &to_break }, { .action = "mend", .lever = &to_mend }, { 0 },
};
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_fis = {
    "fis", "faults, by experiments of AWS FIS", resource_params, actions, 0, NULL, call, aws_cancel
};
