#!/usr/bin/env python3
"""The twelve calls of a failover by evac and by what people script them with, in one run, against one sandbox.

    bench_runbook.py BIN_DIR [--rounds N] [--only WHO,...] [--json]

The calls: describe a global database and switch it, two ECS updates, two Auto Scaling updates, a record's change and its
status, S3 replication read and written, a DynamoDB table described, a message to SNS. evac does more: it fences before it
promotes, looks before and after each change, verifies before it moves users, and each step is durable before it is sent.

curl     the same requests, signed beforehand, over one kept connection. "calls" are its transfers alone, without the start
         of the process: the floor, above which all are told
evac     evacd, started before (a controller is there before the outage): from the question to its API to the run's last row
boto3    a script: cold, as it is started in an emergency, and warm, its second pass
awscli   a bash script
ansible  a playbook of the uri module with the same signed requests: less than modules of its own would do

What is not installed is named and left out. The sandbox answers at once and limits nothing; who is first in a round changes.
"""
import argparse, base64, hashlib, http.client, json, os, shutil, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from harness import World  # noqa: E402
from unix_http import Unix  # noqa: E402

TWELVE = os.path.join(HERE, "twelve")
# One that has boto3: Debian's, whatever else is first in the path.
PYTHON = "/usr/bin/python3"
ACCOUNT = "123456789012"


