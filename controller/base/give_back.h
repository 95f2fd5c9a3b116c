/* Memory that its owner gives back, who knows how much of it was ever written. */
#ifndef EVAC_GIVE_BACK_H
#define EVAC_GIVE_BACK_H

#include <stddef.h>

/* free(), for what malloc() gave. A program that clears what it frees (main_wipe.c) has this one's
 * place and clears the used bytes alone: to touch pages that nobody wrote costs more than all the
 * rest of it. */
void evac_give_back(void *p, size_t used_bytes);
#endif
