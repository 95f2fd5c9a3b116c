from awscli_lib import *

IMAGE, OLD = "ami-0000000000000ec2a", "ami-0000000000000ec2b"
FILTER = "--filters"


def make(aws, region, text):
    aws.world.sand("make ec2 %s %s" % (region, text))


def states(aws, region, *args):
    described = aws(region, "ec2", "describe-instances", *args)["Reservations"]
    return sorted((i["InstanceId"], i["State"]["Name"]) for r in described for i in r["Instances"])


def ec2_instances(aws):
    make(aws, WEST, '{"image":"%s","name":"web-2026-02"}' % IMAGE)
    make(aws, WEST, '{"launch_template":"","name":"web","image":"%s","type":"m6i.large"}' % IMAGE)
    make(aws, WEST, '{"instance":"i-0000000000000ec21","state":"stopped","tags":{"role":"db"}}')
    ids = ("--instance-ids", "i-0000000000000ec21")
    equal(states(aws, WEST, *ids), [("i-0000000000000ec21", "stopped")])
    changed = aws(WEST, "ec2", "start-instances", *ids)["StartingInstances"][0]
    equal((changed["PreviousState"]["Code"], changed["CurrentState"]["Name"]), (80, "pending"))
    by_tag = (FILTER, "Name=tag:role,Values=d?", "Name=instance-state-name,Values=running")
    until(lambda: states(aws, WEST, *by_tag) == [("i-0000000000000ec21", "running")])
    equal(aws(WEST, "ec2", "start-instances", *ids)["StartingInstances"][0]["CurrentState"]["Name"], "running")
    refused("DryRunOperation", aws, WEST, "ec2", "stop-instances", *ids, "--dry-run")
    aws(WEST, "ec2", "stop-instances", *ids)
    until(lambda: states(aws, WEST, *ids)[0][1] == "stopped")
    refused("InvalidInstanceID.NotFound", aws, WEST, "ec2", "start-instances", "--instance-ids", "i-0000000000000beef")
    refused("InvalidInstanceID.Malformed", aws, WEST, "ec2", "describe-instances", "--instance-ids", "web")
    refused("InvalidParameterValue", aws, WEST, "ec2", "describe-instances", FILTER, "Name=colour,Values=red")
    refused("InvalidParameterCombination", aws, WEST, "ec2", "describe-instances", *ids, "--max-results", "5")

    launch = ("--launch-template", "LaunchTemplateName=web", "--count", "3", "--client-token", "once",
              "--tag-specifications", "ResourceType=instance,Tags=[{Key=role,Value=web}]")
    run = aws(WEST, "ec2", "run-instances", *launch)
    equal([(i["ImageId"], i["InstanceType"], i["State"]["Name"]) for i in run["Instances"]],
          [(IMAGE, "m6i.large", "pending")] * 3)
    again = aws(WEST, "ec2", "run-instances", *launch)
    equal((again["ReservationId"], len(again["Instances"])), (run["ReservationId"], 3))
    refused("IdempotentParameterMismatch", aws, WEST, "ec2", "run-instances", *launch[:3], "4", *launch[4:])
    refused("InvalidLaunchTemplateName.NotFoundException", aws, WEST, "ec2", "run-instances", "--launch-template",
            "LaunchTemplateName=nothing")
    refused("InvalidAMIID.NotFound", aws, WEST, "ec2", "run-instances", "--image-id", "ami-0000000000000beef")
    refused("VcpuLimitExceeded", aws, WEST, "ec2", "run-instances", "--image-id", IMAGE, "--count", "60",
            "--instance-type", "m6i.4xlarge")
    page = aws(WEST, "ec2", "describe-instances", FILTER, "Name=tag:role,Values=web", "--no-paginate",
               "--max-results", "5")["Reservations"]
    equal([len(r["Instances"]) for r in page], [3])
    first = run["Instances"][0]["InstanceId"]
    aws(WEST, "ec2", "create-tags", "--resources", first, IMAGE, "--tags", "Key=seen,Value=yes")
    tags = aws(WEST, "ec2", "describe-tags", FILTER, "Name=key,Values=seen")["Tags"]
    equal(sorted((t["ResourceType"], t["Value"]) for t in tags), [("image", "yes"), ("instance", "yes")])
    refused("InvalidID", aws, WEST, "ec2", "create-tags", "--resources", "x-1", "--tags", "Key=a,Value=b")
    refused("InvalidParameterValue", aws, WEST, "ec2", "create-tags", "--resources", first, "--tags",
            "Key=aws:a,Value=b")
    ended = aws(WEST, "ec2", "terminate-instances", "--instance-ids", first)["TerminatingInstances"][0]
    equal(ended["CurrentState"]["Name"], "shutting-down")
    until(lambda: states(aws, WEST, "--instance-ids", first)[0][1] == "terminated")
    for change in ("start-instances", "stop-instances"):
        refused("IncorrectInstanceState", aws, WEST, "ec2", change, "--instance-ids", first)
    make(aws, WEST, '{"instance":"i-0000000000000ec22","protected":true}')
    refused("OperationNotPermitted", aws, WEST, "ec2", "terminate-instances", "--instance-ids", "i-0000000000000ec22")

    templates = aws(WEST, "ec2", "describe-launch-templates", "--launch-template-names", "web")["LaunchTemplates"]
    equal(templates[0]["LatestVersionNumber"], 1)
    versions = aws(WEST, "ec2", "describe-launch-template-versions", "--launch-template-name", "web", "--versions",
                   "$Latest")["LaunchTemplateVersions"]
    equal((versions[0]["LaunchTemplateData"]["ImageId"], versions[0]["DefaultVersion"]), (IMAGE, True))
    refused("InvalidLaunchTemplateId.VersionNotFound", aws, WEST, "ec2", "describe-launch-template-versions",
            "--launch-template-name", "web", "--versions", "7")


