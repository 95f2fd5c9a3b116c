#include "aws_lever.h"
#include "aws_foreign.h"
#include "aws_pick.h"

#include <string.h>

#define ITEMS_MAX 64u
#define KEPT_MAX  12u
#define HOLES_MAX (2u * KEPT_MAX + 6u)

struct item {
    struct evac_str name, value, status;
    int64_t present;
    struct evac_str kept[KEPT_MAX];
    const char *flaw; /* NULL none */
    bool found;
};

struct work {
    const struct aws_lever *lever;
    struct item items[ITEMS_MAX];
    size_t count, at, place;  /* place: which of the look's regions is asked */
    struct aws_wanted wanted; /* AWS_COUNT */
    bool acting, changed;     /* changed: of several, some */
};

/* --- words ----------------------------------------------------------------------------------- */

static bool among(struct evac_str value, const char *list)
{
    struct evac_str rest = evac_str(list ? list : "");
    while (rest.n)
        if (evac_str_eq(evac_str_cut(rest, '|', &rest), value))
            return true;
    return false;
}

/* "Enabled=true|Disabled=false" */
static struct evac_str word_for(const char *words, struct evac_str value)
{
    struct evac_str rest = evac_str(words ? words : "");
    while (rest.n) {
        struct evac_str word, pair = evac_str_cut(rest, '|', &rest);
        if (evac_str_eq(evac_str_cut(pair, '=', &word), value))
            return word;
    }
    return value;
}

static int64_t as_number(struct evac_str value)
{
    int64_t n;
    return evac_str_i64(value, &n) ? n : -1;
}

/* --- holes ----------------------------------------------------------------------------------- */

static const struct evac_json *was_of(const struct aws_call *c, const struct item *item)
{
    const struct evac_json *each = evac_json_get(c->goal_root, "each");
    if (!each)
        return c->goal_root;
    for (const struct evac_json *e = evac_json_first(each); e; e = evac_json_next(e))
        if (evac_str_eq(evac_json_key(e), item->name))
            return e;
    return NULL;
}

static struct evac_str smaller(struct evac_str a, struct evac_str b, bool wanted_smaller)
{
    return (as_number(a) < as_number(b)) == wanted_smaller ? a : b;
}

static size_t fill_holes(struct aws_call *c, struct item *item, struct evac_str value,
                         struct aws_hole *holes)
{
    const struct work *w = c->state;
    const struct evac_json *was = was_of(c, item);
    size_t n = 0;
    holes[n++] = (struct aws_hole){ "item", item->name };
    holes[n++] = (struct aws_hole){ "value", value };
    holes[n++] = (struct aws_hole){ "found", item->value };
    holes[n++] = (struct aws_hole){ "other", aws_other_region(c) };
    holes[n++] = (struct aws_hole){ "word", word_for(w->lever->act_words, value) };
    for (size_t i = 0; w->lever->kept && w->lever->kept[i].name; i++) {
        const char *name = w->lever->kept[i].name;
        struct evac_str before = evac_json_str(was, name), now = item->kept[i];
        struct evac_str kept = before.n ? before : now;
        holes[n++] = (struct aws_hole){ name, kept };
        if (strcmp(name, "min") == 0 || strcmp(name, "max") == 0)
            holes[n++] =
                (struct aws_hole){ aws_printf(c, "room.%s", name).p,
                                   before.n ? before
                                            : smaller(now, value, strcmp(name, "min") == 0) };
    }
    return n;
}

static struct evac_str wanted_value(struct aws_call *c, struct item *item)
{
    const struct work *w = c->state;
    struct aws_hole holes[HOLES_MAX];
    struct evac_str was = evac_json_str(was_of(c, item), "value");
    if (was.n)
        return was;
    if (w->lever->compare == AWS_COUNT)
        return aws_printf(c, "%lld", (long long)w->wanted.count);
    size_t n = fill_holes(c, item, EVAC_STR_NONE, holes);
    return aws_fill(c, w->lever->want, AWS_PLAIN, holes, n);
}

