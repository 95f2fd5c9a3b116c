/* Completion: the shells' scripts ask `evac __complete -- WORD...` what could stand where the last
 * word is. Names of apps, runs, steps and regions come from the controller, which has little time
 * to answer: nobody waits for a suggestion. */
#include "builtin.h"
#include "options.h"
#include "run_gates.h"

#include <string.h>

#define ASK_MS    700
#define WORD_MAX  128u
#define FORMS_MAX 8u

/* What is being typed. */
struct typing {
    struct evac_cli *cli;
    const struct evac_cli_command *command;
    const char *args[8]; /* the command's arguments so far */
    size_t arg_count;
    const char *current; /* the word that is being typed */
};

static void offer(const struct typing *t, const char *word, const char *about)
{
    if (strncmp(word, t->current, strlen(t->current)) == 0)
        printf("%s%s%s\n", word, about[0] ? "\t" : "", about);
}

/* --- names
 * -------------------------------------------------------------------------------------------------
 */

static cJSON *ask(const struct typing *t, const char *path)
{
    cJSON *json = NULL;
    evac_client_limit(t->cli->client, ASK_MS);
    return evac_client_json(t->cli->client, path, NULL, &json, NULL) == EVAC_EXIT_DONE ? json
                                                                                       : NULL;
}

static void offer_apps(const struct typing *t)
{
    const cJSON *app;
    cJSON *status = ask(t, "/v1/status");
    cJSON_ArrayForEach(app, cJSON_GetObjectItemCaseSensitive(status, "apps"))
        offer(t, evac_json_cstr(app, "app"), "app");
    cJSON_Delete(status);
}

/* Each once, however many apps have it. */
static void offer_regions(const struct typing *t)
{
    const cJSON *app, *region;
    cJSON *seen = cJSON_CreateObject();
    cJSON *status = ask(t, "/v1/status");
    cJSON_ArrayForEach(app, cJSON_GetObjectItemCaseSensitive(status, "apps"))
    {
        cJSON_ArrayForEach(region, cJSON_GetObjectItemCaseSensitive(app, "regions"))
        {
            const char *name = evac_json_cstr(region, "name");
            if (cJSON_HasObjectItem(seen, name))
                continue;
            cJSON_AddTrueToObject(seen, name);
            offer(t, name, "region");
        }
    }
    cJSON_Delete(status);
    cJSON_Delete(seen);
}

static void offer_runs(const struct typing *t)
{
    const cJSON *run;
    char number[32], about[300];
    cJSON *runs = ask(t, "/v1/runs?limit=20");
    cJSON_ArrayForEach(run, runs)
    {
        snprintf(number, sizeof number, "%.0f", evac_json_number(run, "run", 0));
        snprintf(about, sizeof about, "run of %s, %s", evac_json_cstr(run, "app"),
                 evac_json_cstr(run, "state"));
        offer(t, number, about);
    }
    cJSON_Delete(runs);
}

/* Of the run that was named before, by its number or its app. */
static void offer_steps(const struct typing *t)
{
    const cJSON *step;
    char path[64];
    unsigned long run = t->arg_count ? evac_cli_run(t->cli, t->args[0]) : 0;
    if (!run)
        return;
    snprintf(path, sizeof path, "/v1/runs/%lu", run);
    cJSON *json = ask(t, path);
    cJSON_ArrayForEach(step, cJSON_GetObjectItemCaseSensitive(json, "steps"))
        offer(t, evac_json_cstr(step, "id"), evac_json_cstr(step, "state"));
    cJSON_Delete(json);
}

static void offer_gates(const struct typing *t)
{
    for (int i = 0; i < EVAC_RUN_GATE_COUNT; i++)
        offer(t, evac_run_gate_row((enum evac_run_gate)i)->name, "gate");
}

static void offer_drivers(const struct typing *t)
{
    const struct evac_catalog *catalog = evac_builtin_catalog();
    for (size_t p = 0; p < catalog->pack_count; p++)
        for (const struct evac_driver *const *d = catalog->packs[p]->drivers; *d; d++)
            offer(t, (*d)->name, (*d)->doc);
}

