#include "fence_options.h"

#include "evac/args.h"

#include <getopt.h>
#include <string.h>

const char fence_usage[] =
    "evac-fence: may this side of an app write? Beside the app, on its active side and its "
    "standby\n"
    "\n"
    "  --app APP              as evac calls it\n"
    "  --region REGION        where this runs\n"
    "  --copy s3://BUCKET/KEY@REGION   a copy of the GO object, of another region; all of them "
    "but\n"
    "                         this region's own: once for each\n"
    "  --lease 30s            how long it may write after it last read that it may: \"renew\" of "
    "the\n"
    "                         app's s3-go resource, never longer\n"
    "  --listen unix:PATH | 127.0.0.1:PORT   answers GET /may-write, /metrics and /healthz\n"
    "  --file PATH            a file that is there while it may write; its reader must look at "
    "the\n"
    "                         time in it (until_boot_ms)\n"
    "  --on-go CMD, --on-stop CMD   run at changes, without a shell; CMD begins with '/'\n"
    "  --version, --help\n"
    "\n"
    "At least one of --listen and --file. Credentials, endpoints and CA as AWS's tools find them.\n"
    "SIGTERM gives the permission back and ends it. Exit codes: 0 ended, 1 failed, 2 usage.\n";

/* --- one option's value ---------------------------------------------------------------------- */

static enum evac_code bad(struct evac_err *err, const char *option, const char *found,
                          const char *allowed)
{
    return evac_fail(err, EVAC_E_BADARG, "--%s '%s': %s", option, found, allowed);
}

static bool is_region(struct evac_str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!memchr("abcdefghijklmnopqrstuvwxyz0123456789-", name.p[i], 37))
            return false;
    return name.n > 0 && name.n < 64;
}

static enum evac_code read_app(struct fence_options *o, const char *text, struct evac_err *err)
{
    if (*text && evac_str_copy(o->app, sizeof o->app, evac_str(text)))
        return EVAC_OK;
    return bad(err, "app", text, "it must be a name of 1 to 127 bytes");
}

static enum evac_code read_region(struct fence_options *o, const char *text, struct evac_err *err)
{
    if (is_region(evac_str(text)) && evac_str_copy(o->region, sizeof o->region, evac_str(text)))
        return EVAC_OK;
    return bad(err, "region", text, "it must be a region such as us-east-1");
}

/* A key may hold '@': the last one counts. */
static bool part_copy(struct fence_copy_option *copy, const char *text)
{
    const char *at = strrchr(text, '@');
    struct evac_str key, rest;
    if (!at || strncmp(text, "s3://", 5) != 0)
        return false;
    rest = (struct evac_str){ text + 5, at > text + 5 ? (size_t)(at - text) - 5 : 0 };
    struct evac_str bucket = evac_str_cut(rest, '/', &key);
    return bucket.n > 0 && key.n > 0 && is_region(evac_str(at + 1)) &&
           evac_str_copy(copy->bucket, sizeof copy->bucket, bucket) &&
           evac_str_copy(copy->key, sizeof copy->key, key) &&
           evac_str_copy(copy->region, sizeof copy->region, evac_str(at + 1));
}

static enum evac_code read_copy(struct fence_options *o, const char *text, struct evac_err *err)
{
    if (o->copy_count == EVAC_FENCE_COPIES_MAX)
        return bad(err, "copy", text, "there are 8 already");
    if (!part_copy(&o->copies[o->copy_count], text))
        return bad(err, "copy", text, "it must be s3://BUCKET/KEY@REGION");
    o->copy_count++;
    return EVAC_OK;
}

static enum evac_code read_lease(struct fence_options *o, const char *text, struct evac_err *err)
{
    if (evac_duration_ms(evac_str(text), &o->lease_ms) &&
        o->lease_ms >= (int64_t)EVAC_FENCE_LEASE_MIN_MS &&
        o->lease_ms <= (int64_t)EVAC_FENCE_LEASE_MAX_MS)
        return EVAC_OK;
    return bad(err, "lease", text, "it must be a duration from 100ms to 1h, such as 30s");
}

