/* Each row of the journal, when it is durable: the trace, and what is known by it. */
#include "world_internal.h"

#include "format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void follow(struct world *w, const struct evac_record *r)
{
    struct evac_arena *arena = evac_arena_new();
    struct evac_err err = { EVAC_OK, "" };
    struct evac_row row;
    enum evac_code code = evac_store_row(w->store, r->seq, arena, &row, &err);
    code = code ? code : w->copy->vt->take(w->copy, &row, 1, &err);
    code = code ? code : evac_shell_follow(w->follower, r, &err);
    if (code)
        broke(w, "the follower does not follow: %s", err.text);
    evac_arena_free(arena);
}

static void put_trace(struct world *w, const struct evac_record *r)
{
    char at[32], line[512];
    unsigned long long ms = w->v.now_ms - BOOT_MS;
    const char *const pad = ms < 10000 ? "   " : ms < 100000 ? "  " : ms < 1000000 ? " " : "";
    (void)evac_format(at, sizeof at, "%s%llu.%03llu", pad, ms / 1000, ms % 1000);
    int n = evac_format(line, sizeof line, "%s %s %.*s %.*s%s%.*s%s%.*s%s%.*s\n", at,
                        evac_record_kind_name(r->kind), EVAC_STR_ARG(r->name),
                        EVAC_STR_ARG(r->from), r->from.n ? " -> " : "", EVAC_STR_ARG(r->to),
                        r->event.n ? " on " : "", EVAC_STR_ARG(r->event), r->text.n ? ": " : "",
                        (int)(r->text.n < 160 ? r->text.n : 160), r->text.n ? r->text.p : "");
    size_t len = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    if (w->trace_n + len + 1 > w->trace_cap) {
        w->trace_cap = 2 * w->trace_cap + 65536;
        w->trace = realloc(w->trace, w->trace_cap);
        if (!w->trace)
            abort();
    }
    memcpy(w->trace + w->trace_n, line, len);
    w->trace_n += len;
    w->trace[w->trace_n] = '\0';
    if (w->o.verbose)
        fputs(line, stderr);
}

/* A run, or a drill's, is begun: what was said of the one before does not count for it. */
static void note_admission(struct world *w, const struct evac_record *r)
{
    w->unready = rounds_why_not(w, r);
    if (w->o.judged && !w->catches_up && evac_str_is(r->who, "policy"))
        judge_automatic(w, r);
    w->stood =
        w->last_state == EVAC_RUN_HELD || (w->stood && w->last_state == EVAC_RUN_ROLLED_BACK);
    w->acked = w->overridden = w->approved = w->started = false;
    w->yes_count = 0;
    (void)evac_str_copy(w->mode, sizeof w->mode, r->event);
    w->by_policy = evac_str_is(r->who, "policy");
    (void)evac_str_copy(w->last_from, sizeof w->last_from, r->from);
    (void)evac_str_copy(w->last_to, sizeof w->last_to, r->to);
    w->last_back = evac_str_is(r->name, "failback");
    w->last_rehearses = evac_str_has(r->data, "\"rehearse\":true");
    w->last_run = r->run;
    w->last_state = EVAC_RUN_NONE;
    w->last_drills = evac_str_is(r->name, "drill");
}

void world_see_row(struct world *w, const struct evac_record *r)
{
    if (w->follower)
        follow(w, r);
    w->seen_seq = r->seq;
    judge_word(w, r);
    if (!rounds_see_row(w, r) && r->kind == EVAC_RECORD_ADMIT)
        note_admission(w, r);
    judge_words(w, r);
    if (r->kind == EVAC_RECORD_TERMINAL && r->run == w->last_run) {
        (void)evac_run_state_parse(r->to, &w->last_state);
        w->ended_ms = w->last_drills ? w->ended_ms : w->v.now_ms;
    }
    judge_blocks_row(w, r);
    put_trace(w, r);
}
