#!/usr/bin/env python3
"""People told, by a real evacd: receivers of one's own check signatures, keys and threads; one that is dead stops no other;
kill -9 while a message is on its way.

  test_notify.py BIN_DIR [NAME...]"""
import base64, email, email.header, email.policy, hashlib, hmac, http.server, json, os, re, signal, socketserver, ssl, subprocess, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib"), HERE]
from described import Api
from harness import run_stories
from test_local import Shop

KEY = b"0123456789abcdef0123456789abcdef"
ROUTING_KEY = "R0UT1NGKEYR0UT1NGKEY"
PASSWORD = "p4ssw0rd-of-the-mail"
SLACK = "/services/T000/B000/slacksecret"

NOTIFY = """
notify = {
  public_url = "https://evac.example.com/"; gather = "0";
  channels = (
    { name = "hook"; type = "webhook"; url = "https://127.0.0.1:%(https)d/hook"; secret = "%(dir)s/hook.key"; ca = "%(dir)s/ca.pem"; },
    { name = "pager"; type = "pagerduty"; url = "http://127.0.0.1:%(http)d/v2/enqueue"; secret = "routing"; },
    { name = "chat"; type = "slack"; secret = "%(dir)s/slack.url"; },
    { name = "post"; type = "mail"; url = "%(post)s"; ca = "%(dir)s/ca.pem"; user = "evac";
      secret = "%(dir)s/mail.pw"; from = "evac@example.com"; to = ( "ann@example.com", "bob@example.com" ); },
    { name = "dead"; type = "webhook"; url = "http://127.0.0.1:1/"; secret = "%(dir)s/hook.key"; }
  );
  routes = ( { severity = "info"; to = ( "hook", "pager", "chat", "post" ); },
             { kinds = ( "proposal" ); severity = "error"; to = ( "dead" ); } );
};
"""


class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.inbox.append((self.path, dict(self.headers), json.loads(body), body))
        self.close_connection = True
        if self.server.mute.is_set() and self.path == "/hook":  # it acted, and nobody hears of it
            self.server.unheard.append(self.server.inbox[-1])
            self.server.muted.set()
            self.server.over.wait(20)
            return
        self.send_response(202)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")


