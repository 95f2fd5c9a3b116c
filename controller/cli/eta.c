#include "eta.h"

#include "client.h"

#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *state, const char *const *states)
{
    while (*states && strcmp(*states, state) != 0)
        states++;
    return *states != NULL;
}

static bool is_over(const cJSON *step)
{
    static const char *const ended[] = { "done",   "skipped", "failed", "held",
                                         "halted", "undone",  NULL };
    return is_one_of(evac_json_cstr(step, "state"), ended);
}

bool evac_step_is_needless(const cJSON *step)
{
    const char *state = evac_json_cstr(step, "state");
    if (strcmp(state, "skipped") == 0)
        return !evac_json_cstr(step, "reason")[0];
    return strcmp(state, "waiting") == 0 && cJSON_IsFalse(evac_json_part(step, "may_run"));
}

/* What is left of the step itself; one that takes longer than usual may end at any time. */
static double own_ms(const cJSON *step)
{
    double left = evac_json_number(step, "usual_ms", 0) - evac_json_number(step, "elapsed_ms", 0);
    return is_over(step) || evac_step_is_needless(step) || left < 0 ? 0 : left;
}

static int find(const cJSON *steps, const char *id)
{
    const cJSON *step;
    int i = 0;
    cJSON_ArrayForEach(step, steps)
    {
        if (strcmp(evac_json_cstr(step, "id"), id) == 0)
            return i;
        i++;
    }
    return -1;
}

/* When it is over, by when those before it are; *ret_first: who decides that, first of all. */
static double over_ms(const cJSON *steps, const cJSON *step, int at, const double *over,
                      const int *first, int *ret_first)
{
    const cJSON *before;
    double ready = 0, own = own_ms(step);
    int decides = own > 0 ? at : -1;
    cJSON_ArrayForEach(before, cJSON_GetObjectItemCaseSensitive(step, "after"))
    {
        int i = cJSON_IsString(before) ? find(steps, before->valuestring) : -1;
        if (i >= 0 && over[i] > ready) {
            ready = over[i];
            decides = first[i];
        }
    }
    *ret_first = decides;
    return ready + own;
}

struct evac_eta evac_eta_of(const cJSON *run)
{
    const cJSON *step, *steps = cJSON_GetObjectItemCaseSensitive(run, "steps");
    int n = cJSON_GetArraySize(steps), last = -1;
    double *over = calloc((size_t)n + 1, sizeof *over);
    int *first = calloc((size_t)n + 1, sizeof *first);
    struct evac_eta eta = { .decisive = "" };
    if (!over || !first)
        abort();
    bool changed = true;
    for (int round = 0; changed && round <= n;
         round++) { /* each round is one step further along a path */
        int i = 0;
        changed = false;
        cJSON_ArrayForEach(step, steps)
        {
            double ms = over_ms(steps, step, i, over, first, &first[i]);
            changed = changed || ms > over[i];
            over[i++] = ms;
        }
    }
    int i = 0;
    cJSON_ArrayForEach(step, steps)
    {
        bool needless = evac_step_is_needless(step);
        eta.steps += !needless;
        eta.over += !needless && is_over(step);
        if (strcmp(evac_json_cstr(step, "state"), "gated") == 0)
            eta.left_ms = -1;
        if (last < 0 || over[i] > over[last])
            last = i;
        i++;
    }
    if (last >= 0 && over[last] > 0 && eta.left_ms >= 0) {
        eta.left_ms = over[last];
        eta.decisive = evac_json_cstr(cJSON_GetArrayItem(steps, first[last]), "id");
    }
    free(over);
    free(first);
    return eta;
}
