/* Where an AWS setting comes from: the controller's own settings, AWS's environment, AWS's files.
 */
#ifndef EVAC_AWS_CONFIG_H
#define EVAC_AWS_CONFIG_H

#include "aws_ini.h"
#include "evac/args.h"
#include "evac/host.h"

/* One reading of it all; lives in the arena that it was read into. */
struct evac_aws_config {
    const struct evac_host *host;
    struct evac_arena *arena;
    struct evac_args settings;                   /* without secret_access_key and session_token */
    const struct evac_ini *config, *credentials; /* NULL: no such file */
    const char *config_path, *credentials_path;  /* "" unknown: no HOME */
    struct evac_str profile;
    bool profile_set; /* by the controller's settings: then keys in the environment do not count */
};

/* Fails when a file is not well formed, or a profile that someone named does not exist. */
enum evac_code evac_aws_config_load(const struct evac_host *host, const struct evac_args *settings,
                                    struct evac_arena *arena, struct evac_aws_config *ret_config,
                                    struct evac_err *err);

struct evac_str evac_aws_config_env(const struct evac_aws_config *config, const char *name);

/* Of a profile: the config file's, then the credentials file's. */
struct evac_str evac_aws_config_of(const struct evac_aws_config *config, struct evac_str profile,
                                   const char *key);
bool evac_aws_config_has_profile(const struct evac_aws_config *config, struct evac_str profile);

/* Afterwards no secret is in memory any more that came from the files. */
void evac_aws_config_wipe(const struct evac_aws_config *config);

/* First of: the controller's setting, the environment, the profile. Any name may be NULL. */
struct evac_str evac_aws_config_get(const struct evac_aws_config *config, const char *setting,
                                    const char *env, const char *key);
/* The same as a truth: "true", any case. */
bool evac_aws_config_true(const struct evac_aws_config *config, const char *setting,
                          const char *env, const char *key);

/* A small file, "~/" understood. */
enum evac_code evac_aws_config_file(const struct evac_aws_config *config, struct evac_str path,
                                    size_t max_bytes, struct evac_str *ret_text,
                                    struct evac_err *err);
#endif
