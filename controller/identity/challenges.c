#include "challenges.h"

#include <cjson/cJSON.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#define EARLY_MS 60000 /* by so much a clock may be set back */

struct evac_challenges {
    struct evac_challenge_kept kept[EVAC_CHALLENGES_MAX];
    size_t count;
};

struct evac_challenges *evac_challenges_new(void)
{
    struct evac_challenges *all = calloc(1, sizeof *all);
    if (!all)
        abort();
    return all;
}

void evac_challenges_free(struct evac_challenges *all)
{
    free(all);
}

/* --- what it is worth
 * ------------------------------------------------------------------------- */

enum evac_challenge_state evac_challenge_state(const struct evac_challenge_kept *k, int64_t now_ms)
{
    if (!k)
        return EVAC_CHALLENGE_NONE;
    if (k->used)
        return EVAC_CHALLENGE_USED;
    if (k->wrong >= EVAC_CHALLENGE_ATTEMPTS)
        return EVAC_CHALLENGE_DEAD;
    if (now_ms >= k->ends_ms || now_ms < k->made_ms - EARLY_MS)
        return EVAC_CHALLENGE_EXPIRED;
    return EVAC_CHALLENGE_LIVE;
}

struct evac_challenge_word evac_challenge_word(enum evac_challenge_state state, bool right)
{
    static const char *const words[EVAC_CHALLENGE_STATE_COUNT] = {
        [EVAC_CHALLENGE_NONE] =
            "no challenge was made for this run and approver: 'evac challenge' makes one",
        [EVAC_CHALLENGE_USED] = "that challenge was answered: it is good once",
        [EVAC_CHALLENGE_DEAD] = "that challenge is dead, five answers were wrong: another is made "
                                "when its time is over",
        [EVAC_CHALLENGE_EXPIRED] =
            "that challenge's ten minutes are over: 'evac challenge' makes another",
        [EVAC_CHALLENGE_LIVE] = "that is not the answer",
    };
    bool live = state == EVAC_CHALLENGE_LIVE;
    return (struct evac_challenge_word){ live && right, live && !right,
                                         live && right ? "" : words[state] };
}

/* --- the fold
 * --------------------------------------------------------------------------------- */

static size_t index_of(const struct evac_challenges *all, uint64_t run, struct evac_str approver)
{
    size_t i = 0;
    while (i < all->count &&
           (all->kept[i].run != run || !evac_str_is(approver, all->kept[i].approver)))
        i++;
    return i;
}

static struct evac_challenge_kept *find(struct evac_challenges *all, uint64_t run,
                                        struct evac_str approver)
{
    size_t i = index_of(all, run, approver);
    return i < all->count ? &all->kept[i] : NULL;
}

const struct evac_challenge_kept *evac_challenges_find(const struct evac_challenges *all,
                                                       uint64_t run, struct evac_str approver)
{
    size_t i = index_of(all, run, approver);
    return i < all->count ? &all->kept[i] : NULL;
}

static bool is_over(const struct evac_challenge_kept *k, int64_t now_ms)
{
    return now_ms >= k->ends_ms;
}

bool evac_challenges_have_room(const struct evac_challenges *all, int64_t now_ms)
{
    size_t live = 0;
    for (size_t i = 0; i < all->count; i++)
        live += !is_over(&all->kept[i], now_ms);
    return live < EVAC_CHALLENGES_MAX;
}

/* NULL: all that are kept are live. */
static struct evac_challenge_kept *place_for(struct evac_challenges *all, int64_t now_ms)
{
    if (all->count < EVAC_CHALLENGES_MAX)
        return &all->kept[all->count++];
    for (size_t i = 0; i < all->count; i++)
        if (is_over(&all->kept[i], now_ms))
            return &all->kept[i];
    return NULL;
}

static bool read_data(const struct evac_record *r, struct evac_challenge_kept *k)
{
    struct evac_err err = { EVAC_OK, "" };
    cJSON *data = cJSON_ParseWithLength(r->data.p ? r->data.p : "", r->data.n);
    const cJSON *seed = cJSON_GetObjectItemCaseSensitive(data, "seed");
    const cJSON *step = cJSON_GetObjectItemCaseSensitive(data, "step");
    const cJSON *loss = cJSON_GetObjectItemCaseSensitive(data, "loss_ms");
    size_t n = 0;
    bool good = cJSON_IsString(seed) &&
                strlen(seed->valuestring) == 2 * (size_t)EVAC_CHALLENGE_SEED &&
                OPENSSL_hexstr2buf_ex(k->seed, sizeof k->seed, &n, seed->valuestring, '\0') == 1 &&
                n == sizeof k->seed;
    k->step = cJSON_IsNumber(step) && step->valueint >= 0 ? (uint32_t)step->valueint : EVAC_NO_STEP;
    k->loss_ms = cJSON_IsNumber(loss) ? (int64_t)loss->valuedouble : -1;
    cJSON_Delete(data);
    return good && !evac_challenge_read(r->text, r->number, &k->code, &err);
}

static void made(struct evac_challenges *all, const struct evac_record *r)
{
    struct evac_challenge_kept k = { .run = r->run, .made_ms = r->t_wall_ms, .ends_ms = r->number };
    struct evac_challenge_kept *old = find(all, r->run, r->name);
    if (!evac_str_copy(k.approver, sizeof k.approver, r->name) || !read_data(r, &k))
        return;
    evac_challenge_id(k.code.nonce, k.id);
    if (old && !old->used && !is_over(old, r->t_wall_ms))
        k.wrong = old->wrong;
    old = old ? old : place_for(all, r->t_wall_ms);
    if (old)
        *old = k;
}

static void wrong(struct evac_challenges *all, const struct evac_record *r)
{
    struct evac_challenge_kept *k = find(all, r->run, r->name);
    if (k && k->wrong < r->attempt)
        k->wrong = r->attempt;
}

/* "offline:ann by 7GKQ2AXW for uid:1000" */
static void approved(struct evac_challenges *all, const struct evac_record *r)
{
    struct evac_str rest = r->who, principal = evac_str_cut(rest, ' ', &rest), name;
    struct evac_str by = evac_str_cut(rest, ' ', &rest), id = evac_str_cut(rest, ' ', &rest);
    struct evac_str kind = evac_str_cut(principal, ':', &name);
    struct evac_challenge_kept *k =
        evac_str_is(kind, "offline") && evac_str_is(by, "by") ? find(all, r->run, name) : NULL;
    if (k && evac_str_is(id, k->id))
        k->used = true;
}

void evac_challenges_row(struct evac_challenges *all, const struct evac_record *r)
{
    if (r->kind == EVAC_RECORD_APPROVE)
        approved(all, r);
    else if (r->kind == EVAC_RECORD_CHALLENGE && evac_str_is(r->to, "made"))
        made(all, r);
    else if (r->kind == EVAC_RECORD_CHALLENGE && evac_str_is(r->to, "wrong"))
        wrong(all, r);
}
