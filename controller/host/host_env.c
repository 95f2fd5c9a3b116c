/* Secrets in the environment are taken out of it at the start: what /proc/PID/environ shows, and
 * what a program that is run might inherit, is what is left. */
#include "host_env.h"

#include "evac/secret.h"
#include "redact.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 32u

extern char **environ;

static struct {
    char name[128];
    struct evac_secret value;
} kept[KEPT_MAX];
static size_t kept_count;

void evac_host_env_seal(void)
{
    for (char **at = environ; *at && kept_count < KEPT_MAX;) {
        char *equals = strchr(*at, '=');
        struct evac_str name = { *at, equals ? (size_t)(equals - *at) : 0 };
        if (!equals || !equals[1] || !evac_redact_is_key(name) ||
            !evac_str_copy(kept[kept_count].name, sizeof kept[0].name, name)) {
            at++;
            continue;
        }
        kept[kept_count].value = evac_secret_new(evac_str(equals + 1));
        explicit_bzero(equals + 1, strlen(equals + 1));
        (void)unsetenv(kept[kept_count].name); /* moves the rest to here */
        kept_count++;
    }
}

const char *evac_host_env_get(const char *name)
{
    for (size_t i = 0; i < kept_count; i++)
        if (strcmp(kept[i].name, name) == 0)
            return evac_secret_reveal(&kept[i].value).p;
    return getenv(name);
}
