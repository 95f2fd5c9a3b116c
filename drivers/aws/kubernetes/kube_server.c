/* Where a region's cluster is, and who vouches for it. */
#include "kube.h"

#include <openssl/evp.h>
#include <string.h>

#define CA_BYTES 65536u

struct finding {
    struct evac_str region;
    aws_start_fn *then;
};

static struct evac_str note_key(struct aws_call *c, struct evac_str region)
{
    return aws_printf(c, "kubernetes %.*s %.*s", EVAC_STR_ARG(region),
                      EVAC_STR_ARG(evac_args_regional(&c->args, "cluster", region)));
}

/* certificateAuthority.data is a PEM file in base64. */
static enum evac_code decode(struct aws_call *c, struct evac_str data, struct evac_str *ret_pem,
                             struct evac_err *err)
{
    unsigned char *pem = evac_arena_alloc(c->arena, data.n + 4);
    int n = EVP_DecodeBlock(pem, (const unsigned char *)data.p, (int)data.n);
    struct evac_str text = { (const char *)pem, n > 0 ? (size_t)n : 0 };
    while (text.n && text.p[text.n - 1] == '\0')
        text.n--;
    if (!evac_str_has(text, "-----BEGIN CERTIFICATE-----"))
        return evac_fail(err, EVAC_E_BADCONF, "the cluster's ca is no PEM in base64");
    *ret_pem = text;
    return EVAC_OK;
}

/* As configured: base64 as EKS prints it, or a file. */
static enum evac_code read_ca(struct aws_call *c, struct evac_str ca, struct evac_str *ret_pem,
                              struct evac_err *err)
{
    const struct evac_host *host = c->link->host;
    struct evac_buf text;
    *ret_pem = EVAC_STR_NONE;
    if (ca.n == 0)
        return EVAC_OK;
    if (ca.p[0] != '/')
        return decode(c, ca, ret_pem, err);
    evac_buf_init(&text, CA_BYTES);
    enum evac_code code = host->read_file(host->ctx, evac_arena_str(c->arena, ca).p, &text, err);
    if (!code)
        *ret_pem = evac_arena_str(c->arena, evac_buf_str(&text));
    evac_buf_done(&text);
    return code;
}

static enum evac_code use(struct aws_call *c, struct evac_str region, struct evac_str endpoint,
                          struct evac_str ca, struct evac_err *err)
{
    struct evac_aws_server *server = evac_arena_alloc(c->arena, sizeof *server);
    server->origin = endpoint;
    server->token_file = evac_args_regional(&c->args, "token_file", region);
    if (server->token_file.n == 0)
        server->cluster = evac_args_regional(&c->args, "cluster", region);
    enum evac_code code = read_ca(c, ca, &server->ca, err);
    aws_server_add(c, region, server);
    return code;
}

static void on_cluster(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct finding *f = c->helper;
    const struct evac_json *cluster = evac_json_get(r->json, "cluster");
    struct evac_str endpoint = evac_json_str(cluster, "endpoint");
    struct evac_str ca = evac_json_str(evac_json_get(cluster, "certificateAuthority"), "data");
    struct evac_err err = { EVAC_OK, "" };
    if (r->outcome != EVAC_OUTCOME_ACCEPTED) {
        if (c->verb == EVAC_VERB_APPLY)
            aws_answer_not_sent(c, r);
        else
            aws_answer_unseen(c, r);
        return;
    }
    if (endpoint.n)
        aws_note_set(c->link, note_key(c, f->region),
                     aws_printf(c, "%.*s %.*s", EVAC_STR_ARG(endpoint), EVAC_STR_ARG(ca)));
    if (use(c, f->region, evac_arena_str(c->arena, endpoint), evac_arena_str(c->arena, ca), &err))
        aws_start_failed(c, &err);
    else
        aws_start(c, f->then);
}

static struct evac_aws_request describe(struct aws_call *c, struct evac_str region,
                                        aws_start_fn *then)
{
    static const struct aws_ask ask = { "eks", "DescribeCluster", "GET", "/clusters/<name>" };
    struct finding *f = evac_arena_alloc(c->arena, sizeof *f);
    struct aws_hole name = { "name", evac_args_regional(&c->args, "cluster", region) };
    *f = (struct finding){ region, then };
    c->helper = f;
    struct evac_aws_request request = aws_ask(c, &ask, false, &name, 1);
    request.region = region;
    return request;
}

/* Configured or remembered: true, and the cluster is reached unless err says why not. */
static bool is_known(struct aws_call *c, struct evac_str region, struct evac_err *err)
{
    struct evac_str ca = evac_args_regional(&c->args, "ca", region);
    struct evac_str endpoint = evac_args_regional(&c->args, "endpoint", region);
    struct evac_str noted = evac_arena_str(c->arena, aws_note_get(c->link, note_key(c, region)));
    if (evac_args_regional(&c->args, "namespace", region).n == 0)
        aws_set_arg(c, "namespace", EVAC_STR("default"));
    if (endpoint.n == 0 && noted.n)
        endpoint = evac_str_cut(noted, ' ', &ca);
    if (endpoint.n)
        (void)use(c, region, endpoint, ca, err);
    return endpoint.n > 0;
}

enum evac_code kube_with_server(struct aws_call *c, struct evac_str region, aws_start_fn *then,
                                struct evac_err *err)
{
    struct evac_err why = { EVAC_OK, "" };
    if (is_known(c, region, &why))
        return why.code ? evac_fail(err, why.code, "%s", why.text) : then(c, err);
    struct evac_aws_request request = describe(c, region, then);
    return aws_send(c, &request, on_cluster, err);
}

void kube_forget_server(struct aws_call *c, struct evac_str region)
{
    aws_note_set(c->link, note_key(c, region), EVAC_STR_NONE);
}
