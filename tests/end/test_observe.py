#!/usr/bin/env python3
"""What a supervisor, a load balancer, a log collector and Prometheus see of a real evacd, through a failover.

  test_observe.py BIN_DIR [NAME...]"""
import http.client, json, os, re, signal, socket, sys, time

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


class Watched(Shop):
    """A controller that is supervised, and logs for machines."""

    def __init__(self):
        self.heard = []
        super().__init__("act")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(self.dir + "/notify")
        self.manager.setblocking(False)
        self.env.update(NOTIFY_SOCKET=self.dir + "/notify", WATCHDOG_USEC="3000000")
        self.configure('log = { format = "json"; };')

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

    def get_path(self, path, **headers):
        c = Connection(self.env["EVAC_SOCKET"])
        try:
            c.request("GET", path, headers=headers)
            r = c.getresponse()
            return r.status, r.getheader("Content-Type"), r.read().decode()
        finally:
            c.close()

    def __exit__(self, *args):
        super().__exit__(*args)
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
        w.ended(1)
        w.hears("STATUS=1 app, ")
        w.hears("WATCHDOG=1")
        w.listen()
        w.heard.clear()
        w.evacd.send_signal(signal.SIGHUP)
        w.hears("RELOADING=1")
        w.hears("MONOTONIC_USEC=")
        w.hears("READY=1")
        assert w.stop() == 0
        w.hears("STOPPING=1")
        runs, steps = check_log(w.dir + "/evacd.log")
        assert runs == {1} and {"promote", "route"} <= steps, (runs, steps)


if __name__ == "__main__":
    run_stories([it_is_supervised_and_watched])
