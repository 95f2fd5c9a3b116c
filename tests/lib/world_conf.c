/* The configuration: the demonstration's, with what a world has other. */
#include "world_internal.h"
#include "world_many.h"

#include "builtin_runbooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNTIL_DAY "2026-12-01"

static struct evac_str read_demo(struct world *w, const char *name)
{
    char path[1024];
    struct evac_buf text;
    snprintf(path, sizeof path, "%s/contrib/demo/%s", EVAC_SOURCE_DIR, name);
    FILE *f = fopen(path, "r");
    if (!f)
        abort();
    evac_buf_init(&text, 1u << 20);
    for (int c; (c = fgetc(f)) != EOF;)
        evac_buf_putc(&text, (char)c);
    fclose(f);
    struct evac_str kept = evac_arena_str(w->arena, evac_buf_str(&text));
    evac_buf_done(&text);
    return kept;
}

static struct evac_str replace(struct world *w, struct evac_str text, struct evac_str from,
                               struct evac_str to)
{
    struct evac_buf out;
    evac_buf_init(&out, 1u << 20);
    for (size_t i = 0; i < text.n;) {
        if (from.n && i + from.n <= text.n && memcmp(text.p + i, from.p, from.n) == 0) {
            evac_buf_put_str(&out, to);
            i += from.n;
        } else {
            evac_buf_putc(&out, text.p[i++]);
        }
    }
    struct evac_str kept = evac_arena_str(w->arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return kept;
}

static struct evac_str fill(struct world *w, struct evac_str text)
{
    static const char *const names[][2] = { { "@DIR@", "/nowhere" },
                                            { "@PORT@", PORT },
                                            { "@DNS_PORT@", "5353" },
                                            { "@UNTIL@", UNTIL_DAY },
                                            { "@SPEED@", "1" } };
    struct evac_str extra = evac_str(w->o.app_extra ? w->o.app_extra : "");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        text = replace(w, text, evac_str(names[i][0]), evac_str(names[i][1]));
    while (extra.n) {
        struct evac_str line = evac_str_cut(extra, '\n', &extra), to;
        for (size_t i = 0; i + 2 <= line.n; i++)
            if (line.p[i] == '=' && line.p[i + 1] == '>') {
                to = (struct evac_str){ line.p + i + 2, line.n - i - 2 };
                text = replace(w, text, (struct evac_str){ line.p, i }, to);
                break;
            }
    }
    return text;
}

/* Models are read-only: worlds of the same configuration share one, and only the first world of
 * thousands reads it. The last few are kept. */
#define KEPT_MODELS 64u
static struct kept_model {
    uint64_t name;
    struct evac_model *model;
} kept_models[KEPT_MODELS];

static uint64_t name_of(const struct world_options *o, unsigned node)
{
    const char *const texts[] = { o->app_file, o->app_extra, o->vantages, o->notify };
    const size_t count = sizeof texts / sizeof texts[0];
    uint64_t name = o->controllers > 1 ? 1 + node + (o->share ? 8ull * o->share->poll_ms : 0) : 0;
    for (size_t i = 0; i < count + WORLD_MORE_MAX; i++) {
        const char *text = i < count ? texts[i] : o->more[i - count];
        name = name * 0x100000001b3u + (text ? evac_str_hash(evac_str(text)) : i);
    }
    return name ? name : 1;
}

void conf_let_go(struct evac_model *model)
{
    for (size_t i = 0; i < KEPT_MODELS; i++)
        if (kept_models[i].model == model)
            return;
    evac_model_free(model);
}

static struct evac_model *read_model(struct world *w, unsigned node)
{
    struct evac_conf_text files[64];
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_model *model = NULL;
    size_t n = 0;
    const char *app = w->o.app_file ? w->o.app_file : "apps/shop.cfg";
    struct evac_str controller = fill(w, read_demo(w, "evac.cfg"));
    if (w->o.vantages)
        controller = evac_arena_printf(w->arena, "%.*s\nvantages = ( %s );\n",
                                       EVAC_STR_ARG(controller), w->o.vantages);
    if (w->o.notify)
        controller = evac_arena_printf(w->arena, "%.*s\nnotify = { %s };\n",
                                       EVAC_STR_ARG(controller), w->o.notify);
    if (w->seat_count > 1)
        controller = many_controllers(w, controller);
    files[n++] = (struct evac_conf_text){ "evac.cfg", controller };
    files[n++] = (struct evac_conf_text){ "apps/shop.cfg", fill(w, read_demo(w, app)) };
    for (size_t i = 0; i < WORLD_MORE_MAX && w->o.more[i]; i++) {
        const char *name = evac_arena_printf(w->arena, "apps/%c.cfg", (char)('a' + i)).p;
        files[n++] = (struct evac_conf_text){ name, evac_str(w->o.more[i]) };
    }
    for (size_t i = 0; i < evac_builtin_runbook_count && n < 64; i++)
        files[n++] = evac_builtin_runbooks[i];
    const struct evac_oneself oneself = { .node = w->seat_count > 1 ? w->seats[node].name : NULL };
    if (evac_conf_parse(files, n, &diag, &model, &err) ||
        evac_model_oneself(model, &oneself, &err)) {
        struct evac_buf text;
        evac_buf_init(&text, 1u << 20);
        evac_diag_print(&diag, &text);
        fprintf(stderr, "%s\n%s", err.text, text.p ? text.p : "");
        abort();
    }
    evac_arena_free(diag.arena);
    return model;
}

static struct evac_model *model_of(struct world *w, unsigned node)
{
    uint64_t name = name_of(&w->o, node);
    struct kept_model *kept = NULL;
    for (size_t i = 0; i < KEPT_MODELS && !kept; i++)
        if (!kept_models[i].model || kept_models[i].name == name)
            kept = &kept_models[i];
    struct evac_model *model = kept && kept->model ? kept->model : read_model(w, node);
    if (kept)
        *kept = (struct kept_model){ name, model };
    return model;
}

void conf_load(struct world *w)
{
    for (unsigned i = 0; i < w->seat_count; i++)
        w->seats[i].model = model_of(w, i);
    w->model = w->seats[0].model;
}

enum evac_code world_reload(struct world *w, const char *app_extra)
{
    struct evac_model *was = w->model;
    enum evac_code code = EVAC_OK;
    if (w->old_count == sizeof w->old_models / sizeof w->old_models[0])
        abort();
    w->o.app_extra = app_extra;
    conf_load(w);
    w->said = (struct evac_err){ EVAC_OK, "" };
    if (w->shell)
        code = evac_shell_reload(w->shell, w->model, &w->said);
    w->old_models[w->old_count++] = code ? w->model : was;
    if (code)
        w->model = w->seats[0].model = was;
    else if (w->shell)
        pace_reloaded(&w->seats[0]);
    return code;
}

void conf_make_resources(struct world *w)
{
    char name[256];
    if (!w->o.app_file)
        return;
    snprintf(name, sizeof name, "%.*s.world", (int)strlen(w->o.app_file) - 4, w->o.app_file);
    struct evac_str rest = read_demo(w, name);
    while (rest.n) {
        struct evac_str line = evac_str_trim(evac_str_cut(rest, '\n', &rest));
        if (line.n && line.p[0] != '#')
            world_control(w, "%.*s", EVAC_STR_ARG(line));
    }
}
