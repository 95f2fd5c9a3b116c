/*
 * How far the follower is behind, in time. The domains count operations; when they were written is
 * not told. But what the leader had when it was asked is remembered: once the follower has all of
 * that, everything written before that question has arrived. Until then the lag is not known.
 */
#include "search.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SAMPLES_BYTES 7000u

static struct evac_str note_key(struct aws_call *c, const struct search_view *view,
                                const struct search_index *x)
{
    return aws_printf(c, "opensearch %.*s %.*s %.*s", EVAC_STR_ARG(view->region),
                      EVAC_STR_ARG(evac_args_regional(&c->args, "domain", view->region)),
                      EVAC_STR_ARG(x->name));
}

/* "TIME CHECKPOINT CHECKPOINT ...": has the follower all that the leader's shards had then? */
static bool has_arrived(const struct search_index *x, struct evac_str sample, int64_t *ret_ms)
{
    int64_t checkpoint;
    struct evac_str rest, time = evac_str_cut(sample, ' ', &rest);
    if (!evac_str_i64(time, ret_ms))
        return false;
    for (size_t i = 0; i < x->shard_count; i++)
        if (!evac_str_i64(evac_str_cut(rest, ' ', &rest), &checkpoint) ||
            x->shards[i].follower < checkpoint)
            return false;
    return rest.n == 0; /* as many shards as there were */
}

/* Newest first. */
static struct evac_str add_sample(struct aws_call *c, const struct search_index *x,
                                  struct evac_str older)
{
    struct evac_buf text;
    evac_buf_init(&text, 2 * SAMPLES_BYTES);
    evac_buf_putf(&text, "%lld", (long long)x->asked_ms);
    for (size_t i = 0; i < x->shard_count; i++)
        evac_buf_putf(&text, " %lld", (long long)x->shards[i].leader);
    while (older.n) {
        struct evac_str one = evac_str_cut(older, ';', &older);
        if (text.n + one.n > SAMPLES_BYTES)
            break;
        evac_buf_putc(&text, ';');
        evac_buf_put_str(&text, one);
    }
    struct evac_str all = evac_arena_str(c->arena, evac_buf_str(&text));
    evac_buf_done(&text);
    return all;
}

/* Until when everything has arrived; 0 not known. */
static int64_t arrived_until(struct aws_call *c, const struct search_view *view,
                             const struct search_index *x)
{
    struct evac_str key = note_key(c, view, x);
    struct evac_str older = evac_arena_str(c->arena, aws_note_get(c->link, key));
    struct evac_str rest = add_sample(c, x, older);
    int64_t ms;
    aws_note_set(c->link, key, rest);
    while (rest.n)
        if (has_arrived(x, evac_str_cut(rest, ';', &rest), &ms))
            return ms;
    return 0;
}

static void unseen(struct aws_call *c, const struct search_index *x, const char *words)
{
    struct aws_sight sight = { .seen = EVAC_SEEN_UNSEEN, .progress = -1 };
    aws_answer_seen(c, &sight, "%.*s: %s%s%.*s", EVAC_STR_ARG(x->name), words, x->why.n ? ": " : "",
                    EVAC_STR_ARG(x->why));
}

static void on_measured(struct aws_call *c)
{
    const struct search_view *view = c->state;
    const struct evac_host *host = c->link->host;
    int64_t now_ms = host->wall_ms(host->ctx), until_ms = now_ms, behind = 0;
    for (size_t i = 0; i < view->count; i++) {
        const struct search_index *x = &view->indices[i];
        if (!x->follows || !x->told || x->behind < 0) {
            unseen(c, x, x->follows ? "how far it is behind is not told" : "it does not follow");
            return;
        }
        int64_t ms = arrived_until(c, view, x);
        behind += x->behind;
        until_ms = ms < until_ms ? ms : until_ms;
    }
    struct evac_fact facts[] = { { "lag_ms", now_ms - until_ms },
                                 { "as_of_wall_ms", now_ms },
                                 { "lag_operations", behind } };
    struct aws_sight sight = {
        .seen = EVAC_SEEN_SATISFIED, .progress = -1, .facts = facts, .fact_count = 3
    };
    if (until_ms == 0)
        unseen(c, &view->indices[0], "operations are missing; since when is not known yet");
    else
        aws_answer_seen(c, &sight, "%lld operations behind", (long long)behind);
}

static enum evac_code read_status(struct aws_call *c, struct evac_err *err)
{
    return search_read(c, c->state, on_measured, err);
}

enum evac_code search_measure(struct aws_call *c, struct evac_err *err)
{
    struct search_view *view = evac_arena_alloc(c->arena, sizeof *view);
    view->with_status = true;
    c->state = view;
    enum evac_code code = search_names(c, c->to, view, err);
    return code ? code : search_with_server(c, c->to, read_status, err);
}
