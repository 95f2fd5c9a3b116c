/* A model in the making: files come in one by one, the model leaves when none had an error. */
#ifndef EVAC_CONF_BUILD_H
#define EVAC_CONF_BUILD_H

#include "conf.h"

#define CONF_FILES_MAX 10000u

/* What a file must hold; ANY: told by its top-level groups. */
enum conf_kind { CONF_KIND_ANY, CONF_KIND_CONTROLLER, CONF_KIND_APP, CONF_KIND_RUNBOOK };

struct conf_file {
    const char *path;  /* shown in messages; in the model's arena */
    const char *label; /* its name in the hash: independent of where the folder lies */
    enum conf_kind kind;
    bool builtin;         /* its runbook gives way to a file's of the same name */
    struct evac_str text; /* of a built-in file, or one in memory */
    bool in_memory;
    char digest[65]; /* hex SHA-256 of the content, "" while not read */
};

struct conf_build {
    struct evac_model *model;
    struct evac_diag *diag;
    size_t errors_before;
    struct conf_file *files;
    size_t file_count, file_cap;
    struct evac_app *apps; /* room for one a file */
    struct evac_runbook *runbooks;
    bool *runbook_builtin;
    struct evac_place controller; /* of the controller's file, line 0: none yet */
};

void conf_build_begin(struct conf_build *b, struct evac_diag *diag);

/* false: there are too many; diag says so. Strings are copied. */
bool conf_build_add(struct conf_build *b, const struct conf_file *file);

/* Parse one file's text into the model. */
void conf_build_take(struct conf_build *b, struct conf_file *file, struct evac_str text);

/* Room for what the files hold: after the last add, before the first take of an app or runbook. */
void conf_build_room(struct conf_build *b);

/* The model, or its end: frees all that build holds. */
enum evac_code conf_build_end(struct conf_build *b, struct evac_model **ret_model,
                              struct evac_err *err);

void conf_sort_files(struct conf_build *b); /* by label */
#endif
