from awscli_lib import *


def targets(aws):
    make(aws, "application-autoscaling", WEST, kind="target", name="service/shop/web")
    which = ("--service-namespace", "ecs", "--scalable-dimension", "ecs:service:DesiredCount")

    def now():
        return aws(WEST, "application-autoscaling", "describe-scalable-targets", *which, "--resource-ids",
                   "service/shop/web")["ScalableTargets"][0]
    equal((now()["MinCapacity"], now()["MaxCapacity"]), (1, 10))
    register = ("application-autoscaling", "register-scalable-target", *which, "--resource-id")
    aws(WEST, *register, "service/shop/web", "--min-capacity", "4", "--suspended-state", "DynamicScalingInSuspended=true")
    equal((now()["MinCapacity"], now()["SuspendedState"]["DynamicScalingInSuspended"]), (4, True))
    refused("ValidationException", aws, WEST, *register, "service/shop/web", "--min-capacity", "11")
    refused("ValidationException", aws, WEST, *register, "service/shop/other")


GROUPS = [targets]
