/* A controller's host: its machine, but for the network. */
#include "world_internal.h"

#include "format.h"

#include <string.h>

static uint64_t host_now_ms(void *ctx)
{
    const struct seat *s = ctx;
    return world_own_ms(s, s->w->v.now_ms);
}

static int64_t host_wall_ms(void *ctx)
{
    return world_wall_ms(ctx);
}

static void host_random(void *ctx, void *p, size_t bytes)
{
    struct seat *s = ctx;
    s->w->random(&s->w->v, p, bytes);
}

static enum evac_code host_timer(void *ctx, uint64_t delay_ms, evac_timer_fn *fn, void *user,
                                 uint64_t *ret_id, struct evac_err *err)
{
    struct seat *s = ctx;
    if (s->w->many)
        return many_timer(s, delay_ms, fn, user, ret_id, err);
    return s->w->timer(&s->w->v, world_stretched_ms(s, delay_ms), fn, user, ret_id, err);
}

static void host_timer_stop(void *ctx, uint64_t id)
{
    struct seat *s = ctx;
    if (s->w->many)
        many_timer_stop(s, id);
    else
        s->w->timer_stop(&s->w->v, id);
}

static const char *host_getenv(void *ctx, const char *name)
{
    static const struct {
        const char *name, *value;
    } vars[] = {
        { "AWS_ACCESS_KEY_ID", KEY_ID },
        { "AWS_SECRET_ACCESS_KEY", SECRET },
        { "AWS_ENDPOINT_URL", "http://127.0.0.1:" PORT },
        { "AWS_EC2_METADATA_DISABLED", "true" },
    };
    (void)ctx;
    for (size_t i = 0; i < sizeof vars / sizeof vars[0]; i++)
        if (strcmp(vars[i].name, name) == 0)
            return vars[i].value;
    return NULL;
}

/* The one file that there is: the key that signs. */
static enum evac_code host_read_file(void *ctx, const char *path, struct evac_buf *buf,
                                     struct evac_err *err)
{
    (void)ctx;
    if (strcmp(path, "/run/hook.key") != 0)
        return evac_fail(err, EVAC_E_NOTFOUND, "%s: no such file", path);
    evac_buf_puts(buf, "0123456789abcdef0123456789abcdef\n");
    return EVAC_OK;
}

static struct evac_host make_host(struct seat *s)
{
    struct evac_host host = evac_virtual_host(&s->w->v);
    s->w->timer = host.timer;
    s->w->timer_stop = host.timer_stop;
    s->w->random = host.random;
    host.ctx = s;
    host.now_ms = host_now_ms;
    host.wall_ms = host_wall_ms;
    host.random = host_random;
    host.timer = host_timer;
    host.timer_stop = host_timer_stop;
    host.http = net_http;
    host.http_cancel = net_http_cancel;
    host.dns = names_ask;
    host.getenv = host_getenv;
    if (s->w->o.notify)
        host.read_file = host_read_file;
    return host;
}

void host_sit(struct world *w, struct seat *s)
{
    *s = (struct seat){ .w = w,
                        .number = (unsigned)(s - w->seats),
                        .own_0_ms = BOOT_MS,
                        .world_0_ms = BOOT_MS,
                        .millionths = 1000000,
                        .wall_0_ms = WALL_MS };
    memcpy(s->name, (char[]){ 'n', (char)('0' + s->number), '\0' }, 3);
    s->host = make_host(s);
}
