#include "fence_line.h"

#include "builtin.h"

#define GO_TYPE "s3-go"

/* --- which resource --------------------------------------------------------------------------- */

static bool is_wanted(const struct evac_resource *r, struct evac_str name)
{
    return evac_str_is(r->type, GO_TYPE) && (!name.n || evac_str_eq(r->name, name));
}

static enum evac_code find_resource(const struct evac_app *app, struct evac_str name,
                                    const struct evac_resource **ret, struct evac_err *err)
{
    size_t count = 0;
    for (size_t i = 0; i < app->resource_count; i++)
        if (is_wanted(&app->resources[i], name)) {
            *ret = &app->resources[i];
            count++;
        }
    if (count == 1)
        return EVAC_OK;
    if (count > 1)
        return evac_fail(err, EVAC_E_BADARG,
                         "app '%.*s' has %zu resources of the type %s: say which (--resource)",
                         EVAC_STR_ARG(app->name), count, GO_TYPE);
    return evac_fail(err, EVAC_E_NOTFOUND,
                     "app '%.*s' has no resource %.*s%sof the type %s: nothing says who may write",
                     EVAC_STR_ARG(app->name), EVAC_STR_ARG(name), name.n ? " " : "", GO_TYPE);
}

static enum evac_code check_region(const struct evac_app *app, struct evac_str region,
                                   struct evac_err *err)
{
    struct evac_buf names;
    for (size_t i = 0; i < app->region_count; i++)
        if (evac_str_eq(app->regions[i], region))
            return EVAC_OK;
    evac_buf_init(&names, 4096);
    for (size_t i = 0; i < app->region_count; i++)
        evac_buf_putf(&names, "%s%.*s", i ? ", " : "", EVAC_STR_ARG(app->regions[i]));
    enum evac_code code =
        evac_fail(err, EVAC_E_NOTFOUND, "app '%.*s' does not run in '%.*s': its regions are %s",
                  EVAC_STR_ARG(app->name), EVAC_STR_ARG(region), names.p);
    evac_buf_done(&names);
    return code;
}

/* --- its copies ------------------------------------------------------------------------------- */

static struct evac_args settings(const struct evac_app *app, const struct evac_resource *resource,
                                 struct evac_str region, struct evac_arena *arena)
{
    const struct evac_driver *driver = evac_catalog_driver(evac_builtin_catalog(), resource->type);
    const struct evac_plan_place place = {
        .app = app->name, .region = region, .from = region, .to = region
    };
    return evac_plan_whole_props(arena, &resource->props, driver ? driver->params : NULL, &place);
}

static bool is_one_word(struct evac_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] <= ' ' || text.p[i] == '"' || text.p[i] == '\'' || text.p[i] == '\\' ||
            text.p[i] == '$')
            return false;
    return text.n > 0;
}

static enum evac_code add_copy(struct evac_fence_line *line, struct evac_str bucket,
                               struct evac_str key, struct evac_str region, struct evac_err *err)
{
    if (line->copy_count == EVAC_FENCE_LINE_COPIES)
        return evac_fail(err, EVAC_E_TOOBIG, "evac-fence reads at most %u copies",
                         EVAC_FENCE_LINE_COPIES);
    if (!is_one_word(bucket) || !is_one_word(key))
        return evac_fail(err, EVAC_E_UNSUPPORTED,
                         "s3://%.*s/%.*s has a blank, a quote, a backslash or a dollar sign, which "
                         "the unit's environment can not carry: start evac-fence by a unit of your "
                         "own",
                         EVAC_STR_ARG(bucket), EVAC_STR_ARG(key));
    line->copies[line->copy_count].bucket = bucket;
    line->copies[line->copy_count].key = key;
    line->copies[line->copy_count++].region = region;
    return EVAC_OK;
}

static enum evac_code add_copies(struct evac_fence_line *line, const struct evac_app *app,
                                 const struct evac_resource *resource, struct evac_arena *arena,
                                 struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    for (size_t i = 0; !code && i < resource->props.count; i++) {
        struct evac_str region, name = evac_str_cut(resource->props.items[i].name, '.', &region);
        if (!evac_str_is(name, "buckets") || !region.n || evac_str_eq(region, line->region))
            continue;
        struct evac_args there = settings(app, resource, region, arena);
        code = add_copy(line, evac_args_regional(&there, "buckets", region),
                        evac_args_get(&there, "key"), region, err);
    }
    if (!code && line->copy_count == 0)
        code = evac_fail(err, EVAC_E_BADARG,
                         "resource '%.*s' of app '%.*s' has no copy but %.*s's own, which is never "
                         "read there: a region that is cut off must not convince itself",
                         EVAC_STR_ARG(resource->name), EVAC_STR_ARG(app->name),
                         EVAC_STR_ARG(line->region));
    return code;
}

