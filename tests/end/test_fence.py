"""The app's half of the dead-man fence with real processes: evac-fence beside evac-sandbox's shop, whose GO object evacd moves.

Its permission is looked at on one clock (CLOCK_BOOTTIME), as an app would: the answer of GET /may-write, and the time in the file."""
import http.client, json, os, signal, subprocess, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from harness import FAST, World, run_stories
from unix_http import Unix

BIN = sys.argv[1]
LEASE = 1.5  # T_d in seconds: a third of it must be enough for a read on a machine that does much else
REGIONS = {"us-east-1": "use1", "us-west-2": "usw2", "eu-west-1": "euw1"}


def boot():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def line_of(w, region):
    """How evac says that it is started."""
    said = w.evac("sidecar", "shop", "--region", region, "--config", os.path.join(w.dir, "conf"), "--json")
    return json.loads(said.stdout)[0]


class Side:
    """One region's sidecar, which reads the copies of the two other regions."""

    def __init__(self, w, region, *more, listen=True, lease=LEASE):
        self.w, self.region, self.name = w, region, "fence-" + region
        self.socket, self.file = (os.path.join(w.dir, self.name + end) for end in (".sock", ".may"))
        args = [w.program("evac-fence"), "--app", "shop", *line_of(w, region)["fence_args"].split(), "--lease", "%dms" % (lease * 1000),
                "--file", self.file, *more]
        if listen:
            args += ["--listen", "unix:" + self.socket]
        env = dict(w.env, AWS_ENDPOINT_URL="http://127.0.0.1:%d" % w.ports["http_port"])
        self.p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=w.log(self.name), stderr=subprocess.STDOUT, env=env)

    def get(self, path="/may-write", timeout=5):
        """(status, text), None where nobody answers."""
        c = Unix(self.socket, timeout)
        try:
            c.request("GET", path)
            r = c.getresponse()
            return r.status, r.read().decode()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            c.close()

    def may(self):
        """As an app asks: the answer counts until a time, not for ever."""
        answer = self.get()
        said = json.loads(answer[1]) if answer else {}
        if answer:
            assert said["may_write"] == (answer[0] == 200), answer
        return bool(said.get("may_write")) and boot() < said["until_boot_ms"] / 1000

    def why(self):
        answer = self.get()
        return answer and json.loads(answer[1]).get("reason")

    def file_may(self):
        """As a reader of the file must look: the time in it, not that it is there."""
        try:
            said = json.load(open(self.file))
        except FileNotFoundError:
            return False
        assert said["boot_id"] == open("/proc/sys/kernel/random/boot_id").read().strip()
        return boot() < said["until_boot_ms"] / 1000

    def end(self):
        if self.p.poll() is None:
            self.p.send_signal(signal.SIGCONT)
            self.p.terminate()
        code = self.p.wait(20)
        assert code in (0, -signal.SIGKILL), "%s ended with %d\n%s" % (self.name, code, self.said())
        return code

    def said(self):
        return open(os.path.join(self.w.dir, self.name + ".log")).read()


def world():
    return World(BIN, speed=50, conf={**FAST, 'renew = "5s"; margin = "1s";': 'renew = "%dms"; margin = "300ms";' % (LEASE * 1000)})


def with_side(story):
    w = world()
    with w:
        w.sand("app shop renew %d" % (LEASE * 1000))
        side = Side(w, "us-east-1")
        try:
            w.wait(side.may, 10, "permission")
            story(w, side)
        except BaseException:
            sys.stderr.write(side.said())
            raise
        finally:
            side.end()


