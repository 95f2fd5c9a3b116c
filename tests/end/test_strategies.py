#!/usr/bin/env python3
"""Each strategy through the wire, by real processes: there and back, with the old region gone, and an isolated drill.

  test_strategies.py BIN_DIR [STRATEGY...]

The matrix of what AWS may do in the middle of it is tests/stories/test_matrix.c, in virtual time."""
import concurrent.futures, contextlib, json, os, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from described import Api
from harness import FAST, World, passes

BIN = sys.argv[1]
MANUAL = {'automatic = "act"': 'automatic = "never"', 'automatic = "propose"': 'automatic = "never"'}
APPS = {"warm-standby": "apps/shop.cfg", "pilot-light": "strategies/pilot-light.cfg",
        "backup-restore": "strategies/backup-restore.cfg", "active-active": "strategies/active-active.cfg"}
STANDBY = {"warm-standby": 1, "pilot-light": 0, "backup-restore": 0, "active-active": 3}
EVERYWHERE = "active-active"
SPEED = {"backup-restore": 200}


@contextlib.contextmanager
def begin(strategy):
    with World(BIN, SPEED.get(strategy, 60), dict(FAST, **MANUAL), app=APPS[strategy]) as world:
        world.sand("app shop renew 1000")
        world.start_evacd()
        served(world, None if strategy == EVERYWHERE else "us-east-1")
        yield world


def served(world, region):
    def there():
        app = world.app()
        return app and app["endpoint"]["state"] == "up" and region in (None, app["endpoint"]["served_by"])
    world.wait(there, 60, "the public endpoint, served by %s" % region)


def web(world, region):
    return next(s["desired"] for s in world.truth()["ecs"] if (s["region"], s["service"]) == (region, "web"))


def report(world):
    return json.loads(world.evac("report", "--json").stdout)


def lives_in(world, strategy, regions, alone=True):
    """Who writes; where all regions write, whom users are led to. alone: at full size in the west."""
    if strategy == EVERYWHERE:
        found = [r["name"] for r in world.app()["regions"] if r["role"] == "active"]
        regions = regions if alone else ["us-east-1", "us-west-2"]
    else:
        found = world.truth()["writers"]
    assert found == regions, (found, regions)
    assert web(world, "us-west-2") == (6 if alone else STANDBY[strategy]), world.truth()["ecs"]


def there_and_back(strategy):
    if strategy == "warm-standby":
        return there_and_back_as_a_live_drill()
    with begin(strategy) as w:
        w.evac("failover", "shop", "--yes", "--mode", "graceful", "--reason", "maintenance")
        lives_in(w, strategy, ["us-west-2"])
        there = report(w)
        assert there["result"] in ("succeeded", "succeeded_with_exceptions"), there["result"]
        assert there["planned"] and there["rpo_ms"] == 0, there
        if strategy == "backup-restore":  # the old database stands as it was left, and would take writes: a person's word
            w.evac("reconcile", "shop", "--reason", "it was fenced before it was restored")
        w.evac("failback", "shop", "--yes", "--mode", "graceful", "--reason", "home again")
        lives_in(w, strategy, ["us-east-1"], alone=False)


def with_the_region_gone(strategy):
    with begin(strategy) as w:
        time.sleep(2)  # the loss is known
        w.sand("region us-east-1 down")
        time.sleep(2)
        w.evac("failover", "shop", "--yes", "--mode", "ungraceful", "--reason", "the region is gone")
        lives_in(w, strategy, ["us-west-2"])
        Api(w.env["EVAC_SOCKET"]).look_everywhere()
        got = report(w)
        assert got["rto_ms"] and got["rto_ms"] > 0 and got["rpo_ms"] is not None, got
        print("     %s: RTO %.1f s, RPO %.1f s" % (strategy, got["rto_ms"] / 1000, got["rpo_ms"] / 1000))


