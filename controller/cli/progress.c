#include "progress.h"

#include "screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CELLS    24u
#define DRAW_MS  250u  /* between two drawings */
#define TELL_MS  2000u /* nobody needs a line about what is over sooner */
#define TRUST_MS 1000u /* the pace of less says nothing */

static void put_seconds(uint64_t ms, struct evac_buf *out)
{
    uint64_t s = (ms + 999) / 1000;
    if (s < 120)
        evac_buf_putf(out, "%llu s", (unsigned long long)s);
    else
        evac_buf_putf(out, "%llu min", (unsigned long long)(s + 59) / 60);
}

void evac_progress_text(uint64_t done, uint64_t all, uint64_t elapsed_ms, struct evac_buf *out)
{
    double part = all ? (double)done / (double)all : 0;
    evac_screen_bar(out, part, CELLS);
    evac_buf_putf(out, " %llu of %llu", (unsigned long long)done, (unsigned long long)all);
    if (done == 0 || elapsed_ms < TRUST_MS)
        return;
    evac_buf_puts(out, ", ");
    put_seconds((uint64_t)((double)elapsed_ms * (double)(all - done) / (double)done), out);
    evac_buf_puts(out, " left");
}

void evac_waiting_text(uint64_t bytes, uint64_t elapsed_ms, struct evac_buf *out)
{
    if (bytes)
        evac_buf_putf(out, "%.1f MB have come, ", (double)bytes / 1e6);
    else
        evac_buf_puts(out, "waiting for the controller, ");
    put_seconds(elapsed_ms, out);
}

/* --- the line
 * --------------------------------------------------------------------------------- */

static bool quiet, drawn;
static uint64_t began_ms, drawn_ms;

void evac_progress_quiet(void)
{
    quiet = true;
}

static bool can_draw(void)
{
    const char *term = getenv("TERM");
    return !quiet && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void draw(const struct evac_buf *text)
{
    fprintf(stderr, "\r\033[K  %.*s", (int)text->n, text->p);
    fflush(stderr);
    drawn = true;
}

static void clear(void)
{
    if (drawn)
        fputs("\r\033[K", stderr);
    fflush(stderr);
    drawn = false;
}

/* Once in a while only. */
static bool is_time(uint64_t now)
{
    if (now - drawn_ms < DRAW_MS)
        return false;
    drawn_ms = now;
    return true;
}

void evac_cli_progress(uint64_t done, uint64_t all)
{
    struct evac_buf text;
    uint64_t now = now_ms();
    if (done >= all) {
        clear();
        began_ms = 0;
        return;
    }
    began_ms = began_ms ? began_ms : now;
    if (!can_draw() || !is_time(now))
        return;
    evac_buf_init(&text, 200);
    evac_progress_text(done, all, now - began_ms, &text);
    draw(&text);
    evac_buf_done(&text);
}

void evac_cli_waiting(uint64_t bytes, uint64_t elapsed_ms)
{
    struct evac_buf text;
    if (elapsed_ms == 0) {
        clear();
        return;
    }
    if (elapsed_ms < TELL_MS || !can_draw() || !is_time(now_ms()))
        return;
    evac_buf_init(&text, 200);
    evac_waiting_text(bytes, elapsed_ms, &text);
    draw(&text);
    evac_buf_done(&text);
}
