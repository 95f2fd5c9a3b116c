#!/usr/bin/env python3
"""Servers of the account's own through the wire, by real processes: the shop also has pods on a cluster of each region,
and search indices that follow.

  test_servers.py BIN_DIR"""
import contextlib, json, os, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import FAST, World, run_stories

EAST, WEST = "us-east-1", "us-west-2"
RESOURCES = """resources = {
    pods   = { type = "kubernetes"; cluster = "shop"; deployments = ( "web", "api" ); hpa = ( "web" );
               count = { active = 3; standby = 1; }; };
    search = { type = "opensearch"; domain = "logs"; indices = ( "orders", "items" ); };
"""


def make(world, service, region, /, **resource):
    world.sand("make %s %s %s" % (service, region, json.dumps(resource)))


@contextlib.contextmanager
def begin():
    conf = dict(FAST, **{"resources = {": RESOURCES, 'automatic = "act"': 'automatic = "never"'})
    with World(sys.argv[1], 60, conf) as world:
        world.sand("app shop renew 1000")
        for region, count in ((EAST, 3), (WEST, 1)):
            make(world, "eks", region, kind="cluster", name="shop")
            for name in ("web", "api"):
                make(world, "kubernetes", region, kind="deployment", name="shop/default/" + name, spec={"replicas": count})
            make(world, "kubernetes", region, kind="hpa", name="shop/default/web", spec={"minReplicas": count})
            make(world, "opensearch", region, kind="domain", name="logs")
        make(world, "opensearch", WEST, kind="connection", name="to-east", local="logs", remote="logs", region=EAST)
        for name in ("orders", "items"):
            make(world, "opensearch", EAST, kind="index", name="logs/" + name, rate=20)
            make(world, "opensearch", WEST, kind="index", name="logs/" + name, follows="to-east")
        world.start_evacd()
        world.wait_healthy()
        yield world


def found(world, service, kind, region):
    return {d["name"]: d["is"] for d in world.truth()[service] if (d["kind"], d["region"]) == (kind, region)}


def ready(world):
    return [d["status"]["readyReplicas"] for d in found(world, "kubernetes", "deployment", WEST).values()]


def with_the_region_gone():
    with begin() as w:
        time.sleep(2)  # the loss is known
        w.sand("region us-east-1 down")
        time.sleep(2)
        w.evac("failover", "shop", "--yes", "--mode", "ungraceful", "--reason", "the region is gone")
        got = json.loads(w.evac("report", "--json").stdout)
        assert got["result"] in ("succeeded", "succeeded_with_exceptions") and got["rpo_ms"] is not None, got
        assert ready(w) == [3, 3], w.truth()["kubernetes"]
        assert found(w, "kubernetes", "hpa", WEST)["shop/default/web"]["spec"]["minReplicas"] == 3
        indices = found(w, "opensearch", "index", WEST)
        assert len(indices) == 2 and all("follows" not in i and i["lost"] > 0 for i in indices.values()), indices
        assert not any(o["repeated_without_observe"] for o in w.truth()["operations"]), w.truth()["operations"]


def an_isolated_drill():
    with begin() as w:
        w.evac("drill", "shop", "--kind", "isolated", "--yes")
        got = json.loads(w.evac("report", "--json").stdout)
        assert got["result"] == "succeeded", got
        w.wait(lambda: ready(w) == [1, 1], 10, "the pods that are too many to be gone")
        assert found(w, "kubernetes", "hpa", WEST)["shop/default/web"]["spec"]["minReplicas"] == 1
        assert found(w, "kubernetes", "deployment", WEST)["shop/default/web"]["metadata"]["generation"] == 3
        assert all(i["follows"] for i in found(w, "opensearch", "index", WEST).values())


if __name__ == "__main__":
    run_stories([with_the_region_gone, an_isolated_drill])
