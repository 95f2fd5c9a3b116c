/* What is wrong in a configuration is told with file, line, what was found and what is allowed. */
#include "conf.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

/* Three good files; each case changes one place of one of them. Lines are counted from here. */
static const char app_text[] =
    /*  1 */ "app = {\n"
             /*  2 */ "  name = \"shop\";\n"
             /*  3 */ "  strategy = \"warm-standby\";\n"
             /*  4 */ "  regions = ( \"us-east-1\", \"us-west-2\" );\n"
             /*  5 */ "  witness = \"eu-west-1\";\n"
             /*  6 */ "  objectives = { rto = \"15m\"; rpo = \"1m\"; };\n"
             /*  7 */ "  endpoint = { url = \"https://shop.example.com/\"; };\n"
             /*  8 */ "  resources = {\n"
             /*  9 */ "    db = { type = \"aurora\"; };\n"
             /* 10 */ "    web = { type = \"ecs\"; ports = ( 80, 443 ); };\n"
             /* 11 */ "  };\n"
             /* 12 */ "  probes = (\n"
             /* 13 */ "    { name = \"a\"; http = \"http://{region}.x.org/\"; },\n"
             /* 14 */ "    { name = \"b\"; http = \"http://{region}.y.org/\"; }\n"
             /* 15 */ "  );\n"
             /* 16 */ "  policy = { dwell = 30; };\n"
             /* 17 */ "  drills = ( { cron = \"0 9 1 * *\"; kind = \"live\"; } );\n"
             /* 18 */ "};\n";
static const char book_text[] =
    /*  1 */ "runbook = {\n"
             /*  2 */ "  name = \"warm-standby\";\n"
             /*  3 */ "  failover = {\n"
             /*  4 */ "    steps = (\n"
             /*  5 */ "      { name = \"look\"; action = \"db.ready\";\n"
             /*  6 */ "        region = \"to\"; phase = \"check\"; },\n"
             /*  7 */ "      { name = \"move\"; action = \"db.failover\";\n"
             /*  8 */ "        region = \"to\"; phase = \"data\";\n"
             /*  9 */ "        after = ( \"look\" );\n"
             /* 10 */ "        when = { step = \"look\"; is = \"done\"; }; }\n"
             /* 11 */ "    );\n"
             /* 12 */ "  };\n"
             /* 13 */ "  failback = { same_as = \"failover\"; };\n"
             /* 14 */ "};\n";
static const char evac_text[] =
    /*  1 */ "socket = \"/run/evac/evac.sock\";\n"
             /*  2 */ "resolver = \"127.0.0.1:53\";\n"
             /*  3 */ "engine = { poll = \"2s\"; poll_max = \"10s\"; };\n"
             /*  4 */ "packs = { local = { debug = true; }; };\n";

static const struct evac_conf_text good[] = {
    { "shop.cfg", { app_text, sizeof app_text - 1 } },
    { "warm.cfg", { book_text, sizeof book_text - 1 } },
    { "evac.cfg", { evac_text, sizeof evac_text - 1 } },
};
enum { FILES = sizeof good / sizeof good[0] };

struct bad {
    const char *find, *put; /* the first `find` of all files becomes `put` */
    const char *expected;
};

