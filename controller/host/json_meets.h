/* A JSON text held against a test. The text is a stranger's: it is read up to its end, once, and
 * nested no deeper than cJSON's limit; how large it may be is the caller's to bound. */
#ifndef EVAC_JSON_MEETS_H
#define EVAC_JSON_MEETS_H

#include "json_test.h"

#include <stddef.h>

/* False: why says what was found and what was expected, in printable characters. */
bool evac_json_meets(struct evac_str text, const struct evac_json_test *test, char *why,
                     size_t why_bytes);

#endif
