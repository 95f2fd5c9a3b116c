/*
 * Route 53's health checks: checkers outside of every region look at what the checks name, and DNS
 * follows (AWS.md 7.1). All checkers see the same here, so the quorum is one look; what remains is
 * interval, threshold, inversion, and that a check without data is healthy before its inversion.
 */
#include "route53_internal.h"

#include <stdio.h>
#include <string.h>

#define NS       "https://route53.amazonaws.com/doc/2013-04-01/"
#define SETTINGS /* those that may change later */                                                 \
    "IPAddress Port ResourcePath FullyQualifiedDomainName SearchString FailureThreshold Inverted " \
    "Disabled HealthThreshold ChildHealthChecks EnableSNI Regions AlarmIdentifier "                \
    "InsufficientDataHealthStatus"
#define LOOK_BYTES 5120u /* a search string must be wholly in the first so many */

struct r53_check *r53_check_find(const struct evac_sandbox *sb, struct evac_str id)
{
    struct r53 *r53 = r53_state(sb);
    for (size_t i = 0; i < r53->check_count; i++)
        if (evac_str_is(id, r53->checks[i].id))
            return &r53->checks[i];
    return NULL;
}

static bool is_calculated(const struct r53_check *check)
{
    return strcmp(check->type, "CALCULATED") == 0;
}

/* Only checks of these types have somewhere to look. */
static bool has_endpoint(const struct r53_check *check)
{
    return strncmp(check->type, "HTTP", 4) == 0 || strcmp(check->type, "TCP") == 0;
}

static bool is_recovery(const struct r53_check *check)
{
    return strcmp(check->type, "RECOVERY_CONTROL") == 0;
}

/* A disabled one is not, and stands as it stood. */
static bool is_looked_at(const struct r53_check *check)
{
    return has_endpoint(check) && !check->disabled;
}

static bool raw_of(const struct evac_sandbox *sb, const struct r53_check *check)
{
    uint32_t healthy = 0;
    if (is_recovery(check))
        return sb_routing_control_on(sb, evac_str(check->routing_control));
    if (!is_calculated(check))
        return check->raw;
    for (size_t i = 0; i < check->child_count; i++) {
        const struct r53_check *child = r53_check_find(sb, evac_str(check->children[i]));
        bool raw = !child || is_calculated(child) || child->disabled || raw_of(sb, child);
        healthy += child && child->inverted && !child->disabled ? !raw : raw;
    }
    return healthy >= check->health_threshold;
}

/* A disabled check is healthy; a record without a check, or with one that is gone, is too. */
bool r53_is_healthy(const struct evac_sandbox *sb, const char *id)
{
    const struct r53_check *check = id[0] ? r53_check_find(sb, evac_str(id)) : NULL;
    if (!check)
        return true;
    bool raw = check->disabled || raw_of(sb, check);
    return check->inverted ? !raw : raw;
}

/* --- looking --------------------------------------------------------------------------------- */

static bool look_once(struct evac_sandbox *sb, const struct r53_check *check)
{
    struct evac_buf body;
    evac_buf_init(&body, 1u << 20);
    int status = sb_look(sb, evac_str(check->host[0] ? check->host : check->address),
                         evac_str(check->path[0] ? check->path : "/"), &body);
    bool good = status > 0;
    if (strncmp(check->type, "HTTP", 4) == 0)
        good = status >= 200 && status <= 399;
    if (good && check->search[0]) {
        struct evac_str seen = evac_buf_str(&body);
        if (seen.n > LOOK_BYTES)
            seen.n = LOOK_BYTES;
        good = evac_str_has(seen, check->search);
    }
    evac_buf_done(&body);
    return good;
}

static void look(struct evac_sandbox *sb, struct r53_check *check)
{
    uint64_t every = sb_scaled(sb, 1000ull * check->interval_s);
    bool good = look_once(sb, check);
    check->next_ms = sb->now_ms + (every > 100 ? every : 100);
    check->looked_ms = sb_wall_ms(sb);
    check->streak = good == check->raw ? 0 : check->streak + 1;
    if (check->streak >= check->threshold) {
        check->raw = good;
        check->streak = 0;
        sb->changed++;
    }
}

void r53_look(struct evac_sandbox *sb)
{
    struct r53 *r53 = r53_state(sb);
    for (size_t i = 0; i < r53->check_count; i++)
        if (is_looked_at(&r53->checks[i]) && r53->checks[i].next_ms <= sb->now_ms)
            look(sb, &r53->checks[i]);
}

