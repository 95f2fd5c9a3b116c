/* Commands that prove: evidence, deficiencies, trend. `evidence verify` and `evidence keygen` need
 * no controller. */
#include "cli.h"
#include "conf.h"
#include "verify.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUNDLE_BYTES_MAX (64u << 20)

/* A day in UTC, or "90d" back from now; wall ms. False: neither. */
bool evac_cli_parse_day(const char *text, int64_t *ret_ms)
{
    struct tm day = { 0 };
    struct evac_str s = evac_str(text);
    int64_t days;
    const char *end = strptime(text, "%Y-%m-%d", &day);
    if (end && *end == '\0') {
        *ret_ms = (int64_t)timegm(&day) * 1000;
        return true;
    }
    if (s.n < 2 || s.p[s.n - 1] != 'd' || !evac_str_i64((struct evac_str){ s.p, s.n - 1 }, &days) ||
        days < 0 || days > 36600)
        return false;
    *ret_ms = ((int64_t)time(NULL) - days * 86400) * 1000;
    return true;
}

static bool set_since(struct evac_cli *cli, int64_t *ret_ms)
{
    *ret_ms = 0;
    if (!cli->since || evac_cli_parse_day(cli->since, ret_ms))
        return true;
    (void)evac_cli_fail(EVAC_EXIT_USAGE,
                        "--since: found '%s'; allowed: a day such as 2026-01-31, or 90d",
                        cli->since);
    return false;
}

/* --- files ------------------------------------------------------------------------------------ */

static enum evac_exit write_out(const char *path, struct evac_str text)
{
    FILE *f = fopen(path, "we");
    bool good = f && fwrite(text.p, 1, text.n, f) == text.n;
    good = f && fclose(f) == 0 && good;
    return good ? EVAC_EXIT_DONE : evac_cli_fail(EVAC_EXIT_FAILED, "%s: %s", path, strerror(errno));
}

static bool read_file(const char *path, struct evac_buf *out)
{
    char part[65536];
    FILE *f = fopen(path, "re");
    size_t n;
    if (!f) {
        (void)evac_cli_fail(EVAC_EXIT_FAILED, "%s: %s", path, strerror(errno));
        return false;
    }
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        evac_buf_put(out, part, n);
    bool good = !ferror(f) && !out->failed;
    fclose(f);
    if (!good)
        (void)evac_cli_fail(EVAC_EXIT_FAILED, "%s: it can not be read, or is larger than %zu bytes",
                            path, out->max_bytes);
    return good;
}

/* --- evidence --------------------------------------------------------------------------------- */

/* What --key names: a file, or the key itself, or its fingerprint, which only compares. */
struct trusted {
    struct evac_key *key;
    char fingerprint[65];
};

static enum evac_exit read_trusted(struct evac_cli *cli, struct trusted *ret)
{
    struct evac_buf text;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_exit code = EVAC_EXIT_DONE;
    *ret = (struct trusted){ NULL, "" };
    if (!cli->key)
        return EVAC_EXIT_DONE;
    evac_buf_init(&text, 65536);
    if (access(cli->key, F_OK) == 0 ? read_file(cli->key, &text)
                                    : (evac_buf_puts(&text, cli->key), true)) {
        struct evac_str trimmed = evac_str_trim(evac_buf_str(&text));
        uint8_t hash[32];
        if (evac_unhex(trimmed, hash, sizeof hash))
            (void)evac_str_copy(ret->fingerprint, sizeof ret->fingerprint, trimmed);
        else if (evac_key_public(evac_buf_str(&text), &ret->key, &err))
            code = evac_cli_fail(EVAC_EXIT_USAGE,
                                 "--key: %s; allowed: a public key's file (PEM), or a fingerprint",
                                 err.text);
    } else {
        code = EVAC_EXIT_USAGE;
    }
    evac_buf_done(&text);
    return code;
}

