/* Roles, assumed at a region's own STS: with keys, or with a token that someone else vouches for.
 */
#include "credentials_internal.h"

#include "aws_classify.h"
#include "aws_wire.h"

#include <stdio.h>
#include <string.h>

#define STS_MS          5000u
#define TOKEN_MAX_BYTES 20000u
#define MAX_PARAMS      6u

struct call {
    struct evac_aws_request request;
    struct evac_arg params[MAX_PARAMS];
};

static void put(struct call *c, const char *name, struct evac_str value)
{
    if (value.n && c->request.param_count < MAX_PARAMS)
        c->params[c->request.param_count++] = (struct evac_arg){ evac_str(name), value };
}

static enum evac_code describe(struct evac_fetch *f, struct call *c, struct evac_err *err)
{
    const struct evac_provider *p = f->provider;
    bool web = p->kind == EVAC_PROVIDER_WEB;
    struct evac_str token = EVAC_STR_NONE, name = p->session_name;
    int64_t wall_s = f->host->wall_ms(f->host->ctx) / 1000;
    if (name.n == 0)
        name = evac_arena_printf(f->arena, "evac-%lld", (long long)wall_s);
    if (web && evac_aws_config_file(f->config, p->token_file, TOKEN_MAX_BYTES, &token, err))
        return evac_err_prefix(err, "the token");
    c->request = (struct evac_aws_request){
        .service = "sts",
        .operation = web ? "AssumeRoleWithWebIdentity" : "AssumeRole",
        .region = f->region,
        .params = c->params,
        .anonymous = web,
        .total_ms = STS_MS,
    };
    put(c, "RoleArn", p->role_arn);
    put(c, "RoleSessionName", name);
    put(c, "ExternalId", p->external_id);
    put(c, "WebIdentityToken", evac_str_trim(token));
    if (p->duration_s)
        put(c, "DurationSeconds", evac_arena_printf(f->arena, "%u", p->duration_s));
    return EVAC_OK;
}

static void role_done(void *user, const struct evac_http_reply *reply);

static enum evac_code send_call(struct evac_fetch *f, const struct call *c, struct evac_err *err)
{
    struct evac_endpoint endpoint;
    struct evac_http_request http;
    const struct evac_aws_service *sts = evac_aws_service("sts");
    const struct evac_endpoint_wish wish = { .service = sts, .region = f->region };
    enum evac_code code = evac_endpoint_find(f->config, &wish, f->arena, &endpoint, err);
    if (code != EVAC_OK)
        return code;
    f->host_name = endpoint.host;
    struct evac_sigv4_identity identity = { 0 };
    if (!c->request.anonymous)
        identity = evac_aws_keys_identity(f->source);
    struct evac_aws_wire wire = {
        .service = sts,
        .endpoint = &endpoint,
        .request = &c->request,
        .identity = c->request.anonymous ? NULL : &identity,
        .cache = f->cache,
        .wall_ms = f->host->wall_ms(f->host->ctx) + evac_aws_skew_of(f->skew, endpoint.host),
        .invocation_id = "credentials",
        .attempt = 1,
    };
    code = evac_aws_wire_build(&wire, f->arena, &http, err);
    if (code == EVAC_OK)
        code = evac_aws_io_http(f->io, &http, role_done, f, &f->http_id, err);
    return code;
}

enum evac_code evac_fetch_role(struct evac_fetch *f, struct evac_err *err)
{
    struct call c;
    if (f->region.n == 0)
        return evac_fail(err, EVAC_E_BADCONF,
                         "no region is known whose STS could be asked: set region or sts_region");
    enum evac_code code = describe(f, &c, err);
    return code == EVAC_OK ? send_call(f, &c, err) : code;
}

static enum evac_code read_keys(const struct evac_aws_verdict *v, const char *operation,
                                struct evac_aws_keys *ret_keys, struct evac_err *err)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%sResult/Credentials", operation);
    const struct evac_xml *x = evac_xml_path(v->reply.xml, path);
    struct evac_str expiration = evac_xml_text(x, "Expiration");
    if (expiration.n == 0)
        return evac_fail(err, EVAC_E_AUTH, "STS's answer has no expiration");
    return evac_keys_make(evac_xml_text(x, "AccessKeyId"), evac_xml_text(x, "SecretAccessKey"),
                          evac_xml_text(x, "SessionToken"), expiration, ret_keys, err);
}

static enum evac_code refused(struct evac_fetch *f, const struct evac_aws_reply *reply,
                              struct evac_err *err)
{
    f->elsewhere = reply->outcome != EVAC_OUTCOME_REJECTED ||
                   evac_str_is(reply->code, "RegionDisabledException");
    return evac_fail(err, EVAC_E_AUTH, "%.*s at %.*s: %.*s%s%.*s",
                     EVAC_STR_ARG(f->provider->role_arn), EVAC_STR_ARG(f->host_name),
                     EVAC_STR_ARG(reply->code), reply->code.n ? ": " : "",
                     (int)(reply->message.n < 200 ? reply->message.n : 200),
                     reply->message.n ? reply->message.p : "");
}

/* Once: a clock that is wrong makes every signature wrong. */
static bool mend_clock(struct evac_fetch *f, const struct evac_aws_verdict *v)
{
    if (f->resigned || v->cure != EVAC_AWS_CURE_CLOCK)
        return false;
    f->resigned = true;
    return evac_aws_skew_learn(f->skew, f->host_name, f->host->wall_ms(f->host->ctx), v->date_ms);
}

static void role_done(void *user, const struct evac_http_reply *reply)
{
    struct evac_fetch *f = user;
    struct evac_aws_verdict v;
    struct evac_aws_keys keys = { 0 };
    struct evac_err err = { 0 };
    bool web = f->provider->kind == EVAC_PROVIDER_WEB;
    const struct evac_aws_request asked = { .service = "sts",
                                            .operation =
                                                web ? "AssumeRoleWithWebIdentity" : "AssumeRole" };
    evac_aws_classify(evac_aws_service("sts"), &asked, reply, f->arena, &v);
    enum evac_code code;
    if (v.reply.outcome == EVAC_OUTCOME_ACCEPTED) {
        code = read_keys(&v, asked.operation, &keys, &err);
    } else if (mend_clock(f, &v)) {
        code = evac_fetch_role(f, &err);
        if (code == EVAC_OK) {
            evac_aws_verdict_done(&v);
            return;
        }
    } else {
        f->rejected = v.cure == EVAC_AWS_CURE_KEYS;
        code = refused(f, &v.reply, &err);
    }
    evac_aws_verdict_done(&v);
    evac_fetch_end(f, code, &keys, &err);
}