static enum evac_code read_command(struct fence_command *command, const char *option,
                                   const char *text, struct evac_err *err)
{
    size_t n = 0;
    if (text[0] != '/' || !evac_str_copy(command->text, sizeof command->text, evac_str(text)))
        return bad(err, option, text, "it must be a program's absolute path and its words");
    char *at = command->text;
    for (char *word; (word = strsep(&at, " ")) != NULL;) {
        if (n == FENCE_ARGV_MAX)
            return bad(err, option, text, "it has more than 32 words");
        if (*word)
            command->words[n++] = word;
    }
    return EVAC_OK;
}

static enum evac_code read_path(const char **ret_path, const char *text, struct evac_err *err)
{
    *ret_path = text;
    return text[0] == '/' ? EVAC_OK : bad(err, "file", text, "it must be an absolute path");
}

static enum evac_code read_one(struct fence_options *o, int option, const char *text,
                               struct evac_err *err)
{
    switch (option) {
    case 'a':
        return read_app(o, text, err);
    case 'r':
        return read_region(o, text, err);
    case 'c':
        return read_copy(o, text, err);
    case 'l':
        return read_lease(o, text, err);
    case 'L':
        o->listen = text; /* the door knows what it can listen on */
        return EVAC_OK;
    case 'f':
        return read_path(&o->file, text, err);
    case 'g':
        return read_command(&o->on_go, "on-go", text, err);
    case 's':
        return read_command(&o->on_stop, "on-stop", text, err);
    case 'h':
        o->help = true;
        return EVAC_OK;
    case 'v':
        o->version = true;
        return EVAC_OK;
    default:
        return evac_fail(err, EVAC_E_BADARG, "there is no such option, or its value is missing");
    }
}

/* --- all of them ----------------------------------------------------------------------------- */

/* What a region says of itself counts for nothing when it is cut off. */
static enum evac_code check_copies(const struct fence_options *o, struct evac_err *err)
{
    for (size_t i = 0; i < o->copy_count; i++) {
        if (strcmp(o->copies[i].region, o->region) == 0)
            return evac_fail(err, EVAC_E_BADARG,
                             "--copy in %s: this region's own copy is never read: a region that is "
                             "cut off must not convince itself",
                             o->region);
        for (size_t k = 0; k < i; k++)
            if (strcmp(o->copies[i].region, o->copies[k].region) == 0)
                return evac_fail(err, EVAC_E_BADARG, "--copy in %s is there twice",
                                 o->copies[i].region);
    }
    return EVAC_OK;
}

static enum evac_code check(const struct fence_options *o, struct evac_err *err)
{
    const char *missing = !o->app[0]               ? "--app"
                          : !o->region[0]          ? "--region"
                          : o->copy_count == 0     ? "--copy"
                          : o->lease_ms == 0       ? "--lease"
                          : !o->listen && !o->file ? "--listen or --file"
                                                   : NULL;
    if (missing)
        return evac_fail(err, EVAC_E_BADARG, "%s is missing", missing);
    return check_copies(o, err);
}

enum evac_code fence_options_read(int argc, char **argv, struct fence_options *ret_options,
                                  struct evac_err *err)
{
    static const struct option options[] = {
        { "app", required_argument, NULL, 'a' },
        { "region", required_argument, NULL, 'r' },
        { "copy", required_argument, NULL, 'c' },
        { "lease", required_argument, NULL, 'l' },
        { "listen", required_argument, NULL, 'L' },
        { "file", required_argument, NULL, 'f' },
        { "on-go", required_argument, NULL, 'g' },
        { "on-stop", required_argument, NULL, 's' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'v' },
        { NULL, 0, NULL, 0 },
    };
    *ret_options = (struct fence_options){ .copy_count = 0 };
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        enum evac_code code = read_one(ret_options, c, optarg, err);
        if (code)
            return code;
    }
    if (optind < argc)
        return evac_fail(err, EVAC_E_BADARG, "'%s' is no option", argv[optind]);
    return ret_options->help || ret_options->version ? EVAC_OK : check(ret_options, err);
}