uint64_t r53_look_wake(const struct evac_sandbox *sb)
{
    const struct r53 *r53 = r53_state(sb);
    uint64_t next = SB_NEVER;
    for (size_t i = 0; i < r53->check_count; i++)
        if (is_looked_at(&r53->checks[i]) && r53->checks[i].next_ms < next)
            next = r53->checks[i].next_ms;
    return next;
}

void sb_route53_health_check(struct evac_sandbox *sb, const struct sb_health_check *check)
{
    struct r53 *r53 = r53_state(sb);
    if (r53->check_count == R53_CHECKS_MAX)
        return;
    struct r53_check *k = &r53->checks[r53->check_count++];
    *k = (struct r53_check){ .port = check->port,
                             .interval_s = check->interval_s,
                             .threshold = check->threshold,
                             .inverted = check->inverted,
                             .version = 1,
                             .raw = true,
                             .next_ms = sb->now_ms };
    (void)evac_str_copy(k->id, sizeof k->id, evac_str(check->id));
    (void)evac_str_copy(k->caller, sizeof k->caller, evac_str(check->id));
    (void)evac_str_copy(k->type, sizeof k->type, evac_str(check->type));
    (void)evac_str_copy(k->host, sizeof k->host, evac_str(check->host));
    (void)evac_str_copy(k->path, sizeof k->path, evac_str(check->path));
    (void)evac_str_copy(k->search, sizeof k->search, evac_str(check->search));
    (void)evac_str_copy(k->routing_control, sizeof k->routing_control,
                        evac_str(check->routing_control));
}

/* --- operations ------------------------------------------------------------------------------ */

static void open_root(struct sb_call *c, const char *name)
{
    evac_buf_putf(&c->out, "<?xml version=\"1.0\"?>\n<%s xmlns=\"" NS "\">", name);
}

static void put_text(struct evac_buf *out, const char *name, const char *text)
{
    if (text[0])
        sb_tag(out, name, evac_str(text));
}

static void put_check(struct evac_buf *out, const struct r53_check *k)
{
    evac_buf_puts(out, "<HealthCheck>");
    sb_tag(out, "Id", evac_str(k->id));
    sb_tag(out, "CallerReference", evac_str(k->caller));
    evac_buf_puts(out, "<HealthCheckConfig>");
    put_text(out, "IPAddress", k->address);
    if (k->port)
        sb_tagf(out, "Port", "%u", k->port);
    sb_tag(out, "Type", evac_str(k->type));
    put_text(out, "ResourcePath", k->path);
    put_text(out, "FullyQualifiedDomainName", k->host);
    put_text(out, "SearchString", k->search);
    if (has_endpoint(k)) {
        sb_tagf(out, "RequestInterval", "%u", k->interval_s);
        sb_tagf(out, "FailureThreshold", "%u", k->threshold);
        sb_tag(out, "MeasureLatency", k->measure_latency ? EVAC_STR("true") : EVAC_STR("false"));
    }
    put_text(out, "RoutingControlArn", k->routing_control);
    sb_tag(out, "Inverted", k->inverted ? EVAC_STR("true") : EVAC_STR("false"));
    sb_tag(out, "Disabled", k->disabled ? EVAC_STR("true") : EVAC_STR("false"));
    if (is_calculated(k)) {
        sb_tagf(out, "HealthThreshold", "%u", k->health_threshold);
        evac_buf_puts(out, "<ChildHealthChecks>");
        for (size_t i = 0; i < k->child_count; i++)
            sb_tag(out, "ChildHealthCheck", evac_str(k->children[i]));
        evac_buf_puts(out, "</ChildHealthChecks>");
    }
    evac_buf_puts(out, "</HealthCheckConfig>");
    sb_tagf(out, "HealthCheckVersion", "%lld", (long long)k->version);
    evac_buf_puts(out, "</HealthCheck>");
}

static struct r53_check *named(struct sb_call *c)
{
    struct r53_check *k = r53_check_find(c->sb, c->label[0]);
    if (!k)
        sb_error(c, 404, "NoSuchHealthCheck", "A health check with id %.*s does not exist.",
                 EVAC_STR_ARG(c->label[0]));
    return k;
}

