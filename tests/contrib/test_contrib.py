#!/usr/bin/env python3
"""contrib/ as its own tools see it: promtool, systemd-analyze, terraform. What is not installed is said, and passed over.

  test_contrib.py BUILD_DIR [NAME...]"""
import json, os, re, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from harness import ROOT, run_stories

BUILD = os.path.abspath(sys.argv[1])
CONTRIB = os.path.join(ROOT, "contrib")
EXPOSURE_MOST = 1.5  # of systemd-analyze security


def tool(*argv, **more):
    """What it says; None where there is no such tool."""
    if not shutil.which(argv[0]):
        print("     %s is not installed" % argv[0], flush=True)
        return None
    r = subprocess.run(argv, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **more)
    assert r.returncode == 0, "%s: exit %d\n%s%s" % (" ".join(argv), r.returncode, r.stdout, r.stderr)
    return r.stdout + r.stderr


class Folder:
    """A folder for a while."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="evac-contrib-")
        return self.path

    def __exit__(self, *args):
        shutil.rmtree(self.path, ignore_errors=True)


def alerts_fire_on_what_they_are_about():
    tool("promtool", "check", "rules", CONTRIB + "/prometheus/alerts.yml")
    tool("promtool", "test", "rules", CONTRIB + "/prometheus/alerts_test.yml")


def expressions(dashboard):
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for note in dashboard["annotations"]["list"]:
        yield note["name"], note["expr"]


def the_dashboards_questions_are_well_formed():
    dashboard = json.load(open(CONTRIB + "/grafana/evac.json"))
    ids = [p["id"] for p in dashboard["panels"]]
    assert len(ids) == len(set(ids)) and all("gridPos" in p for p in dashboard["panels"])
    with Folder() as d:
        rules = []
        for i, (title, expr) in enumerate(expressions(dashboard)):
            expr = expr.replace("$__rate_interval", "5m").replace("$app", ".*")
            assert "$" not in expr, (title, expr)
            rules.append({"record": "panel:n%d" % i, "expr": expr})
        with open(d + "/rules.yml", "w") as f:  # JSON is YAML
            json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, f)
        tool("promtool", "check", "rules", d + "/rules.yml")


def the_units_are_hardened():
    unit = CONTRIB + "/systemd/evacd.service"
    for name in ("evacd", "evac-fence@"):
        said = tool("systemd-analyze", "security", "--offline=true", "--no-pager", CONTRIB + "/systemd/%s.service" % name)
        if said is not None:
            exposure = float(re.search(r"Overall exposure level for .*: ([0-9.]+)", said)[1])
            assert exposure <= EXPOSURE_MOST, said
            print("     %s: exposure %.1f" % (name, exposure), flush=True)
    with Folder() as d:
        text = open(unit).read()
        assert "ExecStart=/usr/sbin/evacd" in text
        with open(d + "/evacd.service", "w") as f:
            f.write(text.replace("/usr/sbin/evacd", BUILD + "/bin/evacd"))
        said = tool("systemd-analyze", "verify", "--man=no", d + "/evacd.service")
        assert not said, said
        text = open(CONTRIB + "/systemd/evac-fence@.service").read()
        assert "ExecStart=/usr/bin/evac-fence" in text
        with open(d + "/evac-fence@shop.service", "w") as f:
            f.write(text.replace("/usr/bin/evac-fence", BUILD + "/bin/evac-fence"))
        said = tool("systemd-analyze", "verify", "--man=no", d + "/evac-fence@shop.service")
        assert not said, said


def in_set(name, known={}):
    """The calls of a set of systemd's, those of its own sets too."""
    if name not in known:
        known[name] = set()
        for line in tool("systemd-analyze", "syscall-filter", "--no-pager", name).splitlines():
            word = line.strip()
            if word and word != name and not word.startswith("#"):
                known[name] |= in_set(word) if word.startswith("@") else {word}
    return known[name]


