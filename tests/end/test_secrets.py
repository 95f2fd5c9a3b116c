#!/usr/bin/env python3
"""Forty secrets are planted in every place that a secret can come from; an app is moved, people are told, strangers guess. Then all
that anybody could read later is searched: logs, the journal, every answer of the API, reports, an evidence bundle, the environment
of programs that were run, the controller's own, and what a core dump would hold.

  test_secrets.py BIN_DIR [NAME...]"""
import base64, contextlib, glob, http.client, json, os, re, secrets, subprocess, sys, time, urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), HERE]
from harness import FAST, World, run_stories
from test_notify import PASSWORD, Receivers
from unix_http import Unix

BIN = os.path.abspath(sys.argv[1])

CONF = """
listen = ( { address = "127.0.0.1:%(plain)d"; },
           { address = "127.0.0.1:%(tls)d"; tls = { certificate = "%(dir)s/ca.pem"; key = "%(dir)s/ca.key"; }; } );
exec = { allowed = true; };
evidence = { key = "%(dir)s/evidence.key"; };
traces = { url = "http://127.0.0.1:%(http)d/v1/traces"; headers = "%(dir)s/traces.headers"; };
roles = { operator = ( "uid:%(uid)d", "token:good" ); };
approvers = ( { name = "ann"; key = "%(dir)s/ann.key"; } );
notify = {
  public_url = "https://evac.example.com/"; gather = "0";
  channels = (
    { name = "hook"; type = "webhook"; url = "https://127.0.0.1:%(https)d/hook"; secret = "%(dir)s/hook.key"; ca = "%(dir)s/ca.pem"; },
    { name = "pager"; type = "pagerduty"; url = "http://127.0.0.1:%(http)d/v2/enqueue"; secret = "routing"; },
    { name = "genie"; type = "opsgenie"; url = "http://127.0.0.1:%(http)d/genie"; secret = "%(dir)s/genie.key"; },
    { name = "chat"; type = "slack"; secret = "%(dir)s/slack.url"; },
    { name = "teams"; type = "teams"; secret = "%(dir)s/teams.url"; },
    { name = "post"; type = "mail"; url = "smtps://127.0.0.1:%(smtps)d"; ca = "%(dir)s/ca.pem"; user = "evac";
      secret = "%(dir)s/mail.pw"; from = "evac@example.com"; to = ( "ann@example.com" ); },
    { name = "dead"; type = "slack"; secret = "%(dir)s/dead.url"; },
    { name = "elsewhere"; type = "slack"; secret = "%(dir)s/elsewhere.url"; },
    { name = "unvouched"; type = "webhook"; url = "https://127.0.0.1:%(https)d/unvouched"; secret = "%(dir)s/unvouched.key"; } );
  routes = ( { severity = "info"; to = ( "hook", "pager", "genie", "chat", "teams", "post", "dead", "elsewhere", "unvouched" ); } );
};
"""

# A probe's program: writes down what it was given, and complains as programs do.
PROBE = """import os, sys
with open(sys.argv[1] + ".new", "wb") as f:
    f.write(open("/proc/self/environ", "rb").read() + open("/proc/self/cmdline", "rb").read())
    try:
        f.write(open("/proc/%d/environ" % os.getppid(), "rb").read())
    except OSError:
        pass
os.rename(sys.argv[1] + ".new", sys.argv[1])
print("login failed: password=" + open(sys.argv[2]).read() + " of user shop")
sys.exit(1)
"""


with open(BIN + "/evacd", "rb") as program:  # a sanitizer keeps a copy of /proc/self/environ from before main()
    SANITIZED = b"__asan_init" in program.read()


class Planted:
    """Canaries by name; each is found nowhere but where it was put."""

    def __init__(self):
        self.all = {}

    def new(self, name, text=None):
        self.all[name] = text or "cAnaRy" + secrets.token_hex(16)
        return self.all[name]

    def forms(self):
        for name, text in self.all.items():
            raw = text.encode()
            for form in {raw, base64.b64encode(raw).rstrip(b"=")[:-2], raw.hex().encode(), urllib.parse.quote(text, safe="").encode()}:
                yield name, form

    def found_in(self, data):
        return sorted({name for name, form in self.forms() if form in data})


