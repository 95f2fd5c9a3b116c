from awscli_lib import *


def service_quotas(aws):
    one = ("--service-code", "ec2", "--quota-code", "L-1216C47A")
    quota = aws(WEST, "service-quotas", "get-service-quota", *one)["Quota"]
    equal((quota["Value"], quota["QuotaCode"]), (640.0, "L-1216C47A"))
    default = aws(WEST, "service-quotas", "get-aws-default-service-quota", *one, op="GetAWSDefaultServiceQuota")
    equal(default["Quota"]["Value"], 5.0)
    other = ("--service-code", "ec2", "--quota-code", "L-0263D0A3")
    refused("NoSuchResourceException", aws, WEST, "service-quotas", "get-service-quota", *other)
    aws.world.sand('make service-quotas us-west-2 {"service":"ec2","code":"L-0263D0A3","value":20}')
    equal(aws(WEST, "service-quotas", "get-service-quota", *other)["Quota"]["Value"], 20.0)
    listed = aws(WEST, "service-quotas", "list-service-quotas", "--service-code", "ec2")["Quotas"]
    equal(sorted(q["QuotaCode"] for q in listed), ["L-0263D0A3", "L-1216C47A"])
    refused("NoSuchResourceException", aws, WEST, "service-quotas", "list-service-quotas", "--service-code", "nothing")


GROUPS = [service_quotas]
