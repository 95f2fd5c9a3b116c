#include "passes.h"

#include "json_text.h"

#include "evac/arena.h"
#include "evac/buf.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX    4096u                            /* live and ended */
#define KEPT_MS     (INT64_C(30) * 24 * 3600 * 1000) /* what ended is listed for so long */
#define GROUPS_MAX  64u
#define DIGEST_TEXT 65u

struct entry {
    struct evac_pass c;
    struct evac_arena *arena;
};

struct evac_passes {
    struct entry *entries; /* the oldest first */
    size_t count, cap;
};

#define X(name, text, prefix) prefix,
static const char *const prefixes[] = { EVAC_PASS_KINDS(X) };
#undef X

struct evac_passes *evac_passes_new(void)
{
    struct evac_passes *all = calloc(1, sizeof *all);
    if (!all)
        abort();
    return all;
}

void evac_passes_free(struct evac_passes *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < all->count; i++)
        evac_arena_free(all->entries[i].arena);
    free(all->entries);
    free(all);
}

size_t evac_passes_count(const struct evac_passes *all)
{
    return all->count;
}

const struct evac_pass *evac_passes_at(const struct evac_passes *all, size_t index)
{
    return index < all->count ? &all->entries[index].c : NULL;
}

static struct evac_pass *find(const struct evac_passes *all, enum evac_pass_kind kind,
                              struct evac_str id)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->entries[i].c.kind == kind && evac_str_eq(all->entries[i].c.id, id))
            return &all->entries[i].c;
    return NULL;
}

/* --- life
 * ------------------------------------------------------------------------------------- */

static bool is_over(const struct evac_pass *c, int64_t wall_ms)
{
    return c->ended_ms || wall_ms >= c->ends_ms;
}

bool evac_pass_is_live(const struct evac_passes *all, const struct evac_pass *c, int64_t wall_ms)
{
    const struct evac_pass *token = c->token.n ? find(all, EVAC_PASS_TOKEN, c->token) : NULL;
    return !is_over(c, wall_ms) && (!c->token.n || (token && !is_over(token, wall_ms)));
}

size_t evac_passes_live(const struct evac_passes *all, enum evac_pass_kind kind, int64_t wall_ms)
{
    size_t n = 0;
    for (size_t i = 0; i < all->count; i++)
        n += all->entries[i].c.kind == kind && evac_pass_is_live(all, &all->entries[i].c, wall_ms);
    return n;
}

const struct evac_pass *evac_passes_find(const struct evac_passes *all, enum evac_pass_kind kind,
                                         struct evac_str id_or_name, int64_t wall_ms)
{
    const struct evac_pass *by_id = find(all, kind, id_or_name);
    for (size_t i = 0; !by_id && i < all->count; i++) {
        const struct evac_pass *c = &all->entries[i].c;
        if (c->kind == kind && c->name.n && evac_str_eq(c->name, id_or_name) &&
            evac_pass_is_live(all, c, wall_ms))
            return c;
    }
    return by_id;
}

/* --- the fold
 * ---------------------------------------------------------------------------------- */

static struct evac_str text_of(struct evac_arena *arena, const cJSON *data, const char *key)
{
    return evac_arena_str(arena, evac_json_text(data, key));
}

static const struct evac_str *texts_of(struct evac_arena *arena, const cJSON *data, const char *key,
                                       size_t max, size_t *ret_count)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(data, key), *item;
    struct evac_str *texts = evac_arena_array(arena, max, sizeof *texts);
    *ret_count = 0;
    cJSON_ArrayForEach(item, list) if (cJSON_IsString(item) && *ret_count < max)
        texts[(*ret_count)++] = evac_arena_str(arena, evac_str(item->valuestring));
    return texts;
}

static uint32_t roles_of(const cJSON *data, const char *key)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(data, key), *item;
    uint32_t roles = 0;
    enum evac_role role;
    cJSON_ArrayForEach(item, list) if (cJSON_IsString(item) &&
                                       evac_role_parse(evac_str(item->valuestring), &role)) roles |=
        EVAC_ROLE_BIT(role);
    return roles;
}

static bool digest_of(const cJSON *data, uint8_t digest[32])
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(data, "sha256");
    size_t n = 0;
    return cJSON_IsString(item) && strlen(item->valuestring) == DIGEST_TEXT - 1 &&
           OPENSSL_hexstr2buf_ex(digest, 32, &n, item->valuestring, '\0') == 1 && n == 32;
}

