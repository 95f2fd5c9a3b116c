/* A controller that ends with calls in flight: each is answered, once, and nothing stays in memory.
 * Drivers, host and loop are the real ones, against a server that never answers. */
#include "builtin.h"
#include "conf.h"
#include "host_uv.h"
#include "jail.h"
#include "loopback.h"
#include "shell.h"
#include "suite.h"

#include "evac/arena.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static uv_loop_t loop;
static struct evac_host host;
static struct loop_server *server;
static struct evac_store *store;
static struct evac_model *model;
static struct evac_shell *shell;
static unsigned asked, told, told_something;

static const char book[] =
    "runbook = { name = \"warm-standby\"; failover = { steps = ( { name = \"see\"; action = "
    "\"http.verify\"; region = \"to\"; phase = \"check\"; } ); }; };";

static const char app[] =
    "app = { name = \"shop\"; strategy = \"warm-standby\"; regions = ( \"us-east-1\", "
    "\"us-west-2\" );\n"
    "objectives = { rto = \"5m\"; rpo = \"5s\"; }; policy = { automatic = \"never\"; };\n"
    "resources = {\n"
    "  page = { type = \"http\"; url = \"http://127.0.0.1:%u/\"; regional = "
    "\"http://127.0.0.1:%u/{region}\"; };\n"
    "  prog = { type = \"exec\"; command = ( \"/bin/true\" ); check = ( \"/bin/sleep\", \"600\" ); "
    "};\n"
    "  twin = { type = \"app\"; member = \"shop\"; };\n"
    "  dns = { type = \"route53\"; zone = \"Z1\"; name = \"shop.example.com\"; };\n"
    "}; };";

/* What the looks are carried by: HTTP, a program, a timer at once, AWS's API in its turn (the first
 * waits for an answer, those behind it for a timer). */
static const struct {
    const char *resource, *action;
} looks[] = {
    { "page", "verify" }, { "prog", "ensure" }, { "twin", "ready" },
    { "dns", "ready" },   { "dns", "ready" },   { "dns", "ready" },
};
enum { LOOKS = sizeof looks / sizeof looks[0] };

static void load(void)
{
    static const char controller[] = "exec = { allowed = true; };";
    char text[2000];
    struct evac_err err = { EVAC_OK, "" };
    struct evac_diag diag = { .arena = evac_arena_new() };
    snprintf(text, sizeof text, app, server->port, server->port);
    const struct evac_conf_text files[] = {
        { "shop.cfg", evac_str(text) },
        { "warm.cfg", evac_str(book) },
        { "evac.cfg", evac_str(controller) },
    };
    ck_assert_msg(evac_conf_parse(files, 3, &diag, &model, &err) == EVAC_OK, "%s", err.text);
    evac_arena_free(diag.arena);
}

static void setup(void)
{
    char url[64];
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_host_uv_options options = { .resolver = "127.0.0.1:9" };
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop);
    server = loop_server_new(&loop, "");
    server->manner = LOOP_MUTE;
    snprintf(url, sizeof url, "http://127.0.0.1:%u", server->port);
    setenv("AWS_ENDPOINT_URL", url, 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    setenv("AWS_REGION", "us-east-1", 1);
    setenv("AWS_CONFIG_FILE", "/nowhere", 1);
    ck_assert_msg(evac_host_uv_new(&loop, &options, &host, &err) == EVAC_OK, "%s", err.text);
    const struct evac_jail_conf jail = { .user = "",
                                         .cpu_s = 60,
                                         .memory_bytes = 1u << 30,
                                         .file_bytes = 1u << 20,
                                         .files = 64,
                                         .processes = 64 };
    evac_host_uv_jail(&host, &jail);
    load();
    store = evac_store_new_memory("n", "b");
    asked = told = told_something = 0;
}

static void teardown(void)
{
    loop_server_close(server);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0); /* no handle is left */
    free(server);
    evac_store_close(store);
    evac_model_free(model);
}

static void begin_shell(void)
{
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_shell_options o = {
        .host = &host, .look_host = &host, .catalog = evac_builtin_catalog(), .store = store
    };
    ck_assert_msg(evac_shell_new(&o, model, &shell, &err) == EVAC_OK, "%s", err.text);
}

static void on_look(void *user, const struct evac_reply *reply)
{
    (void)user;
    told++;
    told_something += reply != NULL;
}

static void look_at_all(void)
{
    unsigned before = told;
    struct evac_err err = { EVAC_OK, "" };
    for (unsigned i = 0; i < LOOKS; i++) {
        const struct evac_probe_look what = { .resource = evac_str(looks[i].resource),
                                              .action = evac_str(looks[i].action) };
        const struct evac_look look = { .app = 0, .region = 1, .what = &what, .within_ms = 600000 };
        ck_assert_msg(evac_shell_look(shell, &look, on_look, NULL, &err) == EVAC_OK, "%s: %s",
                      looks[i].resource, err.text);
    }
    ck_assert_uint_eq(told, before); /* never from inside the call */
    asked += LOOKS;
}

static void turn(unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        usleep(1000);
    }
}

/* As evacd does it. */
static void end_all(void)
{
    unsigned before = told_something;
    evac_shell_free(shell);
    evac_host_uv_close(&host);
    uv_run(&loop, UV_RUN_NOWAIT);
    ck_assert_uint_eq(told, asked);
    ck_assert_uint_eq(told_something, before); /* a shell that ends says nothing of what it saw */
}

static const struct {
    const char *key;  /* NULL: of a program that never answers */
    unsigned turns;   /* of the loop before the end */
    bool other_shell; /* another was freed before, and its calls were let go of */
} ends[] = {
    { "AKIAEXAMPLE", 0, false }, { "AKIAEXAMPLE", 40, false }, { NULL, 0, false },
    { NULL, 40, false },         { "AKIAEXAMPLE", 40, true },
};

static void give_keys(const char *key, char *path)
{
    FILE *f;
    if (key) {
        setenv("AWS_ACCESS_KEY_ID", key, 1);
        setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
        return;
    }
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    f = fdopen(fd, "w");
    fputs("[default]\ncredential_process = /bin/sleep 600\n", f);
    fclose(f);
    setenv("AWS_CONFIG_FILE", path, 1);
}

START_TEST(whatever_a_call_waits_for_it_is_answered_when_the_controller_ends)
{
    char path[] = "/tmp/evac-shell-end-XXXXXX";
    give_keys(ends[_i].key, path);
    if (ends[_i].other_shell) { /* the journal failed, and was opened again */
        begin_shell();
        look_at_all();
        turn(5);
        evac_shell_free(shell);
        turn(20);
    }
    begin_shell();
    look_at_all();
    turn(ends[_i].turns);
    end_all();
    unlink(path);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("end");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, whatever_a_call_waits_for_it_is_answered_when_the_controller_ends, 0,
                        sizeof ends / sizeof ends[0]);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("shell's end", cases)
