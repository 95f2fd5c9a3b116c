/*
 * One harness a file: fuzz_<what>.c. Built with libFuzzer (preset "fuzz") it looks for inputs by
 * itself; otherwise replay.c runs it over the files of corpus/<what>. A property that does not hold
 * is abort().
 */
#ifndef EVAC_FUZZ_H
#define EVAC_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)
#endif
