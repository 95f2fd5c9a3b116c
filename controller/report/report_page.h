/* What the pages share: their head, and small charts. No script, no request; every chart has its
 * numbers in words. */
#ifndef EVAC_REPORT_PAGE_H
#define EVAC_REPORT_PAGE_H

#include "evac/buf.h"

#include <stdint.h>

/* From <!doctype> into <main>; header is what a printed page says on top. Both are escaped. */
void page_begin(struct evac_buf *out, struct evac_str title, struct evac_str header);
void page_end(struct evac_buf *out);

void page_text(struct evac_buf *out, struct evac_str s);
/* <td>, with class n where numeric. */
void page_cell(struct evac_buf *out, struct evac_str s);
void page_code(struct evac_buf *out, struct evac_str s); /* <td><code> */

/* A column of a small bar chart. */
struct page_bar {
    char label[24]; /* below it */
    char value[24]; /* above it */
    bool known, good;
    int64_t height;
};
/* Bars beside each other, in time's order, with the objective as a line; 0: none. what ends the
 * chart's name: "RTO". */
void page_bars(struct evac_buf *out, const char *what, const struct page_bar *bars, size_t count,
               int64_t objective, const char *objective_text);
#endif
