#include "draft.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 64u
#define ROUNDS_MAX     16

/* --- what drivers say ------------------------------------------------------------------------ */

const struct evac_param *draft_param(const struct evac_draft *d, struct evac_str type,
                                     struct evac_str setting)
{
    const struct evac_driver *driver = evac_catalog_driver(d->request->catalog, type);
    struct evac_str rest, head = evac_str_cut(setting, '.', &rest);
    for (const struct evac_param *p = driver ? driver->params : NULL; p && p->name; p++)
        if (evac_str_is(head, p->name))
            return p;
    return NULL;
}

static bool fences(const struct evac_draft *d, struct evac_str type)
{
    const struct evac_driver *driver = evac_catalog_driver(d->request->catalog, type);
    for (const struct evac_action *a = driver ? driver->actions : NULL; a && a->name; a++)
        if (a->flags & EVAC_ACTION_FENCES)
            return true;
    return false;
}

static bool replicates(const struct evac_draft *d, struct evac_str type)
{
    const struct evac_driver *driver = evac_catalog_driver(d->request->catalog, type);
    return driver && (driver->verbs & (1u << EVAC_VERB_MEASURE));
}

int64_t draft_runs(const struct evac_found *f, struct evac_str region)
{
    for (size_t i = 0; i < f->side_count; i++)
        if (evac_str_eq(f->sides[i].region, region))
            return f->sides[i].runs;
    return -1;
}

bool draft_is_counted(const struct evac_draft *d, const struct evac_found *f)
{
    const struct evac_param *p = draft_param(d, f->type, EVAC_STR("count"));
    bool known = p && (p->flags & EVAC_PARAM_GROUP) && f->side_count > 0;
    for (size_t i = 0; i < f->side_count; i++)
        known = known && f->sides[i].runs >= 0;
    return known;
}

bool draft_item_is_whole(const struct evac_draft_item *item)
{
    return item->found->whole && !item->problem.n;
}

/* --- names ----------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_of_name(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static struct evac_str last_part(struct evac_str name)
{
    for (size_t i = name.n; i > 0; i--)
        if (name.p[i - 1] == '/')
            return (struct evac_str){ name.p + i, name.n - i };
    return name;
}

/* "db" of "shop-db" */
static struct evac_str without_app(struct evac_str name, struct evac_str app)
{
    size_t n = app.n + 1;
    bool first = name.n > n && memcmp(name.p, app.p, app.n) == 0 && !is_letter(name.p[app.n]);
    return first ? (struct evac_str){ name.p + n, name.n - n } : name;
}

/* Host names and what is only the app's own are better called after their type. */
static struct evac_str plain_name(const struct evac_draft *d, const struct evac_found *f)
{
    struct evac_str own = last_part(f->name), app = d->request->query->app;
    struct evac_str name =
        evac_str_has(own, ".") || evac_str_eq(own, app) ? f->type : without_app(own, app);
    char text[NAME_MAX_BYTES - 8];
    if (!name.n || !is_letter(name.p[0]))
        name = f->type;
    (void)evac_str_copy(text, sizeof text, name);
    for (char *p = text; *p; p++)
        if (!is_of_name(*p))
            *p = '-';
    return evac_arena_str(d->arena, evac_str(text));
}

static bool is_taken(const struct evac_draft *d, struct evac_str name)
{
    for (size_t i = 0; i < d->item_count; i++)
        if (evac_str_eq(d->items[i].name, name))
            return true;
    return evac_str_is(name, "endpoint") || evac_str_is(name, "person");
}

static void name_items(struct evac_draft *d)
{
    const struct evac_findings *found = d->request->findings;
    d->items = evac_arena_array(d->arena, found->found_count + 1, sizeof *d->items);
    for (size_t i = 0; i < found->found_count; i++) {
        const struct evac_found *f = &found->found[i];
        struct evac_str plain = plain_name(d, f), name = plain;
        for (unsigned n = 2; is_taken(d, name); n++)
            name = evac_arena_printf(d->arena, "%.*s-%u", EVAC_STR_ARG(plain), n);
        d->items[d->item_count++] = (struct evac_draft_item){ .found = f, .name = name };
    }
}

