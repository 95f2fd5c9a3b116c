#!/usr/bin/env python3
"""evac discover by real processes: what a tagged account gives, and what is said when it does not answer.

  test_discover.py BIN_DIR [NAME...]"""
import json, os, re, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import FAST, World, run_stories

BIN = sys.argv[1]
REGIONS = "us-east-1,us-west-2"
WITNESSED = REGIONS + ",eu-west-1"


class Account(World):
    """A sandbox with the shop, a controller's settings, and no app."""

    def write_conf(self, replace):
        conf = super().write_conf(replace)
        self.conf, self.file = conf, os.path.join(conf, "apps", "shop.cfg")
        os.remove(self.file)
        return conf

    def discover(self, *args, regions=WITNESSED, tag="app=shop", check=True):
        return self.evac("discover", "--tag", tag, "--regions", regions, "--config", self.conf, *args, check=check)

    def found(self, *args, **more):
        return json.loads(self.discover("--json", *args, **more).stdout)

    def changes(self):
        return {(o["service"], o["operation"]): o["received"] for o in self.truth()["operations"]}

    def fill_in(self):
        """What a person says: the endpoint, and what is promised."""
        text = open(self.file).read()
        port = self.ports["http_port"]
        for old, new in (
                ('url = "https://shop.example.com/";', 'url = "http://shop.example.com:%d/health";' % port),
                ('regional = "https://{region}.shop.example.com/";',
                 'regional = "http://{region}.shop.example.com:%d/health";\n'
                 '    expect = "ok"; served_by = "x-region"; every = "250ms"; timeout = "200ms";' % port),
                ('rto = "1h"; rpo = "0";', 'rto = "2m"; rpo = "30s";'),
                # the sandbox's metrics come more often than AWS's, and nobody wants to wait for the test
                ('global_cluster = "shop-db";', 'global_cluster = "shop-db"; metric_period = "1s";'),
                ('renew = "1s";', 'renew = "1s"; margin = "300ms";'),
                ('policy = { automatic = "never"; };', 'policy = { automatic = "never"; canary = "1s"; measure = "1s"; };'),
                ('// probes = ( { name = "web"; http = "https://{region}.example.com/health"; expect = "ok"; } );',
                 'probes = ( { name = "web"; http = "http://{region}.shop.example.com:%d/health"; expect = "ok"; '
                 'every = "250ms"; timeout = "200ms"; } );' % port)):
            assert text.count(old) == 1, (old, text)
            text = text.replace(old, new)
        open(self.file, "w").write(text)


def account():
    world = Account(BIN, 60, dict(FAST))
    world.sand("app shop renew 1000")
    return world


def what_it_writes_is_planned_moved_and_rehearsed():
    with account() as w:
        before = w.changes()
        out = w.discover("--out", w.file).stdout
        assert w.changes() == before, "it changed something"
        text = open(w.file).read()
        asks = [line for line in out.splitlines() if line.startswith("ask")]
        assert text.count("// ASK") == len(asks) and "wrote" in out, out
        for said in ("strategy", "objectives", "endpoint", "probes"):
            assert any(a.split()[1] == said + ":" for a in asks), (said, asks)
        w.evac("validate", w.conf)
        w.fill_in()
        w.evac("validate", w.conf)
        w.start_evacd()
        w.wait_healthy()
        plan = w.evac("plan", "shop").stdout
        for step in ("fence-witness", "switch", "scale:worker", "point-dns"):
            assert step in plan, plan
        w.evac("failover", "shop", "--yes", "--mode", "graceful", "--reason", "what was discovered moves it")
        assert w.truth()["writers"] == ["us-west-2"]
        sizes = {(s["region"], s["service"]): s["desired"] for s in w.truth()["ecs"]}
        assert sizes[("us-west-2", "web")] == 6 and sizes[("us-east-1", "web")] == 1, sizes
        # and the way back is open: looked at, step by step
        w.wait_healthy()
        out = w.evac("drill", "shop", "--kind", "rehearse").stdout
        assert "succeeded" in out, out
        # what is found after the move says where it runs
        found = w.found()
        assert (found["active"], found["active_known"]) == ("us-west-2", True), found
        assert found["regions"] == ["us-west-2", "us-east-1"], found["regions"]


def it_says_the_same_every_time():
    with account() as w:
        first = w.found()
        assert first["good"] and first["complete"] and first["witness"] == "eu-west-1", first
        for _ in range(3):
            assert w.found() == first
        names = {r["name"]: r["type"] for r in first["resources"]}
        assert names == {"db": "aurora", "assets": "s3", "go": "s3-go", "web": "ecs", "worker": "ecs", "batch": "asg",
                         "route53": "route53"}, names
        # two regions are enough; the third held only a copy of the GO object
        two = w.found(regions=REGIONS)
        assert two["good"] and two["witness"] == "", two


