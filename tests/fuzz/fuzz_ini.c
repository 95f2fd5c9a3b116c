/* AWS's configuration and credentials files. */
#include "aws_ini.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evac_arena *arena = evac_arena_new();
    const struct evac_ini *ini = NULL;
    struct evac_err err = { EVAC_OK, "" };
    char *copy = evac_arena_alloc(arena, size + 1); /* it is wiped in place */
    for (size_t i = 0; i < size; i++)
        copy[i] = (char)data[i];
    enum evac_code code =
        evac_ini_parse((struct evac_str){ copy, size }, "fuzz", arena, &ini, &err);
    MUST(code == EVAC_OK || err.text[0]);
    if (code == EVAC_OK) {
        struct evac_str secret = evac_ini_get(ini, EVAC_STR("default"), "aws_secret_access_key");
        evac_ini_wipe(ini, "aws_secret_access_key");
        for (size_t i = 0; i < secret.n; i++)
            MUST(secret.p[i] == 'x');
    }
    evac_arena_free(arena);
    return 0;
}