/* --- regions --------------------------------------------------------------------------------- */

/* Only copies of what says who may write are there. */
static bool is_witness(const struct evac_draft *d, struct evac_str region)
{
    const struct evac_findings *found = d->request->findings;
    bool any = false;
    for (size_t i = 0; i < found->found_count; i++)
        for (size_t k = 0; k < found->found[i].side_count; k++) {
            if (!evac_str_eq(found->found[i].sides[k].region, region))
                continue;
            if (!fences(d, found->found[i].type))
                return false;
            any = true;
        }
    return any;
}

static void choose_witness(struct evac_draft *d)
{
    const struct evac_query *q = d->request->query;
    for (size_t i = 2; i < q->region_count && !d->witness.n; i++)
        if (is_witness(d, q->regions[i]))
            d->witness = q->regions[i];
}

/* Where all that has one writer has it: "" when there is none, or they differ. */
static struct evac_str writers_region(const struct evac_draft *d, struct evac_str *ret_whose,
                                      bool *ret_differ)
{
    struct evac_str region = EVAC_STR_NONE;
    *ret_whose = EVAC_STR_NONE;
    *ret_differ = false;
    for (size_t i = 0; i < d->item_count; i++)
        for (size_t k = 0; k < d->items[i].found->side_count; k++) {
            const struct evac_found_side *side = &d->items[i].found->sides[k];
            if (!side->writes)
                continue;
            *ret_differ |= region.n && !evac_str_eq(region, side->region);
            region = side->region;
            *ret_whose = evac_arena_printf(d->arena, "%.*s%s%.*s in %.*s", EVAC_STR_ARG(*ret_whose),
                                           ret_whose->n ? ", " : "", EVAC_STR_ARG(d->items[i].name),
                                           EVAC_STR_ARG(region));
        }
    return *ret_differ ? EVAC_STR_NONE : region;
}

static int64_t all_runs(const struct evac_draft *d, struct evac_str region)
{
    int64_t sum = 0;
    for (size_t i = 0; i < d->item_count; i++)
        if (draft_is_counted(d, d->items[i].found) && draft_runs(d->items[i].found, region) > 0)
            sum += draft_runs(d->items[i].found, region);
    return sum;
}

static struct evac_str busiest(const struct evac_draft *d)
{
    const struct evac_query *q = d->request->query;
    struct evac_str best = EVAC_STR_NONE;
    int64_t most = 0;
    for (size_t i = 0; i < q->region_count; i++) {
        int64_t runs = all_runs(d, q->regions[i]);
        if (runs == most)
            best = EVAC_STR_NONE; /* as much here as there */
        if (runs > most)
            best = q->regions[i];
        most = runs > most ? runs : most;
    }
    return best;
}

static void choose_active(struct evac_draft *d)
{
    struct evac_str whose, busy = busiest(d);
    bool differ;
    d->active = writers_region(d, &whose, &differ);
    d->active_known = d->active.n > 0;
    if (d->active.n) {
        d->active_why = evac_arena_printf(d->arena, "what takes writes: %.*s", EVAC_STR_ARG(whose));
        return;
    }
    d->active = busy.n ? busy : d->request->query->regions[0];
    d->active_known = busy.n && !differ &&
                      d->request->findings->regions_answered == d->request->query->region_count;
    d->active_why =
        differ ? evac_arena_printf(d->arena, "what takes writes differs: %.*s", EVAC_STR_ARG(whose))
        : busy.n ? EVAC_STR("more runs there than elsewhere")
                 : EVAC_STR("nothing that was found tells: it is the first that was named");
}

static void list_regions(struct evac_draft *d)
{
    const struct evac_query *q = d->request->query;
    struct evac_str *list = evac_arena_array(d->arena, q->region_count + 1, sizeof *list);
    d->regions = list;
    list[d->region_count++] = d->active;
    for (size_t i = 0; i < q->region_count; i++)
        if (!evac_str_eq(q->regions[i], d->active) && !evac_str_eq(q->regions[i], d->witness))
            list[d->region_count++] = q->regions[i];
}

