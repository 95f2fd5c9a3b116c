/*
 * What a program gives back to the heap is cleared first, whoever gives it back: a request's
 * headers in libcurl, a record in OpenSSL, a text in cJSON. A secret that went through them is then
 * in memory only as long as it is used. For programs; a build with sanitizers has an allocator of
 * its own, which clears what it is told to (ASAN_OPTIONS=max_free_fill_size=...).
 *
 * free() and realloc() of the program stand before the library's for all that is linked with it
 * (malloc(3) of glibc: "Replacing malloc"); the memory itself stays the library's.
 */
#include "give_back.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GLIBC__)
#define SHOWN __attribute__((visibility("default")))

void __libc_free(void *p); /* NOLINT: glibc's own name */

SHOWN void free(void *p)
{
    if (p)
        explicit_bzero(p, malloc_usable_size(p));
    __libc_free(p);
}

void evac_give_back(void *p, size_t used_bytes)
{
    explicit_bzero(p, used_bytes);
    __libc_free(p);
}

/* Never moved by the library, which would leave a copy behind. */
SHOWN void *realloc(void *p, size_t bytes)
{
    size_t has = p ? malloc_usable_size(p) : 0;
    if (p && bytes && bytes <= has && bytes >= has / 2)
        return p;
    if (p && !bytes) {
        free(p);
        return NULL;
    }
    void *moved = malloc(bytes);
    if (moved && p) {
        memcpy(moved, p, has < bytes ? has : bytes);
        free(p);
    }
    return moved;
}
#endif
