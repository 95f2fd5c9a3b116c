#include "aws_allow.h"

#include <string.h>

#define X(name) &evac_driver_##name,
static const struct evac_driver *const drivers[] = { AWS_DRIVERS(X) NULL };
#undef X

const struct evac_driver *aws_driver_of(aws_call_fn *call)
{
    size_t i = 0;
    while (drivers[i] && drivers[i]->call != call)
        i++;
    return drivers[i];
}

const struct evac_op *aws_ops_of(const struct evac_driver *driver, enum evac_verb verb,
                                 const char *action)
{
    const struct evac_action *a = driver ? evac_driver_action(driver, evac_str(action)) : NULL;
    if (driver && verb != EVAC_VERB_OBSERVE && verb != EVAC_VERB_APPLY)
        return driver->measure_ops;
    return a ? a->ops : NULL;
}

enum evac_code aws_allow(struct aws_call *c, const struct evac_aws_request *request,
                         struct evac_err *err)
{
    for (const struct evac_op *op = c->ops; op && op->service; op++)
        if (strcmp(op->service, request->service) == 0 &&
            strcmp(op->operation, request->operation) == 0) {
            c->asked = op;
            return EVAC_OK;
        }
    return evac_fail(err, EVAC_E_REFUSED, "%s %s is not sent: the table of %s%s%s does not name it",
                     request->service, request->operation, c->driver ? c->driver->name : "?",
                     c->action[0] ? "." : "", c->action);
}

/* --- refused ---------------------------------------------------------------------------------- */

bool aws_is_denied(const struct evac_aws_reply *reply)
{
    static const char *const codes[] = { "AccessDenied",       "AccessDeniedException",
                                         "AuthorizationError", "UnauthorizedOperation",
                                         "NotAuthorized",      NULL };
    size_t i = 0;
    while (codes[i] && !evac_str_is(reply->code, codes[i]))
        i++;
    return codes[i] || (reply->status == 403 && reply->code.n == 0 &&
                        evac_str_has(reply->message, "not authorized to"));
}

/* What follows word, up to the next blank, without quotes; "" when it does not occur. */
static struct evac_str word_after(struct evac_str text, const char *word)
{
    size_t n = strlen(word);
    struct evac_str rest;
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, word, n) == 0) {
            struct evac_str found =
                evac_str_cut((struct evac_str){ text.p + i + n, text.n - i - n }, ' ', &rest);
            if (found.n > 1 && found.p[0] == '"')
                found = evac_str_cut((struct evac_str){ found.p + 1, found.n - 1 }, '"', &rest);
            return found;
        }
    return EVAC_STR_NONE;
}

/* Some services say no more than "Access Denied": then the table knows which right it is about. */
struct evac_str aws_say_denied(struct aws_call *c, const struct evac_aws_reply *reply)
{
    struct evac_str action = word_after(reply->message, "authorized to perform: ");
    struct evac_str resource = word_after(reply->message, "on resource: ");
    if (!action.n && c->asked)
        action = evac_str(c->asked->iam);
    const char *why = evac_str_has(reply->message, "explicit deny") ? "a policy denies it"
                                                                    : "no policy allows it";
    return aws_printf(c, "not allowed: %.*s%s%.*s: %s (%.*s); evac iam %.*s prints the policy",
                      EVAC_STR_ARG(action), resource.n ? " on " : "", EVAC_STR_ARG(resource), why,
                      EVAC_STR_ARG(reply->code), EVAC_STR_ARG(c->app));
}

struct evac_str aws_with_denied(struct aws_call *c, const struct evac_reply *reply)
{
    bool looks = c->verb != EVAC_VERB_APPLY && c->verb != EVAC_VERB_MARK;
    bool without =
        looks ? reply->seen != EVAC_SEEN_UNSEEN : reply->outcome == EVAC_OUTCOME_ACCEPTED;
    if (!c->denied.n)
        return reply->reason;
    if (!without || !reply->reason.n)
        return c->denied;
    return aws_printf(c, "%.*s; %.*s", EVAC_STR_ARG(reply->reason), EVAC_STR_ARG(c->denied));
}
