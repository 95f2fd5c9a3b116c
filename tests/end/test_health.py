#!/usr/bin/env python3
"""Health as its user sees it: real processes, a web server whose answers the test chooses.

    test_health.py BIN_DIR
"""
import http.server, json, os, shutil, signal, subprocess, sys, tempfile, threading, time, traceback

BIN = sys.argv[1]
CONTROLLER = """
socket = "@DIR@/evac.sock"; store = "@DIR@/journal.db"; node = "n1";
anchors = ( "http://127.0.0.1:@PORT@/anchor" );
dependencies = ( { name = "payments"; http = "http://127.0.0.1:@PORT@/payments"; every = "200ms"; calm = "1s"; } );
"""
APP = """
app = {
  name = "@NAME@"; strategy = "warm-standby"; regions = ( "us-east-1", "us-west-2" ); needs = ( "payments" );
  objectives = { rto = "5m"; rpo = "30s"; };
  endpoint = { url = "http://127.0.0.1:@PORT@/public"; every = "200ms"; };
  health = { grace = "1s"; down_when = { any = ( "web", { at_least = 2; of = ( "db", "cache", "queue" ); } ); }; };
  probes = (
    { name = "db"; http = "http://127.0.0.1:@PORT@/{region}/db"; every = "200ms"; },
    { name = "web"; http = "http://127.0.0.1:@PORT@/{region}/web"; every = "200ms"; depends_on = ( "db" ); },
    { name = "cache"; http = "http://127.0.0.1:@PORT@/{region}/cache"; every = "200ms"; },
    { name = "queue"; http = "http://127.0.0.1:@PORT@/{region}/queue"; every = "200ms"; }
  );
  policy = { automatic = "propose"; dwell = "15m"; readiness = 0; canary = 0; };
};
"""


class Answers(http.server.BaseHTTPRequestHandler):
    bad = set()

    def do_GET(self):
        self.send_response(503 if self.path in Answers.bad else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


class World:
    def __enter__(self):
        Answers.bad = set()
        self.dir = tempfile.mkdtemp(prefix="evac-health-")
        self.web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=self.web.serve_forever, daemon=True).start()
        os.makedirs(self.dir + "/conf/apps")
        self.write("evac.cfg", CONTROLLER)
        for name in ("shop", "desk"):
            self.write("apps/%s.cfg" % name, APP.replace("@NAME@", name))
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EVAC_"))}
        self.env.update(EVAC_SOCKET=self.dir + "/evac.sock", NO_COLOR="1")
        self.log = open(self.dir + "/evacd.log", "wb")
        self.evacd = subprocess.Popen([BIN + "/evacd", "--config", self.dir + "/conf"], stdin=subprocess.DEVNULL,
                                      stdout=self.log, stderr=subprocess.STDOUT, env=self.env)
        self.until(lambda: self.verdicts() == ["up", "up"], "a healthy app")
        return self

    def __exit__(self, *what):
        self.evacd.send_signal(signal.SIGCONT)
        self.evacd.terminate()
        self.evacd.wait(20)
        self.web.shutdown()
        self.web.server_close()
        self.log.close()
        shutil.rmtree(self.dir)

    def write(self, name, text):
        text = text.replace("@DIR@", self.dir).replace("@PORT@", str(self.web.server_address[1]))
        with open(os.path.join(self.dir, "conf", name), "w") as f:
            f.write(text)

    def evac(self, *args):
        r = subprocess.run([BIN + "/evac", *args], capture_output=True, text=True, env=self.env, timeout=60)
        return r.stdout if r.returncode == 0 else None

    def json(self, *args):
        out = self.evac(*args, "--json")
        return json.loads(out) if out else None

    def why(self):
        return self.json("why", "shop")

    def verdicts(self):
        why = self.why()
        return [r["verdict"] for r in why["regions"]] if why else None

    def rows(self, kind):
        return [row for row in map(json.loads, self.evac("journal", "--json").splitlines()) if row["kind"] == kind]

    def told(self, word):
        return [line for line in open(self.dir + "/evacd.log") if word in line]

    def until(self, is_so, what, seconds=30):
        end = time.time() + seconds
        while not is_so():
            if time.time() > end or self.evacd.poll() is not None:
                raise AssertionError("never: %s\n%s" % (what, open(self.dir + "/evacd.log").read()))
            time.sleep(0.1)


