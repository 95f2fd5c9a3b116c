/* A yes by phone, from both ends: what is read out to the approver, and the approver's own machine,
 * which asks no controller. */
#include "challenge.h"
#include "cli.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LATE_MS 120000 /* by so much the approver's clock may be ahead */

/* --- keygen
 * ----------------------------------------------------------------------------------- */

static enum evac_exit keygen(struct evac_cli *cli)
{
    struct evac_err err = { EVAC_OK, "" };
    if (!cli->out || cli->argc != 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "evac challenge keygen --out FILE");
    if (evac_approver_key_make(cli->out, &err))
        return evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
    if (cli->json) {
        struct evac_buf line;
        evac_buf_init(&line, 8192);
        evac_buf_json(&line, evac_str(cli->out));
        printf("{\"file\":%s}\n", line.p ? line.p : "\"\"");
        evac_buf_done(&line);
        return EVAC_EXIT_DONE;
    }
    printf("%s: whoever reads it can say yes as you. Keep it on your own machine, and give a copy "
           "to the controller\nfor evac.cfg, over something that you trust:\n"
           "  approvers = ( { name = \"...\"; key = \"/etc/evac/approvers/....key\"; } );\n",
           cli->out);
    return EVAC_EXIT_DONE;
}

/* --- spoken
 * ----------------------------------------------------------------------------------- */

/* A group a line: "  K3F9Q   kilo three foxtrot nine quebec". */
static void print_spoken(struct evac_cli *cli, const char *text)
{
    struct evac_str rest = evac_str(text);
    while (rest.n) {
        struct evac_str group = evac_str_cut(rest, '-', &rest);
        printf("    %s%-5.*s%s  ", evac_style(cli, EVAC_BOLD), EVAC_STR_ARG(group),
               evac_style(cli, EVAC_PLAIN));
        for (size_t i = 0; i < group.n; i++)
            printf(" %s", evac_spoken(group.p[i]));
        printf("\n");
    }
}

/* --- the approver's end
 * ----------------------------------------------------------------------- */

/* One fact as it was heard: what was typed on the line, or what is asked for. */
static bool hear(const char *typed, const char *name, char *room, size_t bytes,
                 struct evac_str *ret_fact)
{
    if (!typed && isatty(STDIN_FILENO)) {
        fprintf(stderr, "%s, as you heard it: ", name);
        typed = fgets(room, (int)bytes, stdin);
        room[strcspn(room, "\r\n")] = '\0';
    }
    *ret_fact = evac_str_trim(evac_str(typed));
    if (!ret_fact->n)
        (void)evac_cli_fail(EVAC_EXIT_USAGE,
                            "challenge answer: type what you heard as --app, --from, --to and "
                            "--mode; --%s is missing",
                            name);
    return ret_fact->n > 0;
}

static bool hear_all(struct evac_cli *cli, struct evac_challenge_facts *ret)
{
    static char room[4][256];
    return hear(cli->app, "app", room[0], sizeof room[0], &ret->app) &&
           hear(cli->from, "from", room[1], sizeof room[1], &ret->from) &&
           hear(cli->to, "to", room[2], sizeof room[2], &ret->to) &&
           hear(cli->mode, "mode", room[3], sizeof room[3], &ret->mode);
}

static void print_facts(const struct evac_challenge *c, const struct evac_challenge_facts *f,
                        int64_t left_ms)
{
    char left[32];
    evac_cli_duration((double)(left_ms > 0 ? left_ms : 0), left, sizeof left);
    printf("You say yes to run %lu: %.*s, %.*s -> %.*s, %.*s.\n", (unsigned long)c->run,
           EVAC_STR_ARG(f->app), EVAC_STR_ARG(f->from), EVAC_STR_ARG(f->to), EVAC_STR_ARG(f->mode));
    printf("Data that %s would lose: %s. It is good for %s, once.\n",
           evac_str_is(f->mode, "graceful") ? "an ungraceful move" : "it", evac_loss_words(c->loss),
           left);
}

static void print_answer(struct evac_cli *cli, const struct evac_challenge *c,
                         const struct evac_challenge_facts *f, const char *text, int64_t left_ms)
{
    if (cli->json) {
        printf("{\"run\":%lu,\"loss\":\"%s\",\"ends_ms\":%lld,\"response\":\"%s\"}\n",
               (unsigned long)c->run, evac_loss_words(c->loss), (long long)c->end_min * 60000,
               text);
        return;
    }
    print_facts(c, f, left_ms);
    printf("Read out:  %s%s%s\n", evac_style(cli, EVAC_BOLD), text, evac_style(cli, EVAC_PLAIN));
    print_spoken(cli, text);
}

/* The code may have been typed with blanks. */
static bool join(struct evac_cli *cli, struct evac_buf *out)
{
    evac_buf_init(out, 256);
    for (int i = 1; i < cli->argc; i++) {
        evac_buf_puts(out, cli->argv[i]);
        evac_buf_putc(out, ' ');
    }
    return out->n > 0 && !out->failed;
}

