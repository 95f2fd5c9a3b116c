/* A bundle's files in one: POSIX ustar, as `tar tf` opens it. Plain files with short names only;
 * whatever else an archive could hold is refused. */
#ifndef EVAC_TAR_H
#define EVAC_TAR_H

#include "evac/buf.h"
#include "evac/err.h"

void evac_tar_put(struct evac_buf *out, const char *name, struct evac_str content, int64_t wall_ms);
void evac_tar_end(struct evac_buf *out);

struct evac_tar_file {
    struct evac_str name, content; /* borrowed from the archive */
};
#define EVAC_TAR_FILES_MAX 4096u

struct evac_arena;
/* CORRUPT says where it is not as evac_tar_put wrote it: a damaged head, a name twice, an end that
 * is missing, bytes behind it. What was read until then is in *ret all the same. */
enum evac_code evac_tar_read(struct evac_str archive, struct evac_arena *arena,
                             struct evac_tar_file **ret_files, size_t *ret_count,
                             struct evac_err *err);
#endif
