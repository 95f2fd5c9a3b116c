/* What the API's handlers share: reading what was asked, answering it. */
#ifndef EVAC_API_CALL_H
#define EVAC_API_CALL_H

#include "jw.h"
#include "problem.h"
#include "route.h"

/* Of the body: "", 0, false when it is not there. */
struct evac_str api_text(const struct api_call *call, const char *field);
int64_t api_number(const struct api_call *call, const char *field);
bool api_has(const struct api_call *call, const char *field);
bool api_true(const struct api_call *call, const char *field);

/* Of the query, decoded into buf; numbers were looked at before. */
struct evac_str api_query(const struct api_call *call, const char *name, char *buf, size_t bytes);
int64_t api_query_number(const struct api_call *call, const char *name, int64_t fallback);
bool api_query_is(const struct api_call *call, const char *name, const char *value);

/* Writes to the response's body. */
struct evac_jw api_writer(struct api_call *call);
void api_fail(struct api_call *call, const struct evac_err *err);
/* The form of the answer, of those that the route has: what ?format= says, else what the header
 * Accept likes best. "json", "text", "html"; NULL: answered, there is none that is wanted. */
const char *api_format(struct api_call *call);

/* --- lists, a page at a time ---------------------------------------------------------------------
 */

/* What is asked for: at most so many, behind that number (0: from the start). */
struct api_page {
    uint64_t limit, after;
};
struct api_page api_page_of(const struct api_call *call, uint64_t fallback, uint64_t most);
/* There are more: the header Link says where, with the same query but for the cursor. */
void api_more(struct api_call *call, uint64_t after);

/* A list that is counted through: ask before each item whether it is of this page, and say at the
 * end whether there are more. */
struct api_pager {
    struct api_page page;
    uint64_t seen, shown;
    bool more;
};
struct api_pager api_pager_of(const struct api_call *call, uint64_t fallback, uint64_t most);
bool api_pager_takes(struct api_pager *pager);
void api_pager_end(struct api_call *call, const struct api_pager *pager);

/* --- what paths name -----------------------------------------------------------------------------
 */

/* The app in the path; false: there is none, and that was answered. */
bool api_app(struct api_call *call, size_t *ret_app);
bool api_run(struct api_call *call, uint64_t *ret_run);
const struct evac_engine *api_engine(const struct api_call *call);
struct evac_now api_now(const struct api_call *call);
void api_no_app(struct api_call *call, struct evac_str name);
#endif
