#!/usr/bin/env python3
"""The dashboard in a real browser: a sandbox, a controller, `evac dashboard`, and Chromium.

  test_dashboard.py BIN_DIR NODE_MODULES               the stories (stories.js)
  test_dashboard.py BIN_DIR NODE_MODULES --shots DIR   the README's pictures (shots.js)"""
import json, os, re, signal, socket, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from harness import FAST, World

PROPOSE = {'automatic = "act"': 'automatic = "propose"'}


OBJECTIVES = 'rto = "2m"; rpo = "30s"'
NAMES = ("accounts", "billing", "catalog", "checkout", "identity", "inventory", "media", "orders", "payments", "pricing", "search",
         "sessions", "shipping", "tax")


def add_apps(world):
    """More apps in the pictures: each sees the shop's addresses, and none of them is ever moved."""
    apps = os.path.join(world.dir, "conf", "apps")
    shop = open(os.path.join(apps, "shop.cfg")).read()
    for name in NAMES:
        text = shop.replace('name = "shop";', 'name = "%s";' % name).replace("evac-canary/shop", "evac-canary/" + name)
        if name in NAMES[9:]:
            text = text.replace('regions = ( "us-east-1", "us-west-2" )', 'regions = ( "us-west-2", "us-east-1" )')
            text = re.sub(r"\n    (db|assets) +=.*?\};(?= *(//[^\n]*)?\n    \w+ +=)", "", text, flags=re.S)  # the writer is elsewhere
            text = text.replace('"http://shop.example.com:', '"http://us-west-2.shop.example.com:')
        open(os.path.join(apps, name + ".cfg"), "w").write(text)


class Dashboard:
    """evac dashboard, and the link that it printed."""

    def __init__(self, world):
        self.process = subprocess.Popen([world.program("evac"), "dashboard", "--json"], stdout=subprocess.PIPE, text=True,
                                        env=world.env, stdin=subprocess.DEVNULL)
        self.url = json.loads(self.process.stdout.readline())["url"]

    def close(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(20) == 0, "evac dashboard ends well"


FAULT = ('resources = { outage = { type = "sandbox-fault"; url = "http://127.0.0.1:%d"; name = "outage"; '
         'fault = "app-sick"; in = "{from}"; ends_after = "10m"; };')
GAME_DAY = {'drills = ( { cron = "0 9 1 1,4,7,10 *"; timezone = "Europe/Berlin"; kind = "rehearse"; } );':
            'drills = ( { cron = "0 9 1 1,4,7,10 *"; timezone = "Europe/Berlin"; kind = "rehearse"; },'
            ' { cron = "0 9 1 2 *"; kind = "game-day"; approval = false; faults = ( "outage" ); } );'}


def prepare(world):
    """A fault for a game day, and an approver who has a telephone."""
    conf = os.path.join(world.dir, "conf")
    text = open(os.path.join(conf, "apps/shop.cfg")).read()
    open(os.path.join(conf, "apps/shop.cfg"), "w").write(text.replace("resources = {", FAULT % world.ports["http_port"], 1))
    with open(os.path.join(conf, "evac.cfg"), "a") as f:
        f.write('\napprovers = ( { name = "ann"; key = "%s/ann.key"; } );\nroles = { approver = ( "uid:%d", "offline:ann" ); };\n' % (world.dir, os.getuid()))
    world.evac("challenge", "keygen", "--out", os.path.join(world.dir, "ann.key"))


def answer(world, heard):
    """The approver's own machine."""
    return json.loads(world.evac("challenge", "answer", heard["code"], "--key", os.path.join(world.dir, "ann.key"), "--app", heard["app"],
                                 "--from", heard["from"], "--to", heard["to"], "--mode", heard["mode"], "--json").stdout)


def fulfil(world, doors, wish):
    if "sand" in wish:
        world.sand(wish["sand"])
    elif wish.get("evacd") == "kill":
        world.stop_evacd(signal.SIGKILL)
    elif wish.get("evacd") == "start":
        world.start_evacd()
    elif "heard" in wish:
        return answer(world, wish["heard"])
    elif "truth" in wish:
        return world.truth()
    elif "link" in wish:
        doors.append(Dashboard(world))
        return {"url": doors[-1].url}
    return {}


def tell(world, script, modules, extra):
    """Runs a script of the browser, and fulfils what it wishes for. True: it came to its end."""
    doors, done = [], False
    env = dict(os.environ, EVAC_NODE_MODULES=modules, **extra)
    node = subprocess.Popen(["node", os.path.join(HERE, script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
    try:
        for line in node.stdout:
            if line.startswith("WISH "):
                node.stdin.write(json.dumps(fulfil(world, doors, json.loads(line[5:]))) + "\n")
                node.stdin.flush()
            elif line == "DONE\n":
                done = True
            else:
                print(line, end="", flush=True)
        return node.wait(30) == 0 and done
    finally:
        if node.poll() is None:
            node.kill()
            node.wait()
        for door in doors:
            door.close()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def go(bin_dir, modules, script, conf, speed=60, more=False, extra=None, first=None):
    with World(bin_dir, speed, dict(FAST, **PROPOSE, **conf)) as world:
        world.sand("app shop renew 1000")
        if more:
            add_apps(world)
        if first:
            first(world)
        world.start_evacd()
        world.wait_healthy()
        if not tell(world, script, modules, extra or {}):
            raise SystemExit(1)


def main():
    bin_dir, modules = sys.argv[1:3]
    if sys.argv[3:4] != ["--shots"]:
        port = free_port()
        door = {'node = "demo";': 'node = "demo"; listen = ( { address = "127.0.0.1:%d"; } );' % port}
        go(bin_dir, modules, "stories.js", dict(door, **GAME_DAY), first=prepare, extra={"EVAC_TCP": "http://127.0.0.1:%d/" % port})
        return
    for part, objectives, speed, more in (("outage", 'rto = "6m"; rpo = "30s"', 20, True), ("trend", 'rto = "28s"; rpo = "5s"', 60, False)):
        go(bin_dir, modules, "shots.js", {OBJECTIVES: objectives}, speed, more, {"EVAC_SHOTS": sys.argv[4], "EVAC_PART": part})


main()
