#!/usr/bin/env python3
"""The three users' ways in, and bad days, by real processes: evac-sandbox with the shop, evacd, evac.

  test_shop.py BIN_DIR [NAME...]"""
import contextlib, json, os, pty, signal, subprocess, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import FAST, World, run_stories

MANUAL = {'automatic = "act"': 'automatic = "never"'}
BIN = sys.argv[1]


@contextlib.contextmanager
def shop(extra=None, speed=60):
    with World(BIN, speed, dict(FAST, **(extra or {}))) as world:
        world.sand("app shop renew 1000")
        yield world


def at_a_terminal(world, typed, *args):
    """Exit code and output of evac, with somebody typing."""
    master, slave = pty.openpty()
    p = subprocess.Popen([world.program("evac"), *args], stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, env=world.env)
    os.close(slave)
    os.write(master, typed.encode())
    out = p.communicate(timeout=120)[0]
    os.close(master)
    return p.returncode, out


def a_person_moves_it_there_and_back():
    with shop(MANUAL) as w:
        w.start_evacd()
        w.wait_healthy()
        plan = w.evac("plan", "shop").stdout
        assert "switch" in plan and "fence" in plan, plan
        assert "evac lint shop' shows all" in plan and " 0 errors" in plan, plan
        # the name must be typed, at a terminal; anything else moves nothing
        r = w.evac("failover", "shop", check=False, input="shop\n")
        assert r.returncode == 3 and "no terminal" in r.stderr, r.stderr
        code, out = at_a_terminal(w, "no\n", "failover", "shop")
        assert code == 3 and w.truth()["writers"] == ["us-east-1"], out
        code, out = at_a_terminal(w, "shop\n", "failover", "shop", "--reason", "maintenance")
        assert code == 0 and "succeeded" in out, out
        assert w.truth()["writers"] == ["us-west-2"]
        report = json.loads(w.evac("report", "--json").stdout)
        assert (report["rpo_ms"], report["planned"], report["mode"]) == (0, True, "graceful"), report
        w.wait_healthy()
        w.evac("failback", "shop", "--yes", "--reason", "home again")
        assert w.truth()["writers"] == ["us-east-1"]
        sizes = {(s["region"], s["service"]): s["desired"] for s in w.truth()["ecs"]}
        assert sizes[("us-east-1", "web")] == 6 and sizes[("us-west-2", "web")] == 1, sizes
        assert w.truth()["lost_ms"] is None


RECORD = """runbook = { name = "record"; failover = { steps = (
  { name = "verify"; action = "http.verify"; resource = "door"; region = "to"; phase = "verify"; },
  { name = "point"; action = "route53.point"; region = "to"; phase = "traffic"; after = ( "verify" ); } ); };
  failback = { same_as = "failover"; };
  drill = { steps = ( { name = "verify"; action = "http.verify"; resource = "door"; region = "to"; phase = "verify"; } ); }; };
"""
STALL = """app = { name = "@NAME@"; strategy = "warm-standby"; runbook = "record"; tier = @TIER@; regions = ( "us-east-1", "us-west-2" );
  objectives = { rto = "2m"; rpo = "30s"; };
  resources = { door = { type = "http"; url = "http://shop.example.com:@PORT@/health";
                         regional = "http://{region}.shop.example.com:@PORT@/health"; };
    dns = { type = "route53"; zone = "Z0SHOP"; name = "@NAME@.example.com"; switch = "record"; record_type = "CNAME";
            target = { us-east-1 = "us-east-1.shop.example.com"; us-west-2 = "us-west-2.shop.example.com"; }; }; };
  probes = ( { name = "web"; http = "http://{region}.shop.example.com:@PORT@/health"; expect = "ok"; every = "250ms"; timeout = "200ms";
               fall = 3; rise = 2; } );
  policy = { automatic = "never"; }; };
"""


def stalls(w):
    """Three small apps beside the shop, of tiers 1 to 3: each is a record."""
    conf = os.path.join(w.dir, "conf")
    os.makedirs(os.path.join(conf, "runbooks"), exist_ok=True)
    open(os.path.join(conf, "runbooks", "record.cfg"), "w").write(RECORD)
    for tier in (1, 2, 3):
        text = STALL
        for key, value in (("@NAME@", "stall-%d" % tier), ("@TIER@", tier), ("@PORT@", w.ports["http_port"])):
            text = text.replace(key, str(value))
        open(os.path.join(conf, "apps", "stall-%d.cfg" % tier), "w").write(text)


