/* AWS's configuration and credentials files: sections, keys, and settings nested one level below a
 * key. */
#ifndef EVAC_AWS_INI_H
#define EVAC_AWS_INI_H

#include "evac/arena.h"
#include "evac/err.h"

struct evac_ini;

/* text must live as long as the result, which points into it. name is for errors. At most 1 MiB and
 * 10,000 settings. Below "s3 =" the line "  addressing_style = path" is the key
 * "s3.addressing_style". A key that is there twice: the later counts. */
enum evac_code evac_ini_parse(struct evac_str text, const char *name, struct evac_arena *arena,
                              const struct evac_ini **ret_ini, struct evac_err *err);

/* ini may be NULL: nothing is there. Blanks in a section's name are one space, quotes are dropped.
 */
struct evac_str evac_ini_get(const struct evac_ini *ini, struct evac_str section, const char *key);
/* Overwrites every value of that key, where it stands: for secrets. */
void evac_ini_wipe(const struct evac_ini *ini, const char *key);
bool evac_ini_has(const struct evac_ini *ini, struct evac_str section);
#endif