class Twelve(World):
    """A sandbox that answers at once, with what the twelve calls touch, and an evacd beside it."""

    def __init__(self, bin_dir):
        super().__init__(bin_dir, speed=0, limits="off")

    def make_resources(self):
        for region in ("us-east-1", "us-west-2"):
            self.sand('make lambda %s {"kind":"function","name":"writer"}' % region)
            self.sand('make sns %s {"kind":"topic","name":"oncall"}' % region)
            self.sand('make autoscaling %s {"group":"shop-extra","min":0,"max":10,"desired":1}' % region)
        self.sand('make dynamodb us-east-1 {"table":"shop-carts","replicas":["us-east-1","us-west-2"]}')
        self.sand('make route53 us-east-1 {"kind":"record","zone":"Z0SHOP","name":"api.shop.example.com","value":"192.0.2.1"}')
        self.sand("lag us-west-2 0")  # a switchover waits for the replication, whoever asked for it

    def write_conf(self, replace):
        conf = os.path.join(self.dir, "conf")
        for name, source in (("evac.cfg", "evac.cfg"), ("apps/twelve.cfg", "app.cfg"),
                             ("runbooks/twelve.cfg", "runbook.cfg")):
            text = open(os.path.join(TWELVE, source)).read()
            for key, value in (("@DIR@", self.dir), ("@PORT@", self.ports["http_port"]),
                               ("@DNS_PORT@", self.ports["dns_port"])):
                text = text.replace(key, str(value))
            path = os.path.join(conf, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as f:
                f.write(text)

    def endpoint(self):
        return "http://127.0.0.1:%d" % self.ports["http_port"]


# --- the same requests, signed ----------------------------------------------------------------------------------------

SIGNER = r"""
import json, sys
from botocore.auth import SigV4Auth, S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
key, secret, rows = json.load(sys.stdin)
out = []
for service, region, method, url, headers, body in rows:
    request = AWSRequest(method=method, url=url, data=body.encode(), headers=headers)
    (S3SigV4Auth if service == "s3" else SigV4Auth)(Credentials(key, secret), service, region).add_auth(request)
    out.append([method, url, dict(request.headers.items()), body])
json.dump(out, sys.stdout)
"""


def query(action, version, **more):
    from urllib.parse import urlencode
    return urlencode(dict(Action=action, Version=version, **more))


def md5(text):
    return base64.b64encode(hashlib.md5(text.encode()).digest()).decode()


def requests(endpoint, change, rules):
    to, form = "us-west-2", {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}

    def target(name, version):
        return {"X-Amz-Target": name, "Content-Type": "application/x-amz-json-" + version}

    record = ('<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes><Change>'
              '<Action>UPSERT</Action><ResourceRecordSet><Name>api.shop.example.com</Name><Type>A</Type><TTL>60</TTL><ResourceRecords>'
              '<ResourceRecord><Value>192.0.2.2</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes>'
              '</ChangeBatch></ChangeResourceRecordSetsRequest>')
    grow = dict(MinSize=0, MaxSize=10, DesiredCapacity=3)
    return [
        ["rds", "us-east-1", "POST", endpoint + "/", form, query("DescribeGlobalClusters", "2014-10-31", GlobalClusterIdentifier="shop-db")],
        ["rds", "us-east-1", "POST", endpoint + "/", form, query(
            "FailoverGlobalCluster", "2014-10-31", GlobalClusterIdentifier="shop-db",
            TargetDbClusterIdentifier="arn:aws:rds:us-west-2:%s:cluster:shop-db-usw2" % ACCOUNT)],
        ["ecs", to, "POST", endpoint + "/", target("AmazonEC2ContainerServiceV20141113.UpdateService", "1.1"),
         '{"cluster":"shop","service":"web","desiredCount":6}'],
        ["ecs", to, "POST", endpoint + "/", target("AmazonEC2ContainerServiceV20141113.UpdateService", "1.1"),
         '{"cluster":"shop","service":"worker","desiredCount":2}'],
        ["autoscaling", to, "POST", endpoint + "/", form, query(
            "UpdateAutoScalingGroup", "2011-01-01", AutoScalingGroupName="shop-batch", **grow)],
        ["autoscaling", to, "POST", endpoint + "/", form, query(
            "UpdateAutoScalingGroup", "2011-01-01", AutoScalingGroupName="shop-extra", **grow)],
        ["route53", "us-east-1", "POST", endpoint + "/2013-04-01/hostedzone/Z0SHOP/rrset/", {}, record],
        ["route53", "us-east-1", "GET", endpoint + "/2013-04-01/change/" + change, {}, ""],
        ["s3", to, "GET", endpoint + "/shop-assets-usw2?replication", {}, ""],
        ["s3", to, "PUT", endpoint + "/shop-assets-usw2?replication", {"Content-MD5": md5(rules)}, rules],
        ["dynamodb", to, "POST", endpoint + "/", target("DynamoDB_20120810.DescribeTable", "1.0"), '{"TableName":"shop-carts"}'],
        ["sns", to, "POST", endpoint + "/", form, query(
            "Publish", "2010-03-31", TopicArn="arn:aws:sns:%s:%s:oncall" % (to, ACCOUNT), Message="twelve moved to " + to)],
    ]


def sign(world, rows):
    r = subprocess.run([PYTHON, "-c", SIGNER], input=json.dumps([world.ports["access_key_id"],
                       world.ports["secret_access_key"], rows]), capture_output=True, text=True, check=True)
    return json.loads(r.stdout)


def ask(world, signed, expected=200):
    """One signed request, for what the next ones need to know."""
    method, url, headers, body = signed
    connection = http.client.HTTPConnection("127.0.0.1", world.ports["http_port"], timeout=10)
    connection.request(method, url[len(world.endpoint()):], body or None, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    if answer.status != expected:
        raise SystemExit("%s: %d %s" % (url, answer.status, text))
    return text


def signed_calls(world):
    rows = requests(world.endpoint(), "none", "")
    change, rules = (ask(world, sign(world, [rows[i]])[0]) for i in (6, 8))
    return sign(world, requests(world.endpoint(), change.split("<Id>/change/")[1].split("<")[0], rules))


# --- who does it: each returns milliseconds by name ---------------------------------------------------------------------


def timed(command, **more):
    began = time.perf_counter()
    r = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, **more)
    took = (time.perf_counter() - began) * 1000
    if r.returncode:
        raise SystemExit("%s: %d\n%s%s" % (command[0], r.returncode, r.stdout[-2000:], r.stderr[-2000:]))
    return took, r.stdout


def by_curl(world):
    config = []
    for method, url, headers, body in signed_calls(world):
        config += ["next", "silent", "show-error", "fail", 'output = "/dev/null"', 'write-out = "%{time_total} %{http_code}\\n"',
                   'request = "%s"' % method, 'url = "%s"' % url]
        config += ['header = "%s: %s"' % (k, v.replace('"', '\\"')) for k, v in headers.items() if k.lower() != "content-length"]
        if body:
            config.append('data-binary = "%s"' % body.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
            if "Content-Type" not in headers:
                config.append('header = "Content-Type:"')
    path = os.path.join(world.dir, "calls.curl")
    with open(path, "w") as f:
        f.write("\n".join(config[1:]) + "\n")
    took, said = timed(["curl", "-K", path], env=world.env)
    lines = [line.split() for line in said.splitlines()]
    if [code for _, code in lines] != ["200"] * 12:
        raise SystemExit("curl: " + said)
    return {"curl": took, "curl calls": sum(float(seconds) for seconds, _ in lines) * 1000}


def by_boto3(world):
    _, said = timed([PYTHON, os.path.join(TWELVE, "boto3_calls.py"), world.endpoint(), "2"], env=world.env)
    cold, warm = map(float, said.split())
    return {"boto3": cold, "boto3 warm": warm}


def by_awscli(world):
    env = dict(world.env, AWS_COMMAND="/usr/bin/aws", AWS_PAGER="", AWS_MAX_ATTEMPTS="1")
    return {"awscli": timed(["bash", os.path.join(TWELVE, "awscli_calls.sh"), world.endpoint()], env=env)[0]}


def by_ansible(world):
    tasks = [{"ansible.builtin.uri": {"url": url, "method": method, "headers": headers, "body": body or None,
                                      "body_format": "raw"}} for method, url, headers, body in signed_calls(world)]
    path = os.path.join(world.dir, "play.json")
    with open(path, "w") as f:
        json.dump([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}], f)
    return {"ansible": timed(["/usr/bin/ansible-playbook", "-i", "localhost,", path], env=dict(
        world.env, ANSIBLE_LOCALHOST_WARNING="false", ANSIBLE_PYTHON_INTERPRETER=PYTHON))[0]}


def cpu_ms(pid):
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        total += int(open("/proc/%d/task/%s/schedstat" % (pid, task)).read().split()[0])
    return total / 1e6


def by_evac(world):
    """A planned move, from the question to the API until the run's last row. Nobody asks meanwhile: that would be measured too."""
    ask(world, sign(world, [["s3", "us-west-2", "DELETE", world.endpoint() + "/shop-assets-usw2?replication", {}, ""]])[0], 204)
    world.start_evacd()
    time.sleep(1)  # what it looks at when it starts is not the run's
    before, pid, api = world.truth()["requests"], world.evacd.pid, Unix(world.env["EVAC_SOCKET"], 30)
    cpu, began = cpu_ms(pid), time.time() * 1000
    api.request("POST", "/v1/apps/twelve/runs", json.dumps({"workflow": "failover", "mode": "graceful", "reason": "a bench"}),
                {"Content-Type": "application/json", "Idempotency-Key": "bench"})
    answer = api.getresponse()
    text = answer.read().decode()
    api.close()
    if answer.status != 201:
        raise SystemExit(text)
    time.sleep(0.3)
    spent = cpu_ms(pid) - cpu
    report = world.wait_end(1)
    asked = world.truth()["requests"] - before
    world.stop_evacd()
    if report["result"] != "succeeded":
        raise SystemExit("the run %s: %s" % (report["result"], report["left"]))
    # The last row's millisecond is counted as over.
    return {"evac": report["instants"]["ended"] + 1 - began, "evac CPU": spent, "evac requests": asked}


# --- all of them --------------------------------------------------------------------------------------------------------

WHO = (
    ("curl", by_curl, lambda: shutil.which("curl")),
    ("evac", by_evac, lambda: True),
    ("boto3", by_boto3, lambda: has_python("boto3")),
    ("awscli", by_awscli, lambda: os.path.exists("/usr/bin/aws")),
    ("ansible", by_ansible, lambda: os.path.exists("/usr/bin/ansible-playbook")),
)
# How many rounds each takes part in: what takes seconds is not done as often.
SLOW = ("awscli", "ansible")


def has_python(module):
    return subprocess.run([PYTHON, "-c", "import " + module], capture_output=True).returncode == 0


def measure(bin_dir, rounds, only=None):
    """Medians and bests of what each needs, and above curl's transfers; who is first in a round changes."""
    took, left_out = {}, {}
    if not has_python("botocore"):
        return {"left_out": {"all": "python3-botocore is not installed: it signs the requests"}}
    who = [w for w in WHO if not only or w[0] in only or w[0] == "curl"]
    for name, _, is_there in who:
        if not is_there():
            left_out[name] = name + " is not installed"
    who = [w for w in who if w[0] not in left_out]
    for i in range(rounds):
        for name, run, _ in who[i % len(who):] + who[:i % len(who)]:
            if name in SLOW and i % 3:
                continue
            with Twelve(bin_dir) as world:
                for key, value in run(world).items():
                    took.setdefault(key, []).append(value)
    return {"rounds": rounds, "left_out": left_out, "ms": {
        k: {"median": round(statistics.median(v), 2), "best": round(min(v), 2)} for k, v in took.items()}}


def above(found, who, which="median"):
    """Milliseconds above the transfers of curl."""
    return found["ms"][who][which] - found["ms"]["curl calls"][which] if who in found["ms"] else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin_dir")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only")
    parser.add_argument("--json", action="store_true")
    a = parser.parse_args()
    found = measure(os.path.abspath(a.bin_dir), a.rounds, a.only and a.only.split(","))
    if a.json:
        print(json.dumps(found))
        return
    for who, why in found["left_out"].items():
        print("%-14s %s" % (who, why))
    for key, row in found.get("ms", {}).items():
        if key in ("evac requests", "evac CPU", "curl calls"):
            print("%-14s %10.1f" % (key, row["median"]))
        else:
            print("%-14s %10.1f ms, best %.1f; %.1f above curl's transfers" % (key, row["median"], row["best"], above(found, key)))


if __name__ == "__main__":
    main()