/* clang-format off */
static const struct bad bads[] = {
    /* unknown settings */
    { "  policy =", "  polcy =", "shop.cfg:16: error: unknown setting \"polcy\" in app: did you mean \"policy\"?" },
    { "dwell = 30", "dwel = 30", "shop.cfg:16: error: unknown setting \"dwel\" in app.policy: did you mean \"dwell\"?" },
    { "dwell = 30", "quux = 30", "shop.cfg:16: error: unknown setting \"quux\" in app.policy; known: automatic, dwell, cooldown" },
    { "action = \"db.ready\";", "action = \"db.ready\"; phaze = 1;", "warm.cfg:5: error: unknown setting \"phaze\" in step: did you mean \"phase\"?" },
    { "socket =", "soket =", "evac.cfg:1: error: unknown setting \"soket\" in controller: did you mean \"socket\"?" },
    { "app = {", "ap = 1; app = {", "shop.cfg:1: error: unknown setting \"ap\" in file: did you mean \"app\"?" },
    { "is = \"done\"", "iss = \"done\"", "warm.cfg:10: error: unknown setting \"iss\" in when: did you mean \"is\"?" },

    /* what automation may do */
    { "dwell = 30;", "waivers = ( { condition = \"drill\"; owner = \"bob\"; until = \"2026-02-30\"; reason = \"x\"; } );",
      "shop.cfg:16: error: waiver.until: found \"2026-02-30\"; allowed: a day, such as \"2026-12-31\"" },
    { "dwell = 30;", "waivers = ( { condition = \"weather\"; owner = \"bob\"; until = \"2026-12-31\"; reason = \"x\"; } );",
      "shop.cfg:16: error: waiver.condition: found \"weather\"; allowed: one of \"lint\", \"readiness\", \"drill\"" },
    { "dwell = 30;", "waivers = ( { condition = \"drill\"; until = \"2026-12-31\"; reason = \"x\"; } );", "shop.cfg:16: error: waiver.owner" },
    { "dwell = 30", "dwell = 30; flap = { dwell = 20; }", "shop.cfg:1: error: app.policy: flap.dwell (20000 ms) is shorter than dwell (30000 ms)" },
    { "  policy =", "  freezes = ( { from = \"2026-12-20\"; reason = \"x\"; } ); policy =", "shop.cfg:16: error: freeze.owner" },
    { "  policy =", "  freezes = ( { from = \"2026-13-20\"; owner = \"ops\"; reason = \"x\"; } ); policy =",
      "shop.cfg:16: error: freeze: from: found '2026-13-20'" },
    { "  policy =", "  tier = 6; policy =", "shop.cfg:16: error: app.tier: found 6; allowed: a whole number from 1 to 5" },

    /* wrong types, values out of range */
    { "name = \"shop\"", "name = 7", "shop.cfg:2: error: app.name: found 7; allowed: a name of letters" },
    { "name = \"shop\"", "name = \"sh op\"", "shop.cfg:2: error: app.name: found \"sh op\"; allowed: a name of letters" },
    { "name = \"shop\"", "name = \"\"", "shop.cfg:2: error: app.name: found \"\"; allowed: a name of letters" },
    { "\"warm-standby\";\n  regions", "\"wram-standby\";\n  regions",
      "shop.cfg:3: error: app.strategy: found \"wram-standby\"; allowed: one of \"backup-restore\", \"pilot-light\", "
      "\"warm-standby\", \"active-active\", \"group\"; did you mean \"warm-standby\"?" },
    { "rto = \"15m\"", "rto = \"90d\"", "shop.cfg:6: error: app.objectives.rto: found \"90d\"; allowed: a duration such as \"10s\", from 1s to 7d" },
    { "rto = \"15m\"", "rto = \"soon\"", "shop.cfg:6: error: app.objectives.rto: found \"soon\"; allowed: a duration" },
    { "rto = \"15m\"", "rto = -1", "shop.cfg:6: error: app.objectives.rto: found -1; allowed: a duration" },
    { "rto = \"15m\"", "rto = 1.5", "shop.cfg:6: error: app.objectives.rto: found 1.5; allowed: a duration" },
    { "rto = \"15m\"", "rto = ( )", "shop.cfg:6: error: app.objectives.rto: found a list; allowed: a duration" },
    { "rto = \"15m\"", "rto = { }", "shop.cfg:6: error: app.objectives.rto: found a group; allowed: a duration" },
    { "dwell = 30", "dwell = true", "shop.cfg:16: error: app.policy.dwell: found true; allowed: a duration" },
    { "objectives = { rto = \"15m\"; rpo = \"1m\"; }", "objectives = \"15m\"", "shop.cfg:6: error: app.objectives: found \"15m\"; allowed: a group" },
    { "endpoint = { url = \"https://shop.example.com/\"; }", "endpoint = \"x\"", "shop.cfg:7: error: app.endpoint: found \"x\"; allowed: a group" },
    { "db = { type = \"aurora\"; }", "db = \"aurora\"", "shop.cfg:9: error: app.resources: found \"aurora\"; allowed: a group" },
    { "policy = { dwell = 30; };", "approvals = { need = 9; };", "shop.cfg:16: error: approvals.need: found 9; allowed: a whole number from 1 to 8" },
    { "policy = { dwell = 30; };", "approvals = { need = 2; of = ( \"uid:ann\" ); };", "shop.cfg:16: error: approvals: need is 2, but of names only 1; allowed: no more than can answer" },
    { "policy = { dwell = 30; };", "approvals = { of = ( \"chief\" ); };", "shop.cfg:16: error: approvals.of: found \"chief\"; allowed: " },
    { "policy = { dwell = 30; };", "approvals = { at_expiry = \"go-on\"; };", "shop.cfg:16: error: app.approvals.at_expiry: found \"go-on\", and policy.automatic is \"propose\"; allowed: decline, hold; go-on only where the policy may act without a person" },
    { "policy = { dwell = 30; };", "approvals = { escalate = ( { after = \"5m\"; to = \"a\"; }, { after = \"5m\"; to = \"b\"; } ); };", "shop.cfg:16: error: approvals.escalate: 300 s comes after 300 s; allowed: later and later" },
    { "policy = { dwell = 30; };", "safety = ( { name = \"x\"; } );", "shop.cfg:16: error: safety rule: found 0 assertions; allowed: one of at_least_in_service, at_most_moving, not_while, never_to" },
    { "policy = { dwell = 30; };", "safety = ( { name = \"x\"; at_most_moving = 1; never_to = ( \"us-west-2\" ); } );", "shop.cfg:16: error: safety rule: found 2 assertions; allowed: one of at_least_in_service, at_most_moving, not_while, never_to" },
    { "packs = {", "people = ( { name = \"ann\"; principals = ( \"gid:oncall\" ); } ); packs = {", "evac.cfg:4: error: person.principals: found \"gid:oncall\", which may be many; allowed: what one person alone is called" },
    { "packs = {", "people = ( { name = \"ann\"; principals = ( \"oidc-group:oncall\" ); } ); packs = {", "evac.cfg:4: error: person.principals: found \"oidc-group:oncall\", which may be many" },
    { "packs = {", "people = ( { name = \"ann\"; principals = ( \"uid:ann\", \"token:x\" ); }, { name = \"bob\"; principals = ( \"token:x\" ); } ); packs = {", "evac.cfg:4: error: people: \"token:x\" is of \"ann\" and of \"bob\"; allowed: of one person" },
    { "packs = {", "people = ( { name = \"ann\"; } ); packs = {", "evac.cfg:4: error: person.principals" },
    { "policy = { dwell = 30; };", "approvals = { need = 2; of = ( \"oidc-group:oncall\", \"uid:ann\" ); }; polcy = 1;", "shop.cfg:16: error: unknown setting \"polcy\"" }, /* a group may be many: that is no error */
    { "policy = { dwell = 30; };", "roles = { approver = ( ); };", "shop.cfg:16: error: app.roles.approver: found 0 entries; allowed: a list of 1 to 64: " },
    { "policy = { dwell = 30; };", "roles = { approver = ( \"ann\" ); };", "shop.cfg:16: error: app.roles.approver: found \"ann\"; allowed: " },
    { "policy = { dwell = 30; };", "roles = { approvers = ( \"uid:ann\" ); };", "shop.cfg:16: error: unknown setting \"approvers\" in app.roles: did you mean \"approver\"?" },
    { "drills = ( { cron = \"0 9 1 * *\"; kind = \"live\"; } )", "drills = { }", "shop.cfg:17: error: app.drills: found a group; allowed: a list of at most 100" },
    { "drills = ( { cron = \"0 9 1 * *\"; kind = \"live\"; } )", "drills = ( 3 )", "shop.cfg:17: error: app.drills: found 3; allowed: a group" },
    { "drills = ( { cron = \"0 9 1 * *\"; kind = \"live\"; } )", "drills = ( \"2026-12-24\" )", "shop.cfg:17: error: app.drills: found \"2026-12-24\"; allowed: a group" },
    { "drills = ( { cron = \"0 9 1 * *\"; kind = \"live\"; } )", "blackouts = ( \"2026-12-32\" )", "shop.cfg:17: error: window: from: found '2026-12-32'; allowed: a day that there is" },
    { "drills = ( { cron = \"0 9 1 * *\"; kind = \"live\"; } )", "windows = ( { cron = \"0 9 1 * *\"; } )", "shop.cfg:17: error: window: for is missing" },
    { "name = \"a\";", "name = \"a\"; fall = 11;", "shop.cfg:13: error: probe.fall: found 11; allowed: a whole number from 1 to 10 (checks in a row)" },
    { "name = \"a\";", "name = \"a\"; status = 99;", "shop.cfg:13: error: probe.status: found 99; allowed: a whole number from 100 to 599 (HTTP status)" },
    { "name = \"a\";", "name = \"a\"; role = \"endpoint\";", "shop.cfg:13: error: probe.role: found \"endpoint\"; allowed: one of \"edge\", \"deep\", \"data\", \"control\"" },
    { "phase = \"data\";", "phase = \"data\"; tries = 0;", "warm.cfg:8: error: step.tries: found 0; allowed: a whole number from 1 to 100 (applies)" },
    { "phase = \"data\";", "phase = \"data\"; pivot = 1;", "warm.cfg:8: error: step.pivot: found 1; allowed: true or false" },
    { "phase = \"data\";", "phase = \"data\"; title = \"a\\nb\";", "warm.cfg:8: error: step.title: found \"a?b\"; allowed: one line of text" },
    { "action = \"db.ready\"", "action = \"ready\"", "warm.cfg:5: error: step.action: found \"ready\"; allowed: a resource type (or several, with | between; or * for all), a dot and an action" },
    { "socket =", "notify = { channels = ( { name = \"chat\"; type = \"slack\"; secret = \"https://hooks\"; } ); }; socket =",
      "evac.cfg:1: error: channel.secret of \"chat\" names no place; allowed: a file's absolute path" },
    { "socket =", "notify = { channels = ( { name = \"pager\"; type = \"pagerduty\"; } ); routes = ( { to = ( \"pagr\" ); } ); }; socket =",
      "evac.cfg:1: error: route.to: there is no channel \"pagr\": did you mean \"pager\"?" },
    { "socket =", "notify = { channels = ( { name = \"pager\"; type = \"pagerduty\"; backup = \"pager\"; } ); }; socket =",
      "evac.cfg:1: error: channel.backup: \"pager\" is itself" },
    { "socket =", "notify = { routes = ( { kinds = ( \"weather\" ); to = ( \"x\" ); } ); }; socket =",
      "evac.cfg:1: error: route.kinds: found \"weather\"" },
    { "127.0.0.1:53", "localhost:53", "evac.cfg:2: error: controller.resolver: found \"localhost:53\"; allowed: an IP address and a port" },
    { "127.0.0.1:53", "127.0.0.1:70000", "evac.cfg:2: error: controller.resolver: found \"127.0.0.1:70000\"; allowed: an IP address and a port" },
    { "\"/run/evac/evac.sock\"", "\"evac.sock\"", "evac.cfg:1: error: controller.socket: found \"evac.sock\"; allowed: an absolute path, at most 100 bytes" },
    { "socket =", "traces = { url = \"http://otel.example.com/v1/traces\"; headers = \"/etc/t\"; }; socket =", "evac.cfg:1: error: controller.traces: headers are sent to \"http://otel.example.com/v1/traces\"; allowed: https://..., and http://... to this machine" },
    { "socket =", "log = { level = \"wran\"; }; socket =", "evac.cfg:1: error: controller.log.level: found \"wran\"; allowed: one of \"error\", \"warn\", \"info\", \"debug\"; did you mean \"warn\"?" },
    { "local = { debug = true; }", "local = true", "evac.cfg:4: error: controller.packs.local: found true; allowed: a group" },

    /* missing, twice, too many */
    { "  name = \"shop\";\n", "\n", "shop.cfg:1: error: app.name is missing; allowed: a name" },
    { " rpo = \"1m\";", "", "shop.cfg:1: error: app.objectives.rpo is missing; allowed: a duration" },
    { "db = { type = \"aurora\"; }", "db = { cluster = 1; }", "shop.cfg:9: error: resource.type is missing" },
    { "name = \"a\"; ", "", "shop.cfg:13: error: probe.name is missing" },
    { "region = \"to\"; phase = \"check\";", "phase = \"check\";", "warm.cfg:5: error: step.region is missing" },
    { "  name = \"warm-standby\";\n", "\n", "warm.cfg:1: error: runbook.name is missing" },
    { "name = \"b\"", "name = \"a\"", "shop.cfg:14: error: two probes are named \"a\"; the first is in line 13" },
    { "web = {", "db = {", "shop.cfg:10: error: \"db\" is given twice in this group, first in line 9" },
    { "  policy =", "  witness =", "shop.cfg:16: error: \"witness\" is given twice in this group, first in line 5" },
    { "name = \"move\"", "name = \"look\"", "warm.cfg:7: error: two steps are named \"look\"; the first is in line 5" },
    { "\"us-west-2\" )", "\"us-east-1\" )", "shop.cfg:4: error: app.regions: \"us-east-1\" is there twice; allowed: once" },
    { "after = ( \"look\" )", "after = ( \"look\", \"look\" )", "warm.cfg:9: error: step.after: \"look\" is there twice" },
    { ", \"us-west-2\" )", " )", "shop.cfg:4: error: app.regions: found 1 entries; allowed: a list of 2 to 8: a region's name" },
    { "web = { type = \"ecs\"", "endpoint = { type = \"ecs\"", "shop.cfg:10: error: a resource is named \"endpoint\", as the one that the app's endpoint becomes" },
    { "name = \"b\"", "name = \"endpoint\"", "shop.cfg:14: error: a probe is named \"endpoint\"" },

    /* regions, addresses, calendars */
    { "\"us-west-2\" )", "\"us-west\" )", "shop.cfg:4: error: app.regions: found \"us-west\"; allowed: a list of 2 to 8: a region's name, such as \"us-east-1\"" },
    { "\"us-west-2\" )", "\"US-WEST-2\" )", "shop.cfg:4: error: app.regions: found \"US-WEST-2\"" },
    { "\"us-west-2\" )", "2 )", "shop.cfg:4: error: app.regions: found 2" },
    { "\"eu-west-1\"", "\"eu-west-1a\"", "shop.cfg:5: error: app.witness: found \"eu-west-1a\"; allowed: a region's name" },
    { "\"eu-west-1\"", "\"us-west-2\"", "shop.cfg:5: error: app.witness: found \"us-west-2\", one of app.regions; allowed: another region" },
    { "region = \"to\"; phase = \"data\"", "region = \"tp\"; phase = \"data\"", "warm.cfg:8: error: step.region: found \"tp\"; allowed: \"from\", \"to\", \"rest\", \"witness\"" },
    { "https://shop.example.com/", "shop.example.com", "shop.cfg:7: error: endpoint.url: found \"shop.example.com\"; allowed: an http:// or https:// address" },
    { "https://shop.example.com/", "https://{region}.example.com", "shop.cfg:7: error: endpoint.url: found" },
    { "http://{region}.x.org/", "http://x.org/", "shop.cfg:13: error: probe.http: found \"http://x.org/\"; allowed: something that holds {region}, so that it can speak about one; or role = \"data\" or \"control\"" },
    { "http = \"http://{region}.x.org/\"", "tcp = \"{region}.x.org:80\"; http = \"http://{region}.x.org/\"", "shop.cfg:13: error: probe: found 2 of http, tcp, tls, dns, exec, look; allowed: exactly one" },
    { "http = \"http://{region}.x.org/\"", "role = \"deep\"", "shop.cfg:13: error: probe: it does not say what it asks; allowed: one of http, tcp, tls, dns, exec, look" },
    { "http = \"http://{region}.x.org/\"", "tcp = \"{region}.x.org\"", "shop.cfg:13: error: probe.tcp: found \"{region}.x.org\"; allowed: a host and a port" },
    { "http = \"http://{region}.x.org/\"", "tcp = \"{region}.x.org:0\"", "shop.cfg:13: error: probe.tcp: found" },
    { "http = \"http://{region}.x.org/\"", "tls = \"x.org:443\"", "shop.cfg:13: error: probe.tls: found \"x.org:443\"; allowed: something that holds {region}" },
    { "http = \"http://{region}.x.org/\"", "tcp = \"{region}.x.org:80\"; status = 200", "shop.cfg:13: error: probe.status: it is for http, and this is tcp" },
    { "http = \"http://{region}.x.org/\"", "tcp = \"{region}.x.org:80\"; certificate = \"14d\"", "shop.cfg:13: error: probe.certificate: it is for http and tls, and this is tcp" },
    { "http = \"http://{region}.x.org/\"", "http = \"http://{region}.x.org/\"; certificate = \"14d\"", "shop.cfg:13: error: probe.certificate: an http:// address has none" },
    { "http = \"http://{region}.x.org/\"", "http = \"http://{region}.x.org/\"; latency = \"7s\"", "shop.cfg:13: error: probe: latency (7000 ms) is longer than timeout (6000 ms)" },
    { "http = \"http://{region}.x.org/\"", "http = \"http://{region}.x.org/\"; json = { path = \"a\"; above = \"5\"; }", "shop.cfg:13: error: json.above: found \"5\"; allowed: a number" },
    { "http = \"http://{region}.x.org/\"", "http = \"http://{region}.x.org/\"; json = { path = \"a\"; is = ( 1 ); }", "shop.cfg:13: error: json.is: found a list; allowed: a text, a number, true or false" },
    { "http = \"http://{region}.x.org/\"", "http = \"http://{region}.x.org/\"; json = { is = 1; }", "shop.cfg:13: error: json.path is missing" },
    { "http = \"http://{region}.x.org/\"", "http = \"http://{region}.x.org/\"; expect = 5", "shop.cfg:13: error: probe.expect: found 5; allowed: one line of text" },
    { "http = \"http://{region}.x.org/\"", "dns = \"{region}.x.org\"; expect = ( \"a\", 5 )", "shop.cfg:13: error: probe.expect: found a list; allowed: a text, or a list of 1 to 8 texts" },
    { "http = \"http://{region}.x.org/\"", "dns = \"{region}.x.org\"; type = \"MX\"", "shop.cfg:13: error: probe.type: found \"MX\"; allowed: one of \"A\", \"AAAA\", \"CNAME\", \"TXT\"" },
    { "http = \"http://{region}.x.org/\"", "dns = \"{region}.x.org\"; resolvers = ( \"dns.google\" )", "shop.cfg:13: error: probe.resolvers: found \"dns.google\"; allowed:" },
    { "http = \"http://{region}.x.org/\"", "exec = ( \"curl\", \"{region}\" )", "shop.cfg:13: error: probe.exec: found \"curl\" first; allowed: a program's absolute path" },
    { "http = \"http://{region}.x.org/\"", "look = { resource = \"db\"; }", "shop.cfg:13: error: look: found none of action and lag; allowed: exactly one" },
    { "http = \"http://{region}.x.org/\"", "dns = \"shop.x.org\"", "shop.cfg:13: error: probe.dns: found \"shop.x.org\"; allowed: something that holds {region}" },
    { "http://{region}.x.org/", "http://{regoin}.x.org/", "shop.cfg:13: error: probe.http: found \"http://{regoin}.x.org/\"" },
    { "http://{region}.x.org/", "http://{region}.x.org:99999/", "shop.cfg:13: error: probe.http: found" },
    { "cron = \"0 9 1 * *\"; ", "", "shop.cfg:17: error: drill: cron is missing; allowed: cron, or every and on" },
    { "cron = \"0 9 1 * *\"", "cron = \"0 24 1 * *\"", "shop.cfg:17: error: drill: cron: hour: found '24'; allowed: 0 to 23" },
    { "cron = \"0 9 1 * *\"", "cron = \"0 9 31 2 *\"", "shop.cfg:17: error: drill: cron: '0 9 31 2 *' never comes" },
    { "cron = \"0 9 1 * *\"", "cron = \"0 9 1 * *\"; on = \"monday\"", "shop.cfg:17: error: drill: found cron beside every or on" },
    { "cron = \"0 9 1 * *\"", "every = \"quarter\"; on = \"fifth monday\"", "shop.cfg:17: error: drill: on: found 'fifth monday'" },
    { "kind = \"live\"", "kind = \"game-day\"", "shop.cfg:17: error: drill: faults is missing" },
    { "kind = \"live\"", "kind = \"live\"; faults = ( \"db\" )", "shop.cfg:17: error: drill: found faults; allowed: for a game-day" },
    { "kind = \"live\"", "kind = \"live\"; unless = ( \"bd.quiet\" )", "shop.cfg:17: error: drill.unless: found \"bd.quiet\"; allowed: a resource" },
    { "kind = \"live\"", "kind = \"live\"; to = \"mars-north-1\"", "shop.cfg:17: error: drill.to: found \"mars-north-1\"; allowed: one of app.regions" },
    { "kind = \"live\"; } )", "kind = \"live\"; }, { kind = \"live\"; every = \"week\"; } )", "shop.cfg:17: error: two drills are named \"live\"" },
    { "0 9 1 * *", "0 9 1 *", "shop.cfg:17: error: drill.cron: found \"0 9 1 *\"; allowed: five fields" },
    { "0 9 1 * *", "0 9 1 * * *", "shop.cfg:17: error: drill.cron: found \"0 9 1 * * *\"; allowed: five fields" },
    { "kind = \"live\"", "kind = \"live\"; timezone = \"../etc/passwd\"", "shop.cfg:17: error: drill.timezone: found \"../etc/passwd\"; allowed: a time zone's name" },

    /* what settings mean together */
    { "name = \"a\";", "name = \"a\"; every = \"2s\"; timeout = \"3s\";", "shop.cfg:13: error: probe: timeout (3000 ms) is longer than every (2000 ms)" },
    { "name = \"a\";", "name = \"a\"; timeout = \"3s\"; connect = \"3s\";", "shop.cfg:13: error: probe: connect (3000 ms) is not shorter than timeout (3000 ms)" },
    { "name = \"a\";", "name = \"a\"; connection = \"kept\";", "shop.cfg:13: error: probe.connection: found \"kept\"; allowed: one of \"fresh\", \"keep\"" },
    { "name = \"a\"; http = \"http://{region}.x.org/\"", "name = \"a\"; connection = \"keep\"; tcp = \"{region}.x.org:1\"", "shop.cfg:13: error: probe.connection: it is for http, and this is tcp" },
    { "poll_max = \"10s\"", "poll_max = \"1s\"", "evac.cfg:3: error: controller.engine: poll_max (1000 ms) is shorter than poll (2000 ms)" },
    { "after = ( \"look\" )", "after = ( \"lok\" )", "warm.cfg:9: error: step \"move\": after names \"lok\", no step of this workflow: did you mean \"look\"?" },
    { "after = ( \"look\" )", "after = ( \"promote\" )", "warm.cfg:9: error: step \"move\": after names \"promote\", no step of this workflow; known: look, move" },
    { "after = ( \"look\" )", "after = ( \"move\" )", "warm.cfg:9: error: step \"move\": after names the step itself" },
    { "after = ( \"look\" )", "after = \"look\"", "warm.cfg:9: error: step.after: found \"look\"; allowed: a list" },
    { "step = \"look\"; is", "step = \"lock\"; is", "warm.cfg:10: error: step \"move\": when names \"lock\", no step of this workflow: did you mean \"look\"?" },
    { "same_as = \"failover\"", "same_as = \"failback\"", "warm.cfg:13: error: runbook.failback: same_as leads to \"failback\", which has no steps of its own" },
    { "same_as = \"failover\"", "same_as = \"drill\"", "warm.cfg:13: error: runbook.failback: same_as leads to \"drill\", which has no steps" },
    { "same_as = \"failover\"", "same_as = \"fialover\"", "warm.cfg:13: error: workflow.same_as: found \"fialover\"" },
    { "same_as = \"failover\";", "", "warm.cfg:13: error: workflow: found neither steps nor same_as" },
    { "same_as = \"failover\";", "same_as = \"failover\"; steps = ( { name = \"x\"; action = \"a.b\"; region = \"to\"; phase = \"check\"; } );",
      "warm.cfg:13: error: workflow: found both steps and same_as" },

    /* conditions */
    { "is = \"done\"", "is = \"don\"", "warm.cfg:10: error: when.is: found \"don\"; allowed: \"done\", \"skipped\" or \"failed\"" },
    { "step = \"look\"; is = \"done\";", "", "warm.cfg:10: error: when: found an empty condition" },
    { "step = \"look\"; is = \"done\"", "step = \"look\"", "warm.cfg:10: error: when: step \"look\" stands alone; allowed: with is, or with fact" },
    { "step = \"look\"; is = \"done\"", "is = \"done\"", "warm.cfg:10: error: when: step is missing" },
    { "step = \"look\"; is = \"done\"", "step = \"look\"; above = 3", "warm.cfg:10: error: when: fact is missing" },
    { "step = \"look\"; is = \"done\"", "step = \"look\"; fact = \"lag_ms\"", "warm.cfg:10: error: when: fact \"lag_ms\" is compared with nothing" },
    { "step = \"look\"; is = \"done\"", "step = \"look\"; fact = \"lag_ms\"; is = \"done\"", "warm.cfg:10: error: when.is: found \"done\"; with fact allowed: a whole number" },
    { "step = \"look\"; is = \"done\"", "step = \"look\"; fact = \"lag_ms\"; above = \"3s\"", "warm.cfg:10: error: when.above: found \"3s\"; allowed: a whole number" },
    { "step = \"look\"; is = \"done\"", "mode = \"gracefull\"", "warm.cfg:10: error: when.mode: found \"gracefull\"; allowed: one of \"graceful\", \"ungraceful\"; did you mean" },
    { "step = \"look\"; is = \"done\"", "not = ( )", "warm.cfg:10: error: when.not: found a list; allowed: a condition" },
    { "step = \"look\"; is = \"done\"", "any = ( )", "warm.cfg:10: error: when.any: found an empty list; allowed: a list of conditions" },
    { "step = \"look\"; is = \"done\"", "any = { }", "warm.cfg:10: error: when.any: found" },
    { "step = \"look\"; is = \"done\"", "all = ( 3 )", "warm.cfg:10: error: when.all: found 3; allowed: a condition" },
    { "when = { step = \"look\"; is = \"done\"; }", "when = true", "warm.cfg:10: error: step.when: found true; allowed: a group" },

    /* free settings */
    { "( 80, 443 )", "( 80, { a = 1; } )", "shop.cfg:10: error: ports: found a group in it; allowed in a list: texts, numbers, true and false" },

    /* the text itself */
    { "  witness =", "  witness", "shop.cfg:5: error: found a text where a name or an end is expected" },
    { "  witness = \"eu-west-1\";", "  witness = ;", "shop.cfg:5: error: syntax error, in or before: witness = ;; allowed: name = value" },
    { "  );\n  policy", "  policy", "shop.cfg:17: error: found }; allowed: ), for the ( of line 12" },
    { "dwell = 30", "dwell == 30", "shop.cfg:16: error: syntax error" },
    { "( 80, 443 )", "( 80, 443 ]", "shop.cfg:10: error: found ]; allowed: ), for the ( of line 10" },
    { "\"live\"; } );\n};", "\"live\"; } );\n}; }", "shop.cfg:18: error: found }, but nothing is open here" },
    { "\"live\"; } );\n};", "\"live\"; } );\n", "shop.cfg:1: error: this { is never closed" },
    { "kind = \"live\";", "kind = \"live;", "shop.cfg:17: error: this text is never closed" },
    { "  policy", "  /* policy", "shop.cfg:16: error: this comment is never closed" },
    { "app = {", "@include \"/etc/passwd\"\napp = {", "shop.cfg:1: error: @include is not supported" },
    { "  policy", "  @include \"policy.cfg\"\n  policy", "shop.cfg:16: error: @include is not supported" },
    { "dwell = 30", "dwell = 0x30", "shop.cfg:16: error: found 0x30; allowed: decimal numbers" },
    { "dwell = 30", "dwell = 99999999999999999999", "shop.cfg:16: error: found 99999999999999999999; allowed: decimal numbers" },
    { "dwell = 30", "dwell = 4294967296000", "shop.cfg:16: error: found 4294967296000; allowed: decimal numbers, with an L behind" },
    { "dwell = 30", "dwell = -3000000000", "shop.cfg:16: error: found -3000000000; allowed: decimal numbers" },
    { "dwell = 30", "dwell = 4294967296000L", "shop.cfg:16: error: app.policy.dwell: found 4294967296000; allowed" },
    { "dwell = 30", "dwell = 9223372036854775807L", "shop.cfg:16: error: app.policy.dwell: found 9223372036854775807; allowed" },
};
/* clang-format on */

