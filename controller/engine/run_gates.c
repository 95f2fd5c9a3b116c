/* What each gate says, which are shut, and how one is opened all the same. */
#include "loss_gate.h"
#include "run_internal.h"

#define X(name, text, where, whose, unknown, roles, phrase, doc)                                   \
    { text, where, whose, EVAC_GATE_SAYS_##unknown, roles, phrase, doc },
static const struct evac_run_gate_row rows[EVAC_RUN_GATE_COUNT] = { EVAC_RUN_GATES(X) };
#undef X

const struct evac_run_gate_row *evac_run_gate_row(enum evac_run_gate gate)
{
    return &rows[gate];
}

bool evac_run_gate_parse(struct evac_str name, enum evac_run_gate *ret_gate)
{
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++)
        if (evac_str_is(name, rows[g].name)) {
            *ret_gate = (enum evac_run_gate)g;
            return true;
        }
    return false;
}

struct evac_gate_marks *run_marks(struct evac_run *run, uint32_t step)
{
    return step == EVAC_NO_STEP ? &run->gates : &run->steps[step].gates;
}

static const struct evac_gate_marks *marks(const struct evac_run *run, uint32_t step)
{
    return step == EVAC_NO_STEP ? &run->gates : &run->steps[step].gates;
}

/* --- who stands where
 * -------------------------------------------------------------------------- */

/* Begun by the policy, and nobody was asked. */
/* Of an evacuation, too, no person has begun this one run. */
static bool is_policys(const struct evac_run *run)
{
    struct evac_str who = evac_str(run->who);
    return (evac_str_is(who, "policy") || evac_str_is(who, EVAC_WHO_INCIDENT)) && !run->asks;
}

static unsigned whose(const struct evac_run *run)
{
    bool drills = evac_str_is(evac_str(run->who), EVAC_DRILL_WHO);
    return is_policys(run) || drills ? EVAC_OF_POLICY : EVAC_OF_PERSONS;
}

static uint32_t places(const struct evac_run *run, uint32_t step)
{
    static const struct {
        uint32_t flag, where;
    } map[] = { { EVAC_STEP_LOSSY, EVAC_BEFORE_LOSS },
                { EVAC_STEP_PIVOT, EVAC_BEFORE_PIVOT },
                { EVAC_STEP_TRAFFIC, EVAC_BEFORE_TRAFFIC },
                { EVAC_STEP_APPROVAL, EVAC_BEFORE_APPROVED } };
    uint32_t where = 0;
    if (step == EVAC_NO_STEP)
        return EVAC_BEFORE_START;
    for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
        if (run->plan->steps[step].flags & map[i].flag)
            where |= map[i].where;
    return where;
}

/* What only looks is stopped by nothing; what puts back neither. A drill that leads no users
 * anywhere, and loses nothing that counts, is asked for, and not begun in a freeze. */
static bool is_looked_at(const struct evac_run *run, uint32_t step, enum evac_run_gate gate)
{
    if (run->plan->rehearse || (step != EVAC_NO_STEP && evac_step_is_undo(run, (uint16_t)step)))
        return false;
    return !evac_plan_is_aside(run->plan) || step != EVAC_NO_STEP ||
           gate == EVAC_RUN_GATE_APPROVAL || gate == EVAC_RUN_GATE_FREEZE;
}

bool evac_run_gate_stands(const struct evac_run *run, uint32_t step, enum evac_run_gate gate)
{
    return (rows[gate].where & places(run, step)) && (rows[gate].whose & whose(run)) &&
           is_looked_at(run, step, gate);
}

/* --- what each says
 * ----------------------------------------------------------------------------- */

/* What a gate works with; it sets the word, which passes to begin with. */
struct gate_io {
    const struct evac_run *run;
    const struct evac_now *now;
    uint32_t step;
    struct evac_gate_word *word;
    struct evac_text why;
};

static void block(struct gate_io *io, int64_t number, const char *text)
{
    io->word->answer = EVAC_GATE_SAYS_BLOCK;
    io->word->number = number;
    evac_text_puts(&io->why, text);
}

static void unknown(struct gate_io *io, int64_t number, const char *text)
{
    block(io, number, text);
    io->word->answer = EVAC_GATE_SAYS_UNKNOWN;
}

