#include "sandbox_docs.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define DOCS_MAX 4096u

/* --- life ------------------------------------------------------------------------------------ */

static void clear_dues(struct evac_sandbox *sb, struct sb_doc *doc)
{
    sb->doc_dues -= doc->due_count;
    for (size_t i = 0; i < doc->due_count; i++)
        cJSON_Delete(doc->due[i].value);
    doc->due_count = 0;
}

static void free_doc(struct evac_sandbox *sb, struct sb_doc *doc)
{
    clear_dues(sb, doc);
    cJSON_Delete(doc->json);
    free(doc);
}

struct sb_doc *sb_doc_find(const struct evac_sandbox *sb, enum sb_service_id id, size_t region,
                           const char *kind, struct evac_str name)
{
    struct sb_doc *d = NULL;
    while ((d = sb_doc_next(sb, id, region, kind, d)))
        if (evac_str_is(name, d->name))
            return d;
    return NULL;
}

struct sb_doc *sb_doc_next(const struct evac_sandbox *sb, enum sb_service_id id, size_t region,
                           const char *kind, const struct sb_doc *after)
{
    if (sb->doc_counts[id] == 0)
        return NULL;
    struct sb_doc *d = after ? after->next : sb->docs;
    while (d && (d->id != id || d->region != region || strcmp(d->kind, kind) != 0))
        d = d->next;
    return d;
}

struct sb_doc *sb_doc_new(struct evac_sandbox *sb, enum sb_service_id id, size_t region,
                          const char *kind, struct evac_str name)
{
    struct sb_doc *doc = sb_doc_find(sb, id, region, kind, name);
    struct sb_doc **end = &sb->docs;
    size_t count = 0;
    if (doc) {
        clear_dues(sb, doc);
        cJSON_Delete(doc->json);
        doc->json = cJSON_CreateObject();
        return doc;
    }
    for (; *end; end = &(*end)->next)
        count++;
    doc = count < DOCS_MAX ? calloc(1, sizeof *doc) : NULL;
    if (!doc)
        return NULL;
    doc->id = id;
    doc->region = region;
    (void)evac_str_copy(doc->kind, sizeof doc->kind, evac_str(kind));
    (void)evac_str_copy(doc->name, sizeof doc->name, name);
    doc->json = cJSON_CreateObject();
    *end = doc;
    sb->doc_counts[id]++;
    return doc;
}

void sb_doc_drop(struct evac_sandbox *sb, struct sb_doc *doc)
{
    struct sb_doc **at = &sb->docs;
    while (*at && *at != doc)
        at = &(*at)->next;
    if (*at)
        *at = doc->next;
    sb->doc_counts[doc->id]--;
    free_doc(sb, doc);
}

void sb_docs_free(struct evac_sandbox *sb)
{
    while (sb->docs)
        sb_doc_drop(sb, sb->docs);
}

/* --- members --------------------------------------------------------------------------------- */

static cJSON *member(cJSON *at, struct evac_str *path, bool create, char *last, size_t last_bytes)
{
    while (at && path->n) {
        struct evac_str rest, name = evac_str_cut(*path, '.', &rest);
        if (!evac_str_copy(last, last_bytes, name))
            return NULL;
        *path = rest;
        if (rest.n == 0)
            return at;
        cJSON *next = cJSON_GetObjectItemCaseSensitive(at, last);
        if (!next && create)
            next = cJSON_AddObjectToObject(at, last);
        at = next;
    }
    return at;
}

static cJSON *get(const struct sb_doc *doc, const char *path)
{
    char last[64];
    struct evac_str rest = evac_str(path);
    if (!rest.n)
        return doc->json;
    cJSON *parent = member(doc->json, &rest, false, last, sizeof last);
    return parent ? cJSON_GetObjectItemCaseSensitive(parent, last) : NULL;
}

