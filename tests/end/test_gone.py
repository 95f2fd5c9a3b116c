#!/usr/bin/env python3
"""What works when something is gone: one story a thing. Start-up needs none of them; the controller stays up, says what is
missing, keeps its promises, and goes on by itself when it is back. The table is contrib/HANDBOOK.md's.

  test_gone.py BIN_DIR [NAME...]

Two need more than others have: a mount for the full disk, libfaketime for the wrong clock. Without it they say so and are left out."""
import concurrent.futures, contextlib, http.client, json, os, resource, signal, socket, subprocess, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import FAST, World, passes
from unix_http import Unix

BIN = sys.argv[1]
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


class Here(World):
    """The shop, before its controller has begun."""
    def __init__(self, **more):
        super().__init__(BIN, 60, dict(FAST, **more))
        self.sand("app shop renew 1000")
        self.mounted = None

    def edit(self, old, new):
        path = self.dir + "/conf/evac.cfg"
        with open(path) as f:
            text = f.read()
        assert old in text, old
        with open(path, "w") as f:
            f.write(text.replace(old, new))

    def add(self, text):
        with open(self.dir + "/conf/evac.cfg", "a") as f:
            f.write(text + "\n")

    def ready(self):
        """Of /readyz: its status, and its words."""
        connection = Unix(self.env["EVAC_SOCKET"], 10)
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def says(self, word, seconds=20):
        """`evac status`, once it has that word."""
        def said():
            text = self.evac("status", check=False).stdout
            return text if word in text else None
        return self.wait(said, seconds, "'%s' in evac status" % word)

    def trouble(self):
        status = self.status()
        return status and status["trouble"]

    def moves(self, run=1):
        """The region fails; the policy moves the shop."""
        self.sand("region us-east-1 down")
        report = self.wait_end(run, 60)
        assert report["result"] in ("succeeded", "succeeded_with_exceptions"), report["result"]
        assert self.truth()["writers"] == ["us-west-2"], self.truth()["writers"]
        return report

    def unmoved(self):
        assert "us-west-2" not in self.truth()["writers"], self.truth()["writers"]

    def nothing_begun(self):
        assert not self.status()["runs"], self.status()["runs"]
        self.unmoved()

    def close(self, failed=False):
        for p in (self.sandbox,):
            if p and p.poll() is None:
                p.send_signal(signal.SIGCONT)
        if self.evacd and self.evacd.poll() is None:
            self.evacd.terminate()
            self.evacd.wait(20)
        if getattr(self, "mounted", None):
            subprocess.run(["umount", self.mounted], check=False)
        super().close(failed)


# --- the network

