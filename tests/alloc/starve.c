/*
 * Memory runs out while something is read: the n-th allocation fails, once or from then on, in what
 * the fuzzing harnesses call, over their corpus. The product's own allocations (by the linker's
 * --wrap), and those of cJSON, expat, SQLite and OpenSSL (by their hooks) are counted alike.
 *
 * Each try is a process of its own. It may end in three ways:
 *   - as if nothing had been: the library found another way, or it was refused with words;
 *   - stopped: abort() straight from the allocation that failed. That is the house's choice for
 * what is small (tests/README.md says why, and what makes it safe);
 *   - anything else is a defect: a signal, a sanitizer's report, a property of the harness that
 * does not hold, an abort() that some other allocation's success lies before.
 *
 *   starve CORPUS [WHAT...]    EVAC_TORTURE=all: every n of every input, and leaks
 */
#include "evac/buf.h"
#include "evac/str.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define INPUTS_MAX 4096u
#define INPUT_MAX  (1u << 20)
#define STOPPED    77 /* exit codes of a try */
#define BROKEN     78

/* The linker names them. */
void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *p, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *p, size_t bytes);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
_Noreturn void __wrap_abort(void);
_Noreturn void starve_harness_abort(void);
extern void __lsan_do_leak_check(void) __attribute__((weak));
extern void __sanitizer_print_stack_trace(void) __attribute__((weak));

/* --- allocations --- */

static unsigned long counted, fail_at; /* 0: none fails */
static bool for_ever, armed;
static bool failed; /* one did */

static bool fails(void)
{
    if (!armed)
        return false;
    counted++;
    bool bad = fail_at && (counted == fail_at || (for_ever && counted > fail_at));
    failed |= bad;
    return bad;
}

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *p, size_t bytes)
{
    return fails() ? NULL : __real_realloc(p, bytes);
}

char *__wrap_strndup(const char *s, size_t n)
{
    size_t length = strnlen(s, n);
    char *copy = fails() ? NULL : __real_malloc(length + 1);
    if (!copy)
        return NULL;
    memcpy(copy, s, length);
    copy[length] = '\0';
    return copy;
}

char *__wrap_strdup(const char *s)
{
    return __wrap_strndup(s, strlen(s));
}

static void *sqlite_malloc(int bytes)
{
    size_t *p = fails() ? NULL : __real_malloc((size_t)bytes + sizeof(size_t) * 2);
    if (!p)
        return NULL;
    *p = (size_t)bytes;
    return p + 2;
}

static void sqlite_free(void *p)
{
    if (p)
        free((size_t *)p - 2);
}

static void *sqlite_realloc(void *p, int bytes)
{
    size_t *q =
        fails() ? NULL : __real_realloc((size_t *)p - 2, (size_t)bytes + sizeof(size_t) * 2);
    if (!q)
        return NULL;
    *q = (size_t)bytes;
    return q + 2;
}

static int sqlite_size(void *p)
{
    return p ? (int)*((size_t *)p - 2) : 0;
}

static int sqlite_round(int bytes)
{
    return (bytes + 7) & ~7;
}

static int sqlite_init(void *ctx)
{
    (void)ctx;
    return SQLITE_OK;
}

static void sqlite_shutdown(void *ctx)
{
    (void)ctx;
}

static void *openssl_malloc(size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails() ? NULL : __real_malloc(bytes);
}

static void *openssl_realloc(void *p, size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return fails() ? NULL : __real_realloc(p, bytes);
}

static void openssl_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

static void take_hooks(void)
{
    static sqlite3_mem_methods sqlite = { sqlite_malloc, sqlite_free, sqlite_realloc,  sqlite_size,
                                          sqlite_round,  sqlite_init, sqlite_shutdown, NULL };
    cJSON_Hooks json = { __wrap_malloc, free };
    cJSON_InitHooks(&json);
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &sqlite) != SQLITE_OK ||
        !CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free)) {
        fputs("starve: a library has no hook for memory any more\n", stderr);
        exit(1);
    }
}

/* --- how a try ends --- */

_Noreturn static void end(int code, const char *why)
{
    if (why)
        fprintf(stderr, "starve: %s\n", why);
    if (why && __sanitizer_print_stack_trace)
        __sanitizer_print_stack_trace();
    _exit(code);
}

_Noreturn void __wrap_abort(void)
{
    armed = false;
    end(failed ? STOPPED : BROKEN, failed ? NULL : "abort(), and not for want of memory");
}

/* A property of the harness, as that what was read can be written and read again: that needs memory
 * as well. */
_Noreturn void starve_harness_abort(void)
{
    armed = false;
    end(failed ? 0 : BROKEN, failed ? NULL : "a property of the harness does not hold");
}

/* --- what is tried --- */

typedef int harness_fn(const uint8_t *data, size_t size);

#define HARNESS(what) harness_fn starve_##what;
#include "harnesses.inc"
#undef HARNESS

static const struct {
    const char *what;
    harness_fn *fn;
} harnesses[] = {
#define HARNESS(what) { #what, starve_##what },
#include "harnesses.inc"
#undef HARNESS
};
#define HARNESSES (sizeof harnesses / sizeof harnesses[0])

struct input {
    uint8_t *p;
    size_t n;
    char name[300];
};

struct count {
    unsigned long tries, stopped, broken;
};

static bool everything(void)
{
    const char *want = getenv("EVAC_TORTURE");
    return want && strcmp(want, "all") == 0;
}

static void run(harness_fn *fn, const struct input *in, unsigned long at, bool ever)
{
    (void)fn(in->p, in->n); /* what is made once, is: as in a controller that has been running */
    counted = 0;
    fail_at = at;
    for_ever = ever;
    armed = true;
    (void)fn(in->p, in->n);
    armed = false;
}

