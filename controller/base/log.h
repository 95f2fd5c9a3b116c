/* One line, one event: a fixed event word that people can grep and machines can count, then
 * key=value. Only the daemon, the command line and the sandbox's door log; libraries return errors.
 *
 * As JSON a line is one object: "ts" (UTC, milliseconds), "level", "event", then the fields in
 * their order: numbers where the format says %d and the like, texts otherwise, absent when empty.
 * What belongs to a run has "run", to a step "step", to an app "app", to a region "region".
 *
 * Secrets are taken out of every value (redact.h). Values from outside can not make a line or a
 * field of their own. When standard error is the journal of systemd, each line begins with its
 * priority as <N>, which the journal takes off (sd-daemon(3)).
 */
#ifndef EVAC_LOG_H
#define EVAC_LOG_H

#include "evac/str.h"

#include <stdbool.h>
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
/* The level of that name, INFO when there is none. */
enum evac_log_level evac_log_level_parse(struct evac_str name);

/* Between true and false lines are kept, and go in one write at the end, or when there is one that
 * warns: for who has many to tell at one instant. A process that
 * dies between loses them: the journal has what counts. On the loop's thread. */
void evac_log_together(bool together);

/* fields: printf text of space-separated key=value pairs; quote values with spaces: key="a b". The
 * pairs are found in the format, so a value may hold anything. */
void evac_log(enum evac_log_level level, const char *event, const char *fields, ...)
    __attribute__((format(printf, 3, 4)));
#endif
