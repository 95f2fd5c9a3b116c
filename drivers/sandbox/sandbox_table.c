/*
 * A service's tables are megabytes, of which a world touches a few pages. The system gives pages
 * that are zero when they are touched, and takes them back as they are: nobody clears what nobody
 * uses, whichever allocator the program has. Thousands of worlds a minute are made and let go.
 */
#include "sandbox_internal.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Where leaks are looked for, tables are memory like any other: what they point to is in use. */
#if defined(__SANITIZE_ADDRESS__)
#define LEAKS_ARE_LOOKED_FOR 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_LOOKED_FOR 1
#endif
#endif

#ifdef LEAKS_ARE_LOOKED_FOR

void *sb_table_new(size_t bytes)
{
    void *table = calloc(1, bytes);
    if (!table)
        abort();
    return table;
}

void sb_table_free(void *table)
{
    free(table);
}

#else

struct head {
    size_t bytes; /* with the head */
    _Alignas(64) char table[];
};

void *sb_table_new(size_t bytes)
{
    size_t whole = sizeof(struct head) + bytes;
    struct head *head =
        mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (head == MAP_FAILED)
        abort();
    head->bytes = whole;
    return head->table;
}

void sb_table_free(void *table)
{
    if (!table)
        return;
    struct head *head = (void *)((char *)table - offsetof(struct head, table));
    (void)munmap(head, head->bytes);
}

#endif
