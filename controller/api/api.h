/*
 * The HTTP API under /v1, apart from how it is carried: a request in, a response out. Errors are
 * RFC 9457 problem details. server.h carries it over a unix socket. What the caller's roles do not
 * allow is answered with 403 (access.h).
 *
 *   GET  /v1/version                 version, node
 *   GET  /v1/status                  everything an on-call needs first: apps, verdicts, runs,
 * trouble GET  /v1/apps/{app}              one app POST /v1/apps/{app}/plan         what would be
 * done: {"workflow","to","mode","kind"} -> plan and its text POST /v1/apps/{app}/runs begin: the
 * same and {"reason","proposed"} -> 201 {"run"} GET  /v1/runs?app=&limit=        the newest first
 *   GET  /v1/apps/{app}/permissions  the least that its plans need, as a policy
 *   POST /v1/apps/{app}/lint         would it work with a region gone? a plan's fields and
 *                                    {"assume_down"}, or {"all_regions":true,"mode"}
 *   GET  /v1/apps/{app}/decide       the decision clock
 *   GET  /v1/apps/{app}/why          from each answer to the decision, with the numbers
 *   POST /v1/apps/{app}/simulate     {"down","to","faults","runs","seed","reaction_ms"}: a job
 *   POST /v1/replay                  {"app","run","from_ms","to_ms","policy","dwell_ms",
 *                                    "cooldown_ms"}: a job
 *   GET  /v1/jobs/{job}              {"state":"running|done|failed","done","of","problem","result"}
 *   GET  /v1/runs/{run}              live while it goes on, from the journal afterwards
 *   GET  /v1/runs/{run}/report?format=json|text|html
 *   POST /v1/runs/{run}/commands     {"verb","step","gate","reason","value"}
 *   POST /v1/commands                {"verb","app","reason","value"}
 *   GET  /v1/journal?after=&run=&app=&limit=
 *   GET  /v1/journal/verify          POST {"checkpoint"}: also against one that was kept elsewhere
 *   POST /v1/journal/checkpoint      sign it as it is now -> {"size","note"}
 *   GET  /v1/deficiencies?app=&all=1&format=json|text
 *   POST /v1/deficiencies            {"verb","app","id","title","severity","owner","due_ms",
 *                                    "criterion","reason","retest"} -> {"id"}
 *   GET  /v1/apps/{app}/trend?since=&format=json|text|html
 *   POST /v1/evidence                {"run"} or {"app","since_ms"} -> a signed bundle, a tar
 * archive GET  /v1/evidence/key            {"fingerprint","pem","origin"} GET  /v1/drivers GET
 * /v1/gates                   the gates of a run, and who may override which GET  /v1/roles?app=
 * who may do what, and the caller's own standing POST /v1/reload GET  /v1/events server-sent
 * events, one a journal row, id is its number
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
    struct evac_str instance; /* of problems (RFC 9457): the path that was asked for */
    struct evac_buf body;     /* the caller inits (with a ceiling) and frees */
};

/* Each header of a response but for the content's type and length: name in lower case with its
 * colon. Return false to stop, as it then does. */
typedef bool evac_api_header_fn(void *user, const char *name, const char *value);
bool evac_api_headers(const struct evac_api_response *response, evac_api_header_fn *fn, void *user);

void evac_api_handle(struct evac_daemon *daemon, const struct evac_api_request *request,
                     struct evac_api_response *response);

/* One row as an event: "id: 7\nevent: step\ndata: {...}\n\n". */
void evac_api_event(const struct evac_record *record, struct evac_buf *out);

/* Value of a query parameter, percent-decoded into buf; "" if absent. */
struct evac_str evac_api_query(struct evac_str query, const char *name, char *buf, size_t bytes);
#endif
