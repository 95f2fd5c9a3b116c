#include "evac/err.h"

#include "evac/str.h"
#include "format.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum evac_code evac_fail(struct evac_err *err, enum evac_code code, const char *fmt, ...)
{
    if (!err)
        return code;

    va_list ap;
    va_start(ap, fmt);
    err->code = code;
    (void)evac_vformat(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    return code;
}

enum evac_code evac_err_prefix(struct evac_err *err, const char *fmt, ...)
{
    if (!err)
        return EVAC_OK;

    char inner[sizeof err->text];
    memcpy(inner, err->text, sizeof inner);

    va_list ap;
    va_start(ap, fmt);
    int used = evac_vformat(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    if (used < 0 || (size_t)used + 3 > sizeof err->text)
        return err->code;
    size_t room = sizeof err->text - (size_t)used;
    (void)evac_str_copy(err->text + used, room, EVAC_STR(": "));
    (void)evac_str_copy(err->text + used + 2, room - 2, evac_str(inner));
    return err->code;
}

static const struct {
    const char *name, *text;
} codes[EVAC_CODE_COUNT] = { { "OK", "all is well" },
#define X(name, text) [EVAC_E_##name] = { #name, text },
                             EVAC_CODES(X)
#undef X
};

const char *evac_code_name(enum evac_code code)
{
    return (unsigned)code < EVAC_CODE_COUNT ? codes[code].name : "UNKNOWN";
}

const char *evac_code_text(enum evac_code code)
{
    return (unsigned)code < EVAC_CODE_COUNT ? codes[code].text : "an unknown code";
}
