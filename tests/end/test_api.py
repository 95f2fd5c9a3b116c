"""The HTTP API against its own description: a client that is made from the OpenAPI document alone calls every operation on a real
controller with the sandbox, and looks at every answer. Keys, pages and entity tags over real processes, and over kill -9.
  test_api.py BIN_DIR [NAME...]"""
import json, os, re, subprocess, sys, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import jsonschema
from described import Api, ask
from harness import FAST, ROOT, World, run_stories

BIN = sys.argv[1]
KEYED = dict(FAST, **{'node = "demo";': 'node = "demo";\nevidence = { key = "@KEY@"; checkpoint_rows = 64; };'})


def world():
    w = World(BIN, conf=KEYED)
    path = os.path.join(w.dir, "conf/evac.cfg")
    text = open(path).read().replace("@KEY@", os.path.join(w.dir, "evidence.key"))
    key = os.path.join(w.dir, "ann.key")
    open(path, "w").write(text + 'approvers = ( { name = "ann"; key = "%s"; } );\nroles = { approver = ( "uid:0", "offline:ann" ); };\n' % key)
    w.evac("challenge", "keygen", "--out", key)
    w.evac("evidence", "keygen", "--config", os.path.join(w.dir, "conf"))
    w.sand("app shop renew 1000")
    w.start_evacd()
    w.socket = w.env["EVAC_SOCKET"]
    return w


def rows(w, **filters):
    found, target = [], "/v1/journal?limit=1000"
    while target:
        page = ask(w.socket, "GET", target)
        found += page.json
        target = next_of(page)
    return [r for r in found if all(r[k] == v for k, v in filters.items())]


def next_of(answer):
    m = re.fullmatch(r'<(.*)>; rel="next"', answer.headers.get("link", ""))
    return m.group(1) if m else None


# --- the document
def schemas_of(document):
    """Every schema in it, by where it stands."""
    def below(schema, where):
        yield where, schema
        for k, v in schema.get("properties", {}).items():
            yield from below(v, where + "/" + k)
        for k in ("items", "additionalProperties"):
            if isinstance(schema.get(k), dict):
                yield from below(schema[k], where + "/" + k)
        for i, v in enumerate(schema.get("anyOf", [])):
            yield from below(v, "%s/%d" % (where, i))
    for name, schema in document["components"]["schemas"].items():
        yield from below(schema, name)


def the_document_is_whole(api):
    d = api.document
    assert d["openapi"] == "3.1.0" and d["info"]["version"]
    refs = set(re.findall(r'"\$ref": "(#/[^"]+)"', json.dumps(d)))
    for ref in refs:
        api.resolver.resolve(ref)
    used = {r.rsplit("/", 1)[1] for r in refs if "/schemas/" in r}
    assert used == set(d["components"]["schemas"]), used ^ set(d["components"]["schemas"])
    for where, schema in schemas_of(d):
        jsonschema.Draft202012Validator.check_schema(schema)
        if schema.get("properties"):
            assert schema.get("additionalProperties") is False, where + " lets unknown fields pass"
        for name, field in schema.get("properties", {}).items():
            assert field.get("description"), "%s/%s is not described" % (where, name)
    for name, schema in d["components"]["schemas"].items():
        assert schema.get("description"), name
    for op in api.operations.values():
        assert op.spec["summary"] and op.spec["tags"] and "default" in op.spec["responses"], op.spec
        assert set(re.findall(r"\{(\w+)\}", op.path)) == {p["name"] for p in op.params if p["in"] == "path"}, op.path


WRITERS = ("controller/api", "controller/clock", "controller/report", "controller/plan", "controller/simulate", "controller/notify")
NOT_ANSWERED = {"sha256"}  # rows of the journal


