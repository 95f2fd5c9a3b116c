#include "problem.h"

#include "jw.h"

#include <stdio.h>

#define TYPE_PREFIX "/v1/problems/"

static const struct evac_problem_row rows[] = {
#define X(kind, name, status, title, doc) { name, title, doc, status },
    EVAC_PROBLEMS(X)
#undef X
};

const struct evac_problem_row *evac_problem_row(enum evac_problem problem)
{
    return &rows[problem];
}

bool evac_problem_parse(struct evac_str name, enum evac_problem *ret_problem)
{
    for (unsigned i = 0; i < EVAC_PROBLEM_COUNT; i++)
        if (evac_str_is(name, rows[i].name)) {
            *ret_problem = (enum evac_problem)i;
            return true;
        }
    return false;
}

static const struct {
    enum evac_code code;
    enum evac_problem problem;
} by_code[] = {
    { EVAC_E_NOTFOUND, EVAC_PROBLEM_NOT_FOUND },
    { EVAC_E_BADARG, EVAC_PROBLEM_BAD_REQUEST },
    { EVAC_E_PARSE, EVAC_PROBLEM_BAD_REQUEST },
    { EVAC_E_REFUSED, EVAC_PROBLEM_REFUSED },
    { EVAC_E_FORBIDDEN, EVAC_PROBLEM_FORBIDDEN },
    { EVAC_E_EXISTS, EVAC_PROBLEM_REFUSED },
    { EVAC_E_BUSY, EVAC_PROBLEM_BUSY },
    { EVAC_E_BADCONF, EVAC_PROBLEM_MISCONFIGURED },
    { EVAC_E_CYCLE, EVAC_PROBLEM_MISCONFIGURED },
    { EVAC_E_UNSUPPORTED, EVAC_PROBLEM_MISCONFIGURED },
    { EVAC_E_STALE, EVAC_PROBLEM_STALE },
    { EVAC_E_TOOBIG, EVAC_PROBLEM_TOO_LARGE },
    { EVAC_E_STORE, EVAC_PROBLEM_IN_TROUBLE },
    { EVAC_E_AUTH, EVAC_PROBLEM_UNAUTHENTICATED },
    { EVAC_E_NOLEAD, EVAC_PROBLEM_NOT_LEADING },
};

static enum evac_problem problem_of(enum evac_code code)
{
    for (size_t i = 0; i < sizeof by_code / sizeof by_code[0]; i++)
        if (by_code[i].code == code)
            return by_code[i].problem;
    return EVAC_PROBLEM_INTERNAL;
}

static void put_errors(const struct evac_diag *diag, struct evac_jw *w)
{
    evac_jw_open(w, "errors", '[');
    for (const struct evac_diag_item *item = diag->first; item; item = item->next) {
        evac_jw_open(w, NULL, '{');
        evac_jw_cstr(w, "severity", item->severity == EVAC_DIAG_ERROR ? "error" : "warning");
        evac_jw_cstr(w, "file", item->place.file);
        evac_jw_i64(w, "line", item->place.line);
        evac_jw_str(w, "text", item->text);
        evac_jw_close(w, '}');
    }
    evac_jw_close(w, ']');
}

static void put(struct evac_api_response *r, enum evac_problem problem, struct evac_str detail,
                const struct evac_diag *diag)
{
    const struct evac_problem_row *row = &rows[problem];
    struct evac_jw w = { &r->body, false };
    evac_buf_reset(&r->body);
    if (problem == EVAC_PROBLEM_FORBIDDEN)
        snprintf(r->forbidden, sizeof r->forbidden, "%.*s", EVAC_STR_ARG(detail));
    r->status = row->status;
    r->content_type = "application/problem+json";
    evac_buf_puts(&r->body, "{\"type\":\"" TYPE_PREFIX);
    evac_buf_puts(&r->body, row->name);
    evac_buf_putc(&r->body, '"');
    w.comma = true;
    evac_jw_cstr(&w, "title", row->title);
    evac_jw_i64(&w, "status", row->status);
    evac_jw_str(&w, "detail", detail);
    if (r->instance.n)
        evac_jw_str(&w, "instance", r->instance);
    if (diag)
        put_errors(diag, &w);
    evac_jw_close(&w, '}');
}

void evac_problem(struct evac_api_response *r, enum evac_problem problem, const char *detail)
{
    put(r, problem, evac_str(detail), NULL);
}

void evac_problemf(struct evac_api_response *r, enum evac_problem problem, const char *fmt, ...)
{
    struct evac_buf text;
    va_list ap;
    evac_buf_init(&text, 4096);
    va_start(ap, fmt);
    evac_buf_putv(&text, fmt, ap);
    va_end(ap);
    put(r, problem, evac_buf_str(&text), NULL);
    evac_buf_done(&text);
}

void evac_problem_err(struct evac_api_response *r, const struct evac_err *err)
{
    put(r, problem_of(err->code), evac_str(err->text), NULL);
}

/* What a person reads first: each error with its place, or the one sentence if there is no more. */
void evac_problem_diag(struct evac_api_response *r, const struct evac_err *err,
                       const struct evac_diag *diag)
{
    struct evac_buf text;
    evac_buf_init(&text, 65536);
    evac_diag_print(diag, &text);
    put(r, problem_of(err->code), text.n ? evac_buf_str(&text) : evac_str(err->text), diag);
    evac_buf_done(&text);
}
