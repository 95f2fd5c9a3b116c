#include "evac/arena.h"

#include "format.h"
#include "give_back.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 4096u
#define ALIGN       16u

struct block {
    struct block *next;
    size_t used, cap;
    _Alignas(ALIGN) char bytes[];
};

struct evac_arena {
    struct block *newest;
    size_t bytes;
};

struct evac_arena *evac_arena_new(void)
{
    struct evac_arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        abort();
    return arena;
}

void evac_arena_free(struct evac_arena *arena)
{
    if (!arena)
        return;
    for (struct block *b = arena->newest, *next; b; b = next) {
        next = b->next;
        evac_give_back(b, sizeof *b + b->used);
    }
    free(arena);
}

static struct block *add_block(struct evac_arena *arena, size_t bytes)
{
    size_t cap = arena->newest ? arena->newest->cap * 2 : BLOCK_BYTES;
    if (cap > 1024 * 1024)
        cap = 1024 * 1024;
    if (cap < bytes)
        cap = bytes;
    struct block *b = malloc(sizeof *b + cap);
    if (!b)
        abort();
    b->used = 0;
    b->cap = cap;
    b->next = arena->newest;
    arena->newest = b;
    return b;
}

/* Not cleared: what is handed out is, or is written over; most of a block never is. */
static void *take(struct evac_arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        abort();
    bytes = (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    struct block *b = arena->newest;
    if (!b || b->cap - b->used < bytes)
        b = add_block(arena, bytes);
    void *p = b->bytes + b->used;
    b->used += bytes;
    arena->bytes += bytes;
    return p;
}

void *evac_arena_alloc(struct evac_arena *arena, size_t bytes)
{
    return memset(take(arena, bytes), 0, bytes);
}

void *evac_arena_array(struct evac_arena *arena, size_t count, size_t item_bytes)
{
    if (item_bytes && count > SIZE_MAX / 2 / item_bytes)
        abort();
    return evac_arena_alloc(arena, count * item_bytes);
}

struct evac_str evac_arena_str(struct evac_arena *arena, struct evac_str s)
{
    char *p = take(arena, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return (struct evac_str){ p, s.n };
}

char *evac_arena_dup(struct evac_arena *arena, const char *c_string)
{
    size_t bytes = strlen(c_string) + 1;
    return memcpy(take(arena, bytes), c_string, bytes);
}

struct evac_str evac_arena_vprintf(struct evac_arena *arena, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    char most[512]; /* set once; longer ones twice */
    int n = evac_vformat(most, sizeof most, fmt, again);
    va_end(again);
    if (n < 0)
        abort();
    char *p = take(arena, (size_t)n + 1);
    if ((size_t)n < sizeof most)
        memcpy(p, most, (size_t)n + 1);
    else
        (void)evac_vformat(p, (size_t)n + 1, fmt, ap);
    return (struct evac_str){ p, (size_t)n };
}

struct evac_str evac_arena_printf(struct evac_arena *arena, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct evac_str s = evac_arena_vprintf(arena, fmt, ap);
    va_end(ap);
    return s;
}

size_t evac_arena_bytes(const struct evac_arena *arena)
{
    return arena->bytes;
}