def what_the_sources_write_is_described(api):
    """Also what no story here comes to: incidents, dependencies, outages that are replayed."""
    described = {name for _, schema in schemas_of(api.document) for name in schema.get("properties", {})}
    missing = set()
    for folder in WRITERS:
        for name in os.listdir(os.path.join(ROOT, folder)):
            if re.search(r"^(api_|view|clock_json|deficiency|driver_print|plan_json|plan_lint_json|report_json|trend_write|sim_json|replay|outbox_view).*\.c$", name):
                text = open(os.path.join(ROOT, folder, name)).read()
                missing |= {(name, key) for key in re.findall(r'evac_jw_\w+\(\s*&?[\w.>-]+,\s*"(\w+)"', text)}
    missing = {m for m in missing if m[1] not in described | NOT_ANSWERED}
    assert not missing, "fields that no schema has: %s" % sorted(missing)


def an_unknown_field_would_be_seen(api):
    """The check bites: an answer with one field more, less or of another type does not fit."""
    good = api.getVersion().json
    for bad in ({**good, "more": 1}, {"version": "1"}, {**good, "node": 7}):
        try:
            api.fits(bad, {"$ref": "#/components/schemas/Version"}, "")
        except AssertionError:
            continue
        raise AssertionError("%s fits" % bad)


# --- bodies: what the controller refuses is what the schema refuses
def bad_bodies(schema):
    required = {k: sample(schema["properties"][k]) for k in schema.get("required", [])}
    yield dict(required, nonsense=1)
    for k in required:
        yield {x: v for x, v in required.items() if x != k}
    for k, s in schema["properties"].items():
        yield dict(required, **{k: 7.5 if s["type"] == "integer" else {"a": 1}})
        if "enum" in s:
            yield dict(required, **{k: "nonsense"})
        if "maximum" in s:
            yield dict(required, **{k: s["maximum"] + 1000})
        if "maxLength" in s:
            yield dict(required, **{k: "x" * (s["maxLength"] + 1)})


def sample(schema):
    return schema["enum"][0] if "enum" in schema else {"string": "x", "integer": 1, "boolean": True, "array": [], "object": {}}[schema["type"]]


def bodies_are_refused_as_the_schema_says(api):
    for op in api.operations.values():
        name = op.spec.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
        if not name or name == "Batch" or op.spec["operationId"] == "beginSession":
            continue  # read by whom they are for
        schema = api.document["components"]["schemas"][name]
        args = {p["name"]: "shop" for p in op.params if p["in"] == "path"}
        for body in bad_bodies(schema):
            assert not jsonschema.Draft202012Validator(schema).is_valid(body), (name, body)
            answer = op(body=body, **args)
            assert answer.status == 400 and answer.json["type"] == "/v1/problems/bad-body", (op.path, body, answer)


# --- every operation, once at least
def every_operation_is_called(w, api):
    for name, op in api.operations.items():  # all that only look, at the controller or at an app
        places = {p["name"] for p in op.params if p["in"] == "path"}
        if op.method == "GET" and places <= {"app"} and name not in ("streamEvents", "getReceipt"):
            assert op(**{p: "shop" for p in places}).status == 200, name
    assert api.isAlive().data == b"ok\n"
    assert api.getProblem(kind="refused").json["status"] == 409
    assert api.getTrend(app="shop", format="text").media == "text/plain"
    assert api.getTrend(app="shop", headers={"Accept": "text/html, */*;q=0.1"}).media == "text/html"
    for kind in ("rehearse", "isolated", "live"):
        assert api.getReceipt(app="shop", kind=kind).status == 200
    for body in ({}, {"mode": "ungraceful"}, {"workflow": "drill", "kind": "isolated"}):
        assert api.planMove(app="shop", body=body).status == 200
    for body in ({}, {"all_regions": True}):
        assert api.lintApp(app="shop", body=body).status == 200
    say_things(w, api)
    run_things(w, api)
    prove_things(w, api)
    think_things(w, api)
    enter(api)


