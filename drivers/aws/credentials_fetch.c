/* How each provider gets its keys: programs, containers, instance metadata. Roles are in
 * credentials_role.c. */
#include "credentials_internal.h"

#include "aws_json.h"
#include "aws_time.h"
#include "endpoints.h"

#include <stdlib.h>
#include <string.h>

#define PROCESS_MS      60000u
#define CONTAINER_MS    2000u
#define METADATA_MS     1000u
#define MAX_REPLY_BYTES 65536u
#define TOKEN_MAX_BYTES 32768u
#define METADATA_TTL_S  "21600"
#define METADATA_ROLES  "/latest/meta-data/iam/security-credentials/"

struct evac_sigv4_identity evac_aws_keys_identity(const struct evac_aws_keys *keys)
{
    return (struct evac_sigv4_identity){ evac_str(keys->access_key_id),
                                         evac_secret_reveal(&keys->secret),
                                         evac_secret_reveal(&keys->token) };
}

void evac_aws_keys_done(struct evac_aws_keys *keys)
{
    evac_secret_done(&keys->secret);
    evac_secret_done(&keys->token);
    *keys = (struct evac_aws_keys){ 0 };
}

static bool is_header_text(struct evac_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
            return false;
    return true;
}

enum evac_code evac_keys_make(struct evac_str id, struct evac_str secret, struct evac_str token,
                              struct evac_str expiration, struct evac_aws_keys *ret_keys,
                              struct evac_err *err)
{
    struct evac_aws_keys keys = { 0 };
    if (id.n == 0 || secret.n == 0)
        return evac_fail(err, EVAC_E_AUTH, "%s is missing",
                         id.n ? "the secret access key" : "the access key id");
    if (!is_header_text(id) || !is_header_text(token) || memchr(id.p, '/', id.n) ||
        !evac_str_copy(keys.access_key_id, sizeof keys.access_key_id, id))
        return evac_fail(err, EVAC_E_AUTH,
                         "the access key id or the session token is not a word that AWS gives");
    if (secret.n > 2048 || token.n > TOKEN_MAX_BYTES)
        return evac_fail(err, EVAC_E_AUTH, "the secret or the token is larger than AWS makes them");
    if (expiration.n) {
        keys.expires = true;
        if (!evac_aws_time_iso(expiration, &keys.expires_ms))
            return evac_fail(err, EVAC_E_AUTH, "the expiration is not a time");
    }
    keys.secret = evac_secret_new(secret);
    keys.token = evac_secret_new(token);
    *ret_keys = keys;
    return EVAC_OK;
}

enum evac_code evac_keys_from_json(struct evac_str text, const char *token_name,
                                   struct evac_aws_keys *ret_keys, struct evac_err *err)
{
    struct evac_json *root;
    if (evac_json_parse(text, &root, NULL) != EVAC_OK)
        return evac_fail(err, EVAC_E_AUTH, "the answer is not JSON");
    enum evac_code code = evac_keys_make(
        evac_json_str(root, "AccessKeyId"), evac_json_str(root, "SecretAccessKey"),
        evac_json_str(root, token_name), evac_json_str(root, "Expiration"), ret_keys, err);
    evac_json_free(root);
    return code;
}

void evac_fetch_end(struct evac_fetch *fetch, enum evac_code code, struct evac_aws_keys *keys,
                    const struct evac_err *err)
{
    struct evac_err told = { .code = code };
    if (code == EVAC_OK) {
        fetch->done(fetch->user, keys, NULL);
        return;
    }
    (void)evac_fail(&told, EVAC_E_AUTH, "AWS credentials of %.*s: %s",
                    EVAC_STR_ARG(fetch->provider->label), err->text);
    fetch->done(fetch->user, NULL, &told);
}

/* --- credential_process --- */

static enum evac_code read_process(const struct evac_exec_reply *reply,
                                   struct evac_aws_keys *ret_keys, struct evac_err *err)
{
    struct evac_json *root;
    if (!reply->started)
        return evac_fail(err, EVAC_E_AUTH, "it could not be started: %s", reply->error);
    if (reply->timed_out)
        return evac_fail(err, EVAC_E_AUTH, "it took longer than %u s", PROCESS_MS / 1000);
    if (reply->exit_status != 0) {
        struct evac_str rest, line = evac_str_cut(reply->errors, '\n', &rest);
        return evac_fail(err, EVAC_E_AUTH, "it ended with status %d: %.*s", reply->exit_status,
                         (int)(line.n < 200 ? line.n : 200), line.n ? line.p : "");
    }
    if (evac_json_parse(reply->output, &root, NULL) != EVAC_OK)
        return evac_fail(err, EVAC_E_AUTH, "what it printed is not JSON");
    int64_t version = evac_json_i64(root, "Version", 0);
    evac_json_free(root);
    if (version != 1)
        return evac_fail(err, EVAC_E_AUTH, "its Version is %lld, 1 is understood",
                         (long long)version);
    return evac_keys_from_json(reply->output, "SessionToken", ret_keys, err);
}

