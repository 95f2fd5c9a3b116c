#!/usr/bin/env python3
"""What an auditor is given, by real processes: a failover and drills, their deficiencies, a signed bundle, its check offline.

  test_evidence.py BIN_DIR [NAME...]     EVAC_KEEP=DIR keeps the pages and bundles there"""
import contextlib, hashlib, io, json, os, shutil, subprocess, sys, tarfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import FAST, World, run_stories

BIN = sys.argv[1]
KEEP = os.environ.get("EVAC_KEEP")
# one criterion that nothing can meet, so that there is something to find
CONF = {
    'automatic = "act"': 'automatic = "never"',
    'node = "demo";': 'node = "demo";\nevidence = { key = "@KEY@"; checkpoint_rows = 64; };',
    "probes = (": 'owner = "%s";\n  criteria = ( { name = "quick-fence"; measure = "step"; of = "fence-wait"; at_most = "0"; '
                  'severity = "high"; }, { name = "few-hands"; measure = "hands"; most = 2; } );\n\n  probes = (',
}


@contextlib.contextmanager
def shop(owner):
    with World(BIN, 60) as world:
        key = os.path.join(world.dir, "evidence.key")
        replace = dict(FAST, **CONF)
        replace["probes = ("] %= owner
        replace['node = "demo";'] = replace['node = "demo";'].replace("@KEY@", key)
        world.write_conf(replace)
        world.sand("app shop renew 1000")
        world.key = key
        yield world


def offline(world, *args):
    """evac without any controller: exit code and what it said."""
    env = dict(world.env, EVAC_SOCKET="/nowhere/evac.sock")
    r = subprocess.run([world.program("evac"), *args], capture_output=True, text=True, env=env, timeout=60)
    return r.returncode, r.stdout + r.stderr


def keep(world, *names):
    for name in names if KEEP else ():
        os.makedirs(KEEP, exist_ok=True)
        shutil.copy(os.path.join(world.dir, name), KEEP)


def altered(path, member, change):
    """The bundle with one file changed, in a new file."""
    out = path + ".altered"
    with tarfile.open(path) as old, tarfile.open(out, "w", format=tarfile.USTAR_FORMAT) as new:
        for info in old.getmembers():
            data = old.extractfile(info).read()
            data = change(data) if info.name == member else data
            info.size = len(data)
            new.addfile(info, io.BytesIO(data))
    return out


def rows_hash_by_hand(row):
    """As the README in the bundle says it."""
    texts = b"".join(len(t).to_bytes(4, "little") + t
                     for t in (row[k].encode("utf-8", "surrogateescape") for k in
                               ("app", "name", "from", "event", "to", "who", "text", "request_id", "data")))
    number = lambda value, size: (value % (1 << (8 * size))).to_bytes(size, "little")
    kinds = rows_hash_by_hand.kinds
    canonical = (b"\x01" + number(row["seq"], 8) + number(kinds[row["kind"]], 2) + number(row["run"], 8) +
                 number(row["step"], 4) + number(row["attempt"], 4) + number(row["epoch"], 8) +
                 number(row["t_boot_ms"], 8) + number(row["t_wall_ms"], 8) + number(row["number"], 8) + texts)
    return hashlib.sha256(b"\0" + canonical + row["node"].encode() + b"\0" + row["boot_id"].encode() + b"\0" +
                          bytes.fromhex(row["prev_hash"])).hexdigest()


rows_hash_by_hand.kinds = {name: i for i, name in enumerate(
    "admit resume run step snapshot intent outcome observe fact gate_block gate_pass approve decline override command mode "
    "instant loss settle terminal verdict decision alarm ack hold clock_jump config start stop assurance waiver freeze incident "
    "dependency vantage escalate drill fault lag deficiency old_side evidence".split())}


def wait_judged(world, run):
    def judged():
        time.sleep(0.2)  # a second after its end, as a rule
        rows = map(json.loads, world.evac("journal", str(run), "--json", "--limit", "10000").stdout.splitlines())
        return any(r["kind"] == "evidence" and r["name"] == "report" for r in rows)
    world.wait(judged, 15, "the judgement of run %s" % run)


