/*
 * The HTTP API under /v1, apart from how it is carried: a request in, a response out. routes.c is
 * the table of what can be asked; README.md, made from it, is for people. Errors are RFC 9457
 * problem details. server.h carries it over a unix socket. What the caller's roles do not allow is
 * answered with 403 (access.h).
 */
#ifndef EVAC_API_H
#define EVAC_API_H

#include "daemon.h"

/* Texts of a request are borrowed until it is answered; "" for a header that was not sent. */
struct evac_api_request {
    const char *method;
    struct evac_str path;  /* without the query */
    struct evac_str query; /* raw, without '?' */
    struct evac_str body;
    struct evac_str if_none_match, if_match; /* RFC 9110: entity tags */
    struct evac_str idempotency_key;
    struct evac_str accept;
    struct evac_caller caller;
    bool loopback;                          /* it came from this machine, by TCP */
    const struct evac_auth_counts *callers; /* of whoever carries it; NULL: they are not counted */
};

/* "" and 0: the header is not sent. Whoever carries it adds Content-Length, and for HEAD leaves the
 * body out. */
struct evac_api_response {
    int status;
    const char *content_type;
    char etag[72];      /* with its quotes */
    char link[512];     /* RFC 8288: where a list goes on */
    char location[128]; /* of what was made, or may be looked at */
    char allow[48];     /* the methods of a path, for 405 and OPTIONS */
    uint32_t retry_after_s;
    bool replayed;            /* the answer that this Idempotency-Key had the first time */
    char forbidden[240];      /* what the caller may not, for the journal; "" they may */
    struct evac_str instance; /* of problems (RFC 9457): the path that was asked for */
    struct evac_buf body;     /* the caller inits (with a ceiling) and frees */
};

/* Each header of a response but for the content's type and length: name in lower case with its
 * colon. Return false to stop, as it then does. */
typedef bool evac_api_header_fn(void *user, const char *name, const char *value);
bool evac_api_headers(const struct evac_api_response *response, evac_api_header_fn *fn, void *user);

/* false: what is asked for is the stream of events, or a session, and the caller may have it;
 * nothing was answered, that is the carrier's. */
bool evac_api_handle(struct evac_daemon *daemon, const struct evac_api_request *request,
                     struct evac_api_response *response);

/* It reads the journal, and writes what follows from that: whoever carries it waits until no row is
 * on its way (evac_daemon_ticket), or else it may be refused as busy. */
bool evac_api_comes_behind(const struct evac_api_request *request);

/* One row as an event: "id: 7\nevent: step\ndata: {...}\n\n". */
void evac_api_event(const struct evac_record *record, struct evac_buf *out);

/* Value of a query parameter, percent-decoded into buf; "" if absent. */
struct evac_str evac_api_query(struct evac_str query, const char *name, char *buf, size_t bytes);
#endif
