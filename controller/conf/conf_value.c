/* The scalar types: what each accepts, in code and in words. */
#include "conf_read.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

struct conf_value conf_value(const config_setting_t *setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_BOOL:
        return (struct conf_value){ CONF_IS_BOOL, config_setting_get_bool(setting), EVAC_STR_NONE };
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return (struct conf_value){ CONF_IS_NUMBER, config_setting_get_int64(setting),
                                    EVAC_STR_NONE };
    case CONFIG_TYPE_STRING:
        return (struct conf_value){ CONF_IS_TEXT, 0, evac_str(config_setting_get_string(setting)) };
    default:
        return (struct conf_value){ CONF_IS_OTHER, 0, EVAC_STR_NONE };
    }
}

struct conf_value conf_value_of(const struct conf_row *row, const char *text)
{
    struct conf_value value = { CONF_IS_TEXT, 0, evac_str(text) };
    if (row->type == CONF_BOOL) {
        value.kind = CONF_IS_BOOL;
        value.number = strcmp(text, "true") == 0;
    } else if (row->type == CONF_INT && evac_str_i64(value.text, &value.number)) {
        value.kind = CONF_IS_NUMBER;
    }
    return value;
}

/* --- what texts look like ----------------------------------------------------------------------
 */

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool only(struct evac_str s, const char *chars)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\0' || !strchr(chars, s.p[i]))
            return false;
    return true;
}

static bool is_printable(struct evac_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return true;
}

static bool is_name(struct evac_str s)
{
    return s.n >= 1 && s.n <= 64 && s.p[0] != '-' && only(s, LOWER UPPER DIGITS "-_");
}

/* One type, several with "|" between, or "*". */
static bool is_types(struct evac_str s)
{
    bool good = s.n > 0;
    if (evac_str_is(s, "*"))
        return true;
    while (good && s.n)
        good = is_name(evac_str_cut(s, '|', &s));
    return good;
}

static bool is_action(struct evac_str s)
{
    struct evac_str action;
    return is_types(evac_str_cut(s, '.', &action)) && is_name(action);
}

/* Area, one or more words, a number, with dashes between: "us-east-1", "us-gov-west-1". */
static bool is_region(struct evac_str s)
{
    size_t words = 0;
    struct evac_str rest = s, part;
    for (;; words++) {
        part = evac_str_cut(rest, '-', &rest);
        if (rest.n == 0)
            break;
        if (part.n < (words ? 1u : 2u) || part.n > 16 || !only(part, LOWER))
            return false;
    }
    return s.n <= 32 && s.p[s.n ? s.n - 1 : 0] != '-' && words >= 2 && part.n >= 1 && part.n <= 2 &&
           only(part, DIGITS);
}

static bool is_role(struct evac_str s)
{
    return evac_str_is(s, "from") || evac_str_is(s, "to") || evac_str_is(s, "witness") ||
           evac_str_is(s, "rest") || is_region(s);
}

static bool is_port(struct evac_str s)
{
    int64_t port;
    return s.n <= 5 && only(s, DIGITS) && evac_str_i64(s, &port) && port >= 1 && port <= 65535;
}

/* Host, or [IPv6], and perhaps a port. */
static bool is_authority(struct evac_str s)
{
    struct evac_str port = EVAC_STR_NONE, host = s;
    bool bracket = evac_str_starts(s, "[");
    if (bracket) {
        host = evac_str_cut((struct evac_str){ s.p + 1, s.n - 1 }, ']', &port);
        if (port.n && port.p[0] != ':')
            return false;
        port = port.n ? (struct evac_str){ port.p + 1, port.n - 1 } : port;
    } else {
        host = evac_str_cut(s, ':', &port);
    }
    bool has_port = s.n > host.n + (bracket ? 2 : 0);
    return host.n && only(host, bracket ? DIGITS "abcdefABCDEF:." : LOWER UPPER DIGITS "-._{}") &&
           (!has_port || is_port(port));
}

