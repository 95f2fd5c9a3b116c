#!/usr/bin/env python3
"""The real evacd and evac, end to end, with a shop that needs no cloud: automatic failover and failback, a proposal, a rehearsal,
reload, a second controller, kill -9 after every journal row, a full disk, wrong input.

  test_local.py BIN_DIR [NAME...]"""
import concurrent.futures, json, os, shutil, signal, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from harness import in_days, run_stories

SHOP = os.path.join(HERE, "local_shop.py")
BIN = os.path.abspath(sys.argv[1])

RUNBOOK = """
runbook = {
  name = "by-program";
  failover = { steps = (
    { name = "look"; action = "http.public"; resource = "endpoint"; region = "from"; phase = "check"; when = { mode = "graceful"; }; },
    { name = "stop-writer"; action = "exec.ensure"; resource = "fence"; region = "to"; phase = "fence"; after = ( "look" ); },
    { name = "promote"; action = "exec.ensure"; resource = "data"; region = "to"; phase = "data"; pivot = true; after = ( "stop-writer" ); },
    { name = "verify"; action = "http.verify"; resource = "endpoint"; region = "to"; phase = "verify"; after = ( "promote" ); want = { writable = true; }; },
    { name = "route"; action = "exec.ensure"; resource = "traffic"; region = "to"; phase = "traffic"; after = ( "verify" ); },
    { name = "confirm"; action = "http.public"; resource = "endpoint"; region = "to"; phase = "confirm"; after = ( "route" ); }
  ); };
  failback = { same_as = "failover"; };
  drill = { same_as = "failover"; };
};
"""

APP = """
app = {
  name = "shop"; strategy = "warm-standby"; runbook = "by-program";
  regions = ( "us-east-1", "us-west-2" );
  objectives = { rto = "1m"; rpo = "5s"; };
  endpoint = { url = "http://127.0.0.1:@PORT@/public/health"; regional = "http://127.0.0.1:@PORT@/{region}/health";
               expect = "ok"; served_by = "x-region"; every = "300ms"; timeout = "250ms"; };
  resources = {
    fence   = { type = "exec"; command = ( "@PY@", "@SHOP@", "set", "@STATE@", "writer", "none" );  check = ( "@PY@", "@SHOP@", "is", "@STATE@", "writer", "none" ); };
    data    = { type = "exec"; command = ( "@PY@", "@SHOP@", "set", "@STATE@", "writer", "{to}" );  check = ( "@PY@", "@SHOP@", "is", "@STATE@", "writer", "{to}" ); };
    traffic = { type = "exec"; command = ( "@PY@", "@SHOP@", "set", "@STATE@", "traffic", "{to}" ); check = ( "@PY@", "@SHOP@", "is", "@STATE@", "traffic", "{to}" ); };
  };
  probes = ( { name = "web"; http = "http://127.0.0.1:@PORT@/{region}/health"; expect = "ok"; every = "300ms"; timeout = "250ms"; fall = 3; rise = 2; } );
  policy = { automatic = "@POLICY@"; dwell = "300ms"; cooldown = "1h";
             waivers = ( { condition = "readiness"; owner = "ann"; until = "@UNTIL@"; reason = "stories begin at once"; },
                         { condition = "drill"; owner = "ann"; until = "@UNTIL@"; reason = "nothing was drilled yet"; } ); };
};
"""

CONTROLLER = """
socket = "@DIR@/evac.sock"; store = "@STORE@/journal.db"; reports = "@DIR@/reports"; node = "test";
exec = { allowed = true; };
engine = { quarantine = "2s"; confirm = "100ms"; poll = "50ms"; poll_max = "200ms"; };
"""


