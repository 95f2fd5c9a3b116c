/*
 * CloudFront: distributions and where their default behaviour's requests go (AWS.md 2.8). A change
 * sends the whole configuration; what is left out of it is gone.
 *
 *     make cloudfront us-east-1 {"kind":"distribution","name":"E2SHOP","origins":"use1
 * usw2","target":"use1"}
 */
#include "sandbox_docs.h"

#include <string.h>

#define DEPLOY_MS 240000u

static void made(struct evac_sandbox *sb, struct sb_doc *d);

static const struct sb_kind kinds[] = {
    { "distribution", "{\"Status\":\"Deployed\",\"etag\":\"E1\",\"changes\":1}", true, made },
    { 0 },
};

static void put_origins(struct evac_buf *xml, struct evac_str names)
{
    size_t n = 0;
    struct evac_buf items;
    evac_buf_init(&items, 65536);
    while (names.n) {
        struct evac_str name = evac_str_cut(names, ' ', &names);
        evac_buf_puts(&items, "<Origin>");
        sb_tag(&items, "Id", name);
        sb_tagf(&items, "DomainName", "%.*s.shop.example.com", EVAC_STR_ARG(name));
        sb_tag(&items, "OriginPath", EVAC_STR_NONE);
        evac_buf_puts(&items, "<CustomHeaders><Quantity>0</Quantity></CustomHeaders></Origin>");
        n++;
    }
    evac_buf_putf(xml, "<Origins><Quantity>%zu</Quantity><Items>%s</Items></Origins>", n,
                  items.n ? items.p : "");
    evac_buf_done(&items);
}

static void made(struct evac_sandbox *sb, struct sb_doc *d)
{
    struct evac_buf xml;
    (void)sb;
    evac_buf_init(&xml, 65536);
    evac_buf_puts(&xml, "<CallerReference>first</CallerReference><Aliases><Quantity>0</Quantity>"
                        "</Aliases><DefaultRootObject></DefaultRootObject>");
    put_origins(&xml, sb_doc_text(d, "origins"));
    evac_buf_puts(&xml, "<DefaultCacheBehavior>");
    sb_tag(&xml, "TargetOriginId", sb_doc_text(d, "target"));
    evac_buf_puts(&xml, "<ViewerProtocolPolicy>redirect-to-https</ViewerProtocolPolicy>"
                        "<Compress>true</Compress></DefaultCacheBehavior>"
                        "<Comment>the shop &amp; more</Comment><Enabled>true</Enabled>");
    sb_doc_set_text(d, "config", evac_buf_str(&xml));
    evac_buf_done(&xml);
}

static struct sb_doc *distribution(struct sb_call *c)
{
    return sb_doc_named(c, SB_ANYWHERE, "distribution", c->label[0], 404, "NoSuchDistribution");
}

static const char xmlns[] = "http://cloudfront.amazonaws.com/doc/2020-05-31/";

static void put_config(struct sb_call *c, const struct sb_doc *d, bool root)
{
    evac_buf_putf(&c->out, root ? "<DistributionConfig xmlns=\"%s\">" : "<DistributionConfig>",
                  xmlns);
    evac_buf_put_str(&c->out, sb_doc_text(d, "config"));
    evac_buf_puts(&c->out, "</DistributionConfig>");
}

static void get_config(struct sb_call *c)
{
    const struct sb_doc *d = distribution(c);
    if (!d)
        return;
    sb_header(c, "ETag", sb_doc_text(d, "etag"));
    put_config(c, d, true);
}

static void put_distribution(struct sb_call *c, const struct sb_doc *d)
{
    sb_header(c, "ETag", sb_doc_text(d, "etag"));
    evac_buf_putf(&c->out, "<Distribution xmlns=\"%s\">", xmlns);
    sb_tag(&c->out, "Id", evac_str(d->name));
    sb_tagf(&c->out, "ARN", "arn:aws:cloudfront::" SB_ACCOUNT ":distribution/%s", d->name);
    sb_tag(&c->out, "Status", sb_doc_text(d, "Status"));
    sb_tag(&c->out, "LastModifiedTime", sb_iso(c->arena, sb_wall_ms(c->sb)));
    evac_buf_puts(&c->out, "<InProgressInvalidationBatches>0</InProgressInvalidationBatches>");
    sb_tag(&c->out, "DomainName", EVAC_STR("d111.cloudfront.net"));
    put_config(c, d, false);
    evac_buf_puts(&c->out, "</Distribution>");
}

