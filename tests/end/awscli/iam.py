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


def allow(actions, resources="*", **condition):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        dict({"Effect": "Allow", "Action": actions, "Resource": resources}, **({"Condition": condition} if condition else {}))]})


def enforced(aws):
    """A key whose rights are looked at: each protocol's own refusal, and what its policy allows."""
    key = "AKIAEVACENFORCED0001"
    limited = Cli(aws.world, aws.forks, key=key)
    aws.world.sand("iam %s none" % key)
    table = ("describe-table", "--table-name", "nothing")
    group = ("describe-auto-scaling-groups",)
    refused("AccessDenied", limited, WEST, "rds", "describe-global-clusters")
    refused("AccessDenied", limited, WEST, "autoscaling", *group)
    refused("AccessDenied", limited, EAST, "route53", "list-hosted-zones")
    refused("AccessDenied", limited, WEST, "s3api", "list-objects-v2", "--bucket", "shop-assets-usw2")
    refused("AccessDeniedException", limited, WEST, "dynamodb", *table)
    refused("AccessDeniedException", limited, WEST, "lambda", "get-function-configuration", "--function-name", "f")
    refused("UnauthorizedOperation", limited, WEST, "ec2", "describe-instances")
    refused("AuthorizationError", limited, WEST, "sns", "publish", "--topic-arn", "arn:aws:sns:us-west-2:123456789012:t",
            "--message", "m")
    limited(WEST, "sts", "get-caller-identity")  # nobody can be refused it
    aws.world.sand("iam %s policy %s" % (key, allow(["rds:DescribeGlobalClusters"], "arn:aws:rds::*:global-cluster:shop-*")))
    aws.world.sand("iam %s policy %s" % (key, allow("autoscaling:Describe*", StringEquals={"aws:RequestedRegion": WEST})))
    limited(WEST, "rds", "describe-global-clusters", "--global-cluster-identifier", "shop-db")
    refused("AccessDenied", limited, WEST, "rds", "describe-global-clusters", "--global-cluster-identifier", "other")
    limited(WEST, "autoscaling", *group)
    refused("AccessDenied", limited, EAST, "autoscaling", *group)
    aws.world.sand("iam %s off" % key)


def a_roles_session(aws):
    """What evac iam prints, given to a role: its session may look at the shop and not delete it."""
    aws.world.sand("iam role/evac-act-shop policy " +
                   aws.world.evac("iam", "shop", "--account", "123456789012", "--config", aws.world.write_conf({})).stdout)
    session = aws(WEST, "sts", "assume-role", "--role-arn", "arn:aws:iam::123456789012:role/evac-act-shop",
                  "--role-session-name", "cli")["Credentials"]
    acting = Cli(aws.world, aws.forks, key=session["AccessKeyId"], secret=session["SecretAccessKey"])
    acting.env["AWS_SESSION_TOKEN"] = session["SessionToken"]
    equal(acting(WEST, "sts", "get-caller-identity")["Arn"], "arn:aws:sts::123456789012:assumed-role/evac-act-shop/cli")
    acting(WEST, "ecs", "describe-services", "--cluster", "shop", "--services", "web")
    acting(WEST, "rds", "describe-global-clusters", "--global-cluster-identifier", "shop-db")
    refused("AccessDenied", acting, WEST, "rds", "delete-db-cluster", "--db-cluster-identifier", "shop-db-usw2",
            "--skip-final-snapshot")
    results = aws(EAST, "iam", "simulate-principal-policy", "--policy-source-arn",
                  "arn:aws:iam::123456789012:role/evac-act-shop", "--action-names", "rds:DeleteDBCluster",
                  "ecs:UpdateService", "--resource-arns", "arn:aws:ecs:us-west-2:123456789012:service/shop/web")
    equal([r["EvalDecision"] for r in results["EvaluationResults"]], ["implicitDeny", "allowed"])


GROUPS = [permissions, enforced, a_roles_session]
