/*
 * A copy's CreationDate is not documented to be the original's, so no loss is computed from it: how
 * old a copy's data is tells its InitiationDate, that of the backup, or the setting copy_delay.
 */
#include "aws_fence.h"
#include "backup_parts.h"

#include <string.h>

struct backup_work *backup_work(struct aws_call *c)
{
    return c->state;
}

struct evac_str backup_other(const struct aws_call *c)
{
    return evac_str_eq(c->region, c->to) ? c->from : c->to;
}

bool backup_is_one_of(struct evac_str text, const char *list)
{
    struct evac_str rest = evac_str(list);
    while (rest.n && text.n)
        if (evac_str_eq(evac_str_cut(rest, '|', &rest), text))
            return true;
    return false;
}

/* "arn:aws:iam::1234:role/restore" */
static struct evac_str account_of(struct evac_str arn)
{
    struct evac_str part = EVAC_STR_NONE;
    for (int i = 0; i < 5; i++)
        part = evac_str_cut(arn, ':', &arn);
    return part;
}

enum evac_code backup_begin(struct aws_call *c, struct evac_str region, struct evac_str of_region,
                            struct evac_err *err)
{
    struct backup_work *w = evac_arena_alloc(c->arena, sizeof *w);
    struct evac_str vault = evac_args_regional(&c->args, "vaults", region);
    struct evac_str role = aws_regional(c, "role"), account = account_of(role);
    w->kind = backup_kind(evac_args_get(&c->args, "resource_type"));
    w->source = evac_args_regional(&c->args, "arns", of_region);
    w->drill = strcmp(c->action, "rehearse") == 0 || strcmp(c->action, "discard") == 0;
    w->job_progress = -1;
    c->state = w;
    if (!evac_str_starts(role, "arn:") || account.n == 0)
        return evac_fail(err, EVAC_E_BADARG, "role is '%.*s': it must be a role's ARN",
                         EVAC_STR_ARG(role));
    if (!evac_str_starts(w->source, "arn:"))
        return evac_fail(err, EVAC_E_BADARG, "arns has no ARN for %.*s: it is '%.*s'",
                         EVAC_STR_ARG(of_region), EVAC_STR_ARG(w->source));
    aws_set_arg(c, "source", w->source);
    aws_set_arg(c, "vault", vault);
    aws_set_arg(c, "vault_arn",
                aws_printf(c, "arn:%s:backup:%.*s:%.*s:backup-vault:%.*s",
                           evac_aws_partition(region), EVAC_STR_ARG(region), EVAC_STR_ARG(account),
                           EVAC_STR_ARG(vault)));
    return EVAC_OK;
}

struct evac_str backup_token(struct aws_call *c, const char *what, struct evac_str more)
{
    struct evac_str of =
        aws_printf(c, "%.*s %.*s %s %.*s %.*s", EVAC_STR_ARG(c->app), EVAC_STR_ARG(c->region), what,
                   EVAC_STR_ARG(backup_work(c)->source), EVAC_STR_ARG(more));
    return aws_printf(c, "evac-%.*s-%s-%016llx", EVAC_STR_ARG(evac_args_get(&c->args, "run")), what,
                      (unsigned long long)evac_str_hash(of));
}

/* --- one recovery point -------------------------------------------------------------------------
 */

static int64_t ms_of(const struct evac_json *point, const char *member)
{
    return (int64_t)(evac_json_num(point, member, 0) * 1000);
}

/* Not known to be of this region itself. */
static bool is_copy(const struct aws_call *c, const struct evac_json *point)
{
    return !evac_str_eq(evac_aws_arn_region(evac_json_str(point, "ResourceArn")), c->region);
}

struct backup_point backup_read_point(struct aws_call *c, const struct evac_json *point)
{
    struct evac_str delay = evac_args_get(&c->args, "copy_delay");
    int64_t begun = ms_of(point, "InitiationDate"), delay_ms = 0;
    bool copy = is_copy(c, point), told = evac_duration_ms(delay, &delay_ms);
    struct backup_point p = {
        .created_ms = ms_of(point, "CreationDate"),
        .dated = !copy || begun > 0 || told,
        .arn = evac_arena_str(c->arena, evac_json_str(point, "RecoveryPointArn")),
    };
    p.at_ms = begun > 0 ? begun : copy && told ? p.created_ms - delay_ms : p.created_ms;
    if (p.at_ms > p.created_ms)
        p.at_ms = p.created_ms;
    p.found = p.arn.n > 0 && p.created_ms > 0 &&
              backup_is_one_of(evac_json_str(point, "Status"), "COMPLETED|AVAILABLE");
    return p;
}

bool backup_has_all(const struct backup_point *p, int64_t until_ms)
{
    return p->found && p->dated && p->at_ms >= until_ms;
}