class Shop:
    """One world: a folder, a shop, a controller."""

    def __init__(self, policy="act", store=None):
        self.dir = tempfile.mkdtemp(prefix="evac-local-")
        self.store = store or self.dir
        # Steps run as nobody where the controller is root: a folder of theirs, and a program that they may read.
        os.chmod(self.dir, 0o711)
        os.mkdir(self.dir + "/steps")
        os.chmod(self.dir + "/steps", 0o777)
        self.program = shutil.copy(SHOP, self.dir + "/local_shop.py")
        self.state = os.path.join(self.dir, "steps", "state.json")
        with open(self.state + ".lock", "w") as f:
            os.fchmod(f.fileno(), 0o666)
        self.put({"writer": "us-east-1", "traffic": "us-east-1", "down": [], "changes": []})
        self.evacd = None
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EVAC_"))}
        self.env.update(EVAC_SOCKET=os.path.join(self.dir, "evac.sock"), NO_COLOR="1")
        self.shop = subprocess.Popen([sys.executable, SHOP, "serve", self.state], stdin=subprocess.DEVNULL)
        self.wait(lambda: os.path.exists(self.state + ".port"), 10, "the shop")
        self.port = open(self.state + ".port").read()
        self.conf(policy)

    def conf(self, policy, app=APP):
        values = {"DIR": self.dir, "STORE": self.store, "PY": "/usr/bin/python3", "SHOP": self.program, "STATE": self.state,
                  "POLICY": policy, "PORT": self.port, "UNTIL": in_days(30)}
        for name, text in (("evac.cfg", CONTROLLER), ("apps/shop.cfg", app), ("runbooks/by-program.cfg", RUNBOOK)):
            for key, value in values.items():
                text = text.replace("@%s@" % key, value)
            path = os.path.join(self.dir, "conf", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as f:
                f.write(text)

    def put(self, state):
        with open(self.state + ".put", "w") as f:
            json.dump(state, f)
        os.rename(self.state + ".put", self.state)

    def get(self):
        return json.load(open(self.state))

    def down(self, *regions):
        state = self.get()
        state["down"] = list(regions)
        state["down_at_ms"] = time.time() * 1000
        self.put(state)

    def start(self, fail=None, wait=True, extra=()):
        env = dict(self.env)
        if fail:
            env["EVAC_FAIL"] = fail
        log = open(os.path.join(self.dir, "evacd.log"), "ab")
        self.evacd = subprocess.Popen([BIN + "/evacd", "--config", self.dir + "/conf", *extra], stdin=subprocess.DEVNULL,
                                      stdout=log, stderr=subprocess.STDOUT, env=env)
        if wait:
            self.wait(lambda: self.status() or self.evacd.poll() is not None, 20, "evacd")
        return self.evacd

    def stop(self):
        self.evacd.terminate()
        code = self.evacd.wait(20)
        self.evacd = None
        return code

    def evac(self, *args, code=0, input=None):
        r = subprocess.run([BIN + "/evac", *args], capture_output=True, text=True, env=self.env, input=input, timeout=120)
        if code is not None and r.returncode != code:
            raise AssertionError("evac %s: exit %d, not %d\n%s%s" % (" ".join(args), r.returncode, code, r.stdout, r.stderr))
        return r

    def status(self):
        r = self.evac("status", "--json", code=None)
        return json.loads(r.stdout) if r.returncode == 0 else None

    def healthy(self):
        def is_so():
            s = self.status()
            return s and s["apps"] and all(r["verdict"] == "up" for r in s["apps"][0]["regions"]) and \
                s["apps"][0]["endpoint"]["state"] == "up"
        self.wait(is_so, 30, "a healthy shop")

    def ended(self, run, seconds=60):
        def is_so():
            r = self.evac("report", str(run), "--json", code=None)
            report = json.loads(r.stdout) if r.returncode == 0 else {}
            return report if report.get("instants", {}).get("ended") else None
        return self.wait(is_so, seconds, "the end of run %d" % run)

    def wait(self, what, seconds, name):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = what()
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError("gave up waiting for " + name)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for p in (self.evacd, self.shop):
            if p and p.poll() is None:
                p.terminate()
        for p in (self.evacd, self.shop):
            if p:
                try:
                    p.wait(15)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()
        if kind and os.path.exists(self.dir + "/evacd.log"):
            sys.stderr.write("".join(open(self.dir + "/evacd.log", errors="replace").readlines()[-40:]))
        shutil.rmtree(self.dir, ignore_errors=True)


def check_moved(shop, report, to="us-west-2"):
    state = shop.get()
    assert report["result"] == "succeeded", report["result"]
    assert state["writer"] == to and state["traffic"] == to, state
    route = [s for s in report["steps"] if s["id"] == "route"][0]  # the runbook looks at the endpoint before that, too
    assert report["instants"]["recovered"] >= route["ended_ms"], (report["instants"], route)
    assert report["rto_ms"] > 0 and report["rto_ms"] <= report["rto_objective_ms"], report["rto_ms"]
    assert "whole" in shop.evac("journal", "verify").stdout


# --- the stories --------------------------------------------------------------------------------------------------

def the_policy_moves_the_shop_and_a_person_brings_it_home():
    with Shop() as shop:
        shop.start()
        shop.healthy()
        shop.down("us-east-1")
        report = shop.ended(1)
        check_moved(shop, report)
        assert report["who"] == "policy" and report["mode"] == "ungraceful", report
        assert [c for c in shop.get()["changes"]] == [["writer", "none"], ["writer", "us-west-2"], ["traffic", "us-west-2"]]
        for name in ("report.txt", "report.json", "report.html"):
            assert os.path.getsize(shop.dir + "/reports/run-1/" + name) > 500, name
        shop.down()
        shop.healthy()
        shop.evac("ack", "shop")
        out = shop.evac("failback", "shop", "--yes").stdout
        assert "critical path" in out and "succeeded" in out, out
        check_moved(shop, shop.ended(2), "us-east-1")
        assert shop.stop() == 0


def a_canary_by_programs_measures_the_loss_and_names_the_lost_markers():
    canary = """    orders  = { type = "canary"; mark = ( "@PY@", "@SHOP@", "mark", "@STATE@" ); seek = ( "@PY@", "@SHOP@", "seek", "@STATE@" ); };
  };
  probes ="""
    app = APP.replace("  };\n  probes =", canary).replace('cooldown = "1h"', 'cooldown = "1h"; canary = "200ms"; measure = "200ms"')
    with Shop() as shop:
        shop.conf("act", app)
        shop.start()
        shop.healthy()
        time.sleep(2)
        shop.down("us-east-1")
        died = time.time() * 1000
        report = shop.ended(1)
        check_moved(shop, report)
        loss = [x for x in report["rpo"] if x["store"] == "orders"]
        assert len(loss) == 1 and loss[0]["method"] == "canary", report["rpo"]
        truth = died - loss[0]["details"]["found"]
        assert 0 < loss[0]["details"]["lost_count"] <= 6, loss
        assert all(loss[0]["details"]["found"] < m <= died for m in loss[0]["details"]["lost"]), loss
        assert report["rpo_ms"] >= 450 and report["rpo_ms"] <= truth + 2000, (report["rpo_ms"], truth)


def a_person_must_type_the_name():
    with Shop("never") as shop:
        shop.start()
        shop.healthy()
        r = shop.evac("failover", "shop", input="", code=3)
        assert "--yes" in r.stderr, r.stderr
        assert shop.get()["changes"] == []
        shop.evac("failover", "nosuch", "--yes", code=3)
        shop.evac("failover", code=2)
        shop.evac("fialover", "shop", code=2)
        r = shop.evac("failover", "shop", "--yes", "--to", "us-east-1", code=3)
        assert "already" in r.stderr, r.stderr


def a_proposal_waits_for_a_yes():
    with Shop("propose") as shop:
        shop.start()
        shop.healthy()
        shop.down("us-east-1")
        shop.wait(lambda: shop.status()["runs"], 20, "a proposal")
        assert shop.status()["runs"][0]["state"] == "proposed"
        assert shop.get()["changes"] == []
        shop.evac("approve", "shop")
        check_moved(shop, shop.ended(1))


PHONE = """
approvers = ( { name = "ann"; key = "%s/ann.key"; } );
roles = { approver = ( "uid:0", "offline:ann" ); };
"""


def a_step_waits_for_a_yes_by_phone():
    """Ann's yes is for what was read out to her: not for another mode, and not for the start."""
    with Shop("never") as shop:
        def answer():
            c = json.loads(shop.evac("challenge", "1", "--as", "ann", "--json").stdout)
            assert c["place"] == "promote", c
            said = [x for k in ("app", "from", "to", "mode") for x in ("--" + k, c[k])]
            return json.loads(shop.evac("challenge", "answer", c["code"], "--key", shop.dir + "/ann.key", "--json", *said).stdout)["response"]

        shop.evac("challenge", "keygen", "--out", shop.dir + "/ann.key")
        with open(shop.dir + "/conf/evac.cfg", "a") as f:
            f.write(PHONE % shop.dir)
        with open(shop.dir + "/conf/runbooks/by-program.cfg", "w") as f:
            f.write(RUNBOOK.replace("pivot = true;", "pivot = true; approval = true;"))
        shop.start()
        shop.healthy()
        shop.evac("failover", "shop", "--yes", "--no-wait", "--reason", "x")
        shop.wait(lambda: "evac challenge 1 promote --as ann" in shop.evac("gates", "1").stdout, 20, "the gate")
        early = answer()
        assert early == answer(), "asked again it is the same"
        shop.evac("mode", "1", "ungraceful", "--reason", "x")
        assert "not so any more" in shop.evac("approve", "1", "--as", "ann", "--response", early, code=3).stderr
        shop.evac("approve", "1", "--as", "ann", "--response", answer())
        check_moved(shop, shop.ended(1))


def a_rehearsal_changes_nothing():
    with Shop("never") as shop:
        shop.start()
        shop.healthy()
        out = shop.evac("check", "shop", code=None).stdout
        assert "observing -> done" in out, out
        assert shop.get()["changes"] == []


def a_bad_configuration_changes_nothing():
    with Shop("never") as shop:
        shop.start()
        shop.healthy()
        before = shop.status()["config"]
        shop.conf("perhaps", APP.replace("regions =", "regoins ="))
        r = shop.evac("validate", shop.dir + "/conf", code=1)
        for said in ("apps/shop.cfg:", "regoins", "did you mean", "perhaps", "never"):
            assert said in r.stderr, (said, r.stderr)
        shop.evac("reload", code=3)
        shop.conf("never", APP.replace("policy =", 'drills = ( { cron = "99 * * * *"; kind = "rehearse"; } ); policy ='))
        r = shop.evac("validate", shop.dir + "/conf", code=1)
        assert "cron: minute" in r.stderr, r.stderr
        shop.evacd.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert shop.status()["config"] == before
        shop.conf("propose")
        shop.evac("reload")
        assert shop.status()["apps"][0]["decision"]["policy"] == "propose"


def a_second_controller_is_refused():
    with Shop("never") as shop:
        first = shop.start()
        r = subprocess.run([BIN + "/evacd", "--config", shop.dir + "/conf"], capture_output=True, text=True, env=shop.env,
                           timeout=20)
        assert r.returncode == 1 and "held by another controller (process %d)" % first.pid in r.stderr, r.stderr
        assert shop.status()


def no_controller_is_said():
    with Shop("never") as shop:
        r = shop.evac("status", code=4)
        assert "no controller answers" in r.stderr, r.stderr


def a_full_disk_is_said_and_survived():
    mount = tempfile.mkdtemp(prefix="evac-small-")
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", mount],
                                           capture_output=True).returncode != 0:
        os.rmdir(mount)
        print("  (no small file system can be mounted here: left out)")
        return
    try:
        with Shop("act", store=mount) as shop:
            shop.start()
            shop.healthy()
            filler = os.open(mount + "/filler", os.O_WRONLY | os.O_CREAT)
            for size in (1 << 20, 4096):
                try:
                    while True:
                        os.write(filler, b"x" * size)
                except OSError:
                    pass
            os.close(filler)

            def trouble():
                """The log's file has room for some rows yet: looks at the standby use it up."""
                shop.evac("drill", "--kind", "rehearse", "shop", code=None)
                return (shop.status() or {}).get("trouble")
            shop.wait(trouble, 30, "the trouble to be said")
            shop.down("us-east-1")
            assert shop.evacd.poll() is None
            os.unlink(mount + "/filler")
            shop.wait(lambda: (shop.status() or {"trouble": "x"})["trouble"] is None, 30, "the trouble to end")
            shop.down()
            shop.healthy()
            shop.down("us-east-1")
            shop.wait(lambda: shop.get()["traffic"] == "us-west-2", 60, "the move")
            shop.stop()
    finally:
        subprocess.run(["umount", mount])
        os.rmdir(mount)


