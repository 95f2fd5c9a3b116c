#include "tar.h"

#include "evac/arena.h"

#include <stdio.h>
#include <string.h>

#define BLOCK 512u

struct head {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
    char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct head) == BLOCK, "a head is a block");

/* The sum of all bytes, with the sum's own place read as blanks. */
static unsigned sum_of(const struct head *h)
{
    const unsigned char *p = (const unsigned char *)h;
    size_t at = offsetof(struct head, sum);
    unsigned sum = 0;
    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= at && i < at + sizeof h->sum ? ' ' : p[i];
    return sum;
}

static void octal(char *to, size_t bytes, uint64_t value)
{
    for (size_t i = bytes - 1; i-- > 0; value >>= 3)
        to[i] = (char)('0' + (value & 7));
    to[bytes - 1] = '\0';
}

static struct head head_of(const char *name, size_t bytes, int64_t wall_ms)
{
    struct head h;
    memset(&h, 0, sizeof h);
    (void)evac_str_copy(h.name, sizeof h.name, evac_str(name));
    octal(h.mode, sizeof h.mode, 0644);
    octal(h.uid, sizeof h.uid, 0);
    octal(h.gid, sizeof h.gid, 0);
    octal(h.size, sizeof h.size, bytes);
    octal(h.mtime, sizeof h.mtime, wall_ms > 0 ? (uint64_t)wall_ms / 1000 : 0);
    h.type = '0';
    memcpy(h.magic, "ustar", 6);
    memcpy(h.version, "00", 2);
    octal(h.sum, 7, sum_of(&h));
    h.sum[7] = ' ';
    return h;
}

static void pad(struct evac_buf *out)
{
    static const char zeros[BLOCK];
    evac_buf_put(out, zeros, (BLOCK - out->n % BLOCK) % BLOCK);
}

void evac_tar_put(struct evac_buf *out, const char *name, struct evac_str content, int64_t wall_ms)
{
    struct head h = head_of(name, content.n, wall_ms);
    evac_buf_put(out, &h, sizeof h);
    evac_buf_put_str(out, content);
    pad(out);
}

void evac_tar_end(struct evac_buf *out)
{
    static const char zeros[2 * BLOCK];
    evac_buf_put(out, zeros, sizeof zeros);
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool read_octal(const char *from, size_t bytes, uint64_t *ret)
{
    uint64_t value = 0;
    for (size_t i = 0; i + 1 < bytes; i++) {
        if (from[i] < '0' || from[i] > '7')
            return false;
        value = value << 3 | (uint64_t)(from[i] - '0');
    }
    *ret = value;
    return true;
}

static bool is_zero(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

/* Written again it must be the same bytes: no other kind of entry, no hidden field. */
static bool read_head(const char *p, struct evac_arena *arena, struct evac_str *ret_name,
                      uint64_t *ret_bytes)
{
    struct head h;
    uint64_t mtime;
    memcpy(&h, p, sizeof h);
    if (!memchr(h.name, '\0', sizeof h.name) || h.name[0] == '\0' ||
        !read_octal(h.size, sizeof h.size, ret_bytes) ||
        !read_octal(h.mtime, sizeof h.mtime, &mtime))
        return false;
    struct head again = head_of(h.name, (size_t)*ret_bytes, (int64_t)mtime * 1000);
    *ret_name = evac_arena_str(arena, evac_str(h.name));
    return memcmp(&again, &h, sizeof h) == 0;
}

static bool is_twice(const struct evac_tar_file *files, size_t count, struct evac_str name)
{
    for (size_t i = 0; i < count; i++)
        if (evac_str_eq(files[i].name, name))
            return true;
    return false;
}

enum evac_code evac_tar_read(struct evac_str a, struct evac_arena *arena,
                             struct evac_tar_file **ret_files, size_t *ret_count,
                             struct evac_err *err)
{
    struct evac_tar_file *files = evac_arena_array(arena, EVAC_TAR_FILES_MAX, sizeof *files);
    size_t at = 0;
    *ret_files = files;
    *ret_count = 0;
    while (a.n - at >= BLOCK && !is_zero(a.p + at, BLOCK)) {
        struct evac_str name;
        uint64_t bytes;
        if (!read_head(a.p + at, arena, &name, &bytes))
            return evac_fail(err, EVAC_E_CORRUPT,
                             "the archive is damaged at byte %zu: no file "
                             "begins there",
                             at);
        uint64_t padded = (bytes + BLOCK - 1) / BLOCK * BLOCK;
        if (bytes > a.n || padded > a.n - at - BLOCK)
            return evac_fail(err, EVAC_E_CORRUPT, "the archive was cut in %.*s",
                             EVAC_STR_ARG(name));
        if (is_twice(files, *ret_count, name) || *ret_count == EVAC_TAR_FILES_MAX)
            return evac_fail(err, EVAC_E_CORRUPT, "%.*s is in the archive twice, or too much is",
                             EVAC_STR_ARG(name));
        at += BLOCK;
        files[(*ret_count)++] = (struct evac_tar_file){ name, { a.p + at, (size_t)bytes } };
        if (!is_zero(a.p + at + bytes, (size_t)(padded - bytes)))
            return evac_fail(err, EVAC_E_CORRUPT, "something is written behind the end of %.*s",
                             EVAC_STR_ARG(name));
        at += (size_t)padded;
    }
    if (a.n - at < 2 * (size_t)BLOCK)
        return evac_fail(err, EVAC_E_CORRUPT, "the archive was cut at byte %zu: its end is missing",
                         a.n);
    if (!is_zero(a.p + at, a.n - at)) /* other programs fill up to ten or twenty blocks */
        return evac_fail(err, EVAC_E_CORRUPT, "something is written behind the archive's end");
    return EVAC_OK;
}