def put(path, text, mode=0o600):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Watched(World):
    def __init__(self):
        self.planted = Planted()
        super().__init__(BIN, conf=FAST)
        p = self.planted
        os.chmod(self.dir, 0o711)
        self.people = Receivers(self.dir)
        # the environment
        for name in ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "SHOP_DB_PASSWORD", "EVAC_TOKEN", "OIDC_CLIENT_SECRET", "VENDOR_API_KEY",
                     "GITHUB_TOKEN", "LDAP_PASSWD"):
            self.env[name] = p.new("environment " + name)
        p.new("environment AWS_SECRET_ACCESS_KEY", self.env["AWS_SECRET_ACCESS_KEY"])
        # files that tools look for
        os.mkdir(self.dir + "/.aws")
        put(self.dir + "/.aws/credentials", "[default]\naws_access_key_id = AKIAFILEFILEFILE0001\naws_secret_access_key = %s\n"
            "aws_session_token = %s\n[other]\naws_access_key_id = AKIAFILEFILEFILE0002\naws_secret_access_key = %s\n" % (
                p.new("credentials file"), p.new("credentials file's session token"), p.new("credentials file, another profile")))
        put(self.dir + "/.aws/config", "[profile more]\naws_access_key_id = AKIAFILEFILEFILE0003\naws_secret_access_key = %s\n" % p.new("config file"))
        # files that the configuration names
        for name in ("hook.key", "genie.key", "mail.pw", "unvouched.key"):
            put(self.dir + "/" + name, p.new("notify " + name, PASSWORD if name == "mail.pw" else None) + "\n")
        for name, port in (("slack.url", self.people.http), ("teams.url", self.people.http), ("dead.url", 1)):
            put(self.dir + "/" + name, "http://127.0.0.1:%d/services/%s" % (port, p.new("notify " + name)))
        put(self.dir + "/elsewhere.url", "http://hooks.example.com/" + p.new("notify elsewhere.url"))
        put(self.dir + "/traces.headers", "Authorization: Bearer %s\nX-Api-Key: %s\n" % (p.new("traces token"), p.new("traces key")))
        os.mkdir(self.dir + "/credentials")
        put(self.dir + "/credentials/routing", p.new("credential routing"))
        self.env["CREDENTIALS_DIRECTORY"] = self.dir + "/credentials"
        # keys
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.dir + "/evidence.key"], check=True, capture_output=True)
        os.chmod(self.dir + "/evidence.key", 0o600)
        for name in ("evidence.key", "ca.key"):
            lines = [l for l in open(self.dir + "/" + name).read().splitlines() if "-----" not in l]
            p.new("PEM of " + name, lines[0])
            subprocess.run(["openssl", "pkey", "-in", self.dir + "/" + name, "-outform", "DER", "-out", self.dir + "/der"], check=True)
            p.new("bytes of " + name, open(self.dir + "/der", "rb").read()[-32:].hex() if name == "evidence.key" else None)
            os.unlink(self.dir + "/der")
        self.evac("challenge", "keygen", "--out", self.dir + "/ann.key")
        p.new("approver's key", open(self.dir + "/ann.key").read().strip())
        # a program that prints one
        self.seen = os.path.join(self.dir, "steps", "seen")
        os.mkdir(self.dir + "/steps")
        os.chmod(self.dir + "/steps", 0o777)
        put(self.dir + "/steps/password", p.new("printed by a program"), 0o644)
        put(self.dir + "/steps/probe.py", PROBE, 0o644)
        self.plain, self.tls = free_port(), free_port()
        conf = self.dir + "/conf/"
        with open(conf + "evac.cfg", "a") as f:
            f.write(CONF % {"dir": self.dir, "plain": self.plain, "tls": self.tls, "http": self.people.http, "https": self.people.https,
                            "smtps": self.people.smtps, "uid": os.getuid()})
        app = open(conf + "apps/shop.cfg").read()
        probe = ('{ name = "told"; exec = ( "/usr/bin/python3", "%s", "%s", "%s" ); role = "data"; every = "1s"; timeout = "900ms"; }, '
                 % (self.dir + "/steps/probe.py", self.seen, self.dir + "/steps/password"))
        app, n = re.subn(r"probes = \(\s*", "probes = ( " + probe, app, count=1)
        assert n == 1, app
        put(conf + "apps/shop.cfg", app)
        # what is freed is cleared, as a release build does it (controller/daemon/main_wipe.c)
        self.env["ASAN_OPTIONS"] = "detect_leaks=0:max_free_fill_size=1073741824:free_fill_byte=0:quarantine_size_mb=16"

    def close(self, failed=False):
        if hasattr(self, "people"):
            self.people.close()
        super().close(failed)

    def request(self, path, headers=None, method="GET", tls=False):
        """By TCP: status, headers, body."""
        import ssl
        c = http.client.HTTPSConnection("127.0.0.1", self.tls, timeout=10, context=ssl._create_unverified_context()) if tls else \
            http.client.HTTPConnection("127.0.0.1", self.plain, timeout=10)
        with contextlib.closing(c):
            c.request(method, path, headers=headers or {}, body="{}" if method == "POST" else None)
            r = c.getresponse()
            return r.status, r.getheaders(), r.read()


