/* What must hold of one value of a JSON text; all that is given. With nothing given the value must
 * be there and not be null. */
#ifndef EVAC_JSON_TEST_H
#define EVAC_JSON_TEST_H

#include "evac/str.h"

struct evac_json_test {
    struct evac_str path; /* "checks.db.status", numbers lead into lists; "" nothing is asked */
    struct evac_str is;   /* equal to this text, number, true or false */
    bool has_is, is_text; /* is_text: a JSON text, else a number, true or false */
    bool has_above, has_below;
    double above, below;
};

#endif