/* Without its {region} placeholders no brace may be left. */
static size_t placeholders(struct evac_str s, bool *ret_stray)
{
    static const char word[] = "{region}";
    size_t found = 0;
    *ret_stray = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.n - i >= sizeof word - 1 && memcmp(s.p + i, word, sizeof word - 1) == 0) {
            found++;
            i += sizeof word - 2;
        } else if (s.p[i] == '{' || s.p[i] == '}') {
            *ret_stray = true;
        }
    }
    return found;
}

static bool is_address_of_web(struct evac_str s)
{
    size_t scheme = evac_str_starts(s, "http://") ? 7 : evac_str_starts(s, "https://") ? 8 : 0;
    if (!scheme || s.n > 2000 || !is_printable(s) || memchr(s.p, ' ', s.n))
        return false;
    struct evac_str rest = { s.p + scheme, s.n - scheme };
    size_t end = 0;
    while (end < rest.n && !strchr("/?#", rest.p[end]))
        end++;
    return is_authority((struct evac_str){ rest.p, end });
}

static bool is_url(struct evac_str s)
{
    bool stray;
    return is_address_of_web(s) && placeholders(s, &stray) == 0 && !stray;
}

static bool is_regional_url(struct evac_str s)
{
    bool stray;
    return is_address_of_web(s) && placeholders(s, &stray) > 0 && !stray;
}

static bool is_any_url(struct evac_str s)
{
    bool stray;
    return is_address_of_web(s) && (placeholders(s, &stray), !stray);
}

static bool is_host_and_port(struct evac_str s)
{
    bool stray;
    struct evac_str last = s, rest = s;
    while (rest.n)
        last = evac_str_cut(rest, ':', &rest);
    return s.n <= 300 && last.n < s.n && is_port(last) && is_authority(s) &&
           (placeholders(s, &stray), !stray);
}

static bool is_domain(struct evac_str s)
{
    bool stray;
    return s.n >= 1 && s.n <= 253 && s.p[0] != '.' && only(s, LOWER UPPER DIGITS "-._{}") &&
           (placeholders(s, &stray), !stray);
}

static bool is_ip_and_port(struct evac_str s)
{
    char host[INET6_ADDRSTRLEN];
    unsigned char bytes[sizeof(struct in6_addr)];
    struct evac_str port;
    if (evac_str_starts(s, "[")) {
        struct evac_str in = evac_str_cut((struct evac_str){ s.p + 1, s.n - 1 }, ']', &port);
        return evac_str_starts(port, ":") && evac_str_copy(host, sizeof host, in) &&
               is_port((struct evac_str){ port.p + 1, port.n - 1 }) &&
               inet_pton(AF_INET6, host, bytes) == 1;
    }
    struct evac_str in = evac_str_cut(s, ':', &port);
    return evac_str_copy(host, sizeof host, in) && is_port(port) &&
           inet_pton(AF_INET, host, bytes) == 1;
}

static bool is_path(struct evac_str s)
{
    return evac_str_starts(s, "/") && is_printable(s);
}

/* Only the form: what the fields mean is the calendar's business. */
static bool is_cron(struct evac_str s)
{
    size_t fields = 0;
    if (s.n > 200 || !only(s, LOWER UPPER DIGITS "*,-/?# \t"))
        return false;
    for (size_t i = 0; i < s.n; i++)
        fields += !strchr(" \t", s.p[i]) && (i == 0 || strchr(" \t", s.p[i - 1]));
    return fields == 5;
}

/* It becomes part of a file's path: no dots. */
static bool is_zone(struct evac_str s)
{
    return s.n >= 1 && s.n <= 64 && s.p[0] != '/' && only(s, LOWER UPPER DIGITS "-_+/");
}

/* A kind, a colon, and who: "uid:1000", "uid:1000(ann)", "gid:oncall", "token:ci". */
static bool is_principal(struct evac_str s)
{
    static const char *const kinds[] = { "uid",  "gid",        "token",   "cert",
                                         "oidc", "oidc-group", "offline", NULL };
    struct evac_str who, kind = evac_str_cut(s, ':', &who);
    const char *const *known = kinds;
    while (*known && !evac_str_is(kind, *known))
        known++;
    return evac_str_is(s, "*") ||
           (s.n <= 200 && *known && who.n && is_printable(who) && !memchr(who.p, ' ', who.n));
}