def strangers_guess(w):
    """Credentials of every kind, right and wrong, on both listeners. What was answered."""
    p, said = w.planted, []
    good = w.evac("token", "create", "good", "--role", "operator").stdout.strip()
    p.new("token", good)
    revoked = w.evac("token", "create", "gone", "--role", "viewer").stdout.strip()
    p.new("revoked token", revoked)
    w.evac("token", "revoke", "gone")
    for tls in (False, True):
        status, _, body = w.request("/v1/status", {"Authorization": "Bearer " + good}, tls=tls)
        assert status == 200, body
        said.append(body)
    status, headers, body = w.request("/v1/session", {"Authorization": "Bearer " + good, "Content-Type": "application/json"}, "POST", tls=True)
    cookie = dict((k.lower(), v) for k, v in headers).get("set-cookie", "")
    assert status == 201 and "evac_session=" in cookie, (status, headers, body)
    p.new("session", re.search(r"evac_session=([^;]+)", cookie).group(1))
    said.append(body)
    said.append(w.request("/v1/status", {"Cookie": "evac_session=" + p.all["session"]}, tls=True)[2])
    jwt = ".".join(base64.urlsafe_b64encode(x.encode()).rstrip(b"=").decode() for x in (
        '{"alg":"RS256","kid":"x"}', '{"iss":"x","sub":"ann","jti":"%s"}' % secrets.token_hex(12), p.new("JWT's signature")))
    p.new("JWT", jwt)
    for headers in ({"Authorization": "Bearer " + revoked}, {"Authorization": "Bearer evac_aaaa_" + p.new("guessed token")},
                    {"Authorization": "Bearer " + jwt}, {"Authorization": "Basic " + base64.b64encode(("ann:" + p.new("password")).encode()).decode()},
                    {"Authorization": p.new("no scheme at all")}, {"Cookie": "evac_session=" + p.new("guessed session")},
                    {"X-Api-Key": p.new("header of another product")}):
        status, _, body = w.request("/v1/status", headers)
        assert status in (401, 403), (headers, status, body)
        said.append(body)
    said.append(w.request("/v1/status?token=" + p.new("token in a query"))[2])
    w.request("/v1/" + p.new("token in a path"))  # whose answer tells whoever sent it which path there is not
    answered = w.evac("approve", "1", "--as", "ann", "--response", p.new("answer by phone"), check=False)
    said.append((answered.stdout + answered.stderr).encode())
    return said


def move(w):
    w.wait_healthy()
    w.sand("region us-east-1 down")
    w.evac("failover", "shop", "--yes", "--mode", "ungraceful", "--reason", "the region is gone", check=False)
    runs = w.wait(lambda: w.ask("/v1/runs"), 30, "a run")
    run = runs[0]["run"]
    for _ in range(3):  # gates that a bad day shuts
        for gate in ("approval", "rpo"):
            w.evac("override", str(run), "--gate", gate, "--reason", "unknown loss, break glass", check=False)
    w.evac("approve", str(run), check=False)
    report = w.wait_end(run, 120)
    assert report["result"].startswith("succeeded"), report["result"]
    return run


GETS = ["/healthz", "/readyz", "/metrics"] + ["/v1/" + x for x in (
    "version", "status", "tokens", "problems", "apps", "apps/shop", "apps/shop/why", "apps/shop/decide", "apps/shop/probes",
    "apps/shop/readiness", "apps/shop/permissions", "apps/shop/trend", "runs", "runs/%d", "runs/%d/report", "runs/%d/report?format=html",
    "runs/%d/report?format=text", "runs/%d/plan", "runs/%d/steps", "approvals", "holds", "roles", "gates", "incidents", "drills", "drivers",
    "journal?limit=10000", "journal/verify", "deficiencies", "evidence/key", "notify", "nowhere")]


def answers(w, run):
    for path in GETS:
        path = path % run if "%d" in path else path
        with contextlib.closing(Unix(w.env["EVAC_SOCKET"], 20)) as c:
            c.request("GET", path)
            answer = c.getresponse()
            yield path, b"%r" % answer.getheaders() + answer.read()


def dumped(pid):
    """What a core dump would hold: what is readable, was touched, and is not marked as not to be dumped."""
    region, at = None, []
    for line in open("/proc/%d/smaps" % pid):
        m = re.match(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)$", line)
        if m:
            region = [int(m[1], 16), int(m[2], 16), m[3], m[4], 0, ""]
            at.append(region)
        elif line.startswith("Rss:"):
            region[4] = int(line.split()[1])
        elif line.startswith("VmFlags:"):
            region[5] = line.split()[1:]
    with open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for begin, end, perms, name, rss, flags in at:
            if "r" not in perms or not rss or "dd" in flags or name in ("[vvar]", "[vsyscall]") or (name.startswith("/") and "w" not in perms):
                continue
            for start in range(begin, end, 64 << 20):
                with contextlib.suppress(OSError, ValueError):
                    mem.seek(start)
                    yield name or "heap", mem.read(min(end - start, 64 << 20))


