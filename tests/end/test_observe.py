#!/usr/bin/env python3
"""What a supervisor, a load balancer, a log collector and Prometheus see of a real evacd, through a failover.

  test_observe.py BIN_DIR [NAME...]"""
import http.client, http.server, json, os, re, shutil, signal, socket, subprocess, sys, threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from harness import run_stories
import test_local
from test_local import Shop

LEVELS = ("error", "warn", "info", "debug")


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Collector(http.server.BaseHTTPRequestHandler):
    """Takes traces; the first one it can not take yet."""
    protocol_version = "HTTP/1.1"
    asked, taken = 0, []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Collector.asked += 1
        if Collector.asked > 1:
            Collector.taken.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(503 if Collector.asked == 1 else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


class Watched(Shop):
    """A controller that is supervised, and logs for machines."""

    def __init__(self):
        self.heard = []
        super().__init__("act")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(self.dir + "/notify")
        self.manager.setblocking(False)
        self.env.update(NOTIFY_SOCKET=self.dir + "/notify", WATCHDOG_USEC="3000000")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.tcp = s.getsockname()[1]
        with open(self.dir + "/hook.key", "w") as f:
            f.write("a secret of the test\n")
        os.chmod(self.dir + "/hook.key", 0o600)
        self.configure('notify = { channels = ( { name = "hook"; type = "webhook"; url = "http://127.0.0.1:1/x"; '
                       'secret = "%s/hook.key"; } ); };' % self.dir)
        Collector.asked, Collector.taken = 0, []
        self.collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        threading.Thread(target=self.collector.serve_forever, daemon=True).start()
        self.configure('traces = { url = "http://127.0.0.1:%d/v1/traces"; };' % self.collector.server_port)
        self.configure('log = { format = "json"; }; listen = ( { address = "127.0.0.1:%d"; } );' % self.tcp)

    def configure(self, more):
        path = self.dir + "/conf/evac.cfg"
        with open(path) as f:
            text = f.read()
        with open(path, "w") as f:
            f.write(text + more + "\n")

    def listen(self):
        try:
            while True:
                self.heard += self.manager.recv(4096).decode().split("\n")
        except BlockingIOError:
            return self.heard

    def hears(self, word):
        self.wait(lambda: any(line.startswith(word) for line in self.listen()), 10, word)

    def get_path(self, path, port=None, **headers):
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=10) if port else Connection(self.env["EVAC_SOCKET"])
        try:
            c.request("GET", path, headers=headers)
            r = c.getresponse()
            return r.status, r.getheader("Content-Type"), r.read().decode()
        finally:
            c.close()

    def __exit__(self, *args):
        super().__exit__(*args)
        self.collector.shutdown()
        self.collector.server_close()
        self.manager.close()


def check_log(path):
    """One object a line, one schema."""
    runs, steps = set(), set()
    for line in open(path):
        entry = json.loads(line)
        assert list(entry)[:3] == ["ts", "level", "event"], line
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["ts"]), line
        assert entry["level"] in LEVELS and re.fullmatch(r"[a-z_]+", entry["event"]), line
        assert all(isinstance(v, (str, int)) for v in entry.values()), line
        if "run" in entry:
            assert isinstance(entry["run"], int) and entry["run"] > 0, line
            runs.add(entry["run"])
        if entry["event"] == "step_moved":
            assert entry["app"] == "shop" and entry["run"] in runs and entry["to"], line
            steps.add(entry["step"])
    return runs, steps