def one_copy_lost_goes_on_and_silence_of_both_ends_it_in_time():
    def story(w, side):
        w.sand("service s3 us-west-2 down")
        until = boot() + 1.3 * LEASE
        while boot() < until:
            assert side.may() and side.file_may(), side.get()
            time.sleep(0.02)
        w.sand("service s3 eu-west-1 down")
        silent = boot()
        w.wait(lambda: not side.may() and not os.path.exists(side.file), LEASE + 1, "silence to end it")
        assert boot() - silent < LEASE + 0.3, "it wrote for %.2f s" % (boot() - silent)
        assert side.why() == "silence"
        w.sand("service s3 eu-west-1 up")
        w.wait(lambda: side.may() and side.file_may(), 5, "permission again")
        status, metrics = side.get("/metrics")
        assert status == 200 and 'evac_fence_may_write{app="shop",region="us-east-1"} 1' in metrics, metrics
        assert "evac_fence_changes_total 3" in metrics, metrics
    with_side(story)


def a_process_that_was_stopped_never_answers_that_it_may():
    def story(w, side):
        w.sand("service s3 us-west-2 down")
        w.sand("service s3 eu-west-1 down")
        side.p.send_signal(signal.SIGSTOP)
        answers = []
        asks = threading.Thread(target=lambda: answers.append(side.get(timeout=20)))
        asks.start()
        time.sleep(LEASE + 0.1)
        assert os.path.exists(side.file), "whoever is stopped can't remove it"
        assert not side.file_may(), "the time in it has passed"
        side.p.send_signal(signal.SIGCONT)
        asks.join()
        assert answers[0][0] == 503, answers  # asked while it was stopped, answered by a clock that went on
        w.wait(lambda: not os.path.exists(side.file), 5, "the file to go")
    with_side(story)


def an_end_gives_the_permission_back_and_a_kill_leaves_only_what_runs_out():
    w = world()
    with w:
        w.sand("app shop renew %d" % (LEASE * 1000))
        ran = os.path.join(w.dir, "ran")
        script = os.path.join(w.dir, "note")
        open(script, "w").write('#!/bin/sh\necho "$1 $EVAC_FENCE $EVAC_FENCE_APP" >>%s\n' % ran)
        os.chmod(script, 0o755)
        side = Side(w, "us-east-1", "--on-go", script + " begin", "--on-stop", script + "  end")
        w.wait(lambda: side.may() and side.file_may(), 10, "permission")
        w.wait(lambda: os.path.exists(ran), 5, "the command")
        assert side.end() == 0 and not os.path.exists(side.file) and not os.path.exists(side.socket)
        assert open(ran).read().split("\n") == ["begin go shop", "end stop shop", ""], open(ran).read()
        assert all(json.loads(line)["event"] for line in side.said().splitlines()), side.said()
        side = Side(w, "us-east-1", listen=False)
        w.wait(side.file_may, 10, "permission")
        side.p.kill()
        side.p.wait(10)
        killed = boot()
        w.wait(lambda: not side.file_may(), LEASE + 1, "what it left to run out")
        assert boot() - killed < LEASE + 0.1
        stale = json.load(open(side.file))
        side = Side(w, "us-east-1", listen=False)  # which begins without permission, and does not take over what was left
        w.wait(lambda: '"epoch":-1' in side.said() and side.file_may(), 10, "permission anew")
        assert json.load(open(side.file))["until_boot_ms"] > stale["until_boot_ms"]
        assert side.end() == 0


def words_that_make_no_sense_are_refused():
    w = world()
    with w:
        def code(*args):
            r = subprocess.run([w.program("evac-fence"), *args], capture_output=True, text=True, env=w.env, timeout=20)
            return r.returncode, r.stderr + r.stdout
        good = ["--app", "shop", "--region", "us-east-1", "--lease", "30s", "--file", "/tmp/none"]
        copy = ["--copy", "s3://b/k@us-west-2"]
        for args, words in ((good, "--copy is missing"), (good + ["--copy", "s3://b/k@us-east-1"], "must not convince itself"),
                            (good + ["--copy", "s3://b/k"], "s3://BUCKET/KEY@REGION"), (good + copy + copy, "twice"),
                            (good[:4] + good[6:] + copy, "--lease is missing"), (good + copy + ["--lease", "2h"], "100ms to 1h"),
                            (good[:6] + copy, "--listen or --file"), (good + copy + ["--on-go", "ls"], "absolute path"),
                            (good + copy + ["--listen", "0.0.0.0:80"], "127.0.0.1:PORT"), (good + copy + ["more"], "'more'")):
            got, said = code(*args)
            assert got == 2 and words in said, (args, got, said)
        assert code("--version")[0] == 0 and "--copy" in code("--help")[1]


