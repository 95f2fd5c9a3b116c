#include "responder.h"

#include <errno.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPLY   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Region: us-east-1\r\n\r\nok"
#define FDS_MAX 65536

enum what { CONNECTION, PLAIN_LISTENER, TLS_LISTENER, NAME_SERVER };

static struct {
    volatile struct responder_counts *counts;
    SSL_CTX *tls;
    int epoll;
    SSL *sessions[FDS_MAX];
} us;

/* --- conversations --------------------------------------------------------------------------- */

static void hang_up(int fd)
{
    if (us.sessions[fd]) {
        SSL_shutdown(us.sessions[fd]);
        SSL_free(us.sessions[fd]);
        us.sessions[fd] = NULL;
    }
    close(fd);
}

static void count_handshake(SSL *ssl)
{
    us.counts->handshakes++;
    us.counts->resumed += SSL_session_reused(ssl) != 0;
}

/* Bytes, 0: it is over, -1: not yet. */
static ssize_t get(int fd, char *to, size_t room)
{
    SSL *ssl = us.sessions[fd];
    if (!ssl) {
        ssize_t n = recv(fd, to, room, 0);
        return n < 0 && errno != EAGAIN ? 0 : n;
    }
    bool shaken = SSL_is_init_finished(ssl);
    int n = SSL_read(ssl, to, (int)room);
    if (!shaken && SSL_is_init_finished(ssl))
        count_handshake(ssl);
    if (n > 0)
        return n;
    return SSL_get_error(ssl, n) == SSL_ERROR_WANT_READ ? -1 : 0;
}

static bool put(int fd)
{
    const int n = sizeof REPLY - 1;
    return us.sessions[fd] ? SSL_write(us.sessions[fd], REPLY, n) == n
                           : send(fd, REPLY, (size_t)n, MSG_NOSIGNAL) == n;
}

static void converse(int fd)
{
    char request[4096];
    ssize_t n = get(fd, request, sizeof request - 1);
    if (n < 0)
        return;
    if (n == 0) {
        hang_up(fd);
        return;
    }
    request[n] = '\0';
    us.counts->requests++;
    if (!put(fd) || strcasestr(request, "connection: close"))
        hang_up(fd);
}

static void watch(int fd, enum what what)
{
    struct epoll_event event = { .events = EPOLLIN,
                                 .data.u64 = (uint64_t)what << 32 | (uint32_t)fd };
    epoll_ctl(us.epoll, EPOLL_CTL_ADD, fd, &event);
}

static void greet(int listener, bool secure)
{
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        if (fd >= FDS_MAX) {
            close(fd);
            continue;
        }
        us.counts->connections++;
        if (secure) {
            us.sessions[fd] = SSL_new(us.tls);
            SSL_set_accept_state(us.sessions[fd]);
            SSL_set_fd(us.sessions[fd], fd);
        }
        watch(fd, CONNECTION);
    }
}

/* Every name is 127.0.0.1 for a minute; of other types there is nothing. */
static void answer_question(int fd)
{
    static const uint8_t record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1 };
    uint8_t bytes[1024];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(fd, bytes, 512, 0, (struct sockaddr *)&from, &size);
    if (n < 17)
        return;
    size_t end = 12;
    while (end < 256 && bytes[end])
        end += bytes[end] + 1u;
    end += 5;
    bool has = bytes[end - 3] == 1;
    bytes[2] = 0x85;
    bytes[3] = 0x80;
    memset(bytes + 6, 0, 6);
    bytes[7] = has;
    memcpy(bytes + end, record, sizeof record);
    us.counts->questions++;
    (void)sendto(fd, bytes, end + (has ? sizeof record : 0), 0, (struct sockaddr *)&from, size);
}

static void meet(const struct epoll_event *event)
{
    int fd = (int)(event->data.u64 & INT32_MAX);
    switch ((enum what)(event->data.u64 >> 32)) {
    case CONNECTION:
        converse(fd);
        return;
    case PLAIN_LISTENER:
        greet(fd, false);
        return;
    case TLS_LISTENER:
        greet(fd, true);
        return;
    case NAME_SERVER:
        answer_question(fd);
        return;
    }
}

