#include "report_page.h"

#include "builtin_pages.h"

void page_text(struct evac_buf *out, struct evac_str s)
{
    evac_buf_xml(out, s);
}

void page_cell(struct evac_buf *out, struct evac_str s)
{
    evac_buf_puts(out, "<td>");
    page_text(out, s);
}

void page_code(struct evac_buf *out, struct evac_str s)
{
    evac_buf_puts(out, "<td><code>");
    page_text(out, s);
    evac_buf_puts(out, "</code>");
}

/* Within a quoted text of a style: the characters that could end it become blanks. */
static void put_css_text(struct evac_buf *out, struct evac_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '\x7f';
        evac_buf_putc(out, plain ? s.p[i] : ' ');
    }
}

void page_begin(struct evac_buf *out, struct evac_str title, struct evac_str header)
{
    evac_buf_puts(out, "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport "
                       "content='width=device-width,initial-scale=1'><meta "
                       "http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src "
                       "'unsafe-inline'\"><title>");
    page_text(out, title);
    evac_buf_puts(out, "</title><style>");
    evac_buf_put_str(out, evac_builtin_pages[0].text);
    evac_buf_puts(out, "@page{@top-left{content:\"");
    put_css_text(out, header);
    evac_buf_puts(out, "\";font:9pt system-ui,sans-serif;color:#566272}}"
                       "</style></head><body><main>");
}

void page_end(struct evac_buf *out)
{
    evac_buf_puts(out, "</main></body></html>\n");
}

/* --- bars ------------------------------------------------------------------------------------- */

#define CHART_W   480
#define CHART_H   150
#define CHART_TOP 26
#define CHART_LOW 124 /* the bars' foot */

static int64_t highest(const struct page_bar *bars, size_t count, int64_t objective)
{
    int64_t top = objective > 1 ? objective : 1;
    for (size_t i = 0; i < count; i++)
        if (bars[i].known && bars[i].height > top)
            top = bars[i].height;
    return top;
}

static double y_of(int64_t value, int64_t top)
{
    return CHART_LOW - (double)value / (double)top * (CHART_LOW - CHART_TOP);
}

static void put_bar(struct evac_buf *out, const struct page_bar *b, double x, double width,
                    int64_t top)
{
    double y = b->known ? y_of(b->height, top) : CHART_LOW - 14, h = CHART_LOW - y;
    evac_buf_putf(out,
                  "<rect class=%s x=%.1f y=%.1f width=%.1f height=%.1f rx=2 />"
                  "<text x=%.1f y=%.1f text-anchor=middle>",
                  !b->known ? "none"
                  : b->good ? "bar"
                            : "fail",
                  x, h < 2 ? CHART_LOW - 2 : y, width, h < 2 ? 2.0 : h, x + width / 2, y - 5);
    page_text(out, evac_str(b->value));
    evac_buf_putf(out, "</text><text class=dim x=%.1f y=%d text-anchor=middle>", x + width / 2,
                  CHART_LOW + 17);
    page_text(out, evac_str(b->label));
    evac_buf_puts(out, "</text>");
}

void page_bars(struct evac_buf *out, const char *what, const struct page_bar *bars, size_t count,
               int64_t objective, const char *objective_text)
{
    int64_t top = highest(bars, count, objective);
    double slot = (double)(CHART_W - 10) / (double)(count < 4 ? 4 : count);
    evac_buf_putf(out, "<figure><figcaption>%s%s%s</figcaption><svg viewBox='0 0 %d %d' role=img ",
                  what, objective ? ", dashed: the objective, " : "",
                  objective ? objective_text : "", CHART_W, CHART_H);
    evac_buf_putf(out, "aria-label='%s, run by run: ", what);
    for (size_t i = 0; i < count; i++) {
        evac_buf_puts(out, i ? "; " : "");
        page_text(out, evac_str(bars[i].label));
        evac_buf_putc(out, ' ');
        page_text(out, evac_str(bars[i].value));
    }
    evac_buf_putf(out, "'><line x1=0 x2=%d y1=%d y2=%d />", CHART_W, CHART_LOW, CHART_LOW);
    for (size_t i = 0; i < count; i++)
        put_bar(out, &bars[i], 8 + (double)i * slot, slot * 0.7, top);
    if (objective)
        evac_buf_putf(out, "<line class=goal x1=0 x2=%d y1=%.1f y2=%.1f />", CHART_W,
                      y_of(objective, top), y_of(objective, top));
    evac_buf_puts(out, "</svg></figure>");
}
