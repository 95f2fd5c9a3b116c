/*
 * The world, as it is lent to drivers. Whatever a driver wants from outside it asks here, so that
 * the same driver runs against AWS, against the sandbox over loopback, and in virtual time in one
 * process.
 *
 * Everything happens on one thread, the loop's. A function that takes a done callback either
 * refuses (returns a code other than EVAC_OK, and done never runs) or accepts, and then done runs
 * exactly once, later, never from inside the call. What a reply points at lives until done returns.
 */
#ifndef EVAC_HOST_H
#define EVAC_HOST_H

#include "evac/buf.h"
#include "evac/err.h"
#include "evac/str.h"

#define EVAC_HOST_ABI 1u

struct evac_http_header {
    struct evac_str name; /* any case; the host sends it as it is */
    struct evac_str value;
};

struct evac_http_request {
    struct evac_str method;
    struct evac_str url; /* sent byte for byte: the host neither decodes nor normalises the path */
    const struct evac_http_header *headers;
    size_t header_count;
    struct evac_str body;
    uint32_t connect_ms;      /* ceiling for name, TCP and TLS */
    uint32_t total_ms;        /* ceiling for all */
    uint32_t max_reply_bytes; /* a larger reply counts as lost, with a sentence that says so */
    struct evac_str region; /* where the request goes, "" if nowhere in particular: for isolation */
    struct evac_str operation; /* "rds:FailoverGlobalCluster", for logs and refusals */
    bool mutates;              /* a rehearsal's host refuses these outright */
    bool fresh; /* over a new connection: a kept one stays with a server that DNS has left */
    struct evac_str ca; /* certificates in PEM that vouch for this server in place of the host's own
                           list, "" the host's. For a server with a CA of its own; other exchanges,
                           and connections kept for them, never trust it */
    struct evac_str cert, key; /* this side's certificate, with its chain, and its key, in PEM; ""
                                  none. A connection made with one is used for no request without */
};

/* A letter for a mail server (RFC 5321): over TLS from the first byte ("smtps://host:465"), or once
 * the server has agreed to STARTTLS ("smtp://host:587"); without either only to this machine. */
struct evac_mail_request {
    struct evac_str url;
    struct evac_str user, password; /* "" : nobody logs in */
    struct evac_str from;
    const struct evac_str *to; /* addresses, without names or brackets */
    size_t to_count;
    struct evac_str message; /* RFC 5322, whole, lines end in CR LF */
    uint32_t connect_ms, total_ms;
    struct evac_str ca; /* as an HTTP request's */
};

/* What became of an exchange. The difference between NOT_SENT and LOST is what keeps data safe:
 * NOT_SENT is certain that no byte of the request reached a server. */
#define EVAC_HTTP_FATES(X)                                                                         \
    X(REPLIED)  /* status, headers and body are there */                                           \
    X(NOT_SENT) /* name, connection or TLS failed, or the host refused */                          \
    X(LOST)     /* anything else: the server may have acted */

#define X(name) EVAC_HTTP_##name,
enum evac_http_fate { EVAC_HTTP_FATES(X) EVAC_HTTP_FATE_COUNT };
#undef X

struct evac_http_reply {
    enum evac_http_fate fate;
    int status;
    const struct evac_http_header *headers;
    size_t header_count;
    struct evac_str body;
    const char *error;     /* a sentence, "" when fate is REPLIED */
    uint64_t sent_boot_ms; /* host's boot clock when the exchange began */
};

typedef void evac_http_done_fn(void *user, const struct evac_http_reply *reply);
typedef void evac_timer_fn(void *user);

/* DNS: addresses as text ("203.0.113.7") or names for CNAME. */
struct evac_dns_reply {
    bool answered; /* a server replied, even if with no data */
    int rcode;     /* RFC 1035 4.1.1: 0 no error, 3 no such name */
    const struct evac_str *values;
    size_t value_count;
    const char *error;
};
typedef void evac_dns_done_fn(void *user, const struct evac_dns_reply *reply);

