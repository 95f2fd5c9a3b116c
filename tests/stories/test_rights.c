/*
 * Least privilege, enforced: the sandbox evaluates the policies that `evac iam` prints, for every
 * request. With exactly its own policy each strategy's failover, failback and drill passes; with
 * any one action taken away the run stops, or goes on without what is best effort, and says what is
 * not allowed. In virtual time; each taking away is a process of its own, from where the world
 * stands.
 */
#include "builtin.h"
#include "rights.h"
#include "suite.h"
#include "world.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MINUTE_MS 60000u
#define EAST      "us-east-1"

static const struct strategy {
    const char *name, *app; /* app: below contrib/demo */
} strategies[] = {
    { "warm-standby", NULL },
    { "pilot-light", "strategies/pilot-light.cfg" },
    { "backup-restore", "strategies/backup-restore.cfg" },
    { "active-active", "strategies/active-active.cfg" },
};
#define STRATEGIES ((int)(sizeof strategies / sizeof strategies[0]))

/* --- policies --------------------------------------------------------------------------------- */

static cJSON *policies_of(struct world *w)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf json;
    evac_buf_init(&json, 1u << 20);
    const struct evac_rights_request request = {
        .model = evac_shell_engine(world_shell(w))->model,
        .app = world_app(w)->app,
        .catalog = evac_builtin_catalog(),
        .account = EVAC_STR("123456789012"),
    };
    ck_assert_msg(!evac_rights_of_app(&request, &json, &err), "%s", err.text);
    cJSON *all = cJSON_Parse(json.p);
    evac_buf_done(&json);
    return all;
}

static void control(struct world *w, const char *text)
{
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(!evac_sandbox_control(world_sandbox(w), evac_str(text), &err), "%.200s: %s", text,
                  err.text);
}

/* The controller may what the role's policies say, and nothing else. */
static void enforce(struct world *w, const cJSON *policies, const char *role)
{
    const cJSON *p;
    control(w, "iam self none");
    cJSON_ArrayForEach(p, cJSON_GetObjectItem(policies, "policies"))
    {
        char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(p, "document"));
        struct evac_buf command;
        evac_buf_init(&command, 1u << 20);
        evac_buf_putf(&command, "iam self policy %s", text);
        if (strcmp(cJSON_GetObjectItem(p, "role")->valuestring, role) == 0)
            control(w, command.p);
        evac_buf_done(&command);
        cJSON_free(text);
    }
}

/* Every statement of the acting role without that action; one that is left without any goes. */
static void take_away(cJSON *policies, const char *action)
{
    cJSON *p;
    cJSON_ArrayForEach(p, cJSON_GetObjectItem(policies, "policies"))
    {
        cJSON *all = cJSON_GetObjectItem(cJSON_GetObjectItem(p, "document"), "Statement");
        for (int i = cJSON_GetArraySize(all) - 1; i >= 0; i--) {
            cJSON *actions = cJSON_GetObjectItem(cJSON_GetArrayItem(all, i), "Action");
            for (int k = cJSON_GetArraySize(actions) - 1; k >= 0; k--)
                if (strcmp(cJSON_GetArrayItem(actions, k)->valuestring, action) == 0)
                    cJSON_DeleteItemFromArray(actions, k);
            if (cJSON_GetArraySize(actions) == 0)
                cJSON_DeleteItemFromArray(all, i);
        }
    }
}

/* --- the stories ------------------------------------------------------------------------------ */

#define PHASES(X)                                                                                  \
    X(BEFORE, "between runs")                                                                      \
    X(DRILL, "the drill")                                                                          \
    X(FAILOVER, "the failover")                                                                    \
    X(FAILBACK, "the failback")
#define X(name, text) PHASE_##name,
enum phase { PHASES(X) PHASE_COUNT };
#undef X
#define X(name, text) text,
static const char *const phase_names[] = { PHASES(X) };
#undef X

#define BY_HAND                                                                                    \
    "automatic = \"act\"=>automatic = \"never\"\n"                                                 \
    "automatic = \"propose\"=>automatic = \"never\"\n"

