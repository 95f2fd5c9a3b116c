/* Rows of deficiencies: what a person may say, and what a report's findings become. */
#include "deficiency.h"
#include "report_show.h"

#include "evac/arena.h"

#include <string.h>

#define DAY_MS ((int64_t)86400000)

/* How long until it is due, by what it weighs. */
static const int64_t days_due[EVAC_GRADE_COUNT] = {
    [EVAC_GRADE_LOW] = 180, [EVAC_GRADE_MEDIUM] = 90, [EVAC_GRADE_HIGH] = 30
};

static struct evac_str data_of(struct evac_arena *arena, const struct evac_deficiency *d)
{
    struct evac_buf out;
    struct evac_jw w = { &out, false };
    evac_buf_init(&out, 65536);
    evac_jw_open(&w, NULL, '{');
    evac_jw_str(&w, "finding", d->finding);
    evac_jw_str(&w, "criterion", d->criterion);
    evac_jw_cstr(&w, "severity", evac_grade_name(d->severity));
    evac_jw_str(&w, "owner", d->owner);
    evac_jw_str(&w, "title", d->title);
    evac_jw_close(&w, '}');
    struct evac_str text = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return text;
}

static struct evac_record row_of(struct evac_arena *arena, const struct evac_deficiency *d,
                                 enum evac_deficiency_verb verb, struct evac_str who,
                                 struct evac_str text, uint64_t run)
{
    static const enum evac_deficiency_state after[] = {
        [EVAC_DEFICIENCY_CLOSE] = EVAC_DEFICIENCY_IS_CLOSED,
        [EVAC_DEFICIENCY_ACCEPT] = EVAC_DEFICIENCY_IS_ACCEPTED,
    };
    bool moves = verb == EVAC_DEFICIENCY_CLOSE || verb == EVAC_DEFICIENCY_ACCEPT;
    bool stays = verb == EVAC_DEFICIENCY_SEEN || verb == EVAC_DEFICIENCY_ASSIGN;
    enum evac_deficiency_state to = moves   ? after[verb]
                                    : stays ? d->state
                                            : EVAC_DEFICIENCY_IS_OPEN;
    return (struct evac_record){
        .kind = EVAC_RECORD_DEFICIENCY,
        .step = EVAC_NO_STEP,
        .run = run,
        .app = evac_arena_str(arena, d->app),
        .name = evac_arena_str(arena, d->id),
        .from = verb == EVAC_DEFICIENCY_OPEN ? EVAC_STR_NONE
                                             : evac_str(evac_deficiency_state_name(d->state)),
        .event = evac_str(evac_deficiency_verb_name(verb)),
        .to = evac_str(evac_deficiency_state_name(to)),
        .number = d->due_ms,
        .who = evac_arena_str(arena, who),
        .text = evac_arena_str(arena, text),
        .data = data_of(arena, d),
    };
}

static struct evac_str next_id(struct evac_arena *arena, struct evac_str app, size_t before)
{
    return evac_arena_printf(arena, "D-%.*s-%zu", EVAC_STR_ARG(app), before + 1);
}

/* --- what a person says
 * ----------------------------------------------------------------------------------- */

/* "uid:1000(ann)" is ann, and so is "ann". */
static bool is_principal(struct evac_str who, struct evac_str name)
{
    struct evac_str inner, rest;
    (void)evac_str_cut(who, '(', &inner);
    inner = evac_str_cut(inner, ')', &rest);
    return evac_str_eq(who, name) || (inner.n && evac_str_eq(inner, name));
}

