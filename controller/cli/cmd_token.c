/* evac token: API tokens are made, listed and revoked. */
#include "cli.h"

#include "jw.h"

#include <stdlib.h>
#include <string.h>

/* "a,b" as a JSON array. */
static void put_list(struct evac_jw *w, const char *key, const char *list)
{
    struct evac_str rest = evac_str(list);
    if (!list)
        return;
    evac_jw_open(w, key, '[');
    while (rest.n)
        evac_jw_str(w, NULL, evac_str_trim(evac_str_cut(rest, ',', &rest)));
    evac_jw_close(w, ']');
}

static void put_wish(const struct evac_cli *cli, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "name", cli->argv[1]);
    put_list(&w, "roles", cli->role);
    put_list(&w, "apps", cli->apps);
    if (cli->duration)
        evac_jw_raw(&w, "ttl_ms", evac_str(cli->duration));
    if (cli->about)
        evac_jw_cstr(&w, "about", cli->about);
    evac_jw_close(&w, '}');
}

/* The token alone on standard output, so that a script can take it; the rest beside it. */
static void print_made(const cJSON *made)
{
    char until[32];
    evac_cli_day(evac_json_number(made, "ends_ms", 0), until, sizeof until);
    fprintf(stderr,
            "Shown this once; only a digest is kept. It is good until %s.\n"
            "Use it: EVAC_SERVER=https://... EVAC_TOKEN_FILE=FILE evac status\n"
            "End it: evac token revoke %s\n",
            until, evac_json_cstr(made, "name"));
    puts(evac_json_cstr(made, "token"));
}

static enum evac_exit create(struct evac_cli *cli)
{
    struct evac_buf body;
    struct evac_err err = { EVAC_OK, "" };
    cJSON *made = NULL;
    if (cli->argc != 2 || !cli->role)
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "evac token create NAME --role viewer|operator|approver|admin[,...] "
                             "[--apps APP,...] [--for 30d] [--about TEXT]");
    evac_buf_init(&body, 65536);
    put_wish(cli, &body);
    enum evac_exit code;
    if (cli->json) {
        code = evac_cli_pass(cli, "/v1/tokens", body.p);
    } else {
        code = evac_client_json(cli->client, "/v1/tokens", body.p, &made, &err);
        if (code)
            (void)evac_cli_fail(code, "%s", err.text);
        else
            print_made(made);
    }
    cJSON_Delete(made);
    evac_buf_done(&body);
    return code;
}

static void print_words(const cJSON *list, const char *none)
{
    const cJSON *item;
    const char *before = "";
    if (cJSON_GetArraySize(list) == 0)
        fputs(none, stdout);
    cJSON_ArrayForEach(item, list)
    {
        printf("%s%s", before, cJSON_IsString(item) ? item->valuestring : "");
        before = ", ";
    }
}

static void print_token(struct evac_cli *cli, const cJSON *t)
{
    char until[32], used[32] = "never used";
    const char *state = evac_json_cstr(t, "state");
    bool live = strcmp(state, "live") == 0;
    double last = evac_json_number(t, "used_ms", 0);
    evac_cli_day(evac_json_number(t, "ends_ms", 0), until, sizeof until);
    if (last > 0) {
        char day[16];
        evac_cli_day(last, day, sizeof day);
        snprintf(used, sizeof used, "used %s", day);
    }
    printf("%s%-8s%s %s%-20s%s %s until %s, %s\n         ",
           evac_style(cli, live ? EVAC_GOOD : EVAC_DIM), state, evac_style(cli, EVAC_PLAIN),
           evac_style(cli, EVAC_BOLD), evac_json_cstr(t, "name"), evac_style(cli, EVAC_PLAIN),
           evac_json_cstr(t, "id"), until, used);
    print_words(cJSON_GetObjectItemCaseSensitive(t, "roles"), "nothing");
    printf(" of ");
    print_words(cJSON_GetObjectItemCaseSensitive(t, "apps"), "all apps");
    printf("; %s answers for it%s%s\n", evac_json_cstr(t, "owner"),
           evac_json_cstr(t, "about")[0] ? ": " : "", evac_json_cstr(t, "about"));
}

static enum evac_exit list(struct evac_cli *cli)
{
    struct evac_err err = { EVAC_OK, "" };
    const cJSON *item;
    cJSON *json = NULL;
    if (cli->json)
        return evac_cli_pass(cli, "/v1/tokens", NULL);
    enum evac_exit code = evac_client_json(cli->client, "/v1/tokens", NULL, &json, &err);
    if (code)
        return evac_cli_fail(code, "%s", err.text);
    size_t shown = 0;
    const cJSON *tokens = cJSON_GetObjectItemCaseSensitive(json, "tokens");
    cJSON_ArrayForEach(item, tokens)
    {
        if (!cli->all && strcmp(evac_json_cstr(item, "state"), "live") != 0)
            continue;
        print_token(cli, item);
        shown++;
    }
    if (!shown)
        printf("There is none%s. 'evac token create NAME --role ROLE' makes one.\n",
               cJSON_GetArraySize(tokens) ? " that is live (--all shows those that were)" : "");
    cJSON_Delete(json);
    return EVAC_EXIT_DONE;
}

static enum evac_exit end(struct evac_cli *cli)
{
    char path[256];
    struct evac_buf body, id;
    struct evac_err err = { EVAC_OK, "" };
    cJSON *json = NULL;
    if (cli->argc != 2)
        return evac_cli_fail(EVAC_EXIT_USAGE, "evac token revoke ID|NAME [--reason TEXT]");
    evac_buf_init(&body, 65536);
    evac_buf_init(&id, 200);
    evac_buf_uri(&id, evac_str(cli->argv[1]), false);
    snprintf(path, sizeof path, "/v1/tokens/%s/revoke", id.n && !id.failed ? id.p : "-");
    const char *text = evac_cli_body(&body, "reason", cli->reason, NULL);
    enum evac_exit code = cli->json ? evac_cli_pass(cli, path, text)
                                    : evac_client_json(cli->client, path, text, &json, &err);
    if (code && !cli->json)
        (void)evac_cli_fail(code, "%s", err.text);
    else if (!cli->json)
        printf("revoked %s (%s): it is good for nothing from now on\n",
               evac_json_cstr(json, "name"), evac_json_cstr(json, "id"));
    cJSON_Delete(json);
    evac_buf_done(&id);
    evac_buf_done(&body);
    return code;
}

enum evac_exit evac_cmd_token(struct evac_cli *cli)
{
    const char *word = cli->argc ? cli->argv[0] : "list";
    if (strcmp(word, "create") == 0)
        return create(cli);
    if (strcmp(word, "revoke") == 0)
        return end(cli);
    if (strcmp(word, "list") == 0 && cli->argc <= 1)
        return list(cli);
    return evac_cli_fail(EVAC_EXIT_USAGE, "evac token create NAME | list | revoke ID|NAME");
}
