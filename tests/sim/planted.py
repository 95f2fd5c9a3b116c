#!/usr/bin/env python3
"""Puts each bug of planted.txt into the program, one at a time, and asks whether the simulations and the tests notice.

    tests/sim/planted.py                all of them, and the score
    tests/sim/planted.py NAME...        these
    tests/sim/planted.py --lanes 2      so many at the same time
    tests/sim/planted.py --fits         only: does every row still fit the file that it names
    EVAC_PLANTED=4 tests/sim/planted.py so many, others each day, of those that need no unit test to be built

A bug is one changed source: it alone is compiled, and its object stands before the libraries when a judge is linked. The judges
are asked from the cheap to the dear until one notices. EVAC_PLANTED_SEEDS says within how many seeds (20,000), EVAC_BUILD which
build is taken (build/sim; it is made). A name that begins with a question mark is known to be missed: it counts as such, and does
not fail. Exit 0: each of the others was caught.
"""
import argparse
import json
import os
import queue
import re
import resource
import shlex
import shutil
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, os.environ.get("EVAC_BUILD", "build/sim"))
PLANTED = os.path.join(ROOT, "build/planted")
SEEDS = int(os.environ.get("EVAC_PLANTED_SEEDS", "20000"))

# Whose seeds: first few of each judge, then more. A part has to end within PART_CPU_S: it takes seconds, so what does not, hangs.
PARTS = sorted({min(n, SEEDS) for n in (300, 3000, SEEDS)})
PART_CPU_S = 1800
MEMORY_BYTES = 8 << 30

SHOPS = ("pilot-light", "backup-restore", "active-active")
SEEDED = {"run": ["evac-run-sim"], "share": ["evac-share-sim"], "shop": ["evac-dst", "--no-shrink"],
          "many": ["evac-dst", "--no-shrink", "--controllers", "3"],
          "names": ["evac-dst", "--no-shrink", "--app", "../../tests/sim/names.cfg"],
          "ready": ["evac-dst", "--no-shrink", "--app", "../../tests/sim/ready.cfg"]}
SEEDED.update({s: ["evac-dst", "--no-shrink", "--app", "strategies/%s.cfg" % s] for s in SHOPS})


class Broken(Exception):
    """The row can not be planted."""


class Row:
    def __init__(self, text):
        parts = [p.strip() for p in re.split(r"(?<!\\)\|", text)]
        if len(parts) != 5:
            sys.exit("planted.txt: %s: five columns, not %d" % (parts[0], len(parts)))
        self.name, self.file, self.old, self.new = (p.replace("\\n", "\n").replace("\\|", "|") for p in parts[:4])
        self.known = self.name.startswith("?")  # to be missed
        self.name = self.name.lstrip("?")
        self.judges = parts[4].split()

    def source(self):
        """The file with the bug in it. A change that fits twice, or not at all, is not the one that was meant."""
        try:
            with open(os.path.join(ROOT, self.file)) as f:
                text = f.read()
        except OSError as e:
            raise Broken(str(e))
        for old, new in zip(self.old.split(" ;; "), self.new.split(" ;; ")):
            if text.count(old) != 1:
                raise Broken("fits %s %d times: %s" % (self.file, text.count(old), old))
            text = text.replace(old, new)
        return text


def read_rows():
    with open(os.path.join(HERE, "planted.txt")) as f:
        rows = [Row(line) for line in f if line.strip() and not line.startswith("#")]
    if len({r.name for r in rows}) != len(rows):
        sys.exit("planted.txt: a name stands twice")
    return rows


def chosen(rows, names):
    if names:
        missing = set(names) - {r.name for r in rows}
        if missing:
            sys.exit("planted.txt has no " + ", ".join(sorted(missing)))
        return [r for r in rows if r.name in names]
    few = os.environ.get("EVAC_PLANTED", "")
    if not few or few == "all":
        return rows
    rows = [r for r in rows if not r.known and all(j in SEEDED or j == "stories" for j in r.judges)]
    first = int(time.strftime("%j")) * int(few) % len(rows)
    return (rows + rows)[first : first + min(int(few), len(rows))]


# --- building ---


def program(judge):
    if judge == "stories":
        return "evac-dst"
    return SEEDED[judge][0] if judge in SEEDED else judge