/* A fingerprint says as much as the key: it is its hash. */
static void trust_fingerprint(const struct trusted *trusted, struct evac_verify *v)
{
    if (!trusted->fingerprint[0])
        return;
    bool same = strcmp(trusted->fingerprint, v->fingerprint) == 0;
    v->checks[EVAC_CHECK_TRUST] = same ? EVAC_CHECKED_GOOD : EVAC_CHECKED_BAD;
    if (same || v->finding_count == EVAC_VERIFY_FINDINGS_MAX)
        return;
    struct evac_verify_finding *f = &v->findings[v->finding_count++];
    *f = (struct evac_verify_finding){ .check = EVAC_CHECK_TRUST, .file = "key.pub" };
    snprintf(f->text, sizeof f->text, "it is signed with the key %s; you trust %s", v->fingerprint,
             trusted->fingerprint);
}

static int verify_bundle(struct evac_cli *cli, struct evac_str archive,
                         const struct trusted *trusted)
{
    static struct evac_verify v;
    struct evac_buf out;
    struct evac_jw w = { &out, false };
    evac_verify_bundle(archive, trusted->key, EVAC_VERSION, &v);
    trust_fingerprint(trusted, &v);
    evac_buf_init(&out, 1u << 20);
    if (cli->json)
        evac_verify_json(&v, &w);
    else
        evac_verify_text(&v, &out);
    printf("%s%s", out.p, cli->json ? "\n" : "");
    evac_buf_done(&out);
    return evac_verify_exit(&v);
}

static enum evac_exit verify(struct evac_cli *cli)
{
    struct trusted trusted;
    struct evac_buf archive;
    int code = EVAC_EXIT_FAILED;
    if (cli->argc != 2)
        return evac_cli_fail(EVAC_EXIT_USAGE, "evidence verify: name the bundle's file");
    if (read_trusted(cli, &trusted) != EVAC_EXIT_DONE)
        return EVAC_EXIT_USAGE;
    evac_buf_init(&archive, BUNDLE_BYTES_MAX);
    if (read_file(cli->argv[1], &archive))
        code = verify_bundle(cli, evac_buf_str(&archive), &trusted);
    evac_buf_done(&archive);
    evac_key_free(trusted.key);
    return (enum evac_exit)code;
}

/* Where evac.cfg says, or where --out does. */
static bool key_path(struct evac_cli *cli, char *path, size_t bytes)
{
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_model *model = NULL;
    struct evac_err err = { EVAC_OK, "" };
    bool good = false;
    if (cli->out) {
        good = evac_str_copy(path, bytes, evac_str(cli->out));
    } else if (!cli->config) {
        (void)evac_cli_fail(EVAC_EXIT_USAGE,
                            "evidence keygen: say --out FILE, or --config DIR for the place that "
                            "evidence.key in its evac.cfg names");
    } else if (evac_conf_load(cli->config, NULL, 0, &diag, &model, &err)) {
        (void)evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
    } else if (model->controller.evidence_key.n == 0) {
        (void)evac_cli_fail(EVAC_EXIT_FAILED, "%s/evac.cfg: evidence.key is not set", cli->config);
    } else {
        good = evac_str_copy(path, bytes, model->controller.evidence_key);
    }
    evac_model_free(model);
    evac_arena_free(diag.arena);
    return good;
}

static enum evac_exit keygen(struct evac_cli *cli)
{
    char path[4096], fingerprint[65];
    struct evac_key *key = NULL;
    struct evac_buf pem;
    struct evac_err err = { EVAC_OK, "" };
    if (!key_path(cli, path, sizeof path))
        return EVAC_EXIT_USAGE;
    if (evac_key_make(path, &key, &err))
        return evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
    evac_buf_init(&pem, 4096);
    evac_key_pem(key, &pem);
    evac_key_fingerprint(key, fingerprint);
    if (cli->json)
        printf("{\"file\":\"%s\",\"fingerprint\":\"%s\"}\n", path, fingerprint);
    else
        printf(
            "%s: the private key; whoever reads it can sign as this controller\n%s"
            "fingerprint %s\nGive the fingerprint to whoever will check the evidence, by another "
            "way than the evidence.\n",
            path, pem.p, fingerprint);
    evac_buf_done(&pem);
    evac_key_free(key);
    return EVAC_EXIT_DONE;
}

