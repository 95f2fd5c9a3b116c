#include "tell.h"

#include <string.h>

/* The row that is told of, and where its messages go. */
struct telling {
    struct evac_teller *t;
    const struct evac_record *r;
    const struct evac_tell_view *view;
    struct evac_message *out;
    size_t count;
};
typedef void tell_fn(struct telling *x);

/* What most messages say of themselves; title, text and key follow. */
static struct evac_message *say(struct telling *x, enum evac_notice_kind kind,
                                enum evac_urgency severity, enum evac_notice_state state)
{
    struct evac_message *m = &x->out[x->count++];
    *m = (struct evac_message){ .state = state,
                                .kind = kind,
                                .severity = severity,
                                .run = x->r->run,
                                .wall_ms = x->r->t_wall_ms,
                                .cause = x->r->seq };
    (void)evac_str_copy(m->app, sizeof m->app, x->r->app);
    return m;
}

#define KEY(m, ...)   evac_notice_text((m)->key, sizeof(m)->key, __VA_ARGS__)
#define TITLE(m, ...) evac_notice_text((m)->title, sizeof(m)->title, __VA_ARGS__)
#define TEXT(m, ...)  evac_notice_text((m)->text, sizeof(m)->text, __VA_ARGS__)
#define S(s)          EVAC_STR_ARG(s)
#define N(number)     ((unsigned long long)(number))

static bool is(struct evac_str s, const char *text)
{
    return evac_str_is(s, text);
}

/* --- runs ------------------------------------------------------------------------------------ */

static const struct evac_told_run *run_of(const struct telling *x)
{
    static const struct evac_told_run unknown = { .what = "a run" };
    const struct evac_told_run *run = &x->t->runs[x->r->run % EVAC_TELL_RUNS];
    return run->id == x->r->run ? run : &unknown;
}

static void admit(struct telling *x)
{
    struct evac_told_run *run = &x->t->runs[x->r->run % EVAC_TELL_RUNS];
    *run = (struct evac_told_run){ .id = x->r->run, .aside = x->r->number == 1 };
    evac_notice_text(run->what, sizeof run->what, "%.*s %.*s -> %.*s", S(x->r->name), S(x->r->from),
                     S(x->r->to));
    (void)evac_str_copy(run->who, sizeof run->who, x->r->who);
    (void)evac_str_copy(run->why, sizeof run->why, x->r->text);
    if (run->aside)
        return;
    struct evac_message *m = say(x, EVAC_ABOUT_RUN, EVAC_URGENCY_ERROR, EVAC_NOTICE_RESOLVE);
    KEY(m, "%.*s/no-plan", S(x->r->app));
    TITLE(m, "%.*s: its %.*s compiles again", S(x->r->app), S(x->r->name));
}

/* "ask" of the start, "ask/promote" of a step. */
static void put_ask_key(struct telling *x, struct evac_message *m, const char *more)
{
    if (x->r->step == EVAC_NO_STEP)
        KEY(m, "%.*s/run/%llu/ask%s", S(x->r->app), N(x->r->run), more);
    else
        KEY(m, "%.*s/run/%llu/ask/step-%u%s", S(x->r->app), N(x->r->run), x->r->step, more);
}

static bool is_question(const struct telling *x)
{
    return is(x->r->event, "approval") || is(x->r->event, "veto");
}

static void ask(struct telling *x)
{
    const struct evac_told_run *run = run_of(x);
    bool veto = is(x->r->event, "veto");
    struct evac_message *m =
        say(x, EVAC_ABOUT_PROPOSAL, run->aside ? EVAC_URGENCY_WARNING : EVAC_URGENCY_CRITICAL,
            EVAC_NOTICE_TRIGGER);
    put_ask_key(x, m, veto ? "/veto" : "");
    if (veto)
        TITLE(m, "%.*s: %s begins by itself unless somebody says no", S(x->r->app), run->what);
    else if (x->r->step == EVAC_NO_STEP)
        TITLE(m, "%.*s: %s waits for a yes%s", S(x->r->app), run->what,
              is(x->r->to, "void") ? " again" : "");
    else
        TITLE(m, "%.*s: run %llu waits for a yes before %.*s", S(x->r->app), N(x->r->run),
              S(x->r->name));
    TEXT(m,
         "%s%s%.*s. Asked by %s. What it costs and what blocks: evac decide %.*s. evac approve "
         "%llu | "
         "evac decline %llu",
         run->why, run->why[0] ? ". " : "", S(x->r->text),
         run->who[0] ? run->who : "the controller", S(x->r->app), N(x->r->run), N(x->r->run));
}

