# Too new for Debian's awscli (January 2023): what shows them instead.
LEVERS = "tests/unit/test_sandbox_levers.c"
TOO_NEW = {("memorydb", "DescribeMultiRegionClusters"): LEVERS}
TOO_NEW.update({("arc-region-switch", op): LEVERS for op in (
    "StartPlanExecution", "GetPlanExecution", "ListPlanExecutions", "GetPlanEvaluationStatus", "CancelPlanExecution")})
# Debian's awscli still speaks the older query protocol to SQS.
TOO_NEW.update({("sqs", op): LEVERS for op in ("GetQueueUrl", "GetQueueAttributes")})
GROUPS = []