static void offer_commands(const struct typing *t)
{
    for (const struct evac_cli_command *c = evac_cli_commands; c->name; c++)
        if (c->group)
            offer(t, c->name, c->help);
}

/* The shell knows files better. */
static void offer_files(const struct typing *t)
{
    (void)t;
    puts(":files");
}

static void offer_deficiencies(const struct typing *t)
{
    const cJSON *d;
    cJSON *all = ask(t, "/v1/deficiencies");
    cJSON_ArrayForEach(d, all) offer(t, evac_json_cstr(d, "id"), evac_json_cstr(d, "title"));
    cJSON_Delete(all);
}

static const struct {
    const char *name; /* as the tables of commands and options call it */
    void (*offer)(const struct typing *t);
} sources[] = {
    { "APP", offer_apps },       { "RUN", offer_runs },        { "STEP", offer_steps },
    { "REGION", offer_regions }, { "GATE", offer_gates },      { "DRIVER", offer_drivers },
    { "FILE", offer_files },     { "DIR", offer_files },       { "PATH", offer_files },
    { "KEY", offer_files },      { "ID", offer_deficiencies }, { "COMMAND", offer_commands },
};

/* "RUN|APP|verify": each of them; capitals that no source knows can not be guessed. */
static void offer_token(const struct typing *t, struct evac_str token)
{
    while (token.n) {
        struct evac_str one = evac_str_cut(token, '|', &token);
        char word[WORD_MAX];
        bool known = false;
        for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
            if (evac_str_is(one, sources[i].name)) {
                sources[i].offer(t);
                known = true;
            }
        if (!known && one.n && one.p[0] >= 'a' && one.p[0] <= 'z' &&
            evac_str_copy(word, sizeof word, one))
            offer(t, word, "");
    }
}

/* --- where it stands
 * ------------------------------------------------------------------------------------------------
 */

static struct evac_str bare(struct evac_str token)
{
    while (token.n && token.p[0] == '[')
        token = (struct evac_str){ token.p + 1, token.n - 1 };
    while (token.n && (token.p[token.n - 1] == ']' || token.p[token.n - 1] == '.'))
        token.n--;
    return token;
}

/* Whether a word may stand for "verify" or "RUN|APP". */
static bool may_be(struct evac_str token, const char *word)
{
    bool names = false;
    while (token.n) {
        struct evac_str one = evac_str_cut(token, '|', &token);
        if (evac_str_is(one, word))
            return true;
        names = names || (one.n && one.p[0] >= 'A' && one.p[0] <= 'Z');
    }
    return names;
}

/* One form of a command's arguments, "verify FILE": offers its next token, if what was typed so far
 * fits. */
static void offer_form(const struct typing *t, struct evac_str form)
{
    size_t at = 0;
    while (form.n) {
        struct evac_str token = bare(evac_str_cut(form, ' ', &form));
        if (token.n == 0)
            continue;
        if (at == t->arg_count) {
            offer_token(t, token);
            return;
        }
        if (!may_be(token, t->args[at++]))
            return;
    }
}

static void offer_args(const struct typing *t)
{
    const char *rest = t->command->args;
    for (const char *bar; rest; rest = bar ? bar + 3 : NULL) {
        bar = strstr(rest, " | ");
        offer_form(t, bar ? (struct evac_str){ rest, (size_t)(bar - rest) } : evac_str(rest));
    }
}

static void offer_options(const struct typing *t)
{
    char word[WORD_MAX];
    for (const struct evac_option *o = evac_cli_options; o->name; o++) {
        snprintf(word, sizeof word, "--%s", o->name);
        if (!t->command || evac_cli_takes(t->command, o->name))
            offer(t, word, o->help);
    }
}

/* The value of an option, after a comma the next one. */
static void offer_value(struct typing *t, const struct evac_option *option)
{
    struct evac_str value = evac_str(option->value), rest;
    offer_token(t, evac_str_cut(value, ',', &rest));
}

