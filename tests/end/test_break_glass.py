#!/usr/bin/env python3
"""No controller answers: a person moves the shop with one of their own, which outlives its terminal and kill -9; and is refused one
while a controller is alive.

  test_break_glass.py BIN_DIR [NAME...]"""
import json, os, shutil, signal, sqlite3, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from described import Api
from harness import World, run_stories

BIN = os.path.abspath(sys.argv[1])


class Glass(World):
    """A world whose controller may be gone, and a bastion's folders."""

    def __init__(self, conf=None):
        super().__init__(BIN, speed=60, conf=dict(conf or {}, **{'quarantine = "33s"': 'quarantine = "3s"',
                                                               'every = "1s"; timeout = "800ms"': 'every = "400ms"; timeout = "350ms"', 'renew = "5s"': 'renew = "2s"'}))
        self.key = os.path.join(self.dir, "evidence.key")
        with open(os.path.join(self.dir, "conf", "evac.cfg"), "a") as f:
            f.write('evidence = { key = "%s"; };\n' % self.key)
        self.state = os.path.join(self.dir, "state", "evac")
        self.journal = os.path.join(self.state, "standalone.db")
        self.copy = os.path.join(self.dir, "copy.db")
        os.mkdir(os.path.join(self.dir, "run"), 0o700)
        self.env.update(XDG_STATE_HOME=os.path.dirname(self.state), XDG_RUNTIME_DIR=os.path.join(self.dir, "run"))

    def alone(self, *args, **more):
        return self.evac("--standalone", "--config", os.path.join(self.dir, "conf"), *args, **more)

    def child(self, journal=None):
        """Its process, by the lock that it holds."""
        try:
            return int(open((journal or self.journal) + ".lock").read())
        except (OSError, ValueError):
            return None

    def alive(self, pid):
        try:  # its number may be somebody else's by now
            return pid is not None and self.dir.encode() in open("/proc/%d/cmdline" % pid, "rb").read()
        except OSError:
            return False

    def close(self, failed=False):
        for journal in (self.journal, self.copy):
            if self.alive(self.child(journal)):
                os.kill(self.child(journal), signal.SIGKILL)
        if failed and os.path.exists(self.journal + ".log"):
            sys.stderr.write("".join(open(self.journal + ".log").readlines()[-40:]))
        super().close(failed)

    def rows(self, *args):
        pages = self.alone("journal", "--json", "--limit", "1000", *args).stdout.splitlines()
        return [row for page in pages for row in (lambda p: p if isinstance(p, list) else [p])(json.loads(page))]


def refused_while_a_controller_is_alive():
    with Glass() as w:
        w.start_evacd()
        w.wait_healthy()
        r = w.alone("failover", "shop", "--yes", "--reason", "a drill of the rule", check=False)
        assert r.returncode == 3 and "a controller is alive" in r.stderr and "up since" in r.stderr, r.stderr
        r = w.alone("status", "--socket", "/nowhere/else.sock", check=False)  # the configured one counts, whatever is said here
        assert r.returncode == 3 and w.dir in r.stderr, r.stderr
        r = w.alone("status", "--journal", os.path.join(w.dir, "journal.db"), check=False)
        assert r.returncode == 3, r.stderr
        assert not os.path.exists(w.journal), "nothing may have been begun"

        # One that hangs answers nobody, and is alive all the same.
        w.evacd.send_signal(signal.SIGSTOP)
        try:
            r = w.alone("failover", "shop", "--yes", "--reason", "it hangs", check=False)
        finally:
            w.evacd.send_signal(signal.SIGCONT)
        assert r.returncode == 3 and "alive" in r.stderr, r.stderr
        w.stop_evacd(signal.SIGKILL)

        # One at an address that answers with anything.
        w.env["EVAC_SERVER"] = "http://127.0.0.1:%d/" % w.ports["http_port"]
        r = w.alone("failover", "shop", "--yes", "--reason", "somebody is there", check=False)
        assert r.returncode == 3 and w.env["EVAC_SERVER"] + "readyz" in r.stderr, r.stderr
        assert not os.path.exists(w.journal), "nothing may have been begun"