def expect(text, *parts):
    for part in parts:
        assert part in text, "'%s' is not in\n%s" % (part, text)


def a_condition_is_evaluated_in_words_and_a_child_is_suppressed():
    with World() as w:
        Answers.bad = {"/us-east-1/db", "/us-east-1/web"}
        w.until(lambda: "web suppressed by db" in w.evac("status", "shop"), "a suppressed probe")
        w.until(lambda: w.verdicts() == ["up", "up"], "one failure of three, and its echo")
        expect(w.evac("status", "shop"), "0 of 1 (needs any): web suppressed by db, (1 of 3 (needs 2): db down, cache up, queue up)",
               "ill health 0 of 8", "dependency payments is up: needed by desk, shop")
        Answers.bad |= {"/us-east-1/cache"}
        w.until(lambda: w.verdicts() == ["down", "up"], "a region that is down")
        text = w.evac("why", "shop")
        expect(text, "situation: outage", "db           down", "suppressed by db", "status 503",
               "says down  1 of 1 (needs any): web suppressed by db, (2 of 3 (needs 2): db down, cache down, queue up)",
               "outside down (1 down, 0 up of 1)", "decision, policy propose: wait, us-east-1 -> us-west-2",
               "proposes after 15m00s", "anchors reached")
        assert len(text.splitlines()) < 40, text
        probe = w.why()["regions"][0]["vantages"][0]["probes"][1]
        assert probe["name"] == "web" and probe["suppressed_by"] == "db" and probe["fall"] == 3, probe


def a_dependency_is_one_incident_of_all_its_apps():
    with World() as w:
        # one that was never up has its grace, in which failures do not count
        w.until(lambda: "dependency payments is up" in w.evac("status", "shop"), "the dependency was up")
        Answers.bad = {"/payments", "/us-east-1/web"}
        w.until(lambda: w.why()["situation"] == "dependency", "the dependency is known")
        w.until(lambda: w.verdicts() == ["down", "up"], "a region that is down")
        expect(w.evac("why", "shop"), "dependency payments is down, incident for ", ": moving would not help",
               "block    dependency")
        Answers.bad = {"/us-east-1/web"}
        w.until(lambda: w.why()["situation"] == "outage", "the dependency is back")
        rows = w.rows("dependency")
        assert [r["to"] for r in rows] == ["down", "up"], rows
        assert json.loads(rows[0]["data"]) == {"apps": ["desk", "shop"]}, rows
        expect(rows[1]["text"], "it was down for ")
        assert len(w.told("payments is down, needed by desk, shop")) == 1
        assert len(w.told("payments is up again")) == 1


def a_controller_that_stood_still_doubts_itself():
    with World() as w:
        w.evacd.send_signal(signal.SIGSTOP)
        time.sleep(4.5)
        w.evacd.send_signal(signal.SIGCONT)
        w.until(lambda: (w.json("status") or {"self": {"abstains": False}})["self"]["abstains"], "that it abstains", 5)
        expect(w.evac("status"), "this controller abstains: ill; ill health ")
        rows = w.rows("vantage")
        assert rows[0]["to"] == "abstains: ill" and "timer was late by" in rows[0]["text"], rows
        assert w.why()["situation"] == "observer"
        w.until(lambda: w.why()["self"]["opinion"] == "votes with patience", "that it votes again", 40)


def main():
    failed = []
    for story in (a_condition_is_evaluated_in_words_and_a_child_is_suppressed, a_dependency_is_one_incident_of_all_its_apps,
                  a_controller_that_stood_still_doubts_itself):
        began = time.time()
        try:
            story()
            print("ok   %-66s %.1f s" % (story.__name__, time.time() - began), flush=True)
        except Exception:
            traceback.print_exc()
            failed.append(story.__name__)
    print("%d failed%s" % (len(failed), ": " + ", ".join(failed) if failed else ""))
    sys.exit(1 if failed else 0)


main()
