/*
 * libconfig text to a typed model. Every setting is a row in one schema table (conf_schema.c):
 * type, default, unit, range, one-line doc. Unknown keys are errors with the nearest known name.
 * All errors of all files are found in one go, each with file, line, what was found and what is
 * allowed.
 */
#ifndef EVAC_CONF_H
#define EVAC_CONF_H

#include "model.h"

/* Built-in runbooks: text in the binary, given by the caller (they are made from runbooks/ at
 * build). */
struct evac_conf_text {
    const char *name; /* shown as the file's name */
    struct evac_str text;
};

/*
 * Load a configuration folder: dir/evac.cfg (may be absent: defaults), dir/apps/ *.cfg,
 * dir/runbooks/ *.cfg, and the built-in runbooks (a file's runbook of the same name replaces a
 * built-in one). On EVAC_OK *ret_model is the caller's (evac_model_free). On an error *ret_model is
 * NULL and diag says all that is wrong; err sums up. Ceilings: 1 MiB a file, 10,000 files. diag's
 * arena is the caller's.
 */
enum evac_code evac_conf_load(const char *dir, const struct evac_conf_text *builtin,
                              size_t builtin_count, struct evac_diag *diag,
                              struct evac_model **ret_model, struct evac_err *err);

/* The same from memory, for tests and fuzzing: each text is an app, a runbook or a controller file
 * by its top-level group (app, runbook, or neither). */
enum evac_code evac_conf_parse(const struct evac_conf_text *files, size_t count,
                               struct evac_diag *diag, struct evac_model **ret_model,
                               struct evac_err *err);

void evac_model_free(struct evac_model *model);

/* A regular file's text into a buffer that was made with a ceiling. */
enum evac_code evac_conf_read_file(const char *path, struct evac_buf *text, struct evac_err *err);

/* The schema as Markdown, for the language's reference. */
void evac_conf_reference(struct evac_buf *out);
#endif
