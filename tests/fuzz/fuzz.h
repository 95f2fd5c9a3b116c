/*
 * One harness a file: fuzz_<what>.c. Built with libFuzzer (preset "fuzz") it looks for inputs by
 * itself; otherwise replay.c runs it over the files of corpus/<what>. A property that does not hold
 * is abort().
 */
#ifndef EVAC_FUZZ_H
#define EVAC_FUZZ_H

#include "evac/str.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

/* What an input is read from: bytes for choices, the rest as text. An input that is over gives
 * zeros. */
struct fuzz_input {
    const uint8_t *p;
    size_t n;
};

static inline unsigned fuzz_byte(struct fuzz_input *in)
{
    if (in->n == 0)
        return 0;
    in->n--;
    return *in->p++;
}

static inline unsigned fuzz_number(struct fuzz_input *in, unsigned below)
{
    unsigned high = fuzz_byte(in);
    return below ? (high << 8 | fuzz_byte(in)) % below : 0;
}

static inline struct evac_str fuzz_rest(const struct fuzz_input *in)
{
    return (struct evac_str){ (const char *)in->p, in->n };
}

/* Up to the separator, or to the end. */
static inline struct evac_str fuzz_line(struct fuzz_input *in, char separator)
{
    struct evac_str rest, line = evac_str_cut(fuzz_rest(in), separator, &rest);
    in->p += in->n - rest.n;
    in->n = rest.n;
    return line;
}
#endif