def everything(w, run, said):
    """Name and bytes of all that somebody could read later; and a word that must be found in it, or we look at the wrong thing."""
    yield "answers to strangers", b"\n".join(said), b"status"
    yield "the log", open(w.dir + "/evacd.log", "rb").read(), b"step_moved"
    for path in sorted(glob.glob(w.dir + "/journal.db*")):
        if not path.endswith("ballast"):
            yield "the journal, " + os.path.basename(path), open(path, "rb").read(), {"db": b"SQLite format 3", "wal": b"shop"}.get(re.split("[.-]", path)[-1], b"")
    for path in sorted(glob.glob(w.dir + "/reports/**", recursive=True)):
        if os.path.isfile(path):
            yield "report " + os.path.basename(path), open(path, "rb").read(), b"shop"
    for path, data in answers(w, run):
        yield "GET " + path, data, b"e"
    w.evac("evidence", "export", "shop", "--out", w.dir + "/bundle")
    yield "the evidence bundle", open(w.dir + "/bundle", "rb").read(), b"shop"
    yield "what a program was given", open(w.seen, "rb").read(), b"PATH=/usr"
    yield "the controller's environment", open("/proc/%d/environ" % w.evacd.pid, "rb").read(), b"HOME="
    yield "its command line", open("/proc/%d/cmdline" % w.evacd.pid, "rb").read(), b"--config"


PASSING = "printed by a program"  # once a second, for as long as it runs


def held(w):
    """Which secrets a dump would hold, and where; its size; and whether it is that of a controller of these regions."""
    hits, size, knows = [], 0, False
    for name, data in dumped(w.evacd.pid):
        size += len(data)
        knows = knows or b"us-west-2" in data
        hits += ["%s: %s" % (name, s) for s in w.planted.found_in(data) if not (SANITIZED and s.startswith("environment "))]
    return hits, size, knows


def no_core_dump_would_hold_one(w):
    limits = open("/proc/%d/limits" % w.evacd.pid).read()
    assert re.search(r"Max core file size\s+0\s+0\s", limits), limits
    hits, size, knows = held(w)
    assert knows, "the controller's memory does not know its regions: is it what it seems?"
    for _ in range(20):  # what a probe's program says just now is on its way: it must not be there always
        if PASSING not in {h.split(": ", 1)[1] for h in hits}:
            break
        time.sleep(0.15)
        hits = [h for h in hits if not h.endswith(": " + PASSING)] + [h for h in held(w)[0] if h.endswith(": " + PASSING)]
    assert not hits, "\n".join(sorted(set(hits)))
    print("     a dump of %d MB" % (size >> 20), flush=True)


def no_secret_is_left_anywhere():
    with Watched() as w:
        w.start_evacd()
        said = strangers_guess(w)
        run = move(w)
        w.evac("notify", "test", "hook")  # all of them would wait for those that never answer, which the run told too
        w.wait(lambda: os.path.exists(w.seen), 20, "the probe's program")
        w.wait(lambda: len(w.people.of("/hook")) > 2 and w.people.letters and any(m[0].startswith("/genie") for m in w.people.hooks), 20, "people told")
        w.wait(lambda: any(w.planted.all["traces token"] in str(m[1]) for m in w.people.of("/v1/traces")), 20, "a trace with its token")
        assert len(w.planted.all) >= 40, len(w.planted.all)
        hits, looked = [], 0
        for name, data, control in everything(w, run, said):
            looked += 1
            assert control in data, "%s does not hold %r: is it what it seems?" % (name, control)
            hits += ["%s: %s" % (name, secret) for secret in w.planted.found_in(data)]
        assert not hits, "\n".join(hits)
        dead = [c for c in w.ask("/v1/notify")["channels"] if c["name"] in ("dead", "elsewhere", "unvouched")]
        assert len(dead) == 3 and all(c["failures"] and c["last_answer"] for c in dead), dead
        print("     %d secrets, %d places" % (len(w.planted.all), looked), flush=True)
        told = json.dumps([w.ask("/v1/apps/shop/probes"), w.status()])
        assert "password=[redacted]" in told, "the program's complaint did not come through the net"
        no_core_dump_would_hold_one(w)


if __name__ == "__main__":
    run_stories([no_secret_is_left_anywhere])
