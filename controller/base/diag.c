#include "diag.h"

void evac_diag_add(struct evac_diag *diag, enum evac_severity severity, struct evac_place place,
                   const char *fmt, ...)
{
    size_t kept = diag->errors + diag->warnings;
    if (severity == EVAC_DIAG_ERROR)
        diag->errors++;
    else
        diag->warnings++;
    if (kept >= EVAC_DIAG_MAX)
        return;

    struct evac_diag_item *item = evac_arena_alloc(diag->arena, sizeof *item);
    va_list ap;
    va_start(ap, fmt);
    item->text = evac_arena_vprintf(diag->arena, fmt, ap);
    va_end(ap);
    item->place.line = place.line;
    item->place.file = evac_arena_dup(diag->arena, place.file ? place.file : "");
    item->severity = severity;
    if (diag->last)
        diag->last->next = item;
    else
        diag->first = item;
    diag->last = item;
}

static void print_place(const struct evac_place *place, struct evac_buf *out)
{
    if (place->file[0] == '\0')
        return;
    evac_buf_puts(out, place->file);
    if (place->line)
        evac_buf_putf(out, ":%d", place->line);
    evac_buf_puts(out, ": ");
}

void evac_diag_print(const struct evac_diag *diag, struct evac_buf *out)
{
    for (const struct evac_diag_item *i = diag->first; i; i = i->next) {
        print_place(&i->place, out);
        evac_buf_puts(out, i->severity == EVAC_DIAG_ERROR ? "error: " : "warning: ");
        evac_buf_put_str(out, i->text);
        evac_buf_putc(out, '\n');
    }
    if (diag->errors + diag->warnings > EVAC_DIAG_MAX)
        evac_buf_putf(out, "... and %zu more\n", diag->errors + diag->warnings - EVAC_DIAG_MAX);
    if (diag->errors + diag->warnings > 0)
        evac_buf_putf(out, "%zu error%s, %zu warning%s\n", diag->errors,
                      diag->errors == 1 ? "" : "s", diag->warnings, diag->warnings == 1 ? "" : "s");
}
