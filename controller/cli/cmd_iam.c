/* evac iam: the least rights that an app's plans need, as policies. By the controller, or, with
 * --config, without one. */
#include "builtin.h"
#include "cli.h"
#include "rights.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* --- asking ----------------------------------------------------------------------------------- */

static enum evac_exit ask_here(struct evac_cli *cli, struct evac_buf *out)
{
    struct evac_model *model = NULL;
    struct evac_err err = { EVAC_OK, "" };
    enum evac_exit done = evac_cli_load(cli->config, &model);
    if (done != EVAC_EXIT_DONE)
        return done;
    const struct evac_rights_request request = { .model = model,
                                                 .app =
                                                     evac_model_app(model, evac_str(cli->argv[0])),
                                                 .catalog = evac_builtin_catalog(),
                                                 .workflow = evac_str(cli->workflow),
                                                 .account = evac_str(cli->account) };
    enum evac_code code =
        request.app ? evac_rights_of_app(&request, out, &err)
                    : evac_fail(&err, EVAC_E_NOTFOUND, "there is no app '%s'", cli->argv[0]);
    evac_model_free(model);
    if (code)
        return evac_cli_fail(code == EVAC_E_BADARG ? EVAC_EXIT_USAGE : EVAC_EXIT_FAILED, "%s",
                             err.text);
    return EVAC_EXIT_DONE;
}

static enum evac_exit ask_there(struct evac_cli *cli, struct evac_buf *out)
{
    char path[1200], query[300];
    struct evac_err err = { EVAC_OK, "" };
    const char *workflow = cli->workflow ? cli->workflow : "",
               *account = cli->account ? cli->account : "";
    if (strspn(workflow, "abcdefghijklmnopqrstuvwxyz-") != strlen(workflow) ||
        strspn(account, "0123456789") != strlen(account) ||
        snprintf(query, sizeof query, "permissions?workflow=%s&account=%s", workflow, account) >=
            (int)sizeof query)
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "--workflow is failover, failback, drill or fence; --account is a "
                             "number of 12 digits");
    if (!evac_cli_app_path(path, sizeof path, cli->argv[0], query))
        return evac_cli_fail(EVAC_EXIT_USAGE, "the app's name is too long");
    enum evac_exit code = evac_client_raw(cli->client, path, NULL, out, &err);
    return code == EVAC_EXIT_DONE ? code : evac_cli_fail(code, "%s", err.text);
}

/* --- printing --------------------------------------------------------------------------------- */

static void print_text(const char *text)
{
    struct evac_buf out;
    evac_buf_init(&out, 1u << 20);
    evac_buf_json(&out, evac_str(text));
    fputs(out.p, stdout);
    evac_buf_done(&out);
}

/* A line a value: policies are read, and compared by line. */
static void print_json(const cJSON *json, int level)
{
    bool list = cJSON_IsArray(json), object = cJSON_IsObject(json);
    if (cJSON_IsString(json))
        print_text(json->valuestring);
    else if (cJSON_IsNumber(json))
        printf("%.0f", json->valuedouble);
    else if (!list && !object)
        fputs(cJSON_IsNull(json) ? "null" : cJSON_IsTrue(json) ? "true" : "false", stdout);
    if (!list && !object)
        return;
    putchar(list ? '[' : '{');
    for (const cJSON *m = json->child; m; m = m->next) {
        printf("%s\n%*s", m == json->child ? "" : ",", 2 * (level + 1), "");
        if (object) {
            print_text(m->string);
            fputs(": ", stdout);
        }
        print_json(m, level + 1);
    }
    printf("\n%*s%c", 2 * level, "", list ? ']' : '}');
}

static bool is_wanted(const struct evac_cli *cli, const cJSON *policy)
{
    bool role = !cli->role || strcmp(evac_json_cstr(policy, "role"), cli->role) == 0;
    return role && (!cli->part || evac_json_number(policy, "part", 0) == (double)cli->part);
}

static void print_terraform(const struct evac_cli *cli, const char *type, const cJSON *policies)
{
    const cJSON *p;
    cJSON_ArrayForEach(p, policies)
    {
        if (!is_wanted(cli, p))
            continue;
        const char *name = evac_json_cstr(p, "name");
        printf("resource \"%s\" \"%s\" {\n  name        = \"%s\"\n"
               "  description = \"Made by evac iam %s\"\n  policy      = <<-POLICY\n    ",
               type, name, name, cli->argv[0]);
        print_json(cJSON_GetObjectItemCaseSensitive(p, "document"), 2);
        puts("\n  POLICY\n}");
    }
}

