/* What holds of every built-in driver's tables: of all that an action can leave behind it is said
 * how a person puts it back, or why no command does. And what a table must not say. */
#include "builtin.h"
#include "driver_print.h"
#include "suite.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

/* --- what no command puts back ------------------------------------------------------------------
 */

static const struct {
    const char *action, *why;
} without[] = {
/* clang-format off */
#define MOVED "what was promoted stays so: the way home is a failback"
    { "*.failover", MOVED }, { "*.switchover", MOVED }, { "rds.promote", MOVED },
    { "secret.promote", "its replication has ended for good: replicate makes it anew" },
#define DELETES "it deletes: there is nothing left"
    { "*.discard", DELETES }, { "ec2.terminate", DELETES },
#define GO "who may write is told by epochs, under guards that a command does not have: a rollback or a failback does it"
    { "s3-go.fence", GO }, { "s3-go.grant", GO }, { "s3-go.route", GO }, { "s3-go.withdraw", GO }, { "s3-go.join", GO },
#define SETS "a record set's earlier form is in the snapshot; which request makes it depends on the resource's switch"
    { "route53.point", SETS }, { "route53.withdraw", SETS }, { "route53.join", SETS },
    { "rds.protect", "a replica is deleted and backups are stopped by different commands; the wrong one would delete the data" },
    { "drs.protect", "replication that was reversed is turned again by the same action, the other way" },
    { "s3.protect", "the bucket's whole configuration is replaced: the one before is in the snapshot, as XML" },
    { "s3.recover", "each key has its own earlier version" },
#define JOB "what a job restores can be of any kind: a tag of the vault names the job, and the job what it made"
    { "backup.recover", JOB }, { "backup.rehearse", JOB }, { "backup.protect", "one recovery point more, which ends with its lifecycle" },
    { "backup.capture", "one recovery point more in each vault, which ends with its lifecycle" },
    { "exec.ensure", "only who wrote the program knows" },
    { "app.move", "the other app's own run has a report of its own" },
    /* clang-format on */
};

static bool is_excused(const char *name, size_t *ret_used)
{
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        const char *word = without[i].action;
        if (strcmp(word, name) == 0 ||
            (word[0] == '*' && strcmp(strchr(name, '.'), word + 1) == 0)) {
            *ret_used = i;
            return true;
        }
    }
    return false;
}

/* --- every action of every driver ---------------------------------------------------------------
 */

typedef void action_fn(const struct evac_driver *driver, const struct evac_action *action);

static void for_all(action_fn *fn)
{
    const struct evac_catalog *catalog = evac_builtin_catalog();
    for (size_t p = 0; p < catalog->pack_count; p++)
        for (const struct evac_driver *const *d = catalog->packs[p]->drivers; *d; d++)
            for (const struct evac_action *a = (*d)->actions; a->name; a++)
                fn(*d, a);
}

static bool used[sizeof without / sizeof without[0]];

static void has_clear(const struct evac_driver *d, const struct evac_action *a)
{
    char name[128];
    size_t which = 0;
    snprintf(name, sizeof name, "%s.%s", d->name, a->name);
    bool changes = (a->flags & EVAC_ACTION_MUTATES) && !(a->flags & EVAC_ACTION_BLIND);
    bool excused = is_excused(name, &which);
    used[which] = used[which] || excused;
    ck_assert_msg(changes || !a->clear, "%s leaves nothing behind, and says how to clear it", name);
    ck_assert_msg(!changes || (a->clear != NULL) != excused,
                  a->clear ? "%s has a command, and a reason why there is none"
                           : "%s says neither how it is put back, nor why no command does it",
                  name);
}

START_TEST(what_is_left_behind_can_be_cleared)
{
    for_all(has_clear);
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++)
        ck_assert_msg(used[i], "there is no %s", without[i].action);
}
END_TEST

static bool is_param(const struct evac_param *params, struct evac_str name)
{
    for (; params && params->name; params++)
        if (!(params->flags & EVAC_PARAM_OF_RESOURCE) && evac_str_is(name, params->name))
            return true;
    return false;
}

static bool is_known(const struct evac_driver *d, const struct evac_action *a, struct evac_str hole)
{
    static const char *const own[] = { "region", "from", "to", "app" };
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (evac_str_is(hole, own[i]))
            return true;
    struct evac_str rest, head = evac_str_cut(hole, '.', &rest);
    return evac_plan_is_runs_hole(hole) || is_param(d->params, hole) ||
           (evac_str_is(head, "want") && is_param(a->params, rest));
}

