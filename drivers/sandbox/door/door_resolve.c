/* One A question over UDP (RFC 1035 4.1): enough to try what users would be told. */
#include "door_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS      2000
#define HEADER_BYTES 12u
#define TYPE_A       1u

static size_t make_question(const char *name, uint8_t *q, size_t bytes)
{
    static const uint8_t head[HEADER_BYTES] = { 0x65, 0x76, 1, 0, 0, 1 };
    struct evac_str rest = evac_str(name);
    size_t n = HEADER_BYTES;
    memcpy(q, head, HEADER_BYTES);
    while (rest.n) {
        struct evac_str label = evac_str_cut(rest, '.', &rest);
        if (label.n == 0 || label.n > 63 || n + label.n + 6 > bytes)
            return 0;
        q[n++] = (uint8_t)label.n;
        memcpy(q + n, label.p, label.n);
        n += label.n;
    }
    const uint8_t tail[5] = { 0, 0, TYPE_A, 0, 1 };
    memcpy(q + n, tail, sizeof tail);
    return n + sizeof tail;
}

/* Behind a name, which may end in a pointer; 0 when it does not end. */
static size_t skip_name(const uint8_t *p, size_t n, size_t at)
{
    while (at < n) {
        if ((p[at] & 0xc0u) == 0xc0u)
            return at + 2;
        if (p[at] == 0)
            return at + 1;
        at += p[at] + 1u;
    }
    return 0;
}

static bool read_answer(const uint8_t *p, size_t n, size_t at, char ret_address[16])
{
    unsigned answers = n < HEADER_BYTES ? 0 : p[6] * 256u + p[7];
    for (unsigned i = 0; i < answers; i++) {
        at = skip_name(p, n, at);
        if (at == 0 || at + 10 > n)
            return false;
        size_t type = p[at] * 256u + p[at + 1], bytes = p[at + 8] * 256u + p[at + 9];
        at += 10;
        if (at + bytes > n)
            return false;
        if (type == TYPE_A && bytes == 4)
            return inet_ntop(AF_INET, p + at, ret_address, 16) != NULL;
        at += bytes;
    }
    return false;
}

enum evac_code evac_door_resolve(uint16_t dns_port, const char *name, char ret_address[16],
                                 struct evac_err *err)
{
    uint8_t q[512], reply[4096];
    size_t n = make_question(name, q, sizeof q);
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(dns_port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (n == 0)
        return evac_fail(err, EVAC_E_BADARG, "'%s' is not a name", name);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    ssize_t got = -1;
    if (fd >= 0 && connect(fd, (const struct sockaddr *)(const void *)&to, sizeof to) == 0 &&
        send(fd, q, n, 0) == (ssize_t)n && poll(&wait, 1, WAIT_MS) == 1)
        got = recv(fd, reply, sizeof reply, 0);
    if (fd >= 0)
        (void)close(fd);
    if (got < 0)
        return evac_fail(err, EVAC_E_UNREACHABLE, "DNS on port %u does not answer", dns_port);
    if (!read_answer(reply, (size_t)got, n, ret_address))
        return evac_fail(err, EVAC_E_NOTFOUND, "%s has no A record", name);
    return EVAC_OK;
}
