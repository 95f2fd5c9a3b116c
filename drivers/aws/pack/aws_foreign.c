#include "aws_foreign.h"

#include <ctype.h>
#include <string.h>

struct evac_str aws_other_region(const struct aws_call *c)
{
    return evac_str_eq(c->region, c->from) ? c->to : c->from;
}

bool aws_names_region_at(struct evac_str text, size_t at, struct evac_str name)
{
    if (!name.n || at + name.n > text.n || memcmp(text.p + at, name.p, name.n) != 0)
        return false;
    bool longer_before = at > 0 && isalnum((unsigned char)text.p[at - 1]);
    bool longer_after = at + name.n < text.n && isdigit((unsigned char)text.p[at + name.n]);
    return !longer_before && !longer_after;
}

bool aws_names_region(struct evac_str text, struct evac_str name)
{
    for (size_t at = 0; at + name.n <= text.n; at++)
        if (aws_names_region_at(text, at, name))
            return true;
    return false;
}

bool aws_is_foreign(const struct aws_call *c, struct evac_str variable, struct evac_str value)
{
    return aws_names_region(value, aws_other_region(c)) &&
           !aws_lists(c, "names_other_region", variable);
}