def a_region_is_left_because_a_person_says_so():
    with shop(MANUAL) as w:
        stalls(w)
        w.start_evacd()
        w.wait_healthy()
        w.wait(lambda: all(r["verdict"] == "up" for a in w.status()["apps"] for r in a["regions"]), 30, "stalls that are up")
        plan = w.evac("evacuate", "us-east-1", "--plan", "--tier", "1,2").stdout
        assert "2 apps in 2 waves; 2 left out" in plan and "zone Z0SHOP: 2 records" in plan and "at best" in plan, plan
        r = w.evac("evacuate", "us-east-1", "--tier", "1,2", check=False)
        assert r.returncode == 2 and "--reason" in r.stderr, r.stderr
        r = w.evac("evacuate", "mars-1", "--reason", "x", "--yes", check=False)
        assert r.returncode == 3 and "no app has a region 'mars-1'" in r.stderr, r.stderr
        code, out = at_a_terminal(w, "no\n", "evacuate", "us-east-1", "--tier", "1", "--reason", "maintenance")
        assert code == 3 and "region's name" in out, out
        # two of three, one of which is held: the other goes, and who is held says why
        w.evac("hold", "stall-2", "--reason", "it is being mended")
        code, out = at_a_terminal(w, "us-east-1\n", "evacuate", "us-east-1", "--tier", "1,2", "--reason", "maintenance", "--no-wait")
        assert code == 0 and "2 apps leave us-east-1" in out, out
        active = lambda name: [a["active"] for a in w.status()["apps"] if a["app"] == name][0]
        w.wait(lambda: active("stall-1") == "us-west-2", 30, "stall-1 away")
        shown = w.evac("incident", "us-east-1").stdout
        assert "EVACUATION us-east-1" in shown and "holds it: it is being mended" in shown, shown
        # killed in the middle, and asked once more: it is the same evacuation
        w.stop_evacd(signal.SIGKILL)
        w.start_evacd()
        w.wait(lambda: all(r["verdict"] == "up" for a in w.status()["apps"] for r in a["regions"]), 30, "all up again")
        release = threading.Timer(1, w.evac, ("release", "stall-2"))  # before that it would be away when the order arrives
        release.start()
        again = w.evac("evacuate", "us-east-1", "--tier", "1,2", "--reason", "maintenance", "--yes").stdout
        release.join()
        assert "all that was ordered away was moved" in again, again
        assert (active("stall-2"), active("stall-3"), active("shop")) == ("us-west-2", "us-east-1", "us-east-1")
        runs = json.loads(w.evac("runs", "--json").stdout)
        assert sorted(r["app"] for r in runs) == ["stall-1", "stall-2"], runs
        region = [r for r in json.loads(w.evac("incident", "--json").stdout)["regions"] if r["region"] == "us-east-1"][0]
        order = region["incident"]["order"]
        assert region["incident"]["state"] == "closed" and order["took_ms"] > 0 and order["bound_ms"] > 0, region


def a_rehearsal_looks_and_changes_nothing():
    with shop(MANUAL) as w:
        w.start_evacd()
        w.wait_healthy()

        def changes():  # markers of the loss measurement go on: they are no step's
            return {(o["service"], o["operation"]): o["received"] for o in w.truth()["operations"]
                    if o["operation"] != "PutObject"}
        before, epoch = changes(), w.truth()["go_epoch"]
        out = w.evac("drill", "shop", "--kind", "rehearse").stdout
        assert "succeeded" in out, out
        assert changes() == before and w.truth()["go_epoch"] == epoch


