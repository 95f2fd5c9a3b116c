/* Application Auto Scaling: the bounds of what scales by itself. During a failover the floor is
 * raised and scaling in is held, so that nothing takes away what was just brought up (AWS.md 2.6).
 */
#include "aws_lever.h"

/* clang-format off */
static const struct evac_param resource_params[] = {
    { "resource_id", EVAC_PARAM_TEXT, EVAC_PARAM_REQUIRED | EVAC_PARAM_REGIONAL, NULL, NULL, "\"service/CLUSTER/SERVICE\", \"table/T\", \"cluster:C\"" },
    { "namespace", EVAC_PARAM_TEXT, 0, "ecs", NULL, "ecs, dynamodb, rds, lambda, ..." },
    { "dimension", EVAC_PARAM_TEXT, 0, "ecs:service:DesiredCount", NULL, "what is scaled" },
    { "count", EVAC_PARAM_INT, EVAC_PARAM_GROUP, NULL, NULL, "named sizes, as count = { active = 6; standby = 1; }" },
    { 0 },
};
static const struct evac_param scale_params[] = {
    { "count", EVAC_PARAM_INT, EVAC_PARAM_OF_RESOURCE, NULL, NULL, "" },
    AWS_SCALE_PARAMS,
    { 0 },
};
static const struct evac_op ops[] = {
    { "application-autoscaling", "DescribeScalableTargets", "application-autoscaling:DescribeScalableTargets", EVAC_HOME_STEP, NULL, true, false },
    { "application-autoscaling", "RegisterScalableTarget", "application-autoscaling:RegisterScalableTarget", EVAC_HOME_STEP, NULL, true, true },
    { 0 },
};
#define PUT_BACK(what) \
    "aws application-autoscaling register-scalable-target --region <region> --service-namespace <namespace> " \
    "--resource-id <resource_id> --scalable-dimension <dimension> " what
static const char clear_scale[] = PUT_BACK("--min-capacity <was.value> --max-capacity <was.max>");
static const char clear_hold[] = PUT_BACK(
    "--suspended-state DynamicScalingInSuspended=<was.value>,DynamicScalingOutSuspended=<was.out>,ScheduledScalingSuspended=<was.scheduled>");
static const struct evac_action actions[] = {
    { "scale", "it never scales below so many; the maximum makes room", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE,
      EVAC_FENCING_NONE, 1000, 60000, scale_params, ops, clear_scale },
    { "hold", "it does not scale in by itself", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 1000, 60000, NULL, ops, clear_hold },
    { "release", "it scales in by itself again", EVAC_ACTION_MUTATES | EVAC_ACTION_REVERSIBLE, EVAC_FENCING_NONE, 1000, 60000, NULL, ops, clear_hold },
    { 0 },
};

#define NAMES "\"ServiceNamespace\":\"<namespace>\",\"ScalableDimension\":\"<dimension>\""
#define LOOK { "application-autoscaling", "DescribeScalableTargets", .body = "{" NAMES ",\"ResourceIds\":[\"<resource_id>\"]}" }
#define CHANGE(more) { "application-autoscaling", "RegisterScalableTarget", .body = "{" NAMES ",\"ResourceId\":\"<resource_id>\"," more "}" }
static const struct aws_kept bounds[] = { { "max", "ScalableTargets[]/MaxCapacity" }, { 0 } };
static const struct aws_kept pauses[] = {
    { "out", "ScalableTargets[]/SuspendedState/DynamicScalingOutSuspended" },
    { "scheduled", "ScalableTargets[]/SuspendedState/ScheduledScalingSuspended" },
    { 0 },
};
static const struct aws_lever floor_lever = {
    .what = "the scaling floor", .compare = AWS_COUNT, .look = LOOK, .at = "ScalableTargets[]/MinCapacity", .kept = bounds,
    .act = CHANGE("\"MinCapacity\":<value>,\"MaxCapacity\":<room.max>") };
#define SUSPEND(wanted) {                                                                                            \
    .what = "suspension of scaling in", .look = LOOK, .at = "ScalableTargets[]/SuspendedState/DynamicScalingInSuspended", \
    .want = wanted, .kept = pauses,                                                                                    \
    .act = CHANGE("\"SuspendedState\":{\"DynamicScalingInSuspended\":<value>,\"DynamicScalingOutSuspended\":<=out>,"      \
                  "\"ScheduledScalingSuspended\":<=scheduled>}") }
static const struct aws_lever hold = SUSPEND("true");
static const struct aws_lever release = SUSPEND("false");

static const struct aws_handlers handlers[] = {
    { .action = "scale", .lever = &floor_lever },
    { .action = "hold", .lever = &hold },
    { .action = "release", .lever = &release },
    { 0 },
};
/* clang-format on */

AWS_CALL(call, handlers)

const struct evac_driver evac_driver_app_scaling = {
    "app-scaling",
    "a scalable target of Application Auto Scaling",
    resource_params,
    actions,
    0,
    NULL,
    call,
    aws_cancel
};