def the_line_that_evac_prints_is_the_unit_s_file():
    w = world()
    with w:
        conf = os.path.join(w.dir, "conf")
        said = w.evac("sidecar", "shop", "--config", conf).stdout
        settings = [line for line in said.splitlines() if line and not line.startswith("#")]
        assert [s[:len("FENCE_ARGS=--region us-xxxx-n")] for s in settings] == ["FENCE_ARGS=--region us-east-1", "FENCE_ARGS=--region us-west-2"], said
        for region, setting in zip(("us-east-1", "us-west-2"), settings):
            line = line_of(w, region)
            assert setting == "FENCE_ARGS=" + line["fence_args"] and line["region"] == region, (setting, line)
            assert {c["region"]: c["bucket"] for c in line["copies"]} == {r: "shop-go-" + code for r, code in REGIONS.items() if r != region}, line
            assert ("--lease %s " % line["lease"]) in setting + " " and "s3:GetObject" in said
        for args, words in ((("shop", "--region", "eu-west-1"), "its regions are us-east-1, us-west-2"), (("nobody",), "no app 'nobody'"),
                            (("shop", "--resource", "db"), "no resource db of the type s3-go")):
            r = w.evac("sidecar", *args, "--config", conf, check=False)
            assert r.returncode == 1 and words in r.stderr, (args, r.stderr)
        assert w.evac("sidecar", check=False).returncode == 2


class Sampler(threading.Thread):
    """What both sides say, every 20 ms on one clock."""

    def __init__(self, sides):
        super().__init__()
        self.sides, self.rows, self.on = sides, [], True

    def run(self):
        while self.on:
            begin = boot()
            self.rows.append((begin, [s.may() for s in self.sides], [s.file_may() for s in self.sides]))
            time.sleep(max(0, begin + 0.02 - boot()))


def a_failover_moves_the_permission_with_a_gap_and_never_an_overlap():
    with world() as w:
        w.sand("app shop renew %d" % (LEASE * 1000))
        w.start_evacd()
        w.wait_healthy()
        sides = [Side(w, "us-east-1"), Side(w, "us-west-2")]
        sampler = Sampler(sides)
        try:
            w.wait(sides[0].may, 10, "permission")
            w.wait(lambda: sides[1].why() == "other", 10, "the other side's no")
            assert not sides[1].may()
            sampler.start()
            w.sand("region us-east-1 down")
            w.wait(sides[1].may, 60, "the other side's permission")
            time.sleep(0.3)
            assert sides[0].why() in ("nobody", "other"), sides[0].get()
        finally:
            sampler.on = False
            if sampler.ident:
                sampler.join()
            for side in sides:
                side.end()
        for k in (1, 2):
            old = [row[0] for row in sampler.rows if row[k][0]]
            new = [row[0] for row in sampler.rows if row[k][1]]
            assert old and new and old[0] < new[0], "both had it, one after the other"
            assert not any(all(row[k]) for row in sampler.rows), "both may write"
            assert new[0] - old[-1] > LEASE * 0.5, "the gap is %.3f s" % (new[0] - old[-1])
        print("     %d samples; gap %.2f s" % (len(sampler.rows), new[0] - old[-1]))


run_stories([one_copy_lost_goes_on_and_silence_of_both_ends_it_in_time, a_process_that_was_stopped_never_answers_that_it_may,
             an_end_gives_the_permission_back_and_a_kill_leaves_only_what_runs_out, words_that_make_no_sense_are_refused,
             the_line_that_evac_prints_is_the_unit_s_file, a_failover_moves_the_permission_with_a_gap_and_never_an_overlap])
