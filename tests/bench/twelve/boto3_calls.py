"""The twelve calls by boto3: boto3_calls.py ENDPOINT [PASSES]. Prints the milliseconds of each pass: the first pays for the clients."""
import sys, time

began = time.perf_counter()
import boto3  # noqa: E402: what importing it costs is a script's cost
from botocore.config import Config  # noqa: E402

FROM, TO = "us-east-1", "us-west-2"
config = Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1})


def client(service, region):
    return boto3.client(service, region_name=region, endpoint_url=sys.argv[1], config=config)


def calls(c):
    rds, ecs, asg, dns, s3, dynamodb, sns = c
    db = rds.describe_global_clusters(GlobalClusterIdentifier="shop-db")["GlobalClusters"][0]
    other = [m["DBClusterArn"] for m in db["GlobalClusterMembers"] if not m["IsWriter"]][0]
    rds.failover_global_cluster(GlobalClusterIdentifier="shop-db", TargetDbClusterIdentifier=other)
    ecs.update_service(cluster="shop", service="web", desiredCount=6)
    ecs.update_service(cluster="shop", service="worker", desiredCount=2)
    for group in ("shop-batch", "shop-extra"):
        asg.update_auto_scaling_group(AutoScalingGroupName=group, MinSize=0, MaxSize=10, DesiredCapacity=3)
    record = {"Name": "api.shop.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.2"}]}
    change = dns.change_resource_record_sets(HostedZoneId="Z0SHOP", ChangeBatch={
        "Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]})
    dns.get_change(Id=change["ChangeInfo"]["Id"])
    rules = s3.get_bucket_replication(Bucket="shop-assets-usw2")["ReplicationConfiguration"]
    s3.put_bucket_replication(Bucket="shop-assets-usw2", ReplicationConfiguration=rules)
    dynamodb.describe_table(TableName="shop-carts")
    sns.publish(TopicArn="arn:aws:sns:%s:123456789012:oncall" % TO, Message="twelve moved to " + TO)


def main():
    clients = [client("rds", FROM), client("ecs", TO), client("autoscaling", TO), client("route53", "us-east-1"),
               client("s3", TO), client("dynamodb", TO), client("sns", TO)]
    at = began
    for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 1):
        calls(clients)
        now = time.perf_counter()
        print("%.3f" % ((now - at) * 1000))
        clients[0] = client("rds", TO)  # a switchover is asked for where the writer is: now there
        at = time.perf_counter()


main()
