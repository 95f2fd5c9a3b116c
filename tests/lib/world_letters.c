/* People, who are told by webhook. */
#include "world_internal.h"

#include <stdlib.h>
#include <string.h>

static void take_word(struct evac_str body, const char *name, char *to, size_t bytes)
{
    for (size_t i = 0; i + strlen(name) < body.n; i++)
        if (memcmp(body.p + i, name, strlen(name)) == 0) {
            struct evac_str rest = { body.p + i + strlen(name), body.n - i - strlen(name) };
            (void)evac_str_copy(to, bytes, evac_str_cut(rest, '"', &rest));
            return;
        }
}

void letters_take(struct world *w, const struct evac_http_request *request)
{
    struct evac_http_reply head = { .headers = request->headers,
                                    .header_count = request->header_count };
    if (w->letter_count == w->letter_cap) {
        w->letter_cap = w->letter_cap ? 2 * w->letter_cap : 64;
        w->letters = realloc(w->letters, w->letter_cap * sizeof *w->letters);
        if (!w->letters)
            abort();
    }
    struct world_letter *l = &w->letters[w->letter_count++];
    *l = (struct world_letter){ .maybe =
                                    evac_str_is(evac_http_header(&head, "evac-repeat"), "maybe") };
    (void)evac_str_copy(l->id, sizeof l->id, evac_http_header(&head, "webhook-id"));
    take_word(request->body, "\"key\":\"", l->key, sizeof l->key);
    take_word(request->body, "\"state\":\"", l->state, sizeof l->state);
}

size_t world_letters(const struct world *w, const struct world_letter **ret_letters)
{
    *ret_letters = w->letters;
    return w->letter_count;
}
