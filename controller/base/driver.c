#include "evac/driver.h"

#include <string.h>
#include <strings.h>

#define X(name, text) text,
static const char *const verb_names[] = { EVAC_VERBS(X) };
static const char *const seen_names[] = { EVAC_SEEN(X) };
static const char *const outcome_names[] = { EVAC_OUTCOMES(X) };
static const char *const fencing_names[] = { EVAC_FENCINGS(X) };
#undef X

const char *evac_verb_name(enum evac_verb verb)
{
    return (unsigned)verb < EVAC_VERB_COUNT ? verb_names[verb] : "?";
}

const char *evac_seen_name(enum evac_seen seen)
{
    return (unsigned)seen < EVAC_SEEN_COUNT ? seen_names[seen] : "?";
}

const char *evac_outcome_name(enum evac_outcome outcome)
{
    return (unsigned)outcome < EVAC_OUTCOME_COUNT ? outcome_names[outcome] : "?";
}

const char *evac_fencing_name(enum evac_fencing fencing)
{
    return (unsigned)fencing < EVAC_FENCING_COUNT ? fencing_names[fencing] : "?";
}

const struct evac_action *evac_driver_action(const struct evac_driver *driver, struct evac_str name)
{
    for (const struct evac_action *a = driver->actions; a && a->name; a++)
        if (evac_str_is(name, a->name))
            return a;
    return NULL;
}

static enum evac_code check_action(const struct evac_driver *driver,
                                   const struct evac_action *action, struct evac_err *err)
{
    if (action->deadline_ms == 0)
        return evac_fail(err, EVAC_E_BADDRIVER, "action '%s.%s' has no default deadline",
                         driver->name, action->name);
    if ((action->flags & EVAC_ACTION_REVERSIBLE) && !(action->flags & EVAC_ACTION_MUTATES))
        return evac_fail(err, EVAC_E_BADDRIVER,
                         "action '%s.%s' changes nothing, so it can not be reversible",
                         driver->name, action->name);
    if ((action->flags & EVAC_ACTION_LOSSY) && !(action->flags & EVAC_ACTION_PROMOTES))
        return evac_fail(err, EVAC_E_BADDRIVER, "action '%s.%s' may lose data but promotes none",
                         driver->name, action->name);
    if ((action->flags & EVAC_ACTION_WAITS) && !(action->flags & EVAC_ACTION_LOSSY))
        return evac_fail(err, EVAC_E_BADDRIVER, "action '%s.%s' waits for what could not be lost",
                         driver->name, action->name);
    return EVAC_OK;
}

/* The controller's own arguments would hide a parameter of the same name. */
static enum evac_code check_params(const struct evac_driver *driver, struct evac_err *err)
{
    static const char *const reserved[] = { "app",    "fenced", "fenced_now", "from", "mode",
                                            "region", "run",    "to",         "want", "witness" };
    for (const struct evac_param *p = driver->params; p && p->name; p++)
        for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
            if (p->name[0] == reserved[i][0] && strcmp(p->name, reserved[i]) == 0)
                return evac_fail(err, EVAC_E_BADDRIVER,
                                 "driver '%s': the parameter name '%s' is the controller's own",
                                 driver->name, p->name);
    return EVAC_OK;
}

enum evac_code evac_pack_check(const struct evac_pack *pack, struct evac_err *err)
{
    if (pack->abi != EVAC_DRIVER_ABI)
        return evac_fail(err, EVAC_E_BADDRIVER,
                         "driver pack '%s' speaks ABI %u, this controller %u", pack->name,
                         (unsigned)pack->abi, EVAC_DRIVER_ABI);

    for (const struct evac_driver *const *d = pack->drivers; *d; d++) {
        if (!(*d)->call || !(*d)->actions)
            return evac_fail(err, EVAC_E_BADDRIVER, "driver '%s' has no call or no actions",
                             (*d)->name);
        enum evac_code code = check_params(*d, err);
        for (const struct evac_action *a = (*d)->actions; !code && a->name; a++)
            code = check_action(*d, a, err);
        if (code)
            return code;
    }
    return EVAC_OK;
}

struct evac_str evac_http_header(const struct evac_http_reply *reply, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < reply->header_count; i++)
        if (reply->headers[i].name.n == n && strncasecmp(reply->headers[i].name.p, name, n) == 0)
            return reply->headers[i].value;
    return EVAC_STR_NONE;
}
