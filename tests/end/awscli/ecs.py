from awscli_lib import *


def ecs(aws):
    equal(len(aws(WEST, "ecs", "list-clusters")["clusterArns"]), 1)
    equal(aws(WEST, "ecs", "describe-clusters", "--clusters", "shop")["clusters"][0]["activeServicesCount"], 2)
    equal(len(aws(WEST, "ecs", "list-services", "--cluster", "shop")["serviceArns"]), 2)
    described = aws(WEST, "ecs", "describe-services", "--cluster", "shop", "--services", "web", "nobody")
    equal((described["services"][0]["runningCount"], described["failures"][0]["reason"]), (1, "MISSING"))
    equal(aws(WEST, "ecs", "update-service", "--cluster", "shop", "--service", "web", "--desired-count",
              "3")["service"]["desiredCount"], 3)
    until(lambda: aws(WEST, "ecs", "describe-services", "--cluster", "shop", "--services", "web")["services"][0]
          ["runningCount"] == 3)
    tasks = aws(WEST, "ecs", "list-tasks", "--cluster", "shop", "--service-name", "web")["taskArns"]
    equal(len(tasks), 3)
    one = aws(WEST, "ecs", "describe-tasks", "--cluster", "shop", "--tasks", tasks[0])["tasks"][0]
    equal((one["lastStatus"], one["group"]), ("RUNNING", "service:web"))
    refused("ServiceNotFoundException", aws, WEST, "ecs", "update-service", "--cluster", "shop", "--service", "nobody",
            "--desired-count", "1")
    refused("ClusterNotFoundException", aws, WEST, "ecs", "list-services", "--cluster", "nobody")
    service = described["services"][0]
    equal(service["platformVersion"], "1.4.0")
    made = aws(WEST, "ecs", "describe-task-definition", "--task-definition", service["taskDefinition"])["taskDefinition"]
    equal((made["family"], made["status"], made["containerDefinitions"][0]["image"]),
          ("web", "ACTIVE", "123456789012.dkr.ecr.us-west-2.amazonaws.com/web:1"))
    refused("ClientException", aws, WEST, "ecs", "describe-task-definition", "--task-definition", "nobody:1")
    created = aws(WEST, "ecs", "create-service", "--cluster", "shop", "--service-name", "extra", "--task-definition",
                  "extra:1", "--desired-count", "1")
    equal(created["service"]["status"], "ACTIVE")
    refused("InvalidParameterException", aws, WEST, "ecs", "delete-service", "--cluster", "shop", "--service", "extra")
    aws(WEST, "ecs", "delete-service", "--cluster", "shop", "--service", "extra", "--force")
    equal(len(aws(WEST, "ecs", "list-services", "--cluster", "shop")["serviceArns"]), 2)


GROUPS = [ecs]
