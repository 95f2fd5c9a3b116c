from awscli_lib import *


def nodegroups(aws):
    make(aws, "eks", WEST, kind="cluster", name="cli")
    make(aws, "eks", WEST, kind="nodegroup", name="cli/workers")
    equal(aws(WEST, "eks", "describe-cluster", "--name", "cli")["cluster"]["status"], "ACTIVE")
    one = ("--cluster-name", "cli", "--nodegroup-name", "workers")
    update = ("eks", "update-nodegroup-config", *one, "--scaling-config")
    refused("InvalidParameterException", aws, WEST, *update, "desiredSize=9")
    got = aws(WEST, *update, "minSize=1,maxSize=9,desiredSize=9")["update"]
    make(aws, "eks", WEST, kind="nodegroup", name="cli/busy", status="UPDATING")
    refused("ResourceInUseException", aws, WEST, "eks", "update-nodegroup-config", "--cluster-name", "cli",
            "--nodegroup-name", "busy", "--scaling-config", "desiredSize=3")
    until(lambda: aws(WEST, "eks", "describe-nodegroup", *one)["nodegroup"]["status"] == "ACTIVE")
    equal(aws(WEST, "eks", "describe-nodegroup", *one)["nodegroup"]["scalingConfig"]["desiredSize"], 9)
    equal(aws(WEST, "eks", "describe-update", "--name", "cli", "--update-id", got["id"])["update"]["status"], "Successful")


GROUPS = [nodegroups]