static void diagnose(const struct evac_conf_text *files, size_t count, struct evac_buf *out)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_model *model = NULL;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_code code = evac_conf_parse(files, count, &diag, &model, &err);
    ck_assert_int_eq(code == EVAC_OK, model != NULL);
    ck_assert_int_eq(code == EVAC_OK, diag.errors == 0);
    ck_assert_int_eq(code, err.code);
    evac_diag_print(&diag, out);
    evac_model_free(model);
    evac_arena_free(diag.arena);
}

static void change(const struct bad *bad, struct evac_conf_text *files, struct evac_buf *changed)
{
    for (size_t i = 0; i < FILES; i++) {
        const char *at = strstr(files[i].text.p, bad->find);
        if (!at)
            continue;
        evac_buf_put(changed, files[i].text.p, (size_t)(at - files[i].text.p));
        evac_buf_puts(changed, bad->put);
        evac_buf_puts(changed, at + strlen(bad->find));
        files[i].text = evac_buf_str(changed);
        return;
    }
    ck_abort_msg("no file holds: %s", bad->find);
}

START_TEST(the_files_that_the_cases_change_are_good)
{
    struct evac_buf out;
    evac_buf_init(&out, 1u << 16);
    diagnose(good, FILES, &out);
    ck_assert_msg(out.n == 0, "%s", out.p);
    evac_buf_done(&out);
}
END_TEST