static bool is_approver(struct evac_str s)
{
    enum evac_role role;
    return evac_role_parse(s, &role) || is_principal(s);
}

static bool (*const forms[CONF_TYPE_COUNT])(struct evac_str) = {
    [CONF_NAME] = is_name,
    [CONF_ACTION] = is_action,
    [CONF_REGION] = is_region,
    [CONF_ROLE] = is_role,
    [CONF_URL] = is_url,
    [CONF_REGIONAL_URL] = is_regional_url,
    [CONF_ANY_URL] = is_any_url,
    [CONF_HOST_PORT] = is_host_and_port,
    [CONF_DOMAIN] = is_domain,
    [CONF_ADDRESS] = is_ip_and_port,
    [CONF_PATH] = is_path,
    [CONF_CRON] = is_cron,
    [CONF_ZONE] = is_zone,
    [CONF_TEXT] = is_printable,
    [CONF_PRINCIPAL] = is_principal,
    [CONF_APPROVER] = is_approver,
};

/* --- from value to memory ----------------------------------------------------------------------
 */

#define TEXT_BYTES_MAX 1000

static bool choice(const struct conf_row *row, struct evac_str text, int64_t *ret_index)
{
    for (int i = 0; row->choices[i]; i++)
        if (evac_str_is(text, row->choices[i])) {
            *ret_index = i;
            return true;
        }
    return false;
}

static bool in_range(const struct conf_row *row, int64_t number)
{
    return number >= row->min && number <= row->max;
}

#define DAY_MS ((int64_t)86400000)

/* "2026-12-31": the first instant of the next day, wall ms. A day that is none is refused. */
static bool end_of_day(struct evac_str s, int64_t *ret_ms)
{
    struct tm day = { .tm_year = 0 }, back;
    int64_t year, month, mday;
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || !only(s, DIGITS "-") ||
        !evac_str_i64((struct evac_str){ s.p, 4 }, &year) ||
        !evac_str_i64((struct evac_str){ s.p + 5, 2 }, &month) ||
        !evac_str_i64((struct evac_str){ s.p + 8, 2 }, &mday))
        return false;
    day.tm_year = (int)year - 1900;
    day.tm_mon = (int)month - 1;
    day.tm_mday = (int)mday;
    time_t at = timegm(&day);
    if (!gmtime_r(&at, &back) || back.tm_mon != (int)month - 1 || back.tm_mday != (int)mday)
        return false;
    *ret_ms = (int64_t)at * 1000 + DAY_MS;
    return true;
}

static bool as_number(const struct conf_row *row, const struct conf_value *value, int64_t *ret)
{
    switch ((int)row->type) {
    case CONF_BOOL:
        *ret = value->number;
        return value->kind == CONF_IS_BOOL;
    case CONF_INT:
        *ret = value->number;
        return value->kind == CONF_IS_NUMBER && in_range(row, *ret);
    case CONF_DURATION:
        if (value->kind == CONF_IS_NUMBER && value->number >= 0 && value->number < INT64_MAX / 1000)
            *ret = value->number * 1000;
        else if (value->kind != CONF_IS_TEXT || !evac_duration_ms(value->text, ret))
            return false;
        return in_range(row, *ret);
    case CONF_CHOICE:
        return value->kind == CONF_IS_TEXT && choice(row, value->text, ret);
    case CONF_DAY:
        return value->kind == CONF_IS_TEXT && end_of_day(value->text, ret);
    default:
        return false;
    }
}

static void store(void *to, size_t bytes, int64_t number)
{
    if (bytes == sizeof(bool))
        *(bool *)to = number != 0;
    else if (bytes == sizeof(uint16_t))
        memcpy(to, &(uint16_t){ (uint16_t)number }, bytes);
    else if (bytes == sizeof(uint32_t))
        memcpy(to, &(uint32_t){ (uint32_t)number }, bytes);
    else
        memcpy(to, &number, sizeof number);
}

