/*
 * Servers that must not be believed, before each of our clients: the host's HTTP by its own list of
 * authorities and by a request's, its mail, the prober, and the command line. What counts is seen
 * from the server: not one byte of what the client had to say may arrive.
 */
#include "host_uv.h"
#include "loopback.h"
#include "prober.h"
#include "suite.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY 86400

/* X(NAME, what it is) */
#define PEERS(X)                                                                                   \
    X(GOOD, "nothing is wrong with it")                                                            \
    X(EXPIRED, "its certificate ended yesterday")                                                  \
    X(NOT_YET, "its certificate begins tomorrow")                                                  \
    X(WRONG_HOST, "its certificate is another host's")                                             \
    X(SELF_SIGNED, "it vouches for itself")                                                        \
    X(WRONG_CA, "an authority of the right name and another key vouches for it")                   \
    X(NO_CA, "what vouches for it is no authority")                                                \
    X(WRONG_PURPOSE, "its certificate is for clients")                                             \
    X(WEAK_HASH, "its certificate is signed over SHA-1")                                           \
    X(RSA_1024, "its key has 1024 bits")                                                           \
    X(TLS_1_0, "it speaks TLS 1.0 alone")                                                          \
    X(TLS_1_1, "it speaks TLS 1.1 alone")                                                          \
    X(NULL_CIPHER, "it does not encrypt")                                                          \
    X(ANONYMOUS, "it shows no certificate")                                                        \
    X(CBC, "it encrypts with CBC and SHA-1 alone")                                                 \
    X(STATIC_RSA, "its keys have no forward secrecy")                                              \
    X(NO_TLS, "it speaks no TLS")                                                                  \
    X(CUT_HANDSHAKE, "its handshake is cut")                                                       \
    X(CUT_REPLY, "its reply is cut, and nothing says where it ends")                               \
    X(SHORT_REPLY, "its reply is shorter than it says")
#define X(name, text) name,
enum peer_kind { PEERS(X) PEER_COUNT };
#undef X
#define X(name, text) text,
static const char *const peer_texts[] = { PEERS(X) };
#undef X

/* --- certificates --------------------------------------------------------------------------- */

struct issuer {
    EVP_PKEY *key;
    X509 *cert;
};

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    ck_assert_ptr_nonnull(e);
    X509_add_ext(cert, e, -1);
    X509_EXTENSION_free(e);
}

static X509 *make_cert(EVP_PKEY *key, const char *name, const struct issuer *by, long from_s,
                       long to_s)
{
    static long serial = 1;
    X509 *cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
    X509_gmtime_adj(X509_getm_notBefore(cert), from_s);
    X509_gmtime_adj(X509_getm_notAfter(cert), to_s);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, by ? X509_get_subject_name(by->cert) : X509_get_subject_name(cert));
    return cert;
}