def say_things(w, api):
    for word in ({"verb": "hold", "app": "shop", "reason": "r"}, {"verb": "freeze", "reason": "r", "value": 60000},
                 {"verb": "waive", "app": "shop", "condition": "drill", "owner": "ann", "reason": "r", "value": 60000}):
        assert api.say(body=word).status == 200
    held = api.listHolds().json
    assert {h["kind"] for h in held} >= {"hold", "freeze", "waiver"} and all(h["owner"] and h["reason"] for h in held), held
    assert api.getStatus().status == api.getApp(app="shop").status == 200
    for word in ({"verb": "release", "app": "shop"}, {"verb": "unfreeze"}, {"verb": "unwaive", "app": "shop", "condition": "drill"}):
        assert api.say(body=word).status == 200
    assert api.sayDeficiency(body={"verb": "open", "app": "shop", "title": "t", "owner": "ann"}).json["id"] == "D-shop-1"
    assert api.reload(body={}).status == 200
    assert api.testChannels(body={}).status == 404  # nobody is told in this configuration
    assert api.tellResults(vantage="nowhere", body={}).status == 404
    assert api.getIncidents(limit=1).status == 200


def run_things(w, api):
    run = api.beginRun(app="shop", body={"workflow": "drill", "kind": "rehearse"})
    assert run.status == 201 and run.headers["location"] == "/v1/runs/%d" % run.json["run"]
    w.wait_end(run.json["run"])
    asked = api.beginRun(app="shop", body={"proposed": True, "reason": "r"}).json
    assert asked["state"] == "proposed"
    question = api.listApprovals().json[0]
    assert question["run"] == asked["run"] and question["until_ms"] and question["of"] == ["approver"], question
    look_at_run(api, asked["run"])
    made = api.makeChallenge(run=asked["run"], body={"approver": "ann"}, headers={"Idempotency-Key": "phone"})
    again = api.makeChallenge(run=asked["run"], body={"approver": "ann"}, headers={"Idempotency-Key": "phone"})
    assert made.status == again.status == 201 and made.data == again.data and "idempotency-replayed" in again.headers, (made, again)
    assert api.sayToRun(run=asked["run"], body={"verb": "decline", "as": "ann", "response": "1"}).status == 400
    assert api.getStatus().json["runs"] and api.getClock(app="shop").status == 200
    assert api.sayToRun(run=asked["run"], body={"verb": "decline", "reason": "r"}).status == 200
    w.wait_end(asked["run"])
    for n in (run.json["run"], asked["run"]):
        look_at_run(api, n)
    assert api.listRuns().json[0]["state"] == "rolled_back"
    assert api.say(body={"verb": "ack", "app": "shop"}).status == 200
    drill = api.beginDrill(app="shop", body={"kind": "rehearse", "reason": "r"})
    assert drill.status == 201, drill
    assert api.listDrills().status == 200
    assert api.getRun(run=999).status == api.getStep(run=1, step="nowhere").status == api.getPlan(run=999).status == 404


def look_at_run(api, n):
    for name in ("getRun", "getPlan", "getReport"):
        assert api.operations[name](run=n).status == 200, name
    for form in ("text", "html"):
        assert api.getReport(run=n, format=form).status == 200
    steps = api.listSteps(run=n).json
    step = api.getStep(run=n, step=steps[0]["id"]).json
    assert step["rows"] if steps[0]["state"] != "waiting" else True, step
    assert any(r["request_id"] for r in steps) or api.getRun(run=n).json.get("state") == "proposed" or n == 2, steps


def prove_things(w, api):
    assert api.signJournal(body={}).json["size"] > 10
    assert api.verifyAgainst(body={}).json["good"]
    bundle = api.makeEvidence(body={"run": 1})
    assert bundle.status == 200 and bundle.data[257:262] == b"ustar", bundle
    assert api.getTrend(app="shop").status == api.listDeficiencies(all=1).status == 200


def think_things(w, api):
    for begin, args in ((api.simulate, {"app": "shop", "body": {"down": "us-east-1", "runs": 3, "seed": 1}}), (api.replay, {"body": {"app": "shop"}})):
        job = begin(**args)
        assert job.status == 202, job
        w.wait(lambda: api.getJob(job=job.json["job"]).json["state"] == "done", 20, "a job")


