/* How many calls AWS takes, made of drivers/aws/facts/limits.cfg by contrib/cmake/limits.cmake: the
 * facts by which the controller paces itself, without its own budgets. */
#ifndef EVAC_SANDBOX_LIMITS_H
#define EVAC_SANDBOX_LIMITS_H

#include <stdbool.h>

/* A token bucket: `burst` calls at once, `rate_per_s` more a second. */
struct sb_limit {
    const char *service;    /* as struct sb_service's row; NULL ends the table */
    const char *operations; /* names, with blanks between; '*' stands for anything */
    bool everywhere;        /* one bucket for the account, not one for each region */
    double rate_per_s, burst;
};
extern const struct sb_limit sb_limits[];
#endif
