#include "tls.h"

#include "host_tls.h"

#include "evac/arena.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILES 3

struct evac_tls {
    const struct evac_listen_conf *conf;
    SSL_CTX *context; /* the server's, not ours; NULL: not dressed yet */
    struct timespec changed[FILES];
    ino_t inodes[FILES];
};

static enum evac_code fail(struct evac_err *err, const char *what, struct evac_str file)
{
    char text[160] = "it can not be read";
    unsigned long code = ERR_peek_last_error();
    if (code)
        ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return evac_fail(err, EVAC_E_BADCONF, "%s %.*s: %s", what, EVAC_STR_ARG(file), text);
}

/* --- the files
 * -------------------------------------------------------------------------------- */

static enum evac_code load_pair(const struct evac_listen_conf *conf, SSL_CTX *to,
                                struct evac_err *err)
{
    if (SSL_CTX_use_certificate_chain_file(to, conf->certificate.p) != 1)
        return fail(err, "certificate", conf->certificate);
    if (SSL_CTX_use_PrivateKey_file(to, conf->key.p, SSL_FILETYPE_PEM) != 1)
        return fail(err, "key", conf->key);
    if (SSL_CTX_check_private_key(to) != 1)
        return fail(err, "the certificate is not of the key", conf->key);
    return EVAC_OK;
}

/* Who signs clients' certificates: a list of its own, never the system's. */
static enum evac_code load_client_ca(const struct evac_listen_conf *conf, SSL_CTX *to,
                                     struct evac_err *err)
{
    if (!conf->client_ca.n)
        return EVAC_OK;
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(conf->client_ca.p);
    if (!store || !names || X509_STORE_load_file(store, conf->client_ca.p) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        X509_STORE_free(store);
        return fail(err, "client_ca", conf->client_ca);
    }
    SSL_CTX_set_cert_store(to, store);
    SSL_CTX_set_client_CA_list(to, names);
    return EVAC_OK;
}

static enum evac_code load(const struct evac_listen_conf *conf, SSL_CTX *to, struct evac_err *err)
{
    ERR_clear_error();
    enum evac_code code = load_pair(conf, to, err);
    return code ? code : load_client_ca(conf, to, err);
}

/* Tried on a context that nobody uses: half of new files must not come into one that is used. */
static enum evac_code try_files(const struct evac_listen_conf *conf, struct evac_err *err)
{
    SSL_CTX *scratch = SSL_CTX_new(TLS_server_method());
    enum evac_code code = scratch ? load(conf, scratch, err) : fail(err, "TLS", conf->certificate);
    SSL_CTX_free(scratch);
    return code;
}

static bool look_at_files(struct evac_tls *tls)
{
    const struct evac_str files[FILES] = { tls->conf->certificate, tls->conf->key,
                                           tls->conf->client_ca };
    bool changed = false;
    for (size_t i = 0; i < FILES; i++) {
        struct stat st;
        if (!files[i].n || stat(files[i].p, &st) != 0)
            continue;
        if (st.st_ino != tls->inodes[i] || st.st_mtim.tv_sec != tls->changed[i].tv_sec ||
            st.st_mtim.tv_nsec != tls->changed[i].tv_nsec)
            changed = true;
        tls->inodes[i] = st.st_ino;
        tls->changed[i] = st.st_mtim;
    }
    return changed;
}

/* --- life
 * ------------------------------------------------------------------------------------- */

enum evac_code evac_tls_new(const struct evac_listen_conf *conf, struct evac_tls **ret_tls,
                            struct evac_err *err)
{
    struct evac_tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        abort();
    tls->conf = conf;
    (void)look_at_files(tls);
    enum evac_code code = try_files(conf, err);
    if (code) {
        free(tls);
        return code;
    }
    *ret_tls = tls;
    return EVAC_OK;
}

void evac_tls_free(struct evac_tls *tls)
{
    free(tls);
}

/* Whether a client must show a certificate is asked in the handshake; what it says is read when a
 * request comes (certificate.c). No resumption: a session must not outlive the certificate that it
 * was opened with. */
enum evac_code evac_tls_dress(struct evac_tls *tls, struct ssl_ctx_st *context,
                              struct evac_err *err)
{
    int verify = SSL_VERIFY_NONE;
    if (tls->conf->client_ca.n)
        verify =
            SSL_VERIFY_PEER |
            (tls->conf->clients == EVAC_CLIENTS_REQUIRED ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
    ERR_clear_error();
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, EVAC_TLS_CIPHERS) != 1 ||
        SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") != 1)
        return fail(err, "TLS", tls->conf->certificate);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_verify(context, verify, NULL);
    tls->context = context;
    return load(tls->conf, context, err);
}

enum evac_code evac_tls_refresh(struct evac_tls *tls, bool *ret_changed, struct evac_err *err)
{
    *ret_changed = tls->context && look_at_files(tls);
    if (!*ret_changed)
        return EVAC_OK;
    enum evac_code code = try_files(tls->conf, err);
    return code ? code : load(tls->conf, tls->context, err);
}
