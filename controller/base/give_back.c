#include "give_back.h"

#include <stdlib.h>

/* Alone in its file: a linker takes it only where no program has one of its own. */
void evac_give_back(void *p, size_t used_bytes)
{
    (void)used_bytes;
    free(p);
}
