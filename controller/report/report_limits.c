/* What a run did not show. Each sentence follows from the plan or from what happened, none is said
 * of every run. */
#include "report_parts.h"

#include "evac/arena.h"

#include <stdarg.h>

#define LIMITS_MAX 24u
#define NAMES_MAX  600u

static void say(struct evac_report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct evac_report *r, const char *fmt, ...)
{
    va_list ap;
    if (r->limit_count == LIMITS_MAX)
        return;
    va_start(ap, fmt);
    r->limits[r->limit_count++] = evac_arena_vprintf(r->arena, fmt, ap);
    va_end(ap);
}

/* Names of the steps that a test picks, "a, b and 3 more"; count is how many. */
typedef bool pick_fn(const struct evac_report_step *s);
static struct evac_str names_of(const struct evac_report *r, pick_fn *pick, int *ret_count)
{
    struct evac_buf out;
    int shown = 0;
    *ret_count = 0;
    evac_buf_init(&out, 2 * NAMES_MAX);
    for (size_t i = 0; i < r->step_count && i < r->plan->forward_count; i++) {
        if (!pick(&r->steps[i]))
            continue;
        ++*ret_count;
        if (out.n > NAMES_MAX)
            continue;
        evac_buf_puts(&out, shown++ ? ", " : "");
        evac_buf_put_str(&out, r->steps[i].plan->id);
    }
    if (*ret_count > shown)
        evac_buf_putf(&out, " and %d more", *ret_count - shown);
    struct evac_str names = evac_arena_str(r->arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return names;
}

static bool only_looked_at(const struct evac_report_step *s)
{
    return s->plan->flags & EVAC_STEP_MUTATES;
}

static bool was_so_already(const struct evac_report_step *s)
{
    return (s->plan->flags & EVAC_STEP_MUTATES) && s->attempts == 0 &&
           evac_str_is(s->state, "done");
}

static bool was_not_reached(const struct evac_report_step *s)
{
    return !s->began.known && evac_str_is(s->state, "waiting");
}

static bool was_skipped(const struct evac_report_step *s)
{
    /* whoever skips a step says why; what a condition left out was not to be shown */
    return evac_str_is(s->state, "skipped") && s->reason.n;
}

static bool has(const struct evac_report *r, uint32_t flag)
{
    for (uint16_t i = 0; i < r->plan->forward_count; i++)
        if (r->plan->steps[i].flags & flag)
            return true;
    return false;
}

static void about_kind(struct evac_report *r)
{
    int n;
    if (r->plan->rehearse) {
        (void)names_of(r, only_looked_at, &n);
        say(r,
            "Nothing was changed: the %d steps that change something were looked at, not applied. "
            "That they work when they are applied, and how long they take, was not shown.",
            n);
        return;
    }
    if (!evac_plan_is_isolated_drill(r->plan))
        return;
    say(r, "No users were moved: the standby was exercised beside the region that serves them, so "
           "neither the time to recover for users nor what a move would lose was measured.");
    if (!has(r, EVAC_STEP_PROMOTES))
        say(r, "No data store was promoted: replication went on, and the standby's own data did "
               "not take writes.");
    if (!has(r, EVAC_STEP_FENCES))
        say(r, "The fence was not exercised: that the old region stops writing was not shown.");
}

void report_limit_of_game_day(struct evac_report *r)
{
    say(r, "The fault was put in on purpose: a real one may show itself otherwise, and may be of a "
           "kind that nobody put in.");
}

static void about_cause(struct evac_report *r)
{
    bool fault = evac_plan_is_fault(r->plan);
    for (size_t i = 0; i < r->word_count; i++)
        fault = fault || evac_str_is(r->words[i].kind, "fault");
    if (fault)
        report_limit_of_game_day(r);
    if (!report_moves(r))
        return;
    if (r->planned)
        say(r, "No outage came before it: detection and decision were not exercised, and the "
               "region that was left was alive and helped.");
    else if (!r->instants[EVAC_REPORT_IMPACT_LO].known)
        say(r, "No good answer is known from before the outage: it may have begun earlier than "
               "the time to recover counts.");
    if (r->mode == EVAC_MODE_GRACEFUL)
        say(r, "It was graceful: the data was handed over in order, which an outage does not "
               "allow. What an ungraceful move loses was not shown.");
}

static void about_clock(struct evac_report *r)
{
    if (r->clock_set_ms)
        say(r,
            "The wall clock was set %s by %.1f s while it went on: instants are told as it went "
            "when the run began, and durations by a clock that is not set.",
            r->clock_set_ms < 0 ? "back" : "forward",
            (double)(r->clock_set_ms < 0 ? -r->clock_set_ms : r->clock_set_ms) / 1000);
}

static void about_place(struct evac_report *r)
{
    if (r->plan->stand_in.n)
        say(r,
            "What answered was not the cloud itself (%.*s): its behaviour, its speed and its "
            "quotas are those of the stand-in.",
            EVAC_STR_ARG(r->plan->stand_in));
    if (r->plan->isolate.n)
        say(r, "%.*s was cut off for the controller only: for everything else it was there.",
            EVAC_STR_ARG(r->plan->isolate));
}

static void about_steps(struct evac_report *r)
{
    static const struct {
        pick_fn *pick;
        const char *one, *several;
    } rows[] = {
        { was_so_already, "was as wanted before it began, so that applying it was not shown",
          "were as wanted before they began, so that applying them was not shown" },
        { was_skipped, "was skipped, so that nothing was shown of it",
          "were skipped, so that nothing was shown of them" },
        { was_not_reached, "was not reached, so that nothing was shown of it",
          "were not reached, so that nothing was shown of them" },
    };
    for (size_t i = 0; !r->plan->rehearse && i < sizeof rows / sizeof rows[0]; i++) {
        int n;
        struct evac_str names = names_of(r, rows[i].pick, &n);
        if (n)
            say(r, "%d step%s %s: %.*s.", n, n == 1 ? "" : "s",
                n == 1 ? rows[i].one : rows[i].several, EVAC_STR_ARG(names));
    }
}

static void about_data(struct evac_report *r)
{
    for (size_t i = 0; report_moves(r) && i < r->loss_count; i++) {
        const struct evac_report_loss *l = &r->losses[i];
        bool known = l->known;
        for (size_t k = 0; k < r->loss_count; k++)
            known = known || (r->losses[k].known && evac_str_eq(r->losses[k].store, l->store));
        if (!known)
            say(r, "What %.*s lost could not be measured (%.*s did not tell).",
                EVAC_STR_ARG(l->store), EVAC_STR_ARG(l->method));
    }
    if (report_moves(r) && r->loss_count == 0 && has(r, EVAC_STEP_PROMOTES))
        say(r, "No data store's loss was measured.");
}

void report_limits(struct evac_report *r)
{
    r->limits = evac_arena_array(r->arena, LIMITS_MAX, sizeof *r->limits);
    about_kind(r);
    about_cause(r);
    about_place(r);
    about_clock(r);
    about_steps(r);
    about_data(r);
    if (!r->over)
        say(r, "The run goes on: all of this is about what has happened so far.");
}
