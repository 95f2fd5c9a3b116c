/*
 * SigV4 signatures a second, as the client makes them: a POST of 1 KiB with the headers of a query
 * call. With the cache of derived keys a signature is two hashes and one HMAC; without it, the four
 * HMACs of the derivation more.
 *
 *   bench_signing [COUNT]   a JSON line with and without the cache
 *
 * Instructions a signature (repeatable, unlike times):
 *   valgrind --tool=callgrind --toggle-collect=evac_sigv4_sign bench_signing 100
 */
#include "sigv4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void measure(bool cached, unsigned count)
{
    static char body[1024];
    static struct evac_sigv4_cache cache;
    memset(body, 'a', sizeof body);
    const struct evac_http_header headers[] = {
        { EVAC_STR("host"), EVAC_STR("rds.us-west-2.amazonaws.com") },
        { EVAC_STR("content-type"), EVAC_STR("application/x-www-form-urlencoded; charset=utf-8") },
        { EVAC_STR("x-amz-date"), EVAC_STR("20260102T030405Z") },
        { EVAC_STR("user-agent"), EVAC_STR("evac") },
    };
    const struct evac_sigv4_request request = { .method = EVAC_STR("POST"),
                                                .path = EVAC_STR("/"),
                                                .headers = headers,
                                                .header_count = 4,
                                                .body = { body, sizeof body } };
    const struct evac_sigv4_scope scope = { .timestamp = EVAC_STR("20260102T030405Z"),
                                            .region = EVAC_STR("us-west-2"),
                                            .service = EVAC_STR("rds") };
    const struct evac_sigv4_identity identity = {
        .access_key_id = EVAC_STR("AKIDEXAMPLE"),
        .secret = EVAC_STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    };
    struct evac_err err = { EVAC_OK, "" };
    double begin = seconds();
    for (unsigned i = 0; i < count; i++) {
        struct evac_buf authorization;
        evac_buf_init(&authorization, 4096);
        if (evac_sigv4_sign(cached ? &cache : NULL, &request, &scope, &identity, EVAC_STR_NONE,
                            &authorization, &err)) {
            fprintf(stderr, "%s\n", err.text);
            exit(1);
        }
        evac_buf_done(&authorization);
    }
    double took = seconds() - begin;
    printf("{\"signatures\":%u,\"key_cache\":%s,\"body_bytes\":%zu,\"seconds\":%.3f,"
           "\"per_second\":%.0f}\n",
           count, cached ? "true" : "false", sizeof body, took, count / took);
}

int main(int argc, char **argv)
{
    int64_t count = 100000;
    if (argc > 1 && (!evac_str_i64(evac_str(argv[1]), &count) || count < 1 || count > 100000000)) {
        fputs("bench_signing [COUNT]\n", stderr);
        return 2;
    }
    measure(true, (unsigned)count);
    measure(false, (unsigned)count);
    return 0;
}
