#include "rule.h"

#ifdef EVAC_WITHOUT
unsigned evac_rules_left_out;
#else
extern int evac_no_rule_is_left_out; /* ISO C has no empty file */
#endif
