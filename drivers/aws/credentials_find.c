/* From configuration to a chain of providers. The order is AWS's own (AWS.md 1.8). */
#include "credentials_internal.h"

#include "aws_time.h"
#include "endpoints.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORDS_MAX 64u

struct finder {
    const struct evac_aws_config *config;
    const struct evac_explicit_keys *explicit_keys;
    struct evac_provider_chain *chain;
    struct evac_str visited[EVAC_PROVIDER_MAX];
    size_t visited_count;
    struct evac_err *err;
};

void evac_provider_chain_done(struct evac_provider_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        evac_aws_keys_done(&chain->items[i].keys);
    chain->count = 0;
}

static enum evac_code add(struct finder *f, enum evac_provider_kind kind, struct evac_str label,
                          struct evac_provider **ret)
{
    if (f->chain->count == EVAC_PROVIDER_MAX)
        return evac_fail(f->err, EVAC_E_BADCONF,
                         "AWS credentials: more than %u roles in a row, at %.*s",
                         EVAC_PROVIDER_MAX - 1, EVAC_STR_ARG(label));
    *ret = &f->chain->items[f->chain->count++];
    **ret = (struct evac_provider){ .kind = kind, .label = label };
    return EVAC_OK;
}

static enum evac_code add_keys(struct finder *f, struct evac_str label, struct evac_str id,
                               struct evac_str secret, struct evac_str token,
                               struct evac_str expiration)
{
    struct evac_provider *p;
    if (secret.n == 0)
        return evac_fail(f->err, EVAC_E_AUTH,
                         "AWS credentials: %.*s has an access key id but no secret access key",
                         EVAC_STR_ARG(label));
    enum evac_code code = add(f, EVAC_PROVIDER_KEYS, label, &p);
    if (code == EVAC_OK)
        code = evac_keys_make(id, secret, token, expiration, &p->keys, f->err);
    if (code != EVAC_OK)
        return evac_err_prefix(f->err, "AWS credentials of %.*s", EVAC_STR_ARG(label));
    p->has_keys = true;
    return EVAC_OK;
}

static struct evac_str env(const struct finder *f, const char *name)
{
    return evac_aws_config_env(f->config, name);
}

/* --- environment, container, metadata --- */

static enum evac_code from_environment(struct finder *f)
{
    struct evac_str token = env(f, "AWS_SECURITY_TOKEN"); /* the older name wins, as in botocore */
    if (token.n == 0)
        token = env(f, "AWS_SESSION_TOKEN");
    return add_keys(f, EVAC_STR("the environment (AWS_ACCESS_KEY_ID)"), env(f, "AWS_ACCESS_KEY_ID"),
                    env(f, "AWS_SECRET_ACCESS_KEY"), token, env(f, "AWS_CREDENTIAL_EXPIRATION"));
}

/* Keys come from there in the clear: over TLS, from this machine, or from the addresses that the
 * cloud answers itself and routes nowhere. */
static bool is_allowed(struct evac_str text, const char *const *local)
{
    struct evac_url url;
    if (!evac_url_read(text, &url))
        return false;
    if (evac_str_is(url.scheme, "https") || evac_str_is(url.host, "localhost") ||
        evac_str_is(url.host, "::1") || (url.ip && evac_str_starts(url.host, "127.")))
        return true;
    while (*local && !evac_str_is(url.host, *local))
        local++;
    return *local != NULL;
}

bool evac_container_url_allowed(struct evac_str url)
{
    static const char *const local[] = { "169.254.170.2", "169.254.170.23", "fd00:ec2::23", NULL };
    return is_allowed(url, local);
}

static bool is_metadata_allowed(struct evac_str url)
{
    static const char *const local[] = { "169.254.169.254", "fd00:ec2::254", NULL };
    return is_allowed(url, local);
}

