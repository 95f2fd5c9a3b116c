/*
 * What arrives at the API's socket, byte for byte: a whole controller in this process, with its
 * journal and its loop, and requests over its unix socket, which may do all. Pieces of the input
 * (between "\x1e"s) are sent one by one. Every answer is one that a client can read, and afterwards
 * the controller still answers.
 */
#include "daemon.h"
#include "demo.h"
#include "log.h"
#include "server.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX (1u << 20)
#define TURNS_MAX  400

static uv_loop_t loop;
static struct evac_daemon *daemon_;
static struct evac_api_server *server;
static char dir[64];
static pid_t owner;

static void remove_below(const char *path)
{
    char inner[512];
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            snprintf(inner, sizeof inner, "%s/%s", path, e->d_name) < (int)sizeof inner &&
            unlink(inner) != 0)
            remove_below(inner);
    if (d)
        (void)closedir(d);
    (void)rmdir(path);
}

static void clean_up(void)
{
    if (getpid() == owner)
        remove_below(dir);
}

static void put_file(const char *name, struct evac_str text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    MUST(f && fwrite(text.p, 1, text.n, f) == text.n && fclose(f) == 0);
}

#define CONF                                                                                       \
    "socket = \"%s/sock\"; store = \"%s/journal.db\"; reports = \"%s/reports\"; node = "           \
    "\"n\";\n"                                                                                     \
    "resolver = \"127.0.0.1:9\"; anchors = ( \"http://127.0.0.1:9/\" );\n"                         \
    "packs = { aws = { endpoint_url = \"http://127.0.0.1:9\"; access_key_id = \"x\"; "             \
    "secret_access_key = \"y\"; }; };\n"

/* Nothing that the controller may ask answers: all of it is on a port where nobody listens. */
static void begin(void)
{
    char text[1024];
    struct evac_err err = { EVAC_OK, "" };
    (void)snprintf(dir, sizeof dir, "%s", "/tmp/evac-fuzz-http-XXXXXX");
    MUST(mkdtemp(dir));
    owner = getpid();
    (void)atexit(clean_up);
    (void)snprintf(text, sizeof text, "%s/apps", dir);
    MUST(mkdir(text, 0700) == 0);
    (void)snprintf(text, sizeof text, CONF, dir, dir, dir);
    put_file("evac.cfg", evac_str(text));
    static struct evac_str app;
    app = demo_read("contrib/demo/apps/shop.cfg");
    put_file("apps/shop.cfg", app);
    const struct evac_daemon_options options = { .conf_dir = dir };
    FILE *nobody = fopen("/dev/null", "w");
    MUST(nobody);
    evac_log_setup(nobody, EVAC_LOG_ERROR, false);
    (void)signal(SIGPIPE, SIG_IGN);
    MUST(uv_loop_init(&loop) == 0);
    MUST(evac_daemon_new(&loop, &options, &daemon_, &err) == EVAC_OK);
    (void)snprintf(text, sizeof text, "%s/sock", dir);
    MUST(evac_api_server_new(&loop, daemon_, text, &server, &err) == EVAC_OK);
}

static int connect_to(void)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s/sock", dir);
    MUST(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

/* Lets the controller work until the connection is closed, or nothing came for some turns. */
static bool listen_to(int fd, char *to, size_t *n, int turns)
{
    for (int quiet = 0; quiet < turns && *n < ANSWER_MAX; quiet++) {
        (void)uv_run(&loop, UV_RUN_NOWAIT);
        ssize_t got = recv(fd, to + *n, ANSWER_MAX - *n, 0);
        if (got == 0)
            return false;
        if (got > 0) {
            *n += (size_t)got;
            quiet = 0;
        }
    }
    return true;
}

static const char *header(const char *head, const char *name)
{
    const char *at = strcasestr(head, name);
    return at ? at + strlen(name) : NULL;
}

/* The first answer: a status, and when its body is there whole, what its type says. Of a HEAD there
 * is none: what stands behind it is the next answer. */
static void check_answer(char *text, size_t n, bool is_head)
{
    int status = 0;
    char *body = memmem(text, n, "\r\n\r\n", 4);
    if (n == 0 || !body)
        return;
    *body = '\0';
    body += 4;
    MUST(sscanf(text, "HTTP/1.%*1[01] %d", &status) == 1 && status >= 200 && status < 600);
    const char *length = header(text, "content-length: "), *type = header(text, "content-type: ");
    size_t bytes = length ? strtoul(length, NULL, 10) : 0;
    if (is_head || !length || bytes == 0 || bytes > n - (size_t)(body - text) || !type)
        return;
    if (strncmp(type, "application/json", 16) != 0 &&
        strncmp(type, "application/problem+json", 24) != 0)
        return;
    cJSON *json = cJSON_ParseWithLength(body, bytes);
    MUST(json || strstr(text, "stream"));
    MUST(status < 400 || (cJSON_IsObject(json) && cJSON_HasObjectItem(json, "detail")));
    cJSON_Delete(json);
}

/* Does it answer somebody else? 503 is what it says when it did not get a turn for seconds, which
 * is this machine's doing. */
static bool answers(char *answer)
{
    static const char healthz[] = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    size_t n = 0;
    int fd = connect_to();
    if (send(fd, healthz, sizeof healthz - 1, MSG_NOSIGNAL) == (ssize_t)sizeof healthz - 1)
        for (int turns = 0; n == 0 && turns < TURNS_MAX; turns++)
            (void)listen_to(fd, answer, &n, 12);
    (void)close(fd);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    return n > 12 &&
           (strncmp(answer, "HTTP/1.1 200", 12) == 0 || strncmp(answer, "HTTP/1.1 503", 12) == 0);
}

/* Event streams whose reader is gone keep their place until the server sweeps, four times a second,
 * and the socket has only so many: then it answers again. */
static bool answers_in_the_end(char *answer)
{
    for (int tenth = 0; tenth < 20; tenth++) {
        if (answers(answer))
            return true;
        (void)usleep(100000);
        (void)uv_run(&loop, UV_RUN_NOWAIT);
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char answer[ANSWER_MAX + 1];
    struct fuzz_input in = { data, size };
    size_t n = 0;
    bool open = true;
    if (!server)
        begin();
    int fd = connect_to();
    while (in.n && open) {
        struct evac_str piece = fuzz_line(&in, '\x1e');
        if (piece.n && send(fd, piece.p, piece.n, MSG_NOSIGNAL) < 0)
            break;
        open = listen_to(fd, answer, &n, in.n ? 3 : 12);
    }
    (void)close(fd);
    answer[n] = '\0';
    check_answer(answer, n, size >= 5 && memcmp(data, "HEAD ", 5) == 0);
    MUST(answers_in_the_end(answer));
    return 0;
}
