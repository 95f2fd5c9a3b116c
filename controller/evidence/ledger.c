#include "ledger.h"

#include "chain.h"
#include "evac/arena.h"
#include "json_text.h"
#include "jw.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define CHECKPOINT EVAC_STR("checkpoint")

/* --- growing ---------------------------------------------------------------------------------- */

static bool push_row(void *user, const struct evac_row *row)
{
    struct evac_tree *tree = user;
    return row->record.seq == tree->size + 1 && evac_tree_push(tree, 0, row->hash);
}

/* The roots of its subtrees, as a checkpoint's row has them; they must have the signed root. */
static bool take_peaks(const cJSON *list, const struct evac_checkpoint *c, struct evac_tree *ret)
{
    struct evac_tree tree = { .size = c->size };
    uint8_t root[32];
    const cJSON *item = cJSON_IsArray(list) ? list->child : NULL;
    if (c->size >> (EVAC_TREE_LEVELS - 1))
        return false;
    for (unsigned k = 0; k < EVAC_TREE_LEVELS; k++) {
        if (!(c->size >> k & 1))
            continue;
        if (!cJSON_IsString(item) || !evac_unhex(evac_str(item->valuestring), tree.peaks[k], 32))
            return false;
        item = item->next;
    }
    evac_tree_root(&tree, root);
    if (item || memcmp(root, c->root, 32) != 0)
        return false;
    *ret = tree;
    return true;
}

struct newest {
    const struct evac_key *key;
    struct evac_ledger *ledger;
    unsigned looked;
};

static bool take_newest(void *user, const struct evac_row *row)
{
    struct newest *n = user;
    const struct evac_record *r = &row->record;
    struct evac_checkpoint c;
    if (!evac_str_eq(r->name, CHECKPOINT))
        return ++n->looked < 1000;
    cJSON *json = cJSON_ParseWithLength(r->data.p ? r->data.p : "", r->data.n);
    bool good = n->key &&
                evac_checkpoint_open(n->key, evac_json_text(json, "note"), &c, NULL) == EVAC_OK &&
                c.size < r->seq &&
                take_peaks(cJSON_GetObjectItemCaseSensitive(json, "peaks"), &c, &n->ledger->tree);
    cJSON_Delete(json);
    if (good)
        n->ledger->signed_size = c.size;
    return false;
}

enum evac_code evac_ledger_read(struct evac_ledger *ledger, struct evac_store *store,
                                const struct evac_key *key, struct evac_err *err)
{
    struct newest newest = { key, ledger, 0 };
    struct evac_store_filter last = { .kinds = EVAC_KIND(EVIDENCE), .newest_first = true };
    enum evac_code code =
        ledger->loaded ? EVAC_OK : store->vt->read(store, &last, take_newest, &newest, err);
    ledger->loaded = true;
    struct evac_store_filter rest = { .after_seq = ledger->tree.size, .light = true };
    if (!code)
        code = store->vt->read(store, &rest, push_row, &ledger->tree, err);
    if (!code && ledger->tree.size != store->vt->last_seq(store))
        code = evac_fail(err, EVAC_E_CORRUPT, "row %llu of the journal is missing",
                         (unsigned long long)ledger->tree.size + 1);
    return code;
}

/* --- signing ---------------------------------------------------------------------------------- */

void evac_ledger_note(const struct evac_ledger *ledger, const struct evac_key *key,
                      const char *origin, struct evac_buf *out)
{
    struct evac_checkpoint c = { .size = ledger->tree.size };
    (void)evac_str_copy(c.origin, sizeof c.origin, evac_str(origin));
    evac_tree_root(&ledger->tree, c.root);
    evac_checkpoint_sign(key, &c, out);
}

static void put_peaks(const struct evac_tree *tree, struct evac_jw *w)
{
    evac_jw_open(w, "peaks", '[');
    for (unsigned k = 0; k < EVAC_TREE_LEVELS; k++) {
        char hex[65];
        if (!(tree->size >> k & 1))
            continue;
        evac_hex(tree->peaks[k], 32, hex);
        evac_jw_cstr(w, NULL, hex);
    }
    evac_jw_close(w, ']');
}

