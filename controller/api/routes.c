#include "api_routes.h"

#include <stddef.h>

#define JSON   "application/json"
#define PAPERS "application/json text/plain text/html"
#define SHELL  EVAC_ROUTE_SHELL
#define PAGED  EVAC_ROUTE_PAGED
#define CHANGE (EVAC_ROUTE_SHELL | EVAC_ROUTE_MUTATES)
#define WORD   (EVAC_ROUTE_SHELL | EVAC_ROUTE_MUTATES | EVAC_ROUTE_GUARDED)
#define JOB    (EVAC_ROUTE_SHELL | EVAC_ROUTE_JOB)
#define ROW(w) EVAC_ASK_ROW, w

/* clang-format off */
const struct evac_api_param evac_api_params[] = {
    { "app", false, "Name of an app, as its configuration has it." },
    { "run", true, "Number of a run." },
    { "step", false, "Id of a step of the run's plan." },
    { "job", true, "Number of a job." },
    { "vantage", false, "Name of a vantage, as evac.cfg has it." },
    { "kind", false, "A drill's kind: rehearse, isolated, live, game-day; or a problem's." },
    { "name", false, "A drill's name; without it the first of its kind." },
    { "to", false, "The region that the app would move to; without it the best standby." },
    { "soak_ms", true, "How long a live drill stays, in milliseconds; without it as configured." },
    { "format", false, "json, text or html, whatever the header Accept says." },
    { "limit", true, "At most so many; there is a default and a ceiling." },
    { "after", true, "Go on behind this one: take it from the header Link of the page before." },
    { "until", true, "The latest instant to look ahead to, in milliseconds since 1970." },
    { "since", true, "The earliest instant to look back to, in milliseconds since 1970." },
    { "all", true, "1: also those that are closed or accepted." },
    { NULL, false, NULL },
};