static const char *gate_place(const struct telling *x)
{
    return x->r->step == EVAC_NO_STEP ? "start" : "step";
}

static void gate_shut(struct telling *x)
{
    if (is_question(x)) {
        ask(x);
        return;
    }
    if (run_of(x)->aside)
        return;
    struct evac_message *m = say(x, EVAC_ABOUT_GATE, EVAC_URGENCY_ERROR, EVAC_NOTICE_TRIGGER);
    KEY(m, "%.*s/run/%llu/gate/%s-%.*s/%.*s", S(x->r->app), N(x->r->run), gate_place(x),
        S(x->r->name), S(x->r->event));
    TITLE(m, "%.*s: run %llu waits at the %.*s gate before %s%.*s", S(x->r->app), N(x->r->run),
          S(x->r->event), x->r->step == EVAC_NO_STEP ? "its " : "", S(x->r->name));
    TEXT(m, "%.*s. evac gates %llu shows it, evac override opens it all the same", S(x->r->text),
         N(x->r->run));
}

static void gate_open(struct telling *x)
{
    bool question = is_question(x);
    struct evac_message *m = say(x, question ? EVAC_ABOUT_PROPOSAL : EVAC_ABOUT_GATE,
                                 EVAC_URGENCY_ERROR, EVAC_NOTICE_RESOLVE);
    if (question)
        put_ask_key(x, m, is(x->r->event, "veto") ? "/veto" : "");
    else
        KEY(m, "%.*s/run/%llu/gate/%s-%.*s/%.*s", S(x->r->app), N(x->r->run), gate_place(x),
            S(x->r->name), S(x->r->event));
    TITLE(m, "%.*s: run %llu waits no more (%.*s)", S(x->r->app), N(x->r->run), S(x->r->event));
    TEXT(m, "%.*s", S(x->r->text));
}

static void person_answered(struct telling *x)
{
    bool yes = x->r->kind == EVAC_RECORD_APPROVE;
    struct evac_message *m =
        say(x, EVAC_ABOUT_PROPOSAL, EVAC_URGENCY_ERROR, EVAC_NOTICE_ACKNOWLEDGE);
    put_ask_key(x, m, "");
    TITLE(m, "%.*s: %.*s said %s to run %llu", S(x->r->app), S(x->r->who), yes ? "yes" : "no",
          N(x->r->run));
    TEXT(m, "%.*s", S(x->r->text));
}

static void escalate(struct telling *x)
{
    struct evac_message *m =
        say(x, EVAC_ABOUT_ESCALATION, EVAC_URGENCY_CRITICAL, EVAC_NOTICE_TRIGGER);
    char more[48];
    evac_notice_text(more, sizeof more, "/told-%lld-%.*s", (long long)x->r->number,
                     (int)(x->r->to.n < 16 ? x->r->to.n : 16), x->r->to.n ? x->r->to.p : "");
    put_ask_key(x, m, more);
    (void)evac_str_copy(m->to, sizeof m->to, x->r->name);
    TITLE(m, "%.*s: nobody has answered: %s", S(x->r->app), run_of(x)->what);
    TEXT(m, "%.*s. evac approve %llu | evac decline %llu", S(x->r->text), N(x->r->run),
         N(x->r->run));
}

static void note_instant(struct telling *x)
{
    struct evac_told_run *run = &x->t->runs[x->r->run % EVAC_TELL_RUNS];
    if (run->id != x->r->run)
        return;
    int64_t at_ms = evac_steady_ms(&run->clock, x->r, 0);
    if (is(x->r->name, "impact_lo"))
        run->impact_ms = at_ms;
    if (is(x->r->name, "recovered"))
        run->recovered_ms = at_ms;
}

