"""What run.py runs: each bench returns rows of the table. A bench is one function, its first line of documentation its name's meaning."""
import json, os, re, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
import bench_overhead, bench_peers_probes as peers, bench_runbook, counts as callgrind  # noqa: E402
from table import against, at_most, growth, row  # noqa: E402
from unix_http import Unix  # noqa: E402


class Failed(Exception):
    pass


def lines(bin_dir, *command, timeout=1200):
    """What a bench prints: a JSON object a line."""
    r = subprocess.run([os.path.join(bin_dir, command[0]), *map(str, command[1:])], stdin=subprocess.DEVNULL, capture_output=True,
                       text=True, timeout=timeout)
    if r.returncode:
        raise Failed("%s: %d\n%s%s" % (" ".join(map(str, command)), r.returncode, r.stdout[-1000:], r.stderr[-1000:]))
    return [json.loads(line) for line in r.stdout.splitlines() if line.startswith("{")]


def best(measure, rounds, key):
    return min((measure() for _ in range(rounds)), key=lambda found: found[key])


# --- probes -------------------------------------------------------------------------------------------------------------


def in_turn(bin_dir, server, kind, targets, who, rounds, seconds):
    """Medians of what each needs for a check; who is first changes from round to round."""
    found, left_out = {}, {}
    for i in range(rounds):
        for name, starter in who[i % len(who):] + who[:i % len(who)]:
            if name in left_out:
                continue
            with tempfile.TemporaryDirectory(prefix="evac-bench-") as folder:
                one = peers.measure(name, starter, peers.Case(kind, targets, server, folder), bin_dir, server, seconds)
            if "left_out" in one:
                left_out[name] = one["left_out"]
            else:
                found.setdefault(name, []).append(one)
    medians = {name: {key: statistics.median(r[key] for r in rows) for key in ("us_per_check", "rss_mb", "cpu_percent")}
               for name, rows in found.items() if all(r["us_per_check"] for r in rows)}
    return medians, left_out


US, HAPROXY, BLACKBOX, EVACD = "evac's prober", "HAProxy", "blackbox_exporter", "evacd, whole"
STARTERS = dict(peers.WHO)


def who(*names):
    return [(name, STARTERS[name]) for name in names]


def beside(name, what, key, unit, ours, theirs, peer, at_least, left_out, **more):
    return against(name, what, ours.get(key), unit, peer, theirs.get(peer, {}).get(key), at_least, left_out=left_out.get(peer),
                   **more)


def core(found):
    """Of a core, for ten thousand a second: what a busy machine did not get to is not left out."""
    return found.get("us_per_check")  # microseconds, ten thousand times a second, in hundredths of one


