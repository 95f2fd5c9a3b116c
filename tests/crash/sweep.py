#!/usr/bin/env python3
"""kill -9 after every journal row of a failover: restarted, the run ends correctly, in the world that the unkilled run ends in,
and no mutation is made twice without an observe between.

  sweep.py BIN_DIR [--strategy NAME|all] [--every N] [--others N] [--jobs N] [--first N] [--last N]

--every N: each N-th row (1). --others N: of the strategies but warm-standby each N-th row (25), since a check has little time;
--strategy all --others 1 is the whole sweep."""
import argparse, concurrent.futures, os, re, signal, sys, traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import FAST, Gone, World

MANUAL = {'automatic = "act"': 'automatic = "never"', 'automatic = "propose"': 'automatic = "never"'}


class Strategy:
    """Warm standby and active-active by policy, through its decision. The other two wait for a person in the demonstration:
    by hand, so that a request and its answer are killed as well."""
    def __init__(self, name, app, by_hand=False, speed=60, everywhere=False):
        self.name, self.app, self.by_hand, self.speed, self.everywhere = name, app, by_hand, speed, everywhere
        # Each event's rows a commit of their own, so that it dies after every row; the others as evacd commits, by turns.
        self.kind = "row" if name == "warm-standby" else "group"

    def world(self, bin_dir):
        return World(bin_dir, self.speed, dict(FAST, **(MANUAL if self.by_hand else {})), app=self.app)


STRATEGIES = [
    Strategy("warm-standby", "apps/shop.cfg"),
    Strategy("pilot-light", "strategies/pilot-light.cfg", by_hand=True),
    Strategy("backup-restore", "strategies/backup-restore.cfg", by_hand=True, speed=200),
    Strategy("active-active", "strategies/active-active.cfg", everywhere=True),
]


def rows(world):
    return int(re.search(r"(\d+) rows", world.evac("journal", "verify").stdout).group(1))


def wait_served(world):
    """A standby where nothing runs has no verdict: the endpoint and a known loss say that all is well."""
    def well():
        app = world.app()
        return app and app["endpoint"]["state"] == "up" and app["loss_now_ms"] is not None
    world.wait(well, 60, "a healthy shop")


def ask_for_it(world):
    """By hand, once the region is known to be down; again when the controller died before it had a run."""
    def down():
        app = world.app()
        return world.ask("/v1/runs/1") or app and next(r["verdict"] for r in app["regions"] if r["name"] == "us-east-1") == "down"
    world.wait(down, 60, "the outage")
    if world.ask("/v1/runs/1") is None:
        world.evac("failover", "shop", "--yes", "--mode", "ungraceful", "--reason", "the region is gone", "--no-wait", check=False)
        world.wait(lambda: world.ask("/v1/runs/1"), 20, "the run")


def outage(strategy, world):
    world.sand("region us-east-1 down")
    if strategy.by_hand:
        ask_for_it(world)


def wait_end(strategy, world):
    """Where the copy home is a step, the run waits for it: the region is back once users are served without it."""
    if strategy.everywhere:
        def recovered():
            instants = (world.ask("/v1/runs/1/report") or {}).get("instants", {})
            return instants.get("recovered") or instants.get("ended")
        world.wait(recovered, 120, "users served")
        world.sand("region us-east-1 up")
    return world.wait_end(1)


def begin(strategy, world):
    world.sand("app shop renew 1000")
    wait_served(world)
    before = rows(world)
    outage(strategy, world)
    return before


def serving(truth):
    """Where all regions write, whom users are led to."""
    return truth.get("led_to", truth["writers"])


def picture(truth):
    """What must be the same whether or not a controller died on the way: who writes, how much runs in the new region and for
    whom it answers, which databases there are, what the name leads to."""
    west = "us-west-2"
    sizes = {(s["cluster"], s["service"]): s["desired"] for s in truth["ecs"] if s["region"] == west}
    groups = {g["group"]: g["desired"] for g in truth["asg"] if g["region"] == west}
    databases = sorted((d["id"], d["region"]) for d in truth["db_instances"])
    return {"serve": serving(truth), "go": (truth["go_writer"], truth["go_route"]), "sizes": sizes, "groups": groups,
            "databases": databases, "dns": truth["dns"].get("shop.example.com")}


