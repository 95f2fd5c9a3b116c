/* A command line, a word a line, and what its words are read into. */
#include "fuzz.h"
#include "options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORDS_MAX 40

/* What usage errors print is for nobody here. */
static void be_quiet(void)
{
    static bool quiet;
    if (!quiet && freopen("/dev/null", "w", stdout))
        quiet = true;
    if (quiet && !getenv("EVAC_VERBOSE"))
        (void)dup2(fileno(stdout), 2);
}

static size_t split(const uint8_t *data, size_t size, char *copy, char **words)
{
    size_t n = 1;
    words[0] = copy;
    memcpy(copy, "evac", 5);
    char *at = copy + 5;
    memcpy(at, data, size);
    at[size] = '\0';
    for (char *next; n < WORDS_MAX - 1 && at < copy + 5 + size; at = next) {
        next = strchr(at, '\n');
        words[n++] = at;
        if (!next)
            break;
        *next++ = '\0';
    }
    words[n] = NULL;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int errors = -1;
    char *words[WORDS_MAX + 1];
    char *copy = malloc(size + 6);
    const struct evac_cli_command *command = NULL;
    struct evac_cli cli = { .socket = "/nowhere", .seed = 1 };
    bool help = false;
    MUST(copy);
    if (errors < 0)
        errors = dup(2);
    be_quiet();
    size_t n = split(data, size, copy, words);
    enum evac_exit code = evac_cli_parse(&cli, (int)n, words, &command, &help);
    (void)fflush(stdout);
    (void)dup2(errors, 2); /* a sanitizer's words are for somebody */
    MUST(code == EVAC_EXIT_DONE || code == EVAC_EXIT_USAGE);
    if (code == EVAC_EXIT_DONE && command) {
        MUST(cli.argc >= 0 && (size_t)cli.argc < n && evac_cli_command(command->name) == command);
        MUST(cli.fault_count <= sizeof cli.faults / sizeof cli.faults[0]);
        MUST(cli.port >= 0 && cli.port <= 65535 && cli.limit >= 0);
        for (int i = 0; i < cli.argc; i++)
            MUST(cli.argv[i]);
    }
    free(copy);
    return 0;
}
