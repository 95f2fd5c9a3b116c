#include "report.h"

#include "deficiency.h"
#include "report_parts.h"
#include "steady.h"

#include "evac/arena.h"
#include "hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOSSES_MAX 256
#define WORDS_MAX  2000

#define X(name, text) text,
static const char *const instant_names[] = { EVAC_REPORT_INSTANTS(X) };
#undef X

const char *evac_report_instant_name(enum evac_report_instant instant)
{
    return instant_names[instant];
}

const struct evac_report_part evac_report_parts[] = {
    { "detect", EVAC_REPORT_IMPACT_LO, EVAC_REPORT_DETECTED },
    { "decide", EVAC_REPORT_DETECTED, EVAC_REPORT_DECIDED },
    { "fence", EVAC_REPORT_STARTED, EVAC_REPORT_FENCED },
    { "capacity", EVAC_REPORT_STARTED, EVAC_REPORT_CAPACITY_READY },
    { "data", EVAC_REPORT_FENCED, EVAC_REPORT_DATA_READY },
    { "verify", EVAC_REPORT_DATA_READY, EVAC_REPORT_VERIFIED },
    { "traffic", EVAC_REPORT_VERIFIED, EVAC_REPORT_TRAFFIC_MOVED },
    { "confirm", EVAC_REPORT_TRAFFIC_MOVED, EVAC_REPORT_RECOVERED },
};
const size_t evac_report_part_count = sizeof evac_report_parts / sizeof evac_report_parts[0];

/* --- rows
 * -------------------------------------------------------------------------------------------------------
 */

struct maker {
    struct evac_report *report;
    struct evac_err *err;
    enum evac_code code;
    bool game_day; /* when it began, a game day watched what the policy does */
    struct evac_steady clock;
    int64_t row_ms; /* the row that is read: when, by that clock */
};

static struct evac_str keep(struct maker *m, struct evac_str s)
{
    return s.n ? evac_arena_str(m->report->arena, s) : EVAC_STR_NONE;
}

static struct evac_when when(const struct maker *m)
{
    return (struct evac_when){ true, m->row_ms };
}

static void take_admission(struct maker *m, const struct evac_record *r)
{
    struct evac_plan *plan;
    struct evac_report *report = m->report;
    m->code = evac_plan_from_json(r->data, &plan, m->err);
    if (m->code)
        return;
    report->plan = plan;
    report->mode = plan->mode;
    report->who = keep(m, r->who);
    report->why = keep(m, r->text);
    report->first_seq = r->seq;
    report->began_ms = m->row_ms;
    report->result = EVAC_STR("running");
    report->step_count = plan->step_count;
    report->steps = evac_arena_array(report->arena, plan->step_count, sizeof *report->steps);
    for (uint16_t i = 0; i < plan->step_count; i++) {
        report->steps[i].plan = &plan->steps[i];
        report->steps[i].state = EVAC_STR("waiting");
    }
    report->losses = evac_arena_array(report->arena, LOSSES_MAX, sizeof *report->losses);
    report->words = evac_arena_array(report->arena, WORDS_MAX, sizeof *report->words);
}

static bool is_end(struct evac_str state)
{
    static const char *const ends[] = { "done", "skipped", "failed", "held", "halted", "undone" };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (evac_str_is(state, ends[i]))
            return true;
    return false;
}

static void take_step(struct maker *m, struct evac_report_step *s, const struct evac_record *r)
{
    s->state = keep(m, r->to);
    if (evac_str_is(r->to, "failed") || evac_str_is(r->to, "held"))
        s->failed = true;
    else if (evac_str_is(r->to, "done"))
        s->failed = false;
    if (evac_str_is(r->to, "observing") && !s->began.known)
        s->began = when(m);
    if (is_end(r->to) && !evac_str_is(r->to, "undone"))
        s->ended = when(m);
    if (r->text.n)
        s->reason = keep(m, r->text);
}

static void take_instant(struct maker *m, const struct evac_record *r)
{
    for (unsigned i = 0; i < EVAC_REPORT_INSTANT_COUNT; i++)
        if (evac_str_is(r->name, instant_names[i]))
            m->report->instants[i] = when(m);
}

static void take_loss(struct maker *m, const struct evac_record *r)
{
    struct evac_report *report = m->report;
    if (report->loss_count == LOSSES_MAX)
        return;
    report->losses[report->loss_count++] = (struct evac_report_loss){ .store = keep(m, r->name),
                                                                      .method = keep(m, r->event),
                                                                      .known = r->number >= 0,
                                                                      .loss_ms = r->number,
                                                                      .data = keep(m, r->data) };
}

