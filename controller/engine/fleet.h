/*
 * The fleet: all apps, by region. When most apps of a region are down it is one incident and not a
 * thousand alarms: one notice, one proposal, one evacuation in waves.
 */
#ifndef EVAC_FLEET_H
#define EVAC_FLEET_H

#include "decision.h"

#define EVAC_FLEET_REGIONS_MAX 64u /* of all apps together; what is beyond makes no incident */
#define EVAC_FLEET_DEPS_MAX    32u /* that one app waits for: EVAC's configuration allows no more */
#define EVAC_FLEET_NOWHERE     UINT8_MAX

#define EVAC_INCIDENT_STATES(X)                                                                    \
    X(NONE, "none")                                                                                \
    X(OPEN, "open")         /* declared: who may act does, the others wait for one person's yes */ \
    X(APPROVED, "approved") /* a person said yes: all that may move is moved */                    \
    X(PAUSED, "paused")     /* nothing new begins: there is no room, or a person said so */        \
    X(DECLINED, "declined") /* a person said no: nothing begins, until it is over */               \
    X(CLOSED, "closed")
#define X(name, text) EVAC_INCIDENT_##name,
enum evac_incident_state { EVAC_INCIDENT_STATES(X) EVAC_INCIDENT_STATE_COUNT };
#undef X
const char *evac_incident_state_name(enum evac_incident_state state);

/* What an app is to the evacuation of a region. */
#define EVAC_EVACUEES(X)                                                                           \
    X(NONE, "not-affected")                                                                        \
    X(RIPENING, "ripening") /* down, not for long enough: its wave waits for it */                 \
    X(READY, "ready")                                                                              \
    X(WAITS, "awaiting-approval") /* its own, or of one that it waits for */                       \
    X(BLOCKED, "blocked")         /* a gate: held, no standby, ... : nobody waits for it */        \
    X(RUNNING, "moving")                                                                           \
    X(MOVED, "moved")                                                                              \
    X(FAILED, "failed")     /* it did not get away, or asks a person: nobody waits for it */       \
    X(LEFT_OUT, "left-out") /* it serves there, and is none of those that a person ordered away */
#define X(name, text) EVAC_EVACUEE_##name,
enum evac_evacuee { EVAC_EVACUEES(X) EVAC_EVACUEE_COUNT };
#undef X
const char *evac_evacuee_name(enum evac_evacuee what);

/* How the apps of an order go: as each finds its region (ungraceful where that is down), or all
 * alike. */
#define EVAC_ORDER_MODES(X)                                                                        \
    X(AS_FOUND, "as-found")                                                                        \
    X(GRACEFUL, "graceful")                                                                        \
    X(UNGRACEFUL, "ungraceful")
#define X(name, text) EVAC_ORDER_##name,
enum evac_order_mode { EVAC_ORDER_MODES(X) EVAC_ORDER_MODE_COUNT };
#undef X
const char *evac_order_mode_name(enum evac_order_mode mode);

#define EVAC_ORDER_TIERS 0x3eu /* a bit each, of tier 1 to 5 */

/* What a person ordered to leave a region; the newest order stands. Durable. */
struct evac_order {
    bool on;
    bool strict; /* the region was known to be down by then: whoever is left out stays */
    bool named;  /* only the apps that were named: evac_engine_app.ordered */
    uint8_t tiers;
    enum evac_order_mode mode;
    uint64_t first_run;    /* what failed before it is taken up anew */
    int64_t since_wall_ms; /* of it */
    uint16_t apps;         /* that it was about */
    char reason[160];
    /* What was foreseen for it, 0 nothing: at best by limits and durations, and by its waves. */
    int64_t bound_ms, estimate_ms;
};

struct evac_incident {
    /* durable */
    enum evac_incident_state state;
    bool found; /* the region was seen to be down as a whole; else it is on by order alone */
    struct evac_order order;
    bool approved;       /* also while it is paused */
    bool proposed;       /* people were asked */
    uint64_t first_run;  /* runs from this number on are of it */
    uint64_t fresh_run;  /* ... and from this one on count for saturation: a person resumed */
    uint16_t forgiven;   /* moved apps that were ill when a person resumed */
    uint16_t apps, down; /* that served there when it was declared */
    int64_t since_wall_ms;
    int64_t ended_wall_ms;  /* CLOSED: when */
    int64_t took_ms;        /* CLOSED, and all of the order were moved: from the order on; else 0 */
    int64_t asked_wall_ms;  /* people were asked; 0 they were not */
    uint8_t escalated;      /* how many of incident.escalate were told */
    uint16_t reminded;      /* how often its time was up, and it stayed open */
    bool expired;           /* nobody answered: it counts as declined */
    uint8_t tier;           /* the wave that goes on; 0 none yet */
    char who[EVAC_WHO_MAX]; /* who said yes, or no */
    char ordered_by[EVAC_WHO_MAX];
    char why[200];

    /* of this process */
    int64_t asked_boot_ms;               /* asked: may lie before the boot */
    uint64_t calm_since_boot_ms;         /* the region is up again; 0 it is not */
    uint16_t asking;                     /* apps that wait for the one yes to all */
    uint16_t counts[EVAC_EVACUEE_COUNT]; /* apps, when last looked at */
    char says[160];                      /* to its apps: why they do not move on their own */
};

/* What an app adds to the counts of a region, a bit each. */
#define EVAC_FLEET_COUNTS(X)                                                                       \
    X(SERVING)       /* users are led there */                                                     \
    X(SERVING_KNOWN) /* ... and there is a verdict */                                              \
    X(SERVING_DOWN)  /* ... which is down, or isolated */                                          \
    X(SEEN)          /* it is looked at, and there is a verdict */                                 \
    X(SEEN_BAD)      /* ... and it looks down, whoever may be to blame */
#define X(name) EVAC_FLEET_##name,
enum evac_fleet_count { EVAC_FLEET_COUNTS(X) EVAC_FLEET_COUNT_COUNT };
#undef X

struct evac_fleet_region {
    char name[48];
    uint16_t counts[EVAC_FLEET_COUNT_COUNT];
    uint64_t regional_since_boot_ms; /* it looks like an incident, for so long; 0 it does not */
    struct evac_incident incident;
};

struct evac_fleet {
    struct evac_fleet_region regions[EVAC_FLEET_REGIONS_MAX];
    size_t region_count;
    bool global;   /* several regions look down as a whole: people decide */
    bool due;      /* counts or decisions changed since it was last looked at */
    bool rank_due; /* the order among apps of a tier is to be computed anew */
    uint64_t wake_ms;
    char global_says[200];
};
#endif