_Noreturn static void child(harness_fn *fn, const struct input *in, unsigned long at, bool ever)
{
    alarm(20); /* a try that hangs is a defect, too */
    run(fn, in, at, ever);
    if (everything() && __lsan_do_leak_check)
        __lsan_do_leak_check();
    _exit(0);
}

static void try_one(size_t h, const struct input *in, unsigned long at, bool ever, struct count *c)
{
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        child(harnesses[h].fn, in, at, ever);
    waitpid(pid, &status, 0);
    c->tries++;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    if (WIFEXITED(status) && WEXITSTATUS(status) == STOPPED) {
        c->stopped++;
        return;
    }
    c->broken++;
    printf("BROKEN %s %s: allocation %lu %s: %s %d\n", harnesses[h].what, in->name, at,
           ever ? "and all after it" : "once", WIFSIGNALED(status) ? "signal" : "exit",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* How many allocations it takes: asked of a process of its own, as a try is. */
static unsigned long needed(size_t h, const struct input *in)
{
    int fds[2];
    unsigned long n = 0;
    fflush(NULL);
    if (pipe(fds) != 0)
        return 0;
    pid_t pid = fork();
    if (pid == 0) {
        run(harnesses[h].fn, in, 0, false);
        _exit(write(fds[1], &counted, sizeof counted) == sizeof counted ? 0 : 1);
    }
    close(fds[1]);
    if (read(fds[0], &n, sizeof n) != sizeof n)
        n = 0;
    close(fds[0]);
    waitpid(pid, NULL, 0);
    return n;
}

/* --- inputs --- */

static bool load(const char *folder, const char *name, struct input *ret)
{
    char path[900];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    uint8_t *bytes = __real_malloc(INPUT_MAX);
    size_t n = bytes ? fread(bytes, 1, INPUT_MAX, f) : 0;
    fclose(f);
    *ret = (struct input){ __real_realloc(bytes, n ? n : 1), n, "" };
    snprintf(ret->name, sizeof ret->name, "%s", name);
    return ret->p != NULL;
}

static int by_size(const void *a, const void *b)
{
    const struct input *x = a, *y = b;
    return x->n != y->n ? (x->n > y->n ? -1 : 1) : strcmp(x->name, y->name);
}

static size_t load_all(const char *corpus, const char *what, struct input *inputs)
{
    char folder[500];
    size_t count = 0;
    snprintf(folder, sizeof folder, "%s/%s", corpus, what);
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && count < INPUTS_MAX && (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.' && load(folder, e->d_name, &inputs[count]))
            count++;
    if (dir)
        closedir(dir);
    qsort(inputs, count, sizeof *inputs, by_size); /* the largest reach deepest */
    return count;
}

/* --- all of it --- */

#define INPUTS 3u /* of a harness, without EVAC_TORTURE=all */
#define POINTS 4u /* of an input */

static void starve(size_t h, const struct input *in, struct count *c)
{
    unsigned long n = needed(h, in), step = n > POINTS && !everything() ? n / POINTS : 1;
    for (unsigned long at = 1; at <= n; at += step) {
        try_one(h, in, at, false, c);
        try_one(h, in, at, true, c);
    }
}

/* What grows beyond a MiB is refused, and what it held is still there; what is small stops it. */
static void grow(struct count *c, size_t to, int expected)
{
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        static const char bytes[1000] = "kept";
        struct evac_buf buf;
        evac_buf_init(&buf, 64u << 20);
        while (buf.n < to)
            evac_buf_put(&buf, bytes, sizeof bytes);
        size_t n = buf.n;
        counted = 0;
        fail_at = 1;
        armed = true;
        while (!buf.failed && buf.n < 4 * to + 1000)
            evac_buf_put(&buf, bytes, sizeof bytes);
        armed = false;
        _exit(buf.failed && buf.n >= n && memcmp(buf.p, "kept", 4) == 0 ? 0 : BROKEN);
    }
    waitpid(pid, &status, 0);
    c->tries++;
    c->stopped += expected == STOPPED;
    if (WIFEXITED(status) && WEXITSTATUS(status) == expected)
        return;
    c->broken++;
    printf("BROKEN a buffer of %zu bytes: status %d\n", to, status);
}

static bool is_wanted(const char *what, int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], what) == 0)
            return true;
    return argc <= 2;
}

int main(int argc, char **argv)
{
    static struct input inputs[INPUTS_MAX];
    struct count all = { 0, 0, 0 };
    take_hooks();
    grow(&all, 2u << 20, 0);
    grow(&all, 2000, STOPPED);
    for (size_t h = 0; argc > 1 && h < HARNESSES; h++) {
        struct count c = { 0, 0, 0 };
        size_t n = is_wanted(harnesses[h].what, argc, argv)
                       ? load_all(argv[1], harnesses[h].what, inputs)
                       : 0;
        for (size_t i = 0; i < n; i++) {
            if (i < INPUTS || everything())
                starve(h, &inputs[i], &c);
            free(inputs[i].p);
        }
        if (c.tries)
            printf(
                "%-10s %6lu allocations failed: %lu went on or refused, %lu stopped, %lu broken\n",
                harnesses[h].what, c.tries, c.tries - c.stopped - c.broken, c.stopped, c.broken);
        all.tries += c.tries;
        all.stopped += c.stopped;
        all.broken += c.broken;
    }
    printf("%lu tries, %lu stopped, %lu broken\n", all.tries, all.stopped, all.broken);
    return all.broken || all.tries == 0;
}