static struct evac_str first_word(const struct work *w, struct evac_str words)
{
    struct evac_str rest;
    return w->lever->exact ? words : evac_str_cut(words, '|', &rest);
}

/* --- what an item is ------------------------------------------------------------------------- */

static bool is_wanted(struct aws_call *c, struct item *item, struct evac_str want)
{
    const struct work *w = c->state;
    int64_t value = as_number(item->value), number = as_number(want);
    bool restoring = c->goal_root != NULL;
    switch (restoring && w->lever->compare != AWS_COUNT ? AWS_IS : w->lever->compare) {
    case AWS_AT_LEAST:
        return value >= number;
    case AWS_AT_MOST:
        return value >= 0 && value <= number;
    case AWS_COUNT:
        return w->wanted.exact ? value == w->wanted.count : value >= w->wanted.count;
    case AWS_IS:
        break;
    }
    if (w->lever->exact || restoring)
        return evac_str_eq(item->value, want);
    return among(item->value, aws_printf(c, "%.*s", EVAC_STR_ARG(want)).p);
}

static bool is_present(const struct work *w, const struct item *item)
{
    if (w->lever->compare != AWS_COUNT)
        return true;
    return item->present >= w->wanted.enough &&
           (!w->wanted.exact || item->present <= w->wanted.count);
}

static enum evac_seen seen_of(struct aws_call *c, struct item *item)
{
    const struct work *w = c->state;
    const struct aws_lever *l = w->lever;
    struct evac_str want = wanted_value(c, item);
    bool busy = among(item->status, l->busy) || among(item->value, l->moving) ||
                (l->idle && !among(item->status, l->idle));
    if (!item->found || item->flaw || among(item->status, l->broken) ||
        among(item->value, l->broken))
        return EVAC_SEEN_BLOCKED;
    if (!is_wanted(c, item, want))
        return busy ? EVAC_SEEN_MOVING : EVAC_SEEN_UNSATISFIED;
    return busy || !is_present(w, item) ? EVAC_SEEN_MOVING : EVAC_SEEN_SATISFIED;
}

/* --- looking --------------------------------------------------------------------------------- */

static void look_on(struct aws_call *c);
static bool look_elsewhere(struct aws_call *c);
static void looked_at_all(struct aws_call *c);

static void read_item(struct aws_call *c, struct item *item, const struct evac_aws_reply *r)
{
    const struct work *w = c->state;
    const struct aws_lever *l = w->lever;
    struct aws_hole holes[HOLES_MAX];
    struct evac_str present;
    size_t n = fill_holes(c, item, EVAC_STR_NONE, holes);
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        item->found = aws_pick(c, r, aws_fill(c, l->at, AWS_PLAIN, holes, n), &item->value);
    item->value = evac_arena_str(c->arena, item->value);
    if (!item->found && l->absent) {
        item->found = true;
        item->value = evac_str(l->absent);
    }
    if (r->outcome != EVAC_OUTCOME_ACCEPTED)
        return;
    if (l->flaw)
        item->flaw = l->flaw(c, r);
    if (l->status_at &&
        aws_pick(c, r, aws_fill(c, l->status_at, AWS_PLAIN, holes, n), &item->status))
        item->status = evac_arena_str(c->arena, item->status);
    item->present = as_number(item->value);
    if (l->present_at)
        item->present = aws_pick(c, r, aws_fill(c, l->present_at, AWS_PLAIN, holes, n), &present)
                            ? as_number(present)
                            : 0;
    for (size_t i = 0; l->kept && l->kept[i].name && i < KEPT_MAX; i++)
        if (aws_pick(c, r, aws_fill(c, l->kept[i].at, AWS_PLAIN, holes, n), &item->kept[i]))
            item->kept[i] = evac_arena_str(c->arena, item->kept[i]);
}

