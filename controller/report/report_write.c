#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPORT_MAX (64u << 20)

static enum evac_code make_dirs(const char *dir, struct evac_err *err)
{
    char path[4096];
    size_t n = strlen(dir);
    if (n >= sizeof path)
        return evac_fail(err, EVAC_E_TOOBIG, "the folder's path is too long");
    for (size_t i = 1; i <= n; i++) {
        if (dir[i] != '/' && dir[i] != '\0')
            continue;
        memcpy(path, dir, i);
        path[i] = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            return evac_fail(err, EVAC_E_IO, "%s: %s", path, strerror(errno));
    }
    return EVAC_OK;
}

/* Under another name first: whoever looks sees the whole file or none. */
static enum evac_code write_file(const char *dir, const char *name, struct evac_str text,
                                 struct evac_err *err)
{
    char path[4200], temporary[4200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    snprintf(temporary, sizeof temporary, "%s/.%s.new", dir, name);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return evac_fail(err, EVAC_E_IO, "%s: %s", temporary, strerror(errno));
    bool good = true;
    for (size_t at = 0; good && at < text.n;) {
        ssize_t n = write(fd, text.p + at, text.n - at);
        good = n > 0;
        at += n > 0 ? (size_t)n : 0;
    }
    good = good && fsync(fd) == 0;
    close(fd);
    if (good && rename(temporary, path) == 0)
        return EVAC_OK;
    enum evac_code code = evac_fail(err, EVAC_E_IO, "%s: %s", path, strerror(errno));
    unlink(temporary);
    return code;
}

enum evac_code evac_report_write_dir(const struct evac_report *report, const char *dir,
                                     struct evac_err *err)
{
    static const struct {
        const char *name;
        void (*make)(const struct evac_report *report, struct evac_buf *out);
    } files[] = { { "report.txt", evac_report_text },
                  { "report.json", evac_report_json },
                  { "report.html", evac_report_html } };
    struct evac_buf text;
    enum evac_code code = make_dirs(dir, err);
    evac_buf_init(&text, REPORT_MAX);
    for (size_t i = 0; !code && i < sizeof files / sizeof files[0]; i++) {
        evac_buf_reset(&text);
        files[i].make(report, &text);
        code = evac_buf_check(&text, files[i].name, err);
        if (!code)
            code = write_file(dir, files[i].name, evac_buf_str(&text), err);
    }
    evac_buf_done(&text);
    return code;
}
