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

    def types(self, *args, answers="", why=""):
        """why: what the person wants to know by it."""
        if why:
            say("# " + why)
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
        return out


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
        p.types("status", "shop", why="What is wrong, and what does evac propose?")
        p.types("why", "shop", why="Is it true? Who saw what?")
        p.types("decide", "shop", why="Does it pay to move, and what would it cost?")
        p.types("approve", "shop", why="Yes.")
        p.types("watch", "shop", why="What is it doing?")
        w.wait(lambda: w.app()["endpoint"]["state"] == "up", 30, "the public address")
        p.types("status", "shop", why="Are users served again?")
        p.types("report", "1", why="How long was it, and what was lost?")
        p.types("ack", "shop", why="Somebody has looked.")


def policy():
    with world("act") as w:
        begin(w)
        p = Person(w)
        w.sand("region us-east-1 down")
        w.wait_end(1)
        p.types("runs", why="In the morning: what happened?")
        p.types("report", "1", why="What did it do, on whose word, and what did it cost?")
        w.sand("region us-east-1 up")
        w.wait(lambda: (w.app()["old_side"] or {}).get("state") == "alive", 30, "the old region")
        p.types("status", "shop", why="us-east-1 is back as it was, at full size: evac says so, and acts no second time before somebody has looked.")
        p.types("fence", "shop", answers="shop", why="Make it still again. The plan first; nothing is changed before the name is typed.")
        p.types("ack", "shop", why="Somebody has looked; and what had not arrived in us-west-2 before the fence was compared.")
        p.types("reconcile", "shop", "--reason", "its last orders were compared")
        w.wait(lambda: w.app()["situation"] == "fine" and w.app()["loss_now_ms"] is not None, 60, "the way home")
        p.types("failback", "shop", answers="shop", why="Home, by day, with nothing lost.")


def rehearsals():
    with world("propose") as w:
        begin(w)
        p = Person(w)
        p.types("drill", "shop", "--kind", "rehearse", why="Every week, by itself: everything that a failover needs is looked at, nothing is changed.")
        p.types("drill", "shop", "--kind", "isolated", answers="shop", why="Every month: the standby is brought to full size with no users on it, and put back.")
        p.types("drill", "shop", "--kind", "live", "--receipt", why="Every quarter, with users: what would that touch, how long, and what does it cost?")
        p.types("drill", "shop", "--kind", "live", "--for", "5s", "--yes", why="Do it. (A soak of five seconds, for this page's sake.)")
        p.types("drills", why="What was, what is to come, and what is owed?")
        p.types("trend", "shop", why="Did the quarter's drills hold the objectives?")
        p.types("deficiencies", "shop", why="What was found wanting?")
        p.types("evidence", "export", "shop", "--since", "1d", "--out", "quarter.evac-evidence", why="For the auditor: one signed file ...")
        key = p.types("evidence", "key", why="... and the key's fingerprint, which is given to them by another way than the file.")
        p.types("evidence", "verify", "quarter.evac-evidence", "--key", re.search(r"\b[0-9a-f]{64}\b", key).group(), why="The auditor, on a machine of their own, with no controller:")


CHAPTERS = [
    ("The on-call, at 3 a.m.", "us-east-1 has just died. The policy may only propose, so a person is asked.", on_call),
    ("The policy", "The same outage; this app may act. Nobody was woken. Somebody reads in the morning what was done, the region comes back, and the app goes home.", policy),
    ("The team that rehearses", "A quarter's drills, and what the auditor gets.", rehearsals),
]

say("# Three people at their terminals\n\nRecorded by `contrib/demo/sessions.py`, against `evac-sandbox` thirty times as fast as AWS, with probes every quarter of a second: what\n"
    "takes seconds here takes minutes there. What is printed is what was typed and answered, with nothing mended.\n"
    "Lines that begin with # are what the person wants to know. Long answers are cut in the middle.")
for title, what, story in CHAPTERS:
    say("\n## %s\n\n%s\n\n```console" % (title, what))
    story()
    say("```")
