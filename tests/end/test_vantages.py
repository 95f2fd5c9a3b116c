#!/usr/bin/env python3
"""The real evacd with real vantages' agents, and an app whose regions each of them sees as the test wants: by the process that asks.

  test_vantages.py BIN_DIR [NAME...]"""
import http.client, http.server, json, os, shutil, signal, socket, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from described import Api
from harness import run_stories

BIN = os.path.abspath(sys.argv[1])
EAST, WEST = "us-east-1", "us-west-2"

CONTROLLER = """
socket = "@DIR@/evac.sock"; store = "@DIR@/journal.db"; node = "home";
vantages = ( { name = "eu"; region = "eu-west-1"; }, { name = "ap"; } );
anchors = ( "http://127.0.0.1:@PORT@/anchor" );
exec = { allowed = true; };
engine = { vantage_lease = "3s"; };
"""

APP = """
app = {
  name = "shop"; strategy = "warm-standby"; runbook = "by-hand"; regions = ( "us-east-1", "us-west-2" );
  objectives = { rto = "1m"; rpo = "5s"; };
  endpoint = { url = "http://127.0.0.1:@PORT@/public"; every = "600ms"; timeout = "550ms"; };
  probes = ( { name = "web"; http = "http://127.0.0.1:@PORT@/{region}"; expect = "ok"; every = "600ms"; timeout = "550ms"; },
             { name = "depth"; http = "http://127.0.0.1:@PORT@/depth"; role = "data"; json = { path = "queue.depth"; below = 10; }; every = "600ms"; timeout = "550ms"; }@MORE@ );
  health = { grace = 0; }; policy = { automatic = "propose"; dwell = "300ms"; };
};
"""

RUNBOOK = """
runbook = { name = "by-hand"; failover = { steps = (
  { name = "look"; action = "http.public"; resource = "endpoint"; region = "to"; phase = "confirm"; }
); }; failback = { same_as = "failover"; }; };
"""


