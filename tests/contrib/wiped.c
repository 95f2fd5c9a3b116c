/* Is what was freed cleared, and what is kept kept? Linked with controller/daemon/main_wipe.c. */
#include "give_back.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZES 9

static int bad;

static void expect(int good, const char *what, size_t bytes)
{
    if (good)
        return;
    printf("%s: %zu bytes\n", what, bytes);
    bad = 1;
}

/* The allocator keeps words of its own in what is free: four at its begin, one at its end. */
static int is_clear(const volatile unsigned char *p, size_t n)
{
    for (size_t i = 4 * sizeof(void *); i + sizeof(void *) < n; i++)
        if (p[i])
            return 0;
    return 1;
}

static void fill(unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)(i % 251 + 1);
}

static int is_filled(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != (unsigned char)(i % 251 + 1))
            return 0;
    return 1;
}

static void look(size_t bytes)
{
    unsigned char *p = malloc(bytes),
                  *beside = malloc(bytes); /* so that p is not merged with the top */
    uintptr_t at = (uintptr_t)p;
    fill(p, bytes);
    free(p);
    expect(is_clear((const unsigned char *)at, bytes), "freed and not cleared", bytes);
    free(beside);

    p = malloc(bytes);
    beside = malloc(bytes);
    fill(p, bytes);
    at = (uintptr_t)p;
    unsigned char *moved = realloc(p, bytes * 4);
    expect(is_filled(moved, bytes), "moved and not kept", bytes);
    expect((uintptr_t)moved == at || is_clear((const unsigned char *)at, bytes),
           "moved and left behind", bytes);
    moved = realloc(moved, bytes / 4 + 1);
    expect(is_filled(moved, bytes / 4 + 1), "made smaller and not kept", bytes);
    free(moved);
    free(beside);
}

static void give_back(size_t bytes)
{
    unsigned char *p = malloc(bytes), *beside = malloc(bytes);
    uintptr_t at = (uintptr_t)p;
    fill(p, bytes / 2);
    evac_give_back(p, bytes / 2);
    expect(is_clear((const unsigned char *)at, bytes / 2), "given back and not cleared", bytes);
    free(beside);
}

int main(void)
{
    static const size_t sizes[SIZES] = { 40, 60, 100, 500, 1000, 2000, 9000, 40000, 100000 };
    for (int i = 0; i < SIZES; i++)
        look(sizes[i]);
    give_back(1000);
    free(NULL);
    void *p = realloc(NULL, 10);
    expect(p != NULL && realloc(p, 0) == NULL, "nothing from something", 10);
    char *copied = strdup("what the library itself makes goes through it, too");
    uintptr_t at = (uintptr_t)copied;
    free(copied);
    expect(is_clear((const unsigned char *)at, 46), "the library's was not cleared", 38);
    return bad;
}
