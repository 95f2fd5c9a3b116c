#!/usr/bin/env python3
"""The decision clock, simulations and replays by real processes: evac-sandbox with the shop, evacd, evac.

  test_simulate.py BIN_DIR [NAME...]"""
import json, os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import FAST, World, run_stories

BIN = sys.argv[1]


def ask(w, *args):
    return json.loads(w.evac(*args, "--json").stdout)


def an_outage_is_decided_about_moved_and_looked_back_at():
    with World(BIN, 60, dict(FAST, **{'automatic = "act"': 'automatic = "propose"'})) as w:
        w.sand("app shop renew 1000")
        w.start_evacd()
        w.wait_healthy()
        quiet = ask(w, "decide", "shop")
        assert quiet["advice"]["what"] == "nothing" and not quiet["down"], quiet["advice"]
        assert quiet["failover"]["takes"]["p50_ms"] > 0 and quiet["failover"]["path_steps_without_history"] > 0, quiet
        assert {d["resource"] for d in quiet["data"]} == {"db", "assets"}, quiet["data"]

        # what would stand in the way of somebody who begins it, and who may open that
        w.evac("freeze", "shop", "--reason", "quarter end", "--for", "2h")
        gates = {g["gate"]: g for g in ask(w, "plan", "shop")["start_gates"]}
        assert gates["freeze"]["shut"] and gates["freeze"]["roles"] == ["operator"], gates
        assert not gates["approval"]["shut"] and not gates["safety"]["shut"], gates
        text = w.evac("plan", "shop").stdout
        assert "shut freeze, before start: the app is frozen (quarter end)" in text, text
        assert 'as operator: evac failover shop --override freeze --reason "..."' in text, text
        w.evac("unfreeze", "shop")
        assert "it would wait for nobody:" in w.evac("plan", "shop").stdout

        # nothing is known of this account yet, and it says so; the daemon goes on beside it
        sim = ask(w, "simulate", "shop", "--down", "us-east-1", "--runs", "2", "--fault", "stuck:promote")
        assert sim["history"]["steps_without"] == sim["history"]["steps"] > 0, sim["history"]
        assert sim["served_again"]["runs"] == 2 and sim["asked"][0]["what"] == "approve the start", sim
        assert sim["faults"][0]["verdict"] == "breaks" and sim["faults"][0]["broke"][0]["step"] == "promote", sim["faults"]
        r = w.evac("simulate", "shop", "--down", "us-west-9", check=False)
        assert r.returncode == 3 and "us-east-1, us-west-2" in r.stderr, r.stderr

        # somebody looks on, in a window that is too low for all of it
        clock = w.evac_on_terminal("decide", "shop", "--watch", rows=20)
        seen = lambda words: w.wait(lambda: words in clock.screen(), 20, words)
        seen("nothing is wrong: us-east-1 is up")
        w.sand("region us-east-1 down")
        w.wait(lambda: w.app()["run"], 30, "a proposal")
        seen("say yes now: 'evac approve shop'")
        for words in ("us-east-1 is down", "since impact", "RTO burnt", "failover takes", "at the latest", "would be lost now",
                      "more lines: a higher window shows all"):
            seen(words)
        down = ask(w, "decide", "shop")
        assert down["advice"]["what"] == "answer" and down["outage"]["burnt_ms"] > 0, down
        assert "evac approve shop" in down["advice"]["words"] and down["blocks"][0]["gate"] == "approval", down
        text = w.evac("decide", "shop").stdout
        assert "since impact" in text and max(len(line) for line in text.splitlines()) <= 80, text
        assert "\033" not in text, text
        run = w.app()["run"]
        w.evac("approve", "shop")
        seen("goes on: users are served again in about")
        w.wait_end(run)
        seen("nothing is wrong: us-west-2 is up")

        # what took how long is known now, without a restart
        w.sand("region us-east-1 up")
        w.wait_healthy()
        w.evac("ack", "shop")
        known = ask(w, "simulate", "shop", "--down", "us-west-2", "--runs", "2")
        assert known["history"]["steps_without"] < sim["history"]["steps_without"], known["history"]

        back = ask(w, "replay", str(run), "--policy", "never")
        assert len(back["outages"]) == 1 and back["outages"][0]["would_have"]["done"] == "nothing", back
        assert back["outages"][0]["really"]["run"] == run, back
        text = w.evac("replay", str(run)).stdout
        assert "The journal keeps verdicts, not the single answers of probes" in text and "another fall" in back["limits"], text
        would = ask(w, "replay", str(run))["outages"][0]["would_have"]
        assert would["done"] == "propose" and would["at_ms"] >= back["outages"][0]["seen_ms"] + 300, would

        # the same without a controller, from its files
        w.stop_evacd()
        seen("no answer since")
        assert "shop  " in clock.screen() and clock.above == 0, (clock.above, clock.screen())  # drawn over, never scrolled
        files = ("--config", os.path.join(w.dir, "conf"), "--journal", os.path.join(w.dir, "journal.db"))
        assert ask(w, "replay", str(run), *files)["outages"][0]["would_have"] == would
        here = ask(w, "simulate", "shop", "--down", "us-west-2", "--runs", "2", *files)
        assert here["rto"] == known["rto"] and here["plan"] == known["plan"], (here["rto"], known["rto"])


run_stories([an_outage_is_decided_about_moved_and_looked_back_at])
