/* The API's table of routes, as theorems over each of its rows; and the page that is made from it.
 */
#include "access.h"
#include "api_request.h"
#include "body_schema.h"
#include "openapi.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define PAGE "<!-- made from routes.c"

static const struct evac_route *route(int i)
{
    return &evac_routes[i];
}

START_TEST(no_two_routes_are_the_same_or_have_one_name)
{
    for (size_t k = 0; k < (size_t)_i; k++) {
        bool same = strcmp(route(_i)->path, evac_routes[k].path) == 0 &&
                    strcmp(route(_i)->method, evac_routes[k].method) == 0;
        ck_assert_msg(!same, "%s %s stands twice", route(_i)->method, route(_i)->path);
        ck_assert_str_ne(route(_i)->id, evac_routes[k].id);
    }
}
END_TEST

/* A request to the template itself, its braces filled in, comes to the route and to no other. */
START_TEST(a_path_leads_to_its_own_route)
{
    char path[160];
    struct evac_str vars[API_VARS_MAX];
    bool there;
    size_t n = 0;
    for (const char *p = route(_i)->path; *p && n + 2 < sizeof path; p++)
        if (*p != '{' && *p != '}')
            path[n++] = *p;
    path[n] = '\0';
    const struct evac_route *found =
        evac_route_find(route(_i)->method, evac_str(path), vars, &there);
    ck_assert(there);
    ck_assert_ptr_eq(found, route(_i));
    path[n] = '/';
    path[n + 1] = '\0';
    ck_assert_ptr_null(evac_route_find(route(_i)->method, evac_str(path), vars, &there));
}
END_TEST

START_TEST(every_parameter_is_described)
{
    struct evac_str rest = evac_str(route(_i)->query);
    while (rest.n) {
        struct evac_str name = evac_str_cut(rest, ' ', &rest);
        ck_assert_msg(evac_api_param(name) != NULL, "%.*s", EVAC_STR_ARG(name));
    }
    rest = evac_str(route(_i)->path);
    while (rest.n) {
        struct evac_str part = evac_str_cut(rest, '/', &rest);
        if (part.n > 2 && part.p[0] == '{')
            ck_assert_msg(evac_api_param((struct evac_str){ part.p + 1, part.n - 2 }) != NULL,
                          "%.*s", EVAC_STR_ARG(part));
    }
    bool paged = route(_i)->flags & EVAC_ROUTE_PAGED;
    ck_assert_int_eq(paged, evac_words_have(route(_i)->query, EVAC_STR("limit")));
}
END_TEST

START_TEST(what_a_route_asks_for_is_a_row_of_the_door_s_table)
{
    const char *what = route(_i)->what;
    ck_assert_int_eq(what == NULL, route(_i)->ask != EVAC_ASK_ROW);
    if (what)
        ck_assert_msg(evac_access_row(evac_str(what))->what != NULL, "%s", what);
}
END_TEST

static bool has_schema(const char *name)
{
    char quoted[80];
    snprintf(quoted, sizeof quoted, "\n\"%s\": {", name);
    for (size_t i = 0; i < evac_api_schema_count; i++)
        if (evac_str_has(evac_api_schemas[i].text, quoted))
            return true;
    return false;
}

START_TEST(what_goes_in_and_what_comes_out_have_schemas)
{
    ck_assert_msg(has_schema(route(_i)->answer), "%s", route(_i)->answer);
    ck_assert_int_eq(route(_i)->body != NULL, strcmp(route(_i)->method, "POST") == 0);
    if (route(_i)->body)
        ck_assert_msg(has_schema(route(_i)->body), "%s", route(_i)->body);
}
END_TEST

START_TEST(every_change_takes_a_key_and_can_be_answered_again)
{
    unsigned keyed = EVAC_ROUTE_MUTATES | EVAC_ROUTE_JOB;
    ck_assert_int_eq((route(_i)->flags & keyed) != 0, api_request_is_told(route(_i)));
}
END_TEST

