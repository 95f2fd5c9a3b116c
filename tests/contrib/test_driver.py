#!/usr/bin/env python3
"""A driver from outside: built against the installed headers, loaded, used by a runbook, gone back on; and files that are refused.

  test_driver.py BUILD_DIR [NAME...]"""
import http.server, json, os, shutil, subprocess, sys, tempfile, threading

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(sys.argv[1])
sys.path[:0] = [os.path.join(HERE, "..", "lib"), os.path.join(HERE, "..", "end")]
sys.argv[1] = os.path.join(BUILD, "bin")  # where test_local looks for programs
from harness import run_stories
import test_local
from test_local import Shop

EXAMPLE = os.path.join(HERE, "..", "..", "contrib", "example-driver")
APP = test_local.APP.replace("resources = {", 'resources = {\n    read-only = { type = "flag"; url = "@FLAGS@/{region}/read-only"; };')
STEP = """    { name = "read-only"; action = "flag.set"; resource = "read-only"; region = "from"; phase = "fence"; want = { value = "on"; }; },
    { name = "stop-writer";"""


class Flags(http.server.BaseHTTPRequestHandler):
    """A key-value service: what the example's driver speaks to."""
    protocol_version = "HTTP/1.1"
    values, writes = {}, []

    def say(self, status, body="", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self):
        value, version = Flags.values.get(self.path, (None, 0))
        if value is None:
            self.say(404)
        else:
            self.say(200, value, ETag='"%d"' % version)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        value, version = Flags.values.get(self.path, (None, 0))
        guard = self.headers["If-None-Match"] == "*" if value is None else self.headers["If-Match"] == '"%d"' % version
        if not guard:
            return self.say(412)
        Flags.values[self.path] = (body, version + 1)
        Flags.writes.append((self.path, body))
        self.say(204)

    def log_message(self, *args):
        pass


def run(*argv, **more):
    r = subprocess.run(argv, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, **more)
    assert r.returncode == 0, "%s\n%s%s" % (" ".join(argv), r.stdout, r.stderr)
    return r.stdout


