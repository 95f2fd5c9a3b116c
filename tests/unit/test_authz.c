/*
 * Who may ask what: every route and every word that a body can say, for every set of roles, every
 * scope of a token and every app, through the API's own door. What is meant stands in
 * tests/golden/authz.txt, written by hand; how roles and scopes combine is written here once more,
 * in other words than the product's.
 */
#include "api_call.h"
#include "daemon_internal.h"
#include "door.h"
#include "shell_internal.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

#define ROWS_MAX 200u
#define V        EVAC_ROLE_BIT(EVAC_ROLE_VIEWER)

enum about { OPEN, LOCAL, ANY, NONE, APP, RUN, SAID, ID, ABOUT_COUNT };
static const char *const abouts[] = { "open", "local", "any", "none", "app", "run", "said", "id" };

struct row {
    char method[8], path[64], body[64];
    enum about about;
    uint32_t roles;
};
static struct row rows[ROWS_MAX];
static size_t row_count;

/* --- what is meant
 * ----------------------------------------------------------------------------- */

static struct evac_str next_word(struct evac_str *rest)
{
    *rest = evac_str_trim(*rest);
    return evac_str_cut(*rest, ' ', rest);
}

static bool is_about(struct evac_str word, enum about *ret_about)
{
    for (int i = 0; i < ABOUT_COUNT; i++)
        if (evac_str_is(word, abouts[i])) {
            *ret_about = (enum about)i;
            return true;
        }
    return false;
}

static void read_row(const char *line)
{
    struct row *row = &rows[row_count++];
    struct evac_str rest = evac_str(line), word;
    ck_assert_uint_le(row_count, ROWS_MAX);
    ck_assert(evac_str_copy(row->method, sizeof row->method, next_word(&rest)));
    ck_assert(evac_str_copy(row->path, sizeof row->path, next_word(&rest)));
    word = next_word(&rest);
    if (!is_about(word, &row->about)) {
        ck_assert_msg(evac_str_copy(row->body, sizeof row->body, word), "%s", line);
        ck_assert_msg(is_about(next_word(&rest), &row->about), "%s: about what?", line);
    }
    for (word = next_word(&rest); word.n; word = next_word(&rest)) {
        enum evac_role role;
        if (evac_str_is(word, "-"))
            continue;
        ck_assert_msg(evac_role_parse(word, &role), "%s: no such role", line);
        row->roles |= EVAC_ROLE_BIT(role);
    }
}

static void read_table(void)
{
    char line[256];
    FILE *f = fopen(EVAC_SOURCE_DIR "/tests/golden/authz.txt", "r");
    ck_assert_ptr_nonnull(f);
    row_count = 0;
    memset(rows, 0, sizeof rows);
    while (fgets(line, sizeof line, f))
        if (line[0] != '#' && line[0] != '\n')
            read_row(line);
    fclose(f);
}

/* --- the world: two apps, one of which has holders of its own; a run of either goes on
 * --------- */

static const struct evac_str ann[] = { { "uid:1000(ann)", 13 } }, bob[] = { { "uid:7(bob)", 10 } };
static const char *const apps[] = { "shop", "bank", NULL }; /* NULL: none is named */

static struct evac_app model_apps[2];
static struct evac_model model = { .apps = model_apps, .app_count = 2 };
static struct evac_plan plans[2];
static struct evac_run runs[2] = { { .id = 7, .plan = &plans[0] }, { .id = 8, .plan = &plans[1] } };
static struct evac_shell shell;
static struct evac_daemon controller = { .model = &model, .shell = &shell };

static void make_world(void)
{
    for (size_t i = 0; i < 2; i++) {
        plans[i].app = model_apps[i].name = evac_str(apps[i]);
        for (unsigned r = 0; r < EVAC_ROLE_COUNT; r++)
            model_apps[i].roles[r] = (struct evac_holders){ i ? bob : NULL, i ? 1 : 0 };
    }
    runs[0].next = &runs[1];
    shell.engine.runs = &runs[0];
    shell.engine.index.count = 0;
    for (size_t i = 0; i < 2; i++)
        ck_assert(evac_run_index_add(&shell.engine.index, &runs[i]));
}

/* --- who asks
 * --------------------------------------------------------------------------------- */

static const struct evac_str only_shop[] = { { "shop", 4 } }, only_bank[] = { { "bank", 4 } };

enum scope_kind { UNLIMITED, EVERYWHERE, OF_SHOP, OF_BANK, OF_SHOP_BY_NAME, SCOPE_COUNT };