/* --- strategy -------------------------------------------------------------------------------- */

struct kept {    /* what the standby is seen to hold */
    bool writer; /* data that one region writes */
    bool live;   /* data whose lag can be measured: it is replicated */
    bool counted, equal;
    int64_t runs;
};

static struct kept look_at_standby(const struct evac_draft *d)
{
    struct kept kept = { .equal = true };
    for (size_t i = 0; i < d->item_count; i++) {
        const struct evac_found *f = d->items[i].found;
        for (size_t k = 0; k < f->side_count; k++)
            kept.writer |= f->whole && f->sides[k].writes;
        kept.live |= f->whole && replicates(d, f->type);
        if (!f->whole || !draft_is_counted(d, f))
            continue;
        kept.counted = true;
        for (size_t r = 1; r < d->region_count; r++) {
            int64_t runs = draft_runs(f, d->regions[r]);
            kept.runs += runs > 0 ? runs : 0;
            kept.equal = kept.equal && runs > 0 && runs == draft_runs(f, d->active);
        }
    }
    return kept;
}

static void choose_strategy(struct evac_draft *d)
{
    struct kept kept = look_at_standby(d);
    d->strategy = d->request->strategy;
    d->strategy_why = EVAC_STR("as it was said");
    if (d->strategy.n)
        return;
    if (kept.counted && kept.equal && !kept.writer) {
        d->strategy = EVAC_STR("active-active");
        d->strategy_why = EVAC_STR("as much runs in each region, and no data with one writer was "
                                   "found");
    } else if (kept.runs > 0) {
        d->strategy = EVAC_STR("warm-standby");
        d->strategy_why = EVAC_STR("some of it runs in the standby");
    } else if (kept.live) {
        d->strategy = EVAC_STR("pilot-light");
        d->strategy_why = EVAC_STR("its data is live in the standby, and nothing runs there");
    } else {
        d->strategy = EVAC_STR("backup-restore");
        d->strategy_why = EVAC_STR("nothing in the standby was found to be live");
    }
}

/* --- the check ------------------------------------------------------------------------------- */

static struct evac_draft_item *item_at(struct evac_draft *d, int line)
{
    for (size_t i = 0; i < d->item_count; i++)
        if (line >= d->items[i].first_line && line <= d->items[i].last_line &&
            draft_item_is_whole(&d->items[i]))
            return &d->items[i];
    return NULL;
}

/* As evac validate looks at a folder with this file in it. */
static bool check(const struct evac_draft *d, struct evac_diag *diag)
{
    const struct evac_draft_request *q = d->request;
    struct evac_conf_text *files = evac_arena_array(d->arena, q->runbook_count + 1, sizeof *files);
    struct evac_model *model = NULL;
    struct evac_err err = { EVAC_OK, "" };
    for (size_t i = 0; i < q->runbook_count; i++)
        files[i] = q->runbooks[i];
    files[q->runbook_count] = (struct evac_conf_text){ "app.cfg", d->text };
    enum evac_code code = evac_conf_parse(files, q->runbook_count + 1, diag, &model, &err);
    if (!code)
        code = evac_plan_check_model(model, q->catalog, diag, &err);
    evac_model_free(model);
    return code == EVAC_OK;
}

/* Resources that the check refuses become comments; without a fence, a person's word is one. */
static bool mend(struct evac_draft *d, const struct evac_diag *diag)
{
    bool mended = false;
    for (const struct evac_diag_item *e = diag->first; e; e = e->next) {
        struct evac_draft_item *item =
            e->severity == EVAC_DIAG_ERROR ? item_at(d, e->place.line) : NULL;
        if (!item)
            continue;
        item->problem = evac_arena_str(d->arena, e->text);
        mended = true;
    }
    if (!mended && !d->person)
        d->person = mended = true;
    return mended;
}

