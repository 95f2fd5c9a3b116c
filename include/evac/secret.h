/* Text that must not be shown. It has no printf path: only evac_secret_reveal() gives it away, so a
 * grep for that word finds every place where a secret leaves. */
#ifndef EVAC_SECRET_H
#define EVAC_SECRET_H

#include "evac/str.h"

struct evac_secret {
    char *hidden_p;
    size_t hidden_n;
};

struct evac_secret evac_secret_new(struct evac_str from); /* copies */
void evac_secret_done(struct evac_secret *secret);        /* clears, then frees; safe twice */
bool evac_secret_is_set(const struct evac_secret *secret);
struct evac_str evac_secret_reveal(const struct evac_secret *secret); /* borrowed */

#endif
