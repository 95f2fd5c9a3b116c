#include "jw.h"

static void begin(struct evac_jw *w, const char *key)
{
    if (w->comma)
        evac_buf_putc(w->out, ',');
    w->comma = true;
    if (!key)
        return;
    evac_buf_json(w->out, evac_str(key));
    evac_buf_putc(w->out, ':');
}

void evac_jw_open(struct evac_jw *w, const char *key, char bracket)
{
    begin(w, key);
    evac_buf_putc(w->out, bracket);
    w->comma = false;
}

void evac_jw_close(struct evac_jw *w, char bracket)
{
    evac_buf_putc(w->out, bracket);
    w->comma = true;
}

void evac_jw_str(struct evac_jw *w, const char *key, struct evac_str value)
{
    begin(w, key);
    evac_buf_json(w->out, value);
}

void evac_jw_cstr(struct evac_jw *w, const char *key, const char *value)
{
    if (value)
        evac_jw_str(w, key, evac_str(value));
    else
        evac_jw_null(w, key);
}

void evac_jw_i64(struct evac_jw *w, const char *key, int64_t value)
{
    begin(w, key);
    char text[24], *at = text + sizeof text;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0)
        *--at = '-';
    evac_buf_put(w->out, at, (size_t)(text + sizeof text - at));
}

void evac_jw_bool(struct evac_jw *w, const char *key, bool value)
{
    begin(w, key);
    evac_buf_puts(w->out, value ? "true" : "false");
}

void evac_jw_null(struct evac_jw *w, const char *key)
{
    begin(w, key);
    evac_buf_puts(w->out, "null");
}

void evac_jw_raw(struct evac_jw *w, const char *key, struct evac_str json)
{
    begin(w, key);
    if (json.n)
        evac_buf_put_str(w->out, json);
    else
        evac_buf_puts(w->out, "null");
}

void evac_jw_known(struct evac_jw *w, const char *key, bool known, int64_t value)
{
    if (known)
        evac_jw_i64(w, key, value);
    else
        evac_jw_null(w, key);
}
