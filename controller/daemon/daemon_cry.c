/*
 * What the journal can not keep: that it can not be written, or that this controller only looks
 * because it crashed too often. There is no outbox then. So it is told at once to each channel
 * whose routes want it, a few times until one attempt succeeds, and best effort: a crash forgets
 * it, and what succeeded without a word is told again. Channels of drivers need an open shell: they
 * hear nothing of it.
 */
#include "daemon_internal.h"

#include "log.h"
#include "post.h"
#include "routing.h"

#include <stdlib.h>
#include <string.h>

#define CRIES_MAX    64u
#define ATTEMPTS_MAX 5u
#define AGAIN_MS     5000u

struct daemon_cry {
    struct evac_daemon *daemon;
    struct evac_post *post; /* on its way; NULL it is not */
    char channel[65];       /* "" : the place is free */
    struct evac_message message;
    unsigned attempts;
    bool doubted;
    uint64_t due_ms;
};

static void on_answer(void *user, const struct evac_answer *a)
{
    struct daemon_cry *cry = user;
    cry->post = NULL;
    cry->doubted |= a->kind == EVAC_ANSWER_UNKNOWN;
    cry->due_ms = evac_daemon_now_ms(cry->daemon) + AGAIN_MS * cry->attempts;
    if (a->kind == EVAC_ANSWER_TAKEN || cry->attempts == ATTEMPTS_MAX)
        cry->channel[0] = '\0';
    evac_log(a->kind == EVAC_ANSWER_TAKEN ? EVAC_LOG_INFO : EVAC_LOG_WARN, "cried",
             "key=%s attempt=%u answer=\"%.*s\"", cry->message.key, cry->attempts,
             EVAC_STR_ARG(a->text));
}

static void attempt(struct daemon_cry *cry)
{
    struct evac_daemon *daemon = cry->daemon;
    const struct evac_notify_conf *conf = &daemon->model->controller.notify;
    size_t at = evac_channel_index(conf, evac_str(cry->channel));
    struct evac_err err = { EVAC_OK, "" };
    if (at == conf->channel_count) {
        cry->channel[0] = '\0';
        return;
    }
    cry->attempts++;
    const struct evac_parcel parcel = { .channel = &conf->channels[at],
                                        .message = &cry->message,
                                        .node = daemon->model->controller.node,
                                        .attempt = cry->attempts,
                                        .repeat = cry->doubted,
                                        .wall_ms = evac_daemon_wall_ms(daemon) };
    if (evac_post_send(daemon_host(daemon), &parcel, on_answer, cry, &cry->post, &err)) {
        const struct evac_answer no = { .kind = EVAC_ANSWER_BUSY, .text = evac_str(err.text) };
        on_answer(cry, &no);
    }
}

void daemon_cry_again(struct evac_daemon *daemon)
{
    for (size_t i = 0; daemon->cries && i < CRIES_MAX; i++) {
        struct daemon_cry *cry = &daemon->cries[i];
        if (cry->channel[0] && !cry->post && evac_daemon_now_ms(daemon) >= cry->due_ms)
            attempt(cry);
    }
}

/* What was to be said before about the same is old. */
static struct daemon_cry *place_for(struct evac_daemon *daemon, const char *channel,
                                    const char *key)
{
    struct daemon_cry *free_one = NULL;
    for (size_t i = 0; i < CRIES_MAX; i++) {
        struct daemon_cry *cry = &daemon->cries[i];
        bool same = strcmp(cry->channel, channel) == 0 && strcmp(cry->message.key, key) == 0;
        if (cry->post)
            continue;
        if (same)
            return cry;
        if (!cry->channel[0] && !free_one)
            free_one = cry;
    }
    return free_one;
}

static struct evac_message compose(struct evac_daemon *daemon, const char *what, const char *text)
{
    struct evac_message m = { .state = text[0] ? EVAC_NOTICE_TRIGGER : EVAC_NOTICE_RESOLVE,
                              .kind = EVAC_ABOUT_CONTROLLER,
                              .severity = EVAC_URGENCY_CRITICAL,
                              .wall_ms = evac_daemon_wall_ms(daemon) };
    unsigned char bits[EVAC_NOTICE_ID_BYTES - 1];
    daemon_host(daemon)->random(daemon_host(daemon)->ctx, bits, sizeof bits);
    for (size_t i = 0; i < sizeof bits; i++)
        m.id[i] = "abcdefghijklmnopqrstuvwxyz234567"[bits[i] & 31];
    evac_notice_text(m.key, sizeof m.key, "controller/%.*s/%s",
                     EVAC_STR_ARG(daemon->model->controller.node), what);
    evac_notice_text(m.title, sizeof m.title, "the controller %.*s %s",
                     EVAC_STR_ARG(daemon->model->controller.node),
                     text[0] ? "is in trouble" : "is well again");
    evac_notice_text(m.text, sizeof m.text, "%s", text);
    return m;
}

void daemon_cry(struct evac_daemon *daemon, const char *what, const char *text)
{
    const struct evac_notify_conf *conf = &daemon->model->controller.notify;
    struct evac_message m = compose(daemon, what, text);
    uint32_t to = evac_routing(conf, &m, &evac_zones_libc, m.wall_ms);
    if (!daemon->cries && !(daemon->cries = calloc(CRIES_MAX, sizeof *daemon->cries)))
        abort();
    for (size_t i = 0; i < conf->channel_count && i < EVAC_CHANNELS_MAX; i++) {
        const struct evac_channel *c = &conf->channels[i];
        struct daemon_cry *cry = place_for(daemon, c->name.p, m.key);
        if (!(to >> i & 1) || !cry || !evac_channel_type(c->type))
            continue;
        *cry = (struct daemon_cry){ .daemon = daemon, .message = m };
        (void)evac_str_copy(cry->channel, sizeof cry->channel, c->name);
    }
    daemon_cry_again(daemon);
}
