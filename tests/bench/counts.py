#!/usr/bin/env python3
"""Instructions that the hot paths take in user space, by callgrind, beside those that were kept: a change in cost shows,
however busy the machine is. Called by counts.sh, which builds what is counted.

    counts.py BIN_DIR [--only NAME,...] [--update] [--json] [--tolerance PERCENT]

Ends with 1 when one takes more or less than the tolerance (3 percent, of a probe 6) from what counts.txt has: a change that is meant is kept by
--update, in the commit that makes it. Counts hold for one compiler and one set of libraries (Debian 12's): counts.txt names
them, and where they are others they are said and nothing is compared. What the kernel does is not counted; nor has callgrind the
processor's instructions for hashing, so that a path with SHA-256 in it counts more than it takes.
"""
import argparse, json, os, re, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
KEPT = os.path.join(HERE, "counts.txt")
sys.path.insert(0, HERE)


class Failed(Exception):
    pass


def callgrind(bin_dir, part, times, size=None):
    """Instructions within bench_measured()."""
    with tempfile.TemporaryDirectory(prefix="evac-count-") as folder:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + folder + "/out", "--toggle-collect=bench_measured",
             bin_dir + "/bench_parts", "count", part, str(times)] + ([str(size)] if size else []),
            capture_output=True, text=True, timeout=600)
    found = re.search(r"Collected *: *([0-9]+)", run.stderr)
    if run.returncode or not found:
        raise Failed("%s: %s" % (part, run.stderr[-2000:]))
    return int(found.group(1))


def each(part, times, of=1, size=None):
    """One of it: what the first does more than the others, such as filling a cache, is not in it."""
    def measure(bin_dir):
        few, many = callgrind(bin_dir, part, 1, size), callgrind(bin_dir, part, 1 + times, size)
        return (many - few) / times / of
    return measure


def a_thousand_rows(bin_dir):
    """The start on a journal twice as long, less that on a journal."""
    few, many = callgrind(bin_dir, "start", 1, 2000), callgrind(bin_dir, "start", 1, 4000)
    return (many - few) / 2


def probe(bin_dir):
    import count_probes
    server = subprocess.Popen([bin_dir + "/bench_responder"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        at = json.loads(server.stdout.readline())
        what = "http://127.0.0.{a}:%(http)d/health?target={t}" % at
        few, many = (count_probes.instructions(bin_dir, what, "fresh", at["ca"], n) for n in (100, 400))
    finally:
        server.stdin.close()
        server.wait(10)
    return (many - few) / 300


PATHS = {
    "sign": ("sign one request of 1 KiB", each("sign", 20)),
    "xml": ("parse one DescribeDBClusters answer", each("xml", 20)),
    "json": ("parse one DescribeServices answer of 100 services", each("json-big", 4)),
    "conf": ("read the configuration of one app (of 100)", each("conf", 1, of=100)),
    "plan": ("compile one plan of 20 steps", each("plan", 4)),
    "step": ("one step of a run: ten rows, its plan and admission shared by 20", each("run", 4, of=20)),
    "replay": ("start: 1,000 rows of the journal", a_thousand_rows),
    "probe": ("one HTTP probe over a fresh connection", probe),
}


def made_by():
    """What the counts hold for."""
    def first(*command):
        try:
            return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0].strip()
        except (OSError, IndexError):
            return "none"
    return "%s; %s; %s; sqlite %s" % (first("cc", "--version"), first("ldd", "--version"), first("openssl", "version"),
                                      first("pkg-config", "--modversion", "sqlite3"))


def read(path):
    made, counts = "", {}
    for line in open(path) if os.path.exists(path) else []:
        if line.startswith("# made by "):
            made = line[len("# made by "):].strip()
        elif line.strip() and not line.startswith("#"):
            name, count = line.split()[:2]
            counts[name] = int(count)
    return made, counts


def write(path, made, counts):
    with open(path, "w") as f:
        f.write("# Instructions in user space, by callgrind: tests/bench/counts.sh --update writes this file.\n# made by %s\n" % made)
        for name in PATHS:
            if name in counts:
                f.write("%-8s %12d   # %s\n" % (name, counts[name], PATHS[name][0]))


# How many events are found at one waking-up is the machine's doing: the same build, 8,070 to 8,446 instructions on three of them.
SPREAD = {"probe": 6}


def allowed(name, tolerance):
    """Percent that this one may differ."""
    return max(tolerance, SPREAD.get(name, 0))


def compare(counts, kept, tolerance):
    """Rows: name, count, kept or None, change in percent or None, whether it is within the tolerance."""
    rows = []
    for name, count in counts.items():
        before = kept.get(name)
        change = 100 * (count - before) / before if before else None
        rows.append((name, count, before, change, change is None or abs(change) <= allowed(name, tolerance)))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin_dir")
    parser.add_argument("--only", default=",".join(PATHS))
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tolerance", type=float, default=3)
    a = parser.parse_args()
    names = a.only.split(",")
    unknown = [n for n in names if n not in PATHS]
    if unknown:
        parser.error("--only %s: allowed: %s" % (unknown[0], ", ".join(PATHS)))
    made, (kept_made, kept) = made_by(), read(KEPT)
    same = made == kept_made
    counts = {}
    for name in names:
        counts[name] = round(PATHS[name][1](os.path.abspath(a.bin_dir)))
        row = compare({name: counts[name]}, kept if same else {}, a.tolerance)[0]
        if not a.json:
            print("%-8s %12d  %8s  %s%s" % (name, counts[name], "" if row[3] is None else "%+.1f %%" % row[3], PATHS[name][0],
                                           "" if row[4] else "   BEYOND %g %%" % allowed(name, a.tolerance)), flush=True)
    rows = compare(counts, kept if same else {}, a.tolerance)
    if a.json:
        print(json.dumps({"made_by": made, "compared": same, "counts": [
            {"name": n, "what": PATHS[n][0], "instructions": c, "kept": k, "change_percent": d, "within": w}
            for n, c, k, d, w in rows]}))
    if a.update:
        write(KEPT, made, {**(kept if same else {}), **counts})
        return 0
    if not same:
        print("not compared: counts.txt was made by %s; here it is %s" % (kept_made or "nobody", made), file=sys.stderr)
    return 0 if all(row[4] for row in rows) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as e:
        sys.exit("counts: %s" % e)