/* In the order of their making; a page begins with the check that the marker names. */
void r53_list_checks(struct sb_call *c)
{
    const struct r53 *r53 = r53_state(c->sb);
    struct evac_str marker = sb_in(c, "marker");
    int64_t most = sb_in_i64(c, "maxitems", 100), given = 0;
    size_t i = 0;
    while (marker.n && i < r53->check_count && !evac_str_is(marker, r53->checks[i].id))
        i++;
    if (most < 1 || (marker.n && i == r53->check_count)) {
        sb_error(c, 400, "InvalidInput", "maxitems from 1, and a marker that was given");
        return;
    }
    open_root(c, "ListHealthChecksResponse");
    evac_buf_puts(&c->out, "<HealthChecks>");
    for (; i < r53->check_count && given < most && given < 100; i++, given++)
        put_check(&c->out, &r53->checks[i]);
    evac_buf_puts(&c->out, "</HealthChecks>");
    if (marker.n)
        sb_tag(&c->out, "Marker", marker);
    bool more = i < r53->check_count;
    sb_tag(&c->out, "IsTruncated", more ? EVAC_STR("true") : EVAC_STR("false"));
    if (more)
        sb_tag(&c->out, "NextMarker", evac_str(r53->checks[i].id));
    sb_tagf(&c->out, "MaxItems", "%lld", (long long)(most < 100 ? most : 100));
    evac_buf_puts(&c->out, "</ListHealthChecksResponse>");
}

void r53_get_check(struct sb_call *c)
{
    const struct r53_check *k = named(c);
    if (!k)
        return;
    open_root(c, "GetHealthCheckResponse");
    put_check(&c->out, k);
    evac_buf_puts(&c->out, "</GetHealthCheckResponse>");
}

/* True when it is there and in its range; out of it the request is refused. */
static bool read_number(struct sb_call *c, const struct evac_xml *x, const char *name,
                        int64_t least, int64_t most, int64_t *ret_number)
{
    if (!evac_xml_child(x, name))
        return false;
    if (evac_str_i64(evac_xml_text(x, name), ret_number) && *ret_number >= least &&
        *ret_number <= most)
        return true;
    sb_error(c, 400, "InvalidInput", "%s must be from %lld to %lld", name, (long long)least,
             (long long)most);
    return false;
}

/* What may change later too; an element that is not there keeps its value. */
static void read_changeable(struct sb_call *c, const struct evac_xml *x, struct r53_check *k)
{
    static const struct {
        const char *name;
        size_t offset, bytes;
    } texts[] = {
        { "IPAddress", offsetof(struct r53_check, address), sizeof k->address },
        { "ResourcePath", offsetof(struct r53_check, path), sizeof k->path },
        { "FullyQualifiedDomainName", offsetof(struct r53_check, host), sizeof k->host },
        { "SearchString", offsetof(struct r53_check, search), sizeof k->search },
    };
    int64_t number;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (evac_xml_child(x, texts[i].name))
            if (!evac_str_copy((char *)k + texts[i].offset, texts[i].bytes,
                               evac_xml_text(x, texts[i].name)))
                sb_error(c, 400, "InvalidInput", "%s is longer than the %zu characters allowed",
                         texts[i].name, texts[i].bytes - 1);
    if (read_number(c, x, "Port", 1, 65535, &number))
        k->port = (uint16_t)number;
    if (read_number(c, x, "FailureThreshold", 1, 10, &number))
        k->threshold = (uint32_t)number;
    if (read_number(c, x, "HealthThreshold", 0, 256, &number))
        k->health_threshold = (uint32_t)number;
    if (evac_xml_child(x, "Inverted"))
        k->inverted = evac_str_is(evac_xml_text(x, "Inverted"), "true");
    if (evac_xml_child(x, "Disabled"))
        k->disabled = evac_str_is(evac_xml_text(x, "Disabled"), "true");
    for (const struct evac_xml *e = evac_xml_path(x, "ResetElements/ResettableElementName"); e;
         e = evac_xml_again(e)) {
        if (evac_str_is(e->text, "ResourcePath"))
            k->path[0] = '\0';
        else if (evac_str_is(e->text, "FullyQualifiedDomainName"))
            k->host[0] = '\0';
    }
    if (evac_xml_child(x, "ChildHealthChecks"))
        k->child_count = 0;
    for (const struct evac_xml *child = evac_xml_path(x, "ChildHealthChecks/ChildHealthCheck");
         child && k->child_count < R53_CHILDREN_MAX; child = evac_xml_again(child))
        (void)evac_str_copy(k->children[k->child_count++], sizeof k->children[0], child->text);
}