def ec2_storage(aws):
    make(aws, EAST, '{"image":"%s","name":"web-2026-01","of":"snap-0000000000000ec2a"}' % OLD)
    make(aws, EAST, '{"snapshot":"snap-0000000000000ec2a","size":2,"age_s":600}')
    copied = aws(WEST, "ec2", "copy-image", "--name", "web-2026-01", "--source-image-id", OLD, "--source-region", EAST,
                 "--client-token", "copy")["ImageId"]
    equal(aws(WEST, "ec2", "copy-image", "--name", "web-2026-01", "--source-image-id", OLD, "--source-region", EAST,
              "--client-token", "copy")["ImageId"], copied)

    def image():
        return aws(WEST, "ec2", "describe-images", "--owners", "self", FILTER, "Name=name,Values=web-*-01")["Images"][0]
    equal(image()["ImageId"], copied)
    until(lambda: image()["State"] == "available")
    refused("InvalidAMIID.NotFound", aws, WEST, "ec2", "describe-images", "--image-ids", OLD)
    snapshot = aws(WEST, "ec2", "copy-snapshot", "--source-region", EAST, "--source-snapshot-id",
                   "snap-0000000000000ec2a", "--description", "db")["SnapshotId"]
    make(aws, WEST, '{"snapshot":"snap-0000000000000ec2b","state":"pending"}')
    refused("IncorrectState", aws, WEST, "ec2", "create-volume", "--availability-zone", "us-west-2b", "--snapshot-id",
            "snap-0000000000000ec2b")

    def state():
        return aws(WEST, "ec2", "describe-snapshots", "--snapshot-ids", snapshot)["Snapshots"][0]
    until(lambda: (state()["State"], state()["Progress"]) == ("completed", "100%"))
    refused("InvalidSnapshot.NotFound", aws, WEST, "ec2", "copy-snapshot", "--source-region", EAST,
            "--source-snapshot-id", "snap-0000000000000beef")
    refused("InvalidParameterValue", aws, WEST, "ec2", "create-volume", "--availability-zone", "us-west-2x",
            "--snapshot-id", snapshot)
    volume = aws(WEST, "ec2", "create-volume", "--availability-zone", "us-west-2b", "--snapshot-id", snapshot,
                 "--client-token", "vol")
    equal((volume["State"], volume["Size"]), ("creating", 2))
    until(lambda: [v["State"] for v in aws(WEST, "ec2", "describe-volumes", FILTER,
                                           "Name=snapshot-id,Values=" + snapshot)["Volumes"]] == ["available"])


def ec2_capacity(aws):
    region = "eu-west-1"
    want = ("--instance-type", "c6i.large", "--instance-platform", "Linux/UNIX", "--availability-zone", region + "a")
    made = aws(region, "ec2", "create-capacity-reservation", *want, "--instance-count", "2", "--tag-specifications",
               "ResourceType=capacity-reservation,Tags=[{Key=role,Value=web}]")["CapacityReservation"]
    one = ("--capacity-reservation-id", made["CapacityReservationId"])

    def now():
        return aws(region, "ec2", "describe-capacity-reservations", FILTER,
                   "Name=tag:role,Values=web")["CapacityReservations"][0]
    until(lambda: now()["State"] == "active")
    aws.world.sand("service ec2 %s capacity-refused" % region)
    make(aws, region, '{"image":"ami-0000000000000ec2d","name":"app"}')
    run = ("--image-id", "ami-0000000000000ec2d", "--instance-type", "c6i.large", "--placement",
           "AvailabilityZone=%sa" % region)
    aws(region, "ec2", "run-instances", *run, "--count", "2")
    equal(now()["AvailableInstanceCount"], 0)
    refused("InsufficientInstanceCapacity", aws, region, "ec2", "run-instances", *run)
    refused("InsufficientInstanceCapacity", aws, region, "ec2", "modify-capacity-reservation", *one,
            "--instance-count", "5")
    aws.world.sand("service ec2 %s up" % region)
    aws(region, "ec2", "modify-capacity-reservation", *one, "--instance-count", "5")
    equal((now()["TotalInstanceCount"], now()["AvailableInstanceCount"]), (5, 3))
    refused("InvalidParameterValue", aws, region, "ec2", "create-capacity-reservation", *want[:2],
            "--instance-platform", "OS/2", *want[4:], "--instance-count", "2")
    aws(region, "ec2", "cancel-capacity-reservation", *one)
    equal(now()["State"], "cancelled")
    refused("InvalidCapacityReservationState", aws, region, "ec2", "cancel-capacity-reservation", *one)
    aws.world.sand("service ec2 %s throttled" % region)
    refused("RequestLimitExceeded", aws, region, "ec2", "describe-volumes")
    aws.world.sand("service ec2 %s denied" % region)
    aws.world.sand("service ec2 %s up" % region)
    refused("AuthFailure", type(aws)(aws.world, aws.forks, secret="wrong"), region, "ec2", "describe-volumes")



def offerings(aws):
    def offered(kind):
        found = aws(WEST, "ec2", "describe-instance-type-offerings", "--location-type", kind, "--filters",
                    "Name=instance-type,Values=c7g.large")["InstanceTypeOfferings"]
        return [o["Location"] for o in found]
    equal(offered("region"), [WEST])
    make(aws, WEST, '{"not_offered":"c7g.large","zone":"b"}')
    equal(offered("availability-zone"), ["us-west-2a", "us-west-2c"])
    make(aws, WEST, '{"not_offered":"c7g.large"}')
    equal(offered("region"), [])

GROUPS = [ec2_instances, ec2_storage, ec2_capacity, offerings]
