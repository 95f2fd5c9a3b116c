/* A plan as the journal keeps it: only what the compiler's own printer made is taken, and it prints
 * the same again. */
#include "fuzz.h"
#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evac_plan *plan = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_str text = { (const char *)data, size };
    if (evac_plan_from_json(text, &plan, &err)) {
        MUST(err.text[0]);
        return 0;
    }
    struct evac_buf again;
    evac_buf_init(&again, 16u << 20);
    evac_plan_to_json(plan, &again);
    MUST(evac_str_eq(text, evac_buf_str(&again)));
    evac_buf_done(&again);
    evac_plan_free(plan);
    return 0;
}
