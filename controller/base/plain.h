/* Text that JSON takes as it is: eight bytes at a time, since plans and rows are little else. */
#ifndef EVAC_PLAIN_H
#define EVAC_PLAIN_H

#include <stddef.h>

/* How many bytes from p on are printable ASCII and neither '"' nor '\\'. */
size_t evac_plain_bytes(const char *p, size_t n);
#endif
