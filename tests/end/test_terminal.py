#!/usr/bin/env python3
"""The full-screen views as somebody at a terminal sees them: a real terminal's escapes are read by pyte.

  test_terminal.py BIN_DIR [NAME...]"""
import fcntl, os, pty, signal, struct, subprocess, sys, termios, time

import pyte

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import FAST, World, run_stories

BIN = sys.argv[1]
ASKS = {'automatic = "act"': 'automatic = "propose"'}
UP, DOWN = b"\x1b[A", b"\x1b[B"


class Seat:
    """A program at a terminal, with somebody at the keys."""
    def __init__(self, world, *args, rows=24, columns=100, term="xterm"):
        self.master, slave = pty.openpty()
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.resize(rows, columns, tell=False)
        self.raw = b""
        self.p = subprocess.Popen([world.program("evac"), *args], stdin=slave, stdout=slave, stderr=slave,
                                  env=dict(world.env, TERM=term), start_new_session=True)
        os.set_blocking(self.master, False)

    def resize(self, rows, columns, tell=True):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        if tell:
            self.p.send_signal(signal.SIGWINCH)

    def look(self):
        try:
            got = os.read(self.master, 1 << 20)
        except (BlockingIOError, OSError):
            got = b""
        self.raw += got
        self.stream.feed(got)
        return "\n".join(line.rstrip() for line in self.screen.display)

    def wait_for(self, what, seconds=15):
        end = time.time() + seconds
        while time.time() < end:
            shown = self.look()
            if all(w in shown for w in what):
                return shown
            time.sleep(0.05)
        raise AssertionError("not on the screen: %s\n%s" % (what, self.look()))

    def type(self, keys):
        os.write(self.master, keys)

    def end(self, seconds=10):
        code = self.p.wait(seconds)
        self.look()
        assert termios.tcgetattr(self.slave) == self.before, "the terminal is not as it was"
        return code

    def close(self):
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()
        os.close(self.master)
        os.close(self.slave)


def the_fleet_on_one_screen():
    with World(BIN, 30, dict(FAST, **ASKS)) as w:
        w.sand("app shop renew 1000")
        w.start_evacd()
        w.wait_healthy()
        top = Seat(w, "top")
        try:
            shown = top.wait_for(["1 app: ", "shop", "us-east-1", "fine", "q: leave"])
            assert len(shown.splitlines()) <= 24, shown
            top.resize(12, 60)  # cut, not wrapped
            shown = top.wait_for(["shop", "us-east-1"])
            assert shown.splitlines()[0].startswith("evac on demo"), shown
            top.resize(24, 100)
            top.type(b"/nosuch")
            top.wait_for(["filter: nosuch_", "no app fits"])
            top.type(b"\x1b")
            top.wait_for(["shop", "q: leave"])
            w.sand("region us-east-1 down")
            top.wait_for(["! shop", "outage", "evac approve shop"])
            top.type(b"\r")  # the run that waits for a yes
            top.wait_for(["run 1", "failover", "proposed"])
            top.type(b"q")
            top.wait_for(["q: leave"])
            top.type(b"q")
            assert top.end() == 0
            assert b"\x1b[?1049h" in top.raw and top.raw.rindex(b"\x1b[?1049l") > top.raw.rindex(b"\x1b[?1049h")
        finally:
            top.close()

        run = Seat(w, "watch", rows=30, columns=100)
        try:
            run.wait_for(["run 1", "proposed"])
            w.evac("approve", "shop", "--yes")
            run.wait_for(["running", "RTO ["])
            run.resize(20, 70)
            run.wait_for(["RTO ["])
            run.wait_for(["succeeded: RTO", "evac report 1"], 60)
            assert run.end() == 0
        finally:
            run.close()


def where_nothing_can_be_drawn():
    with World(BIN, 30, FAST) as w:
        w.sand("app shop renew 1000")
        w.start_evacd()
        w.wait_healthy()
        once = w.evac("top").stdout  # no terminal: one picture
        assert "shop" in once and "\x1b" not in once and "q: leave" not in once, once
        dumb = Seat(w, "top", term="dumb")
        try:
            assert dumb.end() == 0
            assert b"\x1b" not in dumb.raw and b"shop" in dumb.raw, dumb.raw
        finally:
            dumb.close()
        killed = Seat(w, "top")
        try:
            killed.wait_for(["shop"])
            killed.p.send_signal(signal.SIGTERM)
            assert killed.end() == -signal.SIGTERM
            assert killed.raw.endswith(b"\x1b[?25h\x1b[?1049l"), killed.raw[-40:]
        finally:
            killed.close()


run_stories([the_fleet_on_one_screen, where_nothing_can_be_drawn])
