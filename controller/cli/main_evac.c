/* evac: the command that an on-call engineer types at 3 a.m. */
#include "cli.h"
#include "evac/args.h"
#include "why.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct command {
    const char *name, *args, *help;
    evac_command_fn *fn;
} commands[] = {
    { "status", "[APP]", "what is up, what is down, what would be lost now, what the policy thinks",
      evac_cmd_status },
    { "why", "APP",
      "from each answer to the decision: who saw what, who votes what, what holds it back",
      evac_cmd_why },
    { "decide", "APP",
      "the decision clock: what burns, how long a move takes, when to start it at the latest",
      evac_cmd_decide },
    { "check", "APP", "is the standby ready? looks at every step of a failover, changes nothing",
      evac_cmd_check },
    { "probe", "APP", "ask every probe of it once, now, from here; needs no controller (--config)",
      evac_cmd_probe },
    { "vantage", "--name NAME",
      "look from here, and tell a controller elsewhere (--config, --socket)", evac_cmd_vantage },
    { "plan", "APP [failover|failback]",
      "what a move would do, step by step, and what it would cost", evac_cmd_plan },
    { "lint", "APP [failover|failback]",
      "would the move still work with a region gone? every API operation, and what is wrong",
      evac_cmd_lint },
    { "simulate", "APP --down REGION",
      "an outage many times over, in virtual time: RTO and RPO, what decides them, what breaks it",
      evac_cmd_simulate },
    { "replay", "[RUN|FROM..TO]",
      "what has happened, through today's policy: would it have acted, and when?",
      evac_cmd_replay },
    { "failover", "APP", "move the app out of its active region (asks first)", evac_cmd_move },
    { "failback", "APP", "move the app home again (asks first)", evac_cmd_move },
    { "fence", "APP", "the region that was left is alive: make it still again (asks first)",
      evac_cmd_move },
    { "reconcile", "APP",
      "the data of the region that was left are reconciled, or given up (--reason)",
      evac_cmd_say_app },
    { "drill", "APP",
      "rehearse; exercise the standby and put it back (--kind isolated); there and home again "
      "(live); break something (game-day)",
      evac_cmd_drill },
    { "drills", "[APP]", "the calendar of drills, what was, what was skipped and why, what is owed",
      evac_cmd_drills },
    { "runs", "[APP]", "what is going on and what was", evac_cmd_runs },
    { "watch", "[RUN|APP]", "follow a run until it ends", evac_cmd_watch },
    { "report", "[RUN|APP]", "what a run did, how long it took, what it cost in data",
      evac_cmd_report },
    { "approve", "[RUN|APP] [STEP]", "say yes to a proposal, or to a step that waits for one",
      evac_cmd_say },
    { "decline", "[RUN|APP]", "say no to a proposal", evac_cmd_say },
    { "pause", "[RUN|APP]", "begin nothing new; what is in flight is seen through", evac_cmd_say },
    { "resume", "[RUN|APP]", "go on", evac_cmd_say },
    { "retry", "[RUN|APP] [STEP]", "try a failed step again", evac_cmd_say },
    { "skip", "RUN|APP STEP", "go on without a step (--reason)", evac_cmd_say },
    { "cancel", "[RUN|APP]", "undo what was done; until the point of no return", evac_cmd_say },
    { "rollback", "[RUN|APP]", "the same as cancel", evac_cmd_say },
    { "stop", "[RUN|APP]", "leave everything where it stands; the run ends as held", evac_cmd_say },
    { "mode", "RUN|APP graceful|ungraceful", "switch a run's mode for the steps that are left",
      evac_cmd_say },
    { "override", "[RUN|APP] [GATE|STEP]", "open a gate that is shut (--reason)", evac_cmd_say },
    { "gates", "[RUN|APP]", "what a run waits for; without one: which gates there are",
      evac_cmd_gates },
    { "ack", "APP", "the last run was seen: the policy may act again", evac_cmd_say_app },
    { "hold", "APP", "nothing automatic for this app (--reason, --for)", evac_cmd_say_app },
    { "release", "APP", "end a hold", evac_cmd_say_app },
    { "waive", "APP lint|readiness|drill",
      "stand for a condition of acting that does not hold (--owner, --reason, --for or --until)",
      evac_cmd_waive },
    { "unwaive", "APP lint|readiness|drill", "take a waiver back", evac_cmd_waive },
    { "incident", "[REGION]", "regional incidents: many apps down at once are one; who goes when",
      evac_cmd_incident },
    { "freeze", "[APP]", "no automatic run of an app, or of any (--reason, --for or --until)",
      evac_cmd_freeze },
    { "unfreeze", "[APP]", "end a freeze", evac_cmd_freeze },
    { "stop-automation", "", "nothing automatic for any app", evac_cmd_say_app },
    { "allow-automation", "", "end that", evac_cmd_say_app },
    { "trend", "APP", "all its runs and drills over time, against the objectives", evac_cmd_trend },
    { "deficiencies", "[APP]", "what reports found wanting and nobody has mended yet (--all: ever)",
      evac_cmd_deficiencies },
    { "deficiency", "open APP|assign ID|close ID",
      "add one; say whose it is; close it with a later run, or accept it", evac_cmd_deficiency },
    { "evidence", "export RUN|APP|verify FILE|keygen|key",
      "a signed bundle, and its check; verify and keygen need no controller", evac_cmd_evidence },
    { "journal", "[RUN|APP|verify|checkpoint]",
      "the record of everything; verify checks it, checkpoint signs it", evac_cmd_journal },
    { "validate", "DIR", "check a configuration's folder; needs no controller", evac_cmd_validate },
    { "discover", "--tag KEY=VALUE",
      "write an app's configuration from what carries a tag; needs no controller",
      evac_cmd_discover },
    { "reload", "", "load the configuration again; a bad one changes nothing", evac_cmd_reload },
    { "drivers", "[NAME]", "what can be done to which resource, and how safely; --iam: permissions",
      evac_cmd_drivers },
    { "roles", "[APP]", "who may do what, and what you may", evac_cmd_roles },
    { "fsm", "", "the state machines, printed from their tables", evac_cmd_fsm },
    { "version", "", "of this command and of the controller", evac_cmd_version },
};

