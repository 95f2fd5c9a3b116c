/* What was asked under which key, and what it came to: the newest requests of a day, read from the
 * journal at the start and kept up with it. */
#include "shell_internal.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS    INT64_C(86400000)
#define BYTES_MAX (8u << 20) /* of all that is kept: beyond it the oldest go */

struct request {
    struct evac_record record; /* its texts lie in memory */
    char *memory;
    size_t bytes;
};

struct shell_requests {
    struct request ring[EVAC_REQUESTS_MAX];
    size_t first, count, bytes;
};

struct shell_requests *shell_requests_new(void)
{
    struct shell_requests *requests =
        malloc(sizeof *requests); /* a place is set when it is taken */
    if (!requests)
        abort();
    requests->first = requests->count = requests->bytes = 0;
    return requests;
}

static void drop_oldest(struct shell_requests *r)
{
    struct request *oldest = &r->ring[r->first];
    r->bytes -= oldest->bytes;
    free(oldest->memory);
    r->first = (r->first + 1) % EVAC_REQUESTS_MAX;
    r->count--;
}

void shell_requests_free(struct shell_requests *requests)
{
    while (requests && requests->count)
        drop_oldest(requests);
    free(requests);
}

static char *move_text(struct evac_str *text, char *to)
{
    if (text->n)
        memcpy(to, text->p, text->n);
    text->p = to;
    return to + text->n;
}

static void copy(struct request *request, const struct evac_record *r)
{
    struct evac_record *to = &request->record;
    *to = *r;
    struct evac_str *texts[] = { &to->name, &to->who, &to->event, &to->from,
                                 &to->app,  &to->to,  &to->text,  &to->data };
    size_t n = sizeof texts / sizeof texts[0];
    to->request_id = EVAC_STR_NONE;
    request->bytes = 1;
    for (size_t i = 0; i < n; i++)
        request->bytes += texts[i]->n;
    char *at = request->memory = malloc(request->bytes);
    if (!at)
        abort();
    for (size_t i = 0; i < n; i++)
        at = move_text(texts[i], at);
}

void shell_requests_see(struct shell_requests *r, const struct evac_record *record)
{
    if (record->kind != EVAC_RECORD_REQUEST)
        return;
    if (r->count == EVAC_REQUESTS_MAX)
        drop_oldest(r);
    struct request *place = &r->ring[(r->first + r->count++) % EVAC_REQUESTS_MAX];
    copy(place, record);
    r->bytes += place->bytes;
    while (r->bytes > BYTES_MAX && r->count > 1)
        drop_oldest(r);
}

void evac_shell_ask(struct evac_shell *shell, const struct evac_asked *asked)
{
    shell->asked = asked;
}

void evac_shell_remember(struct evac_shell *shell, const struct evac_record *request)
{
    struct evac_record record = *request;
    record.kind = EVAC_RECORD_REQUEST;
    if (!record.t_wall_ms)
        record.t_wall_ms = shell_now(shell).wall_ms;
    shell_requests_see(shell->requests, &record);
}

/* The newest first: after a day a key may be used anew. */
const struct evac_record *evac_shell_asked(const struct evac_shell *shell, struct evac_str who,
                                           struct evac_str key)
{
    const struct shell_requests *r = shell->requests;
    int64_t now = shell->o.host->wall_ms(shell->o.host->ctx);
    for (size_t i = r->count; i-- > 0;) {
        const struct evac_record *record = &r->ring[(r->first + i) % EVAC_REQUESTS_MAX].record;
        if (evac_str_eq(record->name, key) && evac_str_eq(record->who, who))
            return now - record->t_wall_ms < DAY_MS ? record : NULL;
    }
    return NULL;
}
