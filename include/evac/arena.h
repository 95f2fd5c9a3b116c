/* Things that die together: one free. Allocation never returns NULL; it aborts (see STYLE: crashes
 * are proven by tests, out-of-memory branches are not written). */
#ifndef EVAC_ARENA_H
#define EVAC_ARENA_H

#include "evac/str.h"

#include <stdarg.h>

struct evac_arena;

struct evac_arena *evac_arena_new(void);
void evac_arena_free(struct evac_arena *arena);

/* Zeroed, aligned for any type, valid until the arena is freed. */
void *evac_arena_alloc(struct evac_arena *arena, size_t bytes);

/* Zeroed array of count items of item_bytes each; aborts when the product overflows. */
void *evac_arena_array(struct evac_arena *arena, size_t count, size_t item_bytes);

/* Copies, zero-terminated. */
struct evac_str evac_arena_str(struct evac_arena *arena, struct evac_str s);
char *evac_arena_dup(struct evac_arena *arena, const char *c_string);
struct evac_str evac_arena_printf(struct evac_arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct evac_str evac_arena_vprintf(struct evac_arena *arena, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* Bytes handed out so far. */
size_t evac_arena_bytes(const struct evac_arena *arena);

#endif
