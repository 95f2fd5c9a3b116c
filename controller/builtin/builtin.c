/* The registry of built-in drivers: the one place of the controller that knows which there are. */
#include "builtin.h"

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