/* Reads the words before the current one. The option whose value is being typed, or NULL. */
static const struct evac_option *read_words(struct typing *t, int argc, char **argv)
{
    const struct evac_option *waits = NULL;
    for (int i = 0; i + 1 < argc; i++) {
        if (waits) {
            waits = NULL;
        } else if (strncmp(argv[i], "--", 2) == 0) {
            const struct evac_option *o = evac_cli_option(evac_str(argv[i] + 2));
            waits = o && o->value ? o : NULL;
        } else if (!t->command) {
            t->command = evac_cli_command(argv[i]);
        } else if (t->arg_count < sizeof t->args / sizeof t->args[0]) {
            t->args[t->arg_count++] = argv[i];
        }
    }
    return waits;
}

enum evac_exit evac_cmd_complete(struct evac_cli *cli)
{
    struct typing t = { .cli = cli, .current = cli->argc ? cli->argv[cli->argc - 1] : "" };
    const struct evac_option *option = read_words(&t, cli->argc, cli->argv);
    if (option)
        offer_value(&t, option);
    else if (t.current[0] == '-')
        offer_options(&t);
    else if (t.command)
        offer_args(&t);
    else
        offer_commands(&t);
    return EVAC_EXIT_DONE;
}

/* --- the scripts
 * -------------------------------------------------------------------------------------------- */

static const struct {
    const char *shell, *script;
} scripts[] = {
    { "bash",
      "# evac's completion for bash: eval \"$(evac completion bash)\", or put it into\n"
      "# /usr/share/bash-completion/completions/evac\n"
      "_evac() {\n"
      "  local line IFS=$'\\n'\n"
      "  COMPREPLY=()\n"
      "  for line in $(evac __complete -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null); do\n"
      "    if [ \"$line\" = :files ]; then\n"
      "      compopt -o filenames 2>/dev/null\n"
      "      COMPREPLY+=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
      "    else\n"
      "      COMPREPLY+=(\"${line%%$'\\t'*}\")\n"
      "    fi\n"
      "  done\n"
      "}\n"
      "complete -F _evac evac\n" },
    { "zsh",
      "#compdef evac\n"
      "# evac's completion for zsh: put it as _evac into a folder of $fpath, or\n"
      "# source <(evac completion zsh)\n"
      "_evac() {\n"
      "  local line\n"
      "  local -a found\n"
      "  for line in \"${(@f)$(evac __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\"; do\n"
      "    if [[ $line == :files ]]; then\n"
      "      _files\n"
      "    elif [[ -n $line ]]; then\n"
      "      found+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\")\n"
      "    fi\n"
      "  done\n"
      "  (( $#found )) && _describe evac found\n"
      "}\n"
      "if [ \"$funcstack[1]\" = _evac ]; then _evac \"$@\"; else compdef _evac evac; fi\n" },
    { "fish", "# evac's completion for fish: evac completion fish | source, or put it into\n"
              "# ~/.config/fish/completions/evac.fish\n"
              "function __evac_complete\n"
              "  set -l words (commandline -opc) (commandline -ct)\n"
              "  for line in (evac __complete -- $words[2..-1] 2>/dev/null)\n"
              "    if test \"$line\" = :files\n"
              "      __fish_complete_path (commandline -ct)\n"
              "    else\n"
              "      echo $line\n"
              "    end\n"
              "  end\n"
              "end\n"
              "complete -c evac -f -a '(__evac_complete)'\n" },
};

enum evac_exit evac_cmd_completion(struct evac_cli *cli)
{
    for (size_t i = 0; cli->argc == 1 && i < sizeof scripts / sizeof scripts[0]; i++)
        if (strcmp(cli->argv[0], scripts[i].shell) == 0) {
            fputs(scripts[i].script, stdout);
            return EVAC_EXIT_DONE;
        }
    return evac_cli_fail(EVAC_EXIT_USAGE, "completion: name the shell: bash, zsh or fish");
}