static void help(FILE *to)
{
    fputs("evac: move an application out of a failing region, prove what it cost, rehearse it\n\n"
          "At 3 a.m.:\n"
          "  evac status               what is wrong, and what evac thinks of it\n"
          "  evac why APP              from each probe's answer to the decision, with the numbers\n"
          "  evac decide APP           how long it has been, and whether to start a failover now\n"
          "  evac failover APP         shows what it will do and what it will cost, asks, does it, "
          "shows it\n"
          "  evac approve              say yes to what evac proposed\n"
          "  evac watch                follow the run that is going on\n\n"
          "Commands:\n",
          to);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(to, "  %-16s %-28s %s\n", commands[i].name, commands[i].args, commands[i].help);
    fputs(
        "\nOptions:\n"
        "  --from REGION      active-active: the region that users are led away from (default: the "
        "one "
        "that is down)\n"
        "  --to REGION        where to (default: the standby that is up and readiest; for a "
        "failback, "
        "home)\n"
        "  --mode MODE        graceful (no data is lost, needs the old side alive) or ungraceful;\n"
        "                     default: what the active region's health allows\n"
        "  --reason TEXT      why; it is kept in the journal\n"
        "  --override G,G     failover, failback, drill: open these gates at once, for the "
        "--reason\n"
        "  --yes              ask nothing (for scripts)\n"
        "  --no-wait          begin, do not follow\n"
        "  --kind KIND        drill: rehearse (looks only) or isolated (changes the standby, with "
        "no "
        "users\n"
        "                     on it, and puts everything back)\n"
        "  --isolate REGION   drill, check: no call may touch that region; the steps that try are "
        "named\n"
        "  --format FORM      report: text, json, html; fsm: text, mermaid\n"
        "  --report DIR       report: write report.txt, report.json and report.html there\n"
        "  --assume-down REGION  lint: it is gone (default: the region left, if ungraceful)\n"
        "  --all-regions      lint: each region of the app and each control plane's home in turn\n"
        "  --strict           lint: warnings count too; discover: silence is a failure\n"
        "  --config DIR       lint, drivers: with this configuration, without a controller;\n"
        "                     discover: with its packs' settings; probe: of this one (default "
        "/etc/evac)\n"
        "  --facts FILE       lint --config: instead of the built-in facts\n"
        "  --markdown         drivers: as a page's table\n"
        "  --iam              drivers: the permissions that a driver, or an app's plans, need\n"
        "  --regions R,R      discover: where to look; the tag's value is the app's name, or "
        "--name "
        "NAME\n"
        "  --strategy S       discover: do not guess it\n"
        "  --out FILE         discover: write it there (--yes: also when there is one already)\n"
        "  --for TIME         hold, waive, freeze: for so long: seconds, or as 90m, 4h, 30d (hold: "
        "until\n"
        "                     released without it)\n"
        "  --until DAY        waive, freeze: to the end of that day (2026-12-31), or to that "
        "minute\n"
        "                     (\"2026-12-31 18:00\"), in UTC\n"
        "  --owner NAME       waive, freeze: who stands for it\n"
        "  --incident REGION  approve, decline, pause, resume: the evacuation of that region\n"
        "  --down REGION      simulate: the region that fails; --to REGION: where to\n"
        "  --fault FAULT      simulate: one more table row, as slow:3x or stuck:promote; "
        "repeatable; all: each\n"
        "                     in turn; an unknown one lists them\n"
        "  --runs N           simulate: so many outages (500); --seed N: other chances (1)\n"
        "  --reaction SPAN    simulate: what people take to answer (as they did before, else 5m)\n"
        "  --journal FILE     simulate, replay with --config: the history to go by\n"
        "  --app APP          replay: only this one\n"
        "  --policy P, --dwell SPAN, --cooldown SPAN  replay: what if\n"
        "  --watch            decide: drawn again every second, until you stop it (--json: a line "
        "each)\n"
        "  --limit N          runs, journal: at most so many\n"
        "  --since DAY        trend, evidence export: from that day on (2026-01-31), or 90d back\n"
        "  --key KEY          evidence verify: the key that you trust: its file or its "
        "fingerprint\n"
        "  --checkpoint FILE  journal verify: also against one that was kept elsewhere\n"
        "  --title, --severity low|medium|high, --owner NAME, --due DAY, --criterion NAME\n"
        "                     deficiency open, assign\n"
        "  --retest RUN       deficiency close: the later run that shows that it is mended\n"
        "  --accept           deficiency close: its owner takes the risk (--reason)\n"
        "  --all              deficiencies: closed and accepted ones too\n"
        "  --json             for programs\n"
        "  --socket PATH      the controller's socket (default $EVAC_SOCKET, or "
        "/run/evac/evac.sock)\n\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused (nothing was changed), 4 no "
        "controller answers;\n"
        "lint: 5 errors, 6 warnings (only with --strict); evidence verify: 3 something is missing, "
        "4 "
        "altered,\n5 a wrong signature or key, 6 nobody vouches for the key\n"
        "NO_COLOR is honoured.\n",
        to);
}