static void began(struct telling *x)
{
    const struct evac_told_run *run = run_of(x);
    bool alone = strcmp(run->who, "policy") == 0;
    note_instant(x);
    if (!is(x->r->name, "started") || run->aside)
        return;
    struct evac_message *m = say(x, EVAC_ABOUT_RUN,
                                 alone                            ? EVAC_URGENCY_ERROR
                                 : strcmp(run->who, "drill") == 0 ? EVAC_URGENCY_INFO
                                                                  : EVAC_URGENCY_WARNING,
                                 EVAC_NOTICE_TRIGGER);
    KEY(m, "%.*s/run/%llu", S(x->r->app), N(x->r->run));
    TITLE(m, "%.*s: %s has begun (run %llu)", S(x->r->app), run->what, N(x->r->run));
    TEXT(m, "Begun by %s%s%s. evac watch %llu shows it", run->who, run->why[0] ? ": " : "",
         run->why, N(x->r->run));
}

static void step_asks(struct telling *x)
{
    struct evac_message *m = say(x, EVAC_ABOUT_STEP, EVAC_URGENCY_CRITICAL, EVAC_NOTICE_TRIGGER);
    KEY(m, "%.*s/run/%llu/step", S(x->r->app), N(x->r->run));
    TITLE(m, "%.*s: %.*s failed in run %llu: what now?", S(x->r->app), S(x->r->text), N(x->r->run));
    TEXT(m,
         "evac retry %llu, evac skip %llu, evac cancel %llu (roll back) or evac stop %llu. evac "
         "show %llu says why",
         N(x->r->run), N(x->r->run), N(x->r->run), N(x->r->run), N(x->r->run));
}

static void run_moved(struct telling *x)
{
    if (is(x->r->to, "asking")) {
        step_asks(x);
    } else if (is(x->r->from, "asking") || is(x->r->from, "proposed")) {
        bool asked = is(x->r->from, "asking");
        struct evac_message *m = say(x, asked ? EVAC_ABOUT_STEP : EVAC_ABOUT_PROPOSAL,
                                     EVAC_URGENCY_ERROR, EVAC_NOTICE_RESOLVE);
        KEY(m, "%.*s/run/%llu/%s", S(x->r->app), N(x->r->run), asked ? "step" : "ask");
        TITLE(m, "%.*s: run %llu goes on", S(x->r->app), N(x->r->run));
    }
}

/* "Users were back 22.8 s after the last good answer. ": the report's RTO, when there is one. */
static void put_rto(const struct evac_told_run *run, char *to, size_t bytes)
{
    int64_t ms = run->recovered_ms - run->impact_ms;
    to[0] = '\0';
    if (run->impact_ms && run->recovered_ms && ms >= 0)
        evac_notice_text(to, bytes, "Users were back %lld.%lld s after the last good answer. ",
                         (long long)(ms / 1000), (long long)(ms % 1000 / 100));
}

static bool ended_well(const struct telling *x)
{
    return is(x->r->to, "succeeded") || is(x->r->to, "succeeded_with_exceptions");
}

static void run_over(struct telling *x)
{
    const struct evac_told_run *run = run_of(x);
    bool begun = !is(x->r->from, "proposed");
    char rto[96];
    struct evac_message *m =
        say(x, EVAC_ABOUT_RUN, ended_well(x) ? EVAC_URGENCY_INFO : EVAC_URGENCY_WARNING,
            EVAC_NOTICE_RESOLVE);
    KEY(m, "%.*s/run/%llu", S(x->r->app), N(x->r->run));
    if (begun)
        TITLE(m, "%.*s: %s ended: %.*s (run %llu)", S(x->r->app), run->what, S(x->r->to),
              N(x->r->run));
    else
        TITLE(m, "%.*s: %s was not begun (run %llu)", S(x->r->app), run->what, N(x->r->run));
    put_rto(run, rto, sizeof rto);
    TEXT(m, "%s%.*s%sevac report %llu", rto, S(x->r->text), x->r->text.n ? ". " : "", N(x->r->run));
    if (ended_well(x) || !begun || run->aside)
        return;
    struct evac_message *bad = say(x, EVAC_ABOUT_RUN, EVAC_URGENCY_CRITICAL, EVAC_NOTICE_TRIGGER);
    KEY(bad, "%.*s/over", S(x->r->app));
    TITLE(bad, "%.*s: %s ended: %.*s (run %llu)", S(x->r->app), run->what, S(x->r->to),
          N(x->r->run));
    TEXT(bad, "What is left: %.*s. evac report %llu; evac ack %.*s when somebody has seen to it",
         S(x->r->text), N(x->r->run), S(x->r->app));
}

