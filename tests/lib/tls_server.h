/* A TLS server for tests of the real host and prober: in a child process, since OpenSSL blocks
 * there. It is good.example.com and 127.0.0.1, by a certificate that nobody but the test trusts.
 * Only for tests that link OpenSSL and libuv. */
#ifndef EVAC_TLS_SERVER_H
#define EVAC_TLS_SERVER_H

#include <check.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct tls_server {
    EVP_PKEY *key;
    X509 *cert;
    pid_t child;
    uint16_t port;
    int told[2]; /* a byte a handshake: 'r' resumed, 'f' full; 'R', 'F': the client showed its own
                  */
    char pem[4096]; /* the certificate */
    char key_pem[4096];
};

static inline void tls_make_cert(struct tls_server *s)
{
    s->key = EVP_RSA_gen(2048);
    s->cert = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(s->cert), 1);
    X509_set_version(s->cert, 2);
    X509_gmtime_adj(X509_getm_notBefore(s->cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(s->cert), 3600);
    X509_set_pubkey(s->cert, s->key);
    X509_NAME *name = X509_get_subject_name(s->cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(s->cert, name);
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:good.example.com,IP:127.0.0.1");
    X509_add_ext(s->cert, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(s->cert, s->key, EVP_sha256());
    FILE *memory = fmemopen(s->pem, sizeof s->pem, "w");
    PEM_write_X509(memory, s->cert);
    fclose(memory);
    memory = fmemopen(s->key_pem, sizeof s->key_pem, "w");
    PEM_write_PrivateKey(memory, s->key, NULL, NULL, 0, NULL, NULL);
    fclose(memory);
}

static inline void tls_converse(SSL_CTX *ctx, int fd, int told)
{
    static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Region: r1\r\n\r\nok";
    char bytes[4096];
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1) {
        char kind = SSL_session_reused(ssl) ? 'r' : 'f';
        if (SSL_get0_peer_certificate(ssl))
            kind = kind == 'r' ? 'R' : 'F';
        if (write(told, &kind, 1) != 1)
            _exit(1);
        while (SSL_read(ssl, bytes, sizeof bytes) > 0)
            SSL_write(ssl, reply, sizeof reply - 1);
    }
    SSL_shutdown(ssl);
    SSL_free(ssl);
}

/* A client need not show a certificate, and may show any. */
static inline int tls_any_client(int good, X509_STORE_CTX *chain)
{
    (void)good, (void)chain;
    return 1;
}

/* One more process a connection, so that a kept one does not hold up the next. */
static inline void tls_serve(struct tls_server *s, int listener)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(ctx, s->cert);
    SSL_CTX_use_PrivateKey(ctx, s->key);
    SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"t", 1);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, tls_any_client);
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            tls_converse(ctx, fd, s->told[1]);
            _exit(0);
        }
        close(fd);
    }
}

static inline void tls_server_start(struct tls_server *s)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    tls_make_cert(s);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 16), 0);
    getsockname(listener, (struct sockaddr *)&address, &size);
    s->port = ntohs(address.sin_port);
    ck_assert_int_eq(pipe(s->told), 0);
    signal(SIGPIPE, SIG_IGN);
    s->child = fork();
    if (s->child == 0) { /* before any assertion: its words would mix with the test's own */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        tls_serve(s, listener);
    }
    ck_assert_int_gt(s->child, 0);
    close(listener);
    close(s->told[1]);
}

static inline void tls_server_stop(struct tls_server *s)
{
    kill(s->child, SIGKILL);
    waitpid(s->child, NULL, 0);
    close(s->told[0]);
    X509_free(s->cert);
    EVP_PKEY_free(s->key);
}

#endif
