/* What the commands of `evac` share. */
#ifndef EVAC_CLI_H
#define EVAC_CLI_H

#include "client.h"

#include <stdio.h>

struct evac_cli {
    struct evac_client *client;
    const char *socket;
    const char *socket_typed, *server, *token_file, *ca, *cert, *cert_key; /* NULL: not typed */
    bool json; /* --json: machines read it */
    bool help;
    bool yes; /* --yes: no question is asked */
    bool color;
    bool no_wait;
    bool watch;
    const char *from, *to, *mode, *kind, *row_kind, *isolate, *reason, *step, *format, *report_dir,
        *to_file, *duration, *owner, *condition, *incident;
    const char *override; /* gates, with commas between */
    const char *region;   /* place, sidecar */
    const char *resource; /* sidecar */
    bool standalone;      /* a controller of one's own, because none answers */
    bool receipt, stop;
    bool plan, graceful, ungraceful; /* evacuate */
    const char *tiers;
    const char *app_names[256];
    size_t app_name_count;
    bool all_regions, strict, markdown, iam;
    const char *assume_down, *facts, *config;
    const char *tag, *regions, *name, *strategy, *out; /* discover */
    const char *severity, *due, *title, *retest, *criterion, *since, *key, *checkpoint;
    bool accept, all;
    const char *role, *apps, *about; /* token; role: iam too */
    const char *workflow, *account;  /* iam */
    long part;
    const char *as, *response;                    /* challenge */
    const char *endpoints, *user, *password_file; /* store */
    /* simulate, replay */
    const char *down, *faults[16], *journal, *app, *policy;
    size_t fault_count;
    uint32_t runs, reaction_ms, dwell_ms, cooldown_ms;
    bool dwell_given, cooldown_given;
    uint64_t seed;
    long limit;
    long port; /* dashboard; 0 a free one */
    int argc;  /* positional arguments after the command's name */
    char **argv;
    const char *command;
};

typedef enum evac_exit evac_command_fn(struct evac_cli *cli);