def killed_after(row):
    with Shop() as shop:
        evacd = shop.start(fail="row:%d" % row)

        def over(what):
            return lambda: evacd.poll() is not None or what()

        def both_up():
            s = shop.status()
            return s and s["apps"] and all(r["verdict"] == "up" for r in s["apps"][0]["regions"])

        def has_ended():
            r = shop.evac("report", "1", "--json", code=None)
            return r.returncode == 0 and json.loads(r.stdout).get("instants", {}).get("ended")

        shop.wait(over(both_up), 30, "a healthy shop")
        shop.down("us-east-1")
        shop.wait(over(has_ended), 60, "the end, or death")
        died = evacd.poll() is not None
        if died:
            assert evacd.returncode == -signal.SIGKILL, evacd.returncode
            shop.down()  # a restart forgets its health: it must see both regions up before it may decide
            shop.start()
            if not shop.status()["runs"]:
                shop.wait(both_up, 30, "a healthy shop again")
            shop.down("us-east-1")
        check_moved(shop, shop.ended(1, 60))
        changes = shop.get()["changes"]
        assert changes == [["writer", "none"], ["writer", "us-west-2"], ["traffic", "us-west-2"]], changes
        return died


def what_act_needs_is_waived_frozen_and_shown():
    with Shop() as shop:
        # nothing was drilled, and nobody stands for that
        shop.conf("act", APP.replace('condition = "drill"', 'condition = "lint"'))
        shop.start()
        shop.healthy()
        assert "it would only propose: no drill of this app went well yet" in shop.evac("status").stdout
        assert "--owner" in shop.evac("waive", "shop", "drill", code=2).stderr
        assert "90 days" in shop.evac("waive", "shop", "drill", "--owner", "bob", "--reason", "booked", "--for", "91d", code=3).stderr
        shop.evac("waive", "shop", "drill", "--owner", "bob", "--reason", "booked", "--for", "30d")
        said = shop.evac("status").stdout
        assert "waived: drill, by bob until" in said and "(booked)" in said and "only propose" not in said, said
        shop.evac("freeze", "shop", "--reason", "the year ends", "--for", "2h", "--owner", "bob")
        assert "frozen until" in shop.evac("plan", "shop").stdout
        shop.down("us-east-1")
        proposed = lambda: any(r["state"] == "proposed" for r in shop.status()["runs"])
        shop.wait(proposed, 30, "a proposal")
        assert "would act, but: frozen for another" in shop.evac("journal", "1").stdout
        assert "no incident" in shop.evac("incident").stdout
        assert "there is no incident" in shop.evac("approve", "--incident", "us-east-1", code=3).stderr
        shop.evac("decline", "shop")
        shop.evac("unfreeze", "shop")
        shop.evac("unwaive", "shop", "drill")
        assert "nobody waived that" in shop.evac("unwaive", "shop", "drill", code=3).stderr


def killed_after_every_row_the_run_ends_and_nothing_is_done_twice():
    with Shop() as shop:
        shop.start()
        shop.healthy()
        first = shop.status()["journal_rows"] + 1
        shop.down("us-east-1")
        shop.ended(1)
        last = shop.status()["journal_rows"]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        deaths = list(pool.map(killed_after, range(first, last)))
    print("  (%d kill points, died at %d)" % (len(deaths), sum(deaths)))
    assert sum(deaths) >= len(deaths) // 2, deaths


STORIES = [the_policy_moves_the_shop_and_a_person_brings_it_home,
           a_canary_by_programs_measures_the_loss_and_names_the_lost_markers, a_person_must_type_the_name, a_proposal_waits_for_a_yes,
           a_step_waits_for_a_yes_by_phone,
           a_rehearsal_changes_nothing, a_bad_configuration_changes_nothing, a_second_controller_is_refused,
           no_controller_is_said, what_act_needs_is_waived_frozen_and_shown, a_full_disk_is_said_and_survived,
           killed_after_every_row_the_run_ends_and_nothing_is_done_twice]

if __name__ == "__main__":
    run_stories(STORIES)
