/* AWS JSON, read by cJSON with limits (depth 64, 4 MiB). A thin read-only view, so that drivers do
 * not each handle NULLs and types. */
#ifndef EVAC_AWS_JSON_H
#define EVAC_AWS_JSON_H

#include "evac/arena.h"
#include "evac/err.h"

struct evac_json; /* a cJSON value */

/* *ret_root must be given to evac_json_free. Duplicate keys and trailing text are refused. */
enum evac_code evac_json_parse(struct evac_str text, struct evac_json **ret_root,
                               struct evac_err *err);
void evac_json_free(struct evac_json *root);

/* NULL in, NULL out: calls chain. */
const struct evac_json *evac_json_get(const struct evac_json *object, const char *key);
const struct evac_json *evac_json_first(const struct evac_json *array_or_object);
const struct evac_json *evac_json_next(const struct evac_json *value);
size_t evac_json_count(const struct evac_json *array);
struct evac_str evac_json_str(const struct evac_json *object,
                              const char *key);                /* "" unless a string */
struct evac_str evac_json_text(const struct evac_json *value); /* itself a string, or "" */
struct evac_str evac_json_key(const struct evac_json *value);  /* its name in its object */
int64_t evac_json_i64(const struct evac_json *object, const char *key, int64_t fallback);
double evac_json_num(const struct evac_json *object, const char *key, double fallback);
double evac_json_as_num(const struct evac_json *value, double fallback); /* itself a number */
bool evac_json_bool(const struct evac_json *object, const char *key, bool fallback);
#endif