static void get_distribution(struct sb_call *c)
{
    const struct sb_doc *d = distribution(c);
    if (d)
        put_distribution(c, d);
}

static bool has_origin(const struct evac_xml *config, struct evac_str id)
{
    for (const struct evac_xml *o = evac_xml_path(config, "Origins/Items/Origin"); o;
         o = evac_xml_again(o))
        if (evac_str_eq(evac_xml_text(o, "Id"), id))
            return true;
    return false;
}

/* The root's inside, as it was sent. */
static struct evac_str inside(struct evac_str body)
{
    const char *open = memchr(body.p, '<', body.n);
    if (open && open[1] == '?')
        open = memchr(open + 1, '<', body.n - (size_t)(open + 1 - body.p));
    const char *begin = open ? memchr(open, '>', body.n - (size_t)(open - body.p)) : NULL;
    size_t end = body.n;
    while (end > 0 && body.p[end - 1] != '<')
        end--;
    if (!begin || end == 0 || body.p + end - 1 <= begin)
        return EVAC_STR_NONE;
    return (struct evac_str){ begin + 1, (size_t)(body.p + end - 1 - (begin + 1)) };
}

static bool check_config(struct sb_call *c, struct sb_doc *d)
{
    static const char *const required[] = { "CallerReference", "Origins", "DefaultCacheBehavior",
                                            "Comment", "Enabled" };
    struct evac_str match = sb_request_header(c, "if-match");
    if (!match.n)
        sb_error(c, 400, "InvalidIfMatchVersion", "The If-Match version is missing or not valid.");
    else if (!evac_str_eq(match, sb_doc_text(d, "etag")))
        sb_error(c, 412, "PreconditionFailed",
                 "The request failed because it didn't meet the preconditions.");
    for (size_t i = 0; i < sizeof required / sizeof required[0] && !c->failed; i++)
        if (!evac_xml_child(c->xml, required[i]))
            sb_error(c, 400, "MalformedXML", "%s is missing.", required[i]);
    if (!c->failed &&
        !has_origin(c->xml, evac_xml_text(c->xml, "DefaultCacheBehavior/TargetOriginId")))
        sb_error(c, 404, "NoSuchOrigin", "One or more of your origins do not exist.");
    return !c->failed;
}

static void update(struct sb_call *c)
{
    struct sb_doc *d = distribution(c);
    if (!d || !check_config(c, d))
        return;
    int64_t change = sb_doc_num(d, "changes", 1) + 1;
    sb_doc_set_text(d, "config", inside(c->request->body));
    sb_doc_set_text(d, "target", evac_xml_text(c->xml, "DefaultCacheBehavior/TargetOriginId"));
    sb_doc_set_num(d, "changes", (double)change);
    sb_doc_set_text(d, "etag", evac_arena_printf(c->arena, "E%lld", (long long)change));
    sb_doc_set(d, "Status", "\"InProgress\"");
    sb_doc_later(c->sb, d, DEPLOY_MS, "Status", "\"Deployed\"");
    sb_effect(c);
    put_distribution(c, d);
}

/* clang-format off */
#define D "/2020-05-31/distribution/{Id}"
static const struct sb_operation operations[] = {
    { "GetDistribution", get_distribution, 0, "GET", D, .takes = "" },
    { "GetDistributionConfig", get_config, 0, "GET", D "/config", .takes = "" },
    { "UpdateDistribution", update, SB_MUTATES, "PUT", D "/config", .takes = "" },
    { 0 },
};
/* clang-format on */

SB_DOCS(CLOUDFRONT, kinds)

const struct sb_service sb_service_cloudfront = { .signing_name = "cloudfront",
                                                  .row = "cloudfront",
                                                  .xmlns = xmlns,
                                                  .home = "us-east-1",
                                                  .operations = operations,
                                                  .make = make,
                                                  .truth = truth };
