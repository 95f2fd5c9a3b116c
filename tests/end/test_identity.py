#!/usr/bin/env python3
"""Who asks, over the network: tokens, sessions, certificates, an identity provider; and that nobody can hold the door.

One controller, one sandbox and one identity provider of the test's own for all stories."""
import base64, contextlib, http.client, http.server, json, os, re, signal, socket, ssl, subprocess, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from harness import World, passes


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def run(*args, input=None):
    return subprocess.run(args, check=True, capture_output=True, input=input).stdout


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# --- certificates and an identity provider, by openssl's command

class Authority:
    def __init__(self, folder):
        self.dir = folder
        self.ca = self.path("ca.pem")
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=test CA", "-keyout", self.path("ca.key"), "-out", self.ca)

    def path(self, name):
        return os.path.join(self.dir, name)

    def issue(self, name, subject, san=None):
        key, request, cert, ext = (self.path(name + x) for x in (".key", ".csr", ".pem", ".ext"))
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
            "-keyout", key, "-out", request)
        open(ext, "w").write("subjectAltName=%s\n" % san if san else "basicConstraints=CA:FALSE\n")
        run("openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.path("ca.key"), "-CAcreateserial",
            "-days", "2", "-extfile", ext, "-out", cert + ".new")
        os.replace(cert + ".new", cert)
        return cert, key