static enum evac_exit sign(struct evac_cli *cli, const struct evac_challenge *c,
                           const struct evac_challenge_facts *facts, int64_t left_ms)
{
    uint8_t key[EVAC_APPROVER_KEY];
    char text[EVAC_RESPONSE_TEXT];
    struct evac_err err = { EVAC_OK, "" };
    if (evac_approver_key_read(cli->key, key, &err))
        return evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
    evac_response_make(key, c, facts, text);
    OPENSSL_cleanse(key, sizeof key);
    print_answer(cli, c, facts, text, left_ms);
    return EVAC_EXIT_DONE;
}

static enum evac_exit answer(struct evac_cli *cli)
{
    struct evac_buf code;
    struct evac_challenge c;
    struct evac_challenge_facts facts;
    struct evac_err err = { EVAC_OK, "" };
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    if (!cli->key || cli->argc < 2)
        return evac_cli_fail(EVAC_EXIT_USAGE, "evac challenge answer CODE --key FILE --app APP "
                                              "--from REGION --to REGION --mode MODE");
    bool good = join(cli, &code) && !evac_challenge_read(evac_buf_str(&code), now_ms, &c, &err);
    evac_buf_done(&code);
    if (!good)
        return evac_cli_fail(EVAC_EXIT_USAGE, "%s",
                             err.text[0] ? err.text : "the code is too long");
    if (!hear_all(cli, &facts))
        return EVAC_EXIT_USAGE;
    if (evac_challenge_digest(&facts) != c.facts)
        return evac_cli_fail(EVAC_EXIT_REFUSED,
                             "the code was made for something else than %.*s, %.*s -> %.*s, %.*s: "
                             "have app, from, to and mode read out again",
                             EVAC_STR_ARG(facts.app), EVAC_STR_ARG(facts.from),
                             EVAC_STR_ARG(facts.to), EVAC_STR_ARG(facts.mode));
    int64_t left_ms = c.end_min * 60000 - now_ms;
    if (left_ms < -LATE_MS)
        return evac_cli_fail(EVAC_EXIT_REFUSED,
                             "by this machine's clock the code's time was over %lld minutes ago: "
                             "ask for another",
                             (long long)(-left_ms / 60000));
    return sign(cli, &c, &facts, left_ms);
}

/* --- the controller's end
 * --------------------------------------------------------------------- */

static void print_challenge(struct evac_cli *cli, const cJSON *c)
{
    char left[32];
    const char *mode = evac_json_cstr(c, "mode"), *name = evac_json_cstr(c, "approver"),
               *code = evac_json_cstr(c, "code");
    evac_cli_duration(evac_json_number(c, "ends_ms", 0) - evac_json_number(c, "now_ms", 0), left,
                      sizeof left);
    printf("Ring %s up, and read out:\n\n", name);
    printf("    app   %s\n    from  %s\n    to    %s\n    mode  %s\n\n", evac_json_cstr(c, "app"),
           evac_json_cstr(c, "from"), evac_json_cstr(c, "to"), mode);
    print_spoken(cli, code);
    printf("\nIt is a %s, run %.0f, waiting before %s. Data that %s would lose: %s.\n",
           evac_json_cstr(c, "workflow"), evac_json_number(c, "run", 0), evac_json_cstr(c, "place"),
           strcmp(mode, "graceful") == 0 ? "an ungraceful move" : "it", evac_json_cstr(c, "loss"));
    printf(
        "%s types:  evac challenge answer %s --key FILE\n"
        "and reads nine characters back, within %s:\n"
        "  evac approve %.0f --as %s --response XXXX-XXXX-X   (%.0f wrong ones, and it is dead)\n",
        name, code, left, evac_json_number(c, "run", 0), name,
        evac_json_number(c, "attempts_left", 0));
}

static enum evac_exit ask(struct evac_cli *cli)
{
    char path[64];
    cJSON *json = NULL;
    struct evac_buf body;
    struct evac_err err = { EVAC_OK, "" };
    if (!cli->as)
        return evac_cli_fail(EVAC_EXIT_USAGE, "evac challenge RUN --as NAME: who is on the phone? "
                                              "(one of the approvers of evac.cfg)");
    unsigned long run = evac_cli_run(cli, cli->argc ? cli->argv[0] : NULL);
    if (run == 0)
        return EVAC_EXIT_REFUSED;
    snprintf(path, sizeof path, "/v1/runs/%lu/challenges", run);
    const char *text = evac_cli_body(&body, "approver", cli->as, "step",
                                     cli->argc > 1 ? cli->argv[1] : cli->step, (const char *)NULL);
    enum evac_exit code = cli->json ? evac_cli_pass(cli, path, text)
                                    : evac_client_json(cli->client, path, text, &json, &err);
    evac_buf_done(&body);
    if (code && !cli->json)
        (void)evac_cli_fail(code, "%s", err.text);
    else if (!cli->json)
        print_challenge(cli, json);
    cJSON_Delete(json);
    return code;
}

enum evac_exit evac_cmd_challenge(struct evac_cli *cli)
{
    const char *word = cli->argc ? cli->argv[0] : "";
    if (strcmp(word, "keygen") == 0)
        return keygen(cli);
    if (strcmp(word, "answer") == 0)
        return answer(cli);
    return ask(cli);
}
