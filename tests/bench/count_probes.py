#!/usr/bin/env python3
"""Instructions that a probe costs in user space, by callgrind: a figure that a busy machine does not move.

    count_probes.py BIN_DIR [--json]

Each kind is run twice, with more rounds the second time; what the additional rounds cost is the figure, so that
start and end are not in it. What OpenSSL, c-ares and http_parser do is in it, what the kernel does is not.
"""
import argparse, json, os, re, subprocess, sys, tempfile

TARGETS, EVERY_MS = 20, 200
FEW, MANY = 100, 400
KINDS = (  # name, what, connection
    ("http, fresh", "http://127.0.0.{a}:%(http)d/health?target={t}", "fresh"),
    ("http, kept", "http://127.0.0.{a}:%(http)d/health?target={t}", "keep"),
    ("https, resumed", "https://127.0.0.{a}:%(https)d/health?target={t}", "fresh"),
    ("https, kept", "https://127.0.0.{a}:%(https)d/health?target={t}", "keep"),
    ("tcp", "tcp 127.0.0.{a}:%(http)d", "fresh"),
    ("tls, whole", "tls 127.0.0.{a}:%(https)d", "fresh"),
    ("dns", "dns name{t}.example 127.0.0.1:%(dns)d", "fresh"),
)


def instructions(bin_dir, what, connection, ca, count):
    with tempfile.TemporaryDirectory(prefix="evac-count-") as folder:
        run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + folder + "/out",
                              bin_dir + "/bench_probes", "run", what, str(TARGETS), str(EVERY_MS), connection, ca,
                              str(count)], capture_output=True, text=True, timeout=300)
    found = re.search(r"Collected *: *([0-9]+)", run.stderr)
    if run.returncode or not found:
        raise SystemExit("%s: %s%s" % (what, run.stdout, run.stderr[-2000:]))
    done = json.loads(run.stdout)
    if done["bad"] or done["untold"]:
        raise SystemExit("%s: %s" % (what, run.stdout))
    return int(found.group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin_dir")
    parser.add_argument("--json", action="store_true")
    a = parser.parse_args()
    bin_dir = os.path.abspath(a.bin_dir)
    server = subprocess.Popen([bin_dir + "/bench_responder"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    rows = []
    try:
        at = json.loads(server.stdout.readline())
        for name, what, connection in KINDS:
            few, many = (instructions(bin_dir, what % at, connection, at["ca"], n) for n in (FEW, MANY))
            rows.append({"kind": name, "instructions": round((many - few) / (MANY - FEW))})
            if not a.json:
                print("%-16s %8d instructions a probe" % (name, rows[-1]["instructions"]), flush=True)
    finally:
        server.stdin.close()
        server.wait(10)
    if a.json:
        print(json.dumps({"bench": "count_probes", "rows": rows}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
