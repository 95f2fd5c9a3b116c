from awscli_lib import *


def accelerators(aws):
    arn = "arn:aws:globalaccelerator::123456789012:accelerator/cli"
    group = arn + "/listener/1/endpoint-group/1"
    make(aws, "globalaccelerator", WEST, kind="accelerator", name=arn)
    make(aws, "globalaccelerator", WEST, kind="endpoint-group", name=group, EndpointGroupRegion=EAST)
    one = ("--endpoint-group-arn", group)
    equal(aws(WEST, "globalaccelerator", "describe-endpoint-group", *one)["EndpointGroup"]["TrafficDialPercentage"], 100)
    listeners = aws(WEST, "globalaccelerator", "list-listeners", "--accelerator-arn", arn)["Listeners"]
    equal([x["ListenerArn"] for x in listeners], [arn + "/listener/1"])
    groups = aws(WEST, "globalaccelerator", "list-endpoint-groups", "--listener-arn", arn + "/listener/1")
    equal([g["EndpointGroupArn"] for g in groups["EndpointGroups"]], [group])
    dial = ("globalaccelerator", "update-endpoint-group", *one, "--traffic-dial-percentage")
    equal(aws(WEST, *dial, "0")["EndpointGroup"]["TrafficDialPercentage"], 0)
    status = ("globalaccelerator", "describe-accelerator", "--accelerator-arn", arn)
    until(lambda: aws(WEST, *status)["Accelerator"]["Status"] == "DEPLOYED")
    refused("InvalidArgumentException", aws, WEST, *dial, "101")
    refused("SignatureDoesNotMatch", aws, EAST, "globalaccelerator", "describe-endpoint-group", *one)  # it is not there


GROUPS = [accelerators]
