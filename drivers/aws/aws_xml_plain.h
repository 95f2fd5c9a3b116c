/* XML as AWS writes it, nearly always: elements, at most one attribute each, ASCII, the usual
 * entities. Read in one pass, a tenth of what a whole XML reader takes. */
#ifndef EVAC_AWS_XML_PLAIN_H
#define EVAC_AWS_XML_PLAIN_H

#include "aws_xml.h"

/* NULL: it is something else, or no XML at all, for a whole reader to say. What it reads, such a
 * reader reads as the same tree. */
const struct evac_xml *evac_xml_plain(struct evac_str text, struct evac_arena *arena);
#endif
