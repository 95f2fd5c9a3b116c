import json, subprocess, urllib.error, urllib.request

from awscli_lib import *


def nodegroups(aws):
    make(aws, "eks", WEST, kind="cluster", name="cli")
    make(aws, "eks", WEST, kind="nodegroup", name="cli/workers")
    equal(aws(WEST, "eks", "describe-cluster", "--name", "cli")["cluster"]["status"], "ACTIVE")
    one = ("--cluster-name", "cli", "--nodegroup-name", "workers")
    update = ("eks", "update-nodegroup-config", *one, "--scaling-config")
    refused("InvalidParameterException", aws, WEST, *update, "desiredSize=9")
    got = aws(WEST, *update, "minSize=1,maxSize=9,desiredSize=9")["update"]
    make(aws, "eks", WEST, kind="nodegroup", name="cli/busy", status="UPDATING")
    refused("ResourceInUseException", aws, WEST, "eks", "update-nodegroup-config", "--cluster-name", "cli",
            "--nodegroup-name", "busy", "--scaling-config", "desiredSize=3")
    until(lambda: aws(WEST, "eks", "describe-nodegroup", *one)["nodegroup"]["status"] == "ACTIVE")
    equal(aws(WEST, "eks", "describe-nodegroup", *one)["nodegroup"]["scalingConfig"]["desiredSize"], 9)
    equal(aws(WEST, "eks", "describe-update", "--name", "cli", "--update-id", got["id"])["update"]["status"], "Successful")


class Cluster:
    """A cluster's own API, as a program sees it that has awscli's token for it."""

    def __init__(self, aws, region, name, token_of=None):
        self.server = aws(region, "eks", "describe-cluster", "--name", name)["cluster"]["endpoint"]
        token = subprocess.run([AWS, "--region", region, "eks", "get-token", "--cluster-name", token_of or name],
                               capture_output=True, text=True, env=aws.env, timeout=60, check=True)
        self.token = json.loads(token.stdout)["status"]["token"]

    def __call__(self, operation, method, path, patch=None):
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": "application/merge-patch+json"}
        request = urllib.request.Request(self.server + path, method=method, headers=headers,
                                         data=None if patch is None else json.dumps(patch).encode())
        with lock:
            called.add(("kubernetes", operation))
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as e:
            status = json.load(e)
            raise Refused(status["reason"], status["message"])


def workloads(aws):
    """What a cluster runs; with tokens that awscli makes."""
    make(aws, "eks", WEST, kind="cluster", name="apps")
    for kind in ("deployment", "hpa", "cronjob"):
        make(aws, "kubernetes", WEST, kind=kind, name="apps/default/web")
    deployment = "/apis/apps/v1/namespaces/default/deployments/web"
    hpa = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/web"
    cronjob = "/apis/batch/v1/namespaces/default/cronjobs/web"
    refused("Unauthorized", Cluster(aws, WEST, "apps", token_of="cli"), "ReadDeployment", "GET", deployment)
    call = Cluster(aws, WEST, "apps")
    version = call("ReadDeployment", "GET", deployment)["metadata"]["resourceVersion"]
    patch = {"metadata": {"resourceVersion": version}, "spec": {"replicas": 3}}
    equal(call("PatchDeploymentScale", "PATCH", deployment + "/scale", patch)["spec"]["replicas"], 3)
    refused("Conflict", call, "PatchDeploymentScale", "PATCH", deployment + "/scale", patch)
    until(lambda: call("ReadDeployment", "GET", deployment)["status"]["readyReplicas"] == 3)
    equal(len(call("ListPods", "GET", "/api/v1/namespaces/default/pods?labelSelector=app%3Dweb&limit=5")["items"]), 3)
    equal(call("ReadHorizontalPodAutoscaler", "GET", hpa)["spec"]["minReplicas"], 1)
    refused("Invalid", call, "PatchHorizontalPodAutoscaler", "PATCH", hpa, {"spec": {"minReplicas": 11}})
    equal(call("PatchHorizontalPodAutoscaler", "PATCH", hpa, {"spec": {"minReplicas": 5}})["spec"]["minReplicas"], 5)
    until(lambda: call("ReadDeployment", "GET", deployment)["spec"]["replicas"] == 5)
    equal(call("ReadCronJob", "GET", cronjob)["spec"]["suspend"], False)
    equal(call("PatchCronJob", "PATCH", cronjob, {"spec": {"suspend": True}})["spec"]["suspend"], True)
    refused("NotFound", call, "ReadDeployment", "GET", deployment + "x")


GROUPS = [nodegroups, workloads]
