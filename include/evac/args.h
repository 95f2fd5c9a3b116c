/* Named values, flat: what a resource declares and what a step wants of it. A nested configuration
 * group becomes dotted names: buckets = { us-east-1 = "a"; } is "buckets.us-east-1". */
#ifndef EVAC_ARGS_H
#define EVAC_ARGS_H

#include "evac/str.h"

struct evac_arg {
    struct evac_str name;
    struct evac_str value; /* numbers and booleans as text; a list as a JSON array of strings */
};

/* Sorted by name, names unique. */
struct evac_args {
    const struct evac_arg *items;
    size_t count;
};

/* The value, or the empty text when there is none. evac_args_has() tells the two apart. */
struct evac_str evac_args_get(const struct evac_args *args, const char *name);
bool evac_args_has(const struct evac_args *args, const char *name);

/* "name.region" if it is there, else "name": for what may differ from region to region. */
struct evac_str evac_args_regional(const struct evac_args *args, const char *name,
                                   struct evac_str region);

/* Those of a group, without its name: "aws.region" is "region" of "aws". Texts are borrowed. */
struct evac_arena;
struct evac_args evac_args_under(const struct evac_args *args, const char *group,
                                 struct evac_arena *arena);

/* fallback when absent or not a number. */
int64_t evac_args_i64(const struct evac_args *args, const char *name, int64_t fallback);
bool evac_args_bool(const struct evac_args *args, const char *name, bool fallback);

/* A duration such as "250ms", "10s", "5m", "2h", "1d" (or a bare number of seconds) in
 * milliseconds. */
bool evac_duration_ms(struct evac_str text, int64_t *ret_ms);

#endif
