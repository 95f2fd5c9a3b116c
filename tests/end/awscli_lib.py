"""What the cases in awscli/ share: Debian's awscli as a function, and how to expect."""
import json, os, subprocess, threading, time

from awscli_forks import AWS  # noqa: F401, for the cases

EAST, WEST = "us-east-1", "us-west-2"
called = set()
lock = threading.Lock()


class Refused(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Cli:
    def __init__(self, world, forks, key=None, secret=None):
        self.world, self.forks = world, forks
        self.env = dict(world.env, AWS_PAGER="", AWS_MAX_ATTEMPTS="1", AWS_RETRY_MODE="standard",
                        AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null")
        if key:
            self.env["AWS_ACCESS_KEY_ID"] = key
        if secret:
            self.env["AWS_SECRET_ACCESS_KEY"] = secret

    def __call__(self, region, service, *args, op=None, raw=False):
        command = ["--endpoint-url", "http://127.0.0.1:%d" % self.world.ports["http_port"], "--region", region,
                   "--output", "json", service, *args]
        r = self.forks.run(command, self.env)
        with lock:
            called.add((OTHERS.get(service, service), op or camel(args[0])))
        if r["status"] != 0:
            text = r["err"].strip()
            code = text[text.find("(") + 1:text.find(")")] if "(" in text else text
            raise Refused(code, "%s: %s" % (" ".join(command[6:]), text))
        if raw:
            return r["out"]
        return json.loads(r["out"]) if r["out"].strip() else None


# awscli's names of services that the sandbox calls otherwise
OTHERS = {"s3api": "s3", "apigatewayv2": "apigateway", "resourcegroupstaggingapi": "tagging"}
SPECIAL = {"describe-db-clusters": "DescribeDBClusters", "describe-db-instances": "DescribeDBInstances",
           "list-objects-v2": "ListObjectsV2", "test-dns-answer": "TestDNSAnswer", "invoke": "Invoke"}


def camel(command):
    return SPECIAL.get(command) or "".join(w.capitalize() for w in command.split("-"))


def refused(code, call, *args, **kw):
    try:
        call(*args, **kw)
    except Refused as e:
        assert e.code in (code if isinstance(code, tuple) else (code,)), "expected %s, got: %s" % (code, e)
        return
    raise AssertionError("not refused: %s" % (args,))


def equal(a, b):
    assert a == b, "%r is not %r" % (a, b)


def until(what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.1)
    raise AssertionError("gave up waiting")


def stamp(offset_s):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + offset_s))


def slowly(call, *args, **kw):
    """Route 53 takes five requests a second of an account, and one change of a zone at a time: as AWS's own SDKs do,
    wait and ask again."""
    for _ in range(60):
        try:
            return call(*args, **kw)
        except Refused as e:
            if e.code not in ("Throttling", "PriorRequestNotComplete"):
                raise
            time.sleep(0.5)
    raise AssertionError("throttled for too long")


def make(aws, service, region, /, **resource):
    """A resource that has long been there: control's make."""
    aws.world.sand("make %s %s %s" % (service, region, json.dumps(resource)))
