"""Three controllers that share a journal, and the etcd that holds it: real processes on this machine, ended by process id."""
import json, os, shutil, signal, socket, subprocess, tempfile, time, urllib.request

from harness import World
from unix_http import Unix

NODES = (("evac-a", "us-east-1"), ("evac-b", "us-west-2"), ("evac-c", "eu-west-1"))
ELECTION_MS = 500
TTL_S, WITHIN_S = 3, 6  # of the configuration: a lease, and until another leads

SHARED = """
shared = { cluster = "test"; endpoints = ( %s ); controllers = ( %s );
  ttl = "%ds"; request = "500ms"; poll = "200ms"; election = "%dms"; within = "%ds"; };
engine = {"""


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


MEMORY, ENOUGH_BYTES = "/dev/shm", 2 << 30


def etcd_folder():
    """In memory where there is room: what is tested here are leads and leases of seconds, and etcd waits for its disk at each row, which a
    machine that compiles beside it makes wait for as long. One that stalls and one that is full have tests of their own (test_share_traps.c,
    test_share_etcd.py)."""
    roomy = os.path.isdir(MEMORY) and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES
    return tempfile.mkdtemp(prefix="evac-etcd-", dir=MEMORY if roomy else None)


class Etcd:
    """A cluster, a member for each controller's region: on loopback, or in that region's space."""

    def __init__(self, count=3, spaces=None):
        self.dir = etcd_folder()
        self.spaces = spaces
        ports = free_ports(2 * count)
        hosts = [spaces.address(i) if spaces else "127.0.0.1" for i in range(count)]
        self.members = [{"name": "etcd-" + "abc"[i], "client": "http://%s:%d" % (hosts[i], ports[2 * i]),
                         "peer": "http://%s:%d" % (hosts[i], ports[2 * i + 1]), "process": None} for i in range(count)]
        for i in range(count):
            self.start(i)

    def start(self, i):
        m = self.members[i]
        cluster = ",".join("%s=%s" % (o["name"], o["peer"]) for o in self.members)
        m["process"] = subprocess.Popen(
            (self.spaces.within("abc"[i]) if self.spaces else []) + ["etcd", "--name", m["name"], "--data-dir", os.path.join(self.dir, m["name"]), "--listen-client-urls", m["client"],
             "--advertise-client-urls", m["client"], "--listen-peer-urls", m["peer"], "--initial-advertise-peer-urls", m["peer"],
             "--initial-cluster", cluster, "--initial-cluster-token", "evac-test", "--heartbeat-interval", "50",
             "--election-timeout", str(ELECTION_MS), "--pre-vote", "--logger", "zap", "--log-level", "error"],
            stdin=subprocess.DEVNULL, stdout=open(os.path.join(self.dir, m["name"] + ".log"), "ab"), stderr=subprocess.STDOUT)

    def signal(self, i, number):
        process = self.members[i]["process"]
        process.send_signal(number)
        if number == signal.SIGKILL:
            process.wait()
            self.members[i]["process"] = None

    def close(self):
        for m in self.members:
            if m["process"]:
                m["process"].send_signal(signal.SIGCONT)
                m["process"].kill()
                m["process"].wait()
        subprocess.run(["rm", "-rf", self.dir], check=True)


class Controllers(World):
    """The sandbox's shop, watched by three. ask(), evac() and the like talk to whichever `at` names."""

    def __init__(self, bin_dir, conf=None, spaces=None, **more):
        self.spaces = spaces
        self.aws = spaces.within("aws") if spaces else []
        self.etcd = Etcd(spaces=spaces)
        self.processes = {}
        endpoints = ", ".join('"%s"' % m["client"] for m in self.etcd.members)
        peers = ", ".join('{ name = "%s"; region = "%s"; address = "https://%s.example.com:8443"; }' % (n, r, n) for n, r in NODES)
        replace = {"engine = {": SHARED % (endpoints, peers, TTL_S, ELECTION_MS, WITHIN_S)}
        replace["policy = {"] = 'health = { grace = "2s"; };\n  policy = {'  # the stories break things as soon as all is up
        replace.update(conf or {})
        try:
            super().__init__(bin_dir, conf=replace, **more)
        except BaseException:
            self.etcd.close()
            raise

    def socket_of(self, node):
        return os.path.join(self.dir, node + ".sock")

    def at(self, node):
        self.env["EVAC_SOCKET"] = self.socket_of(node)
        return self

    def begin(self, node):
        region = "abc"[[n for n, _ in NODES].index(node)]
        self.processes[node] = subprocess.Popen(
            (self.spaces.within(region) if self.spaces else []) + [self.program("evacd"), "--config", os.path.join(self.dir, "conf"), "--node", node, "--socket", self.socket_of(node),
             "--store", os.path.join(self.dir, node + ".db")],
            stdin=subprocess.DEVNULL, stdout=self.log(node), stderr=subprocess.STDOUT, env=self.env)
        self.at(node).wait(lambda: self.status_of(node), 30, node)

    def begin_all(self):
        for node, _ in NODES:
            self.begin(node)

    def kill(self, node, number=signal.SIGKILL):
        process = self.processes[node]
        process.send_signal(number)
        if number in (signal.SIGKILL, signal.SIGTERM):
            process.wait(30)
            del self.processes[node]
            return process.returncode

    def ask_of(self, node, target):
        connection = Unix(self.socket_of(node), 3)
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            data = answer.read()
            return json.loads(data) if answer.status == 200 else None
        except OSError:
            return None
        finally:
            connection.close()

    def status_of(self, node):
        return self.ask_of(node, "/v1/status")

    def leader(self):
        """The one that leads and says so; None: nobody does, or two do."""
        leads = [n for n in self.processes if (self.status_of(n) or {}).get("lead")]
        return leads[0] if len(leads) == 1 else None

    def wait_leader(self, seconds=20, other_than=None):
        return self.wait(lambda: self.leader() not in (None, other_than) and self.leader(), seconds, "a controller that leads")

    def wait_healthy_leader(self, seconds=60):
        """Whoever leads once all is well: on a slow machine the first lead may change hands."""
        def healthy():
            leader = self.leader()
            return leader if leader and self.at(leader).is_healthy() else None
        return self.wait(healthy, seconds, "a healthy shop, by whoever leads")

    def close(self, failed=False):
        for node in list(self.processes):
            process = self.processes.pop(node)
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if failed:
                path = os.path.join(self.dir, node + ".log")
                print("--- %s\n%s" % (node, "".join(open(path, errors="replace").readlines()[-40:])))
        super().close(failed)
        self.etcd.close()
