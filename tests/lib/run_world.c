#include "run_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_MS 20u

/* --- building
 * ------------------------------------------------------------------------------------------------
 */

static uint16_t index_of(const struct run_world *w, const char *id, size_t n)
{
    for (uint16_t i = 0; i < w->plan.forward_count; i++)
        if (strlen(w->ids[i]) == n && strncmp(w->ids[i], id, n) == 0)
            return i;
    fprintf(stderr, "no step %.*s\n", (int)n, id);
    abort();
}

static void link_after(struct run_world *w, uint16_t i, const char *after)
{
    while (after && *after) {
        size_t n = strcspn(after, ",");
        struct evac_plan_step *s = &w->steps[i];
        w->lists[i][s->after_count++] = index_of(w, after, n);
        s->after = w->lists[i];
        after += n + (after[n] == ',');
    }
}

/* undo(i) comes after undo of everything that came after i */
static void link_undo(struct run_world *w)
{
    uint16_t n = w->plan.forward_count;
    for (uint16_t i = 0; i < n; i++)
        for (uint16_t k = 0; k < w->steps[i].after_count; k++) {
            uint16_t before = w->steps[i].after[k];
            struct evac_plan_step *undo = &w->steps[n + before];
            w->lists[n + before][undo->after_count++] = (uint16_t)(n + i);
            undo->after = w->lists[n + before];
        }
}

static void link_rivals(struct run_world *w)
{
    for (uint16_t i = 0; i < w->plan.step_count; i++) {
        struct evac_plan_step *s = &w->steps[i];
        uint16_t *list = w->lists[i] + 2 * WORLD_STEPS;
        for (uint16_t k = 0; k < w->plan.step_count; k++)
            if (k != i && evac_str_eq(s->target, w->steps[k].target))
                list[s->rival_count++] = k;
        s->rivals = list;
    }
}

static void set_step(struct run_world *w, uint16_t i, const struct world_step *from)
{
    struct evac_plan_step *s = &w->steps[i];
    s->id = evac_str(w->ids[i]);
    s->target = evac_str(from->target ? from->target : from->id);
    s->flags = from->flags | (from->looks_only ? 0 : EVAC_STEP_MUTATES | EVAC_STEP_REVERSIBLE);
    s->fencing = from->fencing;
    s->on_failure = from->on_failure;
    s->phase = from->phase;
    s->deadline_ms = 120000;
    s->usual_ms = 1000;
    s->tries = 3;
    if (from->only) {
        enum evac_mode mode;
        (void)evac_mode_parse(evac_str(from->only), &mode);
        w->conds[i] = (struct evac_plan_cond){ .op = EVAC_COND_MODE, .number = mode };
        s->when = &w->conds[i];
        s->when_count = 1;
    }
}

static void init_run(struct run_world *w)
{
    free(w->run);
    w->run = evac_run_init(calloc(1, evac_run_bytes(&w->plan)), &w->plan);
    w->run->id = 1;
    (void)evac_str_copy(w->run->who, sizeof w->run->who, evac_str(w->who));
}

struct run_world *run_world_new(const struct world_step *steps, size_t count)
{
    struct run_world *w = calloc(1, sizeof *w);
    w->plan = (struct evac_plan){ .app = EVAC_STR("app"),
                                  .from = EVAC_STR("east"),
                                  .to = EVAC_STR("west"),
                                  .rto_ms = 60000,
                                  .rpo_ms = 5000,
                                  .run_deadline_ms = 1800000,
                                  .approval_ms = 900000,
                                  .quarantine_ms = 330000,
                                  .confirm_ms = 10000,
                                  .poll_ms = 2000,
                                  .poll_max_ms = 15000 };
    w->plan.steps = w->steps;
    w->plan.forward_count = (uint16_t)count;
    w->plan.step_count = (uint16_t)(2 * count);
    for (uint16_t i = 0; i < count; i++) {
        snprintf(w->ids[i], sizeof w->ids[i], "%s", steps[i].id);
        snprintf(w->ids[count + i], sizeof w->ids[i], "undo:%s", steps[i].id);
        set_step(w, i, &steps[i]);
        set_step(w, (uint16_t)(count + i), &steps[i]);
        w->steps[count + i].flags |= EVAC_STEP_UNDO;
        w->steps[count + i].when = NULL;
        w->switches[i].on_at_ms = w->switches[i].off_at_ms = UINT64_MAX;
    }
    for (uint16_t i = 0; i < count; i++)
        link_after(w, i, steps[i].after);
    link_undo(w);
    link_rivals(w);
    w->now = (struct evac_now){ 1000, 1700000000000, 12345 };
    w->next_seq = 1;
    init_run(w);
    return w;
}