def what_an_auditor_is_given():
    me = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    with shop(me) as w:
        # a key: made once, for its owner's eyes
        made = json.loads(w.evac("evidence", "keygen", "--config", os.path.join(w.dir, "conf"), "--json").stdout)
        assert os.stat(w.key).st_mode & 0o777 == 0o600
        assert w.evac("evidence", "keygen", "--out", w.key, check=False).returncode == 1
        w.start_evacd()
        w.wait_healthy()
        w.evac("failover", "shop", "--yes", "--reason", "to be shown")
        wait_judged(w, 1)
        report = json.loads(w.evac("report", "1", "--json").stdout)
        verdicts = {c["name"]: c["verdict"] for c in report["criteria"]}
        assert verdicts["quick-fence"] == "missed" and verdicts["rto"] == "met", verdicts
        assert verdicts["few-hands"] == "met" and verdicts["overrides"] == "met", verdicts
        limits = " ".join(report["limits"])
        assert "not the cloud itself" in limits and "No outage came before it" in limits, limits
        found = report["open_deficiencies"]
        assert [d["finding"] for d in found] == ["criterion:quick-fence"] and found[0]["owner"] == me, found
        # another run finds it again, and counts
        w.evac("failback", "shop", "--mode", "graceful", "--yes", "--reason", "home again")
        wait_judged(w, 2)
        found = json.loads(w.evac("deficiencies", "shop", "--json").stdout)
        assert (found[0]["id"], found[0]["seen"]) == ("D-shop-1", 2), found
        # a run that did not meet it does not close it; its owner may take the risk
        r = w.evac("deficiency", "close", "D-shop-1", "--reason", "faster now", "--retest", "2", check=False)
        assert r.returncode == 3 and "stays open" in r.stderr, r.stderr
        w.evac("deficiency", "open", "shop", "--title", "the phone list is old", "--severity", "low", "--owner", "bob",
               "--due", "2027-01-31")
        r = w.evac("deficiency", "close", "D-shop-2", "--accept", "--reason", "no", check=False)
        assert r.returncode == 3 and "only bob" in r.stderr, r.stderr
        w.evac("deficiency", "close", "D-shop-1", "--accept", "--reason", "no clock is that fast")
        w.evac("drill", "shop", "--kind", "rehearse", "--yes")
        text = w.evac("deficiencies", "shop", "--all").stdout
        assert "accepted by" in text and "the phone list is old" in text, text
        trend = w.evac("trend", "shop").stdout
        assert "failover" in trend and "rehearse" in trend, trend
        # bundles
        one, all_of_it = os.path.join(w.dir, "one.evac-evidence"), os.path.join(w.dir, "all.evac-evidence")
        w.evac("evidence", "export", "1", "--out", one)
        w.evac("evidence", "export", "shop", "--since", "1d", "--out", all_of_it)
        note = os.path.join(w.dir, "kept.note")
        w.evac("journal", "checkpoint", "--out", note)
        said = w.evac("journal", "verify", "--checkpoint", note).stdout
        assert "signed checkpoints fit it" in said and "kept.note" in said, said
        finger = json.loads(w.evac("evidence", "key", "--json").stdout)["fingerprint"]
        assert finger == made["fingerprint"]
        for name, form in (("trend.html", "html"), ("trend.txt", "text")):
            open(os.path.join(w.dir, name), "w").write(w.evac("trend", "shop", "--format", form).stdout)
        w.evac("report", "1", "--report", os.path.join(w.dir, "r1"))
        assert w.stop_evacd() == 0
        # the check needs nothing of all this
        for bundle in (one, all_of_it):
            code, out = offline(w, "evidence", "verify", bundle, "--key", finger)
            assert code == 0 and "GOOD" in out, out
            code, out = offline(w, "evidence", "verify", bundle)
            assert code == 6 and "nobody vouches" in out, out
        bad = altered(one, "runs/1/report.json", lambda d: d.replace(b'"rto_ms":', b'"rto_ms":1', 1))
        code, out = offline(w, "evidence", "verify", bad, "--key", finger)
        assert code == 4 and "runs/1/report.json was altered" in out and "does not follow from the rows" in out, out
        bad = altered(one, "journal.jsonl", lambda d: d.replace(b"to be shown", b"to be hidde", 1))
        code, out = offline(w, "evidence", "verify", bad, "--key", finger, "--json")
        found = json.loads(out)["findings"]
        assert code == 4 and any(f["row"] for f in found if f["check"] == "rows"), out
        # and can be done by hand: tar, sha256sum, openssl, and thirty lines of Python
        with tarfile.open(all_of_it) as tar:
            manifest = json.load(tar.extractfile("manifest.json"))
            for f in manifest["files"]:
                assert hashlib.sha256(tar.extractfile(f["name"]).read()).hexdigest() == f["sha256"], f
            safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Debian 12's Python has none
            tar.extractall(os.path.join(w.dir, "x"), **safe)
        rows = [json.loads(line) for line in open(os.path.join(w.dir, "x/journal.jsonl"), encoding="utf-8",
                                                   errors="surrogateescape")]
        full = [r for r in rows if "kind" in r]
        assert len(full) == manifest["rows_shown"]
        for r in full:
            assert rows_hash_by_hand(r) == r["hash"], r["seq"]
        check_by_openssl(os.path.join(w.dir, "x"))
        keep(w, "one.evac-evidence", "all.evac-evidence", "trend.html", "trend.txt", "r1/report.html", "r1/report.txt",
             "x/mapping.html")


def check_by_openssl(where):
    """The signature, as anybody can check it."""
    import base64
    note = open(os.path.join(where, "manifest.note"), encoding="utf-8").read()
    text, line = note.split("\n\n", 1)
    signature = base64.b64decode(line.split()[-1])[4:]
    open(os.path.join(where, "text"), "w").write(text + "\n")
    open(os.path.join(where, "sig"), "wb").write(signature)
    subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pub", "-rawin", "-in", "text", "-sigfile", "sig"],
                   cwd=where, check=True, capture_output=True)
    digest = hashlib.sha256(open(os.path.join(where, "manifest.json"), "rb").read()).hexdigest()
    assert text.split("\n")[1] == digest


def a_controller_without_a_key_moves_apps_all_the_same():
    with shop("bob") as w:  # evidence.key is named, and nobody made it
        w.start_evacd()
        w.wait_healthy()
        w.evac("drill", "shop", "--kind", "rehearse", "--yes")
        wait_judged(w, 1)
        r = w.evac("evidence", "export", "1", check=False)
        assert r.returncode == 3 and "keygen" in r.stderr, r.stderr
        assert w.evac("journal", "checkpoint", check=False).returncode == 3
        report = json.loads(w.evac("report", "1", "--json").stdout)
        assert report["kind"] == "rehearse" and "Nothing was changed" in " ".join(report["limits"]), report["limits"]
        assert "rto" not in {c["name"] for c in report["criteria"]}


run_stories([what_an_auditor_is_given, a_controller_without_a_key_moves_apps_all_the_same])
