#include "local_pack.h"

#include "evac/arena.h"

#include <stdlib.h>
#include <string.h>

static enum evac_code open_pack(const struct evac_host *host, const struct evac_args *settings,
                                struct evac_link **ret_link, struct evac_err *err)
{
    struct evac_link *link = calloc(1, sizeof *link);
    (void)err;
    if (!link)
        abort();
    link->host = host;
    link->exec_allowed = evac_args_bool(settings, "exec_allowed", false);
    *ret_link = link;
    return EVAC_OK;
}

static void close_pack(struct evac_link *link)
{
    free(link);
}

static const struct evac_driver *const drivers[] = { &evac_driver_http,
                                                     &evac_driver_exec,
                                                     &evac_driver_canary,
                                                     &evac_driver_manual,
                                                     &evac_driver_app,
                                                     &evac_driver_sandbox_fault,
                                                     NULL };

const struct evac_pack evac_pack_local = { EVAC_DRIVER_ABI, "local", drivers, open_pack,
                                           close_pack };

/* --- open calls
 * ------------------------------------------------------------------------------------------ */

struct local_call *local_begin(struct evac_link *link, const struct evac_call *call,
                               evac_done_fn *done, void *user)
{
    struct evac_arena *arena = evac_arena_new();
    struct local_call *c = evac_arena_alloc(arena, sizeof *c);
    *c = (struct local_call){ .next = link->calls,
                              .link = link,
                              .arena = arena,
                              .id = ++link->next_id,
                              .verb = call->verb,
                              .args = *call->args,
                              .region = evac_arena_str(arena, evac_args_get(call->args, "region")),
                              .done = done,
                              .user = user };
    link->calls = c;
    return c;
}

static void unlink_call(struct local_call *call)
{
    struct local_call **at = &call->link->calls;
    while (*at && *at != call)
        at = &(*at)->next;
    if (*at)
        *at = call->next;
}

void local_answer(struct local_call *call, const struct evac_reply *reply)
{
    unlink_call(call);
    call->done(call->user, reply);
    evac_arena_free(call->arena);
}

void local_drop(struct local_call *call)
{
    unlink_call(call);
    evac_arena_free(call->arena);
}

void local_cancel(struct evac_link *link, uint64_t id)
{
    for (struct local_call *c = link->calls; c; c = c->next)
        if (c->id == id && c->cancellable) {
            link->host->http_cancel(link->host->ctx, c->host_id);
            return;
        }
}

/* --- lists
 * ------------------------------------------------------------------------------------------------
 */

/* One JSON string; *at moves behind it. NULL when there is none. Only the escapes that our own
 * writer makes. */
static char *take_string(struct evac_arena *arena, struct evac_str json, size_t *at)
{
    char *out;
    size_t n = 0;
    if (*at >= json.n || json.p[*at] != '"')
        return NULL;
    out = evac_arena_alloc(arena, json.n - *at);
    for (size_t i = *at + 1; i < json.n; i++) {
        char c = json.p[i];
        if (c == '"') {
            *at = i + 1;
            out[n] = '\0';
            return out;
        }
        if (c == '\\' && i + 1 < json.n) {
            static const char plain[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
            char escaped = json.p[++i];
            const char *known = NULL;
            for (size_t k = 0; plain[k]; k += 2)
                if (plain[k] == escaped)
                    known = &plain[k + 1];
            if (!known)
                return NULL; /* control characters have no place in an argument */
            c = *known;
        }
        out[n++] = c;
    }
    return NULL;
}

#define LIST_MAX 256

const char *const *local_list(struct evac_arena *arena, struct evac_str json)
{
    const char **list = evac_arena_array(arena, LIST_MAX + 1, sizeof *list);
    size_t n = 0, at = 1;
    if (json.n < 2 || json.p[0] != '[')
        return NULL;
    while (at < json.n && json.p[at] != ']') {
        if (n == LIST_MAX || (list[n] = take_string(arena, json, &at)) == NULL)
            return NULL;
        n++;
        if (at < json.n && json.p[at] == ',')
            at++;
    }
    list[n] = NULL;
    return list;
}
