#!/usr/bin/env python3
"""kill -9 after every journal row of a failover by policy: restarted, the run ends correctly, and no mutation is made
twice without an observe between.

  sweep.py BIN_DIR [--strategy warm-standby|active-active] [--every N] [--jobs N] [--first N] [--last N]"""
import argparse, concurrent.futures, os, re, signal, sys, traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import FAST, Gone, World

SPEED = 60
APPS = {"warm-standby": "apps/shop.cfg", "active-active": "strategies/active-active.cfg"}


def world_of_one():
    return World(BIN, SPEED, FAST, app=APP)


def begin(world):
    world.sand("app shop renew 1000")
    world.wait_healthy()
    before = rows(world)
    world.sand("region us-east-1 down")
    return before


def rows(world):
    return int(re.search(r"(\d+) rows", world.evac("journal", "verify").stdout).group(1))


def check_end(world, report):
    truth = world.truth()
    assert report["result"] in ("succeeded", "succeeded_with_exceptions"), report["result"]
    assert truth["writers"] == ["us-west-2"], truth["writers"]
    assert report["rto_ms"] is not None and report["rto_ms"] > 0, report["rto_ms"]
    for op in truth.get("operations", []):
        assert op.get("repeated_without_observe", 0) == 0, op
    verify = world.evac("journal", "verify")
    assert "whole" in verify.stdout, verify.stdout


def rows_of_a_run():
    """How many rows the journal has when the policy starts, and when the run has ended."""
    with world_of_one() as world:
        world.start_evacd()
        first = begin(world)
        report = world.wait_end(1)
        check_end(world, report)
        return first + 1, rows(world)


def one(row):
    with world_of_one() as world:
        world.start_evacd(fail="row:%d" % row)
        died = False
        try:
            begin(world)
            world.wait_end(1)
        except Gone:
            died = True
        except Exception:
            if world.evacd.poll() is None:
                raise
            died = True
        if died:
            code = world.evacd.wait(10)
            assert code == -signal.SIGKILL, "evacd ended with %s" % code
            world.evacd = None
            world.sand("region us-east-1 down")
            world.start_evacd()
        check_end(world, world.wait_end(1))
        return row, died


def main():
    global BIN, APP
    ap = argparse.ArgumentParser()
    ap.add_argument("bin")
    ap.add_argument("--strategy", choices=sorted(APPS), default="warm-standby")
    ap.add_argument("--every", type=int, default=1)
    ap.add_argument("--jobs", type=int, default=8)  # each mostly waits
    ap.add_argument("--first", type=int)
    ap.add_argument("--last", type=int)
    args = ap.parse_args()
    BIN, APP = args.bin, APPS[args.strategy]
    first, last = rows_of_a_run()
    first, last = args.first or first, args.last or last
    rows = list(range(first, last + 1, args.every))
    print("rows %d to %d: %d crashes" % (first, last, len(rows)), flush=True)
    failed = deaths = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for future in concurrent.futures.as_completed([pool.submit(one, r) for r in rows]):
            try:
                row, died = future.result()
                deaths += died
            except Exception:
                failed += 1
                traceback.print_exc()
    print("%d kill points, %d died there, %d failed" % (len(rows), deaths, failed))
    print("%d passed, %d failed" % (len(rows) - failed, failed))
    sys.exit(1 if failed or deaths == 0 else 0)


if __name__ == "__main__":
    main()
