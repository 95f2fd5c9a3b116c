/*
 * What broke, cut down: faults by chance become faults by name, then as many lines as possible are
 * taken away while the same invariant breaks (Zeller's ddmin), then what is left is made smaller.
 */
#ifndef SHRINK_H
#define SHRINK_H

#include "play.h"

/* "S7" of "at 21.3 s: S7: ..."; "?" when it names none. */
void kind_of(const char *broken, char ret_kind[8]);

/* script breaks so; it is replaced by the smallest that was found within so many seconds.
 * *ret_plays: how often it was played. */
void shrink(struct script *script, const char *kind, double seconds, unsigned *ret_plays);
#endif
