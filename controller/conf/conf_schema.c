#include "conf_schema.h"

#include <string.h>

#define NAME(name, text) text,
static const char *const modes[] = { EVAC_MODES(NAME) NULL };
static const char *const workflows[] = { EVAC_WORKFLOWS(NAME) NULL };
static const char *const policies[] = { EVAC_POLICIES(NAME) NULL };
static const char *const strategies[] = { EVAC_STRATEGIES(NAME) NULL };
static const char *const drill_kinds[] = { EVAC_DRILL_KINDS(NAME) NULL };
static const char *const phases[] = { EVAC_PHASES(NAME) NULL };
static const char *const conditions[] = { EVAC_CONDITIONS(NAME) NULL };
static const char *const on_failures[] = { EVAC_ON_FAILURES(NAME) NULL };
static const char *const at_expiries[] = { EVAC_AT_EXPIRIES(NAME) NULL };
static const char *const incident_expiries[] = { "decline", "hold", NULL }; /* the first of them */
static const char *const severities[] = { EVAC_GRADES(NAME) NULL };
static const char *const message_severities[] = { EVAC_URGENCIES(NAME) NULL };
static const char *const message_kinds[] = { EVAC_NOTICE_KINDS(NAME) NULL };
#undef NAME
#define NAME(name, text, time) text,
static const char *const measures[] = { EVAC_MEASURES(NAME) NULL };
#undef NAME
#define NAME(name, text) text,
/* In an order of their own: what evac_plan_kind_name() says of a run. */
static const char *const run_kinds[] = { "failover", "failback", EVAC_DRILL_KINDS(NAME) NULL };
#undef NAME
static const char *const periods[] = {
    "day", "week", "month", "quarter", "half-year", "year", NULL
};
static const char *const log_formats[] = { "text", "json", NULL };
static const char *const log_levels[] = { "error", "warn", "info", "debug", NULL };
/* In the order of enum evac_probe_role; ENDPOINT is made from the app's endpoint. */
static const char *const probe_roles[] = { "edge", "deep", "data", "control", NULL };
/* In the order of enum evac_client_certificates. */
static const char *const client_certificates[] = { "optional", "required", NULL };
static const char *const dns_types[] = { "A", "AAAA", "CNAME", "TXT", NULL };
static const char *const probe_connections[] = { "fresh", "keep", NULL };
static const char *const probe_places[] = { "everywhere", "serving", NULL };

#define SEC  1000
#define MIN  (60 * SEC)
#define HOUR (60 * MIN)
#define DAY  ((int64_t)24 * HOUR)

#define AT(field)          .offset = offsetof(S, field), .bytes = sizeof(((S *)0)->field)
#define COUNTED(field)     .count_offset = offsetof(S, field)
#define FROM_TO(low, high) .min = (low), .max = (high)
#define HOLDERS(role)      CONF_PRINCIPAL, CONF_LIST, AT(role.items), COUNTED(role.count), FROM_TO(1, 64)
#define END                                                                                        \
    {                                                                                              \
        .path = NULL                                                                               \
    }

static const struct conf_section endpoint_section, resource_section, probe_section, json_section,
    look_section, vantage_section, shared_section, peer_section, waiver_section, freeze_section,
    dependency_section, drill_section, criterion_section, step_section, workflow_section;
static const struct conf_section approvals_section, escalation_section, safety_section;
static const struct conf_section listen_section, oidc_section, approver_section, person_section;
static const struct conf_section notify_section, channel_section, route_section;

/* clang-format off */

