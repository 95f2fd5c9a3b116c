#include "notice.h"

#include "evac/buf.h"
#include "jw.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

const char *evac_notice_state_name(enum evac_notice_state state)
{
    static const char *const names[] = {
#define X(name, text) text,
        EVAC_NOTICE_STATES(X)
#undef X
    };
    return (unsigned)state < EVAC_NOTICE_STATE_COUNT ? names[state] : "?";
}

bool evac_notice_covers(const char *key, const char *below)
{
    size_t n = strlen(key);
    return strncmp(key, below, n) == 0 && (below[n] == '\0' || below[n] == '/');
}

/* Of a text that was cut at n: without the part of a character at its end. */
static size_t whole_characters(const char *text, size_t n)
{
    size_t at = n;
    while (at > 0 && n - at < 4 && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
        at--;
    if (at == 0 || (unsigned char)text[at - 1] < 0xc0)
        return n;
    unsigned char first = (unsigned char)text[at - 1];
    size_t need = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    return n - (at - 1) < need ? at - 1 : n;
}

void evac_notice_text(char *to, size_t bytes, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int all = vsnprintf(to, bytes, fmt, ap);
    va_end(ap);
    size_t n = all < 0 ? 0 : (size_t)all < bytes ? (size_t)all : bytes - 1;
    if (all > 0 && (size_t)all >= bytes)
        n = whole_characters(to, n);
    to[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)to[i] < ' ' && to[i] != '\n')
            to[i] = ' ';
}

void evac_message_to_json(const struct evac_message *m, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "id", m->id);
    evac_jw_cstr(&w, "key", m->key);
    evac_jw_cstr(&w, "state", evac_notice_state_name(m->state));
    evac_jw_cstr(&w, "kind", evac_notice_kind_name(m->kind));
    evac_jw_cstr(&w, "severity", evac_urgency_name(m->severity));
    evac_jw_cstr(&w, "app", m->app);
    evac_jw_known(&w, "run", m->run != 0, (int64_t)m->run);
    evac_jw_cstr(&w, "region", m->region);
    evac_jw_cstr(&w, "title", m->title);
    evac_jw_cstr(&w, "text", m->text);
    evac_jw_cstr(&w, "link", m->link);
    evac_jw_i64(&w, "wall_ms", m->wall_ms);
    evac_jw_known(&w, "row", m->cause != 0, (int64_t)m->cause);
    evac_jw_close(&w, '}');
}

/* --- back --------------------------------------------------------------------------------------
 */

static struct evac_str member(const cJSON *json, const char *name)
{
    return evac_str(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name)));
}

static uint64_t number(const cJSON *json, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    return cJSON_IsNumber(item) && item->valuedouble > 0 ? (uint64_t)item->valuedouble : 0;
}

static bool read_state(struct evac_str s, enum evac_notice_state *ret)
{
    for (unsigned i = 0; i < EVAC_NOTICE_STATE_COUNT; i++)
        if (evac_str_is(s, evac_notice_state_name((enum evac_notice_state)i))) {
            *ret = (enum evac_notice_state)i;
            return true;
        }
    return false;
}

#define TAKE(field) (void)evac_str_copy(m->field, sizeof m->field, member(json, #field))

static bool read_message(const cJSON *json, struct evac_message *m)
{
    TAKE(id), TAKE(key), TAKE(app), TAKE(region), TAKE(title), TAKE(text), TAKE(link);
    m->run = number(json, "run");
    m->cause = number(json, "row");
    m->wall_ms = (int64_t)number(json, "wall_ms");
    return m->id[0] && m->key[0] && read_state(member(json, "state"), &m->state) &&
           evac_notice_kind_parse(member(json, "kind"), &m->kind) &&
           evac_urgency_parse(member(json, "severity"), &m->severity);
}

enum evac_code evac_message_from_json(struct evac_str text, struct evac_message *ret_message,
                                      struct evac_err *err)
{
    struct evac_message m = { .id = "" };
    cJSON *json = cJSON_ParseWithLength(text.p, text.n);
    bool good = json && read_message(json, &m);
    cJSON_Delete(json);
    if (!good)
        return evac_fail(err, EVAC_E_PARSE, "that is no message: %.*s",
                         (int)(text.n < 60 ? text.n : 60), text.n ? text.p : "");
    *ret_message = m;
    return EVAC_OK;
}
