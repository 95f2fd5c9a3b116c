/*
 * The runbook compiler, by its structure: an input is a list of edits to words of a configuration
 * that is good, so that most of what comes out is still a configuration, and a strange one. The
 * first byte chooses the app, and how much is looked at: a controller's whole configuration with
 * every plan that its app may ask for, or, some ten times faster, the app with its own runbook and
 * one plan. The second chooses the file that is edited. What compiles must be a plan that an engine
 * can run.
 */
#include "builtin.h"
#include "builtin_runbooks.h"
#include "demo.h"

#include <string.h>

#define WORDS_MAX 16384u
#define EDITS_MAX 24u

static const struct {
    const char *file, *runbook; /* built in */
} apps[] = {
    { "contrib/demo/apps/shop.cfg", "warm-standby" },
    { "contrib/demo/strategies/pilot-light.cfg", "pilot-light" },
    { "contrib/demo/strategies/backup-restore.cfg", "backup-restore" },
    { "contrib/demo/strategies/active-active.cfg", "active-active" },
    { "tests/fuzz/shop/app.cfg", NULL }, /* has one of its own */
};
#define APPS      (sizeof apps / sizeof apps[0])
#define FILES_MAX 16u
static struct evac_str app_texts[APPS], runbook_text;

/* --- words, and what an edit does to them ------------------------------------------------------
 */

struct words {
    struct evac_str list[WORDS_MAX];
    size_t n;
};

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("_-.*+", c);
}

/* Comments are left out. */
static void split(struct evac_str text, struct words *w)
{
    w->n = 0;
    for (size_t at = 0; at < text.n && w->n < WORDS_MAX;) {
        size_t from = at++;
        char c = text.p[from];
        if (c == '/' && at < text.n && text.p[at] == '/')
            while (at < text.n && text.p[at] != '\n')
                at++;
        else if (c == '"')
            while (at < text.n && text.p[at++] != '"')
                ;
        else if (c && is_name(c))
            while (at < text.n && text.p[at] && is_name(text.p[at]))
                at++;
        if (c == '/' || c == ' ' || c == '\n')
            continue;
        w->list[w->n++] = (struct evac_str){ text.p + from, at - from };
    }
}

static void cut(struct words *w, size_t from, size_t count)
{
    count = count < w->n - from ? count : w->n - from;
    memmove(w->list + from, w->list + from + count, (w->n - from - count) * sizeof w->list[0]);
    w->n -= count;
}

static void insert(struct words *w, size_t at, const struct evac_str *from, size_t count)
{
    struct evac_str kept[512];
    count = count < 512 ? count : 512;
    if (w->n + count > WORDS_MAX)
        return;
    memcpy(kept, from, count * sizeof kept[0]);
    memmove(w->list + at + count, w->list + at, (w->n - at) * sizeof w->list[0]);
    memcpy(w->list + at, kept, count * sizeof kept[0]);
    w->n += count;
}

/* From the next brace that opens to the one that closes it, and a comma behind it. */
static size_t group(const struct words *w, size_t *at)
{
    size_t depth = 0, i;
    while (*at < w->n && !evac_str_is(w->list[*at], "{"))
        ++*at;
    for (i = *at; i < w->n; i++) {
        depth += evac_str_is(w->list[i], "{");
        depth -= evac_str_is(w->list[i], "}");
        if (depth == 0)
            break;
    }
    i += i < w->n;
    i += i < w->n && evac_str_is(w->list[i], ",");
    return i - *at;
}