/* --- evac.cfg --------------------------------------------------------------------------------- */
#define S struct conf_controller
static const struct conf_row controller_rows[] = {
    { "socket", CONF_PATH, AT(conf.socket), FROM_TO(2, 100), .fallback = "/run/evac/evac.sock",
      .doc = "Unix socket of the API" },
    { "store", CONF_PATH, AT(conf.store), FROM_TO(2, 1000), .fallback = "/var/lib/evac/journal.db",
      .doc = "The journal's file" },
    { "reports", CONF_PATH, AT(conf.reports), FROM_TO(0, 1000), .otherwise = "none are kept",
      .doc = "Folder for the reports of finished runs" },
    { "evidence.key", CONF_PATH, AT(conf.evidence_key), FROM_TO(0, 1000), .otherwise = "nothing is signed",
      .doc = "The private key that signs evidence and the journal's checkpoints; 'evac evidence keygen' makes one" },
    { "evidence.checkpoint_rows", CONF_INT, AT(conf.checkpoint_rows), FROM_TO(16, 100000), .fallback = "256",
      .unit = "rows", .doc = "The journal is signed when it grew by so many rows, and at the end of each run" },
    { "runbook_dir", CONF_PATH, AT(conf.runbook_dir), FROM_TO(0, 1000), .otherwise = "none",
      .doc = "One more folder with runbooks, besides runbooks/ next to evac.cfg" },
    { "facts", CONF_PATH, AT(conf.facts), FROM_TO(0, 1000), .otherwise = "the built-in ones",
      .doc = "A file with what the lint knows of control planes' homes and hidden dependencies" },
    { "prices", CONF_PATH, AT(conf.prices), FROM_TO(0, 1000), .otherwise = "the built-in ones alone",
      .doc = "A file with what things cost by the hour, for the estimate in a drill's receipt; it goes before the built-in prices" },
    { "node", CONF_NAME, AT(conf.node), .fallback = "controller",
      .doc = "This controller's name in the journal" },
    { "region", CONF_REGION, AT(conf.region), .otherwise = "not known",
      .doc = "The region that this controller runs in: what it sees from there is not a view from outside" },
    { "resolver", CONF_ADDRESS, AT(conf.resolver), .otherwise = "the system's",
      .doc = "DNS server for probes and drivers" },
    { "anchors", CONF_URL, CONF_LIST, AT(conf.anchors), COUNTED(conf.anchor_count), FROM_TO(0, 16),
      .otherwise = "none",
      .doc = "Addresses outside of every app's regions that tell whether this controller itself is connected" },
    { "vantages", CONF_SECTION, CONF_LIST, AT(conf.vantages), COUNTED(conf.vantage_count), FROM_TO(0, EVAC_CONF_VANTAGES_MAX),
      .section = &vantage_section, .otherwise = "none: this controller looks alone",
      .doc = "Other places that probes are asked from; each vote counts like this controller's" },
    { "dependencies", CONF_SECTION, CONF_LIST, AT(dependencies), COUNTED(dependency_count), FROM_TO(0, EVAC_DEPENDENCIES_MAX),
      .section = &dependency_section, .otherwise = "none", .doc = "What apps may need, besides what they have themselves" },
    { "log.level", CONF_TEXT, AT(conf.log_level), .choices = log_levels, .fallback = "info",
      .doc = "What is logged: this and all that is worse" },
    { "log.format", CONF_TEXT, AT(conf.log_format), .choices = log_formats, .fallback = "text",
      .doc = "How: lines of key=value for people, or one JSON object a line for machines" },
    { "metrics.series_max", CONF_INT, AT(conf.metrics_series_max), FROM_TO(100, 1000000), .fallback = "100000",
      .unit = "series", .doc = "Most that /metrics answers with; what matters least is left out first, and counted" },
    { "metrics.publish.every", CONF_DURATION, AT(conf.publish_every_ms), FROM_TO(0, DAY), .fallback = "0",
      .doc = "How often those that matter most are also sent to the cloud's own metrics, which is charged for; 0: never" },
    { "metrics.publish.regions", CONF_REGION, CONF_LIST, AT(conf.publish_regions), COUNTED(conf.publish_region_count), FROM_TO(0, 8),
      .otherwise = "none: nothing is sent", .doc = "Where they are sent to: the first of these that does not fail" },
    { "metrics.open", CONF_BOOL, AT(conf.metrics_open), .fallback = "false",
      .doc = "Whoever asks from this machine itself may read /metrics over TCP without a token" },
    { "traces.url", CONF_URL, AT(conf.traces_url), .otherwise = "nothing is sent",
      .doc = "Where each run that ended is sent to as a trace, over OTLP/HTTP, such as \"http://127.0.0.1:4318/v1/traces\"" },
    { "traces.headers", CONF_PATH, AT(conf.traces_headers), FROM_TO(0, 1000), .otherwise = "none",
      .doc = "A file with lines of \"Name: value\" that are sent with it, for a token; read each time" },
    { "exec.allowed", CONF_BOOL, AT(conf.exec_allowed), .fallback = "false",
      .doc = "Steps may run commands on the controller's machine" },
    { "exec.user", CONF_NAME, AT(conf.exec_user), .otherwise = "nobody where the controller is root, else the controller's own",
      .doc = "Who they run as, by name or number; only root can become another" },
    { "exec.cpu", CONF_DURATION, AT(conf.exec_cpu_ms), FROM_TO(SEC, HOUR), .fallback = "60s",
      .doc = "Processor time of each process" },
    { "exec.memory", CONF_INT, AT(conf.exec_memory_mib), FROM_TO(16, 65536), .fallback = "512", .unit = "MiB",
      .doc = "Memory of its own that each process may have" },
    { "exec.file_size", CONF_INT, AT(conf.exec_file_mib), FROM_TO(0, 65536), .fallback = "100", .unit = "MiB",
      .doc = "Largest file that it may write" },
    { "exec.files", CONF_INT, AT(conf.exec_files), FROM_TO(16, 65536), .fallback = "64", .unit = "files", .doc = "Open at once, of each process" },
    { "exec.processes", CONF_INT, AT(conf.exec_processes), FROM_TO(1, 65536), .fallback = "32", .unit = "processes",
      .doc = "Of that user, all together; where it is the controller's own, the service's TasksMax limits them" },
    { "engine.quarantine", CONF_DURATION, AT(conf.quarantine_ms), FROM_TO(SEC, HOUR), .fallback = "330s",
      .doc = "How long a request without an answer may still take effect: a signature's lifetime and a margin" },
    { "engine.confirm", CONF_DURATION, AT(conf.confirm_ms), FROM_TO(0, 10 * MIN), .fallback = "10s",
      .doc = "How long a step must be seen as reached, twice, where reads may be stale" },
    { "engine.poll", CONF_DURATION, AT(conf.poll_ms), FROM_TO(50, 5 * MIN), .fallback = "1s",
      .doc = "Shortest interval between two looks at a step that is moving; from then on a sixteenth of the time that it has been moving" },
    { "engine.poll_max", CONF_DURATION, AT(conf.poll_max_ms), FROM_TO(50, 30 * MIN), .fallback = "15s",
      .doc = "Longest interval between two looks; not shorter than poll" },
    { "engine.vantage_lease", CONF_DURATION, AT(conf.vantage_lease_ms), FROM_TO(3 * SEC, 10 * MIN), .fallback = "30s",
      .doc = "A vantage that is silent for so long has no opinion, and starts from nothing when it is back" },
    { "engine.auto_runs_max", CONF_INT, AT(conf.auto_runs_max), FROM_TO(0, 1000), .fallback = "3",
      .unit = "runs", .doc = "Automatic runs at one time, over all apps; 0 stops automation" },
    { "engine.pace.window", CONF_DURATION, AT(conf.pace_ms), FROM_TO(MIN, DAY), .fallback = "10m",
      .doc = "The short while in which only so many automatic runs may start, over all apps, unless a regional incident is declared" },
    { "engine.pace.runs", CONF_INT, AT(conf.pace_min), FROM_TO(1, 1000), .fallback = "2", .unit = "runs",
      .doc = "So many may start in it ..." },
    { "engine.pace.percent", CONF_INT, AT(conf.pace_percent), FROM_TO(0, 100), .fallback = "5", .unit = "% of all apps",
      .doc = "... or so many, if that is more" },
    { "incident.percent", CONF_INT, AT(conf.incident_percent), FROM_TO(1, 100), .fallback = "60", .unit = "% of apps",
      .doc = "A region is one incident when so many of the apps that serve there are down ..." },
    { "incident.apps", CONF_INT, AT(conf.incident_apps_min), FROM_TO(2, 10000), .fallback = "5", .unit = "apps",
      .doc = "... at least so many ..." },
    { "incident.elsewhere", CONF_INT, AT(conf.incident_elsewhere), FROM_TO(1, 100), .fallback = "10", .unit = "% of apps",
      .doc = "... and fewer than that in all other regions together" },
    { "incident.dwell", CONF_DURATION, AT(conf.incident_dwell_ms), FROM_TO(0, 15 * MIN), .fallback = "10s",
      .doc = "... for so long, since probes do not all see it in one second. Until then, and for apps that act or propose sooner, each goes for itself" },
    { "incident.global", CONF_INT, AT(conf.global_percent), FROM_TO(1, 100), .fallback = "55", .unit = "% of apps",
      .doc = "When more than that look down in each of two regions or more, nothing moves by itself: people decide" },
    { "incident.parallel", CONF_INT, AT(conf.incident_parallel), FROM_TO(1, 1000), .fallback = "8", .unit = "runs",
      .doc = "Runs of one evacuation at a time" },
    { "incident.overlap", CONF_BOOL, AT(conf.incident_overlap), .fallback = "false",
      .doc = "Whether a tier begins as soon as all of the one before are on their way and there is room, not when they are away" },
    { "incident.saturation", CONF_INT, AT(conf.incident_saturation), FROM_TO(1, 100), .fallback = "50", .unit = "% of runs",
      .doc = "When so many of its runs get no capacity, or so many moved apps are down where they are now, an evacuation pauses" },
    { "incident.calm", CONF_DURATION, AT(conf.incident_calm_ms), FROM_TO(0, DAY), .fallback = "5m",
      .doc = "A region that is up again for so long is no incident any more" },
    { "incident.expiry", CONF_DURATION, AT(conf.incident_expiry_ms), FROM_TO(SEC, DAY), .fallback = "15m",
      .doc = "How long the question whether a region is evacuated stays open" },
    { "incident.at_expiry", CONF_CHOICE, AT(conf.incident_at_expiry), .choices = incident_expiries, .fallback = "hold",
      .doc = "Then: hold (it stays open and is told again, every expiry), or decline; a yes is never taken for granted" },
    { "incident.escalate", CONF_SECTION, CONF_LIST, AT(conf.incident_escalate), COUNTED(conf.incident_escalate_count), FROM_TO(0, 8),
      .section = &escalation_section, .otherwise = "nobody", .doc = "Who is told when nobody has answered it, in order" },
    { "freezes", CONF_SECTION, CONF_LIST, AT(freezes), COUNTED(freeze_count), FROM_TO(0, 200),
      .section = &freeze_section, .otherwise = "none",
      .doc = "In one of these no app is moved by itself: it is proposed; and a person's run needs an override with a reason" },
    { "blackouts", CONF_SECTION, CONF_LIST, AT(blackouts), COUNTED(blackout_count), FROM_TO(0, 200),
      .section = &conf_window_section, .otherwise = "none", .doc = "No drill of any app begins in one of these, or runs into one" },
    { "drivers", CONF_PATH, CONF_LIST, AT(conf.drivers), COUNTED(conf.driver_count), FROM_TO(0, 16), .otherwise = "the built-in ones alone",
      .doc = "Files of drivers that were built elsewhere; each part of such a path must be root's, and writable by nobody else" },
    { "packs", CONF_ARGS, AT(conf.packs), .otherwise = "none",
      .doc = "Settings of driver packs, a group for each pack, as packs = { local = { ... }; }" },
    { "safety", CONF_SECTION, CONF_LIST, AT(conf.safety), COUNTED(conf.safety_count), FROM_TO(0, 32),
      .section = &safety_section, .otherwise = "none but the one that no configuration takes away",
      .doc = "What must hold of the fleet whenever a run begins, passes its point of no return, or moves traffic" },
    { "listen", CONF_SECTION, CONF_LIST, AT(conf.listen), COUNTED(conf.listen_count), FROM_TO(0, EVAC_LISTEN_MAX),
      .section = &listen_section, .otherwise = "none: the unix socket alone", .doc = "Addresses where the API and the dashboard are served, besides the unix socket" },
    { "api.connections", CONF_INT, AT(conf.api_connections), FROM_TO(8, 10000), .fallback = "512", .unit = "connections",
      .doc = "Over all addresses of listen; the unix socket has 128 of its own, that nobody else can take" },
    { "api.peer_connections", CONF_INT, AT(conf.api_peer_connections), FROM_TO(2, 10000), .fallback = "64", .unit = "connections",
      .doc = "From one address" },
    { "api.rate", CONF_INT, AT(conf.api_rate), FROM_TO(1, 100000), .fallback = "50", .unit = "requests a second",
      .doc = "From one address, after a burst of four times as many; more are answered with 429" },
    { "api.patience", CONF_DURATION, AT(conf.api_patience_ms), FROM_TO(SEC, 5 * MIN), .fallback = "20s",
      .doc = "How long is waited for the end of a request's headers, then of its body, and for a reader that takes nothing of its answer" },
    { "api.session", CONF_DURATION, AT(conf.api_session_ms), FROM_TO(MIN, DAY), .fallback = "8h",
      .doc = "How long a dashboard's session lasts, and never longer than what it was opened with" },
    { "limits.file", CONF_PATH, AT(conf.limits), FROM_TO(0, 1000), .otherwise = "the built-in ones alone",
      .doc = "How many calls services take, for those of which the built-in file says otherwise; the format stands beside it" },
    { "limits.share", CONF_INT, AT(conf.limits_share), FROM_TO(0, 100), .fallback = "80", .unit = "hundredths",
      .doc = "How much of each service's limit of calls is used, while the rest is left to others in the account; 0: no limit is kept" },
    { "oidc", CONF_SECTION, AT(conf.oidc), .section = &oidc_section, .otherwise = "no such tokens are accepted",
      .doc = "Whose OpenID Connect tokens say who somebody is" },
    { "approvers", CONF_SECTION, CONF_LIST, AT(conf.approvers), COUNTED(conf.approver_count), FROM_TO(0, 32),
      .section = &approver_section, .otherwise = "nobody", .doc = "Who may approve over the phone: evac challenge" },
    { "people", CONF_SECTION, CONF_LIST, AT(conf.people), COUNTED(conf.person_count), FROM_TO(0, 500),
      .section = &person_section, .otherwise = "each principal is a person, but for what a token's maker and an approver by phone are known to be",
      .doc = "Which principals are one person: two of them are never two people's yes, and nobody approves what they asked for under another name" },
    { "shared", CONF_SECTION, AT(conf.shared), .section = &shared_section, .otherwise = "the journal is this controller's alone",
      .doc = "Several controllers share a journal on etcd, one of them leads" },
    { "notify", CONF_SECTION, AT(notify), .section = &notify_section, .otherwise = "nobody is told: the log has it",
      .doc = "Who is told what, and how" },
    { "roles.viewer", HOLDERS(conf.roles[EVAC_ROLE_VIEWER]), .otherwise = "whoever may open the socket",
      .doc = "Who looks at everything and changes nothing; every other role may look too" },
    { "roles.operator", HOLDERS(conf.roles[EVAC_ROLE_OPERATOR]), .otherwise = "the socket's group, root and the controller's own user",
      .doc = "Who begins runs, rehearses, pauses, cancels and holds" },
    { "roles.approver", HOLDERS(conf.roles[EVAC_ROLE_APPROVER]), .otherwise = "the socket's group, root and the controller's own user",
      .doc = "Who approves what others ask for, and overrides gates" },
    { "roles.admin", HOLDERS(conf.roles[EVAC_ROLE_ADMIN]), .otherwise = "root and the controller's own user",
      .doc = "Who loads configurations, waives, and lets automation act again" },
    END
};
#undef S

/* --- apps/ *.cfg, runbooks/ *.cfg ---------------------------------------------------------------- */
#define S struct conf_file_top
static const struct conf_row file_rows[] = {
    { "app", CONF_SECTION, AT(app), .section = &conf_app_section, .otherwise = "none",
      .doc = "One application that fails over as a whole" },
    { "runbook", CONF_SECTION, AT(runbook), .section = &conf_runbook_section, .otherwise = "none",
      .doc = "One runbook; replaces a built-in one of the same name" },
    END
};
#undef S

