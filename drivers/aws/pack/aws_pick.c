#include "aws_pick.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

/* A place in a reply: in either tree, or nowhere. */
struct node {
    const cJSON *json;
    const struct evac_xml *xml;
};

static bool there(struct node n)
{
    return n.json || n.xml;
}

static struct node child(struct aws_call *c, struct node n, struct evac_str name)
{
    const char *text = evac_arena_str(c->arena, name).p;
    struct node none = { NULL, NULL };
    if (n.json)
        return (struct node){ cJSON_GetObjectItemCaseSensitive(n.json, text), NULL };
    return n.xml ? (struct node){ NULL, evac_xml_child(n.xml, text) } : none;
}

static struct node first_of(struct node list)
{
    if (list.json)
        return (struct node){ cJSON_IsArray(list.json) ? list.json->child : NULL, NULL };
    return list; /* in XML the first element was found by its name */
}

static struct node after(struct node n)
{
    if (n.json)
        return (struct node){ n.json->next, NULL };
    return (struct node){ NULL, n.xml ? evac_xml_again(n.xml) : NULL };
}

static bool text_of(struct aws_call *c, struct node n, struct evac_str *ret_value)
{
    const cJSON *j = n.json;
    *ret_value = EVAC_STR_NONE;
    if (n.xml) {
        *ret_value = n.xml->text;
        return true;
    }
    if (!j || cJSON_IsNull(j))
        return false;
    if (cJSON_IsString(j))
        *ret_value = evac_str(j->valuestring);
    else if (cJSON_IsBool(j))
        *ret_value = cJSON_IsTrue(j) ? EVAC_STR("true") : EVAC_STR("false");
    else if (cJSON_IsNumber(j) && j->valuedouble == (double)(int64_t)j->valuedouble)
        *ret_value = aws_printf(c, "%lld", (long long)j->valuedouble);
    else if (cJSON_IsNumber(j))
        *ret_value = aws_printf(c, "%.6g", j->valuedouble);
    else {
        char *text = cJSON_PrintUnformatted(j);
        *ret_value = evac_arena_str(c->arena, evac_str(text ? text : ""));
        cJSON_free(text);
    }
    return true;
}

static struct node walk(struct aws_call *c, struct node n, struct evac_str path, size_t *ret_count);

static bool has(struct aws_call *c, struct node element, struct evac_str condition)
{
    struct evac_str wanted, found, path = evac_str_cut(condition, '=', &wanted);
    size_t count = SIZE_MAX;
    if (!condition.n)
        return true;
    if (!path.n) /* "=x": the element itself */
        return text_of(c, element, &found) && evac_str_eq(found, wanted);
    return text_of(c, walk(c, element, path, &count), &found) && evac_str_eq(found, wanted);
}

static struct node choose(struct aws_call *c, struct node list, struct evac_str condition,
                          size_t *ret_count)
{
    bool counting = condition.n && condition.p[0] == '#';
    size_t count = 0;
    if (counting)
        condition = (struct evac_str){ condition.p + 1, condition.n - 1 };
    for (struct node e = first_of(list); there(e); e = after(e)) {
        if (!has(c, e, condition))
            continue;
        if (!counting)
            return e;
        count++;
    }
    if (counting)
        *ret_count = count;
    return (struct node){ NULL, NULL };
}

/* "A/B[x/y=z]/C": a part ends at a slash that is in no bracket. */
static struct evac_str next_part(struct evac_str *path)
{
    size_t depth = 0, i = 0;
    while (i < path->n && (depth || path->p[i] != '/')) {
        depth += path->p[i] == '[';
        depth -= path->p[i] == ']';
        i++;
    }
    struct evac_str part = { path->p, i };
    *path = i < path->n ? (struct evac_str){ path->p + i + 1, path->n - i - 1 } : EVAC_STR_NONE;
    return part;
}

static struct node walk(struct aws_call *c, struct node n, struct evac_str path, size_t *ret_count)
{
    while (there(n) && path.n) {
        struct evac_str part = next_part(&path), condition;
        struct evac_str name = evac_str_cut(part, '[', &condition);
        bool list = name.n < part.n;
        if (name.n)
            n = child(c, n, name);
        if (list && condition.n) /* without its closing bracket */
            n = choose(c, n, (struct evac_str){ condition.p, condition.n - 1 }, ret_count);
    }
    return n;
}

static struct node root_of(const struct evac_aws_reply *reply)
{
    return (struct node){ (const cJSON *)(const void *)reply->json,
                          reply->json ? NULL : reply->xml };
}

bool aws_pick(struct aws_call *c, const struct evac_aws_reply *reply, struct evac_str path,
              struct evac_str *ret_value)
{
    size_t count = SIZE_MAX;
    struct node root = root_of(reply), n = walk(c, root, path, &count);
    if (count == SIZE_MAX && path.n && path.p[path.n - 1] == ']' && !there(n)) {
        const char *hash = memchr(path.p, '#', path.n); /* a count of a list that is not there */
        count = hash ? 0 : SIZE_MAX;
    }
    if (count != SIZE_MAX) {
        *ret_value = aws_printf(c, "%zu", count);
        return true;
    }
    return text_of(c, n, ret_value);
}

/* --- all that a path leads to ------------------------------------------------------------------
 */

struct gathered {
    struct evac_str *values;
    size_t count, max;
};

static void gather(struct aws_call *c, struct node n, struct evac_str path, struct gathered *g);

static void take(struct gathered *g, struct evac_str value)
{
    if (g->count < g->max)
        g->values[g->count++] = value;
}

static void gather_names(struct node object, struct gathered *g)
{
    for (const cJSON *e = object.json ? object.json->child : NULL; e; e = e->next)
        take(g, evac_str(e->string));
}

/* The part's element, or NULL nodes when the part was for several and those were gathered. */
static struct node gather_part(struct aws_call *c, struct node n, struct evac_str part,
                               struct evac_str path, struct gathered *g)
{
    struct evac_str condition, name = evac_str_cut(part, '[', &condition);
    struct node none = { NULL, NULL };
    size_t count = 0;
    if (name.n)
        n = child(c, n, name);
    if (!condition.n)
        return n;
    condition.n--; /* its closing bracket */
    if (evac_str_is(condition, "@")) {
        gather_names(n, g);
        return none;
    }
    if (condition.n && condition.p[0] == '#') {
        (void)choose(c, n, condition, &count);
        take(g, aws_printf(c, "%zu", count));
        return none;
    }
    if (!evac_str_is(condition, "*"))
        return choose(c, n, condition, &count);
    for (struct node e = first_of(n); there(e); e = after(e))
        gather(c, e, path, g);
    return none;
}

static void gather(struct aws_call *c, struct node n, struct evac_str path, struct gathered *g)
{
    struct evac_str value;
    while (there(n) && path.n) {
        struct evac_str part = next_part(&path);
        n = gather_part(c, n, part, path, g);
    }
    if (there(n) && text_of(c, n, &value))
        take(g, value);
}

size_t aws_pick_all(struct aws_call *c, const struct evac_aws_reply *reply, struct evac_str path,
                    struct evac_str *ret_values, size_t max)
{
    struct gathered g = { ret_values, 0, max };
    gather(c, root_of(reply), path, &g);
    return g.count;
}
