/*
 * How many probes a second of processor time pays for, and in how much memory. The responder is
 * another process, so that only the prober is measured.
 *
 *   bench_probes [SECONDS [https]]   a JSON line for each number of targets, fresh and kept
 * connections
 */
#include "host_dns.h"
#include "host_names.h"
#include "prober.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ADDRESSES 8 /* 127.0.0.1 to .8: one alone would run out of ports */
#define REPLY     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Region: us-east-1\r\n\r\nok"
#define WARM_MS   500
#define FDS_MAX   65536

/* --- the responder --------------------------------------------------------------------------- */

static int listen_on(int i, uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)i);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4096)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void watch(int epoll, int fd, bool listener)
{
    struct epoll_event event = { .events = EPOLLIN,
                                 .data.u64 = (uint64_t)listener << 32 | (uint32_t)fd };
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* NULL: plain HTTP. */
static SSL_CTX *tls;
static SSL *sessions[FDS_MAX];

static void hang_up(int fd)
{
    if (sessions[fd]) {
        SSL_shutdown(sessions[fd]);
        SSL_free(sessions[fd]);
        sessions[fd] = NULL;
    }
    close(fd);
}

static ssize_t get(int fd, char *to, size_t room)
{
    if (!tls)
        return recv(fd, to, room, 0);
    int n = SSL_read(sessions[fd], to, (int)room);
    if (n <= 0 && SSL_get_error(sessions[fd], n) == SSL_ERROR_WANT_READ)
        errno = EAGAIN;
    else if (n <= 0)
        return 0;
    return n <= 0 ? -1 : n;
}

static ssize_t put(int fd)
{
    return tls ? SSL_write(sessions[fd], REPLY, sizeof REPLY - 1)
               : send(fd, REPLY, sizeof REPLY - 1, MSG_NOSIGNAL);
}

static void answer(int fd)
{
    char request[4096];
    ssize_t n = get(fd, request, sizeof request - 1);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            hang_up(fd);
        return;
    }
    request[n] = '\0';
    if (put(fd) <= 0 || strstr(request, "Connection: close"))
        hang_up(fd);
}

static void greet(int epoll, int fd)
{
    if (fd >= FDS_MAX) {
        close(fd);
        return;
    }
    if (tls) {
        sessions[fd] = SSL_new(tls);
        SSL_set_accept_state(sessions[fd]);
        SSL_set_fd(sessions[fd], fd);
    }
    watch(epoll, fd, false);
}

static void respond(const int *listeners)
{
    int epoll = epoll_create1(0);
    for (int i = 0; i < ADDRESSES; i++)
        watch(epoll, listeners[i], true);
    for (;;) {
        struct epoll_event events[256];
        int n = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = (int)(events[i].data.u64 & INT32_MAX);
            if (events[i].data.u64 >> 32 == 0) {
                answer(fd);
                continue;
            }
            for (int c; (c = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;)
                greet(epoll, c);
        }
    }
}

static EVP_PKEY *key;
static X509 *cert;
static char ca_path[] = "/tmp/evac-bench-XXXXXX";

/* A certificate for our addresses that is its own issuer, also as a file for the prober. */
static int make_cert(void)
{
    char names[ADDRESSES * 16] = "";
    for (int i = 0; i < ADDRESSES; i++)
        (void)snprintf(names + strlen(names), 16, "%sIP:127.0.0.%d", i ? "," : "", i + 1);
    key = EVP_EC_gen("P-256");
    cert = X509_new();
    X509_set_version(cert, 2);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_set_pubkey(cert, key);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    int fd = mkstemp(ca_path);
    FILE *file = fd < 0 || !X509_sign(cert, key, EVP_sha256()) ? NULL : fdopen(fd, "w");
    if (!file || !PEM_write_X509(file, cert) || fclose(file))
        return -1;
    tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(tls, cert);
    SSL_CTX_use_PrivateKey(tls, key);
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF); /* tickets need no memory here */
    return 0;
}

static pid_t start_responder(uint16_t *ret_port)
{
    int listeners[ADDRESSES];
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    listeners[0] = listen_on(0, 0);
    if (listeners[0] < 0 || getsockname(listeners[0], (struct sockaddr *)&address, &size))
        return -1;
    *ret_port = ntohs(address.sin_port);
    for (int i = 1; i < ADDRESSES; i++)
        if ((listeners[i] = listen_on(i, *ret_port)) < 0)
            return -1;
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        respond(listeners);
    }
    for (int i = 0; i < ADDRESSES; i++)
        close(listeners[i]);
    return child;
}

/* --- the measurement ------------------------------------------------------------------------- */

struct bench {
    uv_loop_t loop;
    uv_timer_t timer;
    struct evac_dns *dns;
    struct evac_prober *prober;
    uint64_t good, bad, latency_us;
    char reason[128];
    uint64_t good_before, wall_before_us;
    double cpu_before_s;
    uint64_t measure_ms;
};