const struct evac_route evac_routes[] = {
    { "GET", "/healthz", "isAlive", ROW("look"), api_healthz, "", NULL,
      200, "Words", "text/plain", EVAC_ROUTE_OPEN, "controller", "Does the loop turn? 200 or 503." },
    { "GET", "/readyz", "isReady", ROW("look"), api_readyz, "", NULL,
      200, "Ready", JSON, EVAC_ROUTE_OPEN, "controller", "May work be sent to it? 200 or 503, and why not." },
    { "GET", "/v1/version", "getVersion", ROW("look"), api_version, "", NULL,
      200, "Version", JSON, 0, "controller", "Which evac this is, and which node." },
    { "GET", "/v1/status", "getStatus", ROW("look"), api_status, "", NULL,
      200, "Status", JSON, 0, "controller", "All that an on-call needs first: the controller, its apps, what goes on." },
    { "POST", "/v1/reload", "reload", ROW("reload"), api_reload, "", "Empty",
      200, "Reloaded", JSON, CHANGE, "controller", "Load the configuration again. One that does not make sense changes nothing." },
    { "GET", "/v1/events", "streamEvents", ROW("look"), NULL, "after", NULL,
      200, "Event", "text/event-stream", EVAC_ROUTE_STREAM, "controller", "Server-sent events, one a row of the journal, from now on or behind Last-Event-ID (or after)." },
    { "GET", "/v1/problems", "listProblems", ROW("look"), api_list_problems, "", NULL,
      200, "Problems", JSON, 0, "controller", "The kinds of problems that are answered." },
    { "GET", "/v1/problems/{kind}", "getProblem", ROW("look"), api_get_problem, "", NULL,
      200, "ProblemKind", JSON, 0, "controller", "What a problem's type means." },

    { "GET", "/v1/apps", "listApps", ROW("look"), api_list_apps, "limit after", NULL,
      200, "Apps", JSON, SHELL | PAGED, "apps", "All apps, little of each: cheap enough to be asked for often." },
    { "GET", "/v1/apps/{app}", "getApp", ROW("look"), api_get_app, "", NULL,
      200, "App", JSON, SHELL, "apps", "One app: regions, probes, data, policy, what goes on." },
    { "GET", "/v1/apps/{app}/why", "getWhy", ROW("look"), api_why, "", NULL,
      200, "Why", JSON, SHELL, "apps", "From each answer to the decision, with the numbers." },
    { "GET", "/v1/apps/{app}/decide", "getClock", ROW("look"), api_decide, "", NULL,
      200, "Clock", JSON, SHELL, "apps", "The decision clock: how much time is left, what it would cost, what blocks." },
    { "GET", "/v1/apps/{app}/probes", "getProbes", ROW("look"), api_probes, "", NULL,
      200, "Probes", JSON, SHELL, "apps", "The newest answers of each probe, as this controller got them." },
    { "GET", "/v1/apps/{app}/readiness", "getReadiness", ROW("look"), api_readiness, "", NULL,
      200, "Readiness", JSON, SHELL, "apps", "What the last looks, the lint and drills say of its standbys." },
    { "GET", "/v1/apps/{app}/permissions", "getPermissions", ROW("look"), api_permissions, "", NULL,
      200, "Permissions", JSON, SHELL, "apps", "The least that the app's plans need, as a policy of the cloud." },
    { "GET", "/v1/apps/{app}/receipt", "getReceipt", ROW("receipt"), api_receipt, "kind name to soak_ms", NULL,
      200, "Receipt", JSON, SHELL, "drills", "What a drill would touch; nothing is begun." },
    { "GET", "/v1/apps/{app}/trend", "getTrend", ROW("look"), api_trend, "since format", NULL,
      200, "Trend", PAPERS, SHELL, "evidence", "RTO and RPO of drills and runs over time, against the objectives." },
    { "POST", "/v1/apps/{app}/plan", "planMove", ROW("plan"), api_plan_app, "", "Wish",
      200, "Planned", JSON, SHELL, "apps", "What would be done, step by step; nothing is called." },
    { "POST", "/v1/apps/{app}/lint", "lintApp", ROW("lint"), api_lint_app, "", "LintWish",
      200, "LintAnswer", JSON, SHELL, "apps", "Would it work with a region gone? Nothing is called." },
    { "POST", "/v1/apps/{app}/simulate", "simulate", ROW("simulate"), api_simulate, "", "SimulateWish",
      202, "JobBegun", JSON, JOB, "apps", "An outage in virtual time, with this account's durations: a job." },
    { "POST", "/v1/apps/{app}/runs", "beginRun", EVAC_ASK_WISH, NULL, api_begin_run, "", "RunWish",
      201, "RunBegun", JSON, WORD, "runs", "Begin to move the app, or a rehearsal of it." },
    { "POST", "/v1/apps/{app}/drills", "beginDrill", EVAC_ASK_KIND, NULL, api_begin_drill, "", "DrillWish",
      201, "DrillBegun", JSON, WORD, "drills", "Begin a drill now." },

    { "GET", "/v1/runs", "listRuns", ROW("look"), api_list_runs, "app limit after", NULL,
      200, "Runs", JSON, SHELL | PAGED, "runs", "Those that go on, then those that ended, the newest first." },
    { "GET", "/v1/runs/{run}", "getRun", ROW("look"), api_get_run, "", NULL,
      200, "RunOrReport", JSON, SHELL, "runs", "Live while it goes on; its report afterwards." },
    { "GET", "/v1/runs/{run}/report", "getReport", ROW("look"), api_report, "format", NULL,
      200, "Report", PAPERS, SHELL, "runs", "What it did, how long it took, what it cost in data." },
    { "GET", "/v1/runs/{run}/plan", "getPlan", ROW("look"), api_get_plan, "", NULL,
      200, "Plan", JSON, SHELL, "runs", "The plan that it was begun with." },
    { "GET", "/v1/runs/{run}/steps", "listSteps", ROW("look"), api_list_steps, "limit after", NULL,
      200, "Steps", JSON, SHELL | PAGED, "runs", "Its steps: state, times, attempts, request ids." },
    { "GET", "/v1/runs/{run}/steps/{step}", "getStep", ROW("look"), api_get_step, "", NULL,
      200, "StepDetails", JSON, SHELL, "runs", "One step, with every row of the journal about it." },
    { "POST", "/v1/runs/{run}/commands", "sayToRun", EVAC_ASK_VERB, NULL, api_say_to_run, "", "Command",
      200, "Answer", JSON, WORD, "runs", "A person's word to a run: approve, decline, pause, resume, retry, skip, cancel, override ..." },

    { "POST", "/v1/commands", "say", EVAC_ASK_VERB, NULL, api_say, "", "Command",
      200, "Answer", JSON, WORD, "words", "A person's word about an app, an incident, or all automation." },
    { "GET", "/v1/approvals", "listApprovals", ROW("look"), api_list_approvals, "limit after", NULL,
      200, "Approvals", JSON, SHELL | PAGED, "words", "What waits for whose yes, and until when." },
    { "GET", "/v1/holds", "listHolds", ROW("look"), api_list_holds, "limit after", NULL,
      200, "Holds", JSON, SHELL | PAGED, "words", "Holds, freezes and waivers that stand: whose, why, until when." },
    { "GET", "/v1/roles", "getRoles", ROW("look"), api_roles, "app", NULL,
      200, "Roles", JSON, 0, "words", "Who may do what, and the caller's own standing." },
    { "GET", "/v1/gates", "listGates", ROW("look"), api_gates, "", NULL,
      200, "Gates", JSON, 0, "words", "The gates of a run, and who may override which." },

    { "GET", "/v1/incidents", "getIncidents", ROW("look"), api_incidents, "limit after", NULL,
      200, "Incidents", JSON, SHELL | PAGED, "incidents", "Regional incidents, and what each app is to them." },
    { "GET", "/v1/drills", "listDrills", ROW("look"), api_list_drills, "app until limit after", NULL,
      200, "Drills", JSON, SHELL | PAGED, "drills", "Drills to come, going on and past, and what is owed." },
    { "GET", "/v1/drivers", "listDrivers", ROW("look"), api_drivers, "", NULL,
      200, "Drivers", JSON, 0, "controller", "The drivers, their actions and parameters." },
    { "POST", "/v1/vantages/{vantage}/results", "tellResults", ROW("vantage"), api_vantage, "", "Batch",
      200, "Empty", JSON, SHELL | EVAC_ROUTE_RAW, "controller", "What an agent at another place saw. Its batches are numbered: a copy is refused as stale." },

    { "POST", "/v1/replay", "replay", ROW("replay"), api_replay, "", "ReplayWish",
      202, "JobBegun", JSON, JOB, "incidents", "What was recorded, through today's policy: a job." },
    { "GET", "/v1/jobs/{job}", "getJob", ROW("look"), api_get_job, "", NULL,
      200, "Job", JSON, 0, "controller", "How a job stands, and its result." },

    { "GET", "/v1/journal", "listJournal", ROW("look"), api_list_journal, "run app limit after", NULL,
      200, "Rows", JSON, SHELL | PAGED, "evidence", "The journal, the oldest first." },
    { "GET", "/v1/journal/verify", "verifyJournal", ROW("look"), api_verify, "", NULL,
      200, "Verdict", JSON, SHELL, "evidence", "Walk the journal's chain of hashes and its signed checkpoints." },
    { "POST", "/v1/journal/verify", "verifyAgainst", ROW("verify"), api_verify, "", "VerifyWish",
      200, "Verdict", JSON, SHELL, "evidence", "The same, also against a checkpoint that was kept elsewhere." },
    { "POST", "/v1/journal/checkpoint", "signJournal", ROW("checkpoint"), api_checkpoint, "", "Empty",
      200, "Checkpoint", JSON, CHANGE, "evidence", "Sign the journal as it is now." },
    { "GET", "/v1/deficiencies", "listDeficiencies", ROW("look"), api_list_deficiencies, "app all format limit after", NULL,
      200, "Deficiencies", "application/json text/plain", SHELL | PAGED, "evidence", "What reports found wanting, and people added." },
    { "POST", "/v1/deficiencies", "sayDeficiency", ROW("deficiencies"), api_say_deficiency, "", "DeficiencyWord",
      200, "DeficiencySaid", JSON, CHANGE, "evidence", "Open, assign, close or accept one." },
    { "POST", "/v1/evidence", "makeEvidence", ROW("evidence"), api_make_evidence, "", "EvidenceWish",
      200, "Bundle", "application/x-tar", SHELL, "evidence", "A signed bundle of what a run, or an app over time, did. That it was made is in the journal." },
    { "GET", "/v1/evidence/key", "getEvidenceKey", ROW("look"), api_evidence_key, "", NULL,
      200, "EvidenceKey", JSON, SHELL, "evidence", "The public key that evidence is signed with." },
};
/* clang-format on */
const size_t evac_route_count = sizeof evac_routes / sizeof evac_routes[0];
