#include "conf_build.h"

#include "conf_read.h"
#include "hash.h"
#include "people.h"

#include <stdlib.h>
#include <string.h>

void conf_build_begin(struct conf_build *b, struct evac_diag *diag)
{
    struct evac_arena *arena = evac_arena_new();
    *b = (struct conf_build){ .model = evac_arena_alloc(arena, sizeof *b->model),
                              .diag = diag,
                              .errors_before = diag->errors };
    b->model->arena = arena;
}

bool conf_build_add(struct conf_build *b, const struct conf_file *file)
{
    if (b->file_count == CONF_FILES_MAX) {
        evac_diag_add(b->diag, EVAC_DIAG_ERROR, (struct evac_place){ file->path, 0 },
                      "found more than %u files; allowed: at most so many", CONF_FILES_MAX);
        return false;
    }
    if (b->file_count == b->file_cap) {
        b->file_cap = b->file_cap ? 2 * b->file_cap : 16;
        b->files = realloc(b->files, b->file_cap * sizeof *b->files);
        if (!b->files)
            abort();
    }
    struct conf_file *copy = &b->files[b->file_count++];
    *copy = *file;
    copy->path = evac_arena_dup(b->model->arena, file->path);
    copy->label = evac_arena_dup(b->model->arena, file->label);
    return true;
}

void conf_build_room(struct conf_build *b)
{
    b->apps = evac_arena_array(b->model->arena, b->file_count, sizeof *b->apps);
    b->runbooks = evac_arena_array(b->model->arena, b->file_count, sizeof *b->runbooks);
    b->runbook_builtin = evac_arena_array(b->model->arena, b->file_count, sizeof(bool));
    b->model->apps = b->apps;
    b->model->runbooks = b->runbooks;
}

static int by_label(const void *a, const void *b)
{
    return strcmp(((const struct conf_file *)a)->label, ((const struct conf_file *)b)->label);
}

void conf_sort_files(struct conf_build *b)
{
    if (b->file_count)
        qsort(b->files, b->file_count, sizeof b->files[0], by_label);
}

/* --- hash --------------------------------------------------------------------------------------
 */

/* Over "label digest\n" of each file: names and contents, and no two sets of files give one text.
 */
static void hash_files(struct conf_build *b)
{
    struct evac_buf list;
    evac_buf_init(&list, (size_t)64 << 20);
    conf_sort_files(b);
    for (size_t i = 0; i < b->file_count; i++)
        evac_buf_putf(&list, "%zu %s %s\n", strlen(b->files[i].label), b->files[i].label,
                      b->files[i].digest);
    evac_sha256_hex(evac_buf_str(&list), b->model->hash);
    evac_buf_done(&list);
}

/* --- what a file holds ---------------------------------------------------------------------------
 */

static void add_app(struct conf_build *b, struct conf_reader *r, const struct evac_app *app)
{
    const struct evac_app *same = app->name.n ? evac_model_app(b->model, app->name) : NULL;
    if (same)
        CONF_ERROR(r, app->place.line, "two apps are named \"%.*s\"; the other is in %s:%d",
                   EVAC_STR_ARG(app->name), same->place.file, same->place.line);
    b->apps[b->model->app_count++] = *app;
}

static void add_runbook(struct conf_build *b, struct conf_reader *r,
                        const struct evac_runbook *book, bool builtin)
{
    size_t i = 0;
    while (i < b->model->runbook_count && !evac_str_eq(b->runbooks[i].name, book->name))
        i++;
    bool same = i < b->model->runbook_count && book->name.n;
    if (same && b->runbook_builtin[i] == builtin)
        CONF_ERROR(r, book->place.line, "two runbooks are named \"%.*s\"; the other is in %s:%d",
                   EVAC_STR_ARG(book->name), b->runbooks[i].place.file, b->runbooks[i].place.line);
    if (same && builtin)
        return;
    if (!same)
        i = b->model->runbook_count++;
    b->runbooks[i] = *book;
    b->runbook_builtin[i] = builtin;
}

static void take_top(struct conf_build *b, struct conf_reader *r, const struct conf_file *file,
                     const config_setting_t *root)
{
    struct conf_file_top top = { .place = { NULL, 0 } };
    size_t errors = r->diag->errors;
    conf_read_section(r, &conf_file_section, root, &top);
    bool app = top.app.app.place.line, book = top.runbook.runbook.place.line;
    if (app)
        add_app(b, r, &top.app.app);
    if (book)
        add_runbook(b, r, &top.runbook.runbook, file->builtin);
    if (errors == r->diag->errors && file->kind == CONF_KIND_APP && !app)
        CONF_ERROR(r, 0, "found no app; allowed: app = { ... };");
    if (errors == r->diag->errors && file->kind == CONF_KIND_RUNBOOK && !book)
        CONF_ERROR(r, 0, "found no runbook; allowed: runbook = { ... };");
}

static void take_controller(struct conf_build *b, struct conf_reader *r,
                            const struct conf_file *file, const config_setting_t *root)
{
    struct conf_controller c = { .place = { NULL, 0 } };
    if (b->controller.line)
        CONF_ERROR(r, 0, "found a second controller file; the first is %s", b->controller.file);
    conf_read_section(r, &conf_controller_section, root, &c);
    b->model->controller = c.conf;
    b->controller = (struct evac_place){ file->path, 1 };
}