#define S struct conf_app
static const struct conf_row app_rows[] = {
    { "name", CONF_NAME, CONF_REQUIRED, AT(app.name), .doc = "The app's name: unique in the configuration" },
    { "strategy", CONF_CHOICE, CONF_REQUIRED, AT(app.strategy), .choices = strategies,
      .doc = "How the standby is kept; the runbook of that name supplies the steps" },
    { "runbook", CONF_NAME, AT(app.runbook), .otherwise = "the strategy's",
      .doc = "Another runbook than the strategy's" },
    { "regions", CONF_REGION, CONF_REQUIRED | CONF_LIST, AT(app.regions), COUNTED(app.region_count),
      FROM_TO(2, EVAC_APP_REGIONS_MAX), .doc = "Its regions; the first is the preferred active one" },
    { "witness", CONF_REGION, AT(app.witness), .otherwise = "none",
      .doc = "One more region, for the second copy of what says who may write" },
    { "waits_for", CONF_NAME, CONF_LIST, AT(app.waits_for), COUNTED(app.waits_count), FROM_TO(0, 32), .otherwise = "none",
      .doc = "Apps that are moved before this one, when a group that has both is moved, or a region is evacuated" },
    { "needs", CONF_NAME, CONF_LIST, AT(app.needs), COUNTED(app.needs_count), FROM_TO(0, EVAC_DEPENDENCIES_MAX), .otherwise = "none",
      .doc = "Dependencies of the controller's that it can not do without, wherever it runs" },
    { "tier", CONF_INT, AT(app.tier), FROM_TO(1, 5), .fallback = "3", .unit = "tier",
      .doc = "When a region is evacuated, apps of tier 1 are moved first" },
    { "objectives.rto", CONF_DURATION, CONF_REQUIRED, AT(app.rto_ms), FROM_TO(SEC, 7 * DAY),
      .doc = "Recovery time objective: from the impact until the public endpoint works again" },
    { "objectives.rpo", CONF_DURATION, CONF_REQUIRED, AT(app.rpo_ms), FROM_TO(0, 30 * DAY),
      .doc = "Recovery point objective: the data loss that an ungraceful failover may cost without a person's word" },
    { "endpoint", CONF_SECTION, AT(endpoint), .section = &endpoint_section, .otherwise = "none",
      .doc = "The public endpoint: recovered means that it works. Becomes the probe and the resource named endpoint" },
    { "resources", CONF_SECTION, CONF_NAMED, AT(app.resources), COUNTED(app.resource_count),
      FROM_TO(0, EVAC_APP_RESOURCES_MAX - 1), .section = &resource_section, .otherwise = "none",
      .doc = "What the app owns in the cloud, by name" },
    { "probes", CONF_SECTION, CONF_LIST, AT(probes), COUNTED(probe_count),
      FROM_TO(0, EVAC_APP_PROBES_MAX - 1), .section = &probe_section, .otherwise = "none",
      .doc = "Health checks; edge and deep ones vote a region up or down" },
    { "health.down_when", CONF_SECTION, CONF_WHEN, AT(app.down_when), COUNTED(app.down_when_count),
      .section = &conf_down_when_section, .otherwise = "any edge or deep probe is down",
      .doc = "What it takes for a vantage to hold a region down" },
    { "health.grace", CONF_DURATION, AT(grace_ms), FROM_TO(0, HOUR), .fallback = "30s",
      .doc = "How long failures do not count: of a probe that is new, until it was up once; and in a region that users were led to just now" },
    { "policy.automatic", CONF_CHOICE, AT(app.automatic), .choices = policies, .fallback = "propose",
      .doc = "What may happen without a person: nothing, a proposal, or the failover itself" },
    { "policy.dwell", CONF_DURATION, AT(app.dwell_ms), FROM_TO(0, 15 * MIN), .fallback = "60s",
      .doc = "How long a region must have been down before the policy proposes or acts" },
    { "policy.cooldown", CONF_DURATION, AT(app.cooldown_ms), FROM_TO(0, 7 * DAY), .fallback = "60m",
      .doc = "For so long after the end of the last run nothing is proposed, unless it is acknowledged; automation acts only when this is over and the last automatic run was acknowledged" },
    { "policy.auto_runs.day", CONF_INT, AT(app.auto_per_day), FROM_TO(1, EVAC_AUTO_RUNS_MAX), .fallback = "1", .unit = "runs",
      .doc = "Automatic runs of this app in 24 hours, at most; further ones are proposed" },
    { "policy.auto_runs.week", CONF_INT, AT(app.auto_per_week), FROM_TO(1, EVAC_AUTO_RUNS_MAX), .fallback = "2", .unit = "runs",
      .doc = "The same in 7 days" },
    { "policy.flap.changes", CONF_INT, AT(app.flap_changes), FROM_TO(2, EVAC_AUTO_RUNS_MAX), .fallback = "4", .unit = "changes",
      .doc = "A region whose verdict changed between up and down so often within flap.window must hold its verdict longer" },
    { "policy.flap.window", CONF_DURATION, AT(app.flap_window_ms), FROM_TO(MIN, DAY), .fallback = "30m",
      .doc = "How far back changes are counted" },
    { "policy.flap.dwell", CONF_DURATION, AT(app.flap_dwell_ms), FROM_TO(0, DAY), .otherwise = "4 x policy.dwell",
      .doc = "How long such a region must have been down, instead of dwell" },
    { "policy.waivers", CONF_SECTION, CONF_LIST, AT(app.waivers), COUNTED(app.waiver_count), FROM_TO(0, 16),
      .section = &waiver_section, .otherwise = "none",
      .doc = "Conditions of automatic = \"act\" that somebody stands for while they do not hold" },
    { "policy.approval", CONF_DURATION, AT(app.approval_ms), FROM_TO(SEC, HOUR), .fallback = "15m",
      .doc = "How long a proposal or an approval stays good" },
    { "policy.veto", CONF_DURATION, AT(app.veto_ms), FROM_TO(0, HOUR), .fallback = "0",
      .doc = "With act: the run is announced, and begins after so long unless an operator declines it" },
    { "policy.loss_sources", CONF_INT, AT(app.loss_sources), FROM_TO(1, 2), .unit = "measures",
      .otherwise = "2 of a resource that is measured in two ways (lag and markers), else 1",
      .doc = "Measures of data loss that must agree before the policy itself makes an ungraceful move" },
    { "policy.canary", CONF_DURATION, AT(app.canary_ms), FROM_TO(0, HOUR), .fallback = "5s",
      .doc = "Interval of the markers that measure data loss; 0 none" },
    { "policy.measure", CONF_DURATION, AT(app.measure_ms), FROM_TO(100, HOUR), .fallback = "10s",
      .doc = "Interval at which replication lag is measured" },
    { "policy.readiness", CONF_DURATION, AT(app.readiness_ms), FROM_TO(0, 7 * DAY), .fallback = "1h",
      .doc = "How often each standby is rehearsed (looked at, nothing changed), so that its readiness is known; 0 never" },
    { "policy.old_side", CONF_DURATION, AT(app.old_side_ms), FROM_TO(SEC, DAY), .fallback = "60s",
      .doc = "How often the region that was left is looked at, until it serves again or its data are reconciled" },
    { "policy.readiness_age", CONF_DURATION, AT(app.readiness_age_ms), FROM_TO(SEC, 28 * DAY),
      .otherwise = "2 x policy.readiness and 10 minutes",
      .doc = "What a look at a standby found counts for so long; then its readiness is not known" },
    { "policy.drill_debt_max", CONF_INT, AT(app.drill_debt_max), FROM_TO(0, 1000000), .fallback = "200",
      .unit = "points", .doc = "With more drill debt than that, nothing is done without a person: 100 is a quarter without a drill" },
    { "policy.run_deadline", CONF_DURATION, AT(app.run_deadline_ms), FROM_TO(SEC, 28 * DAY),
      .otherwise = "4 x objectives.rto, or the steps' deadlines in a row if that is longer",
      .doc = "A run that has not ended by then is held for a person" },
    { "drills", CONF_SECTION, CONF_LIST, AT(app.drills), COUNTED(app.drill_count), FROM_TO(0, 100),
      .section = &drill_section, .otherwise = "none", .doc = "Scheduled rehearsals" },
    { "criteria", CONF_SECTION, CONF_LIST, AT(app.criteria), COUNTED(app.criterion_count), FROM_TO(0, 40),
      .section = &criterion_section, .otherwise = "the built-in ones only",
      .doc = "What a run must keep, besides the built-in criteria; journalled before it starts" },
    { "owner", CONF_NAME, AT(app.owner), .otherwise = "nobody", .doc = "Who owns the deficiencies that its reports find" },
    { "approvals", CONF_SECTION, AT(app.approvals), .section = &approvals_section,
      .otherwise = "one approver's yes to what the policy proposes; a person's own run asks nobody",
      .doc = "Who must say yes before the app is moved, whoever asks for it, and to steps that wait for approval" },
    { "drill_approvals", CONF_SECTION, AT(app.drill_approvals), .section = &approvals_section, .otherwise = "nobody",
      .doc = "Who must say yes before a drill that changes something" },
    { "safety", CONF_SECTION, CONF_LIST, AT(app.safety), COUNTED(app.safety_count), FROM_TO(0, 32),
      .section = &safety_section, .otherwise = "evac.cfg's", .doc = "Rules of its own, besides evac.cfg's" },
    { "roles.viewer", HOLDERS(app.roles[EVAC_ROLE_VIEWER]), .otherwise = "evac.cfg's",
      .doc = "Who looks at everything and changes nothing; every other role may look too" },
    { "roles.operator", HOLDERS(app.roles[EVAC_ROLE_OPERATOR]), .otherwise = "evac.cfg's",
      .doc = "Who begins runs, rehearses, pauses, cancels and holds" },
    { "roles.approver", HOLDERS(app.roles[EVAC_ROLE_APPROVER]), .otherwise = "evac.cfg's",
      .doc = "Who approves what others ask for, and overrides gates" },
    { "roles.admin", HOLDERS(app.roles[EVAC_ROLE_ADMIN]), .otherwise = "evac.cfg's",
      .doc = "Who loads configurations, waives, and lets automation act again" },
    { "freezes", CONF_SECTION, CONF_LIST, AT(freezes), COUNTED(freeze_count), FROM_TO(0, 200),
      .section = &freeze_section, .otherwise = "evac.cfg's alone", .doc = "The same as in evac.cfg, of this app" },
    { "blackouts", CONF_SECTION, CONF_LIST, AT(blackouts), COUNTED(blackout_count), FROM_TO(0, 200),
      .section = &conf_window_section, .otherwise = "none", .doc = "No drill begins in one of these, or runs into one" },
    { "windows", CONF_SECTION, CONF_LIST, AT(windows), COUNTED(window_count), FROM_TO(0, 200),
      .section = &conf_window_section, .otherwise = "at any time",
      .doc = "Maintenance windows: a drill begins in one of these, and only if it will be over before that ends" },
    END
};
#undef S

