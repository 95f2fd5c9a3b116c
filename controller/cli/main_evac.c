/* evac: the command that an on-call engineer types at 3 a.m. */
#include "alone.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool wants_colour(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") && (!term || strcmp(term, "dumb") != 0);
}

int main(int argc, char **argv)
{
    const char *socket = getenv("EVAC_SOCKET");
    const struct evac_cli_command *command;
    bool help;
    struct evac_cli cli = { .socket = socket && socket[0] ? socket : "/run/evac/evac.sock",
                            .seed = 1 };
    signal(SIGPIPE, SIG_IGN);
    enum evac_exit code = evac_cli_parse(&cli, argc, argv, &command, &help);
    if (code != EVAC_EXIT_DONE)
        return (int)code;
    if (help || !command) {
        evac_cli_help(help ? stdout : stderr, command);
        return help ? EVAC_EXIT_DONE : EVAC_EXIT_USAGE;
    }
    cli.color = wants_colour();
    if (cli.standalone && (code = evac_alone_take(&cli, command)) != EVAC_EXIT_DONE)
        return (int)code;
    cli.client = evac_client_new(cli.socket);
    if (cli.standalone)
        code = evac_alone_learn(&cli, command);
    if (code == EVAC_EXIT_DONE)
        code = command->fn(&cli);
    evac_client_free(cli.client);
    return (int)code;
}