def allowed_by(unit):
    """As systemd.exec(5) has it: the first line says whether calls are allowed or taken away, later ones add to that or take from it."""
    calls = set()
    for i, line in enumerate(re.findall(r"^SystemCallFilter=(.*)$", open(unit).read(), re.M)):
        takes = line.startswith("~")
        assert i or not takes, "%s: a filter that begins with what it takes away allows all the rest" % unit
        named = set().union(*(in_set(word) if word.startswith("@") else {word} for word in line.lstrip("~").split()))
        calls = calls - named if takes else calls | named
    return calls


# What stands between fork and exec (controller/host/jail*.c), and what starts a program.
WALLS = "landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp prctl prlimit64 setsid dup2 execve clone".split()


def programs_walls_stand_behind_the_units_filter():
    if not shutil.which("systemd-analyze"):
        return print("     systemd-analyze is not installed")
    calls = allowed_by(CONTRIB + "/systemd/evacd.service")
    missing = [w for w in WALLS if w not in calls]
    assert not missing, missing
    assert not {"ptrace", "mount", "bpf", "setuid", "init_module", "kexec_load", "perf_event_open"} & calls
    with Folder() as d:
        os.chmod(d, 0o755)
        walled, jail = (shutil.copy(BUILD + "/bin/" + n, d) for n in ("walled", "test_jail"))
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
        env = dict(os.environ, CK_FORK="no", ASAN_OPTIONS="detect_leaks=0", HOME=d)
        run = lambda allowed: subprocess.run([*nobody, walled, jail], input="\n".join(sorted(allowed)) + "\n", env=env, text=True,
                                             capture_output=True, timeout=120, cwd="/")
        good, bad = run(calls), run({c for c in calls if not c.startswith("landlock_")})
        assert good.returncode == 0, good.stdout + good.stderr
        assert bad.returncode != 0, "nobody notices that the filter forbids Landlock: " + bad.stdout


def users_and_folders_are_made():
    with Folder() as d:
        os.makedirs(d + "/etc")
        if tool("systemd-sysusers", "--root=" + d, CONTRIB + "/systemd/evac.sysusers") is None:
            return
        assert "\nevac:" in "\n" + open(d + "/etc/passwd").read()
        assert "\nevac-fence:" in "\n" + open(d + "/etc/group").read()
        if os.geteuid() != 0:
            return  # only root gives folders away
        tool("systemd-tmpfiles", "--root=" + d, "--create", CONTRIB + "/systemd/evac.tmpfiles")
        for path, owner in (("/etc/evac/apps", 0), ("/var/lib/evac", None)):
            st = os.stat(d + path)
            assert st.st_mode & 0o7777 == 0o750 and (st.st_uid == 0) == (owner == 0), (path, oct(st.st_mode), st.st_uid)


def terraform_says_who_may_do_what():
    terraform = os.path.join(CONTRIB, "terraform")
    if tool("terraform", "fmt", "-check", "-recursive", terraform) is None:
        return
    with Folder() as d:
        shutil.copytree(terraform + "/policies", d + "/policies")
        chdir = "-chdir=" + d + "/policies"
        tool("terraform", chdir, "init", "-backend=false", "-input=false", "-no-color")
        tool("terraform", chdir, "validate", "-no-color")
        said = tool("terraform", chdir, "test", "-no-color")
        assert re.search(r"Success! [1-9]\d* passed, 0 failed", said), said


SHIPPED = """usr/sbin/evacd usr/bin/evac usr/bin/evac-sandbox usr/lib/systemd/system/evacd.service usr/lib/sysusers.d/evac.conf
usr/bin/evac-fence usr/lib/systemd/system/evac-fence@.service usr/include/evac/fence.h usr/lib/libevac-fence.a
usr/lib/pkgconfig/evac-fence.pc usr/share/man/man8/evac-fence.8.gz
usr/lib/tmpfiles.d/evac.conf usr/include/evac/driver.h usr/lib/libevac-driver.a usr/lib/pkgconfig/evac-driver.pc usr/lib/evac/drivers
usr/share/man/man1/evac.1.gz usr/share/man/man8/evacd.8.gz usr/share/man/man5/evac.cfg.5.gz
usr/share/bash-completion/completions/evac usr/share/zsh/vendor-completions/_evac usr/share/fish/vendor_completions.d/evac.fish
usr/share/evac/runbooks/warm-standby.cfg usr/share/evac/grafana/evac.json usr/share/evac/prometheus/alerts.yml
usr/share/doc/evac/DRIVERS.md usr/share/doc/evac/examples/evac.cfg usr/share/doc/evac/examples/example-driver/flag.c""".split()


