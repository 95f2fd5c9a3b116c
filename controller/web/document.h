/* The dashboard's document, as the build makes it of the files in this folder. */
#ifndef EVAC_WEB_DOCUMENT_H
#define EVAC_WEB_DOCUMENT_H

#include <stddef.h>

struct web_span {
    size_t at, n;
};

struct web_document {
    const unsigned char *bytes;
    size_t n;
    struct web_span style, script; /* what stands between their tags */
};
extern const struct web_document web_document;
#endif