class Sights(http.server.ThreadingHTTPServer):
    """Answers each process by its own sight of the world."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.blind = {}  # pid: paths that fail for it; 0: for all
        self.pids = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def who(self, port):
        """The process at the other end."""
        ours = ":%04X " % port
        for line in open("/proc/net/tcp").readlines()[1:]:
            if ours not in line:  # the machine may have thousands, and the one that asks waits
                continue
            part = line.split()
            if int(part[1].split(":")[1], 16) == port and int(part[2].split(":")[1], 16) == self.server_port:
                for pid in self.pids:
                    try:
                        for fd in os.listdir("/proc/%d/fd" % pid):
                            if os.readlink("/proc/%d/fd/%s" % (pid, fd)) == "socket:[%s]" % part[9]:
                                return pid
                    except OSError:
                        pass
        return None


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.strip("/")
        blind = self.server.blind
        bad = path in blind.get(0, ()) or (blind and path in blind.get(self.server.who(self.client_address[1]), ()))
        if bad and path == "anchor":
            return  # no answer at all
        body = json.dumps({"status": "ok", "region": EAST if path == "public" else path, "queue": {"depth": 99 if bad else 3}}).encode()
        self.send_response(503 if bad and path != "depth" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Place:
    def __init__(self, more=""):
        self.dir = tempfile.mkdtemp(prefix="evac-vantages-")
        self.sights = Sights()
        self.more = more
        self.processes = {}
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EVAC_"))}
        self.env.update(EVAC_SOCKET=self.dir + "/evac.sock", NO_COLOR="1")
        self.conf()

    def conf(self, controller=CONTROLLER):
        for name, text in (("evac.cfg", controller), ("apps/shop.cfg", APP), ("runbooks/by-hand.cfg", RUNBOOK)):
            path = os.path.join(self.dir, "conf", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as f:
                f.write(text.replace("@DIR@", self.dir).replace("@PORT@", str(self.sights.server_port))
                        .replace("@MORE@", self.more))

    def begin(self, name, *command):
        log = open(os.path.join(self.dir, name + ".log"), "ab")
        p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=self.env)
        self.processes[name] = p
        self.sights.pids.append(p.pid)
        return p

    def evacd(self):
        self.begin("evacd", BIN + "/evacd", "--config", self.dir + "/conf")
        self.wait(self.status, 20, "evacd")

    def vantage(self, name, log=None):
        return self.begin(log or name, BIN + "/evac", "vantage", "--name", name, "--config", self.dir + "/conf")

    def all(self):
        self.evacd()
        for name in ("eu", "ap"):
            self.vantage(name)
        self.wait(lambda: self.states() == {"home": "speaks", "eu": "speaks", "ap": "speaks"}, 20, "all vantages")
        self.wait(lambda: self.verdicts() == ["up", "up"], 20, "regions that are up")

    def blind(self, name, *paths):
        self.sights.blind[self.processes[name].pid if name else 0] = set(paths)

    def end(self, name, number):
        p = self.processes.pop(name)
        p.send_signal(number)
        return p.wait(20)

    def evac(self, *args, code=0):
        r = subprocess.run([BIN + "/evac", *args], capture_output=True, text=True, env=self.env, timeout=60)
        if code is not None and r.returncode != code:
            raise AssertionError("evac %s: exit %d, not %d\n%s%s" % (" ".join(args), r.returncode, code, r.stdout, r.stderr))
        return r

    def status(self):
        r = self.evac("status", "--json", code=None)
        return json.loads(r.stdout) if r.returncode == 0 else None

    def states(self):
        return {v["name"]: v["state"] for v in self.status()["vantages"]}

    def regions(self):
        return self.status()["apps"][0]["regions"]

    def verdicts(self):
        return [r["verdict"] for r in self.regions()]

    def post(self, name, batch):
        """What the agent does, by hand: status and sentence."""
        c = http.client.HTTPConnection("evac")
        c.sock = socket.socket(socket.AF_UNIX)
        c.sock.connect(self.dir + "/evac.sock")
        c.request("POST", "/v1/vantages/%s/results" % name, batch if isinstance(batch, str) else json.dumps(batch),
                  {"Content-Type": "application/json"})
        r = c.getresponse()
        body = r.read().decode()
        c.close()
        return r.status, json.loads(body).get("detail", "")

    def batch(self, **more):
        return dict({"lease": "by-hand", "seq": 1, "config": self.status()["config"], "abstains": False, "leaves": False,
                     "dropped": 0, "results": []}, **more)

    def wait(self, what, seconds, name):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = what()
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError("gave up waiting for %s\n%s" % (name, self.evac("status", code=None).stdout))

    def stays(self, what, seconds, name):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert what(), "%s\n%s" % (name, self.evac("status", code=None).stdout)
            time.sleep(0.1)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for p in self.processes.values():
            p.terminate()
        for p in self.processes.values():
            try:
                p.wait(20)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        self.sights.shutdown()
        self.sights.server_close()
        if kind:
            for name in sorted(os.listdir(self.dir)):
                if name.endswith(".log"):
                    sys.stderr.write("--- %s\n%s" % (name, "".join(open(self.dir + "/" + name, errors="replace").readlines()[-30:])))
        shutil.rmtree(self.dir, ignore_errors=True)


# --- the stories --------------------------------------------------------------------------------------------------

def two_vantages_outvote_one_that_sees_it_otherwise():
    with Place() as place:
        place.all()
        place.blind("evacd", EAST)  # the controller's own way there is broken
        def own(): return [p for p in place.regions()[0]["probes"] if p["name"] == "web"][0]["state"]
        place.wait(lambda: own() == "down", 20, "the controller's own view")
        place.stays(lambda: place.verdicts() == ["up", "up"], 2, "two of three see it up")
        assert "vantage" not in place.regions()[0]["reasons"] or place.regions()[0]["verdict"] == "up"
        place.blind("eu", EAST)
        region = place.wait(lambda: place.verdicts() == ["down", "up"] and place.regions()[0], 20, "a majority that sees it down")
        assert "2 of 3 vantages" in region["reasons"], region["reasons"]
        Api(place.env["EVAC_SOCKET"]).look_everywhere()
        opinions = {o["vantage"]: o["says"] for o in region["opinions"]}
        assert opinions == {"home": "down", "eu": "down", "ap": "up"}, opinions
        out = place.evac("status").stdout
        assert "eu" in out and "us-east-1 down" in out and "heard" in out, out
        place.blind("eu")
        place.blind("evacd")
        place.wait(lambda: place.verdicts() == ["up", "up"], 20, "all up again")


def what_apps_share_is_asked_from_everywhere_and_most_decide():
    with Place() as place:
        place.conf(CONTROLLER + 'dependencies = ( { name = "payments"; http = "http://127.0.0.1:@PORT@/payments"; every = "1s"; '
                                'timeout = "900ms"; fall = 2; grace = 0; calm = "1s"; } );\n')
        place.all()
        def payments(): return place.status()["dependencies"][0]["state"]
        place.wait(lambda: payments() == "up", 20, "a dependency that is up")
        place.blind("evacd", "payments")  # the controller's own way there is broken
        place.stays(lambda: payments() == "up", 3, "two of three see it up")
        place.blind("ap", "payments")
        place.wait(lambda: payments() == "down", 20, "a majority that sees it down")
        place.blind("evacd")
        place.wait(lambda: payments() == "up", 20, "a majority that sees it up again")


def a_vantage_that_is_killed_has_no_opinion_and_the_controller_alone_can_not_decide():
    with Place() as place:
        place.all()
        place.end("eu", signal.SIGKILL)
        assert place.states()["eu"] == "speaks"  # for as long as its lease
        place.wait(lambda: place.states()["eu"] == "silent", 10, "the end of a lease")
        place.stays(lambda: place.verdicts() == ["up", "up"], 1, "two of three are a majority")
        place.end("ap", signal.SIGKILL)
        place.wait(lambda: place.states()["ap"] == "silent", 10, "the end of another lease")
        place.blind(None, EAST)  # and now the region is gone
        place.wait(lambda: place.verdicts() == ["unknown", "up"], 10, "no majority for down; who is left sees the other up")
        place.stays(lambda: place.verdicts()[0] != "down", 2, "one alone can not vote a region down")
        assert place.status()["apps"][0]["decision"]["decide"] == "nothing"
        place.vantage("ap")
        place.wait(lambda: place.verdicts()[0] == "down", 20, "two of three")
        rows = [json.loads(line) for line in place.evac("journal", "--json", "--limit", "500").stdout.splitlines() if line]
        told = [(r["name"], r["to"]) for r in rows if r["kind"] == "vantage"]
        for row in (("eu", "speaks"), ("ap", "speaks"), ("eu", "silent"), ("ap", "silent")):
            assert row in told, (row, told)
        assert "whole" in place.evac("journal", "verify").stdout


def a_vantage_that_reaches_no_anchor_abstains_and_one_that_leaves_is_silent_at_once():
    with Place() as place:
        place.all()
        place.blind("ap", "anchor", EAST, WEST)  # it is cut off: its sight of the regions proves nothing
        place.wait(lambda: place.states()["ap"] == "abstains", 30, "a vantage that knows that it is cut off")
        place.stays(lambda: place.verdicts() == ["up", "up"], 1, "the others see it up")
        place.blind("ap")
        place.wait(lambda: place.states()["ap"] == "speaks", 30, "a vantage that is back")
        begin = time.monotonic()
        assert place.end("ap", signal.SIGTERM) == 0
        place.wait(lambda: place.states()["ap"] == "silent", 2, "a lease that was given back")
        assert time.monotonic() - begin < 2.9


def what_is_not_news_is_refused_with_a_sentence():
    with Place() as place:
        place.evacd()
        def refused(status, words, name, batch):
            got = place.post(name, batch)
            assert got[0] == status and words in got[1], got
        refused(404, "evac.cfg has no vantage 'us'; it has eu, ap", "us", place.batch())
        refused(400, "JSON object", "eu", "[]")
        refused(400, "'seq'", "eu", place.batch(seq="one"))
        refused(400, "'results'", "eu", place.batch(results=[{}] * 300))
        refused(409, "another configuration", "eu", place.batch(config="0" * 64))
        assert place.states()["eu"] == "silent"
        assert place.post("eu", place.batch(seq=5))[0] == 200
        assert place.states()["eu"] == "speaks"
        refused(409, "batch 5 of vantage eu is a copy", "eu", place.batch(seq=5))
        refused(409, "batch 4 of vantage eu is a copy, or was overtaken: 5", "eu", place.batch(seq=4))
        refused(409, "another agent speaks for vantage eu", "eu", place.batch(lease="another", seq=1))
        web = {"app": "shop", "probe": "web", "region": EAST, "ok": False, "latency_ms": 1, "asked_ago_ms": 100,
               "certificate_until_ms": 0, "reason": "it is dark"}
        strange = dict(web, probe="no-such"), dict(web, region="eu-north-1"), dict(web, app="x"), dict(web, asked_ago_ms=5000)
        assert place.post("eu", place.batch(seq=6, results=list(strange)))[0] == 200  # passed over: unknown, or too old
        eu = [v for v in place.status()["vantages"] if v["name"] == "eu"][0]
        assert eu["stale"] == 4, eu
        for seq in range(7, 12):  # good twice, bad three times: a row that began in grace would not count
            told = dict(web, ok=seq < 9, reason="" if seq < 9 else web["reason"], asked_ago_ms=0,
                        certificate_until_ms=int(time.time() + 3 * 86400 + 60) * 1000)
            assert place.post("eu", place.batch(seq=seq, results=[told]))[0] == 200
            time.sleep(0.05)
        says = {o["vantage"]: o["says"] for o in place.regions()[0]["opinions"]}
        assert says["eu"] == "down", says
        text = place.evac("status").stdout
        assert text.count("certificate of ") == 1 and "certificate of web@us-east-1 expires in 3 days" in text, text
        assert place.post("eu", place.batch(seq=12, leaves=True))[0] == 200
        assert place.states()["eu"] == "silent"
        assert place.post("eu", place.batch(lease="another", seq=1))[0] == 200


def an_agent_follows_the_controller_through_restarts_and_new_configurations():
    with Place() as place:
        place.all()
        second = place.vantage("eu", "eu-again")
        place.wait(lambda: "another agent speaks" in open(place.dir + "/eu-again.log").read(), 10, "a refusal")
        assert second.poll() is None
        place.end("eu-again", signal.SIGTERM)
        place.end("evacd", signal.SIGKILL)
        place.evacd()
        place.wait(lambda: set(place.states().values()) == {"speaks"}, 15, "all vantages at the new controller")
        place.conf(CONTROLLER + "// changed\n")
        place.evac("reload")
        place.wait(lambda: "reloaded" in open(place.dir + "/eu.log").read() and "reloaded" in open(place.dir + "/ap.log").read(),
                   20, "agents that load what the controller has")
        place.stays(lambda: set(place.states().values()) == {"speaks"}, 4, "nobody was lost")
        r = subprocess.run([BIN + "/evac", "vantage", "--name", "nobody", "--config", place.dir + "/conf"], capture_output=True,
                           text=True, env=place.env, timeout=20)
        assert r.returncode == 3 and "no vantage 'nobody'" in r.stderr, r


def every_probe_of_an_app_can_be_asked_once():
    more = """,
      { name = "port"; tcp = "127.0.0.1:@PORT@"; role = "data"; },
      { name = "own"; exec = ( "/bin/sh", "-c", "echo {region} is ill; test {region} = us-west-2" ); role = "data"; },
      { name = "seen"; look = { resource = "endpoint"; action = "public"; }; every = "1s"; }"""
    with Place() as place:
        place.more = more.replace("@PORT@", str(place.sights.server_port))
        place.conf()
        rows = json.loads(place.evac("probe", "shop", "--config", place.dir + "/conf", "--json", code=1).stdout)["probes"]
        result = {(r["name"], r["region"]): (r["result"], r["reason"]) for r in rows}
        assert result["web", EAST] == ("good", "") and result["endpoint", ""][0] == "good", result
        assert result["port", ""] == ("good", "") and result["depth", ""] == ("good", ""), result
        assert result["own", EAST] == ("bad", "us-east-1 is ill (exit code 1)") and result["own", WEST][0] == "good", result
        assert result["seen", EAST] == ("good", ""), result
        assert result["seen", WEST] == ("bad", "it is not served by us-west-2 yet"), result
        place.blind(None, "depth")
        out = place.evac("probe", "shop", "--config", place.dir + "/conf", code=1).stdout
        assert "queue.depth is 99, expected below 10" in out, out
        place.evacd()
        place.wait(lambda: "probe depth down: queue.depth is 99, expected below 10" in place.evac("status").stdout, 10,
                   "a probe without a vote in status")
        def seen(): return [p for p in place.regions()[0]["probes"] if p["name"] == "seen"][0]
        place.wait(lambda: seen()["state"] == "up" and seen()["role"] == "control", 10, "a driver's look")
        assert place.regions()[0]["opinions"][0] == {"vantage": "home", "inside": False, "says": "up"}, place.regions()[0]
        place.more = more.replace('action = "public"', 'action = "publik"').replace("@PORT@", "1")
        place.conf(CONTROLLER.replace("exec = { allowed = true; };", ""))
        err = place.evac("validate", place.dir + "/conf", code=1).stderr
        assert "'publik' is no action of http that only looks" in err and "runs a program, which evac.cfg does not allow" in err, err


run_stories([two_vantages_outvote_one_that_sees_it_otherwise, what_apps_share_is_asked_from_everywhere_and_most_decide,
             a_vantage_that_is_killed_has_no_opinion_and_the_controller_alone_can_not_decide,
             a_vantage_that_reaches_no_anchor_abstains_and_one_that_leaves_is_silent_at_once,
             what_is_not_news_is_refused_with_a_sentence,
             an_agent_follows_the_controller_through_restarts_and_new_configurations,
             every_probe_of_an_app_can_be_asked_once])
