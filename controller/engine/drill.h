/* A drill that is going on: what the engine keeps of it, and what it is told. */
#ifndef EVAC_DRILL_H
#define EVAC_DRILL_H

#include "drill_fsm.h"
#include "run.h"

/* Who begins a drill's own runs. */
#define EVAC_DRILL_WHO "drill"

struct evac_drill {
    /* durable: the fold of its DRILL rows, and of its runs' ADMIT and TERMINAL rows */
    enum evac_drill_state state; /* IDLE when none is going on */
    enum evac_drill_kind kind;
    uint32_t number; /* 1.. over all apps: `attempt` of its rows */
    char name[65];   /* in the configuration, "" when begun by hand */
    uint16_t from, to;
    bool look;                   /* something must be looked at first */
    bool approval;               /* a person says yes before anything changes */
    uint64_t run;                /* of the present state, 0 none yet */
    enum evac_run_state run_end; /* it ended so, and what follows is not yet in the journal; NONE */
    bool overtaken;              /* a real run came between */
    int64_t time_ms;             /* live: the soak; game day: its patience */
    int64_t rto_ms, detect_ms;   /* of the users' move, once it was; -1 not known */
    int64_t began_wall_ms, until_wall_ms;
    enum evac_drill_state last; /* how the last one ended; NONE: there was none */
    uint32_t last_number;

    /* of this process only */
    uint64_t until_boot_ms;
    bool asked;      /* a START is with the shell */
    unsigned asks;   /* of this state's run that were refused */
    uint64_t ask_ms; /* not again before */
};

/* A calendar's word about one drill. PLANNED, SKIPPED and MISSED only leave a row. */
enum evac_drill_says {
    EVAC_DRILL_SAYS_PLANNED,
    EVAC_DRILL_SAYS_SKIPPED,
    EVAC_DRILL_SAYS_MISSED,
    EVAC_DRILL_SAYS_BEGIN,
};

struct evac_drill_event {
    enum evac_drill_says says;
    uint16_t app;
    enum evac_drill_kind kind;
    uint16_t from, to;
    bool look, approval;
    int64_t time_ms; /* BEGIN: see struct evac_drill */
    int64_t due_wall_ms;
    struct evac_str name; /* in the configuration, "" by hand */
    struct evac_str who, why;
    struct evac_str receipt; /* JSON without its first brace, "" none */
};
#endif
