from awscli_lib import *


def tags(aws):
    queues = ["arn:aws:sqs:%s:123456789012:tagged-%d" % (WEST, i) for i in range(3)]
    for i, arn in enumerate(queues):
        make(aws, "tagging", WEST, arn=arn, tags={"app": "tagged", "tier": "a" if i else "b"})

    def found(region, *args, **more):
        r = aws(region, "resourcegroupstaggingapi", "get-resources", *args, **more)
        return [m["ResourceARN"] for m in r["ResourceTagMappingList"]]
    tagged = ("--tag-filters", "Key=app,Values=tagged,other")
    equal(found(WEST, *tagged), queues)
    equal(found(EAST, *tagged), [])
    # awscli asks page by page
    equal(found(WEST, *tagged, "--page-size", "1"), queues)
    equal(found(WEST, *tagged, "Key=tier,Values=b"), queues[:1])
    equal(found(WEST, *tagged, "--resource-type-filters", "ecs:service"), [])
    # the shop's own; groups of EC2 Auto Scaling are told by their service alone
    shop = ("--tag-filters", "Key=app,Values=shop")
    equal(found(WEST, *shop, "--resource-type-filters", "rds:cluster", "autoscaling"),
          ["arn:aws:rds:us-west-2:123456789012:cluster:shop-db-usw2"])
    assert "arn:aws:route53:::hostedzone/Z0SHOP" in found(EAST, *shop)
    groups = aws(WEST, "autoscaling", "describe-auto-scaling-groups", "--filters", "Name=tag:app,Values=shop")
    equal([g["AutoScalingGroupName"] for g in groups["AutoScalingGroups"]], ["shop-batch"])
    refused("PaginationTokenExpiredException", aws, WEST, "resourcegroupstaggingapi", "get-resources", "--no-paginate",
            "--pagination-token", "x")
    refused("InvalidParameterException", aws, WEST, "resourcegroupstaggingapi", "get-resources", "--no-paginate",
            "--resources-per-page", "101")


GROUPS = [tags]