static void set(struct sb_doc *doc, const char *path, cJSON *value)
{
    char last[64];
    struct evac_str rest = evac_str(path);
    cJSON *parent = member(doc->json, &rest, true, last, sizeof last);
    if (!parent || !value) {
        cJSON_Delete(value);
        return;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(parent, last);
    cJSON_AddItemToObject(parent, last, value);
}

struct evac_str sb_doc_text(const struct sb_doc *doc, const char *path)
{
    const cJSON *value = get(doc, path);
    return cJSON_IsString(value) ? evac_str(value->valuestring) : EVAC_STR_NONE;
}

int64_t sb_doc_num(const struct sb_doc *doc, const char *path, int64_t fallback)
{
    const cJSON *value = get(doc, path);
    return cJSON_IsNumber(value) ? (int64_t)value->valuedouble : fallback;
}

bool sb_doc_is(const struct sb_doc *doc, const char *path, const char *text)
{
    const cJSON *value = get(doc, path);
    if (cJSON_IsBool(value))
        return strcmp(text, cJSON_IsTrue(value) ? "true" : "false") == 0;
    return evac_str_is(sb_doc_text(doc, path), text);
}

bool sb_doc_has(const struct sb_doc *doc, const char *path)
{
    return get(doc, path) != NULL;
}

void sb_doc_set_text(struct sb_doc *doc, const char *path, struct evac_str text)
{
    char *copy = calloc(1, text.n + 1);
    if (!copy)
        abort();
    if (text.n)
        memcpy(copy, text.p, text.n);
    set(doc, path, cJSON_CreateString(copy));
    free(copy);
}

void sb_doc_set_num(struct sb_doc *doc, const char *path, double number)
{
    set(doc, path, cJSON_CreateNumber(number));
}

void sb_doc_set(struct sb_doc *doc, const char *path, const char *json)
{
    set(doc, path, cJSON_Parse(json));
}

void sb_doc_unset(struct sb_doc *doc, const char *path)
{
    char last[64];
    struct evac_str rest = evac_str(path);
    cJSON *parent = member(doc->json, &rest, false, last, sizeof last);
    if (parent)
        cJSON_DeleteItemFromObjectCaseSensitive(parent, last);
}

static const cJSON *in_request(const struct sb_call *c, const char *name)
{
    const cJSON *at = (const cJSON *)(const void *)c->json;
    return at ? cJSON_GetObjectItemCaseSensitive(at, name) : NULL;
}

void sb_doc_take(const struct sb_call *c, struct sb_doc *doc, const char *path, const char *name)
{
    const cJSON *value = in_request(c, name);
    if (value && !cJSON_IsNull(value))
        set(doc, path, cJSON_Duplicate(value, true));
    else if (!c->json && sb_has(c, "%s", name))
        sb_doc_set_text(doc, path, sb_in(c, "%s", name));
}

struct sb_doc *sb_doc_named(struct sb_call *c, size_t region, const char *kind,
                            struct evac_str name, int status, const char *code)
{
    struct sb_doc *doc = sb_doc_find(c->sb, c->id, region, kind, name);
    if (!doc)
        sb_error(c, status, code, "There is no %s %.*s.", kind, EVAC_STR_ARG(name));
    return doc;
}

struct evac_str sb_short_name(struct evac_str name)
{
    for (size_t i = name.n; i > 0; i--)
        if (name.p[i - 1] == '/' || name.p[i - 1] == ':')
            return (struct evac_str){ name.p + i, name.n - i };
    return name;
}

/* --- writing --------------------------------------------------------------------------------- */

static void put_json(struct evac_buf *out, const cJSON *value)
{
    char *text = value ? cJSON_PrintUnformatted(value) : NULL;
    evac_buf_puts(out, text ? text : "null");
    cJSON_free(text);
}

void sb_doc_put(struct evac_buf *out, const struct sb_doc *doc, const char *path)
{
    put_json(out, get(doc, path ? path : ""));
}

static const char *element_name(const char *list, const char *const (*names)[2])
{
    for (; names && (*names)[0]; names++)
        if (strcmp((*names)[0], list) == 0)
            return (*names)[1];
    return "member";
}

static void put_xml(struct evac_buf *out, const cJSON *value, const char *const (*names)[2])
{
    const cJSON *e;
    if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
        cJSON_ArrayForEach(e, value)
        {
            const char *name =
                cJSON_IsArray(value) ? element_name(value->string, names) : e->string;
            evac_buf_putf(out, "<%s>", name);
            put_xml(out, e, names);
            evac_buf_putf(out, "</%s>", name);
        }
    } else if (cJSON_IsString(value)) {
        evac_buf_xml(out, evac_str(value->valuestring));
    } else {
        put_json(out, value);
    }
}