static enum evac_exit show_key(struct evac_cli *cli)
{
    cJSON *answer;
    struct evac_err err = { EVAC_OK, "" };
    if (cli->json)
        return evac_cli_pass(cli, "/v1/evidence/key", NULL);
    enum evac_exit code = evac_client_json(cli->client, "/v1/evidence/key", NULL, &answer, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    printf("%sfingerprint %s\nof the journal %s\n", evac_json_cstr(answer, "pem"),
           evac_json_cstr(answer, "fingerprint"), evac_json_cstr(answer, "origin"));
    cJSON_Delete(answer);
    return code;
}

static bool is_number(const char *text)
{
    int64_t value;
    return evac_str_i64(evac_str(text), &value) && value > 0;
}

/* A run by its number, or an app. */
static enum evac_exit export(struct evac_cli *cli) {
    char body[512], file[300]; struct evac_buf raw, name; struct evac_err err = { EVAC_OK, "" };
    int64_t since;
    if (cli->argc !=
        2) return evac_cli_fail(EVAC_EXIT_USAGE,
                                "evidence export: name a run by its number, or an app");
    if (!set_since(cli, &since)) return EVAC_EXIT_USAGE;
    const char *what = cli->argv[1];
    bool run = is_number(what);
    evac_buf_init(&name, 400);
    evac_buf_json(&name, evac_str(what));
    if (run) snprintf(body, sizeof body, "{\"run\":%s}", what);
    else snprintf(body, sizeof body, "{\"app\":%s,\"since_ms\":%lld}", name.p, (long long)since);
    evac_buf_done(&name);
    snprintf(file, sizeof file, run ? "run-%.200s.evac-evidence" : "%.200s.evac-evidence", what);
    evac_buf_init(&raw, BUNDLE_BYTES_MAX);
    enum evac_exit code = evac_client_raw(cli->client, "/v1/evidence", body, &raw, &err);
    if (code != EVAC_EXIT_DONE)(void) evac_cli_fail(code, "%s", err.text);
    else code = write_out(cli->out ? cli->out : file, evac_buf_str(&raw));
    if (code == EVAC_EXIT_DONE && cli->json)
        printf("{\"file\":\"%s\",\"bytes\":%zu}\n", cli->out ? cli->out : file, raw.n);
    else if (code == EVAC_EXIT_DONE)
        printf("%s: %zu bytes; 'evac evidence verify %s --key FINGERPRINT' checks it anywhere\n",
               cli->out ? cli->out : file, raw.n, cli->out ? cli->out : file);
    evac_buf_done(&raw);
    return code;
}

enum evac_exit evac_cmd_evidence(struct evac_cli *cli)
{
    static const struct {
        const char *name;
        enum evac_exit (*fn)(struct evac_cli *cli);
    } verbs[] = {
        { "export", export }, { "verify", verify }, { "keygen", keygen }, { "key", show_key }
    };
    evac_client_takes_long(cli->client);
    for (size_t i = 0; cli->argc && i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(cli->argv[0], verbs[i].name) == 0)
            return verbs[i].fn(cli);
    return evac_cli_fail(EVAC_EXIT_USAGE, "evidence: export RUN|APP, verify FILE, keygen, or key");
}

/* --- the journal ------------------------------------------------------------------------------ */

static void print_merged(const cJSON *answer)
{
    const cJSON *part;
    cJSON_ArrayForEach(part, cJSON_GetObjectItemCaseSensitive(answer, "merged"))
        printf("merged into it: %s\n", cJSON_IsString(part) ? part->valuestring : "");
}

enum evac_exit evac_cli_verify_journal(struct evac_cli *cli)
{
    struct evac_buf note, body;
    cJSON *answer;
    struct evac_err err = { EVAC_OK, "" };
    const char *text = NULL;
    evac_client_takes_long(cli->client);
    evac_buf_init(&note, 65536);
    if (cli->checkpoint && !read_file(cli->checkpoint, &note)) {
        evac_buf_done(&note);
        return EVAC_EXIT_USAGE;
    }
    text = evac_cli_body(&body, "checkpoint", cli->checkpoint ? note.p : NULL, NULL);
    enum evac_exit code = evac_client_json(cli->client, "/v1/journal/verify", text, &answer, &err);
    evac_buf_done(&body);
    evac_buf_done(&note);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    bool good = evac_json_true(answer, "good");
    if (cli->json) {
        char *shown = cJSON_PrintUnformatted(answer);
        printf("%s\n", shown);
        free(shown);
    } else if (good) {
        double points = evac_json_number(answer, "checkpoints", 0),
               unchecked = evac_json_number(answer, "signatures_not_checked", 0);
        printf("the journal's chain is whole: %.0f rows\n", evac_json_number(answer, "rows", 0));
        print_merged(answer);
        if (points > 0)
            printf("%.0f signed checkpoints fit it; the last covers %.0f rows\n", points,
                   evac_json_number(answer, "last_checkpoint_rows", 0));
        if (unchecked > 0)
            printf("%.0f of them are signed with a key that this controller does not have\n",
                   unchecked);
        if (cli->checkpoint)
            printf("it is the one that %s was signed of\n", cli->checkpoint);
    } else {
        (void)evac_cli_fail(EVAC_EXIT_FAILED, "%s (%.0f good rows before it)",
                            evac_json_cstr(answer, "problem"), evac_json_number(answer, "rows", 0));
    }
    cJSON_Delete(answer);
    return good ? EVAC_EXIT_DONE : EVAC_EXIT_FAILED;
}

enum evac_exit evac_cli_checkpoint(struct evac_cli *cli)
{
    cJSON *answer;
    struct evac_err err = { EVAC_OK, "" };
    if (cli->json)
        return evac_cli_pass(cli, "/v1/journal/checkpoint", "{}");
    enum evac_exit code =
        evac_client_json(cli->client, "/v1/journal/checkpoint", "{}", &answer, &err);
    if (code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "%s", err.text);
    const char *note = evac_json_cstr(answer, "note");
    if (cli->out)
        code = write_out(cli->out, evac_str(note));
    else
        fputs(note, stdout);
    if (cli->out && code == EVAC_EXIT_DONE)
        printf("%s: of %.0f rows; kept elsewhere, it shows whether the journal was cut or written "
               "anew\n",
               cli->out, evac_json_number(answer, "size", 0));
    cJSON_Delete(answer);
    return code;
}

enum evac_exit evac_cli_merge(struct evac_cli *cli)
{
    char path[PATH_MAX];
    struct evac_buf body;
    struct evac_err err = { EVAC_OK, "" };
    cJSON *answer = NULL;
    if (cli->argc != 2)
        return evac_cli_fail(EVAC_EXIT_USAGE, "journal merge: name the file, on the controller's "
                                              "machine");
    if (!realpath(cli->argv[1], path))
        return evac_cli_fail(EVAC_EXIT_FAILED, "%s: %s", cli->argv[1], strerror(errno));
    const char *text = evac_cli_body(&body, "file", path, (const char *)NULL);
    enum evac_exit code =
        cli->json ? evac_cli_pass(cli, "/v1/journal/merge", text)
                  : evac_client_json(cli->client, "/v1/journal/merge", text, &answer, &err);
    evac_buf_done(&body);
    if (!cli->json && code != EVAC_EXIT_DONE)
        return evac_cli_fail(code, "nothing was merged: %s", err.text);
    if (!cli->json)
        printf("%s\n", evac_json_cstr(answer, "answer"));
    cJSON_Delete(answer);
    return code;
}

/* --- deficiencies ----------------------------------------------------------------------------- */

enum evac_exit evac_cmd_deficiencies(struct evac_cli *cli)
{
    char path[300];
    struct evac_err err = { EVAC_OK, "" };
    snprintf(path, sizeof path, "/v1/deficiencies?app=%.200s%s%s", cli->argc ? cli->argv[0] : "",
             cli->all ? "&all=1" : "", cli->json ? "" : "&format=text");
    if (cli->json)
        return evac_cli_pass(cli, path, NULL);
    struct evac_buf raw;
    evac_buf_init(&raw, BUNDLE_BYTES_MAX);
    enum evac_exit code = evac_client_raw(cli->client, path, NULL, &raw, &err);
    if (code != EVAC_EXIT_DONE)
        (void)evac_cli_fail(code, "%s", err.text);
    else
        printf("%s", raw.n ? raw.p : cli->all ? "none was ever found\n" : "none is open\n");
    evac_buf_done(&raw);
    return code;
}

/* The word for the API; "" when it is not one. */
static const char *verb_of(const struct evac_cli *cli)
{
    static const char *const verbs[] = { "open", "assign", "close", "accept" };
    const char *word = cli->argc ? cli->argv[0] : "";
    if (strcmp(word, "close") == 0 && cli->accept)
        return "accept";
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(word, verbs[i]) == 0)
            return verbs[i];
    return "";
}

