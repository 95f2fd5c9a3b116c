/*
 * A letter to a mail server, by libcurl, as an exchange like those over HTTP.
 *
 * What was sent is certain here, too: a server takes a letter with its answer to the final dot, and
 * libcurl sends that dot when it has read the letter's end. So an end before is NOT_SENT, a refusal
 * by the server is its status, and an end behind the dot without an answer is LOST.
 */
#include "host_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t on_letter(char *p, size_t size, size_t n, void *user)
{
    struct exchange *x = user;
    size_t left = x->body.n - x->body_at, part = size * n < left ? size * n : left;
    memcpy(p, x->body.p + x->body_at, part);
    x->body_at += part;
    if (part == 0)
        x->handed_over = 1; /* the dot follows */
    return part;
}

/* Lines of the server: the last one of what it says to the letter is its answer. */
static size_t on_line(char *p, size_t size, size_t n, void *user)
{
    struct exchange *x = user;
    bool last_line = size * n > 3 && p[3] == ' '; /* RFC 5321 4.2.1 */
    if (x->answered)                              /* what follows is the farewell's */
        return size * n;
    evac_buf_reset(&x->reply_body);
    evac_buf_put(&x->reply_body, p, size * n);
    x->answered = x->handed_over && last_line;
    return size * n;
}

static struct curl_slist *longer(struct curl_slist *list, const char *line)
{
    struct curl_slist *all = curl_slist_append(list, line);
    if (!all)
        abort();
    return all;
}

static void set_mail(struct exchange *x, const struct evac_mail_request *r, bool tls)
{
    CURL *e = x->easy;
    struct evac_arena *a = x->arena;
    for (size_t i = 0; i < r->to_count; i++)
        x->headers = longer(x->headers, evac_arena_printf(a, "<%.*s>", EVAC_STR_ARG(r->to[i])).p);
    curl_easy_setopt(e, CURLOPT_PRIVATE, x);
    curl_easy_setopt(
        e, CURLOPT_URL,
        evac_arena_printf(a, "%s://%.*s", tls ? "smtps" : "smtp", EVAC_STR_ARG(x->url.authority))
            .p);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(e, CURLOPT_USE_SSL,
                     (long)(evac_url_is_local(&x->url) ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    curl_easy_setopt(e, CURLOPT_MAIL_FROM, evac_arena_printf(a, "<%.*s>", EVAC_STR_ARG(r->from)).p);
    curl_easy_setopt(e, CURLOPT_MAIL_RCPT, x->headers);
    curl_easy_setopt(e, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    if (r->user.n) {
        curl_easy_setopt(e, CURLOPT_USERNAME, evac_arena_str(a, r->user).p);
        curl_easy_setopt(e, CURLOPT_PASSWORD, evac_arena_str(a, r->password).p);
    }
    curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, on_letter);
    curl_easy_setopt(e, CURLOPT_READDATA, x);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_line);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->curl_error);
}

/* The parts as an http URL has them: only host and port are of interest. */
static enum evac_code split(struct evac_arena *arena, struct evac_str text, bool *ret_tls,
                            struct evac_url *ret_url, struct evac_err *err)
{
    struct evac_str rest, scheme = evac_str_cut(text, ':', &rest);
    *ret_tls = evac_str_is(scheme, "smtps");
    if (!*ret_tls && !evac_str_is(scheme, "smtp"))
        return evac_fail(err, EVAC_E_BADARG, "'%.*s' is no mail server's address",
                         EVAC_STR_ARG(text));
    enum evac_code code =
        evac_url_split(evac_arena_printf(arena, "http:%.*s", EVAC_STR_ARG(rest)), ret_url, err);
    if (!code && !ret_url->port_written)
        ret_url->port = *ret_tls ? 465 : 587; /* RFC 8314 3.3, RFC 6409 3.1 */
    return code;
}

enum evac_code evac_host_mail_send(void *ctx, const struct evac_mail_request *r,
                                   evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                   struct evac_err *err)
{
    struct evac_host_uv *host = ctx;
    const struct evac_http_request as_http = { .method = EVAC_STR("POST"),
                                               .body = r->message,
                                               .ca = r->ca,
                                               .connect_ms = r->connect_ms,
                                               .total_ms = r->total_ms,
                                               .max_reply_bytes = HOST_LINE_MAX,
                                               .mutates = true,
                                               .fresh = true };
    bool tls;
    if (evac_host_uv_is_closing(host))
        return evac_fail(err, EVAC_E_REFUSED, "the host is closing");
    enum evac_code code = host_exchange_check(host->http, &as_http, err);
    if (code)
        return code;
    struct exchange *x = host_exchange_new(host->http, &as_http, done, user);
    x->is_mail = true;
    code = split(x->arena, r->url, &tls, &x->url, err);
    if (code) {
        host_exchange_drop(x);
        return code;
    }
    set_mail(x, r, tls);
    return host_exchange_go(x, ret_id, err);
}
