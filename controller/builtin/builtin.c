/* The registry of built-in drivers: the one place of the controller that knows which there are. */
#include "builtin.h"

#include "builtin_facts.h"

#ifdef EVAC_WITH_AWS
extern const struct evac_pack evac_pack_aws;
#endif
extern const struct evac_pack evac_pack_local;

const struct evac_catalog *evac_builtin_catalog(void)
{
    static const struct evac_pack *const packs[] = {
#ifdef EVAC_WITH_AWS
        &evac_pack_aws,
#endif
        &evac_pack_local,
    };
    static const struct evac_catalog catalog = { packs, sizeof packs / sizeof packs[0] };
    return &catalog;
}

enum evac_code evac_builtin_load_facts(struct evac_str path, struct evac_diag *diag,
                                       const struct evac_facts **ret_facts, struct evac_err *err)
{
    if (path.n)
        return evac_facts_load(evac_arena_str(diag->arena, path).p, diag, ret_facts, err);
    return evac_facts_parse(evac_builtin_facts, evac_builtin_fact_count, diag, ret_facts, err);
}