/* Nobody's yes is not a no. */
static void ask_approval(struct gate_io *io)
{
    uint16_t have = evac_run_yeses(io->run, io->step), need = evac_run_yeses_needed(io->run);
    bool asked = io->step != EVAC_NO_STEP || io->run->asks;
    if (!asked || have >= need || marks(io->run, io->step)->went_on)
        return;
    unknown(io, need - have, "");
    evac_text_u64(&io->why, have);
    evac_text_puts(&io->why, " of ");
    evac_text_u64(&io->why, need);
    evac_text_puts(&io->why, need == 1 ? " approval: " : " approvals: ");
    run_say_needed(io->run, io->step, &io->why);
}

/* The time runs from when it was announced; after a start of the controller it goes on only when
 * the region's health is known again. */
static void ask_veto(struct gate_io *io)
{
    int64_t left = io->run->gates.since_boot_ms + io->run->veto_ms - (int64_t)io->now->boot_ms;
    if (!io->run->veto_ms)
        return;
    if (left > 0) {
        block(io, left, "it begins in ");
        evac_text_duration(&io->why, (uint64_t)left);
        evac_text_puts(&io->why, ", unless an operator declines it");
    } else if (io->run->facts.verdict == EVAC_VERDICT_UNKNOWN) {
        unknown(io, 0, "it begins when the region's health is known again");
    }
}

static void ask_freeze(struct gate_io *io)
{
    const struct evac_run_facts *f = &io->run->facts;
    if (!f->frozen)
        return;
    block(io, f->freeze_left_ms, "the app is frozen");
    if (f->freeze_why.n) {
        evac_text_puts(&io->why, " (");
        evac_text_put(&io->why, f->freeze_why);
        evac_text_puts(&io->why, ")");
    }
    if (f->freeze_left_ms > 0 && f->freeze_left_ms < INT64_MAX) {
        evac_text_puts(&io->why, ", for ");
        evac_text_duration(&io->why, (uint64_t)f->freeze_left_ms);
    }
}

static void ask_readiness(struct gate_io *io)
{
    const struct evac_run_facts *f = &io->run->facts;
    if (f->readiness == EVAC_GATE_SAYS_PASS)
        return;
    if (f->readiness == EVAC_GATE_SAYS_UNKNOWN) {
        unknown(io, 0, "no fresh look says whether the target is ready: 'evac check' looks");
        return;
    }
    block(io, f->readiness_age_ms, "");
    evac_text_put(&io->why, io->run->plan->to);
    evac_text_puts(&io->why, " was found not ready ");
    evac_text_duration(&io->why, (uint64_t)f->readiness_age_ms);
    evac_text_puts(&io->why, " ago: 'evac report ");
    evac_text_u64(&io->why, f->readiness_run);
    evac_text_puts(&io->why, "' says why");
}

/* What the runbook lets the run go on without is no reason to stop before users. */
static bool is_missing(const struct evac_run *run, uint16_t i)
{
    const struct evac_step_run *s = &run->steps[i];
    if (run->plan->steps[i].phase != EVAC_PHASE_CAPACITY || s->state == EVAC_STEP_DONE)
        return false;
    if (s->state == EVAC_STEP_SKIPPED)
        return s->by_person;
    if (run_when(run, i) == RUN_NO)
        return false;
    return !evac_step_is_over(s->state) || run->plan->steps[i].on_failure != EVAC_ON_FAILURE_GO_ON;
}

static void ask_quota(struct gate_io *io)
{
    if (io->run->facts.short_of.n == 0)
        return;
    block(io, 1, "the last look says: ");
    evac_text_put(&io->why, io->run->facts.short_of);
}

static void ask_capacity(struct gate_io *io)
{
    int64_t missing = 0;
    if (io->step == EVAC_NO_STEP) {
        ask_quota(io);
        return;
    }
    for (uint16_t i = 0; i < io->run->plan->forward_count; i++) {
        if (!is_missing(io->run, i))
            continue;
        evac_text_puts(&io->why, missing ? ", " : "not all capacity is there: ");
        evac_text_put(&io->why, io->run->plan->steps[i].id);
        evac_text_puts(&io->why, " is ");
        evac_text_puts(&io->why, evac_step_state_name(io->run->steps[i].state));
        missing++;
    }
    if (missing)
        block(io, missing, "");
}

int64_t run_step_loss(const struct evac_run *run, uint16_t i)
{
    int64_t fenced_ms = evac_run_fenced_ms(run), as_of_ms = run->steps[i].as_of_wall_ms;
    if (!fenced_ms || !as_of_ms || !(plan_step(run, i)->flags & EVAC_STEP_WAITS))
        return run->loss_ms;
    fenced_ms += run->steps[i].as_of_moved_ms;
    return fenced_ms > as_of_ms ? fenced_ms - as_of_ms : 0;
}

