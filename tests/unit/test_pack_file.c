/* A driver's file is loaded only from where root alone can have put it: every way to be refused,
 * and that what passes the place is looked at before anything of it is used. What is inside of such
 * files: tests/contrib/test_driver.py. */
#include "pack_file.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[256];

/* Is the build folder such a place? Elsewhere these tests can not be root's. */
static bool is_roots(const char *path)
{
    char part[256];
    struct stat st;
    for (size_t n = strlen(path); n > 0; n--) {
        if (path[n] && path[n] != '/')
            continue;
        (void)snprintf(part, sizeof part, "%.*s", (int)n, path);
        if (lstat(part, &st) != 0 || st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))
            return false;
    }
    return geteuid() == 0;
}

static void at(char *path, size_t bytes, const char *name)
{
    (void)snprintf(path, bytes, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    char path[320];
    at(path, sizeof path, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

static const char *const names[] = { "good.so", "group.so",  "others.so", "foreign.so", "link.so",
                                     "pipe",    "open/x.so", "away/x.so", "in" };

static void set_up(void)
{
    char path[320], target[320];
    (void)snprintf(folder, sizeof folder, "%s/pack-file-test", EVAC_BINARY_DIR);
    ck_assert(mkdir(folder, 0755) == 0 || errno == EEXIST);
    write_file("good.so", "no program at all", 0644);
    write_file("group.so", "x", 0664);
    write_file("others.so", "x", 0646);
    write_file("foreign.so", "x", 0644);
    at(path, sizeof path, "open");
    ck_assert(mkdir(path, 0755) == 0 || errno == EEXIST);
    write_file("open/x.so", "x", 0644);
    ck_assert_int_eq(chmod(path, 01777), 0); /* sticky or not */
    at(path, sizeof path, "away");
    ck_assert(mkdir(path, 0755) == 0 || errno == EEXIST);
    write_file("away/x.so", "x", 0644);
    at(path, sizeof path, "link.so");
    at(target, sizeof target, "good.so");
    ck_assert(symlink(target, path) == 0 || errno == EEXIST);
    at(path, sizeof path, "in");
    ck_assert(symlink(folder, path) == 0 || errno == EEXIST);
    at(path, sizeof path, "pipe");
    ck_assert(mkfifo(path, 0600) == 0 || errno == EEXIST);
    if (geteuid() == 0) {
        at(path, sizeof path, "foreign.so");
        ck_assert_int_eq(chown(path, 65534, 0), 0);
        at(path, sizeof path, "away");
        ck_assert_int_eq(chown(path, 65534, 0), 0);
    }
}

static void tear_down(void)
{
    char path[320];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        at(path, sizeof path, names[i]);
        (void)unlink(path);
    }
    at(path, sizeof path, "open");
    (void)rmdir(path);
    at(path, sizeof path, "away");
    (void)rmdir(path);
    (void)rmdir(folder);
}

/* name: below the folder, or a path of its own. */
static const struct {
    const char *name;
    enum evac_code code;
    const char *says;
} files[] = {
    { "good.so", EVAC_E_BADDRIVER, "can not be loaded" }, /* its place is good */
    { "group.so", EVAC_E_REFUSED, "group.so may be written by others than its owner (mode 664)" },
    { "others.so", EVAC_E_REFUSED, "others.so may be written by others than its owner (mode 646)" },
    { "foreign.so", EVAC_E_REFUSED, "foreign.so belongs to user 65534" },
    { "open/x.so", EVAC_E_REFUSED, "open may be written by others than its owner (mode 777)" },
    { "away/x.so", EVAC_E_REFUSED, "away belongs to user 65534" },
    { "link.so", EVAC_E_REFUSED, "a symbolic link: give the path that it leads to" },
    { "in/good.so", EVAC_E_REFUSED, "a symbolic link: give the path that it leads to" },
    { "pipe", EVAC_E_REFUSED, "is no regular file" },
    { "open", EVAC_E_REFUSED, "is no regular file" },
    { "missing.so", EVAC_E_IO, "No such file" },
    { "good.so/x", EVAC_E_IO, "Not a directory" },
    { "./good.so", EVAC_E_REFUSED, "have no place in its path" },
    { "../pack-file-test/good.so", EVAC_E_REFUSED, "have no place in its path" },
    { "/good.so", EVAC_E_REFUSED, "have no place in its path" }, /* two slashes */
};

START_TEST(a_file_is_refused_by_what_is_wrong_with_its_place)
{
    char path[400];
    const struct evac_pack *pack = NULL;
    struct evac_err err = { EVAC_OK, "" };
    if (!is_roots(EVAC_BINARY_DIR))
        return;
    at(path, sizeof path, files[_i].name);
    ck_assert_msg(evac_pack_file_load(path, &pack, &err) == files[_i].code, "%s: %s", path,
                  err.text);
    ck_assert_msg(strstr(err.text, files[_i].says) != NULL, "%s: %s", path, err.text);
    ck_assert_ptr_null(pack);
}
END_TEST

static const struct {
    const char *path;
    enum evac_code code;
    const char *says;
} anywhere[] = {
    { "flag.so", EVAC_E_REFUSED, "its path must be absolute" },
    { "", EVAC_E_REFUSED, "its path must be absolute" },
    { "/tmp/flag.so", EVAC_E_REFUSED, "/tmp may be written by others than its owner (mode 777)" },
    { "/dev/shm/flag.so", EVAC_E_REFUSED, "/dev/shm may be written by others" },
    { "/", EVAC_E_REFUSED, "no regular file" },
};

START_TEST(what_anybody_may_write_to_is_no_place)
{
    const struct evac_pack *pack = NULL;
    struct evac_err err = { EVAC_OK, "" };
    ck_assert_msg(evac_pack_file_load(anywhere[_i].path, &pack, &err) != EVAC_OK, "%s",
                  anywhere[_i].path);
    ck_assert_msg(strstr(err.text, anywhere[_i].says) != NULL, "%s: %s", anywhere[_i].path,
                  err.text);
    ck_assert_int_eq(err.code, anywhere[_i].code);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_refused)
{
    char path[600];
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_pack *pack = NULL;
    path[0] = '/';
    memset(path + 1, 'a', 300);
    path[301] = '\0';
    ck_assert_int_eq(evac_pack_file_load(path, &pack, &err), EVAC_E_TOOBIG);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("pack file");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, a_file_is_refused_by_what_is_wrong_with_its_place, 0,
                        sizeof files / sizeof files[0]);
    tcase_add_loop_test(tc, what_anybody_may_write_to_is_no_place, 0,
                        sizeof anywhere / sizeof anywhere[0]);
    tcase_add_test(tc, a_name_that_is_too_long_is_refused);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("pack_file", cases)