/* One document: what the cloud's own tools take. */
static enum evac_exit print_document(const struct evac_cli *cli, const cJSON *policies)
{
    const cJSON *p, *found = NULL;
    int count = 0;
    cJSON_ArrayForEach(p, policies)
    {
        if (is_wanted(cli, p)) {
            found = p;
            count++;
        }
    }
    if (count > 1)
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "it is in %d parts, because it is longer than one may be: --part 1 to "
                             "--part %d; or all of them without --role",
                             count, count);
    if (!found)
        return evac_cli_fail(EVAC_EXIT_USAGE, "there is no such part");
    print_json(cJSON_GetObjectItemCaseSensitive(found, "document"), 0);
    putchar('\n');
    return EVAC_EXIT_DONE;
}

/* Whom the role lets in, or what the controller needs to take the apps' roles. */
static enum evac_exit print_identity(const struct evac_cli *cli, const cJSON *root)
{
    const cJSON *identity = cJSON_GetObjectItemCaseSensitive(root, "identity"),
                *roles = cJSON_GetObjectItemCaseSensitive(identity, "roles"), *found;
    int count = cJSON_GetArraySize(roles), part = cli->part ? (int)cli->part : 1;
    if (!count)
        return evac_cli_fail(EVAC_EXIT_FAILED,
                             "no role is configured for the app: it is called for as the "
                             "controller itself");
    if (strcmp(cli->role, "controller") == 0) {
        found = cJSON_GetObjectItemCaseSensitive(
            cJSON_GetObjectItemCaseSensitive(identity, "controller"), "document");
    } else {
        if (!cli->part && count > 1)
            return evac_cli_fail(
                EVAC_EXIT_USAGE,
                "it has %d roles, by region: --part 1 to --part %d; or all of them "
                "without --role",
                count, count);
        found = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(roles, part - 1), "trust");
    }
    if (!found)
        return evac_cli_fail(EVAC_EXIT_USAGE, "there is no such part");
    print_json(found, 0);
    putchar('\n');
    return EVAC_EXIT_DONE;
}

static void print_notes(const cJSON *notes)
{
    const cJSON *n;
    cJSON_ArrayForEach(n, notes)
    {
        fprintf(stderr, "note: %s\n", cJSON_IsString(n) ? n->valuestring : "");
    }
}

static bool is_one_of(const char *text, const char *a, const char *b)
{
    return !text || strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

static enum evac_exit print(const struct evac_cli *cli, const char *text)
{
    enum evac_exit code = EVAC_EXIT_DONE;
    cJSON *root = cJSON_Parse(text);
    const cJSON *policies = cJSON_GetObjectItemCaseSensitive(root, "policies");
    if (!cJSON_IsArray(policies))
        code = evac_cli_fail(EVAC_EXIT_FAILED, "the controller's answer has no policies");
    else if (cli->format && strcmp(cli->format, "terraform") == 0)
        print_terraform(cli, evac_json_cstr(root, "terraform"), policies);
    else if (is_one_of(cli->role, "trust", "controller") && cli->role)
        code = print_identity(cli, root);
    else if (cli->role || cli->part)
        code = print_document(cli, policies);
    else {
        print_json(root, 0);
        putchar('\n');
    }
    print_notes(cJSON_GetObjectItemCaseSensitive(root, "notes"));
    cJSON_Delete(root);
    return code;
}

enum evac_exit evac_cmd_iam(struct evac_cli *cli)
{
    struct evac_buf out;
    if (cli->argc != 1)
        return evac_cli_fail(EVAC_EXIT_USAGE, "iam: name an app");
    if (!is_one_of(cli->role, "observe", "act") && !is_one_of(cli->role, "trust", "controller"))
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "--role '%s': observe, act, trust and controller are allowed",
                             cli->role);
    if (!is_one_of(cli->format, "json", "terraform"))
        return evac_cli_fail(EVAC_EXIT_USAGE, "--format '%s': json and terraform are allowed",
                             cli->format);
    evac_buf_init(&out, 8u << 20);
    enum evac_exit code = cli->config ? ask_here(cli, &out) : ask_there(cli, &out);
    if (code == EVAC_EXIT_DONE && cli->json)
        puts(out.p);
    else if (code == EVAC_EXIT_DONE)
        code = print(cli, out.p);
    evac_buf_done(&out);
    return code;
}
