/*
 * Entity tags (RFC 9110, 8.8.3). All are strong: "REVISION.HASH", the hash over every byte of what
 * was answered, for If-None-Match. Of one app or run the revision is the number of the newest row
 * of the journal that says something about it: that is what a person has looked at, whatever the
 * clocks on the page show, and all that If-Match compares. Of anything else it is 0.
 */
#ifndef EVAC_ETAG_H
#define EVAC_ETAG_H

#include "route.h"

/* Of an answer to a GET that is 200: puts the header, and makes it 304 without a body when the
 * caller has it already. */
void evac_etag_put(struct api_call *call);

/* Is the app or run that the call is about still as If-Match says? err: no, and why. */
bool evac_etag_matches(const struct api_call *call, struct evac_err *err);
#endif
