/*
 * What a task definition needs to start: an image's registry, secrets, logs. What it takes out of
 * the region that is left is not there on the day; what it takes out of a third one is its owner's
 * decision.
 */
#include "aws_foreign.h"
#include "aws_template.h"
#include "ecs_parts.h"

struct check {
    struct aws_call *c;
    ecs_definition_fn *then;
    struct evac_str other; /* the region that may be gone */
    struct evac_buf words;
};

static void find(struct check *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void find(struct check *k, const char *fmt, ...)
{
    va_list ap;
    evac_buf_puts(&k->words, k->words.n ? "; " : "");
    va_start(ap, fmt);
    evac_buf_putv(&k->words, fmt, ap);
    va_end(ap);
}

/* Of "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:41": "" when it is of no such registry. */
static struct evac_str registry_region(struct evac_str image)
{
    struct evac_str rest, host = evac_str_cut(image, '/', &rest);
    if (!evac_str_has(host, ".dkr.ecr"))
        return EVAC_STR_NONE;
    for (int i = 0; i < 3; i++) /* account, dkr, ecr or ecr-fips */
        (void)evac_str_cut(host, '.', &host);
    return evac_str_cut(host, '.', &rest);
}

static void check_secrets(struct check *k, const struct evac_json *list, struct evac_str container)
{
    for (const struct evac_json *s = evac_json_first(list); s; s = evac_json_next(s)) {
        struct evac_str from = evac_json_str(s, "valueFrom");
        if (evac_str_eq(evac_aws_arn_region(from), k->other))
            find(k, "secret %.*s of %.*s is read in %.*s", EVAC_STR_ARG(evac_json_str(s, "name")),
                 EVAC_STR_ARG(container), EVAC_STR_ARG(k->other));
    }
}

/* Their values may be secrets: only the names are told. */
static void check_environment(struct check *k, const struct evac_json *list,
                              struct evac_str container)
{
    for (const struct evac_json *e = evac_json_first(list); e; e = evac_json_next(e))
        if (aws_is_foreign(k->c, evac_json_str(e, "name"), evac_json_str(e, "value")))
            find(k, "environment %.*s of %.*s names %.*s", EVAC_STR_ARG(evac_json_str(e, "name")),
                 EVAC_STR_ARG(container), EVAC_STR_ARG(k->other));
}

static void check_logs(struct check *k, const struct evac_json *log, struct evac_str container)
{
    struct evac_str region = evac_json_str(evac_json_get(log, "options"), "awslogs-region");
    if (evac_str_eq(region, k->other))
        find(k, "logs of %.*s go to %.*s", EVAC_STR_ARG(container), EVAC_STR_ARG(k->other));
    check_secrets(k, evac_json_get(log, "secretOptions"), container);
}

static void check_container(struct check *k, const struct evac_json *container)
{
    struct evac_str image = evac_json_str(container, "image"), tag;
    struct evac_str name = evac_json_str(container, "name");
    struct evac_str login =
        evac_json_str(evac_json_get(container, "repositoryCredentials"), "credentialsParameter");
    (void)evac_str_cut(image, '/', &tag);
    if (evac_str_eq(registry_region(image), k->other))
        find(k, "image %.*s is pulled from %.*s", EVAC_STR_ARG(tag), EVAC_STR_ARG(k->other));
    if (evac_str_eq(evac_aws_arn_region(login), k->other))
        find(k, "the registry's login of %.*s is read in %.*s", EVAC_STR_ARG(name),
             EVAC_STR_ARG(k->other));
    check_environment(k, evac_json_get(container, "environment"), name);
    check_secrets(k, evac_json_get(container, "secrets"), name);
    check_logs(k, evac_json_get(container, "logConfiguration"), name);
}

static void check_definition(struct check *k, const struct evac_json *definition)
{
    const struct evac_json *e = evac_json_first(evac_json_get(definition, "containerDefinitions"));
    struct evac_str status = evac_json_str(definition, "status");
    if (!evac_str_is(status, "ACTIVE"))
        find(k, "the task definition is %.*s", EVAC_STR_ARG(status));
    for (; e; e = evac_json_next(e))
        check_container(k, e);
}

/* Its CPU is in 1024ths of a vCPU, its memory in MiB. */
static struct evac_str billed_by(struct aws_call *c, const struct evac_json *definition)
{
    int64_t cpu, memory;
    struct evac_str machine =
        evac_json_str(evac_json_get(definition, "runtimePlatform"), "cpuArchitecture");
    const char *arm = evac_str_is(machine, "ARM64") ? "-arm" : "";
    if (!evac_str_i64(evac_json_str(definition, "cpu"), &cpu) ||
        !evac_str_i64(evac_json_str(definition, "memory"), &memory))
        return EVAC_STR_NONE;
    return aws_printf(c, "\"fargate%s/vcpu\":%.3f,\"fargate%s/gb\":%.3f", arm, (double)cpu / 1024,
                      arm, (double)memory / 1024);
}

static void on_definition(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct check *k = c->helper;
    bool missing = evac_str_is(r->code, "ClientException");
    if (r->outcome != EVAC_OUTCOME_ACCEPTED && !missing) {
        aws_answer_unseen(c, r);
        return;
    }
    evac_buf_init(&k->words, 16384);
    if (missing)
        find(k, "the task definition is not there");
    else
        check_definition(k, evac_json_get(r->json, "taskDefinition"));
    struct evac_str findings = evac_arena_str(c->arena, evac_buf_str(&k->words));
    evac_buf_done(&k->words);
    k->then(c, findings, billed_by(c, evac_json_get(r->json, "taskDefinition")));
}

void ecs_check_definition(struct aws_call *c, struct evac_str arn, ecs_definition_fn *then)
{
    static const struct aws_ask ask = { "ecs", "DescribeTaskDefinition",
                                        .body = "{\"taskDefinition\":\"<definition>\"}" };
    struct check *k = evac_arena_alloc(c->arena, sizeof *k);
    struct aws_hole hole = { "definition", arn };
    k->c = c;
    k->then = then;
    k->other = aws_other_region(c);
    c->helper = k;
    struct evac_aws_request request = aws_ask(c, &ask, false, &hole, 1);
    aws_next(c, &request, on_definition);
}
