/*
 * The dashboard that is in the binary: one document with its style and script inside, so that it
 * loads in one request and asks nobody else for anything. Which view is shown is told by the part
 * of the address behind '#', which never reaches a server.
 */
#ifndef EVAC_WEB_H
#define EVAC_WEB_H

#include "evac/str.h"

/* All of it is static. */
struct evac_web_asset {
    const void *bytes;
    size_t n;
    const char *content_type;
    const char *etag; /* quoted, as in the header */
    const char *csp;  /* Content-Security-Policy: only this style and this script, by their hashes,
                       * and requests to where it came from */
};

/* path: of a GET that is not the API's, without the query. False: there is nothing there. One
 * thread. */
bool evac_web_asset(struct evac_str path, struct evac_web_asset *ret_asset);
#endif
