/*
 * A letter (RFC 5322). Its Message-ID is the message's own, so that mail readers show a repeat
 * once; all letters about one matter refer to one id that there never was, and so are one thread.
 */
#include "channel_internal.h"

#include <stdio.h>

#define LINE_BYTES 76u /* of base64: RFC 2045 6.8 */

/* "Sat, 28 Nov 2026 06:48:44 +0000": RFC 5322 3.3 */
static struct evac_str date(struct evac_arena *arena, int64_t wall_ms)
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    struct evac_str t = channel_time(arena, wall_ms);
    int year = 0, month = 1, day = 1;
    (void)sscanf(t.p, "%d-%d-%d", &year, &month, &day);
    unsigned weekday = (unsigned)((wall_ms / 86400000 + 4) % 7); /* 1970-01-01 was a Thursday */
    return evac_arena_printf(arena, "%s, %d %s %d %.8s +0000", days[weekday], day,
                             months[month - 1], year, t.p + 11);
}

/* Words of at most 75 characters (RFC 2047 2), folded. */
static void put_subject(struct evac_buf *out, struct evac_arena *arena, struct evac_str text)
{
    const size_t part = 39; /* 52 of base64, and the frame */
    evac_buf_puts(out, "Subject:");
    for (const char *p = text.p, *end = text.p + text.n; p < end;) {
        struct evac_str word = channel_cut(p, part);
        if (word.n == 0)
            break;
        evac_buf_putf(out, " =?UTF-8?B?%.*s?=\r\n", EVAC_STR_ARG(channel_base64(arena, word)));
        p += word.n;
    }
}

static void put_body(struct evac_buf *out, struct evac_arena *arena, struct evac_str text)
{
    struct evac_str all = channel_base64(arena, text);
    for (size_t i = 0; i < all.n; i += LINE_BYTES) {
        struct evac_str line = { all.p + i, all.n - i < LINE_BYTES ? all.n - i : LINE_BYTES };
        evac_buf_put_str(out, line);
        evac_buf_puts(out, "\r\n");
    }
}

static struct evac_str text_of(const struct evac_parcel *p, struct evac_arena *arena)
{
    const struct evac_message *m = p->message;
    return evac_arena_printf(
        arena, "%s\r\n\r\n%s\r\n%s%s%s\r\n%s, %s, about %s (%s)\r\nfrom %.*s at %.*s%s\r\n",
        m->title, m->text, m->link[0] ? "\r\n" : "", m->link, m->link[0] ? "\r\n" : "",
        channel_state(m), evac_urgency_name(m->severity), evac_notice_kind_name(m->kind), m->key,
        EVAC_STR_ARG(p->node), EVAC_STR_ARG(channel_time(arena, m->wall_ms)),
        p->repeat ? "; this may be a repeat" : "");
}

static void put_head(struct evac_buf *out, const struct evac_parcel *p, struct evac_arena *arena)
{
    const struct evac_channel *c = p->channel;
    const struct evac_message *m = p->message;
    evac_buf_putf(out,
                  "Date: %.*s\r\nFrom: evac <%.*s>\r\nTo: ", EVAC_STR_ARG(date(arena, p->wall_ms)),
                  EVAC_STR_ARG(c->from));
    for (size_t i = 0; i < c->to_count; i++)
        evac_buf_putf(out, "%s%.*s", i ? ",\r\n " : "", EVAC_STR_ARG(c->to[i]));
    evac_buf_puts(out, "\r\n");
    put_subject(out, arena,
                evac_arena_printf(arena, "[%s] %s",
                                  m->state == EVAC_NOTICE_TRIGGER ? evac_urgency_name(m->severity)
                                                                  : channel_state(m),
                                  m->title));
    evac_buf_putf(out, "Message-ID: <%s@evac.invalid>\r\n", m->id);
    evac_buf_putf(out, "References: <%016llx@evac.invalid>\r\n",
                  (unsigned long long)evac_str_hash(evac_str(m->key)));
    evac_buf_puts(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                       "Content-Type: text/plain; charset=utf-8\r\n"
                       "Content-Transfer-Encoding: base64\r\n");
    evac_buf_putf(out, "X-Evac-Severity: %s\r\nX-Evac-State: %s\r\n\r\n",
                  evac_urgency_name(m->severity), evac_notice_state_name(m->state));
}

enum evac_code channel_pack_mail(const struct evac_parcel *p, struct evac_arena *arena,
                                 struct evac_packed *packed, struct evac_err *err)
{
    const struct evac_channel *c = p->channel;
    struct evac_buf out;
    (void)err;
    evac_buf_init(&out, 32768);
    put_head(&out, p, arena);
    put_body(&out, arena, text_of(p, arena));
    packed->is_mail = true;
    packed->mail =
        (struct evac_mail_request){ .url = c->url,
                                    .user = c->user,
                                    .password = c->user.n ? p->secret : EVAC_STR_NONE,
                                    .from = c->from,
                                    .to = c->to,
                                    .to_count = c->to_count,
                                    .message = evac_arena_str(arena, evac_buf_str(&out)) };
    evac_buf_done(&out);
    return EVAC_OK;
}
