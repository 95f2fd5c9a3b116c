# Newer than Debian's awscli (its service is of November 2023).
SHOWN = "tests/unit/test_sandbox_kvs.c"
TOO_NEW = {("cloudfront-keyvaluestore", op): SHOWN for op in (
    "DescribeKeyValueStore", "GetKey", "ListKeys", "PutKey", "DeleteKey", "UpdateKeys")}
GROUPS = []
