#include "keeper.h"

#include "deficiency.h"
#include "evac/arena.h"
#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>

#define JUDGED        EVAC_STR("report")
#define JUDGED_A_TICK 4u
#define LOOKED_MAX    2000u

struct evac_keeper {
    struct evac_keeper_options o;
    struct evac_ledger ledger;
    char origin[128];
    bool awake;      /* runs may have ended that were not judged */
    bool sign;       /* a run ended since the last checkpoint */
    uint64_t judged; /* the newest end that was judged; with known */
    bool known;
};

void evac_journal_origin(struct evac_str node, char *ret_origin, size_t bytes)
{
    snprintf(ret_origin, bytes, "evac/%.*s", EVAC_STR_ARG(node));
}

struct evac_keeper *evac_keeper_new(const struct evac_keeper_options *options)
{
    struct evac_keeper *k = calloc(1, sizeof *k);
    if (!k)
        abort();
    k->o = *options;
    k->awake = true; /* what ended before a crash may not have been judged */
    evac_journal_origin(options->node, k->origin, sizeof k->origin);
    return k;
}

void evac_keeper_free(struct evac_keeper *keeper)
{
    free(keeper);
}

void evac_keeper_wake(struct evac_keeper *keeper)
{
    keeper->awake = true;
}

static bool is_settled(const struct evac_keeper *k)
{
    return !k->o.settled || k->o.settled(k->o.user);
}

/* --- judging ---------------------------------------------------------------------------------- */

struct looking {
    uint64_t judged;
    unsigned looked;
};

static bool find_judged(void *user, const struct evac_row *row)
{
    struct looking *l = user;
    if (evac_str_eq(row->record.name, JUDGED) && row->record.number > 0) {
        l->judged = (uint64_t)row->record.number;
        return false;
    }
    return ++l->looked < LOOKED_MAX;
}

static enum evac_code learn(struct evac_keeper *k, struct evac_err *err)
{
    struct looking l = { 0, 0 };
    struct evac_store_filter filter = { .kinds = EVAC_KIND(EVIDENCE),
                                        .newest_first = true,
                                        .light = true };
    if (k->known)
        return EVAC_OK;
    enum evac_code code = k->o.store->vt->read(k->o.store, &filter, find_judged, &l, err);
    k->judged = l.judged;
    k->known = code == EVAC_OK;
    return code;
}

struct ends {
    uint64_t runs[JUDGED_A_TICK], seqs[JUDGED_A_TICK];
    size_t count;
};

static bool take_end(void *user, const struct evac_row *row)
{
    struct ends *e = user;
    e->runs[e->count] = row->record.run;
    e->seqs[e->count++] = row->record.seq;
    return e->count < JUDGED_A_TICK;
}

/* How the criteria came out, for whoever reads the journal alone. */
static struct evac_record judged_row(struct evac_report *r, uint64_t end_seq, size_t found)
{
    unsigned n[3] = { 0 };
    for (size_t i = 0; i < r->criterion_count; i++)
        n[r->criteria[i].verdict]++;
    return (struct evac_record){
        .kind = EVAC_RECORD_EVIDENCE,
        .step = EVAC_NO_STEP,
        .run = r->run,
        .app = r->plan->app,
        .name = JUDGED,
        .number = (int64_t)end_seq,
        .text = evac_arena_printf(
            r->arena, "%u criteria met, %u missed, %u not measured; %zu found wanting",
            n[EVAC_JUDGED_MET], n[EVAC_JUDGED_MISSED], n[EVAC_JUDGED_UNMEASURED], found),
    };
}

/* A run whose rows do not make a report is passed over, and that is said: the next one must be
 * judged all the same. */
static enum evac_code pass_over(struct evac_keeper *k, uint64_t run, uint64_t end_seq,
                                const struct evac_err *why, struct evac_err *err)
{
    struct evac_record row = { .kind = EVAC_RECORD_EVIDENCE,
                               .step = EVAC_NO_STEP,
                               .run = run,
                               .name = JUDGED,
                               .number = (int64_t)end_seq,
                               .text = evac_str(why->text) };
    return k->o.note(k->o.user, &row, 1, err);
}