def an_isolated_region_is_fenced_before_its_data_is_promoted():
    with shop() as w:
        w.start_evacd()
        w.wait_healthy()
        w.sand("region us-east-1 isolated")
        report = w.wait_end(1)
        truth = w.truth()
        assert report["result"].startswith("succeeded") and truth["writers"] == ["us-west-2"], report["result"]
        assert truth["global_clusters"][0]["believers"] == ["us-east-1", "us-west-2"], truth["global_clusters"]
        # whatever the old side wrote unseen is not more than the report's bound
        assert truth["lost_ms"] <= report["rpo_max_ms"], (truth["lost_ms"], report["rpo_max_ms"])
        w.sand("region us-east-1 up")
        w.wait(lambda: w.truth()["global_clusters"][0]["believers"] == ["us-west-2"], 20, "the old primary to yield")
        assert w.truth()["writers"] == ["us-west-2"]


def the_lint_says_what_a_region_takes_with_it():
    with shop(MANUAL) as w:
        w.start_evacd()
        w.wait_healthy()
        lint = json.loads(w.evac("lint", "shop", "--json").stdout)
        assert (lint["mode"], lint["assume_down"], lint["errors"]) == ("ungraceful", "us-east-1", 0), lint
        calls = {(r["service"], r["operation"], r["region"]) for r in lint["rows"]}
        assert ("rds", "FailoverGlobalCluster", "us-west-2") in calls, calls
        assert not any(service == "route53" for service, _, _ in calls), calls  # the health check moves the traffic
        # graceful needs the old side: that is what the mode is for
        r = w.evac("lint", "shop", "--mode", "graceful", "--assume-down", "us-east-1", check=False)
        assert r.returncode == 5 and "SwitchoverGlobalCluster" in r.stdout and "failed-region" in r.stdout, r.stdout
        r = w.evac("lint", "shop", "--all-regions", check=False)
        assert r.returncode == 5 and "eu-west-1 down" in r.stdout and "route-witness" in r.stdout, r.stdout
        r = w.evac("lint", "shop", "--assume-down", "us-esat-1", "--strict", check=False)
        assert r.returncode == 6 and "us-esat-1" in r.stdout, r.stdout
        policy = json.loads(w.evac("iam", "shop", "--role", "act", "--workflow", "failover").stdout)
        allowed = {a for s in policy["Statement"] for a in s["Action"]}
        assert "rds:FailoverGlobalCluster" in allowed and "route53:ChangeResourceRecordSets" not in allowed, allowed


def wrong_credentials_are_said_and_move_nothing():
    with shop(MANUAL) as w:
        w.env["AWS_SECRET_ACCESS_KEY"] = "not-the-secret"
        w.start_evacd()
        time.sleep(3)
        app = w.app()
        assert app["loss_now_ms"] is None, app
        r = w.evac("failover", "shop", "--yes", "--mode", "ungraceful", "--reason", "x", "--no-wait", check=False)
        time.sleep(3)
        log = open(os.path.join(w.dir, "evacd.log")).read()
        assert w.truth()["writers"] == ["us-east-1"]
        journal = w.evac("journal", check=False).stdout
        assert "SignatureDoesNotMatch" in journal + log + r.stdout + r.stderr, journal[-2000:]
        assert "not-the-secret" not in journal + log


def an_endpoint_that_is_gone_is_said():
    with shop(MANUAL) as w:
        w.start_evacd()
        w.wait_healthy()
        w.sandbox.kill()
        w.sandbox.wait()
        w.sandbox = None
        w.wait(lambda: any(r["verdict"] != "up" for r in w.app()["regions"]), 20, "the probes to notice")
        status = w.evac("status").stdout
        assert "observer" in status or "down" in status or "unknown" in status, status
        assert w.evac("runs").stdout.strip() == "no run yet"


def nothing_is_left_behind():
    with shop(MANUAL) as w:
        w.start_evacd()
        w.wait_healthy()
        pids = [w.evacd.pid, w.sandbox.pid]
        assert w.stop_evacd() == 0
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", ",".join(map(str, pids))], capture_output=True,
                                  text=True).stdout.split()
        assert not children, children


STORIES = [a_person_moves_it_there_and_back, a_region_is_left_because_a_person_says_so, a_rehearsal_looks_and_changes_nothing,
           the_lint_says_what_a_region_takes_with_it,
           an_isolated_region_is_fenced_before_its_data_is_promoted, wrong_credentials_are_said_and_move_nothing,
           an_endpoint_that_is_gone_is_said, nothing_is_left_behind]


if __name__ == "__main__":
    run_stories(STORIES)
