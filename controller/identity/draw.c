#include "draw.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void evac_draw(uint8_t *ret, size_t n)
{
    for (size_t have = 0; have < n;) {
        ssize_t got = getrandom(ret + have, n - have, 0);
        if (got < 0 && errno != EINTR)
            abort();
        have += got > 0 ? (size_t)got : 0;
    }
}
