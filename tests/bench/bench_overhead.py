#!/usr/bin/env python3
"""What the orchestration itself costs, by real processes: evacd, evac-sandbox, a warm-standby failover.

  bench_overhead.py BIN_DIR [--runs N]

Prints JSON lines. "instant": a sandbox with zero service latency, short waits of the app's own (lease, dwell, probes), so that
what remains is evac's work and the waits that the safety protocol asks for. "real": durations of AWS divided by 10, measured RTO
against the plan's critical path through the steps that ran."""
import argparse, json, os, statistics, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import FAST, World

def critical_ms(report):
    return sum(s["took_ms"] for s in report["steps"] if s.get("critical") and s.get("took_ms") is not None)


def once(bin_dir, kind, speed, conf):
    with World(bin_dir, speed, conf) as world:
        if conf:
            world.sand("app shop renew 1000")
        world.start_evacd()
        world.wait_healthy()
        before = world.truth()["requests"]
        world.sand("region us-east-1 down")
        report = world.wait_end(1)
        ran = [s for s in report["steps"] if s["state"] == "done"]
        return {
            "kind": kind, "speed": speed, "result": report["result"], "rto_ms": report["rto_ms"],
            "steps": len(ran), "requests": world.truth()["requests"] - before,
            "parts_ms": report.get("parts"), "critical_path_ms": critical_ms(report),
            "planned_critical_path_ms": report.get("planned_critical_path_ms"),
        }


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("bin")
    ap.add_argument("--runs", type=int, default=3)
    args = ap.parse_args()
    for kind, speed, conf in (("instant", 0, FAST), ("real", 10, {})):
        rows = [once(args.bin, kind, speed, conf) for _ in range(args.runs)]
        for row in rows:
            print(json.dumps(row))
        print(json.dumps({"kind": kind, "runs": len(rows), "rto_ms_median": statistics.median(r["rto_ms"] for r in rows),
                          "critical_path_ms_median": statistics.median(r["critical_path_ms"] for r in rows)}))


if __name__ == "__main__":
    main()