static void process_done(void *user, const struct evac_exec_reply *reply)
{
    struct evac_aws_keys keys = { 0 };
    struct evac_err err = { 0 };
    enum evac_code code = read_process(reply, &keys, &err);
    evac_fetch_end(user, code, &keys, &err);
}

/* What such programs need, and nothing else of ours. */
static const char *const process_env[] = {
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "TZ",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "KRB5CCNAME",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
};

static const char *const *make_env(const struct evac_fetch *f)
{
    size_t count = sizeof process_env / sizeof process_env[0], n = 0;
    const char **list = evac_arena_array(f->arena, count + 1, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        const char *value = f->host->getenv(f->host->ctx, process_env[i]);
        if (value)
            list[n++] = evac_arena_printf(f->arena, "%s=%s", process_env[i], value).p;
    }
    return list;
}

/* The host wants an absolute path; a bare name is looked for in PATH, by env(1). */
static enum evac_code absolute(const struct evac_fetch *f, const char ***argv, struct evac_err *err)
{
    size_t count = 0;
    if ((*argv)[0][0] == '/')
        return EVAC_OK;
    if (strchr((*argv)[0], '/') || strchr((*argv)[0], '='))
        return evac_fail(err, EVAC_E_BADCONF,
                         "credential_process '%s' is neither an absolute path nor a name in PATH",
                         (*argv)[0]);
    while ((*argv)[count])
        count++;
    const char **longer = evac_arena_array(f->arena, count + 2, sizeof *longer);
    longer[0] = "/usr/bin/env";
    memcpy(longer + 1, *argv, count * sizeof *longer);
    *argv = longer;
    return EVAC_OK;
}

static enum evac_code fetch_process(struct evac_fetch *f, struct evac_err *err)
{
    const char **argv;
    enum evac_code code = evac_split_command(f->provider->command, f->arena, &argv, err);
    if (code == EVAC_OK)
        code = absolute(f, &argv, err);
    if (code != EVAC_OK)
        return code;
    struct evac_exec_request request = { .argv = argv,
                                         .env = make_env(f),
                                         .total_ms = PROCESS_MS,
                                         .max_output_bytes = MAX_REPLY_BYTES,
                                         .as_controller = true };
    return evac_aws_io_exec(f->io, &request, process_done, f, err);
}

/* --- container --- */

static enum evac_code check_ok(const struct evac_http_reply *reply, struct evac_err *err)
{
    if (reply->fate != EVAC_HTTP_REPLIED)
        return evac_fail(err, EVAC_E_UNREACHABLE, "%s", reply->error);
    if (reply->status != 200)
        return evac_fail(err, EVAC_E_AUTH, "it answered with status %d", reply->status);
    return EVAC_OK;
}

static void container_done(void *user, const struct evac_http_reply *reply)
{
    struct evac_aws_keys keys = { 0 };
    struct evac_err err = { 0 };
    enum evac_code code = check_ok(reply, &err);
    if (code == EVAC_OK)
        code = evac_keys_from_json(reply->body, "Token", &keys, &err);
    evac_fetch_end(user, code, &keys, &err);
}

