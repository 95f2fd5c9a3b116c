#include "web.h"

#include "document.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define DIGEST_BYTES 32u
#define BASE64_BYTES 48u /* of a digest, with its end */

static char policy[640], tag[2 * DIGEST_BYTES + 3];

static void digest(const void *bytes, size_t n, unsigned char *ret_digest)
{
    /* Only a library that lacks SHA-256 fails here: the policy then allows nothing to run. */
    if (!EVP_Digest(bytes, n, ret_digest, NULL, EVP_sha256(), NULL))
        memset(ret_digest, 0, DIGEST_BYTES);
}

static void hash_of(const struct web_span *span, char *ret_base64)
{
    unsigned char sum[DIGEST_BYTES];
    digest(web_document.bytes + span->at, span->n, sum);
    EVP_EncodeBlock((unsigned char *)ret_base64, sum, DIGEST_BYTES);
}

static void make_policy(void)
{
    char style[BASE64_BYTES], script[BASE64_BYTES];
    hash_of(&web_document.style, style);
    hash_of(&web_document.script, script);
    snprintf(policy, sizeof policy,
             "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; "
             "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; "
             "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
             script, style);
}

static void make_tag(void)
{
    unsigned char sum[DIGEST_BYTES];
    digest(web_document.bytes, web_document.n, sum);
    tag[0] = '"';
    for (size_t i = 0; i < DIGEST_BYTES; i++)
        snprintf(tag + 1 + 2 * i, 3, "%02x", sum[i]);
    tag[1 + 2 * DIGEST_BYTES] = '"';
    tag[2 + 2 * DIGEST_BYTES] = '\0';
}

bool evac_web_asset(struct evac_str path, struct evac_web_asset *ret_asset)
{
    if (!evac_str_is(path, "/") && !evac_str_is(path, "/index.html"))
        return false;
    if (!policy[0]) {
        make_policy();
        make_tag();
    }
    *ret_asset = (struct evac_web_asset){ web_document.bytes, web_document.n,
                                          "text/html; charset=utf-8", tag, policy };
    return true;
}
