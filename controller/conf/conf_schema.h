/*
 * Every setting that a configuration may hold is a row here: where, what type, default, range, one
 * line of doc, and where in its struct the value goes. Reading, checking, error texts and the
 * language's reference all come from these rows; a setting that is not a row does not exist.
 */
#ifndef EVAC_CONF_SCHEMA_H
#define EVAC_CONF_SCHEMA_H

#include "model.h"

#include <libconfig.h>

/* X(NAME, what is allowed, in words). An empty text: it depends on the row. NAME to ZONE are the
 * types whose value is a text. */
#define CONF_TYPES(X)                                                                              \
    X(BOOL, "true or false")                                                                       \
    X(INT, "")                                                                                     \
    X(DURATION, "")                                                                                \
    X(CHOICE, "")                                                                                  \
    X(DAY, "a day, such as \"2026-12-31\": to its end, in UTC")                                    \
    X(TEXT, "")                                                                                    \
    X(NAME, "a name of letters, digits, '-' and '_', at most 64")                                  \
    X(ACTION, "a resource type (or several, with | between; or * for all), a dot and an action")   \
    X(REGION, "a region's name, such as \"us-east-1\"")                                            \
    X(ROLE, "\"from\", \"to\", \"rest\", \"witness\", or a region's name, such as \"us-east-1\"")  \
    X(URL, "an http:// or https:// address, without placeholders")                                 \
    X(REGIONAL_URL, "an http:// or https:// address that holds {region}")                          \
    X(ANY_URL, "an http:// or https:// address, with {region} or without")                         \
    X(HOST_PORT, "a host and a port, such as \"db.{region}.example.com:5432\"")                    \
    X(DOMAIN, "a DNS name, such as \"shop.example.com\"")                                          \
    X(ADDRESS, "an IP address and a port, such as \"127.0.0.1:53\" or \"[::1]:53\"")               \
    X(PATH, "an absolute path")                                                                    \
    X(CRON, "five fields: minute, hour, day, month, weekday, such as \"0 9 1 * *\"")               \
    X(APPROVER,                                                                                    \
      "a role (\"approver\", \"operator\", ...), or a principal, such as \"uid:ann\" or "          \
      "\"gid:oncall\"")                                                                            \
    X(PRINCIPAL, "\"uid:1000\" or \"uid:ann\", \"gid:oncall\", \"token:NAME\", \"cert:NAME\", "    \
                 "\"oidc:SUBJECT\", "                                                              \
                 "\"oidc-group:NAME\", \"offline:NAME\", or \"*\" for everybody")                  \
    X(ZONE, "a time zone's name, such as \"Europe/Berlin\"")                                       \
    X(ARGS, "a group of settings")                                                                 \
    X(RAW, "")                                                                                     \
    X(SECTION, "a group")

#define X(name, form) CONF_##name,
enum conf_type { CONF_TYPES(X) CONF_TYPE_COUNT };
#undef X

enum {
    CONF_REQUIRED = 1u << 0,
    CONF_LIST = 1u << 1,  /* several of the type: ( ... ) or [ ... ]; min and max count them */
    CONF_NAMED = 1u << 2, /* SECTION: a group of groups, whose names are the things' names */
    CONF_WHEN = 1u << 3,  /* SECTION: compiled to a condition instead of stored */
    CONF_AGAIN = 1u << 4, /* LIST: the same text may be there twice */
};

#define CONF_NOWHERE SIZE_MAX

struct conf_section;

struct conf_row {
    const char *path; /* within its section, "policy.dwell"; NULL ends the table */
    enum conf_type type;
    uint32_t flags;
    size_t offset, bytes;       /* of the value in the section's struct */
    size_t count_offset;        /* LIST, NAMED, WHEN: of the size_t that counts */
    const char *fallback;       /* default, as one would write it; NULL none */
    const char *otherwise;      /* what holds instead, in words, when there is no fixed default */
    int64_t min, max;           /* INT the value, DURATION ms, PATH bytes, LIST and NAMED entries */
    const char *unit;           /* INT: what it counts */
    const char *const *choices; /* CHOICE: index is the value; TEXT: if given, one of these */
    const struct conf_section *section; /* SECTION: of what */
    const char *doc;
};

struct conf_reader;
struct conf_given;

/* A struct that a group fills. It begins with a struct evac_place. */
struct conf_section {
    const char *what;  /* "probe": for messages */
    const char *title; /* for the reference */
    const char *doc;
    const struct conf_row *rows;
    size_t bytes;
    size_t name_offset; /* of its name, for telling two apart; CONF_NOWHERE when it has none */
    bool open;          /* settings that are no rows belong to finish */
    const char *bare;   /* in a list, a text alone is this setting; NULL: only groups are allowed */

    /* After all rows: checks that need more than one setting. NULL if there are none. */
    void (*finish)(struct conf_reader *r, const config_setting_t *group, void *at,
                   const struct conf_given *given);
};

/* --- what sections fill, where the model's own struct is not enough ----------------------------
 */

