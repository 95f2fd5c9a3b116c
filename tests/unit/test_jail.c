/* What a step's program may do: a hostile one is run by the real host, and tells what it got. */
#include "host_uv.h"
#include "jail.h"
#include "loopback.h"
#include "suite.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PYTHON  "/usr/bin/python3"
#define HOSTILE EVAC_SOURCE_DIR "/tests/lib/hostile.py"
#define ARGS    6

static uv_loop_t loop;
static struct evac_host host;
static char folder[64], script[96], own[16];

static struct {
    unsigned count;
    bool started, timed_out;
    int status;
    char output[16384], errors[1024], error[256];
} ran;

static void on_exec(void *user, const struct evac_exec_reply *reply)
{
    (void)user;
    ran.count++;
    ran.started = reply->started;
    ran.timed_out = reply->timed_out;
    ran.status = reply->exit_status;
    (void)evac_str_copy(ran.output, sizeof ran.output, reply->output);
    (void)evac_str_copy(ran.errors, sizeof ran.errors, reply->errors);
    (void)evac_str_copy(ran.error, sizeof ran.error, evac_str(reply->error));
}

static const struct evac_jail_conf usual = { .user = "",
                                             .cpu_s = 60,
                                             .memory_bytes = 256u << 20,
                                             .file_bytes = 4u << 20,
                                             .files = 40,
                                             .processes = 32 };

static enum evac_code start(const char *const *argv, uint32_t total_ms, bool as_controller,
                            struct evac_err *err)
{
    static const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
    const struct evac_exec_request r = { .argv = argv,
                                         .env = env,
                                         .total_ms = total_ms,
                                         .max_output_bytes = sizeof ran.output - 1,
                                         .as_controller = as_controller };
    memset(&ran, 0, sizeof ran);
    return host.exec(host.ctx, &r, on_exec, NULL, err);
}

static void run(const char *const *argv, uint32_t total_ms)
{
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(start(argv, total_ms, false, &err) == EVAC_OK, "%s", err.text);
    loop_until(&loop, &ran.count, 1);
    ck_assert_msg(ran.started, "%s", ran.error);
}

static void run_sh(const char *text, uint32_t total_ms)
{
    const char *const argv[] = { "/bin/sh", "-c", text, NULL };
    run(argv, total_ms);
}

/* NULL behind the last. */
static const char *hostile(const char *a, const char *b, const char *c)
{
    const char *const argv[ARGS] = { PYTHON, script, a, b, c, NULL };
    run(argv, 20000);
    if (ran.output[0])
        ran.output[strcspn(ran.output, "\n")] = '\0';
    return ran.output;
}

static bool is_root(void)
{
    return geteuid() == 0;
}

/* Where whoever a program runs as may read the script, and write. */
static void make_folder(void)
{
    char line[4096];
    size_t n;
    (void)snprintf(folder, sizeof folder, "/tmp/evac-jail-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chmod(folder, 01777), 0);
    (void)snprintf(script, sizeof script, "%s/hostile.py", folder);
    FILE *from = fopen(HOSTILE, "r"), *to = fopen(script, "w");
    ck_assert(from && to);
    while ((n = fread(line, 1, sizeof line, from)) > 0)
        ck_assert_uint_eq(fwrite(line, 1, n, to), n);
    fclose(from);
    fclose(to);
    ck_assert_int_eq(chmod(script, 0644), 0);
}

static void set_up(void)
{
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_host_uv_options options = { .resolver = "127.0.0.1:1" };
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&loop);
    ck_assert_msg(evac_host_uv_new(&loop, &options, &host, &err) == EVAC_OK, "%s", err.text);
    evac_host_uv_jail(&host, &usual);
    (void)snprintf(own, sizeof own, "%u", (unsigned)geteuid());
    make_folder();
}

static void tear_down(void)
{
    char command[128];
    evac_host_uv_close(&host);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    (void)snprintf(command, sizeof command, "rm -rf %s", folder);
    FILE *rm = popen(command, "r");
    ck_assert_int_eq(pclose(rm), 0);
}

static void with(struct evac_jail_conf conf)
{
    char how[256];
    evac_host_uv_jail(&host, &conf);
    ck_assert_msg(strncmp(evac_host_uv_jailed(&host, how, sizeof how), "user ", 5) == 0, "%s", how);
}

/* --- who it is, and what it has ------------------------------------------------------------- */

