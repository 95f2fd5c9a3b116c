from awscli_lib import *


def sts(aws):
    equal(aws(EAST, "sts", "get-caller-identity")["Account"], "123456789012")
    role = aws(WEST, "sts", "assume-role", "--role-arn", "arn:aws:iam::123456789012:role/dr-act",
               "--role-session-name", "drill")
    assert role["AssumedRoleUser"]["Arn"].endswith("assumed-role/dr-act/drill"), role
    assert role["Credentials"]["SecretAccessKey"]
    refused("ValidationError", aws, WEST, "sts", "assume-role", "--role-arn", "arn:aws:iam::123456789012:user/nobody",
            "--role-session-name", "drill")


def wrong_keys(aws):
    stranger = Cli(aws.world, aws.forks, key="AKIASOMEBODYELSE0001")
    liar = Cli(aws.world, aws.forks, secret="not-the-secret")
    refused("InvalidClientTokenId", stranger, EAST, "sts", "get-caller-identity")
    refused("UnrecognizedClientException", stranger, EAST, "ecs", "list-clusters")
    refused("InvalidAccessKeyId", stranger, EAST, "s3api", "list-buckets")
    refused("SignatureDoesNotMatch", liar, EAST, "rds", "describe-global-clusters")
    refused("InvalidSignatureException", liar, EAST, "ecs", "list-clusters")
    refused("SignatureDoesNotMatch", liar, EAST, "s3api", "list-buckets")


GROUPS = [sts, wrong_keys]
