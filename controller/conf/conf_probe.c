/* What a probe's settings mean together: its kind, what goes with it, which regions it is about. */
#include "conf_read.h"

#include <string.h>

#define TIMEOUT_DEFAULT_MS    6000u /* RELIABILITY 3.1: 4 s to connect, 2 s to reply */
#define EVERY_DEFAULT_MS      10000u
#define LOOK_EVERY_DEFAULT_MS 60000u /* a control plane counts who asks */
#define TEXT_BYTES_MAX        1000u

#define KIND(name) (1u << EVAC_PROBE_KIND_##name)
#define BUT(kinds) (((1u << EVAC_PROBE_KIND_COUNT) - 1) & ~(kinds))
#define NAME(n, t) t,

static const char *const kind_names[] = { EVAC_PROBE_KINDS(NAME) };

/* Settings that not every kind has. */
static const struct {
    const char *path;
    unsigned kinds;
} only_for[] = {
    { "expect", KIND(HTTP) | KIND(DNS) },
    { "status", KIND(HTTP) },
    { "json", KIND(HTTP) },
    { "certificate", KIND(HTTP) | KIND(TLS) },
    { "latency", BUT(KIND(LOOK)) },
    { "type", KIND(DNS) },
    { "resolvers", KIND(DNS) },
    { "connect", KIND(HTTP) },
    { "connection", KIND(HTTP) },
};

struct probe_in {
    struct conf_reader *r;
    struct conf_probe *p;
    const config_setting_t *group;
    const struct conf_given *given;
    int line;
};

static int line_of(const struct probe_in *in, const char *path)
{
    const config_setting_t *s = config_setting_get_member(in->group, path);
    return s ? conf_line(s) : in->line;
}

/* --- time ---------------------------------------------------------------------------------------
 */

/* A probe that outlives its interval would measure its own queue. */
uint32_t conf_timeout(struct conf_reader *r, int line, const char *what, uint32_t every_ms,
                      uint32_t given_ms)
{
    uint32_t most = every_ms / 3 * 2;
    if (given_ms == 0)
        return TIMEOUT_DEFAULT_MS < most ? TIMEOUT_DEFAULT_MS : most;
    if (given_ms > every_ms)
        CONF_ERROR(r, line, "%s: timeout (%u ms) is longer than every (%u ms)", what, given_ms,
                   every_ms);
    return given_ms;
}

void conf_share_timeout(struct evac_probe *probe, uint32_t timeout_ms)
{
    if (probe->connect_ms == 0)
        probe->connect_ms = timeout_ms / 3 * 2;
    probe->reply_ms = timeout_ms - probe->connect_ms;
}

static void finish_times(const struct probe_in *in)
{
    struct conf_probe *p = in->p;
    bool http = p->probe.kind == EVAC_PROBE_KIND_HTTP;
    if (!conf_is_given(in->given, "every"))
        p->probe.every_ms =
            p->probe.kind == EVAC_PROBE_KIND_LOOK ? LOOK_EVERY_DEFAULT_MS : EVERY_DEFAULT_MS;
    p->timeout_ms = conf_timeout(in->r, in->line, "probe", p->probe.every_ms, p->timeout_ms);
    if (http && p->probe.connect_ms >= p->timeout_ms) {
        CONF_ERROR(in->r, in->line, "probe: connect (%u ms) is not shorter than timeout (%u ms)",
                   p->probe.connect_ms, p->timeout_ms);
        p->probe.connect_ms = 0;
    }
    if (p->probe.latency_ms > p->timeout_ms)
        CONF_ERROR(in->r, in->line, "probe: latency (%u ms) is longer than timeout (%u ms)",
                   p->probe.latency_ms, p->timeout_ms);
    if (http)
        conf_share_timeout(&p->probe, p->timeout_ms);
    else
        p->probe.connect_ms = p->probe.reply_ms = p->timeout_ms;
}

/* --- the kind -----------------------------------------------------------------------------------
 */

static bool find_kind(const struct probe_in *in)
{
    size_t found = 0;
    for (unsigned k = 0; k < EVAC_PROBE_KIND_COUNT; k++)
        if (conf_is_given(in->given, kind_names[k]) && found++ == 0)
            in->p->probe.kind = (enum evac_probe_kind)k;
    if (found == 0)
        CONF_ERROR(in->r, in->line,
                   "probe: it does not say what it asks; allowed: one of http, tcp, tls, dns, "
                   "exec, look");
    if (found > 1)
        CONF_ERROR(in->r, in->line,
                   "probe: found %zu of http, tcp, tls, dns, exec, look; allowed: exactly one, "
                   "and another probe for each more",
                   found);
    return found == 1;
}

static void put_kinds(unsigned kinds, struct evac_buf *out)
{
    for (unsigned k = 0; k < EVAC_PROBE_KIND_COUNT; k++)
        if (kinds & (1u << k))
            evac_buf_putf(out, "%s%s", out->n ? " and " : "", kind_names[k]);
}