/* One line to standard error: "evac: text". Returns code. */
enum evac_exit evac_cli_fail(enum evac_exit code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* GET or POST, print the JSON as it came, for --json. */
enum evac_exit evac_cli_pass(struct evac_cli *cli, const char *path, const char *body);

/* Which run: the positional argument as a number, or the run that an app has now (or the only one
 * there is). 0 when there is none: the reason was printed. */
unsigned long evac_cli_run(struct evac_cli *cli, const char *what);

/* {"key":"value",...}: pairs of C strings, a NULL value leaves the pair out, NULL ends. In *buf. */
const char *evac_cli_body(struct evac_buf *buf, ...);
/* One more field, a number that was looked at. */
const char *evac_cli_body_number(struct evac_buf *buf, const char *key, const char *digits);

/* Styles: "" when there is no colour. */
enum evac_style { EVAC_PLAIN, EVAC_BOLD, EVAC_DIM, EVAC_GOOD, EVAC_BAD, EVAC_WARN, EVAC_BUSY };
const char *evac_style(const struct evac_cli *cli, enum evac_style style);

/* "12.3 s", "4m05s"; "unknown" for a negative number. */
void evac_cli_duration(double ms, char *text, size_t bytes);
/* "22:05:31.120" local time */
void evac_cli_clock(double wall_ms, char *text, size_t bytes);

/* "2026-12-01", UTC */
void evac_cli_day(double wall_ms, char *text, size_t bytes);

/* A configuration's folder, checked as a controller would; what is wrong is on standard error.
 * *ret_model is the caller's, NULL unless DONE. */
struct evac_model;
enum evac_exit evac_cli_load(const char *dir, struct evac_model **ret_model);
evac_command_fn evac_cmd_probe, evac_cmd_vantage;

/* "/v1/apps/APP/rest"; false: too long. */
bool evac_cli_app_path(char *path, size_t bytes, const char *app, const char *rest);

/* A word to the controller about an app ("": all, or none), with the options that were given. */
enum evac_exit evac_cli_say(struct evac_cli *cli, const char *app);

/* Follow the evacuation of a region until it is over, or nothing goes on without a person. */
enum evac_exit evac_cli_follow_incident(struct evac_cli *cli, const char *region);
/* Of GET /v1/incidents: that region's; NULL none. */
const cJSON *evac_cli_incident_of(const cJSON *incidents, const char *region);
/* Its apps, a line each; stuck: those alone that wait, are blocked or failed. */
void evac_cli_incident_apps(struct evac_cli *cli, const cJSON *incident, bool stuck);
/* For --json, when it was read first. */
void evac_cli_print_json(const cJSON *json);

/* Incidents that are on, and the global event, as status has them. */
void evac_cli_incidents(struct evac_cli *cli, const cJSON *incidents);

/* The policy of an app, as status or a plan has it: what it thinks, what keeps it from acting, what
 * is waived and frozen; each line behind indent. */
void evac_cli_policy(struct evac_cli *cli, const cJSON *app, const char *indent);

/* ", served by ", ", last served by " or "": what stands before the place of an app's endpoint. */
const char *evac_cli_served(const cJSON *endpoint);

/* Channels that fail, a line each. */
void evac_cli_channels(struct evac_cli *cli, const cJSON *status);
evac_command_fn evac_cmd_notify;

/* show_vantages.c */
/* Of a controller that follows who leads, "" unknown; NULL it leads, or is alone. */
const char *evac_cli_leader(const cJSON *status);
void evac_cli_vantages(struct evac_cli *cli, const cJSON *status);

/* What a plan's lint found that matters, and its sum: a few lines. */
void evac_cli_lint_short(struct evac_cli *cli, const cJSON *lint);

/* What a run waits for: its shut gates, and who may open them; nothing when there are none. */
void evac_cli_gates(struct evac_cli *cli, const cJSON *run);
/* The same of a run that nobody has begun, with the command that would. */
void evac_cli_start_gates(struct evac_cli *cli, const cJSON *gates, const char *app,
                          const char *command);
/* What an approval would say yes to. */
void evac_cli_question(struct evac_cli *cli, const cJSON *run);
/* Asks for the app's (or whose it is) name; false, and why was printed, when it is not given. */
bool evac_cli_confirmed(const char *whose, const char *name);

/* What a drill would touch, printed. */
/* Of status: what is owed, and what comes next; nothing where neither says anything. */
void evac_cli_drill_line(struct evac_cli *cli, const cJSON *app);
enum evac_exit evac_cli_receipt(struct evac_cli *cli, const char *app, const char *kind);
/* Begins a drill that is more than one run, and follows it to its end. */
enum evac_exit evac_cli_campaign(struct evac_cli *cli, const char *app, const char *kind);

/* Follow a run until it ends; live on a terminal, plain lines otherwise. */
enum evac_exit evac_cli_follow(struct evac_cli *cli, unsigned long run);

/* A day ("2026-01-31", UTC), or "90d" back from now; wall ms. False: neither. */
bool evac_cli_parse_day(const char *text, int64_t *ret_ms);
/* `journal verify` and `journal checkpoint`. */
enum evac_exit evac_cli_verify_journal(struct evac_cli *cli);
/* --journal: list, verify or salvage a file by this command itself; no controller may hold it. */
enum evac_exit evac_cli_journal_file(struct evac_cli *cli);
/* A row as `journal` prints it; *row is its JSON. */
void evac_cli_print_row(const struct evac_cli *cli, const cJSON *row);
enum evac_exit evac_cli_checkpoint(struct evac_cli *cli);
enum evac_exit evac_cli_merge(struct evac_cli *cli);
evac_command_fn evac_cmd_evidence, evac_cmd_deficiencies, evac_cmd_deficiency, evac_cmd_trend;

evac_command_fn evac_cmd_status, evac_cmd_decide, evac_cmd_check, evac_cmd_plan, evac_cmd_move,
    evac_cmd_drill, evac_cmd_drills, evac_cmd_runs, evac_cmd_watch, evac_cmd_report, evac_cmd_say,
    evac_cmd_say_app, evac_cmd_journal, evac_cmd_validate, evac_cmd_version, evac_cmd_reload,
    evac_cmd_drivers, evac_cmd_fsm, evac_cmd_roles, evac_cmd_gates, evac_cmd_lint, evac_cmd_iam,
    evac_cmd_sidecar, evac_cmd_discover, evac_cmd_waive, evac_cmd_incident, evac_cmd_evacuate,
    evac_cmd_freeze;
evac_command_fn evac_cmd_place, evac_cmd_stand_down, evac_cmd_dashboard, evac_cmd_simulate,
    evac_cmd_replay, evac_cmd_token, evac_cmd_challenge, evac_cmd_store;
#endif