/* Room for one more: what ended longest ago makes way. */
static void make_room(struct evac_passes *all, int64_t wall_ms)
{
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct evac_pass *c = &all->entries[i].c;
        int64_t end = c->ended_ms ? c->ended_ms : c->ends_ms;
        bool old =
            wall_ms - end > KEPT_MS || (is_over(c, wall_ms) && all->count - (i - kept) >= KEPT_MAX);
        if (old)
            evac_arena_free(all->entries[i].arena);
        else
            all->entries[kept++] = all->entries[i];
    }
    all->count = kept;
    if (all->count < all->cap)
        return;
    all->cap = all->cap ? all->cap * 2 : 16;
    all->entries = realloc(all->entries, all->cap * sizeof *all->entries);
    if (!all->entries)
        abort();
}

static void read_scope(struct evac_pass *c, struct evac_arena *arena, const cJSON *data)
{
    c->scoped = cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(data, "roles"));
    c->scope.roles = roles_of(data, "roles");
    c->scope.granted = roles_of(data, "granted");
    c->scope.apps = texts_of(arena, data, "apps", EVAC_SCOPE_APPS_MAX, &c->scope.app_count);
}

static void add(struct evac_passes *all, const struct evac_record *r)
{
    cJSON *data = cJSON_ParseWithLength(r->data.p ? r->data.p : "", r->data.n);
    bool token = r->kind == EVAC_RECORD_TOKEN;
    struct entry e = { .arena = evac_arena_new() };
    e.c = (struct evac_pass){
        .kind = token ? EVAC_PASS_TOKEN : EVAC_PASS_SESSION,
        .id = token ? text_of(e.arena, data, "id") : evac_arena_str(e.arena, r->name),
        .name = token ? evac_arena_str(e.arena, r->name) : EVAC_STR_NONE,
        .principal = token ? evac_arena_printf(e.arena, "token:%.*s", EVAC_STR_ARG(r->name))
                           : text_of(e.arena, data, "principal"),
        .person = text_of(e.arena, data, "owner"),
        .token = text_of(e.arena, data, "token"),
        .made_by = evac_arena_str(e.arena, r->who),
        .about = evac_arena_str(e.arena, r->text),
        .made_ms = r->t_wall_ms,
        .ends_ms = r->number,
    };
    e.c.groups = texts_of(e.arena, data, "groups", GROUPS_MAX, &e.c.group_count);
    read_scope(&e.c, e.arena, data);
    bool good = digest_of(data, e.c.digest) && e.c.id.n && !find(all, e.c.kind, e.c.id);
    cJSON_Delete(data);
    if (!good) {
        evac_arena_free(e.arena);
        return;
    }
    make_room(all, r->t_wall_ms);
    all->entries[all->count++] = e;
}

static struct entry *entry_of(struct evac_passes *all, const struct evac_record *r)
{
    enum evac_pass_kind kind = r->kind == EVAC_RECORD_TOKEN ? EVAC_PASS_TOKEN : EVAC_PASS_SESSION;
    cJSON *data = cJSON_ParseWithLength(r->data.p ? r->data.p : "", r->data.n);
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(data, "id");
    struct evac_str wanted = kind == EVAC_PASS_SESSION ? r->name
                             : cJSON_IsString(id)      ? evac_str(id->valuestring)
                                                       : EVAC_STR_NONE;
    struct entry *found = NULL;
    for (size_t i = 0; i < all->count && !found; i++)
        if (all->entries[i].c.kind == kind && evac_str_eq(all->entries[i].c.id, wanted))
            found = &all->entries[i];
    cJSON_Delete(data);
    return found;
}

static void end(struct entry *e, const struct evac_record *r)
{
    if (!e || e->c.ended_ms)
        return;
    e->c.ended_ms = r->t_wall_ms;
    e->c.ended_by = evac_arena_str(e->arena, r->who);
}

static void mark_used(struct entry *e, const struct evac_record *r)
{
    if (!e)
        return;
    e->c.noted_ms = r->t_wall_ms;
    if (e->c.used_ms < r->t_wall_ms)
        e->c.used_ms = r->t_wall_ms;
}

void evac_passes_keep(struct evac_passes *all, const struct evac_record *r)
{
    if (evac_str_is(r->to, "created") || evac_str_is(r->to, "begun"))
        add(all, r);
    else if (evac_str_is(r->to, "revoked") || evac_str_is(r->to, "ended"))
        end(entry_of(all, r), r);
    else if (evac_str_is(r->to, "used"))
        mark_used(entry_of(all, r), r);
}

void evac_passes_row(struct evac_passes *all, const struct evac_record *r)
{
    if (r->kind == EVAC_RECORD_TOKEN || r->kind == EVAC_RECORD_SESSION)
        evac_passes_keep(all, r);
}