/* What a word may become. */
/* clang-format off */
static const char *const special[] = {
    "0",
    "-1",
    "1",
    "99999999999999999999",
    "\"\"",
    "\"0\"",
    "true",
    "\"*\"",
    "\"from\"",
    "\"to\"",
    "\"witness\"",
    "\"rest\"",
    "\"{region}\"",
    "\"{run}{x}\"",
    "\"1ms\"",
    "\"9999d\"",
    "( )",
    "{ }",
    "\"check\"",
    "\"*.ready\"",
    "\"a|b\"",
    "after = ( \"fence\" );",
    "pivot = true;",
    "approval = true;",
    "optional = true;",
    "when = { mode = \"graceful\"; };",
    "when = { any = ( { mode = \"graceful\"; }, { not = { step = \"fence\"; }; } ); };",
    "on_failure = \"go-on\";",
    "tries = 0;",
    "1e400",
    "0x7fffffff",
    "\"us-west-2\"",
};
/* clang-format on */

static void edit(struct words *w, struct fuzz_input *in)
{
    size_t a, b, n, what = fuzz_byte(in) % 8;
    if (w->n < 2)
        return;
    a = fuzz_number(in, (unsigned)w->n);
    b = fuzz_number(in, (unsigned)w->n);
    switch (what) {
    case 0:
        w->list[a] = w->list[b];
        break;
    case 1:
        w->list[a] = evac_str(special[b % (sizeof special / sizeof special[0])]);
        break;
    case 2:
        n = group(w, &a);
        cut(w, a < w->n ? a : 0, a < w->n ? n : 0);
        break;
    case 3: /* twice */
        n = group(w, &a);
        if (a < w->n)
            insert(w, a, w->list + a, n);
        break;
    case 4: /* a group moves */
        n = group(w, &a);
        if (a < w->n)
            insert(w, b, w->list + a, n);
        break;
    case 5:
        cut(w, a, 1 + b % 8);
        break;
    case 6: {
        struct evac_str kept = w->list[a];
        w->list[a] = w->list[b];
        w->list[b] = kept;
        break;
    }
    default: { /* the input's own bytes, as a text of the language */
        struct evac_str own = fuzz_line(in, '\n');
        insert(w, a, &own, 1);
    }
    }
}

static void join(const struct words *w, struct evac_buf *out)
{
    for (size_t i = 0; i < w->n; i++) {
        evac_buf_put_str(out, w->list[i]);
        evac_buf_putc(out,
                      evac_str_is(w->list[i], ";") || evac_str_is(w->list[i], ",") ? '\n' : ' ');
    }
}

/* --- what must hold ----------------------------------------------------------------------------
 */

static void check_plan(const struct evac_plan *plan)
{
    uint64_t longest[2 * EVAC_PLAN_STEPS_MAX] = { 0 };
    uint16_t path[EVAC_PLAN_STEPS_MAX], length = 0;
    struct evac_buf text, again;
    struct evac_plan *copy = NULL;
    struct evac_err err = { EVAC_OK, "" };
    MUST(plan->forward_count > 0 && plan->forward_count <= EVAC_PLAN_STEPS_MAX);
    MUST(plan->step_count == 2 * plan->forward_count && strlen(plan->hash) == 64);
    for (uint16_t round = 0; round <= plan->forward_count; round++) { /* no step waits for itself */
        bool moved = false;
        for (uint16_t i = 0; i < plan->forward_count; i++)
            for (uint16_t k = 0; k < plan->steps[i].after_count; k++) {
                uint16_t before = plan->steps[i].after[k];
                MUST(before < plan->forward_count && before != i);
                if (longest[before] + 1 > longest[i]) {
                    longest[i] = longest[before] + 1;
                    moved = true;
                }
            }
        if (!moved)
            break;
        MUST(round < plan->forward_count);
    }
    for (uint16_t i = 0; i < plan->step_count; i++) {
        const struct evac_plan_step *s = &plan->steps[i];
        MUST(s->id.n && s->deadline_ms > 0 && s->tries > 0);
        for (uint16_t k = 0; k < s->rival_count; k++) /* rivals know each other */
            MUST(s->rivals[k] < plan->step_count && s->rivals[k] != i &&
                 evac_str_eq(plan->steps[s->rivals[k]].target, s->target));
    }
    (void)evac_plan_critical_path(plan, path, &length);
    MUST(length <= plan->forward_count);
    evac_buf_init(&text, 64u << 20);
    evac_buf_init(&again, 64u << 20);
    evac_plan_to_json(plan, &text);
    MUST(!text.failed && evac_plan_from_json(evac_buf_str(&text), &copy, &err) == EVAC_OK);
    evac_plan_to_json(copy, &again);
    MUST(evac_str_eq(evac_buf_str(&text), evac_buf_str(&again)) && !strcmp(copy->hash, plan->hash));
    evac_buf_reset(&text);
    evac_plan_explain(plan, &text);
    MUST(!text.failed);
    evac_plan_free(copy);
    evac_buf_done(&text);
    evac_buf_done(&again);
}

