/* A picture on the terminal that is drawn again in place. Without a terminal that can do it, or
 * with TERM=dumb, each picture follows the one before. */
#ifndef EVAC_SCREEN_H
#define EVAC_SCREEN_H

#include "evac/buf.h"

struct evac_screen {
    struct evac_buf out;
    unsigned width;
    unsigned lines;  /* of the picture that stands */
    unsigned hidden; /* ... and of it what there is no room for */
    bool live;
    bool fits; /* set it: a live picture keeps within the window, for it can not be drawn over what
                  has left that; how much is missing stands in its last line */
    bool full; /* it has the whole terminal */
};

/* json: a program reads, nothing is live. */
void evac_screen_init(struct evac_screen *screen, bool json);
void evac_screen_done(struct evac_screen *screen);

/* Takes the whole terminal, if there is one (terminal.h); evac_screen_back() and done give it back.
 */
void evac_screen_full(struct evac_screen *screen);
void evac_screen_back(struct evac_screen *screen);
/* Waits at most ms, shorter when a key is typed or the window changes: an evac_key, 0 without. */
int evac_screen_wait(struct evac_screen *screen, int ms);
/* How many lines there are for a picture. */
unsigned evac_screen_height(void);

void evac_screen_begin(struct evac_screen *screen);
/* One line, cut to the terminal's width when live; only what is seen counts, styles do not. */
void evac_screen_line(struct evac_screen *screen, const char *styled);
void evac_screen_linef(struct evac_screen *screen, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Words, broken between them, each line with that indent. style, plain: around each line. */
void evac_screen_words(struct evac_screen *screen, unsigned indent, const char *style,
                       const char *words, const char *plain);
void evac_screen_end(struct evac_screen *screen);

/* "[#####.....]", cells wide without the brackets; part 0..1, cut. */
void evac_screen_bar(struct evac_buf *out, double part, unsigned cells);
#endif
