#include "host_tls.h"
#include "prober_internal.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A resumed session, and a connection that is kept, do not show the certificate: one that was put
 * in its place, or has expired, would go unnoticed. So it is shown anew after half to all of this,
 * at a time of each target's own, and as soon as one of the chain has ended. */
#define SHOWN_MS 300000u

#define TICKET_BYTES_MAX                                                                           \
    4096u /* a session's ticket is the server's to make as large as it likes                       \
           */

static int on_session(SSL *ssl, SSL_SESSION *session)
{
    struct prober_target *t = SSL_get_app_data(ssl);
    const unsigned char *ticket;
    size_t bytes = 0;
    SSL_SESSION_get0_ticket(session, &ticket, &bytes);
    if (bytes > TICKET_BYTES_MAX || t->kind != &prober_kinds[EVAC_PROBER_HTTP])
        return 0;
    SSL_SESSION_free(t->session);
    t->session = session;
    return 1; /* the reference is ours */
}

bool prober_tls_vouches(const struct prober_target *t)
{
    return evac_boot_ms() < t->show_again_ms &&
           (t->insecure || t->prober->wall_ms() < t->chain_until_ms);
}

static enum evac_code load_ca(struct evac_prober *prober, SSL_CTX *tls, struct evac_err *err)
{
    if (prober->ca_file[0] && SSL_CTX_load_verify_file(tls, prober->ca_file) != 1)
        return evac_fail(err, EVAC_E_IO, "CA bundle %s can not be read", prober->ca_file);
    if (!prober->ca_file[0])
        SSL_CTX_set_default_verify_paths(tls);
    return EVAC_OK;
}

enum evac_code prober_tls_need(struct evac_prober *prober, struct evac_err *err)
{
    if (prober->tls)
        return EVAC_OK;
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    if (!tls)
        return evac_fail(err, EVAC_E_IO, "TLS can not be initialised");
    enum evac_code code = load_ca(prober, tls, err);
    if (code) {
        SSL_CTX_free(tls);
        return code;
    }
    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(tls, EVAC_TLS_CIPHERS);
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(tls,
                           1); /* else two reads a record; we always read until it would block */
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(tls, on_session);
    prober->tls = tls;
    return EVAC_OK;
}

static bool set_name(SSL *ssl, struct evac_str host)
{
    char name[256];
    union evac_address literal;
    (void)evac_str_copy(name, sizeof name, host);
    if (evac_address_parse(host, &literal))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
    return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

bool prober_tls_begin(struct prober_target *t)
{
    SSL *ssl = SSL_new(t->prober->tls);
    if (!ssl)
        return false;
    t->conn->ssl = ssl;
    SSL_set_app_data(ssl, t);
    SSL_set_verify(ssl, t->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl), t->prober->wall_ms() / 1000);
    if (t->session && prober_tls_vouches(t))
        SSL_set_session(ssl, t->session);
    SSL_set_connect_state(ssl);
    return SSL_set_fd(ssl, t->conn->fd) == 1 && set_name(ssl, t->url.host);
}

static enum prober_io io_of(SSL *ssl, int result)
{
    switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_NONE:
        return PROBER_IO_DONE;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return PROBER_IO_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return PROBER_IO_CLOSED;
    default:
        return PROBER_IO_FAILED;
    }
}

static int64_t end_of(const X509 *cert)
{
    struct tm tm;
    if (!cert || !ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm))
        return 0;
    return (int64_t)timegm(&tm) * 1000;
}

/* The earliest end of a certificate that the server's rests on. */
static int64_t end_of_chain(SSL *ssl)
{
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    int64_t until_ms = sk_X509_num(chain) > 0 ? INT64_MAX : 0;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        int64_t end_ms = end_of(sk_X509_value(chain, i));
        until_ms = end_ms < until_ms ? end_ms : until_ms;
    }
    return until_ms;
}

/* A resumed session shows none: what was seen when it began holds. */
static void note_certificate(struct prober_target *t, SSL *ssl)
{
    if (SSL_session_reused(ssl))
        return;
    t->certificate_until_ms = end_of(SSL_get0_peer_certificate(ssl));
    t->chain_until_ms = end_of_chain(ssl);
    t->show_again_ms = evac_boot_ms() + SHOWN_MS / 2 + prober_chance(t->prober) % (SHOWN_MS / 2);
}

static void say_left(struct evac_str host, int64_t left_ms, char *to, size_t bytes)
{
    int64_t minutes = left_ms / 60000, hours = minutes / 60, days = hours / 24;
    int64_t n = hours >= 48 ? days : minutes >= 120 ? hours : minutes;
    const char *unit = hours >= 48 ? "days" : minutes >= 120 ? "hours" : "minutes";
    (void)snprintf(to, bytes, "certificate of %.*s expires in %lld %s", EVAC_STR_ARG(host),
                   (long long)n, unit);
}

const char *prober_tls_judge(struct prober_target *t)
{
    struct evac_prober *prober = t->prober;
    int64_t left_ms = t->certificate_until_ms - prober->wall_ms();
    char *to = t->certificate_fails ? prober->reason : prober->warning;
    if (left_ms >= t->certificate_ms)
        return NULL;
    say_left(t->url.host, left_ms, to, sizeof prober->warning);
    return t->certificate_fails ? to : NULL;
}

enum prober_io prober_tls_shake(struct prober_target *t)
{
    SSL *ssl = t->conn->ssl;
    ERR_clear_error();
    enum prober_io io = io_of(ssl, SSL_do_handshake(ssl));
    if (io == PROBER_IO_DONE)
        note_certificate(t, ssl);
    if (io == PROBER_IO_DONE || io == PROBER_IO_AGAIN)
        return io;

    char *reason = t->prober->reason;
    size_t room = sizeof t->prober->reason;
    long verdict = SSL_get_verify_result(ssl);
    unsigned long code = ERR_peek_error();
    const char *why = code ? ERR_reason_error_string(code) : NULL;
    if (verdict != X509_V_OK && !t->insecure)
        (void)snprintf(reason, room, "certificate of %.*s: %s", EVAC_STR_ARG(t->url.host),
                       X509_verify_cert_error_string(verdict));
    else
        (void)snprintf(reason, room, "TLS: %s", why ? why : "closed during the handshake");
    return PROBER_IO_FAILED;
}

enum prober_io prober_tls_write(struct prober_conn *conn, const char *p, size_t n, size_t *ret_n)
{
    ERR_clear_error();
    return io_of(conn->ssl, SSL_write_ex(conn->ssl, p, n, ret_n));
}

enum prober_io prober_tls_read(struct prober_conn *conn, char *p, size_t max, size_t *ret_n)
{
    ERR_clear_error();
    return io_of(conn->ssl, SSL_read_ex(conn->ssl, p, max, ret_n));
}

void prober_tls_end(struct prober_conn *conn)
{
    if (!conn->ssl)
        return;
    ERR_clear_error();
    /* Polite, and without it OpenSSL marks the session as not to be resumed. */
    if (SSL_is_init_finished(conn->ssl))
        (void)SSL_shutdown(conn->ssl);
    SSL_free(conn->ssl);
    conn->ssl = NULL;
    ERR_clear_error();
}
