/* Many errors of one input, each with its place, so that a person mends a file in one go. */
#ifndef EVAC_DIAG_H
#define EVAC_DIAG_H

#include "evac/arena.h"
#include "evac/buf.h"

enum evac_severity { EVAC_DIAG_ERROR, EVAC_DIAG_WARNING };

struct evac_place {
    const char
        *file; /* "" when there is no file; lives as long as the model or plan it came with */
    int line;  /* 0 when not known */
};

struct evac_diag_item {
    struct evac_place place;
    enum evac_severity severity;
    struct evac_str text;
    struct evac_diag_item *next;
};

/* Zero-initialise, then set arena. Holds EVAC_DIAG_MAX items; more are counted, not kept. */
#define EVAC_DIAG_MAX 500
struct evac_diag {
    struct evac_arena *arena;
    struct evac_diag_item *first, *last;
    size_t errors, warnings;
};

void evac_diag_add(struct evac_diag *diag, enum evac_severity severity, struct evac_place place,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* "file:line: error: text" lines, in the order they were found, then a count. */
void evac_diag_print(const struct evac_diag *diag, struct evac_buf *out);
#endif
