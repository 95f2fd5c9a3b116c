#include "deficiency.h"

#include "report_show.h"

#include "evac/arena.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define DEFICIENCIES_MAX 10000u
#define DAY_MS           ((int64_t)86400000)

#define X(name, text) text,
static const char *const verb_names[] = { EVAC_DEFICIENCY_VERBS(X) };
#undef X

const char *evac_deficiency_verb_name(enum evac_deficiency_verb verb)
{
    return verb_names[verb];
}

bool evac_deficiency_verb_parse(struct evac_str name, enum evac_deficiency_verb *ret_verb)
{
    for (unsigned i = 0; i < EVAC_DEFICIENCY_VERB_COUNT; i++)
        if (evac_str_is(name, verb_names[i])) {
            *ret_verb = (enum evac_deficiency_verb)i;
            return true;
        }
    return false;
}

const char *evac_deficiency_state_name(enum evac_deficiency_state state)
{
    static const char *const names[] = { "open", "closed", "accepted" };
    return names[state];
}

bool evac_deficiency_is_overdue(const struct evac_deficiency *d, int64_t as_of_ms)
{
    return d->state == EVAC_DEFICIENCY_IS_OPEN && d->due_ms && d->due_ms < as_of_ms;
}

/* --- the fold
 * ---------------------------------------------------------------------------------------------- */

struct fold {
    struct evac_arena *arena;
    struct evac_deficiency *items;
    size_t count, cap;
};

static struct evac_deficiency *find(const struct fold *f, struct evac_str id)
{
    for (size_t i = 0; i < f->count; i++)
        if (evac_str_eq(f->items[i].id, id))
            return &f->items[i];
    return NULL;
}

static struct evac_deficiency *add(struct fold *f, const struct evac_record *r)
{
    if (f->count == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 32;
        struct evac_deficiency *more = evac_arena_array(f->arena, cap, sizeof *more);
        if (f->count)
            memcpy(more, f->items, f->count * sizeof *more);
        f->items = more;
        f->cap = cap;
    }
    struct evac_deficiency *d = &f->items[f->count++];
    *d = (struct evac_deficiency){
        .id = evac_arena_str(f->arena, r->name),
        .app = evac_arena_str(f->arena, r->app),
        .opened_ms = r->t_wall_ms,
        .opened_run = r->run,
        .opened_by = evac_arena_str(f->arena, r->who),
    };
    return d;
}

static void take_text(struct fold *f, const cJSON *json, const char *key, struct evac_str *ret)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    if (cJSON_IsString(item))
        *ret = evac_arena_str(f->arena, evac_str(item->valuestring));
}

static void take_data(struct fold *f, struct evac_deficiency *d, const struct evac_record *r)
{
    cJSON *json = r->data.n ? cJSON_ParseWithLength(r->data.p, r->data.n) : NULL;
    struct evac_str severity = EVAC_STR_NONE;
    take_text(f, json, "finding", &d->finding);
    take_text(f, json, "criterion", &d->criterion);
    take_text(f, json, "title", &d->title);
    take_text(f, json, "owner", &d->owner);
    take_text(f, json, "severity", &severity);
    (void)evac_grade_parse(severity, &d->severity);
    d->due_ms = r->number;
    cJSON_Delete(json);
}

static void see(struct fold *f, struct evac_deficiency *d, const struct evac_record *r)
{
    d->seen++;
    d->seen_ms = r->t_wall_ms;
    d->seen_run = r->run;
    d->last_seen_as = evac_arena_str(f->arena, r->text);
    d->state = EVAC_DEFICIENCY_IS_OPEN;
}

static void end(struct fold *f, struct evac_deficiency *d, const struct evac_record *r,
                enum evac_deficiency_state state)
{
    d->state = state;
    d->ended_ms = r->t_wall_ms;
    d->ended_by = evac_arena_str(f->arena, r->who);
    d->reason = evac_arena_str(f->arena, r->text);
    d->retest_run = r->run;
}

static void fold_row(struct fold *f, const struct evac_record *r)
{
    enum evac_deficiency_verb verb;
    struct evac_deficiency *d = find(f, r->name);
    if (!evac_deficiency_verb_parse(r->event, &verb))
        return;
    if (!d && verb == EVAC_DEFICIENCY_OPEN && f->count < DEFICIENCIES_MAX)
        d = add(f, r);
    if (!d)
        return;
    switch (verb) {
    case EVAC_DEFICIENCY_OPEN:
    case EVAC_DEFICIENCY_REOPEN:
        d->reopened += verb == EVAC_DEFICIENCY_REOPEN;
        take_data(f, d, r);
        see(f, d, r);
        break;
    case EVAC_DEFICIENCY_SEEN: /* an accepted risk stays accepted */
        if (d->state == EVAC_DEFICIENCY_IS_ACCEPTED) {
            see(f, d, r);
            d->state = EVAC_DEFICIENCY_IS_ACCEPTED;
        } else {
            see(f, d, r);
        }
        break;
    case EVAC_DEFICIENCY_ASSIGN:
        take_data(f, d, r);
        break;
    case EVAC_DEFICIENCY_CLOSE:
        end(f, d, r, EVAC_DEFICIENCY_IS_CLOSED);
        break;
    case EVAC_DEFICIENCY_ACCEPT:
        end(f, d, r, EVAC_DEFICIENCY_IS_ACCEPTED);
        break;
    case EVAC_DEFICIENCY_VERB_COUNT:
        break;
    }
}

static bool take_row(void *user, const struct evac_row *row)
{
    fold_row(user, &row->record);
    return true;
}

