/*
 * Is this a shared object for this machine that has a driver pack, told by its bytes alone? The
 * loader trusts what it loads: it runs a file's constructors before anybody can ask for a symbol,
 * and a file that is cut off or damaged takes the process with it. So nothing is given to it that
 * does not hold together. Pure.
 */
#ifndef EVAC_OBJECT_CHECK_H
#define EVAC_OBJECT_CHECK_H

#include "evac/err.h"
#include "evac/str.h"

#define EVAC_OBJECT_BYTES_MAX (64u << 20)

/* BADDRIVER says what is wrong: no ELF, of another machine or word size, a program rather than a
 * library, parts that lie outside of the file, no defined object of that name among its dynamic
 * symbols. Layout: System V gABI, chapters 4 and 5. */
enum evac_code evac_object_check(struct evac_str file, const char *symbol, struct evac_err *err);
#endif
