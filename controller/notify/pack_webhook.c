/*
 * Any receiver of one's own: JSON, signed as Standard Webhooks has it
 * (standardwebhooks.com, 1.0.0). "webhook-id" is the same at each attempt, so that a repeat is
 * known as one; "webhook-signature" is "v1," and the base64 of HMAC-SHA256 over
 * "id.timestamp.body"; the timestamp, in seconds, is the attempt's, so that an old one that
 * somebody kept can be refused.
 */
#include "channel_internal.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define PREFIX        "whsec_"
#define KEY_BYTES_MIN 24u /* what the standard wants of a key */

static enum evac_code read_key(struct evac_str secret, struct evac_arena *arena,
                               struct evac_str *ret_key, struct evac_err *err)
{
    *ret_key = secret;
    if (evac_str_starts(secret, PREFIX)) {
        size_t n = secret.n - strlen(PREFIX);
        unsigned char *bytes = evac_arena_alloc(arena, n + 3);
        const char *text = evac_arena_str(arena, secret).p + strlen(PREFIX);
        int got =
            n && n % 4 == 0 ? EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)n) : -1;
        while (got > 0 && n && text[n - 1] == '=')
            got--, n--;
        *ret_key = (struct evac_str){ (char *)bytes, got > 0 ? (size_t)got : 0 };
    }
    if (ret_key->n < KEY_BYTES_MIN)
        return evac_fail(err, EVAC_E_BADCONF,
                         "the key that signs is shorter than %u bytes, or no base64 after whsec_",
                         KEY_BYTES_MIN);
    return EVAC_OK;
}

static void put_body(const struct evac_parcel *p, struct evac_arena *arena, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    struct evac_buf data;
    evac_buf_init(&data, 8192);
    evac_message_to_json(p->message, &data);
    evac_jw_open(&w, NULL, '{');
    evac_jw_str(&w, "type",
                evac_arena_printf(arena, "evac.%s.%s", evac_notice_kind_name(p->message->kind),
                                  evac_notice_state_name(p->message->state)));
    evac_jw_str(&w, "timestamp", channel_time(arena, p->message->wall_ms));
    evac_jw_str(&w, "node", p->node);
    evac_jw_raw(&w, "data", evac_buf_str(&data));
    evac_jw_close(&w, '}');
    evac_buf_done(&data);
}

static struct evac_str sign(struct evac_arena *arena, struct evac_str key, struct evac_str signed_)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)signed_.p, signed_.n, mac,
              &n))
        __builtin_trap(); /* without HMAC nothing of ours can be trusted */
    return evac_arena_printf(
        arena, "v1,%.*s", EVAC_STR_ARG(channel_base64(arena, (struct evac_str){ (char *)mac, n })));
}

enum evac_code channel_pack_webhook(const struct evac_parcel *p, struct evac_arena *arena,
                                    struct evac_packed *packed, struct evac_err *err)
{
    struct evac_buf body;
    struct evac_str key;
    enum evac_code code = read_key(p->secret, arena, &key, err);
    if (code)
        return code;
    evac_buf_init(&body, 16384);
    put_body(p, arena, &body);
    struct evac_str id = evac_str(p->message->id);
    struct evac_str stamp = evac_arena_printf(arena, "%lld", (long long)(p->wall_ms / 1000));
    struct evac_str all = evac_arena_printf(arena, "%.*s.%.*s.%.*s", EVAC_STR_ARG(id),
                                            EVAC_STR_ARG(stamp), EVAC_STR_ARG(evac_buf_str(&body)));
    channel_post(packed, arena, p->channel->url, &body);
    channel_header(packed, "webhook-id", id);
    channel_header(packed, "webhook-timestamp", stamp);
    channel_header(packed, "webhook-signature", sign(arena, key, all));
    channel_header(packed, "evac-attempt", evac_arena_printf(arena, "%u", p->attempt));
    channel_header(packed, "evac-repeat", p->repeat ? EVAC_STR("maybe") : EVAC_STR("no"));
    return EVAC_OK;
}
