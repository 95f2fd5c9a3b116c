"""Three regions and AWS as network namespaces, with a wire between each two that can be cut: what is sent into a wire that is cut
is lost without a word, as between regions. Where the machine allows no namespaces everything is on loopback, and no wire can be cut."""
import os, subprocess

REGIONS = "abc"


def ip(*args, check=True):
    done = subprocess.run(("ip",) + args, capture_output=True, text=True, timeout=20)
    if check and done.returncode:
        raise Exception("ip %s: %s" % (" ".join(args), done.stderr))
    return done.returncode == 0


class Spaces:
    def __init__(self):
        self.prefix, self.made = "evsp%d" % os.getpid(), []
        self.real = os.geteuid() == 0 and not os.environ.get("EVAC_NO_NAMESPACES") and self.make("wires")
        try:
            if self.real:
                self.build()
        except BaseException:
            self.close()
            raise

    def full(self, name):
        return self.prefix + "-" + name

    def make(self, name):
        try:
            good = ip("netns", "add", self.full(name), check=False)
        except FileNotFoundError:
            good = False
        if good:
            self.made.append(name)
        return good

    def at(self, name, *args):
        ip("-n", self.full(name), *args)

    def build(self):
        for name in ("aws",) + tuple(REGIONS):
            if not self.make(name):
                raise Exception("no namespace " + name)
            self.at(name, "link", "set", "lo", "up")
        for i, region in enumerate(REGIONS):  # 127.0.0.0/8 is where the sandbox is, for all
            self.at(region, "addr", "del", "127.0.0.1/8", "dev", "lo")
            self.at(region, "addr", "add", self.address(i) + "/32", "dev", "lo")
        for net, (i, k) in enumerate(((0, 1), (0, 2), (1, 2))):
            left, right = self.wire(REGIONS[i], REGIONS[k], net)
            self.at(REGIONS[i], "route", "add", self.address(k), "via", right, "src", self.address(i))
            self.at(REGIONS[k], "route", "add", self.address(i), "via", left, "src", self.address(k))
        for i, region in enumerate(REGIONS):
            there, _ = self.wire("aws", region, 3 + i)
            self.lets_loopback_through(region)
            self.at(region, "route", "add", "127.0.0.0/8", "via", there, "src", "10.99.%d.2" % (4 + i))
        self.lets_loopback_through("aws")

    def lets_loopback_through(self, name):
        """AWS's addresses are the sandbox's 127.0.0.1 and 127.0.10.x, which else never leave a machine."""
        for what in ("route_localnet=1", "rp_filter=0"):
            key, value = what.split("=")
            subprocess.run(["ip", "netns", "exec", self.full(name), "sh", "-c",
                            "for f in /proc/sys/net/ipv4/conf/*/%s; do echo %s > $f; done" % (key, value)], check=True, timeout=20)

    def wire(self, one, other, net):
        """A bridge of its own, so that both ends keep their carrier when it is cut."""
        name = one + "-" + other
        self.at("wires", "link", "add", "name", name, "type", "bridge")
        for end, (who, last) in enumerate(((one, 1), (other, 2))):
            port, device = "%s-%d" % (name, end), "to-" + (other if who == one else one)
            self.at("wires", "link", "add", port, "type", "veth", "peer", "name", device, "netns", self.full(who))
            self.at("wires", "link", "set", port, "master", name, "up")
            self.at(who, "addr", "add", "10.99.%d.%d/24" % (1 + net, last), "dev", device)
            self.at(who, "link", "set", device, "up")
        self.at("wires", "link", "set", name, "up")
        return "10.99.%d.1" % (1 + net), "10.99.%d.2" % (1 + net)

    def address(self, i):
        return "10.99.0.%d" % (1 + i) if self.real else "127.0.0.1"

    def within(self, name):
        return ["ip", "netns", "exec", self.full(name)] if self.real else []

    def cut(self, one, other, off=True):
        one, other = sorted((one, other))
        self.at("wires", "link", "set", one + "-" + other if other != "aws" else "aws-" + one, "down" if off else "up")

    def cut_off(self, region, off=True):
        """From the other two, and from AWS."""
        for other in REGIONS.replace(region, ""):
            self.cut(region, other, off)
        self.at("wires", "link", "set", "aws-" + region, "down" if off else "up")

    def close(self):
        for name in reversed(self.made):
            ip("netns", "del", self.full(name), check=False)
        self.made = []