class Wire:
    """A way to the sandbox that is cut until it is mended."""
    def __init__(self, port):
        self.to, self.cut = port, True
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            if self.cut:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self.to))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=pair, daemon=True).start()

    @staticmethod
    def carry(a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(65536):
                b.sendall(data)
        for s in (a, b):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.server.close()


def open_the_loss_gate(w):
    """A person takes the loss that nobody can tell."""
    def waiting():
        rows = w.evac("journal", "1", "--json", check=False).stdout.splitlines()
        return next((r for r in map(json.loads, rows) if r["kind"] == "gate_block" and r["event"] == "rpo"), None)
    gate = w.wait(waiting, 30, "the loss gate")
    w.evac("override", "1", "rpo", gate["name"], "--reason", "unknown loss: the region is gone")


def aws_can_not_be_reached():
    """The APIs are dead, what they made works: health is known, a move begins and waits. With AWS back it goes on by itself; what could
    be lost was not known, so a person says yes to that."""
    with Here() as w:
        wire = Wire(w.ports["http_port"])
        w.edit('endpoint_url = "http://127.0.0.1:%d"' % w.ports["http_port"], 'endpoint_url = "http://127.0.0.1:%d"' % wire.port)
        w.start_evacd()
        w.wait(lambda: w.app() and all(r["verdict"] == "up" for r in w.app()["regions"]), 30, "verdicts")
        assert w.ready()[0] == 200, w.ready()
        w.says("would lose is not known", 10)
        w.sand("region us-east-1 down")
        w.wait(lambda: w.app()["run"], 20, "the run")
        time.sleep(1)
        w.unmoved()
        wire.cut = False
        open_the_loss_gate(w)
        w.wait_end(1, 60)
        assert w.truth()["writers"] == ["us-west-2"]
        wire.close()


def the_whole_network_hangs():
    """AWS, DNS and the apps take connections and never answer: this side is suspected, nothing moves; it is back by itself."""
    with Here() as w:
        w.sandbox.send_signal(signal.SIGSTOP)
        w.start_evacd()
        assert w.ready()[0] == 200, w.ready()
        w.says("resolver", 20)
        assert not w.status()["runs"]
        w.sandbox.send_signal(signal.SIGCONT)
        w.wait_healthy()
        w.nothing_begun()


def names_are_not_resolved():
    """The resolver is dead. It says so, and does not take that for an outage of the apps."""
    with Here() as w:
        w.edit('resolver = "127.0.0.1:%d"' % w.ports["dns_port"], 'resolver = "127.0.0.1:1"')
        w.start_evacd()
        assert w.ready()[0] == 200, w.ready()
        w.says("resolver", 20)
        time.sleep(1)
        w.nothing_begun()


def identity_provider_and_channels_are_gone():
    """Nobody can sign in from afar and nobody can be told: a failover by policy needs neither, and the socket lets people in."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with Here() as w:
        with open(w.dir + "/hook.key", "w") as f:
            f.write("a secret of the test\n")
        os.chmod(w.dir + "/hook.key", 0o600)
        w.add('listen = ( { address = "127.0.0.1:%d"; } ); api = { patience = "2s"; };' % port)
        w.add('oidc = { issuer = "https://127.0.0.1:1"; audience = ( "evac" ); };')
        w.add('notify = { channels = ( { name = "dead"; type = "webhook"; url = "http://127.0.0.1:1/"; secret = "%s/hook.key"; } ); };' % w.dir)
        w.add('traces = { url = "http://127.0.0.1:1/v1/traces"; };')
        w.start_evacd()
        w.wait_healthy()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        token = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJodHRwczovLzEyNy4wLjAuMToxIiwiYXVkIjoiZXZhYyJ9.AAAA"
        connection.request("GET", "/v1/status", headers={"Authorization": "Bearer " + token})
        assert connection.getresponse().status in (401, 503)
        connection.close()
        w.moves()
        w.says("dead", 20)
        assert w.ready()[0] == 200


# --- the clock

def the_clock_is_an_hour_off():
    """Decisions go by the monotonic clock; AWS's answers say how wrong the other one is, and signatures follow. What depends on both clocks,
    the loss, is not known rather than wrong: a person says yes to that."""
    if not os.path.exists(FAKETIME):
        print("SKIPPED the_clock_is_an_hour_off: no libfaketime here (Debian: faketime)")
        return
    with Here() as w:
        w.env.update(LD_PRELOAD=FAKETIME, FAKETIME="+1h", FAKETIME_DONT_FAKE_MONOTONIC="1",
                     ASAN_OPTIONS="detect_leaks=0:verify_asan_link_order=0")
        w.start_evacd()
        for name in ("LD_PRELOAD", "FAKETIME"):
            del w.env[name]
        assert abs(w.wait(w.status, 10, "status")["now_ms"] / 1000 - time.time() - 3600) < 60
        w.wait(lambda: w.app() and w.app()["endpoint"]["state"] == "up" and all(r["verdict"] == "up" for r in w.app()["regions"]), 30, "health")
        w.says("canary markers", 10)  # a signed call was answered
        w.sand("region us-east-1 down")
        open_the_loss_gate(w)
        report = w.wait_end(1, 60)
        assert w.truth()["writers"] == ["us-west-2"]
        assert report["rto_ms"] and 0 < report["rto_ms"] < 60000, report["rto_ms"]


# --- the journal

def flip(path, word):
    with open(path, "r+b") as f:
        text = f.read()
        at = text.rfind(word)
        assert at > 0, word
        f.seek(at)
        f.write(bytes([text[at] ^ 1]))


def the_journal_is_damaged():
    """It does not act on it, says where the damage is and what to do; what can be read is saved; a backup works at once."""
    with Here() as w:
        journal = w.dir + "/journal.db"
        w.start_evacd()
        w.wait_healthy()
        w.stop_evacd()
        backup = {name: open(journal + name, "rb").read() for name in ("", ".head")}
        whole = w.evac("journal", "verify", "--journal", journal).stdout
        assert "whole" in whole, whole
        flip(journal, b"verdict")
        w.sand("region us-east-1 down")
        w.start_evacd()
        text = w.says("was altered")
        for word in ("row ", journal, "nothing is decided or begun", "journal verify --journal", "handbook"):
            assert word in text, (word, text)
        assert w.ready()[0] == 503 and "journal" in w.ready()[1], w.ready()
        refused = w.evac("failover", "shop", "--yes", check=False)
        assert refused.returncode != 0 and "altered" in refused.stderr, refused
        found = w.evac("journal", "verify", "--journal", journal, "--json", check=False)
        places = json.loads(found.stdout)
        assert found.returncode == 1 and places["damaged"] == 1 and len(places["places"]) == 1, places
        saved = w.dir + "/saved.jsonl"
        w.evac("journal", "salvage", "--journal", journal, "--out", saved)
        rows = [json.loads(line) for line in open(saved)]
        assert len(rows) == places["rows"] and sum("problem" in r for r in rows) == 1, rows
        listed = w.evac("journal", "--journal", journal, "--json").stdout.splitlines()
        assert len(listed) == len(rows), listed
        time.sleep(1)
        w.unmoved()
        w.stop_evacd()
        for name, text in backup.items():
            with open(journal + name, "wb") as f:
                f.write(text)
        w.sand("region us-east-1 up")
        w.start_evacd()
        w.wait_healthy()
        w.moves()


def an_older_journal_was_put_back():
    with Here() as w:
        journal = w.dir + "/journal.db"
        w.start_evacd()
        w.wait_healthy()
        w.stop_evacd()
        old = open(journal, "rb").read()
        w.start_evacd()
        w.evac("hold", "shop", "--reason", "a row more", "--for", "1h")
        w.stop_evacd()
        with open(journal, "wb") as f:
            f.write(old)
        w.start_evacd()
        text = w.says("are gone")
        assert journal + ".head" in text, text


# --- the disk

def fill(path, leave=0):
    """Until nothing more goes in."""
    with open(path, "ab") as f:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    os.write(f.fileno(), b"x" * size)
            except OSError:
                pass
    return path


def small_disk(w):
    """The journal on a disk of its own, with room for the ballast and little else."""
    w.mounted = w.dir + "/disk"
    os.mkdir(w.mounted)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", w.mounted], capture_output=True, text=True)
    if done.returncode != 0:
        w.mounted = None
        print("SKIPPED: mounting is not allowed here (%s)" % done.stderr.strip())
        return False
    w.edit('store = "%s/journal.db"' % w.dir, 'store = "%s/journal.db"' % w.mounted)
    return True


def the_disk_is_full_in_a_run():
    """The reserve lets the run end, and that it is used up is said; then even that is full: said within seconds; with room again it
    goes on by itself."""
    with Here() as w:
        if not small_disk(w):
            return
        w.start_evacd()
        w.wait_healthy()
        filler = fill(w.mounted + "/filler")
        log = w.mounted + "/journal.db-wal"  # its file has room, for more than a run
        begun, room = time.monotonic(), os.path.getsize(log)
        while os.path.getsize(log) == room and time.monotonic() - begun < 30:
            w.evac("hold", "shop", "--reason", "x", "--for", "1h")
            w.evac("release", "shop")
        assert os.path.exists(w.mounted + "/journal.db.ballast")
        w.moves()
        assert not os.path.exists(w.mounted + "/journal.db.ballast"), "the run needed no room"
        w.says("make room", 10)
        fill(filler)
        begun = time.monotonic()
        w.wait(lambda: w.evac("hold", "shop", "--reason", "x", "--for", "1h", check=False).returncode != 0, 20, "a refusal")
        text = w.says("TROUBLE", 10)
        assert "journal" in text and time.monotonic() - begun < 15, text
        assert w.evacd.poll() is None and w.ready()[0] == 503, w.ready()
        os.unlink(filler)
        w.wait(lambda: w.ready()[0] == 200 and not w.trouble(), 20, "it to go on")
        assert os.path.exists(w.mounted + "/journal.db.ballast")
        assert "whole" in w.evac("journal", "verify").stdout


def it_starts_on_a_full_disk():
    with Here() as w:
        if not small_disk(w):
            return
        filler = fill(w.mounted + "/filler")
        w.start_evacd()
        text = w.says("TROUBLE", 10)
        assert "journal" in text, text
        os.unlink(filler)
        w.wait_healthy()
        w.moves()


# --- descriptors

def few_descriptors():
    """64 of them, and clients that take all they can get and send nothing: a failover completes, the socket answers."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with Here() as w, contextlib.ExitStack() as stack:
        w.add('listen = ( { address = "127.0.0.1:%d"; } ); api = { connections = 500; peer_connections = 500; };' % port)
        w.start_evacd()
        resource.prlimit(w.evacd.pid, resource.RLIMIT_NOFILE, (64, 64))
        limits = open("/proc/%d/limits" % w.evacd.pid).read()
        assert "Max open files            64 " in limits, limits
        w.wait_healthy()
        greedy = [stack.enter_context(contextlib.closing(socket.create_connection(("127.0.0.1", port), 5))) for _ in range(150)]
        for s in greedy[::2]:
            with contextlib.suppress(OSError):
                s.send(b"GET /v1/status HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        w.wait(lambda: len(os.listdir("/proc/%d/fd" % w.evacd.pid)) > 35, 10, "descriptors taken")
        for _ in range(40):
            c = stack.enter_context(contextlib.closing(socket.socket(socket.AF_UNIX)))
            with contextlib.suppress(OSError):
                c.connect(w.env["EVAC_SOCKET"])
        w.says("descriptors are taken", 15)
        w.sand("region us-east-1 down")
        for s in greedy:
            with contextlib.suppress(OSError):
                s.send(b"x")
        report = w.wait_end(1, 90)
        assert report["result"] in ("succeeded", "succeeded_with_exceptions"), report["result"]
        assert w.truth()["writers"] == ["us-west-2"]
        assert len(os.listdir("/proc/%d/fd" % w.evacd.pid)) < 64


STORIES = (few_descriptors, aws_can_not_be_reached, the_whole_network_hangs, names_are_not_resolved, identity_provider_and_channels_are_gone,
           the_clock_is_an_hour_off, the_journal_is_damaged, an_older_journal_was_put_back, the_disk_is_full_in_a_run,
           it_starts_on_a_full_disk)


def main():
    chosen = [s for s in STORIES if not sys.argv[2:] or s.__name__ in sys.argv[2:]]
    with concurrent.futures.ThreadPoolExecutor(5) as pool:  # they mostly wait, each in a world of its own
        passed = list(pool.map(lambda s: passes(s.__name__, s), chosen))
    sys.exit(0 if passed and all(passed) else 1)


if __name__ == "__main__":
    main()