enum evac_code evac_deficiencies_read(struct evac_store *store, struct evac_str app,
                                      struct evac_arena *arena, struct evac_deficiencies **ret_list,
                                      struct evac_err *err)
{
    struct fold f = { .arena = arena };
    struct evac_store_filter filter = { .app = app, .kinds = EVAC_KIND(DEFICIENCY) };
    enum evac_code code = store->vt->read(store, &filter, take_row, &f, err);
    struct evac_deficiencies *list = evac_arena_alloc(arena, sizeof *list);
    *list = (struct evac_deficiencies){ f.items, f.count };
    *ret_list = list;
    return code;
}

size_t evac_deficiencies_open(const struct evac_deficiencies *list)
{
    size_t open = 0;
    for (size_t i = 0; i < list->count; i++)
        open += list->items[i].state == EVAC_DEFICIENCY_IS_OPEN;
    return open;
}

const struct evac_deficiency *evac_deficiency_find(const struct evac_deficiencies *list,
                                                   struct evac_str id)
{
    for (size_t i = 0; i < list->count; i++)
        if (evac_str_eq(list->items[i].id, id))
            return &list->items[i];
    return NULL;
}

/* --- as JSON
 * -----------------------------------------------------------------------------------------------
 */

void evac_deficiency_json(const struct evac_deficiency *d, int64_t as_of_ms, struct evac_jw *w)
{
    bool over = d->state != EVAC_DEFICIENCY_IS_OPEN;
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "id", d->id);
    evac_jw_str(w, "app", d->app);
    evac_jw_cstr(w, "state", evac_deficiency_state_name(d->state));
    evac_jw_cstr(w, "severity", evac_grade_name(d->severity));
    evac_jw_str(w, "title", d->title);
    evac_jw_str(w, "last_seen_as", d->last_seen_as);
    evac_jw_str(w, "finding", d->finding);
    evac_jw_str(w, "criterion", d->criterion);
    evac_jw_str(w, "owner", d->owner);
    evac_jw_i64(w, "opened_ms", d->opened_ms);
    evac_jw_str(w, "opened_by", d->opened_by);
    evac_jw_known(w, "opened_run", d->opened_run != 0, (int64_t)d->opened_run);
    evac_jw_known(w, "due_ms", d->due_ms != 0, d->due_ms);
    evac_jw_bool(w, "overdue", evac_deficiency_is_overdue(d, as_of_ms));
    evac_jw_i64(w, "age_days", (as_of_ms - d->opened_ms) / DAY_MS);
    evac_jw_i64(w, "seen", d->seen);
    evac_jw_known(w, "seen_run", d->seen_run != 0, (int64_t)d->seen_run);
    evac_jw_i64(w, "reopened", d->reopened);
    evac_jw_known(w, "ended_ms", over, d->ended_ms);
    evac_jw_str(w, "ended_by", over ? d->ended_by : EVAC_STR_NONE);
    evac_jw_str(w, "reason", over ? d->reason : EVAC_STR_NONE);
    evac_jw_known(w, "retest_run", over && d->retest_run, (int64_t)d->retest_run);
    evac_jw_close(w, '}');
}

void evac_deficiencies_json(const struct evac_deficiencies *list, int64_t as_of_ms, bool all,
                            const char *key, struct evac_jw *w)
{
    evac_jw_open(w, key, '[');
    for (size_t i = 0; i < list->count; i++)
        if (all || list->items[i].state == EVAC_DEFICIENCY_IS_OPEN)
            evac_deficiency_json(&list->items[i], as_of_ms, w);
    evac_jw_close(w, ']');
}

/* --- as text
 * -----------------------------------------------------------------------------------------------
 */

static void put_line(const struct evac_deficiency *d, int64_t as_of_ms, struct evac_buf *out)
{
    char due[32] = "never";
    bool over = d->state != EVAC_DEFICIENCY_IS_OPEN;
    if (d->due_ms)
        show_date(d->due_ms, due, sizeof due);
    evac_buf_putf(out, "  %-12.*s %-8s %.*s\n", EVAC_STR_ARG(d->id),
                  over ? evac_deficiency_state_name(d->state) : evac_grade_name(d->severity),
                  EVAC_STR_ARG(d->title));
    evac_buf_putf(out, "               owner %.*s, ",
                  EVAC_STR_ARG(d->owner.n ? d->owner : EVAC_STR("nobody")));
    if (over) {
        evac_buf_putf(out, "%s by %.*s", evac_deficiency_state_name(d->state),
                      EVAC_STR_ARG(d->ended_by));
        if (d->retest_run)
            evac_buf_putf(out, " with run %llu", (unsigned long long)d->retest_run);
        evac_buf_putf(out, ": %.*s\n", EVAC_STR_ARG(d->reason));
        return;
    }
    evac_buf_putf(out, "due %s%s, open for %lld days", due,
                  evac_deficiency_is_overdue(d, as_of_ms) ? " (OVERDUE)" : "",
                  (long long)((as_of_ms - d->opened_ms) / DAY_MS));
    if (d->seen_run)
        evac_buf_putf(out, ", seen %u time%s", d->seen, d->seen == 1 ? "" : "s");
    else
        evac_buf_putf(out, ", said by %.*s", EVAC_STR_ARG(d->opened_by));
    if (d->seen_run)
        evac_buf_putf(out, ", last in run %llu", (unsigned long long)d->seen_run);
    evac_buf_puts(out, d->reopened ? ", came back\n" : "\n");
}

void evac_deficiencies_text(const struct evac_deficiencies *list, int64_t as_of_ms, bool all,
                            struct evac_buf *out)
{
    for (size_t i = 0; i < list->count; i++)
        if (all || list->items[i].state == EVAC_DEFICIENCY_IS_OPEN)
            put_line(&list->items[i], as_of_ms, out);
}
