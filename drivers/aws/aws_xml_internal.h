/* The limits of both readers of XML. */
#ifndef EVAC_AWS_XML_INTERNAL_H
#define EVAC_AWS_XML_INTERNAL_H

#define XML_MAX_BYTES (4u << 20)
#define XML_MAX_DEPTH 64u
#define XML_MAX_NODES 200000u
#endif