static void on_look(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    const struct aws_lever *l = w->lever;
    bool refused = r->outcome == EVAC_OUTCOME_REJECTED;
    bool missing = refused && among(r->code, l->missing_codes);
    bool absent = refused && among(r->code, l->absent_codes);
    bool silent = r->outcome == EVAC_OUTCOME_UNKNOWN || r->outcome == EVAC_OUTCOME_NOT_SENT;
    if (silent && look_elsewhere(c))
        return;
    if (r->outcome != EVAC_OUTCOME_ACCEPTED && !absent && !missing) {
        aws_answer_no_look(c, r);
        return;
    }
    if (!missing)
        read_item(c, &w->items[w->at], r);
    if (++w->at < w->count)
        look_on(c);
    else
        looked_at_all(c);
}

/* "us-east-1|us-east-2": the one at that place, "" beyond the last. */
static struct evac_str region_at(const char *regions, size_t place)
{
    struct evac_str rest = evac_str(regions ? regions : ""), region;
    do
        region = evac_str_cut(rest, '|', &rest);
    while (place-- > 0);
    return region;
}

static struct evac_aws_request look_request(struct aws_call *c)
{
    struct work *w = c->state;
    struct aws_hole holes[HOLES_MAX];
    size_t n = fill_holes(c, &w->items[w->at], EVAC_STR_NONE, holes);
    struct aws_ask ask = w->lever->look;
    if (ask.region)
        ask.region = evac_arena_str(c->arena, region_at(ask.region, w->place)).p;
    return aws_ask(c, &ask, false, holes, n);
}

static void look_on(struct aws_call *c)
{
    struct evac_aws_request request = look_request(c);
    aws_next(c, &request, on_look);
}

/* Whoever does not answer is not the only one, where the look names several regions. */
static bool look_elsewhere(struct aws_call *c)
{
    struct work *w = c->state;
    if (!w->lever->look.region || !region_at(w->lever->look.region, w->place + 1).n)
        return false;
    w->place++;
    look_on(c);
    return true;
}

static enum evac_code read_items(struct aws_call *c, struct work *w, struct evac_err *err)
{
    struct evac_str names[ITEMS_MAX] = { { 0 } };
    w->count = 1;
    if (!w->lever->each)
        return EVAC_OK;
    enum evac_code code =
        aws_list(c, aws_regional(c, w->lever->each), names, ITEMS_MAX, &w->count, err);
    if (code)
        return evac_err_prefix(err, "%s", w->lever->each);
    for (size_t i = 0; i < w->count; i++)
        w->items[i].name = names[i];
    if (w->count == 0 || names[0].n == 0)
        return evac_fail(err, EVAC_E_BADARG, "%s is empty for %.*s", w->lever->each,
                         EVAC_STR_ARG(c->region));
    return EVAC_OK;
}

static enum evac_code begin(struct aws_call *c, bool acting, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    *w = (struct work){ .lever = c->lever, .acting = acting };
    c->state = w;
    enum evac_code code = read_items(c, w, err);
    if (!code && w->lever->compare == AWS_COUNT)
        code = aws_wanted(c, &w->wanted, err);
    if (code)
        return code;
    c->goal_root = aws_goal(c);
    if (c->goal_root && w->lever->compare == AWS_COUNT) {
        w->wanted.count = as_number(evac_json_str(was_of(c, &w->items[0]), "value"));
        w->wanted.enough = w->wanted.count;
        w->wanted.exact = true;
    }
    struct evac_aws_request request = look_request(c);
    return aws_send(c, &request, on_look, err);
}

/* --- observe --------------------------------------------------------------------------------- */

