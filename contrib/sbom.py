#!/usr/bin/env python3
"""What programs are made of, as SPDX 2.3 (JSON): themselves, and each Debian package whose library they load.

  contrib/sbom.py --version V PROGRAM... >evac.spdx.json

From what the linker wrote into them (readelf, ldd) and from dpkg, not from a list that somebody keeps. The same programs on the
same machine give the same bytes: the time is SOURCE_DATE_EPOCH's."""
import argparse, datetime, hashlib, json, os, re, subprocess, sys

# Loaded by name, which no tool sees in the binary.
BY_NAME = {"libwebsockets": ["libwebsockets-evlib-uv"]}


def run(*argv):
    r = subprocess.run(argv, capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"))
    return r.stdout if r.returncode == 0 else ""


def run_any(*argv):
    """The same, also when a part of it failed."""
    return subprocess.run(argv, capture_output=True, text=True, env=dict(os.environ, LC_ALL="C")).stdout


def needed(program):
    """Libraries that the program itself names."""
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-dW", program)))


def loaded(program):
    """Name to path of all that are loaded, also those that libraries need."""
    return {m[1]: m[2] for m in re.finditer(r"^\s*(\S+) => (/\S+)", run("ldd", program), re.M)}


def names_of(path):
    """Debian's /lib is a link to /usr/lib: dpkg may know either name."""
    real = os.path.realpath(path)
    return [path, real, real.removeprefix("/usr"), "/usr" + real]


def owners(paths):
    """Path to package, for all at once: dpkg reads its lists anew each time."""
    names = sorted({n for p in paths for n in names_of(p)})
    r = subprocess.run(["dpkg-query", "-S", *names], capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"))
    known = {m[2]: m[1] for m in re.finditer(r"^([^:, \n]+)[^ \n]*: (/.+)$", r.stdout, re.M)}
    return {p: next((known[n] for n in names_of(p) if n in known), None) for p in paths}


FIELDS = "${Package}\\t${Version}\\t${Maintainer}\\t${Homepage}\\t${Architecture}\\n"


def about(packages):
    told = {}
    for line in run_any("dpkg-query", "-W", "-f", FIELDS, *packages).splitlines():
        name, version, maintainer, homepage, arch = line.split("\t")
        told[name] = {"version": version, "maintainer": maintainer, "homepage": homepage, "arch": arch}
    return told


def spdx_id(*parts):
    return "SPDXRef-" + "-".join(re.sub(r"[^A-Za-z0-9.]", "-", p) for p in parts)


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def packages_of(programs):
    """Package name to the libraries that are taken from it, and whether a program names one of them itself."""
    found, libraries = {}, [(p, name, path) for p in programs for name, path in sorted(loaded(p).items())]
    owner = owners({path for _, _, path in libraries})
    direct = {name for p in programs for name in needed(p)}
    for program, name, path in libraries:
        if not owner[path]:
            sys.exit("%s loads %s, which is of no Debian package" % (program, path))
        entry = found.setdefault(owner[path], {"libraries": set(), "direct": False})
        entry["libraries"].add(name)
        entry["direct"] |= name in direct
    for start, more in BY_NAME.items():
        if any(name.startswith(start) for name in list(found)):
            for name in about(more):
                found.setdefault(name, {"libraries": set(), "direct": True})
    return found


def describe_package(name, entry, a):
    return {"SPDXID": spdx_id("Package", name), "name": name, "versionInfo": a["version"],
            "supplier": "Organization: Debian" if "debian" in a["maintainer"].lower() else "NOASSERTION",
            "originator": "NOASSERTION", "homepage": a["homepage"] or "NOASSERTION", "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False, "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
            "comment": "libraries: " + (", ".join(sorted(entry["libraries"])) or "loaded by name"),
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": "pkg:deb/debian/%s@%s?arch=%s" % (name, a["version"].replace(":", "%3A").replace("+", "%2B"), a["arch"])}]}


def document(version, programs):
    found = packages_of(programs)
    details = about(found)
    sums = {p: digest(p) for p in programs}
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    evac = {"SPDXID": "SPDXRef-Package-evac", "name": "evac", "versionInfo": version, "supplier": "NOASSERTION",
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "Apache-2.0",
            "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION", "primaryPackagePurpose": "APPLICATION"}
    files = [{"SPDXID": spdx_id("File", os.path.basename(p)), "fileName": "./" + os.path.basename(p), "fileTypes": ["BINARY"],
              "checksums": [{"algorithm": "SHA256", "checksumValue": sums[p]}], "licenseConcluded": "Apache-2.0",
              "copyrightText": "NOASSERTION"} for p in programs]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", evac["SPDXID"])]
    relations += [(evac["SPDXID"], "CONTAINS", f["SPDXID"]) for f in files]
    relations += [(evac["SPDXID"], "DYNAMIC_LINK" if found[n]["direct"] else "DEPENDS_ON", spdx_id("Package", n)) for n in sorted(found)]
    name = hashlib.sha256("".join(sorted(sums.values())).encode()).hexdigest()
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "evac-" + version,
            "documentNamespace": "urn:evac:sbom:" + name,
            "creationInfo": {"created": datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                             "creators": ["Tool: evac-sbom"]},
            "packages": [evac] + [describe_package(n, found[n], details[n]) for n in sorted(found)], "files": files,
            "relationships": [{"spdxElementId": a, "relationshipType": r, "relatedSpdxElement": b} for a, r, b in relations]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", required=True)
    parser.add_argument("programs", nargs="+")
    args = parser.parse_args()
    json.dump(document(args.version, args.programs), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
