/* Names, as a resolver would ask the sandbox for them. */
#include "world_internal.h"

#include "format.h"

#include <stdlib.h>
#include <string.h>

struct evac_str names_host_of(struct evac_str url)
{
    struct evac_str rest = url, host;
    for (size_t i = 0; i + 3 <= url.n; i++)
        if (memcmp(url.p + i, "://", 3) == 0) {
            rest = (struct evac_str){ url.p + i + 3, url.n - i - 3 };
            break;
        }
    host = evac_str_cut(rest, '/', &rest);
    return host;
}

/* Asked for with each request: digit by digit. */
static void put_address(const uint8_t octets[4], char *ret_address, size_t bytes)
{
    char text[16], *to = text;
    for (int i = 0; i < 4; i++) {
        to = evac_digits(to, octets[i], octets[i] > 99 ? 3 : octets[i] > 9 ? 2 : 1);
        *to++ = '.';
    }
    (void)evac_str_copy(ret_address, bytes, (struct evac_str){ text, (size_t)(to - text) - 1 });
}

bool names_resolve(struct world *w, struct evac_str name, char *ret_address, size_t bytes)
{
    uint8_t q[300] = { 0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0 };
    size_t n = 12;
    struct evac_buf reply;
    bool found = false;
    while (name.n && n + name.n + 6 < sizeof q) {
        struct evac_str label = evac_str_cut(name, '.', &name);
        q[n++] = (uint8_t)label.n;
        memcpy(q + n, label.p, label.n);
        n += label.n;
    }
    q[n++] = 0;
    q[n++] = 0, q[n++] = 1, q[n++] = 0, q[n++] = 1;
    evac_buf_init(&reply, 65536);
    evac_sandbox_advance(w->sandbox, w->v.now_ms);
    if (evac_sandbox_dns(w->sandbox, q, n, true, &reply) && reply.n >= n + 16) {
        const uint8_t *p = (const uint8_t *)reply.p;
        /* the first answer stands right behind the question, its name compressed: 2 + 2 + 2 + 4 + 2
         * + 4 */
        if (p[7] > 0 && p[n + 2] == 0 && p[n + 3] == 1 && p[n + 11] == 4) {
            put_address(p + n + 12, ret_address, bytes);
            found = true;
        }
    }
    evac_buf_done(&reply);
    return found;
}

bool names_is_one(struct evac_str host)
{
    return host.n && !(host.p[0] >= '0' && host.p[0] <= '9');
}

struct question {
    struct seat *seat;
    struct evac_dns_reply reply;
    struct evac_str value;
    char address[32];
    evac_dns_done_fn *done;
    void *user;
};

static void dns_due(void *owner, void *what)
{
    struct question *q = what;
    (void)owner;
    q->value = evac_str(q->address);
    q->reply.values = &q->value;
    q->done(q->user, &q->reply);
    free(q);
}

enum evac_code names_ask(void *ctx, struct evac_str name, const char *type, struct evac_str server,
                         uint32_t total_ms, evac_dns_done_fn *done, void *user,
                         struct evac_err *err)
{
    struct seat *s = ctx;
    struct question *q = calloc(1, sizeof *q);
    (void)server;
    (void)total_ms;
    if (!q)
        abort();
    if (strcmp(type, "A") != 0) {
        free(q);
        return evac_fail(err, EVAC_E_UNSUPPORTED, "only A records here");
    }
    q->seat = s;
    q->done = done;
    q->user = user;
    q->reply.error = "";
    q->reply.answered = true;
    if (!s->alone && names_resolve(s->w, name, q->address, sizeof q->address))
        q->reply.value_count = 1;
    else
        q->reply.rcode = 3;
    later(s->w, 1, dns_due, q);
    return EVAC_OK;
}

struct seat *names_whose(const struct evac_due *due)
{
    return due->fn == dns_due ? ((struct question *)due->what)->seat : NULL;
}
