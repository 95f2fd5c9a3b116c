/* AWS XML, read into a tree with limits (depth 64, 4 MiB, 200,000 nodes; no DTD, no entities): what
 * is plain by aws_xml_plain.h, all else by expat. */
#ifndef EVAC_AWS_XML_H
#define EVAC_AWS_XML_H

#include "evac/arena.h"
#include "evac/err.h"

/* Namespace prefixes are dropped. text is the element's own character data, trimmed of nothing. */
struct evac_xml {
    struct evac_str name;
    struct evac_str text;
    const struct evac_xml *first, *next; /* first child, next sibling */
};

enum evac_code evac_xml_parse(struct evac_str text, struct evac_arena *arena,
                              const struct evac_xml **ret_root, struct evac_err *err);

/* First child with that name; NULL if none, also when xml is NULL: calls chain. */
const struct evac_xml *evac_xml_child(const struct evac_xml *xml, const char *name);
/* Next sibling of the same name. */
const struct evac_xml *evac_xml_again(const struct evac_xml *xml);
/* "A/B/C" below xml, step by step (never by element name alone: RDS nests equal names). */
const struct evac_xml *evac_xml_path(const struct evac_xml *xml, const char *path);
/* Text at a path, "" if there is none. */
struct evac_str evac_xml_text(const struct evac_xml *xml, const char *path);
#endif
