/*
 * What the engine asks the shell to do, and the one rule that makes it durable: the shell commits
 * every JOURNAL of one batch, in one durable write, before it performs any other effect of that
 * batch.
 */
#ifndef EVAC_EFFECTS_H
#define EVAC_EFFECTS_H

#include "evac/driver.h"
#include "plan.h"
#include "record.h"
#include "text.h"

struct evac_run;

#define EVAC_EFFECT_KINDS(X)                                                                       \
    X(JOURNAL) /* append record */                                                                 \
    X(CALL)    /* call a driver; answer with EVAC_EVENT_REPLY and the same call number */          \
    X(CANCEL)  /* ask an open call to end early; its reply still comes */                          \
    X(START)   /* compile a plan and answer with EVAC_EVENT_ADMIT or EVAC_EVENT_NOT_ADMITTED */    \
    X(ENDED)   /* a run is over: write its report; its memory is the shell's again */              \
    X(NOTICE)  /* tell people */
#define X(name) EVAC_FX_##name,
enum evac_effect_kind { EVAC_EFFECT_KINDS(X) EVAC_EFFECT_KIND_COUNT };
#undef X

struct evac_call_effect {
    uint64_t call;              /* number, unique in this process */
    struct evac_run *run;       /* NULL: a measurement of an app's resource */
    const struct evac_app *app; /* the same: whose */
    uint16_t step;              /* index in the run's plan; without run: in the app's resources */
    enum evac_verb verb;
    uint32_t attempt;    /* APPLY */
    uint64_t goal_seq;   /* undo: number of the journal row with the snapshot; 0 none */
    const char *version; /* APPLY: the version seen, "" if none; lives in the run */
    uint64_t deadline_ms;
    struct evac_str from, to, region; /* without run */
    int64_t marker;
};

struct evac_start_effect {
    uint16_t app; /* index in the engine's apps */
    enum evac_workflow workflow;
    enum evac_drill_kind drill;
    enum evac_mode mode;
    uint16_t from, to; /* regions, indices */
    bool proposed;     /* wait for a person's yes */
    bool decided;      /* goes into its EVAC_EVENT_ADMIT */
    bool rehearse;
    enum evac_plan_part part; /* of a drill, whose things the model names */
    const char *drill_name;   /* in the model; NULL or "": none */
    const char *who;
    const char *why; /* lives until the next engine step */
};

struct evac_notice_effect {
    bool alarm; /* a person should look, now */
    struct evac_str app;
    uint64_t run;
    const char *text;   /* in the batch's text space */
    struct evac_str to; /* whoever is to be told beside those who always are; "" nobody */
};

struct evac_effect {
    enum evac_effect_kind kind;
    union {
        struct evac_record record;
        struct evac_call_effect call;
        uint64_t cancel;
        struct evac_start_effect start;
        struct evac_run *ended;
        struct evac_notice_effect notice;
    } u;
};

#define EVAC_EFFECTS_MAX  4096u
#define EVAC_EFFECTS_TEXT 262144u

/* One batch. Fixed capacity: the engine stops early when little room is left and asks to be woken
 * at once, so nothing is lost. texts holds what records and notices point at until the next batch.
 */
struct evac_effects {
    struct evac_effect items[EVAC_EFFECTS_MAX];
    size_t count;
    char text[EVAC_EFFECTS_TEXT];
    size_t text_used;
    enum evac_code answer; /* to a command */
    char answer_text[240];
    uint64_t answer_run; /* ADMIT: the run's number */
};

void evac_effects_reset(struct evac_effects *fx);

/* Room for another step's worth of effects? */
bool evac_effects_has_room(const struct evac_effects *fx);

struct evac_effect *evac_effects_add(struct evac_effects *fx, enum evac_effect_kind kind);

/* Begin a text in the batch's space, at most max bytes; end it to get it as a borrowed text. */
struct evac_text evac_effects_text(struct evac_effects *fx, size_t max_bytes);
struct evac_str evac_effects_text_end(struct evac_effects *fx, const struct evac_text *text);
#endif