static struct issuer make_ca(const char *name)
{
    struct issuer ca = { EVP_EC_gen("P-256"), NULL };
    ca.cert = make_cert(ca.key, name, NULL, -DAY, DAY);
    add_extension(ca.cert, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(ca.cert, NID_key_usage, "critical,keyCertSign");
    X509_sign(ca.cert, ca.key, EVP_sha256());
    return ca;
}

static struct issuer make_leaf(enum peer_kind kind, const struct issuer *by)
{
    bool rsa = kind == RSA_1024 || kind == STATIC_RSA;
    const char *name = kind == GOOD ? "middle" : "server"; /* what vouches for another is another */
    struct issuer leaf = { rsa ? EVP_RSA_gen(kind == RSA_1024 ? 1024u : 2048u)
                               : EVP_EC_gen("P-256"),
                           NULL };
    leaf.cert = make_cert(leaf.key, name, kind == SELF_SIGNED ? NULL : by,
                          kind == NOT_YET ? DAY : -2 * DAY, kind == EXPIRED ? -DAY : 2 * DAY);
    add_extension(leaf.cert, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(leaf.cert, NID_subject_alt_name,
                  kind == WRONG_HOST ? "DNS:localhost.example.com,IP:127.0.0.2"
                                     : "DNS:localhost,IP:127.0.0.1");
    if (kind == WRONG_PURPOSE)
        add_extension(leaf.cert, NID_ext_key_usage, "clientAuth");
    X509_sign(leaf.cert, kind == SELF_SIGNED ? leaf.key : by->key,
              kind == WEAK_HASH ? EVP_sha1() : EVP_sha256());
    return leaf;
}

static void drop(struct issuer *i)
{
    X509_free(i->cert);
    EVP_PKEY_free(i->key);
}

/* --- the server: a process each, since OpenSSL blocks in it ---------------------------------- */

static struct {
    struct issuer ca, other, middle, leaf;
    pid_t child;
    uint16_t port;
    int told[2]; /* a byte each time that something of a client's arrived */
    char ca_pem[2048], ca_path[64];
} peer;

static SSL_CTX *make_context(enum peer_kind kind)
{
    static const struct {
        const char *ciphers;
        int version;
    } ways[PEER_COUNT] = {
        [TLS_1_0] = { "ALL:@SECLEVEL=0", TLS1_VERSION },
        [TLS_1_1] = { "ALL:@SECLEVEL=0", TLS1_1_VERSION },
        [NULL_CIPHER] = { "eNULL:@SECLEVEL=0", TLS1_2_VERSION },
        [ANONYMOUS] = { "aNULL:!eNULL:@SECLEVEL=0", TLS1_2_VERSION },
        [CBC] = { "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", TLS1_2_VERSION },
        [STATIC_RSA] = { "AES128-GCM-SHA256:@SECLEVEL=0", TLS1_2_VERSION },
    };
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(ctx, 0);
    if (ways[kind].ciphers) {
        ck_assert_int_eq(SSL_CTX_set_cipher_list(ctx, ways[kind].ciphers), 1);
        ck_assert_int_eq(SSL_CTX_set_min_proto_version(ctx, ways[kind].version), 1);
        ck_assert_int_eq(SSL_CTX_set_max_proto_version(ctx, ways[kind].version), 1);
    }
    if (kind == ANONYMOUS)
        return ctx;
    ck_assert_int_eq(SSL_CTX_use_certificate(ctx, peer.leaf.cert), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, peer.leaf.key), 1);
    if (kind == NO_CA)
        SSL_CTX_add0_chain_cert(ctx, X509_dup(peer.middle.cert));
    return ctx;
}

static const char *reply_of(enum peer_kind kind)
{
    if (kind == CUT_REPLY)
        return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"half\":";
    if (kind == SHORT_REPLY)
        return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":";
    return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
}

static void tell(char what)
{
    if (write(peer.told[1], &what, 1) != 1)
        _exit(1);
}

static void converse(SSL_CTX *ctx, enum peer_kind kind, bool mail, int fd)
{
    char bytes[4096];
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    if (kind == NO_TLS) {
        (void)!write(fd, "220 in the clear\r\n", 18);
        (void)!read(fd, bytes, sizeof bytes);
        const char *reply = reply_of(GOOD);
        (void)!write(fd, reply, strlen(reply));
    } else if (kind == CUT_HANDSHAKE) {
        (void)!read(fd, bytes, sizeof bytes);
        (void)!write(fd, "\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03", 11); /* of a ServerHello */
    } else if (SSL_accept(ssl) == 1) {
        if (mail)
            SSL_write(ssl, "220 mail\r\n", 10);
        if (SSL_read(ssl, bytes, sizeof bytes) > 0) {
            tell('d');
            SSL_write(ssl, reply_of(kind), (int)strlen(reply_of(kind)));
        }
        if (kind != CUT_REPLY && kind != SHORT_REPLY)
            SSL_shutdown(ssl);
    }
    close(fd); /* without a word where it is cut */
    SSL_free(ssl);
}

static void serve(enum peer_kind kind, bool mail, int listener)
{
    SSL_CTX *ctx = make_context(kind);
    signal(SIGPIPE, SIG_IGN);
    for (;;)
        converse(ctx, kind, mail, accept(listener, NULL, NULL));
}

static void begin(enum peer_kind kind, bool mail)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    const struct issuer *by = kind == WRONG_CA ? &peer.other
                              : kind == NO_CA  ? &peer.middle
                                               : &peer.ca;
    peer.leaf = make_leaf(kind, by);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 16), 0);
    getsockname(listener, (struct sockaddr *)&address, &size);
    peer.port = ntohs(address.sin_port);
    ck_assert_int_eq(pipe(peer.told), 0);
    peer.child = fork();
    if (peer.child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(kind, mail, listener);
    }
    close(listener);
    close(peer.told[1]);
}