class Provider:
    """An OpenID provider: metadata and keys over TLS, tokens signed with RS256."""

    def __init__(self, authority):
        self.dir, self.asked, self.kids = authority.dir, 0, []
        self.port = free_port()
        self.issuer = "https://127.0.0.1:%d" % self.port
        self.new_key("first")
        cert, key = authority.issue("provider", "/CN=provider", "IP:127.0.0.1")
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                provider.asked += 1
                body = json.dumps(provider.page(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def new_key(self, kid):
        run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.key(kid))
        self.kids.append(kid)

    def key(self, kid):
        return os.path.join(self.dir, "oidc-%s.key" % kid)

    def page(self, path):
        if path.endswith("openid-configuration"):
            return {"issuer": self.issuer, "jwks_uri": self.issuer + "/keys"}
        keys = []
        for kid in self.kids:
            modulus = run("openssl", "rsa", "-in", self.key(kid), "-noout", "-modulus").split(b"=")[1].strip()
            keys.append({"kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig", "e": "AQAB",
                         "n": b64(bytes.fromhex(modulus.decode()))})
        return {"keys": keys}

    def token(self, kid="first", sign=True, header=None, **claims):
        said = {"iss": self.issuer, "aud": "evac", "sub": "ann@example.com", "exp": int(time.time()) + 300}
        said.update(claims)
        head = dict({"alg": "RS256", "kid": kid}, **(header or {}))
        text = b64(json.dumps(head).encode()) + "." + b64(json.dumps(said).encode())
        if not sign:
            return text + "."
        return text + "." + b64(run("openssl", "dgst", "-sha256", "-sign", self.key(kid), input=text.encode()))

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# --- the world of all stories

CONF = '''
listen = (
  { address = "127.0.0.1:%(plain)d"; },
  { address = "127.0.0.1:%(tls)d"; tls = { certificate = "%(cert)s"; key = "%(key)s"; client_ca = "%(ca)s"; }; }
);
api = { peer_connections = 1100; connections = 1200; rate = 400; patience = "2s"; };
oidc = { issuer = "%(issuer)s"; audience = ( "evac" ); ca = "%(ca)s"; };
roles = { operator = ( "uid:0", "token:named", "cert:deploy@example.com", "oidc-group:oncall" );
          approver = ( "uid:0", "token:approver", "oidc:bob@example.com", "oidc:carol@example.com", "offline:ann", "offline:kim", "offline:me" ); };
people = ( { name = "carol"; principals = ( "oidc:carol@example.com", "cert:deploy@example.com" ); } );
approvers = ( { name = "ann"; key = "%(dir)s/ann.key"; }, { name = "kim"; key = "%(dir)s/kim.key"; },
              { name = "me"; key = "%(dir)s/me.key"; person = "uid:0"; }, { name = "zoe"; key = "%(dir)s/ann.key"; } );
'''


class Net(World):
    def __init__(self, bin_dir):
        super().__init__(bin_dir, conf={'name = "shop";': 'name = "shop"; approvals = { of = ( "approver" ); };'})
        self.authority = Authority(self.dir)
        cert, key = self.authority.issue("server", "/CN=localhost", "IP:127.0.0.1,DNS:localhost")
        self.provider = Provider(self.authority)
        self.plain, self.tls = free_port(), free_port()
        self.base, self.tls_base = "http://127.0.0.1:%d" % self.plain, "https://127.0.0.1:%d" % self.tls
        with open(os.path.join(self.dir, "conf/evac.cfg"), "a") as f:
            f.write(CONF % {"plain": self.plain, "tls": self.tls, "cert": cert, "key": key, "ca": self.authority.ca,
                            "dir": self.dir, "issuer": self.provider.issuer})
        for name in ("ann", "kim", "me"):
            self.evac("challenge", "keygen", "--out", os.path.join(self.dir, name + ".key"))
        self.start_evacd()

    def close(self, failed=False):
        if hasattr(self, "provider"):
            self.provider.close()
        super().close(failed)

    def curl(self, path, *args, base=None, token=None, body=None):
        """(status, headers as text, body)"""
        command = ["curl", "-sS", "-i", "--max-time", "20", "--cacert", self.authority.ca, *args]
        if token:
            command += ["-H", "Authorization: Bearer " + token]
        if body is not None:
            command += ["-d", body if isinstance(body, str) else json.dumps(body)]
        r = subprocess.run(command + [(base or self.base) + path], capture_output=True, text=True)
        head, _, rest = r.stdout.partition("\n\n")
        assert head.startswith("HTTP/1.1 "), (path, r.stdout, r.stderr)
        return int(head.split()[1]), head.lower(), rest

    def asked(self, path, *args, **more):
        status, _, body = self.curl(path, *args, **more)
        assert status in (200, 201), (path, status, body)
        return json.loads(body)

    def status_of(self, path, *args, **more):
        return self.curl(path, *args, **more)[0]

    def make(self, name, roles, *args):
        return self.evac("token", "create", name, "--role", roles, *args).stdout.strip()

    def rows(self, kind):
        lines = self.evac("journal", "--json", "--limit", "1000").stdout.splitlines()
        rows = [row for line in lines for row in (json.loads(line) if line.startswith("[") else [json.loads(line)])]
        return [r for r in rows if r["kind"] == kind]

    def allow_a_second(self, count):
        path = os.path.join(self.dir, "conf/evac.cfg")
        text = open(path).read()
        open(path, "w").write(re.sub(r" rate = \d+;", " rate = %d;" % count, text))
        self.forget()

    def forget(self):
        """A new controller has blocked nobody."""
        self.stop_evacd()
        self.start_evacd()


# --- tokens

def a_token_is_shown_once_and_works_until_it_is_revoked(w):
    assert w.status_of("/v1/status") == 401
    token = w.make("ci", "operator", "--about", "the pipeline")
    assert token.startswith("evac_") and len(token) == 5 + 8 + 1 + 43, token
    assert token not in w.evac("token", "list", "--json").stdout
    assert token[-43:] not in w.evac("journal", "--json").stdout
    me = w.asked("/v1/session", token=token)
    assert me["who"] == "token:ci" and me["person"] == "uid:0(root)" and "operator" in me["roles"], me
    w.stop_evacd(signal.SIGKILL)
    w.start_evacd()
    assert w.asked("/v1/session", token=token)["who"] == "token:ci"
    assert w.status_of("/v1/reload", token=token, body={}) == 403
    listed = json.loads(w.evac("token", "list", "--json").stdout)["tokens"]
    assert [t["used_ms"] for t in listed if t["name"] == "ci"] != [None], listed
    w.evac("token", "revoke", "ci", "--reason", "it leaked")
    status, head, _ = w.curl("/v1/status", token=token)
    assert status == 401 and 'www-authenticate: bearer realm="evac", error="invalid_token"' in head, head
    made, ended = [r for r in w.rows("token") if r["to"] == "created"], [r for r in w.rows("token") if r["to"] == "revoked"]
    assert made[0]["who"] == "uid:0(root)" and ended[0]["text"] == "it leaked", (made, ended)


def nobody_gives_what_they_do_not_have(w):
    r = w.evac("token", "create", "x", "--role", "king", check=False)
    assert r.returncode == 3 and "viewer" in r.stderr, r.stderr
    assert w.evac("token", "create", "x", "--role", "viewer", "--for", "91d", check=False).returncode == 3
    admin = w.make("boss", "admin")  # holds admin alone
    assert w.status_of("/v1/tokens", token=admin, body={"name": "y", "roles": ["approver"]}) == 403
    assert w.status_of("/v1/tokens", token=admin, body={"name": "y", "roles": ["operator"]}) == 403
    # but what the configuration gives to a name, it gives
    assert w.status_of("/v1/tokens", token=admin, body={"name": "named", "roles": ["operator"]}) == 201
    assert w.status_of("/v1/tokens", token=admin, body={"name": "named", "roles": ["operator"]}) == 409
    operator = w.make("op", "operator")
    assert w.status_of("/v1/tokens", token=operator, body={"name": "z", "roles": ["operator"]}) == 403
    assert w.status_of("/v1/tokens/boss/revoke", token=operator, body={}) == 200  # its owner is the same person
    assert w.status_of("/v1/status", token=admin) == 401


def a_scope_of_apps_is_no_further(w):
    token = w.make("shopkeeper", "operator", "--apps", "shop")
    assert w.status_of("/v1/apps/shop", token=token) == 200
    assert w.status_of("/v1/status", token=token) == 403
    assert w.status_of("/v1/commands", token=token, body={"verb": "hold", "app": "shop", "reason": "x", "value": 1000}) == 200
    status, _, body = w.curl("/v1/commands", token=token, body={"verb": "stop-automation", "reason": "x"})
    assert status == 403 and "for shop" in body, body
    assert w.evac("token", "create", "n", "--role", "viewer", "--apps", "shoop", check=False).returncode == 3


# --- refused

def what_is_refused_is_in_the_journal_and_does_not_fill_it(w):
    """Wrong credentials, a lockout, somebody who may not: a row at once, then their number; a hundred attempts are not a hundred rows."""
    def rows(kind):
        text = w.evac("journal", "--rows", "refusal", "--json").stdout
        return [r for r in map(json.loads, text.splitlines()) if r["name"] == kind]

    before = len(rows("forbidden")), len(rows("wrong")) + len(rows("blocked"))
    token = w.make("looker", "viewer")
    for _ in range(6):
        assert w.status_of("/v1/commands", token=token, body={"verb": "stop-automation", "reason": "x"}) == 403
    for _ in range(12):
        assert w.status_of("/v1/status", token="evac_" + "A" * 43) in (401, 429)
    w.wait(lambda: len(rows("blocked")) > 0, 10, "the lockout's row")
    forbidden, wrong, blocked = rows("forbidden"), rows("wrong"), rows("blocked")
    mine = [r for r in forbidden if r["who"].startswith("token:looker by ")]
    assert len(mine) == 1 and mine[0]["event"] == "POST /v1/commands" and mine[0]["from"] == "127.0.0.1", mine
    assert "stop-automation" in mine[0]["text"] and mine[0]["number"] >= 1, mine
    assert blocked[-1]["from"] == "127.0.0.1" and not blocked[-1]["who"], blocked
    assert len(forbidden) - before[0] <= 2 and len(wrong) + len(blocked) - before[1] <= 4, (before, len(forbidden), len(wrong), len(blocked))
    assert "forbidden" in w.evac("journal", "--rows", "refusal").stdout
    r = w.evac("journal", "--rows", "refusals", check=False)
    assert r.returncode != 0 and "no rows of the kind 'refusals'" in r.stderr, r.stderr
    first = json.loads(
        run("curl", "-sS", "--unix-socket", w.env["EVAC_SOCKET"], "http://evac/v1/journal?newest=1&limit=2"))
    assert first[0]["seq"] == first[1]["seq"] + 1, first
    w.forget()


# --- people

def a_token_s_yes_is_its_owner_s(w):
    """Root begins a run, and root's own token can not approve it; another's can."""
    mine = w.make("approver", "approver")
    w.wait_healthy()
    number = json.loads(subprocess.run(
        ["curl", "-sS", "--unix-socket", w.env["EVAC_SOCKET"], "http://evac/v1/apps/shop/runs", "-d",
         json.dumps({"proposed": True, "reason": "test"})], capture_output=True, text=True).stdout)["run"]
    status, _, body = w.curl("/v1/runs/%d/commands" % number, token=mine, body={"verb": "approve"})
    assert status == 409 and "somebody else" in body, (status, body)
    bob = w.provider.token(sub="bob@example.com")
    status, _, body = w.curl("/v1/runs/%d/commands" % number, token=bob, body={"verb": "approve"})
    assert status == 200, (status, body)
    who = [r for r in w.rows("approve")][-1]["who"]
    assert who.startswith("oidc:bob@example.com by jwt:"), who
    w.evac("cancel", str(number), "--reason", "test", check=False)
    w.wait_end(number)


def one_person_s_two_names_are_not_two_people(w):
    """Carol begins a run with a certificate, and can not approve it with what her identity provider says."""
    w.wait_healthy()
    cert, key = w.authority.issue("deploy", "/CN=x", "email:deploy@example.com")
    status, _, body = w.curl("/v1/apps/shop/runs", "--cert", cert, "--key", key, base=w.tls_base,
                             body={"proposed": True, "reason": "test"})
    assert status == 201, (status, body)
    number = json.loads(body)["run"]
    carol, bob = (w.provider.token(sub=name + "@example.com") for name in ("carol", "bob"))
    status, _, body = w.curl("/v1/runs/%d/commands" % number, token=carol, body={"verb": "approve"})
    assert status == 409 and "you asked for this run" in body, (status, body)
    status, _, body = w.curl("/v1/runs/%d/commands" % number, token=bob, body={"verb": "approve"})
    assert status == 200, (status, body)
    begun = [r for r in w.rows("admit") if r["run"] == number][-1]["who"]
    assert begun.startswith("cert:deploy@example.com by sha256:") and begun.endswith(" for person:carol"), begun
    w.evac("cancel", str(number), "--reason", "test", check=False)
    w.wait_end(number)


def a_yes_is_heard_by_phone_once_and_guessed_by_nobody(w):
    """Root begins; ann is rung up, and whoever guesses kills her challenge; kim's answer is her yes, and no second one."""
    def refused(*args, says):
        r = w.evac(*args, check=False)
        assert r.returncode == 3 and says in r.stderr, (args, r.returncode, r.stderr)

    def ask(name):
        return json.loads(w.evac("challenge", number, "--as", name, "--json").stdout)

    def answer(c, key, **other):
        facts = dict({k: c[k] for k in ("app", "from", "to", "mode")}, **other)
        return w.evac("challenge", "answer", *c["code"].lower().split("-"), "--key", os.path.join(w.dir, key + ".key"), "--json",
                      "--socket", "/nowhere", *(x for k, v in facts.items() for x in ("--" + k, v)), check=not other)

    w.wait_healthy()
    number = str(json.loads(subprocess.run(
        ["curl", "-sS", "--unix-socket", w.env["EVAC_SOCKET"], "http://evac/v1/apps/shop/runs", "-d",
         json.dumps({"proposed": True, "reason": "test"})], capture_output=True, text=True).stdout)["run"])
    assert "by phone, with ann or kim or me or zoe: evac challenge %s --as ann" % number in w.evac("gates", number).stdout
    refused("challenge", number, "--as", "me", says="somebody else's yes")
    refused("challenge", number, "--as", "zoe", says="does not count here")
    refused("challenge", number, "--as", "joe", says="ann, kim, me, zoe")
    c = ask("ann")
    assert ask("ann")["code"] == c["code"] and c["place"] == "start" and c["attempts_left"] == 5, c
    wrong, right = (json.loads(answer(c, key).stdout)["response"] for key in ("me", "ann"))
    r = answer(c, "ann", to="eu-west-1")
    assert r.returncode == 3 and "made for something else" in r.stderr, r.stderr
    say = ("approve", number, "--as", "ann", "--response")
    refused(*say, right[:-1] + ("A" if right[-1] != "A" else "B"), says="misheard")
    for left in (4, 3, 2):
        refused(*say, wrong, says="%d more" % left)
    w.stop_evacd(signal.SIGKILL)  # it does not forget how often somebody guessed
    w.start_evacd()
    refused(*say, wrong, says="1 more")
    refused(*say, wrong, says="dead")
    refused(*say, right, says="dead")
    refused("challenge", number, "--as", "ann", says="five answers were wrong")
    os.chmod(os.path.join(w.dir, "kim.key"), 0o640)
    r = w.evac("challenge", number, "--as", "kim", check=False)
    assert r.returncode != 0 and "others can read" in r.stderr, r.stderr
    os.chmod(os.path.join(w.dir, "kim.key"), 0o600)
    c = ask("kim")
    refused("approve", number, "--as", "kim", "--response", wrong, says="4 more")  # ann's is not kim's
    say = ("approve", number, "--as", "kim", "--response", json.loads(answer(c, "kim").stdout)["response"])
    assert "approved" in w.evac(*say, "--reason", "she said so").stdout
    refused(*say, says="good once")
    yes, asked = w.rows("approve")[-1], w.rows("challenge")
    assert yes["who"].startswith("offline:kim by ") and yes["text"] == "by phone, typed in by uid:0(root): she said so", yes
    assert [(r["name"], r["to"]) for r in asked] == [("ann", "made")] + [("ann", "wrong")] * 5 + [("kim", "made"), ("kim", "wrong")], asked
    for name in ("ann", "kim", "me"):
        key = open(os.path.join(w.dir, name + ".key")).read().strip()
        assert key not in w.evac("journal", "--json", "--limit", "1000").stdout + open(os.path.join(w.dir, "evacd.log")).read()
    w.evac("cancel", number, "--reason", "test", check=False)
    w.wait_end(number)


def a_session_is_a_cookie_that_no_other_site_can_use(w):
    token = w.make("browser", "operator")
    jar = os.path.join(w.dir, "jar")
    status, head, _ = w.curl("/v1/session", "-X", "POST", "-c", jar, token=token)
    assert status == 201 and "httponly; samesite=strict" in head and "secure" not in head.split("samesite")[1].split("\n")[0], head
    _, tls_head, _ = w.curl("/v1/session", "-X", "POST", base=w.tls_base, token=token)
    assert "; secure" in tls_head, tls_head
    assert w.asked("/v1/session", "-b", jar)["by"] == "session"
    word = {"verb": "hold", "app": "shop", "reason": "x", "value": 1000}
    assert w.status_of("/v1/commands", "-b", jar, body=word) == 403
    csrf = ("-b", jar, "-H", "X-Evac-CSRF: 1")
    assert w.status_of("/v1/commands", *csrf, "-H", "Origin: https://evil.example.com", body=word) == 403
    assert w.status_of("/v1/commands", *csrf, "-H", "Sec-Fetch-Site: cross-site", body=word) == 403
    assert w.status_of("/v1/commands", *csrf, "-H", "Origin: " + w.base, "-H", "Sec-Fetch-Site: same-origin", body=word) == 200
    w.stop_evacd(signal.SIGKILL)  # who looks at the dashboard goes on looking
    w.start_evacd()
    assert w.status_of("/v1/status", "-b", jar) == 200
    assert w.status_of("/v1/session", "-X", "DELETE", *csrf) == 200
    assert w.status_of("/v1/status", "-b", jar) == 401
    w.curl("/v1/session", "-X", "POST", "-c", jar, token=token)
    w.evac("token", "revoke", "browser")
    assert w.status_of("/v1/status", "-b", jar) == 401
    who = [r for r in w.rows("hold")][-1]["who"]
    assert who.startswith("token:browser by session:") and who.endswith(" for uid:0(root)"), who


def a_certificate_names_whom_it_is_for(w):
    cert, key = w.authority.issue("deploy", "/CN=x", "email:deploy@example.com")
    me = w.asked("/v1/session", "--cert", cert, "--key", key, base=w.tls_base)
    assert me["who"] == "cert:deploy@example.com" and me["roles"] == ["viewer", "operator"], me
    assert w.status_of("/v1/commands", "--cert", cert, "--key", key, "-H", "Origin: https://evil.example.com",
                       base=w.tls_base, body={"verb": "ack", "app": "shop"}) == 403
    stranger, stranger_key = w.authority.issue("stranger", "/CN=nobody in particular")
    status, _, body = w.curl("/v1/status", "--cert", stranger, "--key", stranger_key, base=w.tls_base)
    assert status == 403 and "cert:nobody%20in%20particular" in body, body
    os.makedirs(os.path.join(w.dir, "other"))
    forged, forged_key = Authority(os.path.join(w.dir, "other")).issue("deploy", "/CN=x", "email:deploy@example.com")
    r = subprocess.run(["curl", "-sS", "--cacert", w.authority.ca, "--cert", forged, "--key", forged_key,
                        w.tls_base + "/v1/status"], capture_output=True, text=True)
    assert r.returncode != 0, r.stdout
    assert w.status_of("/v1/status", base=w.tls_base) == 401
    old = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % w.tls, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
                         capture_output=True, input=b"")
    assert old.returncode != 0, "TLS 1.1 is spoken"


