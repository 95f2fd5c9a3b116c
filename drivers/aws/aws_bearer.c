#include "aws_bearer.h"

#include <openssl/evp.h>
#include <string.h>

#define PREFIX        "k8s-aws-v1."
#define EXPIRES_S     60 /* the same for all: the cluster goes by the date */
#define QUERY_BYTES   16384u
#define TOKEN_BYTES   65536u
#define CLUSTER_BYTES 100u /* EKS's own ceiling */

/* RFC 4648 5, without padding. */
static struct evac_str base64url(struct evac_arena *arena, struct evac_str data)
{
    char *text = evac_arena_alloc(arena, (data.n + 2) / 3 * 4 + 1);
    size_t n =
        (size_t)EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)data.p, (int)data.n);
    while (n && text[n - 1] == '=')
        n--;
    for (size_t i = 0; i < n; i++)
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    text[n] = '\0';
    return (struct evac_str){ text, n };
}

enum evac_code evac_aws_cluster_token(const struct evac_endpoint *sts, struct evac_str cluster,
                                      const struct evac_sigv4_identity *identity,
                                      struct evac_sigv4_cache *cache, int64_t wall_ms,
                                      struct evac_arena *arena, struct evac_str *ret_token,
                                      struct evac_err *err)
{
    char timestamp[EVAC_SIGV4_DATE_BYTES];
    struct evac_buf query;
    if (cluster.n == 0 || cluster.n > CLUSTER_BYTES)
        return evac_fail(err, EVAC_E_BADARG, "a cluster's name has 1 to %u bytes, not %zu",
                         CLUSTER_BYTES, cluster.n);
    const struct evac_http_header headers[] = { { EVAC_STR("host"), sts->host },
                                                { EVAC_STR("x-k8s-aws-id"), cluster } };
    struct evac_sigv4_request request = { .method = EVAC_STR("GET"),
                                          .path = EVAC_STR("/"),
                                          .query = EVAC_STR(
                                              "Action=GetCallerIdentity&Version=2011-06-15"),
                                          .headers = headers,
                                          .header_count = 2 };
    struct evac_sigv4_presign options = { .expires_s = EXPIRES_S };
    evac_sigv4_timestamp(wall_ms, timestamp);
    struct evac_sigv4_scope scope = { evac_str(timestamp), sts->signing_region, EVAC_STR("sts") };
    evac_buf_init(&query, QUERY_BYTES);
    enum evac_code code =
        evac_sigv4_presign(cache, &request, &scope, identity, &options, &query, err);
    if (!code)
        code = evac_buf_check(&query, "the token's query", err);
    if (!code) {
        struct evac_str url = evac_arena_printf(arena, "%.*s/?%.*s", EVAC_STR_ARG(sts->origin),
                                                EVAC_STR_ARG(evac_buf_str(&query)));
        *ret_token = evac_arena_printf(arena, PREFIX "%.*s", EVAC_STR_ARG(base64url(arena, url)));
    }
    evac_buf_done(&query);
    return code;
}

/* What may stand in a header's line. */
static bool is_token(struct evac_str token)
{
    for (size_t i = 0; i < token.n; i++)
        if ((unsigned char)token.p[i] <= ' ' || (unsigned char)token.p[i] >= 0x7f)
            return false;
    return token.n > 0;
}

enum evac_code evac_aws_file_token(const struct evac_host *host, struct evac_str path,
                                   struct evac_arena *arena, struct evac_str *ret_token,
                                   struct evac_err *err)
{
    struct evac_buf text;
    evac_buf_init(&text, TOKEN_BYTES);
    enum evac_code code = host->read_file(host->ctx, evac_arena_str(arena, path).p, &text, err);
    struct evac_str token = evac_str_trim(evac_buf_str(&text));
    if (!code && !is_token(token))
        code = evac_fail(err, EVAC_E_AUTH, "%.*s does not hold one token", EVAC_STR_ARG(path));
    if (!code)
        *ret_token = evac_arena_str(arena, token);
    evac_buf_done(&text);
    return code;
}