__attribute__((noreturn)) static void respond(void)
{
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        struct epoll_event events[256];
        int n = epoll_wait(us.epoll, events, 256, -1);
        for (int i = 0; i < n; i++)
            meet(&events[i]);
    }
}

/* --- the start ------------------------------------------------------------------------------- */

static int open_at(unsigned i, int type, uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(*port) };
    socklen_t size = sizeof address;
    int on = 1, fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) ||
        (type == SOCK_STREAM && listen(fd, 4096)) ||
        getsockname(fd, (struct sockaddr *)&address, &size)) {
        close(fd);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

static int listen_on_all(uint16_t *port, enum what what)
{
    *port = 0;
    for (unsigned i = 0; i < RESPONDER_ADDRESSES; i++) {
        int fd = open_at(i, SOCK_STREAM, port);
        if (fd < 0)
            return -1;
        watch(fd, what);
    }
    return 0;
}

static X509 *make_cert(EVP_PKEY *key)
{
    char names[RESPONDER_ADDRESSES * 16] = "";
    for (unsigned i = 0; i < RESPONDER_ADDRESSES; i++)
        (void)snprintf(names + strlen(names), 16, "%sIP:127.0.0.%u", i ? "," : "", i + 1);
    X509 *cert = X509_new();
    X509_set_version(cert, 2);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_set_pubkey(cert, key);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    return X509_sign(cert, key, EVP_sha256()) ? cert : NULL;
}

/* Tickets for resuming need no memory here. */
static int prepare_tls(struct responder *r)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = make_cert(key);
    (void)snprintf(r->ca, sizeof r->ca, "/tmp/evac-bench-XXXXXX");
    int fd = mkstemp(r->ca);
    FILE *file = fd < 0 || !cert ? NULL : fdopen(fd, "w");
    if (!file || !PEM_write_X509(file, cert) || fclose(file))
        return -1;
    us.tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(us.tls, cert);
    SSL_CTX_use_PrivateKey(us.tls, key);
    SSL_CTX_set_mode(us.tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(us.tls, SSL_SESS_CACHE_OFF);
    X509_free(cert);
    EVP_PKEY_free(key);
    return 0;
}

static int open_all(struct responder *r)
{
    us.epoll = epoll_create1(EPOLL_CLOEXEC);
    int names = us.epoll < 0 ? -1 : open_at(0, SOCK_DGRAM, &r->dns);
    if (names < 0 || listen_on_all(&r->http, PLAIN_LISTENER) ||
        listen_on_all(&r->https, TLS_LISTENER))
        return -1;
    watch(names, NAME_SERVER);
    return prepare_tls(r);
}

/* The child opens everything itself, so that nothing of it stays in who starts it; it tells where.
 */
__attribute__((noreturn)) static void be_responder(struct responder *r, int told)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bench_raise_files();
    us.counts = r->counts;
    if (open_all(r) || write(told, r, sizeof *r) != (ssize_t)sizeof *r)
        _exit(1);
    close(told);
    respond();
}

int responder_start(struct responder *r)
{
    int told[2];
    memset(r, 0, sizeof *r);
    r->counts =
        mmap(NULL, sizeof *r->counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r->counts == MAP_FAILED || pipe(told))
        return -1;
    pid_t child = fork();
    if (child == 0)
        be_responder(r, told[1]);
    close(told[1]);
    ssize_t n = child < 0 ? -1 : read(told[0], r, sizeof *r);
    close(told[0]);
    r->child = child;
    return n == (ssize_t)sizeof *r ? 0 : -1;
}

void responder_stop(struct responder *r)
{
    if (r->child > 0) {
        kill(r->child, SIGKILL);
        waitpid(r->child, NULL, 0);
    }
    if (r->ca[0])
        unlink(r->ca);
}

void bench_raise_files(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}
