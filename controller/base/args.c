#include "evac/args.h"

#include "evac/arena.h"

#include <string.h>

static const struct evac_arg *find(const struct evac_args *args, struct evac_str name)
{
    for (size_t i = 0; args && i < args->count; i++)
        if (evac_str_eq(args->items[i].name, name))
            return &args->items[i];
    return NULL;
}

struct evac_str evac_args_get(const struct evac_args *args, const char *name)
{
    const struct evac_arg *arg = find(args, evac_str(name));
    return arg ? arg->value : EVAC_STR_NONE;
}

bool evac_args_has(const struct evac_args *args, const char *name)
{
    return find(args, evac_str(name)) != NULL;
}

struct evac_str evac_args_regional(const struct evac_args *args, const char *name,
                                   struct evac_str region)
{
    size_t n = strlen(name);
    for (size_t i = 0; args && i < args->count; i++) {
        struct evac_str have = args->items[i].name;
        if (have.n == n + 1 + region.n && evac_str_starts(have, name) && have.p[n] == '.' &&
            memcmp(have.p + n + 1, region.p, region.n) == 0)
            return args->items[i].value;
    }
    return evac_args_get(args, name);
}

int64_t evac_args_i64(const struct evac_args *args, const char *name, int64_t fallback)
{
    int64_t value;
    return evac_str_i64(evac_args_get(args, name), &value) ? value : fallback;
}

bool evac_args_bool(const struct evac_args *args, const char *name, bool fallback)
{
    struct evac_str value = evac_args_get(args, name);
    if (evac_str_is(value, "true"))
        return true;
    if (evac_str_is(value, "false"))
        return false;
    return fallback;
}

bool evac_duration_ms(struct evac_str text, int64_t *ret_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {
        { "", 1000 },   { "ms", 1 },      { "s", 1000 },
        { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
    };
    size_t digits = 0;
    while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
        digits++;
    int64_t number;
    if (!evac_str_i64((struct evac_str){ text.p, digits }, &number))
        return false;

    struct evac_str unit = { text.p + digits, text.n - digits };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (evac_str_is(unit, units[i].unit)) {
            if (number > INT64_MAX / units[i].ms)
                return false;
            *ret_ms = number * units[i].ms;
            return true;
        }
    return false;
}

struct evac_args evac_args_under(const struct evac_args *args, const char *group,
                                 struct evac_arena *arena)
{
    struct evac_arg *items = evac_arena_array(arena, args->count + 1, sizeof *items);
    size_t n = strlen(group), count = 0;
    for (size_t i = 0; i < args->count; i++) {
        struct evac_str name = args->items[i].name;
        if (!evac_str_starts(name, group) || name.n <= n || name.p[n] != '.')
            continue;
        items[count++] =
            (struct evac_arg){ { name.p + n + 1, name.n - n - 1 }, args->items[i].value };
    }
    return (struct evac_args){ items, count };
}