static struct evac_str step_id(const struct evac_report *report, uint32_t step)
{
    return step < report->plan->step_count ? report->plan->steps[step].id : EVAC_STR_NONE;
}

static bool is_about_gate(enum evac_record_kind kind)
{
    return kind == EVAC_RECORD_GATE_BLOCK || kind == EVAC_RECORD_GATE_PASS ||
           kind == EVAC_RECORD_OVERRIDE;
}

static void take_word(struct maker *m, const struct evac_record *r)
{
    struct evac_report *report = m->report;
    if (report->word_count == WORDS_MAX)
        return;
    report->words[report->word_count++] =
        (struct evac_report_word){ .wall_ms = m->row_ms,
                                   .kind = evac_str(evac_record_kind_name(r->kind)),
                                   .who = keep(m, r->who),
                                   .what = keep(m, r->name),
                                   .text = keep(m, r->text),
                                   .step = step_id(report, r->step),
                                   .gate =
                                       is_about_gate(r->kind) ? keep(m, r->event) : EVAC_STR_NONE,
                                   .number = r->number };
}

static void take_about_step(struct maker *m, const struct evac_record *r)
{
    if (r->step >= m->report->step_count)
        return;
    struct evac_report_step *s = &m->report->steps[r->step];
    if (r->kind == EVAC_RECORD_STEP)
        take_step(m, s, r);
    if (r->kind == EVAC_RECORD_INTENT)
        s->attempts = r->attempt;
    if (r->kind == EVAC_RECORD_SNAPSHOT)
        s->before = keep(m, r->data);
    if ((r->kind == EVAC_RECORD_OBSERVE || r->kind == EVAC_RECORD_SETTLE) && r->data.n)
        s->after = keep(m, r->data);
    if (r->request_id.n)
        s->request_id = keep(m, r->request_id);
}

static bool is_word(enum evac_record_kind kind)
{
    return kind == EVAC_RECORD_APPROVE || kind == EVAC_RECORD_DECLINE ||
           kind == EVAC_RECORD_OVERRIDE || kind == EVAC_RECORD_COMMAND ||
           kind == EVAC_RECORD_MODE || kind == EVAC_RECORD_GATE_BLOCK ||
           kind == EVAC_RECORD_GATE_PASS || kind == EVAC_RECORD_RESUME ||
           kind == EVAC_RECORD_ESCALATE || kind == EVAC_RECORD_FAULT || kind == EVAC_RECORD_MERGE;
}

/* What is written about a run after it: it is told from the app's rows. */
static bool is_afterwards(enum evac_record_kind kind)
{
    return kind == EVAC_RECORD_DEFICIENCY || kind == EVAC_RECORD_EVIDENCE ||
           kind == EVAC_RECORD_DRILL;
}

static void take_end(struct maker *m, const struct evac_record *r)
{
    m->report->result = keep(m, r->to);
    m->report->left = keep(m, r->text);
    m->report->over = true;
}

static uint64_t boot_of(const struct evac_row *row)
{
    return evac_str_hash(row->node) * 31 ^ evac_str_hash(row->boot_id);
}

static bool take_row(void *user, const struct evac_row *row)
{
    struct maker *m = user;
    const struct evac_record *r = &row->record;
    if (!is_afterwards(r->kind))
        m->row_ms = evac_steady_ms(&m->clock, r, boot_of(row));
    if (r->kind == EVAC_RECORD_ADMIT)
        take_admission(m, r);
    if (m->code || !m->report->plan || is_afterwards(r->kind))
        return m->code == EVAC_OK;
    m->report->ended_ms = m->row_ms;
    take_about_step(m, r);
    if (r->kind == EVAC_RECORD_INSTANT)
        take_instant(m, r);
    if (r->kind == EVAC_RECORD_LOSS)
        take_loss(m, r);
    if (is_word(r->kind))
        take_word(m, r);
    if (r->kind == EVAC_RECORD_MODE && r->number >= 0 && r->number < EVAC_MODE_COUNT)
        m->report->mode = (enum evac_mode)r->number;
    if (r->kind == EVAC_RECORD_TERMINAL)
        take_end(m, r);
    m->report->last_seq = r->seq;
    evac_hex(row->hash, 32, m->report->last_hash);
    return true;
}

/* --- sums
 * --------------------------------------------------------------------------------------------------------
 */