/* --- what somebody shows
 * ----------------------------------------------------------------------- */

static void digest(struct evac_str text, uint8_t out[32])
{
    if (!EVP_Digest(text.p ? text.p : "", text.n, out, NULL, EVP_sha256(), NULL))
        abort();
}

/* "evac_7GkQ2aXw_..." to "7GkQ2aXw"; "" when it has not that form. */
static struct evac_str id_in(struct evac_str text, enum evac_pass_kind kind)
{
    size_t prefix = strlen(prefixes[kind]);
    if (text.n != prefix + EVAC_PASS_ID + 1 + EVAC_PASS_BITS ||
        !evac_str_starts(text, prefixes[kind]) || text.p[prefix + EVAC_PASS_ID] != '_')
        return EVAC_STR_NONE;
    return (struct evac_str){ text.p + prefix, EVAC_PASS_ID };
}

const struct evac_pass *evac_passes_check(struct evac_passes *all, enum evac_pass_kind kind,
                                          struct evac_str text, int64_t wall_ms,
                                          const char **ret_why, bool *ret_guessed)
{
    static const uint8_t nobody[32];
    uint8_t shown[32];
    struct evac_str id = id_in(text, kind);
    struct evac_pass *c = id.n ? find(all, kind, id) : NULL;
    digest(text, shown);
    bool same = CRYPTO_memcmp(shown, c ? c->digest : nobody, sizeof shown) == 0;
    *ret_guessed = !c || !same;
    if (*ret_guessed) {
        *ret_why = !id.n ? "it has not the form of one"
                   : !c  ? "there is none of that id"
                         : "it is not the one of that id";
        return NULL;
    }
    if (!evac_pass_is_live(all, c, wall_ms)) {
        *ret_why = c->ended_ms ? "it was revoked" : "it has expired";
        return NULL;
    }
    c->used_ms = wall_ms;
    return c;
}

/* --- making one
 * -------------------------------------------------------------------------------- */

static void roles_to(struct evac_buf *out, const char *key, uint32_t roles)
{
    bool comma = false;
    evac_buf_putf(out, ",\"%s\":[", key);
    for (unsigned i = 0; i < EVAC_ROLE_COUNT; i++)
        if (roles & (1u << i)) {
            evac_buf_putf(out, "%s\"%s\"", comma ? "," : "", evac_role_name((enum evac_role)i));
            comma = true;
        }
    evac_buf_putc(out, ']');
}

static void texts_to(struct evac_buf *out, const char *key, const struct evac_str *texts,
                     size_t count)
{
    evac_buf_putf(out, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        evac_buf_puts(out, i ? "," : "");
        evac_buf_json(out, texts[i]);
    }
    evac_buf_putc(out, ']');
}

static void text_to(struct evac_buf *out, const char *key, struct evac_str text)
{
    if (!text.n)
        return;
    evac_buf_putf(out, ",\"%s\":", key);
    evac_buf_json(out, text);
}

void evac_pass_data(const struct evac_pass *c, struct evac_buf *out)
{
    evac_buf_puts(out, "{\"sha256\":\"");
    for (size_t i = 0; i < sizeof c->digest; i++)
        evac_buf_putf(out, "%02x", c->digest[i]);
    evac_buf_putc(out, '"');
    text_to(out, "id", c->id);
    if (c->kind == EVAC_PASS_SESSION)
        text_to(out, "principal", c->principal);
    text_to(out, "owner", c->person);
    text_to(out, "token", c->token);
    if (c->group_count)
        texts_to(out, "groups", c->groups, c->group_count);
    if (c->scoped) {
        roles_to(out, "roles", c->scope.roles);
        roles_to(out, "granted", c->scope.granted);
        texts_to(out, "apps", c->scope.apps, c->scope.app_count);
    }
    evac_buf_putc(out, '}');
}

bool evac_pass_who(const struct evac_pass *c, char out[EVAC_WHO_MAX])
{
    struct evac_buf text;
    evac_buf_init(&text, EVAC_WHO_MAX * 4);
    evac_buf_put_str(&text, c->principal);
    evac_buf_putf(&text, " by %s%.*s", c->kind == EVAC_PASS_SESSION ? "session:" : "",
                  EVAC_STR_ARG(c->id));
    if (c->person.n)
        evac_buf_putf(&text, " for %.*s", EVAC_STR_ARG(c->person));
    bool fits = !text.failed && evac_str_copy(out, EVAC_WHO_MAX, evac_buf_str(&text));
    evac_buf_done(&text);
    return fits;
}
