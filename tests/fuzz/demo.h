/* The demonstration's files, with what they leave open filled in. */
#ifndef EVAC_FUZZ_DEMO_H
#define EVAC_FUZZ_DEMO_H

#include "conf.h"
#include "fuzz.h"

#include <stdio.h>

/* path below the source tree; lives as long as the process. */
static inline struct evac_str demo_read(const char *path)
{
    char full[512];
    struct evac_buf raw, text;
    struct evac_err err = { EVAC_OK, "" };
    (void)snprintf(full, sizeof full, "%s/%s", EVAC_SOURCE_DIR, path);
    evac_buf_init(&raw, 1u << 20);
    evac_buf_init(&text, 1u << 20);
    MUST(evac_conf_read_file(full, &raw, &err) == EVAC_OK);
    struct evac_str rest = evac_buf_str(&raw);
    while (rest.n) {
        struct evac_str part = evac_str_cut(rest, '@', &rest);
        if (evac_str_is(part, "PORT"))
            part = EVAC_STR("8080");
        else if (evac_str_is(part, "UNTIL"))
            part = EVAC_STR("2027-12-31");
        evac_buf_put_str(&text, part);
    }
    evac_buf_done(&raw);
    return evac_buf_str(&text);
}
#endif
