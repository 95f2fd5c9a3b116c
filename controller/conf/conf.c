#include "conf.h"

#include "conf_build.h"
#include "conf_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096

/* --- one file ----------------------------------------------------------------------------------
 */

static enum evac_code read_all(int fd, struct evac_buf *text, struct evac_err *err)
{
    char chunk[16384];
    ssize_t n;
    while ((n = read(fd, chunk, sizeof chunk)) > 0 && !text->failed)
        evac_buf_put(text, chunk, (size_t)n);
    if (n < 0)
        return evac_fail(err, EVAC_E_IO, "can not be read: %s", strerror(errno));
    if (text->failed)
        return evac_fail(err, EVAC_E_TOOBIG, "the file is too large; allowed: at most %u bytes",
                         CONF_FILE_BYTES_MAX);
    return EVAC_OK;
}

/* Non-blocking, so that a pipe that lies there can not hold the controller up. */
enum evac_code evac_conf_read_file(const char *path, struct evac_buf *text, struct evac_err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return evac_fail(err, EVAC_E_IO, "can not be opened: %s", strerror(errno));
    enum evac_code code = EVAC_OK;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        code = evac_fail(err, EVAC_E_IO, "is not a regular file");
    else
        code = read_all(fd, text, err);
    close(fd);
    return code;
}

static void take_file(struct conf_build *b, struct conf_file *file)
{
    struct evac_buf text;
    struct evac_err err;
    if (file->in_memory) {
        conf_build_take(b, file, file->text);
        return;
    }
    evac_buf_init(&text, CONF_FILE_BYTES_MAX);
    if (evac_conf_read_file(file->path, &text, &err))
        evac_diag_add(b->diag, EVAC_DIAG_ERROR, (struct evac_place){ file->path, 0 }, "%s",
                      err.text);
    else
        conf_build_take(b, file, evac_buf_str(&text));
    evac_buf_done(&text);
}

/* --- the folder
 * ----------------------------------------------------------------------------------- */

struct folder {
    char path[PATH_BYTES];
    const char *label; /* before a file's name in the hash */
    enum conf_kind kind;
    bool must_be; /* absent is an error */
};

static void tell(struct conf_build *b, const char *path, const char *what, int error)
{
    evac_diag_add(b->diag, EVAC_DIAG_ERROR, (struct evac_place){ path, 0 }, "%s: %s", what,
                  strerror(error));
}

/* Hidden files are editors' own. */
static bool is_conf_name(const char *name)
{
    return name[0] != '.' && evac_str_ends(evac_str(name), ".cfg");
}

static bool add_entry(struct conf_build *b, const struct folder *folder, const char *name)
{
    struct evac_arena *arena = b->model->arena;
    struct conf_file file = {
        .path = evac_arena_printf(arena, "%s/%s", folder->path, name).p,
        .label = evac_arena_printf(arena, "%s/%s", folder->label, name).p,
        .kind = folder->kind,
    };
    return conf_build_add(b, &file);
}

static void list_folder(struct conf_build *b, const struct folder *folder)
{
    struct dirent *entry;
    DIR *dir = opendir(folder->path);
    if (!dir) {
        if (errno != ENOENT || folder->must_be)
            tell(b, folder->path, "the folder can not be read", errno);
        return;
    }
    errno = 0;
    while ((entry = readdir(dir)))
        if (is_conf_name(entry->d_name) && !add_entry(b, folder, entry->d_name))
            break;
    if (!entry && errno)
        tell(b, folder->path, "the folder can not be read", errno);
    closedir(dir);
}

static bool same_folder(const char *a, const char *b)
{
    struct stat sa, sb;
    return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
           sa.st_ino == sb.st_ino;
}

static void list_runbooks(struct conf_build *b, const char *dir)
{
    struct folder own = { .label = "runbooks", .kind = CONF_KIND_RUNBOOK };
    struct folder more = { .label = "runbook_dir", .kind = CONF_KIND_RUNBOOK, .must_be = true };
    (void)snprintf(own.path, sizeof own.path, "%s/runbooks", dir);
    list_folder(b, &own);
    if (b->model->controller.runbook_dir.n == 0)
        return;
    (void)evac_str_copy(more.path, sizeof more.path, b->model->controller.runbook_dir);
    if (!same_folder(own.path, more.path))
        list_folder(b, &more);
}

static void list_builtin(struct conf_build *b, const struct evac_conf_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct conf_file file = { .path = texts[i].name,
                                  .label = texts[i].name,
                                  .kind = CONF_KIND_RUNBOOK,
                                  .builtin = true,
                                  .text = texts[i].text,
                                  .in_memory = true };
        if (!conf_build_add(b, &file))
            return;
    }
}

/* First of all: it says where else to look. */
static void load_controller(struct conf_build *b, const char *dir)
{
    struct stat st;
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/evac.cfg", dir);
    struct conf_file file = { .path = path, .label = "evac.cfg", .kind = CONF_KIND_CONTROLLER };
    if (stat(path, &st) != 0 && errno == ENOENT)
        return;
    if (conf_build_add(b, &file))
        take_file(b, &b->files[0]);
}

static bool is_folder(struct conf_build *b, const char *dir)
{
    struct stat st;
    if (strlen(dir) + 16 > PATH_BYTES)
        errno = ENAMETOOLONG;
    else if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode))
        errno = ENOTDIR;
    else if (access(dir, R_OK | X_OK) == 0)
        return true;
    tell(b, dir, "the configuration's folder can not be read", errno);
    return false;
}

static void load_folder(struct conf_build *b, const char *dir, const struct evac_conf_text *builtin,
                        size_t builtin_count)
{
    struct folder apps = { .label = "apps", .kind = CONF_KIND_APP };
    (void)snprintf(apps.path, sizeof apps.path, "%s/apps", dir);
    load_controller(b, dir);
    list_folder(b, &apps);
    list_runbooks(b, dir);
    list_builtin(b, builtin, builtin_count);
    conf_sort_files(b);
    conf_build_room(b);
    for (size_t i = 0; i < b->file_count; i++)
        if (b->files[i].kind != CONF_KIND_CONTROLLER)
            take_file(b, &b->files[i]);
}

enum evac_code evac_conf_load(const char *dir, const struct evac_conf_text *builtin,
                              size_t builtin_count, struct evac_diag *diag,
                              struct evac_model **ret_model, struct evac_err *err)
{
    struct conf_build b;
    conf_build_begin(&b, diag);
    if (is_folder(&b, dir))
        load_folder(&b, dir, builtin, builtin_count);
    return conf_build_end(&b, ret_model, err);
}

/* --- from memory
 * ---------------------------------------------------------------------------------- */

enum evac_code evac_conf_parse(const struct evac_conf_text *files, size_t count,
                               struct evac_diag *diag, struct evac_model **ret_model,
                               struct evac_err *err)
{
    struct conf_build b;
    conf_build_begin(&b, diag);
    for (size_t i = 0; i < count; i++) {
        struct conf_file file = { .path = files[i].name,
                                  .label = files[i].name,
                                  .builtin = evac_str_starts(evac_str(files[i].name), "builtin:"),
                                  .text = files[i].text,
                                  .in_memory = true };
        if (!conf_build_add(&b, &file))
            break;
    }
    conf_build_room(&b);
    for (size_t i = 0; i < b.file_count; i++)
        take_file(&b, &b.files[i]);
    return conf_build_end(&b, ret_model, err);
}
