#!/usr/bin/env python3
"""`evac store copy` by a configuration, a real etcd behind a door that shuts: a journal of many rows goes from a file into etcd and back,
killed on both ways and gone on with; the rows and hashes are the same byte for byte; and it is refused while somebody leads.

  test_store_copy.py BIN_DIR"""
import contextlib, json, os, pty, shutil, socket, sqlite3, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from controllers import Etcd
from harness import ROOT, run_stories

BIN = os.path.abspath(sys.argv[1])
ROWS, AT_ONCE = 20000, 4000
DOOR_BYTES = 1 << 20  # of more than twice as many that the rows are: it shuts in the middle
if not shutil.which("etcd"):
    print("no etcd on this machine: not tested (Debian's etcd-server brings it)")
    sys.exit(77)


class Door:
    """A way to etcd. Once it has let that many bytes through it stands still, with the connections open, until it is opened again."""

    def __init__(self, target):
        self.target, self.left, self.changed = target, None, threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(self.target)
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self.carry, args=(a, b), daemon=True).start()

    def carry(self, source, to):
        try:
            while data := source.recv(65536):
                self.pass_on(len(data))
                to.sendall(data)
        except OSError:
            pass
        finally:
            for s in (source, to):
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def pass_on(self, n):
        with self.changed:
            self.changed.wait_for(lambda: self.left is None or self.left > 0)
            if self.left is not None:
                self.left -= n

    def let(self, n):
        """None: everything."""
        with self.changed:
            self.left = n
            self.changed.notify_all()

    def is_shut(self):
        return self.left is not None and self.left <= 0

    def close(self):
        self.listener.close()
        self.let(None)


class Copies:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="evac-copy-")
        self.etcd = Etcd(1)
        url = self.etcd.members[0]["client"]
        self.direct = url
        host, port = url[len("http://"):].split(":")
        until = time.monotonic() + 30
        while self.key("/") is None:
            assert time.monotonic() < until, "etcd does not come up"
            time.sleep(0.1)
        self.door = Door((host, int(port)))
        self.write_configuration()
        self.env = dict(os.environ, LC_ALL="C.UTF-8", NO_COLOR="1", HOME=self.dir)

    def __enter__(self):
        return self

    def __exit__(self, *failed):
        self.door.close()
        self.etcd.close()
        shutil.rmtree(self.dir)

    def file(self, name):
        return os.path.join(self.dir, name)

    def key(self, name, *how):
        r = subprocess.run(["etcdctl", "--endpoints", self.direct, "get", name, *(how or ("--print-value-only",))], capture_output=True, text=True,
                           env=dict(os.environ, ETCDCTL_API="3"), timeout=30)
        return r.stdout if r.returncode == 0 else None

    def write_configuration(self):
        os.makedirs(self.file("conf/apps"))
        for name, source in (("evac.cfg", "evac.cfg"), ("apps/shop.cfg", "apps/shop.cfg")):
            text = open(os.path.join(ROOT, "contrib/demo", source)).read()
            for key, value in (("@DIR@", self.dir), ("@PORT@", "9"), ("@DNS_PORT@", "9"), ("@SPEED@", "10"), ("@UNTIL@", "2020-01-01")):
                text = text.replace(key, value)
            if name == "evac.cfg":
                text += ('shared = { cluster = "moved"; endpoints = ( "%s" );\n  controllers = ( { name = "demo"; region = "us-east-1"; },'
                         ' { name = "other"; region = "us-west-2"; } ); };\n' % self.door.url)
            open(self.file("conf/" + name), "w").write(text)

    def probe(self, replica, cluster, name="demo"):
        return subprocess.Popen([os.path.join(BIN, "evac-share-probe"), "--node", name, "--cluster", cluster, "--endpoint", self.direct,
                                 "--replica", self.file(replica), "--ttl", "3000", "--request", "1000", "--poll", "300", "--every", "600000"],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=self.env)

    def hear(self, probe, holds):
        """Until a line of it says so."""
        for line in probe.stdout:
            if holds(json.loads(line)):
                return
        raise AssertionError("it ended")

    def history(self, replica, cluster, rows):
        p = self.probe(replica, cluster)
        self.hear(p, lambda x: x.get("role") in ("caught", "leads"))
        for begun in range(0, rows, AT_ONCE):
            goal = min(rows, begun + AT_ONCE)
            p.stdin.write("many %d\n" % (goal - begun))
            p.stdin.flush()
            self.hear(p, lambda x: x["event"] == "durable" and x["seq"] >= goal)
        self.end(p)

    def end(self, probe):
        probe.stdin.write("leave\n")
        probe.stdin.flush()
        try:
            probe.wait(5)
        except subprocess.TimeoutExpired:
            probe.kill()
            probe.wait()

    def command(self, source, to, *more):
        return [os.path.join(BIN, "evac"), "store", "copy", source, to, "--config", self.file("conf"), *more]

    def copy(self, source, to):
        r = subprocess.run(self.command(source, to, "--json"), capture_output=True, text=True, env=self.env, timeout=120)
        return r.returncode, (json.loads(r.stdout) if r.returncode == 0 else r.stderr)

    def killed_in_the_middle(self, source, to, door_bytes):
        """On a terminal, where it draws how far it is."""
        self.door.let(door_bytes)
        master, slave = pty.openpty()
        os.set_blocking(master, False)
        p = subprocess.Popen(self.command(source, to), stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                             env=dict(self.env, TERM="xterm"))
        os.close(slave)
        drawn, until = b"", time.monotonic() + 60
        while not (self.door.is_shut() and b" of %d" % ROWS in drawn):
            assert time.monotonic() < until and p.poll() is None, (p.poll(), drawn, self.door.left)
            with contextlib.suppress(BlockingIOError):
                drawn += os.read(master, 65536)
            time.sleep(0.02)
        p.kill()
        p.wait()
        os.close(master)
        self.door.let(None)

    def rows(self, name):
        with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % self.file(name), uri=True)) as db:
            return db.execute("SELECT * FROM journal ORDER BY seq").fetchall()


