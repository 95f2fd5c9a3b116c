/* The API's description, made from the table of routes and the schemas: OpenAPI 3.1 for programs,
 * a page for people. */
#ifndef EVAC_OPENAPI_H
#define EVAC_OPENAPI_H

#include "evac/buf.h"

void evac_openapi_json(struct evac_buf *out);
/* controller/api/README.md's generated part. */
void evac_openapi_page(struct evac_buf *out);
#endif