START_TEST(a_bad_setting_is_told_with_its_line_what_was_found_and_what_is_allowed)
{
    const struct bad *bad = &bads[_i];
    struct evac_conf_text files[FILES];
    struct evac_buf out, changed;
    memcpy(files, good, sizeof files);
    evac_buf_init(&out, 1u << 16);
    evac_buf_init(&changed, 1u << 16);
    change(bad, files, &changed);
    diagnose(files, FILES, &out);
    ck_assert_msg(out.n && strstr(out.p, bad->expected), "expected: %s\nfound:\n%s", bad->expected,
                  out.n ? out.p : "(nothing)");
    evac_buf_done(&changed);
    evac_buf_done(&out);
}
END_TEST

START_TEST(all_errors_of_all_files_are_told_at_once)
{
    static const struct evac_conf_text files[] = {
        { "a.cfg", { "app = { nam = 1; regions = 3; };", 32 } },
        { "b.cfg", { "app = { = }", 11 } },
        { "c.cfg", { "runbook = { failover = 1; };", 28 } },
    };
    static const char *const expected[] = {
        "a.cfg:1: error: unknown setting \"nam\"", "a.cfg:1: error: app.regions",
        "a.cfg:1: error: app.name is missing",     "b.cfg:1: error: syntax error",
        "c.cfg:1: error: runbook.failover",        "c.cfg:1: error: runbook: found no workflow"
    };
    struct evac_buf out;
    evac_buf_init(&out, 1u << 16);
    diagnose(files, 3, &out);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        ck_assert_msg(strstr(out.p, expected[i]), "missing: %s\nin:\n%s", expected[i], out.p);
    evac_buf_done(&out);
}
END_TEST

