/*
 * A secret has pages of its own: they are in no core dump, in no child, on no swap (as far as the
 * limit of locked memory goes), and a page behind them that nobody may read ends what reads on and
 * on.
 */
#include "evac/secret.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_bytes(void)
{
    static size_t bytes;
    if (!bytes)
        bytes = (size_t)sysconf(_SC_PAGESIZE);
    return bytes;
}

/* Of the pages that hold n bytes and their NUL. */
static size_t body_bytes(size_t n)
{
    size_t page = page_bytes();
    return (n + page) / page * page;
}

/* The text ends where its last page does. */
static char *map(size_t n)
{
    size_t body = body_bytes(n), page = page_bytes();
    char *p = mmap(NULL, body + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        abort();
    (void)mprotect(p + body, page, PROT_NONE);
    (void)madvise(p, body, MADV_DONTDUMP);
    (void)madvise(p, body, MADV_WIPEONFORK);
    (void)mlock(p, body);
    return p + body - n - 1;
}

struct evac_secret evac_secret_new(struct evac_str from)
{
    struct evac_secret secret = { NULL, 0 };
    if (from.n == 0)
        return secret;
    secret.hidden_p = map(from.n);
    memcpy(secret.hidden_p, from.p, from.n);
    secret.hidden_p[from.n] = '\0';
    secret.hidden_n = from.n;
    return secret;
}

void evac_secret_done(struct evac_secret *secret)
{
    if (secret->hidden_p) {
        size_t body = body_bytes(secret->hidden_n);
        char *p = secret->hidden_p + secret->hidden_n + 1 - body;
        explicit_bzero(p, body);
        (void)munmap(p, body + page_bytes());
    }
    *secret = (struct evac_secret){ NULL, 0 };
}

bool evac_secret_is_set(const struct evac_secret *secret)
{
    return secret->hidden_n > 0;
}

struct evac_str evac_secret_reveal(const struct evac_secret *secret)
{
    return (struct evac_str){ secret->hidden_p, secret->hidden_n };
}
