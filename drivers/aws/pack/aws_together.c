#include "aws_together.h"

struct look {
    struct aws_member member;
    struct evac_str name;
    bool alone; /* it was refused in company */
};

static struct look *look_of(struct aws_member *m)
{
    return (struct look *)(void *)m;
}

static const struct aws_together *kind_of(const struct aws_flight *f)
{
    return (const struct aws_together *)(const void *)f->of->how;
}

/* Who was refused before flies alone. */
static void board(struct aws_flight *f)
{
    for (struct aws_member *m = f->of->first; m && f->count < AWS_TOGETHER_MAX; m = m->next) {
        if (m->flight || (look_of(m)->alone && f->count))
            continue;
        aws_board(f, m);
        if (look_of(m)->alone)
            return;
    }
}

static size_t add_name(struct evac_str *names, size_t count, struct evac_str name)
{
    for (size_t i = 0; i < count; i++)
        if (evac_str_eq(names[i], name))
            return count;
    names[count] = name;
    return count + 1;
}

bool aws_together_load(struct aws_flight *f, struct evac_aws_request *ret_request)
{
    struct evac_str names[AWS_TOGETHER_MAX];
    struct aws_call *c = NULL;
    size_t count = 0;
    board(f);
    for (struct aws_member *m = f->of->first; m; m = m->next) {
        if (m->flight != f)
            continue;
        c = m->c;
        count = add_name(names, count, look_of(m)->name);
    }
    if (c)
        *ret_request = kind_of(f)->ask(c, f->arena, names, count);
    return c != NULL;
}

void aws_together_landed(struct aws_flight *f, const struct evac_aws_reply *r)
{
    bool again = f->count > 1 && r->outcome == EVAC_OUTCOME_REJECTED;
    for (struct aws_member *m = f->of->first, *next; m; m = next) {
        next = m->next;
        if (m->flight != f)
            continue;
        look_of(m)->alone = again;
        if (again)
            aws_wait_again(m);
        else
            aws_tell(m, r);
    }
}

enum evac_code aws_look_together(struct aws_call *c, const struct aws_together *how,
                                 struct evac_str what, struct evac_str name, aws_reply_fn *then,
                                 struct evac_err *err)
{
    struct look *look = evac_arena_alloc(c->arena, sizeof *look);
    look->name = name;
    struct evac_aws_request sample = how->ask(c, c->arena, &name, 1);
    return aws_gather(c, &how->gather, what, &sample, &look->member, then, err);
}
