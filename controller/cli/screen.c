#include "screen.h"

#include "terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static unsigned terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        return size.ws_col;
    return 80;
}

/* The line below the picture is the cursor's. */
static unsigned room(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row >= 4)
        return size.ws_row - 1u;
    return 23;
}

void evac_screen_init(struct evac_screen *s, bool json)
{
    const char *term = getenv("TERM");
    *s = (struct evac_screen){ .width = terminal_width() };
    s->live = isatty(STDOUT_FILENO) && !json && term && strcmp(term, "dumb") != 0;
    evac_buf_init(&s->out, 1u << 20);
}

void evac_screen_full(struct evac_screen *s)
{
    s->full = s->live && evac_terminal_full();
    s->fits = s->fits || s->full;
}

void evac_screen_back(struct evac_screen *s)
{
    if (s->full)
        evac_terminal_back();
    s->full = false;
    s->lines = 0; /* what stands there now is not ours */
}

int evac_screen_wait(struct evac_screen *s, int ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000L };
    if (s->full)
        return evac_terminal_key(ms);
    nanosleep(&t, NULL);
    return 0;
}

unsigned evac_screen_height(void)
{
    return room();
}

void evac_screen_done(struct evac_screen *s)
{
    evac_screen_back(s);
    evac_buf_done(&s->out);
}

void evac_screen_begin(struct evac_screen *s)
{
    evac_buf_reset(&s->out);
    s->width = terminal_width();
    if (s->full)
        evac_buf_puts(&s->out, "\033[H");
    else if (s->live && s->lines)
        evac_buf_putf(&s->out, "\033[%uA", s->lines);
    s->lines = s->hidden = 0;
}

static bool starts_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

void evac_screen_line(struct evac_screen *s, const char *styled)
{
    unsigned seen = 0;
    if (s->live && s->fits && s->lines + 1 >= room()) {
        s->hidden++;
        return;
    }
    for (const char *p = styled; *p; p++) {
        if (*p == '\033') {
            const char *end = strchr(p, 'm');
            if (!end)
                break;
            evac_buf_put(&s->out, p, (size_t)(end - p) + 1);
            p = end;
            continue;
        }
        seen += starts_character(*p);
        if (!s->live || seen < s->width)
            evac_buf_putc(&s->out, *p);
    }
    evac_buf_puts(&s->out, s->live ? "\033[K\n" : "\n");
    s->lines++;
}

void evac_screen_linef(struct evac_screen *s, const char *fmt, ...)
{
    struct evac_buf line;
    va_list ap;
    evac_buf_init(&line, 16384);
    va_start(ap, fmt);
    evac_buf_putv(&line, fmt, ap);
    va_end(ap);
    evac_screen_line(s, line.p ? line.p : "");
    evac_buf_done(&line);
}

/* As many bytes of words as fit, up to a blank where there is one. */
static size_t fitting(const char *words, size_t room)
{
    size_t n = strlen(words), at = room;
    if (n <= room)
        return n;
    while (at > 0 && words[at] != ' ')
        at--;
    return at ? at : room;
}

void evac_screen_words(struct evac_screen *s, unsigned indent, const char *style, const char *words,
                       const char *plain)
{
    unsigned width = s->live && s->width < 100 ? s->width : s->live ? 100 : 80;
    size_t room = width > indent + 20 ? width - indent - 1 : 20;
    while (*words) {
        size_t n = fitting(words, room);
        evac_screen_linef(s, "%*s%s%.*s%s", (int)indent, "", style, (int)n, words, plain);
        words += n;
        words += strspn(words, " ");
    }
}

void evac_screen_end(struct evac_screen *s)
{
    if (s->hidden) {
        evac_buf_putf(&s->out, "... %u more line%s: a higher window shows all\033[K\n", s->hidden,
                      s->hidden == 1 ? "" : "s");
        s->lines++;
    }
    if (s->live)
        evac_buf_puts(&s->out, "\033[J");
    fwrite(s->out.p, 1, s->out.n, stdout);
    fflush(stdout);
}

void evac_screen_bar(struct evac_buf *out, double part, unsigned cells)
{
    unsigned full = part <= 0 ? 0 : part >= 1 ? cells : (unsigned)(part * cells);
    evac_buf_putc(out, '[');
    for (unsigned i = 0; i < cells; i++)
        evac_buf_putc(out, i < full ? '#' : '.');
    evac_buf_putc(out, ']');
}
