/* The file's text. What a person must say or look at is a comment that begins with ASK. */
#include "draft.h"

#include <cjson/cJSON.h>
#include <string.h>

#define TEXT_MAX 1048576u
#define COLUMNS  118u
#define ASKS_MAX 4096u

struct writer {
    struct evac_draft *draft;
    struct evac_buf out;
};

/* --- small things ---------------------------------------------------------------------------- */

static void put_quoted(struct evac_buf *out, struct evac_str text)
{
    evac_buf_putc(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '"' || c == '\\')
            evac_buf_putf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            evac_buf_putf(out, "\\x%02x", c);
        else
            evac_buf_putc(out, (char)c);
    }
    evac_buf_putc(out, '"');
}

/* A comment of one sentence or more, broken at words. Whatever it quotes stays inside of it. */
static void put_comment(struct evac_buf *out, const char *indent, struct evac_str text)
{
    size_t column = 0;
    while (text.n) {
        struct evac_str word = evac_str_cut(text, ' ', &text);
        if (column == 0 || column + word.n + 1 > COLUMNS) {
            evac_buf_putf(out, "%s%s//", column ? "\n" : "", indent);
            column = strlen(indent) + 2;
        }
        evac_buf_putc(out, ' ');
        for (size_t i = 0; i < word.n; i++)
            evac_buf_putc(out, (unsigned char)word.p[i] < 0x20 ? ' ' : word.p[i]);
        column += word.n + 1;
    }
    evac_buf_putc(out, '\n');
}

