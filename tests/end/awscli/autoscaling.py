from awscli_lib import *


def autoscaling(aws):
    group = ("--auto-scaling-group-name", "shop-batch")

    def now():
        return aws(WEST, "autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names",
                   "shop-batch")["AutoScalingGroups"][0]
    equal((now()["MinSize"], now()["DesiredCapacity"]), (0, 1))
    aws(WEST, "autoscaling", "update-auto-scaling-group", *group, "--min-size", "1", "--max-size", "4",
        "--desired-capacity", "2")
    until(lambda: [i["LifecycleState"] for i in now()["Instances"]] == ["InService"] * 2, 30)
    refused("ValidationError", aws, WEST, "autoscaling", "update-auto-scaling-group", *group, "--min-size", "5")
    refused("ValidationError", aws, WEST, "autoscaling", "set-desired-capacity", *group, "--desired-capacity", "9")
    aws(WEST, "autoscaling", "suspend-processes", *group, "--scaling-processes", "Launch")
    equal([p["ProcessName"] for p in now()["SuspendedProcesses"]], ["Launch"])
    aws(WEST, "autoscaling", "set-desired-capacity", *group, "--desired-capacity", "3")
    equal(len(now()["Instances"]), 2)
    aws(WEST, "autoscaling", "resume-processes", *group)
    until(lambda: len(now()["Instances"]) == 3)
    activities = aws(WEST, "autoscaling", "describe-scaling-activities", *group)["Activities"]
    assert activities and activities[0]["StatusCode"] == "Successful", activities
    assert len(aws(WEST, "autoscaling", "describe-auto-scaling-instances")["AutoScalingInstances"]) >= 2
    new = ("--auto-scaling-group-name", "trial")
    aws(WEST, "autoscaling", "create-auto-scaling-group", *new, "--min-size", "0", "--max-size", "1",
        "--launch-template", "LaunchTemplateName=trial", "--availability-zones", "us-west-2a")
    refused("AlreadyExists", aws, WEST, "autoscaling", "create-auto-scaling-group", *new, "--min-size", "0",
            "--max-size", "1", "--launch-template", "LaunchTemplateName=trial", "--availability-zones", "us-west-2a")
    aws(WEST, "autoscaling", "delete-auto-scaling-group", *new)
    refused("ValidationError", aws, WEST, "autoscaling", "delete-auto-scaling-group", *new)


GROUPS = [autoscaling]
