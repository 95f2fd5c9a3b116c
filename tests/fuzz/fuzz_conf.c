/* An app's file, with the built-in runbooks: either a model, or errors that name a place. */
#include "builtin.h"
#include "builtin_runbooks.h"
#include "conf.h"
#include "fuzz.h"
#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evac_conf_text files[16];
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_model *model = NULL;
    struct evac_err err = { EVAC_OK, "" };
    size_t n = 0;
    files[n++] = (struct evac_conf_text){ "apps/fuzz.cfg", { (const char *)data, size } };
    for (size_t i = 0; i < evac_builtin_runbook_count && n < 16; i++)
        files[n++] = evac_builtin_runbooks[i];
    enum evac_code code = evac_conf_parse(files, n, &diag, &model, &err);
    MUST((code == EVAC_OK) == (model != NULL));
    MUST(code == EVAC_OK || err.text[0]);
    if (model)
        (void)evac_plan_check_model(model, evac_builtin_catalog(), &diag, &err);
    evac_model_free(model);
    evac_arena_free(diag.arena);
    return 0;
}
