/* evac: the command that an on-call engineer types at 3 a.m. */
#include "alone.h"
#include "progress.h"
#include "remote.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool wants_colour(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") && (!term || strcmp(term, "dumb") != 0);
}

/* Where the controller is; then what was asked for. */
static enum evac_exit run(struct evac_cli *cli, const struct evac_cli_command *command)
{
    const struct evac_remote_given given = { .server = cli->server,
                                             .token_file = cli->token_file,
                                             .ca = cli->ca,
                                             .cert = cli->cert,
                                             .cert_key = cli->cert_key,
                                             .socket = cli->socket_typed || cli->standalone };
    struct evac_remote remote;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_exit code = EVAC_EXIT_USAGE;
    if (evac_remote_find(&given, &remote, &err)) {
        (void)evac_cli_fail(code, "%s", err.text);
    } else {
        cli->client = evac_client_new(cli->socket);
        evac_client_remote(cli->client, &remote);
        if (cli->json)
            evac_progress_quiet();
        code = cli->standalone ? evac_alone_learn(cli, command) : EVAC_EXIT_DONE;
        if (code == EVAC_EXIT_DONE)
            code = command->fn(cli);
        evac_client_free(cli->client);
    }
    evac_remote_done(&remote);
    return code;
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
    if (cli.socket_typed)
        cli.socket = cli.socket_typed;
    if (cli.standalone && (code = evac_alone_take(&cli, command)) != EVAC_EXIT_DONE)
        return (int)code;
    return (int)run(&cli, command);
}
