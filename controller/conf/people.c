#include "people.h"

#include <stdio.h>

static bool is_theirs(const struct evac_person_conf *p, struct evac_str principal)
{
    const struct evac_caller caller = { .who = principal };
    for (size_t i = 0; i < p->principal_count; i++)
        if (evac_principal_is(p->principals[i], &caller))
            return true;
    return false;
}

const struct evac_person_conf *evac_people_find(const struct evac_controller_conf *conf,
                                                struct evac_str principal)
{
    for (size_t i = 0; principal.n && i < conf->person_count; i++)
        if (is_theirs(&conf->people[i], principal))
            return &conf->people[i];
    return NULL;
}

/* A token of one's own is one's own whoever made it; else whoever answers for it is meant. */
bool evac_people_name(const struct evac_controller_conf *conf, struct evac_str who,
                      char ret_who[EVAC_WHO_MAX])
{
    const struct evac_who parts = evac_who_parts(who);
    const struct evac_person_conf *p = evac_people_find(conf, parts.principal);
    if (!p)
        p = evac_people_find(conf, parts.person);
    if (!p)
        return evac_str_copy(ret_who, EVAC_WHO_MAX, who);
    int n = snprintf(ret_who, EVAC_WHO_MAX, "%.*s%s%.*s for person:%.*s",
                     EVAC_STR_ARG(parts.principal), parts.credential.n ? " by " : "",
                     EVAC_STR_ARG(parts.credential), EVAC_STR_ARG(p->name));
    return n > 0 && (size_t)n < EVAC_WHO_MAX;
}