def a_region_that_is_down_is_said_and_the_rest_goes_on():
    with account() as w:
        w.sand("region us-west-2 down")
        r = w.discover("--out", w.file)
        text = open(w.file).read()
        assert "us-west-2 does not tell" in r.stderr, r.stderr
        assert "not answered: us-west-2: tagging GetResources" in r.stdout, r.stdout
        assert "// web = {" in text and "us-east-1 only: not every region told" in text, text
        assert "standby = " not in text, text  # what was not seen is no zero
        # the global database is known from the region that answers
        assert re.search(r'^    db = .*us-west-2 = "shop-db-usw2"', text, re.M), text
        w.evac("validate", w.conf)
        r = w.discover("--strict", "--json", check=False)
        assert r.returncode == 1 and json.loads(r.stdout)["complete"] is False, r.stderr


def a_service_that_refuses_is_said():
    with account() as w:
        w.sand("service ecs us-west-2 denied")
        found = w.found()
        assert any("DescribeServices: AccessDeniedException" in s for s in found["silent"]), found["silent"]
        web = [r for r in found["resources"] if r["name"] == "web"][0]
        assert web["whole"] and [s["runs"] for s in web["sides"]] == [6, None] and web["doubts"], web
        assert found["good"]


def throttling_is_waited_for():
    with account() as w:
        w.sand("service tagging us-west-2 lost 1")
        w.sand("service rds us-east-1 lost 1")
        assert w.found()["complete"]


def wrong_keys_are_said_and_nothing_is_written():
    with account() as w:
        w.env["AWS_SECRET_ACCESS_KEY"] = "not-the-secret"
        r = w.discover("--out", w.file, check=False)
        assert r.returncode == 1 and not os.path.exists(w.file), r
        assert "SignatureDoesNotMatch" in r.stderr and "no region told" in r.stderr, r.stderr
        assert "not-the-secret" not in r.stdout + r.stderr
        for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            del w.env[key]
        begin = time.monotonic()
        r = w.discover(check=False)
        assert r.returncode == 1 and "credentials" in r.stderr, r.stderr
        assert time.monotonic() - begin < 60


def what_can_not_be_is_refused():
    with account() as w:
        r = w.discover(tag="app=nobody", check=False)
        assert r.returncode == 1 and "nothing carries that tag" in r.stderr, r
        for args in (("--tag", "app", "--regions", REGIONS), ("--tag", "app=shop"),
                     ("--tag", "app=shop", "--regions", "us-east-1"),
                     ("--tag", "app=shop", "--regions", "us-east-1,us-east-1"),
                     ("--tag", "app=the shop", "--regions", REGIONS),
                     ("--tag", "app=shop", "--regions", REGIONS, "--strategy", "lukewarm")):
            assert w.evac("discover", *args, check=False).returncode == 2, args
        open(w.file, "w").write("mine")
        r = w.discover("--out", w.file, check=False)
        assert r.returncode != 0 and open(w.file).read() == "mine", r
        os.remove(w.file)
        out = os.path.join(w.dir, "new.cfg")
        w.discover("--out", out)
        assert w.discover("--out", out, check=False).returncode == 3
        w.discover("--out", out, "--yes", "--name", "store", "--strategy", "pilot-light")
        text = open(out).read()
        assert 'name = "store"' in text and 'strategy = "pilot-light"' in text, text


def what_belongs_together_is_never_guessed():
    with account() as w:
        def make(region, cluster, service, count=2):
            w.sand('make ecs %s {"cluster":"%s","service":"%s","count":%d}' % (region, cluster, service, count))
            w.sand('make tagging %s {"arn":"arn:aws:ecs:%s:123456789012:service/%s/%s","tags":{"app":"twins"}}'
                   % (region, region, cluster, service))
        make("us-east-1", "red", "api")
        make("us-east-1", "blue", "api")
        make("us-west-2", "green", "api", 4)
        make("us-east-1", "use1-core", "jobs")
        make("us-west-2", "usw2-core", "jobs")
        w.sand('make tagging us-east-1 {"arn":"arn:aws:glue:us-east-1:123456789012:job/etl","tags":{"app":"twins"}}')
        found = w.found(tag="app=twins", regions=REGIONS)
        assert found["good"], found["problems"]
        api = [r for r in found["resources"] if r["name"].startswith("api")]
        assert len(api) == 3 and not any(r["whole"] for r in api), api
        assert all("red/api in us-east-1" in r["doubts"][0] and "green/api" in r["doubts"][0] for r in api), api
        jobs = [r for r in found["resources"] if r["name"] == "jobs"][0]
        assert jobs["whole"] and jobs["settings"]["cluster.us-west-2"] == "usw2-core", jobs
        assert any("No driver serves glue job" in a for a in found["asks"]), found["asks"]
        assert any("hosted zone" in a for a in found["asks"]), found["asks"]
        # as much runs here as there: which region is active must be said
        assert not found["active_known"] and "active-active" in found["strategy"] + found["strategy_why"], found


STORIES = [what_it_writes_is_planned_moved_and_rehearsed, it_says_the_same_every_time,
           a_region_that_is_down_is_said_and_the_rest_goes_on, a_service_that_refuses_is_said,
           throttling_is_waited_for, wrong_keys_are_said_and_nothing_is_written, what_can_not_be_is_refused,
           what_belongs_together_is_never_guessed]


if __name__ == "__main__":
    run_stories(STORIES)
