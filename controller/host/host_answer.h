/* A DNS answer's bytes (RFC 1035 4.1) to the values of one type. */
#ifndef EVAC_HOST_ANSWER_H
#define EVAC_HOST_ANSWER_H

#include "evac/arena.h"
#include "evac/host.h"

#define EVAC_ANSWER_VALUES_MAX 64u

/* 1, 5, 16, 28; 0 when the type is not one that the host table allows. */
int evac_answer_type(const char *type);

/* Values in the order of the answer, in the arena. PARSE when the bytes do not hold together. */
enum evac_code evac_answer_read(struct evac_arena *arena, const uint8_t *bytes, size_t n, int type,
                                struct evac_dns_reply *ret_reply, struct evac_err *err);
#endif