static void finish(struct evac_draft *d)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        struct evac_diag diag = { .arena = d->arena };
        struct evac_buf out;
        draft_write(d);
        d->good = check(d, &diag);
        d->problems = EVAC_STR_NONE;
        if (d->good)
            return;
        evac_buf_init(&out, 65536);
        evac_diag_print(&diag, &out);
        d->problems = evac_arena_str(d->arena, evac_buf_str(&out));
        evac_buf_done(&out);
        if (!mend(d, &diag))
            return;
    }
}

/* Two regions that serve are also a standby that is as big as the active one. */
static void fall_back(struct evac_draft *d)
{
    d->strategy = EVAC_STR("warm-standby");
    d->strategy_why = evac_arena_printf(d->arena,
                                        "%.*s, which would be active-active, and no plan for that "
                                        "passes the check",
                                        EVAC_STR_ARG(d->strategy_why));
    d->person = false;
    for (size_t i = 0; i < d->item_count; i++)
        d->items[i].problem = EVAC_STR_NONE;
    finish(d);
}

void evac_draft_make(const struct evac_draft_request *request, struct evac_arena *arena,
                     struct evac_draft *ret_draft)
{
    struct evac_draft *d = ret_draft;
    *d = (struct evac_draft){ .arena = arena, .request = request };
    name_items(d);
    choose_witness(d);
    choose_active(d);
    list_regions(d);
    choose_strategy(d);
    finish(d);
    if (!d->good && !request->strategy.n && evac_str_is(d->strategy, "active-active"))
        fall_back(d);
    for (size_t i = 0; i < d->item_count; i++)
        d->whole_count += draft_item_is_whole(&d->items[i]);
}

/* --- for programs ---------------------------------------------------------------------------- */

static void put_sides(const struct evac_found *f, struct evac_jw *w)
{
    evac_jw_open(w, "sides", '[');
    for (size_t i = 0; i < f->side_count; i++) {
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "region", f->sides[i].region);
        evac_jw_known(w, "runs", f->sides[i].runs >= 0, f->sides[i].runs);
        evac_jw_bool(w, "writes", f->sides[i].writes);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void put_item(const struct evac_draft_item *item, struct evac_jw *w)
{
    const struct evac_found *f = item->found;
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "name", item->name);
    evac_jw_str(w, "type", f->type);
    evac_jw_bool(w, "whole", draft_item_is_whole(item));
    evac_jw_open(w, "settings", '{');
    for (size_t i = 0; i < f->setting_count; i++)
        evac_jw_str(w, f->settings[i].name.p, f->settings[i].value);
    evac_jw_close(w, '}');
    put_sides(f, w);
    evac_jw_open(w, "doubts", '[');
    for (size_t i = 0; i < f->doubt_count; i++)
        evac_jw_str(w, NULL, f->doubts[i]);
    if (item->problem.n)
        evac_jw_str(w, NULL, item->problem);
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

static void put_lines(struct evac_jw *w, const char *key, const struct evac_str *lines,
                      size_t count)
{
    evac_jw_open(w, key, '[');
    for (size_t i = 0; i < count; i++)
        evac_jw_str(w, NULL, lines[i]);
    evac_jw_close(w, ']');
}

void evac_draft_to_json(const struct evac_draft *d, struct evac_jw *w)
{
    const struct evac_findings *found = d->request->findings;
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", d->request->query->app);
    evac_jw_bool(w, "good", d->good);
    evac_jw_bool(w, "complete", found->silent_count == 0);
    evac_jw_str(w, "active", d->active);
    evac_jw_bool(w, "active_known", d->active_known);
    evac_jw_str(w, "active_why", d->active_why);
    evac_jw_str(w, "strategy", d->strategy);
    evac_jw_str(w, "strategy_why", d->strategy_why);
    put_lines(w, "regions", d->regions, d->region_count);
    evac_jw_str(w, "witness", d->witness);
    evac_jw_open(w, "resources", '[');
    for (size_t i = 0; i < d->item_count; i++)
        put_item(&d->items[i], w);
    evac_jw_close(w, ']');
    put_lines(w, "asks", d->asks, d->ask_count);
    put_lines(w, "silent", found->silent, found->silent_count);
    evac_jw_str(w, "problems", d->problems);
    evac_jw_str(w, "configuration", d->text);
    evac_jw_close(w, '}');
}
