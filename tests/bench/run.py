#!/usr/bin/env python3
"""All benches, or those named, as a table and as JSON. Called by run.sh, which builds them first.

    run.py BIN_DIR [--only NAME...] [--quick] [--json FILE] [--markdown] [--list]

Figures are CPU times and counts where such there are: walls are for the clock only where waiting is what is measured, and then
the best of many. evac and its peers are measured in turn. The load of the machine stands with the figures. Ends with 1 when
a target was missed, which on a busy machine may be the machine's doing.
"""
import argparse, json, os, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import benches, table  # noqa: E402


def machine():
    model = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return {"processors": os.cpu_count(), "model": model[0] if model else "unknown", "kernel": os.uname().release,
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def load():
    return [round(x, 2) for x in os.getloadavg()]


def revision():
    r = subprocess.run(["git", "-C", HERE, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return r.stdout.strip() or "unknown"


def run(names, bin_dir, quick):
    rows, failed = [], []
    for name in names:
        sys.stderr.write("%s (load %.1f) ...\n" % (name, os.getloadavg()[0]))
        before = load()
        try:
            found = benches.BENCHES[name](bin_dir, quick)
        except (benches.Failed, OSError, subprocess.SubprocessError, AssertionError) as e:
            failed.append(name)
            sys.stderr.write("%s failed: %s\n" % (name, e))
            continue
        for r in found:
            r.update(bench=name, load=[before[0], load()[0]])
        rows += found
    return rows, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin_dir")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="of: " + ", ".join(benches.BENCHES))
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller sizes: says that all runs, not how fast")
    parser.add_argument("--json", metavar="FILE", help="write it there too; - for standard output, without a table")
    parser.add_argument("--markdown", action="store_true", help="the table as a README has it")
    parser.add_argument("--list", action="store_true", help="name the benches and end")
    a = parser.parse_args()
    if a.list:
        for name, function in benches.BENCHES.items():
            print("%-10s %s" % (name, function.__doc__.split("\n")[0]))
        return 0
    unknown = [n for n in a.only or [] if n not in benches.BENCHES]
    if unknown:
        parser.error("--only %s: allowed: %s" % (unknown[0], ", ".join(benches.BENCHES)))
    rows, failed = run(a.only or list(benches.BENCHES), os.path.abspath(a.bin_dir), a.quick)
    whole = {"machine": machine(), "load": load(), "revision": revision(), "quick": a.quick, "rows": rows, "failed": failed}
    if a.json == "-":
        print(json.dumps(whole, indent=1))
    else:
        (table.print_markdown if a.markdown else table.print_table)(rows, sys.stdout)
        loads = [x for r in rows for x in r["load"]]
        print("\n%(processors)d processors, %(model)s, Linux %(kernel)s, %(at)s" % whole["machine"] +
              (", load %.1f to %.1f while it ran" % (min(loads), max(loads)) if loads else ""))
        if a.json:
            with open(a.json, "w") as f:
                json.dump(whole, f, indent=1)
    missed = [r["name"] for r in rows if r["reached"] is False]
    for name in missed + failed:
        sys.stderr.write("%s %s\n" % ("failed:" if name in failed else "missed:", name))
    return 1 if missed or failed else 0


if __name__ == "__main__":
    sys.exit(main())
