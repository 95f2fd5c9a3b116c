#include "share_open.h"

#include <openssl/crypto.h>
#include <string.h>

#define FILE_BYTES (64u << 10)

_Static_assert(EVAC_ETCD_ENDPOINTS_MAX <= EVAC_SHARE_ENDPOINTS_MAX, "all endpoints are asked");

static enum evac_code read_text(const struct evac_host *host, struct evac_str path,
                                struct evac_buf *out, struct evac_err *err)
{
    evac_buf_init(out, FILE_BYTES);
    if (path.n == 0)
        return EVAC_OK;
    enum evac_code code = host->read_file(host->ctx, path.p, out, err);
    return code ? evac_err_prefix(err, "shared: %s", path.p), code : EVAC_OK;
}

static void wipe(struct evac_buf *buf)
{
    if (buf->p)
        OPENSSL_cleanse(buf->p, buf->cap);
    evac_buf_done(buf);
}

struct files {
    struct evac_buf password, ca, cert, key;
};

static enum evac_code read_files(const struct evac_host *host, const struct evac_shared_conf *conf,
                                 struct files *f, struct evac_err *err)
{
    enum evac_code codes[] = { read_text(host, conf->password, &f->password, err),
                               read_text(host, conf->ca, &f->ca, err),
                               read_text(host, conf->cert, &f->cert, err),
                               read_text(host, conf->key, &f->key, err) };
    while (f->password.n && strchr("\r\n", f->password.p[f->password.n - 1]))
        f->password.p[--f->password.n] = '\0';
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i])
            return codes[i];
    return EVAC_OK;
}

static const char *text_of(const struct evac_buf *buf)
{
    return buf->n ? buf->p : "";
}

static const char *own_address(const struct evac_controller_conf *conf)
{
    const struct evac_shared_conf *s = &conf->shared;
    for (size_t i = 0; i < s->controller_count; i++)
        if (evac_str_eq(s->controllers[i].name, conf->node) && s->controllers[i].address.n)
            return s->controllers[i].address.p;
    return "";
}

enum evac_code evac_share_open(const struct evac_share_options *base,
                               const struct evac_controller_conf *conf,
                               struct evac_share **ret_share, struct evac_err *err)
{
    const struct evac_shared_conf *s = &conf->shared;
    const char *endpoints[EVAC_ETCD_ENDPOINTS_MAX];
    struct files f;
    enum evac_code code = read_files(base->host, s, &f, err);
    struct evac_share_options options = *base;
    for (size_t i = 0; i < s->endpoint_count; i++)
        endpoints[i] = s->endpoints[i].p;
    options.node = base->node ? base->node : conf->node.p;
    options.address = own_address(conf);
    options.cluster = s->cluster.p;
    options.endpoints = endpoints;
    options.endpoint_count = s->endpoint_count;
    options.user = s->user.n ? s->user.p : "";
    options.password = text_of(&f.password);
    options.ca = text_of(&f.ca);
    options.cert = text_of(&f.cert);
    options.key = text_of(&f.key);
    options.ttl_ms = s->ttl_ms;
    options.request_ms = s->request_ms;
    options.poll_ms = s->poll_ms;
    options.keep_rows = s->keep_rows;
    if (!code)
        code = evac_share_new(&options, ret_share, err);
    wipe(&f.password);
    wipe(&f.key);
    evac_buf_done(&f.ca);
    evac_buf_done(&f.cert);
    return code;
}
