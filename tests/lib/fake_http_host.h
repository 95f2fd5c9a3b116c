/*
 * A host without a world: virtual time, scripted replies, files and environment from the test. For
 * tests of what speaks HTTP through struct evac_host. Everything runs inside fake_host_run(), in
 * order of its instant, so a callback never comes from inside the call that asked for it.
 *
 *     struct fake_host *fake = fake_host_new();
 *     fake_host_reply(fake, "rds.us-west-2", (struct fake_reply){ .status = 200, .body = "<R/>" });
 *     ... call the code under test with fake_host_table(fake) ...
 *     fake_host_run(fake, 60000);
 *     ck_assert_str_eq(fake_host_request(fake, 0)->method, "POST");
 *     fake_host_free(fake);
 */
#ifndef EVAC_FAKE_HTTP_HOST_H
#define EVAC_FAKE_HTTP_HOST_H

#include "evac/host.h"

struct fake_host;

/* Boot clock 0; wall clock 2026-01-02T03:04:05Z (1767323045000). */
struct fake_host *fake_host_new(void);
/* Drops what is still open without calling back. */
void fake_host_free(struct fake_host *fake);
const struct evac_host *fake_host_table(struct fake_host *fake);

struct fake_reply {
    enum evac_http_fate fate;
    int status;          /* 0 with fate REPLIED: 200 */
    const char *headers; /* "Name: value\nName: value", NULL none */
    const char *body;    /* NULL none */
    size_t body_bytes;   /* 0: strlen(body) */
    const char *error;   /* of NOT_SENT and LOST */
    uint64_t delay_ms;
    bool always; /* answers every time; otherwise once */
};

/* For a request whose "METHOD url\nname: value\n...\n\nbody" contains match. The oldest unused one
 * that fits answers. A request that nothing fits is NOT_SENT, with a sentence. Texts are copied. */
void fake_host_reply(struct fake_host *fake, const char *match, struct fake_reply reply);

/* The same for programs: match is looked for in the argv joined by '|'. exit_status -1: could not
 * be started. */
void fake_host_exec(struct fake_host *fake, const char *match, int exit_status, const char *output,
                    const char *errors);

void fake_host_env(struct fake_host *fake, const char *name, const char *value); /* NULL: unset */
void fake_host_file(struct fake_host *fake, const char *path, const char *text); /* NULL: no file */
void fake_host_wall(struct fake_host *fake, int64_t wall_ms); /* a jump of the wall clock */

/* From now on http() and exec() refuse synchronously with that code; EVAC_OK: no longer. */
void fake_host_refuse(struct fake_host *fake, enum evac_code code);

/* Let ms pass; due replies and timers run. */
void fake_host_run(struct fake_host *fake, uint64_t ms);
/* Exchanges, programs and timers that are open. */
size_t fake_host_open(const struct fake_host *fake);
size_t fake_host_timers(const struct fake_host *fake);

struct fake_request {
    const char *method, *url, *body, *region, *operation, *ca;
    size_t body_bytes;
    const char *headers; /* "Name: value\n" each, as given */
    uint32_t connect_ms, total_ms;
    bool mutates;
    uint64_t at_ms;
};

size_t fake_host_requests(const struct fake_host *fake);
/* The nth, from 0; aborts when there is none. Lives until fake_host_free(). */
const struct fake_request *fake_host_request(const struct fake_host *fake, size_t nth);
/* A header of it (any case) as a C string, "" none. Lives until the next call. */
const char *fake_request_header(const struct fake_request *request, const char *name);

size_t fake_host_execs(const struct fake_host *fake);
const char *fake_host_exec_argv(const struct fake_host *fake, size_t nth); /* joined by '|' */
/* Everything that was given to debug(), a line each. */
const char *fake_host_debug(const struct fake_host *fake);
#endif
