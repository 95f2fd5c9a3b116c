#!/usr/bin/env python3
"""That the benches' parts run and their table says what it should: smoke.py BIN_DIR. No figure is looked at."""
import io, json, os, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import benches, counts, table  # noqa: E402

BIN = os.path.abspath(sys.argv[1])
SMALL = {"conf": "2", "start": "100", "xml-big": "2", "json-big": "2"}


def run(*command, expected=0):
    r = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert r.returncode == expected, "%s: %d\n%s%s" % (" ".join(command), r.returncode, r.stdout, r.stderr)
    return r


def every_part_works():
    listed = run(BIN + "/bench_parts", "list").stdout.split()
    assert len(listed) >= 8, listed
    for name in listed:
        run(BIN + "/bench_parts", "count", name, "1", *([SMALL[name]] if name in SMALL else []))
    run(BIN + "/bench_parts", "count", "sign", "0", expected=2)
    said = run(BIN + "/bench_parts", "count", "nonsense", "1", expected=2).stderr
    assert "nonsense" in said and "list" in said, said


def a_row_says_whether_what_was_aimed_at_is_reached():
    twice = table.against("a", "what", 2, "us", "peer", 5, 2)
    assert twice["ratio"] == 2.5 and twice["reached"] is True, twice
    assert table.against("a", "what", 2, "us", "peer", 5, 3)["reached"] is False
    assert table.against("a", "what", 5, "/s", "peer", 2, 2, better="more")["reached"] is True
    alone = table.against("a", "what", 2, "us", "peer", None, 3, left_out="peer is not installed")
    assert alone["reached"] is None and "peer is not installed" in table.cells(alone), alone
    assert table.at_most("a", "what", 3.6, "ms", 3.5)["reached"] is False
    assert table.growth(2, 30) == "15x at 10x" and table.growth(None, 3) is None
    out = io.StringIO()
    table.print_table([twice, alone, table.at_most("b", "more", 1, "ms", 2)], out)
    assert "MISSED" not in out.getvalue() and out.getvalue().count("reached") == 2, out.getvalue()
    table.print_markdown([twice], out)


def a_count_beyond_the_tolerance_is_told():
    rows = counts.compare({"sign": 1031, "plan": 1020, "new": 7}, {"sign": 1000, "plan": 1000}, 3)
    assert [r[4] for r in rows] == [False, True, True], rows
    with tempfile.TemporaryDirectory() as folder:
        counts.write(folder + "/counts.txt", "somebody", {"sign": 5})
        assert counts.read(folder + "/counts.txt") == ("somebody", {"sign": 5})
    made, kept = counts.read(counts.KEPT)
    assert made and set(kept) == set(counts.PATHS), kept


def the_command_runs_what_it_is_told():
    listed = run(sys.executable, HERE + "/run.py", BIN, "--list").stdout
    assert all(name in listed for name in benches.BENCHES), listed
    said = run(sys.executable, HERE + "/run.py", BIN, "--only", "nonsense", expected=2).stderr
    assert "nonsense" in said and "probes" in said, said
    benches.BENCHES = {"one": lambda bin_dir, quick: [table.at_most("one", "one", 1, "ms", 2)]}
    import run as command
    rows, failed = command.run(["one"], BIN, True)
    assert not failed and rows[0]["bench"] == "one" and len(rows[0]["load"]) == 2, rows
    json.dumps({"rows": rows, "machine": command.machine()})


for test in (every_part_works, a_row_says_whether_what_was_aimed_at_is_reached, a_count_beyond_the_tolerance_is_told,
             the_command_runs_what_it_is_told):
    test()
    print("ok", test.__name__)
