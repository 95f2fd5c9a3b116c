/* What the calendar's files share: shell_calendar.c knows when, shell_past.c what was,
 * shell_receipt.c what a drill would touch, shell_debt.c what is owed. */
#ifndef EVAC_CALENDAR_INTERNAL_H
#define EVAC_CALENDAR_INTERNAL_H

#include "calendar.h"
#include "shell_internal.h"

struct calendar_entry {
    size_t app, drill; /* indices in the model */
    int64_t due_ms;    /* wall; 0 never */
    uint64_t look_ms;  /* boot: when it is next looked at */
    char waits[240];
};

/* What rows said, by names: it outlives reloads. */
struct calendar_plan {
    char app[65], drill[65];
    int64_t planned_ms; /* newest that was planned; 0: none open */
};

struct calendar_past {
    char app[65];
    /* the newest real run that is being read */
    uint64_t run;
    bool drills;
    char from[40], to[40];
    enum evac_mode mode;
    char hash[65];
    /* the drill that is being read */
    uint32_t drill;
    bool isolated_run;
    char drill_from[40], drill_to[40], drill_hash[65];
    struct {
        char to[40], from[40];
        struct evac_proof proof;
    } proofs[EVAC_REGIONS_MAX];
    size_t proof_count;
    int64_t moved_ms; /* newest real run that went well */
    uint64_t moved_run;
};

/* The failover's plan beside the one that a proof had: compiled once, for it changes with the
 * configuration only. */
enum calendar_likeness { CALENDAR_SAME, CALENDAR_OTHER, CALENDAR_UNKNOWN };
struct calendar_compared {
    bool known;
    int64_t at_wall_ms; /* of the proof, and its plan's hash */
    char hash[65];
    enum calendar_likeness plan;
};

struct shell_calendar {
    const struct evac_zones *zones;
    struct calendar_entry *entries;
    size_t count;
    struct calendar_plan *plans;
    size_t plan_count, plan_cap;
    struct calendar_past *pasts;
    size_t past_count, past_cap;
    uint64_t wake_ms; /* boot */
    uint64_t debt_ms; /* boot: when debts are told next, beginning with */
    size_t debt_app;
    struct calendar_compared *compared; /* EVAC_REGIONS_MAX an app */
};

struct calendar_plan *calendar_plan(struct shell_calendar *calendar, struct evac_str app,
                                    struct evac_str drill);
struct calendar_past *calendar_past(struct shell_calendar *calendar, struct evac_str app);

/* A plan of an app as it would be in that direction, whoever serves now. */
enum evac_code calendar_compile(const struct evac_shell *shell, const struct evac_app *app,
                                const struct evac_plan_request *what, struct evac_plan **ret_plan,
                                struct evac_err *err);

/* What a drill would be: resolved, nothing begun. */
struct calendar_drill {
    uint16_t app;
    const struct evac_drill_conf *conf; /* NULL: none of the configuration's */
    enum evac_drill_kind kind;
    uint16_t from, to;
    int64_t soak_ms, patience_ms, takes_ms;
};
enum evac_code calendar_resolve(const struct evac_shell *shell, size_t app,
                                const struct evac_drill_conf *conf, enum evac_drill_kind kind,
                                struct evac_str to, int64_t soak_ms,
                                struct calendar_drill *ret_drill, struct evac_err *err);
/* How long it takes, by its plans; fills takes_ms. */
void calendar_measure(const struct evac_shell *shell, struct calendar_drill *drill);
/* As JSON; whole: with what a DRILL row says of it anyway. */
void calendar_receipt(const struct evac_shell *shell, const struct calendar_drill *drill,
                      bool whole, struct evac_buf *out);
enum evac_code calendar_tell_debts(struct evac_shell *shell, struct evac_err *err);
#endif