START_TEST(two_things_of_one_name_in_two_files_are_told_with_both_places)
{
    const struct evac_conf_text files[] = {
        good[0], { "other.cfg", good[0].text }, good[1], { "more.cfg", good[1].text }
    };
    struct evac_buf out;
    evac_buf_init(&out, 1u << 16);
    diagnose(files, 4, &out);
    ck_assert_ptr_nonnull(strstr(
        out.p, "other.cfg:1: error: two apps are named \"shop\"; the other is in shop.cfg:1"));
    ck_assert_ptr_nonnull(strstr(
        out.p,
        "more.cfg:1: error: two runbooks are named \"warm-standby\"; the other is in warm.cfg:1"));
    evac_buf_done(&out);
}
END_TEST

/* --- ceilings
 * ---------------------------------------------------------------------------------------- */

static void put_list_of(struct evac_buf *text, int count)
{
    evac_buf_puts(text, "packs = { p = { l = (");
    for (int i = 0; i < count; i++)
        evac_buf_putf(text, "%s%d", i ? ", " : "", i);
    evac_buf_puts(text, "); }; };");
}

static void expect_of(struct evac_buf *text, const char *expected)
{
    struct evac_buf out;
    struct evac_conf_text file = { "big.cfg", evac_buf_str(text) };
    evac_buf_init(&out, 1u << 20);
    diagnose(&file, 1, &out);
    if (expected)
        ck_assert_msg(out.n && strstr(out.p, expected), "%s", out.n ? out.p : "(nothing)");
    else
        ck_assert_msg(out.n == 0, "%s", out.p);
    evac_buf_done(&out);
    evac_buf_reset(text);
}

