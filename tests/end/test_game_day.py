#!/usr/bin/env python3
"""A game day by real processes, with a fault of the sandbox's own control: put in, noticed, taken out; and it ends when evacd dies.

    test_game_day.py BIN_DIR"""
import os, signal, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from described import Api  # noqa: E402
from harness import FAST, World, run_stories  # noqa: E402

BIN = sys.argv[1]
FAULT = ('resources = { outage = { type = "sandbox-fault"; url = "http://127.0.0.1:%d"; name = "outage"; '
         'fault = "app-sick"; in = "{from}"; ends_after = "%s"; };')
DRILLS = 'drills = ( { name = "night"; cron = "0 9 1 1 *"; kind = "game-day"; approval = false; faults = ( "outage" ); %s } );'


def begin(ends_after, more=""):
    w = World(BIN, conf={**FAST, 'drills = ( { cron = "0 9 1 1,4,7,10 *"; timezone = "Europe/Berlin"; kind = "rehearse"; } );':
                         DRILLS % more})
    path = os.path.join(w.dir, "conf/apps/shop.cfg")
    text = open(path).read()
    open(path, "w").write(text.replace("resources = {", FAULT % (w.ports["http_port"], ends_after), 1))
    w.sand("app shop renew 1000")
    return w


def faults(w):
    port = os.path.join(w.dir, "ports.json")
    return subprocess.run([w.program("evac-sandbox"), "faults", "--port-file", port], check=True, capture_output=True, text=True,
                          env=w.env, timeout=30).stdout


def a_fault_is_put_in_noticed_and_taken_out():
    with begin("10m") as w:
        w.start_evacd()
        w.wait_healthy()
        receipt = w.evac("drill", "shop", "--kind", "game-day", "--receipt").stdout
        assert "outage" in receipt and faults(w) == "", receipt
        api = Api(w.env["EVAC_SOCKET"])
        assert api.getFaults(app="shop").json["drill"] is None
        w.evac("drill", "shop", "--kind", "game-day", "--yes", "--no-wait")

        def are():
            return {f["fault"]: f["state"] for f in api.getFaults(app="shop").json["faults"]}
        w.wait(lambda: are() == {"outage": "in"} and w.app()["run"], 20, "the fault, and the policy's run")
        api.look_everywhere()
        said = w.evac("drills", "shop").stdout
        assert "fault outage (sandbox-fault) in us-east-1 is in, in since" in said and "ends by itself at" in said, said
        seen = api.getFaults(app="shop").json
        assert seen["state"] == "watching" and seen["policy_run"] == w.app()["run"] and seen["ended_ms"] is None, seen
        assert seen["faults"][0]["ends_ms"] == seen["faults"][0]["in_ms"] + 600000 and seen["faults"][0]["out_ms"] is None, seen
        w.wait(lambda: faults(w).startswith("shop.outage ") and " in " not in faults(w) and "succeeded" in w.evac("drills").stdout,
               60, "the end of the game day")
        assert w.app()["active"] == "us-west-2", w.app()
        api.look_everywhere()
        over = api.getFaults(app="shop", run=seen["policy_run"]).json
        assert are() == {"outage": "out"} and over["drill"] == 1 and over["ended_ms"] >= over["faults"][0]["out_ms"] > seen["now_ms"], over
        assert api.getFaults(app="shop", run=99).json["faults"] == []
        said = w.evac("drills", "shop").stdout
        assert "game-day" in said and "succeeded" in said, said


def a_fault_ends_when_evacd_dies():
    with begin("4s") as w:
        w.start_evacd()
        w.wait_healthy()
        drill = subprocess.Popen([w.program("evac"), "drill", "shop", "--kind", "game-day", "--yes"], env=w.env,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        w.wait(lambda: " in " in faults(w), 20, "the fault")
        w.stop_evacd(signal.SIGKILL)
        drill.wait(20)
        w.wait(lambda: " in " not in faults(w), 10, "the fault's own end")


def what_does_not_go_together_is_refused_with_what_is_allowed():
    with begin("10m") as w:
        path = os.path.join(w.dir, "conf/apps/shop.cfg")
        good = open(path).read()
        for old, new, says in (('fault = "app-sick"', 'fault = "flood"', "allowed is region-down|region-isolated"),
                               ('fault = "app-sick"', 'fault = "service-down"', "fault 'service-down' needs 'service'"),
                               ('ends_after = "10m"', 'ends_after = "9h"', "ends_after is '9h'; allowed is 1s to 4h")):
            open(path, "w").write(good.replace(old, new))
            said = w.evac("validate", os.path.join(w.dir, "conf"), check=False)
            assert said.returncode != 0 and says in said.stderr + said.stdout and "shop.cfg:" in said.stderr + said.stdout, said


if __name__ == "__main__":
    run_stories([a_fault_is_put_in_noticed_and_taken_out, a_fault_ends_when_evacd_dies,
                 what_does_not_go_together_is_refused_with_what_is_allowed])