static const char *describe(struct aws_call *c, struct item *item)
{
    const struct work *w = c->state;
    const struct aws_lever *l = w->lever;
    struct evac_str want = first_word(w, wanted_value(c, item));
    const char *gap = item->name.n && l->each ? " " : "";
    if (!item->found)
        return aws_printf(c, "there is no such thing: %s%s%.*s", l->what, gap,
                          EVAC_STR_ARG(l->each ? item->name : EVAC_STR_NONE))
            .p;
    if (item->flaw)
        return item->flaw;
    const char *thing =
        aws_printf(c, "%s%s%.*s", l->what, gap, EVAC_STR_ARG(l->each ? item->name : EVAC_STR_NONE))
            .p;
    const char *state =
        item->status.n ? aws_printf(c, " (%.*s)", EVAC_STR_ARG(item->status)).p : "";
    if (l->compare == AWS_COUNT)
        return aws_printf(c, "%s: %lld of %lld%s", thing, (long long)item->present,
                          (long long)w->wanted.count, state)
            .p;
    if (seen_of(c, item) == EVAC_SEEN_SATISFIED)
        return aws_printf(c, "%s: %.*s%s", thing, EVAC_STR_ARG(item->value), state).p;
    return aws_printf(c, "%s: %.*s%s; it should be %s%.*s", thing, EVAC_STR_ARG(item->value), state,
                      l->compare == AWS_AT_LEAST && !c->goal_root  ? "at least "
                      : l->compare == AWS_AT_MOST && !c->goal_root ? "at most "
                                                                   : "",
                      EVAC_STR_ARG(want))
        .p;
}

static void put_member(struct evac_buf *json, const char *name, struct evac_str value)
{
    evac_buf_puts(json, json->n && json->p[json->n - 1] != '{' ? "," : "");
    evac_buf_putf(json, "\"%s\":", name);
    evac_buf_json(json, value);
}

static void put_item(const struct work *w, const struct item *item, struct evac_buf *json)
{
    evac_buf_putc(json, '{');
    put_member(json, "value", item->value);
    for (size_t i = 0; w->lever->kept && w->lever->kept[i].name; i++)
        put_member(json, w->lever->kept[i].name, item->kept[i]);
    evac_buf_putc(json, '}');
}

static struct evac_str snapshot(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_buf json;
    evac_buf_init(&json, 65536);
    if (w->lever->each)
        evac_buf_puts(&json, "{\"each\":{");
    for (size_t i = 0; i < w->count; i++) {
        if (w->lever->each) {
            evac_buf_puts(&json, i ? "," : "");
            evac_buf_json(&json, w->items[i].name);
            evac_buf_putc(&json, ':');
        }
        put_item(w, &w->items[i], &json);
    }
    if (w->lever->each)
        evac_buf_puts(&json, "}}");
    struct evac_str text = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return text;
}

/* From the best to the worst: what is worst of the elements is what is said. */
static int badness(enum evac_seen seen)
{
    return seen == EVAC_SEEN_SATISFIED ? 0
           : seen == EVAC_SEEN_MOVING  ? 1
           : seen == EVAC_SEEN_BLOCKED ? 3
                                       : 2;
}

static int progress_of(struct aws_call *c, size_t done)
{
    const struct work *w = c->state;
    if (w->lever->compare == AWS_COUNT && w->count == 1) {
        int64_t percent = w->wanted.count > 0 ? w->items[0].present * 100 / w->wanted.count : 100;
        return (int)(percent < 0 ? 0 : percent < 100 ? percent : 100);
    }
    return w->count > 1 ? (int)(done * 100 / w->count) : -1;
}

static void answer(struct aws_call *c)
{
    struct work *w = c->state;
    struct item *worst = &w->items[0];
    size_t done = 0;
    bool all_found = true;
    for (size_t i = 0; i < w->count; i++) {
        enum evac_seen seen = seen_of(c, &w->items[i]);
        done += seen == EVAC_SEEN_SATISFIED;
        all_found &= w->items[i].found;
        if (badness(seen) > badness(seen_of(c, worst)))
            worst = &w->items[i];
    }
    struct evac_fact fact = { "value", w->lever->compare == AWS_COUNT ? worst->present
                                                                      : as_number(worst->value) };
    struct aws_sight sight = { .seen = seen_of(c, worst),
                               .strong = w->lever->strong,
                               .progress = progress_of(c, done),
                               .facts = &fact,
                               .fact_count = fact.value >= 0 };
    if (all_found)
        sight.snapshot = snapshot(c);
    const char *words = describe(c, worst);
    aws_answer_seen(c, &sight, "%s", words);
}