static void acked(struct telling *x)
{
    static const char *const ends[] = { "over", "drill" };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct evac_message *m =
            say(x, i ? EVAC_ABOUT_DRILL : EVAC_ABOUT_RUN, EVAC_URGENCY_INFO, EVAC_NOTICE_RESOLVE);
        KEY(m, "%.*s/%s", S(x->r->app), ends[i]);
        TITLE(m, "%.*s: %.*s has seen to it", S(x->r->app), S(x->r->who));
        TEXT(m, "%.*s", S(x->r->text));
    }
}

/* --- health ------------------------------------------------------------------------------------
 */

bool evac_tell_has_incident(const struct evac_teller *t, struct evac_str region)
{
    for (size_t i = 0; region.n && i < EVAC_TELL_REGIONS; i++)
        if (is(region, t->incidents[i]))
            return true;
    return false;
}

static bool serves(const struct telling *x)
{
    return !x->view || !x->view->serves || x->view->serves(x->view->ctx, x->r->app, x->r->name);
}

static void verdict(struct telling *x)
{
    static const struct {
        const char *verdict, *words;
        enum evac_urgency severity, standby;
    } bad[] = {
        { "down", "is down", EVAC_URGENCY_ERROR, EVAC_URGENCY_WARNING },
        { "isolated", "is alive inside and unreachable from outside", EVAC_URGENCY_ERROR,
          EVAC_URGENCY_WARNING },
        { "observer-suspect", "looks down, as everything does: the observer is doubted",
          EVAC_URGENCY_WARNING, EVAC_URGENCY_INFO },
    };
    struct evac_message *m = NULL;
    if (is(x->r->to, "up")) {
        m = say(x, EVAC_ABOUT_HEALTH, EVAC_URGENCY_ERROR, EVAC_NOTICE_RESOLVE);
        TITLE(m, "%.*s: %.*s is up", S(x->r->app), S(x->r->name));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (!is(x->r->to, bad[i].verdict) || evac_tell_has_incident(x->t, x->r->name))
            continue;
        bool live = serves(x);
        m = say(x, EVAC_ABOUT_HEALTH, live ? bad[i].severity : bad[i].standby, EVAC_NOTICE_TRIGGER);
        TITLE(m, "%.*s: %.*s %s%s", S(x->r->app), S(x->r->name), bad[i].words,
              live ? "" : " (no users there)");
    }
    if (!m)
        return;
    KEY(m, "%.*s/health/%.*s", S(x->r->app), S(x->r->name));
    TEXT(m, "%.*s%sevac why %.*s", S(x->r->text), x->r->text.n ? ". " : "", S(x->r->app));
    (void)evac_str_copy(m->region, sizeof m->region, x->r->name);
}

static void fold_incident(struct telling *x)
{
    size_t place = EVAC_TELL_REGIONS;
    for (size_t i = EVAC_TELL_REGIONS; i-- > 0;)
        if (is(x->r->name, x->t->incidents[i]) ||
            (place == EVAC_TELL_REGIONS && !x->t->incidents[i][0]))
            place = i;
    bool begins = is(x->r->event, "declared") || is(x->r->event, "found");
    if (begins && place < EVAC_TELL_REGIONS && !evac_tell_has_incident(x->t, x->r->name))
        (void)evac_str_copy(x->t->incidents[place], sizeof x->t->incidents[place], x->r->name);
    for (size_t i = 0; is(x->r->event, "closed") && i < EVAC_TELL_REGIONS; i++)
        if (is(x->r->name, x->t->incidents[i]))
            x->t->incidents[i][0] = '\0';
}