/* A token's limits: to some roles, given by whoever made it or (by name) by the configuration. */
static struct evac_scope scope_of(enum scope_kind kind, uint32_t roles)
{
    struct evac_scope scope = { .roles = roles, .granted = kind == OF_SHOP_BY_NAME ? 0 : roles };
    scope.apps = kind == OF_BANK ? only_bank : only_shop;
    scope.app_count = kind == EVERYWHERE ? 0 : 1;
    return scope;
}

/* What ann may be for an app, in this test's words. held: what evac.cfg names her for. */
static uint32_t standing(enum scope_kind kind, uint32_t held, const char *app)
{
    bool bank = app && strcmp(app, "bank") == 0, shop = app && strcmp(app, "shop") == 0;
    uint32_t named = bank ? 0 : held; /* bank has holders of its own, and she is none of them */
    uint32_t roles = named;
    if (kind == EVERYWHERE)
        roles = held; /* the token's roles; see the loop: a token of those roles */
    else if (kind == OF_SHOP)
        roles = shop ? held : 0;
    else if (kind == OF_BANK)
        roles = bank ? held : 0;
    else if (kind == OF_SHOP_BY_NAME)
        roles = shop ? named : 0;
    return roles ? roles | V : 0;
}

static bool is_meant(const struct row *row, enum scope_kind kind, uint32_t held, const char *app)
{
    uint32_t roles = standing(kind, held, row->about == NONE || row->about == ANY ? NULL : app);
    if (row->about == LOCAL)
        roles = standing(kind, held, NULL);
    if (row->about == ANY && kind != UNLIMITED && kind != EVERYWHERE)
        roles = standing(kind, held, kind == OF_BANK ? "bank" : "shop");
    return (roles & row->roles) != 0;
}

/* --- asking
 * ----------------------------------------------------------------------------------- */

/* "verb=approve,run=7" as a body; "@" in it stands for the app's name. */
static cJSON *body_of(const struct row *row, bool raw, const char *app)
{
    cJSON *body = cJSON_CreateObject();
    struct evac_str rest = evac_str(row->body);
    char name[32], value[64];
    while (rest.n) {
        struct evac_str text, pair = evac_str_cut(rest, ',', &rest);
        (void)evac_str_copy(name, sizeof name, evac_str_cut(pair, '=', &text));
        if (row->about == ID && strcmp(name, "id") == 0)
            snprintf(value, sizeof value, "D-%s-3", app ? app : "");
        else
            (void)evac_str_copy(value, sizeof value, text);
        if (strcmp(name, "run") == 0)
            cJSON_AddNumberToObject(body, name, 7);
        else
            cJSON_AddStringToObject(body, name, value);
    }
    /* What reaches further than an app is not narrowed by naming one. */
    bool reaches_further = row->body[0] || raw;
    const char *named = row->about == SAID ? app : reaches_further ? "shop" : NULL;
    if (named)
        cJSON_AddStringToObject(body, "app", named);
    return body;
}

static bool lets(const struct row *row, const struct evac_route *route,
                 const struct evac_caller *caller, const char *app)
{
    char query[64] = "";
    struct evac_err err = { EVAC_OK, "" };
    if (row->about == SAID && app)
        snprintf(query, sizeof query, "app=%s", app);
    struct evac_api_request q = { .method = row->method,
                                  .path = evac_str(row->path),
                                  .query = evac_str(query),
                                  .caller = *caller };
    struct evac_api_response response = { .status = 200 };
    struct api_call call = { .daemon = &controller, .q = &q, .r = &response, .route = route };
    call.vars[0] = evac_str(app ? app : "");
    if (strstr(row->path, "{run}"))
        call.vars[0] = evac_str(!app ? "9" : strcmp(app, "shop") == 0 ? "7" : "8");
    call.body = route->body ? body_of(row, route->flags & EVAC_ROUTE_RAW, app) : NULL;
    bool good = evac_route_is_open(route, &model, false) || evac_door(&call, &err) == EVAC_OK;
    cJSON_Delete(call.body);
    return good;
}

static const struct evac_route *route_of(const struct row *row)
{
    for (size_t i = 0; i < evac_route_count; i++)
        if (strcmp(evac_routes[i].method, row->method) == 0 &&
            strcmp(evac_routes[i].path, row->path) == 0)
            return &evac_routes[i];
    ck_abort_msg("authz.txt: there is no %s %s", row->method, row->path);
}

