#include "principal.h"

#include "evac/buf.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

bool evac_principal_make(struct evac_arena *arena, const char *kind, struct evac_str name,
                         struct evac_str *ret)
{
    struct evac_buf text;
    evac_buf_init(&text, EVAC_PRINCIPAL_MAX);
    evac_buf_puts(&text, kind);
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (c > 0x20 && c < 0x7f && c != '%')
            evac_buf_putc(&text, (char)c);
        else
            evac_buf_putf(&text, "%%%02X", c);
    }
    bool good = name.n && !text.failed;
    if (good)
        *ret = evac_arena_str(arena, evac_buf_str(&text));
    evac_buf_done(&text);
    return good;
}

/* --- certificates
 * ----------------------------------------------------------------------------- */

static struct evac_str text_of(const ASN1_STRING *s)
{
    int n = ASN1_STRING_length(s);
    return (struct evac_str){ (const char *)ASN1_STRING_get0_data(s), n > 0 ? (size_t)n : 0 };
}

static struct evac_str alternative(const GENERAL_NAMES *names, int type)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int found;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &found);
        if (found == type && ASN1_STRING_length(value) > 0)
            return text_of(value);
    }
    return EVAC_STR_NONE;
}

static struct evac_str common_name(X509 *certificate)
{
    const X509_NAME *name = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    return at < 0 ? EVAC_STR_NONE
                  : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

static bool mark_of(struct evac_arena *arena, const X509 *certificate, struct evac_str *ret)
{
    unsigned char d[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!X509_digest(certificate, EVP_sha256(), d, &n) || n < 8)
        return false;
    *ret = evac_arena_printf(arena, "sha256:%02x%02x%02x%02x%02x%02x%02x%02x", d[0], d[1], d[2],
                             d[3], d[4], d[5], d[6], d[7]);
    return true;
}

bool evac_principal_of_certificate(struct evac_arena *arena, struct x509_st *certificate,
                                   struct evac_str *ret_principal, struct evac_str *ret_mark)
{
    static const int types[] = { GEN_URI, GEN_EMAIL, GEN_DNS };
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    struct evac_str name = EVAC_STR_NONE;
    for (size_t i = 0; names && !name.n && i < sizeof types / sizeof types[0]; i++)
        name = alternative(names, types[i]);
    if (!name.n)
        name = common_name(certificate);
    bool good = evac_principal_make(arena, "cert:", name, ret_principal) &&
                mark_of(arena, certificate, ret_mark);
    GENERAL_NAMES_free(names);
    return good;
}
