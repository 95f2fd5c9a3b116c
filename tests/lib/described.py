"""A client that knows of an API only what its OpenAPI document says, and looks at every answer by it.

Each operation is a method by its operationId: path variables and query parameters are arguments, `body` is the request's. What an
answer may be (status, media type, headers, every field of its body) is checked against the document each time, and an answer that it
does not describe is an error of the test. So is an argument that it does not know."""
import json, re, urllib.parse

import jsonschema
from unix_http import Unix


class Answer:
    def __init__(self, status, headers, data):
        self.status, self.headers, self.data = status, headers, data
        self.media = (headers.get("content-type") or "").split(";")[0]
        self.json = json.loads(data) if self.media.endswith("json") and data else None

    def __repr__(self):
        return "%d %s" % (self.status, self.data[:300])


def ask(path, method, target, body=None, headers=None, timeout=20):
    """One exchange, with nothing known beforehand."""
    c = Unix(path, timeout)
    try:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            c.request(method, target, data, dict({"Content-Type": "application/json"} if data else {}, **(headers or {})))
        except BrokenPipeError:
            pass  # it was refused before all of it was sent: the answer is there
        r = c.getresponse()
        return Answer(r.status, {k.lower(): v for k, v in r.getheaders()}, r.read())
    finally:
        c.close()


class Operation:
    def __init__(self, api, path, method, spec):
        self.api, self.path, self.method, self.spec = api, path, method.upper(), spec
        self.params = [api.resolve(p) for p in spec["parameters"]]
        self.statuses = set()

    def __call__(self, body=None, headers=None, **args):
        known = {p["name"]: p["in"] for p in self.params}
        unknown = {k for k in args if known.get(k) not in ("path", "query")} | {h for h in headers or {} if h not in known and h != "Accept"}
        assert not unknown, "%s: the document does not have %s" % (self.spec["operationId"], unknown)
        assert body is None or "requestBody" in self.spec, self.spec["operationId"]
        target = re.sub(r"\{(\w+)\}", lambda m: urllib.parse.quote(str(args[m.group(1)]), safe=""), self.path)
        query = urllib.parse.urlencode({k: v for k, v in args.items() if known[k] == "query"})
        answer = ask(self.api.socket, self.method, target + ("?" + query if query else ""), body, headers)
        self.look_at(answer)
        return answer

    def look_at(self, answer):
        where = "%s -> %r" % (self.spec["operationId"], answer)
        responses = self.spec["responses"]
        response = self.api.resolve(responses.get(str(answer.status), responses["default"]))
        self.statuses.add(answer.status)
        if str(answer.status) not in responses:
            assert 400 <= answer.status < 600, "a status that is not described: " + where
        for name in answer.headers:
            described = {h.lower() for h in response.get("headers", {})}
            assert name in described or name in COMMON or answer.status >= 300, "the header %s is not described: %s" % (name, where)
        if "content" not in response:
            assert not answer.data, where
            return
        assert answer.media in response["content"], "a media type that is not described: " + where
        if answer.json is not None:
            self.api.fits(answer.json, response["content"][answer.media]["schema"], where)


COMMON = {"content-type", "content-length", "cache-control", "server", "connection", "date", "x-content-type-options", "content-security-policy",
          "referrer-policy", "x-frame-options", "strict-transport-security", "set-cookie"}


class Api:
    def __init__(self, path):
        self.socket = path
        self.document = ask(path, "GET", "/v1/openapi.json").json
        self.resolver = jsonschema.RefResolver("", self.document)
        self.operations = {}
        for where, methods in self.document["paths"].items():
            for method, spec in methods.items():
                assert spec["operationId"] not in self.operations, spec["operationId"]
                self.operations[spec["operationId"]] = Operation(self, where, method, spec)

    def __getattr__(self, name):
        return self.operations[name]

    def resolve(self, thing):
        return self.resolver.resolve(thing["$ref"])[1] if "$ref" in thing else thing

    def fits(self, value, schema, where):
        errors = jsonschema.Draft202012Validator(schema, resolver=self.resolver).iter_errors(value)
        said = ["at /%s: %s" % ("/".join(map(str, e.absolute_path)), e.message[-300:]) for e in errors]
        assert not said, "\n".join([where[:400]] + said[:20])

    def look_everywhere(self):
        """Calls whatever only looks, with every app, run and some steps that there are, and says all that is not as described. Takes
        a third of a second for an app: for the moments in which answers hold what they seldom do."""
        wrong = []

        def call(name, **args):
            try:
                return self.operations[name](**args)
            except AssertionError as e:
                wrong.append(str(e))

        looks = {n: {p["name"] for p in op.params if p["in"] == "path"} for n, op in self.operations.items() if op.method == "GET"}
        for name in [n for n, places in looks.items() if not places and n != "streamEvents"]:
            call(name)
        for app in [a["app"] for a in self.listApps(limit=3).json]:
            for name in [n for n, places in looks.items() if places == {"app"} and n != "getReceipt"]:
                call(name, app=app)
        for run in [r["run"] for r in self.listRuns(limit=4).json]:
            for name in ("getRun", "getPlan", "getReport", "listSteps"):
                call(name, run=run)
            for step in self.listSteps(run=run).json[-2:]:
                call("getStep", run=run, step=step["id"])
        assert not wrong, "\n".join(wrong)