def probes(bin_dir, quick):
    """health checks a CPU second, beside HAProxy and blackbox_exporter"""
    rounds, seconds = (1, 1) if quick else (3, 4)
    many = 2000 if quick else 10000
    server = peers.Server(bin_dir)
    try:
        fresh, gone = in_turn(bin_dir, server, "http-fresh", 1000, who(US, HAPROXY, BLACKBOX, EVACD), rounds, seconds)
        kept, _ = in_turn(bin_dir, server, "http-keep", 1000, who(US), rounds, seconds)
        https, gone_tls = in_turn(bin_dir, server, "https-fresh", 200, who(US, HAPROXY), rounds, seconds)
        full, gone_full = in_turn(bin_dir, server, "http-fresh", many, who(US, HAPROXY), max(1, rounds - 1), seconds)
        full_kept, _ = in_turn(bin_dir, server, "http-keep", many, who(US), 1, seconds)
    finally:
        server.close()
    ours = fresh.get(US, {})
    big, big_kept = full.get(US, {}), full_kept.get(US, {})
    each = "us_per_check"
    return [
        beside("probe-fresh", "HTTP probe, fresh connection", each, "us CPU", ours, fresh, HAPROXY, 1, gone,
               grows=growth(ours.get(each), big.get(each) and big[each] * many / 1000, many // 1000)),
        beside("probe-fresh-blackbox", "HTTP probe, fresh connection", each, "us CPU", ours, fresh, BLACKBOX, 8, gone),
        beside("probe-memory", "memory at 1,000 targets", "rss_mb", "MB", ours, fresh, HAPROXY, 4, gone),
        beside("probe-keep", "HTTP probe, kept connection", each, "us CPU", kept.get(US, {}), fresh, HAPROXY, 4, gone,
               grows=growth(kept.get(US, {}).get(each), big_kept.get(each) and big_kept[each] * many / 1000, many // 1000),
               note="HAProxy's checks have no kept connections: its fresh ones stand beside"),
        beside("probe-https", "HTTPS probe, verified, session resumed", each, "us CPU", https.get(US, {}), https, HAPROXY, 1,
               gone_tls),
        at_most("probe-10000", "10,000 HTTP endpoints each second, fresh", core(big), "% of a core", 50, peer=HAPROXY,
                peer_value=core(full.get(HAPROXY, {})), left_out=gone_full.get(HAPROXY),
                note="what a check costs with {:,} targets, ten thousand times".format(many)),
        beside("probe-10000-memory", "its memory", "rss_mb", "MB", big, full, HAPROXY, 4, gone_full),
        row("probe-evacd", "HTTP probe, fresh, of evacd as a whole", fresh.get(EVACD, {}).get(each), "us CPU", HAPROXY,
            fresh.get(HAPROXY, {}).get(each)),
    ]


# --- a move -------------------------------------------------------------------------------------------------------------


def runbook(bin_dir, quick):
    """the twelve calls of a failover, beside boto3, awscli and Ansible"""
    found = bench_runbook.measure(bin_dir, 1 if quick else 10)
    if "ms" not in found:
        return [row("runbook", "twelve calls of a failover", None, "ms", left_out=found["left_out"]["all"])]
    ms, above = found["ms"], bench_runbook.above
    ours = above(found, "evac", "best")

    def beside(name, peer, key, at_least):
        return against(name, "twelve calls: above curl's %.1f ms" % ms["curl calls"]["best"], ours, "ms", peer,
                       above(found, key, "best"), at_least, left_out=found["left_out"].get(key))

    rows = [beside("runbook-boto3", "boto3", "boto3", 50), beside("runbook-awscli", "awscli", "awscli", 500),
            beside("runbook-ansible", "Ansible", "ansible", None)]
    rows[0]["note"] = ("the best of each; medians: evac %.1f ms, boto3 %.0f; evac sends %.0f requests where they send 12, and its CPU is "
                       "%.1f ms" % (above(found, "evac"), above(found, "boto3") or 0, ms["evac requests"]["median"],
                                    ms["evac CPU"]["median"]))
    return rows


def fdatasync_ms():
    """Half and the best tenth of what a durable write of 8 KiB waits for here."""
    with tempfile.NamedTemporaryFile(prefix="evac-bench-") as f:
        took = []
        f.write(b"x" * (1 << 20))
        os.fsync(f.fileno())
        for i in range(100):
            os.pwrite(f.fileno(), b"y" * 8192, i * 8192 % (1 << 20))
            at = time.perf_counter()
            os.fdatasync(f.fileno())
            took.append((time.perf_counter() - at) * 1e3)
    took.sort()
    return took[len(took) // 2], took[len(took) // 10]


def steps(bin_dir, quick):
    """twelve durable no-op steps"""
    half, tenth = fdatasync_ms()
    one = best(lambda: lines(bin_dir, "bench_scale", "twelve", 10 if quick else 100)[0], 1 if quick else 5, "best_ms")
    return [at_most("twelve-steps", "twelve durable no-op steps, best", one["best_ms"], "ms", 3.5,
                    peer="Restate 1.7 (measured before)", peer_value=14, ratio=14 / one["best_ms"],
                    note="%.0f commits, %.2f ms CPU, mean %.1f ms; a durable write of 8 KiB took %.2f ms here, the best tenth %.2f" % (
                        one["commits_a_run"], one["cpu_ms"], one["mean_ms"], half, tenth))]


def overhead(bin_dir, quick):
    """a measured RTO beside its critical path, by real processes"""
    found = [bench_overhead.once(bin_dir, "real", 20 if quick else 10, {}) for _ in range(1 if quick else 3)]
    ratios = [f["rto_ms"] / (f["parts_ms"]["detect"] + f["parts_ms"]["decide"] + f["critical_path_ms"]) for f in found]
    middle = found[ratios.index(sorted(ratios)[len(ratios) // 2])]
    return [at_most("rto", "RTO of one app, over detection, dwell and its critical path", round(min(ratios), 4), "x", 1.02,
                    note="%.1f s; the steps on the critical path took %.1f s" % (
                        middle["rto_ms"] / 1e3, middle["critical_path_ms"] / 1e3))]


def evacuation(bin_dir, quick):
    """a region's 10, 100 and 1,000 apps, in virtual time, beside the lower bound"""
    found = [lines(bin_dir, "bench_evacuate", apps)[0] for apps in ((10, 100) if quick else (10, 100, 1000))]
    rows = []
    for f in found:
        aim, whole = f["apps"] == 1000, f["moved"] == f["apps"]
        took = f["took_s"] if whole else None
        rows.append(row("evacuate-%d" % f["apps"], "evacuation of {:,} apps".format(f["apps"]), took, "s", "the lower bound",
                        f["bound_s"], took and f["bound_s"] / took, "at most 1.1x the bound" if aim else None,
                        (whole and took <= 1.1 * f["bound_s"]) if aim else None,
                        note="%s%s requests (%s), %d refused; %d DNS batches with %d changes; the bound is %s; %.1f s CPU" % (
                            "" if whole else "only %d moved in half an hour; " % f["moved"], "{:,}".format(f["requests"]),
                            ", ".join("%s %d" % kv for kv in f["by_service"].items()), f["refused"], f["dns_batches"],
                            f["dns_changes"], f["bound_by"], f["cpu_s"])))
    for small, big in zip(rows, rows[1:]):
        big["grows"] = growth(small["value"], big["value"])
    return rows


# --- its own work -------------------------------------------------------------------------------------------------------


def engine(bin_dir, quick):
    """steps of 10, 100 and 1,000 runs at a time, and their memory"""
    sizes = (10, 100) if quick else (10, 100, 1000)
    cpu = [best(lambda: lines(bin_dir, "bench_scale", "runs", n, 0, "sqlite")[0], 1 if quick else 2, "cpu_us_per_step")
           for n in sizes]
    memory = lines(bin_dir, "bench_scale", "memory")[0]
    rows = [row("engine-%d" % c["runs"], "a step, {:,} runs at a time, durable".format(c["runs"]), c["cpu_us_per_step"], "us CPU",
                note="%d commits for %d rows" % (c["commits"], c["rows"]) if c is cpu[-1] else None) for c in cpu]
    for i in range(1, len(rows)):
        rows[i]["grows"] = growth(cpu[i - 1]["cpu_s"], cpu[i]["cpu_s"])
    return rows + [row("memory-run", "memory of a run of 20 steps", memory["bytes_per_run_of_20_steps"] / 1024, "KB"),
                   row("memory-app", "memory of an app", memory["bytes_per_app"] / 1024, "KB",
                       note="address space: what of it is written grows with its probes and regions")]


def replay(bin_dir, quick):
    """the start on a long journal"""
    sizes = (10000, 100000) if quick else (100000, 1000000)
    found = [lines(bin_dir, "bench_scale", "start", n, 100)[0] for n in sizes]
    last = found[-1]
    return [at_most("replay", "start with a journal of {:,} rows, each verified".format(last["start_rows"]), last["cpu_s"], "s CPU",
                    2, grows=growth(found[0]["cpu_s"], last["cpu_s"]))]


def history(bin_dir, quick):
    """views of a long history"""
    runs = 1000 if quick else 100000
    return [row("history-%d" % i, "of {:,} runs: {}".format(runs, f["asked"]), f["cpu_ms"], "ms CPU")
            for i, f in enumerate(f for f in lines(bin_dir, "bench_history", runs, 5) if "asked" in f)]


BOTOCORE_SIGNS = r"""
import time
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
auth = SigV4Auth(Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "rds", "us-west-2")
best = 1
for _ in range(5):
    at = time.process_time()
    for _ in range(500):
        auth.add_auth(AWSRequest(method="POST", url="https://rds.us-west-2.amazonaws.com/", data=b"a" * 1024,
                                 headers={"content-type": "application/x-www-form-urlencoded; charset=utf-8"}))
    best = min(best, (time.process_time() - at) / 500)
print(best * 1e6)
"""


def python_us(code, data=None):
    """Microseconds that a piece of Python prints, None where it can not run."""
    r = subprocess.run([bench_runbook.PYTHON, "-c", code], input=data, capture_output=True, text=True)
    return float(r.stdout) if r.returncode == 0 else None


def parts(bin_dir, quick):
    """signing, parsing, configuration and plans"""
    names = [line for line in subprocess.run([bin_dir + "/bench_parts", "list"], capture_output=True, text=True,
                                             check=True).stdout.split() if line != "start"]
    rows = []
    for name in names:
        f = lines(bin_dir, "bench_parts", "time", name)[0]
        ms = f["cpu_us"] >= 10000
        rows.append(row(name, f["what"], f["cpu_us"] / (1000 if ms else 1), "ms CPU" if ms else "us CPU",
                        grows=growth(f["cpu_us"], f["bigger_cpu_us"], f["bigger"] // f["size"]) if f["bigger"] else None))
        if name == "sign":
            signs = python_us(BOTOCORE_SIGNS)
            rows[-1].update(peer="botocore", peer_value=signs, ratio=signs and signs / f["cpu_us"],
                            left_out=None if signs else "python3-botocore is not installed")
    return rows


APP = """app = {
  name = "app%04d"; strategy = "warm-standby"; regions = ( "us-east-1", "us-west-2" ); objectives = { rto = "5m"; rpo = "30s"; };
  endpoint = { url = "http://127.0.0.1:%d/health"; every = "60s"; };
  probes = ( { name = "web"; http = "http://127.0.0.1:%d/health?{region}"; every = "60s"; } );
  policy = { automatic = "propose"; dwell = "15m"; readiness = 0; canary = 0; };
};"""
ASKED = ("/v1/apps", "/v1/status", "/v1/runs", "/v1/apps/app0001", "/v1/apps/app0001/decide", "/metrics")


class Daemon:
    """An evacd with so many apps, that answers on its socket."""

    def __init__(self, bin_dir, apps, port, folder):
        os.makedirs(folder + "/conf/apps")
        with open(folder + "/conf/evac.cfg", "w") as f:
            f.write('socket = "%s/evac.sock"; store = "%s/journal.db"; node = "bench";\n' % (folder, folder))
        for i in range(apps):
            with open(folder + "/conf/apps/app%04d.cfg" % i, "w") as f:
                f.write(APP % (i, port, port))
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EVAC_"))}
        self.socket = folder + "/evac.sock"
        self.process = subprocess.Popen([bin_dir + "/evacd", "--config", folder + "/conf"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=open(folder + "/log", "w"), env=env)
        end = time.monotonic() + 60
        while not os.path.exists(self.socket):
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failed("evacd does not start: " + open(folder + "/log").read()[-1000:])
            time.sleep(0.05)
        time.sleep(2)  # what it looks at when it starts

    def cost_ms(self, target, times):
        """CPU of the daemon a question; the bytes of the answer."""
        api, size = Unix(self.socket, 60), 0
        took = []
        for _ in range(times):
            before = bench_runbook.cpu_ms(self.process.pid)
            api.request("GET", target)
            answer = api.getresponse()
            size = len(answer.read())
            if answer.status != 200:
                raise Failed("%s: %d" % (target, answer.status))
            took.append(bench_runbook.cpu_ms(self.process.pid) - before)
        api.close()
        return statistics.median(took), size

    def close(self):
        peers.end(self.process)


def api(bin_dir, quick):
    """what the API's answers cost the daemon, with 100 and 1,000 apps"""
    costs, memory = {}, 0
    server = peers.Server(bin_dir)
    sizes = (10, 100) if quick else (100, 1000)
    try:
        for apps in sizes:
            with tempfile.TemporaryDirectory(prefix="evac-bench-") as folder:
                daemon = Daemon(bin_dir, apps, server.at["http"], folder)
                try:
                    for target in ASKED:
                        costs.setdefault(target, []).append(daemon.cost_ms(target, 3 if quick else 15))
                    memory = peers.rss_kb(daemon.process.pid) / 1024
                finally:
                    daemon.close()
    finally:
        server.close()
    rows = [row("api " + target, "GET %s, %s apps" % (target, "{:,}".format(sizes[-1])), found[-1][0], "ms CPU",
                grows=growth(found[0][0], found[-1][0]), note="%.1f MB" % (found[-1][1] / 1e6) if found[-1][1] > 1e6 else None)
            for target, found in costs.items()]
    return rows + [row("evacd-memory", "evacd with {:,} apps, a probe in two regions each".format(sizes[-1]), memory, "MB")]


def counts(bin_dir, quick):
    """instructions of the hot paths, by callgrind"""
    names = ["sign", "xml", "plan"] if quick else list(callgrind.PATHS)
    made, (kept_made, kept) = callgrind.made_by(), callgrind.read(callgrind.KEPT)
    try:
        found = {n: round(callgrind.PATHS[n][1](bin_dir)) for n in names}
    except callgrind.Failed as e:
        raise Failed(str(e))
    return [row("count-" + n, callgrind.PATHS[n][0], count, "instructions", "counts.txt" if before else None, before,
                target="within %g %%" % callgrind.allowed(n, 3) if before else None, reached=within if before else None,
                left_out=None if made == kept_made else "counts.txt is another compiler's")
            for n, count, before, _, within in callgrind.compare(found, kept if made == kept_made else {}, 3)]


BENCHES = {f.__name__: f for f in (probes, runbook, steps, overhead, evacuation, engine, replay, history, parts, api, counts)}
