/* The view on AWS's JSON: what it tells of one value is the same by every way to it. */
#include "aws_json.h"
#include "fuzz.h"

#include <math.h>
#include <string.h>

static size_t walk(const struct evac_json *value, unsigned depth)
{
    size_t nodes = 1, n = 0;
    MUST(depth <= 64);
    for (const struct evac_json *v = evac_json_first(value); v; v = evac_json_next(v), n++) {
        struct evac_str key = evac_json_key(v);
        if (key.n && !memchr(key.p, '\0', key.n)) {
            const struct evac_json *same = evac_json_get(value, key.p);
            MUST(same == v); /* a key that stands twice is refused */
            MUST(evac_str_eq(evac_json_str(value, key.p), evac_json_text(v)));
            double number = evac_json_num(value, key.p, 7);
            MUST(number == evac_json_as_num(v, 7) || isnan(number));
            int64_t whole = evac_json_i64(value, key.p, -1);
            MUST(whole == -1 || (double)whole == number || fabs(number) > 9e15 ||
                 number != trunc(number));
            (void)evac_json_bool(value, key.p, true);
        }
        nodes += walk(v, depth + 1);
    }
    MUST(n == evac_json_count(value));
    return nodes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evac_json *root = NULL;
    struct evac_err err = { EVAC_OK, "" };
    if (evac_json_parse((struct evac_str){ (const char *)data, size }, &root, &err))
        MUST(err.text[0] && !root);
    else
        MUST(walk(root, 1) <= size + 1);
    evac_json_free(root);
    return 0;
}
