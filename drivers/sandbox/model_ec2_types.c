/*
 * Which instance types EC2 has where: all of them everywhere, but for what control took away:
 *
 *     make ec2 us-west-2 {"not_offered":"m6i.large"}               nowhere in the region
 *     make ec2 us-west-2 {"not_offered":"m6i.large","zone":"b"}    not in that zone
 */
#include "ec2_internal.h"
#include "sandbox_docs.h"

#include <stdio.h>

static const char *const zones[] = { "a", "b", "c" };

enum evac_code ec2_make_not_offered(struct evac_sandbox *sb, size_t region,
                                    const struct evac_json *json, struct evac_err *err)
{
    struct evac_str type = evac_json_str(json, "not_offered"), zone = evac_json_str(json, "zone");
    char name[160];
    (void)snprintf(name, sizeof name, "%.*s@%s%.*s", EVAC_STR_ARG(type), sb_region_name(sb, region),
                   EVAC_STR_ARG(zone));
    if (!sb_doc_new(sb, SB_EC2, region, "not-offered", evac_str(name)))
        return evac_fail(err, EVAC_E_TOOBIG, "there are too many resources already");
    return EVAC_OK;
}

static bool is_offered(const struct sb_call *c, struct evac_str type, struct evac_str place)
{
    char name[160];
    const char *region = sb_region_name(c->sb, c->region);
    (void)snprintf(name, sizeof name, "%.*s@%s", EVAC_STR_ARG(type), region);
    if (sb_doc_find(c->sb, SB_EC2, c->region, "not-offered", evac_str(name)))
        return false;
    (void)snprintf(name, sizeof name, "%.*s@%.*s", EVAC_STR_ARG(type), EVAC_STR_ARG(place));
    return !sb_doc_find(c->sb, SB_EC2, c->region, "not-offered", evac_str(name));
}

/* The filter's values allow it; without such a filter everything is allowed. */
static bool passes(const struct sb_call *c, const char *filter, struct evac_str value)
{
    for (int i = 1; sb_has(c, "Filter.%d.Name", i); i++) {
        bool any = !evac_str_is(sb_in(c, "Filter.%d.Name", i), filter);
        for (int k = 1; !any && sb_has(c, "Filter.%d.Value.%d", i, k); k++)
            any = evac_str_eq(sb_in(c, "Filter.%d.Value.%d", i, k), value);
        if (!any)
            return false;
    }
    return true;
}

static void put_offering(struct sb_call *c, struct evac_str type, const char *kind,
                         struct evac_str place)
{
    if (!passes(c, "location", place) || !is_offered(c, type, place))
        return;
    evac_buf_puts(&c->out, "<item>");
    sb_tag(&c->out, "instanceType", type);
    sb_tag(&c->out, "locationType", evac_str(kind));
    sb_tag(&c->out, "location", place);
    evac_buf_puts(&c->out, "</item>");
}

static void put_type(struct sb_call *c, struct evac_str type, bool by_zone)
{
    const char *region = sb_region_name(c->sb, c->region);
    for (size_t i = 0; by_zone && i < 3; i++)
        put_offering(c, type, "availability-zone",
                     evac_arena_printf(c->arena, "%s%s", region, zones[i]));
    if (!by_zone)
        put_offering(c, type, "region", evac_str(region));
}

/* Of the types that a filter names, or of a few. */
void ec2_describe_offerings(struct sb_call *c)
{
    static const char *const few[] = { "m6i.large", "m5.large", "t3.micro" };
    struct evac_str kind = sb_in(c, "LocationType");
    bool by_zone = evac_str_is(kind, "availability-zone"), named = false;
    if (kind.n && !by_zone && !evac_str_is(kind, "region")) {
        sb_error(c, 400, "InvalidParameterValue", "LocationType: region or availability-zone.");
        return;
    }
    evac_buf_puts(&c->out, "<instanceTypeOfferingSet>");
    for (int i = 1; sb_has(c, "Filter.%d.Name", i); i++)
        for (int k = 1; evac_str_is(sb_in(c, "Filter.%d.Name", i), "instance-type") &&
                        sb_has(c, "Filter.%d.Value.%d", i, k);
             k++) {
            named = true;
            put_type(c, sb_in(c, "Filter.%d.Value.%d", i, k), by_zone);
        }
    for (size_t i = 0; !named && i < sizeof few / sizeof few[0]; i++)
        put_type(c, evac_str(few[i]), by_zone);
    evac_buf_puts(&c->out, "</instanceTypeOfferingSet>");
}