static void free_rows(struct run_world *w)
{
    for (size_t i = 0; i < w->row_count; i++) {
        struct evac_record *r = &w->rows[i];
        const struct evac_str texts[] = { r->name, r->from, r->event, r->to, r->text, r->who };
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
            char *p = NULL;
            memcpy(&p, &texts[k].p, sizeof p);
            free(p);
        }
    }
    free(w->rows);
}

void run_world_free(struct run_world *w)
{
    free_rows(w);
    free(w->run);
    free(w);
}

/* --- the world's side of calls
 * ---------------------------------------------------------------------------------- */

struct world_switch *run_world_switch(struct run_world *w, const char *id)
{
    return &w->switches[index_of(w, id, strlen(id))];
}

static void settle_switch(struct run_world *w, struct world_switch *s)
{
    if (w->now.boot_ms >= s->on_at_ms) {
        s->on = true;
        s->on_at_ms = UINT64_MAX;
        s->version++;
    }
    if (w->now.boot_ms >= s->off_at_ms) {
        s->on = false;
        s->off_at_ms = UINT64_MAX;
        s->version++;
    }
}

static void answer_observe(struct run_world *w, const struct evac_call_effect *call,
                           struct world_switch *s, struct evac_reply *reply, char *version)
{
    bool undo = call->step >= w->plan.forward_count;
    bool shown = (int64_t)w->now.boot_ms < s->lie_until_ms ? !undo : s->on;
    bool moving = s->on_at_ms != UINT64_MAX || s->off_at_ms != UINT64_MAX;
    s->observes++;
    bool away = s->moves_ms && (undo ? s->on_at_ms : s->off_at_ms) != UINT64_MAX;
    reply->seen = s->unseen                        ? EVAC_SEEN_UNSEEN
                  : s->blocked                     ? EVAC_SEEN_BLOCKED
                  : shown == !undo && !away        ? EVAC_SEEN_SATISFIED
                  : moving && s->moves_ms && !away ? EVAC_SEEN_MOVING
                                                   : EVAC_SEEN_UNSATISFIED;
    reply->strong = !s->weak;
    if (reply->seen == EVAC_SEEN_MOVING && s->tells)
        reply->retry_after_ms =
            s->tells_ms ? s->tells_ms
                        : (uint32_t)((s->on_at_ms < s->off_at_ms ? s->on_at_ms : s->off_at_ms) -
                                     w->now.boot_ms);
    snprintf(version, 16, "v%u", s->version);
    reply->version = evac_str(version);
    reply->snapshot = s->on ? EVAC_STR("{\"on\":true}") : EVAC_STR("{\"on\":false}");
}

static void answer_apply(struct run_world *w, const struct evac_call_effect *call,
                         struct world_switch *s, struct evac_reply *reply)
{
    bool undo = call->step >= w->plan.forward_count;
    struct world_script script = { EVAC_OUTCOME_ACCEPTED, true, 0, 0 };
    if (s->used < s->scripted)
        script = s->script[s->used++];
    if (undo)
        s->undos++;
    else
        s->applies++;
    reply->outcome = script.outcome;
    reply->retry_after_ms = 0;
    if (!script.lands)
        return;
    uint64_t at = w->now.boot_ms + script.lands_ms + s->moves_ms;
    if (s->moves_ms) /* a service that moves obeys the newest wish */
        s->on_at_ms = s->off_at_ms = UINT64_MAX;
    if (undo)
        s->off_at_ms = at;
    else
        s->on_at_ms = at;
    settle_switch(w, s);
}

/* --- the shell's side
 * --------------------------------------------------------------------------------------------- */

static struct evac_run_io io(struct run_world *w)
{
    w->now.random = w->now.random * 6364136223846793005u + 1442695040888963407u;
    evac_effects_reset(&w->fx);
    w->run->facts = w->facts;
    return (struct evac_run_io){ &w->fx, &w->now, &w->next_seq, &w->next_call, 1 };
}