class Build:
    """How ninja would make each object and program of the tree as it is."""

    def __init__(self, programs):
        cmake = ["cmake", "-S", ROOT, "--preset", "sim", "-B", BUILD]
        subprocess.run(cmake, check=True, stdout=subprocess.DEVNULL)
        targets = [p.replace("-", "_") for p in sorted(programs)]
        subprocess.run(["cmake", "--build", BUILD, "--target"] + targets, check=True, stdout=subprocess.DEVNULL)
        out = subprocess.run(["ninja", "-C", BUILD, "-t", "compdb"], check=True, stdout=subprocess.PIPE, text=True).stdout
        self.compile, self.link = {}, {}
        for c in json.loads(out):
            if "without_r2" in c["output"]:
                continue  # a library of its own, of the same sources
            if c["file"].startswith(ROOT) and " -c " in c["command"]:
                self.compile[os.path.relpath(c["file"], ROOT)] = c["command"]
            elif c["output"].startswith("bin/"):
                self.link[os.path.basename(c["output"])] = c["command"]

    def run(self, command, what):
        done = subprocess.run(command, shell=True, cwd=BUILD, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            error = [line for line in done.stdout.splitlines() if "error" in line or "undefined" in line]
            raise Broken("%s: %s" % (what, (error or done.stdout.splitlines() or ["?"])[0][:160]))

    def object(self, row, folder):
        """Compiled as the tree's own is, only from elsewhere."""
        source, target = os.path.join(folder, os.path.basename(row.file)), os.path.join(folder, "bug.o")
        with open(source, "w") as f:
            f.write(row.source())
        command = self.compile.get(row.file)
        if not command:
            raise Broken("%s is not compiled" % row.file)
        own = os.path.join(ROOT, row.file)
        command = re.sub(r" -MD -MT \S+ -MF \S+", "", command)
        command = re.sub(r" -o \S+ -c %s" % re.escape(own), " -w -iquote %s -o %s -c %s" % (
            shlex.quote(os.path.dirname(own)), shlex.quote(target), shlex.quote(source)), command)
        self.run(command, "does not compile")
        return target

    def judge(self, name, bug, folder):
        target = os.path.join(folder, name)
        if not os.path.exists(target):
            command = re.sub(r" -o bin/\S+", lambda _: " %s -Wl,--allow-multiple-definition -o %s" % (bug, target), self.link[name], count=1)
            self.run(command, "does not link")
        return target


# --- judging ---


def limits():
    resource.setrlimit(resource.RLIMIT_CPU, (PART_CPU_S, PART_CPU_S + 10))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def ask(command, folder):
    """None when it is content; else what it says."""
    environment = dict(os.environ, CK_FORK="no", CK_VERBOSITY="normal", TMPDIR=folder)
    done = subprocess.run(command, cwd=ROOT, preexec_fn=limits, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode == 0:
        return None
    if done.returncode < 0:
        word = "hangs" if -done.returncode in (24, 9) else "dies"
        return "signal %d: it %s: %s" % (-done.returncode, word, (done.stdout.strip().splitlines() or [""])[-1])
    return done.stdout


def first_line(text, *marks):
    for mark in marks:
        for line in text.splitlines():
            if mark in line:
                return line.strip()
    return (text.splitlines() or [""])[0]


def ask_seeds(judge, path, first, last, folder):
    said = ask([path] + SEEDED[judge][1:] + ["--seeds", str(last - first), "--from", str(first + 1)], folder)
    if said is None:
        return None
    found = re.search(r"^seed (\d+): (.*)", said, re.M)
    who = SEEDED[judge][0] + (" (%s)" % judge if judge in SHOPS else "")
    if not found:
        return "%s, within %d seeds: %s" % (who, last, first_line(said))
    return "%s, within %s seeds: %s" % (who, found.group(1), found.group(2))


def ask_once(judge, path, folder):
    if judge == "stories":
        stories = sorted(os.listdir(os.path.join(HERE, "stories")))
        said = ask([path, "--no-shrink", "--play"] + [os.path.join("tests/sim/stories", s) for s in stories], folder)
        return said and "a kept story: " + first_line(said, "NOT OK").replace("NOT OK tests/sim/stories/", "")
    said = ask([path], folder)
    return said and "%s: %s" % (judge, re.sub(r"^.*?/tests/\w+/", "", first_line(said, ":F:", ":E:", "signal")))


def notices(row, build, folder):
    bug = build.object(row, folder)
    for judge in row.judges:
        if judge not in SEEDED or judge == "run":
            path = build.judge(program(judge), bug, folder)
            told = ask_seeds(judge, path, 0, SEEDS, folder) if judge == "run" else ask_once(judge, path, folder)
            if told:
                return told
    seeded = [j for j in row.judges if j in SEEDED and j != "run"]
    for first, last in zip([0] + PARTS, PARTS):
        for judge in seeded:
            told = ask_seeds(judge, build.judge(program(judge), bug, folder), first, last, folder)
            if told:
                return told
    return None


def verdict(row, build):
    """A word and why. Of what was missed, the judges with the bug in them are kept: to look at."""
    folder = os.path.join(PLANTED, row.name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    try:
        told = notices(row, build, folder)
    except Broken as e:
        return "BROKEN", str(e)
    if not told:
        return "MISSED", "asked: %s; see %s" % (" ".join(row.judges), os.path.relpath(folder, ROOT))
    shutil.rmtree(folder)
    return "caught", told


def work(rows, build, lanes):
    waiting, score, lock = queue.Queue(), {"caught": 0, "MISSED": 0, "BROKEN": 0, "known": 0}, threading.Lock()
    for row in rows:
        waiting.put(row)

    def lane():
        while True:
            try:
                row = waiting.get_nowait()
            except queue.Empty:
                return
            began = time.monotonic()
            word, told = verdict(row, build)
            with lock:
                score[word] += 1
                score["known"] += row.known and word == "MISSED"
                print("%s  %-32s %s [%.0f s]" % (word, row.name, told[:150], time.monotonic() - began), flush=True)

    threads = [threading.Thread(target=lane) for _ in range(lanes)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return score


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", metavar="NAME")
    options.add_argument("--lanes", type=int, default=1)
    options.add_argument("--fits", action="store_true")
    o = options.parse_args()
    rows = chosen(read_rows(), o.names)
    if o.fits:
        wrong = 0
        for row in rows:
            try:
                row.source()
            except Broken as e:
                wrong += 1
                print("planted.txt: %s: %s" % (row.name, e))
        return wrong > 0
    build = Build({program(j) for row in rows for j in row.judges})
    score = work(rows, build, o.lanes)
    missed = score["MISSED"] + score["BROKEN"]
    known = ", of which %d are known" % score["known"] if score["known"] else ""
    print("planted bugs: %d caught, %d missed%s" % (score["caught"], missed, known))
    return missed > score["known"]


if __name__ == "__main__":
    sys.exit(main())
