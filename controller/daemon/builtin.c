/* The registry of built-in drivers: the one place of the controller that knows which there are. */
#include "daemon.h"

extern const struct evac_pack evac_pack_aws;
extern const struct evac_pack evac_pack_local;

const struct evac_catalog *evac_builtin_catalog(void)
{
    static const struct evac_pack *const packs[] = { &evac_pack_aws, &evac_pack_local };
    static const struct evac_catalog catalog = { packs, sizeof packs / sizeof packs[0] };
    return &catalog;
}
