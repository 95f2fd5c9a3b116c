#include "story.h"

#include "report.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000u

const char *story(struct world *w)
{
    const char *trace = world_trace(w);
    size_t n = strlen(trace), most = 3500;
    return n > most ? trace + n - most : trace;
}

void story_expect_writer(struct world *w, const char *region)
{
    char first[32];
    ck_assert_uint_eq(world_writers(w, first, sizeof first), 1);
    ck_assert_str_eq(first, region);
}

void story_expect_active(struct world *w, const char *region)
{
    const struct evac_engine_app *a = world_app(w);
    ck_assert_msg(evac_str_is(a->app->regions[a->active], region), "active in %.*s",
                  EVAC_STR_ARG(a->app->regions[a->active]));
}

void story_expect_end(struct world *w, enum evac_run_state state)
{
    ck_assert_msg(world_run_to_end(w, 30 * MINUTE_MS), "it does not end:\n%s", story(w));
    ck_assert_msg(world_run_state(w) == state, "ended as %s:\n%s",
                  evac_run_state_name(world_run_state(w)), story(w));
    ck_assert_msg(world_broken(w)[0] == '\0', "%s\n%s", world_broken(w), story(w));
}

size_t story_at(struct world *w, const char *part)
{
    const char *found = strstr(world_trace(w), part);
    ck_assert_msg(found != NULL, "'%s' is not in\n%s", part, story(w));
    return (size_t)(found - world_trace(w));
}

static void put_report(struct world *w, void (*put)(const struct evac_report *, struct evac_buf *),
                       struct evac_buf *out)
{
    struct evac_report *report;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(!evac_report_make(world_store(w), world_last_run(w), &report, &err), "%s",
                  err.text);
    evac_buf_init(out, 8u << 20);
    put(report, out);
    evac_report_free(report);
}

const char *story_report(struct world *w)
{
    static char text[65536];
    struct evac_buf out;
    put_report(w, evac_report_text, &out);
    (void)evac_str_copy(text, sizeof text, evac_buf_str(&out));
    evac_buf_done(&out);
    return text;
}

double story_reported(struct world *w, const char *key)
{
    struct evac_buf json;
    char pattern[64];
    put_report(w, evac_report_json, &json);
    snprintf(pattern, sizeof pattern, "\"%s\":", key);
    const char *p = strstr(json.p, pattern);
    ck_assert_msg(p != NULL, "no %s in %s", key, json.p);
    p += strlen(pattern);
    double value = strncmp(p, "null", 4) == 0 ? -1 : strtod(p, NULL);
    evac_buf_done(&json);
    return value;
}
