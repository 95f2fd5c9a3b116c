/* A group launches what its launch template says: that, and the image in it, must be in its region.
 */
#include "asg_parts.h"

struct check {
    asg_template_fn *then;
    struct evac_str template, version, image, type;
};

static void on_offered(struct aws_call *c, const struct evac_aws_reply *failed, bool offered)
{
    const struct check *k = c->helper;
    if (failed)
        aws_answer_unseen(c, failed);
    else if (offered)
        k->then(c, NULL);
    else
        k->then(c, aws_printf(c, "%.*s is not offered in %.*s", EVAC_STR_ARG(k->type),
                              EVAC_STR_ARG(c->region))
                       .p);
}

/* A template may leave the type to the group. */
static void check_type(struct aws_call *c)
{
    const struct check *k = c->helper;
    if (k->type.n)
        aws_offered_next(c, k->type, EVAC_STR_NONE, on_offered);
    else
        k->then(c, NULL);
}

/* Answered when it could not be looked at; gone: EC2 says that it is not there. */
static bool look(struct aws_call *c, const struct evac_aws_reply *r, bool *ret_gone)
{
    *ret_gone = r->outcome == EVAC_OUTCOME_REJECTED && evac_str_starts(r->code, "Invalid");
    if (r->outcome == EVAC_OUTCOME_ACCEPTED || *ret_gone)
        return true;
    aws_answer_unseen(c, r);
    return false;
}

static void on_image(struct aws_call *c, const struct evac_aws_reply *r)
{
    const struct check *k = c->helper;
    struct evac_str state = evac_xml_text(r->xml, "imagesSet/item/imageState");
    bool gone;
    if (!look(c, r, &gone))
        return;
    if (gone || state.n == 0)
        k->then(c, aws_printf(c, "image %.*s of the launch template is not in %.*s",
                              EVAC_STR_ARG(k->image), EVAC_STR_ARG(c->region))
                       .p);
    else if (!evac_str_is(state, "available"))
        k->then(c, aws_printf(c, "image %.*s of the launch template is %.*s",
                              EVAC_STR_ARG(k->image), EVAC_STR_ARG(state))
                       .p);
    else
        check_type(c);
}

static void ask_image(struct aws_call *c)
{
    const struct check *k = c->helper;
    struct evac_arg params[] = { AWS_PARAM("ImageId.1", k->image) };
    struct evac_aws_request request = { .service = "ec2",
                                        .operation = "DescribeImages",
                                        .region = c->region,
                                        .params = params,
                                        .param_count = 1 };
    aws_next(c, &request, on_image);
}

/* A template may name its image by a parameter of Systems Manager, or none: that is seen only at
 * launching. */
static void on_template(struct aws_call *c, const struct evac_aws_reply *r)
{
    struct check *k = c->helper;
    const struct evac_xml *item = evac_xml_path(r->xml, "launchTemplateVersionSet/item");
    bool gone;
    if (!look(c, r, &gone))
        return;
    k->image = evac_arena_str(c->arena, evac_xml_text(item, "launchTemplateData/imageId"));
    k->type = evac_arena_str(c->arena, evac_xml_text(item, "launchTemplateData/instanceType"));
    if (gone || !item)
        k->then(c, aws_printf(c, "launch template %.*s has no version %.*s in %.*s",
                              EVAC_STR_ARG(k->template), EVAC_STR_ARG(k->version),
                              EVAC_STR_ARG(c->region))
                       .p);
    else if (evac_str_starts(k->image, "ami-"))
        ask_image(c);
    else
        check_type(c);
}

struct evac_str asg_template_type(const struct aws_call *c)
{
    const struct check *k = c->helper;
    return k ? k->type : EVAC_STR_NONE;
}

void asg_check_template(struct aws_call *c, struct evac_str id, struct evac_str version,
                        asg_template_fn *then)
{
    struct check *k = evac_arena_alloc(c->arena, sizeof *k);
    *k = (struct check){ .then = then,
                         .template = id,
                         .version = version.n ? version : EVAC_STR("$Default") };
    c->helper = k;
    struct evac_arg params[] = { AWS_PARAM("LaunchTemplateId", k->template),
                                 AWS_PARAM("LaunchTemplateVersion.1", k->version) };
    struct evac_aws_request request = { .service = "ec2",
                                        .operation = "DescribeLaunchTemplateVersions",
                                        .region = c->region,
                                        .params = params,
                                        .param_count = 2 };
    aws_next(c, &request, on_template);
}