/* What a type can not be without. */
static void check_config(struct sb_call *c, const struct r53_check *k)
{
    if (has_endpoint(k) && !k->host[0] && !k->address[0])
        sb_error(c, 400, "InvalidInput",
                 "Basic health checks must specify an IP address or a fully qualified domain name");
    else if (strstr(k->type, "STR_MATCH") && !k->search[0])
        sb_error(c, 400, "InvalidInput", "%s health checks need a SearchString", k->type);
    else if (strcmp(k->type, "TCP") == 0 && k->port == 0)
        sb_error(c, 400, "InvalidInput", "TCP health checks need a Port");
    else if (is_recovery(k) && !k->routing_control[0])
        sb_error(c, 400, "InvalidInput", "RECOVERY_CONTROL health checks need a RoutingControlArn");
}

static bool is_type(struct evac_str type)
{
    static const char *const types[] = {
        "HTTP", "HTTPS",      "HTTP_STR_MATCH",    "HTTPS_STR_MATCH",
        "TCP",  "CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL"
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (evac_str_is(type, types[i]))
            return true;
    return false;
}

static bool same_settings(const struct r53_check *a, const struct r53_check *b)
{
    if (strcmp(a->type, b->type) || strcmp(a->host, b->host) || strcmp(a->address, b->address) ||
        strcmp(a->routing_control, b->routing_control) || strcmp(a->path, b->path) ||
        strcmp(a->search, b->search) || a->port != b->port || a->interval_s != b->interval_s ||
        a->threshold != b->threshold || a->health_threshold != b->health_threshold ||
        a->inverted != b->inverted || a->disabled != b->disabled ||
        a->measure_latency != b->measure_latency || a->child_count != b->child_count)
        return false;
    for (size_t i = 0; i < a->child_count; i++)
        if (strcmp(a->children[i], b->children[i]) != 0)
            return false;
    return true;
}

/* A reference is used up also when its check is gone. */
static bool is_used_up(const struct evac_sandbox *sb, struct evac_str caller)
{
    const struct r53 *r53 = r53_state(sb);
    for (size_t i = 0; i < R53_CHECKS_MAX; i++)
        if (caller.n && evac_str_is(caller, r53->gone[i]))
            return true;
    return false;
}

static const struct r53_check *by_caller(const struct evac_sandbox *sb, struct evac_str caller)
{
    const struct r53 *r53 = r53_state(sb);
    for (size_t i = 0; i < r53->check_count; i++)
        if (evac_str_is(caller, r53->checks[i].caller))
            return &r53->checks[i];
    return NULL;
}

static void read_fixed(struct sb_call *c, const struct evac_xml *x, struct r53_check *k)
{
    int64_t interval = 30;
    (void)evac_str_i64(evac_xml_text(x, "RequestInterval"), &interval);
    if (!is_type(evac_xml_text(x, "Type")))
        sb_error(c, 400, "InvalidInput", "Invalid health check type: %.*s",
                 EVAC_STR_ARG(evac_xml_text(x, "Type")));
    else if (interval != 10 && interval != 30)
        sb_error(c, 400, "InvalidInput", "RequestInterval must be 10 or 30");
    (void)evac_str_copy(k->type, sizeof k->type, evac_xml_text(x, "Type"));
    (void)evac_str_copy(k->routing_control, sizeof k->routing_control,
                        evac_xml_text(x, "RoutingControlArn"));
    k->interval_s = (uint32_t)interval;
    k->measure_latency = evac_str_is(evac_xml_text(x, "MeasureLatency"), "true");
}

/* "5b0c1d1e-9a52-..." */
static void make_id(struct evac_sandbox *sb, char *to, size_t bytes)
{
    char hex[33];
    sb_random_id(sb, hex, 32);
    for (char *p = hex; *p; p++)
        *p = "0123456789abcdef"[(unsigned char)*p % 16];
    (void)snprintf(to, bytes, "%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15,
                   hex + 18);
}

void r53_create_check(struct sb_call *c)
{
    struct r53 *r53 = r53_state(c->sb);
    struct evac_str caller = evac_xml_text(c->xml, "CallerReference");
    const struct evac_xml *config = evac_xml_child(c->xml, "HealthCheckConfig");
    const struct r53_check *there = by_caller(c->sb, caller);
    struct r53_check k = { .threshold = 3, .version = 1, .raw = true };
    r53_check_elements(c, config,
                       SETTINGS " Type RequestInterval MeasureLatency RoutingControlArn");
    read_fixed(c, config, &k);
    read_changeable(c, config, &k);
    check_config(c, &k);
    if (caller.n == 0 || caller.n >= sizeof k.caller)
        sb_error(c, 400, "InvalidInput", "CallerReference: from 1 to 64 characters");
    else if ((there && !same_settings(there, &k)) || is_used_up(c->sb, caller))
        sb_error(c, 409, "HealthCheckAlreadyExists",
                 "A health check with this caller reference was created with other settings, or "
                 "is deleted");
    else if (r53->check_count == R53_CHECKS_MAX)
        sb_error(c, 400, "TooManyHealthChecks", "The sandbox keeps %u health checks",
                 R53_CHECKS_MAX);
    if (c->failed)
        return;
    if (!there) {
        make_id(c->sb, k.id, sizeof k.id);
        (void)evac_str_copy(k.caller, sizeof k.caller, caller);
        k.next_ms = c->sb->now_ms + sb_scaled(c->sb, 1000ull * k.interval_s);
        r53->checks[r53->check_count] = k;
        there = &r53->checks[r53->check_count++];
        sb_effect(c);
    }
    c->status = 201;
    sb_header(c, "Location",
              evac_arena_printf(c->arena, "https://route53.amazonaws.com/2013-04-01/healthcheck/%s",
                                there->id));
    open_root(c, "CreateHealthCheckResponse");
    put_check(&c->out, there);
    evac_buf_puts(&c->out, "</CreateHealthCheckResponse>");
}

void r53_update_check(struct sb_call *c)
{
    struct r53_check *k = named(c);
    int64_t version;
    if (!k)
        return;
    if (evac_str_i64(evac_xml_text(c->xml, "HealthCheckVersion"), &version) &&
        version != k->version) {
        sb_error(c, 409, "HealthCheckVersionMismatch",
                 "The value of HealthCheckVersion in the request doesn't match the value of "
                 "HealthCheckVersion in the health check.");
        return;
    }
    struct r53_check next = *k;
    r53_check_elements(c, c->xml, SETTINGS " HealthCheckVersion ResetElements");
    read_changeable(c, c->xml, &next);
    check_config(c, &next);
    if (c->failed)
        return;
    next.version++;
    *k = next;
    sb_effect(c);
    open_root(c, "UpdateHealthCheckResponse");
    put_check(&c->out, k);
    evac_buf_puts(&c->out, "</UpdateHealthCheckResponse>");
}

void r53_delete_check(struct sb_call *c)
{
    struct r53 *r53 = r53_state(c->sb);
    struct r53_check *k = named(c);
    if (!k)
        return;
    size_t at = (size_t)(k - r53->checks);
    memcpy(r53->gone[r53->gone_count++ % R53_CHECKS_MAX], k->caller, sizeof k->caller);
    memmove(k, k + 1, (r53->check_count - at - 1) * sizeof *k);
    r53->check_count--;
    sb_effect(c);
    open_root(c, "DeleteHealthCheckResponse");
    evac_buf_puts(&c->out, "</DeleteHealthCheckResponse>");
}

/* What each checker sees, before inversion; not an aggregate. Nothing until they have looked. */
void r53_check_status(struct sb_call *c)
{
    static const char *const regions[] = { "us-east-1", "us-west-1",      "us-west-2",
                                           "eu-west-1", "ap-southeast-1", "sa-east-1" };
    const struct r53_check *k = named(c);
    if (!k)
        return;
    open_root(c, "GetHealthCheckStatusResponse");
    evac_buf_puts(&c->out, "<HealthCheckObservations>");
    size_t count = k->looked_ms ? sizeof regions / sizeof regions[0] : 0;
    for (size_t i = 0; i < count; i++) {
        evac_buf_puts(&c->out, "<HealthCheckObservation>");
        sb_tag(&c->out, "Region", evac_str(regions[i]));
        sb_tagf(&c->out, "IPAddress", "15.177.%zu.1", i);
        evac_buf_puts(&c->out, "<StatusReport>");
        sb_tag(&c->out, "Status",
               raw_of(c->sb, k) ? EVAC_STR("Success: HTTP Status Code 200, OK")
                                : EVAC_STR("Failure: the endpoint did not answer as it should"));
        sb_tag(&c->out, "CheckedTime", sb_iso(c->arena, k->looked_ms));
        evac_buf_puts(&c->out, "</StatusReport></HealthCheckObservation>");
    }
    evac_buf_puts(&c->out, "</HealthCheckObservations></GetHealthCheckStatusResponse>");
}
