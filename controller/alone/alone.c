#include "alone.h"

#include "alive.h"
#include "child.h"
#include "conf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* cli->socket points here for the rest of the process. */
static struct evac_places places;

static bool is_any(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

/* A controller that does nothing by itself has no policy to be told of, and no service to set up.
 */
static bool is_for_one(const struct evac_cli_command *command)
{
    static const char *const groups[] = {
        "See", "Plan", "Move", "A run that goes on", "Rehearse and prove", NULL
    };
    static const char *const others[] = { "ack", "roles", "stand-down", NULL };
    return command->group && (is_any(command->group, groups) || is_any(command->name, others));
}

static bool begins(const struct evac_cli_command *command)
{
    static const char *const words[] = { "failover", "evacuate", "failback", "fence",
                                         "place",    "drill",    NULL };
    return is_any(command->name, words);
}

static bool answers(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (!evac_str_copy(address.sun_path, sizeof address.sun_path, evac_str(path)))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool taken = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return taken;
}

/* Its own child holds the journal: that is no other controller. */
static enum evac_exit refuse_if_alive(const struct evac_cli *cli, const struct evac_model *model,
                                      bool own, struct evac_alive *alive)
{
    evac_alive_look(model, cli->socket, own ? model->controller.store.p : places.journal, alive);
    if (!alive->found)
        return EVAC_EXIT_DONE;
    return evac_cli_fail(EVAC_EXIT_REFUSED, "nothing was begun: %s", alive->what);
}

/* Where nobody answered, nobody may be: the person is told what that is worth. */
static void tell_seen(const struct evac_cli *cli, const struct evac_alive *alive)
{
    const cJSON *one;
    cJSON *seen = cJSON_ParseWithLength(alive->seen.p, alive->seen.n);
    if (cli->json) {
        cJSON_Delete(seen);
        return;
    }
    fprintf(stderr, "standalone: no controller answers\n");
    cJSON_ArrayForEach(one, seen)
        fprintf(stderr, "  %s: %s\n", evac_json_cstr(one, "where"), evac_json_cstr(one, "found"));
    fprintf(stderr, "  One that is alive and can not be reached from here may still act: if there "
                    "may be one, have it stopped.\n");
    cJSON_Delete(seen);
}

static enum evac_exit begin(struct evac_cli *cli, const char *config,
                            const struct evac_model *model)
{
    struct evac_alive alive;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_exit code = refuse_if_alive(cli, model, false, &alive);
    if (code == EVAC_EXIT_DONE) {
        tell_seen(cli, &alive);
        const struct evac_child child = { &places, config, cli->reason ? cli->reason : "",
                                          evac_buf_str(&alive.seen) };
        if (evac_child_begin(&child, &err))
            code = evac_cli_fail(EVAC_EXIT_FAILED, "no controller of your own: %s (%s says more)",
                                 err.text, places.log);
        else if (!cli->json)
            fprintf(stderr, "standalone: journal %s, log %s\n", places.journal, places.log);
    }
    evac_alive_done(&alive);
    return code;
}

/* One is there already. What goes on is led on; nothing new is begun beside one that is alive. */
static enum evac_exit join(struct evac_cli *cli, const struct evac_cli_command *command,
                           const struct evac_model *model)
{
    struct evac_alive alive;
    if (!begins(command))
        return EVAC_EXIT_DONE;
    enum evac_exit code = refuse_if_alive(cli, model, true, &alive);
    evac_alive_done(&alive);
    return code;
}

static enum evac_exit check_asked(const struct evac_cli *cli,
                                  const struct evac_cli_command *command)
{
    if (!is_for_one(command))
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "'%s' is not for --standalone: what needs no controller runs without, "
                             "and policies are the controller's",
                             command->name);
    if (begins(command) && (!cli->reason || !cli->reason[0]))
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "--standalone %s needs --reason TEXT: it is kept in the journal",
                             command->name);
    return EVAC_EXIT_DONE;
}

static enum evac_exit find(struct evac_cli *cli)
{
    struct evac_err err = { EVAC_OK, "" };
    if (evac_places_find(cli->journal, &places, &err))
        return evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
    return EVAC_EXIT_DONE;
}

enum evac_exit evac_alone_take(struct evac_cli *cli, const struct evac_cli_command *command)
{
    const char *config = cli->config ? cli->config : "/etc/evac";
    struct evac_model *model = NULL;
    enum evac_exit code = check_asked(cli, command);
    if (code == EVAC_EXIT_DONE)
        code = find(cli);
    if (code != EVAC_EXIT_DONE)
        return code;
    bool there = answers(places.socket);
    if (!there && strcmp(command->name, "stand-down") == 0)
        return evac_cli_fail(EVAC_EXIT_REFUSED, "no controller of your own is running");
    code = evac_cli_load(config, &model);
    if (code == EVAC_EXIT_DONE)
        code = there ? join(cli, command, model) : begin(cli, config, model);
    evac_model_free(model);
    cli->socket = places.socket;
    cli->config = NULL; /* "without a controller": there is one now */
    cli->journal = NULL;
    return code;
}
