#!/usr/bin/env python3
"""Debian's awscli, unchanged, against a real evac-sandbox: every operation that it serves, and what it refuses.

  test_awscli.py BIN_DIR [--verbose]

Each file in awscli/ has GROUPS: functions that get the command line as a function. A group runs in order; groups run
beside each other. An operation that the sandbox serves and nothing there calls is a failure, so that the list can't fall
behind; TOO_NEW names what Debian's awscli does not know yet, and the test that shows it instead."""
import concurrent.futures, importlib.util, os, subprocess, sys, traceback

here = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [here, os.path.join(here, "..", "lib")]
from awscli_forks import AWS, Forks
from awscli_lib import Cli, called
from harness import World


def load():
    groups, too_new = [], {}
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "awscli")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py"):
            spec = importlib.util.spec_from_file_location("awscli_" + name[:-3], os.path.join(folder, name))
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            groups += module.GROUPS
            too_new.update(getattr(module, "TOO_NEW", {}))
    return groups, too_new


def main():
    groups, too_new = load()
    if not os.path.exists(AWS):
        sys.exit("%s is missing: contrib/packages.sh check installs it" % AWS)
    failed = 0
    with World(sys.argv[1], speed=60) as world, Forks() as forks:
        aws = Cli(world, forks)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            futures = {pool.submit(g, aws): g.__name__ for g in groups}
            for future in concurrent.futures.as_completed(futures):
                try:
                    future.result()
                    print("ok   %s" % futures[future], flush=True)
                except Exception:
                    failed += 1
                    print("FAIL %s" % futures[future], flush=True)
                    traceback.print_exc()
        served = subprocess.run([world.program("evac-sandbox"), "operations", "--port-file",
                                 os.path.join(world.dir, "ports.json")], capture_output=True, text=True, check=True)
        served = {tuple(line.split()) for line in served.stdout.splitlines()}
        missing = served - called - set(too_new)
        if missing:
            failed += 1
            print("served, and not tried here: %s" % sorted(missing))
        stale = set(too_new) & called
        assert not stale, stale
    print("%d operations served, %d groups, %d failed" % (len(served), len(groups), failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
