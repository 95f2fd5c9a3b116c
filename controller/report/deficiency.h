/*
 * Deficiencies: what reports found wanting, and what people add. Each is the fold of its rows in
 * the journal (kind DEFICIENCY); it stays open, in every next report of its app, until a later run
 * shows that it is mended or its owner takes the risk.
 *
 * A row: name is the id; event the verb; to the state afterwards; who said it; text the title or
 * the reason; run the run that it was seen in or that closes it; number when it is due (wall ms);
 * data
 * {"finding","criterion","severity","owner","title"}.
 */
#ifndef EVAC_DEFICIENCY_H
#define EVAC_DEFICIENCY_H

#include "jw.h"
#include "report.h"

#define EVAC_DEFICIENCY_VERBS(X)                                                                   \
    X(OPEN, "open")                                                                                \
    X(SEEN, "seen")     /* again, in another run */                                                \
    X(REOPEN, "reopen") /* it was closed, and came back */                                         \
    X(ASSIGN, "assign") /* owner, severity, due */                                                 \
    X(CLOSE, "close")   /* a later run met what was missed */                                      \
    X(ACCEPT, "accept") /* its owner takes the risk */
#define X(name, text) EVAC_DEFICIENCY_##name,
enum evac_deficiency_verb { EVAC_DEFICIENCY_VERBS(X) EVAC_DEFICIENCY_VERB_COUNT };
#undef X
const char *evac_deficiency_verb_name(enum evac_deficiency_verb verb);
bool evac_deficiency_verb_parse(struct evac_str name, enum evac_deficiency_verb *ret_verb);

enum evac_deficiency_state {
    EVAC_DEFICIENCY_IS_OPEN,
    EVAC_DEFICIENCY_IS_CLOSED,
    EVAC_DEFICIENCY_IS_ACCEPTED,
};

struct evac_deficiency {
    struct evac_str id; /* "D-shop-3" */
    struct evac_str app;
    struct evac_str finding;   /* what makes two the same: "criterion:rto"; "" said by a person */
    struct evac_str criterion; /* of the plan, that a retest must meet; "" none */
    struct evac_str title, owner;
    enum evac_grade severity;
    enum evac_deficiency_state state;
    int64_t opened_ms, due_ms, seen_ms, ended_ms; /* due 0: never; ended: closed or accepted */
    uint64_t opened_run, seen_run, retest_run;    /* 0 none */
    uint32_t seen;                                /* in so many runs; 1 for what a person said */
    uint32_t reopened;
    struct evac_str opened_by, ended_by, reason;
    struct evac_str last_seen_as; /* its title, as the last report that saw it says it */
};

struct evac_deficiencies {
    const struct evac_deficiency *items; /* by number */
    size_t count;
};

/* All of an app ("": of all apps), in arena. */
enum evac_code evac_deficiencies_read(struct evac_store *store, struct evac_str app,
                                      struct evac_arena *arena, struct evac_deficiencies **ret_list,
                                      struct evac_err *err);
size_t evac_deficiencies_open(const struct evac_deficiencies *list);
const struct evac_deficiency *evac_deficiency_find(const struct evac_deficiencies *list,
                                                   struct evac_str id);
const char *evac_deficiency_state_name(enum evac_deficiency_state state);
bool evac_deficiency_is_overdue(const struct evac_deficiency *d, int64_t as_of_ms);
void evac_deficiency_json(const struct evac_deficiency *d, int64_t as_of_ms, struct evac_jw *w);
void evac_deficiencies_json(const struct evac_deficiencies *list, int64_t as_of_ms, bool all,
                            const char *key, struct evac_jw *w);

/* For people: a line each, or two. */
void evac_deficiencies_text(const struct evac_deficiencies *list, int64_t as_of_ms, bool all,
                            struct evac_buf *out);

/* --- what a report finds ---------------------------------------------------------------------- */

struct evac_finding {
    struct evac_str key, criterion, title;
    enum evac_grade severity;
};
#define EVAC_FINDINGS_MAX 100u

/* In the report's arena. A run that goes on, or that nobody approved, finds nothing. */
size_t evac_report_findings(struct evac_report *report, struct evac_finding *ret, size_t max);

/* --- rows to be journalled -------------------------------------------------------------------- */

/* What a person says. texts are borrowed. */
struct evac_deficiency_word {
    enum evac_deficiency_verb verb;
    struct evac_str app, id; /* id: "" for OPEN */
    struct evac_str title, criterion, owner, reason, who;
    const enum evac_grade *severity; /* NULL: as it was, or medium */
    int64_t due_ms;                  /* 0: as it was, or by the severity */
    uint64_t retest;                 /* CLOSE: the run that shows it is mended */
};

/* The row that says it, its texts in arena. Refused, with the reason, what the rules do not allow:
 * a retest must be later, of the same app, have come to a good end, have met the criterion, and not
 * show the finding again; only the owner takes the risk. */
enum evac_code evac_deficiency_say(struct evac_store *store,
                                   const struct evac_deficiency_word *word, int64_t now_ms,
                                   struct evac_arena *arena, struct evac_record *ret_row,
                                   struct evac_err *err);

/* Rows for all that the report finds: new ones opened, known ones seen again, closed ones that came
 * back. At most EVAC_FINDINGS_MAX in ret_rows; owner is who new ones belong to. */
enum evac_code evac_deficiency_note(struct evac_store *store, struct evac_report *report,
                                    struct evac_str owner, struct evac_record *ret_rows,
                                    size_t *ret_count, struct evac_err *err);
#endif