def the_package_has_all_and_runs_from_anywhere():
    """Of what is built already: nothing is made anew. Installed into a folder, the programs work with what is shipped."""
    if not shutil.which("cpack") or not shutil.which("dpkg-deb"):
        return print("     cpack or dpkg-deb is not installed")
    with Folder() as d:
        # But for what dpkg-shlibdeps finds out, which takes longer than all else here.
        assert 'set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS "ON")' in open(BUILD + "/CPackConfig.cmake").read()
        tool("cpack", "-G", "DEB", "-B", d, "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=zstd", "-D",
             "CPACK_DEBIAN_PACKAGE_SHLIBDEPS=OFF", cwd=BUILD)
        [package] = [os.path.join(d, n) for n in os.listdir(d) if n.endswith(".deb")]
        fields = tool("dpkg-deb", "-I", package)
        assert re.search(r"Package: evac\n", fields) and "libwebsockets-evlib-uv" in fields, fields
        files = {line.split()[5].removeprefix("./").rstrip("/"): line.split() for line in
                 tool("dpkg-deb", "-c", package).splitlines()}
        missing = [f for f in SHIPPED if f not in files]
        assert not missing, missing
        strays = [f for f in files if f and not f.startswith("usr") or ".terraform/" in f]
        assert not strays, strays
        assert all(f[1] == "root/root" and f[0][8] != "w" for f in files.values()), "somebody but root may write"
        tool("dpkg-deb", "-x", package, d + "/root")
        usr = d + "/root/usr"
        assert re.fullmatch(r"evacd [0-9.]+\n", tool(usr + "/sbin/evacd", "--version"))
        said = tool(usr + "/bin/evac", "validate", usr + "/share/doc/evac/examples")
        assert "is good: 1 app" in said, said
        unit = open(usr + "/lib/systemd/system/evacd.service").read()
        for program in re.findall(r"^ExecStart=(\S+)", unit, re.M):
            assert os.access(d + "/root" + program, os.X_OK), program


def the_image_runs_without_root():
    """It can not be built here without a registry: what stands in it is looked at."""
    stages, instructions = [], []
    text = open(CONTRIB + "/Dockerfile").read().replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            word = line.split()[0]
            assert word in ("FROM", "SHELL", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "ENV", "HEALTHCHECK", "STOPSIGNAL",
                            "ENTRYPOINT", "CMD"), line
            instructions.append((word, line))
            if word == "FROM":
                stages.append([])
            stages[-1].append((word, line))
    assert len(stages) == 2 and all(s[0][1].startswith("FROM debian:12-slim") for s in stages)
    last = dict(stages[-1])
    assert last["USER"] == "USER evac" and last["ENTRYPOINT"] == 'ENTRYPOINT ["/usr/sbin/evacd"]'
    assert not re.search(r"\b(?:gcc|build-essential|latest|sudo|ADD)\b", " ".join(line for w, line in stages[-1]))
    for word, line in instructions:
        if word == "RUN" and "apt-get install" in line:
            assert "--no-install-recommends" in line and "rm -rf" in line, line
    for source in re.findall(r"^COPY (?!--from)(\S+)", text, re.M):
        assert os.path.exists(os.path.join(ROOT, source)), source


def programs_are_hardened_and_the_look_would_notice():
    script = CONTRIB + "/hardening.sh"
    bin = BUILD + "/tests/contrib/" if os.path.exists(BUILD + "/tests/contrib/hardened") else BUILD + "/bin/"
    said = tool(script, bin + "hardened")
    assert "hardened: " in said, said
    r = subprocess.run([script, bin + "soft"], capture_output=True, text=True)
    missing = ["position independent", "stack that code", "stay writable", "binds late", "no stack protector", "no checked functions"]
    if os.uname().machine == "x86_64":
        missing.append("control flow")
    assert r.returncode == 1 and all(m in r.stdout for m in missing), r.stdout


