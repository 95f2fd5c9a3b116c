import json, os, tempfile

from awscli_lib import *


def s3_buckets(aws):
    names = [b["Name"] for b in aws(EAST, "s3api", "list-buckets")["Buckets"]]
    assert "shop-assets-use1" in names, names
    equal(aws(WEST, "s3api", "get-bucket-location", "--bucket", "shop-assets-usw2")["LocationConstraint"], WEST)
    aws(WEST, "s3api", "create-bucket", "--bucket", "evac-trial", "--create-bucket-configuration",
        "LocationConstraint=us-west-2")
    refused("BucketAlreadyOwnedByYou", aws, WEST, "s3api", "create-bucket", "--bucket", "evac-trial",
            "--create-bucket-configuration", "LocationConstraint=us-west-2")
    aws(WEST, "s3api", "head-bucket", "--bucket", "evac-trial")
    refused("NoSuchBucket", aws, WEST, "s3api", "get-bucket-versioning", "--bucket", "evac-nobody")
    equal(aws(WEST, "s3api", "get-bucket-versioning", "--bucket", "evac-trial"), None)
    refused("ReplicationConfigurationNotFoundError", aws, WEST, "s3api", "get-bucket-replication", "--bucket",
            "evac-trial")
    rule = json.dumps({"Role": "arn:aws:iam::123456789012:role/r", "Rules": [
        {"ID": "one", "Priority": 1, "Status": "Enabled", "Filter": {"Prefix": "a/"},
         "DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": "arn:aws:s3:::shop-assets-use1"}}]})
    put = ("s3api", "put-bucket-replication", "--bucket", "evac-trial", "--replication-configuration", rule)
    refused("InvalidRequest", aws, WEST, *put)  # not without versions
    aws(WEST, "s3api", "put-bucket-versioning", "--bucket", "evac-trial", "--versioning-configuration",
        "Status=Enabled")
    equal(aws(WEST, "s3api", "get-bucket-versioning", "--bucket", "evac-trial")["Status"], "Enabled")
    aws(WEST, *put)
    got = aws(WEST, "s3api", "get-bucket-replication", "--bucket", "evac-trial")["ReplicationConfiguration"]
    equal(got["Rules"][0]["Filter"]["Prefix"], "a/")
    aws(WEST, "s3api", "delete-bucket-replication", "--bucket", "evac-trial")
    aws(WEST, "s3api", "delete-bucket", "--bucket", "evac-trial")
    refused("404", aws, WEST, "s3api", "head-bucket", "--bucket", "evac-trial")


def s3_objects(aws):
    bucket = ("--bucket", "shop-assets-use1")
    with tempfile.TemporaryDirectory() as d:
        body, back = os.path.join(d, "body"), os.path.join(d, "back")
        open(body, "w").write("hello")
        put = aws(EAST, "s3api", "put-object", *bucket, "--key", "pics/ä b.txt", "--body", body)
        equal(put["ETag"], '"5d41402abc4b2a76b9719d911017c592"')
        aws(EAST, "s3api", "get-object", *bucket, "--key", "pics/ä b.txt", back)
        equal(open(back).read(), "hello")
        aws(EAST, "s3api", "get-object", *bucket, "--key", "pics/ä b.txt", "--range", "bytes=1-2", back)
        equal(open(back).read(), "el")
    head = aws(EAST, "s3api", "head-object", *bucket, "--key", "pics/ä b.txt")
    assert head["ReplicationStatus"] in ("PENDING", "COMPLETED"), head
    until(lambda: aws(EAST, "s3api", "head-object", *bucket, "--key", "pics/ä b.txt")["ReplicationStatus"] == "COMPLETED")
    equal(aws(WEST, "s3api", "head-object", "--bucket", "shop-assets-usw2", "--key",
              "pics/ä b.txt")["ReplicationStatus"], "REPLICA")
    listed = aws(EAST, "s3api", "list-objects-v2", *bucket, "--prefix", "pics/")
    equal([o["Key"] for o in listed["Contents"]], ["pics/ä b.txt"])
    refused("NoSuchKey", aws, EAST, "s3api", "get-object", *bucket, "--key", "nobody", "/dev/null")
    aws(EAST, "s3api", "delete-object", *bucket, "--key", "pics/ä b.txt")
    versions = aws(EAST, "s3api", "list-object-versions", *bucket, "--prefix", "pics/")
    first = aws(EAST, "s3api", "list-object-versions", *bucket, "--prefix", "pics/", "--page-size", "1")
    equal(first["Versions"], versions["Versions"])
    source = "shop-assets-use1/pics/ä b.txt?versionId=%s" % versions["Versions"][0]["VersionId"]
    copied = aws(EAST, "s3api", "copy-object", *bucket, "--key", "copied", "--copy-source", source)
    equal(copied["CopyObjectResult"]["ETag"], put["ETag"])
    refused("NoSuchKey", aws, EAST, "s3api", "copy-object", *bucket, "--key", "copied", "--copy-source",
            "shop-assets-use1/nobody")
    equal((len(versions["Versions"]), len(versions["DeleteMarkers"])), (1, 1))
    gone = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in versions["Versions"] + versions["DeleteMarkers"]]
    equal(len(aws(EAST, "s3api", "delete-objects", *bucket, "--delete", json.dumps({"Objects": gone}))["Deleted"]), 2)
    assert "Contents" not in (aws(EAST, "s3api", "list-objects-v2", *bucket, "--prefix", "pics/") or {})
    # asked in the wrong region, awscli is sent to the right one and goes there
    equal(aws(WEST, "s3api", "get-bucket-versioning", *bucket)["Status"], "Enabled")


GROUPS = [s3_buckets, s3_objects]