static struct world *world_with(const struct strategy *s, const char *extra, cJSON **ret_policies)
{
    struct world_options options = { .seed = 11,
                                     .speed = 10,
                                     .app_file = s->app,
                                     .app_extra = extra,
                                     .verbose = getenv("EVAC_VERBOSE") != NULL };
    struct world *w = world_new(&options);
    *ret_policies = policies_of(w);
    enforce(w, *ret_policies, "act");
    return w;
}

static struct world *world_of(const struct strategy *s, cJSON **ret_policies)
{
    return world_with(s, BY_HAND, ret_policies);
}

static const char *tail(struct world *w)
{
    const char *trace = world_trace(w);
    size_t n = strlen(trace), most = 3000;
    return n > most ? trace + n - most : trace;
}

/* How many requests were refused for want of a right. */
static unsigned long refused(struct world *w)
{
    const char *p = strstr(world_truth(w), "\"refused\":");
    return p ? strtoul(p + strlen("\"refused\":"), NULL, 10) : 0;
}

/* What stands between two phases. */
static void prepare(struct world *w, enum phase phase)
{
    if (phase != PHASE_FAILBACK)
        return;
    world_run(w, 5 * MINUTE_MS);
    if (world_app(w)->old_side.writes) /* what it was restored from still stands there */
        (void)world_say(w, EVAC_CMD_RECONCILE, "", "fenced before it was restored", 0);
}

/* As far as it goes by itself: false when it stands still and asks a person. */
static bool play(struct world *w, enum phase phase)
{
    static const enum evac_workflow workflows[] = { [PHASE_DRILL] = EVAC_WORKFLOW_DRILL,
                                                    [PHASE_FAILOVER] = EVAC_WORKFLOW_FAILOVER,
                                                    [PHASE_FAILBACK] = EVAC_WORKFLOW_FAILBACK };
    if (phase == PHASE_BEFORE) {
        world_run(w, 30000);
        return true;
    }
    if (world_begin(w, workflows[phase], EVAC_MODE_GRACEFUL))
        return false;
    for (int minute = 0; minute < 40; minute++)
        if (world_run_to_end(w, MINUTE_MS))
            return true;
        else if (world_run_state(w) == EVAC_RUN_ASKING)
            return false;
    return false;
}

/* --- exactly the policy ----------------------------------------------------------------------- */

/* Each right with the phase that first asks about it. */
struct used {
    char names[200][80];
    enum phase phase[200];
    size_t count;
};

static void note_used(struct world *w, enum phase phase, struct used *u)
{
    cJSON *truth = cJSON_Parse(world_truth(w));
    const cJSON *asked = cJSON_GetObjectItem(truth, "asked");
    for (int i = (int)u->count; i < cJSON_GetArraySize(asked) && u->count < 200; i++) {
        snprintf(u->names[u->count], sizeof u->names[0], "%s",
                 cJSON_GetArrayItem(asked, i)->valuestring);
        u->phase[u->count++] = phase;
    }
    cJSON_Delete(truth);
}

static void play_with_all(const struct strategy *s, struct used *u)
{
    cJSON *policies;
    struct world *w = world_of(s, &policies);
    for (enum phase p = PHASE_BEFORE; p < PHASE_COUNT; p++) {
        prepare(w, p);
        bool ended = play(w, p);
        note_used(w, p, u);
        ck_assert_msg(refused(w) == 0, "%s, %s: refused:\n%s", s->name, phase_names[p], tail(w));
        ck_assert_msg(ended && (p == PHASE_BEFORE || world_run_state(w) == EVAC_RUN_SUCCEEDED),
                      "%s, %s:\n%s", s->name, phase_names[p], tail(w));
    }
    ck_assert_msg(world_broken(w)[0] == '\0', "%s", world_broken(w));
    world_free(w);
    cJSON_Delete(policies);
}

START_TEST(each_strategy_needs_no_more_than_its_policy)
{
    struct used u = { .count = 0 };
    play_with_all(&strategies[_i], &u);
    ck_assert_uint_gt(u.count, 15);
}
END_TEST