struct evac_exec_request {
    const char *const *argv;   /* no shell; argv[0] is an absolute path that nobody but root and the
                                  controller's user could change; NULL at the end */
    const char *const *env;    /* the whole environment, "A=b"; NULL at the end */
    struct evac_str input;     /* given on standard input */
    uint32_t total_ms;         /* then the process group is killed */
    uint32_t max_output_bytes; /* of standard output and error each */
    bool mutates;
    bool as_controller; /* it gives the controller its own credentials: not in the jail of steps */
};
struct evac_exec_reply {
    bool started;    /* false: certain that it did not run */
    bool timed_out;  /* killed at total_ms */
    int exit_status; /* 0..255, or 128 + signal */
    struct evac_str output;
    struct evac_str errors;
    const char *error;
};
typedef void evac_exec_done_fn(void *user, const struct evac_exec_reply *reply);

/* Any function but now_ms, wall_ms, random and debug may refuse with EVAC_E_UNSUPPORTED or, in a
 * rehearsal or an isolated drill, EVAC_E_REFUSED. Requests are copied: they need live only through
 * the call. */
/* The controller's other apps, for a driver that moves several of them in order. Functions are
 * called on the loop's thread, never from inside a driver's call(). */
struct evac_app_view {
    struct evac_str active, standby_up; /* regions; standby_up "" : none is known to be up */
    struct evac_str moving_to;          /* "" : no run of it goes on */
    bool held;                          /* somebody holds it: no run may begin */
    bool failed;                        /* its last run did not succeed */
    uint64_t last_run;                  /* 0 none */
};
struct evac_apps {
    void *ctx;
    /* False: there is no such app. Texts live until the next call. */
    bool (*look)(void *ctx, struct evac_str name, struct evac_app_view *ret_view);
    /* Begins its own run to that region, by its own runbook, gates and rules. */
    enum evac_code (*move)(void *ctx, struct evac_str name, struct evac_str to, bool graceful,
                           struct evac_str why, struct evac_err *err);
};

struct evac_host {
    uint32_t abi; /* EVAC_HOST_ABI */
    void *ctx;

    uint64_t (*now_ms)(void *ctx); /* boot-time clock, counts suspend: for deadlines */
    int64_t (*wall_ms)(void *ctx); /* UTC since 1970: for signatures and display only */
    void (*random)(void *ctx, void *p, size_t bytes);

    enum evac_code (*http)(void *ctx, const struct evac_http_request *request,
                           evac_http_done_fn *done, void *user, uint64_t *ret_id,
                           struct evac_err *err);
    void (*http_cancel)(void *ctx, uint64_t id); /* done still runs, LOST or NOT_SENT */

    enum evac_code (*timer)(void *ctx, uint64_t delay_ms, evac_timer_fn *fn, void *user,
                            uint64_t *ret_id, struct evac_err *err);
    void (*timer_stop)(void *ctx, uint64_t id); /* fn will not run any more */

    /* server "" means the system's resolvers; otherwise "address:port". type is "A", "AAAA",
     * "CNAME" or "TXT". */
    enum evac_code (*dns)(void *ctx, struct evac_str name, const char *type, struct evac_str server,
                          uint32_t total_ms, evac_dns_done_fn *done, void *user,
                          struct evac_err *err);

    enum evac_code (*exec)(void *ctx, const struct evac_exec_request *request,
                           evac_exec_done_fn *done, void *user, struct evac_err *err);

    /* Small files and the environment, so that a test can bring its own. read_file appends to buf.
     */
    enum evac_code (*read_file)(void *ctx, const char *path, struct evac_buf *buf,
                                struct evac_err *err);
    const char *(*getenv)(void *ctx, const char *name); /* NULL when unset */

    /* One line for a developer. Never give it a secret. */
    void (*debug)(void *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

    const struct evac_apps *apps; /* NULL: this host has none */

    /* NULL: this host has no mail. The reply's status is the server's last one: REPLIED with 250 it
     * took the letter, with 4xx or 5xx it did not, for sure; LOST: it may have. */
    enum evac_code (*mail)(void *ctx, const struct evac_mail_request *request,
                           evac_http_done_fn *done, void *user, uint64_t *ret_id,
                           struct evac_err *err);
};

/* The first header of that name, any case; empty when there is none. */
struct evac_str evac_http_header(const struct evac_http_reply *reply, const char *name);

#endif
