/*
 * Drivers that are built elsewhere: shared objects that a configuration names, loaded once and kept
 * until the process ends. Whatever such a file does, it does as this controller: so it is taken
 * only where nobody but root can have put it.
 */
#ifndef EVAC_PACK_FILE_H
#define EVAC_PACK_FILE_H

#include "evac/driver.h"

/*
 * Loads the file and checks its pack. Refused, with a sentence that names what and why: a path that
 * is not absolute; a component of it that is a symbolic link, is not root's, or is writable by its
 * group or by others (EVAC_E_REFUSED); a file that is no whole shared object with the symbol
 * evac_pack, before any of it runs (object_check.h); a pack that this controller can not use
 * (EVAC_E_BADDRIVER: another ABI, no name, what evac_pack_check says). *ret_pack lives as long as
 * the process.
 */
enum evac_code evac_pack_file_load(const char *path, const struct evac_pack **ret_pack,
                                   struct evac_err *err);
#endif