static void check_fits(const struct probe_in *in)
{
    for (size_t i = 0; i < sizeof only_for / sizeof only_for[0]; i++) {
        struct evac_buf kinds;
        if (!conf_is_given(in->given, only_for[i].path) ||
            only_for[i].kinds & (1u << in->p->probe.kind))
            continue;
        evac_buf_init(&kinds, 200);
        put_kinds(only_for[i].kinds, &kinds);
        CONF_ERROR(in->r, line_of(in, only_for[i].path), "probe.%s: it is for %s, and this is %s",
                   only_for[i].path, kinds.p, kind_names[in->p->probe.kind]);
        evac_buf_done(&kinds);
    }
}

void conf_finish_look(struct conf_reader *r, const config_setting_t *group, void *at,
                      const struct conf_given *given)
{
    int line = (int)config_setting_source_line(group);
    bool action = conf_is_given(given, "action"), lag = conf_is_given(given, "lag");
    (void)at;
    if (action == lag)
        CONF_ERROR(r, line, "look: found %s of action and lag; allowed: exactly one",
                   action ? "both" : "none");
    if (lag && conf_is_given(given, "want"))
        CONF_ERROR(r, line, "look.want: it is for action, and this is lag");
}

static void find_target(const struct probe_in *in)
{
    struct evac_probe *probe = &in->p->probe;
    switch (probe->kind) {
    case EVAC_PROBE_KIND_EXEC:
        probe->target = probe->arg_count ? probe->argv[0] : EVAC_STR("");
        if (!evac_str_starts(probe->target, "/"))
            CONF_ERROR(in->r, line_of(in, "exec"),
                       "probe.exec: found \"%.*s\" first; allowed: a program's absolute path",
                       EVAC_STR_ARG(probe->target));
        break;
    case EVAC_PROBE_KIND_LOOK:
        probe->look = in->p->look.look;
        probe->target = probe->look.resource;
        break;
    case EVAC_PROBE_KIND_HTTP:
    case EVAC_PROBE_KIND_TCP:
    case EVAC_PROBE_KIND_TLS:
    case EVAC_PROBE_KIND_DNS:
    case EVAC_PROBE_KIND_COUNT:
        probe->target = in->p->kinds[probe->kind];
    }
    if (conf_is_given(in->given, "certificate") && probe->kind == EVAC_PROBE_KIND_HTTP &&
        !evac_str_starts(probe->target, "https://"))
        CONF_ERROR(in->r, line_of(in, "certificate"),
                   "probe.certificate: an http:// address has none; allowed with https://");
}

/* --- expect and json: of several types ----------------------------------------------------------
 */

static bool is_line(const config_setting_t *s, struct evac_str *ret)
{
    struct conf_value value = conf_value(s);
    *ret = value.text;
    if (value.kind != CONF_IS_TEXT || value.text.n > TEXT_BYTES_MAX)
        return false;
    for (size_t i = 0; i < value.text.n; i++)
        if ((unsigned char)value.text.p[i] < 0x20 || value.text.p[i] == 0x7f)
            return false;
    return true;
}

static bool is_list(const config_setting_t *s)
{
    return config_setting_type(s) == CONFIG_TYPE_LIST ||
           config_setting_type(s) == CONFIG_TYPE_ARRAY;
}

/* One text is a list of one. False: the form is wrong. */
static bool read_expected(const struct probe_in *in)
{
    const config_setting_t *s = in->p->expect;
    int n = is_list(s) ? config_setting_length(s) : 1;
    if (n < 1 || n > EVAC_PROBE_VALUES_MAX)
        return false;
    struct evac_str *values = evac_arena_array(in->r->arena, (size_t)n, sizeof *values);
    for (int i = 0; i < n; i++) {
        struct evac_str value;
        if (!is_line(is_list(s) ? config_setting_get_elem(s, (unsigned)i) : s, &value) ||
            value.n == 0)
            return false;
        values[i] = evac_arena_str(in->r->arena, value);
    }
    in->p->probe.expected = values;
    in->p->probe.expected_count = (size_t)n;
    return true;
}

static void finish_expect(const struct probe_in *in)
{
    struct evac_str text;
    struct evac_probe *probe = &in->p->probe;
    bool dns = probe->kind == EVAC_PROBE_KIND_DNS;
    if (!in->p->expect)
        return;
    if (dns ? read_expected(in) : is_line(in->p->expect, &text)) {
        if (!dns)
            probe->expect_body = evac_arena_str(in->r->arena, text);
        return;
    }
    CONF_ERROR(in->r, conf_line(in->p->expect), "probe.expect: found %.*s; allowed: %s",
               EVAC_STR_ARG(conf_found(in->r, in->p->expect)),
               dns ? "a text, or a list of 1 to 8 texts" : "one line of text, at most 1000 bytes");
}