class Installed:
    """evac installed below the build folder, and the example built against it: below /tmp anybody could put a file."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="driver-", dir=BUILD)
        prefix = self.dir + "/prefix"
        run("cmake", "--install", BUILD, "--prefix", prefix)
        env = dict(os.environ, PKG_CONFIG_PATH=prefix + "/lib/pkgconfig:" + prefix + "/lib64/pkgconfig")
        self.abi = run("pkg-config", "--variable=abi", "evac-driver", env=env).strip()
        example = shutil.copytree(EXAMPLE, self.dir + "/example")
        run("cmake", "-S", example, "-B", self.dir + "/build", "-G", "Ninja", env=env)
        run("cmake", "--build", self.dir + "/build", env=env)
        run(self.dir + "/build/test_flag")
        run("cmake", "--install", self.dir + "/build", env=env)
        folder = run("pkg-config", "--variable=driverdir", "evac-driver", env=env).strip()
        self.file = os.path.realpath(folder + "/evac-flag.so")
        assert os.path.exists(self.file)
        return self

    def __exit__(self, *args):
        shutil.rmtree(self.dir, ignore_errors=True)


def only_root_could_have_put_it(path):
    while True:
        st = os.lstat(path)
        if st.st_uid != 0 or st.st_mode & 0o022:
            return False
        if path == "/":
            return True
        path = os.path.dirname(path)


def configure(shop, driver, flags):
    test_local.RUNBOOK = RUNBOOK.replace('    { name = "stop-writer";', STEP)
    shop.conf("propose", APP.replace("@FLAGS@", flags))
    with open(shop.dir + "/conf/evac.cfg", "a") as f:
        f.write('drivers = ( "%s" );\n' % driver)


RUNBOOK = test_local.RUNBOOK


def refused(shop, installed, driver, word):
    configure(shop, driver, "http://127.0.0.1:1")
    r = shop.evac("validate", shop.dir + "/conf", code=1)
    assert word in r.stdout + r.stderr and "evac.cfg: drivers" in r.stdout + r.stderr, (word, r.stdout, r.stderr)


def files_that_anybody_could_have_put_there_are_refused(shop, installed):
    bad = installed.dir + "/bad"
    os.mkdir(bad)
    copy = shutil.copy(installed.file, bad + "/flag.so")
    os.chmod(copy, 0o664)
    refused(shop, installed, copy, "may be written by others than its owner (mode 664)")
    os.chmod(copy, 0o644)
    os.chmod(bad, 0o777)
    refused(shop, installed, copy, bad + " may be written by others")
    os.chmod(bad, 0o755)
    os.symlink(copy, bad + "/link.so")
    refused(shop, installed, bad + "/link.so", "a symbolic link")
    refused(shop, installed, bad + "/../bad/flag.so", "have no place in its path")
    refused(shop, installed, bad + "/none.so", "No such file")
    with open(bad + "/text.so", "w") as f:
        f.write("no object")
    refused(shop, installed, bad + "/text.so", "can not be loaded")
    os.chown(copy, 65534, -1)
    refused(shop, installed, copy, "belongs to user 65534")


def packs_of_another_kind_are_refused(shop, installed):
    source = open(EXAMPLE + "/flag.c").read()
    for name, old, new, word in (
            ("abi", ".abi = EVAC_DRIVER_ABI,", ".abi = 99u,", "was built for driver ABI 99, this controller has " + installed.abi),
            ("taken", '.name = "flags"', '.name = "local"', "there is a pack 'local' already"),
            ("driver", '.name = "flag",', '.name = "exec",', "there is a driver 'exec' already"),
            ("symbol", "struct evac_pack evac_pack", "struct evac_pack another_pack", "has no symbol evac_pack"),
            ("deadline", ".deadline_ms = 60000,", "", "has no default deadline")):
        assert old in source, old
        path = "%s/%s.c" % (installed.dir, name)
        with open(path, "w") as f:
            f.write(source.replace(old, new))
        prefix = installed.dir + "/prefix"
        run("cc", "-shared", "-fPIC", "-O0", "-I", prefix + "/include", path, "-o", path[:-2] + ".so", "-L" + prefix + "/lib",
            "-levac-driver")
        refused(shop, installed, path[:-2] + ".so", word)


def a_runbook_uses_it(shop, installed):
    Flags.values, Flags.writes = {"/us-east-1/read-only": ("off", 1)}, []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Flags)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        configure(shop, installed.file, "http://127.0.0.1:%d" % server.server_port)
        told = shop.evac("drivers", "flag", "--config", shop.dir + "/conf").stdout
        assert "a value of a key-value service" in told and "PutValue" in told, told
        shop.start()
        shop.healthy()
        shop.evac("drill", "--kind", "rehearse", "shop", "--yes", "--reason", "first look", code=None)
        assert Flags.writes == [], "a rehearsal changed something"
        shop.evac("failover", "shop", "--yes", "--mode", "graceful", "--reason", "by an outside driver")
        report = [r for r in (json.loads(shop.evac("report", str(n), "--json").stdout) for n in (1, 2)
                              if shop.evac("report", str(n), "--json", code=None).returncode == 0)][-1]
        assert report["result"] == "succeeded", report["result"]
        step = [s for s in report["steps"] if s["id"].startswith("read-only")][0]
        assert step["state"] == "done", step
        assert Flags.writes == [("/us-east-1/read-only", "on")], Flags.writes
        # Drivers change with a restart only: links are open to what there is.
        with open(shop.dir + "/conf/evac.cfg") as f:
            text = f.read()
        with open(shop.dir + "/conf/evac.cfg", "w") as f:
            f.write(text.replace(installed.file, installed.dir + "/build/evac-flag.so"))
        r = shop.evac("reload", code=None)
        assert r.returncode != 0 and "restart" in r.stdout + r.stderr, r.stdout + r.stderr
        assert shop.stop() == 0
    finally:
        server.shutdown()
        server.server_close()


def an_outside_driver_is_built_loaded_and_used():
    with Installed() as installed, Shop("propose") as shop:
        if not only_root_could_have_put_it(installed.file):
            refused(shop, installed, installed.file, "drivers are loaded only from where")
            return print("     the build folder is not root's: it was refused, as it must be, and the rest is passed over")
        files_that_anybody_could_have_put_there_are_refused(shop, installed)
        packs_of_another_kind_are_refused(shop, installed)
        a_runbook_uses_it(shop, installed)


if __name__ == "__main__":
    run_stories([an_outside_driver_is_built_loaded_and_used])
