/* What others say of somebody's name becomes a principal here: one word of printable ASCII, so that
 * neither a space nor a control character nor a zero of theirs can forge a part of the journal's
 * who, and of a bounded length. */
#ifndef EVAC_PRINCIPAL_H
#define EVAC_PRINCIPAL_H

#include "evac/arena.h"

#define EVAC_PRINCIPAL_MAX 110u

struct x509_st;

/* "cert:" and "ann@example.com"; bytes that are no visible ASCII, and '%', become %XX. False: it is
 * empty, or too long to be kept whole. */
bool evac_principal_make(struct evac_arena *arena, const char *kind, struct evac_str name,
                         struct evac_str *ret_principal);

/* The name that a certificate is for: its first URI, else its first e-mail address, else its first
 * DNS name, else its common name. *ret_mark tells this certificate from others:
 * "sha256:0123456789abcdef". */
bool evac_principal_of_certificate(struct evac_arena *arena, struct x509_st *certificate,
                                   struct evac_str *ret_principal, struct evac_str *ret_mark);
#endif
