/* The registry of driver packs: the one place of the controller that knows which there are. */
#include "builtin.h"

#include "builtin_facts.h"
#include "builtin_runbooks.h"
#include "pack_file.h"

#include <stdlib.h>
#include <string.h>

#ifdef EVAC_WITH_AWS
extern const struct evac_pack evac_pack_aws;
#endif
extern const struct evac_pack evac_pack_local;

#ifdef EVAC_WITH_AWS
#define BUILT_IN 2u
#else
#define BUILT_IN 1u
#endif

static const struct evac_pack *packs[BUILT_IN + EVAC_PACKS_LOADED_MAX] = {
#ifdef EVAC_WITH_AWS
    &evac_pack_aws,
#endif
    &evac_pack_local,
};
static char
    *loaded_from[EVAC_PACKS_LOADED_MAX]; /* the file of each pack behind the built-in ones */
static struct evac_catalog catalog = { packs, BUILT_IN };
static bool sealed;

const struct evac_catalog *evac_builtin_catalog(void)
{
    return &catalog;
}

/* --- files ------------------------------------------------------------------------------------ */

static bool is_loaded(struct evac_str path)
{
    for (size_t i = BUILT_IN; i < catalog.pack_count; i++)
        if (evac_str_is(path, loaded_from[i - BUILT_IN]))
            return true;
    return false;
}

/* Names are what a configuration writes: each has one meaning. */
static enum evac_code check_names(const struct evac_pack *pack, const char *path,
                                  struct evac_err *err)
{
    for (size_t i = 0; i < catalog.pack_count; i++)
        if (strcmp(packs[i]->name, pack->name) == 0)
            return evac_fail(err, EVAC_E_EXISTS, "%s: there is a pack '%s' already", path,
                             pack->name);
    for (const struct evac_driver *const *d = pack->drivers; *d; d++)
        if (evac_catalog_driver(&catalog, evac_str((*d)->name)))
            return evac_fail(err, EVAC_E_EXISTS, "%s: there is a driver '%s' already", path,
                             (*d)->name);
    return EVAC_OK;
}

static enum evac_code add_file(struct evac_str path, struct evac_err *err)
{
    const struct evac_pack *pack = NULL;
    size_t at = catalog.pack_count - BUILT_IN;
    if (is_loaded(path))
        return EVAC_OK;
    if (sealed)
        return evac_fail(err, EVAC_E_REFUSED, "%.*s: drivers change only with a restart",
                         EVAC_STR_ARG(path));
    if (at == EVAC_PACKS_LOADED_MAX)
        return evac_fail(err, EVAC_E_TOOBIG, "more than %u driver files", EVAC_PACKS_LOADED_MAX);
    char *copy = strndup(path.p, path.n);
    if (!copy)
        abort();
    enum evac_code code = evac_pack_file_load(copy, &pack, err);
    if (!code)
        code = check_names(pack, copy, err);
    if (code) {
        free(copy);
        return code;
    }
    loaded_from[at] = copy;
    packs[catalog.pack_count++] = pack;
    return EVAC_OK;
}

enum evac_code evac_builtin_conf_load(const char *dir, struct evac_diag *diag,
                                      struct evac_model **ret_model, struct evac_err *err)
{
    struct evac_model *model = NULL;
    enum evac_code code =
        evac_conf_load(dir, evac_builtin_runbooks, evac_builtin_runbook_count, diag, &model, err);
    for (size_t i = 0; !code && i < model->controller.driver_count; i++)
        if ((code = add_file(model->controller.drivers[i], err)))
            evac_err_prefix(err, "evac.cfg: drivers");
    if (code) {
        evac_model_free(model);
        return code;
    }
    *ret_model = model;
    return EVAC_OK;
}

void evac_builtin_seal(void)
{
    sealed = true;
}

/* --- facts ------------------------------------------------------------------------------------ */

enum evac_code evac_builtin_load_facts(struct evac_str facts, struct evac_str prices,
                                       struct evac_str limits, struct evac_diag *diag,
                                       const struct evac_facts **ret_facts, struct evac_err *err)
{
    const char *paths[3];
    size_t n = 0;
    if (facts.n)
        paths[n++] = evac_arena_str(diag->arena, facts).p;
    if (prices.n)
        paths[n++] = evac_arena_str(diag->arena, prices).p;
    if (limits.n)
        paths[n++] = evac_arena_str(diag->arena, limits).p;
    return evac_facts_load(evac_builtin_facts, facts.n ? 0 : evac_builtin_fact_count, paths, n,
                           diag, ret_facts, err);
}
