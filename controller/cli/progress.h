/*
 * A line on standard error about what takes long: a bar, how much of how much, how long it takes
 * still. At a terminal that can draw over a line, alone, and not for a program that reads JSON. It
 * has no colours. Process-wide; one thread.
 */
#ifndef EVAC_PROGRESS_H
#define EVAC_PROGRESS_H

#include "evac/buf.h"

#include <stdbool.h>

/* "[#####.....] 120 of 240, 12 s left"; nothing about the time while nobody can tell. Pure. */
void evac_progress_text(uint64_t done, uint64_t all, uint64_t elapsed_ms, struct evac_buf *out);
/* "waiting for the controller, 12 s", or how much of an answer has come. Pure. */
void evac_waiting_text(uint64_t bytes, uint64_t elapsed_ms, struct evac_buf *out);

void evac_progress_quiet(void); /* a program reads: no line */
/* Some of all is done, since the first word about it; done = all, or all 0: the line goes away. Not
 * drawn more often than needed. */
void evac_cli_progress(uint64_t done, uint64_t all);
/* So long has an answer been waited for; elapsed_ms 0: the line goes away. */
void evac_cli_waiting(uint64_t bytes, uint64_t elapsed_ms);
#endif
