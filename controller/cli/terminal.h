/* The whole terminal for a live view: the alternate buffer, no cursor, keys one by one. Whatever
 * was there comes back at the end, at a signal that ends the process, and while it is stopped
 * (Ctrl-Z). Process-wide; one thread. */
#ifndef EVAC_TERMINAL_H
#define EVAC_TERMINAL_H

#include <stdbool.h>

/* What is typed; a printable byte is itself. */
enum evac_key {
    EVAC_KEY_NONE = 0, /* nothing came in time */
    EVAC_KEY_ENTER = '\n',
    EVAC_KEY_ESCAPE = 27,
    EVAC_KEY_BACKSPACE = 127,
    EVAC_KEY_UP = 256,
    EVAC_KEY_DOWN,
    EVAC_KEY_PAGE_UP,
    EVAC_KEY_PAGE_DOWN,
    EVAC_KEY_HOME,
    EVAC_KEY_END,
    EVAC_KEY_RESIZED, /* the window has another size, or the process goes on after a stop */
};

/* False, and nothing is done: standard input or output is no terminal, or TERM says that it can
 * not. */
bool evac_terminal_full(void);
/* Puts back what was; also when nothing was taken. */
void evac_terminal_back(void);
/* Waits at most wait_ms. Only between the two above. */
int evac_terminal_key(int wait_ms);
#endif