enum {
    OPT_FROM = 256,
    OPT_SEVERITY,
    OPT_DUE,
    OPT_TITLE,
    OPT_RETEST,
    OPT_CRITERION,
    OPT_SINCE,
    OPT_KEY,
    OPT_CHECKPOINT,
    OPT_ACCEPT,
    OPT_ALL,
    OPT_TO,
    OPT_MODE,
    OPT_REASON,
    OPT_YES,
    OPT_NO_WAIT,
    OPT_KIND,
    OPT_ISOLATE,
    OPT_FORMAT,
    OPT_REPORT,
    OPT_FOR,
    OPT_UNTIL,
    OPT_OWNER,
    OPT_INCIDENT,
    OPT_LIMIT,
    OPT_JSON,
    OPT_SOCKET,
    OPT_STEP,
    OPT_ASSUME_DOWN,
    OPT_ALL_REGIONS,
    OPT_STRICT,
    OPT_CONFIG,
    OPT_FACTS,
    OPT_MARKDOWN,
    OPT_IAM,
    OPT_TAG,
    OPT_REGIONS,
    OPT_NAME,
    OPT_STRATEGY,
    OPT_OUT,
    OPT_WATCH,
    OPT_OVERRIDE,
    OPT_RECEIPT,
    OPT_STOP,
    OPT_DOWN,
    OPT_FAULT,
    OPT_RUNS,
    OPT_SEED,
    OPT_REACTION,
    OPT_JOURNAL,
    OPT_APP,
    OPT_POLICY,
    OPT_DWELL,
    OPT_COOLDOWN
};

