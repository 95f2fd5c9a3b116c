#include "host_url.h"

#include <string.h>

#define HOST_MAX 253u /* RFC 1035 2.3.4, as text */

static bool has_forbidden_byte(struct evac_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f)
            return true;
    return false;
}

static struct evac_str after(struct evac_str text, size_t n)
{
    return (struct evac_str){ text.p + n, text.n - n };
}

static bool split_scheme(struct evac_str text, struct evac_url *url, struct evac_str *rest)
{
    if (evac_str_starts(text, "http://")) {
        url->tls = false;
        url->port = 80;
        *rest = after(text, 7);
        return true;
    }
    if (evac_str_starts(text, "https://")) {
        url->tls = true;
        url->port = 443;
        *rest = after(text, 8);
        return true;
    }
    return false;
}

static size_t until(struct evac_str text, const char *stops)
{
    size_t i = 0;
    while (i < text.n && !strchr(stops, text.p[i]))
        i++;
    return i;
}

/* "[::1]:80", "name:80", "name": false when the brackets do not close or text follows them. */
static bool split_authority(struct evac_str authority, struct evac_url *url, struct evac_str *port)
{
    struct evac_str rest;
    if (authority.n && authority.p[0] == '[') {
        size_t end = until(authority, "]");
        if (end == authority.n)
            return false;
        url->literal_v6 = true;
        url->host = (struct evac_str){ authority.p + 1, end - 1 };
        rest = after(authority, end + 1);
        if (rest.n && rest.p[0] != ':')
            return false;
    } else {
        size_t end = until(authority, ":");
        url->host = (struct evac_str){ authority.p, end };
        rest = after(authority, end);
    }
    *port = rest.n ? after(rest, 1) : EVAC_STR_NONE;
    url->port_written = port->n > 0;
    return true;
}

enum evac_code evac_url_split(struct evac_str text, struct evac_url *ret_url, struct evac_err *err)
{
    struct evac_url url = { 0 };
    struct evac_str rest, port;
    if (has_forbidden_byte(text))
        return evac_fail(err, EVAC_E_BADARG, "URL '%.*s' has a space or control byte: encode it",
                         EVAC_STR_ARG(text));
    if (!split_scheme(text, &url, &rest))
        return evac_fail(err, EVAC_E_BADARG, "URL '%.*s' must begin with http:// or https://",
                         EVAC_STR_ARG(text));

    size_t authority_bytes = until(rest, "/?#");
    url.authority = (struct evac_str){ rest.p, authority_bytes };
    url.target = after(rest, authority_bytes);
    url.target.n = until(url.target, "#");
    if (until(url.authority, "@") != url.authority.n)
        return evac_fail(err, EVAC_E_BADARG, "a URL must not carry a user name or password");
    if (!split_authority(url.authority, &url, &port) || url.host.n == 0 || url.host.n > HOST_MAX)
        return evac_fail(err, EVAC_E_BADARG, "URL '%.*s' has no usable host name",
                         EVAC_STR_ARG(text));

    int64_t number = url.port;
    if (port.n && (!evac_str_i64(port, &number) || number < 1 || number > 65535))
        return evac_fail(err, EVAC_E_BADARG, "URL '%.*s': port '%.*s' is not within 1 to 65535",
                         EVAC_STR_ARG(text), EVAC_STR_ARG(port));
    url.port = (uint16_t)number;
    *ret_url = url;
    return EVAC_OK;
}

bool evac_url_is_local(const struct evac_url *url)
{
    bool digits = evac_str_starts(url->host, "127."); /* and no name that begins so */
    for (size_t i = 0; i < url->host.n; i++)
        digits =
            digits && (url->host.p[i] == '.' || (url->host.p[i] >= '0' && url->host.p[i] <= '9'));
    return digits || evac_str_is(url->host, "localhost") || evac_str_is(url->host, "::1");
}