def a_journal_goes_into_etcd_and_back_and_is_the_same():
    with Copies() as w:
        w.history("first.db", "first", ROWS)
        first = w.rows("first.db")
        assert len(first) >= ROWS, len(first)

        # into etcd, killed on the way; what is there is a beginning, and the rest follows
        w.killed_in_the_middle(w.file("first.db"), "etcd://moved", DOOR_BYTES)
        there = int(json.loads(w.key("/evac/moved/head"))["last"])
        assert 0 < there < len(first), there
        code, said = w.copy(w.file("first.db"), "etcd://moved")
        assert code == 0 and said["rows"] == len(first) and 0 < said["copied"] <= len(first) - there, (there, said)
        code, said = w.copy(w.file("first.db"), "etcd://moved")
        assert (code, said["copied"]) == (0, 0), said
        print("     killed after %d of %d rows, and gone on with" % (there, len(first)), flush=True)

        # and back, killed on the way
        everything = len(w.key("/evac/moved/journal/", "--prefix", "-w", "json"))
        w.killed_in_the_middle("etcd://moved", w.file("back.db"), everything * 9 // 10)  # sixteen of its twenty parts come at once
        have = len(w.rows("back.db"))
        assert have < len(first), have
        code, said = w.copy("etcd://moved", w.file("back.db"))
        assert code == 0 and said["rows"] == len(first) and said["copied"] == len(first) - have, (have, said)
        assert w.rows("back.db") == first
        print("     killed after %d rows on the way back: the same rows, byte for byte" % have, flush=True)
        verified = subprocess.run([os.path.join(BIN, "evac"), "journal", "verify", "--journal", w.file("back.db")], capture_output=True,
                                  text=True, env=w.env)
        assert verified.returncode == 0, verified.stderr

        # not while somebody leads there, nor from or to a file that a controller holds
        p = w.probe("back.db", "moved")
        w.hear(p, lambda x: x.get("role") in ("caught", "leads"))
        code, said = w.copy(w.file("first.db"), "etcd://moved")
        assert code == 3 and "leads the cluster" in said, (code, said)
        code, said = w.copy("etcd://moved", w.file("back.db"))
        assert code == 3 and "held by a controller" in said, (code, said)
        w.end(p)

        # nor over another history
        w.history("other.db", "other", 3)
        code, said = w.copy(w.file("other.db"), "etcd://moved")
        assert code == 3 and "another journal" in said, (code, said)
        code, said = w.copy("etcd://moved", w.file("other.db"))
        assert code == 3, (code, said)
        code, said = w.copy(w.file("first.db"), "etcd://elsewhere")
        assert code == 2 and "no shared journal of the cluster 'elsewhere'" in said, (code, said)
        assert w.rows("back.db")[:len(first)] == first


run_stories([a_journal_goes_into_etcd_and_back_and_is_the_same])
