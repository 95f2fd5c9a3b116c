/* An approver's key file: one line of base 32, for its owner's eyes and the controller's. */
#include "challenge.h"
#include "draw.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_CHARS ((EVAC_APPROVER_KEY * 8 + 4) / 5)

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; /* RFC 4648 */

static void to_text(const uint8_t key[EVAC_APPROVER_KEY], char text[KEY_CHARS + 1])
{
    for (size_t i = 0; i < KEY_CHARS; i++) {
        unsigned value = 0;
        for (size_t bit = i * 5; bit < i * 5 + 5; bit++) {
            unsigned byte = bit < EVAC_APPROVER_KEY * 8 ? key[bit / 8] : 0;
            value = value << 1 | (byte >> (7 - bit % 8) & 1u);
        }
        text[i] = alphabet[value];
    }
    text[KEY_CHARS] = '\n';
}

static bool from_text(const char text[KEY_CHARS], uint8_t key[EVAC_APPROVER_KEY])
{
    memset(key, 0, EVAC_APPROVER_KEY);
    for (size_t i = 0; i < KEY_CHARS; i++) {
        const char *at = text[i] ? strchr(alphabet, text[i]) : NULL;
        if (!at)
            return false;
        for (size_t k = 0, bit = i * 5; k < 5; k++, bit++) {
            uint8_t one = (uint8_t)((at - alphabet) >> (4 - k) & 1);
            if (bit < EVAC_APPROVER_KEY * 8)
                key[bit / 8] |= (uint8_t)(one << (7 - bit % 8));
            else if (one)
                return false;
        }
    }
    return true;
}

enum evac_code evac_approver_key_make(const char *path, struct evac_err *err)
{
    uint8_t key[EVAC_APPROVER_KEY];
    char text[KEY_CHARS + 1];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return evac_fail(err, errno == EEXIST ? EVAC_E_BUSY : EVAC_E_BADARG, "%s: %s", path,
                         errno == EEXIST ? "there is a file already; a key is never overwritten"
                                         : strerror(errno));
    evac_draw(key, sizeof key);
    to_text(key, text);
    bool good = write(fd, text, sizeof text) == (ssize_t)sizeof text && fsync(fd) == 0;
    int failure = errno;
    good = close(fd) == 0 && good;
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(text, sizeof text);
    if (good)
        return EVAC_OK;
    (void)unlink(path);
    return evac_fail(err, EVAC_E_STORE, "%s: %s", path, strerror(failure));
}

static enum evac_code read_text(int fd, const char *path, char text[KEY_CHARS + 2], size_t *ret_n,
                                struct evac_err *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return evac_fail(err, EVAC_E_BADARG, "%s is no file", path);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return evac_fail(err, EVAC_E_REFUSED, "others can read the key's file %s: chmod 600 %s",
                         path, path);
    ssize_t got = read(fd, text, KEY_CHARS + 2);
    *ret_n = got > 0 ? (size_t)got : 0;
    return EVAC_OK;
}

enum evac_code evac_approver_key_read(const char *path, uint8_t ret_key[EVAC_APPROVER_KEY],
                                      struct evac_err *err)
{
    char text[KEY_CHARS + 2];
    size_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* no pipe holds the controller */
    if (fd < 0)
        return evac_fail(err, EVAC_E_NOTFOUND, "the approver's key %s: %s", path, strerror(errno));
    enum evac_code code = read_text(fd, path, text, &n, err);
    (void)close(fd);
    bool whole = n == KEY_CHARS || (n == KEY_CHARS + 1 && text[KEY_CHARS] == '\n');
    if (!code && (!whole || !from_text(text, ret_key)))
        code = evac_fail(err, EVAC_E_BADARG,
                         "%s is no approver's key: one line of %u characters, as 'evac challenge "
                         "keygen' writes it",
                         path, KEY_CHARS);
    if (code)
        OPENSSL_cleanse(ret_key, EVAC_APPROVER_KEY);
    OPENSSL_cleanse(text, sizeof text);
    return code;
}