/* A list's own limits are how many there may be. */
static int64_t path_max(const struct conf_row *row)
{
    return row->flags & CONF_LIST ? TEXT_BYTES_MAX : row->max;
}

static bool text_fits(const struct conf_row *row, struct evac_str text)
{
    int64_t index;
    if (row->type == CONF_TEXT && row->choices)
        return choice(row, text, &index);
    if (row->type == CONF_PATH && text.n == 0)
        return row->min == 0 && !(row->flags & CONF_LIST);
    if (row->type == CONF_PATH && (int64_t)text.n > path_max(row))
        return false;
    if (row->type == CONF_TEXT && text.n > TEXT_BYTES_MAX)
        return false;
    return forms[row->type](text);
}

bool conf_put(struct conf_reader *r, const struct conf_row *row, const struct conf_value *value,
              void *to)
{
    int64_t number;
    if (!forms[row->type]) {
        if (!as_number(row, value, &number))
            return false;
        store(to, row->bytes, number);
        return true;
    }
    if (value->kind != CONF_IS_TEXT || !text_fits(row, value->text))
        return false;
    *(struct evac_str *)to = evac_arena_str(r->arena, value->text);
    return true;
}

/* --- in words ----------------------------------------------------------------------------------
 */

static const char *const type_words[CONF_TYPE_COUNT] = {
#define X(name, form) [CONF_##name] = form,
    CONF_TYPES(X)
#undef X
};

static void put_duration(int64_t ms, struct evac_buf *out)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "m" }, { 1000, "s" }, { 1, "ms" } };
    size_t i = 0;
    while (ms % units[i].ms != 0 || ms == 0)
        if (++i == 4)
            break;
    evac_buf_putf(out, "%lld%s", (long long)(ms / units[i].ms), ms ? units[i].unit : "");
}

static void put_choices(const struct conf_row *row, struct evac_buf *out)
{
    evac_buf_puts(out, "one of ");
    for (size_t i = 0; row->choices[i]; i++)
        evac_buf_putf(out, "%s\"%s\"", i ? ", " : "", row->choices[i]);
}

static void put_number(const struct conf_row *row, struct evac_buf *out)
{
    evac_buf_puts(out, "a whole number");
    if (row->min != INT64_MIN)
        evac_buf_putf(out, " from %lld to %lld", (long long)row->min, (long long)row->max);
    if (row->unit)
        evac_buf_putf(out, " (%s)", row->unit);
}

static void put_scalar(const struct conf_row *row, struct evac_buf *out)
{
    if (row->choices) {
        put_choices(row, out);
    } else if (row->type == CONF_INT) {
        put_number(row, out);
    } else if (row->type == CONF_DURATION) {
        evac_buf_puts(out, "a duration such as \"10s\", from ");
        put_duration(row->min, out);
        evac_buf_puts(out, " to ");
        put_duration(row->max, out);
    } else if (row->type == CONF_TEXT) {
        evac_buf_putf(out, "one line of text, at most %d bytes", TEXT_BYTES_MAX);
    } else {
        evac_buf_puts(out, row->type == CONF_RAW ? row->unit : type_words[row->type]);
        if (row->type == CONF_PATH)
            evac_buf_putf(out, ", at most %lld bytes", (long long)path_max(row));
    }
}

void conf_allowed(const struct conf_row *row, struct evac_buf *out)
{
    if (row->flags & CONF_NAMED)
        evac_buf_putf(out, "a group of at most %lld groups", (long long)row->max);
    else if ((row->flags & CONF_LIST) && row->min > 0)
        evac_buf_putf(out, "a list of %lld to %lld: ", (long long)row->min, (long long)row->max);
    else if (row->flags & CONF_LIST)
        evac_buf_putf(out, "a list of at most %lld: ", (long long)row->max);
    if (!(row->flags & CONF_NAMED))
        put_scalar(row, out);
}
