#include "etag.h"

#include "api_call.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>

#define HASH_BYTES 16u /* of SHA-256 */

/* --- what was looked at --------------------------------------------------------------------------
 */

/* Rows that change nothing that a person would decide by. */
#define BESIDE (EVAC_KIND(LAG) | EVAC_KIND(EVIDENCE) | EVAC_KIND(REQUEST))

static bool note_seq(void *user, const struct evac_row *row)
{
    uint64_t *seq = user;
    *seq = row->record.seq;
    return false;
}

static uint64_t newest(const struct api_call *c, struct evac_store_filter filter)
{
    uint64_t seq = 0;
    struct evac_store *store = evac_daemon_store(c->daemon);
    filter.kinds = ((UINT64_C(1) << EVAC_RECORD_KIND_COUNT) - 1) & ~BESIDE;
    filter.limit = 1;
    filter.newest_first = filter.light = true;
    if (store)
        (void)store->vt->read(store, &filter, note_seq, &seq, NULL);
    return seq;
}

/* -1: it is about neither an app nor a run that there is. An app of which nothing was said yet: 0.
 */
static int64_t revision(const struct api_call *c)
{
    struct evac_str path = evac_str(c->route->path);
    int64_t run, seq;
    if (evac_str_starts(path, "/v1/runs/{run}")) {
        if (!evac_str_i64(c->vars[0], &run) || run <= 0)
            return -1;
        seq = (int64_t)newest(c, (struct evac_store_filter){ .run = (uint64_t)run });
        return seq ? seq : -1;
    }
    struct evac_str app = evac_str_starts(path, "/v1/apps/{app}") ? c->vars[0] : api_text(c, "app");
    if (app.n == 0 || !evac_model_app(evac_daemon_model(c->daemon), app))
        return -1;
    return (int64_t)newest(c, (struct evac_store_filter){ .app = app });
}

/* --- what was sent -------------------------------------------------------------------------------
 */

static void hash_body(struct evac_str body, char ret_hex[2 * HASH_BYTES + 1])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)(body.n ? body.p : ""), body.n, digest);
    for (size_t i = 0; i < HASH_BYTES; i++)
        snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
}

/* A list with commas between; weak tags compare as strong ones do (RFC 9110, 13.1.2). */
static bool has_tag(struct evac_str list, struct evac_str tag)
{
    if (evac_str_is(evac_str_trim(list), "*"))
        return true;
    while (list.n) {
        struct evac_str one = evac_str_trim(evac_str_cut(list, ',', &list));
        if (evac_str_starts(one, "W/")) {
            one.p += 2;
            one.n -= 2;
        }
        if (evac_str_eq(one, tag))
            return true;
    }
    return false;
}

void evac_etag_put(struct api_call *c)
{
    char hex[2 * HASH_BYTES + 1];
    struct evac_api_response *r = c->r;
    if (r->status != 200 || r->body.failed)
        return;
    int64_t about = revision(c);
    hash_body(evac_buf_str(&r->body), hex);
    snprintf(r->etag, sizeof r->etag, "\"%" PRId64 ".%s\"", about > 0 ? about : 0, hex);
    if (!has_tag(c->q->if_none_match, evac_str(r->etag)))
        return;
    r->status = 304;
    evac_buf_reset(&r->body);
}

/* --- is it still so? -----------------------------------------------------------------------------
 */

/* "\"4711.9f…\"" is 4711; -1: it is none of ours, or a weak one. */
static int64_t revision_of_tag(struct evac_str tag)
{
    struct evac_str rest;
    int64_t number;
    if (tag.n < 2 || tag.p[0] != '"')
        return -1;
    tag.p++;
    tag.n--;
    return evac_str_i64(evac_str_cut(tag, '.', &rest), &number) && number >= 0 ? number : -1;
}

bool evac_etag_matches(const struct api_call *c, struct evac_err *err)
{
    int64_t now = revision(c);
    struct evac_str list = c->q->if_match;
    if (now < 0) {
        (void)evac_fail(err, EVAC_E_STALE,
                        "If-Match is for words about an app or run, and this names none");
        return false;
    }
    if (evac_str_is(evac_str_trim(list), "*"))
        return true;
    while (list.n)
        if (revision_of_tag(evac_str_trim(evac_str_cut(list, ',', &list))) == now)
            return true;
    (void)evac_fail(err, EVAC_E_STALE,
                    "row %" PRId64 " of the journal says what is newest about it: that is not "
                    "what If-Match names",
                    now);
    return false;
}