def a_new_certificate_is_taken_up_at_sighup_and_a_bad_one_is_not(w):
    def serial():
        pem = ssl.get_server_certificate(("127.0.0.1", w.tls))
        return run("openssl", "x509", "-noout", "-serial", input=pem.encode())
    before = serial()
    w.authority.issue("server", "/CN=localhost", "IP:127.0.0.1,DNS:localhost")
    w.evacd.send_signal(signal.SIGHUP)
    w.wait(lambda: serial() != before, 5, "the new certificate")
    good = serial()
    path = w.authority.path("server.pem")
    open(path, "a").close()
    text = open(path).read()
    open(path, "w").write("nonsense")
    w.evacd.send_signal(signal.SIGHUP)
    w.wait(lambda: "certificate_refused" in open(os.path.join(w.dir, "evacd.log")).read(), 5, "the refusal")
    assert serial() == good
    open(path, "w").write(text)


def an_identity_provider_s_word_is_believed_as_long_as_it_is_signed_for_us_and_now(w):
    p = w.provider
    assert w.asked("/v1/session", token=p.token(groups=["oncall", "x"]))["roles"] == ["viewer", "operator"]
    status, _, body = w.curl("/v1/status", token=p.token())
    assert status == 403 and "you are oidc:ann@example.com" in body, body
    wrong = {
        "another audience": p.token(aud="other"), "another issuer": p.token(iss="https://evil.example.com"),
        "expired": p.token(exp=int(time.time()) - 120), "not yet": p.token(nbf=int(time.time()) + 120),
        "no signature": p.token(sign=False, header={"alg": "none"}),
        "an HMAC": p.token(header={"alg": "HS256"}),
    }
    for what, token in wrong.items():
        assert w.status_of("/v1/session", token=token) == 401, what
    p.new_key("second")  # not known here yet: fetched, unless somebody asked a moment ago
    w.forget()
    assert w.asked("/v1/session", token=p.token("second", groups="oncall"))["who"] == "oidc:ann@example.com"
    asked = p.asked
    run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", p.key("stranger"))
    for _ in range(3):
        assert w.status_of("/v1/session", token=p.token("stranger")) == 401
    assert p.asked <= asked + 2, "unknown keys make it ask: %d" % (p.asked - asked)
    p.close()  # its keys stand
    assert w.status_of("/v1/session", token=p.token("second", groups="oncall")) == 200
    huge = "eyJhbGciOiJSUzI1NiJ9." + "A" * 20000 + ".AAAA"
    assert w.status_of("/v1/session", token=huge) in (401, 431)