/* The region died: what that asks is allowed too. */
START_TEST(a_region_that_is_gone_needs_no_more_than_the_policy)
{
    cJSON *policies;
    struct world *w = world_of(&strategies[_i], &policies);
    world_run(w, 30000);
    world_control(w, "region " EAST " down");
    world_run(w, 3000);
    ck_assert(!world_begin(w, EVAC_WORKFLOW_FAILOVER, EVAC_MODE_UNGRACEFUL));
    ck_assert_msg(world_run_to_end(w, 60 * MINUTE_MS), "it does not end:\n%s", tail(w));
    ck_assert_uint_eq(refused(w), 0);
    world_free(w);
    cJSON_Delete(policies);
}
END_TEST

/* --- one action less -------------------------------------------------------------------------- */

#define REFUSED_MAX 900u /* of one phase: what is looked at once a second, until its deadline */

/* What a child found wrong; "" nothing. measures: it is asked about between runs too, and a run
 * that succeeds all the same needed it for no more than the loss that is known. */
static void judge(struct world *w, const char *action, enum phase phase, bool measures, bool ended,
                  unsigned long before, char *ret_text, size_t bytes)
{
    char said[120];
    unsigned long times = refused(w) - before;
    enum evac_run_state state = phase == PHASE_BEFORE ? EVAC_RUN_NONE : world_run_state(w);
    snprintf(said, sizeof said, "not allowed: %s", action);
    bool named = strstr(world_trace(w), said) != NULL;
    ret_text[0] = '\0';
    if (measures && state == EVAC_RUN_SUCCEEDED && times <= REFUSED_MAX)
        return;
    if (times == 0)
        snprintf(ret_text, bytes, "it was not asked about");
    else if (times > REFUSED_MAX)
        snprintf(ret_text, bytes, "it was tried %lu times", times);
    else if (world_broken(w)[0])
        snprintf(ret_text, bytes, "%s", world_broken(w));
    else if (!ended && state != EVAC_RUN_ASKING && phase != PHASE_BEFORE)
        snprintf(ret_text, bytes, "it neither ends nor asks: %s", evac_run_state_name(state));
    else if (!named && phase != PHASE_BEFORE)
        snprintf(ret_text, bytes, "nobody is told (%s)", evac_run_state_name(state));
}

/* Secrets are wiped in a child, which here goes on with its parent's world: not in this program. */
int madvise(void *address, size_t bytes, int advice)
{
    return advice == MADV_WIPEONFORK ? 0 : (int)syscall(SYS_madvise, address, bytes, advice);
}

/* In a process of its own, from here. */
static void try_without(struct world *w, const cJSON *policies, const char *action,
                        enum phase phase, bool measures, const char *strategy,
                        struct evac_buf *found)
{
    char wrong[4000] = "";
    int pipes[2], status = 0;
    ck_assert(pipe(pipes) == 0);
    pid_t child = fork();
    if (child == 0) {
        cJSON *less = cJSON_Duplicate(policies, true);
        take_away(less, action);
        enforce(w, less, "act");
        unsigned long before = refused(w);
        bool ended = play(w, phase);
        judge(w, action, phase, measures, ended, before, wrong, sizeof wrong);
        if (wrong[0] && getenv("EVAC_TALE"))
            fprintf(stderr, "%s\n", tail(w));
        (void)!write(pipes[1], wrong, strlen(wrong));
        _exit(0);
    }
    close(pipes[1]);
    ssize_t n = read(pipes[0], wrong, sizeof wrong - 1);
    wrong[n > 0 ? n : 0] = '\0';
    close(pipes[0]);
    ck_assert(waitpid(child, &status, 0) == child);
    if (status != 0)
        snprintf(wrong, sizeof wrong, "it died");
    if (wrong[0])
        evac_buf_putf(found, "%s without %s in %s: %s\n", strategy, action, phase_names[phase],
                      wrong);
}