static void sum_rto(struct evac_report *r)
{
    const struct evac_when *in = r->instants;
    r->planned = !in[EVAC_REPORT_IMPACT_HI].known;
    struct evac_when first = in[EVAC_REPORT_STARTED];
    struct evac_when bad = r->planned ? first : in[EVAC_REPORT_IMPACT_HI];
    if (!r->planned)
        first = in[EVAC_REPORT_IMPACT_LO].known ? in[EVAC_REPORT_IMPACT_LO] : bad;
    r->rto_known = in[EVAC_REPORT_RECOVERED].known && first.known;
    if (!r->rto_known)
        return;
    r->rto_ms = in[EVAC_REPORT_RECOVERED].wall_ms - first.wall_ms;
    r->rto_min_ms = in[EVAC_REPORT_RECOVERED].wall_ms - bad.wall_ms;
}

/* One store may be measured in two ways: one that speaks is enough to know, and the worse counts.
 */
static void sum_rpo(struct evac_report *r)
{
    r->rpo_known = r->loss_count > 0;
    for (size_t i = 0; i < r->loss_count; i++) {
        bool known = false;
        for (size_t k = 0; k < r->loss_count; k++)
            if (evac_str_eq(r->losses[k].store, r->losses[i].store) && r->losses[k].known) {
                known = true;
                if (r->losses[k].loss_ms > r->rpo_ms)
                    r->rpo_ms = r->losses[k].loss_ms;
            }
        r->rpo_known = r->rpo_known && known;
    }
}

/* Silence is no proof that nobody writes there: only the fence's end is. */
static void bound_rpo(struct evac_report *r)
{
    struct evac_when impact = r->instants[EVAC_REPORT_IMPACT_HI];
    int64_t fenced = impact.wall_ms;
    for (size_t i = 0; i < r->plan->forward_count; i++) {
        const struct evac_report_step *s = &r->steps[i];
        if ((s->plan->flags & EVAC_STEP_FENCES) && s->ended.known && s->ended.wall_ms > fenced)
            fenced = s->ended.wall_ms;
    }
    r->rpo_max_ms = r->rpo_ms + (r->planned || r->loss_count == 0 ? 0 : fenced - impact.wall_ms);
}

static size_t last_to_end(const struct evac_report *r)
{
    size_t n = r->plan->forward_count, best = n;
    for (size_t i = 0; i < n; i++) {
        const struct evac_report_step *s = &r->steps[i];
        if (!s->ended.known || !s->began.known)
            continue;
        if (s->plan->flags & EVAC_STEP_PUBLIC)
            return i;
        if (best == n || s->ended.wall_ms > r->steps[best].ended.wall_ms)
            best = i;
    }
    return best;
}

/* From the look that users would have, back along whichever step each had to wait for longest. */
static void mark_critical(struct evac_report *r)
{
    size_t at = last_to_end(r), n = r->plan->forward_count;
    for (size_t guard = 0; at < n && guard < n; guard++) {
        const struct evac_plan_step *p = r->steps[at].plan;
        size_t before = n;
        r->steps[at].critical = true;
        for (uint16_t k = 0; k < p->after_count; k++) {
            const struct evac_report_step *s = &r->steps[p->after[k]];
            if (s->ended.known && s->began.known &&
                (before == n || s->ended.wall_ms > r->steps[before].ended.wall_ms))
                before = p->after[k];
        }
        at = before;
    }
}

/* Undo steps that never began say nothing. */
static void drop_idle_undo(struct evac_report *r)
{
    size_t n = r->plan->forward_count;
    bool unwound = false;
    for (size_t i = n; i < r->step_count; i++)
        unwound = unwound || r->steps[i].began.known;
    if (!unwound)
        r->step_count = n;
}

enum evac_code evac_report_make_alone(struct evac_store *store, uint64_t run,
                                      struct evac_report **ret_report, struct evac_err *err)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_report *report = evac_arena_alloc(arena, sizeof *report);
    struct maker m = { report, err, EVAC_OK };
    struct evac_store_filter filter = { .run = run };
    report->arena = arena;
    report->run = run;
    enum evac_code code = store->vt->read(store, &filter, take_row, &m, err);
    if (!code)
        code = m.code;
    if (!code && !report->plan)
        code =
            evac_fail(err, EVAC_E_NOTFOUND, "the journal has no run %llu", (unsigned long long)run);
    if (code) {
        evac_report_free(report);
        return code;
    }
    report->clock_set_ms = evac_steady_set_ms(&m.clock);
    sum_rto(report);
    sum_rpo(report);
    bound_rpo(report);
    mark_critical(report);
    report_residue(report);
    drop_idle_undo(report);
    report_judge(report);
    report_limits(report);
    report->as_of_ms = report->ended_ms;
    *ret_report = report;
    return EVAC_OK;
}

/* --- what stands around the run
 * ------------------------------------------------------------------ */

/* Of the app, not of the run: what held when it began, and what happened to the app meanwhile. Each
 * is asked for by itself, so that a long past costs little. */

