#!/usr/bin/env python3
"""Health checks beside those of HAProxy and prometheus-blackbox-exporter: all of them in one run, against the
same server, each in processes of its own.

    bench_peers_probes.py BIN_DIR [--targets 100,1000,10000] [--seconds N] [--only KIND,...] [--json]

BIN_DIR holds bench_probes, bench_responder and evacd of a release build. What is done is counted where it arrives:
at the server. What it costs is the processor time of the checking processes between two instants, by the kernel's
own account; the server's and the driver's is nobody's. What is not installed is named and left out; Debian has
both peers (contrib/packages.sh bench).
"""
import argparse, http.client, json, os, shutil, signal, subprocess, sys, tempfile, time

KINDS = ("http-fresh", "http-keep", "https-fresh")
# So many a second at most, that one processor does it with the server beside it.
HTTPS_A_SECOND = 400
BLACKBOX_A_SECOND = 400
REGIONS = ("us-east-1", "us-west-2")
PROBES_AN_APP = 15


class Server:
    """Who is probed."""

    def __init__(self, bin_dir):
        self.process = subprocess.Popen([bin_dir + "/bench_responder"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.at = json.loads(self.process.stdout.readline())

    def counts(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


def cpu_seconds(pid):
    """Nanoseconds on a processor, of all threads; those that ended are in stat alone, in ticks."""
    try:
        total = 0
        for task in os.listdir("/proc/%d/task" % pid):
            total += int(open("/proc/%d/task/%s/schedstat" % (pid, task)).read().split()[0])
        return total / 1e9
    except (OSError, ValueError, IndexError):
        after_name = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def rss_kb(pid):
    for line in open("/proc/%d/status" % pid):
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


class Case:
    """So many targets of a kind, so often."""

    def __init__(self, kind, targets, server, folder):
        self.kind, self.targets, self.at, self.folder = kind, targets, server.at, folder
        self.scheme = kind.split("-")[0]
        self.keep = kind.endswith("keep")
        self.port = self.at[self.scheme]
        most = HTTPS_A_SECOND if self.scheme == "https" else 10000
        self.every_ms = max(1000, targets * 1000 // most)

    def url(self, target="{t}", address="{a}"):
        return "%s://127.0.0.%s:%d/health?target=%s" % (self.scheme, address, self.port, target)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        return path


# --- who checks: each returns the process that is measured, and those that help it ------------------------------


def start(command, **more):
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            **more)


def prober_command(bin_dir, url, targets, every_ms, keep, ca, expect):
    return [bin_dir + "/bench_probes", "run", url, str(targets), str(every_ms), "keep" if keep else "fresh", ca, "0",
            expect]


def evac_prober(case, bin_dir):
    """The prober alone."""
    command = prober_command(bin_dir, case.url(), case.targets, case.every_ms, case.keep, case.at["ca"], "ok")
    return start(command), []


def evacd(case, bin_dir):
    """The whole controller: results go through the engine, health is kept of each, and nothing is wrong."""
    if not os.path.exists(bin_dir + "/evacd"):
        return None, "there is no evacd in " + bin_dir
    per_app = PROBES_AN_APP * len(REGIONS) + 1
    every = case.every_ms / 1000
    case.write("conf/evac.cfg", 'socket = "%s/evac.sock"; store = "%s/journal.db"; node = "bench";\n'
               % (case.folder, case.folder))
    for number in range(max(1, round(case.targets / per_app))):
        probes = ",\n".join('{ name = "p%d"; http = "%s/{region}"; every = "%gs"; connection = "%s"; }' % (
            i, case.url("%d-%d" % (number, i), (number * PROBES_AN_APP + i) % case.at["addresses"] + 1), every,
            "keep" if case.keep else "fresh") for i in range(PROBES_AN_APP))
        case.write("conf/apps/app%d.cfg" % number, """app = {
  name = "app%d"; strategy = "warm-standby"; regions = ( "%s", "%s" ); objectives = { rto = "5m"; rpo = "30s"; };
  endpoint = { url = "%s"; every = "%gs"; };
  probes = ( %s );
  policy = { automatic = "propose"; dwell = "15m"; readiness = 0; canary = 0; };
};""" % (number, *REGIONS, case.url(number, 1), every, probes))
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EVAC_"))}
    env["AWS_CA_BUNDLE"] = case.at["ca"]
    return start([bin_dir + "/evacd", "--config", case.folder + "/conf"], env=env), []


def haproxy(case, bin_dir):
    """One thread, as the others; a check is a connection, always."""
    if not shutil.which("haproxy"):
        return None, "haproxy is not installed"
    if case.keep:
        return None, "its checks have no kept connections: a fresh one each"
    tls = " check-ssl verify required ca-file %s" % case.at["ca"] if case.scheme == "https" else ""
    servers = "".join("  server s%d 127.0.0.%d:%d check inter %d fall 3 rise 2%s\n" % (
        i, i % case.at["addresses"] + 1, case.port, case.every_ms, tls) for i in range(case.targets))
    config = case.write("haproxy.cfg", """global
  nbthread 1
defaults
  mode http
  timeout connect 2s
  timeout client 2s
  timeout server 2s
  timeout check 2s
backend checked
  option httpchk
  http-check send meth GET uri /health ver HTTP/1.1 hdr Host 127.0.0.1 hdr Connection close
  http-check expect status 200
%sfrontend nobody
  bind %s/unused.sock
  default_backend checked
""" % (servers, case.folder))
    return start(["haproxy", "-db", "-f", config]), []


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_ready(port):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        connection.request("GET", "/-/healthy")
        return connection.getresponse().status == 200
    except OSError:
        return False


def blackbox(case, bin_dir):
    """Asked over a kept connection by our own prober, whose time is not counted, as Prometheus would ask it."""
    if not shutil.which("prometheus-blackbox-exporter"):
        return None, "prometheus-blackbox-exporter is not installed"
    if case.keep:
        return None, "its probes have no kept connections: a fresh one each"
    config = case.write("blackbox.yml", """modules:
  m:
    prober: http
    timeout: 2s
    http:
      preferred_ip_protocol: ip4
      tls_config: { ca_file: "%s" }
""" % case.at["ca"])
    port = free_port()
    exporter = start(["prometheus-blackbox-exporter", "--config.file", config, "--web.listen-address",
                      "127.0.0.1:%d" % port], env=dict(os.environ, GOMAXPROCS="1"))
    end = time.time() + 10
    while not is_ready(port) and time.time() < end:
        time.sleep(0.05)
    every_ms = max(case.every_ms, case.targets * 1000 // BLACKBOX_A_SECOND)
    asked = case.url().replace(":", "%3A").replace("/", "%2F").replace("?", "%3F").replace("=", "%3D")
    driver = start(prober_command(bin_dir, "http://127.0.0.1:%d/probe?module=m&target=%s" % (port, asked), case.targets,
                                  every_ms, True, "", "probe_success 1"))
    case.every_ms = every_ms
    return exporter, [driver]


WHO = (("evac's prober", evac_prober), ("evacd, whole", evacd), ("HAProxy", haproxy), ("blackbox_exporter", blackbox))


# --- measuring --------------------------------------------------------------------------------------------------


def end(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def measure(name, starter, case, bin_dir, server, seconds):
    row = {"who": name, "kind": case.kind, "targets": case.targets}
    process, helpers = starter(case, bin_dir)
    if process is None:
        return dict(row, left_out=helpers)
    try:
        # One whole interval, so that all have shaken hands once; then another whole number of them.
        time.sleep(case.every_ms / 1000 + 1.5)
        window = max(1, round(seconds * 1000 / case.every_ms)) * case.every_ms / 1000
        before, cpu_before, at = server.counts(), cpu_seconds(process.pid), time.monotonic()
        time.sleep(window)
        after, cpu, took = server.counts(), cpu_seconds(process.pid) - cpu_before, time.monotonic() - at
        memory = rss_kb(process.pid)
    finally:
        for one in helpers + [process]:
            end(one)
    checks = after["requests"] - before["requests"]
    shaken = after["handshakes"] - before["handshakes"]
    resumed = after["resumed"] - before["resumed"]
    return dict(row, every_ms=case.every_ms, checks=checks, seconds=round(took, 3), cpu_s=round(cpu, 4),
                cpu_percent=round(100 * cpu / took, 2), checks_per_cpu_s=round(checks / cpu) if cpu else None,
                us_per_check=round(1e6 * cpu / checks, 1) if checks else None,
                expected=round(case.targets * took * 1000 / case.every_ms), rss_mb=round(memory / 1024, 1),
                resumed_percent=round(100 * resumed / shaken) if shaken else None)


def print_row(row, best):
    if "left_out" in row:
        print("%-12s %7d  %-18s %s" % (row["kind"], row["targets"], row["who"], row["left_out"]), flush=True)
        return
    ratio = "" if not best or row["who"] == WHO[0][0] else "%.1f x" % (best / max(1, row["checks_per_cpu_s"] or 0))
    print("%-12s %7d  %-18s %6.1f s %8d %7.1f %% %8.1f %9d %8.1f %8s %s" % (
        row["kind"], row["targets"], row["who"], row["every_ms"] / 1000, row["checks"], row["cpu_percent"],
        row["us_per_check"] or 0, row["checks_per_cpu_s"] or 0, row["rss_mb"], ratio,
        "" if row["resumed_percent"] is None else "%d %% resumed" % row["resumed_percent"]), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin_dir")
    parser.add_argument("--targets", default="100,1000,10000")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--json", action="store_true")
    a = parser.parse_args()
    kinds = a.only.split(",")
    unknown = [k for k in kinds if k not in KINDS]
    if unknown:
        parser.error("--only %s: allowed: %s" % (unknown[0], ", ".join(KINDS)))
    bin_dir = os.path.abspath(a.bin_dir)
    server, rows = Server(bin_dir), []
    if not a.json:
        print("%-12s %7s  %-18s %8s %8s %9s %8s %9s %8s %8s" % (
            "KIND", "TARGETS", "WHO", "EVERY", "CHECKS", "CPU", "US EACH", "PER CPU S", "RSS MB", "OURS IS"))
    try:
        for kind in kinds:
            for targets in map(int, a.targets.split(",")):
                best = None
                for name, starter in WHO:
                    with tempfile.TemporaryDirectory(prefix="evac-bench-") as folder:
                        row = measure(name, starter, Case(kind, targets, server, folder), bin_dir, server, a.seconds)
                    best = best or row.get("checks_per_cpu_s")
                    rows.append(row)
                    if not a.json:
                        print_row(row, best)
    finally:
        server.close()
    if a.json:
        print(json.dumps({"bench": "peers_probes", "rows": rows}, indent=1))
    short = [r for r in rows if "left_out" not in r and r["checks"] < 0.9 * r["expected"]]
    for r in short:
        print("%s did %d of %d checks (%s, %d targets): it, or the machine, was too busy" % (
            r["who"], r["checks"], r["expected"], r["kind"], r["targets"]), file=sys.stderr)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