def parse(text):
    """{name: [(labels, value)]}, by the format's own rules."""
    found, families, types = {}, [], {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            assert name not in types, line
            types[name] = kind
        elif line.startswith("# HELP "):
            families.append(line.split()[2])
        elif not line.startswith("#"):
            m = re.fullmatch(r'([a-z_]+)(?:\{(.*)\})? (-?[0-9.e+-]+)', line)
            assert m, line
            labels = dict(re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', m[2] or ""))
            found.setdefault(m[1], []).append((labels, float(m[3])))
    assert families == list(types), "each metric has HELP and TYPE"
    return found, types


def value(metrics, name, **labels):
    values = [v for have, v in metrics.get(name, []) if labels.items() <= have.items()]
    assert len(values) == 1, (name, labels, metrics.get(name))
    return values[0]


def check_by_promtool(text):
    """Prometheus' own lint, where it is installed."""
    if shutil.which("promtool"):
        r = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=30)
        assert r.returncode == 0, r.stdout + r.stderr


def check_metrics(w, report):
    status, kind, text = w.get_path("/metrics")
    assert status == 200 and kind == "text/plain; version=0.0.4; charset=utf-8", (status, kind)
    check_by_promtool(text)
    m, types = parse(text)
    app = w.status()["apps"][0]
    for region in app["regions"]:
        assert value(m, "evac_app_verdict", app="shop", region=region["name"], verdict=region["verdict"]) == 1
        active = 1 if region["name"] == app["active"] else 0
        assert value(m, "evac_app_region_active", app="shop", region=region["name"]) == active
        assert value(m, "evac_probe_up", app="shop", probe="web", region=region["name"]) == \
            (1 if region["verdict"] == "up" else 0)
        good = value(m, "evac_probe_results_total", app="shop", probe="web", region=region["name"], result="good")
        assert 0 < value(m, "evac_probe_latency_seconds_count", app="shop", region=region["name"]) >= good > 0
    assert sum(v for labels, v in m["evac_app_verdict"]) == 2
    assert value(m, "evac_app_rto_objective_seconds", app="shop") * 1000 == report["rto_objective_ms"]
    assert round(value(m, "evac_app_last_rto_seconds", app="shop", kind="run") * 1000) == report["rto_ms"]
    assert value(m, "evac_app_last_good", app="shop", kind="run") == 1
    assert value(m, "evac_runs_ended_total", kind="failover", result="succeeded") == 1
    assert value(m, "evac_journal_rows") > 10 and value(m, "evac_lead") == 1
    assert 0 < value(m, "evac_journal_commit_duration_seconds_count") <= value(m, "evac_journal_rows")
    assert value(m, "evac_config_last_reload_successful") == 1
    assert value(m, "evac_metrics_dropped_series") == 0 < value(m, "evac_metrics_series")
    assert value(m, "evac_build_info", node="test") == 1
    assert value(m, "process_resident_memory_bytes") > 1e6
    return types


def check_open_metrics(w, types):
    status, kind, text = w.get_path("/metrics", Accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert status == 200 and kind.startswith("application/openmetrics-text; version=1.0.0"), kind
    assert text.endswith("\n# EOF\n") and text.count("# EOF") == 1
    found, open_types = parse(text)
    assert {n[:-6] if t == "counter" else n: t for n, t in types.items()} == open_types
    assert "evac_probe_results_total" in found and "evac_probe_results" in open_types


def check_trace(w, report):
    """The run, as a collector has it."""
    w.wait(lambda: Collector.taken, 15, "the trace")
    [(path, kind, trace)] = Collector.taken
    assert (path, kind) == ("/v1/traces", "application/json"), (path, kind)
    [spans] = [s["spans"] for r in trace["resourceSpans"] for s in r["scopeSpans"]]
    values = {a["key"]: list(a["value"].values())[0] for a in spans[0]["attributes"]}
    assert values["evac.run"] == "1" and values["evac.result"] == "succeeded", values
    assert int(values["evac.rto_ms"]) == report["rto_ms"], values
    begun = {s["id"] for s in report["steps"] if s["state"] == "done"}
    assert begun <= {s["name"] for s in spans} and all(s["traceId"] == spans[0]["traceId"] for s in spans), spans


def check_contrib(types):
    """What the dashboard and the alerts ask for is there."""
    contrib = os.path.join(HERE, "../../contrib")
    series = {n + end: n for n, t in types.items() for end in (("_bucket", "_sum", "_count") if t == "histogram" else ("",))}
    for name in ("grafana/evac.json", "prometheus/alerts.yml", "prometheus/alerts_test.yml"):
        with open(os.path.join(contrib, name)) as f:
            asked = set(re.findall(r"\b(?:evac|process)_[a-z_]+", f.read()))
        assert len(asked) > 10 and asked <= set(series), (name, asked - set(series))


def it_is_supervised_and_watched():
    with Watched() as w:
        w.start()
        w.hears("READY=1")
        w.healthy()
        status, kind, body = w.get_path("/healthz")
        assert (status, body) == (200, "ok\n") and kind.startswith("text/plain"), (status, kind, body)
        status, kind, body = w.get_path("/readyz")
        ready = json.loads(body)
        assert status == 200 and ready == {"ready": True, "alive": True, "journal": True, "configured": True,
                                           "probing": True, "role": "lead"}, body

        w.down("us-east-1")
        report = w.ended(1)
        w.wait(lambda: "evac_app_last_rto_seconds{" in w.get_path("/metrics")[2], 10, "the newest report")
        types = check_metrics(w, report)
        check_open_metrics(w, types)
        check_contrib(types)
        check_trace(w, report)
        # Nobody listens at the hook's address: what it is told waits, and that is seen.
        m, _ = parse(w.get_path("/metrics")[2])
        assert value(m, "evac_notifications_waiting", channel="hook", type="webhook") > 0
        w.hears("STATUS=1 app, ")
        w.hears("WATCHDOG=1")
        w.listen()
        # By TCP a credential is needed, but for the two that say only yes or no, until this machine is let in.
        assert w.get_path("/healthz", w.tcp)[0] == w.get_path("/readyz", w.tcp)[0] == 200
        assert w.get_path("/metrics", w.tcp)[0] == 401
        assert value(parse(w.get_path("/metrics")[2])[0], "evac_api_callers_total", result="known") > 0
        w.configure("metrics = { series_max = 100; open = true; };")
        w.heard.clear()
        w.evacd.send_signal(signal.SIGHUP)
        w.hears("RELOADING=1")
        w.hears("MONOTONIC_USEC=")
        w.hears("READY=1")
        check_by_promtool(w.get_path("/metrics")[2])
        m, types = parse(w.get_path("/metrics")[2])
        assert value(m, "evac_metrics_dropped_series") > 0 and value(m, "evac_metrics_series") <= 100
        assert "evac_app_verdict" in m and "evac_probe_results_total" not in m
        assert w.get_path("/metrics", w.tcp)[0] == 200 and w.get_path("/v1/status", w.tcp)[0] == 401
        assert w.stop() == 0
        w.hears("STOPPING=1")
        runs, steps = check_log(w.dir + "/evacd.log")
        assert runs == {1} and {"promote", "route"} <= steps, (runs, steps)


if __name__ == "__main__":
    run_stories([it_is_supervised_and_watched])