def enter(api):
    made = api.makeToken(body={"name": "t1", "roles": ["viewer"]})
    assert made.status == 201 and made.json["token"], made
    assert api.revokeToken(token=made.json["id"], body={}).json["state"] == "revoked"
    assert api.beginSession(body={}).status == api.endSession().status == 409  # over a unix socket the kernel says who one is


# --- what is not answered as asked
def errors_are_problems_of_a_kind(w, api):
    for method, target, headers, kind in (
            ("GET", "/v1/nowhere", {}, "not-found"), ("GET", "/v1/apps/", {}, "not-found"), ("GET", "/v1/apps/none", {}, "not-found"),
            ("PUT", "/v1/version", {}, "method-not-allowed"), ("POST", "/v1/version", {}, "method-not-allowed"),
            ("GET", "/v1/runs?limits=1", {}, "bad-request"), ("GET", "/v1/runs?limit=-1", {}, "bad-request"),
            ("GET", "/v1/apps/shop/trend", {"Accept": "image/png"}, "not-acceptable"),
            ("GET", "/v1/apps/shop/trend?format=png", {}, "bad-request"), ("GET", "/v1/version", {"If-Match": "x" * 5000}, "headers-too-large"),
            ("GET", "/v1/" + "x" * 9000, {}, "uri-too-long")):
        a = ask(w.socket, method, target, None, headers)
        api.fits(a.json, {"$ref": "#/components/schemas/Problem"}, repr(a))
        assert a.json["type"] == "/v1/problems/" + kind and a.media == "application/problem+json", (target, a)
        assert a.json["status"] == a.status == ask(w.socket, "GET", a.json["type"]).json["status"], a
    assert ask(w.socket, "DELETE", "/v1/apps/shop/plan").headers["allow"] == "POST, OPTIONS"
    assert ask(w.socket, "POST", "/v1/apps/shop/plan", b"{" + b" " * (1 << 20) + b"}").status == 413
    bad = ask(w.socket, "POST", "/v1/apps/shop/plan", {"to": "nowhere"})
    assert bad.status == 400 and "nowhere" in bad.json["detail"] and bad.json["instance"] == "/v1/apps/shop/plan", bad
    # the library that reads HTTP would open a websocket or an HTTP/2 connection for whoever asks, and nothing would ever look at it again
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13",
               "HTTP2-Settings": "AAMAAABkAAQAAP__"}
    for target in ("/", "/v1/events", "/v1/version"):
        for to, status in (("websocket", 400), ("WebSocket", 400), ("h2c", 400), ("H2C", 400), ("TLS/1.2", 403)):
            assert ask(w.socket, "GET", target, None, dict(upgrade, Upgrade=to)).status == status, (target, to)
    head = ask(w.socket, "HEAD", "/v1/version")
    assert head.status == 200 and not head.data and int(head.headers["content-length"]) > 10


# --- pages and entity tags
def a_list_is_the_same_by_pages(w, api):
    for target in ("/v1/journal?", "/v1/runs?", "/v1/runs/1/steps?", "/v1/holds?"):
        whole = ask(w.socket, "GET", target + "limit=1000").json
        pages, at = [], target + "limit=2"
        while at:
            page = ask(w.socket, "GET", at)
            assert len(page.json) <= 2
            pages += page.json
            at = next_of(page)
        assert json.dumps(pages[:len(whole)]) == json.dumps(whole), target
        assert len(whole) > 2 or target == "/v1/holds?", target


def what_one_has_is_not_sent_again(w, api):
    first = api.getPermissions(app="shop")
    again = api.getPermissions(app="shop", headers={"If-None-Match": '"x", ' + first.headers["etag"]})
    assert again.status == 304 and not again.data and again.headers["etag"] == first.headers["etag"], again
    for op in api.operations.values():
        if op.method == "GET" and 200 in op.statuses and op.spec["operationId"] not in ("streamEvents", "getSession"):
            assert "304" in op.spec["responses"], op.path


