/* Free settings: nested groups to dotted names, lists to JSON arrays. */
#include "conf_read.h"
#include "jw.h"

#include <stdlib.h>
#include <string.h>

#define ARGS_MAX       1000u
#define LIST_BYTES_MAX (64u * 1024)

struct leaf {
    struct evac_arg arg;
    int line;
};

struct flat {
    struct conf_reader *r;
    struct leaf *leaves;
    size_t count;
};

static size_t count_leaves(const config_setting_t *s)
{
    size_t n = 0;
    if (config_setting_type(s) != CONFIG_TYPE_GROUP)
        return 1;
    for (int i = 0; i < config_setting_length(s); i++)
        n += count_leaves(config_setting_get_elem(s, (unsigned)i));
    return n;
}

static bool scalar_text(struct conf_reader *r, const config_setting_t *s, struct evac_str *ret)
{
    struct conf_value value = conf_value(s);
    switch (config_setting_type(s)) {
    case CONFIG_TYPE_BOOL:
        *ret = value.number ? EVAC_STR("true") : EVAC_STR("false");
        return true;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        *ret = evac_arena_printf(r->arena, "%lld", (long long)value.number);
        return true;
    case CONFIG_TYPE_FLOAT:
        *ret = evac_arena_printf(r->arena, "%.15g", config_setting_get_float(s));
        return true;
    case CONFIG_TYPE_STRING:
        *ret = evac_arena_str(r->arena, value.text);
        return true;
    default:
        return false;
    }
}

static void put_entries(struct conf_reader *r, const config_setting_t *list, struct evac_jw *w)
{
    struct evac_str text;
    for (int i = 0; i < config_setting_length(list); i++) {
        const config_setting_t *entry = config_setting_get_elem(list, (unsigned)i);
        if (scalar_text(r, entry, &text))
            evac_jw_str(w, NULL, text);
        else
            CONF_ERROR(r, conf_line(entry),
                       "%s: found %.*s in it; allowed in a list: texts, numbers, true and false",
                       config_setting_name(list), EVAC_STR_ARG(conf_found(r, entry)));
    }
}

static struct evac_str list_json(struct conf_reader *r, const config_setting_t *list)
{
    struct evac_buf json;
    struct evac_err err;
    evac_buf_init(&json, LIST_BYTES_MAX);
    struct evac_jw w = { .out = &json };
    evac_jw_open(&w, NULL, '[');
    put_entries(r, list, &w);
    evac_jw_close(&w, ']');
    if (evac_buf_check(&json, config_setting_name(list), &err))
        CONF_ERROR(r, conf_line(list), "%s", err.text);
    struct evac_str text = evac_arena_str(r->arena, evac_buf_str(&json));
    evac_buf_done(&json);
    return text;
}

static void flatten(struct flat *flat, const config_setting_t *s, struct evac_str name)
{
    if (config_setting_type(s) == CONFIG_TYPE_GROUP) {
        for (int i = 0; i < config_setting_length(s); i++) {
            const config_setting_t *member = config_setting_get_elem(s, (unsigned)i);
            flatten(
                flat, member,
                evac_arena_printf(flat->r->arena, "%s.%s", name.p, config_setting_name(member)));
        }
        return;
    }
    struct leaf *leaf = &flat->leaves[flat->count++];
    leaf->arg.name = name;
    leaf->line = conf_line(s);
    if (!scalar_text(flat->r, s, &leaf->arg.value))
        leaf->arg.value = list_json(flat->r, s);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct leaf *)a)->arg.name.p, ((const struct leaf *)b)->arg.name.p);
}

static void hand_over(const struct flat *flat, struct evac_args *ret_args, const int **ret_lines)
{
    struct evac_arg *items = evac_arena_array(flat->r->arena, flat->count, sizeof *items);
    int *lines = evac_arena_array(flat->r->arena, flat->count, sizeof *lines);
    for (size_t i = 0; i < flat->count; i++) {
        items[i] = flat->leaves[i].arg;
        lines[i] = flat->leaves[i].line;
    }
    *ret_args = (struct evac_args){ items, flat->count };
    if (ret_lines)
        *ret_lines = lines;
}

void conf_flatten(struct conf_reader *r, const config_setting_t *group, const char *skip,
                  struct evac_args *ret_args, const int **ret_lines)
{
    size_t count = count_leaves(group);
    if (count > ARGS_MAX) {
        CONF_ERROR(r, conf_line(group), "found %zu settings in one group; allowed: at most %u",
                   count, ARGS_MAX);
        return;
    }
    struct flat flat = { r, evac_arena_array(r->arena, count, sizeof(struct leaf)), 0 };
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *s = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(s);
        if (!skip || strcmp(name, skip) != 0)
            flatten(&flat, s, evac_arena_str(r->arena, evac_str(name)));
    }
    qsort(flat.leaves, flat.count, sizeof flat.leaves[0], by_name);
    hand_over(&flat, ret_args, ret_lines);
}
