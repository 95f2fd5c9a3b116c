/* A driver's file before it is loaded. The first byte chooses: 0, the input is the file; otherwise
 * edits of eight bytes at most to a good one, which reach deeper than a file that is made up. */
#include "fuzz.h"
#include "object_check.h"

#include <stdio.h>
#include <string.h>

#define FILE_MAX 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char good[FILE_MAX];
    static size_t good_n;
    struct fuzz_input in = { data, size };
    struct evac_err err = { EVAC_OK, "" };
    if (!good_n) {
        FILE *f = fopen(EVAC_SOURCE_DIR "/tests/fuzz/corpus/object/pack.so", "rb");
        MUST(f);
        good_n = fread(good, 1, sizeof good, f);
        (void)fclose(f);
        MUST(evac_object_check((struct evac_str){ good + 1, good_n - 1 }, "evac_pack", &err) ==
             EVAC_OK);
    }
    if (fuzz_byte(&in) == 0) {
        enum evac_code code = evac_object_check(fuzz_rest(&in), "evac_pack", &err);
        MUST(code == EVAC_OK || (code == EVAC_E_BADDRIVER && err.text[0]));
        return 0;
    }
    size_t n = good_n - 1;
    char *copy = malloc(n);
    MUST(copy);
    memcpy(copy, good + 1, n);
    while (in.n) {
        unsigned at = fuzz_number(&in, (unsigned)n), bytes = fuzz_byte(&in);
        if (bytes & 8) /* cut off, or the rest as it is */
            n = at > 0 ? at : n;
        for (unsigned i = 0; i < (bytes & 7) && at + i < n; i++)
            copy[at + i] = (char)fuzz_byte(&in);
    }
    char *exact = realloc(copy, n ? n : 1); /* so that a sanitizer sees a byte too far */
    MUST(exact);
    enum evac_code code = evac_object_check((struct evac_str){ exact, n }, "evac_pack", &err);
    MUST(code == EVAC_OK || (code == EVAC_E_BADDRIVER && err.text[0]));
    free(exact);
    return 0;
}