class Mail(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs."""

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 mail.example.com ESMTP")
        to = []
        for line in iter(lambda: self.rfile.readline(), b""):  # another one after STARTTLS
            verb = line[:4].upper()
            if verb == b"EHLO":
                offers = "AUTH PLAIN" if isinstance(self.connection, ssl.SSLSocket) else "STARTTLS"
                self.say("250-mail.example.com\r\n250 " + offers)
            elif verb == b"STAR":
                self.say("220 go on")
                self.connection = self.server.starttls.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
            elif verb == b"AUTH":
                self.say("334 ")
                told = base64.b64decode(self.rfile.readline()).split(b"\0")[1:]
                self.say("235 ok" if told == [b"evac", PASSWORD.encode()] else "535 no")
            elif verb == b"RCPT":
                to.append(re.search(b"<(.*)>", line).group(1).decode())
                self.say("250 ok")
            elif verb == b"DATA":
                self.say("354 go on")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.inbox.append((to, email.message_from_bytes(text, policy=email.policy.default)))
                self.say("250 taken as 1")
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


class Threads(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def get_request(self):
        sock, address = super().get_request()
        return (self.tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False) if self.tls else sock), address

    def handle_error(self, request, address):
        pass  # a controller that is killed breaks its connections


class Receivers:
    def __init__(self, folder):
        self.dir = folder
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=receiver", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder + "/ca.key",
                        "-out", folder + "/ca.pem"], check=True, capture_output=True)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(folder + "/ca.pem", folder + "/ca.key")
        self.hooks, self.letters = [], []
        self.mute, self.muted, self.over = threading.Event(), threading.Event(), threading.Event()
        self.servers, self.unheard = {}, []
        for name, handler, inbox, context in (("https", Hook, self.hooks, tls), ("http", Hook, self.hooks, None),
                                              ("smtps", Mail, self.letters, tls), ("smtp", Mail, self.letters, None)):
            server = Threads(("127.0.0.1", 0), handler)
            server.inbox, server.tls, server.starttls = inbox, context, tls
            server.mute, server.muted, server.over, server.unheard = self.mute, self.muted, self.over, self.unheard
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            self.servers[name] = server

    def __getattr__(self, name):
        return self.servers[name].server_address[1]

    def close(self):
        self.over.set()
        for server in self.servers.values():
            server.shutdown()
            server.server_close()

    def of(self, path):
        return [m for m in list(self.hooks) if m[0] == path]


class Told(Shop):
    """A shop whose people are told."""

    def __init__(self, mail="smtps"):
        super().__init__("propose")
        self.people = Receivers(self.dir)
        credentials = os.path.join(self.dir, "credentials")
        os.mkdir(credentials)
        for path, text in ((self.dir + "/hook.key", KEY.decode() + "\n"), (credentials + "/routing", ROUTING_KEY),
                           (self.dir + "/slack.url", "http://127.0.0.1:%d%s" % (self.people.http, SLACK)),
                           (self.dir + "/mail.pw", PASSWORD)):
            with open(path, "w") as f:
                f.write(text)
        self.env["CREDENTIALS_DIRECTORY"] = credentials
        with open(self.dir + "/conf/evac.cfg", "a") as f:
            f.write(NOTIFY % {"dir": self.dir, "https": self.people.https, "http": self.people.http,
                              "post": "%s://127.0.0.1:%d" % (mail, getattr(self.people, mail))})

    def __exit__(self, *how):
        self.people.close()
        super().__exit__(*how)

    def journal(self):
        rows = map(json.loads, self.evac("journal", "--limit", "10000", "--json").stdout.splitlines())
        return [r for r in rows if r["kind"] == "notice"]


def signed(message):
    """As a receiver checks it (Standard Webhooks)."""
    path, headers, told, body = message
    h = {k.lower(): v for k, v in headers.items()}
    text = ("%s.%s." % (h["webhook-id"], h["webhook-timestamp"])).encode() + body
    mac = base64.b64encode(hmac.new(KEY, text, hashlib.sha256).digest()).decode()
    assert h["webhook-signature"] == "v1," + mac, h
    assert abs(int(h["webhook-timestamp"]) - time.time()) < 60 and h["webhook-id"] == told["data"]["id"], h
    return told["data"], h


def people_are_told_each_in_their_own_words():
    with Told() as shop:
        people = shop.people
        shop.start()
        shop.healthy()

        failed = shop.evac("notify", "test", code=1)  # one of five is dead
        assert "1 of 5 did not arrive" in failed.stderr, failed.stderr
        assert re.search(r"hook +sent +attempt 1  HTTP 202: ok", failed.stdout), failed.stdout
        assert "SMTP 250: 250 taken as 1" in shop.evac("notify", "test", "post").stdout
        assert "there is no channel 'nobody'" in shop.evac("notify", "test", "nobody", code=3).stderr
        tests = lambda: [m[2]["event_action"] for m in people.of("/v2/enqueue") if m[2]["dedup_key"].startswith("test/")]
        shop.wait(lambda: tests() == ["trigger", "resolve"], 5, "a test's end")

        shop.down("us-east-1")
        hooks = lambda: [signed(m)[0] for m in people.of("/hook")]
        asked = shop.wait(lambda: next((m for m in hooks() if m["kind"] == "proposal"), None), 10, "a question by webhook")
        assert asked["state"] == "trigger" and asked["severity"] == "critical" and asked["run"] == 1, asked
        assert asked["link"] == "https://evac.example.com/#/runs/1" and "us-east-1 -> us-west-2" in asked["title"], asked
        assert any(m["key"] == "shop/health/us-east-1" for m in hooks())

        page = shop.wait(lambda: next((m[2] for m in people.of("/v2/enqueue") if m[2]["dedup_key"] == asked["key"]), None), 5, "a page")
        assert page["routing_key"] == ROUTING_KEY and page["payload"]["severity"] == "critical", page
        chat = shop.wait(lambda: next((m[2] for m in people.of(SLACK) if "waits for a yes" in m[2]["text"]), None), 5, "a chat")
        button = [b for b in chat["blocks"] if b["type"] == "actions"][0]["elements"][0]
        assert button["url"] == asked["link"] and button["text"]["text"] == "Approve or decline run 1", button
        to, letter = shop.wait(lambda: next((l for l in people.letters if "waits for a yes" in l[1]["subject"]), None), 5, "a letter")
        assert to == ["ann@example.com", "bob@example.com"] and asked["id"] in letter["message-id"], (to, letter["message-id"])
        assert asked["link"] in letter.get_content(), letter.get_content()

        shop.evac("approve", "shop", "--yes")
        shop.wait(lambda: "resolve" in [m[2]["event_action"] for m in people.of("/v2/enqueue") if m[2]["dedup_key"] == asked["key"]],
                  10, "the question's end")
        shop.ended(1)
        shop.wait(lambda: any(m["key"] == "shop/run/1" and m["state"] == "resolve" for m in hooks()), 10, "the run's end")

        shop.wait(lambda: re.search(r"channel dead fails: .*nothing was sent", shop.evac("status").stdout), 20, "a dead channel's line")
        dead = {c["name"]: c for c in json.loads(shop.evac("notify", "list", "--json").stdout)["channels"]}
        assert dead["dead"]["is"] == "failing" and dead["hook"]["is"] == "good" and dead["hook"]["waiting"] == 0, dead
        assert "dead" in shop.evac("notify").stdout
        Api(shop.env["EVAC_SOCKET"]).look_everywhere()
        assert "whole" in shop.evac("journal", "verify").stdout
        assert shop.stop() == 0
        kept = b"".join(open(os.path.join(shop.dir, n), "rb").read() for n in ("evacd.log", "journal.db"))
        for secret in (KEY, ROUTING_KEY.encode(), PASSWORD.encode(), SLACK.encode()):
            assert secret not in kept, secret


def killed_while_a_message_is_on_its_way_it_comes_again_and_says_so():
    with Told(mail="smtp") as shop:
        people = shop.people
        shop.start()
        shop.healthy()
        shop.wait(lambda: people.letters, 5, "a letter, after STARTTLS")  # its password is only for such
        people.mute.set()
        shop.down("us-east-1")
        assert people.muted.wait(10)
        first = signed(people.unheard[0])
        assert first[1]["evac-attempt"] == "1" and first[1]["evac-repeat"] == "no", first[1]
        shop.evacd.send_signal(signal.SIGKILL)
        shop.evacd.wait(10)
        people.mute.clear()
        people.over.set()
        shop.start()
        again = shop.wait(lambda: next((s for s in map(signed, people.of("/hook")) if s[1]["evac-attempt"] == "2"), None), 10, "a repeat")
        assert again[0]["id"] == first[0]["id"] and again[1]["evac-repeat"] == "maybe", again
        told = shop.wait(lambda: [r for r in shop.journal() if "may be a repeat" in r["text"]], 5, "a row that says so")
        assert "hook" in [r["name"] for r in told] and {r["from"] for r in told} == {"doubtful"}, told
        shop.wait(lambda: any(m[0]["kind"] == "controller" for m in map(signed, people.of("/hook"))), 5, "the crash itself")
        ids = [m["id"] for m, h in map(signed, people.of("/hook"))]
        assert len(ids) - len(set(ids)) == 1, ids  # that one, and no other

        for _ in range(4):  # too often: it only looks, keeps no journal, and says so all the same
            shop.evacd.send_signal(signal.SIGKILL)
            shop.evacd.wait(10)
            shop.start()
        parked = shop.wait(lambda: [m for m, h in map(signed, people.of("/hook")) if m["key"] == "controller/test/parked"], 10, "a cry")
        assert parked[0]["severity"] == "critical" and "only looks" in parked[0]["text"], parked
        assert "only looks now" in shop.evac("status").stdout
        assert shop.stop() == 0  # as the screen says
        shop.start()
        assert "only looks now" not in shop.evac("status").stdout


STORIES = [people_are_told_each_in_their_own_words, killed_while_a_message_is_on_its_way_it_comes_again_and_says_so]

if __name__ == "__main__":
    run_stories(STORIES)
