/*
 * What was found of an app, as a configuration that a person finishes: decides what can be decided
 * (which region is active, how the standby is kept), checks its own text as `evac validate` would,
 * and says what it could not tell. Pure: same findings, same text. The room knows no cloud.
 */
#ifndef EVAC_DRAFT_H
#define EVAC_DRAFT_H

#include "conf.h"
#include "evac/discover.h"
#include "jw.h"
#include "plan.h"

struct evac_draft_request {
    const struct evac_query *query;
    const struct evac_findings *findings;
    const struct evac_catalog *catalog;
    const struct evac_conf_text *runbooks; /* the built-in ones */
    size_t runbook_count;
    struct evac_str strategy; /* "" : guess */
};

struct evac_draft_item {
    const struct evac_found *found;
    struct evac_str name;      /* unique in the app */
    struct evac_str problem;   /* why the check refused it, "" none */
    int first_line, last_line; /* in the text */
};

struct evac_draft {
    struct evac_arena *arena; /* the caller's */
    const struct evac_draft_request *request;
    struct evac_str active, active_why, strategy, strategy_why, witness;
    bool active_known;              /* not only the first that was named */
    const struct evac_str *regions; /* the active one first; without the witness */
    size_t region_count;
    struct evac_draft_item *items;
    size_t item_count, whole_count;
    bool person;           /* a person's word is the fence: there is no other */
    struct evac_str text;  /* of the file */
    struct evac_str *asks; /* what a person must say or look at, in the file's order */
    size_t ask_count;
    bool good;                /* the text passes the check; otherwise problems say why not */
    struct evac_str problems; /* lines */
};

/* Everything lives in arena. */
void evac_draft_make(const struct evac_draft_request *request, struct evac_arena *arena,
                     struct evac_draft *ret_draft);
/* One line, whatever words of somebody else's it quotes: fit for a file's comment and a terminal.
 */
struct evac_str evac_draft_line(struct evac_arena *arena, struct evac_str text);
void evac_draft_to_json(const struct evac_draft *draft, struct evac_jw *w);

/* draft_write.c: fills text, asks and the items' lines. */
void draft_write(struct evac_draft *draft);
/* Written as a resource, and not as a comment. */
bool draft_item_is_whole(const struct evac_draft_item *item);
/* The driver's parameter that a (dotted) setting belongs to; NULL none. */
const struct evac_param *draft_param(const struct evac_draft *draft, struct evac_str type,
                                     struct evac_str setting);
/* How many run in a region: -1 when that is not known. */
int64_t draft_runs(const struct evac_found *found, struct evac_str region);
/* One counts it, and its driver scales it. */
bool draft_is_counted(const struct evac_draft *draft, const struct evac_found *found);

#endif
