#include "options.h"

#include "evac/args.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define YEAR_MS (366LL * 86400000)

/* --- values that are more than a text
 * ---------------------------------------------------------------------------------------- */

static bool keep_duration(struct evac_cli *cli, int64_t ms)
{
    static char text[32];
    if (ms <= 0 || ms > YEAR_MS)
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
static bool span(const char *text, uint32_t *ret_ms)
{
    int64_t ms;
    if (!evac_duration_ms(evac_str(text), &ms) || ms < 0 || ms > 7LL * 86400 * 1000)
        return false;
    *ret_ms = (uint32_t)ms;
    return true;
}

static bool count(const char *text, int64_t least, int64_t most, int64_t *ret)
{
    return evac_str_i64(evac_str(text), ret) && *ret >= least && *ret <= most;
}

static bool set_reaction(struct evac_cli *cli, const char *text)
{
    return span(text, &cli->reaction_ms) && cli->reaction_ms > 0;
}

static bool set_dwell(struct evac_cli *cli, const char *text)
{
    return cli->dwell_given = span(text, &cli->dwell_ms);
}

static bool set_cooldown(struct evac_cli *cli, const char *text)
{
    return cli->cooldown_given = span(text, &cli->cooldown_ms);
}

static bool set_limit(struct evac_cli *cli, const char *text)
{
    int64_t n;
    if (!count(text, 1, 1000000, &n))
        return false;
    cli->limit = (long)n;
    return true;
}

static bool set_port(struct evac_cli *cli, const char *text)
{
    int64_t n;
    if (!count(text, 1, 65535, &n))
        return false;
    cli->port = (long)n;
    return true;
}

static bool set_runs(struct evac_cli *cli, const char *text)
{
    int64_t n;
    if (!count(text, 1, UINT32_MAX, &n))
        return false;
    cli->runs = (uint32_t)n;
    return true;
}

static bool set_part(struct evac_cli *cli, const char *text)
{
    int64_t n;
    if (!count(text, 1, 100, &n))
        return false;
    cli->part = (long)n;
    return true;
}

static bool set_seed(struct evac_cli *cli, const char *text)
{
    int64_t n;
    if (!count(text, 0, INT64_MAX, &n))
        return false;
    cli->seed = (uint64_t)n;
    return true;
}

/* The last counts where one is wanted. */
static bool add_app(struct evac_cli *cli, const char *text)
{
    if (cli->app_name_count == sizeof cli->app_names / sizeof cli->app_names[0] || !text[0])
        return false;
    cli->app_names[cli->app_name_count++] = text;
    cli->app = text;
    return true;
}

/* "1", "1,2": tiers from 1 to 5. */
static bool set_tiers(struct evac_cli *cli, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        if (i % 2 ? text[i] != ',' : text[i] < '1' || text[i] > '5')
            return false;
    cli->tiers = text;
    return n % 2 == 1 && n <= 9;
}

static bool add_fault(struct evac_cli *cli, const char *text)
{
    if (cli->fault_count == sizeof cli->faults / sizeof cli->faults[0])
        return false;
    cli->faults[cli->fault_count++] = text;
    return true;
}

#define AT(field) offsetof(struct evac_cli, field)
#define FLAG(name, field, help)                                                                    \
    {                                                                                              \
        name, NULL, help, AT(field), NULL                                                          \
    }
#define TEXT(name, v, field, help)                                                                 \
    {                                                                                              \
        name, v, help, AT(field), NULL                                                             \
    }
#define SET(name, v, fn, help)                                                                     \
    {                                                                                              \
        name, v, help, 0, fn                                                                       \
    }

/* clang-format off */
const struct evac_option evac_cli_options[] = {
    /* of every command */
    FLAG("json", json, "for programs"),
    TEXT("socket", "PATH", socket_typed, "the controller's socket (default $EVAC_SOCKET, or /run/evac/evac.sock)"),
    TEXT("server", "URL", server, "the controller over TCP, as https://evac.example.com:8443 (default $EVAC_SERVER)"),
    TEXT("token-file", "FILE", token_file, "with --server: an API token, or an identity provider's (default $EVAC_TOKEN, $EVAC_TOKEN_FILE)"),
    TEXT("ca", "FILE", ca, "with --server: who vouches for it, in PEM (default $EVAC_CA, or the system's)"),
    TEXT("cert", "FILE", cert, "with --server: a client's certificate in PEM (default $EVAC_CERT)"),
    TEXT("cert-key", "FILE", cert_key, "its key (default $EVAC_CERT_KEY, or the same file)"),
    FLAG("standalone", standalone, "no controller answers: be one, for what a person wants done, from here (--config, --journal, --reason; refused while one is alive)"),
    FLAG("help", help, "of the command, or of all"),
    /* moves */
    TEXT("from", "REGION", from, "active-active: the region that users are led away from (default: the one that is down); challenge answer: the one that is left"),
    TEXT("to", "REGION", to, "where to (default: the standby that is up and readiest; for a failback, home)"),
    TEXT("mode", "graceful|ungraceful", mode, "graceful loses no data and needs the old side alive (default: what the active region's health allows)"),
    TEXT("reason", "TEXT", reason, "why; it is kept in the journal"),
    TEXT("override", "GATE,GATE", override, "open these gates at once, for the --reason"),
    FLAG("yes", yes, "ask nothing (for scripts)"),
    FLAG("no-wait", no_wait, "begin, do not follow"),
    TEXT("step", "STEP", step, "of the run, by its name"),
    TEXT("as", "NAME", as, "the approver who is on the phone: one of evac.cfg's approvers"),
    TEXT("response", "ANSWER", response, "what they answered to evac challenge"),
    TEXT("incident", "REGION", incident, "the evacuation of that region, instead of a run"),
    /* evacuations */
    FLAG("plan", plan, "what it would take; nothing is begun"),
    SET("tier", "1,2", set_tiers, "only apps of these tiers"),
    FLAG("graceful", graceful, "all of them gracefully (default: as each finds its region)"),
    FLAG("ungraceful", ungraceful, "all of them ungracefully: what was not replicated is lost"),
    /* drills */
    TEXT("rows", "KIND", row_kind, "of the journal, rows of one kind: approve, command, override, token, session, refusal ..."),
    TEXT("kind", "rehearse|isolated|live|game-day", kind, "rehearse looks only; isolated changes the standby, with no users on it, and puts everything back; live moves users and brings them home; game-day has faults"),
    TEXT("isolate", "REGION", isolate, "no call may touch that region; the steps that try are named"),
    FLAG("receipt", receipt, "what it would touch; nothing is begun"),
    FLAG("stop", stop, "call off the drill that goes on: what it changed is put back"),
    /* times */
    SET("for", "TIME", set_duration, "for so long: seconds, or as 90m, 4h, 30d"),
    SET("until", "DAY", set_until, "to the end of that day (2026-12-31), or to that minute (\"2026-12-31 18:00\"), in UTC"),
    TEXT("since", "DAY", since, "from that day on (2026-01-31), or 90d back"),
    SET("limit", "N", set_limit, "at most so many"),
    /* the policy */
    TEXT("owner", "NAME", owner, "who stands for it"),
    /* looking */
    FLAG("watch", watch, "drawn again every second, until you stop it (--json: a line each)"),
    SET("port", "PORT", set_port, "on 127.0.0.1, for the browser (default: a free one)"),
    TEXT("format", "text|json|html|mermaid|terraform", format, "in which form (fsm: text, mermaid; iam: json, terraform; others: text, json, html)"),
    TEXT("report", "DIR", report_dir, "write report.txt, report.json and report.html there"),
    /* lint, drivers, discover */
    TEXT("assume-down", "REGION", assume_down, "it is gone (default: the region left, if ungraceful)"),
    FLAG("all-regions", all_regions, "each region of the app and each control plane's home in turn"),
    FLAG("strict", strict, "warnings count too; discover: silence is a failure"),
    TEXT("config", "DIR", config, "this configuration, without a controller (default /etc/evac)"),
    TEXT("facts", "FILE", facts, "with --config: instead of the built-in facts"),
    FLAG("markdown", markdown, "as a page's table"),
    FLAG("iam", iam, "the permissions that a driver needs (an app: evac iam)"),
    TEXT("region", "REGION", region, "where it stands (default: each region of the app)"),
    TEXT("resource", "NAME", resource, "which, where the app has several that say who may write"),
    TEXT("workflow", "failover|failback|drill|fence", workflow, "what its plans alone need"),
    TEXT("account", "NUMBER", account, "the account that the resources are in (default: as the app's ARNs say, or any)"),
    SET("part", "N", set_part, "of a policy that is longer than a managed one may be"),
    TEXT("tag", "KEY=VALUE", tag, "what carries it; the value is the app's name"),
    TEXT("regions", "REGION,REGION", regions, "where to look"),
    TEXT("name", "NAME", name, "its name"),
    TEXT("strategy", "STRATEGY", strategy, "do not guess it"),
    TEXT("out", "FILE", out, "write it there"),
    /* simulate, replay */
    TEXT("down", "REGION", down, "the region that fails"),
    SET("fault", "FAULT", add_fault, "one more table row, as slow:3x or stuck:promote; repeatable; all: each in turn; an unknown one lists them"),
    SET("runs", "N", set_runs, "so many outages (500)"),
    SET("seed", "N", set_seed, "other chances (1)"),
    SET("reaction", "TIME", set_reaction, "what people take to answer (as they did before, else 5m)"),
    TEXT("journal", "FILE", journal, "with --config: the history to go by; with --standalone: the journal to go on with, as a copy of a controller's; of journal: a file to look at without a controller"),
    SET("app", "APP", add_app, "only this one; evacuate: repeatable; challenge answer: what is moved"),
    TEXT("policy", "never|propose|act", policy, "what if it were this"),
    SET("dwell", "TIME", set_dwell, "what if it were this"),
    SET("cooldown", "TIME", set_cooldown, "what if it were this"),
    /* evidence */
    TEXT("key", "KEY", key, "the key that you trust: its file or its fingerprint; challenge answer: the file of yours"),
    TEXT("checkpoint", "FILE", checkpoint, "also against one that was kept elsewhere"),
    TEXT("title", "TEXT", title, "in one line"),
    TEXT("severity", "low|medium|high", severity, "how bad"),
    TEXT("due", "DAY", due, "when it is to be mended"),
    TEXT("criterion", "NAME", criterion, "the criterion that it failed"),
    TEXT("retest", "RUN", retest, "the later run that shows that it is mended"),
    FLAG("accept", accept, "its owner takes the risk (--reason)"),
    FLAG("all", all, "closed and accepted ones too; evacuate: every app and every call"),
    /* tokens */
    TEXT("role", "ROLE,ROLE", role, "what it may: viewer, operator, approver, admin; iam: observe, act, trust or controller, that document alone"),
    TEXT("apps", "APP,APP", apps, "on these apps alone"),
    TEXT("about", "TEXT", about, "what it is for"),
    /* store */
    TEXT("endpoints", "URL,URL", endpoints, "etcd's members, as https://etcd-a.example.com:2379; instead of what --config says; --ca, --cert and --cert-key are for them then"),
    TEXT("user", "NAME", user, "with --endpoints: etcd's user"),
    TEXT("password-file", "FILE", password_file, "with --endpoints: its password"),
    { NULL, NULL, NULL, 0, NULL },
};
/* clang-format on */

static const char everywhere[] = "json socket server token-file ca cert cert-key standalone help";
/* A controller of one's own needs to be told what another one knows. */
static const char alone[] = "config journal reason";

/* --- looking up
 * ------------------------------------------------------------------------------------- */

const struct evac_option *evac_cli_option(struct evac_str name)
{
    for (const struct evac_option *o = evac_cli_options; o->name; o++)
        if (evac_str_is(name, o->name))
            return o;
    return NULL;
}

static bool has_word(const char *words, const char *word)
{
    struct evac_str rest = evac_str(words);
    while (rest.n)
        if (evac_str_is(evac_str_cut(rest, ' ', &rest), word))
            return true;
    return false;
}

bool evac_cli_is_common(const char *option)
{
    return has_word(everywhere, option);
}

bool evac_cli_takes(const struct evac_cli_command *command, const char *option)
{
    return evac_cli_is_common(option) || has_word(command->options, option);
}

const struct evac_cli_command *evac_cli_command(const char *name)
{
    for (const struct evac_cli_command *c = evac_cli_commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

/* --- what was typed
 * ------------------------------------------------------------------------------------------- */

#define NAMES_MAX 256u

static enum evac_exit no_option(struct evac_str name)
{
    const char *names[NAMES_MAX] = { NULL };
    for (size_t i = 0; evac_cli_options[i].name && i + 1 < NAMES_MAX; i++)
        names[i] = evac_cli_options[i].name;
    const char *near = evac_str_nearest(name, names);
    return evac_cli_fail(EVAC_EXIT_USAGE, "there is no option --%.*s%s%s; 'evac --help' lists them",
                         EVAC_STR_ARG(name), near ? ": did you mean --" : "", near ? near : "");
}

static enum evac_exit no_command(const char *name)
{
    const char *names[NAMES_MAX] = { NULL };
    for (size_t i = 0; evac_cli_commands[i].name && i + 1 < NAMES_MAX; i++)
        names[i] = evac_cli_commands[i].name;
    const char *near = evac_str_nearest(evac_str(name), names);
    return evac_cli_fail(EVAC_EXIT_USAGE, "there is no command '%s'%s%s; 'evac --help' lists them",
                         name, near ? ": did you mean " : "", near ? near : "");
}

static bool keep(struct evac_cli *cli, const struct evac_option *option, const char *value)
{
    if (option->set)
        return option->set(cli, value);
    char *at = (char *)cli + option->at;
    if (option->value)
        memcpy(at, &value, sizeof value);
    else
        *(bool *)at = true;
    return true;
}

/* What was given, in the order of the table: the command that takes it is known only at the end. */
struct typed {
    bool given[NAMES_MAX];
};

/* *i is its place in argv, moved on when its value is the next word. */
static enum evac_exit take_option(struct evac_cli *cli, struct typed *typed, int argc, char **argv,
                                  int *i)
{
    struct evac_str rest, name = evac_str_cut(evac_str(argv[*i] + 2), '=', &rest);
    const char *equals = strchr(argv[*i], '=');
    const struct evac_option *option = evac_cli_option(name);
    if (!option)
        return no_option(name);
    if (!option->value && equals)
        return evac_cli_fail(EVAC_EXIT_USAGE, "--%s takes no value", option->name);
    const char *value = equals ? equals + 1 : NULL;
    if (option->value && !equals) {
        if (*i + 1 >= argc)
            return evac_cli_fail(EVAC_EXIT_USAGE, "--%s needs %s: %s", option->name, option->value,
                                 option->help);
        value = argv[++*i];
    }
    if (!keep(cli, option, value))
        return evac_cli_fail(EVAC_EXIT_USAGE, "--%s: '%s' is no %s; %s", option->name, value,
                             option->value, option->help);
    typed->given[option - evac_cli_options] = true;
    return EVAC_EXIT_DONE;
}

static bool takes(const struct evac_cli *cli, const struct evac_cli_command *command,
                  const char *option)
{
    return evac_cli_takes(command, option) || (cli->standalone && has_word(alone, option));
}

static enum evac_exit check_taken(const struct evac_cli *cli, const struct typed *typed,
                                  const struct evac_cli_command *command)
{
    for (size_t i = 0; evac_cli_options[i].name; i++)
        if (typed->given[i] && !takes(cli, command, evac_cli_options[i].name))
            return evac_cli_fail(EVAC_EXIT_USAGE,
                                 "'%s' takes no --%s; 'evac %s --help' lists what it takes",
                                 command->name, evac_cli_options[i].name, command->name);
    return EVAC_EXIT_DONE;
}

enum evac_exit evac_cli_parse(struct evac_cli *cli, int argc, char **argv,
                              const struct evac_cli_command **ret_command, bool *ret_help)
{
    struct typed typed = { 0 };
    int words = 0; /* moved to the front of argv */
    bool ended = false;
    *ret_command = NULL;
    for (int i = 1; i < argc; i++) {
        if (!ended && strcmp(argv[i], "--") == 0) {
            ended = true;
        } else if (!ended && strcmp(argv[i], "-h") == 0) {
            cli->help = true;
        } else if (!ended && argv[i][0] == '-' && argv[i][1] && argv[i][1] != '-') {
            return evac_cli_fail(EVAC_EXIT_USAGE,
                                 "there is no option %s; options are words, as --json", argv[i]);
        } else if (!ended && argv[i][0] == '-' && argv[i][1] == '-') {
            enum evac_exit code = take_option(cli, &typed, argc, argv, &i);
            if (code != EVAC_EXIT_DONE)
                return code;
        } else {
            argv[1 + words++] = argv[i];
        }
    }
    *ret_help = cli->help;
    if (words == 0)
        return EVAC_EXIT_DONE;
    *ret_command = evac_cli_command(argv[1]);
    if (!*ret_command)
        return no_command(argv[1]);
    cli->command = (*ret_command)->name;
    cli->argc = words - 1;
    cli->argv = argv + 2;
    return check_taken(cli, &typed, *ret_command);
}