#define S struct evac_criterion_conf
static const struct conf_row criterion_rows[] = {
    { "name", CONF_NAME, CONF_REQUIRED, AT(name), .doc = "Unique in the app" },
    { "measure", CONF_CHOICE, CONF_REQUIRED, AT(measure), .choices = measures,
      .doc = "A time (rto, rpo, one of the RTO's parts, duration of the run, duration of a step), or how many there may be" },
    { "of", CONF_NAME, AT(of), .otherwise = "rpo: the worst store", .doc = "measure step: the step; measure rpo: a store" },
    { "at_most", CONF_DURATION, AT(at_most_ms), FROM_TO(0, 30 * DAY), .otherwise = "none", .doc = "Of a time: the longest that is good; required there" },
    { "most", CONF_INT, AT(most), FROM_TO(0, 100000), .fallback = "0", .unit = "of them", .doc = "Of a number: the most that is good" },
    { "only", CONF_TEXT, CONF_LIST, AT(only), COUNTED(only_count), FROM_TO(0, 6), .choices = run_kinds,
      .otherwise = "all in which it can be measured", .doc = "Kinds of runs that it is for" },
    { "severity", CONF_CHOICE, AT(severity), .choices = severities, .fallback = "medium",
      .doc = "Of the deficiency that is opened when it is missed" },
    END
};
#undef S

#define S struct conf_endpoint
static const struct conf_row endpoint_rows[] = {
    { "url", CONF_URL, CONF_REQUIRED, AT(url), .doc = "As the app's users reach it, whichever region serves" },
    { "regional", CONF_REGIONAL_URL, AT(regional), .otherwise = "none",
      .doc = "One region's own endpoint, for checks before any user is sent there" },
    { "expect", CONF_TEXT, AT(expect), .otherwise = "anything",
      .doc = "Text that must occur in the first 5,120 bytes of the answer" },
    { "served_by", CONF_NAME, AT(served_by), .otherwise = "\"region\":\"...\" in the answer",
      .doc = "Header of the answer that names the serving region" },
    { "every", CONF_DURATION, AT(every_ms), FROM_TO(100, 10 * MIN), .fallback = "10s", .doc = "Interval" },
    { "timeout", CONF_DURATION, AT(timeout_ms), FROM_TO(50, 10 * MIN),
      .otherwise = "6s, at most 2/3 of every", .doc = "For the connection (2/3 of it) and the reply (1/3)" },
    END
};
#undef S

#define S struct evac_resource
static const struct conf_row resource_rows[] = {
    { "type", CONF_NAME, CONF_REQUIRED, AT(type), .doc = "The driver; all other settings are the driver's own" },
    END
};
#undef S

/* What a probe asks, and how; of an app's, and of the controller's dependencies. P is where the struct
 * conf_probe is in the section's. */
#define PROBE_KIND_ROWS(P) \
    { "http", CONF_ANY_URL, AT(P kinds[EVAC_PROBE_KIND_HTTP]), .otherwise = "none", \
      .doc = "Asks with a GET. {region} becomes each of the app's regions, here and in all kinds" }, \
    { "tcp", CONF_HOST_PORT, AT(P kinds[EVAC_PROBE_KIND_TCP]), .otherwise = "none", .doc = "Connects" }, \
    { "tls", CONF_HOST_PORT, AT(P kinds[EVAC_PROBE_KIND_TLS]), .otherwise = "none", \
      .doc = "Connects and shakes hands: chain, name and dates of the certificate must be good" }, \
    { "dns", CONF_DOMAIN, AT(P kinds[EVAC_PROBE_KIND_DNS]), .otherwise = "none", \
      .doc = "Asks resolvers for a name; most of them must answer as expected" }, \
    { "exec", CONF_TEXT, CONF_LIST | CONF_AGAIN, AT(P probe.argv), COUNTED(P probe.arg_count), FROM_TO(1, EVAC_PROBE_ARGS_MAX), .otherwise = "none", \
      .doc = "Runs a program (an absolute path and what it is given, no shell): exit code 0 is good, its first line the reason. Only with exec.allowed" },
#define PROBE_HOW_ROWS(P) \
    { "expect", CONF_RAW, AT(P expect), .unit = "one line of text, at most 1000 bytes; for dns also a list of at most 8", .otherwise = "anything", \
      .doc = "http: text that must occur in the first 5,120 bytes of the answer. dns: addresses, or a name, that must be among the answers" }, \
    { "status", CONF_INT, AT(P probe.expect_status), FROM_TO(100, 599), .otherwise = "any 2xx or 3xx", \
      .unit = "HTTP status", .doc = "http: the status that counts as good" }, \
    { "json", CONF_SECTION, AT(P json), .section = &json_section, .otherwise = "none", \
      .doc = "http: what a value of the answer must be, when the answer is JSON of at most 64 KiB" }, \
    { "certificate", CONF_DURATION, AT(P probe.certificate_ms), FROM_TO(HOUR, 366 * DAY), .otherwise = "it must be valid", \
      .doc = "https and tls: the certificate must last so long. A probe that votes only warns; one that does not is bad" }, \
    { "latency", CONF_DURATION, AT(P probe.latency_ms), FROM_TO(1, 10 * MIN), .otherwise = "timeout", \
      .doc = "An answer that took longer is bad; not for look" }, \
    { "type", CONF_TEXT, AT(P probe.dns_type), .choices = dns_types, .otherwise = "that of expect, else A", .doc = "dns: what is asked for" }, \
    { "resolvers", CONF_ADDRESS, CONF_LIST, AT(P probe.resolvers), COUNTED(P probe.resolver_count), FROM_TO(1, EVAC_PROBE_SERVERS_MAX), \
      .otherwise = "the controller's", .doc = "dns: whom to ask; an odd number, since most of them decide" }, \
    { "every", CONF_DURATION, AT(P probe.every_ms), FROM_TO(100, 10 * MIN), .otherwise = "10s; 60s for look", .doc = "Interval, moved by up to a tenth each time" }, \
    { "timeout", CONF_DURATION, AT(P timeout_ms), FROM_TO(50, 10 * MIN), .otherwise = "6s, at most 2/3 of every", \
      .doc = "For all of it" }, \
    { "connect", CONF_DURATION, AT(P probe.connect_ms), FROM_TO(10, 10 * MIN), .otherwise = "2/3 of timeout", \
      .doc = "http: for name, connection and TLS; shorter than timeout" }, \
    { "connection", CONF_CHOICE, AT(P probe.keeps_connection), .choices = probe_connections, .fallback = "fresh", \
      .doc = "http: fresh makes one each time, as a new user would, and sees listeners, accept queues and certificates fail. keep uses one again while it lasts: cheaper, and blind to those" }, \
    { "fall", CONF_INT, AT(P probe.fall), FROM_TO(1, 10), .fallback = "3", .unit = "checks in a row", \
      .doc = "Failures until it is down" }, \
    { "rise", CONF_INT, AT(P probe.rise), FROM_TO(1, 20), .fallback = "2", .unit = "checks in a row", \
      .doc = "Successes until it is up" },

#define S struct conf_probe
static const struct conf_row probe_rows[] = {
    { "name", CONF_NAME, CONF_REQUIRED, AT(probe.name), .doc = "Unique in the app" },
    PROBE_KIND_ROWS()
    { "look", CONF_SECTION, AT(look), .section = &look_section, .otherwise = "none",
      .doc = "Observes a resource through its driver, in each region; what can not be seen is no result" },
    { "role", CONF_CHOICE, AT(probe.role), .choices = probe_roles, .otherwise = "edge; control for look",
      .doc = "edge: as a user sees a region; deep: a dependency inside it; these two vote. data: what the data's state is; control: what a control plane says; these are shown, and never vote by themselves" },
    { "where", CONF_CHOICE, AT(where), .choices = probe_places, .otherwise = "serving for pilot-light and backup-restore, else everywhere",
      .doc = "Which regions answer it: all, or only those that serve users; a standby without any is dormant, known by its rehearsals" },
    PROBE_HOW_ROWS()
    { "grace", CONF_DURATION, AT(probe.grace_ms), FROM_TO(0, HOUR), .otherwise = "the app's health.grace",
      .doc = "How long failures do not count, after the start and after a move" },
    { "depends_on", CONF_NAME, CONF_LIST, AT(probe.depends_on), COUNTED(probe.depends_count), FROM_TO(1, EVAC_APP_PROBES_MAX), .otherwise = "none",
      .doc = "Probes of this app that it stands on: while one of them is down too, this one is suppressed and votes nothing" },
    { "shared", CONF_BOOL, AT(probe.shared), .fallback = "false",
      .doc = "What it looks at serves all regions: where it fails in every one of them, moving would not help, and nothing moves by itself. Not for data that a failover promotes" },
    END
};
#undef S

#define S struct conf_dependency
static const struct conf_row dependency_rows[] = {
    { "name", CONF_NAME, CONF_REQUIRED, AT(how.probe.name), .doc = "As an app's needs name it" },
    PROBE_KIND_ROWS(how.)
    { "regions", CONF_REGION, CONF_LIST, AT(regions), COUNTED(region_count), FROM_TO(1, EVAC_APP_REGIONS_MAX),
      .otherwise = "it is one for all", .doc = "It is asked in each of them, with {region} in its address; it is down when it is down in all" },
    PROBE_HOW_ROWS(how.)
    { "grace", CONF_DURATION, AT(how.probe.grace_ms), FROM_TO(0, HOUR), .fallback = "30s",
      .doc = "How long failures do not count after the start, until it was up once" },
    { "calm", CONF_DURATION, AT(calm_ms), FROM_TO(0, HOUR), .fallback = "60s",
      .doc = "How long it must have been up again before its incident is over: one that flaps is one incident" },
    END
};
#undef S

