/*
 * The net under the log: what looks like a secret is not written, whatever put it there. The first
 * net is that secrets have a type of their own (evac/secret.h) which nothing prints; this one is
 * for texts from outside: a program's error, a service's refusal, a URL. Pure.
 *
 * What it knows: cloud access key ids (AKIA..., ASIA...), values of what is called authorization,
 * cookie, password, secret, token, signature or key of an API, bearer tokens, JSON web tokens, a
 * password in a URL, and PEM blocks.
 */
#ifndef EVAC_REDACT_H
#define EVAC_REDACT_H

#include "evac/buf.h"

#define EVAC_REDACTED "[redacted]"

/* text, with secrets replaced; out needs no more than text.n * 11 bytes. */
void evac_redact(struct evac_str text, struct evac_buf *out);

/* The i-th of the names by which a secret is known, from 0; NULL behind the last. For whoever tests
 * that each of them is found. */
const char *evac_redact_name(size_t i);

/* A field of that name is a secret, whatever its value looks like. */
bool evac_redact_is_key(struct evac_str name);
#endif
