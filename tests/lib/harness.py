"""Real processes for end-to-end tests: a sandbox with the shop, an evacd, and the evac command.

Everything lives in one temporary folder, listens on free ports, and is ended by process id."""
import datetime, fcntl, json, os, pty, re, shutil, signal, struct, subprocess, sys, tempfile, termios, time, traceback
import http.client

from unix_http import Unix

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


# Short waits of the demonstration's own, so that a failover takes seconds: the protocol is the same. The shop must be told of
# its lease too: world.sand("app shop renew 1000").
FAST = {
    'renew = "5s"; margin = "1s";': 'renew = "1s"; margin = "300ms";',
    'dwell = "3s"': 'dwell = "300ms"',
    'every = "1s"; timeout = "800ms"; fall = 3; rise = 2;': 'every = "250ms"; timeout = "200ms"; fall = 3; rise = 2;',
    'quarantine = "33s"; confirm = "1s"; poll = "200ms"; poll_max = "1s";':
        'quarantine = "4s"; confirm = "200ms"; poll = "50ms"; poll_max = "200ms";',
}


def in_days(n):
    """A day n days from now, as a waiver's end is written."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=n)).strftime("%Y-%m-%d")


class Gone(Exception):
    pass


class World:
    aws = []     # in front of a command of the sandbox: where it runs
    person = []  # and of evac: where whoever types it is

    def __init__(self, bin_dir, speed=50, conf=None, limits=None, app="apps/shop.cfg"):
        self.app_file = app  # below contrib/demo; its resources stand beside it, as .world
        self.bin = bin_dir
        self.dir = tempfile.mkdtemp(prefix="evac-test-")
        self.speed = speed
        self.sandbox = self.evacd = None
        self.terminals = []
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EVAC_"))}
        self.env.update(AWS_EC2_METADATA_DISABLED="true", NO_COLOR="1", HOME=self.dir,
                        EVAC_SOCKET=os.path.join(self.dir, "evac.sock"), LC_ALL="C.UTF-8")
        self.env.setdefault("ASAN_OPTIONS", "detect_leaks=1")
        try:
            self.start_sandbox(limits)
            self.make_resources()
            self.write_conf(conf or {})
        except BaseException:  # nobody has it yet who could close it
            self.close(True)
            raise

    # --- processes
    def program(self, name):
        return os.path.join(self.bin, name)

    def log(self, name):
        return open(os.path.join(self.dir, name + ".log"), "ab")

    def start_sandbox(self, limits):
        ports = os.path.join(self.dir, "ports.json")
        extra = ["--limits", limits] if limits else []
        self.sandbox = subprocess.Popen(
            self.aws + [self.program("evac-sandbox"), "--shop", "--speed", str(self.speed), "--port-file", ports] + extra,
            stdin=subprocess.DEVNULL, stdout=self.log("sandbox"), stderr=subprocess.STDOUT, env=self.env)
        self.wait(lambda: os.path.exists(ports) and os.path.getsize(ports) > 0, 20, "the sandbox")
        self.ports = json.load(open(ports))
        self.env["AWS_ACCESS_KEY_ID"] = self.ports["access_key_id"]
        self.env["AWS_SECRET_ACCESS_KEY"] = self.ports["secret_access_key"]

    def make_resources(self):
        path = os.path.join(ROOT, "contrib/demo", self.app_file[:-4] + ".world")
        for line in open(path) if os.path.exists(path) else []:
            if line.strip() and not line.startswith("#"):
                self.sand(line.strip())

    def write_conf(self, replace):
        conf = os.path.join(self.dir, "conf")
        os.makedirs(os.path.join(conf, "apps"), exist_ok=True)
        for name, source in (("evac.cfg", "evac.cfg"), ("apps/shop.cfg", self.app_file)):
            text = open(os.path.join(ROOT, "contrib/demo", source)).read()
            for key, value in (("@DIR@", self.dir), ("@PORT@", self.ports["http_port"]),
                               ("@DNS_PORT@", self.ports["dns_port"]), ("@SPEED@", self.speed),
                               ("@UNTIL@", in_days(30))):
                text = text.replace(key, str(value))
            for old, new in replace.items():
                text = text.replace(old, new)
            open(os.path.join(conf, name), "w").write(text)
        return conf

    def start_evacd(self, fail=None):
        env = dict(self.env)
        if fail:
            env["EVAC_FAIL"] = fail
        self.evacd = subprocess.Popen(
            [self.program("evacd"), "--config", os.path.join(self.dir, "conf")], stdin=subprocess.DEVNULL,
            stdout=self.log("evacd"), stderr=subprocess.STDOUT, env=env)
        try:
            self.wait(self.status, 30, "evacd")
        except Gone:
            if not fail:
                raise

    def stop_evacd(self, number=signal.SIGTERM):
        if self.evacd:
            self.evacd.send_signal(number)
            self.evacd.wait(30)
            code, self.evacd = self.evacd.returncode, None
            return code

    def close(self, failed=False):
        for terminal in self.terminals:
            terminal.close()
        for p in (self.evacd, self.sandbox):
            if p and p.poll() is None:
                p.terminate()
        for p in (self.evacd, self.sandbox):
            if p:
                try:
                    p.wait(20)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()
        if failed:
            for name in ("evacd.log", "sandbox.log"):
                path = os.path.join(self.dir, name)
                if os.path.exists(path):
                    sys.stderr.write("--- %s\n%s\n" % (name, "".join(open(path, errors="replace").readlines()[-60:])))
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close(kind is not None)

    # --- talking
    def evac(self, *args, check=True, tell=True, input=None, timeout=180):
        r = subprocess.run(self.person + [self.program("evac"), *args], capture_output=True, text=True, env=self.env, input=input,
                           timeout=timeout)
        if check and r.returncode != 0:
            raise AssertionError("evac %s: exit %d\n%s%s" % (" ".join(args), r.returncode, r.stdout, r.stderr))
        return r

    def evac_on_terminal(self, *args, rows=24, columns=80):
        """A command that draws: what stands on its terminal is read by Terminal.screen()."""
        self.terminals.append(Terminal([self.program("evac"), *args], dict(self.env, TERM="xterm"), rows, columns))
        return self.terminals[-1]

    def ask(self, target):
        """What the API answers, None without a good answer: for looking again and again, where a process each time costs more
        than what is looked at."""
        connection = Unix(self.env["EVAC_SOCKET"], 20)
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            data = answer.read()
            return json.loads(data) if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def status(self):
        return self.ask("/v1/status")

    def app(self):
        status = self.status()
        return status["apps"][0] if status and status["apps"] else None

    def sand(self, command):
        subprocess.run(self.aws + [self.program("evac-sandbox"), "ctl", "--port-file", os.path.join(self.dir, "ports.json"),
                        command], check=True, capture_output=True, env=self.env, timeout=30)

    def truth(self):
        r = subprocess.run(self.aws + [self.program("evac-sandbox"), "truth", "--port-file",
                            os.path.join(self.dir, "ports.json")], check=True, capture_output=True, text=True,
                           env=self.env, timeout=30)
        return json.loads(r.stdout)

    # --- waiting, never without an end
    def wait(self, what, seconds, name):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = what()
            if value:
                return value
            for p in (self.evacd, self.sandbox):
                if p and p.poll() is not None:
                    raise Gone("%s ended with %s while waiting for %s" % (p.args[0], p.returncode, name))
            time.sleep(0.05)
        raise AssertionError("gave up waiting for " + name)

    def is_healthy(self):
        a = self.app()
        return (a and all(r["verdict"] == "up" for r in a["regions"]) and a["endpoint"]["state"] == "up"
                and (not a["has_data"] or a["loss_now_ms"] is not None))

    def wait_healthy(self, seconds=60):
        return self.wait(self.is_healthy, seconds, "a healthy shop")

    def wait_end(self, run, seconds=120):
        def ended():
            report = self.ask("/v1/runs/%s/report" % run)
            return report if report and report.get("instants", {}).get("ended") else None
        return self.wait(ended, seconds, "the end of run %s" % run)


class Terminal:
    """A program on a terminal of that size, which knows the escapes that evac draws with: lines up, the rest of a line, of the
    screen, colours. screen() is what one would see; above is what scrolled out of it."""
    def __init__(self, args, env, rows, columns):
        self.rows, self.columns, self.lines, self.above, self.row, self.rest = rows, columns, [""] * rows, 0, 0, b""
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.set_blocking(self.master, False)
        self.p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, env=env)
        os.close(slave)

    def take(self, token):
        up = re.fullmatch(r"\033\[(\d+)A", token)
        if up:
            self.row -= min(int(up.group(1)), self.row)
        elif token == "\033[J":
            self.lines[self.row:] = [""] * (self.rows - self.row)
        elif token == "\n":
            self.row += 1
            if self.row == self.rows:
                self.lines, self.row, self.above = self.lines[1:] + [""], self.row - 1, self.above + 1
        elif token[0] >= " ":
            self.lines[self.row] = token  # evac draws whole lines
            assert len(token) <= self.columns, token

    def screen(self):
        try:
            self.rest += os.read(self.master, 1 << 20)
        except (BlockingIOError, OSError):
            pass
        whole = self.rest.rfind(b"\n") + 1
        text = re.sub(r"\033\[[0-9;]*[mK]|\r", "", self.rest[:whole].decode())
        self.rest = self.rest[whole:]
        for token in re.findall(r"\033\[\d*[AJ]|\n|[^\033\n]+", text):
            self.take(token)
        return "\n".join(self.lines)

    def close(self):
        self.p.terminate()
        self.p.wait(20)
        os.close(self.master)


def passes(name, story):
    """Runs it and says what became of it."""
    begin = time.monotonic()
    try:
        story()
        print("ok   %-60s %5.1f s" % (name, time.monotonic() - begin), flush=True)
        return True
    except Exception:
        print("FAIL %s" % name, flush=True)
        traceback.print_exc()
        return False


def run_stories(stories):
    """Runs the stories that the command line names behind its first argument, else all, one after the other. Ends the program:
    1 when one failed, or when a name is no story's."""
    names = sys.argv[2:]
    unknown = set(names) - {s.__name__ for s in stories}
    chosen = [s for s in stories if not names or s.__name__ in names]
    failed = sorted(unknown) + [s.__name__ for s in chosen if not passes(s.__name__, s)]
    print("%d ran; failed: %s" % (len(chosen), ", ".join(failed) or "none"))
    sys.exit(1 if failed else 0)