struct evac_str evac_draft_line(struct evac_arena *arena, struct evac_str text)
{
    char *line = evac_arena_alloc(arena, text.n + 1);
    for (size_t i = 0; i < text.n; i++)
        line[i] = (unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f ? ' ' : text.p[i];
    return (struct evac_str){ line, text.n };
}

static void ask(struct writer *w, const char *indent, struct evac_str text)
{
    struct evac_draft *d = w->draft;
    struct evac_str line = evac_draft_line(d->arena, text);
    put_comment(&w->out, indent, evac_arena_printf(d->arena, "ASK %.*s", EVAC_STR_ARG(line)));
    if (d->ask_count < ASKS_MAX)
        d->asks[d->ask_count++] = line;
}

static int lines_in(const struct evac_buf *out)
{
    int n = 1;
    for (size_t i = 0; i < out->n; i++)
        n += out->p[i] == '\n';
    return n;
}

/* --- resources ------------------------------------------------------------------------------- */

static bool put_list(struct evac_buf *out, struct evac_str value)
{
    cJSON *list = cJSON_ParseWithLength(value.p, value.n);
    const cJSON *e;
    if (!cJSON_IsArray(list)) {
        cJSON_Delete(list);
        return false;
    }
    evac_buf_puts(out, "(");
    cJSON_ArrayForEach(e, list)
    {
        evac_buf_puts(out, e == list->child ? " " : ", ");
        put_quoted(out, evac_str(cJSON_GetStringValue(e)));
    }
    evac_buf_puts(out, " )");
    cJSON_Delete(list);
    return true;
}

static void put_value(struct evac_buf *out, const struct evac_param *p, struct evac_str value)
{
    int64_t number;
    if (p && p->type == EVAC_PARAM_LIST && put_list(out, value))
        return;
    if ((p && p->type == EVAC_PARAM_INT && evac_str_i64(value, &number)) ||
        (p && p->type == EVAC_PARAM_BOOL))
        evac_buf_put_str(out, value);
    else
        put_quoted(out, value);
}

/* A resource's text, broken between settings. off: what makes it a comment, or "". */
struct lines {
    struct evac_buf *out;
    const char *off;
    size_t column;
};

static void put_piece(struct lines *l, struct evac_buf *piece)
{
    if (l->column + piece->n + 4 > COLUMNS) { /* 4: the end may follow */
        evac_buf_putf(l->out, "\n    %s  ", l->off);
        l->column = strlen(l->off) + 5;
    }
    evac_buf_putf(l->out, "%s%.*s", l->column > strlen(l->off) + 5 ? " " : "",
                  EVAC_STR_ARG(evac_buf_str(piece)));
    l->column += piece->n + 1;
    evac_buf_reset(piece);
}

/* Settings are sorted: those of one group stand together. */
static void put_settings(const struct writer *w, struct lines *l, const struct evac_found *f)
{
    struct evac_str open = EVAC_STR_NONE;
    struct evac_buf piece;
    evac_buf_init(&piece, TEXT_MAX);
    for (size_t i = 0; i < f->setting_count; i++) {
        struct evac_str name = f->settings[i].name, key, head = evac_str_cut(name, '.', &key);
        if (open.n && !evac_str_eq(open, key.n ? head : EVAC_STR_NONE)) {
            evac_buf_puts(&piece, " };");
            open = EVAC_STR_NONE;
        }
        if (!open.n && piece.n)
            put_piece(l, &piece);
        if (key.n && !open.n)
            evac_buf_putf(&piece, "%.*s = {", EVAC_STR_ARG(head));
        open = key.n ? head : open;
        evac_buf_putf(&piece, "%s%.*s = ", key.n ? " " : "", EVAC_STR_ARG(key.n ? key : name));
        put_value(&piece, draft_param(w->draft, f->type, name), f->settings[i].value);
        evac_buf_putc(&piece, ';');
    }
    evac_buf_puts(&piece, open.n ? " };" : "");
    if (piece.n)
        put_piece(l, &piece);
    evac_buf_done(&piece);
}

/* -1: it is not known of any. */
static int64_t most_in_standbys(const struct evac_draft *d, const struct evac_found *f)
{
    int64_t most = -1;
    for (size_t r = 1; r < d->region_count; r++)
        if (draft_runs(f, d->regions[r]) > most)
            most = draft_runs(f, d->regions[r]);
    return most;
}

static int64_t sum_of(const struct evac_found *f)
{
    int64_t sum = 0;
    for (size_t i = 0; i < f->side_count; i++)
        sum += f->sides[i].runs;
    return sum;
}

/* What was not seen is left out: it is not zero. */
static void put_number(struct evac_buf *out, const char *name, int64_t number)
{
    if (number >= 0)
        evac_buf_putf(out, " %s = %lld;", name, (long long)number);
}

static void put_count(const struct writer *w, struct lines *l, const struct evac_found *f)
{
    const struct evac_draft *d = w->draft;
    int64_t active = draft_runs(f, d->active), standby = most_in_standbys(d, f);
    bool shared = evac_str_is(d->strategy, "active-active");
    struct evac_buf piece;
    if (!draft_is_counted(d, f))
        return;
    evac_buf_init(&piece, TEXT_MAX);
    evac_buf_puts(&piece, "count = {");
    put_number(&piece, shared ? "shared" : "active", shared && standby > active ? standby : active);
    put_number(&piece, shared ? "alone" : "standby", shared ? sum_of(f) : standby);
    evac_buf_puts(&piece, " };");
    put_piece(l, &piece);
    evac_buf_done(&piece);
}

static void put_item(struct writer *w, struct evac_draft_item *item)
{
    const struct evac_found *f = item->found;
    struct evac_arena *arena = w->draft->arena;
    struct lines l = { &w->out, draft_item_is_whole(item) ? "" : "// ", 0 };
    for (size_t i = 0; i < f->doubt_count; i++)
        ask(w, "    ",
            evac_arena_printf(arena, "%.*s: %.*s", EVAC_STR_ARG(item->name),
                              EVAC_STR_ARG(f->doubts[i])));
    if (item->problem.n)
        ask(w, "    ",
            evac_arena_printf(arena, "%.*s: left out, because: %.*s", EVAC_STR_ARG(item->name),
                              EVAC_STR_ARG(item->problem)));
    item->first_line = lines_in(&w->out);
    size_t begin = w->out.n;
    evac_buf_putf(&w->out, "    %s%.*s = { type = ", l.off, EVAC_STR_ARG(item->name));
    put_quoted(&w->out, f->type);
    evac_buf_puts(&w->out, ";");
    l.column = w->out.n - begin;
    put_settings(w, &l, f);
    put_count(w, &l, f);
    evac_buf_puts(&w->out, " };");
    item->last_line = lines_in(&w->out);
    evac_buf_putc(&w->out, '\n');
}

static void put_resources(struct writer *w)
{
    struct evac_draft *d = w->draft;
    evac_buf_puts(&w->out, "\n  resources = {\n");
    for (size_t i = 0; i < d->item_count; i++)
        put_item(w, &d->items[i]);
    if (d->person) {
        ask(w, "    ",
            EVAC_STR(
                "person: nothing was found that stops the old side from writing, so a move waits "
                "for a person's word."));
        evac_buf_puts(&w->out, "    person = { type = \"manual\"; question = \"The old side has "
                               "stopped writing\"; };\n");
    }
    for (size_t i = 0; i < d->request->findings->doubt_count; i++)
        ask(w, "    ", d->request->findings->doubts[i]);
    evac_buf_puts(&w->out, "  };\n");
}

/* --- the rest -------------------------------------------------------------------------------- */

static void put_head(struct writer *w)
{
    const struct evac_draft *d = w->draft;
    const struct evac_query *q = d->request->query;
    struct evac_str regions = EVAC_STR_NONE;
    for (size_t i = 0; i < q->region_count; i++)
        regions = evac_arena_printf(d->arena, "%.*s%s%.*s", EVAC_STR_ARG(regions), i ? ", " : "",
                                    EVAC_STR_ARG(q->regions[i]));
    put_comment(&w->out, "",
                evac_arena_printf(
                    d->arena,
                    "What carries %.*s = %.*s in %.*s, as evac discover found it. What it could "
                    "not tell begins with ASK: go through these lines, then take them out.",
                    EVAC_STR_ARG(q->tag), EVAC_STR_ARG(q->value), EVAC_STR_ARG(regions)));
    for (size_t i = 0; i < d->request->findings->silent_count; i++)
        ask(w, "",
            evac_arena_printf(d->arena, "not answered: %.*s",
                              EVAC_STR_ARG(d->request->findings->silent[i])));
}

static void put_regions(struct writer *w)
{
    const struct evac_draft *d = w->draft;
    struct evac_str line =
        evac_arena_printf(d->arena, "%.*s is taken to be the active region: %.*s.",
                          EVAC_STR_ARG(d->active), EVAC_STR_ARG(d->active_why));
    if (d->active_known)
        put_comment(&w->out, "  ", line);
    else
        ask(w, "  ", evac_arena_printf(d->arena, "regions: %.*s", EVAC_STR_ARG(line)));
    evac_buf_puts(&w->out, "  regions = (");
    for (size_t i = 0; i < d->region_count; i++) {
        evac_buf_puts(&w->out, i ? ", " : " ");
        put_quoted(&w->out, d->regions[i]);
    }
    evac_buf_puts(&w->out, " );\n");
    if (!d->witness.n)
        return;
    evac_buf_puts(&w->out, "  witness = ");
    put_quoted(&w->out, d->witness);
    evac_buf_puts(&w->out, ";\n");
}

static void put_strategy(struct writer *w)
{
    const struct evac_draft *d = w->draft;
    if (!d->request->strategy.n)
        ask(w, "  ",
            evac_arena_printf(d->arena, "strategy: %.*s is a guess: %.*s%s.",
                              EVAC_STR_ARG(d->strategy), EVAC_STR_ARG(d->strategy_why),
                              d->request->findings->silent_count ? ", as far as it was answered"
                                                                 : ""));
    evac_buf_puts(&w->out, "  strategy = ");
    put_quoted(&w->out, d->strategy);
    evac_buf_puts(&w->out, ";\n");
}

/* Names that are never anybody's (RFC 2606) stand where none was found. */
static void put_endpoint(struct writer *w)
{
    const struct evac_draft *d = w->draft;
    const struct evac_findings *found = d->request->findings;
    struct evac_str app = d->request->query->app, public = found->public_name;
    struct evac_str regional = found->regional_name;
    if (!public.n)
    public = evac_arena_printf(d->arena, "%.*s.invalid", EVAC_STR_ARG(app));
    if (!regional.n)
        regional = evac_arena_printf(d->arena, "{region}.%.*s.invalid", EVAC_STR_ARG(app));
    ask(w, "  ",
        found->public_name.n
            ? EVAC_STR(
                  "endpoint: only its name was found. Scheme, port and path are guesses; what a "
                  "good answer holds (expect) and how it names its region (served_by) are yours "
                  "to say.")
            : EVAC_STR("endpoint: the address at which users reach the app was not found."));
    if (!found->regional_name.n)
        ask(w, "  ",
            EVAC_STR("endpoint: each region's own address (regional) was not found: a move looks "
                     "there before it sends users."));
    evac_buf_puts(&w->out, "  endpoint = {\n    url = ");
    put_quoted(&w->out, evac_arena_printf(d->arena, "https://%.*s/", EVAC_STR_ARG(public)));
    evac_buf_puts(&w->out, ";\n    regional = ");
    put_quoted(&w->out, evac_arena_printf(d->arena, "https://%.*s/", EVAC_STR_ARG(regional)));
    evac_buf_puts(&w->out, ";\n  };\n");
}

static void put_promises(struct writer *w)
{
    ask(w, "  ",
        EVAC_STR(
            "objectives: what is promised is yours to say. With rpo = \"0\" every loss of data "
            "waits for a person's word."));
    evac_buf_puts(&w->out, "  objectives = { rto = \"1h\"; rpo = \"0\"; };\n\n");
}

static void put_end(struct writer *w)
{
    evac_buf_puts(&w->out, "\n");
    ask(w, "  ",
        EVAC_STR("probes: which checks may say that a region is down is yours to say; without one, "
                 "only a person moves the app."));
    evac_buf_puts(&w->out, "  // probes = ( { name = \"web\"; http = "
                           "\"https://{region}.example.com/health\"; expect = \"ok\"; } );\n\n"
                           "  policy = { automatic = \"never\"; };  // until all of this was "
                           "looked at, and rehearsed\n};\n");
}

void draft_write(struct evac_draft *d)
{
    struct writer w = { .draft = d };
    d->asks = evac_arena_array(d->arena, ASKS_MAX, sizeof *d->asks);
    d->ask_count = 0;
    evac_buf_init(&w.out, TEXT_MAX);
    put_head(&w);
    evac_buf_puts(&w.out, "app = {\n  name = ");
    put_quoted(&w.out, d->request->query->app);
    evac_buf_puts(&w.out, ";\n");
    put_strategy(&w);
    put_regions(&w);
    put_promises(&w);
    put_endpoint(&w);
    put_resources(&w);
    put_end(&w);
    d->text = evac_arena_str(d->arena, evac_buf_str(&w.out));
    evac_buf_done(&w.out);
}
