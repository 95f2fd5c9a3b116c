/*
 * Who is probed, for benches that are not of this program: answers HTTP, HTTPS and DNS until its
 * input ends, and for each line of it tells what it has done so far.
 */
#include "responder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void tell(const struct responder *r)
{
    volatile struct responder_counts *c = r->counts;
    printf("{\"connections\":%llu,\"requests\":%llu,\"handshakes\":%llu,\"resumed\":%llu,"
           "\"questions\":%llu}\n",
           (unsigned long long)c->connections, (unsigned long long)c->requests,
           (unsigned long long)c->handshakes, (unsigned long long)c->resumed,
           (unsigned long long)c->questions);
    fflush(stdout);
}

int main(void)
{
    struct responder r;
    char line[64];
    if (responder_start(&r)) {
        fprintf(stderr, "bench_responder: %s\n", strerror(errno));
        return 1;
    }
    printf("{\"pid\":%d,\"http\":%u,\"https\":%u,\"dns\":%u,\"addresses\":%u,\"ca\":\"%s\"}\n",
           (int)r.child, r.http, r.https, r.dns, RESPONDER_ADDRESSES, r.ca);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin))
        tell(&r);
    responder_stop(&r);
    return 0;
}
