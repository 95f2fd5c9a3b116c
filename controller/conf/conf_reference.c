/* The schema as Markdown. */
#include "conf.h"

#include "conf_read.h"

/* A cell: the pipe is the table's own. */
static void put_cell(struct evac_str text, struct evac_buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '|')
            evac_buf_putc(out, '\\');
        evac_buf_putc(out, text.p[i]);
    }
    evac_buf_puts(out, " | ");
}

static void put_default(const struct conf_row *row, struct evac_buf *out)
{
    if (row->flags & CONF_REQUIRED)
        put_cell(EVAC_STR("**required**"), out);
    else if (row->fallback)
        evac_buf_putf(out, "`%s` | ", row->fallback);
    else
        put_cell(evac_str(row->otherwise), out);
}

static void put_row(const struct conf_row *row, struct evac_buf *out)
{
    struct evac_buf allowed;
    evac_buf_init(&allowed, 4096);
    conf_allowed(row, &allowed);
    evac_buf_putf(out, "| `%s` | ", row->path);
    put_cell(evac_buf_str(&allowed), out);
    put_default(row, out);
    evac_buf_putf(out, "%s |\n", row->doc);
    evac_buf_done(&allowed);
}

void evac_conf_reference(struct evac_buf *out)
{
    for (size_t i = 0; conf_sections[i]; i++) {
        const struct conf_section *section = conf_sections[i];
        evac_buf_putf(out, "%s### `%s`\n\n%s\n\n", i ? "\n" : "", section->title, section->doc);
        evac_buf_puts(out, "| setting | allowed | default | what it is |\n|---|---|---|---|\n");
        for (const struct conf_row *row = section->rows; row->path; row++)
            put_row(row, out);
    }
}
