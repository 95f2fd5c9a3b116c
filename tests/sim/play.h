/* A script played in a world of the whole product, to its verdict. */
#ifndef PLAY_H
#define PLAY_H

#include "script.h"
#include "world.h"

struct played {
    char broken[500]; /* "S7: ...", "" nothing */
    uint64_t events, requests, runs, virtual_ms;
    enum evac_run_state ended;
    uint64_t story; /* a hash of what was thought of the regions, up to the first run */
    uint64_t rows;  /* a hash of all that was journalled, and when */
};

struct play_options {
    bool verbose;
    /* the requests that did not just pass: into it, as long as there is room */
    struct script *keep;
};

void play(const struct script *script, const struct play_options *options,
          struct played *ret_played);

/* promise.c: what the end of it all promises, the world must show. */
#define PROMISED_NAMES 3u /* of tests/sim/names.cfg */

struct ending {
    struct world *w;
    const char *app;
    bool dies; /* the active region does, and stays dead, and nobody says a word against a move */
    uint32_t
        slow_millionths; /* its boot clock went slow by so much at most: so are its durations */
    uint64_t died_ms;    /* by the controller's boot clock; 0: it does not */
    bool quiet;          /* nothing but that: no fault, and nobody who meddles */
    bool clocks_differ;  /* of several controllers, the wall clocks */
    bool folds;          /* the journal is read again at the end: dear, so not of each seed */
    double slack_ms;     /* of the loss: replication fell behind in steps of so much */
    unsigned copies;     /* instances in the standby, before anything happened */
    /* how long the trace was when somebody else took that name's record away, 0 nobody did */
    size_t emptied[PROMISED_NAMES];
};
unsigned promise_copies(struct world *w);
/* What a control verb takes away, which nobody promises to be there any more. */
void promise_emptied(struct ending *s, struct evac_str verb);
void promise_check(const struct ending *ending, char *ret_broken, size_t bytes);
#endif