def an_isolated_drill(strategy):
    with begin(strategy) as w:
        before = w.truth()
        w.evac("drill", "shop", "--kind", "isolated", "--yes")
        after = w.truth()
        assert report(w)["result"] == "succeeded", report(w)
        lives_in(w, strategy, ["us-east-1"], alone=False)
        assert [s["service"] for s in before["ecs"]] == [s["service"] for s in after["ecs"]]
        assert w.app()["active"] == "us-east-1"
        if strategy == "warm-standby":
            a_live_drill_that_fails_before_users_move(w)


def ask(w, *args):
    return json.loads(w.evac(*args, "--json").stdout)


def there_and_back_as_a_live_drill():
    """By hand it is test_shop.py's. The receipt, then the move, the soak, and home again."""
    with begin("warm-standby") as w:
        w.evac("check", "shop")  # what a task is billed by is seen when it is looked at
        receipt = ("drill", "shop", "--kind", "live", "--receipt", "--for", "1")
        cost = ask(w, *receipt)["cost"]
        units = {(line["step"], line["unit"]): line["an_hour"] for line in cost["lines"]}
        assert units[("scale:web", "fargate/vcpu")] == 2.5 and units[("scale:batch", "ec2/m6i.large")] == 2, cost
        assert cost["estimate_millionths"] > 0 and cost["not_counted"] == [], cost
        text = w.evac(*receipt).stdout
        for words in ("of which 1.0 s the other region serves", "What it costs, about", "USD", "users are moved twice"):
            assert words in text, (words, text)

        east = [s for s in w.truth()["ecs"] if s["region"] == "us-east-1"]
        said = w.evac("drill", "shop", "--kind", "live", "--for", "4", "--yes").stdout  # it looks once a second
        assert "is soaking" in said and "is returning" in said and "drill 1 succeeded" in said, said
        lives_in(w, "warm-standby", ["us-east-1"], alone=False)
        assert [s for s in w.truth()["ecs"] if s["region"] == "us-east-1"] == east
        runs = [(r["kind"], r["to"], r["result"]) for r in ask(w, "trend", "shop")["runs"] if r["moves"]]
        assert runs == [("live", "us-west-2", "succeeded"), ("live", "us-east-1", "succeeded")], runs
        assert "drills: debt 0 of at most 200 to us-west-2; the next (rehearse)" in w.evac("status").stdout
        assert "succeeded (drill 1)" in w.evac("drills").stdout


def a_live_drill_that_fails_before_users_move(w):
    """The standby's copy of the GO object can not be read: the drill waits for that, is called off, and leaves all as it was."""
    before = w.truth()
    w.sand("service s3 us-west-2 denied")
    w.evac("drill", "shop", "--kind", "live", "--for", "1", "--yes", "--no-wait")
    w.wait(lambda: w.app()["run"], 20, "the drill's run")
    assert "drills: 1 (live) is leaving" in w.evac("status").stdout, w.evac("status").stdout
    w.evac("drill", "shop", "--stop")
    w.wait(lambda: not w.app()["drills"]["going_on"], 60, "the drill's end")
    w.sand("service s3 us-west-2 up")
    assert ask(w, "drills", "shop")["past"][0]["result"] == "failed", ask(w, "drills", "shop")["past"]
    after = w.truth()
    assert before["writers"] == after["writers"] == ["us-east-1"] and before["ecs"] == after["ecs"], (before, after)
    assert "failed (drill 1)" in w.evac("drills").stdout, w.evac("drills").stdout


def main():
    stories = (there_and_back, with_the_region_gone, an_isolated_drill)
    cells = [(strategy, story) for strategy in sys.argv[2:] or sorted(APPS) for story in stories]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:  # they mostly wait, each in a world of its own
        passed = list(pool.map(lambda c: passes("%s: %s" % (c[0], c[1].__name__), lambda: c[1](c[0])), cells))
    sys.exit(0 if all(passed) else 1)


if __name__ == "__main__":
    main()