#define S struct conf_json
static const struct conf_row json_rows[] = {
    { "path", CONF_TEXT, CONF_REQUIRED, AT(path), .doc = "Where in the answer, as \"checks.db.status\"; a number leads into a list" },
    { "is", CONF_RAW, AT(is), .unit = "a text, a number, true or false", .otherwise = "anything but null", .doc = "It is this" },
    { "above", CONF_RAW, AT(above), .unit = "a number", .otherwise = "none", .doc = "It is a number greater than this" },
    { "below", CONF_RAW, AT(below), .unit = "a number", .otherwise = "none", .doc = "It is a number smaller than this" },
    END
};
#undef S

#define S struct conf_look
static const struct conf_row look_rows[] = {
    { "resource", CONF_NAME, CONF_REQUIRED, AT(look.resource), .doc = "One of the app's resources" },
    { "action", CONF_NAME, AT(look.action), .otherwise = "none: with lag", .doc = "An action of its driver that changes nothing, as ready. Exactly one of action and lag says how" },
    { "lag", CONF_DURATION, AT(look.lag_ms), FROM_TO(1, DAY), .otherwise = "none: with action",
      .doc = "How far its data may be behind in that region, as its driver measures it, from where users are led to; more is bad" },
    { "want", CONF_ARGS, AT(look.want), .otherwise = "nothing", .doc = "The state that is good: the action's own settings" },
    END
};
#undef S

#define S struct evac_vantage_conf
static const struct conf_row vantage_rows[] = {
    { "name", CONF_NAME, CONF_REQUIRED, AT(name), .doc = "As its agent calls itself: evac vantage --name NAME" },
    { "region", CONF_REGION, AT(region), .otherwise = "none", .doc = "Where it stands: of that region it sees the inside" },
    END
};
#undef S

#define S struct evac_peer_conf
static const struct conf_row peer_rows[] = {
    { "name", CONF_NAME, CONF_REQUIRED, AT(name), .doc = "Its name in the journal: what its node says, or evacd --node" },
    { "region", CONF_REGION, AT(region), .otherwise = "not known", .doc = "Where it stands: of that region it sees the inside" },
    { "address", CONF_URL, AT(address), .otherwise = "not said", .doc = "Where people reach its API and dashboard, told to those who ask another one" },
    END
};
#undef S

#define S struct evac_shared_conf
static const struct conf_row shared_rows[] = {
    { "cluster", CONF_NAME, CONF_REQUIRED, AT(cluster), .doc = "Its name: one etcd may hold several, each below /evac/NAME/" },
    { "endpoints", CONF_URL, CONF_REQUIRED | CONF_LIST, AT(endpoints), COUNTED(endpoint_count), FROM_TO(1, EVAC_ETCD_ENDPOINTS_MAX),
      .doc = "etcd's members, as \"https://etcd-a.example.com:2379\"; the first that answers is asked" },
    { "controllers", CONF_SECTION, CONF_REQUIRED | CONF_LIST, AT(controllers), COUNTED(controller_count), FROM_TO(2, EVAC_PEERS_MAX),
      .section = &peer_section, .doc = "All of them; each looks at the apps for whoever leads. Three, in three regions, outlive any one region" },
    { "user", CONF_TEXT, AT(user), .otherwise = "nobody logs in", .doc = "etcd's user" },
    { "password", CONF_PATH, AT(password), FROM_TO(2, 1000), .otherwise = "none", .doc = "A file with its password, readable by the controller's user alone" },
    { "ca", CONF_PATH, AT(ca), FROM_TO(2, 1000), .otherwise = "the system's", .doc = "Who vouches for etcd's members, in PEM" },
    { "certificate", CONF_PATH, AT(cert), FROM_TO(2, 1000), .otherwise = "none is shown", .doc = "This controller's certificate for etcd, in PEM" },
    { "key", CONF_PATH, AT(key), FROM_TO(2, 1000), .otherwise = "none", .doc = "Its private key, in PEM" },
    { "ttl", CONF_DURATION, AT(ttl_ms), FROM_TO(2 * SEC, 10 * MIN), .fallback = "15s",
      .doc = "The lead is lost when it was not renewed for so long" },
    { "request", CONF_DURATION, AT(request_ms), FROM_TO(100, MIN), .fallback = "3s", .doc = "How long one member of etcd is waited for" },
    { "poll", CONF_DURATION, AT(poll_ms), FROM_TO(50, MIN), .fallback = "1s", .doc = "How often those that do not lead look for new rows" },
    { "election", CONF_DURATION, AT(election_ms), FROM_TO(50, 50 * SEC), .fallback = "1s",
      .doc = "etcd's own election timeout (its --election-timeout): ten times the longest way between its members and back, or more" },
    { "within", CONF_DURATION, AT(within_ms), FROM_TO(SEC, HOUR), .fallback = "30s",
      .doc = "When the controller that leads dies, another must lead after so long; times that can not hold it are refused" },
    { "keep_rows", CONF_INT, AT(keep_rows), FROM_TO(1000, 10000000), .fallback = "100000", .unit = "rows",
      .doc = "So many of the newest stay in etcd, for a controller that was away; each controller keeps all of them itself" },
    END
};
#undef S

#define S struct evac_listen_conf
static const struct conf_row listen_rows[] = {
    { "address", CONF_ADDRESS, CONF_REQUIRED, AT(address), .doc = "Where. Without tls only a loopback address, such as \"127.0.0.1:8443\"" },
    { "tls.certificate", CONF_PATH, AT(certificate), FROM_TO(2, 1000), .otherwise = "no TLS",
      .doc = "The chain in PEM, the server's own first. A new file is taken up within 10 s, or at SIGHUP" },
    { "tls.key", CONF_PATH, AT(key), FROM_TO(2, 1000), .otherwise = "none", .doc = "Its private key in PEM, readable by the controller's user alone" },
    { "tls.client_ca", CONF_PATH, AT(client_ca), FROM_TO(2, 1000), .otherwise = "certificates say nothing",
      .doc = "Who signs clients' certificates, in PEM: they say who somebody is" },
    { "tls.clients", CONF_CHOICE, AT(clients), .choices = client_certificates, .fallback = "optional",
      .doc = "Whether a client must have one of them, or may have a token instead" },
    END
};
#undef S

#define S struct evac_approver_conf
static const struct conf_row approver_rows[] = {
    { "name", CONF_NAME, CONF_REQUIRED, AT(name), .doc = "offline:NAME in roles and approvals, without which nobody's yes counts" },
    { "key", CONF_PATH, CONF_REQUIRED, AT(key), FROM_TO(2, 1000),
      .doc = "The approver's key, readable by the controller's user alone: evac challenge keygen --out FILE makes it, and the approver keeps a copy" },
    { "person", CONF_PRINCIPAL, AT(person), .otherwise = "the user of that name",
      .doc = "What the same person is called elsewhere, as \"uid:1000\", \"oidc:SUBJECT\" or \"cert:NAME\": nobody approves their own by telephoning themselves" },
    END
};
#undef S

#define S struct evac_person_conf
static const struct conf_row person_rows[] = {
    { "name", CONF_NAME, CONF_REQUIRED, AT(name), .doc = "The journal has it behind whatever the person does: \"oidc:ann@example.com by ... for person:NAME\"" },
    { "principals", CONF_PRINCIPAL, CONF_REQUIRED | CONF_LIST, AT(principals), COUNTED(principal_count), FROM_TO(1, 16),
      .doc = "What they are called: \"uid:ann\", \"oidc:ann@example.com\", \"cert:NAME\", \"token:NAME\", \"offline:NAME\". Roles go by these, as ever" },
    END
};
#undef S

#define S struct evac_oidc_conf
static const struct conf_row oidc_rows[] = {
    { "issuer", CONF_URL, CONF_REQUIRED, AT(issuer), .doc = "As the claim iss has it, byte for byte; https only" },
    { "audience", CONF_TEXT, CONF_REQUIRED | CONF_LIST, AT(audiences), COUNTED(audience_count), FROM_TO(1, 8),
      .doc = "What the claim aud must have one of" },
    { "jwks", CONF_URL, AT(jwks), .otherwise = "what the issuer's /.well-known/openid-configuration says", .doc = "Where its keys are; https only" },
    { "ca", CONF_PATH, AT(ca), FROM_TO(2, 1000), .otherwise = "the system's", .doc = "Who vouches for the issuer's server, in PEM" },
    { "subject", CONF_NAME, AT(subject), .fallback = "sub", .doc = "The claim that names a person: oidc:VALUE in roles. Nothing that people may change themselves" },
    { "groups", CONF_NAME, AT(groups), .fallback = "groups", .doc = "The claim that lists groups: oidc-group:VALUE in roles" },
    { "skew", CONF_DURATION, AT(skew_ms), FROM_TO(0, 5 * MIN), .fallback = "60s", .doc = "By how much its clock and this one may differ" },
    { "refresh", CONF_DURATION, AT(refresh_ms), FROM_TO(MIN, DAY), .fallback = "1h",
      .doc = "Its keys are fetched again so often, and for a key that is not known, at most once in 30 s" },
    { "keep", CONF_DURATION, AT(keep_ms), FROM_TO(HOUR, 30 * DAY), .fallback = "24h",
      .doc = "For so long its keys stand when it can not be reached" },
    END
};
#undef S

#define S struct evac_waiver_conf
static const struct conf_row waiver_rows[] = {
    { "condition", CONF_CHOICE, CONF_REQUIRED, AT(condition), .choices = conditions, .doc = "What is waived" },
    { "owner", CONF_TEXT, CONF_REQUIRED, AT(owner), .doc = "Who stands for it" },
    { "until", CONF_DAY, CONF_REQUIRED, AT(until_wall_ms),
      .doc = "Its last day. It counts for its last 90 days only: nobody stands for something for ever" },
    { "reason", CONF_TEXT, CONF_REQUIRED, AT(reason), .doc = "Why" },
    END
};
#undef S

#define S struct evac_approvals
static const struct conf_row approvals_rows[] = {
    { "need", CONF_INT, AT(need), FROM_TO(1, 8), .fallback = "1", .unit = "principals",
      .doc = "How many must say yes, each another principal" },
    { "of", CONF_APPROVER, CONF_LIST, AT(of), COUNTED(of_count), FROM_TO(1, 32), .otherwise = "( \"approver\" )",
      .doc = "Whose yes counts: roles, or principals" },
    { "requester_may_approve", CONF_BOOL, AT(requester_may_approve), .fallback = "false",
      .doc = "Whoever asked may be one of them; what the policy asks for, nobody asked for" },
    { "expiry", CONF_DURATION, AT(expiry_ms), FROM_TO(SEC, DAY), .otherwise = "policy.approval",
      .doc = "How long the question stays open" },
    { "at_expiry", CONF_CHOICE, AT(at_expiry), .choices = at_expiries, .fallback = "decline",
      .doc = "Then: decline, hold (it stays open and is told again), or go-on, which drills may, and other runs only where the policy is act" },
    { "escalate", CONF_SECTION, CONF_LIST, AT(escalate), COUNTED(escalate_count), FROM_TO(0, 8),
      .section = &escalation_section, .otherwise = "nobody", .doc = "Who is told when nobody has answered, in order" },
    END
};
#undef S

