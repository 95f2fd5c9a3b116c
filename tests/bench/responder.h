/*
 * Who is probed in a bench: a process of its own that answers HTTP, HTTPS and DNS on loopback, and
 * counts what it did. Its processor time is nobody's.
 */
#ifndef EVAC_BENCH_RESPONDER_H
#define EVAC_BENCH_RESPONDER_H

#include <stdint.h>
#include <sys/types.h>

#define RESPONDER_ADDRESSES 8u /* 127.0.0.1 to .8: one alone would run out of ports */

/* Shared with its process. */
struct responder_counts {
    uint64_t connections, requests, handshakes, resumed, questions;
};

struct responder {
    pid_t child;
    uint16_t http, https, dns; /* ports; DNS answers on 127.0.0.1 */
    char ca[32];               /* file of the certificate that HTTPS shows; "" before the start */
    volatile struct responder_counts *counts;
};

/* 0, or -1 with errno. The certificate is for the addresses and is its own issuer. */
int responder_start(struct responder *r);
void responder_stop(struct responder *r); /* its file goes too */

/* As many descriptors as this process may have. */
void bench_raise_files(void);

#endif
