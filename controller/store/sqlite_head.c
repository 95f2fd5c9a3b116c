#include "sqlite_head.h"

#include "never.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In words, for a person who looks; of one length, so that it is overwritten in place. */
#define FORM  "the journal's last acknowledged row: %020llu sha256 "
#define BYTES 132

struct evac_sqlite_head {
    int fd;
};

static int open_beside(const char *path, int flags)
{
    char name[4096];
    int n = snprintf(name, sizeof name, "%s.head", path);
    return n > 0 && (size_t)n < sizeof name ? open(name, flags | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
}

struct evac_sqlite_head *evac_sqlite_head_open(const char *path)
{
    int fd = open_beside(path, O_RDWR | O_CREAT);
    if (fd < 0)
        return NULL;
    struct evac_sqlite_head *head = malloc(sizeof *head);
    if (EVAC_IF_NEVER(!head))
        abort();
    head->fd = fd;
    return head;
}

void evac_sqlite_head_set(struct evac_sqlite_head *head, const struct evac_chain *chain)
{
    static const char digits[] = "0123456789abcdef";
    char text[BYTES + 1];
    if (!head)
        return;
    int n = snprintf(text, sizeof text, FORM, (unsigned long long)chain->last_seq);
    for (size_t i = 0; i < 32; i++) {
        text[n++] = digits[chain->last_hash[i] >> 4];
        text[n++] = digits[chain->last_hash[i] & 15];
    }
    text[n++] = '\n';
    if (pwrite(head->fd, text, (size_t)n, 0) != n) {
        int done = ftruncate(head->fd, 0); /* none is better than half of one, which is not read */
        (void)done;
    }
}

void evac_sqlite_head_close(struct evac_sqlite_head *head)
{
    if (!head)
        return;
    close(head->fd);
    free(head);
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse(const char *text, struct evac_chain *ret)
{
    char again[BYTES + 1];
    const char *number = strchr(text, ':');
    struct evac_chain chain = { .last_seq = number ? strtoull(number + 1, NULL, 10) : 0 };
    int n = snprintf(again, sizeof again, FORM, (unsigned long long)chain.last_seq);
    if (strncmp(text, again, (size_t)n) != 0 || strlen(text) != (size_t)n + 65)
        return false;
    for (int i = 0; i < 32; i++) {
        int high = digit(text[n + 2 * i]), low = digit(text[n + 2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        chain.last_hash[i] = (uint8_t)(high << 4 | low);
    }
    *ret = chain;
    return true;
}

bool evac_sqlite_head_read(const char *path, struct evac_chain *ret_chain)
{
    char text[BYTES + 1];
    int fd = open_beside(path, O_RDONLY);
    if (fd < 0)
        return false;
    ssize_t n = pread(fd, text, BYTES, 0);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0 && parse(text, ret_chain);
}
