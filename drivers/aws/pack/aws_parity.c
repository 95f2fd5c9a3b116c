#include "aws_parity.h"
#include "aws_foreign.h"
#include "aws_pick.h"

#include <string.h>

#define ITEMS_MAX  64u
#define VALUES_MAX 512u
#define LIST_MAX   128u
#define KEPT_MAX   12u

enum { SIDES = 2 }; /* from, to */

struct thing { /* an item's row; looked at in one region at least */
    const struct aws_parity_row *row;
    struct evac_str item;
    bool asked, spared, found[SIDES];
};

/* A value of a thing: all that its path led to. */
struct compared {
    size_t thing;
    const struct aws_compared *of;
    struct evac_str *all[SIDES];
    size_t count[SIDES];
};

struct work {
    const struct aws_parity *parity;
    struct evac_str region[SIDES], code[SIDES]; /* "us-west-2", "usw2" */
    struct evac_str items[SIDES][ITEMS_MAX];
    size_t item_count[SIDES];
    struct thing things[ITEMS_MAX * AWS_PARITY_ROWS_MAX]; /* at item * ROWS_MAX + row */
    struct compared values[VALUES_MAX];
    size_t value_count;
    size_t side, item, row; /* what is asked now */
    struct aws_hole kept[KEPT_MAX + 1];
    size_t kept_count;
};

/* --- what counts of a value ------------------------------------------------------------------ */