START_TEST(it_is_nobody_and_in_no_group_of_ours)
{
    char want[64];
    const struct passwd *nobody = getpwnam("nobody");
    ck_assert_ptr_nonnull(nobody);
    run_sh("id -u; id -G", 5000);
    (void)snprintf(want, sizeof want, "%u\n%u\n", (unsigned)nobody->pw_uid,
                   (unsigned)nobody->pw_gid);
    if (is_root())
        ck_assert_str_eq(ran.output, want);
    else
        ck_assert(evac_str_starts(evac_str(ran.output), own));
}
END_TEST

START_TEST(it_can_gain_no_privileges_and_is_filtered)
{
    run_sh("grep -E '^(NoNewPrivs|Seccomp|CapEff|CapPrm|CapInh|CapAmb):' /proc/self/status", 5000);
    ck_assert_ptr_nonnull(strstr(ran.output, "NoNewPrivs:\t1\n"));
    ck_assert_ptr_nonnull(strstr(ran.output, "Seccomp:\t2\n"));
    ck_assert_ptr_nonnull(strstr(ran.output, "CapEff:\t0000000000000000\n"));
    ck_assert_ptr_nonnull(strstr(ran.output, "CapPrm:\t0000000000000000\n"));
    ck_assert_ptr_nonnull(strstr(ran.output, "CapAmb:\t0000000000000000\n"));
}
END_TEST

START_TEST(it_has_three_descriptors_and_stands_in_the_root)
{
    run_sh("pwd; ls -v /proc/$$/fd", 5000); /* no pipe: its ends would be seen */
    bool three = strcmp(ran.output, "/\n0\n1\n2\n") == 0;
    bool and_dash = strcmp(ran.output, "/\n0\n1\n2\n10\n") == 0; /* its own */
    ck_assert_msg(three || and_dash, "%s", ran.output);
}
END_TEST

