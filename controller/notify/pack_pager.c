/*
 * What wakes people. PagerDuty: Events API v2, one matter is one dedup_key (at most 255 bytes),
 * summaries of at most 1,024. Opsgenie: the alert API, one matter is one alias (at most 250 bytes
 * in the oldest of its pages), messages of at most 130; the same requests work at Jira Service
 * Management's integration address, which takes its place: set url.
 */
#include "channel_internal.h"

#define SUMMARY_BYTES 1000u
#define MESSAGE_BYTES 130u

static struct evac_str source(const struct evac_parcel *p)
{
    return p->message->app[0] ? evac_str(p->message->app) : p->node;
}

static void put_details(struct evac_jw *w, const char *key, const struct evac_parcel *p,
                        struct evac_arena *arena)
{
    const struct evac_message *m = p->message;
    evac_jw_open(w, key, '{');
    evac_jw_cstr(w, "text", m->text);
    evac_jw_cstr(w, "app", m->app);
    evac_jw_cstr(w, "region", m->region);
    evac_jw_str(w, "run",
                m->run ? evac_arena_printf(arena, "%llu", (unsigned long long)m->run)
                       : EVAC_STR_NONE);
    evac_jw_cstr(w, "id", m->id);
    evac_jw_cstr(w, "link", m->link);
    evac_jw_str(w, "controller", p->node);
    evac_jw_close(w, '}');
}

/* --- PagerDuty -------------------------------------------------------------------------------- */

static const char *action(const struct evac_message *m)
{
    return m->state == EVAC_NOTICE_NEWS ? "trigger" : evac_notice_state_name(m->state);
}

static void put_payload(struct evac_jw *w, const struct evac_parcel *p, struct evac_arena *arena)
{
    const struct evac_message *m = p->message;
    evac_jw_open(w, "payload", '{');
    evac_jw_str(w, "summary", channel_cut(m->title, SUMMARY_BYTES));
    evac_jw_str(w, "source", source(p));
    evac_jw_cstr(w, "severity", evac_urgency_name(m->severity)); /* ours are its own */
    evac_jw_str(w, "timestamp", channel_time(arena, m->wall_ms));
    if (m->region[0])
        evac_jw_cstr(w, "component", m->region);
    if (m->app[0])
        evac_jw_cstr(w, "group", m->app);
    evac_jw_cstr(w, "class", evac_notice_kind_name(m->kind));
    put_details(w, "custom_details", p, arena);
    evac_jw_close(w, '}');
}

enum evac_code channel_pack_pagerduty(const struct evac_parcel *p, struct evac_arena *arena,
                                      struct evac_packed *packed, struct evac_err *err)
{
    const struct evac_message *m = p->message;
    struct evac_buf body;
    struct evac_jw w = { &body, false };
    (void)err;
    evac_buf_init(&body, 16384);
    evac_jw_open(&w, NULL, '{');
    evac_jw_str(&w, "routing_key", p->secret);
    evac_jw_cstr(&w, "event_action", action(m));
    evac_jw_cstr(&w, "dedup_key", m->key);
    put_payload(&w, p, arena);
    evac_jw_cstr(&w, "client", "evac");
    if (m->link[0]) {
        evac_jw_cstr(&w, "client_url", m->link);
        evac_jw_open(&w, "links", '[');
        evac_jw_open(&w, NULL, '{');
        evac_jw_cstr(&w, "href", m->link);
        evac_jw_str(&w, "text", channel_button(arena, m));
        evac_jw_close(&w, '}');
        evac_jw_close(&w, ']');
    }
    evac_jw_close(&w, '}');
    channel_post(packed, arena,
                 p->channel->url.n ? p->channel->url
                                   : evac_str(evac_channel_type(p->channel->type)->url),
                 &body);
    return EVAC_OK;
}

/* --- Opsgenie --------------------------------------------------------------------------------- */

static struct evac_str alert_url(const struct evac_parcel *p, struct evac_arena *arena)
{
    static const char *const verbs[EVAC_NOTICE_STATE_COUNT] = {
        [EVAC_NOTICE_ACKNOWLEDGE] = "acknowledge",
        [EVAC_NOTICE_RESOLVE] = "close",
    };
    struct evac_str base =
        p->channel->url.n ? p->channel->url : evac_str(evac_channel_type(p->channel->type)->url);
    const char *verb = verbs[p->message->state];
    struct evac_buf alias;
    if (!verb)
        return base;
    evac_buf_init(&alias, 1024);
    evac_buf_uri(&alias, evac_str(p->message->key), false);
    struct evac_str url =
        evac_arena_printf(arena, "%.*s/%.*s/%s?identifierType=alias", EVAC_STR_ARG(base),
                          EVAC_STR_ARG(evac_buf_str(&alias)), verb);
    evac_buf_done(&alias);
    return url;
}

static void put_alert(struct evac_jw *w, const struct evac_parcel *p, struct evac_arena *arena)
{
    static const char *const priorities[EVAC_URGENCY_COUNT] = { "P5", "P3", "P2", "P1" };
    const struct evac_message *m = p->message;
    evac_jw_str(w, "message", channel_cut(m->title, MESSAGE_BYTES));
    evac_jw_cstr(w, "alias", m->key);
    evac_jw_str(w, "description",
                evac_arena_printf(arena, "%s\n%s\n%s", m->title, m->text, m->link));
    evac_jw_cstr(w, "priority", priorities[m->severity]);
    evac_jw_str(w, "entity", source(p));
    evac_jw_open(w, "tags", '[');
    evac_jw_cstr(w, NULL, "evac");
    evac_jw_cstr(w, NULL, evac_notice_kind_name(m->kind));
    evac_jw_close(w, ']');
    put_details(w, "details", p, arena);
}

enum evac_code channel_pack_opsgenie(const struct evac_parcel *p, struct evac_arena *arena,
                                     struct evac_packed *packed, struct evac_err *err)
{
    const struct evac_message *m = p->message;
    bool opens = m->state == EVAC_NOTICE_TRIGGER || m->state == EVAC_NOTICE_NEWS;
    struct evac_buf body;
    struct evac_jw w = { &body, false };
    (void)err;
    evac_buf_init(&body, 16384);
    evac_jw_open(&w, NULL, '{');
    if (opens)
        put_alert(&w, p, arena);
    else
        evac_jw_cstr(&w, "note", m->title);
    evac_jw_str(&w, "source", p->node);
    evac_jw_close(&w, '}');
    channel_post(packed, arena, alert_url(p, arena), &body);
    channel_header(packed, "Authorization",
                   evac_arena_printf(arena, "GenieKey %.*s", EVAC_STR_ARG(p->secret)));
    return EVAC_OK;
}
