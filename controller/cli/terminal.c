#include "terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* xterm's: alternate buffer, cursor hidden; every terminal of today that is not dumb knows them. */
static const char enter[] = "\033[?1049h\033[?25l\033[H\033[J";
static const char leave[] = "\033[?25h\033[?1049l";

static struct termios before;
static volatile sig_atomic_t taken, resized;

/* Only what a signal handler may call. */
static void put(const char *text, size_t n)
{
    while (n) {
        ssize_t sent = write(STDOUT_FILENO, text, n);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return;
        text += sent;
        n -= (size_t)sent;
    }
}

static void take(void)
{
    struct termios raw = before;
    raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO); /* Ctrl-C stays a signal */
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    put(enter, sizeof enter - 1);
    taken = 1;
}

void evac_terminal_back(void)
{
    if (!taken)
        return;
    taken = 0;
    put(leave, sizeof leave - 1);
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

static void on_end(int number)
{
    evac_terminal_back();
    signal(number, SIG_DFL);
    (void)raise(number);
}

static void on_resize(int number)
{
    (void)number;
    resized = 1;
}

/* The shell has its terminal while we are stopped; raise() returns when we go on. */
static void on_stop(int number)
{
    int kept = errno;
    sigset_t stop;
    evac_terminal_back();
    signal(SIGTSTP, SIG_DFL);
    sigemptyset(&stop);
    sigaddset(&stop, number);
    (void)sigprocmask(SIG_UNBLOCK, &stop, NULL);
    (void)raise(number);
    signal(SIGTSTP, on_stop);
    take();
    resized = 1;
    errno = kept;
}

bool evac_terminal_full(void)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    static bool listens;
    const char *term = getenv("TERM");
    if (taken)
        return true;
    if (!term || strcmp(term, "dumb") == 0 || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO) ||
        tcgetattr(STDIN_FILENO, &before) != 0)
        return false;
    for (size_t i = 0; !listens && i < sizeof ends / sizeof ends[0]; i++)
        signal(ends[i], on_end);
    if (!listens) {
        struct sigaction winch = { .sa_handler = on_resize }; /* no SA_RESTART: poll() returns */
        sigaction(SIGWINCH, &winch, NULL);
        signal(SIGTSTP, on_stop);
        (void)atexit(evac_terminal_back);
    }
    listens = true;
    take();
    return true;
}

/* --- keys
 * --------------------------------------------------------------------------------------------------
 */

static const struct {
    const char *bytes; /* after the escape */
    enum evac_key key;
} sequences[] = {
    { "[A", EVAC_KEY_UP },   { "OA", EVAC_KEY_UP },       { "[B", EVAC_KEY_DOWN },
    { "OB", EVAC_KEY_DOWN }, { "[5~", EVAC_KEY_PAGE_UP }, { "[6~", EVAC_KEY_PAGE_DOWN },
    { "[H", EVAC_KEY_HOME }, { "OH", EVAC_KEY_HOME },     { "[1~", EVAC_KEY_HOME },
    { "[F", EVAC_KEY_END },  { "OF", EVAC_KEY_END },      { "[4~", EVAC_KEY_END },
};

static bool waits(int ms)
{
    struct pollfd in = { STDIN_FILENO, POLLIN, 0 };
    return poll(&in, 1, ms) == 1;
}

/* An escape alone, or the begin of a sequence, whose bytes come together. */
static int after_escape(void)
{
    char bytes[8] = "";
    size_t n = 0;
    while (n + 1 < sizeof bytes && waits(n ? 5 : 30) && read(STDIN_FILENO, bytes + n, 1) == 1) {
        bytes[++n] = '\0';
        for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++)
            if (strcmp(bytes, sequences[i].bytes) == 0)
                return (int)sequences[i].key;
    }
    return n ? EVAC_KEY_NONE : EVAC_KEY_ESCAPE;
}

int evac_terminal_key(int wait_ms)
{
    unsigned char c = 0;
    bool came = waits(wait_ms);
    if (resized) {
        resized = 0;
        return EVAC_KEY_RESIZED;
    }
    if (!came)
        return EVAC_KEY_NONE;
    ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n == 0)
        return 'q'; /* the terminal is gone */
    if (n < 0)
        return EVAC_KEY_NONE;
    return c == 27 ? after_escape() : c == '\r' ? EVAC_KEY_ENTER : c == 8 ? EVAC_KEY_BACKSPACE : c;
}
