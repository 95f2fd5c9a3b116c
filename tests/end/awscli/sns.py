from awscli_lib import *


def topics(aws):
    make(aws, "sns", WEST, kind="topic", name="oncall")
    topic = "arn:aws:sns:us-west-2:123456789012:oncall"
    assert aws(WEST, "sns", "publish", "--topic-arn", topic, "--message", "hello", "--subject", "trial")["MessageId"]
    attributes = aws(WEST, "sns", "get-topic-attributes", "--topic-arn", topic)["Attributes"]
    equal((attributes["TopicArn"], attributes["SubscriptionsConfirmed"]), (topic, "1"))
    refused("NotFound", aws, WEST, "sns", "publish", "--topic-arn", topic + "x", "--message", "hello")


GROUPS = [topics]
