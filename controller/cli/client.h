/* The command line's side of the API: HTTP over the controller's unix socket, or over TCP. */
#ifndef EVAC_CLIENT_H
#define EVAC_CLIENT_H

#include "evac/buf.h"
#include "evac/err.h"

#include <cjson/cJSON.h>

struct evac_remote;
struct evac_client;

/* Exit codes, documented in `evac --help` and stable. */
enum evac_exit {
    EVAC_EXIT_DONE = 0,
    EVAC_EXIT_FAILED = 1, /* it was tried and did not come to a good end */
    EVAC_EXIT_USAGE = 2,
    EVAC_EXIT_REFUSED = 3,       /* a rule, a gate or the person said no: nothing was changed */
    EVAC_EXIT_UNREACHABLE = 4,   /* no controller answers */
    EVAC_EXIT_LINT_ERRORS = 5,   /* lint: at least one error */
    EVAC_EXIT_LINT_WARNINGS = 6, /* lint --strict: at least one warning, no error */
};

struct evac_client *evac_client_new(const char *socket);
/* What is asked from now on may take long: a line at the terminal says that it goes on. */
void evac_client_takes_long(struct evac_client *client);
/* Asks there instead; remote outlives the client. */
void evac_client_remote(struct evac_client *client, const struct evac_remote *remote);
/* How long a request may take, 60 s otherwise. */
void evac_client_limit(struct evac_client *client, long ms);
void evac_client_free(struct evac_client *client);

/* body NULL: GET; otherwise POST of that JSON, under a key of its own: a connection that is lost is
 * made again for some seconds, and nothing is done twice. raw gets the response's text. The exit
 * code is DONE for 2xx, REFUSED for 4xx, FAILED for 5xx, UNREACHABLE; err has the problem's
 * sentence. */
enum evac_exit evac_client_raw(struct evac_client *client, const char *path, const char *body,
                               struct evac_buf *raw, struct evac_err *err);

/* The same, parsed; *ret_json is the caller's (cJSON_Delete), NULL unless DONE. */
enum evac_exit evac_client_json(struct evac_client *client, const char *path, const char *body,
                                cJSON **ret_json, struct evac_err *err);

/* Reading what came; "" and 0 and so on when it is not there. */
const char *evac_json_cstr(const cJSON *object, const char *key);
double evac_json_number(const cJSON *object, const char *key, double fallback);
bool evac_json_true(const cJSON *object, const char *key);
/* What stands there, NULL when nothing does; belongs to object. */
const cJSON *evac_json_part(const cJSON *object, const char *key);
#endif