/* --- bodies --------------------------------------------------------------------------------------
 */

static const struct {
    const char *schema, *body, *says; /* NULL: it fits */
} bodies[] = {
    { "Wish", "{}", NULL },
    { "Wish", "{\"mode\":\"graceful\",\"proposed\":true}", NULL },
    { "Wish", "[]", "send {} or an object with the fields that the operation's schema names" },
    { "Wish", "{\"mdoe\":\"graceful\"}", "unknown field 'mdoe': did you mean 'mode'?" },
    { "Wish", "{\"proposed\":1}", "proposed must be true or false" },
    { "Wish", "{\"mode\":\"nice\"}",
      "mode: 'nice' is not allowed; allowed are graceful, ungraceful" },
    { "Command", "{}", "the field 'verb' is missing" },
    { "Command", "{\"verb\":\"hold\",\"value\":1.5}", "value must be a whole number" },
    { "SimulateWish", "{\"down\":\"r\",\"runs\":10001}", "runs must be from 0 to 10000" },
    { "SimulateWish", "{\"down\":\"r\",\"faults\":[1]}", "faults must be a text" },
    { "DeficiencyWord",
      "{\"verb\":\"open\",\"app\":"
      "\"0123456789012345678901234567890123456789012345678901234567890123456789\"}",
      "app may have 64 characters" },
};

START_TEST(a_body_is_refused_by_naming_the_field_and_what_is_allowed)
{
    struct evac_err err = { EVAC_OK, "" };
    cJSON *body = cJSON_Parse(bodies[_i].body);
    enum evac_code code = evac_body_fits(bodies[_i].schema, body, &err);
    ck_assert_int_eq(code, bodies[_i].says ? EVAC_E_BADARG : EVAC_OK);
    if (bodies[_i].says)
        ck_assert_str_eq(err.text, bodies[_i].says);
    cJSON_Delete(body);
}
END_TEST

/* --- the page ------------------------------------------------------------------------------------
 */

START_TEST(the_page_for_people_is_the_table)
{
    struct evac_buf page, readme;
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&page, 1u << 20);
    evac_buf_init(&readme, 1u << 20);
    evac_openapi_page(&page);
    FILE *f = fopen(EVAC_BINARY_DIR "/api.md", "we");
    ck_assert_ptr_nonnull(f);
    fputs(page.p, f);
    fclose(f);
    ck_assert_int_eq(
        evac_conf_read_file(EVAC_SOURCE_DIR "/controller/api/README.md", &readme, &err), EVAC_OK);
    const char *made = strstr(readme.p, PAGE);
    ck_assert_ptr_nonnull(made);
    made = strchr(made, '\n');
    ck_assert_ptr_nonnull(made);
    ck_assert_msg(strcmp(made + 1, page.p) == 0,
                  "controller/api/README.md: behind '" PAGE "' put what stands in %s/api.md",
                  EVAC_BINARY_DIR);
    evac_buf_done(&page);
    evac_buf_done(&readme);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("routes");
    int n = (int)evac_route_count;
    tcase_add_loop_test(tc, no_two_routes_are_the_same_or_have_one_name, 0, n);
    tcase_add_loop_test(tc, a_path_leads_to_its_own_route, 0, n);
    tcase_add_loop_test(tc, every_parameter_is_described, 0, n);
    tcase_add_loop_test(tc, what_a_route_asks_for_is_a_row_of_the_door_s_table, 0, n);
    tcase_add_loop_test(tc, what_goes_in_and_what_comes_out_have_schemas, 0, n);
    tcase_add_loop_test(tc, every_change_takes_a_key_and_can_be_answered_again, 0, n);
    tcase_add_loop_test(tc, a_body_is_refused_by_naming_the_field_and_what_is_allowed, 0,
                        sizeof bodies / sizeof bodies[0]);
    tcase_add_test(tc, the_page_for_people_is_the_table);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("routes", cases)