/* How often something of a client's arrived. */
static unsigned end(void)
{
    char told[64];
    struct pollfd ready = { .fd = peer.told[0], .events = POLLIN };
    ssize_t n = poll(&ready, 1, 20) > 0 ? read(peer.told[0], told, sizeof told) : 0;
    kill(peer.child, SIGKILL);
    waitpid(peer.child, NULL, 0);
    close(peer.told[0]);
    drop(&peer.leaf);
    return n > 0 ? (unsigned)n : 0;
}

/* --- the clients ---------------------------------------------------------------------------- */

static uv_loop_t loop;
static struct evac_host host;
static struct evac_dns *dns;

static struct {
    unsigned count;
    bool good; /* what came is believed */
    char why[400];
} heard;

static void on_reply(void *user, const struct evac_http_reply *reply)
{
    (void)user;
    heard.count++;
    heard.good = reply->fate == EVAC_HTTP_REPLIED && reply->body.n > 0;
    (void)evac_str_copy(heard.why, sizeof heard.why, evac_str(reply->error));
}

static void on_result(void *prober_user, void *user, const struct evac_prober_result *result)
{
    (void)prober_user;
    (void)user;
    heard.count++;
    heard.good = result->ok;
    (void)evac_str_copy(heard.why, sizeof heard.why, evac_str(result->reason));
}

static void by_http(bool own_ca)
{
    char url[64];
    struct evac_err err = { EVAC_OK, "" };
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/", peer.port);
    const struct evac_http_header secret = { EVAC_STR("Authorization"), EVAC_STR("Bearer secret") };
    const struct evac_http_request r = { .method = EVAC_STR("POST"),
                                         .url = evac_str(url),
                                         .headers = &secret,
                                         .header_count = 1,
                                         .body = EVAC_STR("{}"),
                                         .connect_ms = 3000,
                                         .total_ms = 3000,
                                         .max_reply_bytes = 4096,
                                         .mutates = true,
                                         .ca = own_ca ? evac_str(peer.ca_pem) : EVAC_STR_NONE };
    ck_assert_msg(host.http(host.ctx, &r, on_reply, NULL, NULL, &err) == EVAC_OK, "%s", err.text);
    loop_until(&loop, &heard.count, 1);
}

static void by_list(void)
{
    by_http(false);
}

static void by_own_ca(void)
{
    by_http(true);
}

static void by_mail(void)
{
    char url[64];
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_str to = EVAC_STR("ann@example.com");
    (void)snprintf(url, sizeof url, "smtps://127.0.0.1:%u", peer.port);
    const struct evac_mail_request r = { .url = evac_str(url),
                                         .user = EVAC_STR("evac"),
                                         .password = EVAC_STR("secret"),
                                         .from = EVAC_STR("evac@example.com"),
                                         .to = &to,
                                         .to_count = 1,
                                         .message = EVAC_STR("Subject: x\r\n\r\nx\r\n"),
                                         .connect_ms = 3000,
                                         .total_ms = 3000,
                                         .ca = evac_str(peer.ca_pem) };
    ck_assert_msg(host.mail(host.ctx, &r, on_reply, NULL, NULL, &err) == EVAC_OK, "%s", err.text);
    loop_until(&loop, &heard.count, 1);
}

static void by_prober(void)
{
    char url[64];
    struct evac_prober *prober;
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_prober_options options = { .fn = on_result,
                                                 .seed = 7,
                                                 .ca_file = peer.ca_path };
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/health", peer.port);
    const struct evac_prober_target target = { .url = evac_str(url),
                                               .expect_body = EVAC_STR("}"),
                                               .every_ms = 100, /* the first is asked within that */
                                               .connect_ms = 2000,
                                               .reply_ms = 2000 };
    ck_assert_int_eq(evac_prober_new(&loop, dns, &options, &prober, &err), EVAC_OK);
    ck_assert_msg(evac_prober_add(prober, &target, NULL, &err) == EVAC_OK, "%s", err.text);
    loop_until(&loop, &heard.count, 1);
    evac_prober_free(prober);
    uv_run(&loop, UV_RUN_NOWAIT);
}

