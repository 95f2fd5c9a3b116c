/* One line, one event: a fixed event word that people can grep and machines can count, then
 * key=value. Only the daemon, the command line and the sandbox's door log; libraries return errors.
 */
#ifndef EVAC_LOG_H
#define EVAC_LOG_H

#include "evac/str.h"

#include <stdio.h>

#define EVAC_LOG_LEVELS(X)                                                                         \
    X(ERROR, "error")                                                                              \
    X(WARN, "warn")                                                                                \
    X(INFO, "info")                                                                                \
    X(DEBUG, "debug")
#define X(name, text) EVAC_LOG_##name,
enum evac_log_level { EVAC_LOG_LEVELS(X) EVAC_LOG_LEVEL_COUNT };
#undef X

/* json: JSON lines instead of text. Default: text, INFO, stderr. */
void evac_log_setup(FILE *to, enum evac_log_level up_to, bool json);

/* fields: printf text of space-separated key=value pairs; quote values with spaces: key="a b". */
void evac_log(enum evac_log_level level, const char *event, const char *fields, ...)
    __attribute__((format(printf, 3, 4)));
#endif
