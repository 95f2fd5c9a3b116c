#include "remote.h"

#include "evac/buf.h"

#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TOKEN_MAX 16384u

/* One setting, by the names that it has in each place. */
struct setting {
    const char *name, *environment;
    char *to;
    size_t bytes;
};

static enum evac_code take(const struct setting *s, const char *typed, const config_t *file,
                           struct evac_err *err)
{
    const char *value = typed ? typed : getenv(s->environment);
    if ((!value || !value[0]) && config_lookup(file, s->name))
        (void)config_lookup_string(file, s->name, &value);
    if (!value || evac_str_copy(s->to, s->bytes, evac_str(value)))
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADCONF, "%s is longer than %zu bytes", s->name, s->bytes - 1);
}

/* --- the file
 * --------------------------------------------------------------------------------- */

static bool file_path(char *path, size_t bytes)
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (xdg && xdg[0] == '/')
        return snprintf(path, bytes, "%s/evac/cli.cfg", xdg) < (int)bytes;
    return home && home[0] == '/' &&
           snprintf(path, bytes, "%s/.config/evac/cli.cfg", home) < (int)bytes;
}

static enum evac_code check_names(const config_t *file, const char *path, struct evac_err *err)
{
    static const char *const known[] = { "server", "token_file", "ca", "cert", "cert_key", NULL };
    const config_setting_t *root = config_root_setting(file);
    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *item = config_setting_get_elem(root, (unsigned)i);
        const char *const *k = known;
        while (*k && strcmp(*k, config_setting_name(item)) != 0)
            k++;
        if (!*k || config_setting_type(item) != CONFIG_TYPE_STRING)
            return evac_fail(err, EVAC_E_BADCONF,
                             "%s line %d: '%s'; allowed are texts: server, token_file, ca, cert, "
                             "cert_key (a token has a file of its own)",
                             path, config_setting_source_line(item), config_setting_name(item));
    }
    return EVAC_OK;
}

/* That there is none is fine. */
static enum evac_code read_file(config_t *file, struct evac_err *err)
{
    char path[1024];
    FILE *f = file_path(path, sizeof path) ? fopen(path, "re") : NULL;
    if (!f)
        return EVAC_OK;
    int good = config_read(file, f);
    fclose(f);
    if (!good)
        return evac_fail(err, EVAC_E_BADCONF, "%s line %d: %s", path, config_error_line(file),
                         config_error_text(file));
    return check_names(file, path, err);
}

/* --- the token
 * -------------------------------------------------------------------------------- */

static enum evac_code token_from_file(const char *path, struct evac_secret *ret,
                                      struct evac_err *err)
{
    char text[TOKEN_MAX];
    struct stat st;
    FILE *f = fopen(path, "re");
    if (!f || fstat(fileno(f), &st) != 0) {
        if (f)
            fclose(f);
        return evac_fail(err, EVAC_E_BADCONF, "the token's file %s: %s", path, strerror(errno));
    }
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    if (n < sizeof text)
        *ret = evac_secret_new(evac_str_trim((struct evac_str){ text, n }));
    explicit_bzero(text, sizeof text);
    if (S_ISREG(st.st_mode) && (st.st_mode & 077))
        return evac_fail(err, EVAC_E_BADCONF, "others can read the token's file %s: chmod 600 %s",
                         path, path);
    return evac_secret_is_set(ret)
               ? EVAC_OK
               : evac_fail(err, EVAC_E_BADCONF, "the token's file %s is empty, or no token", path);
}

static enum evac_code find_token(const char *typed, const config_t *file, struct evac_secret *ret,
                                 struct evac_err *err)
{
    const char *token = getenv("EVAC_TOKEN");
    char path[1024] = "";
    const struct setting from = { "token_file", "EVAC_TOKEN_FILE", path, sizeof path };
    if (!typed && token && token[0]) {
        *ret = evac_secret_new(evac_str_trim(evac_str(token)));
        return EVAC_OK;
    }
    enum evac_code code = take(&from, typed, file, err);
    return code || !path[0] ? code : token_from_file(path, ret, err);
}

/* --- all of it
 * -------------------------------------------------------------------------------- */

static bool is_loopback(struct evac_str host)
{
    return evac_str_starts(host, "127.") || evac_str_starts(host, "localhost") ||
           evac_str_starts(host, "[::1]");
}

/* A token must not be shown to everybody on the way. */
static enum evac_code check_server(struct evac_remote *r, struct evac_err *err)
{
    size_t n = strlen(r->server);
    while (n && r->server[n - 1] == '/')
        r->server[--n] = '\0';
    bool https = strncmp(r->server, "https://", 8) == 0,
         http = strncmp(r->server, "http://", 7) == 0;
    if (!https && !http)
        return evac_fail(err, EVAC_E_BADCONF,
                         "the server '%s'; allowed: https://HOST[:PORT], or http:// and a loopback "
                         "address",
                         r->server);
    if (http && !is_loopback(evac_str(r->server + 7)))
        return evac_fail(err, EVAC_E_BADCONF,
                         "%s is not on this machine: without TLS everybody on the way reads along; "
                         "use https://",
                         r->server);
    return EVAC_OK;
}

static enum evac_code find_all(const struct evac_remote_given *given, const config_t *file,
                               struct evac_remote *r, struct evac_err *err)
{
    const struct {
        struct setting setting;
        const char *typed;
    } all[] = {
        { { "server", "EVAC_SERVER", r->server, sizeof r->server }, given->server },
        { { "ca", "EVAC_CA", r->ca, sizeof r->ca }, given->ca },
        { { "cert", "EVAC_CERT", r->cert, sizeof r->cert }, given->cert },
        { { "cert_key", "EVAC_CERT_KEY", r->cert_key, sizeof r->cert_key }, given->cert_key },
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (take(&all[i].setting, all[i].typed, file, err))
            return err->code;
    if (!r->server[0])
        return EVAC_OK;
    enum evac_code code = check_server(r, err);
    return code ? code : find_token(given->token_file, file, &r->token, err);
}

enum evac_code evac_remote_find(const struct evac_remote_given *given, struct evac_remote *ret,
                                struct evac_err *err)
{
    config_t file;
    *ret = (struct evac_remote){ .server = "" };
    if (given->socket)
        return EVAC_OK;
    config_init(&file);
    enum evac_code code = read_file(&file, err);
    if (!code)
        code = find_all(given, &file, ret, err);
    config_destroy(&file);
    return code;
}

void evac_remote_done(struct evac_remote *remote)
{
    evac_secret_done(&remote->token);
}