/* Read anew each time: on EKS the token lives for hours only. */
static enum evac_code container_token(const struct evac_fetch *f, struct evac_str *ret_token,
                                      struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    *ret_token = evac_aws_config_env(f->config, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (f->provider->token_file.n)
        code = evac_aws_config_file(f->config, f->provider->token_file, TOKEN_MAX_BYTES, ret_token,
                                    err);
    *ret_token = evac_str_trim(*ret_token);
    if (code == EVAC_OK && ret_token->n &&
        (memchr(ret_token->p, '\r', ret_token->n) || memchr(ret_token->p, '\n', ret_token->n)))
        return evac_fail(err, EVAC_E_AUTH, "its authorization token has a line break");
    return code;
}

static enum evac_code fetch_container(struct evac_fetch *f, struct evac_err *err)
{
    struct evac_http_header header = { EVAC_STR("Authorization"), EVAC_STR_NONE };
    enum evac_code code = container_token(f, &header.value, err);
    if (code != EVAC_OK)
        return code;
    struct evac_http_request request = {
        .method = EVAC_STR("GET"),
        .url = f->provider->url,
        .headers = &header,
        .header_count = header.value.n ? 1 : 0,
        .connect_ms = CONTAINER_MS,
        .total_ms = CONTAINER_MS,
        .max_reply_bytes = MAX_REPLY_BYTES,
        .operation = EVAC_STR("credentials:container"),
    };
    return evac_aws_io_http(f->io, &request, container_done, f, &f->http_id, err);
}

/* --- instance metadata: a token, the role's name, its keys --- */

static enum evac_code metadata_get(struct evac_fetch *f, const char *method, struct evac_str path,
                                   evac_http_done_fn *done, struct evac_err *err)
{
    bool put = strcmp(method, "PUT") == 0;
    struct evac_http_header header = { EVAC_STR("X-aws-ec2-metadata-token"), f->imds_token };
    if (put)
        header = (struct evac_http_header){ EVAC_STR("X-aws-ec2-metadata-token-ttl-seconds"),
                                            EVAC_STR(METADATA_TTL_S) };
    struct evac_http_request request = {
        .method = evac_str(method),
        .url = evac_arena_printf(f->arena, "%.*s%.*s", EVAC_STR_ARG(f->provider->url),
                                 EVAC_STR_ARG(path)),
        .headers = &header,
        .header_count = 1,
        .connect_ms = METADATA_MS,
        .total_ms = METADATA_MS,
        .max_reply_bytes = MAX_REPLY_BYTES,
        .operation = EVAC_STR("credentials:metadata"),
    };
    return evac_aws_io_http(f->io, &request, done, f, &f->http_id, err);
}

static void metadata_keys(void *user, const struct evac_http_reply *reply)
{
    struct evac_aws_keys keys = { 0 };
    struct evac_err err = { 0 };
    struct evac_json *root;
    enum evac_code code = check_ok(reply, &err);
    if (code == EVAC_OK && evac_json_parse(reply->body, &root, NULL) == EVAC_OK) {
        struct evac_str said = evac_json_str(root, "Code");
        if (said.n && !evac_str_is(said, "Success"))
            code = evac_fail(&err, EVAC_E_AUTH, "it says %.*s", (int)(said.n < 80 ? said.n : 80),
                             said.p);
        evac_json_free(root);
    }
    if (code == EVAC_OK)
        code = evac_keys_from_json(reply->body, "Token", &keys, &err);
    evac_fetch_end(user, code, &keys, &err);
}

static void metadata_role(void *user, const struct evac_http_reply *reply)
{
    struct evac_fetch *f = user;
    struct evac_err err = { 0 };
    struct evac_str rest;
    enum evac_code code = check_ok(reply, &err);
    struct evac_str role = evac_str_trim(evac_str_cut(reply->body, '\n', &rest));
    if (reply->status == 404)
        (void)evac_fail(&err, EVAC_E_AUTH, "this instance has no role");
    if (code == EVAC_OK && (role.n == 0 || role.n > 128 || !is_header_text(role)))
        code = evac_fail(&err, EVAC_E_AUTH, "it does not name a role");
    if (code == EVAC_OK)
        code = metadata_get(f, "GET",
                            evac_arena_printf(f->arena, METADATA_ROLES "%.*s", EVAC_STR_ARG(role)),
                            metadata_keys, &err);
    if (code != EVAC_OK)
        evac_fetch_end(f, code, NULL, &err);
}

/* Version 1, which answers whoever can make this machine send a GET, is never asked: nothing is
 * sent without a session token. */
static void metadata_token(void *user, const struct evac_http_reply *reply)
{
    struct evac_fetch *f = user;
    struct evac_err err = { 0 };
    enum evac_code code = check_ok(reply, &err);
    if (code != EVAC_OK)
        evac_err_prefix(&err, "no session token (version 1 is never used)");
    else
        f->imds_token = evac_arena_str(f->arena, evac_str_trim(reply->body));
    if (code == EVAC_OK && (f->imds_token.n == 0 || !is_header_text(f->imds_token)))
        code = evac_fail(&err, EVAC_E_AUTH, "its session token is not a word");
    if (code == EVAC_OK)
        code = metadata_get(f, "GET", EVAC_STR(METADATA_ROLES), metadata_role, &err);
    if (code != EVAC_OK)
        evac_fetch_end(f, code, NULL, &err);
}

static enum evac_code fetch_metadata(struct evac_fetch *f, struct evac_err *err)
{
    return metadata_get(f, "PUT", EVAC_STR("/latest/api/token"), metadata_token, err);
}

static enum evac_code fetch_nothing(struct evac_fetch *f, struct evac_err *err)
{
    return evac_fail(err, EVAC_E_AUTH, "AWS credentials of %.*s can not be renewed",
                     EVAC_STR_ARG(f->provider->label));
}

enum evac_code evac_fetch_start(struct evac_fetch *fetch, struct evac_err *err)
{
    static enum evac_code (*const kinds[EVAC_PROVIDER_COUNT])(struct evac_fetch *,
                                                              struct evac_err *) = {
        [EVAC_PROVIDER_KEYS] = fetch_nothing,        [EVAC_PROVIDER_ROLE] = evac_fetch_role,
        [EVAC_PROVIDER_WEB] = evac_fetch_role,       [EVAC_PROVIDER_PROCESS] = fetch_process,
        [EVAC_PROVIDER_CONTAINER] = fetch_container, [EVAC_PROVIDER_IMDS] = fetch_metadata,
    };
    struct evac_err own = { 0 };
    enum evac_code code = kinds[fetch->provider->kind](fetch, &own);
    if (code == EVAC_OK)
        return EVAC_OK;
    return evac_fail(err, code, "AWS credentials of %.*s: %s", EVAC_STR_ARG(fetch->provider->label),
                     own.text);
}
