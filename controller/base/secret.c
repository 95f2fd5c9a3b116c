#include "evac/secret.h"

#include <stdlib.h>
#include <string.h>

struct evac_secret evac_secret_new(struct evac_str from)
{
    struct evac_secret secret = { NULL, 0 };
    if (from.n == 0)
        return secret;
    secret.hidden_p = malloc(from.n + 1);
    if (!secret.hidden_p)
        abort();
    memcpy(secret.hidden_p, from.p, from.n);
    secret.hidden_p[from.n] = '\0';
    secret.hidden_n = from.n;
    return secret;
}

void evac_secret_done(struct evac_secret *secret)
{
    if (secret->hidden_p)
        explicit_bzero(secret->hidden_p, secret->hidden_n);
    free(secret->hidden_p);
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