static void has_known_holes(const struct evac_driver *d, const struct evac_action *a)
{
    struct evac_str text = evac_str(a->clear), hole;
    (void)evac_str_cut(text, '<', &text);
    while (text.n) {
        hole = evac_str_cut(text, '>', &text);
        ck_assert_msg(is_known(d, a, hole), "%s.%s: nothing fills <%.*s>", d->name, a->name,
                      EVAC_STR_ARG(hole));
        (void)evac_str_cut(text, '<', &text);
    }
}

START_TEST(its_holes_are_filled_by_arguments_or_by_the_run)
{
    for_all(has_known_holes);
}
END_TEST

static void begins_with_a_tool(const struct evac_driver *d, const struct evac_action *a)
{
    struct evac_str rest, tool = evac_str_cut(evac_str(a->clear), ' ', &rest);
    ck_assert_msg(!a->clear || evac_str_is(tool, "aws") || evac_str_is(tool, "kubectl") ||
                      evac_str_is(tool, "curl"),
                  "%s.%s: %s", d->name, a->name, a->clear);
}

START_TEST(it_is_a_command_of_tools_that_are_there_without_us)
{
    for_all(begins_with_a_tool);
}
END_TEST

/* As a shell reads it: what is quoted or in parentheses ends, so that a person can paste it. */
static void is_whole(const struct evac_driver *d, const struct evac_action *a)
{
    int depth = 0;
    char quote = '\0';
    for (const char *c = a->clear; c && *c; c++) {
        if (*c == '\\' && quote != '\'')
            c++;
        else if (quote)
            quote = *c == quote ? '\0' : quote;
        else if (*c == '\'' || *c == '"')
            quote = *c;
        else
            depth += (*c == '(') - (*c == ')');
    }
    ck_assert_msg(depth == 0 && !quote, "%s.%s: %s", d->name, a->name, a->clear);
}

START_TEST(its_quotes_and_parentheses_are_closed)
{
    for_all(is_whole);
}
END_TEST

/* What an action is called with, and its command, stand on its driver's page. */
static void is_printed(const struct evac_driver *d, const struct evac_action *a)
{
    struct evac_buf page, line;
    evac_buf_init(&page, 1u << 20);
    evac_buf_init(&line, 8192);
    evac_driver_print(d, EVAC_DRIVERS_TEXT, &page);
    if (a->clear)
        evac_buf_putf(&line, "\n      if it is left behind: %s\n", a->clear);
    ck_assert_msg(line.n == 0 || strstr(page.p, line.p) != NULL, "%s.%s", d->name, a->name);
    for (const struct evac_param *p = a->params; p && p->name; p++) {
        line.n = 0;
        bool own = p->flags & EVAC_PARAM_OF_RESOURCE;
        struct evac_str rest, name = evac_str_cut(evac_str(p->name), '|', &rest);
        evac_buf_putf(&line, own ? "\n      only for what has %.*s" : "\n      want.%.*s (",
                      EVAC_STR_ARG(name));
        ck_assert_msg(strstr(page.p, line.p) != NULL, "%s.%s: %s", d->name, a->name, line.p);
    }
    evac_buf_done(&page);
    evac_buf_done(&line);
}

START_TEST(it_stands_on_the_drivers_page)
{
    for_all(is_printed);
}
END_TEST

