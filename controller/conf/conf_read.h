/* A libconfig group read into a section's struct, by the schema's rows. */
#ifndef EVAC_CONF_READ_H
#define EVAC_CONF_READ_H

#include "conf_schema.h"
#include "diag.h"

struct conf_reader {
    struct evac_arena *arena; /* of the model */
    struct evac_diag *diag;
    const char *file; /* shown in messages; in the arena */
};

#define CONF_ROWS_MAX 128u /* of one section: bits of conf_given */

/* Which rows of its section a group gave. */
struct conf_given {
    const struct conf_section *section;
    uint64_t rows[CONF_ROWS_MAX / 64]; /* bit by index in section->rows */
};
bool conf_is_given(const struct conf_given *given, const char *path);

#define CONF_SAY(r, severity, at_line, ...)                                                        \
    evac_diag_add((r)->diag, (severity), (struct evac_place){ (r)->file, (at_line) }, __VA_ARGS__)
#define CONF_ERROR(r, at_line, ...) CONF_SAY(r, EVAC_DIAG_ERROR, at_line, __VA_ARGS__)

/* Defaults, then all that the group gives, then what is missing, then the section's finish. `at` is
 * the section's struct, zeroed. Errors go to the reader's diag. */
void conf_read_section(struct conf_reader *r, const struct conf_section *section,
                       const config_setting_t *group, void *at);

/* The same, telling what was given. */
void conf_read_given(struct conf_reader *r, const struct conf_section *section,
                     const config_setting_t *group, void *at, struct conf_given *ret_given);

/* What a list of window sections became; in the reader's arena. */
const struct evac_window *conf_take_windows(struct conf_reader *r, const struct conf_window *from,
                                            size_t count);

int conf_line(const config_setting_t *setting);

/* What is written there, for messages: "text" in quotes and cut, a number, a list ... */
struct evac_str conf_found(struct conf_reader *r, const config_setting_t *setting);

/* ": did you mean 'x'?", or all that is known when nothing is near. names ends with NULL. */
struct evac_str conf_hint(struct conf_reader *r, struct evac_str found, const char *const *names);

/* NULL-terminated names of count things that lie item_bytes apart. */
const char *const *conf_names(struct conf_reader *r, const struct evac_str *first,
                              size_t item_bytes, size_t count);

/* Nested groups to sorted dotted names, lists to JSON arrays; ret_lines (may be NULL) gets their
 * lines in the same order. A member of group itself that is called skip (may be NULL) stays out. */
void conf_flatten(struct conf_reader *r, const config_setting_t *group, const char *skip,
                  struct evac_args *ret_args, const int **ret_lines);

/* The condition in group, as nodes; none after an error. section's rows (of struct conf_when) say
 * what a condition may be made of. */
void conf_compile_when(struct conf_reader *r, const struct conf_section *section,
                       const config_setting_t *group, const struct evac_cond **ret_nodes,
                       size_t *ret_count);

/* --- conf_probe.c: what probes and the endpoint share -------------------------------------------
 */

/* given_ms, or what fits into every_ms when it is 0. */
uint32_t conf_timeout(struct conf_reader *r, int line, const char *what, uint32_t every_ms,
                      uint32_t given_ms);
/* Name, connection and TLS take connect_ms, or else two thirds. */
void conf_share_timeout(struct evac_probe *probe, uint32_t timeout_ms);

/* --- conf_value.c: the scalar types -------------------------------------------------------------
 */

struct conf_value {
    enum { CONF_IS_BOOL, CONF_IS_NUMBER, CONF_IS_TEXT, CONF_IS_OTHER } kind;
    int64_t number; /* BOOL, NUMBER */
    struct evac_str text;
};
struct conf_value conf_value(const config_setting_t *setting);

/* A default's text as the value that a file would give. */
struct conf_value conf_value_of(const struct conf_row *row, const char *text);

/* The value goes to *to, of row->bytes (texts are copied); false, and nothing written, when the row
 * does not allow it. Scalar types only. */
bool conf_put(struct conf_reader *r, const struct conf_row *row, const struct conf_value *value,
              void *to);

/* --- conf_text.c: a file's text to libconfig's tree ----------------------------------------------
 */

#define CONF_FILE_BYTES_MAX    (1u << 20)
#define CONF_NESTING_MAX       64u
#define CONF_GROUP_ENTRIES_MAX 1000u

/* true: config holds the tree (destroy it in any case). false: diag says why. */
bool conf_parse_text(struct conf_reader *r, struct evac_str text, config_t *config);
#endif