def check_end(world, report):
    truth = world.truth()
    assert report["result"] in ("succeeded", "succeeded_with_exceptions"), report["result"]
    assert serving(truth) == ["us-west-2"], serving(truth)
    assert report["rto_ms"] is not None and report["rto_ms"] > 0, report["rto_ms"]
    for op in truth.get("operations", []):
        assert op.get("repeated_without_observe", 0) == 0, op
    verify = world.evac("journal", "verify")
    assert "whole" in verify.stdout, verify.stdout
    return picture(truth)


def unkilled(strategy):
    """How many rows the journal has when the outage begins, how many when the run has ended, and the world then."""
    with strategy.world(BIN) as world:
        world.start_evacd()
        first = begin(strategy, world)
        end = check_end(world, wait_end(strategy, world))
        return first + 1, rows(world), end


def restart(strategy, world):
    code = world.evacd.wait(10)
    assert code == -signal.SIGKILL, "evacd ended with %s" % code
    world.evacd = None
    world.sand("region us-east-1 down")
    world.start_evacd()
    outage(strategy, world)
    return check_end(world, wait_end(strategy, world))


def killed(strategy, row, expected):
    """Whether it died; the last rows are written when the run is over, or not at all."""
    with strategy.world(BIN) as world:
        world.start_evacd(fail="%s:%d" % (strategy.kind, row))
        died = False
        try:
            begin(strategy, world)
            found = check_end(world, wait_end(strategy, world))
        except Exception as e:
            if not isinstance(e, Gone) and world.evacd.poll() is None:
                raise
            died = True
            found = restart(strategy, world)
        assert found == expected, "another world than without the crash: %s, not %s" % (found, expected)
        return died


class Count:
    points = died = failed = 0


def points_of(strategy, args, every, measured):
    first, last, expected = measured
    rows = list(range(args.first or first, (args.last or last) + 1, every))
    print("%s: rows %d to %d, %d crashes" % (strategy.name, first, last, len(rows)), flush=True)
    return [(strategy, row, expected) for row in rows]


def take(count, future, strategy, row):
    count.points += 1
    try:
        count.died += future.result()
    except Exception:
        count.failed += 1
        print("%s, killed at row %d:" % (strategy.name, row))
        traceback.print_exc()


def sweep(chosen, args):
    """All strategies' points wait side by side."""
    counts = {s.name: Count() for s, _ in chosen}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        measured = list(pool.map(unkilled, [s for s, _ in chosen]))
        points = [p for (s, every), m in zip(chosen, measured) for p in points_of(s, args, every, m)]
        futures = {pool.submit(killed, *point): point for point in points}
        for future in concurrent.futures.as_completed(futures):
            strategy, row, _ = futures[future]
            take(counts[strategy.name], future, strategy, row)
    return counts


def main():
    global BIN
    ap = argparse.ArgumentParser()
    ap.add_argument("bin")
    ap.add_argument("--strategy", choices=[s.name for s in STRATEGIES] + ["all"], default="all")
    ap.add_argument("--every", type=int, default=1)
    ap.add_argument("--others", type=int, default=25)
    ap.add_argument("--jobs", type=int, default=8)  # each mostly waits
    ap.add_argument("--first", type=int)
    ap.add_argument("--last", type=int)
    args = ap.parse_args()
    BIN = args.bin
    alone = args.strategy != "all"
    chosen = [(s, args.every if alone or s is STRATEGIES[0] else args.others) for s in STRATEGIES if args.strategy in (s.name, "all")]
    counts = sweep(chosen, args)
    for name, c in counts.items():
        print("%s: %d kill points, %d died there, %d failed" % (name, c.points, c.died, c.failed))
    failed = sum(c.failed for c in counts.values())
    print("%d passed, %d failed" % (sum(c.points for c in counts.values()) - failed, failed))
    sys.exit(1 if failed or any(c.died == 0 for c in counts.values()) else 0)


if __name__ == "__main__":
    main()
