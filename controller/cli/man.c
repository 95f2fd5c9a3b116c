/* evac(1), from the tables, in mdoc. contrib/man/evac.1 is what this prints; tests/man.sh compares.
 */
#include "options.h"

#include <string.h>

/* Text of a line of its own: what mdoc would read as more than letters is escaped. */
static void put_text(const char *text)
{
    if (text[0] == '.' || text[0] == '\'')
        fputs("\\&", stdout);
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '.' && text[1] == ' ')
            fputs(".\n", stdout), text++;
        else
            putchar(*text);
    }
    putchar('\n');
}

static void put_command(const struct evac_cli_command *command)
{
    printf(".It Cm %s", command->name);
    if (command->args[0])
        printf(" Ar \"%s\"", command->args);
    putchar('\n');
    put_text(command->help);
    struct evac_str rest = evac_str(command->options);
    if (rest.n)
        puts(".Pp\nOptions:");
    while (rest.n) {
        struct evac_str name = evac_str_cut(rest, ' ', &rest);
        printf(".Fl \\-%.*s%s\n", EVAC_STR_ARG(name), rest.n ? " ," : " .");
    }
}

static void put_commands(void)
{
    const char *group = "";
    for (const struct evac_cli_command *c = evac_cli_commands; c->name; c++) {
        if (!c->group)
            continue;
        if (strcmp(group, c->group) != 0)
            printf("%s.Ss %s\n.Bl -tag -width Ds\n", group[0] ? ".El\n" : "", c->group);
        group = c->group;
        put_command(c);
    }
    puts(".El");
}

static void put_options(void)
{
    puts(".Bl -tag -width Ds");
    for (const struct evac_option *o = evac_cli_options; o->name; o++) {
        printf(".It Fl \\-%s", o->name);
        if (o->value)
            printf(" Ar \"%s\"", o->value);
        putchar('\n');
        put_text(o->help);
    }
    puts(".El");
}

static const char head[] =
    ".\\\" Printed by 'evac __man' from the tables of commands and options.\n"
    ".Dd November 28, 2026\n"
    ".Dt EVAC 1\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm evac\n"
    ".Nd move an application out of a failing region\n"
    ".Sh SYNOPSIS\n"
    ".Nm\n"
    ".Ar command\n"
    ".Op Ar argument ...\n"
    ".Op Fl \\-option Ar value ...\n"
    ".Sh DESCRIPTION\n"
    ".Nm\n"
    "talks to the controller,\n"
    ".Xr evacd 8 ,\n"
    "that watches applications in several regions, moves them out of a failing one, and records "
    "what that took and cost.\n"
    "At 3 a.m., in this order:\n"
    ".Cm status ,\n"
    ".Cm why ,\n"
    ".Cm decide ,\n"
    ".Cm failover\n"
    "(or\n"
    ".Cm approve ,\n"
    "when it has proposed one),\n"
    ".Cm watch .\n"
    ".Sh COMMANDS\n"
    "Capitals stand for names; square brackets enclose what may be left out.\n";

static const char tail[] = ".Sh ENVIRONMENT\n"
                           ".Bl -tag -width Ds\n"
                           ".It Ev EVAC_SOCKET\n"
                           "The controller's socket.\n"
                           ".It Ev EVAC_SERVER , EVAC_CA , EVAC_CERT , EVAC_CERT_KEY\n"
                           "As the options of these names.\n"
                           ".It Ev EVAC_TOKEN , EVAC_TOKEN_FILE\n"
                           "With a server: the token, or the file that holds it.\n"
                           ".It Ev NO_COLOR\n"
                           "Nothing is coloured.\n"
                           ".It Ev TERM\n"
                           "On a\n"
                           ".Li dumb\n"
                           "terminal nothing is drawn in place.\n"
                           ".El\n"
                           ".Sh FILES\n"
                           ".Bl -tag -width Ds\n"
                           ".It Pa /run/evac/evac.sock\n"
                           "The controller's socket, unless told otherwise.\n"
                           ".It Pa ~/.config/evac/cli.cfg\n"
                           "server, token_file, ca, cert and cert_key, unless told otherwise.\n"
                           ".It Pa /etc/evac\n"
                           "The configuration.\n"
                           ".El\n"
                           ".Sh EXIT STATUS\n"
                           ".Bl -tag -width Ds\n"
                           ".It 0\n"
                           "Done.\n"
                           ".It 1\n"
                           "It was tried and failed.\n"
                           ".It 2\n"
                           "Wrong usage.\n"
                           ".It 3\n"
                           "Refused: nothing was changed.\n"
                           "Of\n"
                           ".Cm evidence verify :\n"
                           "something is missing.\n"
                           ".It 4\n"
                           "No controller answers.\n"
                           "Of\n"
                           ".Cm evidence verify :\n"
                           "something was altered.\n"
                           ".It 5\n"
                           "Of\n"
                           ".Cm lint :\n"
                           "errors.\n"
                           "Of\n"
                           ".Cm evidence verify :\n"
                           "a wrong signature or key.\n"
                           ".It 6\n"
                           "Of\n"
                           ".Cm lint Fl \\-strict :\n"
                           "warnings.\n"
                           "Of\n"
                           ".Cm evidence verify :\n"
                           "nobody vouches for the key.\n"
                           ".El\n"
                           ".Sh SEE ALSO\n"
                           ".Xr evac-sandbox 1 ,\n"
                           ".Xr evac.cfg 5 ,\n"
                           ".Xr evacd 8\n";

enum evac_exit evac_cmd_man(struct evac_cli *cli)
{
    (void)cli;
    fputs(head, stdout);
    put_commands();
    puts(".Sh OPTIONS\nOptions may stand anywhere; each command takes those that are listed with "
         "it.");
    put_options();
    fputs(tail, stdout);
    return EVAC_EXIT_DONE;
}