static void nest(struct evac_buf *text, int levels)
{
    evac_buf_puts(text, "packs = { x = ");
    for (int i = 1; i < levels; i++)
        evac_buf_puts(text, "{ a = ");
    evac_buf_puts(text, "1");
    for (int i = 1; i < levels; i++)
        evac_buf_puts(text, "; }");
    evac_buf_puts(text, "; };");
}

START_TEST(a_file_beyond_a_ceiling_is_refused_by_the_ceiling_s_name)
{
    struct evac_buf text;
    evac_buf_init(&text, 4u << 20);

    evac_buf_puts(&text, "packs = { p = { x = \"");
    while (text.n < (1u << 20))
        evac_buf_puts(&text, "0123456789");
    evac_buf_puts(&text, "\"; }; };");
    expect_of(&text, "bytes; allowed: at most 1048576");

    nest(&text, 64);
    expect_of(&text, NULL);
    nest(&text, 65);
    expect_of(&text, "nested deeper than 64 levels");

    put_list_of(&text, 1000);
    expect_of(&text, NULL);
    put_list_of(&text, 1002);
    expect_of(&text, "big.cfg:1: error: found more than 1000 entries in one group or list");
    evac_buf_done(&text);
}
END_TEST

START_TEST(a_zero_byte_hides_nothing)
{
    static const char text[] = "socket = \"/a\";\n\0 nonsense";
    struct evac_conf_text file = { "zero.cfg", { text, sizeof text - 1 } };
    struct evac_buf out;
    evac_buf_init(&out, 1u << 16);
    diagnose(&file, 1, &out);
    ck_assert_ptr_nonnull(strstr(out.p, "zero.cfg:2: error: found a zero byte"));
    evac_buf_done(&out);
}
END_TEST