void run_say_loss(const struct evac_run *run, int64_t loss_ms, const char *what,
                  struct evac_text *why)
{
    if (loss_ms == EVAC_LOSS_UNKNOWN) {
        evac_text_puts(why, "how much data would be lost is not known");
    } else {
        evac_text_puts(why, what);
        evac_text_puts(why, " would lose ");
        evac_text_duration(why, (uint64_t)loss_ms);
        evac_text_puts(why, " of data");
    }
    evac_text_puts(why, "; the objective is ");
    evac_text_duration(why, (uint64_t)run->plan->rpo_ms);
}

/* What waits for the fence would lose nothing by waiting: it is looked at before it is judged. */
static bool looks_first(const struct evac_run *run, uint16_t i)
{
    return run->steps[i].state == EVAC_STEP_WAITING &&
           (plan_step(run, i)->flags & EVAC_STEP_WAITS) && evac_run_fenced_ms(run);
}

static void say_diverged(struct gate_io *io)
{
    io->word->never = true;
    block(io, 0, io->run->facts.apart);
}

static void say_single(struct gate_io *io, int64_t loss_ms, bool shut)
{
    io->word->noted = !shut;
    if (shut)
        block(io, loss_ms, "");
    run_say_loss(io->run, loss_ms, "it", &io->why);
    evac_text_puts(&io->why, shut ? "; only one measure says so, or two do not agree"
                                  : "; one measure's word, taken by who began it");
}

static enum evac_loss_way way_of(const struct evac_run *run)
{
    if (run->mode == EVAC_MODE_GRACEFUL)
        return EVAC_LOSS_WAY_GRACEFUL;
    return is_policys(run) ? EVAC_LOSS_WAY_AUTOMATIC : EVAC_LOSS_WAY_MANUAL;
}

static void ask_rpo(struct gate_io *io)
{
    const struct evac_run *run = io->run;
    const struct evac_loss_facts facts = { run_step_loss(run, (uint16_t)io->step),
                                           run->plan->rpo_ms, run->facts.loss_agreed,
                                           run->facts.apart[0] != '\0' };
    enum evac_loss_state state = evac_loss_state(&facts);
    if (looks_first(run, (uint16_t)io->step) || !EVAC_RULE(RPO))
        return;
    switch (evac_loss_gate(state, way_of(run))) {
    case EVAC_LOSS_SAYS_PASS:
        break;
    case EVAC_LOSS_SAYS_CONFIRM:
        say_single(io, facts.loss_ms, false);
        break;
    case EVAC_LOSS_SAYS_BLOCK:
        if (state == EVAC_LOSS_IS_SINGLE) {
            say_single(io, facts.loss_ms, true);
            break;
        }
        block(io, facts.loss_ms, "");
        run_say_loss(run, facts.loss_ms, "it", &io->why);
        break;
    case EVAC_LOSS_SAYS_PHRASE:
        unknown(io, EVAC_LOSS_UNKNOWN, "");
        run_say_loss(run, facts.loss_ms, "it", &io->why);
        break;
    case EVAC_LOSS_SAYS_NEVER:
    case EVAC_LOSS_ANSWER_COUNT:
        say_diverged(io);
        break;
    }
}

/* The engine sees the fleet. */
static void ask_safety(struct gate_io *io)
{
    *io->word = io->run->facts.safety;
    io->why.n = evac_str(io->word->why).n;
}

typedef void gate_fn(struct gate_io *io);

static gate_fn *const asks[EVAC_RUN_GATE_COUNT] = {
    [EVAC_RUN_GATE_APPROVAL] = ask_approval, [EVAC_RUN_GATE_VETO] = ask_veto,
    [EVAC_RUN_GATE_FREEZE] = ask_freeze,     [EVAC_RUN_GATE_READINESS] = ask_readiness,
    [EVAC_RUN_GATE_CAPACITY] = ask_capacity, [EVAC_RUN_GATE_RPO] = ask_rpo,
    [EVAC_RUN_GATE_SAFETY] = ask_safety,
};

/* --- open or shut
 * ------------------------------------------------------------------------------ */

/* An override holds for the number that was shown; when that has doubled since, it is void. */
static bool override_covers(const struct evac_gate_marks *m, enum evac_run_gate gate,
                            const struct evac_gate_word *word)
{
    if (!(m->overridden & (1u << gate)) || word->never)
        return false;
    if (m->shown[gate] == INT64_MAX)
        return true;
    return word->number != INT64_MAX && word->number / 2 <= m->shown[gate];
}

