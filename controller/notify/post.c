#include "post.h"

#include "evac/secret.h"

#include <stdlib.h>
#include <string.h>

#define SECRET_BYTES_MAX 8192u
#define CA_BYTES_MAX     (1u << 20)

struct evac_post {
    const struct evac_host *host;
    struct evac_arena *arena;
    struct evac_secret secret;
    uint64_t id; /* the host's */
    bool is_mail;
    evac_post_done_fn *done;
    void *user;
};

static void drop(struct evac_post *post)
{
    evac_secret_done(&post->secret);
    evac_arena_free(post->arena);
    free(post);
}

static void on_reply(void *user, const struct evac_http_reply *reply)
{
    struct evac_post *post = user;
    const struct evac_answer answer =
        evac_channel_judge(reply, post->is_mail, evac_secret_reveal(&post->secret), post->arena);
    post->done(post->user, &answer);
    drop(post);
}

/* --- what is needed --------------------------------------------------------------------------- */

static enum evac_code read_place(const struct evac_post *post, struct evac_str place,
                                 struct evac_buf *out, struct evac_err *err)
{
    const struct evac_host *host = post->host;
    const char *folder = host->getenv(host->ctx, "CREDENTIALS_DIRECTORY");
    if (evac_str_starts(place, "/"))
        return host->read_file(host->ctx, place.p, out, err);
    if (!folder || !folder[0])
        return evac_fail(err, EVAC_E_NOTFOUND,
                         "credential '%.*s': the service was given none (systemd's LoadCredential)",
                         EVAC_STR_ARG(place));
    struct evac_str path = evac_arena_printf(post->arena, "%s/%.*s", folder, EVAC_STR_ARG(place));
    return host->read_file(host->ctx, path.p, out, err);
}

static enum evac_code read_secret(struct evac_post *post, const struct evac_channel *c,
                                  struct evac_err *err)
{
    struct evac_buf text;
    if (c->secret.n == 0)
        return EVAC_OK;
    evac_buf_init(&text, SECRET_BYTES_MAX);
    enum evac_code code = read_place(post, c->secret, &text, err);
    struct evac_str inner = evac_str_trim(evac_buf_str(&text));
    if (!code && inner.n == 0)
        code = evac_fail(err, EVAC_E_NOTFOUND, "it is empty");
    if (!code)
        post->secret = evac_secret_new(inner);
    if (text.p)
        explicit_bzero(text.p, text.n);
    evac_buf_done(&text);
    return code ? evac_err_prefix(err, "its secret can not be read"), code : EVAC_OK;
}

static enum evac_code read_ca(struct evac_post *post, const struct evac_channel *c,
                              struct evac_packed *packed, struct evac_err *err)
{
    struct evac_buf text;
    if (c->ca.n == 0)
        return EVAC_OK;
    evac_buf_init(&text, CA_BYTES_MAX);
    enum evac_code code = post->host->read_file(post->host->ctx, c->ca.p, &text, err);
    if (!code)
        packed->http.ca = packed->mail.ca = evac_arena_str(post->arena, evac_buf_str(&text));
    evac_buf_done(&text);
    return code;
}

/* --- sending ---------------------------------------------------------------------------------- */

static enum evac_code begin(struct evac_post *post, const struct evac_parcel *given,
                            struct evac_err *err)
{
    const struct evac_host *host = post->host;
    struct evac_parcel parcel = *given;
    struct evac_packed packed;
    enum evac_code code = read_secret(post, parcel.channel, err);
    parcel.secret = evac_secret_reveal(&post->secret);
    code = code ? code : evac_channel_pack(&parcel, post->arena, &packed, err);
    code = code ? code : read_ca(post, parcel.channel, &packed, err);
    if (code)
        return code;
    post->is_mail = packed.is_mail;
    if (post->is_mail && !host->mail)
        return evac_fail(err, EVAC_E_UNSUPPORTED, "this host sends no mail");
    return post->is_mail ? host->mail(host->ctx, &packed.mail, on_reply, post, &post->id, err)
                         : host->http(host->ctx, &packed.http, on_reply, post, &post->id, err);
}

enum evac_code evac_post_send(const struct evac_host *host, const struct evac_parcel *parcel,
                              evac_post_done_fn *done, void *user, struct evac_post **ret_post,
                              struct evac_err *err)
{
    struct evac_err why = { EVAC_OK, "" };
    struct evac_post *post = calloc(1, sizeof *post);
    if (!post)
        abort();
    *post =
        (struct evac_post){ .host = host, .arena = evac_arena_new(), .done = done, .user = user };
    enum evac_code code = begin(post, parcel, &why);
    if (code) {
        struct evac_str text =
            evac_channel_redact(post->arena, evac_str(why.text), evac_secret_reveal(&post->secret));
        code = evac_fail(err, code, "%.*s", EVAC_STR_ARG(text));
        drop(post);
        return code;
    }
    *ret_post = post;
    return EVAC_OK;
}

void evac_post_cancel(struct evac_post *post)
{
    post->host->http_cancel(post->host->ctx, post->id);
}
