/*
 * Bytes at the door of evac-fence, as a neighbour of the app may send them: the real door and its
 * loop, over a socket. Whatever comes, each answer is one that a client can read, nobody is told
 * that they may write (nothing was read that allows it), and the next one who asks is answered.
 */
#include "fuzz.h"
#include "log.h"
#include "sidecar_internal.h"

#include <errno.h>
#include <http_parser.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TURNS 64 /* of the loop, until what is sent is worked off */

static uv_loop_t loop;
static struct fence_options options = { .app = "shop", .region = "us-east-1", .lease_ms = 30000 };
static struct sidecar sidecar;
static char path[64], listen_at[80];

static uint64_t now_ms(void *ctx)
{
    (void)ctx;
    return 1000000;
}

static void remove_socket(void)
{
    (void)unlink(path);
}

static void open_once(void)
{
    struct evac_err err = { EVAC_OK, "" };
    if (sidecar.loop)
        return;
    evac_log_setup(stderr, EVAC_LOG_ERROR, false);
    (void)snprintf(path, sizeof path, "/tmp/evac-fuzz-door-%ld.sock", (long)getpid());
    (void)snprintf(listen_at, sizeof listen_at, "unix:%s", path);
    MUST(uv_loop_init(&loop) == 0 && atexit(remove_socket) == 0);
    options.listen = listen_at;
    options.copy_count = 2;
    sidecar = (struct sidecar){ .o = &options, .loop = &loop, .host = { .now_ms = now_ms } };
    const struct evac_fence_options fence = {
        .app = EVAC_STR("shop"), .region = EVAC_STR("us-east-1"), .copies = 2, .lease_ms = 30000
    };
    MUST(!evac_fence_new(&fence, &sidecar.fence, &err));
    MUST(!door_open(&sidecar, &sidecar.door, &err));
}

static int connect_to(void)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    (void)evac_str_copy(to.sun_path, sizeof to.sun_path, evac_str(path));
    MUST(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

/* --- what comes back -------------------------------------------------------------------------- */

struct seen {
    unsigned answers;
    int status;
};

static int on_answer(http_parser *parser)
{
    struct seen *seen = parser->data;
    seen->answers++;
    seen->status = (int)parser->status_code;
    return 0;
}

static int on_body(http_parser *parser, const char *p, size_t n)
{
    (void)parser;
    MUST(!evac_str_has((struct evac_str){ p, n }, "\"may_write\":true"));
    return 0;
}

static void take(int fd, http_parser *parser)
{
    static const http_parser_settings settings = { .on_message_complete = on_answer,
                                                   .on_body = on_body };
    static char text[65536];
    for (ssize_t n; (n = recv(fd, text, sizeof text, 0)) > 0;)
        MUST(http_parser_execute(parser, &settings, text, (size_t)n) == (size_t)n);
}

static struct seen send_all(const uint8_t *p, size_t n, struct fuzz_input *cuts)
{
    struct seen seen = { 0, 0 };
    http_parser parser;
    int fd = connect_to();
    http_parser_init(&parser, HTTP_RESPONSE);
    parser.data = &seen;
    for (int turn = 0; turn < TURNS; turn++) {
        size_t some = cuts ? fuzz_byte(cuts) + 1u : n;
        ssize_t sent = n ? send(fd, p, some < n ? some : n, MSG_NOSIGNAL) : 0;
        if (sent > 0) {
            p += sent;
            n -= (size_t)sent;
        }
        (void)uv_run(&loop, UV_RUN_NOWAIT);
        take(fd, &parser);
        if (!n && turn > 2)
            break;
    }
    close(fd);
    for (int turn = 0; turn < 4; turn++)
        (void)uv_run(&loop, UV_RUN_NOWAIT);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char question[] = "GET /may-write HTTP/1.1\r\nHost: x\r\n\r\n";
    struct fuzz_input cuts = { data, size < 16 ? size : 16 };
    open_once();
    (void)send_all(data + cuts.n, size - cuts.n, &cuts);
    struct seen seen = send_all((const uint8_t *)question, sizeof question - 1, NULL);
    MUST(seen.answers == 1 && seen.status == 503);
    return 0;
}