def a_word_about_what_has_changed_is_refused(w, api):
    tag = api.getApp(app="shop").headers["etag"]
    hold = {"verb": "hold", "app": "shop", "reason": "r"}
    assert api.say(body=hold, headers={"If-Match": tag}).status == 200
    late = api.say(body={"verb": "release", "app": "shop"}, headers={"If-Match": tag})
    assert late.status == 412 and late.json["type"] == "/v1/problems/precondition-failed", late
    assert [h for h in api.listHolds().json if h["kind"] == "hold"], "it was done all the same"
    for tags, status in (('"7.x"', 412), ('"7.x", ' + api.getApp(app="shop").headers["etag"], 200), ("*", 200), ("W/" + tag, 412)):
        assert api.say(body=hold, headers={"If-Match": tags}).status == status, tags
    assert api.say(body={"verb": "stop-automation", "reason": "r"}, headers={"If-Match": "*"}).status == 412  # about no app
    assert api.say(body={"verb": "release", "app": "shop"}, headers={"If-Match": api.getApp(app="shop").headers["etag"]}).status == 200


# --- keys
def a_change_is_made_once(w, api):
    before = len(rows(w))
    for name, args in (("say", {"body": {"verb": "hold", "app": "shop", "reason": "k"}}), ("sayDeficiency", {"body": {"verb": "open", "app": "shop", "title": "k"}}),
                       ("reload", {"body": {}}), ("signJournal", {"body": {}}), ("makeToken", {"body": {"name": "k1", "roles": ["viewer"]}}),
                       ("beginRun", {"app": "shop", "body": {"proposed": True}}), ("makeEvidence", {"body": {"run": 1}}),
                       ("simulate", {"app": "shop", "body": {"down": "us-east-1", "runs": 1}})):
        key = {"Idempotency-Key": "key-" + name}
        first, again = api.operations[name](headers=key, **args), api.operations[name](headers=key, **args)
        assert first.status < 300 and "idempotency-replayed" not in first.headers, (name, first)
        assert again.status == first.status and again.headers["idempotency-replayed"] == "true", (name, again)
        if name == "makeToken":  # its text is told once
            assert "token" not in again.json and again.json["id"] == first.json["id"]
        elif name != "makeEvidence":  # made anew
            assert again.data == first.data, (name, first, again)
        asked = rows(w, kind="request", name="key-" + name)
        assert len(asked) == (0 if name == "simulate" else 1), (name, asked)
    for kind, n in (("hold", 1), ("deficiency", 1), ("token", 1), ("admit", 1), ("evidence", 1)):
        made = [r for r in rows(w, kind=kind) if r["seq"] > before and r["to"] != "used" and r["name"] not in ("checkpoint", "report")]
        assert len(made) == n, (kind, made)
    other = api.say(body={"verb": "release", "app": "shop"}, headers={"Idempotency-Key": "key-say"})
    assert other.status == 422 and other.json["type"] == "/v1/problems/idempotency-key-reused", other
    assert api.say(body={"verb": "ack", "app": "shop"}, headers={"Idempotency-Key": "two words"}).status == 400
    # what one has looked at has changed by the change itself: that is no reason to refuse its repetition
    guarded = {"Idempotency-Key": "key-guarded", "If-Match": api.getApp(app="shop").headers["etag"]}
    answers = [api.say(body={"verb": "release", "app": "shop"}, headers=guarded) for _ in range(2)]
    assert [a.status for a in answers] == [200, 200] and "idempotency-replayed" in answers[1].headers, answers
    run = rows(w, kind="request", name="key-beginRun")[0]["number"]
    assert api.sayToRun(run=run, body={"verb": "decline", "reason": "r"}).status == 200


# --- examples
def the_examples_of_the_page_run(w):
    text = open(os.path.join(ROOT, "controller/api/README.md")).read()
    examples = re.findall(r"```sh\n(.*?)```", text, re.S)
    assert len(examples) >= 4
    for example in examples:
        r = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", example], env=dict(w.env, EVAC_SOCKET=w.socket), capture_output=True, text=True, timeout=30)
        assert r.returncode == 0 and r.stdout.strip() or "etag" in example and r.returncode == 0, (example, r.stdout, r.stderr)


