#include "without.h"

#include "rule.h"

#include <stdio.h>
#include <string.h>

#define X(name, doc) { #name, doc },
static const struct {
    const char *name, *doc;
} rules[] = { EVAC_RULES(X) };
#undef X

bool leave_out(const char *rule)
{
    for (unsigned i = 0; i < EVAC_RULE_COUNT; i++)
        if (strcmp(rule, rules[i].name) == 0) {
#ifdef EVAC_WITHOUT
            evac_rules_left_out |= 1u << i;
            return true;
#else
            fputs("this build keeps all its rules: -DEVAC_WITHOUT=ON makes one that does not\n",
                  stderr);
            return false;
#endif
        }
    fprintf(stderr, "there is no rule %s\n", rule);
    return false;
}

void print_rules(void)
{
    for (unsigned i = 0; i < EVAC_RULE_COUNT; i++)
        printf("%s %s\n", rules[i].name, rules[i].doc);
}
