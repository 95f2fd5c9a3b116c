#include "aws_server.h"

struct finding {
    const struct aws_server_kind *kind;
    struct evac_str region;
    aws_start_fn *then;
};

static struct evac_str note_key(struct aws_call *c, const struct aws_server_kind *kind,
                                struct evac_str region)
{
    return aws_printf(c, "%s %.*s %.*s", kind->param, EVAC_STR_ARG(region),
                      EVAC_STR_ARG(evac_args_regional(&c->args, kind->param, region)));
}

static enum evac_code use(struct aws_call *c, const struct finding *f, struct evac_str endpoint,
                          struct evac_str ca, struct evac_err *err)
{
    struct evac_aws_server *server = evac_arena_alloc(c->arena, sizeof *server);
    server->origin = endpoint;
    enum evac_code code =
        f->kind->complete ? f->kind->complete(c, f->region, ca, server, err) : EVAC_OK;
    if (!code)
        aws_server_add(c, f->region, server);
    return code;
}

static void on_address(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct finding *f = c->helper;
    struct evac_str endpoint = EVAC_STR_NONE, ca = EVAC_STR_NONE;
    struct evac_err err = { EVAC_OK, "" };
    if (!aws_looked(c, r))
        return;
    f->kind->read(r, c, &endpoint, &ca);
    endpoint = evac_arena_str(c->arena, endpoint);
    ca = evac_arena_str(c->arena, ca);
    if (endpoint.n == 0)
        (void)evac_fail(&err, EVAC_E_NOTFOUND, "%s %.*s has no address yet", f->kind->param,
                        EVAC_STR_ARG(evac_args_regional(&c->args, f->kind->param, f->region)));
    else
        aws_note_set(c->link, note_key(c, f->kind, f->region),
                     aws_printf(c, "%.*s %.*s", EVAC_STR_ARG(endpoint), EVAC_STR_ARG(ca)));
    if (err.code || use(c, f, endpoint, ca, &err))
        aws_start_failed(c, &err);
    else
        aws_start(c, f->then);
}

/* One address for all regions would make a step of one region act in another. */
static enum evac_code check(const struct aws_call *c, struct evac_err *err)
{
    return evac_args_has(&c->args, "endpoint")
               ? evac_fail(err, EVAC_E_BADCONF,
                           "endpoint is one address for all regions: each has its own, as endpoint "
                           "= { us-east-1 = \"https://...\"; }")
               : EVAC_OK;
}

enum evac_code aws_with_server(struct aws_call *c, const struct aws_server_kind *kind,
                               struct evac_str region, aws_start_fn *then, struct evac_err *err)
{
    struct finding *f = evac_arena_alloc(c->arena, sizeof *f);
    if (check(c, err))
        return EVAC_E_BADCONF;
    struct evac_str ca = evac_args_regional(&c->args, "ca", region);
    struct evac_str endpoint = evac_args_regional(&c->args, "endpoint", region);
    *f = (struct finding){ kind, region, then };
    if (endpoint.n == 0)
        endpoint = evac_str_cut(
            evac_arena_str(c->arena, aws_note_get(c->link, note_key(c, kind, region))), ' ', &ca);
    if (endpoint.n) {
        enum evac_code code = use(c, f, endpoint, ca, err);
        return code ? code : then(c, err);
    }
    struct aws_hole name = { "name", evac_args_regional(&c->args, kind->param, region) };
    struct evac_aws_request request = aws_ask(c, &kind->ask, false, &name, 1);
    request.region = region;
    c->helper = f;
    return aws_send(c, &request, on_address, err);
}

void aws_forget_server(struct aws_call *c, const struct aws_server_kind *kind,
                       struct evac_str region)
{
    aws_note_set(c->link, note_key(c, kind, region), EVAC_STR_NONE);
}
