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

enum evac_code evac_builtin_load_facts(struct evac_str facts, struct evac_str prices,
                                       struct evac_diag *diag, const struct evac_facts **ret_facts,
                                       struct evac_err *err)
{
    const char *paths[2];
    size_t n = 0;
    if (facts.n)
        paths[n++] = evac_arena_str(diag->arena, facts).p;
    if (prices.n)
        paths[n++] = evac_arena_str(diag->arena, prices).p;
    return evac_facts_load(evac_builtin_facts, facts.n ? 0 : evac_builtin_fact_count, paths, n,
                           diag, ret_facts, err);
}