static void escalate_incident(struct telling *x)
{
    struct evac_message *m =
        say(x, EVAC_ABOUT_ESCALATION, EVAC_URGENCY_CRITICAL, EVAC_NOTICE_TRIGGER);
    KEY(m, "incident/%.*s/ask/%.*s-%lld", S(x->r->name), S(x->r->event), (long long)x->r->number);
    TITLE(m, "%.*s: nobody has answered: its evacuation waits for a yes", S(x->r->name));
    TEXT(m, "%.*s", S(x->r->text));
    (void)evac_str_copy(m->region, sizeof m->region, x->r->name);
    if (is(x->r->event, "escalated") && x->view && x->view->escalates)
        (void)evac_str_copy(m->to, sizeof m->to, x->view->escalates(x->view->ctx, x->r->number));
}

static void incident(struct telling *x)
{
    static const struct {
        const char *event, *below, *words;
        enum evac_notice_state state;
    } rows[] = {
        { "declared", "", "one incident", EVAC_NOTICE_TRIGGER },
        { "found", "", "one incident, while it is evacuated", EVAC_NOTICE_TRIGGER },
        { "ordered", "/ordered", "its evacuation was ordered", EVAC_NOTICE_NEWS },
        { "stopped", "/ask", "its evacuation was stopped", EVAC_NOTICE_RESOLVE },
        { "proposed", "/ask", "its evacuation waits for a yes", EVAC_NOTICE_TRIGGER },
        { "approved", "/ask", "its evacuation was approved", EVAC_NOTICE_RESOLVE },
        { "declined", "/ask", "its evacuation was declined", EVAC_NOTICE_RESOLVE },
        { "expired", "/ask", "nobody answered: its evacuation counts as declined",
          EVAC_NOTICE_RESOLVE },
        { "paused", "/paused", "the evacuation is paused", EVAC_NOTICE_TRIGGER },
        { "resumed", "/paused", "the evacuation goes on", EVAC_NOTICE_RESOLVE },
        { "closed", "", "the incident is over", EVAC_NOTICE_RESOLVE },
    };
    fold_incident(x);
    if (is(x->r->event, "escalated") || is(x->r->event, "reminded"))
        escalate_incident(x);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!is(x->r->event, rows[i].event))
            continue;
        struct evac_message *m = say(x, EVAC_ABOUT_INCIDENT, EVAC_URGENCY_CRITICAL, rows[i].state);
        KEY(m, "incident/%.*s%s", S(x->r->name), rows[i].below);
        TITLE(m, "%.*s: %s", S(x->r->name), rows[i].words);
        TEXT(m, "%.*s. evac incident shows it%s", S(x->r->text),
             strcmp(rows[i].event, "proposed") == 0 ? "; evac approve --incident answers" : "");
        (void)evac_str_copy(m->region, sizeof m->region, x->r->name);
    }
}

static void dependency(struct telling *x)
{
    bool down = is(x->r->to, "down");
    if (!down && !is(x->r->to, "up"))
        return;
    struct evac_message *m = say(x, EVAC_ABOUT_DEPENDENCY, EVAC_URGENCY_ERROR,
                                 down ? EVAC_NOTICE_TRIGGER : EVAC_NOTICE_RESOLVE);
    KEY(m, "dependency/%.*s", S(x->r->name));
    TITLE(m, "%.*s, which %lld app%s need%s, is %s", S(x->r->name), (long long)x->r->number,
          x->r->number == 1 ? "" : "s", x->r->number == 1 ? "s" : "", down ? "down" : "up again");
    TEXT(m, "%.*s%s", S(x->r->text),
         down ? ". Moving would not help, so none of them is moved by itself" : "");
}