/* The newest that a drill of the calendar did before it. */
static bool take_drill(void *user, const struct evac_row *row)
{
    struct maker *m = user;
    const struct evac_record *r = &row->record;
    if (r->event.n == 0)
        return true;
    m->game_day = evac_str_is(r->name, "game-day") && evac_str_is(r->to, "watching");
    return false;
}

/* A newer word about the same condition stands instead of the older. */
static bool take_waiver(void *user, const struct evac_row *row)
{
    struct maker *m = user;
    const struct evac_record *r = &row->record;
    struct evac_report *report = m->report;
    for (size_t i = 0; i < report->word_count; i++)
        if (evac_str_is(report->words[i].kind, "waiver") &&
            evac_str_eq(report->words[i].what, r->name))
            report->words[i--] = report->words[--report->word_count];
    if (r->number > report->began_ms)
        take_word(m, r);
    return true;
}

static bool take_meanwhile(void *user, const struct evac_row *row)
{
    if (row->record.run == 0)
        take_word(user, &row->record);
    return true;
}

#define AROUND                                                                                     \
    (EVAC_KIND(DRILL) | EVAC_KIND(WAIVER) | EVAC_KIND(FAULT) | EVAC_KIND(ESCALATE) |               \
     EVAC_KIND(DEFICIENCY))

static enum evac_code take_around(struct evac_store *store, struct maker *m, struct evac_err *err)
{
    const struct evac_report *r = m->report;
    const struct {
        struct evac_store_filter filter;
        evac_row_fn *take;
    } asked[] = {
        { { .kinds = EVAC_KIND(DRILL), .before_seq = r->first_seq, .newest_first = true },
          take_drill },
        { { .kinds = EVAC_KIND(WAIVER), .before_seq = r->first_seq }, take_waiver },
        { { .kinds = EVAC_KIND(WAIVER) | EVAC_KIND(FAULT) | EVAC_KIND(ESCALATE),
            .after_seq = r->first_seq,
            .before_seq = r->last_seq },
          take_meanwhile },
    };
    enum evac_code code = EVAC_OK;
    for (size_t i = 0; !code && i < sizeof asked / sizeof asked[0]; i++) {
        struct evac_store_filter filter = asked[i].filter;
        filter.app = r->plan->app;
        code = store->vt->read(store, &filter, asked[i].take, m, err);
    }
    return code;
}

static int by_time(const void *a, const void *b)
{
    const struct evac_report_word *x = a, *y = b;
    return x->wall_ms < y->wall_ms ? -1 : x->wall_ms > y->wall_ms;
}

static enum evac_code look_around(struct evac_store *store, struct evac_report *r,
                                  struct evac_err *err)
{
    struct maker m = { r, err, EVAC_OK };
    struct evac_deficiencies *list;
    enum evac_code code = take_around(store, &m, err);
    if (m.game_day && !evac_plan_is_aside(r->plan))
        report_limit_of_game_day(r);
    if (r->word_count)
        qsort(r->words, r->word_count, sizeof *r->words, by_time);
    if (!code)
        code = report_past(store, r, err);
    if (!code)
        code = evac_deficiencies_read(store, r->plan->app, r->arena, &list, err);
    if (!code)
        r->deficiencies = list;
    return code;
}

enum evac_code evac_report_make_at(struct evac_store *store, uint64_t run, int64_t as_of_ms,
                                   struct evac_report **ret_report, struct evac_err *err)
{
    struct evac_report *report;
    enum evac_code code = evac_report_make_alone(store, run, &report, err);
    if (code)
        return code;
    if (as_of_ms)
        report->as_of_ms = as_of_ms;
    code = look_around(store, report, err);
    if (code)
        evac_report_free(report);
    else
        *ret_report = report;
    return code;
}

enum evac_code evac_report_make(struct evac_store *store, uint64_t run,
                                struct evac_report **ret_report, struct evac_err *err)
{
    return evac_report_make_at(store, run, 0, ret_report, err);
}

bool evac_report_needs(const struct evac_report *report, const struct evac_record *r)
{
    if (r->run == report->run)
        return true;
    for (size_t i = 0; i < report->past_count; i++)
        if (r->run == report->past[i].run)
            return true;
    return evac_str_eq(r->app, report->plan->app) && (AROUND >> r->kind & 1);
}

void evac_report_free(struct evac_report *report)
{
    if (!report)
        return;
    struct evac_plan *plan;
    memcpy(&plan, &report->plan, sizeof plan); /* ours: made by take_admission */
    evac_plan_free(plan);
    evac_arena_free(report->arena);
}
