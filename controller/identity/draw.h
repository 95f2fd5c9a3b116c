/* The kernel's randomness, whole. Aborts when the kernel has none. Threads: any. */
#ifndef EVAC_DRAW_H
#define EVAC_DRAW_H

#include <stddef.h>
#include <stdint.h>

void evac_draw(uint8_t *ret_bytes, size_t n);
#endif
