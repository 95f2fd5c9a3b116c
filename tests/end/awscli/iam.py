from awscli_lib import *

USER = "arn:aws:iam::123456789012:user/evac"


def permissions(aws):
    make(aws, "iam", EAST, kind="role", name="cli", path="/ops/", denied=["rds:FailoverGlobalCluster"],
         only_for={"ecs:UpdateService": ["arn:aws:ecs:us-west-2:123456789012:service/shop/web"]}, page=2)
    arn = aws(EAST, "iam", "get-role", "--role-name", "cli")["Role"]["Arn"]
    equal(arn, "arn:aws:iam::123456789012:role/ops/cli")
    refused("NoSuchEntity", aws, EAST, "iam", "get-role", "--role-name", "nobody")

    def asked(*more):
        results = aws(EAST, "iam", "simulate-principal-policy", "--policy-source-arn", arn, "--action-names",
                      "rds:FailoverGlobalCluster", "ecs:UpdateService", "sns:Publish", *more)["EvaluationResults"]
        return [r["EvalDecision"] for r in results]
    equal(asked(), ["explicitDeny", "implicitDeny", "allowed"])
    equal(asked("--resource-arns", "arn:aws:ecs:us-west-2:123456789012:service/shop/web"), ["explicitDeny", "allowed", "allowed"])
    refused("NoSuchEntity", aws, EAST, "iam", "simulate-principal-policy", "--policy-source-arn", USER + "-x",
            "--action-names", "sns:Publish")
    refused("InvalidInput", aws, EAST, "iam", "simulate-principal-policy", "--policy-source-arn", USER,
            "--action-names", "Publish")


GROUPS = [permissions]