struct evac_record evac_ledger_row(const struct evac_ledger *ledger, const struct evac_key *key,
                                   const char *origin, struct evac_arena *arena)
{
    char fingerprint[65];
    struct evac_buf note, data;
    struct evac_jw w = { &data, false };
    evac_buf_init(&note, EVAC_NOTE_MAX);
    evac_buf_init(&data, 65536);
    evac_ledger_note(ledger, key, origin, &note);
    evac_key_fingerprint(key, fingerprint);
    evac_jw_open(&w, NULL, '{');
    evac_jw_str(&w, "note", evac_buf_str(&note));
    evac_jw_cstr(&w, "key", fingerprint);
    put_peaks(&ledger->tree, &w);
    evac_jw_close(&w, '}');
    struct evac_record r = { .kind = EVAC_RECORD_EVIDENCE,
                             .step = EVAC_NO_STEP,
                             .name = CHECKPOINT,
                             .number = (int64_t)ledger->tree.size,
                             .data = evac_arena_str(arena, evac_buf_str(&data)) };
    evac_buf_done(&note);
    evac_buf_done(&data);
    return r;
}

/* --- verifying -------------------------------------------------------------------------------- */

struct check {
    struct evac_chain chain;
    struct evac_tree tree;
    const struct evac_key *key;
    char fingerprint[65];
    struct evac_checkpoint outside;
    struct evac_ledger_verdict *verdict;
    enum evac_code code;
    struct evac_err *err;
};

static enum evac_code check_size(struct check *k, const struct evac_checkpoint *c,
                                 const char *where)
{
    uint8_t root[32];
    evac_tree_root(&k->tree, root);
    if (memcmp(root, c->root, 32) != 0)
        return evac_fail(k->err, EVAC_E_CORRUPT,
                         "%s says another root for the first %llu rows: at least one of them was "
                         "written anew",
                         where, (unsigned long long)c->size);
    return EVAC_OK;
}

/* A checkpoint in the journal is of all rows before it. */
static enum evac_code check_point(struct check *k, const struct evac_record *r)
{
    char where[64];
    struct evac_checkpoint c;
    struct evac_err err = { EVAC_OK, "" };
    cJSON *json = cJSON_ParseWithLength(r->data.p ? r->data.p : "", r->data.n);
    const cJSON *by = cJSON_GetObjectItemCaseSensitive(json, "key");
    bool ours = k->key && cJSON_IsString(by) && strcmp(by->valuestring, k->fingerprint) == 0;
    snprintf(where, sizeof where, "the checkpoint in row %llu", (unsigned long long)r->seq);
    enum evac_code code =
        evac_checkpoint_open(ours ? k->key : NULL, evac_json_text(json, "note"), &c, &err);
    cJSON_Delete(json);
    if (code)
        return evac_fail(k->err, EVAC_E_CORRUPT, "%s: %s", where, err.text);
    if (c.size != k->tree.size)
        return evac_fail(k->err, EVAC_E_CORRUPT, "%s is of %llu rows; %llu stand before it", where,
                         (unsigned long long)c.size, (unsigned long long)k->tree.size);
    code = check_size(k, &c, where);
    if (code)
        return code;
    k->verdict->checkpoints++;
    k->verdict->unchecked += !ours;
    k->verdict->last_size = c.size;
    return EVAC_OK;
}

static bool check_row(void *user, const struct evac_row *row)
{
    struct check *k = user;
    const struct evac_record *r = &row->record;
    k->code = evac_chain_check(&k->chain, row, k->err);
    if (!k->code && r->kind == EVAC_RECORD_EVIDENCE && evac_str_eq(r->name, CHECKPOINT))
        k->code = check_point(k, r);
    if (k->code)
        return false;
    (void)evac_tree_push(&k->tree, 0, row->hash);
    k->verdict->rows++;
    if (k->outside.size && k->outside.size == k->tree.size) {
        k->code = check_size(k, &k->outside, "the checkpoint that was kept elsewhere");
        k->verdict->outside = k->code == EVAC_OK;
    }
    return k->code == EVAC_OK;
}

enum evac_code evac_ledger_verify(struct evac_store *store, const struct evac_key *key,
                                  struct evac_str outside, struct evac_ledger_verdict *ret,
                                  struct evac_err *err)
{
    struct check k = { .key = key, .verdict = ret, .err = err };
    struct evac_store_filter all = { 0 };
    memset(ret, 0, sizeof *ret);
    if (key)
        evac_key_fingerprint(key, k.fingerprint);
    if (outside.n) {
        enum evac_code bad = evac_checkpoint_open(key, outside, &k.outside, err);
        if (bad)
            return evac_err_prefix(err, "the checkpoint that was kept elsewhere"), bad;
    }
    enum evac_code code = store->vt->read(store, &all, check_row, &k, err);
    if (!code)
        code = k.code;
    if (!code && k.outside.size > ret->rows)
        code = evac_fail(err, EVAC_E_CORRUPT,
                         "the journal was cut: it has %llu rows, and %llu when the checkpoint that "
                         "was kept elsewhere was signed",
                         (unsigned long long)ret->rows, (unsigned long long)k.outside.size);
    return code;
}