# --- nobody holds the door

def connect(w, port=None):
    s = socket.create_connection(("127.0.0.1", port or w.plain), 10)
    s.settimeout(30)
    return s


def drain(s, seconds):
    """What still comes until the other end closes; None: it did not."""
    end, heard = time.monotonic() + seconds, b""
    while time.monotonic() < end:
        s.settimeout(max(0.01, end - time.monotonic()))
        try:
            part = s.recv(65536)
        except socket.timeout:
            return None
        except OSError:
            return heard
        if not part:
            return heard
        heard += part
    return None


def answer_of(s):
    """One whole answer: what is sent before it has come is no request yet."""
    answer = http.client.HTTPResponse(s)
    answer.begin()
    assert answer.read(), answer.status
    return answer


def the_on_call_gets_in_whatever_the_network_does(w):
    crowd = []
    with contextlib.ExitStack() as stack:
        for _ in range(1000):
            crowd.append(stack.enter_context(connect(w)))
        begin = time.monotonic()
        assert w.status_of("/v1/version") == 401, "a thousand idle connections keep others out"
        assert w.evac("status").returncode == 0 and time.monotonic() - begin < 5
        for s in crowd[:300]:  # headers that never end
            s.sendall(b"GET /v1/version HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert w.status_of("/v1/version") == 401
        for _ in range(300):  # more than there is room for
            with contextlib.suppress(OSError):
                stack.enter_context(connect(w))
        assert w.evac("status").returncode == 0
        slow_head, silent = crowd[0], crowd[500]
        begin, ended = time.monotonic(), None
        while ended is None and time.monotonic() - begin < 10:  # a byte now and then does not hold a connection
            with contextlib.suppress(OSError):
                slow_head.sendall(b"a")
            ended = drain(slow_head, 0.3)
        assert ended is not None and drain(silent, 3) is not None
    with connect(w) as s:
        s.sendall(b"POST /v1/commands HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        begin, ended = time.monotonic(), None
        while ended is None and time.monotonic() - begin < 10:
            with contextlib.suppress(OSError):
                s.sendall(b" ")
            ended = drain(s, 0.3)
        assert ended is not None, "a body that never ends holds a connection"
    with socket.create_connection(("127.0.0.1", w.tls), 10) as s:  # a handshake that never comes
        assert drain(s, 6) is not None


def ids(text):
    return [int(line[4:]) for line in text.split("\n")[:-1] if line.startswith("id: ")]


def many_words(w, token, n):
    """Over one connection, so that it is quick."""
    body = json.dumps({"verb": "hold", "app": "shop", "reason": "r" * 990, "value": 1000}).encode()
    one = (b"POST /v1/commands HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
           % (token.encode(), len(body), body))
    with connect(w) as s:
        for _ in range(n):
            s.sendall(one)
            heard = b""
            while not heard.endswith(b"}"):
                heard += s.recv(65536)
            assert b" 200 " in heard, heard


def a_reader_that_does_not_read_is_dropped_and_finds_what_it_missed(w):
    token = w.make("reader", "operator")
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(("127.0.0.1", w.plain))
    s.sendall(("GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n" % token).encode())
    heard = s.recv(500)
    assert b"text/event-stream" in heard or b"200 OK" in heard, heard
    many_words(w, token, 500)
    time.sleep(4)
    rest = drain(s, 10)
    s.close()
    assert rest is not None, "a reader that reads nothing is kept"
    seen = ids((heard + rest).decode())
    assert seen == list(range(1, len(seen) + 1)) and seen, seen
    w.stop_evacd(signal.SIGKILL)
    w.start_evacd()
    newest = w.rows("hold")[-1]["seq"]
    assert newest > seen[-1], "it was not behind"
    listen = ("curl", "-sSN", "--max-time", "2", "-H", "Authorization: Bearer " + token)
    r = subprocess.run([*listen, "-H", "Last-Event-ID: %d" % seen[-1], w.base + "/v1/events"], capture_output=True, text=True)
    assert ids(r.stdout)[:newest - seen[-1]] == list(range(seen[-1] + 1, newest + 1)), (seen[-1], newest, ids(r.stdout))
    r = subprocess.run([*listen, w.base + "/v1/events?after=0&app=shop"], capture_output=True, text=True)
    rows = [json.loads(line[6:]) for line in r.stdout.split("\n")[:-1] if line.startswith("data: ")]
    assert rows and all(row["app"] == "shop" for row in rows), rows[:3]


def a_reader_that_is_gone_has_no_place(w):
    """As many as may read at one time; they close, with nothing left unread; the next need not wait for a heartbeat to find out."""
    ask = ("GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n" % w.make("readers", "viewer")).encode()

    def reader():
        s, heard = connect(w), b""
        s.sendall(ask)
        while b": evac\n\n" not in heard and b"}" not in heard:
            heard += s.recv(4096)
        return s, b" 200 " in heard
    readers = [reader()]
    while readers[-1][1] and len(readers) < 400:
        readers.append(reader())
    assert 100 < len(readers) < 400, len(readers)
    for s, _ in readers:
        s.close()
    s, good = reader()
    s.close()
    assert good, "who was there before has the places still"


def what_is_too_large_is_refused(w):
    token = w.make("large", "operator")
    assert w.status_of("/v1/commands", token=token, body=json.dumps({"verb": "ack", "reason": "x" * 100000})) == 400
    with connect(w) as s:
        s.sendall(b"POST /v1/commands HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nAuthorization: Bearer %s\r\n\r\n" % token.encode())
        assert b" 413 " in s.recv(1000)
    assert w.status_of("/v1/version", "-H", "Idempotency-Key: " + "x" * 6000, token=token) == 431
    with connect(w) as s:
        with contextlib.suppress(OSError):
            s.sendall(b"GET / HTTP/1.1\r\nX: " + b"y" * 100000 + b"\r\n\r\n")
        assert drain(s, 10) is not None
    status, head, body = w.curl("/v1/version", "-I", token=token)
    assert status == 200 and "content-length: " in head and not body
    status, head, _ = w.curl("/v1/session", "-X", "OPTIONS", token=token)
    assert status == 200 and "allow: get, head, post, delete, options" in head, head
    assert w.status_of("/v1/commands", "-H", "Transfer-Encoding: chunked", token=token, body="{}") == 400


def what_comes_before_its_turn_is_taken_for_nothing_else(w):
    """More than a request in one piece: the first is answered, the connection ends, whoever else asks is answered too."""
    token = w.make("hasty", "operator").encode()
    body = b'{"verb":"hold","app":"shop","reason":"in one piece","value":1000}'
    head = b"HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n" % token
    get, post = b"GET /v1/version %s\r\n" % head, b"POST /v1/commands %sContent-Length: %d\r\n\r\n%s" % (head, len(body), body)
    unfinished = b"POST /v1/commands %sContent-Length: 70000\r\n\r\n{" % head
    tls = ssl.create_default_context(cafile=w.authority.ca)

    def answers(*pieces):
        with connect(w) as plain, connect(w, w.tls) as bare, tls.wrap_socket(bare, server_hostname="localhost") as dressed:
            for s in plain, dressed:
                for piece in pieces:
                    s.sendall(piece)
                heard = drain(s, 10)
                assert heard is not None, "a connection on which more came stays open"
                yield re.findall(rb"^HTTP/1.1 (\d+)", heard, re.M)
    before = len(w.rows("hold"))
    for more in get, post, unfinished, b"GET / HTTP/1.1\r\nContent-Length: 2\r\n\r\n", b"BREW / HTTP/1.1\r\n\r\n", b"\0" * 5000:
        assert list(answers(get + more)) == [[b"200"]] * 2, more
        assert w.status_of("/v1/version", token=token.decode()) == 200, more
    assert len(w.rows("hold")) == before
    for more in get, post, b"x" * 200000:
        assert list(answers(post + more)) == [[b"200"]] * 2, more[:99]
    assert len(w.rows("hold")) == before + 6, "what is done once for each request"
    with connect(w) as s:  # one after another, it is as good as ever
        empty = b"POST /v1/commands %sContent-Length: 0\r\n\r\n" % head
        for pieces in [get], [post], [empty], [get[:9], get[9:]], [post[:-1], post[-1:]], [get]:
            for piece in pieces:
                s.sendall(piece)
            assert answer_of(s).status == (400 if pieces == [empty] else 200), pieces


def a_method_that_nobody_knows_is_answered_as_any_other(w):
    """Not by the library's own words: a problem document, with what is answered there; in the clear, with TLS, on the socket."""
    for base in (w.base, w.tls_base):
        status, head, body = w.curl("/v1/status?x=1", "-X", "BREW", base=base)
        problem = json.loads(body)
        assert status == 405 and "allow: get, head, options" in head and "application/problem+json" in head, (status, head)
        assert problem["type"] == "/v1/problems/method-not-allowed" and problem["instance"] == "/v1/status", problem
        assert "BREW is not answered here" in problem["detail"], problem
    assert w.status_of("/v1/nowhere", "-X", "PROPFIND") == 404
    r = run("curl", "-sS", "-X", "BREW", "--unix-socket", w.env["EVAC_SOCKET"], "http://evac/v1/apps")
    assert json.loads(r)["status"] == 405, r
    with connect(w) as s:
        s.sendall(b"\x16\x03 what is this\r\n\r\n")
        assert b" 400 " in s.recv(1000)
        s.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n" * 100)  # nothing more is read
        heard = drain(s, 10)
        assert heard is not None and b" 401 " not in heard, heard


def too_many_are_told_when_to_come_back(w):
    token = w.make("many", "viewer")
    w.allow_a_second(2)  # few enough to exceed, however slow the machine is
    with connect(w) as s:
        one = ("GET /v1/version HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n" % token).encode()
        for _ in range(200):
            s.sendall(one)
            heard = answer_of(s)
            if heard.status == 429:
                break
        else:
            raise AssertionError("as much as anybody likes")
    assert heard.getheader("retry-after") == "1", heard.getheaders()
    w.allow_a_second(400)
    for i in range(10):
        assert w.status_of("/v1/version", token="evac_%s_%s" % ("a" * 8, "b" * 43)) == 401
    status, head, _ = w.curl("/v1/version", token=token)
    assert status == 429 and "retry-after: " in head, head
    assert w.evac("status").returncode == 0, "the socket is exempt"
    assert "blocked_s=60" in open(os.path.join(w.dir, "evacd.log")).read()
    w.forget()


# --- the command line

def the_command_speaks_to_a_controller_elsewhere(w):
    token = w.make("laptop", "operator")
    path = os.path.join(w.dir, "token")
    open(path, "w").write(token + "\n")
    os.chmod(path, 0o644)
    where = ("--server", w.tls_base, "--ca", w.authority.ca, "--token-file", path)
    r = w.evac("status", *where, check=False)
    assert r.returncode == 2 and "others can read" in r.stderr, r.stderr
    os.chmod(path, 0o600)
    assert json.loads(w.evac("status", "--json", *where).stdout)["apps"][0]["app"] == "shop"
    w.evac("hold", "shop", "--reason", "from afar", "--for", "1s", *where)
    assert w.rows("hold")[-1]["who"].startswith("token:laptop by ")
    r = w.evac("status", "--server", w.tls_base, "--token-file", path, check=False)
    assert r.returncode == 4 and "certificate" in r.stderr.lower(), r.stderr  # nobody vouches for it
    r = w.evac("status", "--server", "http://192.0.2.1", check=False)
    assert r.returncode == 2 and "https" in r.stderr, r.stderr
    os.makedirs(os.path.join(w.dir, ".config/evac"))
    cert, key = w.authority.issue("deploy", "/CN=x", "email:deploy@example.com")
    with open(os.path.join(w.dir, ".config/evac/cli.cfg"), "w") as f:
        f.write('server = "%s";\nca = "%s";\ncert = "%s";\ncert_key = "%s";\n' % (w.tls_base, w.authority.ca, cert, key))
    assert "cert:deploy@example.com" in w.evac("roles").stdout
    assert "uid:0(root)" in w.evac("roles", "--socket", w.env["EVAC_SOCKET"]).stdout
    os.unlink(os.path.join(w.dir, ".config/evac/cli.cfg"))


def old_and_weak_clients_do_not_get_in(w):
    """What OpenSSL's command can still be made to offer; and that what is new gets in."""
    def shakes(*offer):
        r = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % w.tls, "-CAfile", w.authority.ca, "-verify_return_error",
                            *offer], input="", capture_output=True, text=True, timeout=20)
        cipher = next((l for l in r.stdout.splitlines() if "Cipher is " in l), "")
        return r.returncode == 0 and "(NONE)" not in cipher
    weak = "ALL:eNULL:aNULL:@SECLEVEL=0"
    assert shakes("-tls1_3") and shakes("-tls1_2")
    for offer in (("-tls1", "-cipher", weak), ("-tls1_1", "-cipher", weak)) + tuple(
            ("-tls1_2", "-cipher", c + ":@SECLEVEL=0") for c in
            ("eNULL", "aNULL", "AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "DHE-RSA-AES128-GCM-SHA256",
             "PSK-AES128-GCM-SHA256")):
        assert not shakes(*offer), offer
    # No resumption, no renegotiation: a session ends with the certificate that it was begun with.
    r = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % w.tls, "-CAfile", w.authority.ca, "-tls1_2", "-reconnect"],
                       input="", capture_output=True, text=True, timeout=30)
    assert "Reused, " not in r.stdout, r.stdout
    r = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % w.tls, "-CAfile", w.authority.ca, "-tls1_2"],
                       input="R\n", capture_output=True, text=True, timeout=20)
    assert "no renegotiation" in r.stderr or "RENEGOTIATING" in r.stdout + r.stderr and r.returncode != 0, (r.returncode, r.stderr[-600:])


