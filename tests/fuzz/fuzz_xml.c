/* The reader of AWS's XML: a tree within its limits, and one that is the same when it is written
 * and read again. */
#include "aws_xml.h"
#include "evac/buf.h"
#include "fuzz.h"

/* Behind a prefix, since a name may begin with what only there a name may begin with. */
static void put(const struct evac_xml *xml, struct evac_buf *out)
{
    evac_buf_putf(out, "<p:%.*s>", EVAC_STR_ARG(xml->name));
    evac_buf_xml(out, xml->text);
    for (const struct evac_xml *x = xml->first; x; x = x->next)
        put(x, out);
    evac_buf_putf(out, "</p:%.*s>", EVAC_STR_ARG(xml->name));
}

static unsigned same(const struct evac_xml *a, const struct evac_xml *b, unsigned depth)
{
    unsigned nodes = 0;
    MUST(!a || depth <= 64);
    for (; a && b; a = a->next, b = b->next) {
        MUST(evac_str_eq(a->name, b->name) && a->name.n > 0);
        MUST(evac_str_eq(a->text, b->text));
        nodes += 1 + same(a->first, b->first, depth + 1);
    }
    MUST(!a && !b);
    return nodes;
}

/* A carriage return becomes a newline when it is read: one that was written as a reference does not
 * come back. */
static bool has_return(const struct evac_xml *xml)
{
    for (; xml; xml = xml->next)
        if (evac_str_has(xml->text, "\r") || has_return(xml->first))
            return true;
    return false;
}

/* In another encoding more letters are names for expat than in UTF-8. */
static bool is_foreign(struct evac_str text)
{
    return !evac_utf8_is_good(text) || evac_str_has(text, "encoding");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evac_arena *arena = evac_arena_new();
    const struct evac_xml *xml = NULL, *again = NULL;
    struct evac_err err = { EVAC_OK, "" };
    struct evac_buf text;
    evac_buf_init(&text, 1u << 22);
    if (evac_xml_parse((struct evac_str){ (const char *)data, size }, arena, &xml, &err)) {
        MUST(err.text[0]);
    } else if (!has_return(xml) && !is_foreign((struct evac_str){ (const char *)data, size })) {
        put(xml, &text);
        MUST(text.failed || evac_xml_parse(evac_buf_str(&text), arena, &again, &err) == EVAC_OK);
        MUST(text.failed || same(xml, again, 1) <= 200000);
        for (const struct evac_xml *x = xml->first; x; x = x->next)
            MUST(evac_str_has(x->name, "/") ||
                 evac_xml_path(xml, evac_arena_str(arena, x->name).p));
    }
    evac_buf_done(&text);
    evac_arena_free(arena);
    return 0;
}
