#!/usr/bin/env python3
"""Three regions, each a network namespace with an evacd and a member of etcd, and AWS in a fourth: a region is cut off, stopped or
killed, the wire between two is cut, two of three are gone; and a move that is going on ends all the same, with nothing done twice.

Where the machine allows no namespaces, and where EVAC_NO_NAMESPACES is set, all is on loopback: a region that would be cut off is
stopped, the wire between two can not be cut, and the test says so.
  test_spaces.py BIN_DIR [NAME...]"""
import json, os, resource, shutil, signal, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from controllers import ELECTION_MS, NODES, TTL_S, WITHIN_S, Controllers
from harness import FAST, run_stories
from spaces import REGIONS, Spaces

BIN = os.path.abspath(sys.argv[1])
if not shutil.which("etcd"):
    print("no etcd on this machine: not tested (Debian's etcd-server brings it)")
    sys.exit(77)
SLACK_S = 6  # of a machine that does much else
NAMES = [n for n, _ in NODES]
REGION = dict(zip(NAMES, REGIONS))


class Regions(Controllers):
    """The controllers, each in its region. What is true of whoever leads is looked at in each of them."""

    def __init__(self):
        self.spaces = Spaces()
        if not self.spaces.real:
            print("     no network namespaces here: everything on loopback, and nothing can be cut", flush=True)
        self.asleep = {}
        try:
            super().__init__(BIN, speed=25, conf=dict(FAST), spaces=self.spaces)
            self.begin_all()
            self.wait_leader()
            self.sand("app shop renew 1000")
            self.at(self.leader()).wait_healthy()
            self.wait(self.all_see_the_same, 20, "the same view of health everywhere")
        except BaseException:
            self.close(True)
            raise

    def close(self, failed=False):
        self.processes.update(self.asleep)
        try:
            super().close(failed)
        finally:
            self.spaces.close()

    # --- what happens to a region
    def signal(self, node, number):
        self.etcd.signal(NAMES.index(node), number)
        if number == signal.SIGCONT:
            self.processes[node] = self.asleep.pop(node)
        self.kill(node, number)
        if number == signal.SIGSTOP:
            self.asleep[node] = self.processes.pop(node)

    def revive(self, node):
        self.etcd.start(NAMES.index(node))
        self.begin(node)

    # --- what is to be seen
    def statuses(self):
        return {n: self.status_of(n) for n in self.processes}

    def view(self, status):
        """A region's verdict, and what each place says of it."""
        return {(app["app"], r["name"]): (r["verdict"], {o["vantage"]: o["says"] for o in r["opinions"]})
                for app in status["apps"] for r in app["regions"]}

    def all_see_the_same(self):
        views = [self.view(s) for s in self.statuses().values() if s]
        same = len(views) == len(self.processes) and all(v == views[0] for v in views)
        return same and all("unknown" not in says.values() and len(says) == len(NODES) for _, says in views[0].values())

    def epoch(self):
        return self.status_of(self.leader() or NAMES[0])["shared"]["epoch"]

    def leads(self):
        return [n for n, s in self.statuses().items() if s and s["lead"]]

    def another_leads(self, old, what):
        """Within the configured bound, and never two at one time."""
        begin = time.monotonic()
        self.wait(lambda: [n for n in self.leads() if n != old], WITHIN_S + SLACK_S, "another that leads: " + what)
        took = time.monotonic() - begin
        print("     %s: another leads after %.1f s (%d s are configured)" % (what, took, WITHIN_S), flush=True)
        return self.wait_leader(other_than=old)

    def follows_again(self, node, leader):
        self.wait(lambda: ((self.status_of(node) or {}).get("shared") or {}).get("leader") == leader
                  and self.status_of(node)["shared"]["role"] == "follows", WITHIN_S + SLACK_S, node + " follows " + leader)
        assert not self.status_of(node)["lead"]

    def agree_on_a_lead_after(self, epoch):
        """All on one, which is not the one of that epoch. An etcd of before 3.4.31 and 3.5.13 whose leader stood still ends leases that were
        kept when it wakes: then the lead changes once more."""
        def agree():
            shared = [(s or {}).get("shared") for s in self.statuses().values()]
            return None not in shared and len({(s["leader"], s["epoch"]) for s in shared}) == 1 and shared[0]["epoch"] > epoch and self.leader()
        self.wait(agree, WITHIN_S + SLACK_S, "all follow one leader")

    def same_rows(self):
        def same():
            rows = {s and s["journal_rows"] for s in self.statuses().values()}
            return len(rows) == 1 and None not in rows
        self.wait(same, 20, "the same journal everywhere")

    def for_a_while(self, seconds, holds, what):
        """It must hold all the time that it would take another to lead."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert holds(), what
            time.sleep(0.2)


def all_see_the_same(w):
    """Also of a region that is down: one verdict, by the same three opinions, and the same decision, at each controller."""
    w.sand("region us-west-2 down")
    down = ("down", {n: "down" for n in NAMES})
    w.wait(lambda: all(s and w.view(s)[("shop", "us-west-2")] == down for s in w.statuses().values()), 20, "one verdict at all three")
    whys = [w.ask_of(n, "/v1/apps/shop/why") for n in NAMES]
    assert {json.dumps(why["regions"][1]["ballot"]) for why in whys} == {json.dumps(whys[0]["regions"][1]["ballot"])}, whys
    assert len({why["decision"]["decide"] for why in whys}) == 1, [why["decision"] for why in whys]
    w.sand("region us-west-2 up")
    w.wait(w.all_see_the_same, 20, "the same view again")


def what_does_not_fit_is_refused(w):
    """More answers than the controllers could tell each other."""
    conf = os.path.join(w.dir, "conf")
    other = os.path.join(w.dir, "busy")
    shutil.copytree(conf, other)
    for name, old, new in (("evac.cfg", 'poll = "200ms"; election', 'poll = "10s"; election'),
                           ("apps/shop.cfg", "probes = (", "probes = (" + "".join(
                               '{ name = "p%d"; http = "http://{region}.shop.example.com/%d"; every = "100ms"; timeout = "50ms"; }, '
                               % (i, i) for i in range(14)))):
        path = os.path.join(other, name)
        text = open(path).read()
        assert old in text
        open(path, "w").write(text.replace(old, new, 1))
    refused = w.evac("validate", other, check=False)
    assert refused.returncode != 0 and "at most 4096 answers in 2 x poll + request = 20500 ms, which is 199 a second" in refused.stderr, refused.stderr


def the_lead_does_not_flap(w):
    """The wire between the leader's region and another's is cut: all reach all others by the third, and who leads goes on leading."""
    if not w.spaces.real:
        return
    leader, epoch = w.leader(), w.epoch()
    other = next(n for n in NAMES if n != leader)
    w.spaces.cut(REGION[leader], REGION[other])
    w.for_a_while(TTL_S + 2 * ELECTION_MS / 1000, lambda: w.leads() == [leader], "the lead moved")
    w.at(leader).evac("hold", "shop", "--reason", "half a cut", "--for", "1h")
    w.wait(lambda: "half a cut" in json.dumps(w.status_of(other)["apps"][0]), WITHIN_S, "the word, where the wire is cut")
    w.spaces.cut(REGION[leader], REGION[other], False)
    w.for_a_while(TTL_S, lambda: w.leads() == [leader], "the lead moved when the wire was mended")
    assert w.epoch() == epoch
    w.same_rows()


def cut_off(w):
    if not w.spaces.real:
        return
    first = w.leader()
    w.spaces.cut_off(REGION[first])
    second = w.another_leads(first, "cut off")
    w.wait(lambda: w.status_of(first)["shared"]["role"] == "apart", TTL_S + SLACK_S, "that it knows it")
    status = w.status_of(first)
    assert not status["lead"] and status["trouble"] and not status["runs"], status["trouble"]
    refused = w.at(first).evac("release", "shop", check=False)
    assert refused.returncode != 0, refused.stdout
    w.wait(lambda: w.status_of(second)["apps"][0]["situation"] == "fine", 10, "that nothing else is wrong")
    epoch = w.epoch()
    w.spaces.cut_off(REGION[first], False)
    w.follows_again(first, second)
    w.same_rows()
    assert w.epoch() == epoch and not w.status_of(second)["runs"]


def stopped(w):
    first, epoch = w.leader(), w.epoch()
    w.signal(first, signal.SIGSTOP)
    second = w.another_leads(first, "stopped")
    w.at(second).evac("hold", "shop", "--reason", "while it slept", "--for", "1h")
    w.signal(first, signal.SIGCONT)
    w.agree_on_a_lead_after(epoch)
    w.same_rows()


def killed(w):
    first = w.leader()
    w.signal(first, signal.SIGKILL)
    second = w.another_leads(first, "killed")
    w.revive(first)
    w.follows_again(first, second)
    w.same_rows()
    w.wait(w.all_see_the_same, 20, "the same view of health everywhere")


def any_one_region_is_lost():
    """Each time the leader's. Another leads within the bound, and the first follows when it is back."""
    with Regions() as w:
        w.at(w.leader()).evac("hold", "shop", "--reason", "nothing is to be moved here", "--for", "1h")
        what_does_not_fit_is_refused(w)
        for part in (all_see_the_same, the_lead_does_not_flap, cut_off, stopped, killed):
            part(w)
        assert not w.status_of(w.leader())["runs"]