/* "usw2" of "us-west-2", "apne1" of "ap-northeast-1": how people shorten a region in a name. */
static struct evac_str short_code(struct aws_call *c, struct evac_str region)
{
    static const char *const points[][2] = { { "northeast", "ne" }, { "northwest", "nw" },
                                             { "southeast", "se" }, { "southwest", "sw" },
                                             { "north", "n" },      { "south", "s" },
                                             { "east", "e" },       { "west", "w" },
                                             { "central", "c" } };
    struct evac_buf out;
    evac_buf_init(&out, 128);
    for (struct evac_str rest = region; rest.n;) {
        struct evac_str part = evac_str_cut(rest, '-', &rest);
        for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
            if (evac_str_is(part, points[i][0]))
                part = evac_str(points[i][1]);
        evac_buf_put_str(&out, part);
    }
    struct evac_str code = evac_arena_str(c->arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return code;
}

/* An ARN's resource, an ECR image without its registry: both say their region elsewhere. */
static struct evac_str essence(struct evac_str value)
{
    struct evac_str rest = value;
    if (evac_str_starts(value, "arn:")) {
        for (int i = 0; i < 5; i++)
            (void)evac_str_cut(rest, ':', &rest);
        return rest.n ? rest : value;
    }
    if (evac_str_has(evac_str_cut(value, '/', &rest), ".dkr.ecr.") && rest.n)
        return rest;
    return value;
}

/* Of a name of the side's own region at that place, its length; 0 none. */
static size_t region_at(const struct work *w, size_t side, struct evac_str text, size_t at)
{
    const struct evac_str names[] = { w->region[side], w->code[side] };
    for (size_t i = 0; i < 2; i++)
        if (aws_names_region_at(text, at, names[i]))
            return names[i].n;
    return 0;
}

static struct evac_str normal(struct aws_call *c, size_t side, struct evac_str value)
{
    const struct work *w = c->state;
    struct evac_buf out;
    value = essence(value);
    evac_buf_init(&out, 65536);
    for (size_t i = 0; i < value.n;) {
        size_t n = region_at(w, side, value, i);
        if (n)
            evac_buf_puts(&out, "{region}");
        else
            evac_buf_putc(&out, value.p[i]);
        i += n ? n : 1;
    }
    struct evac_str text = evac_arena_str(c->arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return text;
}

/* --- what differs ---------------------------------------------------------------------------- */

struct difference {
    struct evac_buf text;
    size_t count;
};

/* "the service orders": of one thing among several, which. */
static const char *name_of(struct aws_call *c, const struct thing *t, const char *what)
{
    return t->item.n ? aws_printf(c, "%.*s: %s", EVAC_STR_ARG(t->item), what).p : what;
}

static void begin_difference(struct difference *d, const char *what)
{
    evac_buf_putf(&d->text, "%s%s: ", d->count++ ? "; " : "", what);
}

/* False: a side lacks it. */
static bool compare_thing(struct aws_call *c, const struct thing *t, struct difference *d)
{
    const struct work *w = c->state;
    if (!t->asked || t->spared || (t->found[0] && t->found[1]))
        return true;
    begin_difference(d, name_of(c, t, t->row->what));
    if (!t->found[0] && !t->found[1])
        evac_buf_putf(&d->text, "none in %.*s, and none in %.*s", EVAC_STR_ARG(w->region[0]),
                      EVAC_STR_ARG(w->region[1]));
    else
        evac_buf_putf(&d->text, "none in %.*s", EVAC_STR_ARG(w->region[t->found[0] ? 1 : 0]));
    return false;
}

/* What hangs on a thing that is not there is not worth a word of its own. */
static void compare_item(struct aws_call *c, const struct thing *rows, struct difference *d)
{
    size_t row = 0;
    while (row < AWS_PARITY_ROWS_MAX && compare_thing(c, &rows[row], d))
        row++;
}

/* The other side has that value: as it is, or in its own region's words. */
static bool other_has(struct aws_call *c, const struct compared *v, size_t side,
                      struct evac_str value)
{
    size_t other = 1 - side;
    for (size_t i = 0; i < v->count[other]; i++)
        if (evac_str_eq(essence(v->all[other][i]), essence(value)) ||
            evac_str_eq(normal(c, other, v->all[other][i]), normal(c, side, value)))
            return true;
    return false;
}

/* What one side has and the other lacks, with commas; how many. */
static size_t only_in(struct aws_call *c, const struct compared *v, size_t side,
                      struct evac_str *ret_text)
{
    struct evac_buf text;
    size_t n = 0;
    evac_buf_init(&text, 65536);
    for (size_t i = 0; i < v->count[side]; i++) {
        if (other_has(c, v, side, v->all[side][i]))
            continue;
        evac_buf_puts(&text, n++ ? ", " : "");
        evac_buf_put_str(&text, essence(v->all[side][i]));
    }
    *ret_text = evac_arena_str(c->arena, evac_buf_str(&text));
    evac_buf_done(&text);
    return n;
}

static void compare_value(struct aws_call *c, const struct compared *v, struct difference *d)
{
    const struct work *w = c->state;
    const struct thing *t = &w->things[v->thing];
    struct evac_str only[SIDES];
    size_t n[SIDES];
    for (size_t side = 0; side < SIDES; side++)
        n[side] = only_in(c, v, side, &only[side]);
    if ((n[0] == 0 && n[1] == 0) || aws_lists(c, "parity_ignore", evac_str(v->of->what)))
        return;
    bool list = strstr(v->of->at, "[*]") || strstr(v->of->at, "[@]");
    bool one = v->count[0] <= 1 && v->count[1] <= 1 && (!list || (n[0] && n[1]));
    bool first = d->count == 0;
    begin_difference(d, name_of(c, t, v->of->what));
    for (size_t side = 0; side < SIDES; side++)
        if (one && only[side].n == 0)
            only[side] = EVAC_STR("none");
    if (one && !first)
        evac_buf_putf(&d->text, "%.*s, %.*s", EVAC_STR_ARG(only[0]), EVAC_STR_ARG(only[1]));
    else if (one || (n[0] && n[1]))
        evac_buf_putf(&d->text, "%.*s in %.*s, %.*s in %.*s", EVAC_STR_ARG(only[0]),
                      EVAC_STR_ARG(w->region[0]), EVAC_STR_ARG(only[1]),
                      EVAC_STR_ARG(w->region[1]));
    else
        evac_buf_putf(&d->text, "%.*s only in %.*s", EVAC_STR_ARG(only[n[0] ? 0 : 1]),
                      EVAC_STR_ARG(w->region[n[0] ? 0 : 1]));
}

/* --- answering ------------------------------------------------------------------------------- */

static void put_value(struct evac_buf *json, const struct compared *v, size_t side)
{
    for (size_t i = 0; i < v->count[side]; i++) {
        evac_buf_puts(json, i ? "," : "");
        evac_buf_json(json, v->all[side][i]);
    }
}

/* {"us-east-1":{"image":["web:41"]},"us-west-2":{...}} */
static struct evac_str snapshot(struct aws_call *c)
{
    const struct work *w = c->state;
    struct evac_buf json;
    evac_buf_init(&json, 262144);
    for (size_t side = 0; side < SIDES; side++) {
        evac_buf_puts(&json, side ? "}," : "{");
        evac_buf_json(&json, w->region[side]);
        evac_buf_puts(&json, ":{");
        for (size_t i = 0; i < w->value_count; i++) {
            const struct compared *v = &w->values[i];
            evac_buf_puts(&json, i ? "," : "");
            evac_buf_json(&json, evac_str(name_of(c, &w->things[v->thing], v->of->what)));
            evac_buf_puts(&json, ":[");
            put_value(&json, v, side);
            evac_buf_putc(&json, ']');
        }
    }
    evac_buf_puts(&json, "}}");
    struct evac_str text = evac_arena_str(c->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return text;
}

static void answer(struct aws_call *c)
{
    const struct work *w = c->state;
    struct difference d = { .count = 0 };
    evac_buf_init(&d.text, 65536);
    for (size_t i = 0; i < ITEMS_MAX; i++)
        compare_item(c, &w->things[i * AWS_PARITY_ROWS_MAX], &d);
    for (size_t i = 0; i < w->value_count; i++)
        if (w->things[w->values[i].thing].found[0] && w->things[w->values[i].thing].found[1])
            compare_value(c, &w->values[i], &d);
    struct evac_str words = evac_arena_str(c->arena, evac_buf_str(&d.text));
    evac_buf_done(&d.text);
    struct evac_fact facts[] = { { "compared", (int64_t)w->value_count },
                                 { "differences", (int64_t)d.count } };
    struct aws_sight sight = { .seen = d.count ? EVAC_SEEN_BLOCKED : EVAC_SEEN_SATISFIED,
                               .progress = -1,
                               .snapshot = snapshot(c),
                               .facts = facts,
                               .fact_count = 2 };
    if (d.count)
        aws_answer_seen(c, &sight, "%.*s", EVAC_STR_ARG(words));
    else
        aws_answer_seen(c, &sight, "the same in %.*s and %.*s: %zu values",
                        EVAC_STR_ARG(w->region[0]), EVAC_STR_ARG(w->region[1]), w->value_count);
}

/* --- asking both ----------------------------------------------------------------------------- */

static void go_on(struct aws_call *c);

static bool among(struct evac_str value, const char *list)
{
    struct evac_str rest = evac_str(list ? list : "");
    while (rest.n)
        if (evac_str_eq(evac_str_cut(rest, '|', &rest), value))
            return value.n > 0;
    return false;
}

static struct compared *value_of(struct work *w, size_t thing, const struct aws_compared *of)
{
    for (size_t i = 0; i < w->value_count; i++)
        if (w->values[i].thing == thing && w->values[i].of == of)
            return &w->values[i];
    if (w->value_count == VALUES_MAX)
        return NULL;
    w->values[w->value_count] = (struct compared){ .thing = thing, .of = of };
    return &w->values[w->value_count++];
}

static void read_value(struct aws_call *c, const struct evac_aws_reply *r, size_t thing,
                       const struct aws_compared *of)
{
    struct work *w = c->state;
    struct compared *v = value_of(w, thing, of);
    struct evac_str path = aws_fill(c, of->at, AWS_PLAIN, w->kept, w->kept_count);
    if (!v)
        return;
    v->all[w->side] = evac_arena_array(c->arena, LIST_MAX, sizeof **v->all);
    v->count[w->side] = aws_pick_all(c, r, path, v->all[w->side], LIST_MAX);
    for (size_t i = 0; i < v->count[w->side]; i++)
        v->all[w->side][i] = evac_arena_str(c->arena, v->all[w->side][i]);
}

static void keep(struct aws_call *c, const struct evac_aws_reply *r,
                 const struct aws_parity_row *row)
{
    struct work *w = c->state;
    for (const struct aws_kept *k = row->kept; k && k->name && w->kept_count < KEPT_MAX; k++) {
        struct evac_str value, path = aws_fill(c, k->at, AWS_PLAIN, w->kept, w->kept_count);
        if (aws_pick(c, r, path, &value))
            w->kept[w->kept_count++] =
                (struct aws_hole){ k->name, evac_arena_str(c->arena, value) };
    }
}

static void read_row(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    const struct aws_parity_row *row = &w->parity->rows[w->row];
    size_t at = w->item * AWS_PARITY_ROWS_MAX + w->row;
    struct evac_str there;
    struct thing *t = &w->things[at];
    if (!t->asked) {
        t->row = row;
        t->item = w->items[w->side][w->item];
        t->asked = true;
    }
    t->found[w->side] =
        r->outcome == EVAC_OUTCOME_ACCEPTED &&
        (!row->there_at ||
         aws_pick(c, r, aws_fill(c, row->there_at, AWS_PLAIN, w->kept, w->kept_count), &there));
    if (!t->found[w->side])
        return;
    keep(c, r, row);
    for (const struct aws_compared *of = row->compared; of && of->what; of++)
        read_value(c, r, at, of);
}

static void could_not_look(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct work *w = c->state;
    struct aws_sight sight = { .seen = EVAC_SEEN_UNSEEN, .progress = -1, .code = r->code };
    aws_answer_seen(c, &sight, "%.*s: %.*s%s%.*s", EVAC_STR_ARG(w->region[w->side]),
                    EVAC_STR_ARG(r->code), r->code.n && r->message.n ? ": " : "",
                    EVAC_STR_ARG(r->message));
}

static void on_row(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct work *w = c->state;
    bool missing = r->outcome == EVAC_OUTCOME_REJECTED &&
                   among(r->code, w->parity->rows[w->row].missing_codes);
    if (r->outcome != EVAC_OUTCOME_ACCEPTED && !missing) {
        could_not_look(c, r);
        return;
    }
    read_row(c, r);
    w->row = missing ? AWS_PARITY_ROWS_MAX : w->row + 1;
    go_on(c);
}

/* What was kept, else the call's argument. */
static struct evac_str known(struct aws_call *c, struct evac_str name)
{
    const struct work *w = c->state;
    for (size_t i = 0; i < w->kept_count; i++)
        if (evac_str_is(name, w->kept[i].name))
            return w->kept[i].value;
    return aws_regional(c, evac_arena_str(c->arena, name).p);
}

/* "image", "headless=true", "template=lt-*" */
static bool is_so(struct aws_call *c, const char *condition)
{
    struct evac_str is, name = evac_str_cut(evac_str(condition), '=', &is);
    struct evac_str value = known(c, name);
    if (is.n && is.p[is.n - 1] == '*')
        return value.n >= is.n - 1 && memcmp(value.p, is.p, is.n - 1) == 0;
    return is.n ? evac_str_eq(value, is) : value.n > 0;
}

/* What one region is spared is not missing there. */
static bool is_passed_over(struct aws_call *c)
{
    struct work *w = c->state;
    const struct aws_parity_row *row = &w->parity->rows[w->row];
    bool spared = row->unless && is_so(c, row->unless);
    w->things[w->item * AWS_PARITY_ROWS_MAX + w->row].spared |= spared;
    return spared || (row->needs && !is_so(c, row->needs));
}

static void begin_item(struct aws_call *c)
{
    struct work *w = c->state;
    w->row = 0;
    w->kept[0] = (struct aws_hole){ "item", w->items[w->side][w->item] };
    w->kept_count = 1;
}

static void begin_side(struct aws_call *c, size_t side)
{
    struct work *w = c->state;
    w->side = side;
    w->item = 0;
    c->region = w->region[side];
    aws_set_arg(c, "region", c->region);
    begin_item(c);
}

/* The next row that is to be asked. False: there is none. */
static bool find_next(struct aws_call *c)
{
    struct work *w = c->state;
    for (;;) {
        while (w->row < AWS_PARITY_ROWS_MAX && w->parity->rows[w->row].what) {
            if (!is_passed_over(c))
                return true;
            w->row++;
        }
        if (++w->item < w->item_count[w->side])
            begin_item(c);
        else if (w->side + 1 < SIDES)
            begin_side(c, w->side + 1);
        else
            return false;
    }
}

static struct evac_aws_request request(struct aws_call *c)
{
    const struct work *w = c->state;
    return aws_ask(c, &w->parity->rows[w->row].ask, false, w->kept, w->kept_count);
}

static void go_on(struct aws_call *c)
{
    if (!find_next(c)) {
        answer(c);
        return;
    }
    struct evac_aws_request next = request(c);
    aws_next(c, &next, on_row);
}

static enum evac_code read_items(struct aws_call *c, size_t side, struct evac_err *err)
{
    struct work *w = c->state;
    const char *each = w->parity->each;
    w->item_count[side] = 1;
    if (!each)
        return EVAC_OK;
    enum evac_code code = aws_list(c, evac_args_regional(&c->args, each, w->region[side]),
                                   w->items[side], ITEMS_MAX, &w->item_count[side], err);
    if (code)
        return evac_err_prefix(err, "%s", each);
    return w->item_count[side] ? EVAC_OK
                               : evac_fail(err, EVAC_E_BADARG, "%s is empty for %.*s", each,
                                           EVAC_STR_ARG(w->region[side]));
}

static void nothing_to_compare(struct aws_call *c)
{
    struct aws_sight sight = { .seen = EVAC_SEEN_SATISFIED,
                               .progress = -1,
                               .snapshot = EVAC_STR("{}") };
    aws_answer_seen(c, &sight, "there is nothing to compare");
}

enum evac_code aws_parity_observe(struct aws_call *c, struct evac_err *err)
{
    struct work *w = evac_arena_alloc(c->arena, sizeof *w);
    enum evac_code code = EVAC_OK;
    w->parity = c->parity;
    w->region[0] = c->from;
    w->region[1] = c->to;
    c->state = w;
    for (size_t side = 0; side < SIDES && !code; side++) {
        w->code[side] = short_code(c, w->region[side]);
        code = read_items(c, side, err);
    }
    if (code)
        return code;
    begin_side(c, 0);
    if (!find_next(c))
        return aws_answer_later(c, nothing_to_compare, err);
    struct evac_aws_request first = request(c);
    return aws_send(c, &first, on_row, err);
}

/* --- launch templates ------------------------------------------------------------------------- */

#define VERSION "launchTemplateVersionSet/item/launchTemplateData"
const struct aws_kept aws_parity_template_kept[] = { { "ami", VERSION "/imageId" }, { 0 } };
const struct aws_compared aws_parity_of_template[] = { { "instance type", VERSION "/instanceType" },
                                                       { 0 } };
/* Ids differ from region to region; a copy keeps the name. */
const struct aws_compared aws_parity_of_image[] = {
    { "image", "imagesSet/item/name" }, { "architecture", "imagesSet/item/architecture" }, { 0 }
};
