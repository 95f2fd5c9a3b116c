/*
 * Listings. Each call needs one name's record sets, and Route 53 gives up to 300 of a zone from a
 * name on: so what several calls want is walked over in the zone's order, and a page answers all
 * whose sets it holds. A thousand names of one zone take as many requests as they fill pages: four
 * to seven, not a thousand, where an account has ten a second. Few calls ask at once and each for
 * itself, as fast as they would alone.
 *
 * What may answer whom. A page that was sent after a call had asked tells it no less than one of
 * its own would; one that was sent before might not show a change that the caller knows of, and
 * never answers it. A name's sets stand together, so those that a page holds are all of them when
 * the page goes on behind them. A page that does not hold them proves nothing: our idea of the
 * zone's order only chooses where to start, and a call whose name is nowhere is answered by a page
 * that starts at it.
 */
#include "aws_gather.h"
#include "route53.h"

#include <string.h>

#define FEW          4u /* each asks for itself, at the same time */
#define PAGE_OF_ONE  EVAC_STR("100")
#define PAGE_OF_MANY EVAC_STR("300")

struct look {
    struct aws_member member;
    struct evac_str name, type; /* as Route 53 writes them */
    bool any_type;
};

static struct look *look_of(struct aws_member *m)
{
    return (struct look *)(void *)m;
}

static struct evac_aws_request page_from(struct aws_call *c, struct evac_str most)
{
    struct evac_arg *params = evac_arena_array(c->arena, 3, sizeof *params);
    params[0] = (struct evac_arg)AWS_PARAM("maxitems", most);
    params[1] =
        (struct evac_arg)AWS_PARAM("name", dns_wire_name(c, evac_args_get(&c->args, "name")));
    params[2] = (struct evac_arg)AWS_PARAM("type", evac_args_get(&c->args, "record_type"));
    return (struct evac_aws_request){
        .service = "route53",
        .operation = "ListResourceRecordSets",
        .region = c->region,
        .method = "GET",
        .path = aws_printf(c, "/2013-04-01/hostedzone/%.*s/rrset",
                           EVAC_STR_ARG(evac_args_get(&c->args, "zone"))),
        .params = params,
        .param_count = 3,
    };
}

struct evac_aws_request dns_list_request(struct aws_call *c)
{
    return page_from(c, PAGE_OF_ONE);
}

/* --- the walk -----------------------------------------------------------------------------------
 */

static struct evac_str last_label(struct evac_str *name)
{
    size_t i = name->n;
    while (i && name->p[i - 1] != '.')
        i--;
    struct evac_str label = { name->p + i, name->n - i };
    name->n = i ? i - 1 : 0;
    return label;
}

/* By labels from the last one on, as a zone is listed. */
static int compare(struct evac_str a, struct evac_str b)
{
    while (a.n && b.n) {
        struct evac_str x = last_label(&a), y = last_label(&b);
        int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
        if (order || x.n != y.n)
            return order ? order : x.n < y.n ? -1 : 1;
    }
    return (a.n > 0) - (b.n > 0);
}

/* The next from where the walk is; behind the last, the first again: whoever comes later can not
 * keep anybody waiting who stands further down. */
static struct aws_member *next_of(const struct aws_gathering *g)
{
    struct aws_member *first = NULL, *ahead = NULL;
    struct evac_str mark = evac_str(g->mark);
    for (struct aws_member *m = g->first; m; m = m->next) {
        struct evac_str name = look_of(m)->name;
        if (m->flight)
            continue;
        if (!first || compare(name, look_of(first)->name) < 0)
            first = m;
        if (compare(name, mark) > 0 && (!ahead || compare(name, look_of(ahead)->name) < 0))
            ahead = m;
    }
    return ahead ? ahead : first;
}

static size_t count_waiting(const struct aws_gathering *g)
{
    size_t n = 0;
    for (const struct aws_member *m = g->first; m; m = m->next)
        n += !m->flight;
    return n;
}

static bool load_page(struct aws_flight *f, struct evac_aws_request *ret_request)
{
    struct aws_gathering *g = f->of;
    size_t waiting = count_waiting(g);
    if (waiting == 0 || (g->count > FEW && g->flights > 0))
        return false;
    struct aws_member *m = next_of(g);
    *ret_request = page_from(m->c, waiting > 1 ? PAGE_OF_MANY : PAGE_OF_ONE);
    (void)evac_str_copy(g->mark, sizeof g->mark, look_of(m)->name);
    aws_board(f, m);
    return true;
}

/* --- who is answered by it -----------------------------------------------------------------------
 */

static bool is_wanted(const struct look *look, const struct evac_xml *set)
{
    return (look->any_type || evac_str_eq(evac_xml_text(set, "Type"), look->type)) &&
           dns_same_name(evac_xml_text(set, "Name"), look->name);
}

/* All of them; of a name at which the page starts, those before its type are not on it. */
static bool holds(const struct evac_aws_reply *r, const struct look *start, const struct look *look)
{
    const struct evac_xml *set = evac_xml_path(r->xml, "ResourceRecordSets/ResourceRecordSet");
    bool more = evac_str_is(evac_xml_text(r->xml, "IsTruncated"), "true");
    if (more && dns_same_name(evac_xml_text(r->xml, "NextRecordName"), look->name))
        return false;
    if (dns_same_name(start->name, look->name) &&
        !(evac_str_eq(start->type, look->type) && start->any_type == look->any_type))
        return false;
    while (set && !is_wanted(look, set))
        set = evac_xml_again(set);
    return set != NULL;
}

/* What was wrong with one name says nothing about others; everything else does. */
static bool answers(const struct evac_aws_reply *r, const struct look *start,
                    const struct look *look)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED)
        return holds(r, start, look);
    return r->outcome != EVAC_OUTCOME_REJECTED || !evac_str_is(r->code, "InvalidInput");
}

/* Behind the zone's last name the walk begins anew: nobody further down waits any more, and who
 * came meanwhile further up does not have to wait for those who come now. */
static void go_round(struct aws_gathering *g, const struct evac_aws_reply *r)
{
    if (r->outcome == EVAC_OUTCOME_ACCEPTED &&
        !evac_str_is(evac_xml_text(r->xml, "IsTruncated"), "true"))
        g->mark[0] = '\0';
}

static void page_landed(struct aws_flight *f, const struct evac_aws_reply *r)
{
    struct aws_gathering *g = f->of;
    struct look start = { .name = EVAC_STR_NONE };
    struct aws_member *own = g->first;
    go_round(g, r);
    while (own && own->flight != f)
        own = own->next;
    if (!own)
        return; /* another page has answered it */
    start = *look_of(own);
    start.name = evac_arena_str(f->arena, start.name); /* the call may be gone before the last */
    start.type = evac_arena_str(f->arena, start.type);
    for (struct aws_member *m = g->first, *next; m; m = next) {
        next = m->next;
        if (m == own || (m->number <= f->number && answers(r, &start, look_of(m))))
            aws_tell(m, r);
    }
}

static const struct aws_gather listings = { "a listing", FEW, load_page, page_landed };

enum evac_code dns_list(struct aws_call *c, aws_reply_fn *then, struct evac_err *err)
{
    struct evac_aws_request request = dns_list_request(c);
    struct look *look = evac_arena_alloc(c->arena, sizeof *look);
    *look = (struct look){ .name = request.params[1].value,
                           .type = request.params[2].value,
                           .any_type = dns_is_pair(c) };
    return aws_gather(c, &listings, evac_args_get(&c->args, "zone"), &request, &look->member, then,
                      err);
}