/* --- any text at all
 * ------------------------------------------------------------------------------------ */

static void parse_only(const char *name, const char *text, size_t n)
{
    struct evac_conf_text file = { name, { text, n } };
    struct evac_buf out;
    evac_buf_init(&out, 1u << 20);
    diagnose(&file, 1, &out);
    evac_buf_done(&out);
}

static void read_source(const char *name, struct evac_buf *text)
{
    char path[1000], chunk[4096];
    size_t n;
    (void)snprintf(path, sizeof path, "%s/%s", EVAC_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
        evac_buf_put(text, chunk, n);
    fclose(file);
}

static const char *const sources[] = { "contrib/demo/apps/shop.cfg", "contrib/demo/evac.cfg",
                                       "runbooks/warm-standby.cfg" };
enum { SOURCES = sizeof sources / sizeof sources[0] };

START_TEST(a_file_cut_off_anywhere_neither_crashes_nor_leaks)
{
    struct evac_buf text;
    evac_buf_init(&text, 1u << 20);
    read_source(sources[_i], &text);
    for (size_t n = 0; n <= text.n; n++)
        parse_only(sources[_i], text.p, n);
    evac_buf_done(&text);
}
END_TEST

/* A small generator of its own: the same bytes on every machine. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

START_TEST(a_file_with_any_bytes_changed_neither_crashes_nor_leaks)
{
    static const char bytes[] = "{}()[];:=,\"\\/*#@.- \n\t0x9eLatrue\xff\x01";
    struct evac_buf text;
    uint32_t state = 20240229u + (uint32_t)_i;
    evac_buf_init(&text, 1u << 20);
    read_source(sources[_i], &text);
    char *copy = malloc(text.n);
    for (int round = 0; round < 1500; round++) {
        memcpy(copy, text.p, text.n);
        for (uint32_t k = next_random(&state) % 4 + 1; k; k--)
            copy[next_random(&state) % text.n] = bytes[next_random(&state) % sizeof bytes];
        parse_only(sources[_i], copy, text.n);
    }
    free(copy);
    evac_buf_done(&text);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("bad input");
    tcase_set_timeout(tc, 250);
    tcase_add_test(tc, the_files_that_the_cases_change_are_good);
    tcase_add_loop_test(tc, a_bad_setting_is_told_with_its_line_what_was_found_and_what_is_allowed,
                        0, sizeof bads / sizeof bads[0]);
    tcase_add_test(tc, all_errors_of_all_files_are_told_at_once);
    tcase_add_test(tc, two_things_of_one_name_in_two_files_are_told_with_both_places);
    tcase_add_test(tc, a_file_beyond_a_ceiling_is_refused_by_the_ceiling_s_name);
    tcase_add_test(tc, a_zero_byte_hides_nothing);
    tcase_add_loop_test(tc, a_file_cut_off_anywhere_neither_crashes_nor_leaks, 0, SOURCES);
    tcase_add_loop_test(tc, a_file_with_any_bytes_changed_neither_crashes_nor_leaks, 0, SOURCES);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("conf, bad input", add_cases)
