#include "mapping.h"

#include "conf_read.h"
#include "evac/arena.h"
#include "jw.h"
#include "report_page.h"

/* --- the format ------------------------------------------------------------------------------- */

#define AT(field)      .offset = offsetof(S, field), .bytes = sizeof(((S *)0)->field)
#define COUNTED(field) .count_offset = offsetof(S, field)
#define UP_TO(high)    .min = 0, .max = (high)
#define END                                                                                        \
    {                                                                                              \
        .path = NULL                                                                               \
    }

/* What `parts` may name: what a reader finds under that word in a report, a trend or a bundle. */
static const char *const parts[] = { "report",   "trend", "criteria",     "rto",    "rpo",  "steps",
                                     "timeline", "said",  "deficiencies", "limits", "plan", NULL };

/* clang-format off */
#define S struct evac_requirement
static const struct conf_row requirement_rows[] = {
    { "ref", CONF_TEXT, CONF_REQUIRED, AT(ref), .doc = "Where it stands" },
    { "asks", CONF_TEXT, CONF_REQUIRED, AT(asks), .doc = "What it asks for, in our words" },
    { "supports", CONF_TEXT, CONF_REQUIRED, AT(supports), .doc = "What the evidence shows of it" },
    { "parts", CONF_TEXT, CONF_LIST, AT(parts), COUNTED(part_count), UP_TO(20), .choices = parts, .doc = "Where in the evidence" },
    { "open", CONF_TEXT, CONF_REQUIRED, AT(open), .doc = "What the evidence does not show" },
    END
};
static const struct conf_section requirement_section = { "requirement", .rows = requirement_rows, .bytes = sizeof(S), .name_offset = offsetof(S, ref) };
#undef S

#define S struct evac_framework
static const struct conf_row framework_rows[] = {
    { "name", CONF_TEXT, CONF_REQUIRED, AT(name), .doc = "What it is called" },
    { "title", CONF_TEXT, CONF_REQUIRED, AT(title), .doc = "Which text and edition" },
    { "source", CONF_URL, CONF_REQUIRED, AT(source), .doc = "Where it is published" },
    { "requirements", CONF_SECTION, CONF_LIST, AT(requirements), COUNTED(requirement_count), UP_TO(100), .section = &requirement_section, .doc = "Of it" },
    END
};
static const struct conf_section framework_section = { "framework", .rows = framework_rows, .bytes = sizeof(S), .name_offset = offsetof(S, name) };
#undef S

#define S struct evac_mapping
static const struct conf_row mapping_rows[] = {
    { "date", CONF_TEXT, CONF_REQUIRED, AT(date), .doc = "The state of the sources" },
    { "frameworks", CONF_SECTION, CONF_LIST, AT(frameworks), COUNTED(framework_count), UP_TO(100), .section = &framework_section, .doc = "All of them" },
    END
};
static const struct conf_section mapping_section = { "mapping", .rows = mapping_rows, .bytes = sizeof(S), .name_offset = CONF_NOWHERE };
#undef S
/* clang-format on */

enum evac_code evac_mapping_load(struct evac_arena *arena, struct evac_mapping *ret,
                                 struct evac_err *err)
{
    struct evac_diag diag = { .arena = arena };
    struct conf_reader r = { .arena = arena, .diag = &diag, .file = evac_builtin_mappings[0].name };
    config_t config;
    *ret = (struct evac_mapping){ .date = EVAC_STR_NONE };
    if (conf_parse_text(&r, evac_builtin_mappings[0].text, &config))
        conf_read_section(&r, &mapping_section, config_root_setting(&config), ret);
    config_destroy(&config);
    if (diag.errors == 0)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADCONF, "%s:%d: %.*s", diag.first->place.file,
                     diag.first->place.line, EVAC_STR_ARG(diag.first->text));
}

/* --- as JSON and as a page -------------------------------------------------------------------- */

#define CAVEAT                                                                                     \
    "What the evidence in this bundle supports of each requirement, in our own words, and what "   \
    "it "                                                                                          \
    "leaves open. It is a help for finding things, not a statement that anybody complies."

static void put_requirement(const struct evac_requirement *q, struct evac_jw *w)
{
    evac_jw_open(w, NULL, '{');
    evac_jw_str(w, "ref", q->ref);
    evac_jw_str(w, "asks", q->asks);
    evac_jw_str(w, "supports", q->supports);
    evac_jw_open(w, "parts", '[');
    for (size_t i = 0; i < q->part_count; i++)
        evac_jw_str(w, NULL, q->parts[i]);
    evac_jw_close(w, ']');
    evac_jw_str(w, "open", q->open);
    evac_jw_close(w, '}');
}

void evac_mapping_json(const struct evac_mapping *m, struct evac_buf *out)
{
    struct evac_jw w = { out, false };
    evac_jw_open(&w, NULL, '{');
    evac_jw_str(&w, "date", m->date);
    evac_jw_cstr(&w, "note", CAVEAT);
    evac_jw_open(&w, "frameworks", '[');
    for (size_t i = 0; i < m->framework_count; i++) {
        const struct evac_framework *f = &m->frameworks[i];
        evac_jw_open(&w, NULL, '{');
        evac_jw_str(&w, "name", f->name);
        evac_jw_str(&w, "title", f->title);
        evac_jw_str(&w, "source", f->source);
        evac_jw_open(&w, "requirements", '[');
        for (size_t k = 0; k < f->requirement_count; k++)
            put_requirement(&f->requirements[k], &w);
        evac_jw_close(&w, ']');
        evac_jw_close(&w, '}');
    }
    evac_jw_close(&w, ']');
    evac_jw_close(&w, '}');
}

static void put_framework(const struct evac_framework *f, struct evac_buf *out)
{
    evac_buf_puts(out, "<h2>");
    page_text(out, f->name);
    evac_buf_puts(out, "</h2><p class=sub>");
    page_text(out, f->title);
    evac_buf_puts(
        out,
        "</p><div class=wide tabindex=0><table><thead><tr><th scope=col>requirement<th scope=col>"
        "asks, in our words<th scope=col>the evidence supports<th scope=col>where<th "
        "scope=col>leaves open</thead><tbody>");
    for (size_t k = 0; k < f->requirement_count; k++) {
        const struct evac_requirement *q = &f->requirements[k];
        evac_buf_puts(out, "<tr><th scope=row>");
        page_text(out, q->ref);
        page_cell(out, q->asks);
        page_cell(out, q->supports);
        evac_buf_puts(out, "<td>");
        for (size_t i = 0; i < q->part_count; i++) {
            evac_buf_puts(out, i ? ", " : "");
            page_text(out, q->parts[i]);
        }
        page_cell(out, q->open);
    }
    evac_buf_puts(out, "</tbody></table></div>");
}

void evac_mapping_html(const struct evac_mapping *m, struct evac_buf *out)
{
    page_begin(out, EVAC_STR("Requirements and evidence"),
               EVAC_STR("Requirements and evidence: what supports what"));
    evac_buf_puts(out, "<h1>Requirements and evidence</h1><p class=sub>" CAVEAT " State of the "
                       "sources: ");
    page_text(out, m->date);
    evac_buf_puts(out, ".</p>");
    for (size_t i = 0; i < m->framework_count; i++)
        put_framework(&m->frameworks[i], out);
    page_end(out);
}