enum evac_code aws_lever_observe(struct aws_call *c, struct evac_err *err)
{
    return begin(c, false, err);
}

/* --- apply ----------------------------------------------------------------------------------- */

static void act_on(struct aws_call *c);

/* All is so, or some of it is now: what became of the rest will be seen. */
static void answer_done(struct aws_call *c, struct evac_str why)
{
    struct evac_reply reply = { .outcome = EVAC_OUTCOME_ACCEPTED, .progress = -1, .reason = why };
    aws_answer(c, &reply);
}

static void on_act(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    w->changed |= r->outcome == EVAC_OUTCOME_ACCEPTED;
    if (r->outcome == EVAC_OUTCOME_ACCEPTED && w->at + 1 < w->count) {
        w->at++;
        act_on(c);
    } else if (w->changed && r->outcome != EVAC_OUTCOME_UNKNOWN) {
        answer_done(c, r->message); /* a refusal would say that nothing was changed */
    } else {
        aws_answer_outcome(c, r);
    }
}

static const struct aws_ask *act_for(const struct aws_lever *l, struct evac_str value)
{
    if (l->act_absent && evac_str_is(value, l->absent))
        return l->act_absent;
    return l->act_other && evac_str_is(value, l->other) ? l->act_other : &l->act;
}

static void act_on(struct aws_call *c)
{
    struct work *w = c->state;
    struct aws_hole holes[HOLES_MAX];
    while (w->at < w->count && is_wanted(c, &w->items[w->at], wanted_value(c, &w->items[w->at])))
        w->at++;
    if (w->at == w->count || (w->changed && c->cancelled)) {
        answer_done(c, EVAC_STR_NONE);
        return;
    }
    struct item *item = &w->items[w->at];
    struct evac_str value = first_word(w, wanted_value(c, item));
    size_t n = fill_holes(c, item, value, holes);
    struct evac_aws_request request = aws_ask(c, act_for(w->lever, value), true, holes, n);
    aws_next(c, &request, on_act);
}

static void looked_at_all(struct aws_call *c)
{
    struct work *w = c->state;
    w->at = 0;
    if (!w->acting) {
        answer(c);
        return;
    }
    for (size_t i = 0; i < w->count; i++)
        if (!w->items[i].found) {
            const char *words = describe(c, &w->items[i]);
            aws_answer_rejected(c, "", "%s", words);
            return;
        }
    act_on(c);
}

enum evac_code aws_lever_apply(struct aws_call *c, struct evac_err *err)
{
    return begin(c, true, err);
}

/* --- what is not a state --------------------------------------------------------------------- */

static void on_shot(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct aws_shot *shot = c->shot;
    struct evac_str said, why = EVAC_STR_NONE;
    if (r->outcome == EVAC_OUTCOME_ACCEPTED && shot->fails_at &&
        aws_pick(c, r, evac_str(shot->fails_at), &said) && !evac_str_is(said, shot->fails_unless)) {
        (void)aws_pick(c, r, evac_str(shot->why_at), &why);
        aws_answer_rejected(c, "", "%.*s", EVAC_STR_ARG(why.n ? why : said));
        return;
    }
    if (r->outcome == EVAC_OUTCOME_ACCEPTED && shot->fails_header && r->http &&
        evac_http_header(r->http, shot->fails_header).n) {
        struct evac_reply reply = { .outcome = EVAC_OUTCOME_UNKNOWN,
                                    .progress = -1,
                                    .reason = aws_printf(
                                        c, "it failed: %.*s",
                                        (int)(r->http->body.n < 300 ? r->http->body.n : 300),
                                        r->http->body.p) };
        aws_answer(c, &reply);
        return;
    }
    aws_answer_outcome(c, r);
}

enum evac_code aws_shot_apply(struct aws_call *c, struct evac_err *err)
{
    return aws_ask_first(c, &c->shot->act, true, on_shot, err);
}
