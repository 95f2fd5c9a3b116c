/*
 * What can not be, and is looked at all the same because what follows would be worse: that there is
 * no memory. (Injected by the torture tests, where it matters.) Builds that count branches take it
 * for false, so that coverage speaks of ways that the program goes.
 */
#ifndef EVAC_NEVER_H
#define EVAC_NEVER_H

#ifdef EVAC_COUNTS_BRANCHES
#define EVAC_IF_NEVER(condition) ((void)sizeof(condition), 0)
#else
#define EVAC_IF_NEVER(condition) __builtin_expect(!!(condition), 0)
#endif
#endif
