"""The rows of the benches' table: a figure, its peer's of the same run, what was aimed at, and how cost grows."""


def number(value, unit=""):
    """As people read it: three digits that say something."""
    if value is None:
        return "-"
    text = "%.0f" % value if abs(value) >= 100 else "%.3g" % value
    if abs(value) >= 10000:
        text = "{:,.0f}".format(value)
    return (text + " " + unit).strip()


def row(name, what, value, unit, peer=None, peer_value=None, ratio=None, target=None, reached=None, grows=None, note=None,
        left_out=None):
    """ratio: how many times better than the peer. reached: None where nothing was aimed at, or it could not be measured.
    left_out: why the peer is not in this run."""
    return {"name": name, "what": what, "value": value, "unit": unit, "peer": peer, "peer_value": peer_value, "ratio": ratio,
            "target": target, "reached": reached, "grows": grows, "note": note, "left_out": left_out}


def against(name, what, value, unit, peer, peer_value, at_least, better="less", **more):
    """A row beside a peer: reached when it is so many times better. A peer without a figure: nothing is said."""
    ratio = None
    if value and peer_value:
        ratio = peer_value / value if better == "less" else value / peer_value
    return row(name, what, value, unit, peer, peer_value, ratio, "%gx %s" % (at_least, peer) if at_least else None,
               ratio >= at_least if ratio and at_least else None, **more)


def at_most(name, what, value, unit, most, **more):
    return row(name, what, value, unit, target="at most %s" % number(most, unit),
               reached=value <= most if value is not None else None, **more)


def growth(small, big, times=10):
    """Cost of so many times the work, and what the single piece of it then costs."""
    if not small or not big:
        return None
    return "%sx at %dx" % (number(big / small), times)


HEAD = ("what", "figure", "peer", "peer's", "ratio", "aimed at", "", "10x work")


def cells(r):
    reached = {True: "reached", False: "MISSED", None: ""}[r["reached"]]
    return (r["what"], number(r["value"], r["unit"]), r["left_out"] or r["peer"] or "", number(r["peer_value"], r["unit"])
            if r["peer_value"] is not None else "", "%sx" % number(r["ratio"]) if r["ratio"] is not None else "",
            r["target"] or "", reached, r["grows"] or "")


def print_table(rows, out):
    lines = [HEAD] + [cells(r) for r in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    for line in lines:
        out.write("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() + "\n")
    for r in rows:
        if r["note"]:
            out.write("  %s: %s\n" % (r["what"], r["note"]))


def print_markdown(rows, out):
    out.write("| " + " | ".join(h or "reached" for h in HEAD) + " |\n|" + "---|" * len(HEAD) + "\n")
    for r in rows:
        out.write("| " + " | ".join(cells(r)) + " |\n")