START_TEST(without_any_one_action_it_stops_and_says_which)
{
    static struct used done; /* by an earlier strategy: the same driver asks the same */
    struct used u = { .count = 0 };
    struct evac_buf found;
    cJSON *policies;
    evac_buf_init(&found, 1u << 16);
    play_with_all(&strategies[_i], &u);
    struct world *w = world_of(&strategies[_i], &policies);
    for (enum phase p = PHASE_BEFORE; p < PHASE_COUNT; p++) {
        prepare(w, p);
        for (size_t i = 0; i < u.count; i++) {
            bool tried = false;
            for (size_t k = 0; k < done.count; k++)
                tried = tried || strcmp(done.names[k], u.names[i]) == 0;
            bool again = u.phase[i] == PHASE_BEFORE && p == PHASE_FAILOVER; /* in a run, too */
            if ((u.phase[i] != p && !again) || (tried && !again))
                continue;
            try_without(w, policies, u.names[i], p, again, strategies[_i].name, &found);
            if (done.count < 200 && !again)
                memcpy(done.names[done.count++], u.names[i], sizeof u.names[i]);
        }
        (void)play(w, p);
    }
    ck_assert_msg(found.n == 0, "%s", found.p);
    evac_buf_done(&found);
    world_free(w);
    cJSON_Delete(policies);
}
END_TEST

/* --- told before the day ---------------------------------------------------------------------- */

/* One resource of a list of changes, in the region that is moved to, is another's; false: there is
 * none. ret_taken: which it was, without what says where. */
static bool take_of(cJSON *statement, char *ret_taken, size_t bytes)
{
    static const char there[] = ":us-west-2:123456789012:";
    cJSON *list = cJSON_GetObjectItem(statement, "Resource");
    bool changes = strncmp(cJSON_GetObjectItem(statement, "Sid")->valuestring, "Change", 6) == 0;
    for (int i = 0; changes && i < cJSON_GetArraySize(list); i++) {
        const char *at = strstr(cJSON_GetArrayItem(list, i)->valuestring, there);
        if (!at)
            continue;
        snprintf(ret_taken, bytes, "%s", at + sizeof there - 1);
        cJSON_ReplaceItemInArray(list, i, cJSON_CreateString("arn:aws:s3:::nothing-of-ours"));
        return true;
    }
    return false;
}

static bool take_resource(cJSON *policies, char *ret_taken, size_t bytes)
{
    cJSON *p, *s;
    cJSON_ArrayForEach(p, cJSON_GetObjectItem(policies, "policies"))
    {
        cJSON_ArrayForEach(s, cJSON_GetObjectItem(cJSON_GetObjectItem(p, "document"), "Statement"))
        {
            if (take_of(s, ret_taken, bytes))
                return true;
        }
    }
    return false;
}

static void rehearse(struct world *w)
{
    ck_assert_msg(!world_rehearse(w), "%s", world_said(w));
    ck_assert_msg(world_run_to_end(w, 20 * MINUTE_MS), "it does not end:\n%s", tail(w));
}

/* It asks the simulator for what `evac iam` grants, as that grants it: by name, region and
 * condition. */
START_TEST(the_policy_passes_its_own_look_and_a_resource_less_is_found)
{
    char taken[300], said[400];
    cJSON *policies;
    struct world *w =
        world_with(&strategies[_i],
                   BY_HAND "resources = {=>resources = { rights = { type = \"iam\"; };", &policies);
    world_run(w, 30000);
    rehearse(w);
    ck_assert_msg(world_traced(w, "may do all of it: "), "%s", tail(w));
    ck_assert_msg(!world_traced(w, " may not: "), "%s", tail(w));
    ck_assert_uint_eq(refused(w), 0);
    ck_assert(take_resource(policies, taken, sizeof taken));
    enforce(w, policies, "act");
    rehearse(w);
    snprintf(said, sizeof said, " on %s in us-west-2 (no", taken);
    ck_assert_msg(world_traced(w, said), "without %s:\n%s", taken, tail(w));
    world_free(w);
    cJSON_Delete(policies);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("rights");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, each_strategy_needs_no_more_than_its_policy, 0, STRATEGIES);
    tcase_add_loop_test(tc, a_region_that_is_gone_needs_no_more_than_the_policy, 0, STRATEGIES);
    tcase_add_loop_test(tc, without_any_one_action_it_stops_and_says_which, 0, STRATEGIES);
    suite_add_tcase(suite, tc);
    tc = tcase_create("told before");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, the_policy_passes_its_own_look_and_a_resource_less_is_found, 0,
                        STRATEGIES);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("least privilege", cases)
