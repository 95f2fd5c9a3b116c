/* Where a region's cluster is, who vouches for it, and how it is told who asks. */
#include "kube.h"

#include <openssl/evp.h>
#include <string.h>

#define CA_BYTES 65536u

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

/* Base64 as EKS prints it, or a file. */
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

static enum evac_code complete(struct aws_call *c, struct evac_str region, struct evac_str ca,
                               struct evac_aws_server *server, struct evac_err *err)
{
    server->token_file = evac_args_regional(&c->args, "token_file", region);
    if (server->token_file.n == 0)
        server->cluster = evac_args_regional(&c->args, "cluster", region);
    return read_ca(c, ca, &server->ca, err);
}

static void read_cluster(const struct evac_aws_reply *r, struct aws_call *c,
                         struct evac_str *ret_endpoint, struct evac_str *ret_ca)
{
    const struct evac_json *cluster = evac_json_get(r->json, "cluster");
    (void)c;
    *ret_endpoint = evac_json_str(cluster, "endpoint");
    *ret_ca = evac_json_str(evac_json_get(cluster, "certificateAuthority"), "data");
}

static const struct aws_server_kind kind = {
    .param = "cluster",
    .ask = { "eks", "DescribeCluster", "GET", "/clusters/<name>" },
    .read = read_cluster,
    .complete = complete,
};

enum evac_code kube_with_server(struct aws_call *c, struct evac_str region, aws_start_fn *then,
                                struct evac_err *err)
{
    if (evac_args_regional(&c->args, "namespace", region).n == 0)
        aws_set_arg(c, "namespace", EVAC_STR("default"));
    return aws_with_server(c, &kind, region, then, err);
}

void kube_forget_server(struct aws_call *c, struct evac_str region)
{
    aws_forget_server(c, &kind, region);
}
