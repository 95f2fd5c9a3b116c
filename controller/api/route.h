/*
 * What can be asked: one table. Dispatch, the door (who may), 404 and 405 with Allow, the OpenAPI
 * document and the page for people are made from it.
 */
#ifndef EVAC_ROUTE_H
#define EVAC_ROUTE_H

#include "api.h"
#include "engine.h"

#include <cjson/cJSON.h>

#define API_VARS_MAX 2u /* of one path */

struct evac_route;

/* One request on its way through the table. */
struct api_call {
    struct evac_daemon *daemon;
    const struct evac_api_request *q;
    struct evac_api_response *r;
    const struct evac_route *route;
    struct evac_str vars[API_VARS_MAX]; /* what stands in the path's braces, in order */
    cJSON *body;                        /* of a POST: an object that fits its schema */
    struct evac_asked asked;            /* a change: under which key, "" none (api_request.h) */
    bool again;                         /* it was made before; it is only to be answered */
};

/* Answers: the response is as the route says (status, media type) unless it says otherwise. */
typedef void api_handler_fn(struct api_call *call);

enum evac_route_flag {
    EVAC_ROUTE_SHELL = 1u << 0,   /* needs the journal: 503 while it can not be written */
    EVAC_ROUTE_MUTATES = 1u << 1, /* takes an Idempotency-Key, kept in the journal */
    EVAC_ROUTE_JOB = 1u << 2,     /* the same, kept as long as its job: by this process */
    EVAC_ROUTE_PAGED = 1u << 3,   /* limit, and Link: rel="next" */
    EVAC_ROUTE_GUARDED = 1u << 4, /* takes If-Match: an ETag of the run or app it is about */
    EVAC_ROUTE_RAW = 1u << 5,     /* its body is read by whom it is for */
    EVAC_ROUTE_STREAM = 1u << 6,  /* answered by whoever carries the API: events, sessions */
    EVAC_ROUTE_OPEN = 1u << 7,    /* for anybody: a load balancer and a kubelet have no credentials,
                                   * and learn nothing but yes or no and why not (503) */
    EVAC_ROUTE_LOCAL = 1u << 8,   /* the same on this machine, where metrics.open says so */
    EVAC_ROUTE_OWN = 1u << 10,    /* changes this controller alone: a follower does it too */
    EVAC_ROUTE_NEUTRAL = 1u << 9, /* tells of no app: for whoever may look at any */
    EVAC_ROUTE_BEHIND = 1u << 11, /* what it writes follows from the journal's rows: those that are
                                   * on their way come first (evac_api_comes_behind) */
};

/* Where the door finds what is asked (a row of access.c). */
enum evac_route_ask {
    EVAC_ASK_ROW,  /* the route's `what` */
    EVAC_ASK_WISH, /* the body's workflow, or its kind of drill */
    EVAC_ASK_KIND, /* the body's kind */
    EVAC_ASK_VERB, /* the body's verb */
};

struct evac_route {
    const char *method, *path; /* "/v1/apps/{app}/plan" */
    const char *id;            /* operationId: never renamed */
    enum evac_route_ask ask;
    const char *what;
    api_handler_fn *handler; /* NULL: a stream */
    const char *query;       /* names of evac_api_params, with spaces between */
    const char *body;        /* name of its schema, NULL none */
    int status;
    const char *answer; /* name of its schema */
    const char *media;  /* of the answer; several with spaces, the first by default */
    unsigned flags;
    const char *group, *doc;
};

extern const struct evac_route evac_routes[];
extern const size_t evac_route_count;

/* A parameter of a query, or what stands in a path's braces; number: a whole number from 0 on. */
struct evac_api_param {
    const char *name;
    bool number;
    const char *doc;
};
extern const struct evac_api_param evac_api_params[];
const struct evac_api_param *evac_api_param(struct evac_str name); /* NULL: there is none */

/* Does the path fit a template? vars gets what stands in its braces. */
bool evac_route_fits(const char *path_template, struct evac_str path,
                     struct evac_str vars[API_VARS_MAX]);
/* The route of the method, or NULL; *ret_path: some method is answered there. */
const struct evac_route *evac_route_find(const char *method, struct evac_str path,
                                         struct evac_str vars[API_VARS_MAX], bool *ret_path);
/* May anybody ask it? loopback: from this machine, by TCP. */
bool evac_route_is_open(const struct evac_route *route, const struct evac_model *model,
                        bool loopback);
/* "GET, HEAD, POST, OPTIONS" */
void evac_route_allow(struct evac_str path, char *ret_allow, size_t bytes);
/* Does a list with spaces between hold the word? */
bool evac_words_have(const char *words, struct evac_str word);
#endif