/* --- the newest ---------------------------------------------------------------------------------
 */

static void on_points(struct aws_call *c, const struct evac_aws_reply *r);

static const struct aws_ask list_points = {
    "backup", "ListRecoveryPointsByBackupVault", "GET", "/backup-vaults/<vault>/recovery-points/",
    "resourceArn=<source>&maxResults=1000&nextToken=<next>"
};

static void on_points(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct backup_work *w = backup_work(c);
    struct evac_str next = evac_arena_str(c->arena, evac_json_str(r->json, "NextToken"));
    if (!aws_looked(c, r))
        return;
    for (const struct evac_json *x = evac_json_first(evac_json_get(r->json, "RecoveryPoints")); x;
         x = evac_json_next(x)) {
        struct backup_point p = backup_read_point(c, x);
        if (!p.found)
            w->unusable = evac_arena_str(c->arena, evac_json_str(x, "Status"));
        else if (!w->newest.found || p.at_ms > w->newest.at_ms)
            w->newest = p;
    }
    if (next.n == 0) {
        w->then(c);
        return;
    }
    aws_set_arg(c, "next", next);
    aws_ask_next(c, &list_points, false, on_points);
}

void backup_search(struct aws_call *c, aws_then_fn *then)
{
    struct backup_work *w = backup_work(c);
    w->then = then;
    w->newest = (struct backup_point){ 0 };
    w->unusable = EVAC_STR_NONE;
    aws_set_arg(c, "next", EVAC_STR_NONE);
    aws_ask_next(c, &list_points, false, on_points);
}

enum evac_code backup_search_first(struct aws_call *c, struct evac_err *err)
{
    return aws_ask_first(c, &list_points, false, on_points, err);
}

const char *backup_no_point(struct aws_call *c)
{
    const struct backup_work *w = backup_work(c);
    struct evac_str vault = evac_args_get(&c->args, "vault");
    if (w->unusable.n == 0)
        return aws_printf(c, "the vault %.*s has no recovery point of %.*s", EVAC_STR_ARG(vault),
                          EVAC_STR_ARG(w->source))
            .p;
    return aws_printf(c, "the vault %.*s has no usable recovery point of %.*s: one is %.*s",
                      EVAC_STR_ARG(vault), EVAC_STR_ARG(w->source), EVAC_STR_ARG(w->unusable))
        .p;
}

/* --- answering ----------------------------------------------------------------------------------
 */

static int64_t age_ms(const struct aws_call *c, int64_t at_ms)
{
    int64_t age = c->link->host->wall_ms(c->link->host->ctx) - at_ms;
    return age > 0 ? age : 0;
}

void backup_seen(struct aws_call *c, enum evac_seen seen, const char *fmt, ...)
{
    const struct backup_work *w = backup_work(c);
    const struct backup_point *p = &w->newest;
    struct evac_fact facts[] = { { "as_of_wall_ms", aws_point_ms(c, p->at_ms) },
                                 { "age_ms", age_ms(c, p->at_ms) } };
    va_list ap;
    va_start(ap, fmt);
    struct evac_str why = evac_arena_vprintf(c->arena, fmt, ap);
    va_end(ap);
    struct aws_sight sight = { .seen = seen,
                               .progress = w->job_progress,
                               .facts = facts,
                               .fact_count = p->found && p->dated ? 2 : 0 };
    sight.snapshot =
        aws_printf(c,
                   "{\"found\":%s,\"job\":\"%.*s\",\"status\":\"%.*s\",\"point\":\"%.*s\","
                   "\"created\":\"%.*s\"}",
                   w->job.n ? "true" : "false", EVAC_STR_ARG(w->job), EVAC_STR_ARG(w->job_status),
                   EVAC_STR_ARG(p->arn), EVAC_STR_ARG(w->created));
    aws_answer_seen(c, &sight, "%.*s%s", EVAC_STR_ARG(why),
                    p->found && !p->dated ? "; nothing tells how old its data is" : "");
}

/* --- measure ------------------------------------------------------------------------------------
 */

static void measured(struct aws_call *c)
{
    const struct backup_point *p = &backup_work(c)->newest;
    int64_t now = c->link->host->wall_ms(c->link->host->ctx);
    bool known = p->found && p->dated;
    aws_answer_lag(c, known, age_ms(c, p->at_ms), now,
                   known      ? ""
                   : p->found ? "nothing tells how old the newest recovery point's data is"
                              : backup_no_point(c));
}

enum evac_code backup_measure(struct aws_call *c, struct evac_err *err)
{
    c->region = c->to;
    enum evac_code code = backup_begin(c, c->to, c->from, err);
    if (code)
        return code;
    backup_work(c)->then = measured;
    return backup_search_first(c, err);
}
