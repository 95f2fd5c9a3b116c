#include "aws_xml.h"

#include "aws_xml_internal.h"
#include "aws_xml_plain.h"
#include "evac/buf.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One open element. Its text grows in a buffer that the next element of that depth uses again. */
struct frame {
    struct evac_xml *node;
    struct evac_xml *last;
    struct evac_buf text;
};

struct reader {
    XML_Parser parser;
    struct evac_arena *arena;
    struct evac_xml *root;
    struct frame frames[XML_MAX_DEPTH];
    size_t depth;
    size_t nodes;
    const char *refused; /* why the reader stopped, NULL if it did not */
    enum evac_code code;
};

static void refuse(struct reader *r, enum evac_code code, const char *why)
{
    if (r->refused)
        return;
    r->refused = why;
    r->code = code;
    (void)XML_StopParser(r->parser, XML_FALSE);
}

static struct evac_str local_name(const char *name)
{
    const char *colon = strrchr(name, ':');
    return evac_str(colon ? colon + 1 : name);
}

static void link_node(struct reader *r, struct evac_xml *node)
{
    if (r->depth == 0) {
        r->root = node;
        return;
    }
    struct frame *parent = &r->frames[r->depth - 1];
    if (parent->last)
        parent->last->next = node;
    else
        parent->node->first = node;
    parent->last = node;
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *r = user;
    (void)attributes;
    if (r->refused)
        return;
    if (r->depth == XML_MAX_DEPTH) {
        refuse(r, EVAC_E_TOOBIG, "elements nest deeper than the 64 allowed");
        return;
    }
    if (++r->nodes > XML_MAX_NODES) {
        refuse(r, EVAC_E_TOOBIG, "there are more than the 200000 elements allowed");
        return;
    }
    struct evac_str local = local_name(name);
    if (local.n == 0) {
        refuse(r, EVAC_E_PARSE, "an element has a prefix and no name");
        return;
    }
    struct evac_xml *node = evac_arena_alloc(r->arena, sizeof *node);
    node->name = evac_arena_str(r->arena, local);
    link_node(r, node);

    struct frame *frame = &r->frames[r->depth++];
    frame->node = node;
    frame->last = NULL;
    evac_buf_reset(&frame->text);
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    struct reader *r = user;
    (void)name;
    if (r->refused || r->depth == 0)
        return;
    struct frame *frame = &r->frames[--r->depth];
    frame->node->text = evac_arena_str(r->arena, evac_buf_str(&frame->text));
}

static void XMLCALL on_text(void *user, const XML_Char *text, int bytes)
{
    struct reader *r = user;
    if (!r->refused && r->depth > 0)
        evac_buf_put(&r->frames[r->depth - 1].text, text, (size_t)bytes);
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *sysid,
                               const XML_Char *pubid, int has_internal)
{
    (void)name, (void)sysid, (void)pubid, (void)has_internal;
    refuse(user, EVAC_E_PARSE, "a document type declaration is not allowed");
}

static void XMLCALL on_entity(void *user, const XML_Char *name, int is_parameter,
                              const XML_Char *value, int value_bytes, const XML_Char *base,
                              const XML_Char *sysid, const XML_Char *pubid,
                              const XML_Char *notation)
{
    (void)name, (void)is_parameter, (void)value, (void)value_bytes, (void)base;
    (void)sysid, (void)pubid, (void)notation;
    refuse(user, EVAC_E_PARSE, "an entity declaration is not allowed");
}

static enum evac_code parse_error(const struct reader *r, struct evac_err *err)
{
    const char *why = r->refused;
    enum evac_code code = why ? r->code : EVAC_E_PARSE;
    if (!why)
        why = XML_ErrorString(XML_GetErrorCode(r->parser));
    return evac_fail(err, code, "XML, line %lu, column %lu: %s",
                     (unsigned long)XML_GetCurrentLineNumber(r->parser),
                     (unsigned long)XML_GetCurrentColumnNumber(r->parser) + 1, why);
}

/* What keeps expat's tables from being filled by names that were made to collide. Drawn once a
 * process: expat would ask the system for another one with each reply. */
static unsigned long salt(void)
{
    static _Atomic unsigned long drawn;
    unsigned long one = drawn;
    if (one == 0 && getentropy(&one, sizeof one) == 0)
        drawn = one;
    return one; /* 0: expat draws its own */
}

static enum evac_code run(struct reader *r, struct evac_str text, struct evac_err *err)
{
    (void)XML_SetHashSalt(r->parser, salt());
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    XML_SetEntityDeclHandler(r->parser, on_entity);
    /* The copy is the caller's ceiling: at most XML_MAX_BYTES, so it fits an int. */
    enum XML_Status status = XML_Parse(r->parser, text.n ? text.p : "", (int)text.n, XML_TRUE);
    if (status != XML_STATUS_OK || r->refused || !r->root)
        return parse_error(r, err);
    return EVAC_OK;
}

static enum evac_code parse_any(struct evac_str text, struct evac_arena *arena,
                                const struct evac_xml **ret_root, struct evac_err *err)
{
    if (text.n && memchr(text.p, '\0', text.n)) /* UTF-16 has them, and expat would guess it */
        return evac_fail(err, EVAC_E_PARSE, "XML with a zero byte: AWS answers in UTF-8");

    struct reader *r = evac_arena_alloc(arena, sizeof *r);
    r->arena = arena;
    /* by our own door to memory, as everything else: what counts or limits it sees expat, too */
    const XML_Memory_Handling_Suite memory = { malloc, realloc, free };
    r->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    if (!r->parser)
        return evac_fail(err, EVAC_E_IO, "the XML reader could not be made");
    for (size_t i = 0; i < XML_MAX_DEPTH; i++)
        evac_buf_init(&r->frames[i].text, XML_MAX_BYTES);

    enum evac_code code = run(r, text, err);
    if (code == EVAC_OK)
        *ret_root = r->root;
    for (size_t i = 0; i < XML_MAX_DEPTH; i++)
        evac_buf_done(&r->frames[i].text);
    XML_ParserFree(r->parser);
    return code;
}

enum evac_code evac_xml_parse(struct evac_str text, struct evac_arena *arena,
                              const struct evac_xml **ret_root, struct evac_err *err)
{
    if (text.n > XML_MAX_BYTES)
        return evac_fail(err, EVAC_E_TOOBIG, "XML of %zu bytes is larger than the %u allowed",
                         text.n, XML_MAX_BYTES);
    const struct evac_xml *plain = evac_xml_plain(text, arena);
    if (!plain)
        return parse_any(text, arena, ret_root, err);
    *ret_root = plain;
    return EVAC_OK;
}

static const struct evac_xml *named(const struct evac_xml *xml, struct evac_str name)
{
    while (xml && !evac_str_eq(xml->name, name))
        xml = xml->next;
    return xml;
}

const struct evac_xml *evac_xml_child(const struct evac_xml *xml, const char *name)
{
    return xml ? named(xml->first, evac_str(name)) : NULL;
}

const struct evac_xml *evac_xml_again(const struct evac_xml *xml)
{
    return xml ? named(xml->next, xml->name) : NULL;
}

const struct evac_xml *evac_xml_path(const struct evac_xml *xml, const char *path)
{
    struct evac_str rest = evac_str(path);
    while (xml && rest.n) {
        struct evac_str name = evac_str_cut(rest, '/', &rest);
        xml = named(xml->first, name);
    }
    return xml;
}

struct evac_str evac_xml_text(const struct evac_xml *xml, const char *path)
{
    const struct evac_xml *at = evac_xml_path(xml, path);
    return at ? at->text : EVAC_STR_NONE;
}
