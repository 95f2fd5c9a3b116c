#include "aws_config.h"
#include "format.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FILE_MAX_BYTES (1u << 20)

struct evac_str evac_aws_config_env(const struct evac_aws_config *config, const char *name)
{
    return evac_str(config->host->getenv(config->host->ctx, name));
}

static const char *expand(const struct evac_aws_config *config, struct evac_str path)
{
    struct evac_str home = evac_aws_config_env(config, "HOME");
    if (evac_str_starts(path, "~/"))
        return home.n ? evac_arena_printf(config->arena, "%.*s%.*s", EVAC_STR_ARG(home),
                                          (int)path.n - 1, path.p + 1)
                            .p
                      : "";
    return evac_arena_str(config->arena, path).p;
}

enum evac_code evac_aws_config_file(const struct evac_aws_config *config, struct evac_str path,
                                    size_t max_bytes, struct evac_str *ret_text,
                                    struct evac_err *err)
{
    struct evac_buf buf;
    const char *name = expand(config, path);
    if (!*name)
        return evac_fail(err, EVAC_E_NOTFOUND, "%.*s: HOME is not set", EVAC_STR_ARG(path));
    evac_buf_init(&buf, max_bytes);
    enum evac_code code = config->host->read_file(config->host->ctx, name, &buf, err);
    if (code == EVAC_OK)
        *ret_text = evac_arena_str(config->arena, evac_buf_str(&buf));
    if (buf.p)
        explicit_bzero(buf.p, buf.cap);
    evac_buf_done(&buf);
    return code;
}

/* Not there, or hidden from this user: as if it were empty, which the errors that follow will say.
 */
static enum evac_code load_file(struct evac_aws_config *config, const char *env, const char *usual,
                                const char **ret_path, const struct evac_ini **ret_ini,
                                struct evac_err *err)
{
    struct evac_str text, path = evac_aws_config_env(config, env);
    if (path.n == 0)
        path = evac_str(usual);
    *ret_path = expand(config, path);
    enum evac_code code = evac_aws_config_file(config, path, FILE_MAX_BYTES, &text, err);
    if (code == EVAC_E_TOOBIG)
        return code;
    if (code != EVAC_OK)
        return EVAC_OK;
    return evac_ini_parse(text, *ret_path, config->arena, ret_ini, err);
}

static struct evac_args copy_args(const struct evac_args *args, struct evac_arena *arena)
{
    size_t count = args ? args->count : 0;
    struct evac_arg *items = evac_arena_array(arena, count + 1, sizeof *items);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct evac_arg arg = args->items[i];
        if (evac_str_is(arg.name, "secret_access_key") || evac_str_is(arg.name, "session_token"))
            continue;
        items[kept].name = evac_arena_str(arena, arg.name);
        items[kept++].value = evac_arena_str(arena, arg.value);
    }
    return (struct evac_args){ items, kept };
}

void evac_aws_config_wipe(const struct evac_aws_config *config)
{
    static const char *const secrets[] = { "aws_secret_access_key", "aws_session_token",
                                           "aws_security_token" };
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        evac_ini_wipe(config->config, secrets[i]);
        evac_ini_wipe(config->credentials, secrets[i]);
    }
}

static enum evac_code choose_profile(struct evac_aws_config *config, struct evac_err *err)
{
    struct evac_str named = evac_args_get(&config->settings, "profile");
    config->profile_set = named.n > 0;
    if (named.n == 0)
        named = evac_aws_config_env(config, "AWS_PROFILE");
    config->profile = evac_arena_str(config->arena, named.n ? named : EVAC_STR("default"));
    if (named.n == 0 || evac_str_is(named, "default") ||
        evac_aws_config_has_profile(config, config->profile))
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADCONF, "AWS profile '%.*s' is neither in %s nor in %s",
                     EVAC_STR_ARG(config->profile), config->config_path, config->credentials_path);
}

enum evac_code evac_aws_config_load(const struct evac_host *host, const struct evac_args *settings,
                                    struct evac_arena *arena, struct evac_aws_config *ret_config,
                                    struct evac_err *err)
{
    struct evac_aws_config config = { .host = host, .arena = arena };
    config.settings = copy_args(settings, arena);
    enum evac_code code = load_file(&config, "AWS_CONFIG_FILE", "~/.aws/config",
                                    &config.config_path, &config.config, err);
    if (code == EVAC_OK)
        code = load_file(&config, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials",
                         &config.credentials_path, &config.credentials, err);
    if (code == EVAC_OK)
        code = choose_profile(&config, err);
    if (code == EVAC_OK)
        *ret_config = config;
    return code;
}

#define SECTION_BYTES 200

/* "[profile x]", but "[default]" may stand bare. On the stack: this is asked for every request. */
static struct evac_str section_of(const struct evac_aws_config *config, struct evac_str profile,
                                  char to[SECTION_BYTES])
{
    static const char word[] = "profile ";
    const size_t n = sizeof word - 1;
    memcpy(to, word, n);
    if (!evac_str_copy(to + n, SECTION_BYTES - n, profile))
        return EVAC_STR_NONE;
    struct evac_str section = { to, n + profile.n };
    if (evac_str_is(profile, "default") && !evac_ini_has(config->config, section))
        return EVAC_STR("default");
    return section;
}

bool evac_aws_config_has_profile(const struct evac_aws_config *config, struct evac_str profile)
{
    char section[SECTION_BYTES];
    return evac_ini_has(config->config, section_of(config, profile, section)) ||
           evac_ini_has(config->credentials, profile);
}

struct evac_str evac_aws_config_of(const struct evac_aws_config *config, struct evac_str profile,
                                   const char *key)
{
    char section[SECTION_BYTES];
    struct evac_str value = evac_ini_get(config->config, section_of(config, profile, section), key);
    return value.n ? value : evac_ini_get(config->credentials, profile, key);
}

struct evac_str evac_aws_config_get(const struct evac_aws_config *config, const char *setting,
                                    const char *env, const char *key)
{
    struct evac_str value = EVAC_STR_NONE;
    if (setting)
        value = evac_args_get(&config->settings, setting);
    if (value.n == 0 && env)
        value = evac_aws_config_env(config, env);
    if (value.n == 0 && key)
        value = evac_aws_config_of(config, config->profile, key);
    return value;
}

bool evac_aws_config_true(const struct evac_aws_config *config, const char *setting,
                          const char *env, const char *key)
{
    struct evac_str value = evac_aws_config_get(config, setting, env, key);
    return value.n == 4 && strncasecmp(value.p, "true", 4) == 0;
}