static const struct option options[] = {
    { "severity", required_argument, NULL, OPT_SEVERITY },
    { "due", required_argument, NULL, OPT_DUE },
    { "title", required_argument, NULL, OPT_TITLE },
    { "retest", required_argument, NULL, OPT_RETEST },
    { "criterion", required_argument, NULL, OPT_CRITERION },
    { "since", required_argument, NULL, OPT_SINCE },
    { "key", required_argument, NULL, OPT_KEY },
    { "checkpoint", required_argument, NULL, OPT_CHECKPOINT },
    { "accept", no_argument, NULL, OPT_ACCEPT },
    { "all", no_argument, NULL, OPT_ALL },
    { "from", required_argument, NULL, OPT_FROM },
    { "to", required_argument, NULL, OPT_TO },
    { "mode", required_argument, NULL, OPT_MODE },
    { "reason", required_argument, NULL, OPT_REASON },
    { "yes", no_argument, NULL, OPT_YES },
    { "no-wait", no_argument, NULL, OPT_NO_WAIT },
    { "kind", required_argument, NULL, OPT_KIND },
    { "isolate", required_argument, NULL, OPT_ISOLATE },
    { "format", required_argument, NULL, OPT_FORMAT },
    { "report", required_argument, NULL, OPT_REPORT },
    { "for", required_argument, NULL, OPT_FOR },
    { "until", required_argument, NULL, OPT_UNTIL },
    { "owner", required_argument, NULL, OPT_OWNER },
    { "incident", required_argument, NULL, OPT_INCIDENT },
    { "limit", required_argument, NULL, OPT_LIMIT },
    { "json", no_argument, NULL, OPT_JSON },
    { "socket", required_argument, NULL, OPT_SOCKET },
    { "step", required_argument, NULL, OPT_STEP },
    { "assume-down", required_argument, NULL, OPT_ASSUME_DOWN },
    { "all-regions", no_argument, NULL, OPT_ALL_REGIONS },
    { "strict", no_argument, NULL, OPT_STRICT },
    { "config", required_argument, NULL, OPT_CONFIG },
    { "facts", required_argument, NULL, OPT_FACTS },
    { "markdown", no_argument, NULL, OPT_MARKDOWN },
    { "iam", no_argument, NULL, OPT_IAM },
    { "tag", required_argument, NULL, OPT_TAG },
    { "regions", required_argument, NULL, OPT_REGIONS },
    { "name", required_argument, NULL, OPT_NAME },
    { "strategy", required_argument, NULL, OPT_STRATEGY },
    { "out", required_argument, NULL, OPT_OUT },
    { "watch", no_argument, NULL, OPT_WATCH },
    { "override", required_argument, NULL, OPT_OVERRIDE },
    { "receipt", no_argument, NULL, OPT_RECEIPT },
    { "stop", no_argument, NULL, OPT_STOP },
    { "down", required_argument, NULL, OPT_DOWN },
    { "fault", required_argument, NULL, OPT_FAULT },
    { "runs", required_argument, NULL, OPT_RUNS },
    { "seed", required_argument, NULL, OPT_SEED },
    { "reaction", required_argument, NULL, OPT_REACTION },
    { "journal", required_argument, NULL, OPT_JOURNAL },
    { "app", required_argument, NULL, OPT_APP },
    { "policy", required_argument, NULL, OPT_POLICY },
    { "dwell", required_argument, NULL, OPT_DWELL },
    { "cooldown", required_argument, NULL, OPT_COOLDOWN },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static bool keep_duration(struct evac_cli *cli, int64_t ms)
{
    static char text[32];
    if (ms <= 0 || ms > 366LL * 86400000)
        return false;
    snprintf(text, sizeof text, "%lld", (long long)ms);
    cli->duration = text;
    return true;
}

/* Seconds, or with a unit; milliseconds in the API. False: neither, or longer than a year. */
static bool set_duration(struct evac_cli *cli, const char *text)
{
    int64_t ms;
    return evac_duration_ms(evac_str(text), &ms) && keep_duration(cli, ms);
}

/* "2026-12-31": to its end; "2026-12-31 18:00": to that minute. UTC. */
static bool set_until(struct evac_cli *cli, const char *text)
{
    struct tm tm = { .tm_isdst = 0 };
    const char *rest = strptime(text, "%Y-%m-%d", &tm);
    bool day = rest && !*rest;
    if (rest && !day)
        rest = strptime(text, "%Y-%m-%d %H:%M", &tm);
    if (!rest || *rest)
        return false;
    int64_t until_s = (int64_t)timegm(&tm) + (day ? 86400 : 0);
    return keep_duration(cli, (until_s - (int64_t)time(NULL)) * 1000);
}

/* "90s", "5m": as in a configuration. */
static bool set_span(const char *text, uint32_t *ret_ms)
{
    int64_t ms;
    if (!evac_duration_ms(evac_str(text), &ms) || ms < 0 || ms > 7LL * 86400 * 1000)
        return false;
    *ret_ms = (uint32_t)ms;
    return true;
}

static bool set_count(const char *text, uint64_t most, uint64_t *ret)
{
    int64_t n;
    if (!evac_str_i64(evac_str(text), &n) || n < 0 || (uint64_t)n > most)
        return false;
    *ret = (uint64_t)n;
    return true;
}

/* simulate and replay */
static bool set_what_if(struct evac_cli *cli, int c)
{
    uint64_t runs = 0;
    switch (c) {
    case OPT_DOWN:
        cli->down = optarg;
        return true;
    case OPT_FAULT:
        if (cli->fault_count == sizeof cli->faults / sizeof cli->faults[0])
            return false;
        cli->faults[cli->fault_count++] = optarg;
        return true;
    case OPT_RUNS:
        if (!set_count(optarg, UINT32_MAX, &runs))
            return false;
        cli->runs = (uint32_t)runs;
        return runs > 0;
    case OPT_SEED:
        return set_count(optarg, INT64_MAX, &cli->seed);
    case OPT_REACTION:
        return set_span(optarg, &cli->reaction_ms) && cli->reaction_ms > 0;
    case OPT_JOURNAL:
        cli->journal = optarg;
        return true;
    case OPT_APP:
        cli->app = optarg;
        return true;
    case OPT_POLICY:
        cli->policy = optarg;
        return true;
    case OPT_DWELL:
        return cli->dwell_given = set_span(optarg, &cli->dwell_ms);
    case OPT_COOLDOWN:
        return cli->cooldown_given = set_span(optarg, &cli->cooldown_ms);
    default:
        return false;
    }
}

static bool set_option(struct evac_cli *cli, int c)
{
    switch (c) {
    case OPT_SEVERITY:
        cli->severity = optarg;
        return true;
    case OPT_DUE:
        cli->due = optarg;
        return true;
    case OPT_TITLE:
        cli->title = optarg;
        return true;
    case OPT_RETEST:
        cli->retest = optarg;
        return true;
    case OPT_CRITERION:
        cli->criterion = optarg;
        return true;
    case OPT_SINCE:
        cli->since = optarg;
        return true;
    case OPT_KEY:
        cli->key = optarg;
        return true;
    case OPT_CHECKPOINT:
        cli->checkpoint = optarg;
        return true;
    case OPT_ACCEPT:
        cli->accept = true;
        return true;
    case OPT_ALL:
        cli->all = true;
        return true;
    case OPT_FROM:
        cli->from = optarg;
        return true;
    case OPT_TO:
        cli->to = optarg;
        return true;
    case OPT_MODE:
        cli->mode = optarg;
        return true;
    case OPT_REASON:
        cli->reason = optarg;
        return true;
    case OPT_YES:
        cli->yes = true;
        return true;
    case OPT_NO_WAIT:
        cli->no_wait = true;
        return true;
    case OPT_KIND:
        cli->kind = optarg;
        return true;
    case OPT_ISOLATE:
        cli->isolate = optarg;
        return true;
    case OPT_FORMAT:
        cli->format = optarg;
        return true;
    case OPT_REPORT:
        cli->report_dir = optarg;
        return true;
    case OPT_FOR:
        return set_duration(cli, optarg);
    case OPT_UNTIL:
        return set_until(cli, optarg);
    case OPT_INCIDENT:
        cli->incident = optarg;
        return true;
    case OPT_OWNER:
        cli->owner = optarg;
        return true;
    case OPT_LIMIT:
        cli->limit = strtol(optarg, NULL, 10);
        return cli->limit > 0;
    case OPT_JSON:
        cli->json = true;
        return true;
    case OPT_SOCKET:
        cli->socket = optarg;
        return true;
    case OPT_STEP:
        cli->step = optarg;
        return true;
    case OPT_ASSUME_DOWN:
        cli->assume_down = optarg;
        return true;
    case OPT_ALL_REGIONS:
        cli->all_regions = true;
        return true;
    case OPT_STRICT:
        cli->strict = true;
        return true;
    case OPT_CONFIG:
        cli->config = optarg;
        return true;
    case OPT_FACTS:
        cli->facts = optarg;
        return true;
    case OPT_MARKDOWN:
        cli->markdown = true;
        return true;
    case OPT_IAM:
        cli->iam = true;
        return true;
    case OPT_TAG:
        cli->tag = optarg;
        return true;
    case OPT_REGIONS:
        cli->regions = optarg;
        return true;
    case OPT_NAME:
        cli->name = optarg;
        return true;
    case OPT_STRATEGY:
        cli->strategy = optarg;
        return true;
    case OPT_OUT:
        cli->out = optarg;
        return true;
    case OPT_RECEIPT:
        cli->receipt = true;
        return true;
    case OPT_STOP:
        cli->stop = true;
        return true;
    case OPT_WATCH:
        cli->watch = true;
        return true;
    case OPT_OVERRIDE:
        cli->override = optarg;
        return true;
    default:
        return set_what_if(cli, c);
    }
}

static bool wants_colour(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") && (!term || strcmp(term, "dumb") != 0);
}

static const struct command *find_command(const char *name)
{
    const char *names[sizeof commands / sizeof commands[0] + 1] = { NULL };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        names[i] = commands[i].name;
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    const char *near = evac_str_nearest(evac_str(name), names);
    (void)evac_cli_fail(EVAC_EXIT_USAGE, "there is no command '%s'%s%s; 'evac --help' lists them",
                        name, near ? ": did you mean " : "", near ? near : "");
    return NULL;
}

int main(int argc, char **argv)
{
    const char *socket = getenv("EVAC_SOCKET");
    struct evac_cli cli = { .socket = socket && socket[0] ? socket : "/run/evac/evac.sock",
                            .seed = 1 };
    signal(SIGPIPE, SIG_IGN);
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (c == 'h') {
            help(stdout);
            return EVAC_EXIT_DONE;
        }
        if (!set_option(&cli, c)) {
            (void)evac_cli_fail(EVAC_EXIT_USAGE, "wrong usage; 'evac --help' tells");
            return EVAC_EXIT_USAGE;
        }
    }
    if (optind >= argc) {
        help(stderr);
        return EVAC_EXIT_USAGE;
    }
    const struct command *command = find_command(argv[optind]);
    if (!command)
        return EVAC_EXIT_USAGE;
    cli.command = command->name;
    cli.argc = argc - optind - 1;
    cli.argv = argv + optind + 1;
    cli.color = wants_colour();
    cli.client = evac_client_new(cli.socket);
    enum evac_exit code = command->fn(&cli);
    evac_client_free(cli.client);
    return (int)code;
}