enum evac_code evac_fence_line(const struct evac_app *app, struct evac_str region,
                               struct evac_str resource, struct evac_arena *arena,
                               struct evac_fence_line *ret_line, struct evac_err *err)
{
    const struct evac_resource *go = NULL;
    enum evac_code code = check_region(app, region, err);
    if (!code)
        code = find_resource(app, resource, &go, err);
    if (code)
        return code;
    struct evac_args here = settings(app, go, region, arena);
    *ret_line = (struct evac_fence_line){ .app = app->name,
                                          .region = region,
                                          .resource = go->name,
                                          .lease = evac_args_get(&here, "renew"),
                                          .margin = evac_args_get(&here, "margin") };
    return add_copies(ret_line, app, go, arena, err);
}

/* --- as it is printed ------------------------------------------------------------------------ */

static void put_args(const struct evac_fence_line *line, struct evac_buf *out)
{
    evac_buf_putf(out, "--region %.*s --lease %.*s", EVAC_STR_ARG(line->region),
                  EVAC_STR_ARG(line->lease));
    for (size_t i = 0; i < line->copy_count; i++)
        evac_buf_putf(out, " --copy s3://%.*s/%.*s@%.*s", EVAC_STR_ARG(line->copies[i].bucket),
                      EVAC_STR_ARG(line->copies[i].key), EVAC_STR_ARG(line->copies[i].region));
}

static void put_role(const struct evac_fence_line *line, struct evac_buf *out)
{
    evac_buf_puts(out, "# Its role: s3:GetObject on ");
    for (size_t i = 0; i < line->copy_count; i++)
        evac_buf_putf(out, "%sarn:aws:s3:::%.*s/%.*s", i ? ", " : "",
                      EVAC_STR_ARG(line->copies[i].bucket), EVAC_STR_ARG(line->copies[i].key));
    evac_buf_puts(out, "; nothing else.\n");
}

void evac_fence_line_text(const struct evac_fence_line *line, struct evac_buf *out)
{
    evac_buf_putf(out,
                  "# /etc/evac-fence/%.*s.env on every machine in %.*s that writes; then\n"
                  "# systemctl enable --now evac-fence@%.*s\n",
                  EVAC_STR_ARG(line->app), EVAC_STR_ARG(line->region), EVAC_STR_ARG(line->app));
    put_role(line, out);
    evac_buf_putf(out,
                  "# The app asks GET /may-write at /run/evac-fence/%.*s/sock before each write; a "
                  "write takes less than %.*s.\n",
                  EVAC_STR_ARG(line->app), EVAC_STR_ARG(line->margin));
    if (line->copy_count == 1)
        evac_buf_puts(out, "# One copy: one lost link stops the app. Give it a bucket in a witness "
                           "region too.\n");
    evac_buf_puts(out, "FENCE_ARGS=");
    put_args(line, out);
    evac_buf_puts(out, "\n# Without systemd:\n#   evac-fence --app ");
    evac_buf_putf(out, "%.*s ", EVAC_STR_ARG(line->app));
    put_args(line, out);
    evac_buf_putf(
        out, " --listen unix:/run/evac-fence/%.*s/sock --file /run/evac-fence/%.*s/may-write\n",
        EVAC_STR_ARG(line->app), EVAC_STR_ARG(line->app));
}

void evac_fence_line_json(const struct evac_fence_line *line, struct evac_jw *w)
{
    struct evac_buf args;
    evac_buf_init(&args, 65536);
    put_args(line, &args);
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "app", line->app);
    evac_jw_str(w, "region", line->region);
    evac_jw_str(w, "resource", line->resource);
    evac_jw_str(w, "lease", line->lease);
    evac_jw_str(w, "margin", line->margin);
    evac_jw_open(w, "copies", '[');
    for (size_t i = 0; i < line->copy_count; i++) {
        evac_jw_open(w, NULL, '{');
        evac_jw_str(w, "bucket", line->copies[i].bucket);
        evac_jw_str(w, "key", line->copies[i].key);
        evac_jw_str(w, "region", line->copies[i].region);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
    evac_jw_str(w, "fence_args", evac_buf_str(&args));
    evac_jw_close(w, '}');
    evac_buf_done(&args);
}