def the_api_is_what_its_document_says():
    with world() as w:
        w.wait_healthy()
        api = Api(w.socket)
        the_document_is_whole(api)
        what_the_sources_write_is_described(api)
        an_unknown_field_would_be_seen(api)
        every_operation_is_called(w, api)
        bodies_are_refused_as_the_schema_says(api)
        errors_are_problems_of_a_kind(w, api)
        a_list_is_the_same_by_pages(w, api)
        what_one_has_is_not_sent_again(w, api)
        a_word_about_what_has_changed_is_refused(w, api)
        a_change_is_made_once(w, api)
        the_examples_of_the_page_run(w)
        left = {n for n, op in api.operations.items() if not op.statuses} - {"streamEvents"}
        assert not left, "never called: %s" % left


def revive(w, over):
    """Starts the controller again when it has died, once."""
    while not over.is_set():
        if w.evacd.poll() is not None:
            w.start_evacd()
            return
        time.sleep(0.02)


def a_change_whose_answer_is_lost_is_made_once():
    """The controller dies, as by kill -9, when the rows of a change are durable and nobody was told. The command line asks again."""
    with world() as w:
        w.wait_healthy()
        first = ask(w.socket, "GET", "/v1/status").json["journal_rows"]
        w.stop_evacd()
        w.start_evacd()
        w.wait_healthy()
        second = ask(w.socket, "GET", "/v1/status").json["journal_rows"]
        w.stop_evacd()
        dies_at = second + (second - first) + 8
        w.start_evacd(fail="row:%d" % dies_at)
        w.wait_healthy()
        over, said = threading.Event(), []
        helper = threading.Thread(target=revive, args=(w, over))
        helper.start()
        while helper.is_alive() and len(said) < 60:
            said.append(w.evac("hold", "shop", "--reason", "hold %d" % len(said)))
        over.set()
        helper.join()
        assert any("asking again" in r.stderr for r in said), "it never died: %d rows, %d words" % (dies_at, len(said))
        held = [r["text"] for r in rows(w, kind="hold")]
        assert held == ["hold %d" % i for i in range(len(said))], held
        died_in = rows(w, seq=dies_at)[0]
        assert died_in["kind"] in ("hold", "request"), died_in
        again = rows(w, kind="request")
        assert len(again) == len(said) == len({r["name"] for r in again})


def read_all(api, run):
    """All that people look at while something is wrong."""
    for name in ("getStatus", "listApps", "listRuns", "getIncidents", "listApprovals", "listHolds", "listDrills"):
        assert api.operations[name]().status == 200, name
    for name in ("getApp", "getClock", "getWhy", "getReadiness", "getProbes", "getTrend"):
        assert api.operations[name](app="shop").status == 200, name
    if run:
        look_at_run(api, run)


def what_is_read_in_an_outage_is_described_too():
    with World(BIN, 40, FAST) as w:
        w.sand("app shop renew 1000")
        w.start_evacd()
        w.wait_healthy()
        api = Api(w.env["EVAC_SOCKET"])
        w.sand("region us-east-1 down")
        w.wait(lambda: w.app()["situation"] == "outage", 20, "the outage")
        read_all(api, 0)
        w.wait(lambda: w.app()["run"], 20, "the run")
        while w.app()["run"]:
            read_all(api, 1)
        w.sand("region us-east-1 up")
        w.wait(lambda: (w.app()["old_side"] or {}).get("state") == "alive", 30, "the old region")
        read_all(api, 1)
        assert api.getReport(run=1).json["instants"]["recovered"] > api.listRuns().json[0]["began_ms"]


if __name__ == "__main__":
    run_stories([the_api_is_what_its_document_says, what_is_read_in_an_outage_is_described_too, a_change_whose_answer_is_lost_is_made_once])
