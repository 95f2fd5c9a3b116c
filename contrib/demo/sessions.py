#!/usr/bin/env python3
"""Records contrib/demo/sessions.md: the three people who use evac at their terminals, against evac-sandbox, for real.

  contrib/demo/sessions.py BIN_DIR >contrib/demo/sessions.md"""
import os, pty, re, subprocess, sys, time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "..", "tests", "lib"))
from harness import FAST, World

BIN = os.path.abspath(sys.argv[1])
LONGEST = 60  # lines of one answer


def say(text=""):
    print(text, flush=True)


class Person:
    """Types commands, and what is asked for; what is answered is printed."""
    def __init__(self, world):
        self.w = world

    def types(self, *args, answers=""):
        say("$ evac " + " ".join(a if re.fullmatch(r"[\w./:=-]+", a) else '"%s"' % a for a in args))
        master, slave = pty.openpty()
        p = subprocess.Popen([self.w.program("evac"), *args], stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, env=dict(self.w.env, NO_COLOR="1"), cwd=self.w.dir)
        os.close(slave)
        if answers:
            os.write(master, (answers + "\n").encode())
        out = p.communicate(timeout=240)[0]
        os.close(master)
        for question in re.findall(r"\(anything else stops\): ", out) if answers else ():
            out = out.replace(question, question + answers + "\n")
        lines = out.replace(self.w.dir, ".").rstrip("\n").split("\n")
        if len(lines) > LONGEST:
            half = LONGEST // 2
            lines = lines[:half] + ["... %d lines ..." % (len(lines) - LONGEST)] + lines[-half:]
        say("\n".join(lines))
        say()
        assert p.returncode in (0, 1, 3), out


def world(policy):
    w = World(BIN, 30)
    w.policy = {'automatic = "act"': 'automatic = "%s"' % policy}
    return w


def begin(w):
    key = os.path.join(w.dir, "evidence.key")
    w.write_conf(dict(FAST, **{'node = "demo";': 'node = "demo";\nevidence = { key = "%s"; };' % key}, **w.policy))
    subprocess.run([w.program("evac"), "evidence", "keygen", "--config", os.path.join(w.dir, "conf")], check=True,
                   stdout=subprocess.DEVNULL)
    w.sand("app shop renew 1000")
    w.start_evacd()
    w.wait_healthy()


def on_call():
    with world("propose") as w:
        begin(w)
        p = Person(w)
        w.sand("region us-east-1 down")
        w.wait(lambda: w.app()["decision"]["decide"] == "propose", 30, "a proposal")
        time.sleep(1)
        p.types("status", "shop")
        p.types("why", "shop")
        p.types("decide", "shop")
        p.types("approve", "shop")
        p.types("watch", "shop")
        p.types("report", "1")
        p.types("ack", "shop")
        p.types("status", "shop")


def policy():
    with world("act") as w:
        begin(w)
        p = Person(w)
        w.sand("region us-east-1 down")
        w.wait_end(1)
        p.types("runs")
        p.types("report", "1")
        w.sand("region us-east-1 up")
        w.wait(lambda: (w.app()["old_side"] or {}).get("state") == "alive", 30, "the old region")
        p.types("status", "shop")
        p.types("fence", "shop", answers="shop")
        p.types("ack", "shop")
        p.types("reconcile", "shop", "--reason", "its last orders were compared")
        w.wait(lambda: w.app()["situation"] == "fine" and w.app()["loss_now_ms"] is not None, 60, "the way home")
        p.types("failback", "shop", answers="shop")


def rehearsals():
    with world("propose") as w:
        begin(w)
        p = Person(w)
        p.types("drill", "shop", "--kind", "rehearse")
        p.types("drill", "shop", "--kind", "isolated", answers="shop")
        p.types("drill", "shop", "--kind", "live", "--receipt")
        p.types("drills")
        p.types("trend", "shop")
        p.types("deficiencies", "shop")
        p.types("evidence", "export", "shop", "--since", "1d", "--out", "quarter.evac-evidence")
        p.types("evidence", "verify", "quarter.evac-evidence")


CHAPTERS = [
    ("The on-call, by hand", "us-east-1 has just died; the policy may only propose.", on_call),
    ("The policy", "The same night; this app may act. Somebody reads in the morning what it did, and the region comes back.", policy),
    ("The team that rehearses", "A quarter's rehearsals, and what the auditor gets.", rehearsals),
]

say("# Three people at their terminals\n\nRecorded by `contrib/demo/sessions.py`, against `evac-sandbox` thirty times as fast as AWS.")
for title, what, story in CHAPTERS:
    say("\n## %s\n\n%s\n\n```console" % (title, what))
    story()
    say("```")