static void take_tree(struct conf_build *b, struct conf_reader *r, const struct conf_file *file,
                      const config_setting_t *root)
{
    bool app_or_book =
        config_setting_get_member(root, "app") || config_setting_get_member(root, "runbook");
    if (file->kind == CONF_KIND_CONTROLLER || (file->kind == CONF_KIND_ANY && !app_or_book))
        take_controller(b, r, file, root);
    else
        take_top(b, r, file, root);
}

void conf_build_take(struct conf_build *b, struct conf_file *file, struct evac_str text)
{
    struct conf_reader r = { b->model->arena, b->diag, file->path };
    config_t config;
    evac_sha256_hex(text, file->digest);
    if (conf_parse_text(&r, text, &config))
        take_tree(b, &r, file, config_root_setting(&config));
    config_destroy(&config);
}

/* --- the end
 * ---------------------------------------------------------------------------------------- */

/* Without a controller file all its defaults hold. */
static void default_controller(struct conf_build *b)
{
    struct conf_file none = { .path = "defaults", .kind = CONF_KIND_CONTROLLER };
    if (!b->controller.line)
        conf_build_take(b, &none, EVAC_STR(""));
}

static enum evac_code sum_up(const struct conf_build *b, struct evac_err *err)
{
    size_t errors = b->diag->errors - b->errors_before;
    const struct evac_diag_item *first = b->diag->first;
    while (first && first->severity != EVAC_DIAG_ERROR)
        first = first->next;
    if (errors == 1 && first && b->errors_before == 0)
        return evac_fail(err, EVAC_E_BADCONF, "%s: %.*s", first->place.file,
                         EVAC_STR_ARG(first->text));
    return evac_fail(err, EVAC_E_BADCONF, "the configuration has %zu errors", errors);
}

/* --- what files say of each other --- */

/* What is needed should be found down before an app that needs it may be moved. */
static void check_pace(struct conf_reader *r, const struct evac_app *app,
                       const struct evac_dependency *d)
{
    const struct evac_probe *probe = &d->as_app.probes[0];
    uint64_t known_ms = (uint64_t)probe->every_ms * probe->fall + probe->reply_ms;
    if (app->automatic != EVAC_POLICY_NEVER && known_ms > app->dwell_ms)
        CONF_SAY(r, EVAC_DIAG_WARNING, app->place.line,
                 "app.needs: it may take %llu s until \"%.*s\" is known to be down, and "
                 "policy.dwell is %u s: \"%.*s\" may be moved before; look more often, or wait "
                 "longer",
                 (unsigned long long)(known_ms / 1000), EVAC_STR_ARG(d->as_app.name),
                 app->dwell_ms / 1000, EVAC_STR_ARG(app->name));
}

static void check_needs(struct conf_build *b, const struct evac_app *app)
{
    const struct evac_controller_conf *conf = &b->model->controller;
    struct conf_reader r = { b->model->arena, b->diag, app->place.file };
    for (size_t i = 0; i < app->needs_count; i++) {
        size_t d = evac_model_dependency(b->model, app->needs[i]);
        if (d < conf->dependency_count) {
            check_pace(&r, app, &conf->dependencies[d]);
            continue;
        }
        const struct evac_str *first =
            conf->dependency_count ? &conf->dependencies[0].as_app.name : NULL;
        struct evac_str hint =
            conf_hint(&r, app->needs[i],
                      conf_names(&r, first, sizeof conf->dependencies[0], conf->dependency_count));
        CONF_ERROR(&r, app->place.line, "app.needs: the controller has no dependency \"%.*s\"%.*s",
                   EVAC_STR_ARG(app->needs[i]), EVAC_STR_ARG(hint));
    }
}

/* Of those who are named one by one, so many that the others' words are not another person's. */
static size_t count_twice_named(const struct evac_controller_conf *conf,
                                const struct evac_approvals *a)
{
    size_t twice = 0;
    for (size_t i = 0; i < a->of_count; i++) {
        const struct evac_person_conf *p = evac_people_find(conf, a->of[i]);
        bool before = false;
        for (size_t k = 0; p && k < i; k++)
            before = before || evac_people_find(conf, a->of[k]) == p;
        twice += before;
    }
    return twice;
}

static void check_people(struct conf_build *b, const struct evac_app *app,
                         const struct evac_approvals *a, const char *which)
{
    struct conf_reader r = { b->model->arena, b->diag, app->place.file };
    size_t twice = count_twice_named(&b->model->controller, a);
    for (size_t i = 0; i < a->of_count; i++)
        if (!conf_is_one_person(a->of[i]))
            return;
    if (twice && a->of_count >= a->need && a->of_count - twice < a->need)
        CONF_ERROR(&r, a->place.line,
                   "app.%s: need is %u, but by people of evac.cfg those of \"of\" are only %zu; "
                   "allowed: no more than can answer",
                   which, (unsigned)a->need, a->of_count - twice);
}

enum evac_code conf_build_end(struct conf_build *b, struct evac_model **ret_model,
                              struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    default_controller(b);
    for (size_t i = 0; i < b->model->app_count; i++)
        check_needs(b, &b->apps[i]);
    for (size_t i = 0; i < b->model->app_count; i++) {
        check_people(b, &b->apps[i], &b->apps[i].approvals, "approvals");
        check_people(b, &b->apps[i], &b->apps[i].drill_approvals, "drill_approvals");
    }
    hash_files(b);
    if (b->diag->errors != b->errors_before)
        code = sum_up(b, err);
    free(b->files);
    if (code)
        evac_model_free(b->model);
    *ret_model = code ? NULL : b->model;
    return code;
}
