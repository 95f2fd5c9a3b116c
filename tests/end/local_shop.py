#!/usr/bin/env python3
"""A shop without a cloud, for tests of the real evacd: two regions and a public address on loopback, their state in one file.

  local_shop.py serve STATE            serve until killed; STATE.port gets the port
  local_shop.py set STATE KEY VALUE    what a runbook's programs do: writer, traffic
  local_shop.py is STATE KEY VALUE     exit 0 if so, 1 if not
  local_shop.py mark|seek STATE        a canary's programs: a store that replicates half a second late"""
import fcntl, http.server, json, os, sys, time

REGIONS = ("us-east-1", "us-west-2")


def load(path):
    with open(path) as f:
        return json.load(f)


def change(path, key, value):
    with open(path + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = load(path)
        state[key] = value
        state.setdefault("changes", []).append([key, value])
        with open(path + ".new", "w") as f:
            json.dump(state, f)
        os.rename(path + ".new", path)


LAG_MS = 500


def mark(path, env):
    """One file a region, one marker a line: what is in it is committed."""
    if env["EVAC_REGION"] in load(path)["down"]:
        sys.exit("%s does not answer" % env["EVAC_REGION"])
    with open(path + ".markers-" + env["EVAC_REGION"], "a") as f:
        f.write("%s %d\n" % (env["EVAC_MARKER"], time.time() * 1000))


def seek(path, env):
    """What had time to arrive before its region went down."""
    state, source = load(path), env["EVAC_FROM"]
    until = (state["down_at_ms"] if source in state["down"] else time.time() * 1000) - LAG_MS
    if os.path.exists(path + ".markers-" + source):
        there = [line.split() for line in open(path + ".markers-" + source)]
        print(max([int(m) for m, at in there if int(at) <= until], default=""))


class Handler(http.server.BaseHTTPRequestHandler):
    """/us-east-1/health is that region's own address, /public/health the one that users know."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        state = load(self.server.state)
        region = self.path.split("/")[1]
        region = state["traffic"] if region == "public" else region
        self.close_connection = True
        if region in state["down"] or region not in REGIONS:
            self.connection.close()
            return
        body = json.dumps({"status": "ok", "region": region, "writable": state["writer"] == region}).encode()
        self.send_response(200)
        self.send_header("x-region", region)
        self.send_header("Content-Length", str(len(body)))
        try:
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # a prober that was killed


def serve(path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.state = path
    with open(path + ".port.new", "w") as f:
        f.write(str(server.server_address[1]))
    os.rename(path + ".port.new", path + ".port")
    server.serve_forever()


if __name__ == "__main__":
    verb, path = sys.argv[1], sys.argv[2]
    if verb == "serve":
        serve(path)
    elif verb == "set":
        change(path, sys.argv[3], sys.argv[4])
    elif verb in ("mark", "seek"):
        (mark if verb == "mark" else seek)(path, os.environ)
    elif verb == "is":
        sys.exit(0 if load(path)[sys.argv[3]] == sys.argv[4] else 1)
