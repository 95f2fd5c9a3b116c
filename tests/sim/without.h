/* Of a build with -DEVAC_WITHOUT=ON: leaves a safety rule out, by its name; false: there is none,
 * or the build keeps all. */
#ifndef WITHOUT_H
#define WITHOUT_H

#include <stdbool.h>

bool leave_out(const char *rule);
/* All names, a line each. */
void print_rules(void);
#endif
