/*
 * Places where people talk. Slack: an incoming webhook with blocks (a header of at most 150
 * characters, sections of at most 3,000; '&', '<' and '>' are markup). Teams: a workflow's webhook
 * with an Adaptive Card.
 */
#include "channel_internal.h"

#define HEADER_BYTES 150u

static const char *icon(const struct evac_message *m)
{
    static const char *const icons[EVAC_URGENCY_COUNT] = { ":information_source:", ":warning:",
                                                           ":red_circle:", ":rotating_light:" };
    if (m->state == EVAC_NOTICE_RESOLVE)
        return ":white_check_mark:";
    return m->state == EVAC_NOTICE_ACKNOWLEDGE ? ":eyes:" : icons[m->severity];
}

static struct evac_str facts(struct evac_arena *arena, const struct evac_parcel *p)
{
    const struct evac_message *m = p->message;
    return evac_arena_printf(arena, "%s | %s | %s | %s%s", channel_state(m),
                             evac_urgency_name(m->severity), evac_notice_kind_name(m->kind), m->key,
                             p->repeat ? " | may be a repeat" : "");
}

/* --- Slack ------------------------------------------------------------------------------------ */

static struct evac_str unmarked(struct evac_arena *arena, const char *text)
{
    struct evac_buf out;
    evac_buf_init(&out, 8192);
    for (const char *c = text; *c; c++)
        if (*c == '&')
            evac_buf_puts(&out, "&amp;");
        else if (*c == '<')
            evac_buf_puts(&out, "&lt;");
        else if (*c == '>')
            evac_buf_puts(&out, "&gt;");
        else
            evac_buf_putc(&out, *c);
    struct evac_str kept = evac_arena_str(arena, evac_buf_str(&out));
    evac_buf_done(&out);
    return kept;
}

static void put_text(struct evac_jw *w, const char *type, struct evac_str text)
{
    evac_jw_open(w, "text", '{');
    evac_jw_cstr(w, "type", type);
    evac_jw_str(w, "text", text);
    evac_jw_close(w, '}');
}

static void put_block(struct evac_jw *w, const char *block, const char *type, struct evac_str text)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "type", block);
    put_text(w, type, text);
    evac_jw_close(w, '}');
}

static void put_context(struct evac_jw *w, struct evac_str text)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "type", "context");
    evac_jw_open(w, "elements", '[');
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "type", "plain_text");
    evac_jw_str(w, "text", text);
    evac_jw_close(w, '}');
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

static void put_button(struct evac_jw *w, struct evac_arena *arena, const struct evac_message *m)
{
    if (!m->link[0])
        return;
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "type", "actions");
    evac_jw_open(w, "elements", '[');
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "type", "button");
    put_text(w, "plain_text", channel_button(arena, m));
    evac_jw_cstr(w, "url", m->link);
    evac_jw_close(w, '}');
    evac_jw_close(w, ']');
    evac_jw_close(w, '}');
}

enum evac_code channel_pack_slack(const struct evac_parcel *p, struct evac_arena *arena,
                                  struct evac_packed *packed, struct evac_err *err)
{
    const struct evac_message *m = p->message;
    struct evac_buf body;
    struct evac_jw w = { &body, false };
    struct evac_str title = evac_arena_printf(arena, "%s %s", icon(m), m->title);
    (void)err;
    evac_buf_init(&body, 16384);
    evac_jw_open(&w, NULL, '{');
    evac_jw_str(&w, "text", unmarked(arena, title.p)); /* for notifications and old clients */
    evac_jw_open(&w, "blocks", '[');
    put_block(&w, "header", "plain_text", channel_cut(title.p, HEADER_BYTES));
    if (m->text[0])
        put_block(&w, "section", "mrkdwn", unmarked(arena, m->text));
    put_button(&w, arena, m);
    put_context(&w, facts(arena, p));
    evac_jw_close(&w, ']');
    evac_jw_close(&w, '}');
    channel_post(packed, arena, p->secret, &body);
    return EVAC_OK;
}

/* --- Teams ------------------------------------------------------------------------------------ */

static const char *colour(const struct evac_message *m)
{
    static const char *const colours[EVAC_URGENCY_COUNT] = { "accent", "warning", "attention",
                                                             "attention" };
    return m->state == EVAC_NOTICE_RESOLVE ? "good" : colours[m->severity];
}

static void put_line(struct evac_jw *w, struct evac_str text, const char *size, const char *how)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_cstr(w, "type", "TextBlock");
    evac_jw_str(w, "text", text);
    evac_jw_bool(w, "wrap", true);
    if (size)
        evac_jw_cstr(w, "size", size);
    if (size)
        evac_jw_cstr(w, "weight", "bolder");
    if (how)
        evac_jw_cstr(w, "color", how);
    else
        evac_jw_bool(w, "isSubtle", !size);
    evac_jw_close(w, '}');
}

static void put_card(struct evac_jw *w, struct evac_arena *arena, const struct evac_parcel *p)
{
    const struct evac_message *m = p->message;
    evac_jw_open(w, "content", '{');
    evac_jw_cstr(w, "$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
    evac_jw_cstr(w, "type", "AdaptiveCard");
    evac_jw_cstr(w, "version", "1.2"); /* the phone clients' newest, as Microsoft has it */
    evac_jw_open(w, "body", '[');
    put_line(w, evac_str(m->title), "medium", colour(m));
    if (m->text[0])
        put_line(w, evac_str(m->text), NULL, "default");
    put_line(w, facts(arena, p), NULL, NULL);
    evac_jw_close(w, ']');
    if (m->link[0]) {
        evac_jw_open(w, "actions", '[');
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "type", "Action.OpenUrl");
        evac_jw_str(w, "title", channel_button(arena, m));
        evac_jw_cstr(w, "url", m->link);
        evac_jw_close(w, '}');
        evac_jw_close(w, ']');
    }
    evac_jw_close(w, '}');
}

enum evac_code channel_pack_teams(const struct evac_parcel *p, struct evac_arena *arena,
                                  struct evac_packed *packed, struct evac_err *err)
{
    struct evac_buf body;
    struct evac_jw w = { &body, false };
    (void)err;
    evac_buf_init(&body, 16384);
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "type", "message");
    evac_jw_open(&w, "attachments", '[');
    evac_jw_open(&w, NULL, '{');
    evac_jw_cstr(&w, "contentType", "application/vnd.microsoft.card.adaptive");
    evac_jw_null(&w, "contentUrl");
    put_card(&w, arena, p);
    evac_jw_close(&w, '}');
    evac_jw_close(&w, ']');
    evac_jw_close(&w, '}');
    channel_post(packed, arena, p->secret, &body);
    return EVAC_OK;
}