bool evac_run_gate_shut(const struct evac_run *run, const struct evac_now *now, uint32_t step,
                        enum evac_run_gate gate, struct evac_gate_word *ret_word)
{
    struct evac_gate_word own;
    struct gate_io io = { run, now, step, ret_word ? ret_word : &own, { NULL, 0, 0 } };
    *io.word = (struct evac_gate_word){ .answer = EVAC_GATE_SAYS_PASS };
    evac_text_init(&io.why, io.word->why, sizeof io.word->why);
    if (!evac_run_gate_stands(run, step, gate))
        return false;
    asks[gate](&io);
    if (io.word->answer == EVAC_GATE_SAYS_PASS ||
        (io.word->answer == EVAC_GATE_SAYS_UNKNOWN && rows[gate].unknown == EVAC_GATE_SAYS_PASS))
        return false;
    return !override_covers(marks(run, step), gate, io.word);
}

uint16_t run_gates_shut(const struct evac_run *run, const struct evac_now *now, uint32_t step)
{
    uint16_t shut = 0;
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++)
        if (evac_run_gate_shut(run, now, step, (enum evac_run_gate)g, NULL))
            shut |= (uint16_t)(1u << g);
    return shut;
}

void run_say_shut(const struct evac_run *run, const struct evac_now *now, uint32_t step,
                  struct evac_text *why)
{
    struct evac_gate_word word;
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++) {
        if (!evac_run_gate_shut(run, now, step, (enum evac_run_gate)g, &word))
            continue;
        evac_text_puts(why, why->n ? "; " : "");
        evac_text_puts(why, rows[g].name);
        evac_text_puts(why, ": ");
        evac_text_puts(why, word.why);
    }
}

/* --- the journal's rows
 * ------------------------------------------------------------------------- */

static int64_t as_journalled(int64_t number)
{
    return number == INT64_MAX ? -1 : number;
}

static void note(struct evac_run *run, struct evac_run_io *io, uint32_t step,
                 enum evac_run_gate gate, const struct evac_gate_word *word)
{
    bool passes = word->answer == EVAC_GATE_SAYS_PASS;
    struct evac_record r = { .kind = passes ? EVAC_RECORD_GATE_PASS : EVAC_RECORD_GATE_BLOCK,
                             .step = step };
    struct evac_text text = evac_effects_text(io->fx, 256);
    evac_text_puts(&text, word->why);
    if (step == EVAC_NO_STEP)
        r.name = EVAC_STR("start");
    r.event = evac_str(rows[gate].name);
    r.text = evac_effects_text_end(io->fx, &text);
    r.number = as_journalled(word->number);
    if (word->noted)
        r.who = evac_str(run->who);
    evac_run_record(run, io, r);
}

void run_note_gates(struct evac_run *run, struct evac_run_io *io, uint32_t step, uint16_t shut)
{
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++) {
        struct evac_gate_word word;
        bool was = marks(run, step)->shut & (1u << g), is = shut & (1u << g);
        if (was == is)
            continue;
        (void)evac_run_gate_shut(run, io->now, step, (enum evac_run_gate)g, &word);
        if (!is)
            word = (struct evac_gate_word){ .answer = EVAC_GATE_SAYS_PASS };
        note(run, io, step, (enum evac_run_gate)g, &word);
    }
}

void run_note_passes(struct evac_run *run, struct evac_run_io *io, uint32_t step)
{
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++) {
        struct evac_gate_word word;
        if (!evac_run_gate_shut(run, io->now, step, (enum evac_run_gate)g, &word) && word.noted)
            note(run, io, step, (enum evac_run_gate)g, &word);
    }
}

/* --- overrides
 * --------------------------------------------------------------------------------- */

/* Where, and which: what was named, else the only one that is shut. */
struct shut_gate {
    uint32_t step;
    enum evac_run_gate gate;
};

static unsigned find_at(const struct evac_run *run, const struct evac_now *now, uint32_t step,
                        const enum evac_run_gate *wanted, struct shut_gate *ret)
{
    unsigned found = 0;
    uint16_t shut = run_gates_shut(run, now, step);
    for (unsigned g = 0; g < EVAC_RUN_GATE_COUNT; g++) {
        if (!(shut & (1u << g)) || (wanted && *wanted != (enum evac_run_gate)g))
            continue;
        *ret = (struct shut_gate){ step, (enum evac_run_gate)g };
        found++;
    }
    return found;
}