START_TEST(a_signal_that_we_ignore_is_not_ignored_by_it)
{
    run_sh("grep -E '^Sig(Ign|Blk):' /proc/self/status", 5000);
    ck_assert_str_eq(ran.output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}
END_TEST

/* --- limits --------------------------------------------------------------------------------- */

START_TEST(memory_has_an_end)
{
    ck_assert_str_eq(hostile("memory", "64", NULL), "got 67108864");
    ck_assert_str_eq(hostile("memory", "300", NULL), "refused");
}
END_TEST

START_TEST(descriptors_have_an_end)
{
    ck_assert_str_eq(hostile("files", NULL, NULL), "refused EMFILE after 37");
}
END_TEST

START_TEST(a_file_has_an_end)
{
    char path[96];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/big", folder);
    ck_assert_str_eq(hostile("write", path, "3"), "wrote");
    (void)snprintf(path, sizeof path, "%s/bigger", folder);
    (void)hostile("write", path, "5");
    ck_assert_int_ne(ran.status, 0);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_le(st.st_size, 4 << 20);
}
END_TEST

START_TEST(processor_time_has_an_end)
{
    struct evac_jail_conf conf = usual;
    conf.cpu_s = 1;
    with(conf);
    (void)hostile("spin", NULL, NULL);
    ck_assert(!ran.timed_out);
    ck_assert_msg(ran.status == 128 + SIGKILL || ran.status == 128 + SIGXCPU, "%d", ran.status);
}
END_TEST

START_TEST(processes_have_an_end_and_none_is_left)
{
    if (!is_root())
        return; /* the limit would be that of whoever runs the tests */
    ck_assert_msg(evac_str_starts(evac_str(hostile("forks", NULL, NULL)), "refused EAGAIN after "),
                  "%s", ran.output);
    run_sh("grep -l '[h]ostile[.]py' /proc/[0-9]*/cmdline 2>/dev/null | wc -l", 5000);
    ck_assert_msg(atol(ran.output) == 0, "%s", ran.output); /* the pattern is not like itself */
}
END_TEST

/* --- system calls --------------------------------------------------------------------------- */

START_TEST(what_escapes_are_made_of_is_refused_by_name)
{
    const char *const argv[] = { PYTHON, script, "all", NULL };
    unsigned lines = 0;
    run(argv, 20000);
    ck_assert_int_eq(ran.status, 0);
    for (char *rest = ran.output, *line; (line = strtok_r(rest, "\n", &rest)) != NULL; lines++) {
        const char *answer = strchr(line, ' ');
        ck_assert_msg(answer && (strcmp(answer, " refused EPERM") == 0 ||
                                 strcmp(answer, " refused ENOSYS") == 0 ||
                                 strcmp(answer, " refused EAFNOSUPPORT") == 0),
                      "%s", line);
    }
    ck_assert_uint_eq(lines, 52);
}
END_TEST

START_TEST(ordinary_programs_go_on_working)
{
    run_sh(
        "printf '3\\n1\\n2\\n' | sort | tail -1 && mktemp -u >/dev/null && ls /usr >/dev/null && "
        "(sleep 0.01 & wait) && awk 'BEGIN { print 6 * 7 }' && timeout 5 true && date +%Y",
        5000);
    ck_assert_int_eq(ran.status, 0);
    ck_assert_msg(evac_str_starts(evac_str(ran.output), "3\n42\n2"), "%s", ran.output);
    const char *const threads[] = { PYTHON, "-c",
                                    "import socket, subprocess, threading\n"
                                    "t = threading.Thread(target=print, args=('thread',)); "
                                    "t.start(); t.join()\n"
                                    "socket.socket(socket.AF_INET6).close(); socket.socketpair()\n"
                                    "print(subprocess.run(['/bin/echo', 'child'], "
                                    "capture_output=True, text=True).stdout)",
                                    NULL };
    run(threads, 20000);
    ck_assert_msg(evac_str_starts(evac_str(ran.output), "thread\nchild\n"), "%s%s", ran.output,
                  ran.errors);
}
END_TEST

/* --- its end -------------------------------------------------------------------------------- */

static bool is_gone(pid_t pid)
{
    char path[64], state = 'Z';
    for (int i = 0; i < 300 && kill(pid, 0) == 0; i++) {
        (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *stat = fopen(path, "re");
        if (stat && fscanf(stat, "%*d %*s %c", &state) != 1)
            state = 'Z';
        if (stat)
            fclose(stat);
        if (state == 'Z') /* nobody may be there to bury it in a container */
            return true;
        usleep(10000);
    }
    return kill(pid, 0) != 0;
}

static pid_t number_in(const char *path)
{
    int pid = 0;
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%d", &pid) != 1)
        pid = 0;
    if (f)
        fclose(f);
    return pid;
}

START_TEST(what_it_leaves_behind_is_killed_however_it_hid)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/pid", folder);
    ck_assert_str_eq(hostile("leave", path, NULL), "left");
    pid_t left = number_in(path);
    ck_assert_int_gt(left, 1);
    ck_assert_msg(is_gone(left), "%d is still there", (int)left);
}
END_TEST

START_TEST(at_its_deadline_it_is_killed_whatever_it_catches)
{
    char text[160];
    (void)snprintf(text, sizeof text,
                   "trap '' TERM INT HUP XCPU; (trap '' TERM; echo $$ >%s/pid; sleep 300) & "
                   "while :; do sleep 1; done",
                   folder);
    run_sh(text, 400);
    ck_assert(ran.timed_out);
    ck_assert_int_eq(ran.status, 128 + SIGKILL);
    (void)snprintf(text, sizeof text, "%s/pid", folder);
    ck_assert(is_gone(number_in(text)));
}
END_TEST

/* A controller that dies takes what it began with it. */
START_TEST(it_does_not_outlive_the_controller)
{
    char path[96], text[400];
    (void)snprintf(path, sizeof path, "%s/pid", folder);
    (void)snprintf(text, sizeof text, "echo $$ >%s.new; mv %s.new %s; exec sleep 300", path, path,
                   path);
    pid_t controller = fork();
    if (controller == 0) {
        const char *const argv[] = { "/bin/sh", "-c", text, NULL };
        if (start(argv, 60000, false, NULL) != EVAC_OK)
            _exit(1);
        for (int i = 0; i < 3000 && access(path, F_OK) != 0; i++)
            usleep(1000);
        (void)raise(SIGKILL);
    }
    ck_assert_int_eq(waitpid(controller, NULL, 0), controller);
    ck_assert_int_gt(number_in(path), 1);
    ck_assert(is_gone(number_in(path)));
}
END_TEST

/* --- what it does not see ------------------------------------------------------------------- */

static void put(const char *name, char *path, size_t bytes)
{
    (void)snprintf(path, bytes, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs("text", f), 0);
    fclose(f);
}

START_TEST(as_the_controller_s_own_user_it_does_not_see_the_journal_nor_what_continues_its_name)
{
    char inner[96], journal[128], wal[128], beside[128], later[128];
    (void)snprintf(inner, sizeof inner, "%s/inner", folder);
    ck_assert_int_eq(mkdir(inner, 0700), 0);
    put("inner/journal.db", journal, sizeof journal);
    put("inner/journal.db-wal", wal, sizeof wal);
    put("beside", beside, sizeof beside);
    const char *const hidden[] = { journal, "/no/such/file", NULL };
    struct evac_jail_conf conf = usual;
    conf.user = own;
    conf.hidden = hidden;
    with(conf);
    ck_assert_str_eq(hostile("read", beside, NULL), "read 4");
    ck_assert_str_eq(hostile("read", journal, NULL), "refused EACCES");
    ck_assert_str_eq(hostile("read", wal, NULL), "refused EACCES");
    put("inner/journal.db-shm", later, sizeof later);
    ck_assert_str_eq(hostile("read", later, NULL), "refused EACCES");
}
END_TEST

START_TEST(what_a_link_in_the_hidden_path_leads_to_is_hidden)
{
    char real[96], link[96], journal[128], path[128];
    (void)snprintf(real, sizeof real, "%s/real", folder);
    (void)snprintf(link, sizeof link, "%s/link", folder);
    ck_assert_int_eq(mkdir(real, 0700), 0);
    ck_assert_int_eq(symlink(real, link), 0);
    put("real/journal.db", journal, sizeof journal);
    (void)snprintf(path, sizeof path, "%s/journal.db", link);
    const char *const hidden[] = { path, NULL };
    struct evac_jail_conf conf = usual;
    conf.user = own;
    conf.hidden = hidden;
    with(conf);
    ck_assert_str_eq(hostile("read", path, NULL), "refused EACCES");
    ck_assert_str_eq(hostile("read", journal, NULL), "refused EACCES");
}
END_TEST

/* --- when walls can not be made ------------------------------------------------------------- */

START_TEST(without_walls_nothing_is_run)
{
    char how[256];
    struct evac_err err = { EVAC_OK, "" };
    const char *const argv[] = { "/bin/true", NULL };
    struct evac_jail_conf conf = usual;
    conf.user = "no-such-user-here";
    evac_host_uv_jail(&host, &conf);
    ck_assert_int_eq(start(argv, 1000, false, &err), EVAC_E_REFUSED);
    ck_assert_str_eq(err.text, "no program is run: there is no user 'no-such-user-here'");
    ck_assert_str_eq(evac_host_uv_jailed(&host, how, sizeof how), err.text);
    evac_host_uv_jail(&host, &usual);
    ck_assert_int_eq(start(argv, 1000, false, &err), EVAC_OK);
    loop_until(&loop, &ran.count, 1);
    ck_assert_int_eq(ran.status, 0);
}
END_TEST

START_TEST(what_gives_the_controller_its_credentials_is_the_controller)
{
    struct evac_err err = { EVAC_OK, "" };
    const char *const argv[] = { "/bin/sh", "-c", "id -u; grep ^NoNewPrivs: /proc/self/status",
                                 NULL };
    ck_assert_int_eq(start(argv, 5000, true, &err), EVAC_OK);
    loop_until(&loop, &ran.count, 1);
    ck_assert(evac_str_starts(evac_str(ran.output), own));
    char as_ours[32]; /* a unit's NoNewPrivileges= is its own too */
    (void)snprintf(as_ours, sizeof as_ours, "NoNewPrivs:\t%d\n",
                   prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    ck_assert_ptr_nonnull(strstr(ran.output, as_ours));
}
END_TEST

/* --- whose program -------------------------------------------------------------------------- */

enum bend {
    NOTHING,
    FILE_GROUP,
    FILE_OTHERS,
    FOLDER_OTHERS,
    FOLDER_STICKY,
    LINK,
    LINK_BAD,
    FOREIGN
};

static const struct {
    enum bend bend;
    const char *says; /* NULL: it is run */
} places[] = {
    { NOTHING, NULL },
    { FILE_GROUP, "may be written by others than its owner (mode 775)" },
    { FILE_OTHERS, "may be written by others than its owner (mode 757)" },
    { FOLDER_OTHERS, "in may be written by others than its owner (mode 777)" },
    { FOLDER_STICKY, NULL },
    { LINK, NULL },
    { LINK_BAD, "in may be written by others than its owner (mode 777)" },
    { FOREIGN, "belongs to user 65534" },
};

static void bend(enum bend how, const char *in, char *path, size_t bytes)
{
    char link[160];
    (void)snprintf(link, sizeof link, "%s/link.sh", folder);
    if (how == FILE_GROUP || how == FILE_OTHERS)
        ck_assert_int_eq(chmod(path, how == FILE_GROUP ? 0775 : 0757), 0);
    if (how == FOLDER_OTHERS || how == LINK_BAD || how == FOLDER_STICKY)
        ck_assert_int_eq(chmod(in, how == FOLDER_STICKY ? 01777 : 0777), 0);
    if (how == FOREIGN)
        ck_assert_int_eq(chown(path, 65534, 65534), 0);
    if (how == LINK || how == LINK_BAD) {
        ck_assert_int_eq(symlink("in/program.sh", link), 0);
        (void)snprintf(path, bytes, "%s", link);
    }
}

START_TEST(a_program_is_run_only_from_where_nobody_else_could_have_put_it)
{
    char in[96], path[160];
    struct evac_err err = { EVAC_OK, "" };
    if (places[_i].bend == FOREIGN && !is_root())
        return;
    (void)snprintf(in, sizeof in, "%s/in", folder);
    ck_assert_int_eq(mkdir(in, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/program.sh", in);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs("#!/bin/sh\necho ran\n", f), 0);
    fclose(f);
    ck_assert_int_eq(chmod(path, 0755), 0);
    bend(places[_i].bend, in, path, sizeof path);
    const char *const argv[] = { path, NULL };
    enum evac_code code = start(argv, 5000, false, &err);
    if (places[_i].says) {
        ck_assert_int_eq(code, EVAC_E_REFUSED);
        ck_assert_msg(strstr(err.text, places[_i].says) != NULL, "%s", err.text);
        return;
    }
    ck_assert_msg(code == EVAC_OK, "%s", err.text);
    loop_until(&loop, &ran.count, 1);
    ck_assert_str_eq(ran.output, test_is_traced() ? "" : "ran\n");
}
END_TEST

START_TEST(a_name_without_its_place_is_no_program)
{
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_int_eq(evac_program_check("sh", &err), EVAC_E_BADARG);
    ck_assert_int_eq(evac_program_check("./sh", &err), EVAC_E_BADARG);
    ck_assert_int_eq(evac_program_check("", &err), EVAC_E_BADARG);
}
END_TEST

static void add_walls(Suite *suite)
{
    TCase *tc = tcase_create("walls");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, it_is_nobody_and_in_no_group_of_ours);
    tcase_add_test(tc, it_can_gain_no_privileges_and_is_filtered);
    tcase_add_test(tc, it_has_three_descriptors_and_stands_in_the_root);
    tcase_add_test(tc, a_signal_that_we_ignore_is_not_ignored_by_it);
    tcase_add_test(tc, memory_has_an_end);
    tcase_add_test(tc, descriptors_have_an_end);
    tcase_add_test(tc, a_file_has_an_end);
    tcase_add_test(tc, processor_time_has_an_end);
    tcase_add_test(tc, processes_have_an_end_and_none_is_left);
    tcase_add_test(tc, what_escapes_are_made_of_is_refused_by_name);
    tcase_add_test(tc, ordinary_programs_go_on_working);
    tcase_add_test(tc, what_it_leaves_behind_is_killed_however_it_hid);
    tcase_add_test(tc, at_its_deadline_it_is_killed_whatever_it_catches);
    tcase_add_test(tc, it_does_not_outlive_the_controller);
    tcase_add_test(
        tc, as_the_controller_s_own_user_it_does_not_see_the_journal_nor_what_continues_its_name);
    tcase_add_test(tc, what_a_link_in_the_hidden_path_leads_to_is_hidden);
    tcase_add_test(tc, without_walls_nothing_is_run);
    tcase_add_test(tc, what_gives_the_controller_its_credentials_is_the_controller);
    suite_add_tcase(suite, tc);
}

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("jail");
    if (!test_is_traced())
        add_walls(suite);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, a_program_is_run_only_from_where_nobody_else_could_have_put_it, 0,
                        sizeof places / sizeof places[0]);
    tcase_add_test(tc, a_name_without_its_place_is_no_program);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("jail", cases)