#define S struct evac_escalation
static const struct conf_row escalation_rows[] = {
    { "after", CONF_DURATION, CONF_REQUIRED, AT(after_ms), FROM_TO(SEC, DAY), .doc = "Since the question was asked" },
    { "to", CONF_TEXT, CONF_REQUIRED, AT(to), .doc = "A channel of notify, by name; another address is only logged" },
    END
};
#undef S

#define S struct evac_safety_rule
static const struct conf_row safety_rows[] = {
    { "name", CONF_NAME, CONF_REQUIRED, AT(name), .doc = "What it is called when it stops a run, and overridden by" },
    { "apps", CONF_NAME, CONF_LIST, AT(apps), COUNTED(app_count), FROM_TO(1, 1000), .otherwise = "the app whose file it is in; in evac.cfg all apps",
      .doc = "Whose moves it is about" },
    { "at_least_in_service", CONF_INT, AT(in_service), FROM_TO(1, EVAC_APP_REGIONS_MAX), .unit = "regions", .otherwise = "none",
      .doc = "So many regions of the app serve once the move is through" },
    { "at_most_moving", CONF_INT, AT(moving), FROM_TO(1, 1000), .unit = "apps", .otherwise = "none",
      .doc = "Of the apps no more are moved at one time; the next waits" },
    { "not_while", CONF_NAME, CONF_LIST, AT(not_while), COUNTED(not_while_count), FROM_TO(1, 64), .otherwise = "none",
      .doc = "They are not moved while one of these apps is down, or moved" },
    { "never_to", CONF_REGION, CONF_LIST, AT(never_to), COUNTED(never_to_count), FROM_TO(1, 64), .otherwise = "none",
      .doc = "They are not moved to these regions" },
    END
};
#undef S

#define S struct conf_notify
static const struct conf_row notify_rows[] = {
    { "public_url", CONF_URL, AT(conf.public_url), .otherwise = "messages hold no links",
      .doc = "Where people reach the dashboard: messages link to its pages" },
    { "channels", CONF_SECTION, CONF_LIST, AT(conf.channels), COUNTED(conf.channel_count), FROM_TO(0, EVAC_CHANNELS_MAX),
      .section = &channel_section, .otherwise = "none", .doc = "Ways to tell somebody" },
    { "routes", CONF_SECTION, CONF_LIST, AT(routes), COUNTED(route_count), FROM_TO(0, 200), .section = &route_section,
      .otherwise = "all channels, from warnings on", .doc = "Who is told what: every route that fits a message is followed" },
    { "gather", CONF_DURATION, AT(conf.gather_ms), FROM_TO(0, 10 * MIN), .fallback = "15s",
      .doc = "An app's region that is down is told after so long: by then it may be one regional incident, of which one message tells" },
    { "certificate", CONF_DURATION, AT(conf.certificate_ms), FROM_TO(0, 365 * DAY), .fallback = "14d",
      .doc = "A certificate that a probe sees and that ends so soon is told; 0 tells none" },
    END
};
#undef S

#define S struct evac_channel
static const struct conf_row channel_rows[] = {
    { "name", CONF_NAME, CONF_REQUIRED, AT(name), .doc = "Its name in routes, in escalations, and in the journal" },
    { "type", CONF_NAME, CONF_REQUIRED, AT(type),
      .doc = "webhook, slack, pagerduty, opsgenie, teams, mail, or a driver that has the action tell ('evac drivers' lists them)" },
    { "url", CONF_TEXT, AT(url), .otherwise = "the service's own, or the secret",
      .doc = "Where it is sent: http:// only to this machine, else https://; for mail smtps://HOST:PORT, or smtp://HOST:PORT, which then must offer STARTTLS" },
    { "secret", CONF_TEXT, AT(secret), .otherwise = "none",
      .doc = "Where its secret lies, never the secret itself: a file's absolute path, or the name of a credential of the service (systemd's LoadCredential)" },
    { "user", CONF_TEXT, AT(user), .otherwise = "nobody logs in", .doc = "mail: who logs in, with the secret as password" },
    { "from", CONF_TEXT, AT(from), .otherwise = "none", .doc = "mail: the sender's address" },
    { "to", CONF_TEXT, CONF_LIST, AT(to), COUNTED(to_count), FROM_TO(1, 32), .otherwise = "none", .doc = "mail: addresses" },
    { "ca", CONF_PATH, AT(ca), FROM_TO(0, 1000), .otherwise = "the host's list", .doc = "A file with certificates that vouch for its server, in place of the host's list" },
    { "regions", CONF_REGION, CONF_LIST, AT(regions), COUNTED(region_count), FROM_TO(1, 8), .otherwise = "the controller's own",
      .doc = "Drivers: where it can be sent from, the preferred first; one that is down is not used while another is up" },
    { "with", CONF_ARGS, AT(with), .otherwise = "none", .doc = "Drivers: their settings, as a resource of that type has them; {region} is where it is sent from" },
    { "backup", CONF_NAME, AT(backup), .otherwise = "none",
      .doc = "Another channel that is told too, from errors on, when three attempts at a message have failed" },
    { "give_up", CONF_DURATION, AT(give_up_ms), FROM_TO(MIN, 7 * DAY), .fallback = "24h", .doc = "A message that could not be sent for so long is given up" },
    { "queue", CONF_INT, AT(queue_max), FROM_TO(10, 1000), .fallback = "200", .unit = "messages",
      .doc = "So many may wait; of more the least severe, among these the oldest, is dropped, and the journal says so" },
    END
};
#undef S

#define S struct conf_tell_route
static const struct conf_row route_rows[] = {
    { "apps", CONF_NAME, CONF_LIST, AT(route.apps), COUNTED(route.app_count), FROM_TO(1, 1000),
      .otherwise = "all, and what is about no app", .doc = "Messages about these apps" },
    { "kinds", CONF_TEXT, CONF_LIST, AT(route.kinds), COUNTED(route.kind_count), FROM_TO(1, EVAC_NOTICE_KIND_COUNT), .choices = message_kinds,
      .otherwise = "all", .doc = "What they are about" },
    { "severity", CONF_CHOICE, AT(route.severity), .choices = message_severities, .fallback = "warning", .doc = "This, and all that is worse" },
    { "during", CONF_SECTION, CONF_LIST, AT(during), COUNTED(during_count), FROM_TO(1, 32), .section = &conf_window_section,
      .otherwise = "always", .doc = "Only in one of these stretches of the calendar: office hours, a shift" },
    { "except", CONF_SECTION, CONF_LIST, AT(except), COUNTED(except_count), FROM_TO(1, 32), .section = &conf_window_section,
      .otherwise = "never", .doc = "Not in any of these" },
    { "to", CONF_NAME, CONF_LIST | CONF_REQUIRED, AT(route.channels), COUNTED(route.channel_count), FROM_TO(1, EVAC_CHANNELS_MAX), .doc = "Channels" },
    END
};
#undef S

#define S struct evac_drill_conf
static const struct conf_row drill_rows[] = {
    { "name", CONF_NAME, AT(name), .otherwise = "its kind", .doc = "Its name in the journal, unique in the app" },
    { "kind", CONF_CHOICE, CONF_REQUIRED, AT(kind), .choices = drill_kinds,
      .doc = "rehearse reads only; isolated exercises the standby without traffic; live switches, soaks and fails back; game-day breaks something and looks what the policy does" },
    { "cron", CONF_CRON, AT(cron), .otherwise = "every", .doc = "When. L is a month's last day, mon#1 its first Monday, friL its last Friday" },
    { "every", CONF_TEXT, AT(every), .choices = periods, .otherwise = "cron", .doc = "The same in words" },
    { "on", CONF_TEXT, AT(on), .otherwise = "its first day, at 09:00",
      .doc = "Which day, and when: \"first monday 09:00\", \"last day of february 18:00\", \"thursday 07:30\" for a week" },
    { "timezone", CONF_ZONE, AT(timezone), .fallback = "UTC", .doc = "Whose clock the calendar means" },
    { "jitter", CONF_DURATION, AT(jitter_ms), FROM_TO(0, DAY), .fallback = "0", .doc = "It begins by so much later at most, so that not all do at one time; the same each time it is asked" },
    { "grace", CONF_DURATION, AT(grace_ms), FROM_TO(MIN, 7 * DAY), .fallback = "2h",
      .doc = "How long it waits for what is in its way (a run, a hold, a freeze, a region that is not up, a controller that was down); then it is skipped, or missed" },
    { "duration", CONF_DURATION, AT(duration_ms), FROM_TO(MIN, 7 * DAY), .otherwise = "as its plan says, and soak",
      .doc = "How long it is expected to take: it must fit into its window, and before the next blackout" },
    { "soak", CONF_DURATION, AT(soak_ms), FROM_TO(SEC, 7 * DAY), .fallback = "30m", .doc = "live: how long the other region serves before the way back" },
    { "patience", CONF_DURATION, AT(patience_ms), FROM_TO(MIN, DAY), .otherwise = "4 x objectives.rto, 10m at least",
      .doc = "game-day: how long the faults stay in at most, for the policy to act and the app to be back" },
    { "skip_if_moved_within", CONF_DURATION, AT(skip_if_moved_ms), FROM_TO(0, 366 * DAY), .fallback = "0",
      .doc = "A real run that went well so lately is as good: then it is skipped, and counts; 0 never" },
    { "approval", CONF_BOOL, AT(approval), .otherwise = "true for live and game-day, else false", .doc = "A person sees the receipt and says yes before it begins" },
    { "to", CONF_REGION, AT(to), .otherwise = "the best standby", .doc = "Which standby" },
    { "unless", CONF_TEXT, CONF_LIST, AT(unless), COUNTED(unless_count), FROM_TO(0, 32), .otherwise = "none",
      .doc = "Resources (\"alarms\") or their actions (\"alarms.quiet\") that are looked at first: it is skipped unless all of them are as they should" },
    { "faults", CONF_NAME, CONF_LIST, AT(faults), COUNTED(fault_count), FROM_TO(0, 16), .otherwise = "none",
      .doc = "game-day: resources that break something, put in together and taken out again, always" },
    END
};
#undef S