static const char *find_shut(const struct evac_run *run, const struct evac_now *now,
                             const struct evac_command *cmd, struct shut_gate *ret)
{
    enum evac_run_gate gate;
    unsigned found = 0;
    bool named = evac_run_gate_parse(cmd->gate, &gate);
    const enum evac_run_gate *wanted = named ? &gate : NULL;
    if (cmd->gate.n && !named)
        return "there is no gate of that name";
    if (run->state == EVAC_RUN_PROPOSED)
        found = find_at(run, now, EVAC_NO_STEP, wanted, ret);
    for (uint16_t i = 0; i < run->plan->forward_count; i++)
        if (run->steps[i].state == EVAC_STEP_GATED &&
            (cmd->step.n == 0 || evac_str_eq(cmd->step, run->plan->steps[i].id)))
            found += find_at(run, now, i, wanted, ret);
    if (found > 1)
        return "several gates are shut: name the gate, and its step";
    return found ? NULL : "no such gate is shut here (name the gate, or the step that waits)";
}

static const char *why_not(const struct evac_command *cmd, const struct shut_gate *at,
                           const struct evac_gate_word *word)
{
    if (word->never)
        return word->why;
    if (!(cmd->roles & rows[at->gate].roles))
        return NULL; /* refused with the role's name */
    if (cmd->reason.n == 0)
        return "an override needs a reason";
    return NULL;
}

static void refuse_with(struct evac_run_io *io, enum evac_code code, const char *before,
                        const char *what, const char *after)
{
    char text[240];
    struct evac_text line;
    evac_text_init(&line, text, sizeof text);
    evac_text_puts(&line, before);
    evac_text_puts(&line, what);
    evac_text_puts(&line, after);
    run_answer(io, code, text);
}

static const char *first_role(uint32_t roles)
{
    for (unsigned i = 0; i < EVAC_ROLE_COUNT; i++)
        if (roles & (1u << i))
            return evac_role_name((enum evac_role)i);
    return "nobody";
}

/* Whoever says how much they accept does not accept more. */
static bool is_more(const struct evac_command *cmd, const struct shut_gate *at,
                    const struct evac_gate_word *word)
{
    return at->gate == EVAC_RUN_GATE_RPO && cmd->value > 0 && word->number != INT64_MAX &&
           word->number > cmd->value;
}

static bool may_override(struct evac_run_io *io, const struct evac_command *cmd,
                         const struct shut_gate *at, const struct evac_gate_word *word)
{
    const struct evac_run_gate_row *row = &rows[at->gate];
    const char *why = why_not(cmd, at, word);
    if (why)
        run_refuse(io, why);
    else if (!(cmd->roles & row->roles))
        refuse_with(io, EVAC_E_FORBIDDEN, "overriding this gate is for the role ",
                    first_role(row->roles), "");
    else if (word->answer == EVAC_GATE_SAYS_UNKNOWN && !evac_str_has(cmd->reason, row->phrase))
        refuse_with(io, EVAC_E_REFUSED,
                    "what is unknown is overridden knowingly: the reason must say '", row->phrase,
                    "'");
    else if (is_more(cmd, at, word))
        refuse_with(io, EVAC_E_REFUSED, "that is less than it would cost now: ", word->why, "");
    else
        return true;
    return false;
}

static void record_override(struct evac_run *run, struct evac_run_io *io,
                            const struct evac_command *cmd, const struct shut_gate *at,
                            const struct evac_gate_word *word)
{
    struct evac_record r = { .kind = EVAC_RECORD_OVERRIDE, .step = at->step };
    if (at->step == EVAC_NO_STEP)
        r.name = EVAC_STR("start");
    r.event = evac_str(rows[at->gate].name);
    struct evac_text rule = evac_effects_text(io->fx, sizeof word->rule);
    evac_text_puts(&rule, word->rule);
    r.to = evac_effects_text_end(io->fx, &rule);
    r.who = cmd->who;
    r.text = cmd->reason;
    r.number = as_journalled(word->number);
    evac_run_record(run, io, r);
}

void run_override(struct evac_run *run, struct evac_run_io *io, const struct evac_command *cmd)
{
    struct shut_gate at = { 0 };
    struct evac_gate_word word;
    const char *why = find_shut(run, io->now, cmd, &at);
    if (why) {
        run_refuse(io, why);
        return;
    }
    (void)evac_run_gate_shut(run, io->now, at.step, at.gate, &word);
    if (!may_override(io, cmd, &at, &word))
        return;
    if (at.gate == EVAC_RUN_GATE_SAFETY && run->safe_rule_count == EVAC_GATE_RULES_MAX) {
        run_refuse(io, "so many safety rules are not overridden in one run");
        return;
    }
    record_override(run, io, cmd, &at, &word);
    run_answer(io, EVAC_OK, "overridden, for what is shown now; it is void when that has doubled");
}