def guessing_is_slow_and_is_counted(w):
    """How many guesses of a token one address has in the time of this test."""
    w.forget()
    heard = 0
    for n in range(60):
        status = w.status_of("/v1/status", "-H", "Authorization: Bearer evac_AAAAAAAA_%043d" % n)
        heard += status == 401
        assert status in (401, 429), status
    assert heard == 10, heard
    log = open(os.path.join(w.dir, "evacd.log")).read()
    assert log.count("auth_failed") >= 10 and "blocked_s=60" in log
    assert w.evac("status").returncode == 0, "the unix socket is not blocked with it"
    w.forget()


def what_listens_without_tls_is_on_this_machine(w):
    conf = os.path.join(w.dir, "conf/evac.cfg")
    text = open(conf).read()
    try:
        open(conf, "w").write(text.replace('address = "127.0.0.1:%d"; }' % w.plain, 'address = "0.0.0.0:%d"; }' % w.plain))
        r = w.evac("validate", os.path.join(w.dir, "conf"), check=False)
        assert r.returncode != 0 and "has no TLS" in r.stdout + r.stderr, r.stdout + r.stderr
    finally:
        open(conf, "w").write(text)


STORIES = [
    a_token_is_shown_once_and_works_until_it_is_revoked, nobody_gives_what_they_do_not_have, a_scope_of_apps_is_no_further,
    a_session_is_a_cookie_that_no_other_site_can_use, a_certificate_names_whom_it_is_for,
    a_new_certificate_is_taken_up_at_sighup_and_a_bad_one_is_not, the_command_speaks_to_a_controller_elsewhere,
    what_listens_without_tls_is_on_this_machine, what_is_too_large_is_refused,
    what_is_refused_is_in_the_journal_and_does_not_fill_it, a_method_that_nobody_knows_is_answered_as_any_other, a_token_s_yes_is_its_owner_s,
    one_person_s_two_names_are_not_two_people,
    a_reader_that_is_gone_has_no_place, a_yes_is_heard_by_phone_once_and_guessed_by_nobody, a_reader_that_does_not_read_is_dropped_and_finds_what_it_missed, too_many_are_told_when_to_come_back,
    an_identity_provider_s_word_is_believed_as_long_as_it_is_signed_for_us_and_now,
    what_comes_before_its_turn_is_taken_for_nothing_else, the_on_call_gets_in_whatever_the_network_does, old_and_weak_clients_do_not_get_in, guessing_is_slow_and_is_counted,
]

if __name__ == "__main__":
    names = sys.argv[2:]
    failed = []
    with Net(sys.argv[1]) as world:
        for story in STORIES:
            if (not names or story.__name__ in names) and not passes(story.__name__, lambda: story(world)):
                failed.append(story.__name__)
        if failed:
            print("".join(open(os.path.join(world.dir, "evacd.log"), errors="replace").readlines()[-40:]))
    print("failed: %s" % (", ".join(failed) or "none"))
    sys.exit(1 if failed else 0)