struct conf_endpoint {
    struct evac_place place; /* line 0: there is none */
    struct evac_str url, regional, expect, served_by;
    uint32_t every_ms, timeout_ms;
};

enum conf_where { CONF_WHERE_EVERYWHERE, CONF_WHERE_SERVING };

/* The value that JSON must have, before what is written there is a text or a number. */
struct conf_json {
    struct evac_place place;
    struct evac_str path;
    const config_setting_t *is, *above, *below;
};
struct conf_look {
    struct evac_place place;
    struct evac_probe_look look;
};

struct conf_probe {
    struct evac_probe probe;
    struct evac_str kinds[EVAC_PROBE_KIND_COUNT]; /* those whose value is one text */
    struct conf_look look;
    struct conf_json json;
    const config_setting_t *expect;
    int where; /* enum conf_where; -1: as the strategy has it */
    uint32_t timeout_ms;
    bool grace_given;
};

struct conf_dependency {
    struct conf_probe how;
    const struct evac_str *regions;
    size_t region_count;
    uint32_t calm_ms;
};

/* A stretch of the calendar. */
struct conf_window {
    struct evac_place place;
    struct evac_window_text text;
    struct evac_window window; /* made of it */
};

/* Its text is parsed when it is read. */
struct conf_freeze {
    struct evac_freeze_conf freeze;
    struct evac_window_text text;
};

struct conf_tell_route {
    struct evac_tell_route route;
    struct conf_window *during, *except;
    size_t during_count, except_count;
};

struct conf_notify {
    struct evac_place place;
    struct evac_notify_conf conf;
    struct conf_tell_route *routes;
    size_t route_count;
};

struct conf_app {
    struct evac_app app;
    struct conf_endpoint endpoint;
    struct conf_probe *probes;
    size_t probe_count;
    struct conf_window *blackouts, *windows;
    size_t blackout_count, window_count;
    struct conf_freeze *freezes;
    size_t freeze_count;
    uint32_t grace_ms; /* of the probes that have none of their own */
};

struct conf_workflow {
    struct evac_runbook_workflow flow;
    enum evac_workflow same_as;
    bool copies; /* same_as holds */
};

struct conf_runbook {
    struct evac_runbook runbook;
    struct conf_workflow workflows[EVAC_WORKFLOW_COUNT];
};

/* One group of a `when` or a `down_when`, before it becomes nodes. */
struct conf_when {
    struct evac_place place;
    enum evac_mode mode;
    struct evac_str step, fact, probe;
    int64_t above, below, at_least;
    const config_setting_t *is, *of, *not, *all, *any;
};

/* apps/ *.cfg and runbooks/ *.cfg: an app may bring its own runbook in the same file. */
struct conf_file_top {
    struct evac_place place;
    struct conf_app app;
    struct conf_runbook runbook;
};

struct conf_controller {
    struct evac_place place;
    struct evac_controller_conf conf;
    struct conf_dependency *dependencies;
    size_t dependency_count;
    struct conf_freeze *freezes;
    size_t freeze_count;
    struct conf_window *blackouts;
    size_t blackout_count;
    struct conf_notify notify;
};

extern const struct conf_section conf_controller_section;
extern const struct conf_section conf_file_section;
extern const struct conf_section conf_app_section;
extern const struct conf_section conf_runbook_section;
extern const struct conf_section conf_when_section;
/* For any setting that is a list of stretches of the calendar; conf_take_windows makes windows of
 * what it read. */
extern const struct conf_section conf_window_section;
extern const struct conf_section conf_down_when_section;

/* All of them, in the reference's order; ends with NULL. */
extern const struct conf_section *const conf_sections[];

/* NULL when there is none. */
const struct conf_row *conf_row(const struct conf_section *section, struct evac_str path);

/* What the row allows, in words. */
void conf_allowed(const struct conf_row *row, struct evac_buf *out);

/* The sections' finish functions: conf_app.c, conf_runbook.c. */
typedef void conf_finish_fn(struct conf_reader *r, const config_setting_t *group, void *at,
                            const struct conf_given *given);
conf_finish_fn conf_finish_controller, conf_finish_endpoint, conf_finish_resource,
    conf_finish_dependency, conf_finish_probe, conf_finish_criterion, conf_finish_window,
    conf_finish_drill, conf_finish_freeze, conf_finish_app, conf_finish_step, conf_finish_workflow,
    conf_finish_runbook;
conf_finish_fn conf_finish_approvals, conf_finish_safety, conf_finish_look;
conf_finish_fn conf_finish_listen, conf_finish_oidc, conf_finish_shared, conf_finish_approver,
    conf_finish_person; /* conf_api.c */
conf_finish_fn conf_finish_notify;
/* Later and later; name is the setting's. */
void conf_check_people(struct conf_reader *reader, const struct evac_controller_conf *conf);
/* Of approvals' `of`: a role, a group and "*" may be many; a person is one. */
bool conf_is_one_person(struct evac_str of);
void conf_check_escalations(struct conf_reader *reader, const char *name,
                            const struct evac_escalation *items, size_t count);
#endif