def a_move_outlives_its_leaders_region_and_the_quorum():
    """The app's region dies and it is moved; then the leader's dies in mid-move; then a second region, so that etcd has no quorum: what
    was begun is shown as it stands, and nothing is done. With the quorum back the move ends, and nothing was done twice without a look."""
    with Regions() as w:
        first = w.leader()
        w.sand("region us-east-1 down")

        def on_its_way(node):
            run = w.ask_of(node, "/v1/runs/1") or {}
            return [s for s in run.get("steps", []) if s["id"].startswith("scale") and s["state"] == "verifying"]
        w.wait(lambda: all(on_its_way(n) for n in NAMES), 40, "steps on their way, and all know of them")
        w.signal(first, signal.SIGKILL)
        second = w.another_leads(first, "in mid-move")
        third = next(n for n in w.processes if n != second)
        w.wait(lambda: w.ask_of(third, "/v1/runs/1")["state"] == "running", 10, "the run goes on")
        w.signal(second, signal.SIGSTOP)
        w.wait(lambda: w.status_of(third)["shared"]["role"] == "apart", 2 * TTL_S + SLACK_S, "no quorum")
        shown = w.wait(lambda: w.status_of(third)["watched"] or not w.status_of(third)["runs"], 20, "what was begun, as it stands")
        before = w.truth()["operations"]
        w.for_a_while(2, lambda: not w.leads(), "somebody leads without a quorum")
        assert shown is True or {s["run"] for s in shown} == {1}, shown
        text = w.at(third).evac("status").stdout
        assert "stands still" in text and "TROUBLE" in text, text
        assert len(w.truth()["operations"]) == len(before), "something was done without a lead"
        w.signal(second, signal.SIGCONT)
        w.revive(first)
        leader = w.wait_leader()
        report = w.at(leader).wait_end(1)
        assert report["result"].startswith("succeeded"), report["result"]
        truth = w.truth()
        assert truth["writers"] == ["us-west-2"], truth["writers"]
        assert truth["operations"] and not [o for o in truth["operations"] if o["repeated_without_observe"]], truth["operations"]
        w.same_rows()
        for node in NAMES:
            w.at(node).evac("journal", "verify")