static enum evac_code check_retest(struct evac_report *r, const struct evac_deficiency *d,
                                   struct evac_err *err)
{
    struct evac_finding findings[EVAC_FINDINGS_MAX];
    unsigned long long run = r->run;
    size_t n = evac_report_findings(r, findings, EVAC_FINDINGS_MAX);
    if (!evac_str_eq(r->plan->app, d->app))
        return evac_fail(err, EVAC_E_REFUSED, "run %llu is of %.*s, not of %.*s: it stays open",
                         run, EVAC_STR_ARG(r->plan->app), EVAC_STR_ARG(d->app));
    if (!r->over || !evac_str_starts(r->result, "succeeded"))
        return evac_fail(err, EVAC_E_REFUSED,
                         "run %llu is %.*s: only one that succeeded shows anything; it stays open",
                         run, EVAC_STR_ARG(r->result));
    if (r->began_ms <= d->seen_ms || run <= d->seen_run)
        return evac_fail(err, EVAC_E_REFUSED,
                         "run %llu is not later than the last time that it was seen (run %llu): it "
                         "stays open",
                         run, (unsigned long long)d->seen_run);
    for (size_t i = 0; d->finding.n && i < n; i++)
        if (evac_str_eq(findings[i].key, d->finding))
            return evac_fail(err, EVAC_E_REFUSED, "run %llu shows it again (%.*s): it stays open",
                             run, EVAC_STR_ARG(findings[i].title));
    for (size_t i = 0; i < r->criterion_count; i++) {
        const struct evac_report_criterion *c = &r->criteria[i];
        bool wanted = d->criterion.n == 0 || evac_str_eq(c->plan->name, d->criterion);
        bool named = d->criterion.n != 0;
        if (wanted &&
            (c->verdict == EVAC_JUDGED_MISSED || (named && c->verdict == EVAC_JUDGED_UNMEASURED)))
            return evac_fail(err, EVAC_E_REFUSED, "run %llu: criterion %.*s is %s: it stays open",
                             run, EVAC_STR_ARG(c->plan->name), evac_judged_name(c->verdict));
        if (named && wanted)
            return EVAC_OK;
    }
    return d->criterion.n ? evac_fail(err, EVAC_E_REFUSED,
                                      "run %llu has no criterion %.*s: it shows nothing of it; it "
                                      "stays open",
                                      run, EVAC_STR_ARG(d->criterion))
                          : EVAC_OK;
}

static enum evac_code close_by(struct evac_store *store, const struct evac_deficiency *d,
                               uint64_t run, struct evac_err *err)
{
    struct evac_report *report = NULL;
    if (run == 0)
        return evac_fail(
            err, EVAC_E_BADARG,
            "say which later run shows that it is mended (retest), or accept the risk");
    enum evac_code code = evac_report_make_alone(store, run, &report, err);
    if (!code)
        code = check_retest(report, d, err);
    evac_report_free(report);
    return code;
}

static enum evac_code check_word(struct evac_store *store, const struct evac_deficiency_word *w,
                                 const struct evac_deficiency *d, struct evac_err *err)
{
    bool ends = w->verb == EVAC_DEFICIENCY_CLOSE || w->verb == EVAC_DEFICIENCY_ACCEPT;
    if (ends && w->reason.n == 0)
        return evac_fail(err, EVAC_E_BADARG, "say why: a reason is missing");
    if (ends && d->state != EVAC_DEFICIENCY_IS_OPEN)
        return evac_fail(err, EVAC_E_REFUSED, "%.*s is %s already", EVAC_STR_ARG(d->id),
                         evac_deficiency_state_name(d->state));
    if (w->verb == EVAC_DEFICIENCY_CLOSE)
        return close_by(store, d, w->retest, err);
    if (w->verb != EVAC_DEFICIENCY_ACCEPT)
        return EVAC_OK;
    if (d->owner.n == 0)
        return evac_fail(err, EVAC_E_REFUSED,
                         "%.*s has no owner, and only an owner can accept it: assign it first",
                         EVAC_STR_ARG(d->id));
    if (!is_principal(w->who, d->owner))
        return evac_fail(err, EVAC_E_REFUSED, "only %.*s, who owns it, can accept %.*s",
                         EVAC_STR_ARG(d->owner), EVAC_STR_ARG(d->id));
    return EVAC_OK;
}

/* What the word changes of it. */
static void apply(const struct evac_deficiency_word *w, int64_t now_ms, struct evac_deficiency *d)
{
    if (w->title.n)
        d->title = w->title;
    if (w->owner.n)
        d->owner = w->owner;
    if (w->criterion.n)
        d->criterion = w->criterion;
    if (w->severity)
        d->severity = *w->severity;
    if (w->due_ms)
        d->due_ms = w->due_ms;
    else if (w->verb == EVAC_DEFICIENCY_OPEN)
        d->due_ms = now_ms + days_due[d->severity] * DAY_MS;
}