static void old_side(struct telling *x)
{
    bool alive = is(x->r->to, "alive"), writes = is(x->r->event, "writes");
    if (is(x->r->to, "unseen"))
        return;
    struct evac_message *m = say(x, EVAC_ABOUT_OLD_SIDE, EVAC_URGENCY_CRITICAL,
                                 alive ? EVAC_NOTICE_TRIGGER : EVAC_NOTICE_RESOLVE);
    m->run = 0;
    KEY(m, "%.*s/old-side", S(x->r->app));
    TITLE(m, "%.*s: %.*s, which was left, is %s", S(x->r->app), S(x->r->name),
          writes  ? "alive, and TWO REGIONS MAY BE WRITING"
          : alive ? "alive"
                  : "still");
    TEXT(m, "%.*s%s%.*s", S(x->r->text), alive ? ". It is fenced again by: evac fence " : "",
         S(alive ? x->r->app : EVAC_STR_NONE));
    (void)evac_str_copy(m->region, sizeof m->region, x->r->name);
}

/* --- drills, assurances, the controller ---------------------------------------------------------
 */

static void drill(struct telling *x)
{
    static const struct {
        const char *to, *words;
        enum evac_urgency severity;
        enum evac_notice_state state;
    } ends[] = {
        { "succeeded", "went well", EVAC_URGENCY_INFO, EVAC_NOTICE_NEWS },
        { "succeeded", "went well", EVAC_URGENCY_INFO, EVAC_NOTICE_RESOLVE },
        { "failed", "failed; everything is as it was before it", EVAC_URGENCY_ERROR,
          EVAC_NOTICE_TRIGGER },
        { "stranded", "failed and did not put everything back", EVAC_URGENCY_CRITICAL,
          EVAC_NOTICE_TRIGGER },
        { "interrupted", "was interrupted by the real thing", EVAC_URGENCY_WARNING,
          EVAC_NOTICE_NEWS },
        { "skipped", "was skipped", EVAC_URGENCY_INFO, EVAC_NOTICE_NEWS },
        { "missed", "was missed", EVAC_URGENCY_WARNING, EVAC_NOTICE_NEWS },
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (!is(x->r->to, ends[i].to))
            continue;
        struct evac_message *m = say(x, EVAC_ABOUT_DRILL, ends[i].severity, ends[i].state);
        KEY(m, "%.*s/drill", S(x->r->app));
        TITLE(m, "%.*s: drill %u (%.*s) %s", S(x->r->app), x->r->attempt, S(x->r->name),
              ends[i].words);
        TEXT(m, "%.*s%sevac drills %.*s", S(x->r->text), x->r->text.n ? ". " : "", S(x->r->app));
    }
}

static void assurance(struct telling *x)
{
    bool lint = is(x->r->name, "lint"), good = is(x->r->event, "good");
    if (!good && !is(x->r->event, "not-good"))
        return;
    bool acts = !x->view || !x->view->acts || x->view->acts(x->view->ctx, x->r->app);
    struct evac_message *m =
        say(x, EVAC_ABOUT_ASSURANCE, acts ? EVAC_URGENCY_WARNING : EVAC_URGENCY_INFO,
            good ? EVAC_NOTICE_RESOLVE : EVAC_NOTICE_TRIGGER);
    KEY(m, "%.*s/assurance/%.*s/%.*s", S(x->r->app), S(x->r->name), S(x->r->to));
    TITLE(m, "%.*s: %s to %.*s %s", S(x->r->app), lint ? "the lint of the way" : "the drill debt",
          S(x->r->to),
          good   ? "is fine again"
          : lint ? "finds errors"
                 : "is too high");
    TEXT(m, "%.*s%s", S(x->r->text),
         good ? "" : ". Nothing is done by itself until it is better, or waived");
}

static void vantage(struct telling *x)
{
    bool fine = is(x->r->to, "speaks");
    bool known = is(x->r->to, "silent") || is(x->r->to, "abstains");
    struct evac_message *m = say(x, EVAC_ABOUT_CONTROLLER, EVAC_URGENCY_WARNING,
                                 fine    ? EVAC_NOTICE_RESOLVE
                                 : known ? EVAC_NOTICE_TRIGGER
                                         : EVAC_NOTICE_NEWS);
    KEY(m, "controller/vantage/%.*s", S(x->r->name));
    TITLE(m, "%.*s: %.*s", S(x->r->name), S(x->r->to));
    TEXT(m, "%.*s", S(x->r->text));
}