static enum evac_exit put_body(struct evac_cli *cli, const char *verb, struct evac_buf *body)
{
    bool opens = strcmp(verb, "open") == 0;
    int64_t due = 0;
    if (cli->due && !evac_cli_parse_day(cli->due, &due))
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "--due: found '%s'; allowed: a day such as 2027-01-31", cli->due);
    if (cli->retest && !is_number(cli->retest))
        return evac_cli_fail(EVAC_EXIT_USAGE, "--retest: found '%s'; allowed: a run's number",
                             cli->retest);
    (void)evac_cli_body(body, "verb", verb, opens ? "app" : "id", cli->argv[1], "title", cli->title,
                        "severity", cli->severity, "owner", cli->owner, "criterion", cli->criterion,
                        "reason", cli->reason, NULL);
    body->n--; /* numbers go before the bracket */
    if (due)
        evac_buf_putf(body, ",\"due_ms\":%lld", (long long)due);
    if (cli->retest)
        evac_buf_putf(body, ",\"retest\":%s", cli->retest);
    evac_buf_putc(body, '}');
    return EVAC_EXIT_DONE;
}

enum evac_exit evac_cmd_deficiency(struct evac_cli *cli)
{
    const char *verb = verb_of(cli);
    struct evac_buf body = { 0 };
    cJSON *answer;
    struct evac_err err = { EVAC_OK, "" };
    if (!verb[0] || cli->argc != 2)
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "deficiency: open APP --title TEXT, assign ID --owner NAME, close ID "
                             "--reason TEXT --retest RUN, or close ID --reason TEXT --accept");
    enum evac_exit code = put_body(cli, verb, &body);
    if (code == EVAC_EXIT_DONE && cli->json) {
        code = evac_cli_pass(cli, "/v1/deficiencies", body.p);
    } else if (code == EVAC_EXIT_DONE) {
        code = evac_client_json(cli->client, "/v1/deficiencies", body.p, &answer, &err);
        if (code == EVAC_EXIT_DONE)
            printf("%s is %s\n", evac_json_cstr(answer, "id"), evac_json_cstr(answer, "state"));
        else
            (void)evac_cli_fail(code, "%s", err.text);
        cJSON_Delete(answer);
    }
    evac_buf_done(&body);
    return code;
}

/* --- trend ------------------------------------------------------------------------------------ */

enum evac_exit evac_cmd_trend(struct evac_cli *cli)
{
    char path[400];
    int64_t since;
    if (cli->argc != 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "trend: name an app");
    evac_client_takes_long(cli->client);
    if (!set_since(cli, &since))
        return EVAC_EXIT_USAGE;
    snprintf(path, sizeof path, "/v1/apps/%.200s/trend?since=%lld&format=%.10s", cli->argv[0],
             (long long)since,
             cli->json     ? "json"
             : cli->format ? cli->format
                           : "text");
    return evac_cli_pass(cli, path, NULL);
}