def is_alive(pid, folder):
    try:  # its number may be somebody else's by now
        return folder.encode() in open("/proc/%d/cmdline" % pid, "rb").read()
    except OSError:
        return False


def both_troubles_are_shown(w, node):
    """That etcd does not answer, and that descriptors run short: neither hides the other."""
    pid = w.processes[node].pid
    was = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir("/proc/%d/fd" % pid)) + 20, was[1]))

    def says(*words):
        trouble = (w.status_of(node) or {}).get("trouble") or ""
        return [x in trouble for x in words]
    w.wait(lambda: all(says("etcd", "descriptors are taken", "; and: ")), 20, "both troubles")
    resource.prlimit(pid, resource.RLIMIT_NOFILE, was)
    w.wait(lambda: says("etcd", "descriptors") == [True, False], 20, "the one that is left")


def two_regions_are_gone_and_a_person_moves_the_app():
    """No quorum, then the app's region dies too: nothing is moved by itself, and a person breaks the glass in the region that is left."""
    with Regions() as w:
        left = NAMES[2]
        w.signal(NAMES[0], signal.SIGKILL)
        w.signal(NAMES[1], signal.SIGKILL)
        w.wait(lambda: w.status_of(left)["shared"]["role"] == "apart", 2 * TTL_S + SLACK_S, "no quorum")
        w.sand("region us-east-1 down")
        def sees_it():  # one that led begins anew from its copy
            return w.view(w.status_of(left)).get(("shop", "us-east-1"), ("", {}))[1].get(left) == "down"
        w.wait(sees_it, 20, "that it sees it")
        both_troubles_are_shown(w, left)
        status = w.status_of(left)
        assert not status["lead"] and not status["runs"], "something was begun"
        assert "us-west-2" not in w.truth()["writers"], w.truth()["writers"]
        run = os.path.join(w.dir, "run")
        os.mkdir(run, 0o700)
        w.person = w.spaces.within(REGION[left])
        w.env.update(XDG_STATE_HOME=os.path.join(w.dir, "state"), XDG_RUNTIME_DIR=run, EVAC_SOCKET=os.path.join(run, "none.sock"))
        alone = ("--standalone", "--config", os.path.join(w.dir, "conf"))
        why = ("--yes", "--reason", "two regions are gone", "--from", "us-east-1")
        w.kill(left, signal.SIGTERM)
        moved = w.evac(*alone, "failover", "shop", *why)
        assert "whether a controller leads can not be known from here" in moved.stderr, moved.stderr
        assert w.truth()["writers"] == ["us-west-2"]
        child = int(open(os.path.join(w.dir, "state", "evac", "standalone.db.lock")).read())
        os.kill(child, signal.SIGTERM)  # it would stand down by itself after quiet minutes
        w.wait(lambda: not is_alive(child, w.dir), 20, "the person's controller to end")


run_stories([any_one_region_is_lost, a_move_outlives_its_leaders_region_and_the_quorum, two_regions_are_gone_and_a_person_moves_the_app])