/* What is expected tells what to ask for. */
static void finish_dns_type(struct evac_probe *probe)
{
    struct evac_str first = probe->expected_count ? probe->expected[0] : EVAC_STR("");
    bool digits = first.n > 0;
    if (probe->dns_type.n)
        return;
    for (size_t i = 0; i < first.n; i++)
        digits = digits && strchr("0123456789.", first.p[i]);
    probe->dns_type = first.n == 0 || digits     ? EVAC_STR("A")
                      : evac_str_has(first, ":") ? EVAC_STR("AAAA")
                                                 : EVAC_STR("CNAME");
}

static bool read_number(const struct probe_in *in, const char *name, const config_setting_t *s,
                        double *ret)
{
    if (!s)
        return false;
    if (config_setting_is_number(s)) {
        *ret = config_setting_type(s) == CONFIG_TYPE_FLOAT ? config_setting_get_float(s)
                                                           : (double)config_setting_get_int64(s);
        return true;
    }
    CONF_ERROR(in->r, conf_line(s), "json.%s: found %.*s; allowed: a number", name,
               EVAC_STR_ARG(conf_found(in->r, s)));
    return false;
}

static void finish_json(const struct probe_in *in)
{
    const struct conf_json *j = &in->p->json;
    struct evac_json_test *json = &in->p->probe.json;
    struct evac_str text;
    json->path = j->path;
    json->has_above = read_number(in, "above", j->above, &json->above);
    json->has_below = read_number(in, "below", j->below, &json->below);
    if (!j->is)
        return;
    json->has_is = true;
    json->is_text = is_line(j->is, &text);
    if (json->is_text)
        json->is = evac_arena_str(in->r->arena, text);
    else if (config_setting_is_scalar(j->is) && config_setting_type(j->is) != CONFIG_TYPE_STRING)
        json->is = conf_found(in->r, j->is);
    else
        CONF_ERROR(in->r, conf_line(j->is),
                   "json.is: found %.*s; allowed: a text, a number, true or false",
                   EVAC_STR_ARG(conf_found(in->r, j->is)));
}

/* --- which regions ------------------------------------------------------------------------------
 */

static bool holds_region(struct evac_str text)
{
    return evac_str_has(text, "{region}");
}

static bool any_holds_region(const struct evac_str *texts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (holds_region(texts[i]))
            return true;
    return false;
}

/* A driver is always asked about one region. */
static bool is_regional(const struct evac_probe *probe)
{
    return probe->kind == EVAC_PROBE_KIND_LOOK || holds_region(probe->target) ||
           holds_region(probe->expect_body) || holds_region(probe->json.is) ||
           any_holds_region(probe->argv, probe->arg_count) ||
           any_holds_region(probe->expected, probe->expected_count);
}

static void finish_role(const struct probe_in *in)
{
    struct evac_probe *probe = &in->p->probe;
    const char *kind = kind_names[probe->kind];
    if (!conf_is_given(in->given, "role") && probe->kind == EVAC_PROBE_KIND_LOOK)
        probe->role = EVAC_PROBE_CONTROL;
    probe->regional = is_regional(probe);
    if (probe->regional || !evac_probe_role_votes(probe->role) || probe->target.n == 0)
        return;
    CONF_ERROR(in->r, line_of(in, kind),
               "probe.%s: found \"%.*s\"; allowed: something that holds {region}, so that it can "
               "speak about one; or role = \"data\" or \"control\", for what is one for all",
               kind, EVAC_STR_ARG(probe->target));
}

/* What it asks, and how. False: it does not say what. */
static bool finish_how(const struct probe_in *in)
{
    struct conf_probe *p = in->p;
    p->probe.target = p->probe.expect_body = p->probe.served_by = EVAC_STR("");
    p->probe.json.path = p->probe.json.is = EVAC_STR("");
    if (!find_kind(in))
        return false;
    check_fits(in);
    find_target(in);
    finish_times(in);
    finish_expect(in);
    finish_dns_type(&p->probe);
    if (conf_is_given(in->given, "json"))
        finish_json(in);
    return true;
}

void conf_finish_probe(struct conf_reader *r, const config_setting_t *group, void *at,
                       const struct conf_given *given)
{
    struct conf_probe *p = at;
    const struct probe_in in = { r, p, group, given, p->probe.place.line };
    p->where = conf_is_given(given, "where") ? p->where : -1;
    p->grace_given = conf_is_given(given, "grace");
    if (finish_how(&in))
        finish_role(&in);
}

/* Asked in each of its regions, or, as one for all, as if there were one region. */
void conf_finish_dependency(struct conf_reader *r, const config_setting_t *group, void *at,
                            const struct conf_given *given)
{
    struct conf_dependency *d = at;
    const struct probe_in in = { r, &d->how, group, given, d->how.probe.place.line };
    bool regions = conf_is_given(given, "regions");
    if (!finish_how(&in))
        return;
    if (is_regional(&d->how.probe) != regions)
        CONF_ERROR(r, in.line, "dependency: found %s; allowed: both or neither",
                   regions ? "regions, and no {region} in what it asks"
                           : "{region} in what it asks, and no regions");
    d->how.probe.regional = d->how.probe.everywhere = true;
    d->how.probe.role = EVAC_PROBE_DEEP;
}