static void compile(const struct evac_model *model, const struct evac_app *app, unsigned way)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_plan *plan = NULL;
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_plan_request request = {
        .model = model,
        .app = app,
        .catalog = evac_builtin_catalog(),
        .workflow = way & 1 ? EVAC_WORKFLOW_FAILBACK : EVAC_WORKFLOW_FAILOVER,
        .mode = way & 2 ? EVAC_MODE_GRACEFUL : EVAC_MODE_UNGRACEFUL,
        .rehearse = way & 4,
        .from = app->regions[way & 1],
        .to = app->regions[~way & 1]
    };
    if (evac_plan_compile(&request, &diag, &plan, &err) == EVAC_OK)
        check_plan(plan);
    else
        MUST(err.text[0] && !plan && (diag.errors > 0 || err.code == EVAC_E_UNSUPPORTED));
    evac_plan_free(plan);
    evac_arena_free(diag.arena);
}

static void read_texts(void)
{
    for (size_t i = 0; i < APPS; i++)
        app_texts[i] = demo_read(apps[i].file);
    runbook_text = demo_read("tests/fuzz/shop/runbook.cfg");
}

static size_t choose(size_t app, bool all, struct evac_conf_text files[FILES_MAX])
{
    size_t n = 0;
    files[n++] = (struct evac_conf_text){ "apps/fuzz.cfg", app_texts[app] };
    if (all || !apps[app].runbook)
        files[n++] = (struct evac_conf_text){ "runbooks/fuzz.cfg", runbook_text };
    for (size_t i = 0; i < evac_builtin_runbook_count && n < FILES_MAX; i++)
        if (all || (apps[app].runbook && strstr(evac_builtin_runbooks[i].name, apps[app].runbook)))
            files[n++] = evac_builtin_runbooks[i];
    return n;
}

static void look(const struct evac_model *model, unsigned way, bool all, struct evac_diag *diag)
{
    struct evac_err err = { EVAC_OK, "" };
    if (all) {
        bool good = evac_plan_check_model(model, evac_builtin_catalog(), diag, &err) == EVAC_OK;
        MUST(good == (diag->errors == 0));
    }
    if (model->apps[0].region_count < 2) /* who asks for a plan names two of the app's regions */
        return;
    compile(model, &model->apps[0], way & 7);
    if (all)
        compile(model, &model->apps[0], ~way & 7);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct words words;
    struct fuzz_input in = { data, size };
    struct evac_conf_text files[FILES_MAX];
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_model *model = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf text;
    if (!runbook_text.p)
        read_texts();
    unsigned how = fuzz_byte(&in);
    bool all = how < APPS;
    size_t n = choose(how % APPS, all, files);
    struct evac_conf_text *edited = &files[fuzz_byte(&in) % n];
    split(edited->text, &words);
    for (unsigned i = 0; in.n && i < EDITS_MAX; i++)
        edit(&words, &in);
    evac_buf_init(&text, 1u << 20);
    join(&words, &text);
    edited->text = evac_buf_str(&text);
    if (!text.failed && evac_conf_parse(files, n, &diag, &model, &err) == EVAC_OK)
        look(model, (unsigned)size, all, &diag);
    evac_model_free(model);
    evac_buf_done(&text);
    evac_arena_free(diag.arena);
    return 0;
}