void sb_doc_xml(struct evac_buf *out, const struct sb_doc *doc, const char *const (*names)[2])
{
    put_xml(out, doc->json, names);
}

void sb_docs_truth(const struct evac_sandbox *sb, enum sb_service_id id, struct evac_buf *json)
{
    bool first = true;
    evac_buf_putf(json, ",\"%s\":[", sb_service(id)->row);
    for (const struct sb_doc *d = sb->docs; d; d = d->next) {
        if (d->id != id)
            continue;
        evac_buf_putf(json, "%s{\"region\":\"%s\",\"kind\":\"%s\",\"name\":", first ? "" : ",",
                      d->region < SB_REGIONS_MAX ? sb_region_name(sb, d->region) : "", d->kind);
        evac_buf_json(json, evac_str(d->name));
        evac_buf_puts(json, ",\"is\":");
        sb_doc_put(json, d, "");
        evac_buf_putc(json, '}');
        first = false;
    }
    evac_buf_putc(json, ']');
}

/* --- time ------------------------------------------------------------------------------------ */

void sb_doc_later(struct evac_sandbox *sb, struct sb_doc *doc, uint64_t real_ms, const char *path,
                  const char *json)
{
    struct sb_due *due = NULL;
    for (size_t i = 0; i < doc->due_count; i++)
        if (strcmp(doc->due[i].path, path) == 0)
            due = &doc->due[i];
    if (due)
        cJSON_Delete(due->value);
    else if (doc->due_count < SB_DUES_MAX) {
        due = &doc->due[doc->due_count++];
        sb->doc_dues++;
    }
    if (!due)
        return;
    *due = (struct sb_due){ .at_ms = sb->now_ms + sb_scaled(sb, real_ms) + 1,
                            .value = cJSON_Parse(json) };
    (void)evac_str_copy(due->path, sizeof due->path, evac_str(path));
}

static bool asleep(const struct evac_sandbox *sb, const struct sb_doc *doc)
{
    return doc->region < SB_REGIONS_MAX && sb->regions[doc->region].down;
}

uint64_t sb_docs_wake(const struct evac_sandbox *sb)
{
    uint64_t next = SB_NEVER;
    for (const struct sb_doc *d = sb->doc_dues ? sb->docs : NULL; d; d = d->next)
        for (size_t i = 0; i < d->due_count && !asleep(sb, d); i++)
            if (d->due[i].at_ms < next)
                next = d->due[i].at_ms;
    return next;
}

void sb_docs_advance(struct evac_sandbox *sb)
{
    for (struct sb_doc *d = sb->doc_dues ? sb->docs : NULL; d; d = d->next) {
        for (size_t i = 0; i < d->due_count && !asleep(sb, d);) {
            if (d->due[i].at_ms > sb->now_ms) {
                i++;
                continue;
            }
            set(d, d->due[i].path, d->due[i].value);
            for (size_t k = i + 1; k < d->due_count; k++) /* in the order they were told */
                d->due[k - 1] = d->due[k];
            d->due_count--;
            sb->doc_dues--;
        }
    }
}

/* --- make ------------------------------------------------------------------------------------ */

