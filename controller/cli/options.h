/* The options of `evac`, one row each, and the commands that take them. Usage errors, --help, the
 * shells' completion and the manual page are made from these tables. */
#ifndef EVAC_OPTIONS_H
#define EVAC_OPTIONS_H

#include "cli.h"

struct evac_option {
    const char *name;
    const char *value; /* what is given with it, as help and completion call it; NULL: nothing */
    const char *help;
    size_t at;                                           /* of a bool, or of a const char * */
    bool (*set)(struct evac_cli *cli, const char *text); /* instead; false: not a value of it */
};

struct evac_cli_command {
    const char *group; /* the heading that it stands under */
    const char *name;
    const char *args; /* "APP [failover|failback]": capitals stand for names, the rest is typed */
    const char *help;
    const char *options; /* names, with blanks between; those of all commands are not listed */
    evac_command_fn *fn;
};

/* Both end with a row whose name is NULL. */
extern const struct evac_option evac_cli_options[];
extern const struct evac_cli_command evac_cli_commands[];

const struct evac_option *evac_cli_option(struct evac_str name);
/* NULL: none of that name. */
const struct evac_cli_command *evac_cli_command(const char *name);
/* Every command takes it. */
bool evac_cli_is_common(const char *option);
bool evac_cli_takes(const struct evac_cli_command *command, const char *option);

/*
 * Reads argv into cli: options may stand anywhere, "--name value" or "--name=value", "--" ends
 * them; the first other word is the command, the rest its arguments (cli->argv points into argv,
 * whose order changes). *ret_command stays NULL when
 * --help alone, or nothing, was given; *ret_help: help is asked for. USAGE, and why was printed: an
 * option or a command that is not there, a value that is missing or wrong, an option that the
 * command does not take.
 */
enum evac_exit evac_cli_parse(struct evac_cli *cli, int argc, char **argv,
                              const struct evac_cli_command **ret_command, bool *ret_help);

/* Of all commands (command NULL), or of one. */
void evac_cli_help(FILE *to, const struct evac_cli_command *command);
evac_command_fn evac_cmd_help, evac_cmd_completion, evac_cmd_complete, evac_cmd_man;
#endif
