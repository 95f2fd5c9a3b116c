/* The machine's time zones. */
#include "zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* libc knows time zones only through the environment: set it, ask, put it back. No callback
 * between. */
static char *enter(const char *zone)
{
    const char *was = getenv("TZ");
    char *saved = was ? strdup(was) : NULL;
    setenv("TZ", zone, 1);
    tzset();
    return saved;
}

static void leave(char *saved)
{
    if (saved)
        setenv("TZ", saved, 1);
    else
        unsetenv("TZ");
    tzset();
    free(saved);
}

/* libc takes a name that it does not know for UTC, without a word. */
static bool is_installed(const char *zone)
{
    char path[512];
    const char *dir = getenv("TZDIR");
    snprintf(path, sizeof path, "%s/%s", dir ? dir : "/usr/share/zoneinfo", zone);
    return access(path, R_OK) == 0;
}

static bool offset(void *ctx, struct evac_str zone, int64_t wall_ms, int32_t *ret_s)
{
    char name[128];
    struct tm local = { 0 };
    time_t t = (time_t)(wall_ms / 1000);
    (void)ctx;
    if (!evac_str_copy(name, sizeof name, zone) || !is_installed(name))
        return false;
    char *saved = enter(name);
    bool known = localtime_r(&t, &local) != NULL;
    leave(saved);
    if (known)
        *ret_s = (int32_t)local.tm_gmtoff;
    return known;
}

const struct evac_zones evac_zones_libc = { NULL, offset };
