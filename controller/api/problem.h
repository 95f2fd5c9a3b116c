/*
 * What goes wrong, in kinds that a program can branch on: RFC 9457 problem details. A kind's type
 * is the URI reference /v1/problems/NAME, which answers with what it means; kinds are never
 * renamed.
 */
#ifndef EVAC_PROBLEM_H
#define EVAC_PROBLEM_H

#include "api.h"
#include "diag.h"

/* X(KIND, "name", status, "title", "what it means, and what to do"): append only. */
#define EVAC_PROBLEMS(X)                                                                           \
    X(BAD_REQUEST, "bad-request", 400, "a field or parameter is missing or not allowed",           \
      "The detail names it and what is allowed. Sending the same again gives the same answer.")    \
    X(BAD_BODY, "bad-body", 400, "the body does not fit its schema",                               \
      "The body must be one JSON object, with no field that the operation's schema does not "      \
      "name.")                                                                                     \
    X(UNAUTHENTICATED, "unauthenticated", 401, "nobody knows who asks",                            \
      "The credential is missing, wrong, expired or revoked.")                                     \
    X(FORBIDDEN, "forbidden", 403, "the caller's roles do not allow it",                           \
      "The detail says which role it takes, who holds it, and what the caller holds. "             \
      "GET /v1/roles has the whole table.")                                                        \
    X(NOT_FOUND, "not-found", 404, "there is no such thing",                                       \
      "No app, run, step, drill or job of that name; or nothing is answered at that path.")        \
    X(METHOD_NOT_ALLOWED, "method-not-allowed", 405, "that method is not answered here",           \
      "The header Allow lists those that are.")                                                    \
    X(NOT_ACCEPTABLE, "not-acceptable", 406, "there is no such form of it",                        \
      "None of the media types in the header Accept is one that this is written in.")              \
    X(TIMED_OUT, "timed-out", 408, "the request took too long to arrive",                          \
      "Nothing was done. Send it again, whole.")                                                   \
    X(REFUSED, "refused", 409, "a rule forbids it",                                                \
      "Nothing was changed: the app's or run's state, a gate or a safety rule does not allow it "  \
      "now. The detail says which.")                                                               \
    X(BUSY, "busy", 409, "something else holds it",                                                \
      "Nothing was changed: another run, drill or agent holds what was asked for.")                \
    X(STALE, "stale", 409, "it was overtaken",                                                     \
      "What was sent is older than what is known already.")                                        \
    X(PRECONDITION_FAILED, "precondition-failed", 412, "it has changed since it was looked at",    \
      "Nothing was done: the entity tag in If-Match is not the present one. Look again, decide "   \
      "again.")                                                                                    \
    X(TOO_LARGE, "too-large", 413, "the request is too large", "The detail names the ceiling.")    \
    X(URI_TOO_LONG, "uri-too-long", 414, "the address is too long",                                \
      "The detail names the ceiling.")                                                             \
    X(UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", 415, "the body is of another type",        \
      "Bodies are application/json.")                                                              \
    X(MISCONFIGURED, "misconfigured", 422, "the configuration does not allow it",                  \
      "The member errors lists each problem, with its file and line where they are known.")        \
    X(KEY_REUSED, "idempotency-key-reused", 422,                                                   \
      "the Idempotency-Key was used for something else",                                           \
      "Another body, path or person had this key within its 24 hours. Take a new key.")            \
    X(TOO_MANY_REQUESTS, "too-many-requests", 429, "too many requests",                            \
      "The caller's share is used up: ask again after Retry-After.")                               \
    X(HEADERS_TOO_LARGE, "headers-too-large", 431, "a header is too large",                        \
      "The detail names the header and the ceiling.")                                              \
    X(INTERNAL, "internal", 500, "the controller failed",                                          \
      "It is a defect of the controller, or of its machine: its log says more.")                   \
    X(IN_TROUBLE, "in-trouble", 503, "the controller is in trouble",                               \
      "The journal can not be written, so nothing is begun. The detail says why; what needs no "   \
      "journal is still answered.")                                                                \
    X(OVERLOADED, "overloaded", 503, "too many connections",                                       \
      "The controller has no room for another connection or stream: ask again after Retry-After.") \
    X(ANSWER_TOO_LARGE, "answer-too-large", 507, "the answer is too large",                        \
      "Ask for less: limit, after, app, run.")                                                     \
    X(NOT_LEADING, "not-leading", 421, "another controller leads",                                 \
      "Of controllers that share a journal the one that leads takes words that change something. " \
      "The detail says which it is and where, if that is known.")                                  \
    X(UNSETTLED, "unsettled", 503, "whether it was kept is not known",                             \
      "The lead was lost while the journal was written. Ask again under the same "                 \
      "Idempotency-Key, at whoever leads: if it was kept, its answer comes, and nothing is done "  \
      "twice.")

#define X(kind, name, status, title, doc) EVAC_PROBLEM_##kind,
enum evac_problem { EVAC_PROBLEMS(X) EVAC_PROBLEM_COUNT };
#undef X

struct evac_problem_row {
    const char *name, *title, *doc;
    int status;
};
const struct evac_problem_row *evac_problem_row(enum evac_problem problem);
bool evac_problem_parse(struct evac_str name, enum evac_problem *ret_problem);

/* Answers with it, whatever was written to the response before. detail: what is wrong in this case,
 * for people. */
void evac_problem(struct evac_api_response *response, enum evac_problem problem,
                  const char *detail);
void evac_problemf(struct evac_api_response *response, enum evac_problem problem, const char *fmt,
                   ...) __attribute__((format(printf, 3, 4)));
/* The kind that goes with err's code. */
void evac_problem_err(struct evac_api_response *response, const struct evac_err *err);
/* The same, with everything that diag holds as the member errors. */
void evac_problem_diag(struct evac_api_response *response, const struct evac_err *err,
                       const struct evac_diag *diag);
#endif