static void on_result(void *user, void *target, const struct evac_prober_result *result)
{
    struct bench *b = user;
    (void)target;
    if (result->ok) {
        b->good++;
        b->latency_us += result->latency_us;
        return;
    }
    b->bad++;
    (void)evac_str_copy(b->reason, sizeof b->reason, evac_str(result->reason));
}

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static long rss_kb(void)
{
    long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%ld %ld", &total, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void on_end(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void on_warm(uv_timer_t *timer)
{
    struct bench *b = timer->data;
    b->good_before = b->good;
    b->cpu_before_s = cpu_s();
    b->wall_before_us = evac_boot_us();
    uv_timer_start(timer, on_end, b->measure_ms, 0);
}

static void add_targets(struct bench *b, uint32_t targets, uint32_t every_ms, bool keep_alive,
                        uint16_t port)
{
    for (uint32_t i = 0; i < targets; i++) {
        char url[96];
        struct evac_err err;
        (void)snprintf(url, sizeof url, "%s://127.0.0.%u:%u/health?target=%u",
                       tls ? "https" : "http", i % ADDRESSES + 1, port, i);
        struct evac_prober_target t = { .url = evac_str(url),
                                        .every_ms = every_ms,
                                        .connect_ms = 2000,
                                        .reply_ms = 2000,
                                        .expect_body = EVAC_STR("ok"),
                                        .wants_served_by = true,
                                        .served_by = EVAC_STR("x-region"),
                                        .keep_alive = keep_alive };
        if (evac_prober_add(b->prober, &t, NULL, &err)) {
            fprintf(stderr, "bench_probes: %s\n", err.text);
            exit(1);
        }
    }
}

static void report(const struct bench *b, uint32_t targets, bool keep_alive)
{
    double cpu = cpu_s() - b->cpu_before_s;
    double wall = (double)(evac_boot_us() - b->wall_before_us) / 1e6;
    double probes = (double)(b->good - b->good_before);
    printf("{\"bench\":\"probes\",\"scheme\":\"%s\",\"targets\":%u,\"keep_alive\":%s,\"probes\":%."
           "0f,\"bad\":%llu,"
           "\"seconds\":%.2f,\"probes_per_s\":%.0f,\"cpu_percent\":%.1f,\"probes_per_cpu_s\":%.0f,"
           "\"mean_latency_us\":%.0f,\"rss_kb\":%ld%s%s%s}\n",
           tls ? "https" : "http", targets, keep_alive ? "true" : "false", probes,
           (unsigned long long)b->bad, wall, probes / wall, 100 * cpu / wall,
           cpu > 0 ? probes / cpu : 0, b->good ? (double)b->latency_us / (double)b->good : 0,
           rss_kb(), b->bad ? ",\"reason\":\"" : "", b->reason, b->bad ? "\"" : "");
    fflush(stdout);
}

static int measure(uint32_t targets, uint32_t every_ms, bool keep_alive, uint16_t port,
                   uint64_t measure_ms)
{
    struct bench b;
    memset(&b, 0, sizeof b);
    b.measure_ms = measure_ms;
    uv_loop_init(&b.loop);
    struct evac_prober_options options = {
        .fn = on_result, .user = &b, .seed = 1, .ca_file = tls ? ca_path : ""
    };
    if (evac_dns_new(&b.loop, "", &b.dns, NULL) ||
        evac_prober_new(&b.loop, b.dns, &options, &b.prober, NULL))
        return 1;
    add_targets(&b, targets, every_ms, keep_alive, port);
    uv_timer_init(&b.loop, &b.timer);
    b.timer.data = &b;
    uv_timer_start(&b.timer, on_warm, WARM_MS + every_ms, 0);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    report(&b, targets, keep_alive);
    evac_prober_free(b.prober);
    evac_dns_close(b.dns);
    uv_close((uv_handle_t *)&b.timer, NULL);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    uv_loop_close(&b.loop);
    return b.good == 0;
}

/* Each measurement in a process of its own: memory and processor time start at nothing. */
static int measure_apart(uint32_t targets, uint32_t every_ms, bool keep_alive, uint16_t port,
                         uint64_t measure_ms)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0)
        _exit(measure(targets, every_ms, keep_alive, port, measure_ms));
    if (child > 0)
        waitpid(child, &status, 0);
    return status != 0;
}

static int read_arguments(int argc, char **argv, int64_t *ret_seconds)
{
    *ret_seconds = 3;
    if (argc > 1 &&
        (!evac_str_i64(evac_str(argv[1]), ret_seconds) || *ret_seconds < 1 || *ret_seconds > 600)) {
        fprintf(stderr, "bench_probes: SECONDS must be 1 to 600, not '%s'\n", argv[1]);
        return 2;
    }
    if (argc > 2 && strcmp(argv[2], "https") != 0) {
        fprintf(stderr, "bench_probes: '%s' is not https\n", argv[2]);
        return 2;
    }
    return argc > 2 ? make_cert() : 0;
}

int main(int argc, char **argv)
{
    static const struct {
        uint32_t targets, every_ms, every_tls_ms; /* a responder's handshakes are dear */
    } cases[] = { { 100, 100, 500 }, { 1000, 200, 2000 }, { 10000, 1000, 15000 } };
    int64_t seconds;
    uint16_t port;
    struct rlimit files;
    signal(SIGPIPE, SIG_IGN);
    int failed = read_arguments(argc, argv, &seconds);
    if (failed)
        return failed;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    pid_t responder = start_responder(&port);
    if (responder < 0) {
        fprintf(stderr, "bench_probes: no responder: %s\n", strerror(errno));
        return 1;
    }
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++)
        failed |= measure_apart(cases[i / 2].targets,
                                tls ? cases[i / 2].every_tls_ms : cases[i / 2].every_ms, i % 2,
                                port, (uint64_t)seconds * 1000);
    kill(responder, SIGKILL);
    waitpid(responder, NULL, 0);
    if (tls)
        unlink(ca_path);
    X509_free(cert);
    EVP_PKEY_free(key);
    return failed;
}
