/* The parts of an http or https URL that a connection needs. */
#ifndef EVAC_HOST_URL_H
#define EVAC_HOST_URL_H

#include "evac/err.h"
#include "evac/str.h"

/* Borrowed from the text that was split. */
struct evac_url {
    bool tls;
    bool literal_v6; /* host was written in brackets */
    uint16_t port;   /* the scheme's when none was written */
    bool port_written;
    struct evac_str host;      /* without brackets */
    struct evac_str authority; /* host and port as written: the Host header */
    struct evac_str target; /* path and query byte for byte, without the fragment; "" means "/" */
};

/* Refuses other schemes, user names, ports out of 1..65535, and bytes that would break a request
 * line. */
enum evac_code evac_url_split(struct evac_str text, struct evac_url *ret_url, struct evac_err *err);

/* This machine, by "localhost" or by an address of 127.0.0.0/8 or ::1: what goes there without TLS
 * is heard by nobody else. */
bool evac_url_is_local(const struct evac_url *url);

#endif
