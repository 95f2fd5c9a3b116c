/* Does a request's body fit its schema? The schema is the one that the API's description shows, so
 * that what is described is what is enforced. */
#ifndef EVAC_BODY_SCHEMA_H
#define EVAC_BODY_SCHEMA_H

#include "conf.h"

#include <cjson/cJSON.h>

/* JSON Schema 2020-12, by subject: each file is an object of named schemas (made at build from
 * schemas/). */
extern const struct evac_conf_text evac_api_schemas[];
extern const size_t evac_api_schema_count;

/* name: of a schema in bodies.json. Of the keywords these are known, and no other may be used
 * there: type, enum, properties, required, additionalProperties (false), items, minimum, maximum,
 * maxLength, maxItems. EVAC_E_BADARG: err names the field and what is allowed. */
enum evac_code evac_body_fits(const char *name, const cJSON *body, struct evac_err *err);
#endif
