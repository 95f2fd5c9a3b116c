/* A secret's pages: what reads on behind it, a child, a core dump and freed memory do not get it.
 */
#include "host_env.h"
#include "suite.h"

#include "evac/secret.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const char text[] = "between you and me";

START_TEST(it_is_given_to_whoever_asks_and_ends_with_a_nul)
{
    for (size_t n = 1; n < 9000; n += 61) {
        char big[9001];
        memset(big, 'x', sizeof big);
        struct evac_secret s = evac_secret_new((struct evac_str){ big, n });
        struct evac_str out = evac_secret_reveal(&s);
        ck_assert_uint_eq(out.n, n);
        ck_assert(out.p[n] == '\0' && memcmp(out.p, big, n) == 0);
        evac_secret_done(&s);
        ck_assert(!evac_secret_is_set(&s));
        evac_secret_done(&s);
    }
    struct evac_secret none = evac_secret_new(EVAC_STR_NONE);
    ck_assert(!evac_secret_is_set(&none));
    evac_secret_done(&none);
}
END_TEST

/* The line of /proc/self/smaps that follows the mapping of p and begins so. */
static void mapping(const char *p, const char *field, char *out, size_t bytes)
{
    char line[512];
    bool here = false;
    FILE *f = fopen("/proc/self/smaps", "re");
    ck_assert_ptr_nonnull(f);
    out[0] = '\0';
    while (fgets(line, sizeof line, f) && !out[0]) {
        unsigned long begin, end;
        if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
            here = begin <= (unsigned long)p && (unsigned long)p < end;
        else if (here && strncmp(line, field, strlen(field)) == 0)
            (void)snprintf(out, bytes, "%s", line);
    }
    fclose(f);
}

START_TEST(its_pages_are_in_no_dump_and_in_no_child)
{
    char flags[512];
    struct evac_secret s = evac_secret_new(evac_str(text));
    mapping(evac_secret_reveal(&s).p, "VmFlags:", flags, sizeof flags);
    ck_assert_msg(strstr(flags, " dd") && strstr(flags, " wf"), "%s", flags);
    evac_secret_done(&s);
}
END_TEST

static int status_of(void (*deed)(const char *p), const char *p)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        (void)signal(SIGBUS, SIG_DFL);
        deed(p);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void is_wiped(const char *p)
{
    for (size_t i = 0; i < sizeof text; i++)
        if (p[i])
            _exit(1);
}

static void read_on(const char *p)
{
    volatile char c = p[sizeof text]; /* one behind its NUL */
    (void)c;
}

START_TEST(a_child_has_zeros_in_its_place)
{
    struct evac_secret s = evac_secret_new(evac_str(text));
    ck_assert_int_eq(status_of(is_wiped, evac_secret_reveal(&s).p), 0);
    ck_assert(evac_str_is(evac_secret_reveal(&s), text));
    evac_secret_done(&s);
}
END_TEST

START_TEST(whoever_reads_on_behind_it_is_stopped)
{
    struct evac_secret s = evac_secret_new(evac_str(text));
    int status = status_of(read_on, evac_secret_reveal(&s).p);
    ck_assert_msg(!WIFEXITED(status) || WEXITSTATUS(status) != 0, "%d", status);
    evac_secret_done(&s);
}
END_TEST

START_TEST(when_it_is_done_its_pages_are_gone)
{
    unsigned char there;
    struct evac_secret s = evac_secret_new(evac_str(text));
    char *page = (char *)((uintptr_t)evac_secret_reveal(&s).p & ~(uintptr_t)4095);
    ck_assert_int_eq(mincore(page, 1, &there), 0);
    evac_secret_done(&s);
    ck_assert_int_ne(mincore(page, 1, &there), 0);
}
END_TEST

/* --- the environment ------------------------------------------------------------------------ */

START_TEST(secrets_leave_the_environment_and_are_still_found)
{
    static char planted[] = "SHOP_DB_PASSWORD=hunter2hunter2";
    ck_assert_int_eq(setenv("EVAC_TEST_SESSION_TOKEN", "abc", 1), 0);
    ck_assert_int_eq(setenv("EVAC_TEST_WEB_IDENTITY_TOKEN_FILE", "/run/token", 1), 0);
    ck_assert_int_eq(setenv("EVAC_TEST_EMPTY_TOKEN", "", 1), 0);
    ck_assert_int_eq(putenv(planted), 0);
    evac_host_env_seal();
    ck_assert_ptr_null(getenv("EVAC_TEST_SESSION_TOKEN"));
    ck_assert_ptr_null(getenv("SHOP_DB_PASSWORD"));
    ck_assert_str_eq(planted, "SHOP_DB_PASSWORD="); /* cleared where it stood */
    ck_assert_str_eq(evac_host_env_get("EVAC_TEST_SESSION_TOKEN"), "abc");
    ck_assert_str_eq(evac_host_env_get("SHOP_DB_PASSWORD"), "hunter2hunter2");
    ck_assert_str_eq(evac_host_env_get("EVAC_TEST_WEB_IDENTITY_TOKEN_FILE"), "/run/token");
    ck_assert_str_eq(getenv("EVAC_TEST_WEB_IDENTITY_TOKEN_FILE"), "/run/token");
    ck_assert_ptr_null(evac_host_env_get("EVAC_TEST_NOTHING"));
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("secret");
    tcase_add_test(tc, it_is_given_to_whoever_asks_and_ends_with_a_nul);
    tcase_add_test(tc, its_pages_are_in_no_dump_and_in_no_child);
    tcase_add_test(tc, a_child_has_zeros_in_its_place);
    tcase_add_test(tc, whoever_reads_on_behind_it_is_stopped);
    tcase_add_test(tc, when_it_is_done_its_pages_are_gone);
    tcase_add_test(tc, secrets_leave_the_environment_and_are_still_found);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("secret", cases)