/* The same tables as a page, as JSON, and as the rights that they need. */
START_TEST(every_driver_reads_as_a_page_as_json_and_as_rights)
{
    const struct evac_catalog *all = evac_builtin_catalog();
    for (size_t i = 0; i < all->pack_count; i++)
        for (const struct evac_driver *const *d = all->packs[i]->drivers; *d; d++) {
            struct evac_buf page, json, rights;
            evac_buf_init(&page, 1u << 20);
            evac_buf_init(&json, 1u << 20);
            evac_buf_init(&rights, 1u << 20);
            struct evac_jw w = { &json, false };
            evac_driver_print(*d, EVAC_DRIVERS_MARKDOWN, &page);
            evac_drivers_to_json(all, *d, &w);
            evac_permissions_of_driver(*d, &rights);
            cJSON *actions = cJSON_Parse(json.p), *policy = cJSON_Parse(rights.p);
            ck_assert_msg(cJSON_IsArray(actions) && cJSON_IsObject(policy), "%s", (*d)->name);
            int n = 0;
            for (const struct evac_action *a = (*d)->actions; a->name; a++, n++) {
                char name[80];
                snprintf(name, sizeof name, "`%s`", a->name);
                ck_assert_msg(strstr(page.p, name) != NULL, "%s: %s", (*d)->name, name);
                ck_assert_msg(strstr(json.p, a->name) != NULL, "%s.%s", (*d)->name, a->name);
                for (const struct evac_op *op = a->ops; op && op->service; op++) {
                    struct evac_str more,
                        first = evac_str_cut(evac_str(op->iam ? op->iam : ""), ' ', &more);
                    snprintf(name, sizeof name, "\"%.*s\"", EVAC_STR_ARG(first));
                    ck_assert_msg(first.n == 0 || strstr(rights.p, name), "%s needs %s", a->name,
                                  name);
                }
            }
            ck_assert_int_eq(cJSON_GetArraySize(actions), n);
            cJSON_Delete(actions);
            cJSON_Delete(policy);
            evac_buf_done(&page);
            evac_buf_done(&json);
            evac_buf_done(&rights);
        }
}
END_TEST

/* --- what a table must not say ------------------------------------------------------------------
 */

static enum evac_code check(const struct evac_driver *driver, struct evac_err *err)
{
    const struct evac_driver *const drivers[] = { driver, NULL };
    struct evac_pack pack = { .abi = EVAC_DRIVER_ABI, .name = "test", .drivers = drivers };
    return evac_pack_check(&pack, err);
}

static enum evac_code takes_all(struct evac_link *link, const struct evac_call *call,
                                evac_done_fn *done, void *user, uint64_t *ret_id,
                                struct evac_err *err)
{
    (void)link, (void)call, (void)done, (void)user, (void)ret_id;
    return evac_fail(err, EVAC_E_UNSUPPORTED, "it is only a table");
}

START_TEST(the_controllers_own_arguments_are_nobodys_parameter)
{
    static const char *const own[] = { "app",    "fenced", "fenced_now", "from", "mode",
                                       "region", "run",    "to",         "want", "witness" };
    static const struct evac_action actions[] = { { .name = "ready", .deadline_ms = 1 }, { 0 } };
    struct evac_param params[] = { { .name = own[_i] }, { 0 } };
    struct evac_driver driver = {
        .name = "thing", .params = params, .actions = actions, .call = takes_all
    };
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_int_eq(check(&driver, &err), EVAC_E_BADDRIVER);
    ck_assert_msg(strstr(err.text, own[_i]) != NULL, "%s", err.text);
    params[0].name = "size";
    ck_assert_int_eq(check(&driver, &err), EVAC_OK);
}
END_TEST

START_TEST(only_what_may_lose_data_waits_for_the_fence)
{
    struct evac_action actions[] = { { .name = "recover",
                                       .deadline_ms = 1,
                                       .flags = EVAC_ACTION_MUTATES | EVAC_ACTION_PROMOTES |
                                                EVAC_ACTION_WAITS },
                                     { 0 } };
    struct evac_driver driver = { .name = "thing", .actions = actions, .call = takes_all };
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_int_eq(check(&driver, &err), EVAC_E_BADDRIVER);
    ck_assert_msg(strstr(err.text, "waits") != NULL, "%s", err.text);
    actions[0].flags |= EVAC_ACTION_LOSSY;
    ck_assert_int_eq(check(&driver, &err), EVAC_OK);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("what is left behind");
    tcase_add_loop_test(tc, the_controllers_own_arguments_are_nobodys_parameter, 0, 9);
    tcase_add_test(tc, only_what_may_lose_data_waits_for_the_fence);
    tcase_add_test(tc, what_is_left_behind_can_be_cleared);
    tcase_add_test(tc, its_holes_are_filled_by_arguments_or_by_the_run);
    tcase_add_test(tc, it_is_a_command_of_tools_that_are_there_without_us);
    tcase_add_test(tc, its_quotes_and_parentheses_are_closed);
    tcase_add_test(tc, it_stands_on_the_drivers_page);
    tcase_add_test(tc, every_driver_reads_as_a_page_as_json_and_as_rights);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("the drivers' tables", cases)
