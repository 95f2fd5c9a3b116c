/* https://www.sqlite.org/fileformat2.html: section 1.3 for the file, 4 for the log. */
#include "sqlite_image.h"

#include "never.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_HEADER   32u
#define FRAME_HEADER 24u
#define PAGE_BYTES   4096u /* SQLite's default, and so every journal's */

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* --- reading files --- */

static enum evac_code read_all(int fd, unsigned char *bytes, size_t size, const char *name,
                               struct evac_err *err)
{
    for (size_t at = 0; at < size;) {
        ssize_t n = pread(fd, bytes + at, size - at, (off_t)at);
        if (n < 0 && errno != EINTR) /* a bad sector: the rest of its page is zeros */
            n = (ssize_t)(PAGE_BYTES - at % PAGE_BYTES < size - at ? PAGE_BYTES - at % PAGE_BYTES
                                                                   : size - at);
        if (n == 0)
            return evac_fail(err, EVAC_E_IO, "%s became shorter while it was read", name);
        if (n > 0)
            at += (size_t)n;
    }
    return EVAC_OK;
}

static enum evac_code read_file(const char *name, unsigned char **ret, size_t *ret_size,
                                struct evac_err *err)
{
    struct stat st;
    enum evac_code code = EVAC_OK;
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return evac_fail(err, errno == ENOENT ? EVAC_E_NOTFOUND : EVAC_E_IO, "%s: %s", name,
                         strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        code = evac_fail(err, EVAC_E_IO, "%s is no plain file", name);
    else if ((uint64_t)st.st_size > EVAC_IMAGE_MAX)
        code = evac_fail(err, EVAC_E_TOOBIG, "%s is larger than %llu MiB", name,
                         (unsigned long long)(EVAC_IMAGE_MAX >> 20));
    size_t size = code ? 0 : (size_t)st.st_size;
    unsigned char *bytes = code ? NULL : sqlite3_malloc64(size + PAGE_BYTES);
    if (EVAC_IF_NEVER(!code && !bytes))
        code = evac_fail(err, EVAC_E_IO, "%s: there is no memory for it", name);
    if (!code) {
        memset(bytes, 0, size + PAGE_BYTES);
        code = read_all(fd, bytes, size, name, err);
    }
    close(fd);
    if (code) {
        sqlite3_free(bytes);
        return code;
    }
    *ret = bytes;
    *ret_size = size;
    return EVAC_OK;
}

/* --- the log --- */

struct wal {
    const unsigned char *bytes;
    size_t frames; /* whole ones with this log's salts, damaged ones between them included */
    uint32_t page_bytes;
    unsigned char salts[8];
    bool big_endian, header_good;
};

static uint32_t word(const struct wal *wal, const unsigned char *p)
{
    return wal->big_endian
               ? be32(p)
               : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void checksum(const struct wal *wal, const unsigned char *p, size_t n, uint32_t sum[2])
{
    for (size_t i = 0; i + 8 <= n; i += 8) {
        sum[0] += word(wal, p + i) + sum[1];
        sum[1] += word(wal, p + i + 4) + sum[0];
    }
}

static const unsigned char *frame_at(const struct wal *wal, size_t i)
{
    return wal->bytes + LOG_HEADER + i * (FRAME_HEADER + wal->page_bytes);
}

/* By the checksum that the frame before it carries, whether or not that one is good itself. */
static bool frame_is_good(const struct wal *wal, size_t i)
{
    const unsigned char *f = frame_at(wal, i);
    const unsigned char *before = i ? frame_at(wal, i - 1) + 16 : wal->bytes + 24;
    uint32_t sum[2] = { be32(before), be32(before + 4) };
    checksum(wal, f, 8, sum);
    checksum(wal, f + FRAME_HEADER, wal->page_bytes, sum);
    return memcmp(f + 8, wal->salts, 8) == 0 && be32(f + 16) == sum[0] && be32(f + 20) == sum[1];
}

/* Two frames with the same salts are its own; what it held before it began anew has others. */
static void find_salts(struct wal *wal, size_t whole)
{
    memcpy(wal->salts, wal->bytes + 16, 8);
    for (size_t i = 0; !wal->header_good && i + 1 < whole; i++) /* what has no page is room */
        if (be32(frame_at(wal, i)) &&
            memcmp(frame_at(wal, i) + 8, frame_at(wal, i + 1) + 8, 8) == 0) {
            memcpy(wal->salts, frame_at(wal, i) + 8, 8);
            break;
        }
    for (size_t i = 0; i < whole; i++)
        if (memcmp(frame_at(wal, i) + 8, wal->salts, 8) == 0)
            wal->frames = i + 1;
}

/* A header that is damaged says nothing of the checksums' byte order either. */
static void find_order(struct wal *wal)
{
    size_t good[2] = { 0, 0 };
    for (unsigned big = 0; big < 2; big++) {
        wal->big_endian = big;
        for (size_t i = 0; i < wal->frames; i++)
            good[big] += frame_is_good(wal, i);
    }
    wal->big_endian = good[1] > good[0];
}

static bool open_wal(struct wal *wal, const unsigned char *bytes, size_t size, uint32_t page_bytes)
{
    uint32_t sum[2] = { 0, 0 };
    *wal = (struct wal){ .bytes = bytes, .page_bytes = page_bytes };
    if (size < LOG_HEADER + FRAME_HEADER + page_bytes)
        return false;
    wal->big_endian = (bytes[3] & 1) != 0;
    checksum(wal, bytes, 24, sum);
    wal->header_good = be32(bytes + 24) == sum[0] && be32(bytes + 28) == sum[1];
    find_salts(wal, (size - LOG_HEADER) / (FRAME_HEADER + page_bytes));
    if (!wal->header_good)
        find_order(wal);
    return true;
}

static void lay_page(struct evac_sqlite_image *image, uint32_t page, const unsigned char *bytes)
{
    size_t at = (size_t)(page - 1) * image->page_bytes;
    if (page == 0 || page > EVAC_IMAGE_MAX / image->page_bytes)
        return;
    if (page > image->pages) {
        unsigned char *more = sqlite3_realloc64(image->bytes, at + image->page_bytes);
        if (EVAC_IF_NEVER(!more))
            return;
        memset(more + image->size, 0, at + image->page_bytes - image->size);
        image->bytes = more;
        image->size = at + image->page_bytes;
        image->pages = page;
    }
    memcpy(image->bytes + at, bytes, image->page_bytes);
}

/* Behind the last commit there is only what was never acknowledged; where frames are damaged that
 * can not be told, and everything counts: the chain of the rows says what it is worth. */
static size_t frames_that_count(const struct wal *wal, struct evac_buf *notes)
{
    size_t committed = 0, bad = 0;
    if (!wal->header_good && wal->frames)
        evac_buf_puts(notes, "the log's header (its bytes 0 to 31) is damaged: SQLite sees none of "
                             "its frames\n");
    for (size_t i = 0; i < wal->frames; i++)
        if (frame_is_good(wal, i))
            committed = be32(frame_at(wal, i) + 4) ? i + 1 : committed;
        else if (bad++ < 20)
            evac_buf_putf(notes,
                          "frame %zu of %zu of the log (its bytes %zu to %zu) is damaged: SQLite "
                          "sees none from there on\n",
                          i + 1, wal->frames, (size_t)(frame_at(wal, i) - wal->bytes),
                          (size_t)(frame_at(wal, i + 1) - wal->bytes) - 1);
    return bad || !wal->header_good ? wal->frames : committed;
}

static void lay_log(struct evac_sqlite_image *image, const unsigned char *bytes, size_t size,
                    struct evac_buf *notes)
{
    struct wal wal;
    if (!open_wal(&wal, bytes, size, image->page_bytes))
        return;
    size_t count = frames_that_count(&wal, notes);
    for (size_t i = 0; i < count; i++)
        if (frame_is_good(&wal, i))
            lay_page(image, be32(frame_at(&wal, i)), frame_at(&wal, i) + FRAME_HEADER);
}

/* --- both --- */

static void take_main(struct evac_sqlite_image *image, struct evac_buf *notes)
{
    image->page_bytes = PAGE_BYTES;
    size_t over = image->size % PAGE_BYTES;
    if (over)
        evac_buf_putf(notes, "the file is cut: its last page has %zu of %u bytes\n", over,
                      PAGE_BYTES);
    image->size += over ? PAGE_BYTES - over : 0; /* there is room, of zeros */
    image->pages = (uint32_t)(image->size / PAGE_BYTES);
}

enum evac_code evac_sqlite_image_read(const char *path, struct evac_sqlite_image *ret,
                                      struct evac_buf *notes, struct evac_err *err)
{
    struct evac_sqlite_image image = { 0 };
    char name[4096];
    unsigned char *log = NULL;
    size_t log_size = 0;
    int n = snprintf(name, sizeof name, "%s-wal", path);
    if (n < 0 || (size_t)n >= sizeof name)
        return evac_fail(err, EVAC_E_TOOBIG, "the path is too long");
    enum evac_code code = read_file(path, &image.bytes, &image.size, err);
    if (code)
        return code;
    take_main(&image, notes);
    code = read_file(name, &log, &log_size, err);
    if (!code)
        lay_log(&image, log, log_size, notes);
    else if (code != EVAC_E_NOTFOUND)
        evac_buf_putf(notes, "the log can not be read: %s\n", err->text);
    sqlite3_free(log);
    *ret = image;
    return EVAC_OK;
}

void evac_sqlite_image_done(struct evac_sqlite_image *image)
{
    sqlite3_free(image->bytes);
    memset(image, 0, sizeof *image);
}