static void by_command(void)
{
    char command[512], said[4096];
    (void)snprintf(command, sizeof command,
                   "env -i ASAN_OPTIONS=detect_leaks=0 EVAC_TOKEN=evac_secret timeout 10 "
                   "%s/bin/evac status --json --server https://127.0.0.1:%u --ca %s 2>&1",
                   EVAC_BINARY_DIR, peer.port, peer.ca_path);
    FILE *f = popen(command, "r");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(said, 1, sizeof said - 1, f);
    said[n] = '\0';
    heard.count = 1;
    heard.good = pclose(f) == 0;
    (void)evac_str_copy(heard.why, sizeof heard.why, evac_str(said));
}

static const struct {
    const char *name;
    void (*ask)(void);
    bool mail;
} clients[] = { { "HTTP by the host's list", by_list, false },
                { "HTTP by its own authority", by_own_ca, false },
                { "mail", by_mail, true },
                { "a probe", by_prober, false },
                { "the command line", by_command, false } };
#define CLIENTS (sizeof clients / sizeof clients[0])

/* --- life ----------------------------------------------------------------------------------- */

static void write_ca(void)
{
    FILE *memory = fmemopen(peer.ca_pem, sizeof peer.ca_pem, "w");
    PEM_write_X509(memory, peer.ca.cert);
    fclose(memory);
    (void)snprintf(peer.ca_path, sizeof peer.ca_path, "/tmp/evac-test-tls-XXXXXX");
    int fd = mkstemp(peer.ca_path);
    ck_assert_int_eq(write(fd, peer.ca_pem, strlen(peer.ca_pem)), (int)strlen(peer.ca_pem));
    close(fd);
}

static void set_up(void)
{
    struct evac_err err = { EVAC_OK, "" };
    signal(SIGPIPE, SIG_IGN);
    peer.ca = make_ca("test CA");
    peer.other = make_ca("test CA");
    peer.middle = make_leaf(GOOD, &peer.ca);
    write_ca();
    uv_loop_init(&loop);
    const struct evac_host_uv_options options = { .resolver = "127.0.0.1:1",
                                                  .ca_file = peer.ca_path };
    ck_assert_msg(evac_host_uv_new(&loop, &options, &host, &err) == EVAC_OK, "%s", err.text);
    dns = evac_host_uv_dns(&host);
}

static void tear_down(void)
{
    evac_host_uv_close(&host);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    unlink(peer.ca_path);
    drop(&peer.ca);
    drop(&peer.other);
    drop(&peer.middle);
}

/* --- what is shown -------------------------------------------------------------------------- */

START_TEST(a_good_server_is_spoken_to_by_each)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        memset(&heard, 0, sizeof heard);
        begin(GOOD, clients[i].mail);
        clients[i].ask();
        unsigned arrived = end();
        ck_assert_msg(arrived > 0, "%s said nothing: %s", clients[i].name, heard.why);
        ck_assert_msg(heard.good || clients[i].mail || clients[i].ask == by_command, "%s: %s",
                      clients[i].name, heard.why);
    }
}
END_TEST

START_TEST(a_bad_server_hears_nothing_and_is_not_believed)
{
    enum peer_kind kind = (enum peer_kind)_i;
    bool asks_first = kind == CUT_REPLY || kind == SHORT_REPLY; /* what is wrong comes later */
    for (size_t i = 0; i < CLIENTS; i++) {
        if (asks_first && clients[i].mail)
            continue;
        memset(&heard, 0, sizeof heard);
        begin(kind, clients[i].mail);
        clients[i].ask();
        unsigned arrived = end();
        ck_assert_msg(!heard.good, "%s: %s believes it", peer_texts[kind], clients[i].name);
        ck_assert_msg(asks_first || arrived == 0, "%s: %s told it something", peer_texts[kind],
                      clients[i].name);
        if (getenv("EVAC_VERBOSE"))
            printf("%-50s %-26s %.120s\n", peer_texts[kind], clients[i].name, heard.why);
    }
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("tls");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_good_server_is_spoken_to_by_each);
    tcase_add_loop_test(tc, a_bad_server_hears_nothing_and_is_not_believed, EXPIRED, PEER_COUNT);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("tls", cases)