static void clock_jump(struct telling *x)
{
    struct evac_message *m = say(x, EVAC_ABOUT_CONTROLLER, EVAC_URGENCY_WARNING, EVAC_NOTICE_NEWS);
    KEY(m, "controller/clock");
    TITLE(m, "the wall clock jumped by %lld ms", (long long)x->r->number);
    TEXT(m, "Decisions do not depend on it; calendars and signatures do");
}

static void no_plan(struct telling *x)
{
    struct evac_message *m = say(x, EVAC_ABOUT_RUN, EVAC_URGENCY_CRITICAL, EVAC_NOTICE_TRIGGER);
    KEY(m, "%.*s/no-plan", S(x->r->app));
    TITLE(m, "%.*s: a failover is needed but its plan does not compile", S(x->r->app));
    TEXT(m, "%.*s. evac plan %.*s says all of it", S(x->r->text), S(x->r->app));
}

static void started(struct telling *x)
{
    bool crashed = x->t->started && !x->t->stopped;
    x->t->started = true;
    x->t->stopped = false;
    if (!crashed)
        return;
    struct evac_message *m = say(x, EVAC_ABOUT_CONTROLLER, EVAC_URGENCY_WARNING, EVAC_NOTICE_NEWS);
    KEY(m, "controller/start");
    TITLE(m, "the controller is back: it had not stopped in an orderly way");
    TEXT(m, "What was going on is taken up again. evac status");
}

static void stopped(struct telling *x)
{
    x->t->stopped = true;
}

static void held(struct telling *x)
{
    if (x->r->app.n)
        return;
    bool stops = x->r->number != 0;
    struct evac_message *m = say(x, EVAC_ABOUT_CONTROLLER, EVAC_URGENCY_WARNING,
                                 stops ? EVAC_NOTICE_TRIGGER : EVAC_NOTICE_RESOLVE);
    KEY(m, "controller/automation");
    TITLE(m, "%.*s %s", S(x->r->who),
          stops ? "stopped all automation" : "lets automation act again");
    TEXT(m, "%.*s", S(x->r->text));
}

size_t evac_tell(struct evac_teller *teller, const struct evac_record *row,
                 const struct evac_tell_view *view, struct evac_message ret[EVAC_TELL_MAX])
{
    static tell_fn *const by_kind[EVAC_RECORD_KIND_COUNT] = {
        [EVAC_RECORD_ADMIT] = admit,
        [EVAC_RECORD_RUN] = run_moved,
        [EVAC_RECORD_GATE_BLOCK] = gate_shut,
        [EVAC_RECORD_GATE_PASS] = gate_open,
        [EVAC_RECORD_APPROVE] = person_answered,
        [EVAC_RECORD_DECLINE] = person_answered,
        [EVAC_RECORD_ESCALATE] = escalate,
        [EVAC_RECORD_INSTANT] = began,
        [EVAC_RECORD_TERMINAL] = run_over,
        [EVAC_RECORD_ACK] = acked,
        [EVAC_RECORD_VERDICT] = verdict,
        [EVAC_RECORD_INCIDENT] = incident,
        [EVAC_RECORD_DEPENDENCY] = dependency,
        [EVAC_RECORD_OLD_SIDE] = old_side,
        [EVAC_RECORD_DRILL] = drill,
        [EVAC_RECORD_ASSURANCE] = assurance,
        [EVAC_RECORD_VANTAGE] = vantage,
        [EVAC_RECORD_CLOCK_JUMP] = clock_jump,
        [EVAC_RECORD_ALARM] = no_plan,
        [EVAC_RECORD_START] = started,
        [EVAC_RECORD_STOP] = stopped,
        [EVAC_RECORD_HOLD] = held,
    };
    struct telling x = { .t = teller, .r = row, .view = view, .out = ret };
    if ((unsigned)row->kind < EVAC_RECORD_KIND_COUNT && by_kind[row->kind])
        by_kind[row->kind](&x);
    return x.count;
}