def what_it_is_made_of_is_listed():
    names = [BUILD + "/bin/" + n for n in ("evac", "evacd", "evac-fence", "evac-sandbox")]
    env = dict(os.environ, SOURCE_DATE_EPOCH="1700000000")
    said = tool(CONTRIB + "/sbom.py", "--version", "1.2.3", *names, env=env)
    assert said == tool(CONTRIB + "/sbom.py", "--version", "1.2.3", *names, env=env), "not the same twice"
    bill = json.loads(said)
    assert bill["spdxVersion"] == "SPDX-2.3" and bill["creationInfo"]["created"] == "2023-11-14T22:13:20Z", bill["creationInfo"]
    packages = {p["name"]: p for p in bill["packages"]}
    for name in ("libuv1", "libssl3", "libwebsockets17", "libwebsockets-evlib-uv", "libsqlite3-0", "libseccomp2", "libc6"):
        want = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True).stdout
        assert packages[name]["versionInfo"] == want and want, (name, packages.get(name))
    libraries = " ".join(p.get("comment", "") for p in bill["packages"])
    for name in names:
        for library in re.findall(r"\(NEEDED\).*\[(.*)\]", tool("readelf", "-dW", name)):
            assert library in libraries, library
    ids = {e["SPDXID"] for e in bill["packages"] + bill["files"]} | {"SPDXRef-DOCUMENT"}
    assert len(ids) == len(bill["packages"]) + len(bill["files"]) + 1
    assert all({r["spdxElementId"], r["relatedSpdxElement"]} <= ids for r in bill["relationships"])


def a_release_is_what_was_signed_or_is_refused():
    if not shutil.which("cpack") or not os.path.exists(ROOT + "/.git"):
        return print("     cpack or git's folder is missing")
    with Folder() as d:
        tool("openssl", "genpkey", "-algorithm", "ed25519", "-out", d + "/key.pem")
        tool("openssl", "genpkey", "-algorithm", "ed25519", "-out", d + "/other.pem")
        tool("openssl", "pkey", "-in", d + "/other.pem", "-pubout", "-out", d + "/other.pub")
        out = d + "/out"
        tool(CONTRIB + "/release.sh", "--key", d + "/key.pem", "--out", out, "--build", BUILD)
        public = shutil.copy(out + "/evac-release.pub", d + "/key.pub")
        verify = lambda key=public: subprocess.run([CONTRIB + "/verify-release.sh", out, key], capture_output=True, text=True)
        good = verify()
        assert good.returncode == 0 and good.stdout.startswith("good: signed by "), good
        made = sorted(os.listdir(out))
        assert len(made) == 6 and any(n.endswith(".deb") for n in made) and any(n.endswith(".tar.gz") for n in made), made
        assert verify(d + "/other.pub").returncode == 1, "another's key will do"
        for name in made:
            if name in ("evac-release.pub",):
                continue
            path, text = os.path.join(out, name), open(os.path.join(out, name), "rb").read()
            with open(path, "wb") as f:
                f.write(text[:-1] + bytes([text[-1] ^ 1]))
            assert verify().returncode == 1, name + " was altered, and nobody noticed"
            with open(path, "wb") as f:
                f.write(text)
        with open(out + "/extra.deb", "w") as f:
            f.write("x")
        assert verify().returncode == 1, "a file was put beside it"
        os.unlink(out + "/extra.deb")
        assert verify().returncode == 0


if __name__ == "__main__":
    run_stories([alerts_fire_on_what_they_are_about, the_dashboards_questions_are_well_formed, the_units_are_hardened, programs_walls_stand_behind_the_units_filter,
                 users_and_folders_are_made, terraform_says_who_may_do_what,
                 the_package_has_all_and_runs_from_anywhere, the_image_runs_without_root,
                 programs_are_hardened_and_the_look_would_notice, what_it_is_made_of_is_listed,
                 a_release_is_what_was_signed_or_is_refused])