static struct evac_str keep(struct evac_str s)
{
    return (struct evac_str){ strndup(s.n ? s.p : "", s.n), s.n };
}

static void trace(struct run_world *w, const struct evac_record *r)
{
    const char *kind = evac_record_kind_name(r->kind);
    int n = snprintf(w->trace + w->trace_n, sizeof w->trace - w->trace_n,
                     "%8.3f %s %.*s %.*s%s%.*s%s%.*s\n", (double)(w->now.boot_ms - 1000) / 1000,
                     kind, EVAC_STR_ARG(r->name), EVAC_STR_ARG(r->from), r->from.n ? " -> " : "",
                     EVAC_STR_ARG(r->to), r->event.n ? " on " : "", EVAC_STR_ARG(r->event));
    if (n > 0 && w->trace_n + (size_t)n < sizeof w->trace)
        w->trace_n += (size_t)n;
}

static void keep_row(struct run_world *w, const struct evac_record *r)
{
    if (w->row_count == w->row_cap) {
        w->row_cap = w->row_cap ? 2 * w->row_cap : 64;
        w->rows = realloc(w->rows, w->row_cap * sizeof *w->rows);
    }
    struct evac_record copy = *r;
    copy.name = keep(r->name), copy.from = keep(r->from), copy.event = keep(r->event);
    copy.to = keep(r->to), copy.text = keep(r->text), copy.who = keep(r->who);
    copy.data = copy.request_id = EVAC_STR_NONE;
    w->rows[w->row_count++] = copy;
    w->committed = r->seq;
    trace(w, r);
}

static uint64_t call_ms(const struct run_world *w, const struct evac_call_effect *call)
{
    const struct world_switch *s = &w->switches[call->step % w->plan.forward_count];
    bool scripted = call->verb == EVAC_VERB_APPLY && s->used < s->scripted;
    return scripted && s->script[s->used].takes_ms ? s->script[s->used].takes_ms : CALL_MS;
}

static void open_call(struct run_world *w, const struct evac_call_effect *call)
{
    const struct evac_step_run *s = &w->run->steps[call->step];
    if (call->verb == EVAC_VERB_APPLY && s->intent_seq > w->committed)
        w->unjournalled_applies++;
    for (size_t i = 0; i < 64; i++)
        if (!w->calls[i].used) {
            w->calls[i].used = true;
            w->calls[i].call = *call;
            w->calls[i].at_ms = w->now.boot_ms + call_ms(w, call);
            return;
        }
    abort();
}

static void perform(struct run_world *w)
{
    bool intent = false;
    for (size_t i = 0; i < w->fx.count; i++)
        if (w->fx.items[i].kind == EVAC_FX_JOURNAL) {
            intent = intent || w->fx.items[i].u.record.kind == EVAC_RECORD_INTENT;
            keep_row(w, &w->fx.items[i].u.record);
        }
    for (size_t i = 0; i < w->fx.count; i++) {
        if (w->fx.items[i].kind == EVAC_FX_CALL)
            open_call(w, &w->fx.items[i].u.call);
        if (w->fx.items[i].kind == EVAC_FX_ENDED)
            w->ended = true;
        if (w->fx.items[i].kind == EVAC_FX_NOTICE)
            (void)snprintf(w->notice, sizeof w->notice, "%s", w->fx.items[i].u.notice.text);
        if (w->fx.items[i].kind == EVAC_FX_NOTICE && w->fx.items[i].u.notice.to.n)
            w->told++;
    }
    if (intent) {
        struct evac_run_io again = io(w);
        evac_run_committed(w->run, &again, w->committed);
        perform(w);
    }
}

static bool answer_one(struct run_world *w)
{
    for (size_t i = 0; i < 64; i++) {
        if (!w->calls[i].used || w->calls[i].at_ms > w->now.boot_ms)
            continue;
        char version[16];
        struct evac_call_effect call = w->calls[i].call;
        struct evac_reply reply = { .verb = call.verb, .progress = -1 };
        struct world_switch *s = &w->switches[call.step % w->plan.forward_count];
        w->calls[i].used = false;
        if (call.verb == EVAC_VERB_APPLY)
            answer_apply(w, &call, s, &reply);
        else
            answer_observe(w, &call, s, &reply, version);
        if (!call.run) /* asked by a process that is gone */
            return true;
        struct evac_run_io x = io(w);
        evac_run_reply(w->run, &x, call.step, call.call, &reply);
        perform(w);
        return true;
    }
    return false;
}