static bool has_container(const struct finder *f)
{
    return env(f, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").n ||
           env(f, "AWS_CONTAINER_CREDENTIALS_FULL_URI").n;
}

static enum evac_code from_container(struct finder *f)
{
    struct evac_provider *p;
    struct evac_str relative = env(f, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    struct evac_str url = env(f, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (relative.n)
        url =
            evac_arena_printf(f->config->arena, "http://169.254.170.2%.*s", EVAC_STR_ARG(relative));
    if (!evac_container_url_allowed(url))
        return evac_fail(f->err, EVAC_E_BADCONF,
                         "AWS credentials: the container's address '%.*s' is refused: https, "
                         "loopback, 169.254.170.2, 169.254.170.23 and fd00:ec2::23 are allowed",
                         EVAC_STR_ARG(url));
    enum evac_code code =
        add(f, EVAC_PROVIDER_CONTAINER,
            evac_arena_printf(f->config->arena, "the container's endpoint %.*s", EVAC_STR_ARG(url)),
            &p);
    if (code != EVAC_OK)
        return code;
    p->url = evac_arena_str(f->config->arena, url);
    p->token_file =
        evac_arena_str(f->config->arena, env(f, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"));
    return EVAC_OK;
}

static enum evac_code from_metadata(struct finder *f)
{
    struct evac_provider *p;
    const struct evac_aws_config *c = f->config;
    struct evac_str url = evac_aws_config_get(c, NULL, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                              "ec2_metadata_service_endpoint");
    struct evac_str mode = evac_aws_config_get(c, NULL, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                                               "ec2_metadata_service_endpoint_mode");
    if (url.n == 0)
        url = mode.n == 4 && strncasecmp(mode.p, "ipv6", 4) == 0
                  ? EVAC_STR("http://[fd00:ec2::254]")
                  : EVAC_STR("http://169.254.169.254");
    if (!is_metadata_allowed(url))
        return evac_fail(f->err, EVAC_E_BADCONF,
                         "AWS_EC2_METADATA_SERVICE_ENDPOINT '%.*s' is refused: https, loopback, "
                         "169.254.169.254 and fd00:ec2::254 are allowed",
                         EVAC_STR_ARG(url));
    if (evac_str_ends(url, "/"))
        url.n--;
    enum evac_code code =
        add(f, EVAC_PROVIDER_IMDS,
            evac_arena_printf(c->arena, "instance metadata at %.*s", EVAC_STR_ARG(url)), &p);
    if (code != EVAC_OK)
        return code;
    p->url = evac_arena_str(c->arena, url);
    return EVAC_OK;
}

/* --- roles --- */

bool evac_credentials_in_session_name(char c)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || (c && strchr("_+=,.@-", c));
}

static bool is_session_name(struct evac_str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!evac_credentials_in_session_name(name.p[i]))
            return false;
    return name.n >= 2 && name.n <= 64;
}

struct role_texts {
    struct evac_str arn, external_id, session_name, duration;
};

static enum evac_code add_role(struct finder *f, enum evac_provider_kind kind,
                               struct evac_str label, const struct role_texts *texts,
                               struct evac_str token_file)
{
    struct evac_provider *p;
    struct evac_arena *arena = f->config->arena;
    int64_t duration_s = 0;
    if (texts->duration.n &&
        (!evac_str_i64(texts->duration, &duration_s) || duration_s < 900 || duration_s > 43200))
        return evac_fail(f->err, EVAC_E_BADCONF,
                         "%.*s: duration_seconds '%.*s' is not 900 to 43200", EVAC_STR_ARG(label),
                         EVAC_STR_ARG(texts->duration));
    if (texts->session_name.n && !is_session_name(texts->session_name))
        return evac_fail(f->err, EVAC_E_BADCONF,
                         "%.*s: role_session_name '%.*s' is not 2 to 64 of A-Z a-z 0-9 _+=,.@-",
                         EVAC_STR_ARG(label), EVAC_STR_ARG(texts->session_name));
    enum evac_code code = add(f, kind, label, &p);
    if (code != EVAC_OK)
        return code;
    p->role_arn = evac_arena_str(arena, texts->arn);
    p->external_id = evac_arena_str(arena, texts->external_id);
    p->session_name = evac_arena_str(arena, texts->session_name);
    p->token_file = evac_arena_str(arena, token_file);
    p->duration_s = (uint32_t)duration_s;
    return EVAC_OK;
}

static struct evac_str of(const struct finder *f, struct evac_str profile, const char *key)
{
    return evac_aws_config_of(f->config, profile, key);
}

static struct evac_str profile_label(const struct finder *f, struct evac_str profile,
                                     const char *what)
{
    return evac_arena_printf(f->config->arena, "profile '%.*s' (%s, %s and %s)",
                             EVAC_STR_ARG(profile), what, f->config->config_path,
                             f->config->credentials_path);
}

static enum evac_code from_credential_source(struct finder *f, struct evac_str profile,
                                             struct evac_str source)
{
    /* clang-format off */
    static const struct {
        const char *name;
        enum evac_code (*find)(struct finder *f);
    } sources[] = {
        { "Environment", from_environment },
        { "Ec2InstanceMetadata", from_metadata },
        { "EcsContainer", from_container },
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if (source.n == strlen(sources[i].name) &&
            strncasecmp(source.p, sources[i].name, source.n) == 0)
            return sources[i].find(f);
    return evac_fail(f->err, EVAC_E_BADCONF,
                     "profile '%.*s': credential_source '%.*s' is not Environment, "
                     "Ec2InstanceMetadata or EcsContainer",
                     EVAC_STR_ARG(profile), EVAC_STR_ARG(source));
}

static enum evac_code from_static(struct finder *f, struct evac_str profile, bool *ret_found);
static enum evac_code from_profile(struct finder *f, struct evac_str profile, bool *ret_found);

static enum evac_code visit(struct finder *f, struct evac_str profile)
{
    for (size_t i = 0; i < f->visited_count; i++)
        if (evac_str_eq(f->visited[i], profile))
            return evac_fail(f->err, EVAC_E_CYCLE,
                             "AWS profile '%.*s' is its own source_profile, by way of others",
                             EVAC_STR_ARG(profile));
    if (f->visited_count == EVAC_PROVIDER_MAX)
        return evac_fail(f->err, EVAC_E_BADCONF, "AWS profile '%.*s': more than %u source_profiles",
                         EVAC_STR_ARG(profile), EVAC_PROVIDER_MAX);
    f->visited[f->visited_count++] = profile;
    return EVAC_OK;
}

static enum evac_code from_source_profile(struct finder *f, struct evac_str profile,
                                          struct evac_str source)
{
    bool found = false;
    enum evac_code code;
    if (!evac_aws_config_has_profile(f->config, source))
        return evac_fail(f->err, EVAC_E_BADCONF,
                         "AWS profile '%.*s': its source_profile '%.*s' is not there",
                         EVAC_STR_ARG(profile), EVAC_STR_ARG(source));
    /* A profile may name itself when it has keys of its own. */
    code = evac_str_eq(profile, source) ? from_static(f, source, &found)
                                        : from_profile(f, source, &found);
    if (code != EVAC_OK || found)
        return code;
    return evac_fail(f->err, EVAC_E_AUTH,
                     "AWS profile '%.*s': its source_profile '%.*s' has no credentials",
                     EVAC_STR_ARG(profile), EVAC_STR_ARG(source));
}

static enum evac_code from_role(struct finder *f, struct evac_str profile)
{
    struct evac_str source_profile = of(f, profile, "source_profile");
    struct evac_str source = of(f, profile, "credential_source");
    struct role_texts texts = { of(f, profile, "role_arn"), of(f, profile, "external_id"),
                                of(f, profile, "role_session_name"),
                                of(f, profile, "duration_seconds") };
    if ((source_profile.n == 0) == (source.n == 0))
        return evac_fail(f->err, EVAC_E_BADCONF,
                         "AWS profile '%.*s' has role_arn and %s of source_profile and "
                         "credential_source: it needs one",
                         EVAC_STR_ARG(profile), source.n ? "both" : "neither");
    if (of(f, profile, "mfa_serial").n)
        return evac_fail(f->err, EVAC_E_UNSUPPORTED,
                         "AWS profile '%.*s' wants a person's MFA code (mfa_serial)",
                         EVAC_STR_ARG(profile));
    enum evac_code code = source.n ? from_credential_source(f, profile, source)
                                   : from_source_profile(f, profile, source_profile);
    if (code != EVAC_OK)
        return code;
    return add_role(f, EVAC_PROVIDER_ROLE, profile_label(f, profile, "role_arn"), &texts,
                    EVAC_STR_NONE);
}

static enum evac_code from_web_identity(struct finder *f, struct evac_str profile, bool use_env,
                                        bool *ret_found)
{
    struct evac_str file = use_env ? env(f, "AWS_WEB_IDENTITY_TOKEN_FILE") : EVAC_STR_NONE;
    bool by_env = file.n > 0;
    struct role_texts texts = { by_env ? env(f, "AWS_ROLE_ARN") : of(f, profile, "role_arn"),
                                EVAC_STR_NONE,
                                by_env ? env(f, "AWS_ROLE_SESSION_NAME")
                                       : of(f, profile, "role_session_name"),
                                by_env ? EVAC_STR_NONE : of(f, profile, "duration_seconds") };
    if (!by_env)
        file = of(f, profile, "web_identity_token_file");
    if (file.n == 0)
        return EVAC_OK;
    struct evac_str label = by_env ? EVAC_STR("AWS_WEB_IDENTITY_TOKEN_FILE")
                                   : profile_label(f, profile, "web_identity_token_file");
    if (texts.arn.n == 0)
        return evac_fail(f->err, EVAC_E_BADCONF, "AWS credentials: %.*s without a role ARN",
                         EVAC_STR_ARG(label));
    *ret_found = true;
    return add_role(f, EVAC_PROVIDER_WEB, label, &texts, file);
}

/* --- a profile's own --- */

static enum evac_code from_file(struct finder *f, const struct evac_ini *ini,
                                struct evac_str section, const char *path, bool *ret_found)
{
    struct evac_str id = evac_ini_get(ini, section, "aws_access_key_id");
    struct evac_str token = evac_ini_get(ini, section, "aws_session_token");
    if (id.n == 0)
        return EVAC_OK;
    if (token.n == 0)
        token = evac_ini_get(ini, section, "aws_security_token");
    *ret_found = true;
    return add_keys(
        f, evac_arena_printf(f->config->arena, "[%.*s] in %s", EVAC_STR_ARG(section), path), id,
        evac_ini_get(ini, section, "aws_secret_access_key"), token, EVAC_STR_NONE);
}

static enum evac_code from_config_file(struct finder *f, struct evac_str profile, bool *ret_found)
{
    struct evac_str section =
        evac_arena_printf(f->config->arena, "profile %.*s", EVAC_STR_ARG(profile));
    if (evac_str_is(profile, "default") && !evac_ini_has(f->config->config, section))
        section = profile;
    return from_file(f, f->config->config, section, f->config->config_path, ret_found);
}

static enum evac_code from_static(struct finder *f, struct evac_str profile, bool *ret_found)
{
    enum evac_code code =
        from_file(f, f->config->credentials, profile, f->config->credentials_path, ret_found);
    if (code != EVAC_OK || *ret_found)
        return code;
    return from_config_file(f, profile, ret_found);
}

static enum evac_code from_process(struct finder *f, struct evac_str profile, bool *ret_found)
{
    struct evac_provider *p;
    struct evac_str command = of(f, profile, "credential_process");
    if (command.n == 0)
        return EVAC_OK;
    enum evac_code code =
        add(f, EVAC_PROVIDER_PROCESS, profile_label(f, profile, "credential_process"), &p);
    if (code != EVAC_OK)
        return code;
    p->command = evac_arena_str(f->config->arena, command);
    *ret_found = true;
    return EVAC_OK;
}

static enum evac_code refuse_sso(struct finder *f, struct evac_str profile)
{
    if (of(f, profile, "sso_session").n == 0 && of(f, profile, "sso_start_url").n == 0)
        return EVAC_OK;
    return evac_fail(f->err, EVAC_E_UNSUPPORTED,
                     "AWS profile '%.*s' signs a person in by SSO, which a daemon can not do: "
                     "give it a role, keys or a credential_process",
                     EVAC_STR_ARG(profile));
}

/* As botocore: shared credentials file, then credential_process, then keys in the config file. */
static enum evac_code from_own(struct finder *f, struct evac_str profile, bool *ret_found)
{
    enum evac_code code =
        from_file(f, f->config->credentials, profile, f->config->credentials_path, ret_found);
    if (code == EVAC_OK && !*ret_found)
        code = from_process(f, profile, ret_found);
    if (code == EVAC_OK && !*ret_found)
        code = from_config_file(f, profile, ret_found);
    return code;
}

static enum evac_code from_profile(struct finder *f, struct evac_str profile, bool *ret_found)
{
    enum evac_code code = visit(f, profile);
    if (code != EVAC_OK)
        return code;
    if (of(f, profile, "role_arn").n && of(f, profile, "web_identity_token_file").n == 0) {
        *ret_found = true;
        return from_role(f, profile);
    }
    bool top = f->visited_count == 1;
    code = from_web_identity(f, profile, top, ret_found);
    if (code == EVAC_OK && !*ret_found)
        code = from_own(f, profile, ret_found);
    if (code == EVAC_OK && !*ret_found)
        code = refuse_sso(f, profile);
    return code;
}

/* --- all of it --- */

static enum evac_code nothing_found(struct finder *f)
{
    const struct evac_aws_config *c = f->config;
    return evac_fail(f->err, EVAC_E_AUTH,
                     "no AWS credentials: not in the controller's settings, the environment%s, "
                     "profile '%.*s' in %s and %s, a web identity or a container; instance "
                     "metadata is switched off (AWS_EC2_METADATA_DISABLED)",
                     c->profile_set ? " (not looked at: a profile is set)" : "",
                     EVAC_STR_ARG(c->profile), c->config_path, c->credentials_path);
}

static enum evac_code find_root(struct finder *f)
{
    const struct evac_aws_config *c = f->config;
    bool found = false;
    if (f->explicit_keys->access_key_id.n)
        return add_keys(f, EVAC_STR("the controller's settings (access_key_id)"),
                        f->explicit_keys->access_key_id, f->explicit_keys->secret,
                        f->explicit_keys->token, EVAC_STR_NONE);
    if (!c->profile_set && env(f, "AWS_ACCESS_KEY_ID").n)
        return from_environment(f);
    enum evac_code code = from_profile(f, c->profile, &found);
    if (code != EVAC_OK || found)
        return code;
    if (has_container(f))
        return from_container(f);
    if (evac_aws_config_true(c, NULL, "AWS_EC2_METADATA_DISABLED", NULL))
        return nothing_found(f);
    return from_metadata(f);
}

/* The controller's own role stands on whatever was found. */
static enum evac_code add_own_role(struct finder *f)
{
    const struct evac_args *s = &f->config->settings;
    struct role_texts texts = { evac_args_get(s, "role_arn"), evac_args_get(s, "external_id"),
                                evac_args_get(s, "role_session_name"),
                                evac_args_get(s, "duration_seconds") };
    if (texts.arn.n == 0)
        return EVAC_OK;
    return add_role(f, EVAC_PROVIDER_ROLE, EVAC_STR("the controller's settings (role_arn)"), &texts,
                    EVAC_STR_NONE);
}

enum evac_code evac_providers_find(const struct evac_aws_config *config,
                                   const struct evac_explicit_keys *explicit_keys,
                                   struct evac_provider_chain *ret_chain, struct evac_err *err)
{
    struct evac_err own = { 0 };
    struct finder f = { .config = config,
                        .explicit_keys = explicit_keys,
                        .chain = ret_chain,
                        .err = err ? err : &own };
    *ret_chain = (struct evac_provider_chain){ 0 };
    enum evac_code code = find_root(&f);
    if (code == EVAC_OK)
        code = add_own_role(&f);
    if (code != EVAC_OK)
        evac_provider_chain_done(ret_chain);
    return code;
}

enum evac_code evac_providers_of_role(const struct evac_aws_config *config,
                                      const struct evac_aws_keys *keys,
                                      const struct evac_aws_role *role, struct evac_str session,
                                      struct evac_provider_chain *ret_chain, struct evac_err *err)
{
    struct evac_provider *own;
    struct finder f = { .config = config, .chain = ret_chain, .err = err };
    const struct role_texts texts = { role->arn, role->external_id, session, EVAC_STR_NONE };
    ret_chain->count = 0;
    enum evac_code code =
        add(&f, EVAC_PROVIDER_KEYS, EVAC_STR("the controller's own credentials"), &own);
    if (code != EVAC_OK)
        return code;
    own->keys = *keys;
    own->keys.secret = evac_secret_new(evac_secret_reveal(&keys->secret));
    own->keys.token = evac_secret_new(evac_secret_reveal(&keys->token));
    own->has_keys = true;
    return add_role(
        &f, EVAC_PROVIDER_ROLE,
        evac_arena_printf(config->arena, "the role of app '%.*s'", EVAC_STR_ARG(role->app)), &texts,
        EVAC_STR_NONE);
}

/* --- argv --- */

struct splitter {
    struct evac_str text;
    size_t at;
    char *out; /* the words, each with its zero */
    size_t out_n;
};

/* One character of a word into out; false at the word's end. *quote is the quote that is open, 0
 * none. */
static bool take(struct splitter *s, char *quote)
{
    char c = s->text.p[s->at++];
    bool more = s->at < s->text.n;
    if (*quote && c == *quote) {
        *quote = 0;
    } else if (!*quote && (c == '\'' || c == '"')) {
        *quote = c;
    } else if (c == '\\' && more && !*quote) {
        s->out[s->out_n++] = s->text.p[s->at++];
    } else if (c == '\\' && more && *quote == '"' && strchr("\"\\", s->text.p[s->at])) {
        s->out[s->out_n++] = s->text.p[s->at++];
    } else if (!*quote && strchr(" \t\n\r", c)) {
        return false;
    } else {
        s->out[s->out_n++] = c;
    }
    return true;
}

enum evac_code evac_split_command(struct evac_str command, struct evac_arena *arena,
                                  const char ***ret_argv, struct evac_err *err)
{
    const char **argv = evac_arena_array(arena, WORDS_MAX + 1, sizeof *argv);
    struct splitter s = { .text = evac_str_trim(command) };
    size_t count = 0;
    s.out = evac_arena_alloc(arena, 2 * command.n + 2);
    while (s.at < s.text.n) {
        char quote = 0;
        if (strchr(" \t\n\r", s.text.p[s.at])) {
            s.at++;
            continue;
        }
        if (count == WORDS_MAX)
            return evac_fail(err, EVAC_E_TOOBIG, "credential_process has more than %u words",
                             WORDS_MAX);
        argv[count++] = s.out + s.out_n;
        while (s.at < s.text.n && take(&s, &quote))
            continue;
        if (quote)
            return evac_fail(err, EVAC_E_PARSE, "credential_process: a quote %c is not closed",
                             quote);
        s.out[s.out_n++] = '\0';
    }
    if (count == 0)
        return evac_fail(err, EVAC_E_BADCONF, "credential_process is empty");
    *ret_argv = argv;
    return EVAC_OK;
}
