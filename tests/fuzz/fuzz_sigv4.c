/* A request as a stranger sends it, to the side that verifies: lines "name: value", then the body.
 * What was not signed with the secret is never let in. */
#include "fuzz.h"
#include "sigv4.h"

#include <string.h>

#define HEADERS_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evac_http_header headers[HEADERS_MAX];
    struct evac_str rest = { (const char *)data, size };
    struct evac_str query, target = evac_str_cut(rest, '\n', &rest);
    size_t n = 0;
    while (rest.n && n < HEADERS_MAX) {
        struct evac_str value, line = evac_str_cut(rest, '\n', &rest);
        if (line.n == 0)
            break;
        struct evac_str name = evac_str_cut(line, ':', &value);
        headers[n++] = (struct evac_http_header){ name, evac_str_trim(value) };
    }
    struct evac_str path = evac_str_cut(target, '?', &query);
    struct evac_sigv4_request request = { .method = EVAC_STR("POST"),
                                          .path = path,
                                          .query = query,
                                          .headers = headers,
                                          .header_count = n,
                                          .body = rest,
                                          .s3_rules = size & 1 };
    struct evac_arena *arena = evac_arena_new();
    struct evac_sigv4_claim claim;
    struct evac_err err = { EVAC_OK, "" };
    if (evac_sigv4_claim(&request, arena, &claim, &err) == EVAC_OK)
        MUST(evac_sigv4_verify(NULL, &request, &claim, EVAC_STR("nobody knows this"), 1767323045000,
                               300000, &err) != EVAC_OK);
    evac_arena_free(arena);
    return 0;
}