/* Looks at readiness have gates of their own: what they find is not kept as a deficiency. */
static enum evac_code judge(struct evac_keeper *k, uint64_t run, uint64_t end_seq,
                            struct evac_err *err)
{
    struct evac_record rows[EVAC_FINDINGS_MAX + 1];
    struct evac_report *report = NULL;
    struct evac_err why;
    size_t count = 0;
    enum evac_code code = evac_report_make_alone(k->o.store, run, &report, &why);
    if (code == EVAC_E_STORE)
        return *err = why, code;
    if (code)
        return pass_over(k, run, end_seq, &why, err);
    if (!evac_str_is(report->who, "readiness"))
        code = evac_deficiency_note(k->o.store, report, k->o.owner(k->o.user, report->plan->app),
                                    rows, &count, err);
    if (!code) {
        rows[count] = judged_row(report, end_seq, count);
        code = k->o.note(k->o.user, rows, count + 1, err);
    }
    evac_report_free(report);
    if (!code && k->o.judged)
        k->o.judged(k->o.user, run);
    return code;
}

static enum evac_code judge_ends(struct evac_keeper *k, struct evac_err *err)
{
    struct ends ends = { .count = 0 };
    enum evac_code code = learn(k, err);
    struct evac_store_filter filter = { .after_seq = k->judged,
                                        .kinds = EVAC_KIND(TERMINAL),
                                        .light = true };
    if (!code)
        code = k->o.store->vt->read(k->o.store, &filter, take_end, &ends, err);
    size_t done = 0;
    for (; !code && done < ends.count && is_settled(k); done++) {
        code = judge(k, ends.runs[done], ends.seqs[done], err);
        if (!code)
            k->judged = ends.seqs[done];
        k->sign = true;
    }
    if (!code && done == ends.count && done < JUDGED_A_TICK)
        k->awake = false;
    return code;
}

/* --- signing ---------------------------------------------------------------------------------- */

enum evac_code evac_keeper_sign(struct evac_keeper *k, uint64_t *ret_size, struct evac_buf *note,
                                struct evac_err *err)
{
    struct evac_arena *arena;
    if (!k->o.key)
        return evac_fail(err, EVAC_E_REFUSED,
                         "nothing is signed: evidence.key is not set, or can not be read");
    if (!is_settled(k))
        return evac_fail(err, EVAC_E_BUSY,
                         "rows are on their way into the journal: ask again in a moment");
    enum evac_code code = evac_ledger_read(&k->ledger, k->o.store, k->o.key, err);
    if (code)
        return code;
    if (note)
        evac_ledger_note(&k->ledger, k->o.key, k->origin, note);
    arena = evac_arena_new();
    struct evac_record row = evac_ledger_row(&k->ledger, k->o.key, k->origin, arena);
    code = k->o.note(k->o.user, &row, 1, err);
    evac_arena_free(arena);
    if (code)
        return code;
    k->ledger.signed_size = k->ledger.tree.size;
    k->sign = false;
    *ret_size = k->ledger.tree.size;
    return EVAC_OK;
}

/* The first look finds out what was signed before. */
static bool is_due(struct evac_keeper *k)
{
    struct evac_err err;
    if (!k->o.key || !is_settled(k))
        return false;
    if (!k->ledger.loaded && evac_ledger_read(&k->ledger, k->o.store, k->o.key, &err))
        return false;
    uint64_t grown = k->o.store->vt->last_seq(k->o.store) - k->ledger.signed_size;
    return k->sign || grown >= k->o.checkpoint_rows;
}

enum evac_code evac_keeper_tick(struct evac_keeper *k, struct evac_err *err)
{
    uint64_t size;
    enum evac_code code = k->awake ? judge_ends(k, err) : EVAC_OK;
    return !code && is_due(k) ? evac_keeper_sign(k, &size, NULL, err) : code;
}
