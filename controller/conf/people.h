/*
 * Who is one person, as evac.cfg's people say. The person becomes a part of the journal's word for
 * who did something ("oidc:ann@example.com by 4hf9a7x2 for person:ann"), so that whoever compares
 * two words needs no configuration, and a replay says what was so then. Pure.
 */
#ifndef EVAC_PEOPLE_H
#define EVAC_PEOPLE_H

#include "model.h"

/* Whose principal it is: "uid:1000(ann)" is "uid:ann" too. NULL: nobody's that is configured. */
const struct evac_person_conf *evac_people_find(const struct evac_controller_conf *conf,
                                                struct evac_str principal);

/* who with its person named, if they are configured; else who itself. False: it is too long, and
 * nobody's then. */
bool evac_people_name(const struct evac_controller_conf *conf, struct evac_str who,
                      char ret_who[EVAC_WHO_MAX]);
#endif
