import json

from awscli_lib import *


def cloudwatch(aws):
    metrics = aws(WEST, "cloudwatch", "list-metrics", "--namespace", "AWS/RDS")["Metrics"]
    assert {"Name": "DBClusterIdentifier", "Value": "shop-db-usw2"} in metrics[0]["Dimensions"], metrics
    for value in (1, 5):
        aws(WEST, "cloudwatch", "put-metric-data", "--namespace", "Trial", "--metric-data",
            "MetricName=depth,Value=%d,Dimensions=[{Name=Queue,Value=q}]" % value)
    begin, end = stamp(-600), stamp(60)
    statistics = aws(WEST, "cloudwatch", "get-metric-statistics", "--namespace", "Trial", "--metric-name", "depth",
                     "--dimensions", "Name=Queue,Value=q", "--start-time", begin, "--end-time", end, "--period", "60",
                     "--statistics", "Maximum", "SampleCount")["Datapoints"]
    equal((max(p["Maximum"] for p in statistics), sum(p["SampleCount"] for p in statistics)), (5.0, 2.0))
    query = json.dumps([{"Id": "a", "MetricStat": {"Metric": {
        "Namespace": "Trial", "MetricName": "depth", "Dimensions": [{"Name": "Queue", "Value": "q"}]},
        "Period": 60, "Stat": "Maximum"}}])
    data = aws(WEST, "cloudwatch", "get-metric-data", "--metric-data-queries", query, "--start-time", begin,
               "--end-time", end)["MetricDataResults"][0]
    equal((data["StatusCode"], max(data["Values"])), ("Complete", 5.0))
    refused("ValidationError", aws, WEST, "cloudwatch", "get-metric-data", "--metric-data-queries",
            query.replace("60", "7"), "--start-time", begin, "--end-time", end)
    aws(WEST, "cloudwatch", "put-metric-alarm", "--alarm-name", "deep", "--namespace", "Trial", "--metric-name", "depth",
        "--dimensions", "Name=Queue,Value=q", "--statistic", "Maximum", "--period", "60", "--evaluation-periods", "1",
        "--threshold", "3", "--comparison-operator", "GreaterThanThreshold")
    alarm = ("cloudwatch", "describe-alarms", "--alarm-names", "deep")
    assert aws(WEST, *alarm)["MetricAlarms"][0]["StateValue"] in ("ALARM", "INSUFFICIENT_DATA")
    aws(WEST, "cloudwatch", "set-alarm-state", "--alarm-name", "deep", "--state-value", "OK", "--state-reason", "drill")
    equal(aws(WEST, *alarm)["MetricAlarms"][0]["StateValue"], "OK")
    make(aws, "cloudwatch", WEST, kind="CompositeAlarm", name="both", StateValue="ALARM")
    equal(len(aws(WEST, "cloudwatch", "describe-alarms", "--alarm-names", "both")["CompositeAlarms"]), 0)
    composite = aws(WEST, "cloudwatch", "describe-alarms", "--alarm-names", "both", "--alarm-types", "CompositeAlarm")
    equal(composite["CompositeAlarms"][0]["StateValue"], "ALARM")
    aws(WEST, "cloudwatch", "delete-alarms", "--alarm-names", "deep")
    refused("ResourceNotFound", aws, WEST, "cloudwatch", "set-alarm-state", "--alarm-name", "deep", "--state-value",
            "OK", "--state-reason", "drill")


GROUPS = [cloudwatch]