#define S struct conf_window
static const struct conf_row window_rows[] = {
    { "from", CONF_TEXT, AT(text.from), .otherwise = "cron",
      .doc = "When it begins: \"2026-12-24\" (then also when it ends: with the day) or \"2026-12-24 18:00\"" },
    { "to", CONF_TEXT, AT(text.to), .otherwise = "with the day of from",
      .doc = "When it ends: the last day that is inside, or the time from which it is over" },
    { "cron", CONF_CRON, AT(text.cron), .otherwise = "from", .doc = "It comes back: when it begins" },
    { "for", CONF_DURATION, AT(text.for_ms), FROM_TO(60 * SEC, 31 * DAY), .otherwise = "to", .doc = "How long it lasts" },
    { "timezone", CONF_ZONE, AT(text.timezone), .fallback = "UTC", .doc = "Whose clock the calendar means" },
    { "reason", CONF_TEXT, AT(text.reason), .otherwise = "none", .doc = "One line for people" },
    END
};
#undef S

#define S struct conf_freeze
static const struct conf_row freeze_rows[] = {
    { "from", CONF_TEXT, AT(text.from), .otherwise = "cron",
      .doc = "When it begins: \"2026-12-20\" (then also when it ends: with the day) or \"2026-12-20 18:00\"" },
    { "to", CONF_TEXT, AT(text.to), .otherwise = "with the day of from",
      .doc = "When it ends: the last day that is inside, or the time from which it is over" },
    { "cron", CONF_CRON, AT(text.cron), .otherwise = "from", .doc = "It comes back: when it begins" },
    { "for", CONF_DURATION, AT(text.for_ms), FROM_TO(60 * SEC, 31 * DAY), .otherwise = "to", .doc = "How long it lasts" },
    { "timezone", CONF_ZONE, AT(text.timezone), .fallback = "UTC", .doc = "Whose clock the calendar means" },
    { "owner", CONF_TEXT, CONF_REQUIRED, AT(freeze.owner), .doc = "Who wants it" },
    { "reason", CONF_TEXT, CONF_REQUIRED, AT(text.reason), .doc = "Why" },
    END
};
#undef S

/* --- runbooks --------------------------------------------------------------------------------- */
#define S struct conf_runbook
static const struct conf_row runbook_rows[] = {
    { "name", CONF_NAME, CONF_REQUIRED, AT(runbook.name), .doc = "A strategy's name, or one that an app's runbook names" },
    { "doc", CONF_TEXT, AT(runbook.doc), .otherwise = "none", .doc = "One line for people" },
    { "failover", CONF_SECTION, AT(workflows[EVAC_WORKFLOW_FAILOVER]), .section = &workflow_section,
      .otherwise = "none", .doc = "Away from the active region" },
    { "failback", CONF_SECTION, AT(workflows[EVAC_WORKFLOW_FAILBACK]), .section = &workflow_section,
      .otherwise = "none", .doc = "Home again" },
    { "drill", CONF_SECTION, AT(workflows[EVAC_WORKFLOW_DRILL]), .section = &workflow_section,
      .otherwise = "none", .doc = "What a drill goes through" },
    { "fence", CONF_SECTION, AT(workflows[EVAC_WORKFLOW_FENCE]), .section = &workflow_section,
      .otherwise = "none", .doc = "The region that was left (from) is alive: what makes it still again" },
    END
};
#undef S

#define S struct conf_workflow
static const struct conf_row workflow_rows[] = {
    { "steps", CONF_SECTION, CONF_LIST, AT(flow.steps), COUNTED(flow.step_count), FROM_TO(1, EVAC_WORKFLOW_STEPS_MAX),
      .section = &step_section, .otherwise = "none", .doc = "Its steps; their order is theirs to say, with after" },
    { "same_as", CONF_CHOICE, AT(same_as), .choices = workflows, .otherwise = "none",
      .doc = "Another workflow of this runbook whose steps these are; instead of steps" },
    END
};
#undef S

#define S struct evac_runbook_step
static const struct conf_row step_rows[] = {
    { "name", CONF_NAME, CONF_REQUIRED, AT(name), .doc = "Unique in the workflow" },
    { "title", CONF_TEXT, AT(title), .otherwise = "the action's doc", .doc = "One line for people" },
    { "action", CONF_ACTION, CONF_REQUIRED, AT(action), .doc = "What is done" },
    { "resource", CONF_NAME, AT(resource), .otherwise = "each of the action's type", .doc = "One resource, by name" },
    { "region", CONF_ROLE, CONF_REQUIRED, AT(region), 
      .doc = "Where: the region left, the one taking over, each of the rest (those that serve users before and after), the witness, or one by name" },
    { "phase", CONF_CHOICE, CONF_REQUIRED, AT(phase), .choices = phases, .doc = "Which part of the run it belongs to" },
    { "want", CONF_ARGS, AT(want), .otherwise = "nothing", .doc = "The desired state: the action's own settings" },
    { "after", CONF_NAME, CONF_LIST, AT(after), COUNTED(after_count), FROM_TO(0, EVAC_WORKFLOW_STEPS_MAX), .otherwise = "none",
      .doc = "Steps of this workflow that must have ended before" },
    { "with", CONF_NAME, CONF_LIST, AT(with), COUNTED(with_count), FROM_TO(0, EVAC_WORKFLOW_STEPS_MAX), .otherwise = "none",
      .doc = "Only when at least one of these steps of this workflow has something to do for the app; otherwise the step vanishes" },
    { "when", CONF_SECTION, CONF_WHEN, AT(when), COUNTED(when_count), .section = &conf_when_section,
      .otherwise = "always", .doc = "Only under this condition; otherwise the step is skipped" },
    { "deadline", CONF_DURATION, AT(deadline_ms), FROM_TO(SEC, DAY), .otherwise = "the action's", .doc = "From its first look until it must be reached" },
    { "tries", CONF_INT, AT(tries), FROM_TO(1, 100), .otherwise = "the action's", .unit = "applies", .doc = "How often it may be applied" },
    { "on_failure", CONF_CHOICE, AT(on_failure), .choices = on_failures, .fallback = "ask",
      .doc = "ask a person, stop the run, or go-on without it" },
    { "approval", CONF_BOOL, AT(approval), .fallback = "false", .doc = "Waits for a person's word" },
    { "pivot", CONF_BOOL, AT(pivot), .fallback = "false", .doc = "The point of no return" },
    { "home", CONF_BOOL, AT(home), .fallback = "false",
      .doc = "Only when the region that takes over is the app's first one" },
    { "optional", CONF_BOOL, AT(optional), .fallback = "false",
      .doc = "When the app has no such resource or region, the step vanishes without a word" },
    END
};
#undef S

#define S struct conf_when
static const struct conf_row when_rows[] = {
    { "mode", CONF_CHOICE, AT(mode), .choices = modes, .otherwise = "any", .doc = "The run's mode" },
    { "step", CONF_NAME, AT(step), .otherwise = "none", .doc = "An earlier step of this workflow; with is, or with fact" },
    { "fact", CONF_NAME, AT(fact), .otherwise = "none", .doc = "A number that the step found; with above, below, or is" },
    { "above", CONF_INT, AT(above), FROM_TO(INT64_MIN, INT64_MAX), .otherwise = "none", .doc = "The fact is greater" },
    { "below", CONF_INT, AT(below), FROM_TO(INT64_MIN, INT64_MAX), .otherwise = "none", .doc = "The fact is smaller" },
    { "is", CONF_RAW, AT(is), .unit = "\"done\", \"skipped\" or \"failed\"; with fact: a whole number", .otherwise = "none", .doc = "How the step ended, or what the fact is" },
    { "not", CONF_RAW, AT(not), .unit = "a condition { ... }", .otherwise = "none", .doc = "Does not hold" },
    { "all", CONF_RAW, AT(all), .unit = "a list of conditions ( { ... }, { ... } )", .otherwise = "none", .doc = "All of them hold" },
    { "any", CONF_RAW, AT(any), .unit = "a list of conditions ( { ... }, { ... } )", .otherwise = "none", .doc = "At least one of them holds" },
    END
};
#undef S

#define S struct conf_when
static const struct conf_row down_when_rows[] = {
    { "probe", CONF_NAME, AT(probe), .otherwise = "none", .doc = "That probe of the app is down" },
    { "at_least", CONF_INT, AT(at_least), FROM_TO(1, EVAC_APP_PROBES_MAX), .unit = "of them", .otherwise = "none", .doc = "So many of those in of hold" },
    { "of", CONF_RAW, AT(of), .unit = "a list of probes' names and conditions ( \"x\", { ... } )", .otherwise = "none", .doc = "For at_least" },
    { "not", CONF_RAW, AT(not), .unit = "a probe's name, or a condition { ... }", .otherwise = "none", .doc = "Does not hold" },
    { "all", CONF_RAW, AT(all), .unit = "a list of probes' names and conditions ( \"x\", { ... } )", .otherwise = "none", .doc = "All of them hold" },
    { "any", CONF_RAW, AT(any), .unit = "a list of probes' names and conditions ( \"x\", { ... } )", .otherwise = "none", .doc = "At least one of them holds" },
    END
};
#undef S