static const struct sb_kind *kind_of(const struct sb_kind *kinds, struct evac_str name)
{
    for (; kinds->kind; kinds++)
        if (evac_str_is(name, kinds->kind))
            return kinds;
    return NULL;
}

static void put_default(struct evac_buf *out, const char *text, const struct evac_sandbox *sb,
                        const struct sb_doc *doc)
{
    const char *region = doc->region < SB_REGIONS_MAX ? sb_region_name(sb, doc->region) : "";
    const char *const words[][2] = { { "{name}", doc->name },
                                     { "{region}", region },
                                     { "{account}", SB_ACCOUNT } };
    while (*text) {
        bool found = false;
        for (size_t i = 0; i < 3 && !found && *text == '{'; i++) {
            size_t n = strlen(words[i][0]);
            found = strncmp(text, words[i][0], n) == 0;
            if (found) {
                evac_buf_puts(out, words[i][1]);
                text += n;
            }
        }
        if (!found)
            evac_buf_putc(out, *text++);
    }
}

static void merge(cJSON *into, const cJSON *from)
{
    const cJSON *e;
    cJSON_ArrayForEach(e, from)
    {
        cJSON *old = cJSON_GetObjectItemCaseSensitive(into, e->string);
        if (cJSON_IsObject(old) && cJSON_IsObject(e)) {
            merge(old, e);
            continue;
        }
        cJSON_DeleteItemFromObjectCaseSensitive(into, e->string);
        cJSON_AddItemToObject(into, e->string, cJSON_Duplicate(e, true));
    }
}

static struct sb_doc *with_defaults(struct evac_sandbox *sb, enum sb_service_id id,
                                    const struct sb_kind *kind, size_t region, struct evac_str name)
{
    struct sb_doc *doc =
        sb_doc_new(sb, id, kind->anywhere ? SB_ANYWHERE : region, kind->kind, name);
    struct evac_buf text;
    if (!doc)
        return NULL;
    evac_buf_init(&text, 65536);
    struct sb_doc here = *doc;
    here.region = region;
    put_default(&text, kind->defaults, sb, &here);
    cJSON_Delete(doc->json);
    doc->json = cJSON_Parse(text.p);
    if (!doc->json)
        doc->json = cJSON_CreateObject();
    evac_buf_done(&text);
    return doc;
}

struct sb_doc *sb_doc_of_kind(struct evac_sandbox *sb, enum sb_service_id id,
                              const struct sb_kind *kinds, const char *kind, size_t region,
                              struct evac_str name)
{
    return with_defaults(sb, id, kind_of(kinds, evac_str(kind)), region, name);
}

enum evac_code sb_docs_make(struct evac_sandbox *sb, enum sb_service_id id,
                            const struct sb_kind *kinds, size_t region,
                            const struct evac_json *json, struct evac_err *err)
{
    struct evac_str name = evac_json_str(json, "name");
    const struct sb_kind *kind = kind_of(kinds, evac_json_str(json, "kind"));
    struct evac_buf known;
    if (kind && name.n) {
        struct sb_doc *doc = with_defaults(sb, id, kind, region, name);
        if (!doc)
            return evac_fail(err, EVAC_E_TOOBIG, "there are %u resources already", DOCS_MAX);
        merge(doc->json, (const cJSON *)(const void *)json);
        sb_doc_unset(doc, "kind");
        sb_doc_unset(doc, "name");
        if (kind->made)
            kind->made(sb, doc);
        return EVAC_OK;
    }
    evac_buf_init(&known, 1024);
    for (size_t i = 0; kinds[i].kind; i++)
        evac_buf_putf(&known, "%s%s", i ? ", " : "", kinds[i].kind);
    (void)evac_fail(err, EVAC_E_BADARG, "%s needs a \"name\" and a \"kind\", which can be %s",
                    sb_service(id)->row, known.p);
    evac_buf_done(&known);
    return EVAC_E_BADARG;
}