enum evac_code evac_deficiency_say(struct evac_store *store, const struct evac_deficiency_word *w,
                                   int64_t now_ms, struct evac_arena *arena,
                                   struct evac_record *ret_row, struct evac_err *err)
{
    struct evac_deficiencies *list;
    struct evac_str text = w->reason;
    enum evac_code code = evac_deficiencies_read(
        store, w->verb == EVAC_DEFICIENCY_OPEN ? w->app : EVAC_STR_NONE, arena, &list, err);
    if (code)
        return code;
    struct evac_deficiency d = { .app = w->app, .severity = EVAC_GRADE_MEDIUM };
    if (w->verb == EVAC_DEFICIENCY_SEEN || w->verb == EVAC_DEFICIENCY_REOPEN)
        return evac_fail(err, EVAC_E_BADARG,
                         "only reports say that; allowed: open, assign, close, "
                         "accept");
    if (w->verb == EVAC_DEFICIENCY_OPEN) {
        if (w->title.n == 0)
            return evac_fail(err, EVAC_E_BADARG, "say what is wanting: a title is missing");
        d.id = next_id(arena, w->app, list->count);
        text = w->title;
    } else {
        const struct evac_deficiency *known = evac_deficiency_find(list, w->id);
        if (!known)
            return evac_fail(err, EVAC_E_NOTFOUND, "there is no deficiency '%.*s'",
                             EVAC_STR_ARG(w->id));
        d = *known;
    }
    code = check_word(store, w, &d, err);
    if (code)
        return code;
    apply(w, now_ms, &d);
    *ret_row =
        row_of(arena, &d, w->verb, w->who, text, w->verb == EVAC_DEFICIENCY_CLOSE ? w->retest : 0);
    return EVAC_OK;
}

/* --- what a report finds
 * ---------------------------------------------------------------------------------- */

static const struct evac_deficiency *known_as(const struct evac_deficiencies *list,
                                              struct evac_str key)
{
    for (size_t i = 0; i < list->count; i++)
        if (evac_str_eq(list->items[i].finding, key))
            return &list->items[i];
    return NULL;
}

static struct evac_record note_one(struct evac_report *r, const struct evac_deficiencies *list,
                                   const struct evac_finding *f, struct evac_str owner,
                                   size_t *numbers)
{
    const struct evac_deficiency *known = known_as(list, f->key);
    struct evac_deficiency d = { .app = r->plan->app,
                                 .finding = f->key,
                                 .criterion = f->criterion,
                                 .title = f->title,
                                 .owner = owner,
                                 .severity = f->severity,
                                 .due_ms = r->ended_ms + days_due[f->severity] * DAY_MS };
    enum evac_deficiency_verb verb = EVAC_DEFICIENCY_OPEN;
    if (known && known->state == EVAC_DEFICIENCY_IS_CLOSED) {
        d.id = known->id;
        d.state = known->state;
        d.owner = known->owner.n ? known->owner : owner;
        verb = EVAC_DEFICIENCY_REOPEN;
    } else if (known) {
        d = *known;
        verb = EVAC_DEFICIENCY_SEEN;
    } else {
        d.id = next_id(r->arena, r->plan->app, (*numbers)++);
    }
    return row_of(r->arena, &d, verb, EVAC_STR("report"), f->title, r->run);
}

enum evac_code evac_deficiency_note(struct evac_store *store, struct evac_report *report,
                                    struct evac_str owner, struct evac_record *ret_rows,
                                    size_t *ret_count, struct evac_err *err)
{
    struct evac_finding findings[EVAC_FINDINGS_MAX];
    struct evac_deficiencies *list;
    size_t n = evac_report_findings(report, findings, EVAC_FINDINGS_MAX);
    enum evac_code code =
        evac_deficiencies_read(store, report->plan->app, report->arena, &list, err);
    size_t numbers = list->count;
    *ret_count = 0;
    for (size_t i = 0; !code && i < n; i++)
        ret_rows[(*ret_count)++] = note_one(report, list, &findings[i], owner, &numbers);
    return code;
}