#define S struct conf_controller
const struct conf_section conf_controller_section = {
    "controller", "evac.cfg", "The controller. The file may be absent: then all defaults hold.",
    controller_rows, sizeof(S), CONF_NOWHERE, .finish = conf_finish_controller,
};
#undef S
#define S struct conf_file_top
const struct conf_section conf_file_section = {
    "file", "apps/*.cfg and runbooks/*.cfg", "One app a file in apps/, one runbook a file in runbooks/; an app's file may bring a runbook too.",
    file_rows, sizeof(S), CONF_NOWHERE, .finish = NULL,
};
#undef S
#define S struct conf_app
const struct conf_section conf_app_section = {
    "app", "app = { ... }", "An app declares its resources and objectives and names a strategy.",
    app_rows, sizeof(S), offsetof(S, app.name), .finish = conf_finish_app,
};
#undef S
#define S struct conf_endpoint
static const struct conf_section endpoint_section = {
    "endpoint", "app.endpoint = { ... }", "Where users reach the app.",
    endpoint_rows, sizeof(S), CONF_NOWHERE, .finish = conf_finish_endpoint,
};
#undef S
#define S struct evac_resource
static const struct conf_section resource_section = {
    "resource", "app.resources.<name> = { ... }",
    "One thing that the app owns. Nested groups become dotted names, lists become JSON arrays; the driver's table says what is allowed.",
    resource_rows, sizeof(S), offsetof(S, name), .open = true, .finish = conf_finish_resource,
};
#undef S
#define S struct conf_probe
static const struct conf_section probe_section = {
    "probe", "app.probes = ( { ... } )",
    "A health check, asked again and again. Exactly one of http, tcp, tls, dns, exec, look says how.",
    probe_rows, sizeof(S), offsetof(S, probe.name), .finish = conf_finish_probe,
};
#undef S
#define S struct evac_waiver_conf
static const struct conf_section waiver_section = {
    "waiver", "app.policy.waivers = ( { ... } )", "A condition of act that is waived. It expires by itself.",
    waiver_rows, sizeof(S), CONF_NOWHERE, .finish = NULL,
};
#undef S
#define S struct conf_dependency
static const struct conf_section dependency_section = {
    "dependency", "dependencies = ( { ... } )",
    "What several apps need and none of them has, looked at once for all of them. Exactly one of http, tcp, tls, dns, exec says how. While it is down "
    "the apps that need it are not moved by themselves: it would not help. One notice says so, whichever number they are.",
    dependency_rows, sizeof(S), offsetof(S, how.probe.name), .finish = conf_finish_dependency,
};
#undef S
#define S struct conf_json
static const struct conf_section json_section = {
    "json", "json = { ... }", "One value of an answer that is JSON.",
    json_rows, sizeof(S), CONF_NOWHERE, .finish = NULL,
};
#undef S
#define S struct conf_look
static const struct conf_section look_section = {
    "look", "look = { ... }", "A driver's observation as a probe: satisfied is good, unsatisfied and blocked are bad; or how far data is behind.",
    look_rows, sizeof(S), CONF_NOWHERE, .finish = conf_finish_look,
};
#undef S
#define S struct evac_peer_conf
static const struct conf_section peer_section = {
    "controller that shares", "shared.controllers = ( { ... } )", "One of the controllers that share the journal; all of them have the same files.",
    peer_rows, sizeof(S), offsetof(S, name), .finish = NULL,
};
#undef S
#define S struct evac_shared_conf
static const struct conf_section shared_section = {
    "shared", "shared = { ... }",
    "The journal that several controllers share. A lease must outlive two of etcd's elections and a lost question: ttl >= 2 x election + request + ttl / 3. "
    "Another controller leads at the latest after 2 x election + ttl + 1 s + poll + request.",
    shared_rows, sizeof(S), CONF_NOWHERE, .finish = conf_finish_shared,
};
#undef S
#define S struct evac_vantage_conf
static const struct conf_section vantage_section = {
    "vantage", "vantages = ( { ... } )", "An agent elsewhere that asks the same probes.",
    vantage_rows, sizeof(S), offsetof(S, name), .finish = NULL,
};
#undef S
#define S struct evac_listen_conf
static const struct conf_section listen_section = {
    "listen", "listen = ( { ... } )", "One address of the API. What is not on this machine needs TLS (1.2 or later), and everybody needs a credential.",
    listen_rows, sizeof(S), offsetof(S, address), .finish = conf_finish_listen,
};
#undef S
#define S struct evac_approver_conf
static const struct conf_section approver_section = {
    "approver", "approvers = ( { ... } )", "Somebody who may say yes over the phone, from a machine that reaches nothing. The answer is good once, for ten minutes, and for what was said.",
    approver_rows, sizeof(S), offsetof(S, name), .finish = conf_finish_approver,
};
#undef S
#define S struct evac_person_conf
static const struct conf_section person_section = {
    "person", "people = ( { ... } )", "One person, who has several names.",
    person_rows, sizeof(S), offsetof(S, name), .finish = conf_finish_person,
};
#undef S
#define S struct evac_oidc_conf
static const struct conf_section oidc_section = {
    "oidc", "oidc = { ... }", "An identity provider. Its tokens are signed with RS256, PS256, ES256 or EdDSA; whoever is named by none of the roles may do nothing.",
    oidc_rows, sizeof(S), CONF_NOWHERE, .finish = conf_finish_oidc,
};
#undef S
#define S struct evac_approvals
static const struct conf_section approvals_section = {
    "approvals", "app.approvals, app.drill_approvals = { ... }",
    "Approvals are bound to the plan, its target and mode, the verdict and the loss as they were shown: when the verdict or the mode changes, or the loss doubles, those given so far are void.",
    approvals_rows, sizeof(S), CONF_NOWHERE, .finish = conf_finish_approvals,
};
#undef S
#define S struct evac_escalation
static const struct conf_section escalation_section = {
    "escalation", "approvals.escalate, incident.escalate = ( { ... } )", "The next to be told.",
    escalation_rows, sizeof(S), CONF_NOWHERE, .finish = NULL,
};
#undef S
#define S struct evac_safety_rule
static const struct conf_section safety_section = {
    "safety rule", "safety = ( { ... } )",
    "One assertion a rule. Always there: traffic is never withdrawn from the last region in service. An admin may override a rule by name, for one run.",
    safety_rows, sizeof(S), offsetof(S, name), .finish = conf_finish_safety,
};
#undef S
#define S struct conf_notify
static const struct conf_section notify_section = {
    "notify", "notify = { ... }", "Who is told what. See controller/notify/README.md for each type of channel.",
    notify_rows, sizeof(S), CONF_NOWHERE, .finish = conf_finish_notify,
};
#undef S
#define S struct evac_channel
static const struct conf_section channel_section = {
    "channel", "notify.channels = ( { ... } )", "One way to tell somebody. No secret is written here: only where it lies.",
    channel_rows, sizeof(S), offsetof(S, name), .finish = NULL,
};
#undef S
#define S struct conf_tell_route
static const struct conf_section route_section = {
    "route", "notify.routes = ( { ... } )", "Messages of some kind go to some channels. A message that is over (resolved, acknowledged) goes wherever it was sent when it began.",
    route_rows, sizeof(S), CONF_NOWHERE, .finish = NULL,
};
#undef S
#define S struct evac_drill_conf
static const struct conf_section drill_section = {
    "drill", "app.drills = ( { ... } )", "A rehearsal by the calendar.",
    drill_rows, sizeof(S), offsetof(S, name), .finish = conf_finish_drill,
};
#undef S
#define S struct conf_window
const struct conf_section conf_window_section = {
    "window", "app.blackouts, app.windows, blackouts = ( { ... } )",
    "A stretch of the calendar: from and to, or cron and for. A day alone may stand for its group: ( \"2026-12-24\", { ... } ).",
    window_rows, sizeof(S), CONF_NOWHERE, .bare = "from", .finish = conf_finish_window,
};
#undef S
#define S struct conf_freeze
static const struct conf_section freeze_section = {
    "freeze", "app.freezes, freezes = ( { ... } )",
    "A stretch of the calendar in which things stay as they are: from and to, or cron and for.",
    freeze_rows, sizeof(S), CONF_NOWHERE, .finish = conf_finish_freeze,
};
#undef S
#define S struct evac_criterion_conf
static const struct conf_section criterion_section = {
    "criterion", "app.criteria = ( { ... } )", "What a run must keep to count as good.",
    criterion_rows, sizeof(S), offsetof(S, name), .finish = conf_finish_criterion,
};
#undef S
#define S struct conf_runbook
const struct conf_section conf_runbook_section = {
    "runbook", "runbook = { ... }", "The workflows of one strategy; at least one.",
    runbook_rows, sizeof(S), offsetof(S, runbook.name), .finish = conf_finish_runbook,
};
#undef S
#define S struct conf_workflow
static const struct conf_section workflow_section = {
    "workflow", "runbook.failover, runbook.failback, runbook.drill = { ... }", "Either steps or same_as.",
    workflow_rows, sizeof(S), CONF_NOWHERE, .finish = conf_finish_workflow,
};
#undef S
#define S struct evac_runbook_step
static const struct conf_section step_section = {
    "step", "steps = ( { ... } )", "One desired state, reached by an action of a driver.",
    step_rows, sizeof(S), offsetof(S, name), .finish = conf_finish_step,
};
#undef S
#define S struct conf_when
const struct conf_section conf_down_when_section = {
    "down_when", "app.health.down_when = { ... }",
    "When a region counts as down, over the probes as one vantage sees them; unknown is never down. Several settings in one group mean all of them. "
    "A probe that is suppressed, or not asked in a region, is left out: all means all that are left, at_least no more than are left.",
    down_when_rows, sizeof(S), CONF_NOWHERE, .finish = NULL,
};
#undef S
#define S struct conf_when
const struct conf_section conf_when_section = {
    "when", "when = { ... }", "A condition. Several settings in one group mean all of them.",
    when_rows, sizeof(S), CONF_NOWHERE, .finish = NULL,
};
#undef S
/* clang-format on */

const struct conf_section *const conf_sections[] = {
    &conf_controller_section,
    &vantage_section,
    &shared_section,
    &peer_section,
    &dependency_section,
    &listen_section,
    &oidc_section,
    &approver_section,
    &person_section,
    &notify_section,
    &channel_section,
    &route_section,
    &conf_file_section,
    &conf_app_section,
    &endpoint_section,
    &resource_section,
    &probe_section,
    &json_section,
    &look_section,
    &waiver_section,
    &freeze_section,
    &drill_section,
    &criterion_section,
    &approvals_section,
    &escalation_section,
    &safety_section,
    &conf_window_section,
    &conf_runbook_section,
    &workflow_section,
    &step_section,
    &conf_when_section,
    &conf_down_when_section,
    NULL,
};

const struct conf_row *conf_row(const struct conf_section *section, struct evac_str path)
{
    for (const struct conf_row *row = section->rows; row->path; row++)
        if (evac_str_is(path, row->path))
            return row;
    return NULL;
}
