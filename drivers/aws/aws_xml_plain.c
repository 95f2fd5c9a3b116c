#include "aws_xml_plain.h"

#include "aws_xml_internal.h"
#include "evac/buf.h"

#include <string.h>

/* One open element. Its text so far stands in the reader's buffer from `begin` on: its children's,
 * which came after it, are taken away from there when they end. */
struct open {
    struct evac_xml *node, *last;
    size_t begin;
};

struct plain {
    struct evac_str left;
    struct evac_arena *arena;
    struct evac_buf text;
    struct evac_xml *root;
    struct open open[XML_MAX_DEPTH];
    size_t depth, nodes;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

static bool is_printable(char c)
{
    return (unsigned)(unsigned char)c - 0x20u < 0x5fu;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_in_name(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static void skip(struct plain *p, size_t n)
{
    p->left.p += n;
    p->left.n -= n;
}

static void skip_blanks(struct plain *p)
{
    while (p->left.n && is_blank(p->left.p[0]))
        skip(p, 1);
}

static bool take(struct plain *p, const char *word)
{
    bool there = evac_str_starts(p->left, word);
    if (there)
        skip(p, strlen(word));
    return there;
}

static struct evac_str take_name(struct plain *p)
{
    size_t n = 0;
    if (p->left.n && is_letter(p->left.p[0]))
        while (n < p->left.n && is_in_name(p->left.p[n]))
            n++;
    struct evac_str name = { p->left.p, n };
    skip(p, n);
    return name;
}

/* name="value", of which nothing is kept. */
static bool skip_attribute(struct plain *p)
{
    size_t n = 0;
    if (!take_name(p).n || !take(p, "=\""))
        return false;
    for (; n < p->left.n && p->left.p[n] != '"'; n++)
        if (!is_printable(p->left.p[n]) || p->left.p[n] == '<' || p->left.p[n] == '&')
            return false;
    skip(p, n);
    return take(p, "\"");
}

static void link_node(struct plain *p, struct evac_xml *node)
{
    struct open *parent = p->depth ? &p->open[p->depth - 1] : NULL;
    if (!parent)
        p->root = node;
    else if (parent->last)
        parent->last->next = node;
    else
        parent->node->first = node;
    if (parent)
        parent->last = node;
}

static bool end_element(struct plain *p)
{
    const struct open *o = &p->open[--p->depth];
    struct evac_str text = EVAC_STR_NONE;
    if (p->text.n > o->begin)
        text = (struct evac_str){ p->text.p + o->begin, p->text.n - o->begin };
    o->node->text = evac_arena_str(p->arena, text);
    p->text.n = o->begin;
    return true;
}

static bool begin_element(struct plain *p)
{
    struct evac_str name = take_name(p);
    if (!name.n || p->depth == XML_MAX_DEPTH || ++p->nodes > XML_MAX_NODES)
        return false;
    struct evac_xml *node = evac_arena_alloc(p->arena, sizeof *node);
    node->name = evac_arena_str(p->arena, name);
    link_node(p, node);
    p->open[p->depth++] = (struct open){ node, NULL, p->text.n };
    if (take(p, " ") && !skip_attribute(p))
        return false;
    if (take(p, "/>"))
        return end_element(p);
    return take(p, ">");
}

static bool take_end(struct plain *p)
{
    struct evac_str name = p->open[p->depth - 1].node->name;
    bool same = p->left.n > name.n && memcmp(p->left.p, name.p, name.n) == 0;
    if (same)
        skip(p, name.n);
    return same && take(p, ">") && end_element(p);
}

static bool take_entity(struct plain *p)
{
    static const struct {
        const char *name;
        char is;
    } known[] = { { "&amp;", '&' },   { "&lt;", '<' },   { "&gt;", '>' }, { "&quot;", '"' },
                  { "&apos;", '\'' }, { "&#39;", '\'' }, { "&#34;", '"' } };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (take(p, known[i].name)) {
            evac_buf_putc(&p->text, known[i].is);
            return true;
        }
    return false;
}

/* Up to the next tag or entity. "]]>" can not stand in a text. */
static bool take_text(struct plain *p)
{
    size_t n = 0;
    for (; n < p->left.n && p->left.p[n] != '<' && p->left.p[n] != '&'; n++) {
        char c = p->left.p[n];
        if ((!is_printable(c) && !is_blank(c)) || c == ']')
            return false;
    }
    evac_buf_put(&p->text, p->left.p, n);
    skip(p, n);
    return p->left.n > 0;
}

static bool take_one(struct plain *p)
{
    if (p->left.p[0] == '&')
        return take_entity(p);
    if (p->left.p[0] != '<')
        return take_text(p);
    skip(p, 1);
    return take(p, "/") ? take_end(p) : begin_element(p);
}

static bool read_all(struct plain *p)
{
    if (take(p, "<?xml version=\"1.0\"")) {
        (void)take(p, " encoding=\"UTF-8\"");
        if (!take(p, "?>"))
            return false;
    }
    skip_blanks(p);
    if (!take(p, "<") || !begin_element(p))
        return false;
    while (p->depth)
        if (p->left.n == 0 || !take_one(p))
            return false;
    skip_blanks(p);
    return p->left.n == 0;
}

const struct evac_xml *evac_xml_plain(struct evac_str text, struct evac_arena *arena)
{
    struct plain p; /* what is open is set when it is opened */
    p.left = text;
    p.arena = arena;
    p.root = NULL;
    p.depth = p.nodes = 0;
    evac_buf_init(&p.text, text.n);
    bool whole = read_all(&p) && !p.text.failed;
    evac_buf_done(&p.text);
    return whole ? p.root : NULL;
}