static uint64_t next_ms(const struct run_world *w)
{
    uint64_t next = w->ended ? UINT64_MAX : w->run->wake_ms;
    for (size_t i = 0; i < 64; i++)
        if (w->calls[i].used && w->calls[i].at_ms < next)
            next = w->calls[i].at_ms;
    for (size_t i = 0; i < w->plan.forward_count; i++) {
        if (w->switches[i].on_at_ms < next)
            next = w->switches[i].on_at_ms;
        if (w->switches[i].off_at_ms < next)
            next = w->switches[i].off_at_ms;
    }
    return next;
}

void run_world_until(struct run_world *w, uint64_t at_ms)
{
    at_ms += 1000;
    for (int guard = 0; guard < 100000; guard++) {
        uint64_t next = next_ms(w);
        if (next > at_ms)
            break;
        if (next > w->now.boot_ms) {
            w->now.wall_ms += (int64_t)(next - w->now.boot_ms);
            w->now.boot_ms = next;
        }
        for (size_t i = 0; i < w->plan.forward_count; i++)
            settle_switch(w, &w->switches[i]);
        if (answer_one(w) || w->ended)
            continue;
        struct evac_run_io x = io(w);
        evac_run_tick(w->run, &x);
        perform(w);
    }
    if (w->now.boot_ms < at_ms) {
        w->now.wall_ms += (int64_t)(at_ms - w->now.boot_ms);
        w->now.boot_ms = at_ms;
    }
}

void run_world_begin(struct run_world *w)
{
    struct evac_run_io x = io(w);
    (void)evac_str_copy(w->who, sizeof w->who, EVAC_STR("test"));
    (void)evac_str_copy(w->run->who, sizeof w->run->who, EVAC_STR("test"));
    struct evac_command yes = { .verb = EVAC_CMD_APPROVE, .run = 1, .who = EVAC_STR("test") };
    evac_run_command(w->run, &x, &yes);
    perform(w);
}

void run_world_start(struct run_world *w, const char *who, bool asks, uint32_t veto_ms)
{
    (void)evac_str_copy(w->who, sizeof w->who, evac_str(who));
    (void)evac_str_copy(w->run->who, sizeof w->run->who, evac_str(who));
    struct evac_run_io x = io(w);
    evac_run_start(w->run, &x, asks, veto_ms);
    perform(w);
}

enum evac_code run_world_hear(struct run_world *w, const struct evac_command *word)
{
    struct evac_run_io x = io(w);
    evac_run_command(w->run, &x, word);
    enum evac_code answer = w->fx.answer;
    perform(w);
    return answer;
}

void run_world_crash(struct run_world *w)
{
    for (size_t i = 0; i < 64; i++)
        w->calls[i].call.run = NULL;
    init_run(w);
    for (size_t i = 0; i < w->row_count; i++)
        if (evac_run_fold(w->run, &w->rows[i], NULL) != EVAC_OK)
            abort();
    w->next_seq = w->committed + 1;
    struct evac_run_io x = io(w);
    evac_run_resume(w->run, &x);
    perform(w);
}

enum evac_code run_world_say(struct run_world *w, enum evac_command_verb verb, const char *step,
                             const char *reason, int64_t value)
{
    struct evac_run_io x = io(w);
    struct evac_command cmd = { .verb = verb,
                                .run = 1,
                                .step = evac_str(step),
                                .reason = evac_str(reason),
                                .who = EVAC_STR("test"),
                                .value = value };
    evac_run_command(w->run, &x, &cmd);
    enum evac_code answer = w->fx.answer;
    perform(w);
    return answer;
}

enum evac_step_state run_world_state(const struct run_world *w, const char *id)
{
    return w->run->steps[index_of(w, id, strlen(id))].state;
}

unsigned run_world_count(const struct run_world *w, const char *part)
{
    unsigned n = 0;
    for (const char *p = w->trace; (p = strstr(p, part)) != NULL; p += strlen(part))
        n++;
    return n;
}
