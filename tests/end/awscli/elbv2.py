from awscli_lib import *

REGION = "eu-west-1"


def elbv2(aws):
    aws.world.sand('make elbv2 %s {"load_balancer":"front"}' % REGION)
    aws.world.sand('make elbv2 %s {"target_group":"web","load_balancer":"front","type":"ip","targets":["10.0.0.1"]}' % REGION)
    aws.world.sand('make elbv2 %s {"target_group":"idle","type":"ip","targets":["10.0.0.9"]}' % REGION)
    group = aws(REGION, "elbv2", "describe-target-groups", "--names", "web")["TargetGroups"][0]
    equal((group["TargetGroupName"], group["HealthCheckIntervalSeconds"], group["TargetType"]), ("web", 30, "ip"))
    arn = ("--target-group-arn", group["TargetGroupArn"])
    refused("TargetGroupNotFound", aws, REGION, "elbv2", "describe-target-groups", "--names", "nothing")
    equal(len(aws(REGION, "elbv2", "describe-target-groups", "--load-balancer-arn",
                  group["LoadBalancerArns"][0])["TargetGroups"]), 1)
    page = aws(REGION, "elbv2", "describe-target-groups", "--page-size", "1", "--no-paginate")
    equal((len(page["TargetGroups"]), "NextMarker" in page), (1, True))
    balancer = aws(REGION, "elbv2", "describe-load-balancers", "--names", "front")["LoadBalancers"][0]
    equal((balancer["State"]["Code"], balancer["LoadBalancerArn"]), ("active", group["LoadBalancerArns"][0]))
    refused("LoadBalancerNotFound", aws, REGION, "elbv2", "describe-load-balancers", "--names", "nothing")

    def health(*args):
        described = aws(REGION, "elbv2", "describe-target-health", *arn, *args)["TargetHealthDescriptions"]
        return {d["Target"]["Id"]: d["TargetHealth"]["State"] for d in described}
    changed = aws(REGION, "elbv2", "modify-target-group", *arn, "--health-check-interval-seconds", "60",
                  "--health-check-path", "/ready")["TargetGroups"][0]
    equal((changed["HealthCheckPath"], changed["HealthCheckIntervalSeconds"]), ("/ready", 60))
    refused("ValidationError", aws, REGION, "elbv2", "modify-target-group", *arn, "--healthy-threshold-count", "99")
    aws(REGION, "elbv2", "register-targets", *arn, "--targets", "Id=10.0.0.2,Port=8080")
    equal(set(health()), {"10.0.0.1", "10.0.0.2"})
    until(lambda: health()["10.0.0.2"] == "healthy")
    aws.world.sand('make elbv2 %s {"target":"10.0.0.2","target_group":"web","answers":false}' % REGION)
    until(lambda: health()["10.0.0.2"] == "unhealthy")
    equal(health("--targets", "Id=10.0.0.7"), {"10.0.0.7": "unused"})
    aws(REGION, "elbv2", "deregister-targets", *arn, "--targets", "Id=10.0.0.2")
    equal(health()["10.0.0.2"], "draining")
    until(lambda: set(health()) == {"10.0.0.1"})
    refused("InvalidTarget", aws, REGION, "elbv2", "deregister-targets", *arn, "--targets", "Id=10.0.0.3")
    refused("TargetGroupNotFound", aws, REGION, "elbv2", "describe-target-health", arn[0], arn[1][:-1] + "x")
    refused("ValidationError", aws, REGION, "elbv2", "describe-target-health", arn[0], "web")

    aws.world.sand('make elbv2 %s {"target_group":"boxes","load_balancer":"front"}' % REGION)
    boxes = aws(REGION, "elbv2", "describe-target-groups", "--names", "boxes")["TargetGroups"][0]["TargetGroupArn"]
    refused("InvalidTarget", aws, REGION, "elbv2", "register-targets", "--target-group-arn", boxes, "--targets",
            "Id=i-0000000000000beef")
    new = ("--auto-scaling-group-name", "behind")
    refused("ValidationError", aws, REGION, "autoscaling", "create-auto-scaling-group", *new, "--min-size", "1",
            "--max-size", "1", "--launch-template", "LaunchTemplateName=web", "--target-group-arns", boxes + "x")
    aws(REGION, "autoscaling", "create-auto-scaling-group", *new, "--min-size", "1", "--max-size", "1",
        "--launch-template", "LaunchTemplateName=web", "--target-group-arns", boxes, "--availability-zones",
        REGION + "a")
    described = aws(REGION, "autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names", "behind")
    equal(described["AutoScalingGroups"][0]["TargetGroupARNs"], [boxes])
    until(lambda: [d["TargetHealth"]["State"] for d in aws(REGION, "elbv2", "describe-target-health",
                                                           "--target-group-arn", boxes)["TargetHealthDescriptions"]]
          == ["healthy"])


GROUPS = [elbv2]