def one_persons_controller_moves_the_shop_and_survives_kill_9():
    with Glass() as w:
        w.sand("region us-east-1 down")
        time.sleep(1)  # the health check has moved the name by itself; what resolves now resolves to the standby
        r = w.alone("failover", "shop", "--yes", check=False)
        assert r.returncode == 2 and "--reason" in r.stderr, r.stderr
        why = ("--reason", "evacd went down with us-east-1")
        r = w.alone("failover", "shop", "--yes", *why, input="", check=False)
        assert r.returncode == 3 and "--from" in r.stderr and "the writer is" in r.stderr, r.stderr
        assert "no controller answers" in r.stderr and "learning: us-east-1" in r.stderr, r.stderr
        first = w.child()
        r = w.alone("failover", "shop", "--yes", "--no-wait", "--json", "--from", "us-east-1", *why)
        run = str(json.loads(r.stdout)["run"])
        assert w.child() == first, "the same one goes on"

        def states():
            return [(x["name"], x["to"]) for x in w.rows(run) if x["kind"] == "step"]
        w.wait(lambda: ("scale:web", "done") in states(), 20, "a step that is done")
        assert ("promote", "done") not in states(), "too late to be killed in the middle"
        os.kill(first, signal.SIGKILL)
        w.wait(lambda: not w.alive(first), 5, "its end")

        # Another one, which takes the run up from the journal. What would be lost nobody can measure any more.
        gate = w.wait(lambda: [x for x in w.rows(run) if x["kind"] == "gate_block" and x["event"] == "rpo"], 30, "the gate")[0]
        r = w.alone("override", run, "rpo", gate["name"], "--reason", "no", check=False)
        assert r.returncode == 3 and "unknown loss" in r.stderr, r.stderr
        w.alone("override", run, "rpo", gate["name"], "--reason", "unknown loss: the region is gone")
        r = w.alone("watch", run, timeout=40)
        assert "succeeded" in r.stdout, r.stdout
        assert w.child() != first
        rows = w.rows()
        alone = [x for x in rows if x["kind"] == "alone"]
        assert len(alone) == 2 and alone[0]["who"].startswith("uid:") and "journal.db" in alone[0]["data"] + json.dumps(alone[0]), alone
        place = [x for x in rows if x["kind"] == "place"]
        assert len(place) == 1 and place[0]["to"] == "us-east-1" and place[0]["text"] == why[1], place
        assert [x for x in rows if x["kind"] == "resume"], "it was taken up again"
        admit = [x for x in rows if x["kind"] == "admit" and str(x["run"]) == run][0]
        assert admit["text"] == why[1] and admit["who"] == alone[0]["who"], admit
        intents = [x["name"] for x in rows if x["kind"] == "intent" and str(x["run"]) == run and x["name"] == "promote"]
        assert len(intents) == 1, intents  # nothing is done twice
        assert w.truth()["writers"] == ["us-west-2"], w.truth()["writers"]

        report = w.alone("report", run).stdout
        assert "Result: succeeded" in report, report
        own = [os.path.join(d, f) for d, _, files in os.walk(os.path.join(w.dir, "run")) for f in files if f.endswith(".sock")]
        Api(own[0]).look_everywhere()
        status = json.loads(w.alone("status", "--json").stdout)
        assert status["apps"][0]["active"] == "us-west-2" and status["apps"][0]["decision"]["policy"] == "never", status
        what_was_done_alone_is_merged_back(w, run)


def what_was_done_alone_is_merged_back(w, run):
    """The daemon is back, and believes what its own journal says, until the other one is merged into it."""
    w.sand("region us-east-1 up")
    w.evac("evidence", "keygen", "--out", w.key)
    w.start_evacd()
    r = w.evac("journal", "merge", w.journal, check=False)
    assert r.returncode == 3 and "is held by process" in r.stderr, r.stderr  # the plan above began one more
    w.alone("stand-down")
    assert w.app()["active"] == "us-east-1"
    said = w.evac("journal", "merge", w.journal).stdout
    assert said.startswith("merged: rows 1 to "), said
    app = w.wait(w.app, 10, "the app")
    assert app["active"] == "us-west-2" and app["last_run"]["acknowledged"] is False, app
    assert app["decision"]["automatic_run_unacknowledged"] is True, app["decision"]
    Api(w.env["EVAC_SOCKET"]).look_everywhere()
    new = str(app["last_run"]["run"])
    report = w.evac("report", new).stdout
    assert "Result: succeeded" in report and "done by standalone:" in report, report
    rows = [json.loads(line) for line in w.evac("journal", new, "--json", "--limit", "1000").stdout.splitlines()]
    origin = [x for x in rows if x["kind"] == "merge"]
    assert len(origin) == 1 and origin[0]["name"].startswith("standalone:") and str(origin[0]["number"]) == run, origin
    said = w.evac("journal", "verify").stdout
    assert "chain is whole" in said and "merged into it: rows 1 to " in said and "standalone:" in said, said

    assert "nothing new" in w.evac("journal", "merge", w.journal).stdout
    runs = [x["run"] for x in json.loads(w.evac("runs", "--json").stdout)]
    assert len(runs) == len(set(runs)) and runs.count(int(new)) == 1, runs
    w.evac("ack", "shop", "--reason", "looked at")
    w.stop_evacd(signal.SIGKILL)
    w.start_evacd()
    app = w.app()
    assert app["active"] == "us-west-2" and app["decision"]["automatic_run_unacknowledged"] is False, app

    # A file that somebody has changed is refused, and nothing is.
    damaged = os.path.join(w.dir, "damaged.db")
    shutil.copy(w.journal, damaged)
    db = sqlite3.connect(damaged)
    table = [n for (n,) in db.execute("select name from sqlite_master where type='table'") if "journal" in n or "row" in n or "record" in n][0]
    db.execute("update %s set text = 'nobody' where seq = 5" % table)
    db.commit()
    db.close()
    r = w.evac("journal", "merge", damaged, check=False)
    assert r.returncode != 0 and "chain is broken" in r.stderr, r.stderr
    bundle = os.path.join(w.dir, "b.evac-evidence")
    w.evac("evidence", "export", new, "--out", bundle)
    finger = json.loads(w.evac("evidence", "key", "--json").stdout)["fingerprint"]
    assert w.evac("evidence", "verify", bundle, "--key", finger).returncode == 0

    # A copy of a controller's journal knows what the controller knew: nobody is asked where the shop serves.
    w.stop_evacd(signal.SIGKILL)
    for ending in ("", "-wal"):
        shutil.copy(os.path.join(w.dir, "journal.db" + ending), w.copy + ending)
    plan = w.alone("plan", "shop", "failback", "--journal", w.copy, "--reason", "home again", input="")
    assert "us-west-2 -> us-east-1" in plan.stdout and "does not know" not in plan.stderr, plan.stdout + plan.stderr
    w.alone("stand-down", "--journal", w.copy)


run_stories([refused_while_a_controller_is_alive, one_persons_controller_moves_the_shop_and_survives_kill_9])