static size_t ask_all(const struct row *row, const struct evac_route *route, enum scope_kind kind,
                      uint32_t held)
{
    struct evac_scope scope = scope_of(kind, held);
    struct evac_caller caller = { .who = ann[0], .remote = true };
    size_t cells = 0;
    caller.scope = kind == UNLIMITED ? NULL : &scope;
    /* A token's roles are in its scope: that its owner is named for none shows that they suffice.
     */
    bool by_name = kind == UNLIMITED || kind == OF_SHOP_BY_NAME;
    for (unsigned r = 0; r < EVAC_ROLE_COUNT; r++)
        model.controller.roles[r] =
            (struct evac_holders){ by_name && held & (1u << r) ? ann : bob, 1 };
    for (size_t i = 0; i < sizeof apps / sizeof apps[0]; i++) {
        bool meant = row->about == OPEN || is_meant(row, kind, held, apps[i]);
        ck_assert_msg(lets(row, route, &caller, apps[i]) == meant,
                      "%s %s %s about '%s' by roles %u, scope %d: %s", row->method, row->path,
                      row->body, apps[i] ? apps[i] : "", held, (int)kind,
                      meant ? "refused, and should not be" : "let through");
        cells++;
    }
    return cells;
}

START_TEST(the_door_lets_through_what_is_meant_and_nothing_else)
{
    size_t cells = 0;
    for (size_t i = 0; i < row_count; i++)
        for (int kind = 0; kind < SCOPE_COUNT; kind++)
            for (uint32_t held = 0; held <= EVAC_ROLES_ALL; held++)
                cells += ask_all(&rows[i], route_of(&rows[i]), (enum scope_kind)kind, held);
    printf("%zu cells of who may ask what\n", cells);
    ck_assert_uint_gt(cells, 20000);
}
END_TEST

/* --- nothing is left out
 * ---------------------------------------------------------------------- */

static bool has_row(const struct evac_route *route, const char *body)
{
    for (size_t i = 0; i < row_count; i++)
        if (strcmp(rows[i].method, route->method) == 0 && strcmp(rows[i].path, route->path) == 0 &&
            strcmp(rows[i].body, body) == 0)
            return true;
    return false;
}

static void must_have(const struct evac_route *route, const char *field, const char *value)
{
    char body[64];
    snprintf(body, sizeof body, "%s=%s", field, value);
    ck_assert_msg(has_row(route, body), "authz.txt says nothing of %s %s %s", route->method,
                  route->path, body);
}

static void must_have_verbs(const struct evac_route *route)
{
    for (unsigned i = 0; i < EVAC_CMD_COUNT; i++)
        must_have(route, "verb", evac_command_name((enum evac_command_verb)i));
    for (unsigned i = 0; i < EVAC_RUN_GATE_COUNT; i++) {
        char value[64];
        snprintf(value, sizeof value, "override,gate=%s",
                 evac_run_gate_row((enum evac_run_gate)i)->name);
        must_have(route, "verb", value);
    }
}

static void must_have_kinds(const struct evac_route *route, const char *before)
{
    for (unsigned i = 0; i < EVAC_DRILL_KIND_COUNT; i++)
        must_have(route, before, evac_drill_kind_name((enum evac_drill_kind)i));
}

START_TEST(whatever_can_be_asked_has_a_row)
{
    for (size_t i = 0; i < evac_route_count; i++) {
        const struct evac_route *route = &evac_routes[i];
        switch (route->ask) {
        case EVAC_ASK_ROW:
            ck_assert_msg(has_row(route, ""), "authz.txt says nothing of %s %s", route->method,
                          route->path);
            break;
        case EVAC_ASK_WISH:
            must_have_kinds(route, "workflow=drill,kind");
            break;
        case EVAC_ASK_KIND:
            must_have_kinds(route, "kind");
            break;
        case EVAC_ASK_VERB:
            must_have_verbs(route);
            break;
        }
    }
}
END_TEST

/* --- without a word
 * ---------------------------------------------------------------------------- */

START_TEST(
    only_what_is_said_to_be_open_is_open_and_metrics_on_this_machine_where_that_is_configured)
{
    for (size_t i = 0; i < row_count; i++)
        for (int k = 0; k < 4; k++) {
            bool here = k & 1, configured = k & 2;
            model.controller.metrics_open = configured;
            bool meant = rows[i].about == OPEN || (rows[i].about == LOCAL && here && configured);
            ck_assert_msg(evac_route_is_open(route_of(&rows[i]), &model, here) == meant,
                          "%s %s, from here %d, metrics.open %d", rows[i].method, rows[i].path,
                          here, configured);
        }
    model.controller.metrics_open = false;
}
END_TEST

static void set_up(void)
{
    read_table();
    make_world();
}

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("authz");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, the_door_lets_through_what_is_meant_and_nothing_else);
    tcase_add_test(tc, whatever_can_be_asked_has_a_row);
    tcase_add_test(
        tc,
        only_what_is_said_to_be_open_is_open_and_metrics_on_this_machine_where_that_is_configured);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("authz", cases)
