"""A journal that three controllers share, on a real etcd of three members, each in a network namespace of its own, with TLS,
clients' certificates and etcd's own users: cut off, stopped, killed, without quorum, full.

Where the machine allows no namespaces, and where EVAC_NO_NAMESPACES is set, everything is on loopback, and what needs a cut is left out,
and said."""
import json, os, shutil, signal, sqlite3, subprocess, sys, tempfile, threading, time

BIN = sys.argv[1]
NODES = 3
ELECTION, TTL, REQUEST, POLL = 1.0, 4.0, 1.0, 0.5
TAKEOVER = 2 * ELECTION + TTL + 1 + POLL + REQUEST
SLACK = 6  # of a machine that does much else
SKIPPED = 77


def run(*args, check=True, env=None):
    done = subprocess.run(args, capture_output=True, text=True, timeout=60, env=env)
    if check and done.returncode:
        raise Exception("%s: %s%s" % (" ".join(args), done.stdout, done.stderr))
    return done


class Net:
    """A bridge in a namespace of its own, and a namespace behind it for each etcd and each controller."""

    def __init__(self):
        self.prefix = "evsh%d" % os.getpid()
        self.made = []
        self.real = os.geteuid() == 0 and not os.environ.get("EVAC_NO_NAMESPACES") and self.make("hub")
        try:
            if self.real:
                self.build()
        except BaseException:
            self.close()
            raise

    def build(self):
        self.ip("hub", "link", "add", "name", "br0", "type", "bridge")
        self.ip("hub", "link", "set", "br0", "up")
        for kind in "ec":
            for i in range(NODES):
                self.plug(kind + str(i), self.address(kind, i))

    def make(self, name):
        if run("ip", "netns", "add", self.full(name), check=False).returncode:
            return False
        self.made.append(name)
        return True

    def full(self, name):
        return self.prefix + "-" + name

    def ip(self, name, *args):
        run("ip", "-n", self.full(name), *args)

    def plug(self, name, address):
        if not self.make(name):
            raise Exception("no namespace %s" % name)
        self.ip("hub", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", self.full(name))
        self.ip("hub", "link", "set", name, "master", "br0", "up")
        self.ip(name, "addr", "add", address + "/24", "dev", "eth0")
        self.ip(name, "link", "set", "eth0", "up")
        self.ip(name, "link", "set", "lo", "up")

    def address(self, kind, i):
        return "10.99.7.%d" % ({"e": 10, "c": 20}[kind] + i) if self.real else "127.0.0.1"

    def cut(self, name, off=True):
        self.ip("hub", "link", "set", name, "down" if off else "up")

    def within(self, name):
        return ["ip", "netns", "exec", self.full(name)] if self.real else []

    def close(self):
        for name in reversed(self.made):
            run("ip", "netns", "del", self.full(name), check=False)


class Etcd:
    def __init__(self, net, where):
        self.net, self.dir, self.processes = net, where, [None] * NODES
        base = 20000 + os.getpid() % 10000  # on loopback: ports that nobody else of this test has
        self.ports = [(2379, 2380)] * NODES if net.real else [(base + 2 * i, base + 2 * i + 1) for i in range(NODES)]
        self.make_certificates()
        for i in range(NODES):
            self.start(i)
        self.wait()
        self.make_users()

    def make_certificates(self):
        names = ",".join("IP:" + a for a in sorted({self.net.address("e", i) for i in range(NODES)} | {"127.0.0.1"}))
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        run("openssl", "req", "-x509", *key, "-keyout", self.file("ca.key"), "-out", self.file("ca.pem"), "-subj", "/O=test ca", "-days", "2")
        for who, usage in (("server", "serverAuth,clientAuth"), ("client", "clientAuth")):
            with open(self.file(who + ".ext"), "w") as f:
                f.write("extendedKeyUsage=%s\nsubjectAltName=%s\n" % (usage, names))
            run("openssl", "req", *key, "-keyout", self.file(who + ".key"), "-out", self.file(who + ".csr"), "-subj", "/O=test " + who)
            run("openssl", "x509", "-req", "-in", self.file(who + ".csr"), "-CA", self.file("ca.pem"), "-CAkey", self.file("ca.key"),
                "-CAcreateserial", "-days", "2", "-extfile", self.file(who + ".ext"), "-out", self.file(who + ".pem"))

    def file(self, name):
        return os.path.join(self.dir, name)

    def url(self, i, peer=False):
        return "%s://%s:%d" % ("http" if peer else "https", self.net.address("e", i), self.ports[i][peer])

    def start(self, i):
        cluster = ",".join("m%d=%s" % (k, self.url(k, True)) for k in range(NODES))
        log = open(self.file("etcd%d.log" % i), "ab")
        self.processes[i] = subprocess.Popen(
            self.net.within("e%d" % i) + [
                "etcd", "--name", "m%d" % i, "--data-dir", self.file("e%d" % i), "--initial-cluster", cluster,
                "--listen-client-urls", self.url(i), "--advertise-client-urls", self.url(i),
                "--listen-peer-urls", self.url(i, True), "--initial-advertise-peer-urls", self.url(i, True),
                "--heartbeat-interval", "100", "--election-timeout", str(int(ELECTION * 1000)),
                "--cert-file", self.file("server.pem"), "--key-file", self.file("server.key"),
                "--trusted-ca-file", self.file("ca.pem"), "--client-cert-auth", "--quota-backend-bytes", str(16 << 20)],
            stdout=log, stderr=log)

    def ctl(self, *args, i=0, user="root:rootword", check=True):
        env = dict(os.environ, ETCDCTL_API="3")
        return run(*self.net.within("e%d" % i), "etcdctl", "--endpoints", self.url(i), "--cacert", self.file("ca.pem"), "--cert",
                   self.file("client.pem"), "--key", self.file("client.key"), *(["--user", user] if user else []), *args,
                   check=check, env=env)

    def wait(self):
        until = time.time() + 20 + SLACK
        while self.ctl("endpoint", "health", user=None, check=False).returncode:
            if time.time() > until:
                raise Exception("etcd does not come up: see " + self.dir)
            time.sleep(0.2)

    def make_users(self):
        for args in (("user", "add", "root:rootword"), ("user", "grant-role", "root", "root"), ("role", "add", "root"),
                     ("user", "grant-role", "root", "root"), ("user", "add", "evac:evacword"), ("role", "add", "evac"),
                     ("role", "grant-permission", "evac", "--prefix=true", "readwrite", "/evac/prod/"),
                     ("user", "grant-role", "evac", "evac"), ("auth", "enable")):
            self.ctl(*args, user=None, check=False)
        if "evac" not in self.ctl("user", "list").stdout:
            raise Exception("etcd's users were not made")

    def leader(self):
        for i in range(NODES):
            status = self.ctl("endpoint", "status", "-w", "json", i=i, check=False).stdout
            for s in json.loads(status or "[]"):
                if s["Status"]["leader"] == s["Status"]["header"]["member_id"]:
                    return i
        raise Exception("etcd has no leader")

    def close(self):
        for p in self.processes:
            if p:
                p.kill()
                p.wait()


class Probe:
    def __init__(self, etcd, i):
        self.etcd, self.i, self.name = etcd, i, "n%d" % i
        self.lines, self.view, self.paused = [], {}, False
        self.start()

    def start(self):
        e = self.etcd
        args = [os.path.join(BIN, "evac-share-probe"), "--node", self.name, "--cluster", "prod", "--replica", e.file(self.name + ".db"),
                "--user", "evac", "--password", "evacword", "--ca", e.file("ca.pem"), "--cert", e.file("client.pem"),
                "--key", e.file("client.key"), "--ttl", str(int(TTL * 1000)), "--request", str(int(REQUEST * 1000)),
                "--poll", str(int(POLL * 1000)), "--every", "50"]
        for k in range(NODES):
            args += ["--endpoint", e.url((self.i + k) % NODES)]
        self.view = {}
        self.log = open(e.file(self.name + ".err"), "ab")
        self.p = subprocess.Popen(e.net.within("c%d" % self.i) + args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                  text=True, bufsize=1)
        threading.Thread(target=self.read, args=(self.p,), daemon=True).start()

    def read(self, p):
        for line in p.stdout:
            heard = json.loads(line)
            self.lines.append(heard)
            if "role" in heard and p is self.p:
                self.view = heard

    def say(self, line):
        self.p.stdin.write(line + "\n")

    def leads(self):
        return self.view.get("role") == "leads" or self.view.get("role") == "caught"

    def rows(self):
        self.say("view")
        time.sleep(0.1)
        return self.view.get("rows", 0)

    def heard(self, event, since=0):
        return [x for x in self.lines[since:] if x["event"] == event]

    def kill(self):
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()


class Trial:
    def __init__(self, net, where):
        self.net = net
        self.etcd = Etcd(net, where)
        self.probes = [Probe(self.etcd, i) for i in range(NODES)]
        self.figures = []

    def close(self):
        for p in self.probes:
            p.kill()
        self.etcd.close()

    def until(self, what, seconds, condition):
        begun = time.time()
        while not condition():
            if time.time() - begun > seconds + SLACK:
                raise AssertionError("%s: not within %.1f s\n%s" % (what, seconds, self.state()))
            time.sleep(0.02)
        took = time.time() - begun
        self.figures.append("%s %.1f s" % (what, took))
        return took

    def state(self):
        errors = "".join(open(self.etcd.file(p.name + ".err")).read() for p in self.probes)
        return "\n".join("%s %s" % (p.name, json.dumps(p.view)) for p in self.probes) + "\n" + errors[-3000:]

    def leader(self, but=()):
        for p in self.probes:
            if p.leads() and p not in but and p.p.poll() is None:
                return p
        return None

    def another(self, what, old):
        return self.until(what, TAKEOVER, lambda: self.leader(but=(old,)))

    def all_follow(self, what="all copies are level"):
        """Rows go on coming: each copy gets to where the leader's was."""
        goal = self.leader().rows()
        self.until(what, 2 * POLL + REQUEST + TTL, lambda: all(p.rows() >= goal for p in self.probes))

    def writes(self, what="rows are written"):
        p = self.leader()
        n = len(p.lines)
        self.until(what, 2 * REQUEST, lambda: p.heard("durable", n))

    # --- what happens

    def begin(self):
        self.until("the first lead", TAKEOVER, lambda: self.leader())
        self.writes("the first rows")
        leader = self.leader()
        other = next(p for p in self.probes if p is not leader)
        other.say("tell all is well in my region")
        self.until("what a follower tells", POLL + TTL, lambda: leader.heard("told"))
        told = leader.heard("told")[-1]
        assert (told["by"], told["text"]) == (other.name, "all is well in my region"), told
        self.all_follow()

    def one_leads_at_a_time(self, old, new, since):
        """All clocks here are the machine's: the old one stopped before the new one began."""
        lost = [x["t"] for x in old.heard("lost", since)]
        caught = [x["t"] for x in new.lines if x.get("role") == "caught"]
        assert lost and caught and lost[-1] <= caught[-1] + 50, (lost, caught)

    def controller_cut_off(self):
        old = self.leader()
        since = len(old.lines)
        self.net.cut("c%d" % old.i)
        self.another("cut off: another leads", old)
        self.until("cut off: it stops by itself", TTL, lambda: not old.leads())
        self.one_leads_at_a_time(old, self.leader(), since)
        self.net.cut("c%d" % old.i, False)
        self.all_follow("cut off: it is level again")

    def controller_killed(self):
        old = self.leader()
        old.kill()
        self.another("kill -9: another leads", old)
        old.start()
        self.until("kill -9: it follows", TAKEOVER, lambda: old.view.get("role") == "follows")
        self.all_follow()

    def controller_stopped(self):
        old = self.leader()
        os.kill(old.p.pid, signal.SIGSTOP)
        since = len(old.lines)
        self.another("SIGSTOP: another leads", old)
        os.kill(old.p.pid, signal.SIGCONT)
        self.until("SIGCONT: it knows", REQUEST, lambda: not old.leads())
        assert not old.heard("durable", since), "a stopped leader wrote"
        self.all_follow()

    def etcd_leader_cut_off(self):
        member = self.etcd.leader()
        if self.net.real:
            self.net.cut("e%d" % member)
        else:
            os.kill(self.etcd.processes[member].pid, signal.SIGSTOP)
        time.sleep(2 * ELECTION + REQUEST)
        self.until("etcd's leader gone: somebody leads", TAKEOVER, lambda: self.leader())
        self.writes("etcd's leader gone: rows are written")
        if self.net.real:
            self.net.cut("e%d" % member, False)
        else:
            os.kill(self.etcd.processes[member].pid, signal.SIGCONT)

    def quorum_lost(self):
        for i in (0, 1):
            if self.net.real:
                self.net.cut("e%d" % i)
            else:
                os.kill(self.etcd.processes[i].pid, signal.SIGSTOP)
        self.until("no quorum: nobody leads", TTL, lambda: not self.leader())
        self.until("no quorum: all know it", TTL + 2 * REQUEST, lambda: all(p.view.get("role") == "apart" for p in self.probes))
        assert all(p.view["until"] == 0 and p.view["trouble"] for p in self.probes), self.state()
        for i in (0, 1):
            if self.net.real:
                self.net.cut("e%d" % i, False)
            else:
                os.kill(self.etcd.processes[i].pid, signal.SIGCONT)
        self.until("quorum again: somebody leads", TAKEOVER, lambda: self.leader())
        self.writes("quorum again: rows are written")

    def full(self):
        with open(self.etcd.file("fill"), "wb") as f:
            f.write(os.urandom(700000))
        for k in range(40):
            done = subprocess.run(self.ctl_put(k), stdin=open(self.etcd.file("fill"), "rb"), capture_output=True, text=True,
                                  env=dict(os.environ, ETCDCTL_API="3"), timeout=60)
            if "space exceeded" in done.stderr:
                break
        self.until("etcd full: it is said", 4 * REQUEST, lambda: any("space" in p.view.get("trouble", "") for p in self.probes))
        self.until("etcd full: nobody leads", TTL, lambda: not self.leader())
        self.etcd.ctl("del", "/fill", "--prefix")
        status = json.loads(self.etcd.ctl("endpoint", "status", "-w", "json").stdout)
        self.etcd.ctl("compact", str(status[0]["Status"]["header"]["revision"]))
        for i in range(NODES):
            self.etcd.ctl("defrag", i=i)
        self.etcd.ctl("alarm", "disarm")
        self.until("etcd emptied: somebody leads", TAKEOVER, lambda: self.leader())
        self.writes("etcd emptied: rows are written")

    def ctl_put(self, k):
        e = self.etcd
        return e.net.within("e0") + ["etcdctl", "--endpoints", e.url(0), "--cacert", e.file("ca.pem"), "--cert", e.file("client.pem"),
                                     "--key", e.file("client.key"), "--user", "root:rootword", "put", "/fill/%d" % k]

    def orderly(self):
        old = self.leader()
        old.say("leave")
        took = self.another("an orderly end: another leads", old)
        assert took < TTL, "a lead that was given back is free at once, not after its lease"

    def copy(self, source, to, user="root:rootword"):
        e = self.etcd
        name, word = user.split(":")
        with open(e.file("password"), "w") as f:
            f.write(word + "\n")
        side = lambda x: x if x.startswith("etcd://") else e.file(x)
        etcd = [] if not (source + to).count("etcd://") else [
            "--endpoints", ",".join(e.url(i) for i in range(NODES)), "--user", name, "--password-file", e.file("password"),
            "--ca", e.file("ca.pem"), "--cert", e.file("client.pem"), "--cert-key", e.file("client.key")]
        return run(*e.net.within("c0"), os.path.join(BIN, "evac"), "store", "copy", side(source), side(to), "--json", *etcd, check=False)

    def refused(self, done, words, code=3):
        assert done.returncode == code and words in done.stderr, (done.returncode, done.stdout, done.stderr)

    def copied(self, done):
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["copied"]

    def moved(self, idle, leader):
        """The journal, while somebody leads."""
        self.refused(self.copy(idle.name + ".db", "etcd://prod"), "the controller '%s' leads the cluster" % leader.name)
        self.refused(self.copy(leader.name + ".db", "etcd://other"), "is held by a controller that is alive (process %d" % leader.p.pid)
        self.refused(self.copy("etcd://prod", leader.name + ".db"), "is held by a controller that is alive")
        self.refused(self.copy("etcd://prod", "x.db", "evac:wrong"), "invalid user ID or password", 1)
        assert not [f for f in os.listdir(self.etcd.dir) if f.startswith("x.db")], "a file was made for nothing"
        self.refused(self.copy("nothing.db", "etcd://other"), "there is no journal", 2)

    def moved_whole(self, rows):
        """The journal, to a file, to another cluster's name, and back: the same rows."""
        assert self.copied(self.copy("etcd://prod", "whole.db", "evac:evacword")) == rows
        assert self.copied(self.copy("whole.db", "etcd://other")) == rows
        assert self.copied(self.copy("whole.db", "etcd://other")) == 0
        assert self.copied(self.copy("etcd://other", "again.db")) == rows
        assert self.copied(self.copy("again.db", "third.db")) == rows

    def ended(self):
        """The one that left: it says so a moment before its process is over."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            for p in self.probes:
                if p.p.poll() is not None:
                    return p
            time.sleep(0.02)
        raise AssertionError("nobody's process has ended")

    def end(self):
        """One history: each copy is a beginning of the longest, and what was told durable is in it, by who was told."""
        last = self.leader()
        self.moved(self.ended(), last)
        last.say("leave")
        time.sleep(REQUEST)
        for p in self.probes:
            p.kill()
        copies = {}
        for p in self.probes:
            with sqlite3.connect("file:%s?mode=ro" % self.etcd.file(p.name + ".db"), uri=True) as db:
                copies[p.name] = db.execute("SELECT seq, node, hash FROM journal ORDER BY seq").fetchall()
        longest = max(copies.values(), key=len)
        for name, rows in copies.items():
            assert rows == longest[:len(rows)], "%s has another history" % name
        assert [r[0] for r in longest] == list(range(1, len(longest) + 1))
        for p in self.probes:
            for told in p.heard("durable"):
                assert longest[told["seq"] - 1][1] == p.name, "row %d, which %s was told is durable, is not there" % (told["seq"], p.name)
        self.moved_whole(len(longest))
        self.figures.append("%d rows in one history" % len(longest))


def main():
    if not shutil.which("etcd") or not shutil.which("etcdctl"):
        print("skipped: no etcd here (Debian: etcd-server, etcd-client)")
        return SKIPPED
    where, net, trial, good = tempfile.mkdtemp(prefix="evac-share-"), None, None, False
    try:
        net = Net()
        trial = Trial(net, where)
        trial.begin()
        if net.real:
            trial.controller_cut_off()
        else:
            print("no network namespaces here: everything on loopback, and no controller is cut off")
        trial.controller_killed()
        trial.controller_stopped()
        trial.etcd_leader_cut_off()
        trial.quorum_lost()
        trial.full()
        trial.orderly()
        trial.end()
        good = True
    finally:
        if trial:
            print("\n".join(trial.figures))
            if not good:
                print(trial.state())
            trial.close()
        if net:
            net.close()
        if good:
            shutil.rmtree(where)
        else:
            print("what is left: " + where)
    return 0


sys.exit(main())
