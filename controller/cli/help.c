/* What `evac --help` and `evac COMMAND --help` say, from the tables. */
#include "options.h"

#include <string.h>

#define WIDTH 100u

/* Words, broken before column WIDTH; further lines begin at column indent. */
static void put_words(FILE *to, const char *words, unsigned indent)
{
    unsigned column = indent;
    struct evac_str rest = evac_str(words);
    while (rest.n) {
        struct evac_str word = evac_str_cut(rest, ' ', &rest);
        if (column > indent && column + 1 + word.n > WIDTH) {
            fprintf(to, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', to);
            column++;
        }
        fprintf(to, "%.*s", EVAC_STR_ARG(word));
        column += (unsigned)word.n;
    }
    fputc('\n', to);
}

/* The left column; what is wider stands on a line of its own. */
static void put_left(FILE *to, const char *left, unsigned cells)
{
    if (strlen(left) > cells)
        fprintf(to, "  %s\n%*s", left, (int)cells + 3, "");
    else
        fprintf(to, "  %-*s ", (int)cells, left);
}

static void put_option(FILE *to, const struct evac_option *option)
{
    char left[128];
    snprintf(left, sizeof left, "--%s%s%s", option->name, option->value ? " " : "",
             option->value ? option->value : "");
    put_left(to, left, 22);
    put_words(to, option->help, 25);
}

static const char first_page[] =
    "evac: move an application out of a failing region, prove what it cost, rehearse it\n"
    "\n"
    "At 3 a.m.:\n"
    "  evac status               what is wrong, and what evac thinks of it\n"
    "  evac why APP              from each probe's answer to the decision, with the numbers\n"
    "  evac decide APP           how long it has been, and whether to start a failover now\n"
    "  evac failover APP         shows what it will do and what it will cost, asks, does it, "
    "shows it\n"
    "  evac approve              say yes to what evac proposed\n"
    "  evac watch                follow the run that is going on\n";

static const char last_page[] =
    "\n"
    "'evac COMMAND --help' lists a command's options.\n"
    "\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused (nothing was changed), 4 no controller "
    "answers;\n"
    "lint: 5 errors, 6 warnings (only with --strict); evidence verify: 3 something is missing, 4 "
    "altered,\n"
    "5 a wrong signature or key, 6 nobody vouches for the key\n"
    "NO_COLOR is honoured.\n";

static void help_all(FILE *to)
{
    const char *group = "";
    fputs(first_page, to);
    for (const struct evac_cli_command *c = evac_cli_commands; c->name; c++) {
        if (!c->group)
            continue;
        if (strcmp(group, c->group) != 0)
            fprintf(to, "\n%s:\n", c->group);
        group = c->group;
        char left[64];
        snprintf(left, sizeof left, "%s %s", c->name, c->args);
        put_left(to, left, 32);
        put_words(to, c->help, 35);
    }
    fputs(last_page, to);
}

/* Those of this command, or those of all. */
static void put_options(FILE *to, const struct evac_cli_command *command, bool common)
{
    bool any = false;
    for (const struct evac_option *o = evac_cli_options; o->name; o++) {
        if (!evac_cli_takes(command, o->name) || evac_cli_is_common(o->name) != common)
            continue;
        if (!any)
            fputs(common ? "\nOptions of every command:\n" : "\nOptions:\n", to);
        any = true;
        put_option(to, o);
    }
}

static void help_one(FILE *to, const struct evac_cli_command *command)
{
    fprintf(to, "evac %s%s%s%s\n\n", command->name, command->args[0] ? " " : "", command->args,
            command->options[0] ? " [OPTION...]" : "");
    put_words(to, command->help, 0);
    put_options(to, command, false);
    put_options(to, command, true);
}

enum evac_exit evac_cmd_help(struct evac_cli *cli)
{
    const struct evac_cli_command *command = cli->argc ? evac_cli_command(cli->argv[0]) : NULL;
    if (cli->argc && !command)
        return evac_cli_fail(EVAC_EXIT_USAGE, "there is no command '%s'; 'evac help' lists them",
                             cli->argv[0]);
    evac_cli_help(stdout, command);
    return EVAC_EXIT_DONE;
}

void evac_cli_help(FILE *to, const struct evac_cli_command *command)
{
    if (command)
        help_one(to, command);
    else
        help_all(to);
}
